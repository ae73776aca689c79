/* Reading: lists page by page, counts, search, names, what an inactive channel hides; and that no question reads more of the
 * database than its answer needs. */
#include "fixture.h"

#include "../database.h"

#include <string.h>

#include "inbox/journal.h"
#include "inbox/outbox.h"
#include "inbox/profile.h"
#include "inbox/reply.h"
#include "inbox/search.h"
#include "inbox/webhook.h"
#include "store/engine.h"

static void fill(size_t contacts)
{
	char contact[32], id[32];

	for (size_t k = 0; k < contacts; k++) {
		(void)snprintf(contact, sizeof(contact), "c%zu", k);
		(void)snprintf(id, sizeof(id), "m%zu", k);
		/* Some share their time: the id decides. */
		const struct trixy_event e = said(contact, id, k % 3 == 0 ? "apples and pears" : "plums", 1000 + (int64_t)(k / 2));

		(void)house_apply(&e, 1);
	}
}

static size_t list(struct conversation_query q, struct conversation **ret, struct str *ret_cursor)
{
	struct error err = { 0 };
	size_t count;

	check_ok(conversation_list(&house.i, house.reader, house.w, &q, &house.arena, ret, &count, ret_cursor, &err), &err);
	return count;
}

/* Reads page by page and checks the order. Returns how many there were. */
static size_t walk(struct conversation_query q)
{
	int64_t at = INT64_MAX, id = INT64_MAX;
	size_t all = 0;

	do {
		struct conversation *page;
		size_t count = list(q, &page, &q.cursor);

		for (size_t k = 0; k < count; k++) {
			assert_true(page[k].activity_at < at || (page[k].activity_at == at && page[k].id < id));
			at = page[k].activity_at;
			id = page[k].id;
		}
		all += count;
	} while (q.cursor.p != NULL);
	return all;
}

static void lists_page_by_page(void **state)
{
	struct error err = { 0 };

	(void)state;
	fill(25);
	for (size_t limit = 1; limit < 30; limit += 4)
		assert_int_equal(walk((struct conversation_query){ .limit = limit }), 25);
	for (int k = 0; k < 10; k++) {
		char contact[32];

		(void)snprintf(contact, sizeof(contact), "c%d", k * 2);
		check_ok(conversation_update(&house.i, house.w, house_conversation(contact).id, k < 5 ? CONVERSATION_DONE : 0, true, &err), &err);
	}
	assert_int_equal(walk((struct conversation_query){ .limit = 4 }), 25);
	assert_int_equal(walk((struct conversation_query){ .limit = 4, .status = CONVERSATION_DONE }), 5);
	assert_int_equal(walk((struct conversation_query){ .limit = 4, .status = CONVERSATION_OPEN }), 20);
	assert_int_equal(walk((struct conversation_query){ .limit = 4, .unread_only = true }), 15);
	assert_int_equal(walk((struct conversation_query){ .limit = 4, .channel = STR(CHANNEL) }), 25);
	assert_int_equal(walk((struct conversation_query){ .limit = 4, .channel = STR("email") }), 0);

	struct conversation_count counts[CHANNELS_MAX];
	size_t count;

	check_ok(conversation_counts(&house.i, house.reader, house.w, &house.arena, counts, &count, &err), &err);
	assert_int_equal(count, 1);
	assert_int_equal(counts[0].open, 20);
	assert_int_equal(counts[0].unread, 15);
	check_ok(conversation_counts(&house.i, house.reader, house.other, &house.arena, counts, &count, &err), &err);
	assert_int_equal(counts[0].open, 0);
}

static void a_strange_cursor_is_refused(void **state)
{
	static const char *const strange[] = { "", ".", "1", "1.", ".1", "1.0", "1.-1", "x.y", "1.1.1", "99999999999999999999.1" };
	struct conversation_query q = { .limit = 10 };
	struct conversation *page;
	struct error err = { 0 };
	struct str next;
	size_t count;

	(void)state;
	fill(1);
	for (size_t k = 0; k < sizeof(strange) / sizeof(strange[0]); k++) {
		q.cursor = str_of(strange[k]);
		check_is(conversation_list(&house.i, house.reader, house.w, &q, &house.arena, &page, &count, &next, &err), ERR_INVALID, &err);
	}
}

static void messages_page_by_page(void **state)
{
	struct str cursor = STR_NONE;
	struct error err = { 0 };
	size_t all = 0;
	char id[32];

	(void)state;
	for (int k = 0; k < 23; k++) {
		(void)snprintf(id, sizeof(id), "m%d", k);
		struct trixy_event e = said("ada", id, id, 1000 + k / 4);

		e.reply_to_id = k > 0 ? T("m0") : (struct trixy_text){ 0 };
		(void)house_apply(&e, 1);
	}
	int64_t c = house_conversation("ada").id;

	do {
		struct message *page;
		size_t count;

		check_ok(message_list(house.reader, house.w, c, cursor, 5, &house.arena, &page, &count, &cursor, &err), &err);
		for (size_t k = 0; k < count; k++, all++) {
			(void)snprintf(id, sizeof(id), "m%d", 22 - (int)all);
			check_str(page[k].text, id);
			if (all < 22)
				check_str(page[k].reply_to_text, "m0");
		}
	} while (cursor.p != NULL);
	assert_int_equal(all, 23);
	struct message *page;

	check_is(message_list(house.reader, house.other, c, STR_NONE, 5, &house.arena, &page, &all, &cursor, &err), ERR_NOTFOUND, &err);
	check_is(message_list(house.reader, house.w, c, STR("nonsense"), 5, &house.arena, &page, &all, &cursor, &err), ERR_INVALID, &err);
}

static void an_inactive_channel_is_hidden(void **state)
{
	struct conversation *page, one;
	struct error err = { 0 };
	struct outbox_item item;
	struct reply_result ret;
	struct str cursor;
	size_t count;
	int64_t next;

	(void)state;
	const struct trixy_event e = said("ada", "m", "apples", clock_now_ms());

	(void)house_apply(&e, 1);
	int64_t c = house_conversation("ada").id;
	struct reply reply = { .workspace = house.w, .conversation_id = c, .text = STR("hello") };

	check_ok(inbox_reply(&house.i, &reply, &ret, &err), &err);
	check_ok(search_step(&house.i, 100, &count, &err), &err);
	channels_remove(house.i.channels, STR(CHANNEL));
	assert_int_equal(list((struct conversation_query){ .limit = 10 }, &page, &cursor), 0);
	assert_int_equal(list((struct conversation_query){ .limit = 10, .q = STR("apples") }, &page, &cursor), 0);
	check_is(conversation_get(&house.i, house.reader, house.w, c, &house.arena, &one, &err), ERR_NOTFOUND, &err);
	check_is(inbox_reply(&house.i, &reply, &ret, &err), ERR_NOTFOUND, &err);
	check_ok(outbox_due(&house.i, house.reader, clock_now_ms() + 1000, 8, &house.arena, &item, 1, &count, &next, &err), &err);
	assert_int_equal(count, 0);
	check_ok(channels_add(house.i.channels, &fake_channel, &err), &err);
	assert_int_equal(list((struct conversation_query){ .limit = 10 }, &page, &cursor), 1);
	check_ok(outbox_due(&house.i, house.reader, clock_now_ms() + 1000, 8, &house.arena, &item, 1, &count, &next, &err), &err);
	assert_int_equal(count, 1);
}

/* ---- search ---- */

static void index_all(void)
{
	struct error err = { 0 };
	size_t done;

	do
		check_ok(search_step(&house.i, 7, &done, &err), &err);
	while (done == 7);
}

static size_t found(const char *q)
{
	struct conversation *page;
	struct str cursor;

	return list((struct conversation_query){ .limit = 100, .q = str_of(q) }, &page, &cursor);
}

static void words_are_found(void **state)
{
	(void)state;
	fill(12);
	index_all();
	assert_int_equal(found("apples"), 4);
	assert_int_equal(found("APPLES pears"), 4);
	assert_int_equal(found("pea"), 4);		/* the last word may be a beginning */
	assert_int_equal(found("pea apples"), 0);	/* the others not */
	assert_int_equal(found("apples plums"), 0);
	assert_int_equal(found("nothing"), 0);
	assert_int_equal(walk((struct conversation_query){ .limit = 2, .q = STR("plums") }), 8);
}

/* By what they are called, also without a word beside them; and no longer when they were taken back. */
static void files_and_cards_are_found(void **state)
{
	struct trixy_attachment parts[] = {
		{ .size = sizeof(parts[0]), .type = TRIXY_MESSAGE_FILE, .url = TRIXY_TEXT("https://one.example/secret"),
		  .file_name = TRIXY_TEXT("invoice-4711.pdf") },
		{ .size = sizeof(parts[0]), .type = TRIXY_MESSAGE_CONTACTS, .title = TRIXY_TEXT("Ada Lovelace") },
	};
	struct trixy_event bare = said("ada", "m1", "", 1000), worded = said("bob", "m2", "as promised", 2000), unsend = said("ada", "m1", "", 3000);

	(void)state;
	bare.text = (struct trixy_text){ 0 };
	bare.message_kind = worded.message_kind = TRIXY_MESSAGE_FILE;
	bare.attachments = worded.attachments = parts;
	bare.attachment_count = 2;
	worded.attachment_count = 1;
	unsend.kind = TRIXY_EVENT_UNSEND;
	(void)house_apply(&bare, 1);
	(void)house_apply(&worded, 1);
	index_all();
	assert_int_equal(found("invoice-4711.pdf"), 2);
	assert_int_equal(found("promised invoice"), 1);
	assert_int_equal(found("lovelace"), 1);
	assert_int_equal(found("secret"), 0);
	(void)house_apply(&unsend, 1);
	index_all();
	assert_int_equal(found("invoice"), 1);
	assert_int_equal(found("lovelace"), 0);
}

/* Each is one message, and found by each of these. None may be an error: the index refuses a phrase. */
static void words_of_every_script_are_found(void **state)
{
	static const struct { const char *text, *typed[4];
	} cases[] = {
		{ "it\xe2\x80\x99s fine", { "it\xe2\x80\x99s", "it", "fine" } },			/* a phone's apostrophe */
		{ "bread\xe2\x80\x94" "butter", { "bread\xe2\x80\x94" "butter", "butter" } },
		{ "\xe6\xb3\xa8\xe6\x96\x87\xe3\x80\x81\xe7\xa2\xba\xe8\xaa\x8d",		/* two words of Han with a comma */
		  { "\xe6\xb3\xa8\xe6\x96\x87", "\xe7\xa2\xba\xe8\xaa\x8d", "\xe8\xaa\x8d",
		    "\xe6\xb3\xa8\xe6\x96\x87\xe3\x80\x81\xe7\xa2\xba\xe8\xaa\x8d" } },
		{ "\xe0\xb8\xaa\xe0\xb8\xa7\xe0\xb8\xb1\xe0\xb8\xaa", { "\xe0\xb8\xaa\xe0\xb8\xa7\xe0\xb8\xb1" } },	/* Thai with a mark */
		{ "well\xf0\x9f\x98\x80" "done", { "\xf0\x9f\x98\x80", "done", "well" } },
		{ "cafe\xcc\x81 Z\xc3\xbcrich", { "caf\xc3\xa9", "zurich" } },
	};
	char id[16];

	(void)state;
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		(void)snprintf(id, sizeof(id), "m%zu", k);
		const struct trixy_event e = said(id, id, cases[k].text, 1000);

		(void)house_apply(&e, 1);
	}
	index_all();
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
		for (size_t n = 0; n < 4 && cases[k].typed[n] != NULL; n++)
			assert_int_equal(found(cases[k].typed[n]), 1);
}

static void nobody_types_query_syntax(void **state)
{
	static const char *const typed[] = { "\"", "a\" OR \"b", "NEAR(a b)", "*", "-", "a AND", "words:a", "{a}", "^a", "(", "'", "\xee\x80\x80" "1", "%", "\\",
					     "\xc3\xa4\xc3\xb6", "\xf0\x9f\x98\x80" };

	(void)state;
	fill(3);
	index_all();
	for (size_t k = 0; k < sizeof(typed) / sizeof(typed[0]); k++)
		(void)found(typed[k]);
	assert_int_equal(found("apples) OR (plums"), 0);
}

static void changed_words_are_indexed_again(void **state)
{
	struct trixy_event e = said("ada", "m1", "apples", 1000), edit = said("ada", "m1", "cherries", 2000), unsend = said("ada", "m1", "", 3000);

	(void)state;
	edit.kind = TRIXY_EVENT_EDIT;
	edit.edit_number = 1;
	unsend.kind = TRIXY_EVENT_UNSEND;
	(void)house_apply(&e, 1);
	assert_int_equal(found("apples"), 0);		/* not indexed yet */
	index_all();
	assert_int_equal(found("apples"), 1);
	(void)house_apply(&edit, 1);
	index_all();
	assert_int_equal(found("apples"), 0);
	assert_int_equal(found("cherries"), 1);
	(void)house_apply(&unsend, 1);
	index_all();
	assert_int_equal(found("cherries"), 0);
}

/* The word that keeps a search inside its workspace cannot be written by anybody. */
static void a_search_stays_in_its_workspace(void **state)
{
	char forged[64];
	struct trixy_event e = said("ada", "m1", "", 1000);
	SCOPED(stmt_done) struct stmt st = { 0 };
	struct error err = { 0 };

	(void)state;
	(void)snprintf(forged, sizeof(forged), "apples \xee\x80\x80%lld", (long long)house.other.v);
	e.text = trixy_from_str(str_of(forged));
	e.contact_name = e.text;
	(void)house_apply(&e, 1);
	index_all();
	struct conversation_query q = { .limit = 10, .q = STR("apples") };
	struct conversation *page;
	struct str next;
	size_t count;

	check_ok(conversation_list(&house.i, house.reader, house.other, &q, &house.arena, &page, &count, &next, &err), &err);
	assert_int_equal(count, 0);
	assert_int_equal(found("apples"), 1);
	if (test_database_is_shared())		/* there a column tells the workspace */
		return;
	check_ok(db_prepare(house.reader, &st, "SELECT COUNT(*) FROM message_words WHERE message_words MATCH ?", &err), &err);
	(void)snprintf(forged, sizeof(forged), "\"\xee\x80\x80%lld\"", (long long)house.other.v);
	bind_str(&st, str_of(forged));
	check_is(stmt_step(&st, &err), 1, &err);
	assert_int_equal(next_i64(&st), 0);
}

/* ---- names ---- */

static struct profile_item due_profile(size_t expected)
{
	struct profile_item item = { 0 }, more[2];
	struct error err = { 0 };
	size_t count;
	int64_t next;

	check_ok(profile_due(&house.i, house.reader, clock_now_ms() + 1, &house.arena, more, 2, &count, &next, &err), &err);
	assert_int_equal(count, expected);
	return count > 0 ? more[0] : item;
}

static void a_name_comes_later(void **state)
{
	const struct trixy_event e = said("ada", "m1", "x", 1000);
	struct trixy_profile p = { .size = sizeof(p), .found = 1, .name = T("Ada Lovelace"), .handle = T("ada.l"),
				   .picture_url = T("https://p.example/1"), .follower_count = 7 };
	struct error err = { 0 };

	(void)state;
	(void)house_apply(&e, 1);
	struct profile_item item = due_profile(1);

	check_str(item.external_key, "ada");
	check_ok(profile_store(&house.i, &item, NULL, &err), &err);	/* a passing failure: not at once again */
	(void)due_profile(0);
	check_ok(profile_store(&house.i, &item, &p, &err), &err);
	check_str(house_conversation("ada").contact_name, "Ada Lovelace");
	check_str(house_conversation("ada").contact_handle, "ada.l");
	check_str(house_conversation("ada").contact_picture_url, "https://p.example/1");
	(void)due_profile(0);
	assert_int_equal(found("lovelace"), 1);
	/* A later answer without a name leaves what is known, also in the index. */
	p.name = (struct trixy_text){ 0 };
	p.picture_url = T("javascript:alert(1)");
	p.handle = T("ada.king");
	check_ok(profile_store(&house.i, &item, &p, &err), &err);
	check_str(house_conversation("ada").contact_name, "Ada Lovelace");
	check_str(house_conversation("ada").contact_picture_url, "https://p.example/1");
	assert_int_equal(found("lovelace"), 1);
	assert_int_equal(found("king"), 1);
}

static void a_name_that_is_not_to_be_had(void **state)
{
	const struct trixy_event e = said("ada", "m1", "x", 1000);
	struct error err = { 0 };

	(void)state;
	(void)house_apply(&e, 1);
	struct profile_item item = due_profile(1);
	int asked = 0;

	for (; asked < 50; asked++) {
		SCOPED(stmt_done) struct stmt st = { 0 };

		check_ok(profile_store(&house.i, &item, NULL, &err), &err);
		check_ok(db_prepare(house.reader, &st, "SELECT profile_tries FROM contact_identities WHERE profile_due_at IS NOT NULL", &err), &err);
		if (stmt_step(&st, &err) != 1)
			break;
		item.tries = next_i64(&st);
	}
	assert_in_range(asked, 3, 12);		/* given up some day */
}

/* ---- what the questions cost ---- */

enum { SEEN_MAX = 400 };
static char *seen[SEEN_MAX];
static size_t seen_count;

static int remember(const char *sql)
{
	for (size_t k = 0; k < seen_count; k++)
		if (strcmp(seen[k], sql) == 0)
			return 0;
	if (seen_count < SEEN_MAX)
		seen[seen_count++] = strdup(sql);	/* a text that was put together goes with its statement */
	return 0;
}

/* What may be walked: a temporary result of a bounded question, and the accounts, which are few. */
static bool may_scan(const char *detail, const char *sql)
{
	static const char *const fine[] = { "SCAN t", "SCAN w", "SCAN waiting", "SCAN (subquery", "SCAN CONSTANT", "SCAN h", "SCAN message_words VIRTUAL" };

	for (size_t k = 0; k < sizeof(fine) / sizeof(fine[0]); k++)
		if (strncmp(detail, fine[k], strlen(fine[k])) == 0)
			return true;
	/* In the order of an index, and as far as the LIMIT goes. */
	if (strstr(sql, "ORDER BY") != NULL && strstr(sql, "LIMIT") != NULL && strstr(sql, "message_words_dirty d LEFT JOIN") != NULL)
		return true;
	return strstr(detail, "SCAN accounts") != NULL || strstr(detail, "SCAN a") == detail;
}

static void explain(const char *sql)
{
	SCOPED(buf_done) struct buf b = { 0 };
	SCOPED(stmt_done) struct stmt st = { 0 };
	struct error err = { 0 };

	buf_add(&b, STR("EXPLAIN QUERY PLAN "));
	buf_add_c(&b, sql);
	check_ok(db_prepare_built(house.reader, &st, buf_str(&b), &err), &err);
	bool by_unread = strstr(sql, "unread > 0") == NULL;

	while (stmt_step(&st, &err) > 0) {
		(void)next_i64(&st), (void)next_i64(&st), (void)next_i64(&st);
		struct str detail = next_str(&st);

		by_unread = by_unread || strstr(detail.p, "INDEX conversations_unread") != NULL;
		if ((str_starts(detail, STR("SCAN ")) && !may_scan(detail.p, sql)) || strstr(detail.p, "TEMP B-TREE") != NULL)
			if (strstr(sql, "ORDER BY due, id") == NULL)	/* sorts the accounts that wait */
				print_error("%s\n  in %s\n\n", detail.p, sql), seen_count = SEEN_MAX + 1;
	}
	if (!by_unread)
		check_failed("the few unread ones are not found by their index in %s", sql);
}

static void a_day(void)
{
	struct conversation_count counts[CHANNELS_MAX];
	struct reply_result ret;
	struct outbox_item items[4];
	struct profile_item due;
	struct journal_event *events;
	struct webhook *w = NULL;
	struct error err = { 0 };
	struct str cursor;
	size_t count;
	int64_t next;
	struct trixy_event e[] = { said("z", "q", "hello", clock_now_ms()), echoed("z", "r", "hi", clock_now_ms()), said("z", "q", "edit", 5),
				   said("z", "q", "", 6), said("z", "q", "", 7), said("z", "other", "", 8), said("z", "r", "", 9) };

	e[2].kind = TRIXY_EVENT_EDIT;
	e[3].kind = TRIXY_EVENT_REACTION;
	e[4].kind = TRIXY_EVENT_UNSEND;
	e[5].kind = TRIXY_EVENT_READ;
	e[6].kind = TRIXY_EVENT_STATUS;
	e[6].status = TRIXY_STATUS_DELIVERED;
	e[0].contact_name = T("Zoe");
	(void)house_apply(e, 7);
	int64_t c = house_conversation("z").id;

	check_ok(inbox_reply(&house.i, &(struct reply){ .workspace = house.w, .conversation_id = c, .text = STR("hello"), .client_id = STR("k") },
			     &ret, &err), &err);
	check_ok(outbox_due(&house.i, house.reader, clock_now_ms() + 9, 4, &house.arena, items, 4, &count, &next, &err), &err);
	check_ok(outbox_claim(&house.i, items, count, &err), &err);
	struct trixy_outcome sent = { .size = sizeof(sent), .kind = TRIXY_SENT, .message_id = T("sent") };
	const struct trixy_event echo = echoed("z", "sent", "hello", clock_now_ms());

	(void)house_apply(&echo, 1);
	check_ok(outbox_settle(&house.i, &items[0], &sent, &err), &err);
	check_ok(profile_due(&house.i, house.reader, clock_now_ms(), &house.arena, &due, 1, &count, &next, &err), &err);
	check_ok(profile_store(&house.i, &due, &(struct trixy_profile){ .size = sizeof(struct trixy_profile), .found = 1, .name = T("N") }, &err), &err);
	index_all();
	(void)found("hello");
	(void)walk((struct conversation_query){ .limit = 3 });
	(void)walk((struct conversation_query){ .limit = 3, .unread_only = true });
	(void)house_messages(c, &count);
	check_ok(conversation_counts(&house.i, house.reader, house.w, &house.arena, counts, &count, &err), &err);
	check_ok(conversation_update(&house.i, house.w, c, CONVERSATION_DONE, true, &err), &err);
	for (int state = 0; state <= JOURNAL_REFUSED; state++)
		check_ok(journal_list(house.reader, house.w, state, STR_NONE, 5, &house.arena, &events, &count, &cursor, &err), &err);
	assert_int_equal(webhook_read(&house.i, &fake_channel, STR("shop message y m 1 x"), STR_NONE, &w, &err), WEBHOOK_UNSIGNED);
	check_ok(store_write(house.i.store, webhook_store, w, &err), &err);
	webhook_free(w);
	check_ok(outbox_recover(&house.i, &next, &err), &err);
}

static void no_question_reads_it_all(void **state)
{
	(void)state;
	fill(5);
	seen_count = 0;
	engine_fault = remember;
	a_day();
	engine_fault = NULL;
	size_t count = seen_count;

	assert_in_range(count, 40, SEEN_MAX - 1);
	for (size_t k = 0; k < count; k++)
		if (strncmp(seen[k], "SELECT", 6) == 0 || strncmp(seen[k], "WITH", 4) == 0 || strncmp(seen[k], "UPDATE", 6) == 0 ||
		    strncmp(seen[k], "DELETE", 6) == 0)
			explain(seen[k]);
	assert_true(seen_count <= SEEN_MAX);
	for (size_t k = 0; k < count; k++)
		free(seen[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lists_page_by_page, house_open, house_close),
		cmocka_unit_test_setup_teardown(a_strange_cursor_is_refused, house_open, house_close),
		cmocka_unit_test_setup_teardown(messages_page_by_page, house_open, house_close),
		cmocka_unit_test_setup_teardown(an_inactive_channel_is_hidden, house_open, house_close),
		cmocka_unit_test_setup_teardown(words_are_found, house_open, house_close),
		cmocka_unit_test_setup_teardown(words_of_every_script_are_found, house_open, house_close),
		cmocka_unit_test_setup_teardown(nobody_types_query_syntax, house_open, house_close),
		cmocka_unit_test_setup_teardown(changed_words_are_indexed_again, house_open, house_close),
		cmocka_unit_test_setup_teardown(files_and_cards_are_found, house_open, house_close),
		cmocka_unit_test_setup_teardown(a_search_stays_in_its_workspace, house_open, house_close),
		cmocka_unit_test_setup_teardown(a_name_comes_later, house_open, house_close),
		cmocka_unit_test_setup_teardown(a_name_that_is_not_to_be_had, house_open, house_close),
		cmocka_unit_test_setup_teardown(no_question_reads_it_all, house_open, house_close),
	};
	return cmocka_run_group_tests_name("reading", tests, NULL, NULL);
}
