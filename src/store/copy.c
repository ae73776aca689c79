/* See copy.h: what a copy looks at before it begins, and where it stands. The rows are copy_rows.c, the index copy_words.c, the
 * comparison copy_check.c. */
#include "store/copy_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "store/setting.h"

static const char *const steps[] = { [COPY_STEP_ROWS] = "rows", [COPY_STEP_WORDS] = "words", [COPY_STEP_DONE] = "finished" };

void copy_tell(struct copy *c, const char *step, struct str what, int64_t done, int64_t all)
{
	struct copy_told told = { step, what, done, all };

	if (c->options.progress != NULL)
		c->options.progress(c->options.arg, &told);
}

void copy_note(struct copy *c, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (c->options.note != NULL)
		c->options.note(c->options.arg, str_of(text));
}

/* ---- where it stands ---- */

void copy_progress_begin(struct buf *b, const struct copy *c, enum copy_step step)
{
	buf_clear(b);
	buf_addf(b, "%s %s", steps[step], c->source);
}

int copy_progress_set(struct db *db, const struct buf *progress, struct error *err)
{
	return progress->failed ? fail(err, ERR_NOMEM, "out of memory") : store_setting_set(db, STR(COPY_SETTING), buf_str(progress), err);
}

static int set_unit(struct db *db, void *arg, struct error *err)
{
	return copy_progress_set(db, arg, err);
}

int copy_unfinished(struct db *db, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str value;
	int r = store_setting_get(db, STR(COPY_SETTING), &arena, &value, err);

	return r <= 0 ? r : !str_starts(value, STR("finished "));
}

static bool read_progress(struct copy *c, struct str value, struct str *ret_source)
{
	struct str word = str_split(value, ' ', &value);

	*ret_source = str_split(value, ' ', &value);
	for (enum copy_step step = COPY_STEP_ROWS; step <= COPY_STEP_DONE; step++)
		if (str_eq_c(word, steps[step]))
			c->step = step;
	switch (c->step) {
	case COPY_STEP_ROWS:
		c->at_table = str_split(value, ' ', &value);
		word = str_split(value, ' ', &c->at_key);
		return c->at_table.len == 0 || str_to_i64(word, &c->at_row);
	case COPY_STEP_WORDS:
		return value.len == 0 || str_to_i64(value, &c->at_row);
	case COPY_STEP_DONE:
		c->finished_at = value;
		return true;
	}
	return false;
}

/* ---- what the source looks like ---- */

static int add_number(struct db *db, struct buf *b, struct str sql, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare_built(db, &st, sql, err);

	while (r >= 0 && (r = stmt_step(&st, err)) > 0) {
		buf_add_i64(b, next_i64(&st));
		buf_add_char(b, ' ');
	}
	return r;
}

/* How many rows each table has, the newest change and the workspaces: enough to tell another source, and one that was served since
 * the copy was begun. What it does not see, the comparison does. */
static int look_at_source(struct copy *c, struct db *db, bool count, char ret[65], struct error *err)
{
	SCOPED(buf_done) struct buf b = { 0 };
	unsigned char hash[SHA256_BYTES];
	int r;

	for (size_t k = 0; k < c->tables.count; k++) {
		int64_t rows;

		if ((r = copy_table_count(db, &c->tables.p[k], &rows, err)) < 0)
			return r;
		if (count)
			c->tables.p[k].rows = rows;
		buf_addf(&b, "%.*s %lld ", STR_ARG(c->tables.p[k].name), (long long)rows);
	}
	if ((r = add_number(db, &b, STR("SELECT COALESCE(MAX(id), 0) FROM changes"), err)) < 0 ||
	    (r = add_number(db, &b, STR("SELECT created_at FROM workspaces ORDER BY id"), err)) < 0)
		return r;
	if (b.failed)
		return fail(err, ERR_NOMEM, "out of memory");
	crypto_sha256(buf_str(&b), hash);
	for (size_t k = 0; k < SHA256_BYTES; k++)
		(void)snprintf(&ret[2 * k], 3, "%02x", hash[k]);
	return 0;
}

/* ---- both sides ---- */

static int schema_number(struct db *db, int64_t *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT MAX(number) FROM schema_migrations", err);

	if (r < 0 || (r = stmt_step(&st, err)) < 0)
		return r;
	*ret = next_i64(&st);
	return 0;
}

static int same_schema(struct copy *c, struct error *err)
{
	int64_t from, to;
	int r;

	if ((r = schema_number(c->from, &from, err)) < 0 || (r = schema_number(c->to, &to, err)) < 0)
		return r;
	return from == to ? 0 : fail(err, ERR_STATE, "the source's tables are of number %d, the target's of number %d: bring both up to "
				     "date with the same program", (int)from, (int)to);
}

struct mark {
	struct str value;
};

static int mark_unit(struct db *db, void *arg, struct error *err)
{
	return store_setting_set(db, STR("copy.mark"), ((struct mark *)arg)->value, err);
}

/* What is written on one side must not be seen on the other. The source's read transaction has not begun yet. */
static int sides_differ(struct copy *c, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct mark mark = { store_server(c->options.to) };
	struct str value = STR_NONE;
	int seen, r;

	if ((r = store_write(c->options.to, mark_unit, &mark, err)) < 0)
		return r;
	seen = store_setting_get(c->from, STR("copy.mark"), &arena, &value, err);
	if (seen > 0 && !str_eq(value, mark.value))
		seen = 0;
	mark.value = STR_NONE;
	if ((r = store_write(c->options.to, mark_unit, &mark, err)) < 0 || seen < 0)
		return r < 0 ? r : seen;
	return seen == 0 ? 0 : fail(err, ERR_STATE, "the source and the target are the same database");
}

/* Account tables are made by addons, not by the program: where one lacks in the target, or a column of it, it is made as it is here. */
static int make_missing(struct copy *c, struct error *err)
{
	bool made = false;
	int r;

	for (size_t k = 0; k < c->tables.count; k++) {
		struct copy_table *t = &c->tables.p[k], *other = copy_table_find(&c->target, t->name);

		if (t->is_strange || !copy_table_is_account(t) || (other != NULL && copy_table_same(t, other, NULL) == 0))
			continue;
		if ((r = copy_table_make(c->options.to, t, err)) < 0)
			return r;
		made = true;
	}
	return made ? copy_tables_of(c->to, &c->memory, &c->target, err) : 0;
}

/* The tables that both have, in the target's order, which suits its references. What only one has is another program's. */
static int match(struct copy *c, struct error *err)
{
	struct copy_table *list = arena_alloc(&c->memory, (c->target.count + 1) * sizeof(*list));
	size_t count = 0;
	int r;

	if (list == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	for (size_t k = 0; k < c->tables.count; k++)
		if (copy_table_find(&c->target, c->tables.p[k].name) == NULL)
			copy_note(c, "table %.*s is not MailTrixy's and is not copied", STR_ARG(c->tables.p[k].name));
	for (size_t k = 0; k < c->target.count; k++) {
		struct copy_table *from = copy_table_find(&c->tables, c->target.p[k].name);

		if (from == NULL)
			continue;
		if ((r = copy_table_same(from, &c->target.p[k], err)) < 0)
			return r;
		list[count++] = *from;
	}
	c->tables = (struct copy_tables){ list, count };
	return 0;
}

static int look_at_tables(struct copy *c, struct error *err)
{
	int r;

	if ((r = copy_tables_of(c->from, &c->memory, &c->tables, err)) < 0 || (r = copy_tables_of(c->to, &c->memory, &c->target, err)) < 0)
		return r;
	return (r = make_missing(c, err)) < 0 ? r : match(c, err);
}

static int target_is_empty(struct copy *c, struct error *err)
{
	int64_t rows;
	int r;

	for (size_t k = 0; k < c->tables.count; k++) {
		if ((r = copy_table_count(c->to, &c->tables.p[k], &rows, err)) < 0)
			return r;
		if (rows > 0)
			return fail(err, ERR_STATE, "the target is not empty (%d rows in table %.*s): a copy goes into an empty database",
				    (int)rows, STR_ARG(c->tables.p[k].name));
	}
	return 0;
}

/* A new copy, this one that goes on, or one that is finished. */
static int find_state(struct copy *c, struct error *err)
{
	SCOPED(buf_done) struct buf b = { 0 };
	struct str value, source;
	int r = store_setting_get(c->to, STR(COPY_SETTING), &c->memory, &value, err);

	if (r < 0)
		return r;
	if (r == 0) {
		if ((r = target_is_empty(c, err)) < 0)
			return r;
		c->state = COPY_NEW;
		c->step = COPY_STEP_ROWS;
		copy_progress_begin(&b, c, c->step);
		return store_write(c->options.to, set_unit, &b, err);
	}
	if (!read_progress(c, value, &source))
		return fail(err, ERR_BROKEN, "where the copy in the target stands is not to be read");
	c->state = c->step == COPY_STEP_DONE ? COPY_FINISHED : COPY_BEGUN;
	if (c->state == COPY_BEGUN && !str_eq_c(source, c->source))
		return fail(err, ERR_STATE, "the target holds an unfinished copy of another source, or the source was written to since: "
			    "empty the target and begin again");
	return 0;
}

/* A kill may have left the target between two forms of a table: it gets its whole one before anybody looks at the columns. */
static int mend_target(struct copy *c, struct error *err)
{
	int r = copy_unfinished(c->to, err);

	return r <= 0 ? r : copy_widen(c, err);
}

static int look(struct copy *c, struct error *err)
{
	int r;

	if ((r = store_reader_new(c->options.from, &c->from, err)) < 0 || (r = store_reader_new(c->options.to, &c->to, err)) < 0 ||
	    (r = sides_differ(c, err)) < 0 || (r = db_read_begin(c->from, err)) < 0 || (r = same_schema(c, err)) < 0 ||
	    (r = mend_target(c, err)) < 0 || (r = look_at_tables(c, err)) < 0 || (r = look_at_source(c, c->from, true, c->source, err)) < 0)
		return r;
	return find_state(c, err);
}

int copy_new(const struct copy_options *options, struct copy **ret, struct error *err)
{
	struct copy *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	c->options = *options;
	(void)pthread_mutex_init(&c->lock, NULL);
	(void)pthread_cond_init(&c->landed, NULL);
	if ((r = look(c, err)) < 0) {
		copy_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

void copy_free(struct copy *c)
{
	if (c == NULL)
		return;
	for (size_t k = 0; k < 2; k++) {
		copy_page_done(&c->batch[k].page);
		buf_done(&c->batch[k].progress);
	}
	if (c->from != NULL)
		db_read_end(c->from);
	store_reader_free(c->from);
	store_reader_free(c->to);
	(void)pthread_cond_destroy(&c->landed);
	(void)pthread_mutex_destroy(&c->lock);
	arena_done(&c->memory);
	free(c);
}

enum copy_state copy_state(const struct copy *c)
{
	return c->state;
}

struct str copy_finished_at(const struct copy *c)
{
	return c->finished_at;
}

/* In a transaction of its own: what was written since this copy's own began. */
static int source_stayed(struct copy *c, struct error *err)
{
	struct db *db = NULL;
	char source[65];
	int r;

	if ((r = store_reader_new(c->options.from, &db, err)) == 0)
		r = look_at_source(c, db, false, source, err);
	store_reader_free(db);
	if (r < 0)
		return r;
	return str_eq_c(str_of(source), c->source) ? 0 :
	       fail(err, ERR_STATE, "the source was written to while it was copied: empty the target and begin again, with no server on "
		    "the source");
}

int copy_finish(struct copy *c, struct error *err)
{
	SCOPED(buf_done) struct buf b = { 0 };
	int r;

	if (!c->options.of_a_moment && (r = source_stayed(c, err)) < 0)
		return r;
	copy_progress_begin(&b, c, COPY_STEP_DONE);
	buf_add_char(&b, ' ');
	buf_add(&b, clock_rfc3339(&c->memory, clock_now_ms()));
	return store_write(c->options.to, set_unit, &b, err);
}
