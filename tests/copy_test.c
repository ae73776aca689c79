/* A copy of a whole database: every table with hostile values, killed at every commit, and what the comparison finds. The source is
 * SQLite, the target too, or MariaDB where MAILTRIXY_TEST_DATABASE names one; then what was copied goes back into SQLite and is
 * compared there, by SQLite itself and not by the code under test. */
#include "check.h"

#include <signal.h>
#include <string.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "base/crypto.h"
#include "database.h"
#include "folder.h"
#include "store/conversation.h"
#include "store/copy.h"
#include "store/copy_table.h"
#include "store/search.h"
#include "store/setting.h"
#include "store/widen.h"

enum { ROWS = 150 };

static struct folder folder;
static struct arena memory;
static struct str target;		/* the URL of the database "to" */

static int set_up(void **state)
{
	struct error err = { 0 };

	(void)state;
	if (crypto_init(&err) < 0)
		return -1;
	target = test_database(&memory, folder_new(&folder));
	if (target.len == 0)
		target = arena_printf(&memory, "sqlite:%s/to.db", folder.path);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	engine_fault = NULL;
	if (test_database_is_shared())
		test_database_drop(target);
	arena_done(&memory);
	folder_done(&folder);
	return 0;
}

/* ---- databases ---- */

static struct str path_of(const char *name)
{
	return arena_printf(&memory, "%s/%s.db", folder.path, name);
}

static struct str url_of(const char *name)
{
	return strcmp(name, "to") == 0 ? target :
	       arena_printf(&memory, "sqlite:%s/%s.db", folder.path, name);
}

static struct store *open_store(struct str url)
{
	struct store_options options = { .database = url };
	struct store *store = NULL;
	struct error err = { 0 };

	check_ok(store_open(&options, &store, &err), &err);
	return store;
}

/* Straight SQL, beside the store. */
static void sql(const char *name, const char *text)
{
	sqlite3 *db = NULL;
	char *message = NULL;

	assert_int_equal(sqlite3_open(path_of(name).p, &db), SQLITE_OK);
	(void)sqlite3_busy_timeout(db, 10000);
	if (sqlite3_exec(db, text, NULL, NULL, &message) != SQLITE_OK)
		check_failed("%s: %s", text, message);
	(void)sqlite3_close(db);
}

static int run_script(struct db *db, void *arg, struct error *err)
{
	return db->engine->script(db, *(struct str *)arg, err);
}

/* The same on the target, whichever engine that is. */
static void sql_to(struct store *to, const char *text)
{
	struct str script = str_of(text);
	struct error err = { 0 };

	if (!test_database_is_shared())
		sql("to", text);
	else
		check_ok(store_run_apart(to, run_script, &script, &err), &err);
}

/* ---- hostile rows ---- */

#define BYTES(lit) { lit, sizeof(lit) - 1 }
static const struct str texts[] = {
	BYTES(""), BYTES("a"), BYTES("A"), BYTES("a "), BYTES("a  "), BYTES(" a"), BYTES("\xc3\xa4"), BYTES("a\xcc\x88"),
	BYTES("\xf0\x9f\x98\x80 smile"), BYTES("it's \"quoted\" `so` \\n \\0 %s ; -- x"), BYTES("tab\t line\n cr\r"), BYTES("nul\0inside"),
	BYTES("\xef\xbb\xbf" "bom"), BYTES("\xe2\x80\x8b"), BYTES("NULL"), BYTES("\xf4\x8f\xbf\xbf"), BYTES("\xc3\x9f" "ss\xc4\xb0i\xc4\xb1"),
};
static const struct str bytes[] = { BYTES(""), BYTES("\0"), BYTES("\0\0\xff\xfe"), BYTES("\xc3\x28"), BYTES("'\"\\\x1a\n\r"), BYTES("plain ") };
static const int64_t numbers[] = { 0, 1, -1, INT64_MAX, INT64_MIN, INT64_C(4294967296), INT64_C(-2147483649), 255, 1700000000000 };

/* A number that refers to something, or counts rows, is the row's own; a key's text ends with it. */
static bool is_reference(struct str column)
{
	return str_ends(column, STR("_id")) || str_eq_c(column, "id") || str_eq_c(column, "number") || str_eq_c(column, "position");
}

static struct copy_value value_of(const struct copy_table *t, size_t column, bool may_be_null, int64_t row)
{
	static const char *const unique[] = { "email", "external_key", "sha256", "client_id", "digest", "slug", "language", "name" };
	const struct copy_column *c = &t->columns[column];
	struct copy_value v = { 0 };
	size_t n = (size_t)row + column * 7;

	if (may_be_null && n % 5 == 0) {
		v.none = true;
	} else if (c->kind == COPY_INTEGER) {
		v.i = is_reference(c->name) ? row : numbers[n % (sizeof(numbers) / sizeof(numbers[0]))];
	} else if (str_eq_c(c->name, "channel") && str_eq_c(t->name, "conversations")) {
		v.s = str_of(n % 3 == 0 ? "email" : n % 3 == 1 ? "whatsapp" : "instagram");
	} else {
		v.s = c->kind == COPY_TEXT ? texts[n % (sizeof(texts) / sizeof(texts[0]))] : bytes[n % (sizeof(bytes) / sizeof(bytes[0]))];
		if (str_eq_c(c->name, "claimed_by") && v.s.len > 32)	/* a server's name: no other column of a fixed length is no key */
			v.s = str_cut(v.s, 0, utf8_prefix(v.s, 32));
		for (size_t k = 0; k < sizeof(unique) / sizeof(unique[0]); k++)
			if (str_eq_c(c->name, unique[k])) {
				struct buf b = { 0 };

				/* An address is compared up to its first NUL. */
				if (str_eq_c(c->name, "email"))
					buf_addf(&b, "%lld", (long long)row);
				buf_add(&b, v.s);
				buf_addf(&b, "%lld", (long long)row);
				v.s = arena_copy(&memory, buf_str(&b));
				buf_done(&b);
			}
	}
	return v;
}

static bool is_nullable(struct db *db, struct str table, struct str column)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	struct error err = { 0 };

	check_ok(db_prepare(db, &st, "SELECT \"notnull\" = 0 AND pk = 0 FROM pragma_table_info(?) WHERE name = ?", &err), &err);
	bind_str(&st, table);
	bind_str(&st, column);
	check_is(stmt_step(&st, &err), 1, &err);
	return next_i64(&st) != 0;
}

static int fill_unit(struct db *db, void *arg, struct error *err)
{
	struct copy_tables tables;
	int r = copy_tables_of(db, &memory, &tables, err);

	(void)arg;
	if (r < 0)
		return r;
	for (size_t k = 0; k < tables.count; k++) {
		struct copy_table *t = &tables.p[k];
		struct copy_page page = { .rows = ROWS };

		if (t->is_strange)
			continue;
		page.values = arena_alloc(&memory, ROWS * t->count * sizeof(*page.values));
		for (int64_t row = 1; row <= ROWS; row++)
			for (size_t c = 0; c < t->count; c++)
				page.values[(size_t)(row - 1) * t->count + c] =
					value_of(t, c, is_nullable(db, t->name, t->columns[c].name), row);
		if ((r = copy_page_write(db, t, &page, 0, ROWS, err)) < 0)
			return fail_in(err, "%.*s", STR_ARG(t->name));
	}
	return 0;
}

static struct store *hostile(const char *name)
{
	struct store *store = open_store(url_of(name));
	struct error err = { 0 };

	sql(name, "CREATE TABLE some_addon_accounts (account_id INTEGER PRIMARY KEY REFERENCES accounts(id) ON DELETE CASCADE,"
		  " workspace_id INTEGER NOT NULL, page_name TEXT, \"order\" TEXT, token BLOB) STRICT;"
		  "CREATE TABLE \"Not ours\" (a REAL)");
	check_is(store_conversation_channel_widen(store, &err), 1, &err);
	check_ok(store_write_alone(store, fill_unit, NULL, &err), &err);
	sql(name, "INSERT INTO settings VALUES ('search.done_to', '12'), ('seal.key', 'of this database'), ('seal.check', 'as well')");
	return store;
}

/* ---- what is in a database, by SQLite itself ---- */

static int add_line(void *arg, int count, char **values, char **names)
{
	struct buf *b = arg;

	(void)names;
	for (int k = 0; k < count; k++) {
		buf_add_c(b, values[k] != NULL ? values[k] : "(null)");
		buf_add_char(b, '|');
	}
	buf_add_char(b, '\n');
	return 0;
}

static int add_query(void *arg, int count, char **values, char **names)
{
	struct buf *b = arg;

	(void)count;
	(void)names;
	buf_addf(b, "SELECT '%s', %s FROM \"%s\" %s ORDER BY %s;\n", values[0], values[1], values[0],
		 strcmp(values[0], "settings") == 0 ? "WHERE name <> 'copy.progress' AND name NOT LIKE 'seal.%' AND name <> 'search.done_to'" : "",
		 values[1]);
	return 0;
}

static struct str dump(const char *name)
{
	SCOPED(buf_done) struct buf queries = { 0 };
	struct buf all = { .max = 256 << 20 };
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path_of(name).p, &db), SQLITE_OK);
	(void)sqlite3_busy_timeout(db, 10000);
	/* hex() and typeof(), because a NUL would end quote()'s text early. */
	assert_int_equal(sqlite3_exec(db,
		"SELECT t.name, (SELECT group_concat('typeof(\"' || name || '\"), hex(\"' || name || '\")', ', ') FROM"
		" (SELECT name FROM pragma_table_info(t.name) ORDER BY name)) FROM pragma_table_list t"
		" WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT IN ('schema_migrations',"
		" 'message_words_dirty', 'Not ours') ORDER BY t.name", add_query, &queries, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, queries.p, add_line, &all, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
	assert_false(all.failed);
	struct str s = arena_copy(&memory, buf_str(&all));

	buf_done(&all);
	return s;
}

static void same_dump(const char *a, const char *b)
{
	struct str left = dump(a), right = dump(b), x, y;

	assert_true(left.len > 100000);
	while (left.len > 0 || right.len > 0) {
		x = str_split(left, '\n', &left);
		y = str_split(right, '\n', &right);
		if (!str_eq(x, y))
			check_failed("not the same:\n%.*s\n%.*s", STR_ARG(x), STR_ARG(y));
	}
}

/* ---- copying ---- */

static struct buf notes;

static void note(void *arg, struct str text)
{
	(void)arg;
	buf_add(&notes, text);
	buf_add_char(&notes, '\n');
}

static int begin(struct store *from, struct store *to, struct copy **ret, struct error *err)
{
	struct copy_options options = { .from = from, .to = to, .note = note };

	buf_clear(&notes);
	return copy_new(&options, ret, err);
}

static int copy_all(struct store *from, struct store *to, int64_t *ret_rows, int64_t *ret_differences, struct error *err)
{
	struct copy *c = NULL;
	int r = begin(from, to, &c, err);

	if (r == 0 && (r = copy_rows(c, err)) == 0 && (r = copy_words(c, err)) == 0 &&
	    (r = copy_check(c, ret_rows, ret_differences, err)) == 0 && *ret_differences == 0)
		r = copy_finish(c, err);
	copy_free(c);
	return r;
}

/* What the target holds is what the source holds: looked at in SQLite, after the way back where the target is another engine. */
static void same_as_source(struct store *to)
{
	struct error err = { 0 };
	int64_t rows, differences;
	struct store *back;

	if (!test_database_is_shared()) {
		same_dump("from", "to");
		return;
	}
	back = open_store(url_of("back"));
	check_ok(copy_all(to, back, &rows, &differences, &err), &err);
	assert_int_equal(differences, 0);
	same_dump("from", "back");
	store_close(back);
}

static bool is_told(const char *text)
{
	return notes.p != NULL && strstr(notes.p, text) != NULL;
}

static void every_value(void **state)
{
	struct store *from = hostile("from"), *to = open_store(url_of("to"));
	struct error err = { 0 };
	int64_t rows, differences;
	struct copy *again = NULL;

	(void)state;
	check_ok(copy_all(from, to, &rows, &differences, &err), &err);
	assert_int_equal(differences, 0);
	assert_true(rows > 20 * ROWS && rows % ROWS == 0);
	assert_true(is_told("table Not ours is not MailTrixy's"));
	same_as_source(to);

	check_ok(begin(from, to, &again, &err), &err);
	assert_int_equal(copy_state(again), COPY_FINISHED);
	assert_true(copy_finished_at(again).len > 10);
	copy_free(again);
	store_close(from);
	store_close(to);
}

/* Every message and every name is found, also those whose words the source had not indexed. */
static void the_index(void **state)
{
	struct store *from = hostile("from"), *to = open_store(url_of("to"));
	struct error err = { 0 };
	int64_t rows, differences, lag = 1, found[4];
	struct db *db = NULL;
	size_t count = 0;

	(void)state;
	sql("from", "UPDATE messages SET text = 'zebra crossing', workspace_id = 3 WHERE id = 140;"
		    "UPDATE contacts SET name = 'Zora Quux', workspace_id = 3 WHERE id = 77;"
		    "UPDATE conversations SET workspace_id = 3 WHERE id IN (77, 140)");
	check_ok(copy_all(from, to, &rows, &differences, &err), &err);
	check_ok(store_reader_new(to, &db, &err), &err);
	check_ok(store_search_lag(db, &lag, &err), &err);
	assert_int_equal(lag, 0);
	check_ok(store_search_find(db, (struct workspace_id){ 3 }, STR("zebra"), found, 4, &count, &err), &err);
	assert_int_equal(count, 1);
	assert_int_equal(found[0], 140);
	check_ok(store_search_find(db, (struct workspace_id){ 3 }, STR("quux"), found, 4, &count, &err), &err);
	assert_int_equal(count, 1);
	assert_int_equal(found[0], 77);
	store_reader_free(db);
	store_close(from);
	store_close(to);
}

/* ---- killed ---- */

static bool armed;
static int marks;

/* Dies before the second commit that says how far the copy is: so each run makes one such step. */
static int die_at_second(const char *text)
{
	static bool marked;

	if (!armed)
		return 0;
	if (strncmp(text, "REPLACE INTO settings", 21) == 0)
		marked = true;
	if (strcmp(text, "COMMIT") == 0 && marked && marks++ == 1)
		_exit(99);
	if (strcmp(text, "COMMIT") == 0)
		marked = false;
	return 0;
}

static int run_in_child(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct store *from = open_store(url_of("from")), *to = open_store(url_of("to"));
		struct error err = { 0 };
		struct copy *c = NULL;
		int r = begin(from, to, &c, &err);

		engine_fault = die_at_second;
		armed = true;
		if (r == 0 && (r = copy_rows(c, &err)) == 0)
			r = copy_words(c, &err);
		if (r < 0)
			print_error("%s\n", err.text);
		_exit(r < 0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void killed_at_every_commit(void **state)
{
	struct store *from = hostile("from"), *to;
	struct error err = { 0 };
	int64_t rows, differences;
	struct db *db = NULL;
	int deaths = 0, status;

	(void)state;
	store_close(from);
	while ((status = run_in_child()) == 99)
		deaths++;
	assert_int_equal(status, 0);
	assert_true(deaths > 60);	/* three pages a table */
	from = open_store(url_of("from"));
	to = open_store(url_of("to"));
	check_ok(store_reader_new(to, &db, &err), &err);
	check_is(copy_unfinished(db, &err), 1, &err);
	check_ok(copy_all(from, to, &rows, &differences, &err), &err);
	assert_int_equal(differences, 0);
	check_ok(copy_unfinished(db, &err), &err);
	store_reader_free(db);
	same_as_source(to);
	store_close(from);
	store_close(to);
}

/* ---- what is not the same ---- */

static void differences_are_found(void **state)
{
	struct store *from = hostile("from"), *to = open_store(url_of("to"));
	struct error err = { 0 };
	int64_t rows, differences;
	struct copy *c = NULL;

	(void)state;
	check_ok(begin(from, to, &c, &err), &err);
	check_ok(copy_rows(c, &err), &err);
	check_ok(copy_words(c, &err), &err);
	check_ok(copy_check(c, &rows, &differences, &err), &err);
	assert_int_equal(differences, 0);
	sql_to(to, "UPDATE messages SET text = 'ab ' WHERE id = 3;\nUPDATE messages SET error_code = '' WHERE id = 2;\n"
		   "UPDATE accounts SET verify_token = x'00' WHERE id = 7;\nDELETE FROM members WHERE workspace_id = 150;\n"
		   "INSERT INTO contacts VALUES (151, 1, NULL, 0);\nUPDATE some_addon_accounts SET token = x'736563726574' WHERE account_id = 9;\n"
		   "DELETE FROM templates WHERE account_id <= 2;\n");
	buf_clear(&notes);
	check_ok(copy_check(c, &rows, &differences, &err), &err);
	print_message("%s", notes.p);
	assert_true(is_told("table messages, row 3: not the same in column text\n"));
	assert_true(is_told(": not the same in column error_code\n"));
	assert_true(is_told("table accounts, row 7: not the same in column verify_token\n"));
	assert_true(is_told("table members, row 150, 150: is not in the target\n"));
	assert_true(is_told("table contacts, row 151: is in the target alone\n"));
	assert_true(is_told("table some_addon_accounts, row 9: not the same in column token\n"));
	assert_true(is_told("table templates, row 1, "));
	assert_true(is_told("table templates, row 2, "));
	assert_false(is_told("secret"));
	assert_int_equal(differences, 8);
	copy_free(c);
	store_close(from);
	store_close(to);
}

/* ---- refused ---- */

static void what_is_refused(void **state)
{
	struct store *from = hostile("from"), *to = open_store(url_of("to"));
	struct error err = { 0 };
	int64_t rows, differences;
	struct copy *c = NULL;

	(void)state;
	check_is(begin(from, from, &c, &err), ERR_STATE, &err);
	assert_non_null(strstr(err.text, "same database"));
	sql_to(to, "INSERT INTO workspaces VALUES (1, 'Somebody', 0);\n");
	check_is(begin(from, to, &c, &err), ERR_STATE, &err);
	assert_non_null(strstr(err.text, "not empty"));
	sql_to(to, "DELETE FROM workspaces;\n");

	check_ok(begin(from, to, &c, &err), &err);
	assert_int_equal(copy_state(c), COPY_NEW);
	check_ok(copy_rows(c, &err), &err);
	copy_free(c);
	check_ok(begin(from, to, &c, &err), &err);
	assert_int_equal(copy_state(c), COPY_BEGUN);
	copy_free(c);
	sql("from", "INSERT INTO changes VALUES (1000, 0, 1, 1, 1, 1)");
	c = NULL;
	check_is(begin(from, to, &c, &err), ERR_STATE, &err);
	assert_non_null(strstr(err.text, "another source"));
	sql("from", "DELETE FROM changes WHERE id = 1000; INSERT INTO \"schema_migrations\" (number, name, digest, applied_at, oldest)"
		    " VALUES (99, 'later', '', 0, 1)");
	check_is(begin(from, to, &c, &err), ERR_STATE, &err);
	assert_non_null(strstr(err.text, "number 99"));
	sql("from", "DELETE FROM schema_migrations WHERE number = 99");
	check_ok(copy_all(from, to, &rows, &differences, &err), &err);
	store_close(from);
	store_close(to);
}

/* The source goes on between the first look and the last: told, unless only one moment is asked for. */
static void a_source_that_is_served(void **state)
{
	struct store *from = hostile("from"), *to = open_store(url_of("to")), *moment = open_store(arena_printf(&memory, "sqlite:%s/moment.db", folder.path));
	struct copy_options options = { .from = from, .to = moment, .of_a_moment = true, .note = note };
	struct error err = { 0 };
	int64_t rows, differences;
	struct copy *c = NULL;

	(void)state;
	check_ok(begin(from, to, &c, &err), &err);
	check_ok(copy_rows(c, &err), &err);
	sql("from", "INSERT INTO changes VALUES (1000, 0, 1, 1, 1, 1)");
	check_ok(copy_check(c, &rows, &differences, &err), &err);
	assert_int_equal(differences, 0);
	check_is(copy_finish(c, &err), ERR_STATE, &err);
	assert_non_null(strstr(err.text, "written to while"));
	copy_free(c);

	check_ok(copy_new(&options, &c, &err), &err);
	check_ok(copy_rows(c, &err), &err);
	sql("from", "INSERT INTO contacts VALUES (151, 1, NULL, 0)");
	check_ok(copy_words(c, &err), &err);
	check_ok(copy_check(c, &rows, &differences, &err), &err);
	assert_int_equal(differences, 0);
	check_ok(copy_finish(c, &err), &err);
	copy_free(c);
	store_close(from);
	store_close(to);
	store_close(moment);
}

/* A row that the target does not take is named; what came before it stays, and the copy goes on when it is put right. */
static void a_row_that_is_refused(void **state)
{
	struct store *from = hostile("from"), *to = open_store(url_of("to"));
	struct error err = { 0 };
	int64_t rows, differences;

	(void)state;
	/* SQLite holds anything as text, and MariaDB text alone. */
	if (test_database_is_shared())
		sql("from", "UPDATE messages SET text = CAST(x'6180' AS TEXT) WHERE id = 100");
	else
		sql("to", "CREATE TRIGGER no BEFORE INSERT ON messages WHEN new.id = 100 BEGIN SELECT RAISE(ABORT, 'not this one'); END");
	assert_true(copy_all(from, to, &rows, &differences, &err) < 0);
	assert_non_null(strstr(err.text, "table messages, row 100"));
	if (test_database_is_shared())
		sql("from", "UPDATE messages SET text = 'a?' WHERE id = 100");
	else
		sql("to", "DROP TRIGGER no");
	check_ok(copy_all(from, to, &rows, &differences, &err), &err);
	assert_int_equal(differences, 0);
	same_as_source(to);
	store_close(from);
	store_close(to);
}

/* Rows of megabytes: a page has few of them. */
static void heavy_rows(void **state)
{
	struct store *from = hostile("from"), *to = open_store(url_of("to"));
	struct error err = { 0 };
	int64_t rows, differences;

	(void)state;
	sql("from", "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 1080) INSERT INTO webhook_bodies"
		    " SELECT i, 'x', i, randomblob(1000000) FROM n");
	check_ok(copy_all(from, to, &rows, &differences, &err), &err);
	assert_int_equal(differences, 0);
	store_close(from);
	store_close(to);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(every_value), TEST(the_index), TEST(killed_at_every_commit), TEST(differences_are_found), TEST(what_is_refused),
		TEST(a_source_that_is_served), TEST(a_row_that_is_refused), TEST(heavy_rows),
	};
	int r = cmocka_run_group_tests_name("copy", tests, NULL, NULL);

	buf_done(&notes);
	return r;
}
