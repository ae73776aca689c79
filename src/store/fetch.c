#include "store/fetch.h"

#define FROM "SELECT a.workspace_id, a.message_id, a.position, m.conversation_id, c.account_id, n.status FROM attachments a" \
	     " JOIN messages m ON m.id = a.message_id JOIN conversations c ON c.id = m.conversation_id" \
	     " JOIN accounts n ON n.id = c.account_id"

static void read_row(struct stmt *st, struct store_fetch *f)
{
	*f = (struct store_fetch){ .workspace.v = next_i64(st) };
	f->message_id = next_i64(st);
	f->attachment.position = (int)next_i64(st);
	f->conversation_id = next_i64(st);
	f->account_id = next_i64(st);
	f->account_status = (int)next_i64(st);
}

int store_fetch_due(struct db *db, int64_t now_ms, const int64_t *busy, size_t busy_count, struct store_fetch *ret, size_t max,
		    size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, FROM " WHERE a.due_at <= ? AND c.account_id NOT IN (?, ?, ?, ?) ORDER BY a.due_at LIMIT ?", err);

	*ret_count = 0;
	if (r < 0)
		return r;
	bind_i64(&st, now_ms);
	for (size_t k = 0; k < STORE_FETCH_BUSY_MAX; k++)
		bind_i64(&st, k < busy_count ? busy[k] : 0);
	bind_i64(&st, (int64_t)max);
	while (*ret_count < max && (r = stmt_step(&st, err)) > 0)
		read_row(&st, &ret[(*ret_count)++]);
	return r < 0 ? r : 0;
}

int store_fetch_next(struct db *db, int64_t now_ms, int64_t *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT MIN(due_at) FROM attachments WHERE due_at > ?", err);

	*ret = 0;
	if (r < 0)
		return r;
	bind_i64(&st, now_ms);
	if ((r = stmt_step(&st, err)) > 0)
		*ret = next_i64(&st);
	return r < 0 ? r : 0;
}

int store_fetch_get(struct db *db, struct workspace_id w, int64_t message_id, int position, struct arena *arena, struct store_fetch *ret,
		    struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, FROM " WHERE a.message_id = ? AND a.position = ? AND a.workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, message_id);
	bind_i64(&st, position);
	bind_i64(&st, w.v);
	if ((r = stmt_step(&st, err)) <= 0)
		return r < 0 ? r : fail(err, ERR_NOTFOUND, "no such attachment in this workspace");
	read_row(&st, ret);
	return store_attachment_get(db, w, message_id, position, arena, &ret->attachment, err);
}
