/* Rows of workspaces, and the end of one with all that is in it. Members are member.c. */
#include "store/workspace.h"

#include "store/ahead.h"
#include "store/ids.h"
#include "store/search.h"

enum {
	PIECE = 200,			/* conversations, events or messages of one unit */
};

int store_workspace_add(struct db *db, struct str name, int64_t now_ms, struct workspace_id *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO workspaces (id, name, created_at) VALUES (?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_new_id(&st);
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

/* Runs a statement whose only parameter is the workspace. Returns the rows changed. */
#define RUN(db, w, sql, err) run((db), (w), "" sql "", sizeof(sql) - 1, (err))
static int64_t run(struct db *db, struct workspace_id w, const char *sql, size_t len, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare_lit(db, &st, sql, len, err);

	if (r < 0)
		return r;
	bind_i64(&st, w.v);
	return stmt_run(&st, err);
}

/* Reads ids by a statement whose parameters are the workspace and a number of rows. */
#define READ(db, w, most, sql, ids, err) read_ids((db), (w), (most), "" sql "", sizeof(sql) - 1, (ids), (err))
static int read_ids(struct db *db, struct workspace_id w, int64_t most, const char *sql, size_t len, struct ids *ids, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare_lit(db, &st, sql, len, err);

	if (r < 0)
		return r;
	bind_i64(&st, w.v);
	bind_i64(&st, most);
	return ids_read(&st, ids, err);
}

enum { ALL_ACCOUNTS = 1000000 };

int store_workspace_close(struct db *db, struct workspace_id w, struct error *err)
{
	SCOPED(ids_done) struct ids accounts = { 0 };
	int64_t n = store_workspace_there(db, w, err);

	if (n == 0)
		return fail(err, ERR_NOTFOUND, "no such workspace");
	if (n < 0 || (n = RUN(db, w, "DELETE FROM members WHERE workspace_id = ?", err)) < 0 ||
	    (n = RUN(db, w, "UPDATE accounts SET status = 3, verify_token = x'' WHERE workspace_id = ?", err)) < 0 ||
	    (n = READ(db, w, ALL_ACCOUNTS, "SELECT id FROM accounts WHERE workspace_id = ? LIMIT ?", &accounts, err)) < 0 ||
	    (n = ids_run(db, "DELETE FROM outbox WHERE account_id", &accounts, err)) < 0)
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
 * Each removes about PIECE things, by way of an index, and returns how many, so that a unit stays short. What hangs on a
 * row goes before the row itself: then a crash between two units leaves nothing that no later piece can find. */

/* Messages of the workspace's first conversation, with what hangs on them. */
static int64_t delete_messages(struct db *db, struct workspace_id w, struct error *err)
{
	SCOPED(ids_done) struct ids ids = { 0 };
	int64_t n;

	if ((n = READ(db, w, PIECE, "SELECT id FROM messages WHERE conversation_id = (SELECT id FROM conversations WHERE workspace_id = ?"
				    " ORDER BY channel, status, activity_at, id LIMIT 1) ORDER BY at, id LIMIT ?", &ids, err)) < 0 ||
	    (n = ids_run(db, "DELETE FROM attachments WHERE message_id", &ids, err)) < 0 ||
	    (n = ids_run(db, "DELETE FROM reactions WHERE message_id", &ids, err)) < 0 ||
	    (n = ids_run(db, "DELETE FROM outbox WHERE message_id", &ids, err)) < 0 ||
	    (n = store_search_forget(db, w, &ids, err)) < 0)
		return n;
	return ids_run(db, "DELETE FROM messages WHERE id", &ids, err);
}

/* Messages of the first conversation, or that conversation once it is empty. */
static int64_t delete_conversation(struct db *db, struct workspace_id w, struct error *err)
{
	SCOPED(ids_done) struct ids ids = { 0 };
	int64_t n = delete_messages(db, w, err);

	if (n != 0)
		return n;
	if ((n = READ(db, w, 1, "SELECT id FROM conversations WHERE workspace_id = ? ORDER BY channel, status, activity_at, id LIMIT ?", &ids,
		      err)) < 0 || ids.count == 0)
		return n;
	if ((n = store_search_forget_contact(db, w, ids.v[0], err)) < 0)
		return n;
	ahead_conversations_moved(db);
	return ids_run(db, "DELETE FROM conversations WHERE id", &ids, err);
}

/* Contacts with all that they are called. */
static int64_t delete_contacts(struct db *db, struct workspace_id w, struct error *err)
{
	SCOPED(ids_done) struct ids ids = { 0 };
	int64_t n = READ(db, w, PIECE, "SELECT i.contact_id FROM accounts a JOIN contact_identities i ON i.account_id = a.id"
				       " WHERE a.workspace_id = ? LIMIT ?", &ids, err);

	if (n < 0 || (n = ids_run(db, "DELETE FROM contacts WHERE id", &ids, err)) < 0)
		return n;
	return ids_run(db, "DELETE FROM contact_identities WHERE contact_id", &ids, err);
}

/* Journal rows, and then the bodies that none is left of, of any workspace. */
static int64_t delete_events(struct db *db, struct workspace_id w, struct error *err)
{
	SCOPED(ids_done) struct ids ids = { 0 };
	SCOPED(ids_done) struct ids bodies = { 0 };
	int64_t n, m;

	if ((n = READ(db, w, PIECE, "SELECT id FROM webhook_events WHERE workspace_id = ? ORDER BY id LIMIT ?", &ids, err)) < 0 ||
	    (n = READ(db, w, PIECE, "SELECT body_id FROM webhook_events WHERE workspace_id = ? ORDER BY id LIMIT ?", &bodies, err)) < 0 ||
	    (n = ids_run(db, "DELETE FROM webhook_events WHERE id", &ids, err)) < 0)
		return n;
	m = ids_run(db, "DELETE FROM webhook_bodies WHERE NOT EXISTS (SELECT 1 FROM webhook_events e WHERE e.body_id = webhook_bodies.id)"
			" AND id", &bodies, err);
	return m < 0 ? m : n;
}

/* What agents brought, and rows about files; their bytes are src/files'. */
static int64_t delete_files(struct db *db, struct workspace_id w, struct error *err)
{
	SCOPED(ids_done) struct ids uploads = { 0 };
	SCOPED(ids_done) struct ids files = { 0 };
	int64_t n = READ(db, w, PIECE, "SELECT id FROM uploads WHERE workspace_id = ? LIMIT ?", &uploads, err);

	if (n < 0 || (n = ids_run(db, "DELETE FROM uploads WHERE id", &uploads, err)) != 0)
		return n;
	if ((n = READ(db, w, PIECE, "SELECT id FROM files WHERE workspace_id = ? LIMIT ?", &files, err)) < 0)
		return n;
	return ids_run(db, "DELETE FROM files WHERE id", &files, err);
}

/* What hangs on its accounts alone: aliases of some conversations, the templates of one account. */
static int64_t delete_of_accounts(struct db *db, struct workspace_id w, struct error *err)
{
	SCOPED(ids_done) struct ids aliased = { 0 };
	SCOPED(ids_done) struct ids accounts = { 0 };
	int64_t n = READ(db, w, PIECE, "SELECT s.conversation_id FROM accounts a JOIN contact_aliases s ON s.account_id = a.id"
				       " WHERE a.workspace_id = ? LIMIT ?", &aliased, err);

	if (n < 0 || (n = ids_run(db, "DELETE FROM contact_aliases WHERE conversation_id", &aliased, err)) != 0)
		return n;
	if ((n = READ(db, w, 1, "SELECT t.account_id FROM accounts a JOIN templates t ON t.account_id = a.id WHERE a.workspace_id = ?"
				" LIMIT ?", &accounts, err)) < 0)
		return n;
	return ids_run(db, "DELETE FROM templates WHERE account_id", &accounts, err);
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
	n = RUN(db, w, "DELETE FROM workspaces WHERE id = ?", err);
	return n < 0 ? (int)n : 0;
}
