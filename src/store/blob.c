/* Rows of file_bytes and addon_packages. */
#include "store/blob.h"

/* A file's pieces are young again when it is kept while they are older than this: long before a sweep takes them, and most of the
 * times that the same sticker comes nothing is written. */
#define TOUCH_MS INT64_C(43200000)

static int run(struct stmt *st, struct error *err)
{
	int64_t n = stmt_run(st, err);

	return n < 0 ? (int)n : 0;
}

static void bind_blob_key(struct stmt *st, struct workspace_id w, struct str sha256)
{
	bind_i64(st, w.v);
	bind_str(st, sha256);
}

/* The bytes of the one row that st finds. */
static int read_piece(struct stmt *st, struct buf *ret, struct error *err)
{
	int r = stmt_step(st, err);

	if (r <= 0)
		return r;
	buf_clear(ret);
	buf_add(ret, next_blob(st));
	return ret->failed ? fail(err, ERR_NOMEM, "out of memory") : 1;
}

static int64_t read_count(struct stmt *st, struct error *err)
{
	int r = stmt_step(st, err);

	return r <= 0 ? r : next_i64(st);
}

int store_blob_get(struct db *db, struct workspace_id w, struct str sha256, enum blob_part part, int64_t position, struct buf *ret,
		   struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT bytes FROM file_bytes WHERE workspace_id = ? AND sha256 = ? AND part = ? AND position = ?", err);

	if (r < 0)
		return r;
	bind_blob_key(&st, w, sha256);
	bind_i64(&st, part);
	bind_i64(&st, position);
	return read_piece(&st, ret, err);
}

int64_t store_blob_count(struct db *db, struct workspace_id w, struct str sha256, enum blob_part part, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT COUNT(*) FROM file_bytes WHERE workspace_id = ? AND sha256 = ? AND part = ?", err);

	if (r < 0)
		return r;
	bind_blob_key(&st, w, sha256);
	bind_i64(&st, part);
	return read_count(&st, err);
}

/* When the file was kept last, which stands on its first piece. 1 found, 0 it has none. */
static int kept_at(struct db *db, struct workspace_id w, struct str sha256, int64_t *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT kept_at FROM file_bytes WHERE workspace_id = ? AND sha256 = ? AND part = 0 AND position = 0", err);

	if (r < 0)
		return r;
	bind_blob_key(&st, w, sha256);
	if ((r = stmt_step(&st, err)) > 0)
		*ret = next_i64(&st);
	return r;
}

static int piece_there(struct db *db, struct workspace_id w, struct str sha256, enum blob_part part, int64_t position, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT 1 FROM file_bytes WHERE workspace_id = ? AND sha256 = ? AND part = ? AND position = ?", err);

	if (r < 0)
		return r;
	bind_blob_key(&st, w, sha256);
	bind_i64(&st, part);
	bind_i64(&st, position);
	return stmt_step(&st, err);
}

int store_blob_put(struct db *db, struct workspace_id w, struct str sha256, enum blob_part part, int64_t position, struct str bytes,
		   int64_t now_ms, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = piece_there(db, w, sha256, part, position, err);

	if (r != 0)
		return r < 0 ? r : 0;
	if ((r = db_prepare(db, &st, "INSERT INTO file_bytes (workspace_id, sha256, part, position, kept_at, bytes)"
				     " VALUES (?, ?, ?, ?, ?, ?)", err)) < 0)
		return r;
	bind_blob_key(&st, w, sha256);
	bind_i64(&st, part);
	bind_i64(&st, position);
	bind_i64(&st, now_ms);
	bind_blob(&st, bytes.p != NULL ? bytes : STR(""));
	return run(&st, err);
}

int store_blob_touch(struct db *db, struct workspace_id w, struct str sha256, int64_t now_ms, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int64_t at = 0;
	int r = kept_at(db, w, sha256, &at, err);

	if (r <= 0 || at > now_ms - TOUCH_MS)
		return r < 0 ? r : 0;
	if ((r = db_prepare(db, &st, "UPDATE file_bytes SET kept_at = ? WHERE workspace_id = ? AND sha256 = ? AND part = 0 AND position = 0",
			    err)) < 0)
		return r;
	bind_i64(&st, now_ms);
	bind_blob_key(&st, w, sha256);
	return run(&st, err);
}

int store_blob_unused(struct db *db, const struct store_blob *after, int64_t before_ms, struct arena *arena, struct store_blob *ret,
		      size_t max, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT b.workspace_id, b.sha256 FROM file_bytes b"
				    " LEFT JOIN files f ON f.workspace_id = b.workspace_id AND f.sha256 = b.sha256"
				    " WHERE (b.workspace_id > ? OR (b.workspace_id = ? AND b.sha256 > ?))"
				    " AND b.part = 0 AND b.position = 0 AND b.kept_at < ? AND f.id IS NULL"
				    " ORDER BY b.workspace_id, b.sha256 LIMIT ?", err);

	*ret_count = 0;
	if (r < 0)
		return r;
	bind_i64(&st, after->workspace.v);
	bind_i64(&st, after->workspace.v);
	bind_str(&st, after->sha256.p != NULL ? after->sha256 : STR(""));
	bind_i64(&st, before_ms);
	bind_i64(&st, (int64_t)max);
	while (*ret_count < max && (r = stmt_step(&st, err)) > 0) {
		struct store_blob *b = &ret[(*ret_count)++];

		b->workspace.v = next_i64(&st);
		b->sha256 = arena_copy(arena, next_str(&st));
	}
	return r < 0 ? r : arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

static int file_there(struct db *db, const struct store_blob *b, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT 1 FROM files WHERE workspace_id = ? AND sha256 = ?", err);

	if (r < 0)
		return r;
	bind_blob_key(&st, b->workspace, b->sha256);
	return stmt_step(&st, err);
}

/* The first piece goes last: as long as there is any, a sweep finds the file. */
int store_blob_delete(struct db *db, const struct store_blob *b, int64_t before_ms, size_t max, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int64_t at = 0;
	int r = kept_at(db, b->workspace, b->sha256, &at, err);

	if (r <= 0 || at >= before_ms || (r = file_there(db, b, err)) != 0)
		return r < 0 ? r : 0;
	if ((r = db_prepare(db, &st, "DELETE FROM file_bytes WHERE workspace_id = ? AND sha256 = ?"
				     " ORDER BY part DESC, position DESC LIMIT ?", err)) < 0)
		return r;
	bind_blob_key(&st, b->workspace, b->sha256);
	bind_i64(&st, (int64_t)max);
	int64_t n = stmt_run(&st, err);

	return n < 0 ? (int)n : n >= (int64_t)max;
}

int store_blob_delete_workspace(struct db *db, struct workspace_id w, size_t max, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "DELETE FROM file_bytes WHERE workspace_id = ? ORDER BY sha256 DESC, part DESC, position DESC LIMIT ?",
			   err);

	if (r < 0)
		return r;
	bind_i64(&st, w.v);
	bind_i64(&st, (int64_t)max);
	int64_t n = stmt_run(&st, err);

	return n < 0 ? (int)n : n >= (int64_t)max;
}

/* ---- packages ---- */

int store_package_get(struct db *db, struct str hash, int64_t position, struct buf *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT bytes FROM addon_packages WHERE package_hash = ? AND position = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, hash);
	bind_i64(&st, position);
	return read_piece(&st, ret, err);
}

int64_t store_package_count(struct db *db, struct str hash, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT COUNT(*) FROM addon_packages WHERE package_hash = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, hash);
	return read_count(&st, err);
}

int store_package_put(struct db *db, struct str hash, int64_t position, struct str bytes, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO addon_packages (package_hash, position, bytes) VALUES (?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_str(&st, hash);
	bind_i64(&st, position);
	bind_blob(&st, bytes);
	return run(&st, err);
}

int store_package_delete(struct db *db, struct str hash, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "DELETE FROM addon_packages WHERE package_hash = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, hash);
	return run(&st, err);
}

int store_package_let_go(struct db *db, struct str hash, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT 1 FROM addons WHERE package_hash = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, hash);
	if ((r = stmt_step(&st, err)) != 0)
		return r < 0 ? r : 0;
	stmt_done(&st);
	return store_package_delete(db, hash, err);
}
