/* SQL of the search index. Every row holds a word that names its workspace, and every question asks for it: a search cannot
 * leave its workspace. That word begins with U+E000, which is taken out of all other text: nobody can write it. What people type
 * never becomes query syntax: it is cut into words and each is quoted. */
#include "store/search.h"

#include "base/log.h"
#include "store/setting.h"
#include "store/words.h"

#define MARK "\xee\x80\x80"	/* U+E000 */

enum { HITS = 4000, WORDS = 12 };

static const struct str done_to = { "search.done_to", sizeof("search.done_to") - 1 };

static int get_done(struct db *db, int64_t *ret, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str value;
	int r = store_setting_get(db, done_to, &arena, &value, err);

	*ret = 0;
	if (r > 0 && !str_to_i64(value, ret))
		return fail(err, ERR_BROKEN, "setting search.done_to is not a number");
	return r < 0 ? r : 0;
}

static int set_done(struct db *db, int64_t id, struct error *err)
{
	SCOPED(buf_done) struct buf b = { 0 };

	buf_add_i64(&b, id);
	return store_setting_set(db, done_to, buf_str(&b), err);
}

static int drop_row(struct db *db, int64_t id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "DELETE FROM message_words WHERE rowid = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, id);
	return stmt_step(&st, err);
}

static int add_row(struct db *db, int64_t id, struct workspace_id w, struct str words, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(buf_done) struct buf b = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO message_words (rowid, words) VALUES (?, ?)", err);

	if (r < 0)
		return r;
	buf_addf(&b, MARK "%lld", (long long)w.v);
	words_add(&b, words);
	if (b.failed)
		return fail(err, ERR_NOMEM, "out of memory");
	bind_i64(&st, id);
	bind_str(&st, buf_str(&b));
	return stmt_step(&st, err);
}

/* A message is found by its words, and by what its files and cards are called. */
static int add_message(struct db *db, int64_t id, struct workspace_id w, struct str text, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(buf_done) struct buf words = { 0 };
	int r = db_prepare(db, &st, "SELECT title, file_name FROM attachments WHERE message_id = ? AND (title IS NOT NULL"
				    " OR file_name IS NOT NULL) ORDER BY position", err);

	if (r < 0)
		return r;
	bind_i64(&st, id);
	while ((r = stmt_step(&st, err)) > 0)
		for (int k = 0; k < 2; k++) {
			buf_add(&words, next_str(&st));
			buf_add_char(&words, ' ');
		}
	if (r < 0 || words.len == 0)
		return r < 0 || text.p == NULL ? r : add_row(db, id, w, text, err);
	buf_add(&words, text);
	return words.failed ? fail(err, ERR_NOMEM, "out of memory") : add_row(db, id, w, buf_str(&words), err);
}

/* Those whose words changed after they were indexed. A row above done_to is not indexed yet: the other half does it. */
static int step_dirty(struct db *db, int64_t done, size_t max, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(stmt_done) struct stmt clear = { 0 };
	int64_t last = 0;
	int r = db_prepare(db, &st, "SELECT d.message_id, m.workspace_id, m.text FROM message_words_dirty d LEFT JOIN messages m"
				    " ON m.id = d.message_id ORDER BY d.message_id LIMIT ?", err);

	*ret_count = 0;
	if (r < 0)
		return r;
	bind_i64(&st, (int64_t)max);
	while ((r = stmt_step(&st, err)) > 0) {
		struct workspace_id w;

		last = next_i64(&st);
		w.v = next_i64(&st);
		struct str text = next_str(&st);

		(*ret_count)++;
		if (last <= done && ((r = drop_row(db, last, err)) < 0 || (r = add_message(db, last, w, text, err)) < 0))
			return r;
	}
	if (r < 0 || *ret_count == 0)
		return r;
	if ((r = db_prepare(db, &clear, "DELETE FROM message_words_dirty WHERE message_id <= ?", err)) < 0)
		return r;
	bind_i64(&clear, last);
	return stmt_step(&clear, err);
}

static int step_new(struct db *db, int64_t done, size_t max, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT id, workspace_id, text FROM messages WHERE id > ? ORDER BY id LIMIT ?", err);

	*ret_count = 0;
	if (r < 0)
		return r;
	bind_i64(&st, done);
	bind_i64(&st, (int64_t)max);
	while ((r = stmt_step(&st, err)) > 0) {
		struct workspace_id w;

		done = next_i64(&st);
		w.v = next_i64(&st);
		struct str text = next_str(&st);

		(*ret_count)++;
		if ((r = add_message(db, done, w, text, err)) < 0)
			return r;
	}
	return r < 0 || *ret_count == 0 ? r : set_done(db, done, err);
}

int store_search_step(struct db *db, size_t max, size_t *ret_count, struct error *err)
{
	size_t dirty = 0, fresh = 0;
	int64_t done;
	int r;

	if ((r = get_done(db, &done, err)) < 0 || (r = step_dirty(db, done, max, &dirty, err)) < 0 ||
	    (dirty < max && (r = step_new(db, done, max - dirty, &fresh, err)) < 0))
		return r;
	*ret_count = dirty + fresh;
	return 0;
}

int store_search_contact(struct db *db, struct workspace_id w, int64_t conversation_id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(buf_done) struct buf words = { 0 };
	int r = drop_row(db, -conversation_id, err);

	if (r < 0 || (r = db_prepare(db, &st, "SELECT k.name, i.handle FROM conversations c JOIN contacts k ON k.id = c.contact_id"
					      " LEFT JOIN contact_identities i ON i.account_id = c.account_id AND i.external_key = c.external_key"
					      " WHERE c.id = ? AND c.workspace_id = ?", err)) < 0)
		return r;
	bind_i64(&st, conversation_id);
	bind_i64(&st, w.v);
	if ((r = stmt_step(&st, err)) <= 0)
		return r;
	buf_add(&words, next_str(&st));
	buf_add_char(&words, ' ');
	buf_add(&words, next_str(&st));
	return words.failed ? fail(err, ERR_NOMEM, "out of memory") : add_row(db, -conversation_id, w, buf_str(&words), err);
}

int store_search_lag(struct db *db, int64_t *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int64_t done;
	int r;

	if ((r = get_done(db, &done, err)) < 0 || (r = db_prepare(db, &st, "SELECT COALESCE(MAX(id), 0) FROM messages", err)) < 0 ||
	    (r = stmt_step(&st, err)) < 0)
		return r;
	int64_t last = next_i64(&st);

	*ret = last > done ? last - done : 0;
	return 0;
}

/* The workspace's word AND "hello" AND "wor"* */
static size_t make_query(struct buf *b, struct workspace_id w, struct str q)
{
	SCOPED(buf_done) struct buf cut = { 0 };
	struct str word, rest;
	size_t words = 0;

	words_add(&cut, q);
	buf_addf(b, "\"" MARK "%lld\"", (long long)w.v);
	for (rest = str_trim(buf_str(&cut)); rest.len > 0 && words < WORDS; words++) {
		word = str_split(rest, ' ', &rest);
		buf_add(b, STR(" AND \""));
		buf_add(b, word);
		buf_add_char(b, '"');
	}
	if (words > 0)
		buf_add_char(b, '*');
	return cut.failed ? 0 : words;
}

static bool has(const int64_t *ids, size_t count, int64_t id)
{
	for (size_t k = 0; k < count; k++)
		if (ids[k] == id)
			return true;
	return false;
}

int store_search_find(struct db *db, struct workspace_id w, struct str q, int64_t *ret, size_t max, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(buf_done) struct buf query = { .max = 4096 };
	int r;

	*ret_count = 0;
	if (make_query(&query, w, q) == 0 || query.failed)
		return 0;
	r = db_prepare(db, &st, "SELECT CASE WHEN h.rowid < 0 THEN -h.rowid ELSE m.conversation_id END FROM"
				" (SELECT rowid FROM message_words WHERE message_words MATCH ? ORDER BY rowid DESC LIMIT ?) h"
				" LEFT JOIN messages m ON m.id = h.rowid AND m.workspace_id = ?", err);
	if (r < 0)
		return r;
	bind_str(&st, buf_str(&query));
	bind_i64(&st, HITS);
	bind_i64(&st, w.v);
	while (*ret_count < max && (r = stmt_step(&st, err)) > 0) {
		int64_t id = next_i64(&st);

		if (id > 0 && !has(ret, *ret_count, id))
			ret[(*ret_count)++] = id;
	}
	return r < 0 ? r : 0;
}
