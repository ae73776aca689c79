/* Rows of users. Who may do what is inbox/people.c. */
#include "store/user.h"

#define COLUMNS "SELECT id, email, name, password, instance_admin, created_at FROM users"

int store_user_any(struct db *db, bool *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT EXISTS (SELECT 1 FROM users)", err);

	if (r < 0 || (r = stmt_step(&st, err)) < 0)
		return r;
	*ret = next_i64(&st) != 0;
	return 0;
}

static int read_one(struct stmt *st, struct arena *arena, struct store_user *ret, struct error *err)
{
	int r = stmt_step(st, err);

	if (r < 0)
		return r;
	if (r == 0)
		return fail(err, ERR_NOTFOUND, "no such user");
	*ret = (struct store_user){ .id = next_i64(st) };
	ret->email = arena_copy(arena, next_str(st));
	ret->name = arena_copy(arena, next_str(st));
	ret->password = arena_copy(arena, next_str(st));
	ret->instance_admin = next_i64(st) != 0;
	ret->created_at = next_i64(st);
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

int store_user_get(struct db *db, int64_t id, struct arena *arena, struct store_user *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, COLUMNS " WHERE id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, id);
	return read_one(&st, arena, ret, err);
}

int store_user_by_email(struct db *db, struct str email, struct arena *arena, struct store_user *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare_each(db, &st, COLUMNS " WHERE email = ?", COLUMNS " WHERE email_key = lower(?)", err);

	if (r < 0)
		return r;
	bind_str(&st, email);
	return read_one(&st, arena, ret, err);
}

int store_user_add(struct db *db, const struct store_user *u, int64_t *ret_id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO users (id, email, name, password, instance_admin, created_at)"
				    " VALUES (?, ?, ?, ?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_new_id(&st);
	bind_str(&st, u->email);
	bind_str(&st, u->name);
	bind_str(&st, u->password);
	bind_i64(&st, u->instance_admin);
	bind_i64(&st, u->created_at);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	*ret_id = db_last_id(db);
	return 0;
}
