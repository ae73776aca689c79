/* Statuses that name our own message by the reference that went with it: before its answer, instead of it, in every order and
 * twice; what is said of an earlier attempt is not said of the next; and a reference that is not ours says nothing. */
#include "fixture.h"

#include "inbox/outbox.h"
#include "inbox/reply.h"
#include "inbox/settle.h"

struct play {
	char contact[32];
	int64_t conversation_id, message_id;
	struct str reference;		/* of the newest claim */
	struct outbox_item item;
};

static int plays;

static struct message shown(const struct play *p)
{
	struct message m;
	struct error err = { 0 };

	check_ok(message_get(house.reader, house.w, p->conversation_id, p->message_id, &house.arena, &m, &err), &err);
	return m;
}

static void claim(struct play *p)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct outbox_item items[8];
	struct error err = { 0 };
	size_t count;
	int64_t next;

	check_ok(outbox_due(&house.i, house.reader, clock_now_ms() + HOUR_MS, 8, &arena, items, 8, &count, &next, &err), &err);
	for (size_t k = 0; k < count; k++)
		if (items[k].message_id == p->message_id) {
			check_ok(outbox_claim(&house.i, &items[k], 1, &err), &err);
			assert_true(items[k].claimed);
		}
	p->item = (struct outbox_item){ .workspace = house.w, .message_id = p->message_id, .conversation_id = p->conversation_id,
					.account_id = house.account_id };
	p->reference = settle_reference(p->message_id, shown(p).at, &house.arena);
}

/* Writes "hello" and claims it. */
static void begin(struct play *p)
{
	*p = (struct play){ 0 };
	(void)snprintf(p->contact, sizeof(p->contact), "play%d", plays++);
	const struct trixy_event question = said(p->contact, "question", "?", clock_now_ms() - 5000);
	struct reply reply = { .workspace = house.w, .text = STR("hello") };
	struct reply_result ret;
	struct error err = { 0 };

	(void)house_apply(&question, 1);
	reply.conversation_id = p->conversation_id = house_conversation(p->contact).id;
	check_ok(inbox_reply(&house.i, &reply, &ret, &err), &err);
	p->message_id = ret.message_ids[0];
	claim(p);
}

static void settle(struct play *p, uint32_t kind, const char *external_id)
{
	struct trixy_outcome t = { .size = sizeof(t), .kind = kind, .message_id = trixy_from_str(str_of(external_id)), .code = T("c"),
				   .reason = T("why"), .fix = T("do") };
	struct error err = { 0 };
	int r = outbox_settle(&house.i, &p->item, &t, &err);

	if (r < 0 && r != ERR_NOTFOUND)
		check_failed("settle: %s", err.text);
}

static struct trixy_event status(const struct play *p, uint32_t what, const char *id)
{
	struct trixy_event e = said(p->contact, id, "", clock_now_ms());

	e.kind = TRIXY_EVENT_STATUS;
	e.flags = 0;
	e.text = (struct trixy_text){ 0 };
	e.status = what;
	e.reference = trixy_from_str(p->reference);
	if (what == TRIXY_STATUS_FAILED) {
		e.reason = T("The number is not on WhatsApp.");
		e.fix = T("Ask for another.");
	}
	return e;
}

static void tell(const struct play *p, uint32_t what, const char *id)
{
	const struct trixy_event e = status(p, what, id);

	(void)house_apply(&e, 1);
}

/* S answer "sent", L answer lost, V recovery after a crash; s d r f the statuses; R the receipt, which names no reference. */
static void step(struct play *p, char what)
{
	struct trixy_event read = status(p, 0, "ours");
	struct error err = { 0 };
	int64_t recovered;

	switch (what) {
	case 'S': settle(p, TRIXY_SENT, "ours"); return;
	case 'L': settle(p, TRIXY_UNKNOWN, NULL); return;
	case 'V': check_ok(outbox_recover(&house.i, &recovered, &err), &err); return;
	case 's': tell(p, TRIXY_STATUS_SENT, "ours"); return;
	case 'd': tell(p, TRIXY_STATUS_DELIVERED, "ours"); return;
	case 'r': tell(p, TRIXY_STATUS_READ, "ours"); return;
	case 'f': tell(p, TRIXY_STATUS_FAILED, "ours"); return;
	default:
		read.kind = TRIXY_EVENT_READ;
		read.reference = (struct trixy_text){ 0 };
		(void)house_apply(&read, 1);
	}
}

/* The shown messages out, and how many rows wait in the outbox. */
static struct str outline(const struct play *p)
{
	SCOPED(buf_done) struct buf b = { 0 };
	size_t count;
	struct message *m = house_messages(p->conversation_id, &count);

	for (size_t k = count; k-- > 0;)
		if (m[k].direction == MESSAGE_OUT)
			buf_addf(&b, "[%s %.*s '%.*s'%s%.*s]", message_status_word(m[k].status), STR_ARG(m[k].external_id), STR_ARG(m[k].text),
				 (m[k].flags & MESSAGE_ELSEWHERE) ? " elsewhere" : "", STR_ARG(m[k].error_text));
	return arena_copy(&house.arena, buf_str(&b));
}

static void every_order(char *steps, size_t at, const char *expected)
{
	size_t count = strlen(steps);
	struct play p;

	if (at < count) {
		for (size_t k = at; k < count; k++) {
			char was = steps[at];

			steps[at] = steps[k], steps[k] = was;
			every_order(steps, at + 1, expected);
			was = steps[at], steps[at] = steps[k], steps[k] = was;
		}
		return;
	}
	for (int doubled = 0; doubled < 2; doubled++) {
		begin(&p);
		for (size_t k = 0; k < count; k++)
			for (int n = 0; n <= doubled; n++)
				step(&p, steps[k]);
		struct str ends = outline(&p);

		if (!str_eq_c(ends, expected))
			check_failed("%s%s ends in %.*s instead of %s", steps, doubled ? " doubled" : "", STR_ARG(ends), expected);
		assert_int_equal(house_number("SELECT COUNT(*) FROM outbox WHERE account_id = ?"), 0);
	}
}

#define EVERY_ORDER(steps, expected) do { char list[] = steps; every_order(list, 0, expected); } while (0)

static void statuses_and_answer_in_every_order(void **state)
{
	(void)state;
	EVERY_ORDER("Ssd", "[delivered ours 'hello']");
	EVERY_ORDER("Sdr", "[read ours 'hello']");
	EVERY_ORDER("Ssdr", "[read ours 'hello']");
	EVERY_ORDER("SsdR", "[read ours 'hello']");
	EVERY_ORDER("Ssf", "[failed ours 'hello'The number is not on WhatsApp.]");
	EVERY_ORDER("Sdf", "[delivered ours 'hello']");
}

/* No answer ever comes. What the provider says of the message is the answer. */
static void a_status_stands_in_for_a_lost_answer(void **state)
{
	(void)state;
	EVERY_ORDER("Ld", "[delivered ours 'hello']");
	EVERY_ORDER("Lsr", "[read ours 'hello']");
	EVERY_ORDER("Vsd", "[delivered ours 'hello']");
	EVERY_ORDER("Lf", "[failed ours 'hello'The number is not on WhatsApp.]");
}

static void one_that_waits_for_another_attempt_needs_none(void **state)
{
	struct play p;

	(void)state;
	begin(&p);
	settle(&p, TRIXY_RETRY, NULL);
	assert_int_equal(shown(&p).status, MESSAGE_QUEUED);
	tell(&p, TRIXY_STATUS_FAILED, "ours");			/* not the end: there is another attempt */
	assert_int_equal(shown(&p).status, MESSAGE_QUEUED);
	tell(&p, TRIXY_STATUS_DELIVERED, "ours");
	check_str(outline(&p), "[delivered ours 'hello']");
	assert_int_equal(house_number("SELECT COUNT(*) FROM outbox WHERE account_id = ?"), 0);
}

/* A person sends a failed one again; the provider repeats what it said of the first attempt. */
static void a_repeated_failure_does_not_end_the_retry(void **state)
{
	struct play p;
	struct reply_result ret;
	struct error err = { 0 };

	(void)state;
	begin(&p);
	settle(&p, TRIXY_SENT, "first");
	tell(&p, TRIXY_STATUS_FAILED, "first");
	assert_int_equal(shown(&p).status, MESSAGE_FAILED);
	check_ok(inbox_retry(&house.i, house.w, p.conversation_id, p.message_id, &ret, &err), &err);
	tell(&p, TRIXY_STATUS_SENT, "first");
	tell(&p, TRIXY_STATUS_FAILED, "first");
	assert_int_equal(shown(&p).status, MESSAGE_QUEUED);
	assert_int_equal(house_number("SELECT COUNT(*) FROM outbox WHERE account_id = ?"), 1);
	struct str before = p.reference;

	do
		claim(&p);		/* in another millisecond than the first: that is what tells them apart */
	while (str_eq(before, p.reference) && (settle(&p, TRIXY_RETRY, NULL), true));
	struct str now = p.reference;

	p.reference = before;
	tell(&p, TRIXY_STATUS_SENT, "first");
	tell(&p, TRIXY_STATUS_FAILED, "first");
	assert_int_equal(shown(&p).status, MESSAGE_SENDING);
	p.reference = now;
	tell(&p, TRIXY_STATUS_DELIVERED, "second");
	settle(&p, TRIXY_SENT, "second");
	check_str(outline(&p), "[delivered second 'hello']");
}

/* The echo of an API that gives the reference back with it: known whatever its words are. */
static void an_echo_with_a_reference_is_ours(void **state)
{
	struct play p;
	struct trixy_event e;

	(void)state;
	begin(&p);
	e = echoed(p.contact, "ours", "hello, as the provider wrote it", clock_now_ms() + 50);
	e.reference = trixy_from_str(p.reference);
	assert_int_equal(house_apply(&e, 1).changed, 1);
	assert_int_equal(house_apply(&e, 1).known, 1);
	settle(&p, TRIXY_SENT, "ours");
	check_str(outline(&p), "[sent ours 'hello']");
	assert_int_equal(shown(&p).at, e.at_ms);
}

/* Some failures name no customer at all. */
static void a_status_that_names_nobody_finds_its_message(void **state)
{
	struct play p, q;
	struct trixy_event unit[3];
	int64_t rows;

	(void)state;
	begin(&p);
	begin(&q);
	settle(&q, TRIXY_SENT, "theirs");
	unit[0] = status(&p, TRIXY_STATUS_FAILED, "ours");
	unit[1] = status(&q, TRIXY_STATUS_DELIVERED, "theirs");		/* its id is known already */
	unit[2] = unit[0];
	unit[2].reference = T("mt-4711-abc");
	for (int k = 0; k < 3; k++)
		unit[k].contact_key = (struct trixy_text){ 0 };
	rows = house_number("SELECT COUNT(*) FROM conversations WHERE account_id = ?") + house_number("SELECT COUNT(*) FROM messages");
	struct apply_result result = house_apply(unit, 3);

	assert_int_equal(result.changed, 2);
	assert_int_equal(result.ignored, 1);
	assert_true(result.reason.len > 20);
	settle(&p, TRIXY_SENT, "ours");
	check_str(outline(&p), "[failed ours 'hello'The number is not on WhatsApp.]");
	check_str(outline(&q), "[delivered theirs 'hello']");
	assert_int_equal(house_number("SELECT COUNT(*) FROM conversations WHERE account_id = ?") + house_number("SELECT COUNT(*) FROM messages"),
			 rows);
	assert_int_equal(house_apply(unit, 3).changed, 0);
}

/* The receipt waited for the message; what else the unit knows of the conversation must not undo what it said. */
static void a_receipt_that_waited_is_counted(void **state)
{
	struct play p;
	struct trixy_event unit[2];

	(void)state;
	begin(&p);
	step(&p, 'R');
	unit[0] = said(p.contact, "more", "more", clock_now_ms());
	unit[1] = status(&p, TRIXY_STATUS_SENT, "ours");
	(void)house_apply(unit, 2);
	check_str(outline(&p), "[read ours 'hello']");
	settle(&p, TRIXY_SENT, "ours");
	check_str(outline(&p), "[read ours 'hello']");
}

/* It was shown as written elsewhere before anybody knew better. */
static void what_was_taken_for_anothers_is_taken_in(void **state)
{
	struct play p;
	struct trixy_event e;

	(void)state;
	begin(&p);
	e = echoed(p.contact, "ours", "other words", clock_now_ms());
	(void)house_apply(&e, 1);
	tell(&p, TRIXY_STATUS_READ, "ours");
	settle(&p, TRIXY_SENT, "ours");
	check_str(outline(&p), "[read ours 'hello']");
}

static void references_of_others_say_nothing(void **state)
{
	static const char *const strange[] = { "", "mt", "mt-", "mt-1", "mt-1-", "mt--1", "mt-x-1", "mt-1-!", "mt-0-1", "mt--5-1", "ax-1-1",
					       "mt-99999999999999999999-1", "mt-1-zzzzzzzzzzzz", "mt-1-1-1" };
	struct play p, q;
	int64_t id, at;

	(void)state;
	for (size_t k = 0; k < sizeof(strange) / sizeof(strange[0]); k++)
		if (settle_reference_read(str_of(strange[k]), &id, &at))
			check_failed("'%s' was taken for a reference", strange[k]);
	assert_true(settle_reference_read(settle_reference(INT64_MAX, INT64_C(253402300799999), &house.arena), &id, &at));
	assert_true(id == INT64_MAX && at == INT64_C(253402300799999));
	assert_true(settle_reference(INT64_MAX, INT64_C(253402300799999), &house.arena).len <= 64);
	check_str(settle_reference(12, 35, &house.arena), "mt-12-z");
	/* Of another conversation, of another moment, and in another account. */
	begin(&p);
	begin(&q);
	struct str right = p.reference;

	p.reference = q.reference;
	tell(&p, TRIXY_STATUS_DELIVERED, "ours");
	p.reference = settle_reference(p.message_id, shown(&p).at - 1, &house.arena);
	tell(&p, TRIXY_STATUS_DELIVERED, "ours");
	assert_int_equal(shown(&p).status, MESSAGE_SENDING);
	assert_int_equal(shown(&q).status, MESSAGE_SENDING);
	p.reference = right;
	house.account_id = house_connect(house.w, "shop2", "secret-shop2");
	tell(&p, TRIXY_STATUS_DELIVERED, "ours");
	assert_int_equal(shown(&p).status, MESSAGE_SENDING);
}

/* The provider calls the customer something that was never heard of; the reference tells who that is. */
static void a_reference_names_the_customer_too(void **state)
{
	struct play p;

	(void)state;
	begin(&p);
	struct trixy_event e = status(&p, TRIXY_STATUS_DELIVERED, "ours");

	e.contact_key = T("49151-unheard-of");
	(void)house_apply(&e, 1);
	settle(&p, TRIXY_SENT, "ours");
	check_str(outline(&p), "[delivered ours 'hello']");
	e = said("49151-unheard-of", "reply", "thanks", clock_now_ms());
	(void)house_apply(&e, 1);
	assert_int_equal(house_number("SELECT COUNT(*) FROM conversations WHERE account_id = ?"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, house_open, house_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(statuses_and_answer_in_every_order), TEST(a_status_stands_in_for_a_lost_answer),
		TEST(one_that_waits_for_another_attempt_needs_none), TEST(a_repeated_failure_does_not_end_the_retry),
		TEST(an_echo_with_a_reference_is_ours), TEST(a_status_that_names_nobody_finds_its_message),
		TEST(a_receipt_that_waited_is_counted), TEST(what_was_taken_for_anothers_is_taken_in), TEST(references_of_others_say_nothing),
		TEST(a_reference_names_the_customer_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
