/* Rows of members. */
#include "store/rows.h"
#include "store/workspace.h"

int store_member_role(struct db *db, struct workspace_id w, int64_t user_id, int *ret_role, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT role FROM members WHERE workspace_id = ? AND user_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, w.v);
	bind_i64(&st, user_id);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	*ret_role = r == 0 ? 0 : (int)next_i64(&st);
	return 0;
}

int store_member_list(struct db *db, struct workspace_id w, struct arena *arena, struct store_member **ret, size_t *ret_count,
		      struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(rows_done) struct rows rows = { .size = sizeof(struct store_member) };
	struct store_member *m;
	int r = db_prepare(db, &st, "SELECT u.id, u.email, u.name, m.role FROM members m JOIN users u ON u.id = m.user_id"
				    " WHERE m.workspace_id = ? ORDER BY u.name, u.id", err);

	if (r < 0)
		return r;
	bind_i64(&st, w.v);
	while ((r = stmt_step(&st, err)) > 0 && (m = rows_next(&rows)) != NULL) {
		m->user_id = next_i64(&st);
		m->email = arena_copy(arena, next_str(&st));
		m->name = arena_copy(arena, next_str(&st));
		m->role = (int)next_i64(&st);
	}
	return r < 0 ? r : rows_give(&rows, arena, ret, ret_count, err);
}

int store_membership_list(struct db *db, int64_t user_id, struct arena *arena, struct store_membership **ret,
			  size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(rows_done) struct rows rows = { .size = sizeof(struct store_membership) };
	struct store_membership *m;
	int r = db_prepare(db, &st, "SELECT w.id, w.name, m.role FROM members m JOIN workspaces w ON w.id = m.workspace_id"
				    " WHERE m.user_id = ? ORDER BY w.name, w.id", err);

	if (r < 0)
		return r;
	bind_i64(&st, user_id);
	while ((r = stmt_step(&st, err)) > 0 && (m = rows_next(&rows)) != NULL) {
		m->workspace.v = next_i64(&st);
		m->workspace_name = arena_copy(arena, next_str(&st));
		m->role = (int)next_i64(&st);
	}
	return r < 0 ? r : rows_give(&rows, arena, ret, ret_count, err);
}

int store_member_count(struct db *db, struct workspace_id w, int role, int64_t *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT count(*) FROM members WHERE workspace_id = ? AND (? = 0 OR role = ?)", err);

	if (r < 0)
		return r;
	bind_i64(&st, w.v);
	bind_i64(&st, role);
	bind_i64(&st, role);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	*ret = next_i64(&st);
	return 0;
}

int store_member_add(struct db *db, struct workspace_id w, int64_t user_id, int role, int64_t now_ms, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO members (workspace_id, user_id, role, joined_at) VALUES (?, ?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_i64(&st, w.v);
	bind_i64(&st, user_id);
	bind_i64(&st, role);
	bind_i64(&st, now_ms);
	return stmt_step(&st, err);
}

int store_member_set_role(struct db *db, struct workspace_id w, int64_t user_id, int role, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int64_t n = db_prepare(db, &st, "UPDATE members SET role = ? WHERE workspace_id = ? AND user_id = ?", err);

	if (n < 0)
		return (int)n;
	bind_i64(&st, role);
	bind_i64(&st, w.v);
	bind_i64(&st, user_id);
	if ((n = stmt_run(&st, err)) < 0)
		return (int)n;
	return n > 0 ? 0 : fail(err, ERR_NOTFOUND, "not a member of this workspace");
}

int store_member_remove(struct db *db, struct workspace_id w, int64_t user_id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int64_t n = db_prepare(db, &st, "DELETE FROM members WHERE workspace_id = ? AND user_id = ?", err);

	if (n < 0)
		return (int)n;
	bind_i64(&st, w.v);
	bind_i64(&st, user_id);
	if ((n = stmt_run(&st, err)) < 0)
		return (int)n;
	return n > 0 ? 0 : fail(err, ERR_NOTFOUND, "not a member of this workspace");
}
