/* Stored fields of an account and how its secrets are sealed. For account.c, account_change.c and directory.c. */
#ifndef INBOX_ACCOUNT_SECRET_H
#define INBOX_ACCOUNT_SECRET_H

#include "inbox/instance.h"
#include "store/account_fields.h"

/* The account's columns of the backend, in the channel's order; secrets stay sealed. `values` has room for
 * FORM_FIELDS_MAX. */
int account_values_read(struct db *db, const struct trixy_channel *channel, int backend, struct workspace_id w, int64_t id,
			struct arena *arena, struct account_value *values, size_t *ret_count, struct error *err);

/* A secret is bound to its place ("instagram_accounts/12/app_secret"): moved to another row it does not open. */
int account_secret_seal(struct instance *i, const struct trixy_channel *channel, int64_t id,
			struct str column, struct str plain,
			struct arena *arena, struct str *ret, struct error *err);
int account_secret_open(struct instance *i, const struct trixy_channel *channel, int64_t id,
			struct str column, struct str sealed,
			struct arena *arena, struct str *ret, struct error *err);
/* The verify token ("accounts/12/verify_token"). */
int account_token_seal(struct instance *i, int64_t id, struct str plain, struct arena *arena,
		       struct str *ret, struct error *err);
int account_token_open(struct instance *i, int64_t id, struct str sealed, struct arena *arena,
		       struct str *ret, struct error *err);

#endif
