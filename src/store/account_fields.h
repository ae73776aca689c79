/* A channel's own table of account fields, e.g. instagram_accounts: its name and columns are declared by the channel's
 * manifest, so its SQL is built here, from names that were checked, and nowhere else. */
#ifndef STORE_ACCOUNT_FIELDS_H
#define STORE_ACCOUNT_FIELDS_H

#include "store/store.h"

enum { ACCOUNT_COLUMNS_MAX = 64 };

struct account_column {
	struct str name;		/* [a-z][a-z0-9_]{0,63}; not account_id or workspace_id, which every such table has */
	bool secret;			/* sealed bytes; else text */
	int64_t max_bytes;		/* of what a person enters: 1 .. 65536 */
	struct str comment;		/* for who reads the schema; may be empty */
};
struct account_value {
	struct str name;		/* of the column */
	struct str value;		/* STR_NONE: not set (NULL) */
	bool secret;			/* value is sealed bytes */
};

/* Whether the names keep the rules. slug is that of the addon or core channel; the table's name begins with it (a '-' being a
 * '_') and '_'. ERR_INVALID: one does not. */
int store_account_table_check(struct str slug, struct str table, const struct account_column *columns, size_t count,
			      struct error *err);
/* Makes the table, or adds the columns that it lacks. 1: something changed. 0: it was so already. Not inside a unit: it has a
 * connection of its own. Safe to kill and repeat, and for several servers at once. ERR_INVALID: a name breaks a rule, or the
 * table is one of the core. */
int store_account_table_ensure(struct store *store, struct str slug, struct str table, const struct account_column *columns,
			       size_t count, struct error *err);
/* 1: the table has all of these columns; 0: it does not. */
int store_account_table_has(struct db *db, struct str table, const struct account_column *columns,
			    size_t count, struct error *err);

/* Inside a unit: writes these columns of the account's row (made when it is not there); the others stay. */
int store_account_fields_set(struct db *db, struct str table, struct workspace_id w, int64_t account_id,
			     const struct account_value *values, size_t count, struct error *err);
/* Fills values[].value by name; STR_NONE where nothing is set, the column is not there (an upgrade that has not been saved
 * yet) or the account has no row. Values are the arena's. */
int store_account_fields_get(struct db *db, struct str table, struct workspace_id w, int64_t account_id,
			     struct arena *arena,
			     struct account_value *values, size_t count, struct error *err);
/* One column of every account in the table, by account id: what a question an account would cost for thousands of them. Nothing
 * where the table or the column is not there (yet). */
struct account_row_value {
	int64_t account_id;
	struct workspace_id workspace;
	struct str value;
};
int store_account_fields_all(struct db *db, struct str table, struct str column, bool secret, struct arena *arena,
			     struct account_row_value **ret, size_t *ret_count, struct error *err);
/* Inside a unit: wipes the account's row. */
int store_account_fields_delete(struct db *db, struct str table, struct workspace_id w, int64_t account_id,
				struct error *err);

#endif
