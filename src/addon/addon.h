/* Addons of this instance: a zip comes in, is checked, installed under its hash, activated, deactivated, removed. */
#ifndef ADDON_ADDON_H
#define ADDON_ADDON_H

#include "inbox/instance.h"

enum addon_status { ADDON_INSTALLED = 1, ADDON_ACTIVE = 2, ADDON_INACTIVE = 3, ADDON_FAILED = 4 };

struct addon {
	struct str slug, name, description, version, channel, package_hash, signed_by, status_reason;
	enum addon_status status;
	int64_t installed_at;
};
const char *addon_status_word(enum addon_status status);

int addon_list(struct db *db, struct arena *arena, struct addon **ret, size_t *ret_count, struct error *err);
int addon_get(struct db *db, struct str slug, struct arena *arena, struct addon *ret, struct error *err);

/* Checks the package and unpacks it to DATA/addons/HASH. Repeatable; nothing half-done is left. Waits. err->text is for the
 * admin, but for ERR_BROKEN and ERR_NOMEM. With allow_unsigned an admin has confirmed.
 * ERR_DENIED: no signature that this instance trusts; the text is the warning. ERR_INVALID, ERR_LIMIT: what is wrong with the
 * package. ERR_EXISTS: another addon has its channel. ERR_STATE: an older version, or the same version with other content
 * while it is active (inactive, it is replaced). An active addon is upgraded: the new migrations run, the new library is loaded
 * beside the old and takes its place; when that fails the old version stays active. */
int addon_install(struct instance *i, struct str zip, bool allow_unsigned, struct arena *arena, struct addon *ret, struct error *err);
/* Runs the migrations that are not recorded, loads the library, adds the channel. Safe to kill and to repeat. On failure the
 * addon is `failed` with the reason and can be activated again. */
int addon_activate(struct instance *i, struct str slug, struct arena *arena, struct addon *ret, struct error *err);
int addon_deactivate(struct instance *i, struct str slug, struct arena *arena, struct addon *ret, struct error *err);	/* keeps all data */
int addon_remove(struct instance *i, struct str slug, struct error *err);	/* ERR_STATE while it is active; keeps its tables */
/* At the start: loads what is active. An addon that does not load is logged and marked failed; the server starts without it. */
int addon_load_active(struct instance *i, struct error *err);
/* Whether a shared database holds the package, so that every server can load it. 1, 0; 1 where nothing is shared. */
int addon_is_kept(struct instance *i, struct db *db, struct str package_hash, struct error *err);
/* Every few seconds, by work/: follows what another process (the command line, another server) did to the addons.
 * 1: the channels changed, and browsers are told; 0: nothing to do, or somebody is at it just now. */
int addon_sync(struct instance *i, struct error *err);

/* Makes a zip of a folder with an addon.json: adds every file's hash, signs with the secret key (hex in key_path). */
int addon_pack(struct str folder, struct str key_path, struct str zip_path, struct error *err);
/* Makes PREFIX.key (mode 0600: the secret, for addon_pack) and PREFIX.pub (for DATA/trusted-keys/). ERR_EXISTS: one is there. */
int addon_keygen(struct str prefix, struct error *err);
/* Checks a package without an instance: *ret_signed_by STR_NONE when no key in trust_dir signed it. */
int addon_verify(struct str zip, struct str trust_dir, struct arena *arena, struct addon *ret, struct error *err);

#endif
