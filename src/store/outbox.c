/* SQL of the outbox. What a claim or an outcome means is inbox/outbox.c. */
#include "store/outbox.h"

#define COLUMNS "o.workspace_id, o.message_id, o.account_id, o.conversation_id, o.due_at, o.tries, o.claimed_at"

static void read_row(struct stmt *st, struct store_outbox *o)
{
	o->workspace.v = next_i64(st);
	o->message_id = next_i64(st);
	o->account_id = next_i64(st);
	o->conversation_id = next_i64(st);
	o->due_at = next_i64(st);
	o->tries = next_i64(st);
	o->claimed_at = next_i64(st);
}

int store_outbox_due(struct db *db, int64_t now_ms, struct arena *arena, struct store_outbox_due *ret, size_t max, size_t *ret_count,
		     struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS ", a.channel, c.external_key, m.text, m.tag, m.reply_to_id"
				    " FROM outbox o JOIN accounts a ON a.id = o.account_id JOIN conversations c ON c.id = o.conversation_id"
				    " JOIN messages m ON m.id = o.message_id"
				    " WHERE o.claimed_at = 0 AND o.due_at <= ? AND a.status = 1 AND a.parked_until <= ?"
				    " AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.conversation_id = o.conversation_id AND p.message_id < o.message_id)"
				    " ORDER BY o.due_at, o.message_id LIMIT ?", err);

	*ret_count = 0;
	if (r < 0)
		return r;
	bind_i64(&st, now_ms);
	bind_i64(&st, now_ms);
	bind_i64(&st, (int64_t)max);
	while (*ret_count < max && (r = stmt_step(&st, err)) > 0) {
		struct store_outbox_due *d = &ret[(*ret_count)++];

		read_row(&st, &d->row);
		d->channel = arena_copy(arena, next_str(&st));
		d->contact_key = arena_copy(arena, next_str(&st));
		d->text = arena_copy(arena, next_str(&st));
		d->tag = arena_copy(arena, next_str(&st));
		d->reply_to_id = arena_copy(arena, next_str(&st));
	}
	return r < 0 ? r : arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

int store_outbox_next(struct db *db, int64_t now_ms, int64_t *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT MIN(CASE WHEN a.parked_until > o.due_at THEN a.parked_until ELSE o.due_at END)"
				    " FROM outbox o JOIN accounts a ON a.id = o.account_id"
				    " WHERE o.claimed_at = 0 AND a.status = 1 AND (o.due_at > ? OR a.parked_until > ?)", err);

	*ret = 0;
	if (r < 0)
		return r;
	bind_i64(&st, now_ms);
	bind_i64(&st, now_ms);
	if ((r = stmt_step(&st, err)) > 0)
		*ret = next_i64(&st);
	return r < 0 ? r : 0;
}

int store_outbox_get(struct db *db, struct workspace_id w, int64_t message_id, struct store_outbox *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM outbox o WHERE o.message_id = ? AND o.workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, message_id);
	bind_i64(&st, w.v);
	if ((r = stmt_step(&st, err)) > 0)
		read_row(&st, ret);
	return r;
}

int store_outbox_claimed(struct db *db, int64_t after_id, struct store_outbox *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM outbox o WHERE o.claimed_at > 0 AND o.message_id > ? ORDER BY o.message_id LIMIT 1",
			   err);

	if (r < 0)
		return r;
	bind_i64(&st, after_id);
	if ((r = stmt_step(&st, err)) > 0)
		read_row(&st, ret);
	return r;
}

int store_outbox_add(struct db *db, const struct store_outbox *o, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO outbox (message_id, workspace_id, account_id, conversation_id, due_at, tries, claimed_at)"
				    " VALUES (?, ?, ?, ?, ?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_i64(&st, o->message_id);
	bind_i64(&st, o->workspace.v);
	bind_i64(&st, o->account_id);
	bind_i64(&st, o->conversation_id);
	bind_i64(&st, o->due_at);
	bind_i64(&st, o->tries);
	bind_i64(&st, o->claimed_at);
	return stmt_step(&st, err);
}

int store_outbox_save(struct db *db, const struct store_outbox *o, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE outbox SET due_at = ?, tries = ?, claimed_at = ? WHERE message_id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, o->due_at);
	bind_i64(&st, o->tries);
	bind_i64(&st, o->claimed_at);
	bind_i64(&st, o->message_id);
	bind_i64(&st, o->workspace.v);
	return stmt_step(&st, err);
}

int store_outbox_delete(struct db *db, struct workspace_id w, int64_t message_id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "DELETE FROM outbox WHERE message_id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, message_id);
	bind_i64(&st, w.v);
	return stmt_step(&st, err);
}
