/* MariaDB behind struct db_engine.
 *
 * One writer at a time in the whole instance: every write transaction begins by locking the one row of `writing`, which also holds
 * the counter of all ids, and ends by moving it. On one server the second transaction waits for the first. Nodes of a Galera
 * cluster do not see each other's locks: there the second one to commit finds the row changed, and runs again from its beginning.
 * So every unit of work sees the world alone, and ids rise in the order of the commits.
 *
 * A commit that had no answer: `writers` has a number for each writing connection that each of its transactions sets to the next
 * (for each connection, not each process: two that counted on one number would take each other's commits for theirs). Whoever
 * holds the row of `writing` knows that no transaction is under way, and reads there what became of the last one. On a cluster he
 * knows it once he moved the row and his commit went through: what a node sent before it died may still be on its way to this one. */
#include "store/mariadb.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"

/* ---- transactions ---- */

static void end_transaction(struct mariadb_db *d)
{
	d->open = d->lost = d->marked = false;
	mariadb_later_drop(d);
}

static int begin_reading(struct mariadb_db *d, struct error *err)
{
	int r = 0;

	for (size_t tries = 0; tries <= d->url.hosts + 1; tries++) {
		if ((r = mariadb_reach(d, err)) < 0)
			return r;
		r = mariadb_query(d, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", NULL, 0, err);
		if (r >= 0 || d->handle != NULL)
			break;
	}
	if (r < 0)
		return r;
	d->open = true;
	d->lost = false;
	return 0;
}

#define TAKE_TURN "START TRANSACTION;SELECT next_id FROM writing WHERE id = 1 FOR UPDATE"

/* A database without tables, and before the migrations: a transaction without ids. */
static int begin_without_tables(struct mariadb_db *d, struct error *err)
{
	int r = mariadb_query(d, "START TRANSACTION", NULL, 0, err);

	d->counts = false;
	return r;
}

/* Locks the row of `writing`: from then on no other transaction that writes is under way. */
static int take_turn(struct mariadb_db *d, struct error *err)
{
	struct error why;
	int64_t next = 0;
	int r;

	if ((r = mariadb_reach(d, err)) < 0)
		return r;
	d->lost = false;
	r = mariadb_queries(d, TAKE_TURN, &next, 1, &why);
	if (r < 0 && d->handle != NULL && mysql_errno(d->handle) == ER_NO_SUCH_TABLE)
		return begin_without_tables(d, err);
	if (r < 0) {
		if (d->handle != NULL)
			(void)mysql_query(d->handle, "ROLLBACK");
		if (err != NULL)
			*err = why;
		return r;
	}
	d->counts = r == 1;
	d->first_id = d->next_id = next;
	return 0;
}

static void rollback(struct db *db)
{
	struct mariadb_db *d = mariadb_of(db);

	if (d->open && !d->lost && d->handle != NULL && mysql_query(d->handle, "ROLLBACK") != 0)
		mariadb_disconnect(d);		/* the server rolls back what has no connection */
	end_transaction(d);
}

static bool in_transaction(struct db *db)
{
	struct mariadb_db *d = mariadb_of(db);

	return d->open && !d->lost;
}

static int flush(struct db *db, struct error *err)
{
	return mariadb_later_send(mariadb_of(db), err);
}

/* The counter moves with every transaction, also one that took no id: that it changes is what makes two of them conflict. */
static void commit_text(struct mariadb_db *d, char *sql, size_t room)
{
	long long next = (long long)(d->next_id > d->first_id ? d->next_id : d->first_id + 1);

	if (!d->counts)
		(void)snprintf(sql, room, "COMMIT");
	else
		(void)snprintf(sql, room, "UPDATE writing SET next_id = %lld WHERE id = 1;INSERT INTO writers (server, commits) VALUES "
			       "('%s', %lld) ON DUPLICATE KEY UPDATE commits = VALUES(commits);COMMIT", next, d->writer,
			       (long long)d->commits + 1);
}

static int commit(struct db *db, struct error *err)
{
	struct mariadb_db *d = mariadb_of(db);
	char sql[400];
	int r;

	if (!in_transaction(db))
		return fail(err, ERR_TEMPORARY, "commit: the transaction is gone; nothing was written");
	if ((r = db_fault(db, "COMMIT", err)) < 0 || (r = mariadb_later_send(d, err)) < 0)
		return r;
	commit_text(d, sql, sizeof(sql));
	if ((r = mariadb_queries(d, sql, NULL, 0, err)) < 0) {
		/* With the connection, or in the commit of a cluster, the answer may be lost, and not the commit. */
		if (d->counts && (d->handle == NULL || mysql_errno(d->handle) == ER_ERROR_DURING_COMMIT)) {
			d->unsure = d->commits + 1;
			r = ERR_UNKNOWN;
		}
		return err != NULL ? (err->code = r, fail_in(err, "commit")) : r;
	}
	d->commits++;
	end_transaction(d);
	return 0;
}

/* In a transaction that has its turn. */
static int read_commits(struct mariadb_db *d, int64_t *ret, struct error *err)
{
	char sql[120];
	int r;

	(void)snprintf(sql, sizeof(sql), "SELECT commits FROM writers WHERE server = '%s'", d->writer);
	if ((r = mariadb_query(d, sql, ret, 1, err)) < 0)
		return r;
	if (!d->cluster)
		return mariadb_query(d, "ROLLBACK", NULL, 0, err);
	return mariadb_queries(d, "UPDATE writing SET next_id = next_id + 1 WHERE id = 1;COMMIT", NULL, 0, err);
}

static int settle(struct db *db, struct error *err)
{
	struct mariadb_db *d = mariadb_of(db);
	int64_t commits = 0;
	int r;

	if (d->unsure == 0)
		return 0;
	end_transaction(d);
	if ((r = take_turn(d, err)) < 0)
		return r;
	d->open = true;
	if ((r = mariadb_still_open(d, "settle", err)) == 0)
		r = read_commits(d, &commits, err);
	if (r < 0)
		rollback(db);
	end_transaction(d);
	if (r < 0)
		return r;
	r = commits == d->unsure;
	d->commits = commits;
	d->unsure = 0;
	return r;
}

static int begin(struct db *db, struct error *err)
{
	struct mariadb_db *d = mariadb_of(db);
	int r;

	d->may_retry = false;
	end_transaction(d);
	if (db->use == DB_READER)
		return begin_reading(d, err);
	/* Nobody waits for the last one any more, but its number must be known. */
	if ((r = db_fault(db, "BEGIN", err)) < 0 || (r = settle(db, err)) < 0 || (r = take_turn(d, err)) < 0)
		return r;
	d->open = true;
	d->lost = false;
	return mariadb_still_open(d, "BEGIN", err);
}

static bool may_retry(struct db *db)
{
	return mariadb_of(db)->may_retry;
}

static void own_ids(struct db *db, int64_t *ret_first, int64_t *ret_end)
{
	*ret_first = mariadb_of(db)->first_id;
	*ret_end = mariadb_of(db)->next_id;
}

/* ---- marks ---- */

static int run_text(struct mariadb_db *d, const char *sql, struct error *err)
{
	int r = db_fault(&d->db, sql, err);

	if (r == 0)
		r = mariadb_query(d, sql, NULL, 0, err);
	return r < 0 ? r : 0;
}

/* A mark of the same name takes the place of the one before: keeping one needs no word to the server. */
static int mark(struct db *db, struct error *err)
{
	struct mariadb_db *d = mariadb_of(db);
	int r;

	if ((r = mariadb_later_send(d, err)) < 0 || (r = run_text(d, "SAVEPOINT unit", err)) < 0)
		return r;
	d->marked = true;
	return 0;
}

static int mark_end(struct db *db, bool keep, struct error *err)
{
	struct mariadb_db *d = mariadb_of(db);

	d->marked = false;
	return keep ? 0 : run_text(d, "ROLLBACK TO SAVEPOINT unit", err);
}

static void ids_above(struct db *db, int64_t id)
{
	struct mariadb_db *d = mariadb_of(db);

	if (d->next_id <= id)
		d->next_id = id + 1;
}

static int64_t last_id(struct db *db)
{
	return mariadb_of(db)->last_id;
}

/* ---- scripts ---- */

/* The end of the statement that begins here: its semicolon, or the end of all. */
static size_t statement_end(struct str sql, size_t at)
{
	while (at < sql.len && sql.p[at] != ';') {
		char c = sql.p[at];
		struct str rest = str_cut(sql, at, sql.len), end = STR_NONE;

		if (c == '\'' || c == '"' || c == '`')
			end = (struct str){ &sql.p[at], 1 };
		else if (str_starts(rest, STR("--")) || c == '#')
			end = STR("\n");
		else if (str_starts(rest, STR("/*")))
			end = STR("*/");
		at++;
		if (end.p == NULL)
			continue;
		while (at < sql.len && !str_starts(str_cut(sql, at, end.len), end))
			at++;
		at = at + end.len < sql.len ? at + end.len : sql.len;	/* a doubled quote ends a text and begins another */
	}
	return at;
}

/* Is there more than blanks and comments? */
static bool says_something(struct str sql)
{
	for (size_t at = 0; at < sql.len; at++) {
		struct str rest = str_cut(sql, at, sql.len), end = STR_NONE;

		if (strchr(" \t\r\n", sql.p[at]) != NULL)
			continue;
		if (str_starts(rest, STR("--")) || sql.p[at] == '#')
			end = STR("\n");
		else if (str_starts(rest, STR("/*")))
			end = STR("*/");
		else
			return true;
		while (at < sql.len && !str_starts(str_cut(sql, at, end.len), end))
			at++;
		at += end.len - 1;
	}
	return false;
}

static int script(struct db *db, struct str sql, struct error *err)
{
	struct mariadb_db *d = mariadb_of(db);
	SCOPED(buf_done) struct buf one = { 0 };
	int r;

	if ((r = d->open ? mariadb_later_send(d, err) : mariadb_reach(d, err)) < 0)
		return r;
	for (size_t at = 0, end; at < sql.len; at = end + 1) {
		end = statement_end(sql, at);
		struct str statement = str_trim(str_cut(sql, at, end - at));

		if (!says_something(statement))
			continue;
		buf_clear(&one);
		buf_add(&one, statement);
		if (one.failed)
			return fail(err, ERR_NOMEM, "out of memory");
		if ((r = run_text(d, one.p, err)) < 0)
			return r;
	}
	return 0;
}

static int columns(struct db *db, struct str table, struct arena *arena, struct str **ret, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	struct str *list = NULL;
	size_t count = 0, room = 0;
	int r = db_prepare(db, &st, "SELECT column_name FROM information_schema.columns WHERE table_schema = database() AND "
				    "table_name = ? ORDER BY ordinal_position", err);

	if (r < 0)
		return r;
	bind_str(&st, table);
	while ((r = stmt_step(&st, err)) > 0) {
		if (count == room) {
			struct str *more = arena_alloc(arena, (room + 32) * sizeof(*more));

			if (more == NULL)
				return fail(err, ERR_NOMEM, "out of memory");
			if (count > 0)
				memcpy(more, list, count * sizeof(*more));
			list = more;
			room += 32;
		}
		list[count++] = arena_copy(arena, next_str(&st));
	}
	if (r < 0)
		return r;
	*ret = list;
	*ret_count = count;
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

/* ---- opening ---- */

static void set_up_once(void)
{
	(void)mysql_library_init(0, NULL, NULL);
}

static void close_db(struct db *db)
{
	struct mariadb_db *d = mariadb_of(db);
	struct compiled *k;
	size_t at = 0;
	char sql[100];

	if (db == NULL)
		return;
	if (d->commits > 0 && d->handle != NULL) {	/* nobody will ask for them */
		(void)snprintf(sql, sizeof(sql), "DELETE FROM writers WHERE server = '%s'", d->writer);
		(void)mysql_query(d->handle, sql);
	}
	while ((k = kept_next(&d->kept, &at)) != NULL)
		mariadb_free_compiled(k);
	kept_done(&d->kept);
	mariadb_disconnect(d);
	arena_done(&d->later_memory);
	arena_wipe(&d->memory);
	free(db->changes);
	free(d);
}

static int password(struct str where, struct arena *arena, struct str *ret, struct error *err)
{
	struct mariadb_url url;
	int r = mariadb_url_parse(where, arena, &url, err);

	*ret = r < 0 ? STR_NONE : str_of(url.password);
	return r;
}

static void name_writer(struct mariadb_db *d)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[WRITER_BYTES];

	crypto_random(random, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++) {
		d->writer[2 * i] = digits[random[i] >> 4];
		d->writer[2 * i + 1] = digits[random[i] & 15];
	}
}

static int open_db(struct str where, enum db_use use, struct db **ret, struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct mariadb_db *d = calloc(1, sizeof(*d));
	struct error why = { 0 };
	int r;

	(void)pthread_once(&once, set_up_once);
	if (d == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	d->db.engine = &mariadb_engine;
	d->db.use = use;
	name_writer(d);
	if ((r = mariadb_url_parse(where, &d->memory, &d->url, &why)) < 0 || (r = mariadb_reach(d, &why)) < 0) {
		close_db(&d->db);
		if (err != NULL)
			*err = why;
		return r;
	}
	*ret = &d->db;
	return 0;
}

const struct db_engine mariadb_engine = {
	.name = "mariadb",
	.shared = true,
	.migrations = mariadb_migrations,
	.migration_count = &mariadb_migrations_count,
	.open = open_db,
	.close = close_db,
	.password = password,
	.prepare = mariadb_prepare,
	.done = mariadb_done,
	.again = mariadb_again,
	.bind_i64 = mariadb_bind_i64,
	.bind_str = mariadb_bind_str,
	.bind_blob = mariadb_bind_blob,
	.bind_null = mariadb_bind_null,
	.bind_new_id = mariadb_bind_new_id,
	.ids_above = ids_above,
	.step = mariadb_step,
	.later = mariadb_later,
	.changed = mariadb_changed,
	.column_i64 = mariadb_column_i64,
	.column_str = mariadb_column_str,
	.column_blob = mariadb_column_str,
	.column_none = mariadb_column_none,
	.last_id = last_id,
	.begin = begin,
	.flush = flush,
	.commit = commit,
	.settle = settle,
	.may_retry = may_retry,
	.own_ids = own_ids,
	.rollback = rollback,
	.in_transaction = in_transaction,
	.mark = mark,
	.mark_end = mark_end,
	.script = script,
	.columns = columns,
	.widen = mariadb_widen,
};
