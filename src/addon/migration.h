/* An addon's migrations: steps declared in JSON, done by the store, recorded with the digest of their file. */
#ifndef ADDON_MIGRATION_H
#define ADDON_MIGRATION_H

#include "addon/manifest.h"
#include "store/store.h"

/* Runs what is not recorded, in order, step by step, and records it then. ERR_INVALID, ERR_STATE: a sentence for the admin with
 * the migration's number and step; what was done before it stays. Waits; safe to kill and repeat, and for several servers at
 * once. */
int migrations_run(struct store *store, struct str addons_dir, struct str hash, const struct manifest *m, struct error *err);

#endif
