/* The outbox's life beside echoes (echo_test.c): what is claimed when, what stops a claim, and that a failure at any statement
 * leaves a message as it was. */
#include "fixture.h"

#include "inbox/account.h"
#include "inbox/outbox.h"
#include "inbox/reply.h"
#include "inbox/rules.h"
#include "store/conversation.h"
#include "store/engine.h"

static struct error err;

static int64_t ask(const char *contact, int64_t at_ms)
{
	const struct trixy_event e = said(contact, "question", "?", at_ms);

	(void)house_apply(&e, 1);
	return house_conversation(contact).id;
}

static int64_t reply(int64_t conversation_id, const char *text, struct str tag)
{
	struct reply r = { .workspace = house.w, .conversation_id = conversation_id, .text = str_of(text), .tag = tag };
	struct reply_result ret;

	check_ok(inbox_reply(&house.i, &r, &ret, &err), &err);
	return ret.message_ids[0];
}

static size_t due(struct outbox_item *ret)
{
	size_t count;
	int64_t next;

	check_ok(outbox_due(&house.i, house.reader, clock_now_ms() + 1000, 8, &house.arena, ret, 8, &count, &next, &err), &err);
	return count;
}

static struct message message_of(int64_t conversation_id, int64_t id)
{
	struct message m;

	check_ok(message_get(house.reader, house.w, conversation_id, id, &house.arena, &m, &err), &err);
	return m;
}

static int settle(const struct outbox_item *item, uint32_t kind)
{
	struct trixy_outcome t = { .size = sizeof(t), .kind = kind, .message_id = kind == TRIXY_SENT ? T("mid") : (struct trixy_text){ 0 },
				   .code = T("code"), .reason = T("why"), .fix = T("do") };

	return outbox_settle(&house.i, item, &t, &err);
}

/* ---- claims ---- */

static int move_window(struct db *db, void *arg, struct error *e)
{
	struct store_conversation c;
	int r = store_conversation_get(db, house.w, *(int64_t *)arg, &house.arena, &c, e);

	c.window_from -= DAY_MS;
	return r < 0 ? r : store_conversation_save(db, &c, e);
}

static void the_window_closes_while_a_message_waits(void **state)
{
	int64_t c = ask("w", clock_now_ms() - HOUR_MS), id = reply(c, "late", STR_NONE);
	struct outbox_item item;

	(void)state;
	assert_int_equal(due(&item), 1);
	check_ok(store_write(house.i.store, move_window, &c, &err), &err);
	check_ok(outbox_claim(&house.i, &item, 1, &err), &err);
	assert_false(item.claimed);
	assert_int_equal(message_of(c, id).status, MESSAGE_FAILED);
	check_str(message_of(c, id).error_code, "window_closed");
	check_str(message_of(c, id).error_text, "closed");
	assert_int_equal(due(&item), 0);
	assert_int_equal(inbox_retry(&house.i, house.w, c, id, &(struct reply_result){ 0 }, &err), ERR_STATE);
}

static void windows_end_to_the_millisecond(void **state)
{
	const struct str none = STR_NONE, tag = STR("HUMAN_AGENT");
	const struct trixy_channel *c = &fake_channel;

	(void)state;
	assert_int_equal(rules_may_reply(c, 5000, none, 5000 + DAY_MS - 1), WINDOW_OPEN);
	assert_int_equal(rules_may_reply(c, 5000, none, 5000 + DAY_MS), WINDOW_CLOSED);
	assert_int_equal(rules_may_reply(c, 5000, tag, 5000 + 7 * DAY_MS - 1), WINDOW_OPEN);
	assert_int_equal(rules_may_reply(c, 5000, tag, 5000 + 7 * DAY_MS), WINDOW_TAG_CLOSED);
	assert_int_equal(rules_may_reply(c, 5000, STR("human_agent"), 5000), WINDOW_TAG_UNKNOWN);
	assert_int_equal(rules_may_reply(c, 0, none, 1), WINDOW_CLOSED);	/* the customer has not written */
	assert_int_equal(rules_may_reply(c, 0, tag, 1), WINDOW_TAG_CLOSED);
}

static void a_tag_is_sent_only_outside_the_window(void **state)
{
	int64_t inside = ask("in", clock_now_ms() - HOUR_MS), outside = ask("out", clock_now_ms() - DAY_MS - HOUR_MS);
	struct outbox_item items[8];

	(void)state;
	(void)reply(inside, "a", STR("HUMAN_AGENT"));
	(void)reply(outside, "b", STR("HUMAN_AGENT"));
	assert_int_equal(due(items), 2);
	check_ok(outbox_claim(&house.i, items, 2, &err), &err);
	for (int k = 0; k < 2; k++) {
		assert_true(items[k].claimed);
		if (items[k].conversation_id == inside)
			assert_null(items[k].tag.p);
		else
			check_str(items[k].tag, "HUMAN_AGENT");
	}
}

static void what_was_read_as_due_may_have_changed(void **state)
{
	int64_t c = ask("g", clock_now_ms());
	struct outbox_item item, again;

	(void)state;
	(void)reply(c, "a", STR_NONE);
	(void)reply(c, "b", STR_NONE);
	assert_int_equal(due(&item), 1);
	again = item;
	check_ok(outbox_claim(&house.i, &item, 1, &err), &err);
	assert_true(item.claimed);
	check_ok(outbox_claim(&house.i, &again, 1, &err), &err);
	assert_false(again.claimed);		/* by somebody else */
	check_ok(settle(&item, TRIXY_RECONNECT), &err);
	check_ok(outbox_claim(&house.i, &again, 1, &err), &err);
	assert_false(again.claimed);		/* its account waits for a person */
	assert_int_equal(due(&item), 0);
	check_ok(account_disconnect(&house.i, house.w, house.account_id, &err), &err);
	check_ok(outbox_claim(&house.i, &again, 1, &err), &err);
	assert_false(again.claimed);
	assert_int_equal(message_of(c, again.message_id).status, MESSAGE_FAILED);
}

/* A failed one that is sent again stands before younger ones, but not beside one that is under way. */
static void one_at_a_time_in_a_conversation(void **state)
{
	int64_t c = ask("o", clock_now_ms()), old = reply(c, "old", STR_NONE);
	struct outbox_item item, young;
	struct reply_result ret;

	(void)state;
	assert_int_equal(due(&item), 1);
	check_ok(outbox_claim(&house.i, &item, 1, &err), &err);
	check_ok(settle(&item, TRIXY_FAILED), &err);
	(void)reply(c, "young", STR_NONE);
	assert_int_equal(due(&young), 1);
	check_ok(outbox_claim(&house.i, &young, 1, &err), &err);
	check_ok(inbox_retry(&house.i, house.w, c, old, &ret, &err), &err);
	assert_int_equal(due(&item), 0);
	check_ok(settle(&young, TRIXY_SENT), &err);
	assert_int_equal(due(&item), 1);
	check_str(item.text, "old");
}

static void a_claim_given_back(void **state)
{
	int64_t c = ask("b", clock_now_ms()), id = reply(c, "hello", STR_NONE);
	const struct trixy_event phone = echoed("b", "phone", "hello", clock_now_ms() + 10);
	struct outbox_item item;
	size_t count;

	(void)state;
	assert_int_equal(due(&item), 1);
	check_ok(outbox_claim(&house.i, &item, 1, &err), &err);
	(void)house_apply(&phone, 1);		/* the same words on the phone: the request has not even left */
	check_ok(outbox_release(&house.i, &item, &err), &err);
	assert_int_equal(message_of(c, id).status, MESSAGE_QUEUED);
	assert_null(message_of(c, id).external_id.p);
	(void)house_messages(c, &count);
	assert_int_equal(count, 3);
	assert_int_equal(due(&item), 1);
}

/* What an echo taken for it did to the message is not what a later attempt sends. */
static void the_words_of_an_attempt_stay(void **state)
{
	int64_t c = ask("e", clock_now_ms()), id = reply(c, "hello", STR_NONE);
	struct trixy_event phone[] = { echoed("e", "phone", "hello", clock_now_ms() + 10), echoed("e", "phone", "changed", clock_now_ms() + 20) };
	struct outbox_item item;

	(void)state;
	phone[1].kind = TRIXY_EVENT_EDIT;
	phone[1].edit_number = 1;
	assert_int_equal(due(&item), 1);
	check_ok(outbox_claim(&house.i, &item, 1, &err), &err);
	(void)house_apply(phone, 2);
	check_str(message_of(c, id).text, "changed");
	check_ok(settle(&item, TRIXY_HOLD), &err);
	check_str(message_of(c, id).text, "hello");
	assert_false(message_of(c, id).flags & MESSAGE_EDITED);
}

/* ---- idempotence of replies ---- */

static void a_client_id_is_one_reply(void **state)
{
	int64_t c = ask("k", clock_now_ms()), d = ask("l", clock_now_ms());
	struct reply r = { .workspace = house.w, .conversation_id = c, .text = STR("hello"), .client_id = STR("k#1") };
	struct reply_result first, again;

	(void)state;
	check_ok(inbox_reply(&house.i, &r, &first, &err), &err);
	check_ok(inbox_reply(&house.i, &r, &again, &err), &err);
	assert_true(again.repeated);
	assert_int_equal(again.message_ids[0], first.message_ids[0]);
	/* The ids of split parts are nobody else's. */
	r.client_id = STR("k");
	check_ok(inbox_reply(&house.i, &r, &first, &err), &err);
	check_ok(inbox_reply(&house.i, &r, &again, &err), &err);
	assert_int_equal(again.count, 1);
	r.conversation_id = d;
	check_ok(inbox_reply(&house.i, &r, &again, &err), &err);
	assert_false(again.repeated);
	/* Also when the window has closed since. */
	check_ok(store_write(house.i.store, move_window, &d, &err), &err);
	check_ok(inbox_reply(&house.i, &r, &again, &err), &err);
	assert_true(again.repeated);
}

static void a_refusal_rolls_nobody_back(void **state)
{
	struct store_figures before, after;
	int64_t c = ask("r", clock_now_ms() - 8 * DAY_MS);
	struct reply_result ret;

	(void)state;
	store_figures(house.i.store, &before);
	for (int k = 0; k < 5; k++)
		assert_int_equal(inbox_reply(&house.i, &(struct reply){ .workspace = house.w, .conversation_id = c, .text = STR("x") }, &ret, &err),
				 ERR_STATE);
	assert_int_equal(inbox_reply(&house.i, &(struct reply){ .workspace = house.w, .conversation_id = 999, .text = STR("x") }, &ret, &err),
			 ERR_NOTFOUND);
	store_figures(house.i.store, &after);
	assert_int_equal(after.retried_groups, before.retried_groups);
}

static void emoji_and_combining_letters_are_cut_whole(void **state)
{
	/* 20 bytes: five emoji; letters with combining accents, three bytes a pair */
	static const struct { const char *text, *first; size_t parts; } cases[] = {
		{ "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80",
		  "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 2 },
		{ "abc\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80", "abc\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 2 },
		{ "12345678901234567890", "12345678901234567890", 1 },
		{ "123456789012345678901", "12345678901234567890", 2 },
		{ "a 345678901234567890123", "a 345678901234567890", 2 },	/* no word's end in the second half */
		{ "1234567890123 56\nabcdef", "1234567890123 56", 2 },
		{ "  1234567890123456  ", "1234567890123456", 1 },
	};

	(void)state;
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		char contact[16];
		struct reply_result ret;

		(void)snprintf(contact, sizeof(contact), "s%zu", k);
		int64_t c = ask(contact, clock_now_ms());

		check_ok(inbox_reply(&house.i, &(struct reply){ .workspace = house.w, .conversation_id = c, .text = str_of(cases[k].text), .split = true },
				     &ret, &err), &err);
		assert_int_equal(ret.count, cases[k].parts);
		check_str(message_of(c, ret.message_ids[0]).text, cases[k].first);
	}
}

/* ---- every statement fails once ---- */

static int statements, fail_at;

static int fault(const char *sql)
{
	(void)sql;
	return ++statements >= fail_at ? ERR_TEMPORARY : 0;	/* and from there on: the writer tries again */
}

static struct str state_of_all(void)
{
	SCOPED(stmt_done) struct stmt st = { 0 };

	check_ok(db_prepare(house.reader, &st, "SELECT (SELECT group_concat(id || ':' || status || ':' || flags || ':' || COALESCE(external_id, '-') ||"
			    " ':' || COALESCE(text, '-'), ' ') FROM messages) || ' | ' || COALESCE((SELECT group_concat(message_id || ':' ||"
			    " (claimed_at > 0) || ':' || tries, ' ') FROM outbox), '') || ' | ' || (SELECT COUNT(*) FROM changes)", &err), &err);
	check_is(stmt_step(&st, &err), 1, &err);
	return arena_copy(&house.arena, next_str(&st));
}

/* Runs a step with each of its statements failing in turn, and at last without. Then it must have happened once. */
static void torture(int (*run)(void *arg), void *arg)
{
	for (fail_at = 1; fail_at < 100; fail_at++) {
		struct str before = state_of_all();

		statements = 0;
		engine_fault = fault;
		int r = run(arg);

		engine_fault = NULL;
		if (r >= 0) {
			assert_true(statements < fail_at);
			return;
		}
		struct str after = state_of_all();

		if (!str_eq(before, after))
			check_failed("statement %d: %.*s\nwas %.*s", fail_at, STR_ARG(after), STR_ARG(before));
	}
	check_failed("it never succeeds");
}

static int64_t tortured;

static int run_reply(void *arg)
{
	struct reply r = { .workspace = house.w, .conversation_id = tortured, .text = STR("one two three four five six seven"), .split = true };

	return inbox_reply(&house.i, &r, arg, &err);
}

static int run_claim(void *arg)
{
	return outbox_claim(&house.i, arg, 1, &err);
}

static int run_sent(void *arg)
{
	return settle(arg, TRIXY_SENT);
}

static void nothing_is_half_done(void **state)
{
	struct outbox_item item;
	struct reply_result ret;
	int64_t recovered;
	struct trixy_event phone;

	(void)state;
	tortured = ask("t", clock_now_ms());
	torture(run_reply, &ret);
	assert_int_equal(ret.count, 2);
	assert_int_equal(due(&item), 1);
	torture(run_claim, &item);
	assert_true(item.claimed);
	phone = echoed("t", "phone", "one two three four", clock_now_ms() + 5);
	(void)house_apply(&phone, 1);
	torture(run_sent, &item);		/* with another id than the echo's: the longest way */
	assert_int_equal(message_of(tortured, ret.message_ids[0]).status, MESSAGE_SENT);
	assert_int_equal(due(&item), 1);
	torture(run_claim, &item);
	/* Recovery has a unit a message: one that fails leaves what the others did, and it is run again. */
	fail_at = 5;
	statements = 0;
	engine_fault = fault;
	assert_true(outbox_recover(&house.i, &recovered, &err) < 0);
	engine_fault = NULL;
	check_ok(outbox_recover(&house.i, &recovered, &err), &err);
	assert_int_equal(message_of(tortured, ret.message_ids[1]).status, MESSAGE_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_window_closes_while_a_message_waits, house_open, house_close),
		cmocka_unit_test_setup_teardown(windows_end_to_the_millisecond, house_open, house_close),
		cmocka_unit_test_setup_teardown(a_tag_is_sent_only_outside_the_window, house_open, house_close),
		cmocka_unit_test_setup_teardown(what_was_read_as_due_may_have_changed, house_open, house_close),
		cmocka_unit_test_setup_teardown(one_at_a_time_in_a_conversation, house_open, house_close),
		cmocka_unit_test_setup_teardown(a_claim_given_back, house_open, house_close),
		cmocka_unit_test_setup_teardown(the_words_of_an_attempt_stay, house_open, house_close),
		cmocka_unit_test_setup_teardown(a_client_id_is_one_reply, house_open, house_close),
		cmocka_unit_test_setup_teardown(a_refusal_rolls_nobody_back, house_open, house_close),
		cmocka_unit_test_setup_teardown(emoji_and_combining_letters_are_cut_whole, house_open, house_close),
		cmocka_unit_test_setup_teardown(nothing_is_half_done, house_open, house_close),
	};
	return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
