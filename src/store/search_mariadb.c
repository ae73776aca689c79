/* The index of words on MariaDB: a row a distinct word of a message in message_words, whose collation folds case and accents. A
 * word is found by its key, the beginning of one by a range of it; what is searched is always bound, and so is the workspace. */
#include "store/search_index.h"

#include "store/words.h"

enum {
	WORD_CHARS = 64,	/* of a word count: the column's length */
	MANY_ROWS = 50000,	/* that begin with what was typed: from then on the newest messages are asked one by one instead */
};

/* The next of the words that blanks part; STR_NONE: no more. */
static struct str next_word(struct str *rest)
{
	struct str word = str_split(str_trim(*rest), ' ', rest);
	size_t bytes = 0;

	for (size_t chars = 0; bytes < word.len && chars < WORD_CHARS; chars++)
		for (bytes++; bytes < word.len && ((unsigned char)word.p[bytes] & 0xc0) == 0x80; bytes++)
			;
	return word.len == 0 ? STR_NONE : str_cut(word, 0, bytes);
}

static int add(struct db *db, struct workspace_id w, int64_t id, struct str text, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(buf_done) struct buf cut = { 0 };
	struct str word;
	int r;

	words_add(&cut, text);
	if (cut.failed)
		return fail(err, ERR_NOMEM, "out of memory");
	/* IGNORE: a word comes twice, or is the same to the collation. */
	if ((r = db_prepare(db, &st, "INSERT IGNORE INTO message_words (workspace_id, word, id) VALUES (?, ?, ?)", err)) < 0)
		return r;
	for (struct str rest = buf_str(&cut); (word = next_word(&rest)).p != NULL; stmt_again(&st)) {
		bind_i64(&st, w.v);
		bind_str(&st, word);
		bind_i64(&st, id);
		if ((r = stmt_later(&st, err)) < 0)
			return r;
	}
	return 0;
}

static int drop(struct db *db, struct workspace_id w, const struct ids *ids, struct error *err)
{
	SCOPED(buf_done) struct buf sql = { 0 };

	buf_addf(&sql, "DELETE FROM message_words WHERE workspace_id = %lld AND id", (long long)w.v);
	if (sql.failed)
		return fail(err, ERR_NOMEM, "out of memory");
	int64_t n = ids_run_with(db, buf_str(&sql), NULL, ids, err);

	return n < 0 ? (int)n : 0;
}

/* ---- finding ---- */

struct question {
	struct str word[SEARCH_WORDS];	/* the last one may be a beginning */
	size_t count;
	struct buf beginning;		/* as a pattern */
	bool is_common;
};

static void question_done(struct question *q)
{
	buf_done(&q->beginning);
}

/* Words are letters and digits beyond ASCII's signs (words.c): nothing in them means anything to LIKE. */
static int read_question(struct question *q, struct str cut, struct error *err)
{
	while (q->count < SEARCH_WORDS && (q->word[q->count] = next_word(&cut)).p != NULL)
		q->count++;
	if (q->count > 0) {
		buf_add(&q->beginning, q->word[q->count - 1]);
		buf_add_char(&q->beginning, '%');
	}
	return q->beginning.failed ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

/* Many words begin so: reading and sorting them all would take longer than to ask the newest messages. */
static int find_common(struct db *db, struct workspace_id w, struct question *q, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT count(*) FROM (SELECT 1 FROM message_words WHERE workspace_id = ? AND word LIKE ? LIMIT ?) t", err);

	if (r < 0)
		return r;
	bind_i64(&st, w.v);
	bind_str(&st, buf_str(&q->beginning));
	bind_i64(&st, MANY_ROWS);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	q->is_common = next_i64(&st) >= MANY_ROWS;
	return 0;
}

/* Every whole word is a join on its key, the rarest first by the optimizer's count; the beginning is asked of what is left. */
static void add_text(struct buf *b, const struct question *q)
{
	size_t whole = q->count - 1;

	buf_add(b, STR("SELECT CASE WHEN h.id < 0 THEN -h.id ELSE m.conversation_id END FROM ("));
	if (whole == 0)
		buf_add(b, q->is_common ?
			STR("SELECT DISTINCT id FROM message_words FORCE INDEX (message_words_by_id) WHERE workspace_id = ? AND word LIKE ?") :
			STR("SELECT DISTINCT id FROM message_words FORCE INDEX (PRIMARY) WHERE workspace_id = ? AND word LIKE ?"));
	else
		buf_add(b, STR("SELECT w0.id AS id FROM message_words w0"));
	for (size_t k = 1; k < whole; k++)
		buf_addf(b, " JOIN message_words w%zu ON w%zu.workspace_id = ? AND w%zu.word = ? AND w%zu.id = w0.id", k, k, k, k);
	if (whole > 0)
		buf_add(b, STR(" WHERE w0.workspace_id = ? AND w0.word = ?"
			       " AND EXISTS (SELECT 1 FROM message_words p WHERE p.workspace_id = ? AND p.word LIKE ? AND p.id = w0.id)"));
	buf_add(b, STR(" ORDER BY id DESC LIMIT ?) h LEFT JOIN messages m ON m.id = h.id AND m.workspace_id = ? ORDER BY h.id DESC"));
}

static void bind_question(struct stmt *st, struct workspace_id w, const struct question *q)
{
	for (size_t k = 1; k < q->count; k++) {		/* w1, w2 … and w0, as they stand in the text */
		bind_i64(st, w.v);
		bind_str(st, q->word[k < q->count - 1 ? k : 0]);
	}
	bind_i64(st, w.v);
	bind_str(st, buf_str(&q->beginning));
	bind_i64(st, SEARCH_HITS);
	bind_i64(st, w.v);
}

static int find(struct db *db, struct workspace_id w, struct str text, bool (*hit)(void *arg, int64_t conversation_id), void *arg,
		struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(buf_done) struct buf cut = { 0 };
	SCOPED(buf_done) struct buf sql = { 0 };
	SCOPED(question_done) struct question q = { 0 };
	int r;

	words_add(&cut, text);
	if (cut.failed)
		return fail(err, ERR_NOMEM, "out of memory");
	if ((r = read_question(&q, buf_str(&cut), err)) < 0 || q.count == 0 ||
	    (q.count == 1 && (r = find_common(db, w, &q, err)) < 0))
		return r;
	add_text(&sql, &q);
	if (sql.failed)
		return fail(err, ERR_NOMEM, "out of memory");
	if ((r = db_prepare_built(db, &st, buf_str(&sql), err)) < 0)
		return r;
	bind_question(&st, w, &q);
	while ((r = stmt_step(&st, err)) > 0 && hit(arg, next_i64(&st)))
		;
	return r < 0 ? r : 0;
}

const struct search_index search_mariadb = { .add = add, .drop = drop, .find = find };
