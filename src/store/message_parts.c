/* A message's attachments and reactions. */
#include "store/message.h"
#include "store/rows.h"

#include <string.h>

/* All but type, position and whose it is. */
static void bind_attachment(struct stmt *st, const struct store_attachment *a)
{
	const struct str text[] = { a->url, a->title, a->external_id, a->details, a->mime_type, a->file_name, a->sha256, a->fault, a->media_id };

	for (size_t k = 0; k < sizeof(text) / sizeof(text[0]); k++)
		bind_str(st, text[k]);
	bind_i64(st, a->flags);
	bind_i64(st, a->state);
	bind_i64(st, a->tries);
	bind_or_null(st, a->file_id);
	bind_or_null(st, a->due_at);
	bind_or_null(st, a->media_until);
}

int store_attachment_add(struct db *db, struct workspace_id w, int64_t message_id, int position, const struct store_attachment *a,
			 struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO attachments (url, title, external_id, details, mime_type, file_name, sha256, fault, media_id,"
				    " flags, state, tries, file_id, due_at, media_until, type, message_id, position, workspace_id)"
				    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_attachment(&st, a);
	bind_i64(&st, a->type);
	bind_i64(&st, message_id);
	bind_i64(&st, position);
	bind_i64(&st, w.v);
	return stmt_step(&st, err);
}

int store_attachment_save(struct db *db, struct workspace_id w, int64_t message_id, int position, const struct store_attachment *a,
			  struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE attachments SET url = ?, title = ?, external_id = ?, details = ?, mime_type = ?, file_name = ?,"
				    " sha256 = ?, fault = ?, media_id = ?, flags = ?, state = ?, tries = ?, file_id = ?, due_at = ?,"
				    " media_until = ? WHERE message_id = ? AND position = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_attachment(&st, a);
	bind_i64(&st, message_id);
	bind_i64(&st, position);
	bind_i64(&st, w.v);
	int64_t n = stmt_run(&st, err);

	return n < 0 ? (int)n : n == 0 ? fail(err, ERR_NOTFOUND, "no such attachment in this workspace") : 0;
}

int store_attachment_delete(struct db *db, struct workspace_id w, int64_t message_id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "DELETE FROM attachments WHERE message_id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, message_id);
	bind_i64(&st, w.v);
	return stmt_step(&st, err);
}

#define ATTACHMENTS "SELECT a.position, a.type, a.flags, a.state, a.tries, a.due_at, a.media_until, a.url, a.title, a.external_id, a.details," \
		    " a.mime_type, a.file_name, a.sha256, a.fault, a.media_id, a.file_id, f.id, f.bytes, f.width, f.height, f.created_at," \
		    " f.has_preview, f.sha256, f.mime_type FROM attachments a" \
		    " LEFT JOIN files f ON f.id = a.file_id AND f.workspace_id = a.workspace_id" \
		    " WHERE a.message_id = ? AND a.workspace_id = ?"

static void read_attachment(struct stmt *st, struct workspace_id w, struct arena *arena, struct store_attachment *a)
{
	*a = (struct store_attachment){ .position = (int)next_i64(st) };
	a->type = (int)next_i64(st);
	a->flags = (uint32_t)next_i64(st);
	a->state = (int)next_i64(st);
	a->tries = next_i64(st);
	a->due_at = next_i64(st);
	a->media_until = next_i64(st);
	struct str *text[] = { &a->url, &a->title, &a->external_id, &a->details, &a->mime_type, &a->file_name, &a->sha256, &a->fault,
			       &a->media_id };

	for (size_t k = 0; k < sizeof(text) / sizeof(text[0]); k++)
		*text[k] = arena_copy(arena, next_str(st));
	a->file_id = next_i64(st);
	a->file = (struct store_file){ .id = next_i64(st), .workspace = w };
	a->file.bytes = next_i64(st);
	a->file.width = next_i64(st);
	a->file.height = next_i64(st);
	a->file.created_at = next_i64(st);
	a->file.has_preview = next_i64(st) != 0;
	a->file.sha256 = arena_copy(arena, next_str(st));
	a->file.mime_type = arena_copy(arena, next_str(st));
}

int store_attachment_get(struct db *db, struct workspace_id w, int64_t message_id, int position, struct arena *arena,
			 struct store_attachment *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, ATTACHMENTS " AND a.position = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, message_id);
	bind_i64(&st, w.v);
	bind_i64(&st, position);
	if ((r = stmt_step(&st, err)) <= 0)
		return r < 0 ? r : fail(err, ERR_NOTFOUND, "no such attachment in this workspace");
	read_attachment(&st, w, arena, ret);
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

int store_attachment_list(struct db *db, struct workspace_id w, int64_t message_id, struct arena *arena, struct store_attachment **ret,
			  size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(rows_done) struct rows rows = { .size = sizeof(struct store_attachment) };
	struct store_attachment *a;
	int r = db_prepare(db, &st, ATTACHMENTS " ORDER BY a.position", err);

	if (r < 0)
		return r;
	bind_i64(&st, message_id);
	bind_i64(&st, w.v);
	while ((r = stmt_step(&st, err)) > 0 && (a = rows_next(&rows)) != NULL)
		read_attachment(&st, w, arena, a);
	return r < 0 ? r : rows_give(&rows, arena, ret, ret_count, err);
}

static int compare(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

/* Whether `now` beats what a side said before. */
static bool wins(const struct store_reaction *now, const struct store_reaction *before)
{
	if (now->at != before->at)
		return now->at > before->at;
	int c = compare(now->reaction, before->reaction);

	return (c != 0 ? c : compare(now->emoji, before->emoji)) > 0;
}

static int find_reaction(struct db *db, struct workspace_id w, int64_t message_id, const struct store_reaction *now, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	struct store_reaction before = { 0 };
	int r = db_prepare(db, &st, "SELECT reaction, emoji, at FROM reactions WHERE message_id = ? AND side = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, message_id);
	bind_i64(&st, now->side);
	bind_i64(&st, w.v);
	if ((r = stmt_step(&st, err)) <= 0)
		return r;
	before.reaction = next_str(&st);
	before.emoji = next_str(&st);
	before.at = next_i64(&st);
	return wins(now, &before) ? 1 : 2;
}

/* Over the row that is there, or as a new one. */
static int write_reaction(struct db *db, struct workspace_id w, int64_t message_id, const struct store_reaction *reaction, bool is_there,
			  struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = is_there ?
		db_prepare(db, &st, "UPDATE reactions SET reaction = ?, emoji = ?, at = ?, status = ?, error_text = ?"
				    " WHERE message_id = ? AND side = ? AND workspace_id = ?", err) :
		db_prepare(db, &st, "INSERT INTO reactions (reaction, emoji, at, status, error_text, message_id, side, workspace_id)"
				    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_str(&st, reaction->reaction);
	bind_str(&st, reaction->emoji);
	bind_i64(&st, reaction->at);
	bind_i64(&st, reaction->status);
	bind_str(&st, reaction->error_text);
	bind_i64(&st, message_id);
	bind_i64(&st, reaction->side);
	bind_i64(&st, w.v);
	return stmt_step(&st, err);
}

int store_reaction_put(struct db *db, struct workspace_id w, int64_t message_id, const struct store_reaction *reaction, struct error *err)
{
	int there = find_reaction(db, w, message_id, reaction, err), r;

	if (there < 0 || there == 2)
		return there < 0 ? there : 0;
	return (r = write_reaction(db, w, message_id, reaction, there == 1, err)) < 0 ? r : 1;
}

int store_reaction_save(struct db *db, struct workspace_id w, int64_t message_id, const struct store_reaction *reaction, struct error *err)
{
	int there = find_reaction(db, w, message_id, reaction, err);

	return there < 0 ? there : write_reaction(db, w, message_id, reaction, there != 0, err);
}

int store_reaction_delete(struct db *db, struct workspace_id w, int64_t message_id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "DELETE FROM reactions WHERE message_id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, message_id);
	bind_i64(&st, w.v);
	return stmt_step(&st, err);
}

int store_reaction_list(struct db *db, struct workspace_id w, int64_t message_id, struct arena *arena, struct store_reaction **ret,
			size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(rows_done) struct rows rows = { .size = sizeof(struct store_reaction) };
	struct store_reaction *a;
	int r = db_prepare(db, &st, "SELECT side, reaction, emoji, at, status, error_text FROM reactions WHERE message_id = ? AND workspace_id = ? ORDER BY side", err);

	if (r < 0)
		return r;
	bind_i64(&st, message_id);
	bind_i64(&st, w.v);
	while ((r = stmt_step(&st, err)) > 0 && (a = rows_next(&rows)) != NULL) {
		a->side = (int)next_i64(&st);
		a->reaction = arena_copy(arena, next_str(&st));
		a->emoji = arena_copy(arena, next_str(&st));
		a->at = next_i64(&st);
		a->status = (int)next_i64(&st);
		a->error_text = arena_copy(arena, next_str(&st));
	}
	return r < 0 ? r : rows_give(&rows, arena, ret, ret_count, err);
}
