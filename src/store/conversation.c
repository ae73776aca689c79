/* Rows of conversations and what a list shows beside them. Contacts and identities are contact.c. */
#include "store/conversation.h"

#include "store/ahead.h"

#define COLUMNS "c.id, c.workspace_id, c.channel, c.external_key, c.account_id, c.contact_id, c.status, c.unread, c.activity_at," \
		" c.window_from, c.read_at"

static void read_columns(struct stmt *st, struct arena *arena, struct store_conversation *c)
{
	c->id = next_i64(st);
	c->workspace.v = next_i64(st);
	c->channel = arena_copy(arena, next_str(st));
	c->external_key = arena_copy(arena, next_str(st));
	c->account_id = next_i64(st);
	c->contact_id = next_i64(st);
	c->status = (int)next_i64(st);
	c->unread = next_i64(st);
	c->activity_at = next_i64(st);
	c->window_from = next_i64(st);
	c->read_at = next_i64(st);
}

int store_conversation_find(struct db *db, struct workspace_id w, int64_t account_id, struct str external_key, struct arena *arena,
			    struct store_conversation *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	bool found;

	if (ahead_conversation(db, w, account_id, external_key, arena, ret, &found))
		return found;
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM conversations c WHERE c.account_id = ? AND c.external_key = ?"
				    " AND c.workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, account_id);
	bind_str(&st, external_key);
	bind_i64(&st, w.v);
	if ((r = stmt_step(&st, err)) > 0)
		read_columns(&st, arena, ret);
	return r;
}

#define KEY "(c.account_id = ? AND c.external_key = ?)"
#define KEYS_8 KEY " OR " KEY " OR " KEY " OR " KEY " OR " KEY " OR " KEY " OR " KEY " OR " KEY

int store_conversation_find_some(struct db *db, const struct store_contact_key *keys, size_t count, struct arena *arena,
				 struct store_conversation *ret, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	size_t room = count <= 8 ? 8 : STORE_AT_ONCE;
	int r = count <= 8 ? db_prepare(db, &st, "SELECT " COLUMNS " FROM conversations c WHERE " KEYS_8, err) :
		db_prepare(db, &st, "SELECT " COLUMNS " FROM conversations c WHERE " KEYS_8 " OR " KEYS_8 " OR " KEYS_8 " OR " KEYS_8, err);

	*ret_count = 0;
	for (size_t n = 0; r >= 0 && n < room; n++) {		/* the last one again where there are fewer */
		const struct store_contact_key *key = &keys[n < count ? n : count - 1];

		bind_i64(&st, key->account_id);
		bind_str(&st, key->external_key);
	}
	while (r >= 0 && *ret_count < count && (r = stmt_step(&st, err)) > 0)
		read_columns(&st, arena, &ret[(*ret_count)++]);
	return r < 0 ? r : 0;
}

int store_conversation_by_alias(struct db *db, struct workspace_id w, int64_t account_id, struct str key, struct arena *arena,
				struct store_conversation *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM contact_aliases a JOIN conversations c ON c.id = a.conversation_id"
				    " WHERE a.account_id = ? AND a.external_key = ? AND c.workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, account_id);
	bind_str(&st, key);
	bind_i64(&st, w.v);
	if ((r = stmt_step(&st, err)) > 0)
		read_columns(&st, arena, ret);
	return r;
}

int store_conversation_by_attempt(struct db *db, struct workspace_id w, int64_t account_id, int64_t message_id, int64_t at_ms,
				  struct str external_id, struct arena *arena, struct store_conversation *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM messages m JOIN conversations c ON c.id = m.conversation_id"
				    " WHERE m.id = ? AND m.at = ? AND COALESCE(m.external_id, ?) = ? AND m.workspace_id = ? AND c.account_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, message_id);
	bind_i64(&st, at_ms);
	bind_str(&st, external_id);
	bind_str(&st, external_id);
	bind_i64(&st, w.v);
	bind_i64(&st, account_id);
	if ((r = stmt_step(&st, err)) > 0)
		read_columns(&st, arena, ret);
	return r;
}

int store_conversation_get(struct db *db, struct workspace_id w, int64_t id, struct arena *arena, struct store_conversation *ret,
			   struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM conversations c WHERE c.id = ? AND c.workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	if ((r = stmt_step(&st, err)) <= 0)
		return r < 0 ? r : fail(err, ERR_NOTFOUND, "no such conversation in this workspace");
	read_columns(&st, arena, ret);
	return 0;
}

int store_conversation_save(struct db *db, const struct store_conversation *c, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE conversations SET status = ?, unread = ?, activity_at = ?, window_from = ?, read_at = ?"
				    " WHERE id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, c->status);
	bind_i64(&st, c->unread);
	bind_i64(&st, c->activity_at);
	bind_i64(&st, c->window_from);
	bind_i64(&st, c->read_at);
	bind_i64(&st, c->id);
	bind_i64(&st, c->workspace.v);
	if (ahead_conversation_saved(db, c))
		return stmt_later(&st, err);
	int64_t n = stmt_run(&st, err);

	return n < 0 ? (int)n : n == 0 ? fail(err, ERR_NOTFOUND, "no such conversation in this workspace") : 0;
}

/* The newest message that shows is looked up for each row of a page: by index, a page at most. So edits and unsends of it
 * show in the list without a second copy of its text. */
#define ROW_FROM ROW_OF("conversations")
#define ROW_OF(c) " FROM " c " c JOIN accounts a ON a.id = c.account_id JOIN contacts k ON k.id = c.contact_id" \
		 " LEFT JOIN contact_identities i ON i.account_id = c.account_id AND i.external_key = c.external_key" \
		 " LEFT JOIN messages m ON m.id = (SELECT id FROM messages WHERE conversation_id = c.id AND direction > 0" \
		 " ORDER BY at DESC, id DESC LIMIT 1)"
#define ROW_COLUMNS COLUMNS ", a.name, a.status, k.name, i.handle, i.picture_url, m.id, m.at, m.direction, m.kind, m.flags, m.status, m.text," \
		    " CASE WHEN m.text IS NULL THEN (SELECT coalesce(file_name, title) FROM attachments" \
		    " WHERE message_id = m.id ORDER BY position LIMIT 1) END"

static void read_row(struct stmt *st, struct arena *arena, struct store_conversation_row *r)
{
	*r = (struct store_conversation_row){ 0 };
	read_columns(st, arena, &r->c);
	r->account_name = arena_copy(arena, next_str(st));
	r->account_status = (int)next_i64(st);
	r->contact_name = arena_copy(arena, next_str(st));
	r->contact_handle = arena_copy(arena, next_str(st));
	r->contact_picture_url = arena_copy(arena, next_str(st));
	r->last_id = next_i64(st);
	r->last_at = next_i64(st);
	r->last_direction = (int)next_i64(st);
	r->last_kind = (int)next_i64(st);
	r->last_flags = (uint32_t)next_i64(st);
	r->last_status = (int)next_i64(st);
	struct str text = next_str(st);

	r->last_text = arena_copy(arena, str_cut(text, 0, utf8_prefix(text, 512)));	/* a list shows a line of it */
	text = next_str(st);
	r->last_name = arena_copy(arena, str_cut(text, 0, utf8_prefix(text, 512)));
}

static int read_rows(struct stmt *st, struct arena *arena, struct store_conversation_row *ret, size_t limit, size_t *ret_count,
		     struct error *err)
{
	int r;

	*ret_count = 0;
	while (*ret_count < limit && (r = stmt_step(st, err)) != 0) {
		if (r < 0)
			return r;
		read_row(st, arena, &ret[(*ret_count)++]);
	}
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

static void bind_filter(struct stmt *st, struct workspace_id w, const struct store_conversation_filter *f)
{
	int64_t at = f->before_activity == 0 ? INT64_MAX : f->before_activity;

	bind_i64(st, w.v);
	bind_str(st, f->channel);
	bind_i64(st, f->status);
	bind_i64(st, at);
	bind_i64(st, at);
	bind_i64(st, f->before_activity == 0 ? INT64_MAX : f->before_id);
	bind_i64(st, (int64_t)f->limit);
}

#define FILTER(status) " WHERE c.workspace_id = ? AND c.channel = ? AND " status " = ? AND c.activity_at > 0 AND c.activity_at <= ?" \
		       " AND (c.activity_at < ? OR c.id < ?)"
#define NEWEST " ORDER BY c.activity_at DESC, c.id DESC LIMIT ?"

/* MariaDB's optimizer would begin with the accounts, which are few, and sort all conversations: the page is cut out first. And it
 * would read the index from its end, not from where the page begins. */
#define PAGE(index, filter) "SELECT " ROW_COLUMNS ROW_OF("(SELECT c.* FROM conversations c FORCE INDEX (" index ")" filter NEWEST ")") " ORDER BY c.activity_at DESC, c.id DESC"

int store_conversation_list(struct db *db, struct workspace_id w, const struct store_conversation_filter *f, struct arena *arena,
			    struct store_conversation_row *ret, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	/* Few are unread, so conversations_unread is the index to go by: SQLite takes it by itself, being the smaller one. */
	int r = f->unread_only ?
		db_prepare_each(db, &st, "SELECT " ROW_COLUMNS ROW_FROM FILTER("c.status") " AND c.unread > 0" NEWEST,
				PAGE("conversations_unread", FILTER("c.status") " AND c.unread_key = 1"), err) :
		db_prepare_each(db, &st, "SELECT " ROW_COLUMNS ROW_FROM FILTER("c.status") NEWEST,
				PAGE("conversations_by_activity", FILTER("c.status")), err);

	if (r < 0)
		return r;
	bind_filter(&st, w, f);
	return read_rows(&st, arena, ret, f->limit, ret_count, err);
}

int store_conversation_row(struct db *db, struct workspace_id w, int64_t id, struct arena *arena, struct store_conversation_row *ret,
			   struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	size_t count;
	int r = db_prepare(db, &st, "SELECT " ROW_COLUMNS ROW_FROM " WHERE c.id = ? AND c.workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	if ((r = read_rows(&st, arena, ret, 1, &count, err)) < 0)
		return r;
	return count == 1 ? 0 : fail(err, ERR_NOTFOUND, "no such conversation in this workspace");
}

#define COUNT(is_unread) "SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM conversations WHERE workspace_id = ? AND channel = ?" \
			 " AND status = 1 AND activity_at > 0 LIMIT ?) t), (SELECT COUNT(*) FROM (SELECT 1 FROM conversations" \
			 " WHERE workspace_id = ? AND channel = ? AND status IN (1, 2) AND " is_unread " AND activity_at > 0 LIMIT ?) t)"

int store_conversation_count(struct db *db, struct workspace_id w, struct str channel, int64_t most, int64_t *ret_open,
			     int64_t *ret_unread, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare_each(db, &st, COUNT("unread > 0"), COUNT("unread_key = 1"), err);

	if (r < 0)
		return r;
	for (int k = 0; k < 2; k++) {
		bind_i64(&st, w.v);
		bind_str(&st, channel);
		bind_i64(&st, most);
	}
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	*ret_open = next_i64(&st);
	*ret_unread = next_i64(&st);
	return 0;
}
