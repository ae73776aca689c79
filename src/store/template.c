/* SQL of templates. */
#include "store/template.h"

#include "store/rows.h"

static void read_row(struct stmt *st, struct arena *arena, struct store_template *t)
{
	t->name = arena_copy(arena, next_str(st));
	t->language = arena_copy(arena, next_str(st));
	t->is_usable = next_i64(st) != 0;
	t->content = arena_copy(arena, next_str(st));
}

int store_template_fetched(struct db *db, struct workspace_id w, int64_t account_id, int64_t *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT fetched_at FROM templates WHERE account_id = ? AND workspace_id = ? AND name = '' AND language = ''",
			   err);

	*ret = 0;
	if (r < 0)
		return r;
	bind_i64(&st, account_id);
	bind_i64(&st, w.v);
	if ((r = stmt_step(&st, err)) > 0)
		*ret = next_i64(&st);
	return r < 0 ? r : 0;
}

int store_template_list(struct db *db, struct workspace_id w, int64_t account_id, struct arena *arena, struct store_template **ret,
			size_t *ret_count, int64_t *ret_fetched_at, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(rows_done) struct rows rows = { .size = sizeof(struct store_template) };
	struct store_template *t;
	int r;

	if ((r = store_template_fetched(db, w, account_id, ret_fetched_at, err)) < 0 ||
	    (r = db_prepare(db, &st, "SELECT name, language, is_usable, content FROM templates WHERE account_id = ? AND workspace_id = ?"
				     " AND name <> '' ORDER BY is_usable DESC, name, language", err)) < 0)
		return r;
	bind_i64(&st, account_id);
	bind_i64(&st, w.v);
	while ((r = stmt_step(&st, err)) > 0 && (t = rows_next(&rows)) != NULL)
		read_row(&st, arena, t);
	return r < 0 ? r : rows_give(&rows, arena, ret, ret_count, err);
}

int store_template_find(struct db *db, struct workspace_id w, int64_t account_id, struct str name, struct str language, struct arena *arena,
			struct store_template *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT name, language, is_usable, content FROM templates WHERE account_id = ? AND name = ? AND language = ?"
				    " AND workspace_id = ? AND name <> ''", err);

	if (r < 0)
		return r;
	bind_i64(&st, account_id);
	bind_str(&st, name);
	bind_str(&st, language);
	bind_i64(&st, w.v);
	if ((r = stmt_step(&st, err)) > 0)
		read_row(&st, arena, ret);
	return r > 0 && arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : r;
}

int store_template_delete(struct db *db, struct workspace_id w, int64_t account_id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "DELETE FROM templates WHERE account_id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, account_id);
	bind_i64(&st, w.v);
	return stmt_step(&st, err);
}

int store_template_add(struct db *db, struct workspace_id w, int64_t account_id, const struct store_template *t, int64_t fetched_at,
		       struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO templates (account_id, name, language, workspace_id, is_usable, content, fetched_at)"
				    " VALUES (?, ?, ?, ?, ?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_i64(&st, account_id);
	bind_str(&st, t->name);
	bind_str(&st, t->language);
	bind_i64(&st, w.v);
	bind_i64(&st, t->is_usable);
	bind_str(&st, t->content);
	bind_i64(&st, fetched_at);
	return stmt_step(&st, err);
}
