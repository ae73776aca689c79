/* Rows of addons and of their applied migrations. status is enum addon_status of addon/addon.h. */
#ifndef STORE_ADDON_H
#define STORE_ADDON_H

#include "store/store.h"

struct store_addon {
	struct str slug, name, description, version, channel, package_hash;
	struct str signed_by;		/* STR_NONE: an admin confirmed an unsigned package */
	struct str status_reason;	/* STR_NONE: none */
	int status;
	int64_t installed_at;
};

/* By name. Text is the arena's. */
int store_addon_list(struct db *db, struct arena *arena, struct store_addon **ret, size_t *ret_count, struct error *err);
int store_addon_get(struct db *db, struct str slug, struct arena *arena, struct store_addon *ret,
		    struct error *err);	/* ERR_NOTFOUND */

/* Inside a unit. _put adds it or replaces all of its row. */
int store_addon_put(struct db *db, const struct store_addon *a, struct error *err);
int store_addon_set_status(struct db *db, struct str slug, int status, struct str reason,
			   struct error *err);	/* ERR_NOTFOUND */
/* Keeps what its migrations made, and their record. */
int store_addon_delete(struct db *db, struct str slug, struct error *err);

/* 1: *ret_digest is that of the file as it was applied, the arena's. 0: not applied. */
int store_addon_migration_get(struct db *db, struct str slug, int64_t number, struct arena *arena, struct str *ret_digest,
			      struct error *err);
/* Inside the unit that does the migration's steps. ERR_EXISTS: it is recorded already. */
int store_addon_migration_add(struct db *db, struct str slug, int64_t number, struct str digest, int64_t now_ms,
			      struct error *err);

#endif
