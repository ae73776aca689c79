/* A webhook between the door and the store: who is addressed, whose secret signs, what the journal holds, and that a
 * redelivery writes nothing. */
#include "fixture.h"

#include "inbox/account.h"
#include "inbox/journal.h"
#include "inbox/webhook.h"
#include "store/engine.h"

static int64_t one, two;	/* accounts: "one" of our workspace, "two" of the other */

static int set_up(void **state)
{
	if (house_open(state) < 0)
		return -1;
	one = house_connect(house.w, "one", "secret-one");
	two = house_connect(house.other, "two", "secret-two");
	return 0;
}

static struct str sign(struct str body, const char *secret)
{
	SCOPED(buf_done) struct buf b = { 0 };
	unsigned char sum[SHA256_BYTES];
	struct hmac *h;

	if (secret == NULL)
		return STR_NONE;
	assert_int_equal(hmac_new(str_of(secret), &h, NULL), 0);
	assert_int_equal(hmac_sha256(h, body, sum, NULL), 0);
	hmac_free(h);
	buf_add(&b, STR("sha256="));
	buf_add_hex(&b, sum, sizeof(sum));
	return arena_copy(&house.arena, buf_str(&b));
}

/* As the door does: read, and store what has a unit. Returns the verdict. */
static int deliver(const char *body, const char *secret)
{
	struct webhook *w = NULL;
	struct error err = { 0 };
	int verdict = webhook_read(&house.i, &fake_channel, str_of(body), sign(str_of(body), secret), &w, &err);

	if (verdict >= 0 && (verdict == WEBHOOK_STORE || webhook_has_unit(w)))
		check_ok(store_write(house.i.store, webhook_store, w, &err), &err);
	webhook_free(w);
	return verdict;
}

static int64_t number(const char *what)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	struct error err = { 0 };

	check_ok(db_prepare_built(house.reader, &st, str_of(what), &err), &err);
	check_is(stmt_step(&st, &err), 1, &err);
	return next_i64(&st);
}

/* Everything that a delivery may write. */
static int64_t rows(void)
{
	return number("SELECT (SELECT COUNT(*) FROM messages) + (SELECT COUNT(*) FROM conversations) + (SELECT COUNT(*) FROM changes)"
		      " + (SELECT COUNT(*) FROM webhook_bodies) + (SELECT COUNT(*) FROM webhook_events)");
}

static struct journal_event newest(struct workspace_id w, size_t expected_count)
{
	struct journal_event *list;
	struct error err = { 0 };
	struct str cursor;
	size_t count;

	check_ok(journal_list(house.reader, w, 0, STR_NONE, 50, &house.arena, &list, &count, &cursor, &err), &err);
	assert_int_equal(count, expected_count);
	return count > 0 ? list[0] : (struct journal_event){ 0 };
}

static void a_signed_body_is_stored_once(void **state)
{
	static const char body[] = "one message ada m1 1000 hello\none message ada m2 2000 again";

	(void)state;
	assert_int_equal(deliver(body, "secret-one"), WEBHOOK_STORE);
	assert_int_equal(number("SELECT COUNT(*) FROM messages"), 2);
	assert_int_equal(newest(house.w, 1).state, JOURNAL_APPLIED);
	int64_t before = rows(), body_id = number("SELECT MAX(id) FROM webhook_bodies");

	assert_int_equal(deliver(body, "secret-one"), WEBHOOK_STORE);
	assert_int_equal(rows(), before);
	assert_int_equal(number("SELECT MAX(id) FROM webhook_bodies"), body_id);
	/* One new event among known ones is news. */
	assert_int_equal(deliver("one message ada m1 1000 hello\none message ada m3 3000 more", "secret-one"), WEBHOOK_STORE);
	(void)newest(house.w, 2);
}

static void a_wrong_signature_stores_nothing(void **state)
{
	static const char body[] = "one message ada m1 1000 hello";

	(void)state;
	assert_int_equal(deliver(body, "secret-two"), WEBHOOK_UNSIGNED);
	assert_int_equal(deliver(body, NULL), WEBHOOK_UNSIGNED);
	assert_int_equal(number("SELECT COUNT(*) FROM messages"), 0);
	/* Noted for the account's diagnosis, without the bytes, once a minute. */
	assert_int_equal(newest(house.w, 1).state, JOURNAL_REFUSED);
	assert_int_equal(newest(house.w, 1).account_id, one);
	assert_int_equal(number("SELECT SUM(length(body)) FROM webhook_bodies"), 0);
	(void)newest(house.other, 0);
}

static void each_account_verifies_for_itself(void **state)
{
	static const char body[] = "two message eve x1 1000 forged\none message ada m1 2000 real";

	(void)state;
	assert_int_equal(deliver(body, "secret-one"), WEBHOOK_STORE);
	assert_int_equal(number("SELECT COUNT(*) FROM messages"), 1);
	assert_int_equal(newest(house.w, 1).state, JOURNAL_APPLIED);
	assert_int_equal(newest(house.other, 1).state, JOURNAL_REFUSED);
	/* The refused one came first in the body; the bytes are kept for the one that was applied. */
	assert_int_equal(number("SELECT length(body) FROM webhook_bodies"), (int64_t)strlen(body));
	assert_int_equal(number("SELECT COUNT(*) FROM webhook_bodies"), 1);
}

static void an_account_that_is_not_here(void **state)
{
	(void)state;
	assert_int_equal(deliver("gone message ada m1 1000 hello", "secret-two"), WEBHOOK_STORE);
	assert_int_equal(number("SELECT COUNT(*) FROM webhook_events WHERE workspace_id IS NULL AND state = 2"), 1);
	assert_int_equal(deliver("gone message ada m1 1000 hello", "secret-two"), WEBHOOK_STORE);
	assert_int_equal(number("SELECT COUNT(*) FROM webhook_events"), 1);
	assert_int_equal(deliver("gone message ada m1 1000 hello", "whose"), WEBHOOK_UNSIGNED);
	assert_int_equal(number("SELECT COUNT(*) FROM webhook_events"), 1);
	assert_int_equal(number("SELECT COUNT(*) FROM conversations"), 0);
}

static void what_cannot_be_read(void **state)
{
	(void)state;
	assert_int_equal(deliver("not of this kind", "secret-one"), WEBHOOK_MALFORMED);
	assert_int_equal(deliver("not of this kind", "whose"), WEBHOOK_UNSIGNED);
	assert_int_equal(deliver("", NULL), WEBHOOK_UNSIGNED);
	(void)newest(house.w, 0);
}

static void a_bad_event_does_not_stop_the_others(void **state)
{
	static const char body[] = "one broken ada - 1000 x\none message ada m1 2000 good";

	(void)state;
	assert_int_equal(deliver(body, "secret-one"), WEBHOOK_STORE);
	assert_int_equal(number("SELECT COUNT(*) FROM messages"), 1);
	assert_int_equal(newest(house.w, 1).state, JOURNAL_FAILED);
	assert_non_null(strstr(newest(house.w, 1).reason.p, "names no message"));
	int64_t before = rows();

	assert_int_equal(deliver(body, "secret-one"), WEBHOOK_STORE);
	assert_int_equal(rows(), before);
}

static void what_is_ignored_is_noted_once(void **state)
{
	(void)state;
	assert_int_equal(deliver("one ignored", "secret-one"), WEBHOOK_STORE);
	check_str(newest(house.w, 1).reason, "of no use");
	assert_int_equal(deliver("one ignored", "secret-one"), WEBHOOK_STORE);
	(void)newest(house.w, 1);
	assert_int_equal(deliver("one test 12334 random_mid 1000 random_text", "secret-one"), WEBHOOK_STORE);
	assert_int_equal(newest(house.w, 2).state, JOURNAL_IGNORED);
	assert_int_equal(number("SELECT COUNT(*) FROM conversations"), 0);
	/* Beside something new it does not make a row of its own when it comes again. */
	assert_int_equal(deliver("one ignored\none message ada m1 1000 x", "secret-one"), WEBHOOK_STORE);
	int64_t before = rows();

	assert_int_equal(deliver("one ignored\none message ada m1 1000 x", "secret-one"), WEBHOOK_STORE);
	assert_int_equal(rows(), before);
}

static void a_replay_applies_again(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(deliver("one broken ada - 1000 x\ntwo message eve x1 1000 forged\none message ada m1 2000 good", "secret-one"), WEBHOOK_STORE);
	int64_t id = newest(house.w, 1).id;

	check_ok(webhook_replay(&house.i, house.w, id, &err), &err);
	assert_int_equal(number("SELECT COUNT(*) FROM messages"), 1);
	assert_int_equal(newest(house.w, 1).state, JOURNAL_FAILED);
	check_is(webhook_replay(&house.i, house.other, id, &err), ERR_NOTFOUND, &err);
	/* What was refused stays so: the body was never verified for that account. */
	check_is(webhook_replay(&house.i, house.other, newest(house.other, 1).id, &err), ERR_STATE, &err);
	assert_int_equal(number("SELECT COUNT(*) FROM messages"), 1);
}

static void too_much_in_one_body(void **state)
{
	SCOPED(buf_done) struct buf b = { 0 };

	(void)state;
	for (int k = 0; k < 1001; k++)
		buf_addf(&b, "shop%d message ada m%d 1000 x\n", k, k);
	assert_int_equal(deliver(b.p, "secret-one"), ERR_LIMIT);
	buf_clear(&b);
	for (int k = 0; k < 1000; k++)
		buf_addf(&b, "one message ada m%d %d x\n", k, 1000 + k);
	assert_int_equal(deliver(b.p, "secret-one"), WEBHOOK_STORE);
	assert_int_equal(number("SELECT COUNT(*) FROM messages"), 1000);
}

/* ---- the disk fails at every statement ---- */

static int statements, fail_at;

static int fault(const char *sql)
{
	(void)sql;
	return ++statements >= fail_at ? ERR_TEMPORARY : 0;	/* and from there on: the writer tries again */
}

/* After every failure nothing is there, and the redelivery stores all. */
static void a_failure_leaves_nothing_half_done(void **state)
{
	static const char body[] = "one message %s m1 1000 hello\ntwo ignored\none echo %s m2 2000 answer\none broken x - 1 x";
	int64_t expected = 0;

	(void)state;
	for (fail_at = 1; fail_at < 200; fail_at++) {
		char text[256], contact[16];
		struct webhook *w = NULL;
		struct error err = { 0 };

		(void)snprintf(contact, sizeof(contact), "c%d", fail_at);
		(void)snprintf(text, sizeof(text), body, contact, contact);
		int64_t before = rows();

		assert_int_equal(webhook_read(&house.i, &fake_channel, str_of(text), sign(str_of(text), "secret-one"), &w, &err), WEBHOOK_STORE);
		statements = 0;
		engine_fault = fault;
		int r = store_write(house.i.store, webhook_store, w, &err);

		engine_fault = NULL;
		if (r < 0) {
			assert_int_equal(rows(), before);
			check_ok(store_write(house.i.store, webhook_store, w, &err), &err);
		}
		webhook_free(w);
		/* The first round also notes the other account's refusal and the accounts' last event. */
		if (fail_at == 3)
			expected = rows() - before;
		if (fail_at > 3)
			assert_int_equal(rows() - before, expected);
		if (statements < fail_at)
			break;		/* it went through: every statement has failed once */
	}
	assert_in_range(fail_at, 12, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_signed_body_is_stored_once, set_up, house_close),
		cmocka_unit_test_setup_teardown(a_wrong_signature_stores_nothing, set_up, house_close),
		cmocka_unit_test_setup_teardown(each_account_verifies_for_itself, set_up, house_close),
		cmocka_unit_test_setup_teardown(an_account_that_is_not_here, set_up, house_close),
		cmocka_unit_test_setup_teardown(what_cannot_be_read, set_up, house_close),
		cmocka_unit_test_setup_teardown(a_bad_event_does_not_stop_the_others, set_up, house_close),
		cmocka_unit_test_setup_teardown(what_is_ignored_is_noted_once, set_up, house_close),
		cmocka_unit_test_setup_teardown(a_replay_applies_again, set_up, house_close),
		cmocka_unit_test_setup_teardown(too_much_in_one_body, set_up, house_close),
		cmocka_unit_test_setup_teardown(a_failure_leaves_nothing_half_done, set_up, house_close),
	};
	return cmocka_run_group_tests_name("webhook", tests, NULL, NULL);
}
