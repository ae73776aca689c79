/* A customer with several ids is one conversation; a move from one id to another goes on in it; and who is known by receipts alone
 * shows nowhere. */
#include "fixture.h"

#include "inbox/profile.h"

static struct trixy_event both(const char *contact, const char *other, const char *id, int64_t at_ms)
{
	struct trixy_event e = said(contact, id, id, at_ms);

	e.other_contact_key = trixy_from_str(str_of(other));
	return e;
}

static struct trixy_event moved(const char *from, const char *to)
{
	struct trixy_event e = said(from, "", "", 9000);

	e.kind = TRIXY_EVENT_MOVED;
	e.flags = 0;
	e.message_id = e.text = (struct trixy_text){ 0 };
	e.other_contact_key = trixy_from_str(str_of(to));
	return e;
}

static struct trixy_event delivered(const char *contact, const char *id)
{
	struct trixy_event e = said(contact, id, "", 5000);

	e.kind = TRIXY_EVENT_STATUS;
	e.flags = 0;
	e.status = TRIXY_STATUS_DELIVERED;
	return e;
}

static struct apply_result one(struct trixy_event e)
{
	return house_apply(&e, 1);
}

static int64_t conversations(void)
{
	return house_number("SELECT COUNT(*) FROM conversations WHERE account_id = ?");
}

static size_t messages_of(const char *contact)
{
	size_t count;

	(void)house_messages(house_conversation(contact).id, &count);
	return count;
}

/* ---- two ids ---- */

static void either_id_finds_the_conversation(void **state)
{
	(void)state;
	(void)one(both("49151", "b.ada", "m1", 1000));
	(void)one(said("b.ada", "m2", "m2", 2000));
	(void)one(said("49151", "m3", "m3", 3000));
	(void)one(both("b.ada", "49151", "m4", 4000));
	assert_int_equal(conversations(), 1);
	assert_int_equal(messages_of("49151"), 4);
	assert_int_equal(house_number("SELECT COUNT(*) FROM contact_aliases WHERE account_id = ?"), 1);
	assert_int_equal(one(both("49151", "b.ada", "m1", 1000)).known, 1);
}

/* The first word told one id alone; the second brings the other. */
static void the_second_id_joins_the_first(void **state)
{
	const struct trixy_event unit[] = { both("49151", "b.ada", "m2", 2000), said("49151", "m3", "m3", 3000), said("b.ada", "m4", "m4", 4000),
					    both("49151", "b.ada", "m5", 5000) };

	(void)state;
	(void)one(said("b.ada", "m1", "m1", 1000));
	(void)house_apply(unit, 4);
	assert_int_equal(conversations(), 1);
	assert_int_equal(messages_of("b.ada"), 5);
	assert_int_equal(house_conversation("b.ada").unread, 5);
}

/* Every order of the same words ends in one conversation, as long as each word brings the id that the next one needs. */
static void the_order_of_ids_does_not_matter(void **state)
{
	static const int orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	char number[16], id[16];

	(void)state;
	for (size_t k = 0; k < sizeof(orders) / sizeof(orders[0]); k++) {
		(void)snprintf(number, sizeof(number), "4915%zu", k);
		(void)snprintf(id, sizeof(id), "b.%zu", k);
		const struct trixy_event events[] = { both(number, id, "m1", 1000), said(id, "m2", "m2", 2000), both(id, number, "m3", 3000) };
		int64_t before = conversations();

		for (size_t n = 0; n < 3; n++)
			(void)one(events[orders[k][n]]);
		assert_int_equal(conversations(), before + 1);
		/* Whichever became its own key. */
		struct apply_result again = house_apply(events, 3);

		assert_int_equal(again.known, 3);
		assert_int_equal(house_number("SELECT COUNT(*) FROM contact_aliases WHERE account_id = ?"), (int64_t)k + 1);
	}
}

/* They were two people for all that anybody knew. Nothing is torn apart afterwards. */
static void two_conversations_stay_two(void **state)
{
	(void)state;
	(void)one(said("49151", "m1", "m1", 1000));
	(void)one(said("b.ada", "m2", "m2", 2000));
	(void)one(both("49151", "b.ada", "m3", 3000));
	(void)one(both("b.ada", "49151", "m4", 4000));
	assert_int_equal(conversations(), 2);
	assert_int_equal(messages_of("49151"), 2);
	assert_int_equal(messages_of("b.ada"), 2);
	assert_int_equal(house_number("SELECT COUNT(*) FROM contact_aliases WHERE account_id = ?"), 0);
}

/* An id is somebody's on one account only. */
static void aliases_end_at_the_account(void **state)
{
	int64_t first = house.account_id;

	(void)state;
	(void)one(both("49151", "b.ada", "m1", 1000));
	house.account_id = house_connect(house.w, "shop2", "secret-shop2");
	(void)one(said("b.ada", "m2", "m2", 2000));
	assert_int_equal(messages_of("b.ada"), 1);
	house.account_id = first;
	assert_int_equal(messages_of("49151"), 1);
}

/* ---- a move ---- */

static void a_moved_customer_goes_on(void **state)
{
	struct trixy_event move = moved("old", "new"), first = said("old", "m1", "m1", 1000);
	struct error err = { 0 };
	int64_t id, changes;

	(void)state;
	first.contact_name = T("Ada");
	first.contact_handle = T("+old");
	move.contact_handle = T("+new");
	(void)one(first);
	id = house_conversation("old").id;
	check_ok(conversation_update(&house.i, house.w, id, CONVERSATION_DONE, true, &err), &err);
	changes = house_number("SELECT COUNT(*) FROM changes");
	assert_int_equal(one(move).changed, 1);
	assert_true(house_number("SELECT COUNT(*) FROM changes") > changes);
	assert_int_equal(one(move).known, 1);
	assert_int_equal(house_conversation("new").id, id);
	check_str(house_conversation("new").contact_name, "Ada");
	check_str(house_conversation("new").contact_handle, "+new");
	assert_int_equal(house_conversation("new").status, CONVERSATION_DONE);
	(void)one(said("new", "m2", "m2", 2000));
	(void)one(said("old", "m0", "m0", 500));		/* late, from before */
	assert_int_equal(conversations(), 1);
	assert_int_equal(messages_of("new"), 3);
}

/* The move may be told first, last, twice; without a word from either id, or with one from each. */
static void a_move_comes_in_any_order(void **state)
{
	char from[16], to[16];
	size_t orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 } };

	(void)state;
	for (size_t k = 0; k < sizeof(orders) / sizeof(orders[0]); k++) {
		(void)snprintf(from, sizeof(from), "from%zu", k);
		(void)snprintf(to, sizeof(to), "to%zu", k);
		const struct trixy_event events[] = { said(from, "a", "a", 1000), moved(from, to), said(to, "b", "b", 2000) };
		int64_t before = conversations();

		for (size_t n = 0; n < 3; n++)
			if (orders[k][n] != 2 || orders[k][1] != 2) {
				(void)one(events[orders[k][n]]);
				(void)one(events[orders[k][n]]);
			}
		if (orders[k][1] == 2)
			(void)one(events[2]);
		assert_int_equal(conversations(), before + 1);
		assert_int_equal(messages_of(to), 2);
		assert_int_equal(house_conversation(to).unread, 2);
	}
}

/* Both have written before the move was told: what each wrote stays where it is, and each id keeps its place. */
static void a_move_between_two_conversations_joins_nothing(void **state)
{
	(void)state;
	(void)one(said("old", "m1", "m1", 1000));
	(void)one(said("new", "m2", "m2", 2000));
	assert_int_equal(one(moved("old", "new")).known, 1);
	(void)one(said("old", "m3", "m3", 3000));
	(void)one(said("new", "m4", "m4", 4000));
	assert_int_equal(conversations(), 2);
	assert_int_equal(messages_of("old"), 2);
	assert_int_equal(messages_of("new"), 2);
}

static void a_chain_of_moves_ends_alike(void **state)
{
	static const int orders[][2] = { { 0, 1 }, { 1, 0 } };
	char a[8], b[8], c[8];

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		(void)snprintf(a, sizeof(a), "a%zu", k);
		(void)snprintf(b, sizeof(b), "b%zu", k);
		(void)snprintf(c, sizeof(c), "c%zu", k);
		const struct trixy_event moves[] = { moved(a, b), moved(b, c) };
		int64_t before = conversations();

		(void)one(said(a, "m1", "m1", 1000));
		(void)one(moves[orders[k][0]]);
		(void)one(moves[orders[k][1]]);
		(void)one(moves[0]);
		(void)one(said(a, "m2", "m2", 2000));
		(void)one(said(b, "m3", "m3", 3000));
		(void)one(said(c, "m4", "m4", 4000));
		assert_int_equal(conversations(), before + 1);
		assert_int_equal(messages_of(c), 4);
	}
	/* And back: the number before is in use again. */
	(void)one(moved("c0", "a0"));
	assert_int_equal(messages_of("a0"), 4);
	assert_int_equal(house_number("SELECT COUNT(*) FROM contact_aliases WHERE account_id = ?"), 4);	/* no id is both */
	(void)one(said("c0", "m5", "m5", 5000));
	assert_int_equal(messages_of("a0"), 5);
}

/* The conversation's own id is another one: that stays, the new number is one more alias. */
static void a_moved_alias_is_an_alias(void **state)
{
	(void)state;
	(void)one(both("b.ada", "49151", "m1", 1000));
	struct trixy_event move = moved("49151", "49152");

	move.contact_handle = T("+49152");
	assert_int_equal(one(move).changed, 1);
	assert_int_equal(one(move).known, 1);
	check_str(house_conversation("b.ada").contact_handle, "+49152");
	assert_int_equal(one(moved("49152", "b.other")).changed, 1);		/* without a word of how that is shown */
	check_str(house_conversation("b.ada").contact_handle, "+49152");
	(void)one(said("49152", "m2", "m2", 2000));
	(void)one(said("49151", "m3", "m3", 3000));
	assert_int_equal(conversations(), 1);
	assert_int_equal(messages_of("b.ada"), 3);
}

/* ---- who shows nowhere ---- */

static size_t listed(void)
{
	struct conversation_query q = { .limit = 10 };
	struct conversation *page;
	struct error err = { 0 };
	struct str next;
	size_t count;

	check_ok(conversation_list(&house.i, house.reader, house.w, &q, &house.arena, &page, &count, &next, &err), &err);
	return count;
}

static size_t due(void)
{
	struct profile_item items[4];
	struct error err = { 0 };
	size_t count;
	int64_t next;

	check_ok(profile_due(&house.i, house.reader, clock_now_ms(), &house.arena, items, 4, &count, &next, &err), &err);
	return count;
}

static void receipts_of_a_stranger_show_nothing(void **state)
{
	struct trixy_event read = delivered("stranger", "wamid.2"), message = echoed("stranger", "wamid.1", "from the phone", 4000);
	int64_t changes = house_number("SELECT COUNT(*) FROM changes");
	struct conversation_count counts[CHANNELS_MAX];
	struct error err = { 0 };
	size_t count;

	(void)state;
	read.kind = TRIXY_EVENT_READ;
	(void)one(delivered("stranger", "wamid.1"));
	(void)one(read);
	(void)one(moved("stranger", "stranger2"));
	(void)one(moved("nobody", "nobody2"));
	assert_int_equal(listed(), 0);
	assert_int_equal(due(), 0);			/* nobody asks who that is */
	assert_int_equal(house_number("SELECT COUNT(*) FROM changes"), changes);
	check_ok(conversation_counts(&house.i, house.reader, house.w, &house.arena, counts, &count, &err), &err);
	assert_int_equal(counts[0].open, 0);
	/* Yet what was said counts once the message is here, and then the customer is asked for. */
	(void)one(message);
	assert_int_equal(listed(), 1);
	assert_int_equal(due(), 1);
	assert_int_equal(house_messages(house_conversation("stranger2").id, &count)[0].status, MESSAGE_DELIVERED);
}

/* A channel whose events carry the names has nobody asked, not even later. */
static void a_channel_without_profiles_asks_nobody(void **state)
{
	static struct trixy_channel silent;
	struct error err = { 0 };

	(void)state;
	(void)one(said("before", "m0", "m0", 1000));	/* the addon of then asked */
	assert_int_equal(due(), 1);
	silent = fake_channel;
	silent.profile_request = NULL;
	silent.profile_answer = NULL;
	house.channel = &silent;
	check_ok(channels_swap(house.i.channels, &silent, &err), &err);
	assert_int_equal(due(), 0);
	(void)one(said("ada", "m1", "m1", 1000));
	(void)one(delivered("bob", "m2"));
	(void)one(said("bob", "m3", "m3", 1000));
	assert_int_equal(house_number("SELECT COUNT(*) FROM contact_identities WHERE account_id = ? AND profile_due_at IS NOT NULL"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, house_open, house_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(either_id_finds_the_conversation), TEST(the_second_id_joins_the_first), TEST(the_order_of_ids_does_not_matter), TEST(two_conversations_stay_two),
		TEST(aliases_end_at_the_account), TEST(a_moved_customer_goes_on), TEST(a_move_comes_in_any_order),
		TEST(a_move_between_two_conversations_joins_nothing), TEST(a_chain_of_moves_ends_alike), TEST(a_moved_alias_is_an_alias),
		TEST(receipts_of_a_stranger_show_nothing), TEST(a_channel_without_profiles_asks_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
