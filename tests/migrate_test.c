/* Opening a database: new, again, of another version, by two at once, and killed in the middle of it. */
#include "check.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "fault.h"
#include "folder.h"
#include "store/engine.h"

static struct folder folder;
static struct str dir;

static int set_up(void **state)
{
	(void)state;
	dir = folder_new(&folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	engine_fault = NULL;
	folder_done(&folder);
	return 0;
}

static int open_close(struct error *err)
{
	struct store_options options = { .data_dir = dir };
	struct store *store = NULL;
	int r = store_open(&options, &store, err);

	store_close(r == 0 ? store : NULL);
	return r;
}

/* The database by itself, as another program would see it. */
static struct db *open_raw(void)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct error err = { 0 };
	struct db *db = NULL;

	check_ok(sqlite_engine.open(arena_printf(&arena, "%s/mailtrixy.db", folder.path), DB_WRITER, &db, &err), &err);
	return db;
}

static void change_raw(const char *sql)
{
	struct error err = { 0 };
	struct db *db = open_raw();

	check_ok(db_begin(db, &err), &err);
	check_ok(db->engine->script(db, str_of(sql), &err), &err);
	check_ok(db_commit(db, &err), &err);
	db->engine->close(db);
}

static int64_t count_raw(const char *sql)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	struct error err = { 0 };
	struct db *db = open_raw();
	int64_t n;

	check_ok(db_prepare_built(db, &st, str_of(sql), &err), &err);
	check_is(stmt_step(&st, &err), 1, &err);
	n = next_i64(&st);
	stmt_done(&st);
	db->engine->close(db);
	return n;
}

static void new_and_again(void **state)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct error err = { 0 };
	struct stat s;

	(void)state;
	check_ok(open_close(&err), &err);
	int64_t tables = count_raw("SELECT count(*) FROM sqlite_master");

	assert_true(tables > 20);
	assert_true(count_raw("SELECT count(*) FROM schema_migrations WHERE length(digest) = 64") >= 1);
	check_ok(open_close(&err), &err);
	assert_int_equal(count_raw("SELECT count(*) FROM sqlite_master"), tables);
	/* Nobody else on the machine reads it. */
	assert_int_equal(stat(arena_printf(&arena, "%s/mailtrixy.db", folder.path).p, &s), 0);
	assert_int_equal(s.st_mode & 0777, 0600);
}

static void settings_of_the_engine(void **state)
{
	struct error err = { 0 };

	(void)state;
	check_ok(open_close(&err), &err);
	assert_int_equal(count_raw("PRAGMA page_size"), 8192);
	assert_int_equal(count_raw("PRAGMA synchronous"), 2);
	assert_int_equal(count_raw("PRAGMA foreign_keys"), 1);
	struct db *db = open_raw();
	SCOPED(stmt_done) struct stmt st = { 0 };

	check_ok(db_begin(db, &err), &err);
	check_ok(db_prepare(db, &st, "PRAGMA journal_mode", &err), &err);
	check_is(stmt_step(&st, &err), 1, &err);
	check_str(next_str(&st), "wal");
	stmt_done(&st);
	db_rollback(db);
	db->engine->close(db);
}

static void of_a_newer_program(void **state)
{
	struct error err = { 0 };

	(void)state;
	check_ok(open_close(&err), &err);
	/* One that this program can live with: an old server runs on while the others are brought up to date. */
	change_raw("INSERT INTO schema_migrations VALUES (998, '998_gentle.sql', 'x', 0, 3)");
	check_ok(open_close(&err), &err);
	change_raw("INSERT INTO schema_migrations VALUES (999, '999_future.sql', 'x', 0, 4)");
	check_is(open_close(&err), ERR_STATE, &err);
	assert_non_null(strstr(err.text, "newer MailTrixy"));
	assert_non_null(strstr(err.text, "999"));
}

/* A database of number 2 was made by a program whose records said nothing of older ones. */
static void of_an_older_program(void **state)
{
	struct error err = { 0 };

	(void)state;
	check_ok(open_close(&err), &err);
	change_raw("DELETE FROM schema_migrations WHERE number = 3; ALTER TABLE schema_migrations DROP COLUMN oldest;"
		   " ALTER TABLE outbox DROP COLUMN claimed_by; DROP INDEX webhook_events_by_body;"
		   " DELETE FROM settings");
	check_ok(open_close(&err), &err);
	assert_int_equal(count_raw("SELECT oldest FROM schema_migrations WHERE number = 3"), 3);
	assert_int_equal(count_raw("SELECT count(*) FROM pragma_table_info('outbox') WHERE name = 'claimed_by'"), 1);
}

static void with_another_file(void **state)
{
	struct error err = { 0 };

	(void)state;
	check_ok(open_close(&err), &err);
	change_raw("UPDATE schema_migrations SET digest = 'other' WHERE number = 1");
	check_is(open_close(&err), ERR_STATE, &err);
	assert_non_null(strstr(err.text, "001_core.sql"));
}

static void unknown_engine(void **state)
{
	struct store_options options = { .data_dir = dir, .database = STR("oracle://scott:tiger@db") };
	struct error err = { 0 };
	struct store *store = NULL;

	(void)state;
	check_is(store_open(&options, &store, &err), ERR_INVALID, &err);
	assert_null(strstr(err.text, "tiger"));
	options.database = STR("sqlite:");
	check_is(store_open(&options, &store, &err), ERR_INVALID, &err);
}

static void named_file(void **state)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct store_options options = { .data_dir = STR("/nowhere") };
	struct error err = { 0 };
	struct store *store = NULL;

	(void)state;
	options.database = arena_printf(&arena, "sqlite:%s/other.db", folder.path);
	check_ok(store_open(&options, &store, &err), &err);
	store_close(store);
	assert_int_equal(access(str_cut(options.database, 7, options.database.len).p, R_OK), 0);
	options.database = STR("sqlite:/nowhere/at/all.db");
	check_is(store_open(&options, &store, &err), ERR_BROKEN, &err);
}

static void no_database(void **state)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct error err = { 0 };
	FILE *f = fopen(arena_printf(&arena, "%s/mailtrixy.db", folder.path).p, "w");

	(void)state;
	assert_non_null(f);
	for (int i = 0; i < 1000; i++)
		(void)fputs("this is not a database at all\n", f);
	(void)fclose(f);
	check_is(open_close(&err), ERR_BROKEN, &err);
}

/* ---- in the middle ---- */

/* The tables are all there or none is, and the next start makes them. */
static void check_whole(void)
{
	int64_t tables = count_raw("SELECT count(*) FROM sqlite_master WHERE name IN ('users', 'settings', 'schema_migrations')");
	struct error err = { 0 };

	assert_true(tables == 0 || tables == 3);
	check_ok(open_close(&err), &err);
	assert_int_equal(count_raw("SELECT count(*) FROM sqlite_master WHERE name IN ('users', 'settings', 'schema_migrations')"), 3);
}

static void failed_in_the_middle(void **state)
{
	struct error err = { 0 };
	int at = 1;

	(void)state;
	for (int r = -1; r < 0; at += 3) {
		countdown = at;
		engine_fault = fail_at;
		r = open_close(&err);
		engine_fault = NULL;
		check_whole();
		if (r < 0) {
			folder_done(&folder);
			dir = folder_new(&folder);
		}
	}
	assert_true(at > 30);
}

static void killed_in_the_middle(void **state)
{
	(void)state;
	for (int at = 1; at < 60; at += 7) {
		pid_t child = fork();
		int status;

		assert_true(child >= 0);
		if (child == 0) {
			struct error err = { 0 };

			countdown = at;
			engine_fault = kill_at;
			_exit(open_close(&err) < 0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
		check_whole();
		folder_done(&folder);
		dir = folder_new(&folder);
	}
}

static void two_at_once(void **state)
{
	pid_t child[3];
	int status;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true((child[i] = fork()) >= 0);
		if (child[i] == 0) {
			struct error err = { 0 };
			int r = open_close(&err);

			if (r < 0)
				print_error("%s\n", err.text);
			_exit(r < 0);
		}
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	check_whole();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(new_and_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(settings_of_the_engine, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_an_older_program, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_a_newer_program, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_an_older_program, set_up, tear_down),
		cmocka_unit_test_setup_teardown(with_another_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unknown_engine, set_up, tear_down),
		cmocka_unit_test_setup_teardown(named_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_database, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failed_in_the_middle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(killed_in_the_middle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_at_once, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
