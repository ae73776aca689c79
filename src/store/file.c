/* Rows of files and uploads. A file is used while an attachment or an upload names it. */
#include "store/file.h"

#include "store/ids.h"

#define COLUMNS "f.id, f.workspace_id, f.sha256, f.bytes, f.mime_type, f.width, f.height, f.has_preview, f.is_mono, f.created_at"
#define UNUSED(f) " NOT EXISTS (SELECT 1 FROM attachments a WHERE a.file_id = " f ".id)" \
		  " AND NOT EXISTS (SELECT 1 FROM uploads u WHERE u.file_id = " f ".id)"

static void read_file(struct stmt *st, struct arena *arena, struct store_file *f)
{
	f->id = next_i64(st);
	f->workspace.v = next_i64(st);
	f->sha256 = arena_copy(arena, next_str(st));
	f->bytes = next_i64(st);
	f->mime_type = arena_copy(arena, next_str(st));
	f->width = next_i64(st);
	f->height = next_i64(st);
	f->has_preview = next_i64(st) != 0;
	f->is_mono = next_i64(st) != 0;
	f->created_at = next_i64(st);
}

static int memory_of(const struct arena *arena, struct error *err)
{
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

int store_file_get(struct db *db, struct workspace_id w, int64_t id, struct arena *arena, struct store_file *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM files f WHERE f.id = ? AND f.workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	if ((r = stmt_step(&st, err)) <= 0)
		return r < 0 ? r : fail(err, ERR_NOTFOUND, "no such file in this workspace");
	read_file(&st, arena, ret);
	return memory_of(arena, err);
}

int store_file_find(struct db *db, struct workspace_id w, struct str sha256, int64_t *ret_id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT id FROM files WHERE workspace_id = ? AND sha256 = ?", err);

	*ret_id = 0;
	if (r < 0)
		return r;
	bind_i64(&st, w.v);
	bind_str(&st, sha256);
	if ((r = stmt_step(&st, err)) > 0)
		*ret_id = next_i64(&st);
	return r;
}

/* The bytes are the same, what was seen in them may not be: a newer look, a preview that came about this time. */
static int refresh(struct db *db, const struct store_file *f, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE files SET mime_type = ?, width = ?, height = ?, has_preview = ?, is_mono = ? WHERE id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, f->mime_type);
	bind_i64(&st, f->width);
	bind_i64(&st, f->height);
	bind_i64(&st, f->has_preview);
	bind_i64(&st, f->is_mono);
	bind_i64(&st, f->id);
	bind_i64(&st, f->workspace.v);
	return stmt_step(&st, err);
}

int store_file_put(struct db *db, struct store_file *f, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = store_file_find(db, f->workspace, f->sha256, &f->id, err);

	if (r != 0)
		return r < 0 ? r : refresh(db, f, err);
	if ((r = db_prepare(db, &st, "INSERT INTO files (id, workspace_id, sha256, bytes, mime_type, width, height, has_preview, is_mono, created_at)"
				     " SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ? FROM workspaces WHERE id = ?", err)) < 0)
		return r;
	bind_new_id(&st);
	bind_str(&st, f->sha256);
	bind_i64(&st, f->bytes);
	bind_str(&st, f->mime_type);
	bind_i64(&st, f->width);
	bind_i64(&st, f->height);
	bind_i64(&st, f->has_preview);
	bind_i64(&st, f->is_mono);
	bind_i64(&st, f->created_at);
	bind_i64(&st, f->workspace.v);
	int64_t n = stmt_run(&st, err);

	if (n <= 0)
		return n < 0 ? (int)n : fail(err, ERR_NOTFOUND, "no such workspace");
	f->id = db_last_id(db);
	return 0;
}

int store_file_unused(struct db *db, int64_t after_id, int64_t before_ms, struct arena *arena, struct store_file *ret, size_t max,
		      size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM files f WHERE f.id > ? AND f.created_at < ? AND" UNUSED("f")
				    " ORDER BY f.id LIMIT ?", err);

	*ret_count = 0;
	if (r < 0)
		return r;
	bind_i64(&st, after_id);
	bind_i64(&st, before_ms);
	bind_i64(&st, (int64_t)max);
	while (*ret_count < max && (r = stmt_step(&st, err)) > 0)
		read_file(&st, arena, &ret[(*ret_count)++]);
	return r < 0 ? r : memory_of(arena, err);
}

int store_file_after(struct db *db, int64_t after_id, struct arena *arena, struct store_file *ret, size_t max, size_t *ret_count,
		     struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM files f WHERE f.id > ? ORDER BY f.id LIMIT ?", err);

	*ret_count = 0;
	if (r < 0)
		return r;
	bind_i64(&st, after_id);
	bind_i64(&st, (int64_t)max);
	while (*ret_count < max && (r = stmt_step(&st, err)) > 0)
		read_file(&st, arena, &ret[(*ret_count)++]);
	return r < 0 ? r : memory_of(arena, err);
}

int store_file_count(struct db *db, int64_t *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT COUNT(*) FROM files", err);

	if (r < 0 || (r = stmt_step(&st, err)) < 0)
		return r;
	*ret = next_i64(&st);
	return 0;
}

int store_file_delete(struct db *db, struct workspace_id w, int64_t id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "DELETE FROM files WHERE id = ? AND workspace_id = ? AND" UNUSED("files"), err);

	if (r < 0)
		return r;
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	int64_t n = stmt_run(&st, err);

	return n < 0 ? (int)n : n > 0;
}

int store_upload_get(struct db *db, struct workspace_id w, int64_t id, struct arena *arena, struct store_upload *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT u.id, u.user_id, u.created_at, u.name, " COLUMNS " FROM uploads u JOIN files f ON f.id = u.file_id"
				    " WHERE u.id = ? AND u.workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	if ((r = stmt_step(&st, err)) <= 0)
		return r < 0 ? r : fail(err, ERR_NOTFOUND, "no such upload in this workspace");
	*ret = (struct store_upload){ .id = next_i64(&st), .workspace = w };
	ret->user_id = next_i64(&st);
	ret->created_at = next_i64(&st);
	ret->name = arena_copy(arena, next_str(&st));
	read_file(&st, arena, &ret->file);
	ret->file_id = ret->file.id;
	return memory_of(arena, err);
}

int store_upload_add(struct db *db, struct store_upload *u, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO uploads (id, workspace_id, file_id, user_id, name, created_at) VALUES (?, ?, ?, ?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_new_id(&st);
	bind_i64(&st, u->workspace.v);
	bind_i64(&st, u->file_id);
	bind_i64(&st, u->user_id);
	bind_str(&st, u->name);
	bind_i64(&st, u->created_at);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	u->id = db_last_id(db);
	return 0;
}

int store_upload_delete(struct db *db, struct workspace_id w, int64_t id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "DELETE FROM uploads WHERE id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	int64_t n = stmt_run(&st, err);

	return n < 0 ? (int)n : n > 0 ? 0 : fail(err, ERR_NOTFOUND, "no such upload in this workspace");
}

int store_upload_expire(struct db *db, int64_t before_ms, size_t max, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(ids_done) struct ids old = { 0 };
	int r = db_prepare(db, &st, "SELECT id FROM uploads WHERE created_at < ? ORDER BY created_at LIMIT ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, before_ms);
	bind_i64(&st, (int64_t)max);
	return (r = ids_read(&st, &old, err)) < 0 ? r : (int)ids_run(db, "DELETE FROM uploads WHERE id", &old, err);
}
