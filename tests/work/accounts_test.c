/* What is done for accounts behind the user's back: subscriptions, dead tokens, "Check connection", customers' names; and what
 * keeps the house in order. No failure of it may hurt an account but the proof that its token is dead. */
#include "street.h"

#include <string.h>

#include "inbox/check.h"
#include "inbox/conversation.h"
#include "inbox/profile.h"
#include "inbox/search.h"
#include "store/workspace.h"

static bool was_asked(const void *arg)
{
	return street_asked(arg) > 0;
}

static void test_connected(void **state)
{
	(void)state;
	street_work();
	street_until(was_asked, "/subscribe/shop", "the first round");	/* its subscription stands, so its token does */
	int64_t other = street_account("other", "good");

	street_until(was_asked, "/app/app-7", "the checks of the new one");
	assert_int_equal(street_asked("/subscribe/shop"), 1);
	assert_int_equal(street_asked("/subscribe/other"), 1);
	assert_int_equal(street_asked("/me"), 1);
	struct account a = street_account_now(other);

	assert_true(a.status == ACCOUNT_CONNECTED && a.last_error.p == NULL);
}

static void test_dead_token(void **state)
{
	(void)state;
	street_refuse_token("bad");
	street_work();
	int64_t other = street_account("other", "bad");
	struct account a = street_account_becomes(other, ACCOUNT_RECONNECT_NEEDED);

	check_str(a.status_reason, "The token is dead.");
	assert_non_null(a.last_error.p);
	street_token(other, "good");
	street_until(was_asked, "/app/app-7", "the checks of the new token");
	a = street_account_now(other);
	assert_true(a.status == ACCOUNT_CONNECTED && a.last_error.p == NULL);
	assert_int_equal(street_account_now(street.account_id).status, ACCOUNT_CONNECTED);
}

/* The token is saved while the old one is being looked at. */
static void test_token_saved_meanwhile(void **state)
{
	(void)state;
	street_refuse_token("bad");
	street_refuse_slowly();
	street_work();
	int64_t other = street_account("other", "bad");

	assert_true(street_waits(1));
	street_token(other, "good");
	street_release();
	street_until(was_asked, "/app/app-7", "the checks of the new token");
	struct account a = street_account_now(other);

	assert_true(a.status == ACCOUNT_CONNECTED && a.last_error.p == NULL);
}

/* The channel's own findings come first, three of them; then what this server knows. */
static struct check_finding *check(struct workspace_id w, int64_t account_id, size_t *ret_count, int expected)
{
	struct check_finding *list = NULL;
	struct error err = { 0 };

	*ret_count = 0;
	int r = street.i.check_account(street.i.check_arg, w, account_id, &street.arena, &list, ret_count, &err);

	check_is(r, expected, &err);
	return list;
}

static void test_nobody_answers(void **state)
{
	size_t count;

	(void)state;
	street.config.graph_url = STR("http://127.0.0.1:1");
	street_work();
	int64_t other = street_account("other", "good");
	struct check_finding *f = check(street.w, other, &count, 0);

	assert_true(count >= 3);
	for (size_t k = 0; k < 3; k++)
		assert_int_equal(f[k].status, TRIXY_CHECK_SKIPPED);
	street_rest();
	assert_int_equal(street_account_now(other).status, ACCOUNT_CONNECTED);
	assert_int_equal(street_account_now(street.account_id).status, ACCOUNT_CONNECTED);
}

static void test_check(void **state)
{
	struct workspace_id nobodys = { 4711 };
	size_t count;

	(void)state;
	assert_null(street.i.check_account);
	street_work();
	struct check_finding *f = check(street.w, street.account_id, &count, 0);

	assert_true(count > 3);
	check_str(f[0].check, "Token");
	assert_int_equal(f[0].status, TRIXY_CHECK_OK);
	check_str(f[1].check, "App");
	assert_int_equal(f[1].status, TRIXY_CHECK_OK);
	check_str(f[1].explanation, "Looked at.");
	check_str(f[2].check, "More");
	assert_int_equal(f[2].status, TRIXY_CHECK_SKIPPED);
	for (size_t k = 0; k < count; k++)
		assert_true(f[k].check.len > 0 && f[k].explanation.len > 0);
	assert_true(street_asked("/app/app-7") >= 1);
	(void)check(nobodys, street.account_id, &count, ERR_NOTFOUND);
	(void)check(street.w, 4711, &count, ERR_NOTFOUND);
	channels_remove(street.i.channels, STR(SLUG));
	(void)check(street.w, street.account_id, &count, ERR_STATE);
	street_rest();
	assert_null(street.i.check_account);
}

/* A dead token: the later steps have nothing to go by, and say so. */
static void test_check_of_dead_token(void **state)
{
	size_t count;

	(void)state;
	street_work();
	street_refuse_token("good");
	struct check_finding *f = check(street.w, street.account_id, &count, 0);

	assert_true(count >= 3);
	assert_int_equal(f[0].status, TRIXY_CHECK_FAILED);
	assert_int_equal(f[1].status, TRIXY_CHECK_SKIPPED);
}

static bool has_name(const void *arg)
{
	struct conversation c = { 0 };
	struct error err = { 0 };

	check_ok(conversation_get(&street.i, street.reader, street.w, *(const int64_t *)arg, &street.arena, &c, &err), &err);
	return str_eq_c(c.contact_name, "Cleo");
}

static void test_names(void **state)
{
	(void)state;
	street_profile_status(200);
	street_work();
	for (int k = 0; k < 3; k++) {
		int64_t c = street_meet(street.account_id, k == 0 ? "ada" : k == 1 ? "ben" : "cleo");

		street_until(has_name, &c, "the name");
	}
	assert_int_equal(street_asked("/profile/"), 3);
}

/* When the identity's profile is due within `hours`. */
static size_t due_within(int64_t hours)
{
	struct profile_item items[4];
	struct error err = { 0 };
	int64_t next_ms;
	size_t count;

	int64_t now = clock_now_ms() + hours * HOUR_MS;

	check_ok(profile_due(&street.i, street.reader, now, &street.arena, items, 4, &count, &next_ms, &err), &err);
	return count;
}

static bool nothing_due(const void *arg)
{
	(void)arg;
	return due_within(0) == 0;
}

/* A name that is not to be had, and one that is not to be had just now: the conversation goes on. */
static void test_no_names(void **state)
{
	(void)state;
	street_profile_status(404);
	int64_t c = street_meet(street.account_id, "ada");

	street_work();
	street_until(nothing_due, NULL, "the profile is stored");
	assert_int_equal(due_within(24), 0);
	(void)street_becomes(c, street_reply(c, "hello"), MESSAGE_SENT);
	street_profile_status(500);
	c = street_meet(street.account_id, "ben");
	(void)street_becomes(c, street_reply(c, "hello"), MESSAGE_SENT);
	street_until(nothing_due, NULL, "the profile is put off");
	assert_int_equal(due_within(24), 1);
}

static bool all_indexed(const void *arg)
{
	struct error err = { 0 };
	int64_t lag;

	(void)arg;
	check_ok(search_lag(street.reader, &lag, &err), &err);
	return lag == 0;
}

static void test_search(void **state)
{
	struct conversation_query query = { .q = STR("needle"), .limit = 10 };
	struct conversation *found;
	struct str cursor;
	struct error err = { 0 };
	size_t count;

	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada");

	(void)street_becomes(c, street_reply(c, "a needle"), MESSAGE_SENT);
	street_until(all_indexed, NULL, "the index");
	check_ok(conversation_list(&street.i, street.reader, street.w, &query, &street.arena, &found, &count, &cursor, &err), &err);
	assert_int_equal(count, 1);
	assert_true(found[0].id == c);
}

static int add_memberless(struct db *db, void *arg, struct error *err)
{
	return store_workspace_add(db, STR("Deleted"), 1, arg, err);
}

static bool swept(const void *arg)
{
	struct workspace_id w;
	struct error err = { 0 };
	int r = store_workspace_closed(street.reader, &w, &err);

	(void)arg;
	if (r < 0)
		check_failed("%s", err.text);
	return r == 0;
}

static void test_sweep(void **state)
{
	struct workspace_id deleted;
	struct error err = { 0 };

	(void)state;
	check_ok(store_write(street.i.store, add_memberless, &deleted, &err), &err);
	assert_false(swept(NULL));
	street_work();
	street_until(swept, NULL, "the deleted workspace is swept away");
}

/* Starting and stopping at once, with everything just begun. */
static void test_start_and_stop(void **state)
{
	int slow = 0;

	(void)state;
	for (int k = 0; k < 10; k++) {
		int64_t begun = clock_mono_ms();

		street_work();
		street_rest();
		slow += clock_mono_ms() - begun > 5000;
	}
	assert_true(slow <= 1);		/* one may be the machine's */
	assert_int_equal(street_account_now(street.account_id).status, ACCOUNT_CONNECTED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, street_open, street_close)
	const struct CMUnitTest tests[] = {
		TEST(test_connected), TEST(test_dead_token), TEST(test_token_saved_meanwhile),
		TEST(test_nobody_answers), TEST(test_check), TEST(test_check_of_dead_token),
		TEST(test_names), TEST(test_no_names), TEST(test_search), TEST(test_sweep), TEST(test_start_and_stop),
	};

	return cmocka_run_group_tests_name("accounts at work", tests, NULL, NULL);
}
