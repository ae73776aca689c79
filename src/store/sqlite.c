/* SQLite behind struct db_engine. One connection belongs to one thread. Widening a column is
 * sqlite_widen.c, a copy of all sqlite_copy.c. */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/kept.h"

enum {
	BUSY_MS = 10000,		/* how long commits of another process may hold us up */
	CHECKPOINT_BUSY_MS = 20,	/* the checkpointer holds commits up while it waits for readers: it comes again later */
	BUSY_POLL_US = 500,
	PAGE_BYTES = 8192,
	WRITER_CACHE_KIB = 24 * 1024,	/* the pages of a thousand conversations that are active at once, wherever they lie */
	READER_CACHE_KIB = 1024,
};

/* One compiled statement. `sql` is the literal that it was made from; NULL: built, not kept. */
struct kept {
	sqlite3_stmt *s;
	const char *sql;
	bool in_use, stepped;
};

struct sqlite_db {
	struct db db;
	sqlite3 *handle;
	struct kept_table kept;
	int64_t log_pages;
	int64_t busy_until;		/* while another process is in the way: when we give up */
};

static struct sqlite_db *of(struct db *db)
{
	return (struct sqlite_db *)db;
}

sqlite3 *sqlite_handle(struct db *db)
{
	return of(db)->handle;
}

/* ---- failures ---- */

int sqlite_code(int extended)
{
	switch (extended) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return ERR_EXISTS;
	case SQLITE_CONSTRAINT_CHECK:
		return ERR_INVALID;
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return ERR_NOTFOUND;
	}
	switch (extended & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_INTERRUPT:
	case SQLITE_CANTOPEN:
		return ERR_TEMPORARY;
	case SQLITE_NOMEM:
		return ERR_NOMEM;
	case SQLITE_TOOBIG:
		return ERR_LIMIT;
	}
	return ERR_BROKEN;
}

static int failed(sqlite3 *handle, const char *sql, struct error *err)
{
	int extended = sqlite3_extended_errcode(handle);

	return fail(err, sqlite_code(extended), "database: %s (%d) in: %.100s", sqlite3_errmsg(handle), extended,
		    sql != NULL ? sql : "?");
}

/* ---- statements ---- */

static int compile(struct sqlite_db *d, const char *sql, size_t len, bool keep, struct kept **ret, struct error *err)
{
	struct kept *k = calloc(1, sizeof(*k));
	const char *tail = NULL;

	if (k == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	if (len > INT32_MAX || sqlite3_prepare_v3(d->handle, sql, (int)len, keep ? SQLITE_PREPARE_PERSISTENT : 0, &k->s,
						  &tail) != SQLITE_OK || k->s == NULL) {
		free(k);
		return failed(d->handle, sql, err);
	}
	*ret = k;
	return 0;
}

static int prepare(struct db *db, struct stmt *st, const char *sql, size_t len, bool keep, struct error *err)
{
	struct sqlite_db *d = of(db);
	void **at = NULL;
	struct kept *k = NULL;
	int r;

	stmt_done(st);
	*st = (struct stmt){ .db = db };
	if (keep) {
		if ((at = kept_place(&d->kept, sql)) == NULL)
			return fail(err, ERR_NOMEM, "out of memory");
		k = *at;
		k = k != NULL && k->in_use ? NULL : k;
	}
	/* A literal that is in use already (a loop inside a loop) is compiled a second time and then dropped. */
	if (k == NULL) {
		if ((r = compile(d, sql, len, keep, &k, err)) < 0 || k == NULL)
			return r;
		if (keep && *at == NULL) {
			k->sql = sql;
			*at = k;
		}
	}
	k->in_use = true;
	k->stepped = false;
	st->handle = k;
	return 0;
}

static void done(struct stmt *st)
{
	struct kept *k = st->handle;

	if (k->sql == NULL) {
		(void)sqlite3_finalize(k->s);
		free(k);
		return;
	}
	(void)sqlite3_reset(k->s);
	(void)sqlite3_clear_bindings(k->s);	/* what they point at goes now */
	k->in_use = false;
}

static void again(struct stmt *st)
{
	struct kept *k = st->handle;

	(void)sqlite3_reset(k->s);
	k->stepped = false;
}

static sqlite3_stmt *raw(struct stmt *st)
{
	return ((struct kept *)st->handle)->s;
}

static void bound(struct stmt *st, int r)
{
	if (r != SQLITE_OK && st->code == 0)
		st->code = r;
}

static void put_i64(struct stmt *st, int64_t v)
{
	bound(st, sqlite3_bind_int64(raw(st), ++st->bound, v));
}

static void put_null(struct stmt *st)
{
	bound(st, sqlite3_bind_null(raw(st), ++st->bound));
}

static void put_str(struct stmt *st, struct str s)
{
	if (s.p == NULL)
		put_null(st);
	else
		bound(st, sqlite3_bind_text64(raw(st), ++st->bound, s.p, s.len, SQLITE_STATIC, SQLITE_UTF8));
}

static void put_blob(struct stmt *st, struct str s)
{
	if (s.p == NULL)
		put_null(st);
	else
		bound(st, sqlite3_bind_blob64(raw(st), ++st->bound, s.p, s.len, SQLITE_STATIC));
}

static int step_free(struct stmt *st, struct error *err)
{
	struct kept *k = st->handle;
	const char *sql = k->sql != NULL ? k->sql : sqlite3_sql(k->s);
	int r;

	if (st->code != 0)
		return fail(err, ERR_BROKEN, "database: bind %s in: %.100s", sqlite3_errstr(st->code), sql);
	if (!k->stepped && (r = db_fault(st->db, sql, err)) < 0)
		return r;
	k->stepped = true;
	r = sqlite3_step(k->s);
	if (r == SQLITE_ROW)
		return 1;
	if (r == SQLITE_DONE)
		return 0;
	return failed(of(st->db)->handle, sql, err);
}

static int step(struct stmt *st, struct error *err)
{
	struct sqlite_db *d = of(st->db);

	/* SQLite may have rolled the transaction back by itself (disk full): what a unit writes after that would be kept alone. */
	if (sqlite3_get_autocommit(d->handle) != 0 && d->db.use == DB_WRITER && !sqlite3_stmt_readonly(raw(st)))
		return fail(err, ERR_TEMPORARY, "the transaction is gone; nothing was written");
	return step_free(st, err);
}

static int64_t changed(struct stmt *st)
{
	return sqlite3_stmt_readonly(raw(st)) ? 0 : sqlite3_changes64(of(st->db)->handle);
}

static int64_t get_i64(struct stmt *st)
{
	return sqlite3_column_int64(raw(st), st->column++);
}

static struct str get_str(struct stmt *st)
{
	int at = st->column++;
	const char *p = (const char *)sqlite3_column_text(raw(st), at);

	return p == NULL ? STR_NONE : (struct str){ p, (size_t)sqlite3_column_bytes(raw(st), at) };
}

static struct str get_blob(struct stmt *st)
{
	int at = st->column++;

	if (sqlite3_column_type(raw(st), at) == SQLITE_NULL)
		return STR_NONE;
	const void *p = sqlite3_column_blob(raw(st), at);

	return p == NULL ? STR("") : (struct str){ p, (size_t)sqlite3_column_bytes(raw(st), at) };
}

static bool get_none(struct stmt *st)
{
	return sqlite3_column_type(raw(st), st->column) == SQLITE_NULL;
}

static int64_t last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(of(db)->handle);
}

/* ---- transactions ---- */

static int run(struct db *db, const char *sql, size_t len, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = prepare(db, &st, sql, len, true, err);

	if (r < 0)
		return r;
	return step_free(&st, err);
}
#define RUN(db, sql, err) run((db), "" sql "", sizeof(sql) - 1, (err))

static int begin(struct db *db, struct error *err)
{
	return db->use == DB_WRITER ? RUN(db, "BEGIN IMMEDIATE", err) : RUN(db, "BEGIN", err);
}

static int commit(struct db *db, struct error *err)
{
	int r = RUN(db, "COMMIT", err);

	/* Nothing in a commit is about the units in it: whatever stopped it may pass. */
	return r < 0 ? fail_in(err, "commit") : 0;
}

static bool in_transaction(struct db *db)
{
	return sqlite3_get_autocommit(of(db)->handle) == 0;
}

static void rollback(struct db *db)
{
	if (in_transaction(db))
		(void)sqlite3_exec(of(db)->handle, "ROLLBACK", NULL, NULL, NULL);
}

static int mark(struct db *db, struct error *err)
{
	return RUN(db, "SAVEPOINT unit", err);
}

static int mark_end(struct db *db, bool keep, struct error *err)
{
	int r;

	if (!keep && (r = RUN(db, "ROLLBACK TO unit", err)) < 0)
		return r;
	return RUN(db, "RELEASE unit", err);
}

static int script(struct db *db, struct str sql, struct error *err)
{
	sqlite3 *handle = of(db)->handle;
	const char *at = sql.p, *end = sql.p + sql.len;
	int r;

	while (at < end) {
		struct kept k = { 0 };
		struct stmt st = { .db = db, .handle = &k };
		const char *begin_at = at;

		if (sqlite3_prepare_v2(handle, at, (int)(end - at), &k.s, &at) != SQLITE_OK)
			return failed(handle, begin_at, err);
		if (k.s == NULL)	/* only a comment was left */
			break;
		do
			r = step(&st, err);
		while (r > 0);
		(void)sqlite3_finalize(k.s);
		if (r < 0)
			return r;
	}
	return 0;
}

static int columns(struct db *db, struct str table, struct arena *arena, struct str **ret, size_t *ret_count,
		   struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r;
	size_t count = 0, room;

	if ((r = db_prepare(db, &st, "SELECT count(*) FROM pragma_table_info(?)", err)) < 0)
		return r;
	bind_str(&st, table);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	room = (size_t)next_i64(&st);
	struct str *list = arena_alloc(arena, (room + 1) * sizeof(*list));

	if (list == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	if ((r = db_prepare(db, &st, "SELECT name FROM pragma_table_info(?) ORDER BY cid", err)) < 0)
		return r;
	bind_str(&st, table);
	while (count < room && (r = stmt_step(&st, err)) > 0)
		list[count++] = arena_copy(arena, next_str(&st));
	if (r < 0)
		return r;
	*ret = list;
	*ret_count = count;
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

/* ---- the log (WAL) ---- */

static int after_commit(void *arg, sqlite3 *handle, const char *name, int pages)
{
	(void)handle;
	(void)name;
	((struct sqlite_db *)arg)->log_pages = pages;
	return SQLITE_OK;
}

static int64_t log_pages(struct db *db)
{
	return of(db)->log_pages;
}

static int checkpoint(struct db *db, bool anew, bool shrink, struct error *err)
{
	int how = !anew ? SQLITE_CHECKPOINT_PASSIVE : !shrink ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_TRUNCATE;
	int r = sqlite3_wal_checkpoint_v2(of(db)->handle, NULL, how, NULL, NULL);

	/* Busy: a reader still looks at an old page of the log, or another process moves it. */
	return r == SQLITE_OK ? 0 : r == SQLITE_BUSY ? 1 : failed(of(db)->handle, "checkpoint", err);
}

/* ---- opening ---- */

static void set_up_once(void)
{
	/* Counting memory takes a lock that all threads would share. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	(void)sqlite3_initialize();
}

static void close_db(struct db *db)
{
	struct sqlite_db *d = of(db);
	struct kept *k;
	size_t at = 0;

	if (db == NULL)
		return;
	while ((k = kept_next(&d->kept, &at)) != NULL) {
		(void)sqlite3_finalize(k->s);
		free(k);
	}
	kept_done(&d->kept);
	free(db->changes);
	(void)sqlite3_close_v2(d->handle);
	free(d);
}

static int pragma(sqlite3 *handle, const char *sql, struct error *err)
{
	return sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(handle, sql, err);
}

static int want_wal(sqlite3 *handle, struct error *err)
{
	sqlite3_stmt *s = NULL;
	int r = 0;

	if (sqlite3_prepare_v2(handle, "PRAGMA journal_mode = WAL", -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW)
		r = failed(handle, "PRAGMA journal_mode = WAL", err);
	else if (!str_eq_nocase(str_of((const char *)sqlite3_column_text(s, 0)), STR("wal")))
		r = fail(err, ERR_BROKEN, "the file system of the database cannot hold a shared log (WAL): put the data directory "
			 "on a local disk");
	(void)sqlite3_finalize(s);
	return r;
}

/* SQLite's own handler sleeps up to 100 ms between two tries. Another process that commits without a pause leaves the lock
 * free for a moment only, and that moment must be met: the server under load and a command beside it. */
static int wait_busy(void *arg, int tries)
{
	struct sqlite_db *d = arg;
	int64_t now = clock_mono_ms();

	if (tries == 0)
		d->busy_until = now + (d->db.use == DB_CHECKPOINTER ? CHECKPOINT_BUSY_MS : BUSY_MS);
	if (now >= d->busy_until)
		return 0;
	(void)usleep(BUSY_POLL_US);
	return 1;
}

static int configure(struct sqlite_db *d, struct error *err)
{
	char text[80];
	int r;

	(void)sqlite3_extended_result_codes(d->handle, 1);
	(void)sqlite3_busy_handler(d->handle, wait_busy, d);
	(void)sqlite3_db_config(d->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)snprintf(text, sizeof(text), "PRAGMA page_size = %d", PAGE_BYTES);	/* no effect once it has pages */
	if (d->db.use == DB_WRITER && ((r = pragma(d->handle, text, err)) < 0 || (r = want_wal(d->handle, err)) < 0))
		return r;
	(void)snprintf(text, sizeof(text), "PRAGMA cache_size = -%d",
		       d->db.use == DB_WRITER ? WRITER_CACHE_KIB : READER_CACHE_KIB);
	if ((r = pragma(d->handle, text, err)) < 0 || (r = pragma(d->handle, "PRAGMA synchronous = FULL", err)) < 0 ||
	    (r = pragma(d->handle, "PRAGMA foreign_keys = ON", err)) < 0 ||
	    (r = pragma(d->handle, "PRAGMA temp_store = MEMORY", err)) < 0 ||
	    (r = pragma(d->handle, "PRAGMA wal_autocheckpoint = 0", err)) < 0)
		return r;
	if (d->db.use == DB_READER)
		return pragma(d->handle, "PRAGMA query_only = ON", err);
	(void)sqlite3_wal_hook(d->handle, after_commit, d);
	return 0;
}

/* One that is there is never opened here: closing any descriptor of a file gives up all of the process's locks on it (POSIX), also
 * those by which SQLite's other connections keep a process that ends from taking their log away. */
int sqlite_make_file(const char *path, bool must_be_new, struct error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && (errno != EEXIST || must_be_new))
		return fail(err, errno == EEXIST ? ERR_EXISTS : ERR_BROKEN, "cannot open the database %s: %s", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return 0;
}

static int open_db(struct str where, enum db_use use, struct db **ret, struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str path = arena_copy(&arena, where);
	struct sqlite_db *d = calloc(1, sizeof(*d));
	int r = 0;

	(void)pthread_once(&once, set_up_once);
	if (d == NULL || path.p == NULL) {
		free(d);
		return fail(err, ERR_NOMEM, "out of memory");
	}
	d->db.engine = &sqlite_engine;
	d->db.use = use == DB_SCHEMA ? DB_WRITER : use;		/* what changes a file's tables is a writer as any */
	if (d->db.use == DB_WRITER)
		r = sqlite_make_file(path.p, false, err);
	if (r == 0 && sqlite3_open_v2(path.p, &d->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		r = fail(err, ERR_BROKEN, "cannot open the database %s: %s", path.p,
			 d->handle != NULL ? sqlite3_errmsg(d->handle) : "out of memory");
	if (r == 0)
		r = configure(d, err);
	if (r < 0) {
		close_db(&d->db);
		return r;
	}
	*ret = &d->db;
	return 0;
}

extern const struct embedded_file sqlite_migrations[];
extern const size_t sqlite_migrations_count;

const struct db_engine sqlite_engine = {
	.name = "sqlite",
	.migrations = sqlite_migrations,
	.migration_count = &sqlite_migrations_count,
	.open = open_db,
	.close = close_db,
	.prepare = prepare,
	.done = done,
	.again = again,
	.bind_i64 = put_i64,
	.bind_str = put_str,
	.bind_blob = put_blob,
	.bind_null = put_null,
	.bind_new_id = put_null,	/* INTEGER PRIMARY KEY: the next one of the table */
	.step = step,
	.changed = changed,
	.column_i64 = get_i64,
	.column_str = get_str,
	.column_blob = get_blob,
	.column_none = get_none,
	.last_id = last_id,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.in_transaction = in_transaction,
	.mark = mark,
	.mark_end = mark_end,
	.script = script,
	.columns = columns,
	.widen = sqlite_widen,
	.copy = sqlite_copy,
	.check = sqlite_check,
	.log_pages = log_pages,
	.checkpoint = checkpoint,
};
