/* Our reactions: shown at once, sent by the outbox, and what the page shows of them when the provider says no, when nobody answers,
 * and when a person changes it meanwhile. */
#include "fixture.h"

#include "inbox/account.h"
#include "inbox/message.h"
#include "inbox/outbox.h"
#include "inbox/react.h"
#include "inbox/reply.h"
#include "inbox/rules.h"
#include "store/conversation.h"
#include "store/message.h"

static struct error err;
static int64_t conversation, question;

#define HEART "\xe2\x9d\xa4\xef\xb8\x8f"
#define THUMB "\xf0\x9f\x91\x8d"
#define LAUGH "\xf0\x9f\x98\x82"

static struct trixy_channel able;
static int64_t woken;

static void on_wake(void *arg)
{
	(void)arg;
	woken++;
}

static int64_t ask(const char *contact, int64_t at_ms)
{
	const struct trixy_event e = said(contact, "question", "?", at_ms);
	size_t count;

	(void)house_apply(&e, 1);
	conversation = house_conversation(contact).id;
	return question = house_messages(conversation, &count)[0].id;
}

static int open_able(void **state)
{
	int r = house_open(state);

	able = fake_channel;
	able.can = TRIXY_CAN_REACT;
	able.reactions = NULL;
	able.reaction_count = 0;
	if (r != 0)
		return r;
	check_ok(channels_swap(house.i.channels, &able, &err), &err);
	house.i.wake_work = on_wake;
	(void)ask("c", clock_now_ms());
	return 0;
}

static int react(const char *emoji)
{
	return inbox_react(&house.i, house.w, conversation, question, 7, str_of(emoji), &err);
}

/* "EMOJI STATUS WORDS" of ours, as it is stored; "-" is none. */
static const char *ours(void)
{
	static char text[300];
	struct store_reaction *list;
	size_t count;

	check_ok(store_reaction_list(house.reader, house.w, question, &house.arena, &list, &count, &err), &err);
	for (size_t k = 0; k < count; k++)
		if (list[k].side == 2) {
			(void)snprintf(text, sizeof(text), "%.*s %d%s%.*s", STR_ARG(list[k].emoji.p == NULL ? STR("-") : list[k].emoji), list[k].status,
				       list[k].error_text.len > 0 ? " " : "", STR_ARG(list[k].error_text));
			return text;
		}
	return "nothing";
}

static size_t due_at(struct outbox_item *ret, int64_t later_ms)
{
	size_t count;
	int64_t next;

	check_ok(outbox_due(&house.i, house.reader, clock_now_ms() + later_ms, 8, &house.arena, ret, 8, &count, &next, &err), &err);
	return count;
}

static struct outbox_item claim_next(void)
{
	struct outbox_item items[8];

	assert_true(due_at(items, HOUR_MS) > 0);
	check_ok(outbox_claim(&house.i, items, 1, &err), &err);
	assert_true(items[0].claimed);
	return items[0];
}

static void settle(const struct outbox_item *item, uint32_t kind, const char *message_id)
{
	struct trixy_outcome t = { .size = sizeof(t), .kind = kind, .message_id = trixy_from_str(str_of(message_id)), .reason = T("No."),
				   .fix = T("Do this.") };

	check_ok(outbox_settle(&house.i, item, &t, &err), &err);
}

static size_t waiting(void)
{
	struct outbox_item items[8];

	return due_at(items, HOUR_MS);
}

/* ---- the way out ---- */

static void a_reaction_shows_at_once_and_is_settled(void **state)
{
	struct outbox_item item;
	size_t count;

	(void)state;
	woken = 0;
	check_ok(react(THUMB), &err);
	assert_int_equal(woken, 1);
	assert_string_equal(ours(), THUMB " 1");
	(void)house_messages(conversation, &count);
	assert_int_equal(count, 1);			/* what carries it is never seen */
	check_ok(react(THUMB), &err);			/* it is on its way: once is enough */
	assert_int_equal(waiting(), 1);
	item = claim_next();
	assert_int_equal(item.kind, TRIXY_DRAFT_REACTION);
	check_str(item.emoji, THUMB);
	check_str(item.reply_to_id, "question");
	settle(&item, TRIXY_SENT, NULL);		/* without an id, as providers of reactions may */
	assert_string_equal(ours(), THUMB " 0");
	check_ok(react(THUMB), &err);
	assert_int_equal(waiting(), 0);
	check_ok(react(""), &err);
	assert_string_equal(ours(), "- 1");
	item = claim_next();
	assert_true(item.emoji.p != NULL && item.emoji.len == 0);
	settle(&item, TRIXY_SENT, "r2");
	assert_string_equal(ours(), "- 0");
	check_ok(react(""), &err);			/* nothing to take back */
	assert_int_equal(waiting(), 0);
}

static void the_newer_one_takes_the_place_of_what_has_not_left(void **state)
{
	struct outbox_item item;

	(void)state;
	check_ok(react(THUMB), &err);
	check_ok(react(HEART), &err);
	assert_int_equal(waiting(), 1);
	item = claim_next();
	check_str(item.emoji, HEART);
	settle(&item, TRIXY_SENT, NULL);
	assert_string_equal(ours(), HEART " 0");
	/* There and back again: nothing needs to be sent. */
	check_ok(react(THUMB), &err);
	check_ok(react(HEART), &err);
	assert_string_equal(ours(), HEART " 0");
	assert_int_equal(waiting(), 0);
}

static void one_under_way_is_followed_by_the_next(void **state)
{
	struct outbox_item first, second;

	(void)state;
	check_ok(react(THUMB), &err);
	first = claim_next();
	check_ok(react(HEART), &err);
	assert_int_equal(waiting(), 0);			/* one after the other */
	settle(&first, TRIXY_SENT, "r1");
	assert_string_equal(ours(), HEART " 1");	/* the first word of the two does not count any more */
	second = claim_next();
	check_str(second.emoji, HEART);
	settle(&second, TRIXY_FAILED, NULL);
	assert_string_equal(ours(), THUMB " 2 No. Do this.");	/* what the customer sees is the first */
}

/* ---- refusals ---- */

static void a_refused_one_says_why(void **state)
{
	struct outbox_item item;

	(void)state;
	check_ok(react(THUMB), &err);
	item = claim_next();
	settle(&item, TRIXY_FAILED, NULL);
	assert_string_equal(ours(), THUMB " 2 No. Do this.");
	check_ok(react(THUMB), &err);			/* once more is a new attempt */
	item = claim_next();
	settle(&item, TRIXY_SENT, NULL);
	assert_string_equal(ours(), THUMB " 0");
	/* A refused removal shows it again. */
	check_ok(react(""), &err);
	item = claim_next();
	settle(&item, TRIXY_FAILED, NULL);
	assert_string_equal(ours(), THUMB " 2 No. Do this.");
}

/* Too many to this customer: also what stands behind a reaction that is taken back rests. */
static void all_of_the_customer_rests(void **state)
{
	struct trixy_outcome park = { .size = sizeof(park), .kind = TRIXY_PARK_CONTACT, .wait_ms = 10 * MINUTE_MS };
	struct outbox_item item;
	struct reply_result ret;

	(void)state;
	check_ok(react(THUMB), &err);
	check_ok(inbox_reply(&house.i, &(struct reply){ .workspace = house.w, .conversation_id = conversation, .text = STR("x") }, &ret, &err), &err);
	item = claim_next();
	check_ok(outbox_settle(&house.i, &item, &park, &err), &err);
	check_ok(react(""), &err);
	assert_string_equal(ours(), "- 0");
	assert_int_equal(due_at(&item, MINUTE_MS), 0);
	assert_int_equal(due_at(&item, 11 * MINUTE_MS), 1);
	check_str(item.text, "x");
}

/* Providers that deliver later say so by the id that the reaction was given. */
static void one_may_be_refused_after_it_was_taken(void **state)
{
	struct trixy_event status = { .size = sizeof(status), .kind = TRIXY_EVENT_STATUS, .account_key = T("shop"), .contact_key = T("c"),
		.message_id = T("r1"), .at_ms = clock_now_ms(), .status = TRIXY_STATUS_DELIVERED, .reason = T("Too old."), .fix = T("Write.") };
	struct outbox_item item;

	(void)state;
	check_ok(react(THUMB), &err);
	item = claim_next();
	settle(&item, TRIXY_SENT, "r1");
	status.status = TRIXY_STATUS_FAILED;
	(void)house_apply(&status, 1);
	assert_string_equal(ours(), THUMB " 2 Too old. Write.");
	/* It may also come before the answer. */
	check_ok(react(HEART), &err);
	item = claim_next();
	status.message_id = T("r2");
	(void)house_apply(&status, 1);
	settle(&item, TRIXY_SENT, "r2");
	assert_string_equal(ours(), HEART " 2 Too old. Write.");	/* nothing of ours was there */
	/* Of one that reached the customer, nothing of the kind counts. */
	check_ok(react(LAUGH), &err);
	item = claim_next();
	settle(&item, TRIXY_SENT, "r3");
	status.message_id = T("r3");
	status.status = TRIXY_STATUS_DELIVERED;
	(void)house_apply(&status, 1);
	status.status = TRIXY_STATUS_FAILED;
	(void)house_apply(&status, 1);
	assert_string_equal(ours(), LAUGH " 0");
}

/* The reference that went with it names it before, or instead of, its answer. */
static void a_status_with_the_reference_is_an_answer(void **state)
{
	struct trixy_event status = { .size = sizeof(status), .kind = TRIXY_EVENT_STATUS, .account_key = T("shop"), .contact_key = T("c"),
		.message_id = T("r1"), .at_ms = clock_now_ms(), .status = TRIXY_STATUS_DELIVERED };
	struct outbox_item item;

	(void)state;
	check_ok(react(THUMB), &err);
	item = claim_next();
	settle(&item, TRIXY_UNKNOWN, NULL);		/* it waits to be made again */
	assert_int_equal(waiting(), 1);
	status.reference = trixy_from_str(item.reference);
	(void)house_apply(&status, 1);
	(void)house_apply(&status, 1);
	assert_string_equal(ours(), THUMB " 0");
	assert_int_equal(waiting(), 0);
	/* A failure, before the answer. */
	check_ok(react(HEART), &err);
	item = claim_next();
	status.message_id = T("r2");
	status.reference = trixy_from_str(item.reference);
	status.status = TRIXY_STATUS_FAILED;
	status.reason = T("Too old.");
	(void)house_apply(&status, 1);
	assert_string_equal(ours(), THUMB " 2 Too old.");
	settle(&item, TRIXY_SENT, "r2");
	assert_string_equal(ours(), THUMB " 2 Too old.");
	assert_int_equal(waiting(), 0);
}

static void an_attempt_without_an_answer_is_made_again(void **state)
{
	struct outbox_item item;
	int tries = 0;

	(void)state;
	check_ok(react(THUMB), &err);
	for (; waiting() == 1 && tries < 20; tries++) {
		item = claim_next();
		settle(&item, TRIXY_UNKNOWN, NULL);
		assert_int_equal(due_at(&item, 0), 0);	/* not at once */
	}
	assert_int_equal(tries, 6);
	assert_string_equal(ours(), THUMB " 2 No. Do this.");
}

static void a_crash_sends_it_again(void **state)
{
	struct outbox_item item;
	int64_t unknown;

	(void)state;
	check_ok(react(THUMB), &err);
	item = claim_next();
	check_ok(outbox_recover(&house.i, &unknown, &err), &err);
	assert_int_equal(unknown, 0);
	assert_string_equal(ours(), THUMB " 1");
	item = claim_next();
	settle(&item, TRIXY_SENT, "r");
	assert_string_equal(ours(), THUMB " 0");
}

static int move_window(struct db *db, void *arg, struct error *e)
{
	struct store_conversation c;
	int r = store_conversation_get(db, house.w, *(int64_t *)arg, &house.arena, &c, e);

	c.window_from -= 2 * DAY_MS;
	return r < 0 ? r : store_conversation_save(db, &c, e);
}

static void the_window_closes_while_it_waits(void **state)
{
	struct outbox_item items[8];

	(void)state;
	check_ok(react(THUMB), &err);
	assert_int_equal(due_at(items, HOUR_MS), 1);
	check_ok(store_write(house.i.store, move_window, &conversation, &err), &err);
	check_ok(outbox_claim(&house.i, items, 1, &err), &err);
	assert_false(items[0].claimed);
	assert_string_equal(ours(), THUMB " 2 closed The window closed while the message waited. The customer must write first.");
	assert_int_equal(react(HEART), ERR_DENIED);
	assert_string_equal(err.text, "closed");
}

static void a_disconnected_account_refuses_it(void **state)
{
	struct outbox_item item;

	(void)state;
	check_ok(react(THUMB), &err);
	item = claim_next();
	check_ok(account_disconnect(&house.i, house.w, house.account_id, &err), &err);
	assert_string_equal(ours(), THUMB " 2 The account was disconnected before this was sent.");
	assert_int_equal(outbox_settle(&house.i, &item, &(struct trixy_outcome){ .size = sizeof(struct trixy_outcome), .kind = TRIXY_SENT }, &err),
			 ERR_NOTFOUND);
	assert_int_equal(react(HEART), ERR_STATE);
}

static void what_cannot_be_reacted_to(void **state)
{
	static const struct trixy_text two[] = { TRIXY_TEXT(HEART), TRIXY_TEXT(THUMB) };
	struct reply_result ret;

	(void)state;
	check_is(inbox_react(&house.i, house.w, conversation, 999, 7, STR(THUMB), &err), ERR_NOTFOUND, &err);
	check_is(inbox_react(&house.i, house.other, conversation, question, 7, STR(THUMB), &err), ERR_NOTFOUND, &err);
	check_ok(inbox_reply(&house.i, &(struct reply){ .workspace = house.w, .conversation_id = conversation, .text = STR("x") }, &ret, &err), &err);
	check_is(inbox_react(&house.i, house.w, conversation, ret.message_ids[0], 7, STR(THUMB), &err), ERR_STATE, &err);
	assert_string_equal(err.text, "Only what the customer wrote can be reacted to.");
	struct trixy_event gone = said("c", "question", "", clock_now_ms());

	able.reactions = two;
	able.reaction_count = 2;
	assert_int_equal(react(LAUGH), ERR_INVALID);
	assert_string_equal(err.text, "Fake takes no reaction but " HEART " or " THUMB " from here.");
	check_ok(react(HEART), &err);
	gone.kind = TRIXY_EVENT_UNSEND;
	(void)house_apply(&gone, 1);
	assert_int_equal(react(THUMB), ERR_STATE);
	able.can = 0;
	assert_int_equal(react(THUMB), ERR_STATE);
	assert_string_equal(err.text, "Fake does not take reactions from here. Write a reply instead.");
}

static void one_emoji_is_one(void **state)
{
	static const char *const good[] = { THUMB, HEART, "\xe2\x9d\xa4", "\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa",
		"\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7", "1\xef\xb8\x8f\xe2\x83\xa3", "\xc2\xa9\xef\xb8\x8f", "" };
	static const char *const bad[] = { "a", "ok", THUMB HEART, "\xe4\xb8\x80", "1", THUMB " ", "\xf0\x9f\x87\xa9", "\xff", THUMB "x",
		"\xe2\x80\x8d", "\xf0\x9f\x91\xa8\xe2\x80\x8d", "<b>" };

	(void)state;
	for (size_t k = 0; k < sizeof(good) / sizeof(good[0]); k++)
		if (rules_reaction_fault(&able, str_of(good[k]), &house.arena).p != NULL)
			check_failed("refused: %s", good[k]);
	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
		if (rules_reaction_fault(&able, str_of(bad[k]), &house.arena).p == NULL)
			check_failed("taken: %s", bad[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_reaction_shows_at_once_and_is_settled, open_able, house_close),
		cmocka_unit_test_setup_teardown(the_newer_one_takes_the_place_of_what_has_not_left, open_able, house_close),
		cmocka_unit_test_setup_teardown(one_under_way_is_followed_by_the_next, open_able, house_close),
		cmocka_unit_test_setup_teardown(a_refused_one_says_why, open_able, house_close),
		cmocka_unit_test_setup_teardown(all_of_the_customer_rests, open_able, house_close),
		cmocka_unit_test_setup_teardown(one_may_be_refused_after_it_was_taken, open_able, house_close),
		cmocka_unit_test_setup_teardown(a_status_with_the_reference_is_an_answer, open_able, house_close),
		cmocka_unit_test_setup_teardown(an_attempt_without_an_answer_is_made_again, open_able, house_close),
		cmocka_unit_test_setup_teardown(a_crash_sends_it_again, open_able, house_close),
		cmocka_unit_test_setup_teardown(the_window_closes_while_it_waits, open_able, house_close),
		cmocka_unit_test_setup_teardown(a_disconnected_account_refuses_it, open_able, house_close),
		cmocka_unit_test_setup_teardown(what_cannot_be_reacted_to, open_able, house_close),
		cmocka_unit_test_setup_teardown(one_emoji_is_one, open_able, house_close),
	};
	return cmocka_run_group_tests_name("react", tests, NULL, NULL);
}
