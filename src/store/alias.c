/* Other ids of a conversation's contact, and a contact's move from one id to another. */
#include "store/conversation.h"

#include "store/ahead.h"

int store_alias_add(struct db *db, const struct store_conversation *c, struct str key, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO contact_aliases (account_id, external_key, workspace_id, conversation_id)"
				    " SELECT ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM contact_aliases WHERE account_id = ? AND external_key = ?)"
				    " AND NOT EXISTS (SELECT 1 FROM conversations WHERE account_id = ? AND external_key = ?)", err);

	if (r < 0)
		return r;
	bind_i64(&st, c->account_id);
	bind_str(&st, key);
	bind_i64(&st, c->workspace.v);
	bind_i64(&st, c->id);
	for (int k = 0; k < 2; k++) {
		bind_i64(&st, c->account_id);
		bind_str(&st, key);
	}
	int64_t n = stmt_run(&st, err);

	return n < 0 ? (int)n : n > 0;
}

static int drop_alias(struct db *db, const struct store_conversation *c, struct str key, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "DELETE FROM contact_aliases WHERE account_id = ? AND external_key = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, c->account_id);
	bind_str(&st, key);
	bind_i64(&st, c->workspace.v);
	return stmt_step(&st, err);
}

static int rename_identity(struct db *db, const struct store_conversation *c, struct str key, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE contact_identities SET external_key = ? WHERE account_id = ? AND external_key = ?"
				    " AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, key);
	bind_i64(&st, c->account_id);
	bind_str(&st, c->external_key);
	bind_i64(&st, c->workspace.v);
	return stmt_step(&st, err);
}

int store_conversation_move(struct db *db, const struct store_conversation *c, struct str key, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r;

	if ((r = drop_alias(db, c, key, err)) < 0 || (r = rename_identity(db, c, key, err)) < 0 ||
	    (r = db_prepare(db, &st, "UPDATE conversations SET external_key = ? WHERE id = ? AND workspace_id = ?", err)) < 0)
		return r;
	bind_str(&st, key);
	bind_i64(&st, c->id);
	bind_i64(&st, c->workspace.v);
	ahead_conversations_moved(db);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	return store_alias_add(db, c, c->external_key, err);
}

/* ---- one that gives way ---- */

static int has_messages(struct db *db, const struct store_conversation *c, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT 1 FROM messages WHERE conversation_id = ? AND workspace_id = ? LIMIT 1", err);

	if (r < 0)
		return r;
	bind_i64(&st, c->id);
	bind_i64(&st, c->workspace.v);
	return stmt_step(&st, err);
}

static int hand_over_aliases(struct db *db, const struct store_conversation *from, const struct store_conversation *to, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE contact_aliases SET conversation_id = ? WHERE conversation_id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, to->id);
	bind_i64(&st, from->id);
	bind_i64(&st, from->workspace.v);
	return stmt_step(&st, err);
}

static int drop_contact(struct db *db, const struct store_conversation *c, struct error *err)
{
	SCOPED(stmt_done) struct stmt identity = { 0 };
	SCOPED(stmt_done) struct stmt contact = { 0 };
	int r;

	if ((r = db_prepare(db, &identity, "DELETE FROM contact_identities WHERE account_id = ? AND external_key = ? AND workspace_id = ?", err)) < 0)
		return r;
	bind_i64(&identity, c->account_id);
	bind_str(&identity, c->external_key);
	bind_i64(&identity, c->workspace.v);
	if ((r = stmt_step(&identity, err)) < 0 ||
	    (r = db_prepare(db, &contact, "DELETE FROM contacts WHERE id = ? AND workspace_id = ?", err)) < 0)
		return r;
	bind_i64(&contact, c->contact_id);
	bind_i64(&contact, c->workspace.v);
	return stmt_step(&contact, err);
}

int store_conversation_give_way(struct db *db, const struct store_conversation *from, const struct store_conversation *to, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = has_messages(db, from, err);

	if (r != 0)
		return r < 0 ? r : 0;
	if ((r = hand_over_aliases(db, from, to, err)) < 0 || (r = drop_contact(db, from, err)) < 0 ||
	    (r = db_prepare(db, &st, "DELETE FROM conversations WHERE id = ? AND workspace_id = ?", err)) < 0)
		return r;
	bind_i64(&st, from->id);
	bind_i64(&st, from->workspace.v);
	ahead_conversations_moved(db);
	if ((r = stmt_step(&st, err)) < 0 || (r = store_alias_add(db, to, from->external_key, err)) < 0)
		return r;
	return 1;
}
