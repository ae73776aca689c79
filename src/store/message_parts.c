/* A message's attachments and reactions. */
#include "store/message.h"
#include "store/rows.h"

#include <string.h>

int store_attachment_add(struct db *db, struct workspace_id w, int64_t message_id, int position, const struct store_attachment *a,
			 struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO attachments (message_id, position, workspace_id, type, url, title, external_id)"
				    " VALUES (?, ?, ?, ?, ?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_i64(&st, message_id);
	bind_i64(&st, position);
	bind_i64(&st, w.v);
	bind_i64(&st, a->type);
	bind_str(&st, a->url);
	bind_str(&st, a->title);
	bind_str(&st, a->external_id);
	return stmt_step(&st, err);
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

int store_attachment_list(struct db *db, struct workspace_id w, int64_t message_id, struct arena *arena, struct store_attachment **ret,
			  size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(rows_done) struct rows rows = { .size = sizeof(struct store_attachment) };
	struct store_attachment *a;
	int r = db_prepare(db, &st, "SELECT type, url, title, external_id FROM attachments WHERE message_id = ? AND workspace_id = ?"
				    " ORDER BY position", err);

	if (r < 0)
		return r;
	bind_i64(&st, message_id);
	bind_i64(&st, w.v);
	while ((r = stmt_step(&st, err)) > 0 && (a = rows_next(&rows)) != NULL) {
		a->type = (int)next_i64(&st);
		a->url = arena_copy(arena, next_str(&st));
		a->title = arena_copy(arena, next_str(&st));
		a->external_id = arena_copy(arena, next_str(&st));
	}
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

int store_reaction_put(struct db *db, struct workspace_id w, int64_t message_id, const struct store_reaction *reaction, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int there = find_reaction(db, w, message_id, reaction, err), r;

	if (there < 0 || there == 2)
		return there < 0 ? there : 0;
	r = there == 0 ?
		db_prepare(db, &st, "INSERT INTO reactions (reaction, emoji, at, message_id, side, workspace_id) VALUES (?, ?, ?, ?, ?, ?)", err) :
		db_prepare(db, &st, "UPDATE reactions SET reaction = ?, emoji = ?, at = ? WHERE message_id = ? AND side = ? AND workspace_id = ?", err);
	if (r < 0)
		return r;
	bind_str(&st, reaction->reaction);
	bind_str(&st, reaction->emoji);
	bind_i64(&st, reaction->at);
	bind_i64(&st, message_id);
	bind_i64(&st, reaction->side);
	bind_i64(&st, w.v);
	return (r = stmt_step(&st, err)) < 0 ? r : 1;
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
	int r = db_prepare(db, &st, "SELECT side, reaction, emoji, at FROM reactions WHERE message_id = ? AND workspace_id = ? ORDER BY side", err);

	if (r < 0)
		return r;
	bind_i64(&st, message_id);
	bind_i64(&st, w.v);
	while ((r = stmt_step(&st, err)) > 0 && (a = rows_next(&rows)) != NULL) {
		a->side = (int)next_i64(&st);
		a->reaction = arena_copy(arena, next_str(&st));
		a->emoji = arena_copy(arena, next_str(&st));
		a->at = next_i64(&st);
	}
	return r < 0 ? r : rows_give(&rows, arena, ret, ret_count, err);
}
