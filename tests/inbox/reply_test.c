/* Replying and the outbox: window, cut and split, repetition; and every order in which an echo and an answer can come. */
#include "fixture.h"

#include <unistd.h>

#include "inbox/outbox.h"
#include "inbox/reply.h"

static int64_t asked_at;	/* when the customer wrote */

static int64_t ask(const char *contact, int64_t at_ms)
{
	const struct trixy_event e = said(contact, "question", "?", at_ms);

	(void)house_apply(&e, 1);
	asked_at = at_ms;
	return house_conversation(contact).id;
}

static int reply_with(struct reply r, struct reply_result *ret)
{
	struct error err = { 0 };

	r.workspace = house.w;
	r.author_id = 0;
	return inbox_reply(&house.i, &r, ret, &err);
}

static struct message newest(int64_t conversation_id)
{
	size_t count;
	struct message *m = house_messages(conversation_id, &count);

	return m[0];
}

static void a_long_text_is_cut_at_a_code_point(void **state)
{
	int64_t id = ask("c", clock_now_ms());
	struct reply_result ret;

	(void)state;
	/* 18 letters and a two-byte one fit into 20 bytes; 19 letters and it do not. */
	check_is(reply_with((struct reply){ .conversation_id = id, .text = STR("123456789012345678\xc3\xa4 and more") }, &ret), 0, &(struct error){ 0 });
	check_str(newest(id).text, "123456789012345678\xc3\xa4");
	check_is(reply_with((struct reply){ .conversation_id = id, .text = STR("1234567890123456789\xc3\xa4 and more") }, &ret), 0, &(struct error){ 0 });
	check_str(newest(id).text, "1234567890123456789");
}

static void a_long_text_is_split_at_words(void **state)
{
	int64_t id = ask("s", clock_now_ms());
	struct reply_result ret;
	size_t count;

	(void)state;
	check_is(reply_with((struct reply){ .conversation_id = id, .split = true, .client_id = STR("k"),
		.text = STR("one two three four five six seven abcdefghijklmnopqrstuvwxyz") }, &ret), 0, &(struct error){ 0 });
	struct message *m = house_messages(id, &count);
	struct reply_result again;

	assert_int_equal(ret.count, 4);
	check_str(m[3].text, "one two three four");
	check_str(m[2].text, "five six seven");
	check_str(m[1].text, "abcdefghijklmnopqrst");
	check_str(m[0].text, "uvwxyz");
	check_is(reply_with((struct reply){ .conversation_id = id, .split = true, .client_id = STR("k"), .text = STR("another") }, &again), 0,
		 &(struct error){ 0 });
	assert_true(again.repeated);
	assert_memory_equal(again.message_ids, ret.message_ids, 4 * sizeof(int64_t));
}

static void the_window_closes_and_a_tag_reaches_further(void **state)
{
	int64_t id = ask("w", clock_now_ms() - DAY_MS - 1000);
	struct reply_result ret;

	(void)state;
	assert_true(reply_with((struct reply){ .conversation_id = id, .text = STR("x") }, &ret) < 0);
	assert_int_equal(ret.refusal, REPLY_WINDOW_CLOSED);
	assert_true(reply_with((struct reply){ .conversation_id = id, .text = STR("x"), .tag = STR("OTHER") }, &ret) < 0);
	assert_int_equal(ret.refusal, REPLY_TAG_WRONG);
	check_is(reply_with((struct reply){ .conversation_id = id, .text = STR("x"), .tag = STR("HUMAN_AGENT") }, &ret), 0, &(struct error){ 0 });
	check_is(reply_with((struct reply){ .conversation_id = id, .text = STR("internal"), .note = true }, &ret), 0, &(struct error){ 0 });
	id = ask("v", clock_now_ms() - 7 * DAY_MS - 1000);
	assert_true(reply_with((struct reply){ .conversation_id = id, .text = STR("x"), .tag = STR("HUMAN_AGENT") }, &ret) < 0);
	assert_int_equal(ret.refusal, REPLY_TAG_CLOSED);
}

static void a_foreign_workspace_has_no_such_conversation(void **state)
{
	int64_t id = ask("f", clock_now_ms());
	struct reply_result ret;
	struct error err = { 0 };

	(void)state;
	check_is(inbox_reply(&house.i, &(struct reply){ .workspace = { house.w.v + 1 }, .conversation_id = id, .text = STR("x") }, &ret, &err),
		 ERR_NOTFOUND, &err);
}

/* ---- the outbox ---- */

static size_t due(struct outbox_item *ret, int64_t later_ms)
{
	struct error err = { 0 };
	size_t count;
	int64_t next;

	check_ok(outbox_due(&house.i, house.reader, clock_now_ms() + later_ms, 4, &house.arena, ret, 8, &count, &next, &err), &err);
	return count;
}

static void claim(struct outbox_item *item)
{
	struct error err = { 0 };

	check_ok(outbox_claim(&house.i, item, 1, &err), &err);
	assert_true(item->claimed);
}

static int settle(const struct outbox_item *item, uint32_t kind, const char *message_id)
{
	struct trixy_outcome t = { .size = sizeof(t), .kind = kind, .message_id = trixy_from_str(str_of(message_id)), .reason = T("why"), .fix = T("do") };
	struct error err = { 0 };

	return outbox_settle(&house.i, item, &t, &err);
}

/* Each letter is a step: C claim, E echo, S answer "sent", U answer lost, R recovery after a crash, X echo of another message
 * with the same words, F answer "failed". */
static void play(const char *contact, const char *steps, int expected_status, size_t expected_out)
{
	int64_t id = ask(contact, clock_now_ms() - 5000), recovered;
	struct outbox_item item = { 0 };
	struct reply_result ret;
	struct error err = { 0 };
	const struct trixy_event echo = echoed(contact, "ours", "hello", clock_now_ms() + 50), other = echoed(contact, "phone", "hello", clock_now_ms());
	size_t count, out = 0;

	check_ok(inbox_reply(&house.i, &(struct reply){ .workspace = house.w, .conversation_id = id, .text = STR("hello") }, &ret, &err), &err);
	assert_int_equal(due(&item, 1000), 1);
	for (const char *s = steps; *s != '\0'; s++)
		switch (*s) {
		case 'C': claim(&item); break;
		case 'E': (void)house_apply(&echo, 1); break;
		case 'X': (void)house_apply(&other, 1); break;
		case 'S': (void)settle(&item, TRIXY_SENT, "ours"); break;
		case 'U': (void)settle(&item, TRIXY_UNKNOWN, NULL); break;
		case 'F': (void)settle(&item, TRIXY_FAILED, NULL); break;
		case 'R': check_ok(outbox_recover(&house.i, &recovered, &err), &err); break;
		}
	struct message *m = house_messages(id, &count);

	for (size_t k = 0; k < count; k++) {
		if (m[k].direction != MESSAGE_OUT)
			continue;
		out++;
		if (m[k].id == ret.message_ids[0] && m[k].status != expected_status)
			check_failed("%s: status %d, not %d", steps, m[k].status, expected_status);
	}
	if (out != expected_out)
		check_failed("%s: %zu messages out, not %zu", steps, out, expected_out);
	assert_int_equal(due(&item, DAY_MS / 2), 0);	/* nothing waits: nothing can be sent twice */
}

static void echo_and_answer_in_every_order(void **state)
{
	(void)state;
	play("p1", "CES", MESSAGE_SENT, 1);	/* the echo before the answer: the usual case */
	play("p2", "CSE", MESSAGE_SENT, 1);
	play("p3", "CSEE", MESSAGE_SENT, 1);
	play("p4", "CEU", MESSAGE_SENT, 1);	/* the echo proves what the lost answer did not */
	play("p5", "CUE", MESSAGE_SENT, 1);
	play("p6", "CU", MESSAGE_UNKNOWN, 1);
	play("p7", "CR", MESSAGE_UNKNOWN, 1);	/* the server died while it was sending */
	play("p8", "CER", MESSAGE_SENT, 1);
	play("p9", "CRE", MESSAGE_SENT, 1);
}

static void the_same_words_from_the_phone(void **state)
{
	(void)state;
	play("x1", "CXS", MESSAGE_SENT, 2);	/* taken for ours by its words, put right by the answer */
	play("x2", "CXSE", MESSAGE_SENT, 2);
	play("x3", "CXES", MESSAGE_SENT, 2);
	play("x4", "CXF", MESSAGE_FAILED, 2);
	play("x5", "CSX", MESSAGE_SENT, 2);
}

static void order_in_a_conversation_is_kept(void **state)
{
	int64_t a = ask("o1", clock_now_ms()), b = ask("o2", clock_now_ms());
	struct outbox_item items[8];
	struct reply_result ret;

	(void)state;
	for (int k = 0; k < 2; k++)
		(void)reply_with((struct reply){ .conversation_id = a, .text = k ? STR("second") : STR("first") }, &ret);
	(void)reply_with((struct reply){ .conversation_id = b, .text = STR("other") }, &ret);
	assert_int_equal(due(items, 1000), 2);
	check_str(items[0].text, "first");
	check_str(items[1].text, "other");
	claim(&items[0]);
	assert_int_equal(due(items, 1000), 1);	/* the second waits for the first, under way or not */
	check_str(items[0].text, "other");
}

static void a_passing_fault_is_tried_again_and_given_up(void **state)
{
	int64_t id = ask("r", clock_now_ms());
	struct outbox_item item;
	struct reply_result ret;
	int tries = 0;

	(void)state;
	(void)reply_with((struct reply){ .conversation_id = id, .text = STR("hello") }, &ret);
	for (; due(&item, HOUR_MS) == 1 && tries < 20; tries++) {
		claim(&item);
		check_ok(settle(&item, TRIXY_RETRY, NULL), &(struct error){ 0 });
		assert_int_equal(due(&item, 0), 0);	/* not at once */
	}
	assert_int_equal(tries, 6);
	assert_int_equal(newest(id).status, MESSAGE_FAILED);
	assert_true(newest(id).retryable);
	check_ok(inbox_retry(&house.i, house.w, id, ret.message_ids[0], &ret, &(struct error){ 0 }), &(struct error){ 0 });
	assert_int_equal(due(&item, 1000), 1);
}

static void a_parked_account_rests_and_costs_no_try(void **state)
{
	int64_t id = ask("k", clock_now_ms());
	struct outbox_item item;
	struct reply_result ret;

	(void)state;
	(void)reply_with((struct reply){ .conversation_id = id, .text = STR("hello") }, &ret);
	for (int k = 0; k < 7; k++) {	/* more often than a message is tried */
		struct trixy_outcome park = { .size = sizeof(park), .kind = TRIXY_PARK, .wait_ms = 500 };
		struct error err = { 0 };

		assert_int_equal(due(&item, HOUR_MS), 1);
		claim(&item);
		check_ok(outbox_settle(&house.i, &item, &park, &err), &err);
		check_ok(outbox_claim(&house.i, &item, 1, &err), &err);
		assert_false(item.claimed);	/* read as due before, parked meanwhile */
		usleep(510 * 1000);
	}
	assert_int_equal(newest(id).status, MESSAGE_QUEUED);
}

static void a_dead_token_holds_the_queue(void **state)
{
	int64_t id = ask("h", clock_now_ms());
	struct outbox_item item;
	struct reply_result ret;

	(void)state;
	(void)reply_with((struct reply){ .conversation_id = id, .text = STR("hello") }, &ret);
	assert_int_equal(due(&item, 1000), 1);
	claim(&item);
	check_ok(settle(&item, TRIXY_RECONNECT, NULL), &(struct error){ 0 });
	assert_int_equal(due(&item, DAY_MS / 2), 0);
	assert_int_equal(newest(id).status, MESSAGE_QUEUED);
	assert_int_equal(house_conversation("h").account_status, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_long_text_is_cut_at_a_code_point, house_open, house_close),
		cmocka_unit_test_setup_teardown(a_long_text_is_split_at_words, house_open, house_close),
		cmocka_unit_test_setup_teardown(the_window_closes_and_a_tag_reaches_further, house_open, house_close),
		cmocka_unit_test_setup_teardown(a_foreign_workspace_has_no_such_conversation, house_open, house_close),
		cmocka_unit_test_setup_teardown(echo_and_answer_in_every_order, house_open, house_close),
		cmocka_unit_test_setup_teardown(the_same_words_from_the_phone, house_open, house_close),
		cmocka_unit_test_setup_teardown(order_in_a_conversation_is_kept, house_open, house_close),
		cmocka_unit_test_setup_teardown(a_passing_fault_is_tried_again_and_given_up, house_open, house_close),
		cmocka_unit_test_setup_teardown(a_parked_account_rests_and_costs_no_try, house_open, house_close),
		cmocka_unit_test_setup_teardown(a_dead_token_holds_the_queue, house_open, house_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
