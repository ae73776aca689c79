/* A customer's whole story, in hundreds of orders, doubled, one by one and at once: words and what is said about them, a change of the
 * number, what the business wrote elsewhere and what became of it, and the history of the same. It always ends alike. */
#include "fixture.h"

#include <string.h>

enum { MOST = 24, ORDERS = 300 };

struct story {
	struct trixy_event events[MOST];
	size_t count;
};

static char keys[3][24];	/* the number, the one after it, the id that stands beside both */

static struct trixy_event *add(struct story *s, struct trixy_event e)
{
	if (s->count == MOST)
		check_failed("a story of more than %d events", (int)MOST);
	s->events[s->count] = e;
	return &s->events[s->count++];
}

static struct trixy_event about(const char *contact, uint32_t kind, const char *id, int64_t at_ms)
{
	struct trixy_event e = said(contact, id, "", at_ms);

	e.kind = kind;
	e.flags = 0;
	e.text = (struct trixy_text){ 0 };
	return e;
}

static struct trixy_event *edit(struct story *s, const char *contact, const char *id, const char *text, int64_t at_ms)
{
	struct trixy_event *e = add(s, about(contact, TRIXY_EVENT_EDIT, id, at_ms));

	e->text = trixy_from_str(str_of(text));
	e->edit_number = at_ms;
	return e;
}

static void react(struct story *s, const char *contact, const char *id, const char *emoji, int64_t at_ms)
{
	struct trixy_event *e = add(s, about(contact, TRIXY_EVENT_REACTION, id, at_ms));

	if (emoji != NULL)
		e->emoji = e->reaction = trixy_from_str(str_of(emoji));
}

static void status(struct story *s, const char *contact, const char *id, uint32_t to, int64_t at_ms)
{
	struct trixy_event *e = add(s, about(contact, TRIXY_EVENT_STATUS, id, at_ms));

	e->status = to;
	if (to == TRIXY_STATUS_FAILED)
		e->reason = T("not on this channel any more");
}

static struct trixy_event from_before(struct trixy_event e)
{
	e.flags = (e.flags & ~TRIXY_OPENS_WINDOW) | TRIXY_HISTORY;
	return e;
}

static struct trixy_event move(const char *from, const char *to)
{
	struct trixy_event e = about(from, TRIXY_EVENT_MOVED, "", 2500);

	e.message_id = (struct trixy_text){ 0 };
	e.other_contact_key = e.contact_handle = trixy_from_str(str_of(to));
	return e;
}

static void tell(struct story *s, const char *old, const char *now)
{
	add(s, said(old, "m1", "words", 1000));
	edit(s, old, "m1", "better words", 1100);
	edit(s, old, "m1", "the best words", 1200);
	add(s, said(old, "m2", "taken back", 2000));
	add(s, about(old, TRIXY_EVENT_UNSEND, "m2", 2100));
	add(s, said(now, "m3", "from the new number", 3000));
	react(s, old, "m1", "heart", 3100);
	react(s, now, "m1", NULL, 3200);
	react(s, now, "e1", "wave", 3300);
	add(s, echoed(now, "e1", "typed elsewhere", 4000));
	status(s, now, "e1", TRIXY_STATUS_SENT, 4100);
	status(s, now, "e1", TRIXY_STATUS_DELIVERED, 4200);
	status(s, now, "e1", TRIXY_STATUS_READ, 4300);
	add(s, echoed(now, "e2", "never arrived", 5000));
	status(s, now, "e2", TRIXY_STATUS_SENT, 5100);
	status(s, now, "e2", TRIXY_STATUS_FAILED, 5200);
	/* The history of the same, and of what was before. */
	add(s, from_before(said(old, "m1", "words", 1000)));
	add(s, from_before(echoed(now, "e1", "typed elsewhere", 4000)));
	add(s, from_before(said(old, "h1", "long ago", 100)));
	add(s, from_before(echoed(old, "h2", "an answer of then", 200)));
	/* Whoever writes is also called by the id that does not change. */
	for (size_t k = 0; k < s->count; k++)
		s->events[k].other_contact_key = trixy_from_str(str_of(keys[2]));
	add(s, move(old, now));
	for (size_t k = 0; k < s->count; k++)
		if (s->events[k].kind == TRIXY_EVENT_MESSAGE)
			s->events[k].contact_handle = s->events[k].contact_key;
}

static uint32_t seed;

static uint32_t chance(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static void shuffle(struct trixy_event *events, size_t count)
{
	for (size_t k = count - 1; k > 0; k--) {
		size_t with = chance((uint32_t)k + 1);
		struct trixy_event was = events[k];

		events[k] = events[with];
		events[with] = was;
	}
}

/* A third of them comes again at once, a third some time after, and all of them in one body or each in its own. */
static void play(const struct story *s, int order)
{
	struct trixy_event now[2 * MOST];
	size_t n = s->count;

	memcpy(now, s->events, n * sizeof(now[0]));
	if (order > 0) {
		for (size_t k = 0; k < s->count; k++)
			if (chance(3) > 0)
				now[n++] = s->events[k];
		shuffle(now, n);
	}
	if (order % 2)
		(void)house_apply(now, n);
	else
		for (size_t k = 0; k < n; k++)
			(void)house_apply(&now[k], 1);
}

static void in_hundreds_of_orders(void **state)
{
	char first[8192] = "";
	int64_t conversations = 0;

	(void)state;
	for (int order = 0; order < ORDERS; order++) {
		struct story s = { .count = 0 };

		seed = (uint32_t)order;
		(void)snprintf(keys[0], sizeof(keys[0]), "old%d", order);
		(void)snprintf(keys[1], sizeof(keys[1]), "now%d", order);
		(void)snprintf(keys[2], sizeof(keys[2]), "id.%d", order);
		tell(&s, keys[0], keys[1]);
		play(&s, order);
		conversations++;
		if (house_number("SELECT COUNT(*) FROM conversations WHERE account_id = ?") != conversations)
			check_failed("order %d: more than one conversation", order);
		check_str(house_conversation(keys[1]).contact_handle, keys[1]);
		struct str dump = house_dump(keys[1]);

		if (order == 0)
			(void)snprintf(first, sizeof(first), "%.*s", STR_ARG(dump));
		else if (strcmp(dump.p, first) != 0)
			check_failed("order %d ends in\n%s\nand the first one in\n%s", order, dump.p, first);
	}
	assert_non_null(strstr(first, "'the best words' id m1"));
	assert_non_null(strstr(first, "NULL id m2"));
	assert_non_null(strstr(first, "2/1/5/8 at 4000"));		/* read */
	assert_non_null(strstr(first, "2/1/6/8 at 5000"));		/* failed */
	assert_non_null(strstr(first, "unread 3 "));
	assert_non_null(strstr(first, "window 3000 "));
}

/* Two moves, and late words from before them: the customer is shown by the newest number. */
static void the_newest_number_shows(void **state)
{
	static const size_t orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	char a[16], b[16], c[16];

	(void)state;
	for (size_t k = 0; k < 6; k++) {
		(void)snprintf(a, sizeof(a), "1%zu", k);
		(void)snprintf(b, sizeof(b), "2%zu", k);
		(void)snprintf(c, sizeof(c), "3%zu", k);
		struct trixy_event events[] = { said(a, "m", "x", 1000), move(a, b), move(b, c) };

		events[0].contact_handle = events[0].contact_key;
		for (size_t n = 0; n < 3; n++)
			(void)house_apply(&events[orders[k][n]], 1);
		check_str(house_conversation(c).contact_handle, c);
		for (size_t n = 0; n < 3; n++)
			(void)house_apply(&events[orders[k][2 - n]], 1);
		check_str(house_conversation(c).contact_handle, c);
	}
}

/* A message that came as history first and by itself later counts as one that came by itself. */
static void history_of_what_comes_by_itself(void **state)
{
	const struct trixy_event live = said("ada", "m", "x", 1000), before = from_before(live);

	(void)state;
	(void)house_apply(&before, 1);
	assert_int_equal(house_conversation("ada").unread, 0);
	assert_int_equal(house_apply(&live, 1).changed, 1);
	assert_int_equal(house_conversation("ada").unread, 1);
	assert_int_equal(house_apply(&live, 1).known, 1);
	assert_int_equal(house_apply(&before, 1).known, 1);
	assert_int_equal(house_conversation("ada").unread, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_hundreds_of_orders, house_open, house_close),
		cmocka_unit_test_setup_teardown(the_newest_number_shows, house_open, house_close),
		cmocka_unit_test_setup_teardown(history_of_what_comes_by_itself, house_open, house_close),
	};
	return cmocka_run_group_tests_name("disorder", tests, NULL, NULL);
}
