/* The index of words: what comes into it, and what is asked of it. How an engine keeps it is search_sqlite.c, search_mariadb.c. */
#include "store/search.h"

#include "base/log.h"
#include "store/engine.h"
#include "store/search_index.h"
#include "store/setting.h"

static const struct search_index *index_of(const struct db *db)
{
	return db->engine == &sqlite_engine ? &search_sqlite : &search_mariadb;
}

enum { LAG_MOST = 1000000 };

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

static int drop_row(struct db *db, struct workspace_id w, int64_t id, struct error *err)
{
	struct ids ids = { .v = &id, .count = 1 };

	return index_of(db)->drop(db, w, &ids, err);
}

static int add_row(struct db *db, struct workspace_id w, int64_t id, struct str text, struct error *err)
{
	return index_of(db)->add(db, w, id, text, err);
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
		return r < 0 || text.p == NULL ? r : add_row(db, w, id, text, err);
	buf_add(&words, text);
	return words.failed ? fail(err, ERR_NOMEM, "out of memory") : add_row(db, w, id, buf_str(&words), err);
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
		if (last <= done && ((r = drop_row(db, w, last, err)) < 0 || (r = add_message(db, last, w, text, err)) < 0))
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
	/* Few messages have files: the others are not asked for their names one by one. */
	int r = db_prepare(db, &st, "SELECT id, workspace_id, EXISTS (SELECT 1 FROM attachments WHERE message_id = messages.id), text"
				    " FROM messages WHERE id > ? ORDER BY id LIMIT ?", err);

	*ret_count = 0;
	if (r < 0)
		return r;
	bind_i64(&st, done);
	bind_i64(&st, (int64_t)max);
	while ((r = stmt_step(&st, err)) > 0) {
		struct workspace_id w;

		done = next_i64(&st);
		w.v = next_i64(&st);
		bool has_files = next_i64(&st) != 0;
		struct str text = next_str(&st);

		(*ret_count)++;
		if ((has_files || text.p != NULL) &&
		    (r = has_files ? add_message(db, done, w, text, err) : add_row(db, w, done, text, err)) < 0)
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
	int r = drop_row(db, w, -conversation_id, err);

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
	return words.failed ? fail(err, ERR_NOMEM, "out of memory") : add_row(db, w, -conversation_id, buf_str(&words), err);
}

int store_search_forget(struct db *db, struct workspace_id w, const struct ids *messages, struct error *err)
{
	int64_t n = index_of(db)->drop(db, w, messages, err);

	if (n >= 0)
		n = ids_run(db, "DELETE FROM message_words_dirty WHERE message_id", messages, err);
	return n < 0 ? (int)n : 0;
}

int store_search_forget_contact(struct db *db, struct workspace_id w, int64_t conversation_id, struct error *err)
{
	return drop_row(db, w, -conversation_id, err);
}

int store_search_lag(struct db *db, int64_t *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int64_t done;
	int r;

	if ((r = get_done(db, &done, err)) < 0 ||
	    (r = db_prepare(db, &st, "SELECT count(*) FROM (SELECT 1 FROM messages WHERE id > ? LIMIT ?) t", err)) < 0)
		return r;
	bind_i64(&st, done);
	bind_i64(&st, LAG_MOST);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	*ret = next_i64(&st);
	return 0;
}

struct hits {
	int64_t *ids;
	size_t count, max;
};

static bool note_hit(void *arg, int64_t conversation_id)
{
	struct hits *h = arg;

	for (size_t k = 0; k < h->count; k++)
		if (h->ids[k] == conversation_id)
			return true;
	if (conversation_id > 0)
		h->ids[h->count++] = conversation_id;
	return h->count < h->max;
}

int store_search_find(struct db *db, struct workspace_id w, struct str q, int64_t *ret, size_t max, size_t *ret_count, struct error *err)
{
	struct hits hits = { .ids = ret, .max = max };
	int r = max == 0 ? 0 : index_of(db)->find(db, w, q, note_hit, &hits, err);

	*ret_count = hits.count;
	return r;
}
