/* Rows of credentials: sessions, API tokens, one-time links. `kind` is enum credential_kind of inbox/people.h. */
#ifndef STORE_CREDENTIAL_H
#define STORE_CREDENTIAL_H

#include "store/store.h"

struct store_credential {
	int64_t id, user_id;
	struct str digest;		/* SHA-256 of the secret, 32 bytes; not read back */
	struct str name;
	int kind;
	int64_t created_at, used_at;
	int64_t expires_at;		/* 0: never */
};

/* Inside a unit; c->id is not read. */
int store_credential_add(struct db *db, const struct store_credential *c, int64_t *ret_id, struct error *err);
/* ERR_NOTFOUND. ret->name is not filled. Expiry is the caller's question. */
int store_credential_find(struct db *db, int kind, struct str digest, struct store_credential *ret, struct error *err);
/* Of one user and kind, newest first, those that have not expired at now_ms; at most 1,000. */
int store_credential_list(struct db *db, int64_t user_id, int kind, int64_t now_ms, struct arena *arena,
			  struct store_credential **ret, size_t *ret_count, struct error *err);
/* Inside a unit. No such credential is no failure: it may just have been deleted. */
int store_credential_touch(struct db *db, int64_t id, int64_t used_at, struct error *err);
/* Inside a unit. ERR_NOTFOUND: not there, or another user's. */
int store_credential_delete(struct db *db, int64_t user_id, int64_t id, struct error *err);
/* Inside a unit: drops this user's that have expired. */
int store_credential_trim(struct db *db, int64_t user_id, int64_t now_ms, struct error *err);

#endif
