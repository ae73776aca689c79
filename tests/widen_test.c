/* conversations.channel opens to addons: no row, index or trigger is lost, it can be repeated, and killed at any moment. */
#include "check.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "fault.h"
#include "folder.h"
#include "store/engine.h"
#include "store/widen.h"

enum { ROWS = 3000 };

static struct folder folder;
static struct store *store;
static struct db *reader;

static void open_store(void)
{
	struct store_options options = { .data_dir = str_of(folder.path) };
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

static int run_script(struct db *db, void *arg, struct error *err)
{
	return db->engine->script(db, str_of(arg), err);
}

static int run(const char *sql, struct error *err)
{
	return store_write(store, run_script, (void *)(uintptr_t)sql, err);
}

static int set_up(void **state)
{
	char sql[1000];
	struct error err = { 0 };

	(void)state;
	(void)folder_new(&folder);
	open_store();
	(void)snprintf(sql, sizeof(sql),
		       "INSERT INTO conversations (workspace_id, channel, account_id, contact_id, external_key, status, unread, activity_at,"
		       " window_from, read_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
		       " SELECT i %% 3 + 1, CASE i %% 2 WHEN 0 THEN 'email' ELSE 'whatsapp' END, 1, i, 'key ' || i, 1, i %% 5, i, 0, 0 FROM n;"
		       "CREATE TABLE log (text TEXT);"
		       "CREATE TRIGGER conversations_log AFTER INSERT ON conversations BEGIN INSERT INTO log VALUES (new.channel); END;"
		       "CREATE TABLE child (id INTEGER PRIMARY KEY, conversation_id INTEGER REFERENCES conversations(id) ON DELETE CASCADE);"
		       "INSERT INTO child (conversation_id) SELECT id FROM conversations LIMIT 10;", ROWS);
	check_ok(run(sql, &err), &err);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close_store();
	folder_done(&folder);
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

static const char insert_instagram[] =
	"INSERT INTO conversations (workspace_id, channel, account_id, contact_id, external_key, status, unread, activity_at,"
	" window_from, read_at) VALUES (1, 'instagram', 2, 1, 'igsid', 1, 0, 1, 0, 0)";

static int widen(struct error *err)
{
	return store_conversation_channel_widen(store, err);
}

/* All that was there is there. */
static void check_kept(void)
{
	assert_int_equal(number("SELECT count(*) FROM conversations WHERE channel IN ('email', 'whatsapp')"), ROWS);
	assert_int_equal(number("SELECT sum(id * 7 + activity_at + length(external_key)) FROM conversations WHERE account_id = 1"),
			 number("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < (SELECT count(*) FROM conversations"
				" WHERE account_id = 1)) SELECT sum(i * 8 + length('key ' || i)) FROM n"));
	assert_int_equal(number("SELECT count(*) FROM child"), 10);
	assert_true(number("SELECT count(*) FROM pragma_index_list('conversations')") >= 2);
	assert_int_equal(number("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name = 'conversations_log'"), 1);
	assert_int_equal(number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
	assert_int_equal(number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

static void check_wide(void)
{
	struct error err = { 0 };

	check_ok(run(insert_instagram, &err), &err);
	assert_int_equal(number("SELECT count(*) FROM conversations WHERE channel = 'instagram'"), 1);
	assert_int_equal(number("SELECT count(*) FROM log WHERE text = 'instagram'"), 1);
	check_is(run(insert_instagram, &err), ERR_EXISTS, &err);	/* the unique index works on */
	check_kept();
}

static void widens_once(void **state)
{
	struct error err = { 0 };

	(void)state;
	check_is(run(insert_instagram, &err), ERR_INVALID, &err);
	check_is(widen(&err), 1, &err);
	check_kept();
	check_wide();
	check_is(widen(&err), 0, &err);
	/* The other rules of the table stand. */
	check_is(run("INSERT INTO conversations (workspace_id, channel, account_id, contact_id, external_key, status, unread, activity_at,"
		     " window_from, read_at) VALUES (1, NULL, 3, 1, 'x', 1, 0, 1, 0, 0)", &err), ERR_BROKEN, &err);
	close_store();
	open_store();
	check_kept();
	assert_int_equal(number("SELECT count(*) FROM conversations WHERE channel = 'instagram'"), 1);
}

/* A connection that had the old table in mind works on with the new one, and the other way round. */
static void seen_by_others(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(number("SELECT count(*) FROM conversations"), ROWS);
	check_ok(db_read_begin(reader, &err), &err);
	assert_int_equal(number("SELECT count(*) FROM conversations"), ROWS);
	check_is(widen(&err), 1, &err);
	check_ok(run(insert_instagram, &err), &err);
	assert_int_equal(number("SELECT count(*) FROM conversations"), ROWS);
	db_read_end(reader);
	assert_int_equal(number("SELECT count(*) FROM conversations"), ROWS + 1);
}

/* ---- in the middle ---- */

static void every_statement_fails(void **state)
{
	struct error err = { 0 };
	int r = -1, at = 0;

	(void)state;
	while (r < 0) {
		countdown = ++at;
		engine_fault = fail_at;
		r = widen(&err);
		engine_fault = NULL;
		if (r < 0)
			check_is(run(insert_instagram, &err), ERR_INVALID, &err);
		check_kept();
	}
	assert_int_equal(r, 1);
	assert_true(at > 5);
	check_wide();
}

static void killed_in_the_middle(void **state)
{
	struct error err = { 0 };
	bool killed = true;
	int at = 0;

	(void)state;
	close_store();
	while (killed) {
		int status;
		pid_t child = fork();

		at++;
		assert_true(child >= 0);
		if (child == 0) {
			open_store();
			countdown = at;
			engine_fault = kill_at;
			_exit(widen(&err) < 0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		killed = WIFSIGNALED(status);
		if (!killed)
			assert_int_equal(WEXITSTATUS(status), 0);
		open_store();
		check_kept();
		if (killed)
			check_is(run(insert_instagram, &err), ERR_INVALID, &err);
		close_store();
	}
	assert_true(at > 5);
	open_store();
	check_is(widen(&err), 0, &err);
	check_wide();
}

/* ---- the text ---- */

static void check_text(const char *before, const char *after)
{
	SCOPED(buf_done) struct buf sql = { 0 };
	bool changed = widen_text(str_of(before), STR("channel"), &sql);

	assert_int_equal(changed, after != NULL);
	if (after != NULL)
		check_str(buf_str(&sql), after);
}

static void text(void **state)
{
	(void)state;
	check_text("CREATE TABLE t (a TEXT, channel TEXT NOT NULL CHECK (channel IN ('a', 'b')), c TEXT CHECK (c <> ''))",
		   "CREATE TABLE t (a TEXT, channel TEXT NOT NULL, c TEXT CHECK (c <> ''))");
	check_text("CREATE TABLE t (channel TEXT CHECK(channel IN ('a)', 'it''s (')) NOT NULL)", "CREATE TABLE t (channel TEXT NOT NULL)");
	check_text("CREATE TABLE t (\"channel\" TEXT CONSTRAINT closed CHECK (channel IN ('a')) DEFAULT 'a')",
		   "CREATE TABLE t (\"channel\" TEXT DEFAULT 'a')");
	check_text("CREATE TABLE t (x TEXT, -- channel TEXT CHECK (channel = 1),\n  channel /* CHECK ( */ TEXT check (1) -- why\n)",
		   "CREATE TABLE t (x TEXT, -- channel TEXT CHECK (channel = 1),\n  channel /* CHECK ( */ TEXT -- why\n)");
	check_text("CREATE TABLE t (channel TEXT CHECK (channel <> '') CHECK (channel IN ('a')))", "CREATE TABLE t (channel TEXT)");
	check_text("CREATE TABLE t (a DEFAULT (max(1, 2)), channel TEXT CHECK (channel IN ('a')), CHECK (a > 0)) STRICT",
		   "CREATE TABLE t (a DEFAULT (max(1, 2)), channel TEXT, CHECK (a > 0)) STRICT");
	check_text("CREATE TABLE t (channel TEXT NOT NULL, other TEXT CHECK (other IN ('a')))", NULL);
	check_text("CREATE TABLE t (channels TEXT CHECK (channels IN ('a')), CHECK (channels))", NULL);
	check_text("CREATE TABLE t (a TEXT CHECK (channel IN ('a')))", NULL);
	check_text("CREATE TABLE t (channel TEXT CHECK (", "CREATE TABLE t (channel TEXT");	/* refused when it is read back */
	check_text("CREATE TABLE t (channel TEXT 'open", NULL);
	check_text("", NULL);
}

static void many_rows(void **state)
{
	struct error err = { 0 };

	(void)state;
	check_ok(run("DELETE FROM child; INSERT INTO conversations (workspace_id, channel, account_id, contact_id, external_key, status, unread,"
		     " activity_at, window_from, read_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
		     " SELECT 9, 'email', 9, i, 'far ' || i, 1, 0, i, 0, 0 FROM n", &err), &err);
	int64_t pages = number("SELECT page_count FROM pragma_page_count");

	check_is(widen(&err), 1, &err);
	assert_in_range(number("SELECT page_count FROM pragma_page_count"), 1, pages + 10);	/* a copy of them would need hundreds */
	assert_int_equal(number("SELECT count(*) FROM conversations"), ROWS + 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text),
		cmocka_unit_test_setup_teardown(widens_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(seen_by_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_statement_fails, set_up, tear_down),
		cmocka_unit_test_setup_teardown(killed_in_the_middle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_rows, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
