/* conversations.channel opens to addons on an engine where DDL commits by itself: no row is lost or changed, at whatever statement it
 * is stopped; writers and readers on all connections see no error; two servers may be at it at once. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "database.h"
#include "fault.h"
#include "folder.h"
#include "store/engine.h"
#include "store/widen.h"

enum { ROWS = 2000, MANY_ROWS = 30000 };

static struct folder folder;
static struct arena memory;
static struct str database;
static struct store *store;
static struct db *reader;

static void open_store(void)
{
	struct store_options options = { .database = database, .data_dir = str_of(folder.path) };
	struct error err = { 0 };

	check_ok(store_open(&options, &store, &err), &err);
	check_ok(store_reader_new(store, &reader, &err), &err);
}

static void close_store(void)
{
	store_reader_free(reader);
	store_close(store);
	reader = NULL;
	store = NULL;
}

struct built {
	const char *sql;
	int64_t id_above;
};

static int run_built(struct db *db, void *arg, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	const struct built *b = arg;
	int r = db_prepare_built(db, &st, str_of(b->sql), err);
	int64_t n = r < 0 ? r : stmt_run(&st, err);

	if (n >= 0)
		db_ids_above(db, b->id_above);
	return n < 0 ? (int)n : 0;
}

static int run(const char *sql, int64_t id_above, struct error *err)
{
	struct built b = { sql, id_above };

	return store_write(store, run_built, &b, err);
}

#define COLUMNS "(id, workspace_id, channel, account_id, contact_id, external_key, status, unread, activity_at, window_from, read_at)"

static void fill_table(int rows)
{
	char sql[600];
	struct error err = { 0 };

	(void)snprintf(sql, sizeof(sql), "INSERT INTO conversations " COLUMNS " SELECT seq, seq %% 3 + 1, if(seq %% 2 = 0, 'email', 'whatsapp'), 1, seq,"
		       " concat('key ', seq), 1, seq %% 5, seq, 0, 0 FROM seq_1_to_%d", rows);
	check_ok(run(sql, rows, &err), &err);
}

static int set_up_with(int rows)
{
	database = test_database(&memory, folder_new(&folder));
	open_store();
	fill_table(rows);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	return set_up_with(ROWS);
}

static int set_up_many(void **state)
{
	(void)state;
	return set_up_with(MANY_ROWS);
}

static int tear_down(void **state)
{
	(void)state;
	engine_fault = NULL;
	close_store();
	test_database_drop(database);
	folder_done(&folder);
	arena_done(&memory);
	return 0;
}

static int64_t number(const char *sql)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	struct error err = { 0 };

	check_ok(db_prepare_built(reader, &st, str_of(sql), &err), &err);
	check_is(stmt_step(&st, &err), 1, &err);
	return next_i64(&st);
}

static int run_closing(struct db *db, void *arg, struct error *err)
{
	(void)arg;
	return db->engine->script(db, STR("ALTER TABLE conversations MODIFY COLUMN channel ENUM('email','whatsapp') NOT NULL"), err);
}

/* The table as it was at first. */
static void close_again(void)
{
	struct error err = { 0 };

	check_ok(run("DELETE FROM conversations WHERE account_id <> 1", 0, &err), &err);
	check_ok(store_run_apart(store, run_closing, NULL, &err), &err);
}

static int widen(struct error *err)
{
	return store_conversation_channel_widen(store, err);
}

/* ---- what must be so ---- */

static void check_rows(int rows)
{
	assert_int_equal(number("SELECT count(*) FROM conversations WHERE account_id = 1"), rows);
	assert_int_equal(number("SELECT count(*) FROM conversations WHERE account_id = 1 AND workspace_id = id % 3 + 1 AND contact_id = id"
				" AND channel = if(id % 2 = 0, 'email', 'whatsapp') AND external_key = concat('key ', id) AND status = 1"
				" AND unread = id % 5 AND activity_at = id"), rows);
}

#define INDEXES "FROM information_schema.statistics WHERE table_schema = database() AND table_name = 'conversations'"

/* The table as it was, but for the one type. */
static void check_wide(int rows)
{
	static const char insert[] = "INSERT INTO conversations " COLUMNS " VALUES (9000001, 1, 'instagram', 2, 1, 'igsid', 1, 0, 1, 0, 0)";
	struct error err = { 0 };

	check_rows(rows);
	assert_int_equal(number("SELECT count(*) FROM information_schema.columns WHERE table_schema = database() AND table_name ="
				" 'conversations' AND column_name = 'channel' AND data_type = 'varchar' AND is_nullable = 'NO' AND column_default IS"
				" NULL AND collation_name = 'utf8mb4_nopad_bin' AND ordinal_position = 3"), 1);
	assert_int_equal(number("SELECT count(*) FROM information_schema.columns WHERE table_schema = database() AND table_name ="
				" 'conversations'"), 12);
	assert_int_equal(number("SELECT count(DISTINCT index_name) " INDEXES), 4);
	assert_int_equal(number("SELECT count(*) FROM (SELECT group_concat(column_name ORDER BY seq_in_index) AS c " INDEXES " GROUP BY index_name)"
				" AS t WHERE c IN ('workspace_id,channel,status,activity_at,id',"
				" 'workspace_id,channel,status,unread_key,activity_at,id', 'account_id,external_key', 'id')"), 4);
	assert_int_equal(number("SELECT count(*) " INDEXES " AND index_name IN ('conversations_by_activity', 'conversations_unread') AND"
				" column_name = 'channel'"), 2);
	check_ok(run(insert, 9000001, &err), &err);
	assert_int_equal(number("SELECT count(*) FROM conversations WHERE channel = 'instagram'"), 1);
	check_is(run(insert, 9000001, &err), ERR_EXISTS, &err);
	check_ok(run("DELETE FROM conversations WHERE id = 9000001", 0, &err), &err);
}

/* As far as it is, the programs that are there work on. */
static void check_works(int rows)
{
	static int64_t id = 5000000;
	char sql[300];
	struct error err = { 0 };

	check_rows(rows);
	id++;
	(void)snprintf(sql, sizeof(sql), "INSERT INTO conversations " COLUMNS " VALUES (%lld, 1, 'email', 3, 1, 'k%lld', 1, 0, 1, 0, 0)",
		       (long long)id, (long long)id);
	check_ok(run(sql, id, &err), &err);
	assert_int_equal(number("SELECT count(*) FROM conversations WHERE account_id = 3 AND channel <> 'email'"), 0);
	assert_int_equal(number("SELECT max(id) FROM conversations WHERE account_id = 3"), id);
}

static void widens_once(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_true(run("INSERT INTO conversations " COLUMNS " VALUES (9000001, 1, 'instagram', 2, 1, 'igsid', 1, 0, 1, 0, 0)", 9000001, &err) < 0);
	check_is(widen(&err), 1, &err);
	check_wide(ROWS);
	check_is(widen(&err), 0, &err);
	close_store();
	open_store();
	check_wide(ROWS);
}

/* ---- in the middle ---- */

/* Is it the statement that puts the twin in place? */
static bool wide(void)
{
	return number("SELECT count(*) FROM information_schema.columns WHERE table_schema = database() AND table_name = 'conversations' AND"
		      " column_name = 'channel' AND data_type = 'varchar'") == 1;
}

static void killed_at_every_statement(void **state)
{
	struct error err = { 0 };
	bool killed = true;
	int at = 0, narrow = 0;

	(void)state;
	close_store();
	while (killed) {
		int status;
		pid_t child;

		(void)fflush(NULL);
		child = fork();
		at++;
		assert_true(child >= 0);
		if (child == 0) {
			open_store();
			countdown = at;
			engine_fault = kill_at;
			_exit(widen(&err) != 1);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		killed = WIFSIGNALED(status);
		if (!killed)
			assert_int_equal(WEXITSTATUS(status), 0);
		open_store();
		bool was_wide = wide();		/* killed after the last statement, too */

		assert_true(was_wide || killed);
		narrow += !was_wide;
		check_works(ROWS);
		/* It is completed; and then begun anew, to be killed one statement later. */
		check_is(widen(&err), was_wide ? 0 : 1, &err);
		check_wide(ROWS);
		close_store();
		if (!killed)
			break;
		open_store();
		close_again();
		close_store();
	}
	assert_true(at > 10 && narrow > 10);
	open_store();
}

/* Each kill goes on where the last one stopped: at most one step a life. */
static void killed_again_and_again(void **state)
{
	struct error err = { 0 };
	int lives = 0, status = 1;

	(void)state;
	close_store();
	for (bool killed = true; killed; lives++) {
		pid_t child;

		assert_true(lives < 200);
		(void)fflush(NULL);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			open_store();
			countdown = 6 + lives % 6;
			engine_fault = kill_at;
			_exit(widen(&err) < 0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		killed = WIFSIGNALED(status);
		open_store();
		check_works(ROWS);
		close_store();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(lives > 3);
	open_store();
	check_wide(ROWS);
}

/* What fails for good leaves the table as it was, or done; and can be tried again. */
static void every_statement_fails(void **state)
{
	struct error err = { 0 };
	int r = -1, at = 0;

	(void)state;
	while (at < 200) {
		countdown = ++at;
		engine_fault = fail_at;
		r = widen(&err);
		engine_fault = NULL;
		if (countdown > 0)
			break;
		check_works(ROWS);
		if (r < 0 && !wide())
			assert_int_equal(number("SELECT count(*) FROM information_schema.columns WHERE table_schema = database() AND table_name ="
						" 'conversations'"), 12);
		bool was_wide = wide();

		check_is(widen(&err), was_wide ? 0 : 1, &err);
		check_wide(ROWS);
		close_again();
	}
	check_is(r, 1, &err);
	assert_true(at > 10);
	check_wide(ROWS);
}

/* ---- beside others ---- */

static void *widen_too(void *arg)
{
	struct error err = { 0 };
	int *r = arg;

	*r = widen(&err);
	if (*r < 0)
		print_error("%s\n", err.text);
	return NULL;
}

static void several_at_once(void **state)
{
	pthread_t thread[3];
	int r[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, widen_too, &r[i]), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	for (int i = 0; i < 3; i++)
		assert_true(r[i] >= 0);
	check_wide(ROWS);
}

static atomic_bool over;

struct traffic {
	int64_t first, count, failures;
	char words[300];
	pthread_t thread;
};

static int write_one(struct db *db, void *arg, struct error *err)
{
	SCOPED(stmt_done) struct stmt insert = { 0 }, update = { 0 };
	const struct traffic *t = arg;
	char key[40];
	int r;

	(void)snprintf(key, sizeof(key), "w%lld", (long long)(t->first + t->count));
	if ((r = db_prepare(db, &insert, "INSERT INTO conversations " COLUMNS " VALUES (?, 1, ?, 7, ?, ?, 1, 0, 1, 0, 0)", err)) < 0)
		return r;
	bind_new_id(&insert);
	bind_str(&insert, t->count % 2 == 0 ? STR("email") : STR("whatsapp"));
	bind_i64(&insert, t->count % 2);
	bind_str(&insert, str_of(key));
	if ((r = t->count % 3 == 0 ? stmt_later(&insert, err) : stmt_step(&insert, err)) < 0 ||
	    (r = db_prepare(db, &update, "UPDATE conversations SET unread = unread + 1 WHERE account_id = 7 AND external_key = ? AND channel = ?", err)) < 0)
		return r;
	bind_str(&update, str_of(key));
	bind_str(&update, t->count % 2 == 0 ? STR("email") : STR("whatsapp"));
	int64_t n = stmt_run(&update, err);

	return n < 0 ? (int)n : n == 1 ? 0 : fail(err, ERR_BROKEN, "%d rows of %s", (int)n, key);
}

static void *write_on(void *arg)
{
	struct traffic *t = arg;

	while (!over) {
		struct error err = { 0 };

		if (store_write(store, write_one, t, &err) < 0) {
			t->failures++;
			(void)snprintf(t->words, sizeof(t->words), "%s", err.text);
		}
		t->count++;
	}
	return NULL;
}

static void *read_on(void *arg)
{
	struct traffic *t = arg;
	struct db *db;
	struct error err = { 0 };

	if (store_reader_new(store, &db, &err) < 0)
		return NULL;
	while (!over) {
		SCOPED(stmt_done) struct stmt st = { 0 };
		int rows = 0, r = db_prepare(db, &st, "SELECT id, channel FROM conversations WHERE workspace_id = 2 AND channel = ? AND status = 1"
						      " AND activity_at > 0 ORDER BY activity_at DESC, id DESC LIMIT 30", &err);

		if (r >= 0) {
			bind_str(&st, STR("email"));
			while ((r = stmt_step(&st, &err)) > 0) {
				(void)next_i64(&st);
				rows += str_eq_c(next_str(&st), "email");
			}
		}
		if (r < 0 || rows != 30) {
			t->failures++;
			(void)snprintf(t->words, sizeof(t->words), "%d rows: %s", rows, err.text);
		}
		t->count++;
	}
	store_reader_free(db);
	return NULL;
}

static void with_traffic(void **state)
{
	struct traffic t[4] = { { .first = 1000000 }, { .first = 2000000 } };
	struct error err = { 0 };
	int64_t at_first = 0;

	(void)state;
	over = false;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i].thread, NULL, i < 2 ? write_on : read_on, &t[i]), 0);
	int64_t from = clock_mono_ms();
	int r = widen(&err);
	int64_t ms = clock_mono_ms() - from;

	at_first = number("SELECT count(*) FROM conversations WHERE account_id = 7");
	while (number("SELECT count(*) FROM conversations WHERE account_id = 7") < at_first + 50 && clock_mono_ms() - from < 60000)
		;
	over = true;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(t[i].thread, NULL), 0);
	check_is(r, 1, &err);
	for (int i = 0; i < 4; i++)
		if (t[i].failures > 0 || t[i].count == 0)
			check_failed("%lld of %lld failed: %s", (long long)t[i].failures, (long long)t[i].count, t[i].words);
	assert_int_equal(number("SELECT count(*) FROM conversations WHERE account_id = 7 AND unread = 1 AND channel = if(contact_id = 0, 'email',"
				" 'whatsapp')"), t[0].count + t[1].count);
	print_message("%d rows opened in %lld ms, beside %lld writes and %lld reads\n", MANY_ROWS, (long long)ms,
		      (long long)(t[0].count + t[1].count), (long long)(t[2].count + t[3].count));
	check_ok(run("DELETE FROM conversations WHERE account_id = 7", 0, &err), &err);
	check_wide(MANY_ROWS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(widens_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(several_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(killed_at_every_statement, set_up, tear_down),
		cmocka_unit_test_setup_teardown(killed_again_and_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_statement_fails, set_up, tear_down),
		cmocka_unit_test_setup_teardown(with_traffic, set_up_many, tear_down),
	};

	if (!test_database_is_shared()) {
		print_message("1..1\nok 1 - skipped: on SQLite it is one transaction (widen_test)\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
