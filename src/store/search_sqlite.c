/* The index of words on SQLite: FTS5. Every row holds a word that names its workspace, and every question asks for it: a search
 * cannot leave its workspace. That word begins with U+E000, which is taken out of all other text: nobody can write it. What
 * people type never becomes query syntax: it is cut into words and each is quoted. */
#include "store/search_index.h"

#include "store/words.h"

#define MARK "\xee\x80\x80"	/* U+E000 */

static int add(struct db *db, struct workspace_id w, int64_t id, struct str text, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(buf_done) struct buf b = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO message_words (rowid, words) VALUES (?, ?)", err);

	if (r < 0)
		return r;
	buf_addf(&b, MARK "%lld", (long long)w.v);
	words_add(&b, text);
	if (b.failed)
		return fail(err, ERR_NOMEM, "out of memory");
	bind_i64(&st, id);
	bind_str(&st, buf_str(&b));
	return stmt_step(&st, err);
}

static int drop(struct db *db, struct workspace_id w, const struct ids *ids, struct error *err)
{
	(void)w;
	int64_t n = ids_run(db, "DELETE FROM message_words WHERE rowid", ids, err);

	return n < 0 ? (int)n : 0;
}

/* The workspace's word AND "hello" AND "wor"* */
static size_t make_query(struct buf *b, struct workspace_id w, struct str q)
{
	SCOPED(buf_done) struct buf cut = { 0 };
	struct str word, rest;
	size_t words = 0;

	words_add(&cut, q);
	buf_addf(b, "\"" MARK "%lld\"", (long long)w.v);
	for (rest = str_trim(buf_str(&cut)); rest.len > 0 && words < SEARCH_WORDS; words++) {
		word = str_split(rest, ' ', &rest);
		buf_add(b, STR(" AND \""));
		buf_add(b, word);
		buf_add_char(b, '"');
	}
	if (words > 0)
		buf_add_char(b, '*');
	return cut.failed ? 0 : words;
}

static int find(struct db *db, struct workspace_id w, struct str q, bool (*hit)(void *arg, int64_t conversation_id), void *arg,
		struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(buf_done) struct buf query = { .max = 4096 };
	int r;

	if (make_query(&query, w, q) == 0 || query.failed)
		return 0;
	r = db_prepare(db, &st, "SELECT CASE WHEN h.rowid < 0 THEN -h.rowid ELSE m.conversation_id END FROM"
				" (SELECT rowid FROM message_words WHERE message_words MATCH ? ORDER BY rowid DESC LIMIT ?) h"
				" LEFT JOIN messages m ON m.id = h.rowid AND m.workspace_id = ?", err);
	if (r < 0)
		return r;
	bind_str(&st, buf_str(&query));
	bind_i64(&st, SEARCH_HITS);
	bind_i64(&st, w.v);
	while ((r = stmt_step(&st, err)) > 0 && hit(arg, next_i64(&st)))
		;
	return r < 0 ? r : 0;
}

const struct search_index search_sqlite = { .add = add, .drop = drop, .find = find };
