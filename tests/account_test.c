/* Accounts: what a form may hold, that secrets are sealed and never shown, and whom a webhook means. */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "database.h"
#include "fault.h"
#include "folder.h"
#include "inbox/account.h"
#include "inbox/directory.h"
#include "store/engine.h"
#include "store/workspace.h"

/* ---- a channel ---- */

enum { CLOUD = 1, SELF = 2 };

#define FIELD(name_, label_, max_, backends_, flags_) \
	{ .size = sizeof(struct trixy_field), .flags = (flags_), .max_bytes = (max_), .backends = (backends_), .name = TRIXY_TEXT(name_), \
	  .label = TRIXY_TEXT(label_) }

static const struct trixy_field fields[] = {
	FIELD("shop_name", "Shop Name", 60, CLOUD | SELF, TRIXY_FIELD_NAME),
	FIELD("user_id", "User ID", 20, CLOUD | SELF, TRIXY_FIELD_REQUIRED | TRIXY_FIELD_KEY | TRIXY_FIELD_DIGITS),
	FIELD("username", "Username", 60, CLOUD | SELF, TRIXY_FIELD_HANDLE),
	FIELD("token", "Access Token", 200, CLOUD, TRIXY_FIELD_REQUIRED | TRIXY_FIELD_SECRET),
	FIELD("app_secret", "App Secret", 64, CLOUD | SELF, TRIXY_FIELD_REQUIRED | TRIXY_FIELD_SECRET | TRIXY_FIELD_SIGNS),
	FIELD("verify_token", "Verify Token", 64, SELF, TRIXY_FIELD_VERIFY),
};
static const struct trixy_field more_fields[] = {
	FIELD("user_id", "User ID", 20, CLOUD | SELF, TRIXY_FIELD_REQUIRED | TRIXY_FIELD_KEY | TRIXY_FIELD_DIGITS),
	FIELD("app_secret", "App Secret", 64, CLOUD | SELF, TRIXY_FIELD_REQUIRED | TRIXY_FIELD_SECRET | TRIXY_FIELD_SIGNS),
	FIELD("region", "Region", 20, CLOUD, 0),
};
static const struct trixy_backend backends[] = {
	{ .size = sizeof(struct trixy_backend), .slug = TRIXY_TEXT("cloud"), .name = TRIXY_TEXT("Cloud"), .base_url = TRIXY_TEXT("https://cloud.example") },
	{ .size = sizeof(struct trixy_backend), .slug = TRIXY_TEXT("self"), .name = TRIXY_TEXT("Self"), .base_url = TRIXY_TEXT("https://self.example") },
};

static int32_t no_webhook(struct trixy_text b, struct trixy_memory *m, const struct trixy_sink *s)
{ (void)b; (void)m; (void)s; return 0; }
static int32_t no_draft(const struct trixy_account *a, const struct trixy_draft *d, struct trixy_memory *m, struct trixy_request *r)
{ (void)a; (void)d; (void)m; (void)r; return 0; }
static int32_t no_answer(const struct trixy_account *a, const struct trixy_answer *w, struct trixy_memory *m, struct trixy_outcome *r)
{ (void)a; (void)w; (void)m; (void)r; return 0; }
static int32_t no_ask(const struct trixy_account *a, struct trixy_text k, struct trixy_memory *m, struct trixy_request *r)
{ (void)a; (void)k; (void)m; (void)r; return 0; }
static int32_t no_profile(const struct trixy_account *a, const struct trixy_answer *w, struct trixy_memory *m, struct trixy_profile *r)
{ (void)a; (void)w; (void)m; (void)r; return 0; }
static int32_t no_check(const struct trixy_account *a, uint32_t s, struct trixy_text c, struct trixy_memory *m, struct trixy_request *r)
{ (void)a; (void)s; (void)c; (void)m; (void)r; return TRIXY_END; }
static int32_t no_finding(const struct trixy_account *a, uint32_t s, struct trixy_text c, const struct trixy_answer *w, struct trixy_memory *m,
			  struct trixy_finding *r)
{ (void)a; (void)s; (void)c; (void)w; (void)m; (void)r; return 0; }

#define CHANNEL(fields_) { \
	.size = sizeof(struct trixy_channel), .text_unit = TRIXY_UNIT_BYTES, .text_max = 1000, .slug = TRIXY_TEXT("shop-chat"), \
	.name = TRIXY_TEXT("Shop Chat"), .webhook_path = TRIXY_TEXT("/addons/shop-chat/webhook"), \
	.account_table = TRIXY_TEXT("shop_chat_accounts"), .api_version = TRIXY_TEXT("v1"), .backend_count = 2, .backends = backends, \
	.field_count = sizeof(fields_) / sizeof(fields_[0]), .fields = fields_, .read_webhook = no_webhook, .compose = no_draft, \
	.read_answer = no_answer, .profile_request = no_ask, .profile_answer = no_profile, .check_request = no_check, \
	.check_answer = no_finding }
static const struct trixy_channel channel = CHANNEL(fields), newer_channel = CHANNEL(more_fields);

#define SLUG STR("shop-chat")

/* ---- an instance ---- */

static struct folder folder;
static struct str database;
static struct config config;
static struct instance inbox;
static struct db *db;
static struct error err;
static struct arena arena;
static struct account_faults faults;
static struct workspace_id ours, theirs;
static int woken;

static void wake(void *arg)
{
	++*(int *)arg;
}

static int add_workspaces(struct db *writer, void *arg, struct error *e)
{
	int r = store_workspace_add(writer, STR("Ours"), 1, &ours, e);

	(void)arg;
	return r < 0 ? r : store_workspace_add(writer, STR("Theirs"), 1, &theirs, e);
}

static int set_up(void **state)
{
	struct store_options options = { .data_dir = folder_new(&folder) };

	(void)state;
	woken = 0;
	inbox = (struct instance){ .config = &config, .wake_work = wake, .wake_arg = &woken };
	check_ok(crypto_init(&err), &err);
	crypto_random(inbox.seal_key.bytes, sizeof(inbox.seal_key.bytes));
	inbox.seal_key.generation = 1;
	check_ok(channels_new(&inbox.channels, &err), &err);
	check_ok(channels_add(inbox.channels, &channel, &err), &err);
	check_ok(directory_new(&inbox.directory, &err), &err);
	options.database = database = test_database(&arena, options.data_dir);
	check_ok(store_open(&options, &inbox.store, &err), &err);
	check_ok(store_reader_new(inbox.store, &db, &err), &err);
	check_ok(store_write(inbox.store, add_workspaces, NULL, &err), &err);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	engine_fault = NULL;
	store_reader_free(db);
	store_close(inbox.store);
	test_database_drop(database);
	directory_free(inbox.directory);
	channels_free(inbox.channels);
	arena_done(&arena);
	folder_done(&folder);
	return 0;
}

#define TOKEN "EAAG-token-0123456789-9f2c"
#define SECRET "0123456789abcdef0123456789abcdef"

static int connect_full(struct workspace_id w, const char *user_id, const char *secret, int64_t *ret_id)
{
	const struct account_pair pairs[] = {
		{ STR("user_id"), str_of(user_id) }, { STR("shop_name"), STR("  Acme Shop\n") }, { STR("username"), STR(" @acme ") },
		{ STR("token"), STR("\t" TOKEN "\xc2\xa0\n") }, { STR("app_secret"), str_of(secret) }, { STR("no_such_field"), STR("x") },
	};

	return account_connect(&inbox, w, SLUG, STR("cloud"), pairs, 6, &arena, ret_id, &faults, &err);
}

static int64_t connect_one(struct workspace_id w, const char *user_id)
{
	int64_t id = 0;

	check_ok(connect_full(w, user_id, SECRET, &id), &err);
	return id;
}

static struct account get(struct workspace_id w, int64_t id)
{
	struct account a = { 0 };

	check_ok(account_get(db, w, id, &arena, &a, &err), &err);
	return a;
}

static struct str shown(const struct account *a, const char *name)
{
	struct account_pair *pairs;
	size_t count;

	check_ok(account_shown_fields(&inbox, db, a, &arena, &pairs, &count, &err), &err);
	for (size_t i = 0; i < count; i++)
		if (str_eq_c(pairs[i].name, name))
			return pairs[i].value;
	return STR_NONE;
}

static struct str opened(const struct account *a, const char *name)
{
	const struct trixy_channel *c;
	struct trixy_account open;

	check_ok(account_open(&inbox, db, a, &arena, &open, &c, &err), &err);
	for (uint32_t i = 0; i < open.pair_count; i++)
		if (str_eq_c(str_from_trixy(open.pairs[i].name), name))
			return str_from_trixy(open.pairs[i].value);
	return STR_NONE;
}

static bool in_database(const char *needle)
{
	SCOPED(stmt_done) struct stmt st = { 0 };

	check_ok(db_prepare(db, &st, "SELECT count(*) FROM shop_chat_accounts s, accounts a WHERE instr(s.token, ?) > 0"
				     " OR instr(s.app_secret, ?) > 0 OR instr(a.verify_token, ?) > 0", &err), &err);
	for (int k = 0; k < 3; k++)
		bind_blob(&st, str_of(needle));
	check_is(stmt_step(&st, &err), 1, &err);
	return next_i64(&st) > 0;
}

static struct str signature_of(const char *secret, struct str body)
{
	unsigned char sum[SHA256_BYTES];
	struct hmac *h;

	check_ok(hmac_new(str_of(secret), &h, &err), &err);
	check_ok(hmac_sha256(h, body, sum, &err), &err);
	hmac_free(h);
	struct str hex = crypto_hex(&arena, sum, sizeof(sum));

	return arena_printf(&arena, "sha256=%.*s", STR_ARG(hex));
}

static bool verifies(const char *key, const char *secret)
{
	struct str body = STR("{\"object\":\"shop\"}");

	return directory_verify(inbox.directory, SLUG, str_of(key), body, signature_of(secret, body)) == 1;
}

/* ---- connecting ---- */

static void connected(void **state)
{
	int64_t id = connect_one(ours, " 17841 ");
	struct account a = get(ours, id), none;
	struct str token;

	(void)state;
	check_str(a.external_key, "17841");
	check_str(a.name, "Acme Shop");
	check_str(a.handle, "acme");
	check_str(a.backend, "cloud");
	check_str(a.channel, "shop-chat");
	assert_int_equal(a.status, ACCOUNT_CONNECTED);
	assert_true(a.connected_at > 0);
	check_is(account_get(db, theirs, id, &arena, &none, &err), ERR_NOTFOUND, &err);
	/* Shown: the last four of a secret, no more. */
	check_str(shown(&a, "token"), "•••• 9f2c");
	check_str(shown(&a, "app_secret"), "•••• cdef");
	check_str(shown(&a, "user_id"), "17841");
	assert_null(shown(&a, "verify_token").p);	/* not a field of this backend */
	/* Opened: as it was pasted, without the white space. */
	check_str(opened(&a, "token"), TOKEN);
	check_str(opened(&a, "app_secret"), SECRET);
	check_ok(account_verify_token(&inbox, db, &a, &arena, &token, &err), &err);
	assert_true(token.len >= 32);
	assert_false(in_database(TOKEN));
	assert_false(in_database("9f2c"));
	assert_false(in_database(SECRET));
	assert_false(in_database(token.p));
	assert_int_equal(woken, 1);
}

static void account_for_a_call(void **state)
{
	int64_t id = connect_one(ours, "17841");
	struct account a = get(ours, id);
	const struct trixy_channel *c;
	struct trixy_account open;

	(void)state;
	check_ok(account_open(&inbox, db, &a, &arena, &open, &c, &err), &err);
	assert_ptr_equal(c, &channel);
	check_str(str_from_trixy(open.base_url), "https://cloud.example");
	check_str(str_from_trixy(open.api_version), "v1");
	check_str(str_from_trixy(open.backend), "cloud");
	check_str(str_from_trixy(open.key), "17841");
	config.graph_version = STR("v9");
	check_ok(account_open(&inbox, db, &a, &arena, &open, &c, &err), &err);
	check_str(str_from_trixy(open.api_version), "v9");
	config.graph_version = STR_NONE;
	channels_remove(inbox.channels, SLUG);
	check_is(account_open(&inbox, db, &a, &arena, &open, &c, &err), ERR_STATE, &err);
}

static struct str fault_of(const char *field)
{
	for (size_t i = 0; i < faults.count; i++)
		if (str_eq_c(faults.fault[i].field, field))
			return faults.fault[i].message;
	return STR_NONE;
}

static void faulty_forms(void **state)
{
	struct str long_text = arena_printf(&arena, "%0300d", 1);
	const struct account_pair pairs[] = {
		{ STR("user_id"), STR("17841a") }, { STR("shop_name"), STR("two\nlines") }, { STR("token"), long_text }, { STR("app_secret"), STR(" \t") },
		{ STR("username"), STR("\xff") },
	};
	int64_t id;

	(void)state;
	check_is(account_connect(&inbox, ours, SLUG, STR("cloud"), pairs, 5, &arena, &id, &faults, &err), ERR_INVALID, &err);
	assert_int_equal(faults.count, 5);
	assert_non_null(strstr(fault_of("user_id").p, "digits"));
	assert_non_null(strstr(fault_of("shop_name").p, "line break"));
	assert_non_null(strstr(fault_of("token").p, "at most 200"));
	assert_null(strstr(fault_of("token").p, "0000"));	/* a fault does not repeat the value */
	check_str(fault_of("app_secret"), "App Secret is missing");
	assert_non_null(fault_of("username").p);
	check_is(account_connect(&inbox, ours, STR("nothing"), STR("cloud"), pairs, 5, &arena, &id, &faults, &err), ERR_INVALID, &err);
	assert_non_null(fault_of("channel").p);
	check_is(account_connect(&inbox, ours, SLUG, STR("nothing"), pairs, 5, &arena, &id, &faults, &err), ERR_INVALID, &err);
	assert_non_null(fault_of("backend").p);
	check_is(account_connect(&inbox, ours, SLUG, STR("cloud"), NULL, 0, &arena, &id, &faults, &err), ERR_INVALID, &err);
	assert_int_equal(faults.count, 3);	/* user_id, token, app_secret */
	check_is(account_connect(&inbox, ours, SLUG, STR("self"), NULL, 0, &arena, &id, &faults, &err), ERR_INVALID, &err);
	assert_int_equal(faults.count, 2);	/* a token is not asked for there */
}

static void only_once(void **state)
{
	int64_t id = connect_one(ours, "17841"), other;
	struct account *list;
	size_t count;

	(void)state;
	check_is(connect_full(ours, "17841", SECRET, &other), ERR_EXISTS, &err);
	check_is(connect_full(theirs, "17841", SECRET, &other), ERR_EXISTS, &err);
	assert_null(strstr(err.text, "Ours"));
	check_ok(account_list(db, theirs, &arena, &list, &count, &err), &err);
	assert_int_equal(count, 0);
	other = connect_one(theirs, "17842");
	/* Nor by changing it to that. */
	const struct account_pair pair = { STR("user_id"), STR("17841") };

	check_is(account_update(&inbox, theirs, other, &pair, 1, &arena, &faults, &err), ERR_EXISTS, &err);
	check_str(get(theirs, other).external_key, "17842");
	assert_int_equal(get(ours, id).id, id);
}

static void chosen_verify_token(void **state)
{
	const struct account_pair pairs[] = { { STR("user_id"), STR("1") }, { STR("app_secret"), STR("short") }, { STR("verify_token"), STR("my own choice") } };
	const struct account_pair other = { STR("verify_token"), STR("another choice") };
	struct str token;
	int64_t id;

	(void)state;
	check_ok(account_connect(&inbox, ours, SLUG, STR("self"), pairs, 3, &arena, &id, &faults, &err), &err);
	struct account a = get(ours, id);

	check_ok(account_verify_token(&inbox, db, &a, &arena, &token, &err), &err);
	check_str(token, "my own choice");
	check_str(shown(&a, "verify_token"), "•••• oice");
	check_str(shown(&a, "app_secret"), "••••");	/* too short to show a part of it */
	check_str(a.name, "1");			/* no name, no handle */
	assert_int_equal(directory_verify_token(inbox.directory, SLUG, STR("my own choice"), NULL, 0), 1);
	check_ok(account_update(&inbox, ours, id, &other, 1, &arena, &faults, &err), &err);
	assert_int_equal(directory_verify_token(inbox.directory, SLUG, STR("my own choice"), NULL, 0), 0);
	assert_int_equal(directory_verify_token(inbox.directory, SLUG, STR("another choice"), NULL, 0), 1);
}

/* ---- changing ---- */

static int run_reconnect(struct db *writer, void *arg, struct error *e)
{
	return account_set_status(writer, ours, *(int64_t *)arg, ACCOUNT_RECONNECT_NEEDED, STR("The token has expired."), e);
}

static void updated(void **state)
{
	int64_t id = connect_one(ours, "17841");
	const struct account_pair pairs[] = { { STR("token"), STR("") }, { STR("app_secret"), STR("fedcba9876543210fedcba9876543210") },
					      { STR("shop_name"), STR("") } };
	struct account a;
	struct str before, after;

	(void)state;
	a = get(ours, id);
	check_ok(account_verify_token(&inbox, db, &a, &arena, &before, &err), &err);
	check_ok(store_write(inbox.store, run_reconnect, &id, &err), &err);
	a = get(ours, id);
	assert_int_equal(a.status, ACCOUNT_RECONNECT_NEEDED);
	check_str(a.status_reason, "The token has expired.");
	assert_true(verifies("17841", SECRET));		/* its webhooks still come in */
	check_ok(account_update(&inbox, ours, id, pairs, 3, &arena, &faults, &err), &err);
	a = get(ours, id);
	assert_int_equal(a.status, ACCOUNT_CONNECTED);
	assert_null(a.status_reason.p);
	check_str(opened(&a, "token"), TOKEN);		/* an empty secret keeps the old one */
	check_str(opened(&a, "app_secret"), "fedcba9876543210fedcba9876543210");
	check_str(a.name, "acme");			/* the name was emptied: the handle stands in */
	check_str(shown(&a, "shop_name"), "");
	check_str(shown(&a, "username"), "acme");	/* absent: kept */
	check_ok(account_verify_token(&inbox, db, &a, &arena, &after, &err), &err);
	assert_true(str_eq(before, after));
	assert_true(verifies("17841", "fedcba9876543210fedcba9876543210"));
	assert_false(verifies("17841", SECRET));
	assert_int_equal(woken, 2);
	const struct account_pair bad[] = { { STR("user_id"), STR("") }, { STR("username"), STR("a\x01") } };

	check_is(account_update(&inbox, ours, id, bad, 2, &arena, &faults, &err), ERR_INVALID, &err);
	assert_int_equal(faults.count, 2);
	check_is(account_update(&inbox, theirs, id, pairs, 3, &arena, &faults, &err), ERR_NOTFOUND, &err);
	check_ok(account_update(&inbox, ours, id, NULL, 0, &arena, &faults, &err), &err);
}

/* A newer version of the channel has a field that the table lacks. */
static void upgraded(void **state)
{
	int64_t id = connect_one(ours, "17841");
	const struct account_pair pair = { STR("region"), STR("eu") };
	struct account a = get(ours, id);

	(void)state;
	check_ok(channels_swap(inbox.channels, &newer_channel, &err), &err);
	check_str(shown(&a, "region"), "");
	assert_null(opened(&a, "region").p);
	check_ok(account_update(&inbox, ours, id, &pair, 1, &arena, &faults, &err), &err);
	check_str(shown(&a, "region"), "eu");
	check_str(opened(&a, "region"), "eu");
	check_str(opened(&a, "app_secret"), SECRET);
}

static void disconnected(void **state)
{
	int64_t id = connect_one(ours, "17841"), again;
	struct account none, *list;
	struct str old, new;
	struct account a = get(ours, id);
	size_t count;

	(void)state;
	check_ok(account_verify_token(&inbox, db, &a, &arena, &old, &err), &err);
	check_is(account_disconnect(&inbox, theirs, id, &err), ERR_NOTFOUND, &err);
	check_ok(account_disconnect(&inbox, ours, id, &err), &err);
	check_is(account_get(db, ours, id, &arena, &none, &err), ERR_NOTFOUND, &err);
	check_is(account_disconnect(&inbox, ours, id, &err), ERR_NOTFOUND, &err);
	check_ok(account_list(db, ours, &arena, &list, &count, &err), &err);
	assert_int_equal(count, 0);
	assert_false(verifies("17841", SECRET));
	assert_int_equal(directory_verify_token(inbox.directory, SLUG, old, NULL, 0), 0);
	SCOPED(stmt_done) struct stmt st = { 0 };

	check_ok(db_prepare(db, &st, "SELECT (SELECT count(*) FROM shop_chat_accounts), length(verify_token) FROM accounts", &err), &err);
	check_is(stmt_step(&st, &err), 1, &err);
	assert_int_equal(next_i64(&st), 0);
	assert_int_equal(next_i64(&st), 0);
	stmt_done(&st);
	/* Connected again it is the same account, so that its conversations go on; with a new verify token. */
	again = connect_one(ours, "17841");
	assert_int_equal(again, id);
	a = get(ours, id);
	check_ok(account_verify_token(&inbox, db, &a, &arena, &new, &err), &err);
	assert_false(str_eq(old, new));
	/* In another workspace it is another one. */
	check_ok(account_disconnect(&inbox, ours, id, &err), &err);
	again = connect_one(theirs, "17841");
	assert_true(again != id);
	check_is(connect_full(ours, "17841", SECRET, &again), ERR_EXISTS, &err);
	struct account_connected *all;

	check_ok(account_list_of_channel(db, SLUG, &arena, &all, &count, &err), &err);
	assert_int_equal(count, 1);
	check_str(all[0].workspace_name, "Theirs");
}

/* The Nth statement fails, for every N: connected with all it needs, or not at all. */
static void half_connected(void **state)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = -1, at = 0;
	int64_t id = connect_one(ours, "1");	/* the table is there */

	(void)state;
	check_ok(account_disconnect(&inbox, ours, id, &err), &err);
	while (r < 0) {
		countdown = ++at;
		engine_fault = fail_at;
		r = connect_full(ours, "17841", SECRET, &id);
		engine_fault = NULL;
		check_ok(db_prepare(db, &st, "SELECT (SELECT count(*) FROM accounts WHERE status = 1),"
					     " (SELECT count(*) FROM shop_chat_accounts WHERE app_secret IS NOT NULL AND token IS NOT NULL)", &err), &err);
		check_is(stmt_step(&st, &err), 1, &err);
		assert_int_equal(next_i64(&st), r == 0);
		assert_int_equal(next_i64(&st), r == 0);
		stmt_done(&st);
		assert_true(at < 100);
	}
	assert_true(at > 2 || test_database_is_shared());	/* the table is looked at, the transaction begun; what fails in there is tried again */
}

static int move_secret(struct db *writer, void *arg, struct error *e)
{
	SCOPED(stmt_done) struct stmt read = { 0 };
	SCOPED(stmt_done) struct stmt put = { 0 };
	int r;

	(void)arg;
	if ((r = db_prepare(writer, &read, "SELECT app_secret FROM shop_chat_accounts ORDER BY account_id LIMIT 1", e)) < 0 ||
	    (r = stmt_step(&read, e)) < 0 || (r = db_prepare(writer, &put, "UPDATE shop_chat_accounts SET app_secret = ?", e)) < 0)
		return r;
	bind_blob(&put, next_blob(&read));
	return stmt_step(&put, e);
}

static void moved_secret(void **state)
{
	int64_t a = connect_one(ours, "1"), b = 0;
	struct account account;
	const struct trixy_channel *c;
	struct trixy_account open;

	(void)state;
	check_ok(connect_full(theirs, "2", "another secret altogether", &b), &err);
	check_ok(store_write(inbox.store, move_secret, NULL, &err), &err);
	account = get(ours, a);
	check_ok(account_open(&inbox, db, &account, &arena, &open, &c, &err), &err);
	account = get(theirs, b);
	check_is(account_open(&inbox, db, &account, &arena, &open, &c, &err), ERR_DENIED, &err);
	check_str(shown(&account, "app_secret"), "••••");
	check_ok(directory_load(&inbox, &err), &err);
	assert_true(verifies("1", SECRET));
	assert_false(verifies("2", SECRET));
	assert_false(verifies("2", "another secret altogether"));
}

/* ---- webhooks ---- */

static void whom_it_means(void **state)
{
	int64_t a = connect_one(ours, "1"), b = 0;
	struct directory_account found;
	struct str body = STR("{}"), good;

	(void)state;
	check_ok(connect_full(theirs, "2", "another secret altogether", &b), &err);
	assert_int_equal(directory_find(inbox.directory, SLUG, STR("1"), &found), 1);
	assert_int_equal(found.account_id, a);
	assert_int_equal(found.workspace.v, ours.v);
	assert_int_equal(directory_find(inbox.directory, SLUG, STR("2"), &found), 1);
	assert_int_equal(found.workspace.v, theirs.v);
	assert_int_equal(directory_find(inbox.directory, SLUG, STR("3"), &found), 0);
	assert_int_equal(directory_find(inbox.directory, SLUG, STR(""), &found), 0);
	assert_int_equal(directory_find(inbox.directory, SLUG, STR_NONE, &found), 0);
	assert_int_equal(directory_find(inbox.directory, STR("email"), STR("1"), &found), 0);

	assert_true(verifies("1", SECRET) && verifies("2", "another secret altogether"));
	assert_false(verifies("2", SECRET));	/* one tenant's secret does not sign for another */
	assert_false(verifies("3", SECRET));
	good = signature_of(SECRET, body);
	assert_int_equal(directory_verify(inbox.directory, SLUG, STR("1"), body, good), 1);
	assert_int_equal(directory_verify(inbox.directory, SLUG, STR("1"), STR("{} "), good), 0);
	assert_int_equal(directory_verify(inbox.directory, SLUG, STR("1"), body, STR_NONE), 0);
	assert_int_equal(directory_verify(inbox.directory, SLUG, STR("1"), body, STR("sha256=")), 0);
	assert_int_equal(directory_verify(inbox.directory, SLUG, STR("1"), body, str_cut(good, 0, good.len - 1)), 0);
	assert_int_equal(directory_verify(inbox.directory, SLUG, STR("1"), body, arena_printf(&arena, "%s0", good.p)), 0);
	assert_int_equal(directory_verify(inbox.directory, SLUG, STR("1"), body, arena_printf(&arena, "sha1=%s", good.p + 7)), 0);
	assert_int_equal(directory_verify_any(inbox.directory, SLUG, body, good), 1);
	assert_int_equal(directory_verify_any(inbox.directory, SLUG, body, signature_of("another secret altogether", body)), 1);
	assert_int_equal(directory_verify_any(inbox.directory, SLUG, body, signature_of("", body)), 0);
	assert_int_equal(directory_verify_any(inbox.directory, STR("email"), body, good), 0);
	assert_int_equal(directory_verify_token(inbox.directory, SLUG, STR(""), NULL, 0), 0);
	assert_int_equal(directory_verify_token(inbox.directory, SLUG, STR_NONE, NULL, 0), 0);
}

/* More accounts than a thread keeps keys for. */
static void many_accounts(void **state)
{
	char id[20], secret[40];
	const int many = 300;

	(void)state;
	for (int64_t i = 0, got; i < many; i++) {
		(void)snprintf(id, sizeof(id), "%d", (int)i);
		(void)snprintf(secret, sizeof(secret), "secret number %d", (int)i / 2);
		check_ok(connect_full(ours, id, secret, &got), &err);
	}
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < many; i++) {
			(void)snprintf(id, sizeof(id), "%d", i);
			(void)snprintf(secret, sizeof(secret), "secret number %d", i / 2);
			assert_true(verifies(id, secret));
			assert_false(verifies(id, SECRET));
		}
	struct str body = STR("x");

	assert_int_equal(directory_verify_any(inbox.directory, SLUG, body, signature_of("secret number 19", body)), 1);
}

/* ---- readers while it changes ---- */

static atomic_bool stop;
static struct str shared_body, shared_signature;

static void *ask(void *arg)
{
	struct directory_account found;
	intptr_t wrong = 0;

	(void)arg;
	while (!stop) {
		wrong += directory_verify(inbox.directory, SLUG, STR("1"), shared_body, shared_signature) != 1;
		wrong += directory_find(inbox.directory, SLUG, STR("1"), &found) != 1;
		wrong += directory_verify(inbox.directory, SLUG, STR("2"), shared_body, shared_signature) == 1;
	}
	return (void *)wrong;
}

static void asked_while_changing(void **state)
{
	pthread_t thread[3];
	const struct account_pair pair = { STR("shop_name"), STR("Changed") };
	int64_t id;

	(void)state;
	(void)connect_one(ours, "1");
	check_ok(connect_full(theirs, "2", "another secret altogether", &id), &err);
	shared_body = STR("body");
	shared_signature = signature_of(SECRET, shared_body);
	stop = false;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, ask, NULL), 0);
	for (int i = 0; i < 40; i++)
		check_ok(account_update(&inbox, theirs, id, &pair, 1, &arena, &faults, &err), &err);
	stop = true;
	for (int i = 0; i < 3; i++) {
		void *wrong;

		assert_int_equal(pthread_join(thread[i], &wrong), 0);
		assert_null(wrong);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(connected), TEST(account_for_a_call), TEST(faulty_forms), TEST(only_once), TEST(chosen_verify_token), TEST(updated),
		TEST(upgraded), TEST(disconnected), TEST(half_connected), TEST(moved_secret), TEST(whom_it_means), TEST(many_accounts),
		TEST(asked_while_changing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
