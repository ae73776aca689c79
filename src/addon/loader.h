/* Loads the library of an unpacked package into this process. What is loaded stays until the process ends: the channel's
 * constants are in use by whoever looked them up. */
#ifndef ADDON_LOADER_H
#define ADDON_LOADER_H

#include "addon/manifest.h"
#include "mailtrixy/addon.h"

/* Checks the file's hash, loads it (once a package) and checks what it says of itself against the manifest. *ret is constant
 * and lives as long as the process. ERR_INVALID: a sentence for the admin. Any thread. */
int loader_open(struct str addons_dir, struct str hash, const struct manifest *m, const struct trixy_addon **ret,
		struct error *err);
/* What was loaded from packages so far: calls each() for every one. */
void loader_each(void (*each)(void *arg, struct str hash, const struct trixy_addon *addon), void *arg);

#endif
