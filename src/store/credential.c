/* Rows of credentials. How a secret looks and what it opens is inbox/people.c. */
#include "store/credential.h"

#include "store/rows.h"

enum { LIST_ROWS = 1000 };

int store_credential_add(struct db *db, const struct store_credential *c, int64_t *ret_id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO credentials (id, kind, user_id, digest, name, created_at, used_at, expires_at)"
				    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_new_id(&st);
	bind_i64(&st, c->kind);
	bind_i64(&st, c->user_id);
	bind_blob(&st, c->digest);
	bind_str(&st, c->name);
	bind_i64(&st, c->created_at);
	bind_i64(&st, c->used_at);
	bind_i64(&st, c->expires_at);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	*ret_id = db_last_id(db);
	return 0;
}

int store_credential_find(struct db *db, int kind, struct str digest, struct store_credential *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT id, user_id, created_at, used_at, expires_at FROM credentials"
				    " WHERE digest = ? AND kind = ?", err);

	if (r < 0)
		return r;
	bind_blob(&st, digest);
	bind_i64(&st, kind);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	if (r == 0)
		return fail(err, ERR_NOTFOUND, "no such credential");
	*ret = (struct store_credential){ .id = next_i64(&st), .kind = kind };
	ret->user_id = next_i64(&st);
	ret->created_at = next_i64(&st);
	ret->used_at = next_i64(&st);
	ret->expires_at = next_i64(&st);
	return 0;
}

int store_credential_list(struct db *db, int64_t user_id, int kind, int64_t now_ms, struct arena *arena,
			  struct store_credential **ret, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(rows_done) struct rows rows = { .size = sizeof(struct store_credential) };
	int r = db_prepare(db, &st, "SELECT id, name, created_at, used_at, expires_at FROM credentials"
				    " WHERE user_id = ? AND kind = ?"
				    " AND (expires_at = 0 OR expires_at > ?) ORDER BY id DESC LIMIT ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, user_id);
	bind_i64(&st, kind);
	bind_i64(&st, now_ms);
	bind_i64(&st, LIST_ROWS);
	while ((r = stmt_step(&st, err)) > 0) {
		struct store_credential *c = rows_next(&rows);

		if (c == NULL)
			break;
		*c = (struct store_credential){ .id = next_i64(&st), .user_id = user_id, .kind = kind };
		c->name = arena_copy(arena, next_str(&st));
		c->created_at = next_i64(&st);
		c->used_at = next_i64(&st);
		c->expires_at = next_i64(&st);
	}
	return r < 0 ? r : rows_give(&rows, arena, ret, ret_count, err);
}

int store_credential_touch(struct db *db, int64_t id, int64_t used_at, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE credentials SET used_at = ? WHERE id = ? AND used_at < ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, used_at);
	bind_i64(&st, id);
	bind_i64(&st, used_at);
	return stmt_step(&st, err);
}

int store_credential_delete(struct db *db, int64_t user_id, int64_t id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int64_t n = db_prepare(db, &st, "DELETE FROM credentials WHERE id = ? AND user_id = ?", err);

	if (n < 0)
		return (int)n;
	bind_i64(&st, id);
	bind_i64(&st, user_id);
	if ((n = stmt_run(&st, err)) < 0)
		return (int)n;
	return n > 0 ? 0 : fail(err, ERR_NOTFOUND, "no such credential");
}

int store_credential_trim(struct db *db, int64_t user_id, int64_t now_ms, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "DELETE FROM credentials WHERE user_id = ? AND expires_at <> 0"
				    " AND expires_at <= ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, user_id);
	bind_i64(&st, now_ms);
	return stmt_step(&st, err);
}
