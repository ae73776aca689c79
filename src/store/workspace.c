/* Rows of workspaces, and the end of one with all that is in it. Members are member.c. */
#include "store/workspace.h"

enum {
	PIECE = 200,			/* conversations, events or messages of one unit */
};

int store_workspace_add(struct db *db, struct str name, int64_t now_ms, struct workspace_id *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO workspaces (name, created_at) VALUES (?, ?)", err);

	if (r < 0)
		return r;
	bind_str(&st, name);
	bind_i64(&st, now_ms);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	ret->v = db_last_id(db);
	return 0;
}

int store_workspace_rename(struct db *db, struct workspace_id w, struct str name, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int64_t n = db_prepare(db, &st, "UPDATE workspaces SET name = ? WHERE id = ?", err);

	if (n < 0)
		return (int)n;
	bind_str(&st, name);
	bind_i64(&st, w.v);
	if ((n = stmt_run(&st, err)) < 0)
		return (int)n;
	return n > 0 ? 0 : fail(err, ERR_NOTFOUND, "no such workspace");
}

/* Runs a statement whose only parameters are the workspace and, with `piece`, a number of rows. Returns the rows changed. */
#define RUN(db, w, piece, sql, err) run((db), (w), (piece), "" sql "", sizeof(sql) - 1, (err))
static int64_t run(struct db *db, struct workspace_id w, int64_t piece, const char *sql, size_t len, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare_lit(db, &st, sql, len, err);

	if (r < 0)
		return r;
	bind_i64(&st, w.v);
	if (piece > 0)
		bind_i64(&st, piece);
	return stmt_run(&st, err);
}

int store_workspace_close(struct db *db, struct workspace_id w, struct error *err)
{
	int64_t n = RUN(db, w, 0, "UPDATE workspaces SET name = name WHERE id = ?", err);

	if (n == 0)
		return fail(err, ERR_NOTFOUND, "no such workspace");
	if (n < 0 || (n = RUN(db, w, 0, "DELETE FROM members WHERE workspace_id = ?", err)) < 0 ||
	    (n = RUN(db, w, 0, "UPDATE accounts SET status = 3, verify_token = x'' WHERE workspace_id = ?", err)) < 0 ||
	    (n = RUN(db, w, 0, "DELETE FROM outbox WHERE account_id IN (SELECT id FROM accounts"
			       " WHERE workspace_id = ?)", err)) < 0)
		return (int)n;
	return 0;
}

int store_workspace_closed(struct db *db, struct workspace_id *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT id FROM workspaces w WHERE NOT EXISTS (SELECT 1 FROM members m"
				    " WHERE m.workspace_id = w.id)"
				    " LIMIT 1", err);

	if (r < 0 || (r = stmt_step(&st, err)) <= 0)
		return r;
	ret->v = next_i64(&st);
	return 1;
}

int store_workspace_there(struct db *db, struct workspace_id w, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT 1 FROM workspaces WHERE id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, w.v);
	return stmt_step(&st, err);
}

/* ---- the pieces ----
 *
 * Each removes at most PIECE things by way of an index and returns how many, so that a unit stays short. What hangs on a
 * row goes before the row itself: then a crash between two units leaves nothing that no later piece can find. */

/* Messages of the workspace's first conversation, with what hangs on them. */
static int64_t delete_messages(struct db *db, struct workspace_id w, struct error *err)
{
#define THESE "(SELECT id FROM messages WHERE conversation_id = (SELECT id FROM conversations WHERE workspace_id = ?" \
	      " ORDER BY channel, status, activity_at, id LIMIT 1) ORDER BY at, id LIMIT ?)"
	int64_t n;

	if ((n = RUN(db, w, PIECE, "DELETE FROM attachments WHERE message_id IN " THESE, err)) < 0 ||
	    (n = RUN(db, w, PIECE, "DELETE FROM reactions WHERE message_id IN " THESE, err)) < 0 ||
	    (n = RUN(db, w, PIECE, "DELETE FROM outbox WHERE message_id IN " THESE, err)) < 0 ||
	    (n = RUN(db, w, PIECE, "DELETE FROM message_words WHERE rowid IN " THESE, err)) < 0 ||
	    (n = RUN(db, w, PIECE, "DELETE FROM message_words_dirty WHERE message_id IN " THESE, err)) < 0)
		return n;
	return RUN(db, w, PIECE, "DELETE FROM messages WHERE id IN " THESE, err);
#undef THESE
}

/* Messages of the first conversation, or that conversation once it is empty. */
static int64_t delete_conversation(struct db *db, struct workspace_id w, struct error *err)
{
	int64_t n = delete_messages(db, w, err);

	if (n != 0)
		return n;
	return RUN(db, w, 0, "DELETE FROM conversations WHERE id = (SELECT id FROM conversations WHERE workspace_id = ?"
			     " ORDER BY channel, status, activity_at, id LIMIT 1)", err);
}

/* An identity and its contact. A contact with several identities goes with the first: the others go next. */
static int64_t delete_contacts(struct db *db, struct workspace_id w, struct error *err)
{
#define THESE "(SELECT i.account_id, i.external_key FROM accounts a JOIN contact_identities i ON i.account_id = a.id" \
	      " WHERE a.workspace_id = ? LIMIT ?)"
	int64_t n = RUN(db, w, PIECE, "DELETE FROM contacts WHERE id IN (SELECT contact_id FROM contact_identities"
				      " WHERE (account_id, external_key) IN " THESE ")", err);

	if (n < 0)
		return n;
	return RUN(db, w, PIECE, "DELETE FROM contact_identities WHERE (account_id, external_key) IN " THESE, err);
#undef THESE
}

/* Journal rows, and the bodies that no other workspace has a row of. The rows of one body are written in one commit, so
 * their ids lie together: a body addresses at most as many accounts as it has updates, 1,000 (Meta's limit). */
static int64_t delete_events(struct db *db, struct workspace_id w, struct error *err)
{
#define THESE "(SELECT id FROM webhook_events WHERE workspace_id = ? ORDER BY id LIMIT ?)"
	int64_t n = RUN(db, w, PIECE, "DELETE FROM webhook_bodies WHERE id IN (SELECT e.body_id FROM webhook_events e"
				      " WHERE e.id IN " THESE
				      " AND NOT EXISTS (SELECT 1 FROM webhook_events o"
				      " WHERE o.id BETWEEN e.id - 1000 AND e.id + 1000"
				      " AND o.body_id = e.body_id AND o.workspace_id IS NOT e.workspace_id))", err);

	if (n < 0)
		return n;
	return RUN(db, w, PIECE, "DELETE FROM webhook_events WHERE id IN " THESE, err);
#undef THESE
}

/* What agents brought, and rows about files; their bytes are src/files'. */
static int64_t delete_files(struct db *db, struct workspace_id w, struct error *err)
{
	int64_t n = RUN(db, w, PIECE, "DELETE FROM uploads WHERE id IN (SELECT id FROM uploads WHERE workspace_id = ? LIMIT ?)", err);

	return n != 0 ? n : RUN(db, w, PIECE, "DELETE FROM files WHERE id IN (SELECT id FROM files WHERE workspace_id = ? LIMIT ?)", err);
}

/* What hangs on its accounts alone. */
static int64_t delete_of_accounts(struct db *db, struct workspace_id w, struct error *err)
{
	int64_t n = RUN(db, w, PIECE, "DELETE FROM contact_aliases WHERE (account_id, external_key) IN (SELECT s.account_id, s.external_key"
				      " FROM accounts a JOIN contact_aliases s ON s.account_id = a.id WHERE a.workspace_id = ? LIMIT ?)", err);

	return n != 0 ? n : RUN(db, w, PIECE, "DELETE FROM templates WHERE (account_id, name, language) IN (SELECT t.account_id, t.name, t.language"
					      " FROM accounts a JOIN templates t ON t.account_id = a.id WHERE a.workspace_id = ? LIMIT ?)", err);
}

int store_workspace_delete_some(struct db *db, struct workspace_id w, struct error *err)
{
	int64_t (*const pieces[])(struct db *, struct workspace_id, struct error *) = {
		delete_conversation, delete_contacts, delete_of_accounts, delete_events, delete_files,
	};
	int64_t n = 0, removed = 0;
	int r = store_member_count(db, w, 0, &n, err);

	if (r < 0)
		return r;
	if (n > 0)
		return fail(err, ERR_STATE, "the workspace still has members");
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		while ((n = pieces[i](db, w, err)) != 0) {
			if (n < 0)
				return (int)n;
			if ((removed += n) >= PIECE)
				return 1;
		}
	/* Its accounts go with it, and with them the rows of the channels' own tables (ON DELETE CASCADE). What is left in
	 * `changes` are numbers, which go within a day. */
	n = RUN(db, w, 0, "DELETE FROM workspaces WHERE id = ?", err);
	return n < 0 ? (int)n : 0;
}
