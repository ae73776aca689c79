/* SQL of the outbox. What a claim or an outcome means is inbox/outbox.c. */
#include "store/outbox.h"

#include "store/engine.h"

#define COLUMNS "o.workspace_id, o.message_id, o.account_id, o.conversation_id, o.due_at, o.tries, o.claimed_at, o.parks, o.text, o.claimed_by"

static void read_row(struct stmt *st, struct arena *arena, struct store_outbox *o)
{
	o->workspace.v = next_i64(st);
	o->message_id = next_i64(st);
	o->account_id = next_i64(st);
	o->conversation_id = next_i64(st);
	o->due_at = next_i64(st);
	o->tries = next_i64(st);
	o->claimed_at = next_i64(st);
	o->parks = next_i64(st);
	o->text = arena_copy(arena, next_str(st));
	o->claimed_by = arena_copy(arena, next_str(st));
}

static int one_row(struct stmt *st, struct arena *arena, struct store_outbox *ret, struct error *err)
{
	int r = stmt_step(st, err);

	if (r > 0)
		read_row(st, arena, ret);
	return r > 0 && arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : r;
}

/* Each account that has rows here, found by steps along outbox_by_due: a long outbox costs no more than a short one. MariaDB
 * cannot: it never begins an index in its middle for the row of another table, and takes DISTINCT by steps only when its estimates say
 * so. There each account is asked for its first row, a row or two an account. */
#define WAITING_STEPS "WITH RECURSIVE waiting(id) AS (SELECT MIN(account_id) FROM outbox UNION ALL" \
		      " SELECT (SELECT MIN(o.account_id) FROM outbox o WHERE o.account_id > w.id) FROM waiting w WHERE w.id IS NOT NULL)"

/* The account's first row that is not under way. */
#define FIRST_OF(o, more) "(SELECT o.due_at FROM outbox " o " WHERE o.account_id = a.id AND o.claimed_at = 0" more " ORDER BY o.due_at LIMIT 1)"
#define BY_DUE "o FORCE INDEX (outbox_by_due)"

/* The oldest of its conversation, and none of that is under way: an older one can come back by a person's choice. */
#define MAY_GO " o.claimed_at = 0 AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.conversation_id = o.conversation_id" \
	       " AND (p.message_id < o.message_id OR p.claimed_at > 0))"

#define WITH_THEIRS(o) "SELECT " COLUMNS ", c.external_key, m.tag, m.reply_to_id, m.kind FROM " o \
		       " JOIN conversations c ON c.id = o.conversation_id JOIN messages m ON m.id = o.message_id"
#define OLDEST " WHERE o.account_id = ? AND o.due_at <= ? AND" MAY_GO " ORDER BY o.due_at, o.message_id LIMIT ?"

/* The account's oldest rows that may go, behind those that are there. */
static int add_account(struct db *db, int64_t account_id, struct str channel, int64_t now_ms, size_t most, struct arena *arena,
		       struct store_outbox_due *ret, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	/* MariaDB would join and sort all that is due before it takes some. */
	int r = db_prepare_each(db, &st, WITH_THEIRS("outbox o") OLDEST, WITH_THEIRS("(SELECT o.* FROM outbox " BY_DUE OLDEST ") o")
				" ORDER BY o.due_at, o.message_id", err);

	if (r < 0)
		return r;
	bind_i64(&st, account_id);
	bind_i64(&st, now_ms);
	bind_i64(&st, (int64_t)most);
	while ((r = stmt_step(&st, err)) > 0) {
		struct store_outbox_due *d = &ret[(*ret_count)++];

		read_row(&st, arena, &d->row);
		d->channel = channel;
		d->contact_key = arena_copy(arena, next_str(&st));
		d->tag = arena_copy(arena, next_str(&st));
		d->reply_to_id = arena_copy(arena, next_str(&st));
		d->kind = (int)next_i64(&st);
	}
	return r;
}

static const struct str *find_channel(const struct str *channels, size_t count, struct str slug)
{
	for (size_t k = 0; k < count; k++)
		if (str_eq(channels[k], slug))
			return &channels[k];
	return NULL;
}

#define WHO_IS_DUE(o, who) " SELECT id, channel FROM (SELECT a.id AS id, a.channel AS channel, " FIRST_OF(o, "") " AS due" \
		      " FROM " who " WHERE a.status = 1 AND a.parked_until <= ?) t" \
		      " WHERE due <= ? ORDER BY due, id"

int store_outbox_due(struct db *db, const struct str *channels, size_t channel_count, int64_t now_ms, size_t per_account,
		     struct arena *arena, struct store_outbox_due *ret, size_t max, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare_each(db, &st, WAITING_STEPS WHO_IS_DUE("o", "waiting w JOIN accounts a ON a.id = w.id"), WHO_IS_DUE(BY_DUE, "accounts a"), err);

	*ret_count = 0;
	if (r < 0)
		return r;
	bind_i64(&st, now_ms);
	bind_i64(&st, now_ms);
	while (*ret_count < max && (r = stmt_step(&st, err)) > 0) {
		size_t room = max - *ret_count;
		int64_t account_id = next_i64(&st);
		const struct str *channel = find_channel(channels, channel_count, next_str(&st));

		if (channel != NULL && (r = add_account(db, account_id, *channel, now_ms, room < per_account ? room : per_account, arena, ret,
							ret_count, err)) < 0)
			break;
	}
	return r < 0 ? r : arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

int store_outbox_next(struct db *db, int64_t now_ms, int64_t *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	/* Of a parked account its oldest row counts, of another the oldest that is not due yet; on MariaDB that is the first of all that
	 * belongs to such a one, by outbox_next. */
	int r = db_prepare_each(db, &st,
		WAITING_STEPS " SELECT MIN(CASE WHEN parked_until > due THEN parked_until ELSE due END) FROM (SELECT a.parked_until AS parked_until,"
		" CASE WHEN a.parked_until > ? THEN " FIRST_OF("o", "") " ELSE " FIRST_OF("o", " AND o.due_at > ?") " END AS due"
		" FROM waiting w JOIN accounts a ON a.id = w.id WHERE a.status = 1) t WHERE due IS NOT NULL",
		"SELECT MIN(due) FROM (SELECT GREATEST(a.parked_until, " FIRST_OF(BY_DUE, "") ") AS due"
		" FROM accounts a WHERE a.status = 1 AND a.parked_until > ? UNION ALL"
		" (SELECT o.due_at FROM outbox o FORCE INDEX (outbox_next) STRAIGHT_JOIN accounts a ON a.id = o.account_id WHERE o.due_at > ?"
		" AND o.claimed_at = 0 AND a.status = 1 AND a.parked_until <= ? ORDER BY o.due_at LIMIT 1)) t", err);

	*ret = 0;
	if (r < 0)
		return r;
	for (int k = 0; k < (db->engine->shared ? 3 : 2); k++)
		bind_i64(&st, now_ms);
	if ((r = stmt_step(&st, err)) > 0)
		*ret = next_i64(&st);
	return r < 0 ? r : 0;
}

int store_outbox_get(struct db *db, struct workspace_id w, int64_t message_id, struct arena *arena, struct store_outbox *ret,
		     struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM outbox o WHERE o.message_id = ? AND o.workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, message_id);
	bind_i64(&st, w.v);
	return one_row(&st, arena, ret, err);
}

int store_outbox_claimable(struct db *db, struct workspace_id w, int64_t message_id, int64_t now_ms, struct arena *arena,
			   struct store_outbox *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM outbox o JOIN accounts a ON a.id = o.account_id WHERE o.message_id = ?"
				    " AND o.workspace_id = ? AND a.status = 1 AND a.parked_until <= ? AND" MAY_GO, err);

	if (r < 0)
		return r;
	bind_i64(&st, message_id);
	bind_i64(&st, w.v);
	bind_i64(&st, now_ms);
	return one_row(&st, arena, ret, err);
}

int store_outbox_claimed(struct db *db, int64_t after_id, struct arena *arena, struct store_outbox *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM outbox o WHERE o.claimed_at > 0 AND o.message_id > ? ORDER BY o.message_id LIMIT 1",
			   err);

	if (r < 0)
		return r;
	bind_i64(&st, after_id);
	return one_row(&st, arena, ret, err);
}

int store_outbox_claims(struct db *db, struct arena *arena, struct store_outbox *ret, size_t max, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM outbox o WHERE o.claimed_at > 0 LIMIT ?", err);

	*ret_count = 0;
	if (r < 0)
		return r;
	bind_i64(&st, (int64_t)max);
	while ((r = stmt_step(&st, err)) > 0)
		read_row(&st, arena, &ret[(*ret_count)++]);
	return r < 0 ? r : arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

int store_outbox_reaction(struct db *db, struct workspace_id w, int64_t conversation_id, struct str reply_to_id, struct arena *arena,
			  struct store_outbox *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM outbox o JOIN messages m ON m.id = o.message_id WHERE o.conversation_id = ?"
				    " AND o.workspace_id = ? AND m.kind = 100 AND m.reply_to_id = ? ORDER BY o.message_id DESC LIMIT 1", err);

	if (r < 0)
		return r;
	bind_i64(&st, conversation_id);
	bind_i64(&st, w.v);
	bind_str(&st, reply_to_id);
	return one_row(&st, arena, ret, err);
}

int store_outbox_rest(struct db *db, struct workspace_id w, int64_t conversation_id, int64_t due_at, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE outbox SET due_at = ? WHERE conversation_id = ? AND workspace_id = ? AND due_at < ?"
				    " AND claimed_at = 0", err);

	if (r < 0)
		return r;
	bind_i64(&st, due_at);
	bind_i64(&st, conversation_id);
	bind_i64(&st, w.v);
	bind_i64(&st, due_at);
	return stmt_step(&st, err);
}

int store_outbox_add(struct db *db, const struct store_outbox *o, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO outbox (message_id, workspace_id, account_id, conversation_id, due_at, tries, claimed_at,"
				    " text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_i64(&st, o->message_id);
	bind_i64(&st, o->workspace.v);
	bind_i64(&st, o->account_id);
	bind_i64(&st, o->conversation_id);
	bind_i64(&st, o->due_at);
	bind_i64(&st, o->tries);
	bind_i64(&st, o->claimed_at);
	bind_str(&st, o->text);
	return stmt_step(&st, err);
}

int store_outbox_save(struct db *db, const struct store_outbox *o, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE outbox SET due_at = ?, tries = ?, claimed_at = ?, parks = ?, claimed_by = ?"
				    " WHERE message_id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, o->due_at);
	bind_i64(&st, o->tries);
	bind_i64(&st, o->claimed_at);
	bind_i64(&st, o->parks);
	bind_str(&st, o->claimed_at == 0 ? STR_NONE : o->claimed_by);
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
