/* Rows of contacts and of what they are called on each account; the first word of one makes the conversation too. */
#include "store/conversation.h"

#include "store/ahead.h"

/* Who an identity is: the three that each question about one names, in this order. */
static void bind_whose(struct stmt *st, int64_t account_id, struct str external_key, struct workspace_id w)
{
	bind_i64(st, account_id);
	bind_str(st, external_key);
	bind_i64(st, w.v);
}

static int add_contact(struct db *db, struct store_conversation *c, int64_t now_ms, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO contacts (id, workspace_id, created_at) VALUES (?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_new_id(&st);
	bind_i64(&st, c->workspace.v);
	bind_i64(&st, now_ms);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	c->contact_id = db_last_id(db);
	return 0;
}

static int add_identity(struct db *db, const struct store_conversation *c, int64_t due_at, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO contact_identities (account_id, external_key, workspace_id, contact_id,"
				    " profile_due_at, profile_tries) VALUES (?, ?, ?, ?, ?, 0)", err);

	if (r < 0)
		return r;
	bind_whose(&st, c->account_id, c->external_key, c->workspace);
	bind_i64(&st, c->contact_id);
	bind_or_null(&st, due_at);
	return stmt_step(&st, err);
}

int store_conversation_add(struct db *db, struct store_conversation *c, int64_t now_ms, int64_t profile_due_at, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r;

	if ((r = add_contact(db, c, now_ms, err)) < 0 || (r = add_identity(db, c, profile_due_at, err)) < 0 ||
	    (r = db_prepare(db, &st, "INSERT INTO conversations (id, workspace_id, channel, account_id, contact_id, external_key, status, unread,"
				     " activity_at, window_from, read_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", err)) < 0)
		return r;
	bind_new_id(&st);
	bind_i64(&st, c->workspace.v);
	bind_str(&st, c->channel);
	bind_i64(&st, c->account_id);
	bind_i64(&st, c->contact_id);
	bind_str(&st, c->external_key);
	bind_i64(&st, c->status);
	bind_i64(&st, c->unread);
	bind_i64(&st, c->activity_at);
	bind_i64(&st, c->window_from);
	bind_i64(&st, c->read_at);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	c->id = db_last_id(db);
	ahead_conversation_came(db, c->account_id, c->external_key);
	return 0;
}

static int64_t learn_handle(struct db *db, const struct store_conversation *c, struct str handle, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE contact_identities SET handle = ? WHERE account_id = ? AND external_key = ? AND workspace_id = ?"
				    " AND handle IS NULL", err);

	if (r < 0)
		return r;
	bind_str(&st, handle);
	bind_whose(&st, c->account_id, c->external_key, c->workspace);
	return stmt_run(&st, err);
}

int store_identity_learn(struct db *db, const struct store_conversation *c, struct str name, struct str handle, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int64_t named, called = handle.len == 0 ? 0 : learn_handle(db, c, handle, err);
	int r;

	if (called < 0 || name.len == 0)
		return (int)called;
	if ((r = db_prepare(db, &st, "UPDATE contacts SET name = ? WHERE id = ? AND workspace_id = ? AND name IS NULL", err)) < 0)
		return r;
	bind_str(&st, name);
	bind_i64(&st, c->contact_id);
	bind_i64(&st, c->workspace.v);
	named = stmt_run(&st, err);
	return named < 0 ? (int)named : named + called > 0;
}

/* The account's identities that are due, oldest first, behind those that are there. */
static int add_due(struct db *db, int64_t account_id, struct str channel, int64_t now_ms, size_t most, struct arena *arena,
		   struct store_identity *ret, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT workspace_id, contact_id, profile_tries, external_key FROM contact_identities"
				    " WHERE account_id = ? AND profile_due_at <= ? ORDER BY profile_due_at LIMIT ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, account_id);
	bind_i64(&st, now_ms);
	bind_i64(&st, (int64_t)most);
	while ((r = stmt_step(&st, err)) > 0) {
		struct store_identity *i = &ret[(*ret_count)++];

		*i = (struct store_identity){ .workspace.v = next_i64(&st), .account_id = account_id, .channel = channel };
		i->contact_id = next_i64(&st);
		i->tries = next_i64(&st);
		i->external_key = arena_copy(arena, next_str(&st));
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

/* The first of each account. In MariaDB's indexes the many NULLs come first: from the end of due_key it is one row. */
#define WITH_DUE(first) "SELECT id, channel, due FROM (SELECT a.id AS id, a.channel AS channel, (SELECT " first ") AS due" \
			" FROM accounts a WHERE a.status = 1) t WHERE due IS NOT NULL ORDER BY due, id"

int store_identity_due(struct db *db, const struct str *channels, size_t channel_count, int64_t now_ms, size_t per_account,
		       struct arena *arena, struct store_identity *ret, size_t max, size_t *ret_count, int64_t *ret_next, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare_each(db, &st,
		WITH_DUE("MIN(i.profile_due_at) FROM contact_identities i WHERE i.account_id = a.id AND i.profile_due_at IS NOT NULL"),
		WITH_DUE("i.profile_due_at FROM contact_identities i FORCE INDEX (contact_identities_first) WHERE i.account_id = a.id"
			 " ORDER BY i.due_key DESC LIMIT 1"), err);

	*ret_count = 0;
	*ret_next = 0;
	while (r >= 0 && (r = stmt_step(&st, err)) > 0) {
		size_t room = max - *ret_count;
		int64_t account_id = next_i64(&st);
		const struct str *channel = find_channel(channels, channel_count, next_str(&st));
		int64_t due_at = next_i64(&st);

		if (channel == NULL)
			continue;
		if (due_at > now_ms || room == 0) {
			*ret_next = due_at;
			break;
		}
		r = add_due(db, account_id, *channel, now_ms, room < per_account ? room : per_account, arena, ret, ret_count, err);
	}
	return r < 0 ? r : arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

static int save_name(struct db *db, const struct store_identity *i, struct str name, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE contacts SET name = ? WHERE id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, name);
	bind_i64(&st, i->contact_id);
	bind_i64(&st, i->workspace.v);
	return stmt_step(&st, err);
}

int store_identity_save(struct db *db, const struct store_identity *i, struct str name, struct str handle, struct str picture_url,
			int64_t follower_count, int64_t due_at, int64_t tries, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = name.p == NULL ? 0 : save_name(db, i, name, err);

	if (r < 0 || (r = db_prepare(db, &st, "UPDATE contact_identities SET handle = COALESCE(?, handle), picture_url = COALESCE(?, picture_url),"
					      " follower_count = COALESCE(?, follower_count), profile_due_at = ?, profile_tries = ?"
					      " WHERE account_id = ? AND external_key = ? AND workspace_id = ?", err)) < 0)
		return r;
	bind_str(&st, handle);
	bind_str(&st, picture_url);
	if (follower_count < 0)
		bind_null(&st);
	else
		bind_i64(&st, follower_count);
	bind_or_null(&st, due_at);
	bind_i64(&st, tries);
	bind_whose(&st, i->account_id, i->external_key, i->workspace);
	return stmt_step(&st, err);
}

int store_identity_conversation(struct db *db, const struct store_identity *i, int64_t *ret_id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT id FROM conversations WHERE account_id = ? AND external_key = ? AND workspace_id = ?", err);

	*ret_id = 0;
	if (r < 0)
		return r;
	bind_whose(&st, i->account_id, i->external_key, i->workspace);
	if ((r = stmt_step(&st, err)) > 0)
		*ret_id = next_i64(&st);
	return r < 0 ? r : 0;
}

int store_identity_set_handle(struct db *db, const struct store_conversation *c, struct str handle, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE contact_identities SET handle = ? WHERE account_id = ? AND external_key = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, handle);
	bind_whose(&st, c->account_id, c->external_key, c->workspace);
	return stmt_step(&st, err);
}

int store_identity_handle(struct db *db, const struct store_conversation *c, struct arena *arena, struct str *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT handle FROM contact_identities WHERE account_id = ? AND external_key = ? AND workspace_id = ?", err);

	*ret = STR_NONE;
	if (r < 0)
		return r;
	bind_whose(&st, c->account_id, c->external_key, c->workspace);
	if ((r = stmt_step(&st, err)) > 0)
		*ret = arena_copy(arena, next_str(&st));
	return r;
}

int store_identity_replace_handle(struct db *db, const struct store_conversation *c, struct str old_key, struct str handle, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int64_t changed;
	int r = handle.len == 0 ? 0 : db_prepare(db, &st, "UPDATE contact_identities SET handle = ? WHERE account_id = ? AND external_key = ?"
		" AND workspace_id = ? AND (handle IS NULL OR substr(handle, -length(?)) = ?)", err);

	if (r < 0 || handle.len == 0)
		return r;
	bind_str(&st, handle);
	bind_whose(&st, c->account_id, c->external_key, c->workspace);
	bind_str(&st, old_key);
	bind_str(&st, old_key);
	changed = stmt_run(&st, err);
	return changed < 0 ? (int)changed : changed > 0;
}

int store_identity_set_due(struct db *db, const struct store_conversation *c, int64_t due_at, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE contact_identities SET profile_due_at = ? WHERE account_id = ? AND external_key = ?"
				    " AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, due_at);
	bind_whose(&st, c->account_id, c->external_key, c->workspace);
	return stmt_step(&st, err);
}
