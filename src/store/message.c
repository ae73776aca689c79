/* Rows of messages. Attachments and reactions are message_parts.c. */
#include "store/message.h"

#include "store/ahead.h"

#define COLUMNS "id, workspace_id, conversation_id, direction, kind, status, flags, at, author_id, edit_number, external_id, text, payload," \
		" reply_to_id, story_id, story_url, tag, client_id, error_code, error_text, error_fix, content"

int64_t store_message_hash(struct str external_id)
{
	return (int64_t)str_hash(STR_HASH, external_id);
}

static void read_row(struct stmt *st, struct arena *arena, struct store_message *m)
{
	m->id = next_i64(st);
	m->workspace.v = next_i64(st);
	m->conversation_id = next_i64(st);
	m->direction = (int)next_i64(st);
	m->kind = (int)next_i64(st);
	m->status = (int)next_i64(st);
	m->flags = (uint32_t)next_i64(st);
	m->at = next_i64(st);
	m->author_id = next_i64(st);
	m->edit_number = next_i64(st);
	struct str *text[] = { &m->external_id, &m->text, &m->payload, &m->reply_to_id, &m->story_id, &m->story_url, &m->tag,
			       &m->client_id, &m->error_code, &m->error_text, &m->error_fix, &m->content };

	for (size_t k = 0; k < sizeof(text) / sizeof(text[0]); k++)
		*text[k] = arena_copy(arena, next_str(st));
}

static int one_row(struct stmt *st, struct arena *arena, struct store_message *ret, struct error *err)
{
	int r = stmt_step(st, err);

	if (r > 0)
		read_row(st, arena, ret);
	return r > 0 && arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : r;
}

int store_message_find(struct db *db, struct workspace_id w, int64_t conversation_id, struct str external_id, struct arena *arena,
		       struct store_message *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int64_t hash = store_message_hash(external_id);

	if (ahead_no_message(db, conversation_id, hash))
		return 0;
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM messages WHERE conversation_id = ? AND external_hash = ? AND external_id = ?"
				    " AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, conversation_id);
	bind_i64(&st, hash);
	bind_str(&st, external_id);
	bind_i64(&st, w.v);
	return one_row(&st, arena, ret, err);
}

#define KEY "(conversation_id = ? AND external_hash = ?)"
#define KEYS_8 KEY " OR " KEY " OR " KEY " OR " KEY " OR " KEY " OR " KEY " OR " KEY " OR " KEY

int store_message_some_there(struct db *db, const struct store_message_key *keys, size_t count, struct store_message_key *ret,
			     size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	size_t room = count <= 8 ? 8 : STORE_AT_ONCE;
	int r = count <= 8 ? db_prepare(db, &st, "SELECT DISTINCT conversation_id, external_hash FROM messages WHERE " KEYS_8, err) :
		db_prepare(db, &st, "SELECT DISTINCT conversation_id, external_hash FROM messages WHERE " KEYS_8 " OR " KEYS_8 " OR " KEYS_8
				    " OR " KEYS_8, err);

	*ret_count = 0;
	for (size_t n = 0; r >= 0 && n < room; n++) {		/* the last one again where there are fewer */
		bind_i64(&st, keys[n < count ? n : count - 1].conversation_id);
		bind_i64(&st, keys[n < count ? n : count - 1].external_hash);
	}
	while (r >= 0 && *ret_count < count && (r = stmt_step(&st, err)) > 0) {
		ret[*ret_count].conversation_id = next_i64(&st);
		ret[(*ret_count)++].external_hash = next_i64(&st);
	}
	return r < 0 ? r : 0;
}

int store_message_get(struct db *db, struct workspace_id w, int64_t conversation_id, int64_t id, struct arena *arena,
		      struct store_message *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM messages WHERE id = ? AND conversation_id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, id);
	bind_i64(&st, conversation_id);
	bind_i64(&st, w.v);
	r = one_row(&st, arena, ret, err);
	return r > 0 ? 0 : r == 0 ? fail(err, ERR_NOTFOUND, "no such message in this conversation") : r;
}

int store_message_by_client(struct db *db, struct workspace_id w, int64_t conversation_id, struct str client_id, struct arena *arena,
			    struct store_message *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM messages WHERE conversation_id = ? AND client_id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, conversation_id);
	bind_str(&st, client_id);
	bind_i64(&st, w.v);
	return one_row(&st, arena, ret, err);
}

int store_message_unsettled(struct db *db, struct workspace_id w, int64_t conversation_id, struct str text, int64_t up_to_ms,
			    struct arena *arena, struct store_message *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	/* +at: few are unsettled, so messages_unsettled is the index to go by, not messages_by_time. */
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM messages WHERE conversation_id = ? AND status IN (1, 2, 7) AND (flags & 64) <> 0"
				    " AND external_id IS NULL AND text = ? AND direction = 2 AND +at <= ? AND workspace_id = ? ORDER BY id LIMIT 1", err);

	if (r < 0)
		return r;
	bind_i64(&st, conversation_id);
	bind_str(&st, text);
	bind_i64(&st, up_to_ms);
	bind_i64(&st, w.v);
	return one_row(&st, arena, ret, err);
}

int store_message_newest_in(struct db *db, struct workspace_id w, int64_t conversation_id, struct arena *arena, struct store_message *ret,
			    struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM messages WHERE conversation_id = ? AND workspace_id = ? AND direction = 1"
				    " AND external_id IS NOT NULL ORDER BY at DESC, id DESC LIMIT 1", err);

	if (r < 0)
		return r;
	bind_i64(&st, conversation_id);
	bind_i64(&st, w.v);
	return one_row(&st, arena, ret, err);
}

int store_message_unknown(struct db *db, struct workspace_id w, int64_t conversation_id, int kind, int64_t from_ms, int64_t up_to_ms,
			  struct arena *arena, struct store_message *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM messages WHERE conversation_id = ? AND status IN (1, 2, 7) AND status = 7"
				    " AND (flags & 64) <> 0 AND external_id IS NULL AND COALESCE(text, '') = '' AND direction = 2 AND kind = ?"
				    " AND +at BETWEEN ? AND ? AND workspace_id = ? ORDER BY id LIMIT 1", err);

	if (r < 0)
		return r;
	bind_i64(&st, conversation_id);
	bind_i64(&st, kind);
	bind_i64(&st, from_ms);
	bind_i64(&st, up_to_ms);
	bind_i64(&st, w.v);
	return one_row(&st, arena, ret, err);
}

int store_message_list(struct db *db, struct workspace_id w, int64_t conversation_id, int64_t before_at, int64_t before_id, size_t limit,
		       struct arena *arena, struct store_message *ret, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int64_t at = before_id == 0 ? INT64_MAX : before_at;
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM messages WHERE conversation_id = ? AND at <= ? AND (at < ? OR id < ?)"
				    " AND workspace_id = ? AND direction > 0 ORDER BY at DESC, id DESC LIMIT ?", err);

	*ret_count = 0;
	if (r < 0)
		return r;
	bind_i64(&st, conversation_id);
	bind_i64(&st, at);
	bind_i64(&st, at);
	bind_i64(&st, before_id == 0 ? INT64_MAX : before_id);
	bind_i64(&st, w.v);
	bind_i64(&st, (int64_t)limit);
	while (*ret_count < limit && (r = one_row(&st, arena, &ret[*ret_count], err)) > 0)
		(*ret_count)++;
	return r < 0 ? r : 0;
}

static void bind_row(struct stmt *st, const struct store_message *m)
{
	const struct str text[] = { m->text, m->payload, m->reply_to_id, m->story_id, m->story_url, m->tag, m->client_id, m->error_code,
				    m->error_text, m->error_fix, m->content };

	bind_i64(st, m->direction);
	bind_i64(st, m->kind);
	bind_i64(st, m->status);
	bind_i64(st, m->flags);
	bind_i64(st, m->at);
	bind_or_null(st, m->author_id);
	bind_i64(st, m->edit_number);
	bind_str(st, m->external_id);
	if (m->external_id.p == NULL)
		bind_null(st);
	else
		bind_i64(st, store_message_hash(m->external_id));
	for (size_t k = 0; k < sizeof(text) / sizeof(text[0]); k++)
		bind_str(st, text[k]);
}

static void note_external(struct db *db, const struct store_message *m)
{
	if (m->external_id.p != NULL)
		ahead_message_added(db, m->conversation_id, store_message_hash(m->external_id));
}

int store_message_add(struct db *db, struct store_message *m, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO messages (id, direction, kind, status, flags, at, author_id, edit_number, external_id,"
				    " external_hash, text, payload, reply_to_id, story_id, story_url, tag, client_id, error_code, error_text,"
				    " error_fix, content, workspace_id, conversation_id)"
				    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_new_id(&st);
	bind_row(&st, m);
	bind_i64(&st, m->workspace.v);
	bind_i64(&st, m->conversation_id);
	note_external(db, m);
	if ((r = stmt_later(&st, err)) < 0)
		return r;
	m->id = db_last_id(db);
	return 0;
}

/* A changed text of a message that is indexed already must be indexed again. */
static int mark_dirty(struct db *db, int64_t id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO message_words_dirty (message_id) SELECT ? WHERE NOT EXISTS"
				    " (SELECT 1 FROM message_words_dirty WHERE message_id = ?)", err);

	if (r < 0)
		return r;
	bind_i64(&st, id);
	bind_i64(&st, id);
	return stmt_step(&st, err);
}

int store_message_save(struct db *db, const struct store_message *m, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE messages SET direction = ?, kind = ?, status = ?, flags = ?, at = ?, author_id = ?, edit_number = ?,"
				    " external_id = ?, external_hash = ?, text = ?, payload = ?, reply_to_id = ?, story_id = ?, story_url = ?,"
				    " tag = ?, client_id = ?, error_code = ?, error_text = ?, error_fix = ?, content = ?"
				    " WHERE id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_row(&st, m);
	bind_i64(&st, m->id);
	bind_i64(&st, m->workspace.v);
	note_external(db, m);
	int64_t n = stmt_run(&st, err);

	if (n <= 0)
		return n < 0 ? (int)n : fail(err, ERR_NOTFOUND, "no such message in this workspace");
	return mark_dirty(db, m->id, err);
}

static int empty_row(struct db *db, struct workspace_id w, int64_t id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE messages SET direction = 0, kind = 0, status = 3, flags = 0, external_id = NULL, external_hash = NULL,"
				    " text = NULL, payload = NULL, reply_to_id = NULL, story_id = NULL, story_url = NULL, tag = NULL,"
				    " client_id = NULL, content = NULL WHERE id = ? AND workspace_id = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, id);
	bind_i64(&st, w.v);
	return stmt_step(&st, err);
}

int store_message_retire(struct db *db, struct workspace_id w, int64_t id, struct error *err)
{
	int r;

	if ((r = store_attachment_delete(db, w, id, err)) < 0 || (r = store_reaction_delete(db, w, id, err)) < 0 ||
	    (r = empty_row(db, w, id, err)) < 0)
		return r;
	return mark_dirty(db, id, err);
}
