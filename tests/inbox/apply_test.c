/* Applying: every order and every repetition of the same events ends in the same state. */
#include "fixture.h"

#include "../database.h"

enum { MOST = 6 };

struct order {
	const struct trixy_event *events;
	size_t count, index[MOST];
	bool doubled;
	int runs;
	char first[8192];
};

static int rounds;	/* a contact is asked for once */

/* Applies the events in this order to a contact of their own and compares with the first order. */
static void try_order(struct order *o)
{
	struct trixy_event now[2 * MOST];
	char contact[32];
	size_t n = 0;

	(void)snprintf(contact, sizeof(contact), "c%d-%d-%d", rounds, (int)o->doubled, o->runs++);
	for (size_t k = 0; k < o->count; k++) {
		now[n] = o->events[o->index[k]];
		now[n].contact_key = trixy_from_str(str_of(contact));
		if (o->doubled) {
			now[n + 1] = now[n];
			n++;
		}
		n++;
	}
	/* One unit each, then all at once: the conversation that is kept between events must not matter. */
	if (o->runs % 2)
		(void)house_apply(now, n);
	else
		for (size_t k = 0; k < n; k++)
			(void)house_apply(&now[k], 1);
	struct str dump = house_dump(contact);

	if (o->first[0] == '\0')
		(void)snprintf(o->first, sizeof(o->first), "%.*s", STR_ARG(dump));
	else
		assert_string_equal(dump.p, o->first);
}

static void permute(struct order *o, size_t at)
{
	if (at == o->count || at == MOST) { /* the second for the compiler, which unrolls this */
		try_order(o);
		return;
	}
	for (size_t k = at; k < o->count; k++) {
		size_t swap = o->index[at];

		o->index[at] = o->index[k];
		o->index[k] = swap;
		permute(o, at + 1);
		o->index[k] = o->index[at];
		o->index[at] = swap;
	}
}

static void every_order(const struct trixy_event *events, size_t count, const char *expected_part)
{
	struct order o = { .events = events, .count = count };

	rounds++;
	for (int doubled = 0; doubled < 2; doubled++) {
		for (size_t k = 0; k < count; k++)
			o.index[k] = k;
		o.doubled = doubled;
		permute(&o, 0);
	}
	if (strstr(o.first, expected_part) == NULL)
		check_failed("'%s' is not in:\n%s", expected_part, o.first);
}

static struct trixy_event about(uint32_t kind, const char *id, int64_t at_ms)
{
	struct trixy_event e = said("", id, "", at_ms);

	e.kind = kind;
	e.flags = 0;
	e.text = (struct trixy_text){ 0 };
	return e;
}

static struct trixy_event edited(const char *id, const char *text, int64_t number, int64_t at_ms)
{
	struct trixy_event e = about(TRIXY_EVENT_EDIT, id, at_ms);

	e.text = trixy_from_str(str_of(text));
	e.edit_number = number;
	return e;
}

static struct trixy_event reacted(const char *id, const char *emoji, int64_t at_ms)
{
	struct trixy_event e = about(TRIXY_EVENT_REACTION, id, at_ms);

	if (emoji != NULL)
		e.emoji = e.reaction = trixy_from_str(str_of(emoji));
	return e;
}

static void message_edits_and_reaction(void **state)
{
	const struct trixy_event events[] = { said("", "m1", "one", 1000), edited("m1", "two", 1, 2000), edited("m1", "three", 2, 3000),
					      reacted("m1", "heart", 4000) };

	(void)state;
	every_order(events, 4, "'three' id m1 2");
	every_order(events, 4, "m1 got 1 'heart'");
}

static void unsend_wins_over_everything(void **state)
{
	const struct trixy_event events[] = { said("", "m1", "one", 1000), edited("m1", "two", 1, 2000), about(TRIXY_EVENT_UNSEND, "m1", 3000) };

	(void)state;
	every_order(events, 3, "NULL id m1");
}

static void last_reaction_counts(void **state)
{
	const struct trixy_event events[] = { said("", "m1", "one", 1000), reacted("m1", "heart", 2000), reacted("m1", NULL, 3000),
					      reacted("m1", "laugh", 4000) };

	(void)state;
	every_order(events, 4, "m1 got 1 'laugh'");
}

static void receipt_covers_what_came_before(void **state)
{
	const struct trixy_event events[] = { said("", "q", "hi", 1000), echoed("", "a1", "first", 2000), echoed("", "a2", "second", 3000),
					      echoed("", "a3", "third", 4000), about(TRIXY_EVENT_READ, "a2", 5000) };

	(void)state;
	every_order(events, 5, "read 3000");
}

static struct trixy_event by_us(struct trixy_event e)
{
	e.flags |= TRIXY_FROM_US;
	return e;
}

static void everything_about_one_message(void **state)
{
	static const struct trixy_attachment picture[] = {
		{ .size = sizeof(picture[0]), .type = TRIXY_MESSAGE_IMAGE, .url = T("https://a.example/1"), .title = T("t") } };
	struct trixy_event events[] = { said("", "m1", "one", 1000), edited("m1", "two", 1, 2000), reacted("m1", "heart", 2500),
					about(TRIXY_EVENT_UNSEND, "m1", 3000), by_us(reacted("m1", "like", 2600)) };

	(void)state;
	events[0].attachments = picture;
	events[0].attachment_count = 1;
	events[0].payload = T("p");
	events[0].story_id = T("s");
	events[0].reply_to_id = T("m0");
	every_order(events, 5, "NULL id m1 1NULL'm0'NULLNULL");
	events[3] = about(TRIXY_EVENT_READ, "m1", 3000);
	every_order(events, 5, "m1 has 0 3 'https://a.example/1''t'NULL");
}

/* The message itself never comes: what is known of it must not depend on the order either. */
static void what_never_arrives(void **state)
{
	const struct trixy_event sure[] = { reacted("m1", "heart", 2000), edited("m1", "two", 1, 3000), about(TRIXY_EVENT_READ, "m1", 1500),
					    by_us(reacted("m1", "like", 2600)), about(TRIXY_EVENT_UNSEND, "m1", 4000) };
	const struct trixy_event edit[] = { reacted("m1", "heart", 2000), edited("m1", "two", 1, 1000), about(TRIXY_EVENT_READ, "m1", 1500) };
	const struct trixy_event guesses[] = { reacted("m1", "heart", 2000), about(TRIXY_EVENT_READ, "m1", 2500), by_us(reacted("m1", "x", 2100)) };

	(void)state;
	every_order(sure, 5, "1/0/3/35 at 1500 NULL id m1");
	every_order(edit, 3, "1/0/3/34 at 1000 'two' id m1");
	every_order(guesses, 3, "1/0/3/32 at 2000 NULL id m1");
}

static void edits_of_one_number(void **state)
{
	const struct trixy_event events[] = { said("", "m1", "one", 1000), edited("m1", "bb", 0, 2000), edited("m1", "b", 0, 3000),
					      edited("m1", "ba", 0, 4000) };

	(void)state;
	every_order(events, 4, "'bb' id m1");
}

static struct trixy_event status(const char *id, uint32_t to, int64_t at_ms)
{
	struct trixy_event e = about(TRIXY_EVENT_STATUS, id, at_ms);

	e.status = to;
	if (to == TRIXY_STATUS_FAILED)
		e.reason = T("no");
	return e;
}

static void a_status_never_goes_back(void **state)
{
	const struct trixy_event all[] = { echoed("", "a", "x", 1000), status("a", TRIXY_STATUS_SENT, 1100), status("a", TRIXY_STATUS_DELIVERED, 1200),
					   status("a", TRIXY_STATUS_READ, 1300), status("a", TRIXY_STATUS_FAILED, 1400) };
	const struct trixy_event failed[] = { echoed("", "a", "x", 1000), status("a", TRIXY_STATUS_SENT, 1100), status("a", TRIXY_STATUS_FAILED, 1200) };
	const struct trixy_event theirs[] = { said("", "a", "x", 1000), status("a", TRIXY_STATUS_FAILED, 1100), reacted("a", "x", 1200) };

	(void)state;
	every_order(all, 5, "2/1/5/8 at 1000");
	every_order(failed, 3, "2/1/6/8 at 1000 'x' id a 0NULLNULLNULLNULLNULLNULL'refused''no'");
	every_order(theirs, 3, "1/1/0/0 at 1000");
}

static void the_window_follows_the_newest_word(void **state)
{
	struct trixy_event events[] = { said("", "m1", "one", 1000), said("", "m2", "two", 3000), echoed("", "m3", "three", 4000),
					reacted("m1", "x", 5000), said("", "m4", "four", 2000) };

	(void)state;
	every_order(events, 5, "unread 3 activity 5000 window 3000 read 0");
	events[3].flags |= TRIXY_OPENS_WINDOW;	/* where a channel says so, any event does */
	every_order(events, 5, "window 5000");
}

/* ---- by chance ---- */

static uint32_t seed;

static uint32_t chance(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* Something about one of four messages, two of each side. */
static struct trixy_event random_event(void)
{
	static const char *const ids[] = { "in1", "in2", "out1", "out2" };
	static const char *const words[] = { "a", "b", "ab", "" };
	uint32_t which = chance(4);
	const char *id = ids[which];
	bool ours = which >= 2;
	int64_t at = 1000 + 100 * (int64_t)chance(8);
	struct trixy_event e;

	switch (chance(ours ? 7 : 6)) {
	case 0:
	case 1:		/* one message has one time, whoever repeats it */
		e = ours ? echoed("", id, "x", 1000 + 50 * (int64_t)which) : said("", id, "x", 1000 + 50 * (int64_t)which);
		return e;
	case 2: e = edited(id, words[chance(3)], chance(3), at); break;
	case 3: e = about(TRIXY_EVENT_UNSEND, id, at); break;
	case 4:
		e = reacted(id, chance(3) ? words[chance(3)] : NULL, at);
		return chance(3) ? e : by_us(e);
	case 5: return about(TRIXY_EVENT_READ, id, at);
	default: return status(id, 1 + chance(4), at);
	}
	return ours ? by_us(e) : e;
}

static void sets_by_chance_in_orders_by_chance(void **state)
{
	(void)state;
	for (uint32_t round = 0; round < (test_database_is_shared() ? 15u : 150u); round++) {
		struct trixy_event events[MOST];
		struct order o = { .events = events, .count = MOST };

		rounds++;
		seed = round;
		for (size_t k = 0; k < MOST; k++)
			events[k] = random_event();
		for (int turn = 0; turn < 10; turn++) {
			for (size_t k = 0; k < MOST; k++)
				o.index[k] = k;
			for (size_t k = MOST - 1; k > 0; k--) {
				size_t with = chance((uint32_t)k + 1), was = o.index[k];

				o.index[k] = o.index[with];
				o.index[with] = was;
			}
			o.doubled = turn % 2;
			try_order(&o);
		}
	}
}

static void an_echo_keeps_its_first_time(void **state)
{
	const struct trixy_event first = echoed("t", "m", "x", 1000), again = echoed("t", "m", "x", 2000);
	size_t count;

	(void)state;
	(void)house_apply(&first, 1);
	assert_int_equal(house_apply(&again, 1).known, 1);
	assert_int_equal(house_messages(house_conversation("t").id, &count)->at, 1000);
}

/* Memory is one event's, however many of one conversation come at once. */
static void many_words_about_a_long_message(void **state)
{
	enum { EVENTS = 1500, BYTES = 60000 };
	struct trixy_event *events = calloc(EVENTS, sizeof(*events));
	char *text = calloc(1, BYTES + 1);

	(void)state;
	assert_non_null(events);
	assert_non_null(text);
	memset(text, 'x', BYTES);
	for (int k = 0; k < EVENTS; k++) {
		events[k] = k == 0 ? said("long", "m", text, 1000) : reacted("m", k % 2 ? "a" : "b", 2000 + k);
		events[k].contact_key = T("long");
	}
	assert_int_equal(house_apply(events, EVENTS).changed, EVENTS);
	free(text);
	free(events);
}

static void names_come_with_messages(void **state)
{
	struct trixy_event e = said("n", "m1", "x", 1000), again = said("n", "m2", "y", 2000), ids_only = said("n", "m0", "z", 500);

	(void)state;
	(void)house_apply(&ids_only, 1);
	assert_null(house_conversation("n").contact_name.p);
	e.contact_name = T("Ada");
	e.contact_handle = T("ada");
	(void)house_apply(&e, 1);
	again.contact_name = T("Bea");
	(void)house_apply(&again, 1);
	check_str(house_conversation("n").contact_name, "Ada");
	check_str(house_conversation("n").contact_handle, "ada");
}

static void who_only_reacts_has_a_name_too(void **state)
{
	struct trixy_event e = { .size = sizeof(e), .kind = TRIXY_EVENT_REACTION, .contact_key = T("r"), .message_id = T("before"),
				 .at_ms = 1000, .emoji = T("!"), .contact_name = T("Rea"), .contact_handle = T("+49") };

	(void)state;
	e.account_key = said("r", "m", "x", 1).account_key;
	(void)house_apply(&e, 1);
	check_str(house_conversation("r").contact_name, "Rea");
	check_str(house_conversation("r").contact_handle, "+49");
}

static void a_receipt_alone_shows_nothing(void **state)
{
	const struct trixy_event e[] = { said("r", "m", "x", 1000), about(TRIXY_EVENT_READ, "nobody", 2000) };
	struct trixy_event receipt = e[1];
	size_t count;

	(void)state;
	receipt.contact_key = T("r");
	(void)house_apply(e, 1);
	(void)house_apply(&receipt, 1);
	(void)house_messages(house_conversation("r").id, &count);
	assert_int_equal(count, 1);
}

static void what_is_known_is_counted_as_known(void **state)
{
	const struct trixy_event e = said("k", "m", "x", 1000);

	(void)state;
	assert_int_equal(house_apply(&e, 1).changed, 1);
	assert_int_equal(house_apply(&e, 1).known, 1);
	assert_int_equal(house_conversation("k").unread, 1);
}

static void a_new_message_opens_what_was_done(void **state)
{
	const struct trixy_event first = said("d", "m1", "x", 1000), second = said("d", "m2", "y", 2000);
	struct error err = { 0 };

	(void)state;
	(void)house_apply(&first, 1);
	check_ok(conversation_update(&house.i, house.w, house_conversation("d").id, CONVERSATION_DONE, true, &err), &err);
	assert_int_equal(house_conversation("d").status, CONVERSATION_DONE);
	(void)house_apply(&second, 1);
	assert_int_equal(house_conversation("d").status, CONVERSATION_OPEN);
	assert_int_equal(house_conversation("d").unread, 1);
}

static void attachments_are_kept_in_order_and_once(void **state)
{
	const struct trixy_attachment two[] = {
		{ .size = sizeof(two[0]), .type = TRIXY_MESSAGE_IMAGE, .url = T("https://a.example/1") },
		{ .size = sizeof(two[0]), .type = TRIXY_MESSAGE_VIDEO, .url = T("https://a.example/2") } };
	struct trixy_event e = said("a", "m", "", 1000);
	size_t count;

	(void)state;
	e.attachments = two;
	e.attachment_count = 2;
	(void)house_apply(&e, 1);
	(void)house_apply(&e, 1);
	struct message *m = house_messages(house_conversation("a").id, &count);

	assert_int_equal(m->attachment_count, 2);
	assert_int_equal(m->attachments[1].type, TRIXY_MESSAGE_VIDEO);
}

/* Bytes that are no UTF-8, from the channel or cut through by one of our limits, must not stop the message that they came with. The
 * border refuses a channel's own; what an addon writes into an error's words, and what is cut afterwards, comes as here. */
static void bytes_that_are_no_text(void **state)
{
	static const struct { const char *text, *on_mariadb;
	} cases[] = {
		{ "cut \xe2\x82", "cut \xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xff first", "\xef\xbf\xbd first" },
		{ "lone \xed\xa0\x80 half", "lone \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd half" },
		{ "over\xc0\xaflong", "over\xef\xbf\xbd\xef\xbf\xbdlong" },
		{ "\xf0\x9f\x98", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "sound \xf0\x9f\x98\x80", "sound \xf0\x9f\x98\x80" },
	};
	char id[16];
	size_t count;

	(void)state;
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		(void)snprintf(id, sizeof(id), "\xc3m%zu", k);		/* and it is found again by such an id */
		struct trixy_event e = said("\xe2\x82", id, cases[k].text, 1000 + (int64_t)k);

		e.contact_name = e.text;
		(void)house_apply(&e, 1);
		(void)house_apply(&e, 1);
		struct message *m = house_messages(house_conversation("\xe2\x82").id, &count);

		assert_int_equal(count, k + 1);
		check_str(m[0].text, test_database_is_shared() ? cases[k].on_mariadb : cases[k].text);
	}
	struct trixy_event nul = said("ada", "n", "", 1000);

	nul.text = T("a\0b");
	(void)house_apply(&nul, 1);
	struct message *m = house_messages(house_conversation("ada").id, &count);

	assert_int_equal(m[0].text.len, 3);
	assert_memory_equal(m[0].text.p, "a\0b", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(message_edits_and_reaction, house_open, house_close),
		cmocka_unit_test_setup_teardown(unsend_wins_over_everything, house_open, house_close),
		cmocka_unit_test_setup_teardown(last_reaction_counts, house_open, house_close),
		cmocka_unit_test_setup_teardown(receipt_covers_what_came_before, house_open, house_close),
		cmocka_unit_test_setup_teardown(everything_about_one_message, house_open, house_close),
		cmocka_unit_test_setup_teardown(what_never_arrives, house_open, house_close),
		cmocka_unit_test_setup_teardown(edits_of_one_number, house_open, house_close),
		cmocka_unit_test_setup_teardown(a_status_never_goes_back, house_open, house_close),
		cmocka_unit_test_setup_teardown(the_window_follows_the_newest_word, house_open, house_close),
		cmocka_unit_test_setup_teardown(sets_by_chance_in_orders_by_chance, house_open, house_close),
		cmocka_unit_test_setup_teardown(an_echo_keeps_its_first_time, house_open, house_close),
		cmocka_unit_test_setup_teardown(many_words_about_a_long_message, house_open, house_close),
		cmocka_unit_test_setup_teardown(names_come_with_messages, house_open, house_close),
		cmocka_unit_test_setup_teardown(who_only_reacts_has_a_name_too, house_open, house_close),
		cmocka_unit_test_setup_teardown(a_receipt_alone_shows_nothing, house_open, house_close),
		cmocka_unit_test_setup_teardown(what_is_known_is_counted_as_known, house_open, house_close),
		cmocka_unit_test_setup_teardown(a_new_message_opens_what_was_done, house_open, house_close),
		cmocka_unit_test_setup_teardown(attachments_are_kept_in_order_and_once, house_open, house_close),
		cmocka_unit_test_setup_teardown(bytes_that_are_no_text, house_open, house_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
