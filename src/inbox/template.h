/* Approved templates of an account, as they were fetched last. */
#ifndef INBOX_TEMPLATE_H
#define INBOX_TEMPLATE_H

#include "inbox/instance.h"

struct template_variable { struct str key, label, example; int64_t max_bytes; };
struct template {
	struct str name, language, category, status, reason;	/* reason: why it cannot be used; STR_NONE: it can */
	struct str header, body, footer;			/* variables stand in them as {{key}} */
	int header_type;					/* TRIXY_MESSAGE_IMAGE, _VIDEO, _FILE; 0: no file */
	bool is_usable;
	struct template_variable *variables;
	struct str *buttons;
	size_t variable_count, button_count;
};

/* Usable ones first, then by name. *ret_fetched_at 0: never fetched. Text is the arena's. ERR_NOTFOUND: no such account here. */
int template_list(struct db *db, struct workspace_id w, int64_t account_id, struct arena *arena, struct template **ret, size_t *ret_count,
		  int64_t *ret_fetched_at, struct error *err);
/* 1 found, 0 not. */
int template_find(struct db *db, struct workspace_id w, int64_t account_id, struct str name, struct str language, struct arena *arena,
		  struct template *ret, struct error *err);
/* What the customer will read: header, body and footer with the values in their places. */
struct template_value { struct str key, value; };
struct str template_fill(const struct template *t, const struct template_value *values, size_t count, struct arena *arena);
/* Replaces all of the account's. Waits for the commit. */
int template_save_all(struct instance *i, struct workspace_id w, int64_t account_id, const struct template *templates, size_t count,
		      struct error *err);

#endif
