/* Rows of accounts. Their form fields are in the channels' own tables (account_fields.c). */
#include "store/account.h"

#include "base/clock.h"
#include "store/ids.h"
#include "store/rows.h"
#include "store/template.h"

#define COLUMNS "a.id, a.workspace_id, a.channel, a.backend, a.external_key, a.name, a.handle, a.status, a.status_reason," \
		" a.last_error, a.verify_token, a.parked_until, a.connected_at, a.last_event_at, a.revision, a.presence"

static void read_row(struct stmt *st, struct arena *arena, struct store_account *a)
{
	a->id = next_i64(st);
	a->workspace.v = next_i64(st);
	a->channel = arena_copy(arena, next_str(st));
	a->backend = arena_copy(arena, next_str(st));
	a->external_key = arena_copy(arena, next_str(st));
	a->name = arena_copy(arena, next_str(st));
	a->handle = arena_copy(arena, next_str(st));
	a->status = (int)next_i64(st);
	a->status_reason = arena_copy(arena, next_str(st));
	a->last_error = arena_copy(arena, next_str(st));
	a->verify_token = arena_copy(arena, next_blob(st));
	a->parked_until = next_i64(st);
	a->connected_at = next_i64(st);
	a->last_event_at = next_i64(st);
	a->revision = next_i64(st);
	a->presence = (int)next_i64(st);
}

int store_account_get(struct db *db, struct workspace_id w, int64_t id, struct arena *arena, struct store_account *ret,
		      struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM accounts a"
				    " WHERE a.id = ? AND a.workspace_id = ? AND a.status <> 3", err);

	if (r < 0)
		return r;
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	if (r == 0)
		return fail(err, ERR_NOTFOUND, "no such account in this workspace");
	*ret = (struct store_account){ 0 };
	read_row(&st, arena, ret);
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

int store_account_list(struct db *db, struct workspace_id w, struct arena *arena, struct store_account **ret,
		       size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(rows_done) struct rows rows = { .size = sizeof(struct store_account) };
	struct store_account *a;
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM accounts a"
				    " WHERE a.workspace_id = ? AND a.status <> 3 ORDER BY a.id", err);

	if (r < 0)
		return r;
	bind_i64(&st, w.v);
	while ((r = stmt_step(&st, err)) > 0 && (a = rows_next(&rows)) != NULL)
		read_row(&st, arena, a);
	return r < 0 ? r : rows_give(&rows, arena, ret, ret_count, err);
}

int store_account_list_of_channel(struct db *db, struct str channel, struct arena *arena, struct store_account **ret,
				  size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(rows_done) struct rows rows = { .size = sizeof(struct store_account) };
	struct store_account *a;
	int r = db_prepare(db, &st, "SELECT " COLUMNS ", w.name FROM accounts a JOIN workspaces w ON w.id = a.workspace_id"
				    " WHERE a.status <> 3 AND (? IS NULL OR a.channel = ?)"
				    " ORDER BY w.name, w.id, a.id", err);

	if (r < 0)
		return r;
	bind_str(&st, channel);
	bind_str(&st, channel);
	while ((r = stmt_step(&st, err)) > 0 && (a = rows_next(&rows)) != NULL) {
		read_row(&st, arena, a);
		a->workspace_name = arena_copy(arena, next_str(&st));
	}
	return r < 0 ? r : rows_give(&rows, arena, ret, ret_count, err);
}

int store_account_is_live(struct db *db, struct str channel, struct str external_key, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT 1 FROM accounts WHERE channel = ? AND external_key = ? AND status <> 3", err);

	if (r < 0)
		return r;
	bind_str(&st, channel);
	bind_str(&st, external_key);
	return stmt_step(&st, err);
}

int store_account_revivable(struct db *db, struct workspace_id w, struct str channel,
			    struct str external_key, int64_t *ret_id,
			    struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT id FROM accounts WHERE workspace_id = ? AND channel = ? AND external_key = ?"
				    " AND status = 3 ORDER BY id DESC LIMIT 1", err);

	if (r < 0)
		return r;
	bind_i64(&st, w.v);
	bind_str(&st, channel);
	bind_str(&st, external_key);
	if ((r = stmt_step(&st, err)) <= 0)
		return r;
	*ret_id = next_i64(&st);
	return 1;
}

int store_account_add(struct db *db, const struct store_account *a, int64_t *ret_id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO accounts (id, workspace_id, channel, backend, external_key, name, handle,"
				    " status, status_reason, verify_token, parked_until, connected_at, last_event_at, last_error, revision)"
				    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, NULL, 1)", err);

	if (r < 0)
		return r;
	bind_new_id(&st);
	bind_i64(&st, a->workspace.v);
	bind_str(&st, a->channel);
	bind_str(&st, a->backend);
	bind_str(&st, a->external_key);
	bind_str(&st, a->name);
	bind_str(&st, a->handle);
	bind_i64(&st, a->status);
	bind_str(&st, a->status_reason);
	bind_blob(&st, a->verify_token);
	bind_i64(&st, a->parked_until);
	bind_i64(&st, a->connected_at);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	*ret_id = db_last_id(db);
	return 0;
}

static int one_changed(struct stmt *st, struct error *err)
{
	int64_t n = stmt_run(st, err);

	if (n < 0)
		return (int)n;
	return n > 0 ? 0 : fail(err, ERR_NOTFOUND, "no such account in this workspace");
}

int store_account_save(struct db *db, const struct store_account *a, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE accounts SET backend = ?, external_key = ?, name = ?, handle = ?, status = ?,"
				    " status_reason = ?, verify_token = ?, parked_until = ?, connected_at = ?, last_error = ?,"
				    " revision = revision + 1"
				    " WHERE id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, a->backend);
	bind_str(&st, a->external_key);
	bind_str(&st, a->name);
	bind_str(&st, a->handle);
	bind_i64(&st, a->status);
	bind_str(&st, a->status_reason);
	bind_blob(&st, a->verify_token);
	bind_i64(&st, a->parked_until);
	bind_i64(&st, a->connected_at);
	bind_str(&st, a->last_error);
	bind_i64(&st, a->id);
	bind_i64(&st, a->workspace.v);
	return one_changed(&st, err);
}

int store_account_set_status(struct db *db, struct workspace_id w, int64_t id, int status, struct str reason,
			     struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE accounts SET status = ?, status_reason = ?"
				    " WHERE id = ? AND workspace_id = ? AND status <> 3", err);

	if (r < 0)
		return r;
	bind_i64(&st, status);
	bind_str(&st, reason);
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	return one_changed(&st, err);
}

int store_account_set_parked(struct db *db, struct workspace_id w, int64_t id, int64_t until_ms, struct str reason,
			     struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE accounts SET parked_until = ?, status_reason = ?"
				    " WHERE id = ? AND workspace_id = ? AND status <> 3", err);

	if (r < 0)
		return r;
	bind_i64(&st, until_ms);
	bind_str(&st, reason);
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	return one_changed(&st, err);
}

int store_account_set_presence(struct db *db, struct workspace_id w, int64_t id, int presence, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE accounts SET presence = ? WHERE id = ? AND workspace_id = ? AND status <> 3", err);

	if (r < 0)
		return r;
	bind_i64(&st, presence);
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	return one_changed(&st, err);
}

int store_account_renewal(struct db *db, struct workspace_id w, int64_t id, int64_t *ret_due_ms, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT renew_at FROM accounts WHERE id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	if ((r = stmt_step(&st, err)) <= 0)
		return r < 0 ? r : fail(err, ERR_NOTFOUND, "no such account");
	*ret_due_ms = next_i64(&st);
	return 0;
}

int store_account_set_renewal(struct db *db, struct workspace_id w, int64_t id, int64_t due_ms, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE accounts SET renew_at = ? WHERE id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, due_ms);
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	return one_changed(&st, err);
}

int store_account_set_error(struct db *db, struct workspace_id w, int64_t id, struct str text, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE accounts SET last_error = ?"
				    " WHERE id = ? AND workspace_id = ? AND status <> 3", err);

	if (r < 0)
		return r;
	bind_str(&st, text);
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	return one_changed(&st, err);
}

int store_account_set_names(struct db *db, struct workspace_id w, int64_t id, struct str name, struct str handle, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE accounts SET name = ?, handle = ? WHERE id = ? AND workspace_id = ? AND status <> 3", err);

	if (r < 0)
		return r;
	bind_str(&st, name);
	bind_str(&st, handle);
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	return one_changed(&st, err);
}

int store_account_event_seen(struct db *db, struct workspace_id w, int64_t id, int64_t at_ms, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE accounts SET last_event_at = ?"
				    " WHERE id = ? AND workspace_id = ? AND last_event_at < ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, at_ms);
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	bind_i64(&st, at_ms - MINUTE_MS);
	return stmt_step(&st, err);
}

static int note_waiting(struct db *db, struct workspace_id w, int64_t id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT o.message_id, o.conversation_id FROM outbox o JOIN messages m ON m.id = o.message_id"
				    " WHERE o.account_id = ? AND m.direction > 0", err);

	if (r < 0)
		return r;
	bind_i64(&st, id);
	while ((r = stmt_step(&st, err)) > 0) {
		int64_t message = next_i64(&st), conversation = next_i64(&st);

		if ((r = store_change_add(db, w, CHANGE_MESSAGE, message, conversation, err)) < 0)
			return r;
	}
	return r;
}

/* The messages that our reactions under way are about: they are refused. */
static int refuse_reactions(struct db *db, struct workspace_id w, int64_t id, struct str text, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(stmt_done) struct stmt put = { 0 };
	int r;

	if ((r = db_prepare(db, &st, "SELECT DISTINCT t.id, t.conversation_id FROM outbox o JOIN messages m ON m.id = o.message_id"
				     " JOIN messages t ON t.conversation_id = m.conversation_id AND t.external_id = m.reply_to_id"
				     " WHERE o.account_id = ? AND m.kind = 100", err)) < 0 ||
	    (r = db_prepare(db, &put, "UPDATE reactions SET status = 2, error_text = ? WHERE message_id = ? AND side = 2 AND status = 1", err)) < 0)
		return r;
	bind_i64(&st, id);
	while ((r = stmt_step(&st, err)) > 0) {
		int64_t message = next_i64(&st), conversation = next_i64(&st);

		stmt_again(&put);
		bind_str(&put, text);
		bind_i64(&put, message);
		if ((r = stmt_step(&put, err)) < 0 || (r = store_change_add(db, w, CHANGE_MESSAGE, message, conversation, err)) < 0)
			return r;
	}
	return r;
}

/* Messages that wait for an account that is going: nobody will send them. One that is just being sent may have gone. */
static int fail_waiting(struct db *db, struct workspace_id w, int64_t id, struct str text, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(stmt_done) struct stmt drop = { 0 };
	SCOPED(ids_done) struct ids waiting = { 0 };
	int r;

	if ((r = refuse_reactions(db, w, id, text, err)) < 0 || (r = note_waiting(db, w, id, err)) < 0 ||
	    (r = db_prepare(db, &st, "SELECT message_id FROM outbox WHERE account_id = ?", err)) < 0)
		return r;
	bind_i64(&st, id);
	if ((r = ids_read(&st, &waiting, err)) < 0 ||
	    (r = (int)ids_run_with(db, STR("UPDATE messages SET status = CASE WHEN status = 2 THEN 7 ELSE 6 END,"
					   " error_code = 'account_gone', error_text = ? WHERE id"), &text, &waiting, err)) < 0 ||
	    (r = db_prepare(db, &drop, "DELETE FROM outbox WHERE account_id = ?", err)) < 0)
		return r;
	bind_i64(&drop, id);
	return stmt_step(&drop, err);
}

int store_account_disconnect(struct db *db, struct workspace_id w, int64_t id, struct str error_text, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE accounts SET status = 3, status_reason = NULL, verify_token = x'',"
				    " parked_until = 0"
				    " WHERE id = ? AND workspace_id = ? AND status <> 3", err);

	if (r < 0)
		return r;
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	if ((r = one_changed(&st, err)) < 0 || (r = store_template_delete(db, w, id, err)) < 0)
		return r;
	return fail_waiting(db, w, id, error_text, err);
}
