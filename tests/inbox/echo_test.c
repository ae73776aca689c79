/* Our own message comes back in many ways: its answer, its echo, receipts and reactions, in every order, with crashes between
 * them, and beside somebody who types the same words on the phone. It must show once and end in the same state. */
#include "fixture.h"

#include "inbox/outbox.h"
#include "inbox/reply.h"

enum { STEPS = 6 };

struct play {
	char contact[32];
	int64_t conversation_id, message_id;	/* the newest one sent from here */
	int64_t base_ms;			/* the provider's clock at the newest claim */
	struct outbox_item item;
};

static int plays;

static void begin(struct play *p)
{
	*p = (struct play){ 0 };
	(void)snprintf(p->contact, sizeof(p->contact), "play%d", plays++);
	const struct trixy_event question = said(p->contact, "question", "?", clock_now_ms() - 5000);

	(void)house_apply(&question, 1);
	p->conversation_id = house_conversation(p->contact).id;
}

/* Writes "hello" and claims it. */
static void send(struct play *p)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct reply reply = { .workspace = house.w, .conversation_id = p->conversation_id, .text = STR("hello") };
	struct reply_result ret;
	struct error err = { 0 };
	size_t count;
	int64_t next;

	check_ok(inbox_reply(&house.i, &reply, &ret, &err), &err);
	check_ok(outbox_due(&house.i, house.reader, clock_now_ms() + 1000, 8, &arena, &p->item, 1, &count, &next, &err), &err);
	assert_int_equal(count, 1);
	assert_int_equal(p->item.message_id, ret.message_ids[0]);
	check_ok(outbox_claim(&house.i, &p->item, 1, &err), &err);
	assert_true(p->item.claimed);
	p->message_id = ret.message_ids[0];
	p->base_ms = clock_now_ms();
	p->item = (struct outbox_item){ .workspace = house.w, .message_id = p->message_id, .conversation_id = p->conversation_id,
					.account_id = house.account_id };
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

static struct trixy_event event(struct play *p, uint32_t kind, const char *id, int64_t after_ms)
{
	struct trixy_event e = echoed(p->contact, id, "hello", p->base_ms + after_ms);

	e.kind = kind;
	if (kind != TRIXY_EVENT_MESSAGE)
		e.flags = 0;
	return e;
}

/* E echo, K the customer's reaction, R their receipt, D an edit on the phone, all of "ours"; A echo of "older", which was ours
 * too; X echo of the same words from the phone; S answer "sent", L answer lost, F refused for good, T refused in passing,
 * P rate limited, V recovery after a crash. */
static void step(struct play *p, char what)
{
	struct trixy_event e;
	struct error err = { 0 };
	int64_t recovered;

	switch (what) {
	case 'S': settle(p, TRIXY_SENT, "ours"); return;
	case 'L': settle(p, TRIXY_UNKNOWN, NULL); return;
	case 'F': settle(p, TRIXY_FAILED, NULL); return;
	case 'T': settle(p, TRIXY_RETRY, NULL); return;
	case 'P': settle(p, TRIXY_PARK, NULL); return;
	case 'V': check_ok(outbox_recover(&house.i, &recovered, &err), &err); return;
	case 'E': e = event(p, TRIXY_EVENT_MESSAGE, "ours", 100); break;
	case 'A': e = event(p, TRIXY_EVENT_MESSAGE, "older", -20); break;
	case 'X': e = event(p, TRIXY_EVENT_MESSAGE, "phone", 50); break;
	case 'R': e = event(p, TRIXY_EVENT_READ, "ours", 200); break;
	case 'D':
		e = event(p, TRIXY_EVENT_EDIT, "ours", 300);
		e.flags = TRIXY_FROM_US;
		e.text = T("edited");
		e.edit_number = 1;
		break;
	default:
		e = event(p, TRIXY_EVENT_REACTION, "ours", 250);
		e.text = (struct trixy_text){ 0 };
		e.reaction = e.emoji = T("heart");
		break;
	}
	(void)house_apply(&e, 1);
}

/* The shown messages out, oldest first: status, id, text, whether written elsewhere, reactions. */
static struct str outline(const struct play *p)
{
	SCOPED(buf_done) struct buf b = { 0 };
	size_t count;
	struct message *m = house_messages(p->conversation_id, &count);

	for (size_t k = count; k-- > 0;)
		if (m[k].direction == MESSAGE_OUT)
			buf_addf(&b, "[%s %.*s '%.*s'%s%s%s]", message_status_word(m[k].status), STR_ARG(m[k].external_id), STR_ARG(m[k].text),
				 (m[k].flags & MESSAGE_ELSEWHERE) ? " elsewhere" : "", m[k].reaction_count > 0 ? " heart" : "",
				 m[k].flags & MESSAGE_EDITED ? " edited" : "");
	return arena_copy(&house.arena, buf_str(&b));
}

static void nothing_waits(const struct play *p, const char *order)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	struct error err = { 0 };

	check_ok(db_prepare(house.reader, &st, "SELECT COUNT(*) FROM outbox WHERE conversation_id = ?", &err), &err);
	bind_i64(&st, p->conversation_id);
	check_is(stmt_step(&st, &err), 1, &err);
	if (next_i64(&st) != 0)
		check_failed("%s: it would be sent again", order);
}

struct game {
	const char *expected;
	bool older_unknown;	/* a message with the same words went before, and its answer was lost */
	int runs;
};

static void play_order(struct game *g, const char *order)
{
	struct play p;

	begin(&p);
	if (g->older_unknown) {
		send(&p);
		step(&p, 'L');
	}
	send(&p);
	for (const char *s = order; *s != '\0'; s++)
		step(&p, *s);
	struct str is = outline(&p);

	if (!str_eq_c(is, g->expected))
		check_failed("%s%s:\n%.*s, not\n%s", g->older_unknown ? "after an unknown one, " : "", order, STR_ARG(is), g->expected);
	nothing_waits(&p, order);
	g->runs++;
}

static void permute(struct game *g, char *order, size_t at)
{
	size_t len = strlen(order);

	if (at == len)
		play_order(g, order);
	for (size_t k = at; k < len; k++) {
		char swap = order[at];

		order[at] = order[k];
		order[k] = swap;
		permute(g, order, at + 1);
		order[k] = order[at];
		order[at] = swap;
	}
}

static void in_every_order(const char *steps, const char *expected)
{
	struct game g = { .expected = expected };
	char order[STEPS + 1];

	(void)snprintf(order, sizeof(order), "%s", steps);
	permute(&g, order, 0);
	assert_true(g.runs > 0);
}

static void answer_and_echo(void **state)
{
	(void)state;
	in_every_order("SE", "[sent ours 'hello']");
	in_every_order("SEE", "[sent ours 'hello']");
	in_every_order("LE", "[sent ours 'hello']");
	in_every_order("VE", "[sent ours 'hello']");
	in_every_order("SREK", "[read ours 'hello' heart]");
	in_every_order("LREK", "[read ours 'hello' heart]");
	in_every_order("VREK", "[read ours 'hello' heart]");
	in_every_order("SEKD", "[sent ours 'edited' heart edited]");
}

/* Channels without echoes: the answer alone names the message. */
static void answer_without_echo(void **state)
{
	(void)state;
	in_every_order("SK", "[sent ours 'hello' heart]");
	in_every_order("SR", "[read ours 'hello']");
	in_every_order("L", "[unknown  'hello']");
	in_every_order("V", "[unknown  'hello']");
	in_every_order("F", "[failed  'hello']");
}

/* The answer tells which is which. Without it the first echo is taken for ours: the same words are shown twice either way. */
static void the_same_words_on_the_phone(void **state)
{
	(void)state;
	in_every_order("SEX", "[sent phone 'hello' elsewhere][sent ours 'hello']");
	in_every_order("SEXK", "[sent phone 'hello' elsewhere][sent ours 'hello' heart]");
	in_every_order("SEXD", "[sent phone 'hello' elsewhere][sent ours 'edited' edited]");
}

static void play_one(const char *steps, const char *expected)
{
	struct game g = { .expected = expected };

	play_order(&g, steps);
}

static void what_was_surely_not_sent(void **state)
{
	struct play p;

	(void)state;
	play_one("XF", "[failed  'hello'][sent phone 'hello' elsewhere]");
	play_one("FX", "[failed  'hello'][sent phone 'hello' elsewhere]");
	play_one("ET", "[sent ours 'hello']");		/* an error although it was sent */
	play_one("TE", "[sent ours 'hello']");		/* the same, and no second attempt is made */
	begin(&p);
	send(&p);
	step(&p, 'X');
	step(&p, 'P');		/* refused by the rate limit: those words were somebody else's */
	check_str(outline(&p), "[queued  'hello'][sent phone 'hello' elsewhere]");
}

static void an_older_one_with_the_same_words(void **state)
{
	struct game g = { .older_unknown = true, .expected = "[sent older 'hello'][sent ours 'hello']" };
	char order[] = "SEA", lost[] = "LEA", more[] = "SEAK";

	(void)state;
	permute(&g, order, 0);
	permute(&g, lost, 0);
	g.expected = "[sent older 'hello'][sent ours 'hello' heart]";
	permute(&g, more, 0);
	g.expected = "[unknown  'hello'][sent ours 'hello']";
	play_order(&g, "SE");
	play_order(&g, "ES");
}

/* What was said on the phone before we wrote is not ours. */
static void an_echo_from_before(void **state)
{
	struct play p;

	(void)state;
	begin(&p);
	send(&p);
	struct trixy_event old = echoed(p.contact, "phone", "hello", p.base_ms - HOUR_MS);

	(void)house_apply(&old, 1);
	check_str(outline(&p), "[sent phone 'hello' elsewhere][sending  'hello']");
}

/* An unknown message is queued again by a person; then the echo of the first attempt comes after all. */
static void the_echo_saves_a_second_attempt(void **state)
{
	struct reply_result ret;
	struct error err = { 0 };
	struct play p;

	(void)state;
	begin(&p);
	send(&p);
	step(&p, 'L');
	check_ok(inbox_retry(&house.i, house.w, p.conversation_id, p.message_id, &ret, &err), &err);
	check_str(outline(&p), "[queued  'hello']");
	step(&p, 'E');
	check_str(outline(&p), "[sent ours 'hello']");
	nothing_waits(&p, "retry, echo");
}

/* One that never was attempted is nobody's echo. */
static void the_phone_does_not_stop_what_waits(void **state)
{
	struct reply_result ret;
	struct error err = { 0 };
	struct play p;

	(void)state;
	begin(&p);
	p.base_ms = clock_now_ms();
	check_ok(inbox_reply(&house.i, &(struct reply){ .workspace = house.w, .conversation_id = p.conversation_id, .text = STR("hello") }, &ret,
			     &err), &err);
	step(&p, 'X');
	assert_non_null(strstr(outline(&p).p, "[queued  'hello']"));
	assert_non_null(strstr(outline(&p).p, "[sent phone 'hello' elsewhere]"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answer_and_echo, house_open, house_close),
		cmocka_unit_test_setup_teardown(answer_without_echo, house_open, house_close),
		cmocka_unit_test_setup_teardown(the_same_words_on_the_phone, house_open, house_close),
		cmocka_unit_test_setup_teardown(what_was_surely_not_sent, house_open, house_close),
		cmocka_unit_test_setup_teardown(an_older_one_with_the_same_words, house_open, house_close),
		cmocka_unit_test_setup_teardown(an_echo_from_before, house_open, house_close),
		cmocka_unit_test_setup_teardown(the_echo_saves_a_second_attempt, house_open, house_close),
		cmocka_unit_test_setup_teardown(the_phone_does_not_stop_what_waits, house_open, house_close),
	};
	return cmocka_run_group_tests_name("echo", tests, NULL, NULL);
}
