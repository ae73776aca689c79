/* From the outbox to the provider and back: what is sent, in which order, how much at once, and above all what is never sent
 * a second time. */
#include "street.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "inbox/outbox.h"
#include "inbox/reply.h"

static void check_error(const struct message *m, const char *code)
{
	if (!str_eq_c(m->error_code, code) || m->error_text.len == 0)
		check_failed("the error is '%.*s' ('%.*s'), not '%s'", STR_ARG(m->error_code), STR_ARG(m->error_text), code);
}

static void test_sent(void **state)
{
	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), id = street_reply(c, "hello");
	struct message m = street_becomes(c, id, MESSAGE_SENT);

	assert_true(str_starts(m.external_id, STR("mid-")));
	assert_true(m.error_code.p == NULL && m.error_text.p == NULL);
	assert_int_equal(street_got("hello"), 1);
	assert_int_equal(street_asked("/send/ada"), 1);
}

static void test_retry(void **state)
{
	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), id = street_reply(c, "once 500 x"), next = street_reply(c, "behind");

	(void)street_becomes(c, next, MESSAGE_SENT);
	(void)street_becomes(c, id, MESSAGE_SENT);
	check_str(street_sent(), "once 500 x\nonce 500 x\nbehind\n");
}

/* A fault that stays: the tries come to an end. */
static void test_retry_ends(void **state)
{
	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), id = street_reply(c, "always 500 x"), next = street_reply(c, "behind");
	struct message m = street_becomes(c, id, MESSAGE_FAILED);

	check_str(m.error_text, "the provider's words");
	(void)street_becomes(c, next, MESSAGE_SENT);
	assert_int_equal(street_got("always 500 x"), 6);
}

struct place { int64_t conversation_id, id; const char *code; };

static bool has_code(const void *arg)
{
	const struct place *p = arg;

	return str_eq_c(street_message(p->conversation_id, p->id).error_code, p->code);
}

static void test_nobody_there(void **state)
{
	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), id = street_reply(c, "dead x");
	struct place p = { c, id, "unreachable" };

	street_until(has_code, &p, "the code unreachable");
	assert_int_equal(street_message(c, id).status, MESSAGE_QUEUED);		/* it will be tried again */
}

static void test_lost_answer(void **state)
{
	struct reply_result result;
	struct error err = { 0 };

	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), id = street_reply(c, "lose x"), next = street_reply(c, "behind");
	struct message m = street_becomes(c, id, MESSAGE_UNKNOWN);

	check_error(&m, "unknown");
	(void)street_becomes(c, next, MESSAGE_SENT);
	assert_int_equal(street_got("lose x"), 1);
	/* Only a person sends it again. */
	check_ok(inbox_retry(&street.i, street.w, c, id, &result, &err), &err);
	next = street_reply(c, "and on");
	(void)street_becomes(c, next, MESSAGE_SENT);
	assert_int_equal(street_message(c, id).status, MESSAGE_UNKNOWN);
	assert_int_equal(street_got("lose x"), 2);
}

static void test_park(void **state)
{
	(void)state;
	int64_t a = street_meet(street.account_id, "ada"), b = street_meet(street.account_id, "ben");
	int64_t x = street_reply(a, "once 429 x");
	int64_t begun = clock_mono_ms();

	street_work();
	(void)street_becomes(a, x, MESSAGE_SENT);
	assert_true(clock_mono_ms() - begun >= 200);
	assert_int_equal(street_got("once 429 x"), 2);
	(void)street_becomes(b, street_reply(b, "later"), MESSAGE_SENT);
	assert_int_equal(street_account_now(street.account_id).status, ACCOUNT_CONNECTED);
}

/* Only that account rests. */
static void test_park_is_of_one_account(void **state)
{
	(void)state;
	int64_t other = street_account("other", "good");
	int64_t a = street_meet(street.account_id, "ada"), b = street_meet(other, "ben");
	int64_t x = street_reply(a, "always 429 x");

	street_work();
	assert_true(peer_wait(street.peer, 1));
	for (int k = 0; k < 5; k++)
		(void)street_becomes(b, street_reply(b, "to ben"), MESSAGE_SENT);
	assert_int_equal(street_message(a, x).status == MESSAGE_SENT, 0);
}

static void test_hold(void **state)
{
	(void)state;
	street_work();
	int64_t a = street_meet(street.account_id, "ada"), id = street_reply(a, "once 403 x"), next = street_reply(a, "behind");
	struct account account = street_account_becomes(street.account_id, ACCOUNT_RECONNECT_NEEDED);

	check_str(account.status_reason, "the provider's words");
	assert_int_equal(street_message(a, id).status, MESSAGE_QUEUED);
	street_token(street.account_id, "good");
	(void)street_becomes(a, next, MESSAGE_SENT);
	check_str(street_sent(), "once 403 x\nonce 403 x\nbehind\n");
}

static void test_reconnect(void **state)
{
	(void)state;
	street_refuse_token("bad");
	int64_t other = street_account("other", "bad");
	int64_t a = street_meet(other, "ada"), b = street_meet(other, "ben");
	int64_t x = street_reply(a, "to ada"), y = street_reply(b, "to ben");

	street_work();
	(void)street_account_becomes(other, ACCOUNT_RECONNECT_NEEDED);
	(void)street_becomes(a, x, MESSAGE_QUEUED);	/* the look at the account may have been quicker */
	assert_int_equal(street_got("to ada"), 0);
	street_token(other, "good");
	(void)street_becomes(a, x, MESSAGE_SENT);
	(void)street_becomes(b, y, MESSAGE_SENT);
	assert_int_equal(street_account_now(other).status, ACCOUNT_CONNECTED);
	assert_int_equal(street_got("to ada") + street_got("to ben"), 2);
}

static void test_failures_in_words(void **state)
{
	static const struct { const char *text; int status; const char *code; } cases[] = {
		{ "always 400 x", MESSAGE_FAILED, "refused" }, { "always 297 x", MESSAGE_FAILED, "refused" },
		{ "never x", MESSAGE_FAILED, "not_composed" }, { "always 299 x", MESSAGE_UNKNOWN, "unknown" },
		{ "always 298 x", MESSAGE_UNKNOWN, "unknown" }, { "always 296 x", MESSAGE_UNKNOWN, "unknown" },
	};

	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada");

	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct message m = street_becomes(c, street_reply(c, cases[k].text), cases[k].status);

		check_error(&m, cases[k].code);
		assert_true(street_got(cases[k].text) <= 1);
	}
}

static void test_order(void **state)
{
	char text[24];
	int64_t last = 0;

	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada");

	(void)street_reply(c, "wait");
	for (int k = 0; k < 8; k++) {
		(void)snprintf(text, sizeof(text), "text %d", k);
		last = street_reply(c, text);
	}
	assert_true(street_waits(1));
	street_release();
	(void)street_becomes(c, last, MESSAGE_SENT);
	check_str(street_sent(), "wait\ntext 0\ntext 1\ntext 2\ntext 3\ntext 4\ntext 5\ntext 6\ntext 7\n");
}

/* A provider that hangs for one account does not hold up the others, however much waits there. */
static void test_slow_account(void **state)
{
	char contact[24];
	int64_t slow[20], ids[20];

	(void)state;
	street_work();
	int64_t other = street_account("other", "good"), b = street_meet(other, "ben");

	for (int k = 0; k < 20; k++) {
		(void)snprintf(contact, sizeof(contact), "c%d", k);
		slow[k] = street_meet(street.account_id, contact);
		ids[k] = street_reply(slow[k], "wait");
	}
	assert_true(street_waits(4));
	for (int k = 0; k < 5; k++)
		(void)street_becomes(b, street_reply(b, "to ben"), MESSAGE_SENT);
	assert_int_equal(street_most_waiting(), 4);
	street_release();
	for (int k = 0; k < 20; k++)
		(void)street_becomes(slow[k], ids[k], MESSAGE_SENT);
}

/* More waits for the slow account than one look at the outbox takes. */
static void test_backlog(void **state)
{
	char contact[24];

	(void)state;
	int64_t other = street_account("other", "good"), b = street_meet(other, "ben");

	for (int k = 0; k < 600; k++) {
		(void)snprintf(contact, sizeof(contact), "many%d", k);
		(void)street_reply(street_meet(street.account_id, contact), "wait");
	}
	street_work();
	assert_true(street_waits(4));
	(void)street_becomes(b, street_reply(b, "to ben"), MESSAGE_SENT);
}

/* What a dead process had claimed may have left: it is not sent again. */
static void test_recovery(void **state)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct outbox_item items[4];
	struct error err = { 0 };
	size_t count;
	int64_t next_ms;

	(void)state;
	int64_t c = street_meet(street.account_id, "ada"), id = street_reply(c, "under way"), next = street_reply(c, "behind");

	check_ok(outbox_due(&street.i, street.reader, clock_now_ms(), 4, &arena, items, 4, &count, &next_ms, &err), &err);
	assert_int_equal(count, 1);
	check_ok(outbox_claim(&street.i, items, count, &err), &err);
	assert_true(items[0].claimed);
	street_work();
	(void)street_becomes(c, next, MESSAGE_SENT);
	struct message m = street_message(c, id);

	assert_int_equal(m.status, MESSAGE_UNKNOWN);
	check_error(&m, "unknown");
	assert_int_equal(street_got("under way"), 0);
}

/* Another process, or the command line, adds work without a word. */
static void test_without_a_bell(void **state)
{
	struct reply reply = { .workspace = street.w, .text = STR("silent") };
	struct instance silent = street.i;
	struct reply_result result;
	struct error err = { 0 };

	(void)state;
	street_work();
	reply.conversation_id = street_meet(street.account_id, "ada");
	check_ok(inbox_reply(&silent, &reply, &result, &err), &err);
	(void)street_becomes(reply.conversation_id, result.message_ids[0], MESSAGE_SENT);
}

static void *release_later(void *arg)
{
	atomic_bool *rests = arg;

	while (!atomic_load(rests))
		(void)usleep(1000);
	(void)usleep(2000 * 1000);	/* while street_rest() waits, which cannot be seen from outside, and no longer than it does */
	street_release();
	return NULL;
}

/* What is under way when the server stops is waited for; what waits stays for the next start. */
static void test_stop(void **state)
{
	atomic_bool rests = false;
	pthread_t thread;

	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), id = street_reply(c, "wait"), next = street_reply(c, "behind");

	assert_true(street_waits(1));
	assert_int_equal(pthread_create(&thread, NULL, release_later, &rests), 0);
	atomic_store(&rests, true);
	street_rest();
	(void)pthread_join(thread, NULL);
	assert_int_equal(street_message(c, id).status, MESSAGE_SENT);
	assert_int_equal(street_message(c, next).status, MESSAGE_QUEUED);
	street_work();
	(void)street_becomes(c, next, MESSAGE_SENT);
	assert_int_equal(street_got("wait"), 1);
}

static void test_stop_does_not_wait_for_ever(void **state)
{
	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), id = street_reply(c, "wait");

	assert_true(street_waits(1));
	int64_t begun = clock_mono_ms();

	street_rest();
	assert_true(clock_mono_ms() - begun < 20000);	/* the answer itself has 30 s */
	assert_int_equal(street_message(c, id).status, MESSAGE_UNKNOWN);
	street_work();
	(void)street_becomes(c, street_reply(c, "after"), MESSAGE_SENT);
	assert_int_equal(street_got("wait"), 1);
}

/* A late answer to the old token says nothing about the new one. */
static void test_late_reconnect(void **state)
{
	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), id = street_reply(c, "wait 401 x");

	(void)id;
	assert_true(street_waits(1));
	street_token(street.account_id, "new");
	street_release();
	(void)street_becomes(c, street_reply(c, "behind"), MESSAGE_SENT);
	assert_int_equal(street_account_now(street.account_id).status, ACCOUNT_CONNECTED);
}

/* The account goes while messages of it are under way: what is proved to be sent counts, what the provider refused has failed. */
static void test_disconnected_meanwhile(void **state)
{
	struct error err = { 0 };

	(void)state;
	street_work();
	int64_t other = street_account("other", "good"), a = street_meet(other, "ada"), b = street_meet(other, "ben");
	int64_t x = street_reply(a, "wait"), y = street_reply(b, "wait 500 y");

	assert_true(street_waits(2));
	check_ok(account_disconnect(&street.i, street.w, other, &err), &err);
	street_release();
	(void)street_becomes(a, x, MESSAGE_SENT);
	(void)street_becomes(b, y, MESSAGE_FAILED);
	int64_t c = street_meet(street.account_id, "cleo");

	(void)street_becomes(c, street_reply(c, "to cleo"), MESSAGE_SENT);
	assert_int_equal(street_got("wait") + street_got("wait 500 y"), 2);
}

static bool has_failed(const void *arg)
{
	(void)arg;
	return street_failures() > 0;
}

/* The store fails when the answer comes: what it says is kept and written later, and nothing is sent again. */
static void test_outcome_not_written(void **state)
{
	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), id = street_reply(c, "wait"), next = street_reply(c, "behind");

	assert_true(street_waits(1));
	street_fail("DELETE FROM outbox");
	street_release();
	street_until(has_failed, NULL, "the failure to write the outcome");
	assert_int_equal(street_message(c, id).status, MESSAGE_SENDING);
	street_fail(NULL);
	(void)street_becomes(c, next, MESSAGE_SENT);
	assert_int_equal(street_message(c, id).status, MESSAGE_SENT);
	check_str(street_sent(), "wait\nbehind\n");
}

/* A claim that cannot be written: then nothing leaves. */
static void test_claim_not_written(void **state)
{
	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), id = street_reply(c, "once 430 x");
	struct place parked = { c, id, "limit" };

	street_until(has_code, &parked, "the account is parked");
	street_fail("UPDATE outbox");
	street_until(has_failed, NULL, "the failure to write the claim");
	assert_int_equal(street_got("once 430 x"), 1);
	street_fail(NULL);
	(void)street_becomes(c, id, MESSAGE_SENT);
	assert_int_equal(street_got("once 430 x"), 2);
}

/* Secrets sealed with another key: a person is told, nothing fails. */
static void test_secrets_lost(void **state)
{
	(void)state;
	int64_t c = street_meet(street.account_id, "ada"), id = street_reply(c, "hello");

	street.i.seal_key.bytes[0] ^= 1;
	street_work();
	(void)street_account_becomes(street.account_id, ACCOUNT_RECONNECT_NEEDED);
	struct message m = street_message(c, id);

	assert_int_equal(m.status, MESSAGE_QUEUED);
	check_error(&m, "secrets_lost");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, street_open, street_close)
	const struct CMUnitTest tests[] = {
		TEST(test_sent), TEST(test_retry), TEST(test_retry_ends), TEST(test_nobody_there),
		TEST(test_lost_answer), TEST(test_park), TEST(test_park_is_of_one_account), TEST(test_hold),
		TEST(test_reconnect), TEST(test_failures_in_words), TEST(test_order), TEST(test_slow_account),
		TEST(test_backlog), TEST(test_recovery), TEST(test_without_a_bell), TEST(test_stop),
		TEST(test_stop_does_not_wait_for_ever), TEST(test_late_reconnect),
		TEST(test_outcome_not_written), TEST(test_claim_not_written), TEST(test_disconnected_meanwhile),
		TEST(test_secrets_lost),
	};

	return cmocka_run_group_tests_name("delivery", tests, NULL, NULL);
}
