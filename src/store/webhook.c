/* SQL of the journal. */
#include "store/webhook.h"

int store_webhook_body_add(struct db *db, struct str channel, int64_t received_at, struct str body, int64_t *ret_id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO webhook_bodies (id, channel, received_at, body) VALUES (?, ?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_new_id(&st);
	bind_str(&st, channel);
	bind_i64(&st, received_at);
	bind_blob(&st, body);
	if ((r = stmt_later(&st, err)) < 0)
		return r;
	*ret_id = db_last_id(db);
	return 0;
}

int store_webhook_event_add(struct db *db, const struct store_webhook_event *e, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO webhook_events (id, body_id, workspace_id, account_id, state, reason, digest)"
				    " VALUES (?, ?, ?, ?, ?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_new_id(&st);
	bind_i64(&st, e->body_id);
	bind_or_null(&st, e->workspace.v);
	bind_or_null(&st, e->account_id);
	bind_i64(&st, e->state);
	bind_str(&st, e->reason);
	bind_or_null(&st, e->digest);
	return stmt_later(&st, err);
}

int store_webhook_event_set(struct db *db, struct workspace_id w, int64_t id, int state, struct str reason, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE webhook_events SET state = ?, reason = ? WHERE id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, state);
	bind_str(&st, reason);
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	int64_t n = stmt_run(&st, err);

	return n < 0 ? (int)n : n == 0 ? fail(err, ERR_NOTFOUND, "no such webhook event in this workspace") : 0;
}

int store_webhook_known(struct db *db, int64_t digest, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT 1 FROM webhook_events WHERE digest = ? LIMIT 1", err);

	if (r < 0)
		return r;
	bind_i64(&st, digest);
	return stmt_step(&st, err);
}

int store_webhook_trim(struct db *db, int64_t before_ms, size_t max, int64_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt last = { 0 };
	SCOPED(stmt_done) struct stmt events = { 0 };
	SCOPED(stmt_done) struct stmt bodies = { 0 };
	int r;

	/* Bodies are numbered as they come: those below the newest old one among the `max` oldest are old too. */
	if ((r = db_prepare(db, &last, "SELECT MAX(id) FROM (SELECT id, received_at FROM webhook_bodies ORDER BY id LIMIT ?) t"
				       " WHERE received_at < ?", err)) < 0)
		return r;
	bind_i64(&last, (int64_t)max);
	bind_i64(&last, before_ms);
	if ((r = stmt_step(&last, err)) < 0)
		return r;
	int64_t up_to = next_i64(&last);

	if ((r = db_prepare(db, &events, "DELETE FROM webhook_events WHERE body_id <= ? AND id <= (SELECT MAX(id) FROM (SELECT id FROM"
					 " webhook_events ORDER BY id LIMIT ?) t)", err)) < 0)
		return r;
	bind_i64(&events, up_to);
	bind_i64(&events, (int64_t)max * 4);
	if ((r = (int)stmt_run(&events, err)) < 0 ||
	    (r = db_prepare(db, &bodies, "DELETE FROM webhook_bodies WHERE id <= ?", err)) < 0)
		return r;
	bind_i64(&bodies, up_to);
	*ret_count = stmt_run(&bodies, err);
	return *ret_count < 0 ? (int)*ret_count : 0;
}

#define COLUMNS "e.id, e.body_id, e.account_id, b.received_at, e.digest, e.workspace_id, e.state, e.reason"

static void read_row(struct stmt *st, struct arena *arena, struct store_webhook_event *e)
{
	e->id = next_i64(st);
	e->body_id = next_i64(st);
	e->account_id = next_i64(st);
	e->received_at = next_i64(st);
	e->digest = next_i64(st);
	e->workspace.v = next_i64(st);
	e->state = (int)next_i64(st);
	e->reason = arena_copy(arena, next_str(st));
}

int store_webhook_event_list(struct db *db, struct workspace_id w, int state, int64_t before_id, size_t limit, struct arena *arena,
			     struct store_webhook_event *ret, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = state == 0 ?
		db_prepare(db, &st, "SELECT " COLUMNS " FROM webhook_events e JOIN webhook_bodies b ON b.id = e.body_id"
				    " WHERE e.workspace_id = ? AND e.id < ? ORDER BY e.id DESC LIMIT ?", err) :
	state == 1 ?
		db_prepare(db, &st, "SELECT " COLUMNS " FROM webhook_events e JOIN webhook_bodies b ON b.id = e.body_id"
				    " WHERE e.workspace_id = ? AND e.id < ? AND e.state = 1 ORDER BY e.id DESC LIMIT ?", err) :
		db_prepare(db, &st, "SELECT " COLUMNS " FROM webhook_events e JOIN webhook_bodies b ON b.id = e.body_id"
				    " WHERE e.workspace_id = ? AND e.id < ? AND e.state = ? AND e.state <> 1 ORDER BY e.id DESC LIMIT ?", err);

	*ret_count = 0;
	if (r < 0)
		return r;
	bind_i64(&st, w.v);
	bind_i64(&st, before_id == 0 ? INT64_MAX : before_id);
	if (state > 1)
		bind_i64(&st, state);
	bind_i64(&st, (int64_t)limit);
	while (*ret_count < limit && (r = stmt_step(&st, err)) > 0)
		read_row(&st, arena, &ret[(*ret_count)++]);
	return r < 0 ? r : arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

int store_webhook_event_get(struct db *db, struct workspace_id w, int64_t id, struct arena *arena, struct store_webhook_event *ret,
			    struct str *ret_channel, struct str *ret_body, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS ", b.channel, b.body FROM webhook_events e JOIN webhook_bodies b ON b.id = e.body_id"
				    " WHERE e.id = ? AND e.workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	if ((r = stmt_step(&st, err)) <= 0)
		return r < 0 ? r : fail(err, ERR_NOTFOUND, "no such webhook event in this workspace");
	read_row(&st, arena, ret);
	*ret_channel = arena_copy(arena, next_str(&st));
	*ret_body = arena_copy(arena, next_blob(&st));
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}
