/* Rows of an account's approved templates, as they were fetched last. */
#ifndef STORE_TEMPLATE_H
#define STORE_TEMPLATE_H

#include "store/store.h"

struct store_template {
	struct str name, language, content;	/* content: JSON, see inbox/template.c */
	bool is_usable;
};

/* Usable ones first, then by name and language. *ret_fetched_at 0: never fetched. Text is the arena's, here and below. */
int store_template_list(struct db *db, struct workspace_id w, int64_t account_id, struct arena *arena, struct store_template **ret,
			size_t *ret_count, int64_t *ret_fetched_at, struct error *err);
/* 1 found, 0 not. */
int store_template_find(struct db *db, struct workspace_id w, int64_t account_id, struct str name, struct str language, struct arena *arena,
			struct store_template *ret, struct error *err);
/* Inside a unit. All of the account's. */
int store_template_delete(struct db *db, struct workspace_id w, int64_t account_id, struct error *err);
/* Inside a unit, after store_template_delete. One without a name notes that they were fetched: there may be none. */
int store_template_add(struct db *db, struct workspace_id w, int64_t account_id, const struct store_template *t, int64_t fetched_at,
		       struct error *err);
/* When they were fetched; 0: never. */
int store_template_fetched(struct db *db, struct workspace_id w, int64_t account_id, int64_t *ret, struct error *err);

#endif
