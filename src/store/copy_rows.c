/* See copy.h: the rows of all tables, page by page. A page and the word of how far it goes are one commit. While one is committed, the
 * next is read. */
#include "store/copy_state.h"

#include "store/widen.h"

/* ---- a page's way into the target ---- */

static int batch_unit(struct db *db, void *arg, struct error *err)
{
	struct copy_batch *b = arg;
	const struct copy_table *t = b->table;
	int r = copy_page_write(db, t, &b->page, b->from, b->to, err);

	if (r < 0)
		return r;
	if (t->key_count == 1 && str_eq_c(t->columns[t->key[0]].name, "id"))
		db_ids_above(db, copy_page_row(&b->page, t, b->to - 1)[t->key[0]].i);
	return copy_progress_set(db, &b->progress, err);
}

static void batch_landed(void *arg, int result, const struct error *err)
{
	struct copy_batch *b = arg;
	struct copy *c = b->copy;

	(void)pthread_mutex_lock(&c->lock);
	b->result = result;
	if (result < 0)
		b->err = *err;
	b->flying = false;
	(void)pthread_cond_signal(&c->landed);
	(void)pthread_mutex_unlock(&c->lock);
}

static void send(struct copy_batch *b)
{
	b->unit = (struct store_unit){ .run = batch_unit, .done = batch_landed, .arg = b };
	b->result = 0;
	b->flying = true;
	store_submit(b->copy->options.to, &b->unit);
}

static int land(struct copy *c, struct copy_batch *b)
{
	(void)pthread_mutex_lock(&c->lock);
	while (b->flying)
		(void)pthread_cond_wait(&c->landed, &c->lock);
	int r = b->result;

	(void)pthread_mutex_unlock(&c->lock);
	return r;
}

static int write_progress(struct copy *c, struct copy_batch *b, int64_t rows, const struct copy_value *row, struct error *err)
{
	SCOPED(copy_key_done) struct copy_key key = { 0 };
	int r = copy_key_of(&key, b->table, row, err);

	copy_progress_begin(&b->progress, c, COPY_STEP_ROWS);
	buf_addf(&b->progress, " %.*s %lld", STR_ARG(b->table->name), (long long)rows);
	copy_key_write(&b->progress, b->table, &key);
	return r;
}

static int in_row(const struct copy_table *t, const struct copy_value *row, struct error *err)
{
	SCOPED(buf_done) struct buf key = { .max = 4096 };

	copy_key_show(&key, t, row);
	return fail_in(err, "table %.*s, row %.*s", STR_ARG(t->name), STR_ARG(str_cut(buf_str(&key), 0, 60)));
}

/* A page was refused for what is in it: row by row, up to the one that is to blame. */
static int find_culprit(struct copy *c, struct copy_batch *b, int64_t rows_before, struct error *err)
{
	int r;

	*err = b->err;
	if (b->result == ERR_TEMPORARY || b->result == ERR_NOMEM)
		return fail_in(err, "table %.*s", STR_ARG(b->table->name));
	size_t from = b->from, to = b->to;

	for (size_t k = from; k < to; k++) {
		const struct copy_value *row = copy_page_row(&b->page, b->table, k);

		b->from = k;
		b->to = k + 1;
		if ((r = write_progress(c, b, rows_before + (int64_t)(k - from) + 1, row, err)) < 0)
			return r;
		if (store_write(c->options.to, batch_unit, b, err) < 0)
			return in_row(b->table, row, err);
	}
	return 0;	/* all went in, one by one */
}

/* ---- a table ---- */

/* Shared engines keep text as text: what is none has no place there. */
static bool is_text(struct str s)
{
	struct str rest = s;

	while (rest.len > 0)
		if (!utf8_valid(str_split(rest, '\0', &rest)))
			return false;
	return true;
}

static int check_texts(const struct copy *c, const struct copy_table *t, const struct copy_page *page, struct error *err)
{
	for (size_t row = 0; store_shared(c->options.to) && row < page->rows; row++)
		for (size_t k = 0; k < t->count; k++) {
			const struct copy_value *v = &copy_page_row(page, t, row)[k];

			if (t->columns[k].kind == COPY_TEXT && !v->none && !is_text(v->s)) {
				(void)fail(err, ERR_INVALID, "column %.*s holds bytes that are no text (UTF-8), and the target takes text"
					   " alone: correct it in the source first", STR_ARG(t->columns[k].name));
				return in_row(t, copy_page_row(page, t, row), err);
			}
		}
	return 0;
}

struct walk {
	struct copy_table *table;
	struct copy_key key;		/* of the last row that was read */
	int64_t rows, landed;		/* read; in the target */
	struct copy_batch *before;	/* on its way; NULL: none */
};

static int land_before(struct copy *c, struct walk *w, struct error *err)
{
	struct copy_batch *b = w->before;
	int64_t rows;
	int r;

	w->before = NULL;
	if (b == NULL)
		return 0;
	rows = (int64_t)(b->to - b->from);
	if (land(c, b) < 0 && (r = find_culprit(c, b, w->landed, err)) < 0)
		return r;
	w->landed += rows;
	copy_tell(c, "copy", w->table->name, w->landed, w->table->rows);
	return 0;
}

/* Reads the next page while the one before is on its way, then sends it. 1: there may be more. */
static int next_page(struct copy *c, struct walk *w, struct copy_batch *b, struct error *err)
{
	int r;

	b->copy = c;
	b->table = w->table;
	if ((r = copy_page_read(c->from, w->table, &w->key, &b->page, err)) < 0)
		return r;
	bool last = b->page.is_last;

	if ((r = check_texts(c, w->table, &b->page, err)) < 0)
		return r;
	if (b->page.rows > 0) {
		const struct copy_value *row = copy_page_row(&b->page, w->table, b->page.rows - 1);

		b->from = 0;
		b->to = b->page.rows;
		w->rows += (int64_t)b->page.rows;
		if ((r = copy_key_of(&w->key, w->table, row, err)) < 0 || (r = write_progress(c, b, w->rows, row, err)) < 0)
			return r;
	}
	if ((r = land_before(c, w, err)) < 0)
		return r;
	if (b->page.rows > 0) {
		send(b);
		w->before = b;
	}
	return !last;
}

static int copy_table(struct copy *c, struct copy_table *t, struct error *err)
{
	struct walk w = { .table = t };
	int r = 0;

	if (str_eq(t->name, c->at_table)) {
		r = copy_key_read(c->at_key, t, &w.key, err);
		w.rows = w.landed = c->at_row;
	}
	copy_tell(c, "copy", t->name, w.landed, t->rows);
	for (size_t n = 0; r >= 0; n++)
		if ((r = next_page(c, &w, &c->batch[n % 2], err)) <= 0)
			break;
	if (r == 0)
		r = land_before(c, &w, err);
	else if (w.before != NULL)
		(void)land(c, w.before);
	copy_key_done(&w.key);
	return r < 0 ? r : 0;
}

/* ---- all of them ---- */

/* An addon's channel is none of the list that the column has in a new database, and opened it when it came. */
int copy_widen(struct copy *c, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(c->from, &st, "SELECT 1 FROM addon_migrations LIMIT 1", err);

	if (r < 0 || (r = stmt_step(&st, err)) <= 0)
		return r;
	return store_conversation_channel_widen(c->options.to, err);
}

static int words_next_unit(struct db *db, void *arg, struct error *err)
{
	return copy_progress_set(db, arg, err);
}

int copy_rows(struct copy *c, struct error *err)
{
	SCOPED(buf_done) struct buf b = { 0 };
	size_t k = 0;
	int r;

	if (c->step != COPY_STEP_ROWS)
		return 0;
	if ((r = copy_widen(c, err)) < 0)
		return r;
	while (c->at_table.len > 0 && k < c->tables.count && !str_eq(c->tables.p[k].name, c->at_table))
		k++;
	if (k == c->tables.count && k > 0)
		return fail(err, ERR_BROKEN, "the copy stands in table %.*s, which is not there", STR_ARG(c->at_table));
	for (; k < c->tables.count; k++)
		if ((r = copy_table(c, &c->tables.p[k], err)) < 0)
			return r;
	c->step = COPY_STEP_WORDS;
	c->at_row = 0;
	copy_progress_begin(&b, c, c->step);
	return store_write(c->options.to, words_next_unit, &b, err);
}
