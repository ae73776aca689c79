/* Takes the closed list off a column, from ENUM to VARCHAR, while servers read and write the table.
 *
 * MariaDB can make that change only by copying the table, and writers wait until it is over. So a second column, the twin, takes
 * the place of the first one:
 *
 *  1. The twin is added, empty.						at once
 *  2. Its default becomes the text of the first column. From now on every new row has it, by whatever program it is written:
 *     programs name their columns, and the first one is set by INSERT and never changed.	at once
 *  3. The older rows are filled, some hundred in each transaction, in turn with the writers.
 *  4. Each index that holds the first column gets a twin of its own.		online
 *  5. One statement drops the first column and its indexes, and gives their names to the twins.	at once
 *
 * Each statement of these is atomic, and says how it may be done (ALGORITHM, LOCK), so that a server which would copy refuses. How
 * far it has come is read from the tables' description each time: after a kill, or an error, the next call goes on from there, and
 * two servers may be at it at once. Up to 5 all programs work as before, and dropping the twin is the way back. A twin's name is
 * never used a second time: nobody can put a twin in place that another server has dropped and begun anew.
 *
 * A statement that has to wait for others (a long read of another program) makes all who come later wait behind it. So it waits a
 * moment only, and comes again. */
#include "store/mariadb.h"

#include <inttypes.h>
#include <mysqld_error.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"

enum {
	LOCK_SECONDS = 1,		/* how long others may have to wait behind a statement of ours that waits */
	SQL_MAX_BYTES = 64 * 1024,
	TEXT_CHARS = 64,		/* of the new column: a channel's name is shorter */
	SUFFIX_CHARS = 8,
	PARTS_MAX = 16, INDEXES_MAX = 64, TWINS_MAX = 8,
	ROUNDS_MAX = 200,		/* of two servers that are in each other's way */
	ROWS_FIRST = 500, ROWS_LEAST = 50, ROWS_MOST = 2000,
	BATCH_MS = 15,			/* how long the writers may have to wait for one transaction of ours */
	BATCH_TRIES = 100,
	PAUSE_MAX_MS = 40,
};

struct part {
	struct str column;
	int64_t prefix;			/* characters; 0: all of it */
	bool descends;
};
struct index {
	struct str name;
	bool is_unique;
	struct part part[PARTS_MAX];
	size_t count;
};

/* What the tables' description says. */
struct state {
	struct arena arena;
	bool is_closed;
	struct str collation;
	struct str twin[TWINS_MAX];	/* by name; usually none or one */
	bool follows[TWINS_MAX];	/* its default is the first column's text */
	size_t twins;
	struct index index[INDEXES_MAX];
	size_t indexes;
};

enum step { STEP_NONE, STEP_ADD, STEP_FOLLOW, STEP_FILL, STEP_INDEX, STEP_SWAP, STEP_DROP };

/* How far it is. */
struct place {
	enum step step;
	size_t twins, indexes;
	struct str twin;
};

struct work {
	struct mariadb_db *d;
	struct str table, column;
	struct str head;		/* "channel_text_": what twins' names begin with */
	struct str filled;		/* the twin of which every row was seen to be filled */
	struct arena arena;		/* of head and filled */
	bool changed;
};

static void state_done(struct state *s)
{
	arena_done(&s->arena);
}

static void work_done(struct work *w)
{
	arena_done(&w->arena);
}

static void rest(int64_t ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&t, NULL);
}

/* ---- what there is ---- */

static bool is_twin(const struct work *w, struct str column)
{
	return str_starts(column, w->head) && column.len == w->head.len + SUFFIX_CHARS;
}

static int take_column(struct state *s, const struct work *w, struct stmt *st, struct error *err)
{
	struct str name = arena_copy(&s->arena, next_str(st)), type = next_str(st);
	bool is_enum = str_eq_nocase(type, STR("enum"));
	struct str collation = arena_copy(&s->arena, next_str(st)), value = next_str(st);

	if (str_eq(name, w->column)) {
		s->is_closed = is_enum;
		s->collation = collation;
	} else if (is_twin(w, name)) {
		if (s->twins == TWINS_MAX)
			return fail(err, ERR_STATE, "table %.*s has too many columns %.*s…", STR_ARG(w->table), STR_ARG(w->head));
		s->follows[s->twins] = str_starts(value, STR("concat("));
		s->twin[s->twins++] = name;
	}
	return 0;
}

static int read_columns(struct state *s, const struct work *w, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(&w->d->db, &st, "SELECT column_name, data_type, collation_name, column_default FROM information_schema.columns"
					   " WHERE table_schema = database() AND table_name = ? ORDER BY column_name", err);

	if (r < 0)
		return r;
	bind_str(&st, w->table);
	while ((r = stmt_step(&st, err)) > 0)
		if ((r = take_column(s, w, &st, err)) < 0)
			return r;
	if (r < 0)
		return r;
	return s->collation.p != NULL ? 0 : fail(err, ERR_NOTFOUND, "there is no text column %.*s in a table %.*s", STR_ARG(w->column),
						 STR_ARG(w->table));
}

static int take_part(struct state *s, const struct work *w, struct stmt *st, struct error *err)
{
	struct str name = next_str(st);
	struct index *x = s->indexes > 0 ? &s->index[s->indexes - 1] : NULL;

	if (x == NULL || !str_eq(x->name, name)) {
		if (s->indexes == INDEXES_MAX)
			return fail(err, ERR_STATE, "table %.*s has more than %d indexes", STR_ARG(w->table), INDEXES_MAX);
		x = &s->index[s->indexes++];
		*x = (struct index){ .name = arena_copy(&s->arena, name) };
	}
	if (x->count == PARTS_MAX)
		return fail(err, ERR_STATE, "index %.*s has more than %d columns", STR_ARG(x->name), PARTS_MAX);
	struct part *p = &x->part[x->count++];

	p->column = arena_copy(&s->arena, next_str(st));
	x->is_unique = next_i64(st) == 0;
	p->prefix = next_i64(st);
	p->descends = str_eq_c(next_str(st), "D");
	return 0;
}

static int read_indexes(struct state *s, const struct work *w, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(&w->d->db, &st, "SELECT index_name, column_name, non_unique, sub_part, collation FROM information_schema.statistics"
					   " WHERE table_schema = database() AND table_name = ? ORDER BY index_name, seq_in_index", err);

	if (r < 0)
		return r;
	bind_str(&st, w->table);
	while ((r = stmt_step(&st, err)) > 0)
		if ((r = take_part(s, w, &st, err)) < 0)
			return r;
	return r;
}

static int read_state(struct state *s, const struct work *w, struct error *err)
{
	int r;

	arena_done(&s->arena);
	*s = (struct state){ 0 };
	if ((r = read_columns(s, w, err)) < 0 || (r = read_indexes(s, w, err)) < 0)
		return r;
	return arena_failed(&s->arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

static bool holds(const struct index *x, struct str column)
{
	for (size_t i = 0; i < x->count; i++)
		if (str_eq(x->part[i].column, column))
			return true;
	return false;
}

/* "conversations_by_activity_1f00ab3c" of the twin "channel_text_1f00ab3c". */
static struct str twin_index(struct state *s, const struct index *x, struct str twin)
{
	return arena_printf(&s->arena, "%.*s_%.*s", STR_ARG(x->name), SUFFIX_CHARS, twin.p + twin.len - SUFFIX_CHARS);
}

/* The first index whose twin is not there; NULL: all are. */
static const struct index *index_to_make(struct state *s, const struct work *w)
{
	for (size_t i = 0; i < s->indexes; i++) {
		const struct index *x = &s->index[i];
		bool found = false;

		if (!holds(x, w->column))
			continue;
		struct str name = twin_index(s, x, s->twin[0]);

		for (size_t k = 0; k < s->indexes && !found; k++)
			found = str_eq(s->index[k].name, name);
		if (!found)
			return x;
	}
	return NULL;
}

/* Two servers that began at the same moment made a twin each: both go on with the first one, and either drops the other. */
static enum step next_step(struct state *s, const struct work *w)
{
	if (s->twins > (s->is_closed ? 1 : 0))
		return STEP_DROP;
	if (!s->is_closed)
		return STEP_NONE;
	if (s->twins == 0)
		return STEP_ADD;
	if (!s->follows[0])
		return STEP_FOLLOW;
	if (!str_eq(s->twin[0], w->filled))
		return STEP_FILL;
	return index_to_make(s, w) != NULL ? STEP_INDEX : STEP_SWAP;
}

/* ---- statements ---- */

static int run(struct work *w, const char *sql, struct error *err)
{
	int r = db_fault(&w->d->db, sql, err);

	if (r < 0 || (r = mariadb_reach(w->d, err)) < 0)
		return r;
	r = mariadb_query(w->d, sql, NULL, 0, err);
	return r < 0 ? r : 0;
}

static bool is_refused(const struct mariadb_db *d)
{
	unsigned number = d->handle != NULL ? mysql_errno(d->handle) : 0;

	return number == ER_ALTER_OPERATION_NOT_SUPPORTED || number == ER_ALTER_OPERATION_NOT_SUPPORTED_REASON ||
	       number == ER_UNKNOWN_ALTER_ALGORITHM;
}

/* Runs an ALTER TABLE in the cheapest of the ways that stop nobody. ERR_STATE: this server knows none of them for it. */
static int alter(struct work *w, struct buf *sql, struct error *err)
{
	static const char *const way[] = { "ALGORITHM=INSTANT", "ALGORITHM=NOCOPY, LOCK=NONE", "ALGORITHM=INPLACE, LOCK=NONE" };
	char wait[60];
	int r;

	(void)snprintf(wait, sizeof(wait), "SET SESSION lock_wait_timeout = %d", LOCK_SECONDS);
	for (size_t i = 0; i < sizeof(way) / sizeof(way[0]); i++) {
		SCOPED(buf_done) struct buf one = { .max = SQL_MAX_BYTES };

		buf_addf(&one, "%.*s, %s", STR_ARG(buf_str(sql)), way[i]);
		if (sql->failed || one.failed)
			return fail(err, ERR_NOMEM, "out of memory");
		if ((r = run(w, wait, err)) < 0 || (r = run(w, buf_str(&one).p, err)) >= 0 || !is_refused(w->d))
			return r;
	}
	return fail(err, ERR_STATE, "the database server cannot change the table while it is in use");
}

static void begin_alter(struct buf *sql, const struct work *w)
{
	buf_addf(sql, "ALTER TABLE `%.*s` ", STR_ARG(w->table));
}

/* The new column's type. */
static void add_type(struct buf *sql, const struct state *s)
{
	buf_addf(sql, "VARCHAR(%d) COLLATE %.*s NOT NULL", TEXT_CHARS, STR_ARG(s->collation));
}

static int add_twin(struct work *w, struct state *s, struct error *err)
{
	SCOPED(buf_done) struct buf sql = { .max = SQL_MAX_BYTES };
	unsigned char random[SUFFIX_CHARS / 2];

	crypto_random(random, sizeof(random));
	struct str suffix = crypto_hex(&s->arena, random, sizeof(random));

	begin_alter(&sql, w);
	buf_addf(&sql, "ADD COLUMN `%.*s%.*s` ", STR_ARG(w->head), STR_ARG(suffix));
	add_type(&sql, s);
	buf_addf(&sql, " DEFAULT '' AFTER `%.*s`", STR_ARG(w->column));
	return suffix.p == NULL ? fail(err, ERR_NOMEM, "out of memory") : alter(w, &sql, err);
}

static int let_follow(struct work *w, struct state *s, struct error *err)
{
	SCOPED(buf_done) struct buf sql = { .max = SQL_MAX_BYTES };

	begin_alter(&sql, w);
	buf_addf(&sql, "ALTER COLUMN `%.*s` SET DEFAULT (concat(`%.*s`))", STR_ARG(s->twin[0]), STR_ARG(w->column));
	return alter(w, &sql, err);
}

static int add_index(struct work *w, struct state *s, struct error *err)
{
	SCOPED(buf_done) struct buf sql = { .max = SQL_MAX_BYTES };
	const struct index *x = index_to_make(s, w);

	begin_alter(&sql, w);
	buf_addf(&sql, "ADD %s `%.*s` (", x->is_unique ? "UNIQUE KEY" : "KEY", STR_ARG(twin_index(s, x, s->twin[0])));
	for (size_t i = 0; i < x->count; i++) {
		const struct part *p = &x->part[i];

		buf_addf(&sql, "%s`%.*s`", i > 0 ? ", " : "", STR_ARG(str_eq(p->column, w->column) ? s->twin[0] : p->column));
		if (p->prefix > 0)
			buf_addf(&sql, "(%" PRId64 ")", p->prefix);
		buf_add(&sql, p->descends ? STR(" DESC") : STR(""));
	}
	buf_add(&sql, STR(")"));
	return alter(w, &sql, err);
}

/* "DROP KEY a, DROP KEY b, DROP COLUMN c" */
static void add_drop(struct buf *sql, const struct state *s, struct str column)
{
	for (size_t i = 0; i < s->indexes; i++)
		if (holds(&s->index[i], column))
			buf_addf(sql, "DROP KEY `%.*s`, ", STR_ARG(s->index[i].name));
	buf_addf(sql, "DROP COLUMN `%.*s`", STR_ARG(column));
}

static int swap(struct work *w, struct state *s, struct error *err)
{
	SCOPED(buf_done) struct buf sql = { .max = SQL_MAX_BYTES };

	begin_alter(&sql, w);
	add_drop(&sql, s, w->column);
	for (size_t i = 0; i < s->indexes; i++)
		if (holds(&s->index[i], w->column))
			buf_addf(&sql, ", RENAME KEY `%.*s` TO `%.*s`", STR_ARG(twin_index(s, &s->index[i], s->twin[0])),
				 STR_ARG(s->index[i].name));
	buf_addf(&sql, ", CHANGE COLUMN `%.*s` `%.*s` ", STR_ARG(s->twin[0]), STR_ARG(w->column));
	add_type(&sql, s);
	return alter(w, &sql, err);
}

static int drop_twin(struct work *w, struct state *s, struct error *err)
{
	SCOPED(buf_done) struct buf sql = { .max = SQL_MAX_BYTES };

	begin_alter(&sql, w);
	add_drop(&sql, s, s->twin[s->twins - 1]);
	return alter(w, &sql, err);
}

/* ---- filling ---- */

/* The last id of the next rows after `after` that are not filled. 1: there are some. */
static int find_batch(struct work *w, const struct state *s, int64_t after, int64_t rows, int64_t *ret_last, struct error *err)
{
	SCOPED(buf_done) struct buf sql = { .max = SQL_MAX_BYTES };
	int64_t found[2] = { 0 };
	int r;

	buf_addf(&sql, "SELECT max(id), count(*) FROM (SELECT id FROM `%.*s` FORCE INDEX (PRIMARY) WHERE id > %" PRId64 " AND `%.*s` <> `%.*s`"
		       " ORDER BY id LIMIT %" PRId64 ") AS batch", STR_ARG(w->table), after, STR_ARG(s->twin[0]), STR_ARG(w->column), rows);
	if (sql.failed)
		return fail(err, ERR_NOMEM, "out of memory");
	if ((r = mariadb_reach(w->d, err)) < 0 || (r = mariadb_query(w->d, buf_str(&sql).p, found, 2, err)) < 0)
		return r;
	if (r == 0)
		return fail(err, ERR_TEMPORARY, "the database server did not count the rows of %.*s", STR_ARG(w->table));
	*ret_last = found[0];
	return found[1] > 0;
}

/* A transaction of its own, of one statement, that waits for no turn: what it writes follows from the row, and nobody reads it yet. On a
 * cluster it is so in nobody's way but of who changes the same rows; with a turn it lost to each commit of another node, for ever. */
static int fill_batch(struct work *w, const struct state *s, int64_t after, int64_t last, int64_t *ret_ms, struct error *err)
{
	SCOPED(buf_done) struct buf sql = { .max = SQL_MAX_BYTES };
	int64_t from = clock_mono_ms();
	int r;

	buf_addf(&sql, "UPDATE `%.*s` SET `%.*s` = `%.*s` WHERE id > %" PRId64 " AND id <= %" PRId64 " AND `%.*s` <> `%.*s`",
		 STR_ARG(w->table), STR_ARG(s->twin[0]), STR_ARG(w->column), after, last, STR_ARG(s->twin[0]), STR_ARG(w->column));
	if (sql.failed)
		return fail(err, ERR_NOMEM, "out of memory");
	r = run(w, buf_str(&sql).p, err);
	*ret_ms = clock_mono_ms() - from;
	return r;
}

/* So many that the writers hardly notice. */
static int64_t next_size(int64_t rows, int64_t ms)
{
	rows = ms > 2 * BATCH_MS ? rows / 2 : ms > BATCH_MS ? rows * 4 / 5 : ms * 2 < BATCH_MS ? rows * 5 / 4 : rows;
	return rows < ROWS_LEAST ? ROWS_LEAST : rows > ROWS_MOST ? ROWS_MOST : rows;
}

/* All rows once from the first to the last. *ret_batches 0: none was found that is not filled. */
static int fill_once(struct work *w, const struct state *s, int64_t *ret_batches, struct error *err)
{
	int64_t after = INT64_MIN + 1, last = 0, rows = ROWS_FIRST;
	int r, failed = 0;

	*ret_batches = 0;
	while ((r = find_batch(w, s, after, rows, &last, err)) > 0) {
		int64_t ms = 0;

		r = fill_batch(w, s, after, last, &ms, err);
		++*ret_batches;
		if (r >= 0) {
			after = last;
			failed = 0;
		} else if (r != ERR_TEMPORARY || ++failed == BATCH_TRIES) {
			return r;
		}
		rows = r >= 0 ? next_size(rows, ms) : rows / 2 < ROWS_LEAST ? ROWS_LEAST : rows / 2;
		rest(r < 0 ? 1 + clock_mono_ms() % PAUSE_MAX_MS : ms / 2 < PAUSE_MAX_MS ? ms / 2 : PAUSE_MAX_MS);
	}
	return r;
}

/* It ends with a look at all rows that finds none to be filled. */
static int fill(struct work *w, struct state *s, struct error *err)
{
	int64_t batches = 1;
	int r = 0;

	for (int k = 0; k < ROUNDS_MAX && batches > 0; k++)
		if ((r = fill_once(w, s, &batches, err)) < 0)
			return r;
	if (batches > 0)
		return fail(err, ERR_BROKEN, "rows of %.*s do not stay filled", STR_ARG(w->table));
	w->filled = arena_copy(&w->arena, s->twin[0]);
	return w->filled.p == NULL ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

/* ---- all of it ---- */

static int take(struct work *w, struct state *s, enum step step, struct error *err)
{
	static const char *const word[] = { "", "add", "follow", "fill", "index", "swap", "drop" };
	int64_t from = clock_mono_ms();
	int r = 0;

	switch (step) {
	case STEP_NONE: return 0;
	case STEP_ADD: r = add_twin(w, s, err); break;
	case STEP_FOLLOW: r = let_follow(w, s, err); break;
	case STEP_FILL: r = fill(w, s, err); break;
	case STEP_INDEX: r = add_index(w, s, err); break;
	case STEP_SWAP: r = swap(w, s, err); break;
	case STEP_DROP: r = drop_twin(w, s, err); break;
	}
	if (r >= 0)
		log_event(LOG_INFO, "a column is being opened", log_s("table", w->table), log_s("column", w->column), log_c("step", word[step]),
			  log_i("ms", clock_mono_ms() - from), log_end);
	return r;
}

/* Back to the table as it was. What cannot be dropped now does no harm, and the next call takes it from there. */
static void undo(struct work *w)
{
	SCOPED(state_done) struct state s = { 0 };
	struct error err = { 0 };
	int r;

	while ((r = read_state(&s, w, &err)) >= 0 && s.is_closed && s.twins > 0)
		if ((r = drop_twin(w, &s, &err)) < 0)
			break;
	if (r < 0)
		log_event(LOG_WARNING, "a column that was begun stays for now", log_s("table", w->table), log_c("error", err.text), log_end);
}

/* Where the server knows no way beside the writers: one atomic statement, while which they wait. */
static int change_at_once(struct work *w, const struct state *s, struct error *err)
{
	SCOPED(buf_done) struct buf sql = { .max = SQL_MAX_BYTES };

	log_event(LOG_WARNING, "the database server cannot change the table while it is in use: writers wait until it is copied",
		  log_s("table", w->table), log_end);
	begin_alter(&sql, w);
	buf_addf(&sql, "MODIFY COLUMN `%.*s` ", STR_ARG(w->column));
	add_type(&sql, s);
	return sql.failed ? fail(err, ERR_NOMEM, "out of memory") : run(w, buf_str(&sql).p, err);
}

/* A step failed that will fail again. */
static int give_up(struct work *w, const struct state *s, int r, struct error *err)
{
	undo(w);
	if (r != ERR_STATE)
		return r;
	if ((r = change_at_once(w, s, err)) < 0)
		return r;
	w->changed = true;
	return 0;
}

static bool is_same(const struct place *a, const struct place *b)
{
	return a->step == b->step && a->twins == b->twins && a->indexes == b->indexes && str_eq(a->twin, b->twin);
}

static struct place place_of(struct state *s, struct work *w)
{
	return (struct place){ next_step(s, w), s->twins, s->indexes, s->twins > 0 ? arena_copy(&w->arena, s->twin[0]) : STR_NONE };
}

static int widen(struct work *w, struct error *err)
{
	SCOPED(state_done) struct state s = { 0 };
	struct place failed = { .step = STEP_NONE };
	struct error why = { 0 };
	int r = 0, failure = 0;

	for (int k = 0; k < ROUNDS_MAX; k++) {
		if ((r = read_state(&s, w, err)) < 0) {
			if (w->changed && r != ERR_TEMPORARY)
				undo(w);
			return r;
		}
		struct place place = place_of(&s, w);

		if (place.step == STEP_NONE)
			return w->changed;
		/* What another server was quicker with fails here, and is done: then we are at another place now. */
		if (failed.step != STEP_NONE && is_same(&place, &failed)) {
			if (err != NULL)
				*err = why;
			if ((r = give_up(w, &s, failure, err)) < 0)
				return r;
			continue;
		}
		failure = take(w, &s, place.step, &why);
		if (failure == ERR_TEMPORARY) {
			if (err != NULL)
				*err = why;
			return failure;
		}
		failed = failure < 0 ? place : (struct place){ .step = STEP_NONE };
		w->changed = w->changed || failure >= 0;
	}
	return fail(err, ERR_TEMPORARY, "table %.*s goes on being changed by others", STR_ARG(w->table));
}

int mariadb_widen(struct db *db, struct str table, struct str column, struct error *err)
{
	SCOPED(work_done) struct work w = { .d = mariadb_of(db), .table = table, .column = column };

	w.head = arena_printf(&w.arena, "%.*s_text_", STR_ARG(column));
	return w.head.p == NULL ? fail(err, ERR_NOMEM, "out of memory") : widen(&w, err);
}
