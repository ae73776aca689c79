/* Rows of users. */
#ifndef STORE_USER_H
#define STORE_USER_H

#include "store/store.h"

struct store_user {
	int64_t id;
	struct str email, name;
	struct str password;		/* argon2id, libsodium's string form */
	bool instance_admin;
	int64_t created_at;
};

/* Is there any user yet? */
int store_user_any(struct db *db, bool *ret, struct error *err);
/* ERR_NOTFOUND. Text is the arena's. */
int store_user_get(struct db *db, int64_t id, struct arena *arena, struct store_user *ret, struct error *err);
/* Letter case of ASCII does not count. */
int store_user_by_email(struct db *db, struct str email, struct arena *arena, struct store_user *ret, struct error *err);
/* Inside a unit; u->id is not read. ERR_EXISTS: the e-mail address is taken. */
int store_user_add(struct db *db, const struct store_user *u, int64_t *ret_id, struct error *err);

#endif
