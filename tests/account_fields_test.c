/* Tables that a manifest declares: their names are checked, their columns grow, their rows stay in their workspace. */
#include "check.h"

#include <string.h>

#include "database.h"
#include "fault.h"
#include "folder.h"
#include "store/account.h"
#include "store/account_fields.h"
#include "store/engine.h"
#include "store/workspace.h"

static struct folder folder;
static struct arena memory;
static struct str database;
static struct store *store;
static struct db *reader;
static struct workspace_id w;
static int64_t account_id;

static int run_account(struct db *db, void *arg, struct error *err)
{
	struct store_account a = { .channel = STR("instagram"), .backend = STR("facebook"), .external_key = STR("17841"),
				   .name = STR("Acme"), .handle = STR("acme"), .status = 1, .verify_token = STR("sealed") };
	int r = store_workspace_add(db, STR("Acme"), 1, &w, err);

	(void)arg;
	a.workspace = w;
	return r < 0 ? r : store_account_add(db, &a, &account_id, err);
}

static int set_up(void **state)
{
	struct store_options options = { .data_dir = folder_new(&folder) };
	struct error err = { 0 };

	(void)state;
	options.database = database = test_database(&memory, options.data_dir);
	check_ok(store_open(&options, &store, &err), &err);
	check_ok(store_reader_new(store, &reader, &err), &err);
	check_ok(store_write(store, run_account, NULL, &err), &err);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	engine_fault = NULL;
	store_reader_free(reader);
	store_close(store);
	test_database_drop(database);
	arena_done(&memory);
	folder_done(&folder);
	return 0;
}

static const struct account_column three[] = {
	{ .name = STR("page_id"), .max_bytes = 64, .comment = STR("the Page; \"quoted\" -- and\nover two lines") },
	{ .name = STR("order"), .max_bytes = 64 },	/* a keyword */
	{ .name = STR("app_secret"), .secret = true, .max_bytes = 255, .comment = STR("sealed") },
};

static int ensure(struct str slug, struct str table, const struct account_column *columns, size_t count, struct error *err)
{
	return store_account_table_ensure(store, slug, table, columns, count, err);
}

static int ensure_three(struct error *err)
{
	return ensure(STR("instagram"), STR("instagram_accounts"), three, 3, err);
}

struct fields {
	struct workspace_id w;
	int64_t id;
	struct account_value *values;
	size_t count;
};

static int run_set(struct db *db, void *arg, struct error *err)
{
	const struct fields *f = arg;

	return store_account_fields_set(db, STR("instagram_accounts"), f->w, f->id, f->values, f->count, err);
}

static int run_delete(struct db *db, void *arg, struct error *err)
{
	const struct fields *f = arg;

	return store_account_fields_delete(db, STR("instagram_accounts"), f->w, f->id, err);
}

static void made_and_grown(void **state)
{
	struct account_column four[4] = { three[0], three[1], three[2], { .name = STR("page_name"), .max_bytes = 255 } };
	struct error err = { 0 };

	(void)state;
	check_is(store_account_table_has(reader, STR("instagram_accounts"), three, 3, &err), 0, &err);
	check_is(ensure_three(&err), 1, &err);
	check_is(ensure_three(&err), 0, &err);
	check_is(store_account_table_has(reader, STR("instagram_accounts"), three, 3, &err), 1, &err);
	check_is(store_account_table_has(reader, STR("instagram_accounts"), four, 4, &err), 0, &err);
	check_is(ensure(STR("instagram"), STR("instagram_accounts"), four, 4, &err), 1, &err);
	check_is(store_account_table_has(reader, STR("instagram_accounts"), four, 4, &err), 1, &err);
	/* An older version's list takes nothing away. */
	check_is(ensure_three(&err), 0, &err);
	check_is(store_account_table_has(reader, STR("instagram_accounts"), four, 4, &err), 1, &err);
	check_is(ensure(STR("two-words"), STR("two_words_accounts"), three, 3, &err), 1, &err);
}

static void bad_names(void **state)
{
	const struct account_column good = { .name = STR("a"), .max_bytes = 1 };
	const struct str tables[] = {
		STR("accounts"), STR("instagram"), STR("instagram_"), STR("instagramaccounts"), STR("Instagram_accounts"),
		STR("instagram_accounts; DROP TABLE users"), STR("instagram_\"x"), STR("instagram_acc ounts"), STR("1instagram_x"),
		STR("instagram_\0x"), STR(""), STR("sqlite_master"), STR("users"),
		STR("instagram_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
	};
	const struct account_column columns[] = {
		{ .name = STR("account_id"), .max_bytes = 1 }, { .name = STR("workspace_id"), .max_bytes = 1 },
		{ .name = STR("a b"), .max_bytes = 1 }, { .name = STR("a\" TEXT, \"b"), .max_bytes = 1 }, { .name = STR("A"), .max_bytes = 1 },
		{ .name = STR(""), .max_bytes = 1 }, { .name = STR("_a"), .max_bytes = 1 }, { .name = STR("a"), .max_bytes = 0 },
		{ .name = STR("a"), .max_bytes = 1000000 },
	};
	const struct account_column twice[] = { good, good };
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		check_is(ensure(STR("instagram"), tables[i], &good, 1, &err), ERR_INVALID, &err);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		check_is(ensure(STR("instagram"), STR("instagram_accounts"), &columns[i], 1, &err), ERR_INVALID, &err);
	check_is(ensure(STR("instagram"), STR("instagram_accounts"), twice, 2, &err), ERR_INVALID, &err);
	check_is(ensure(STR("instagram"), STR("instagram_accounts"), &good, 0, &err), ERR_INVALID, &err);
	/* Not even a slug makes a table of the core an account table. */
	check_is(ensure(STR("webhook"), STR("webhook_events"), &good, 1, &err), ERR_INVALID, &err);
	check_is(ensure(STR("schema"), STR("schema_migrations"), &good, 1, &err), ERR_INVALID, &err);
	if (!test_database_is_shared())
		check_is(ensure(STR("sqlite"), STR("sqlite_accounts"), &good, 1, &err), ERR_BROKEN, &err);
	/* Values under bad names. */
	struct account_value value = { .name = STR("page_id\" = 1 --"), .value = STR("x") };
	struct fields f = { w, account_id, &value, 1 };

	check_is(ensure_three(&err), 1, &err);
	check_is(store_write(store, run_set, &f, &err), ERR_INVALID, &err);
	value.name = STR("workspace_id");
	check_is(store_write(store, run_set, &f, &err), ERR_INVALID, &err);
	assert_true(store_account_fields_get(reader, STR("x\"; --"), w, 1, NULL, &value, 1, &err) == ERR_INVALID);
}

static void written_and_read(void **state)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct account_value all[] = {
		{ .name = STR("page_id"), .value = STR("it's; DROP TABLE") }, { .name = STR("order"), .value = STR("") },
		{ .name = STR("app_secret"), .value = STR("\0\1\xff sealed"), .secret = true },
	};
	struct account_value one = { .name = STR("page_id"), .value = STR("new") };
	struct account_value back[] = { { .name = STR("app_secret"), .secret = true }, { .name = STR("page_id") }, { .name = STR("order") },
					{ .name = STR("from_the_future") } };
	struct fields f = { w, account_id, all, 3 };
	struct error err = { 0 };

	(void)state;
	check_ok(store_account_fields_get(reader, STR("instagram_accounts"), w, account_id, &arena, back, 4, &err), &err);
	assert_null(back[0].value.p);		/* no table yet */
	check_is(ensure_three(&err), 1, &err);
	check_ok(store_account_fields_get(reader, STR("instagram_accounts"), w, account_id, &arena, back, 4, &err), &err);
	assert_null(back[0].value.p);		/* no row yet */
	check_ok(store_write(store, run_set, &f, &err), &err);
	f.values = &one;
	f.count = 1;
	check_ok(store_write(store, run_set, &f, &err), &err);
	check_ok(store_account_fields_get(reader, STR("instagram_accounts"), w, account_id, &arena, back, 4, &err), &err);
	assert_true(str_eq(back[0].value, all[2].value));
	check_str(back[1].value, "new");
	assert_non_null(back[2].value.p);
	assert_int_equal(back[2].value.len, 0);
	assert_null(back[3].value.p);
	one.value = STR_NONE;
	check_ok(store_write(store, run_set, &f, &err), &err);
	check_ok(store_account_fields_get(reader, STR("instagram_accounts"), w, account_id, &arena, back, 4, &err), &err);
	assert_null(back[1].value.p);
}

static void of_one_workspace(void **state)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct account_value value = { .name = STR("page_id"), .value = STR("ours") };
	struct fields ours = { w, account_id, &value, 1 }, theirs = { { w.v + 1 }, account_id, &value, 1 };
	struct error err = { 0 };

	(void)state;
	check_is(ensure_three(&err), 1, &err);
	check_ok(store_write(store, run_set, &ours, &err), &err);
	value.value = STR("theirs");
	check_is(store_write(store, run_set, &theirs, &err), ERR_NOTFOUND, &err);
	check_ok(store_account_fields_get(reader, STR("instagram_accounts"), theirs.w, account_id, &arena, &value, 1, &err), &err);
	assert_null(value.value.p);
	check_ok(store_write(store, run_delete, &theirs, &err), &err);
	check_ok(store_account_fields_get(reader, STR("instagram_accounts"), w, account_id, &arena, &value, 1, &err), &err);
	check_str(value.value, "ours");
	check_ok(store_write(store, run_delete, &ours, &err), &err);
	check_ok(store_account_fields_get(reader, STR("instagram_accounts"), w, account_id, &arena, &value, 1, &err), &err);
	assert_null(value.value.p);
	/* A row of an account that is not there has no place. */
	ours.id = 4711;
	check_is(store_write(store, run_set, &ours, &err), ERR_NOTFOUND, &err);
}

static int run_close(struct db *db, void *arg, struct error *err)
{
	(void)arg;
	return store_workspace_close(db, w, err);
}

static int run_piece(struct db *db, void *arg, struct error *err)
{
	(void)arg;
	return store_workspace_delete_some(db, w, err);
}

static void gone_with_the_workspace(void **state)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	struct account_value value = { .name = STR("page_id"), .value = STR("ours") };
	struct fields ours = { w, account_id, &value, 1 };
	struct error err = { 0 };

	(void)state;
	check_is(ensure_three(&err), 1, &err);
	check_ok(store_write(store, run_set, &ours, &err), &err);
	check_ok(store_write(store, run_close, NULL, &err), &err);
	check_ok(store_write(store, run_piece, NULL, &err), &err);
	check_ok(db_prepare(reader, &st, "SELECT (SELECT count(*) FROM instagram_accounts) + (SELECT count(*) FROM accounts)"
					 " + (SELECT count(*) FROM workspaces)", &err), &err);
	check_is(stmt_step(&st, &err), 1, &err);
	assert_int_equal(next_i64(&st), 0);
}

/* Half a table is none. */
static void every_statement_fails(void **state)
{
	struct account_column many[20];
	char names[20][16];
	struct error err = { 0 };
	int r = -1, at = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "c%d", i);
		many[i] = (struct account_column){ .name = str_of(names[i]), .max_bytes = 10 };
	}
	check_is(ensure(STR("instagram"), STR("instagram_accounts"), many, 2, &err), 1, &err);
	while (r < 0) {
		countdown = ++at;
		engine_fault = fail_at;
		r = ensure(STR("instagram"), STR("instagram_accounts"), many, 20, &err);
		engine_fault = NULL;
		check_is(store_account_table_has(reader, STR("instagram_accounts"), &many[2], 1, &err), r > 0, &err);
	}
	if (!test_database_is_shared())		/* there one statement adds all columns, and asks for no fault */
		assert_true(at > 18);
	check_is(store_account_table_has(reader, STR("instagram_accounts"), many, 20, &err), 1, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(made_and_grown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bad_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(written_and_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_one_workspace, set_up, tear_down),
		cmocka_unit_test_setup_teardown(gone_with_the_workspace, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_statement_fails, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
