/* What a message holds beside its words: files that are to be fetched, cards, reactions, where it comes from; and messages from
 * before the account was connected. */
#include "fixture.h"

#include "inbox/outbox.h"
#include "inbox/reply.h"
#include "inbox/webhook.h"
#include "store/engine.h"
#include "store/message.h"

/* ---- a channel whose customers' files are fetched ---- */

static const struct trixy_text hosts[] = { TRIXY_TEXT("media.example") };
static struct trixy_channel media;		/* asks where a file lies */
static int woken;

static int32_t ask_media(const struct trixy_account *a, const struct trixy_attachment *t, struct trixy_memory *m, struct trixy_request *ret)
{
	(void)a, (void)t, (void)m, (void)ret;
	return TRIXY_EINVAL;
}
static int32_t no_media(const struct trixy_account *a, const struct trixy_answer *x, struct trixy_memory *m, struct trixy_media *ret)
{
	(void)a, (void)x, (void)m, (void)ret;
	return TRIXY_EINVAL;
}

/* One message of the customer "ada" with a picture, whatever the body says. */
static int32_t read_picture(struct trixy_text body, struct trixy_memory *m, const struct trixy_sink *sink)
{
	struct trixy_attachment picture = { .size = sizeof(picture), .type = TRIXY_MESSAGE_IMAGE, .url = T("https://media.example/1") };
	struct trixy_event e = said("ada", "picture", "", 1000);

	(void)m;
	e.message_id = body;
	e.message_kind = TRIXY_MESSAGE_IMAGE;
	e.attachments = &picture;
	e.attachment_count = 1;
	return sink->emit(sink->arg, &e);
}

static void on_wake(void *arg)
{
	(void)arg;
	woken++;
}

static int open_media(void **state)
{
	int r = house_open(state);

	media = fake_channel;
	media.media_host_count = 1;
	media.media_hosts = hosts;
	media.media_request = ask_media;
	media.media_answer = no_media;
	media.read_webhook = read_picture;
	house.channel = &media;
	woken = 0;
	return r;
}

static struct message newest(const char *contact)
{
	size_t count;
	struct message *m = house_messages(house_conversation(contact).id, &count);

	assert_true(count > 0);
	return m[0];
}

static struct trixy_event with(struct trixy_attachment *attachments, uint32_t count, const char *id)
{
	struct trixy_event e = said("ada", id, "", 1000);

	for (uint32_t k = 0; k < count; k++)
		attachments[k].size = sizeof(*attachments);
	e.text = (struct trixy_text){ 0 };
	e.message_kind = attachments[0].type;
	e.attachments = attachments;
	e.attachment_count = count;
	return e;
}

/* ---- files ---- */

#define DUE "SELECT COUNT(*) FROM attachments WHERE due_at IS NOT NULL"

static void files_begin_in_their_state(void **state)
{
	static const struct { struct trixy_attachment a; enum attachment_state state; const char *fault;
	} cases[] = {
		{ { .type = TRIXY_MESSAGE_IMAGE, .url = TRIXY_TEXT("https://media.example/1") }, ATTACHMENT_FETCHING, NULL },
		{ { .type = TRIXY_MESSAGE_VIDEO, .external_id = TRIXY_TEXT("77") }, ATTACHMENT_FETCHING, NULL },
		{ { .type = TRIXY_MESSAGE_AUDIO, .external_id = TRIXY_TEXT("77"), .flags = TRIXY_ATTACHMENT_VOICE }, ATTACHMENT_FETCHING, NULL },
		{ { .type = TRIXY_MESSAGE_FILE, .external_id = TRIXY_TEXT("77") }, ATTACHMENT_FETCHING, NULL },
		{ { .type = TRIXY_MESSAGE_STICKER, .external_id = TRIXY_TEXT("77") }, ATTACHMENT_FETCHING, NULL },
		{ { .type = TRIXY_MESSAGE_STORY_MENTION, .url = TRIXY_TEXT("https://media.example/1") }, ATTACHMENT_FETCHING, NULL },
		{ { .type = TRIXY_MESSAGE_FILE, .external_id = TRIXY_TEXT("77"), .fault = TRIXY_TEXT("too large") }, ATTACHMENT_LOST, "too large" },
		{ { .type = TRIXY_MESSAGE_IMAGE }, ATTACHMENT_NO_FILE, NULL },
		{ { .type = TRIXY_MESSAGE_SHARE, .url = TRIXY_TEXT("https://elsewhere.example/p/1") }, ATTACHMENT_NO_FILE, NULL },
		{ { .type = TRIXY_MESSAGE_REEL, .url = TRIXY_TEXT("https://elsewhere.example/r/1") }, ATTACHMENT_NO_FILE, NULL },
		{ { .type = TRIXY_MESSAGE_LOCATION, .external_id = TRIXY_TEXT("9") }, ATTACHMENT_NO_FILE, NULL },
	};
	struct trixy_attachment all[sizeof(cases) / sizeof(cases[0])];
	uint32_t count = sizeof(cases) / sizeof(cases[0]);
	int64_t before = clock_now_ms();

	(void)state;
	for (uint32_t k = 0; k < count; k++)
		all[k] = cases[k].a;
	const struct trixy_event e = with(all, count, "m1");

	assert_true(house_apply(&e, 1).files);
	assert_false(house_apply(&e, 1).files);			/* the same again brings nothing */
	struct message m = newest("ada");

	assert_int_equal(m.attachment_count, count);
	for (uint32_t k = 0; k < count; k++) {
		if (m.attachments[k].state != cases[k].state || m.attachments[k].position != (int)k)
			check_failed("case %u begins in state %d", k, (int)m.attachments[k].state);
		check_str(m.attachments[k].fault, cases[k].fault);
	}
	assert_int_equal(m.attachments[2].flags, TRIXY_ATTACHMENT_VOICE);
	assert_int_equal(house_number(DUE), 6);
	assert_int_equal(house_number("SELECT COUNT(*) FROM attachments WHERE due_at IS NOT NULL AND state <> 1"), 0);
	assert_true(house_number("SELECT MIN(due_at) FROM attachments") >= before);
	assert_true(house_number("SELECT MAX(due_at) FROM attachments") <= clock_now_ms());
}

/* The provider's own address stays what is shown, as it was before files were kept. */
static void without_media_hosts_nothing_is_fetched(void **state)
{
	struct trixy_attachment a[] = { { .type = TRIXY_MESSAGE_IMAGE, .url = TRIXY_TEXT("https://media.example/1") },
					{ .type = TRIXY_MESSAGE_IMAGE, .external_id = TRIXY_TEXT("1") } };
	const struct trixy_event e = with(a, 2, "m1");

	(void)state;
	house.channel = &fake_channel;
	assert_false(house_apply(&e, 1).files);
	assert_int_equal(newest("ada").attachments[0].state, ATTACHMENT_NO_FILE);
	check_str(newest("ada").attachments[0].url, "https://media.example/1");
	assert_int_equal(house_number(DUE), 0);
}

/* A file that is known by an id alone needs a channel that asks. */
static void an_id_alone_is_no_address(void **state)
{
	struct trixy_attachment a = { .type = TRIXY_MESSAGE_IMAGE, .external_id = TRIXY_TEXT("1") };
	const struct trixy_event e = with(&a, 1, "m1");

	(void)state;
	media.media_request = NULL;
	media.media_answer = NULL;
	(void)house_apply(&e, 1);
	assert_int_equal(newest("ada").attachments[0].state, ATTACHMENT_NO_FILE);
}

static void an_unsent_message_loses_its_files(void **state)
{
	struct trixy_attachment a = { .type = TRIXY_MESSAGE_IMAGE, .url = TRIXY_TEXT("https://media.example/1") };
	struct trixy_event events[] = { with(&a, 1, "m1"), said("ada", "m1", "", 2000) };

	(void)state;
	events[1].kind = TRIXY_EVENT_UNSEND;
	for (int k = 0; k < 2; k++) {		/* the second time the unsend comes first */
		(void)house_apply(&events[k], 1);
		(void)house_apply(&events[1 - k], 1);
		assert_int_equal(house_number("SELECT COUNT(*) FROM attachments"), 0);
		events[0].message_id = events[1].message_id = T("m2");
	}
}

/* What was typed and taken on the phone. */
static void echoes_bring_files_too(void **state)
{
	struct trixy_attachment a = { .type = TRIXY_MESSAGE_IMAGE, .external_id = TRIXY_TEXT("1") };
	struct trixy_event e = with(&a, 1, "m1");

	(void)state;
	e.flags = TRIXY_FROM_US;
	assert_true(house_apply(&e, 1).files);
	assert_int_equal(newest("ada").direction, MESSAGE_OUT);
	assert_true(newest("ada").flags & MESSAGE_ELSEWHERE);
	assert_int_equal(newest("ada").attachments[0].state, ATTACHMENT_FETCHING);
}

static void deliver_to(const struct trixy_channel *channel, const char *id)
{
	struct webhook *w;
	struct error err = { 0 };
	struct str body = str_of(id);
	unsigned char sum[SHA256_BYTES];
	SCOPED(buf_done) struct buf signature = { 0 };
	struct hmac *h;

	assert_int_equal(hmac_new(STR("secret-shop"), &h, NULL), 0);
	assert_int_equal(hmac_sha256(h, body, sum, NULL), 0);
	hmac_free(h);
	buf_add_c(&signature, "sha256=");
	buf_add_hex(&signature, sum, sizeof(sum));
	assert_int_equal(webhook_read(&house.i, channel, body, buf_str(&signature), &w, &err), WEBHOOK_STORE);
	check_ok(store_write(house.i.store, webhook_store, w, &err), &err);
	webhook_stored(w);
	webhook_free(w);
}

static void deliver(const char *id)
{
	deliver_to(&media, id);
}

static void whoever_fetches_is_woken_after_the_commit(void **state)
{
	(void)state;
	deliver("m0");				/* nobody listens: no harm */
	house.i.wake_work = on_wake;
	deliver("m1");
	assert_int_equal(woken, 1);
	deliver("m1");				/* a redelivery */
	assert_int_equal(woken, 1);
	assert_int_equal(house_number(DUE), 2);
}

/* The same from an addon that was built for ABI 1.0: its channel, event and attachment end where 1.0 ended. */
static int32_t read_old_picture(struct trixy_text body, struct trixy_memory *m, const struct trixy_sink *sink)
{
	const size_t event_size = offsetof(struct trixy_event, other_contact_key), size = offsetof(struct trixy_attachment, flags);
	struct trixy_attachment picture = { .size = (uint32_t)size, .type = TRIXY_MESSAGE_IMAGE, .url = T("https://media.example/1") };
	struct trixy_event whole = said("ada", "", "look", 1000);
	void *short_picture = malloc(size), *short_event = malloc(event_size);

	(void)m;
	assert_true(short_picture != NULL && short_event != NULL);
	memcpy(short_picture, &picture, size);
	whole.size = (uint32_t)event_size;
	whole.message_id = body;
	whole.attachments = short_picture;
	whole.attachment_count = 1;
	memcpy(short_event, &whole, event_size);
	int32_t r = sink->emit(sink->arg, short_event);

	free(short_event);
	free(short_picture);
	return r;
}

static void an_older_addon_goes_on_as_before(void **state)
{
	const size_t size = offsetof(struct trixy_channel, can);
	struct trixy_channel whole = fake_channel;
	void *old = malloc(size);

	(void)state;
	assert_non_null(old);
	whole.size = (uint32_t)size;
	whole.read_webhook = read_old_picture;
	memcpy(old, &whole, size);
	deliver_to(old, "m1");
	free(old);
	check_str(newest("ada").text, "look");
	assert_int_equal(newest("ada").attachments[0].state, ATTACHMENT_NO_FILE);
	check_str(newest("ada").attachments[0].url, "https://media.example/1");
	assert_int_equal(house_number(DUE), 0);
}

/* ---- reading ---- */

static int keep_file(struct db *db, void *arg, struct error *err)
{
	struct store_file f = { .workspace = house.w, .sha256 = STR("00ff"), .bytes = 1234, .mime_type = STR("image/png"), .width = 40, .height = 30,
				.has_preview = true, .created_at = 1 };
	struct store_attachment a;
	int64_t message_id = *(int64_t *)arg;
	int r = store_file_put(db, &f, err);

	if (r < 0 || (r = store_attachment_get(db, house.w, message_id, 0, &house.arena, &a, err)) < 0)
		return r;
	a.state = ATTACHMENT_KEPT;
	a.file_id = f.id;
	a.due_at = 0;
	return store_attachment_save(db, house.w, message_id, 0, &a, err);
}

static void a_kept_file_is_read_with_what_it_is(void **state)
{
	struct trixy_attachment a[] = { { .type = TRIXY_MESSAGE_FILE, .url = TRIXY_TEXT("https://media.example/1"), .mime_type = TRIXY_TEXT("x/told"),
					  .file_name = TRIXY_TEXT("r\xc3\xa9sum\xc3\xa9.pdf"), .title = TRIXY_TEXT("t"), .sha256 = TRIXY_TEXT("aGk=") },
					{ .type = TRIXY_MESSAGE_IMAGE, .url = TRIXY_TEXT("https://media.example/2"), .mime_type = TRIXY_TEXT("x/told") } };
	const struct trixy_event e = with(a, 2, "m1");
	struct error err = { 0 };

	(void)state;
	(void)house_apply(&e, 1);
	int64_t id = newest("ada").id;

	check_ok(store_write(house.i.store, keep_file, &id, &err), &err);
	struct message m = newest("ada");

	assert_int_equal(m.attachments[0].state, ATTACHMENT_KEPT);
	check_str(m.attachments[0].mime_type, "image/png");	/* as its bytes look */
	check_str(m.attachments[0].file_name, "r\xc3\xa9sum\xc3\xa9.pdf");
	assert_int_equal(m.attachments[0].bytes, 1234);
	assert_int_equal(m.attachments[0].width, 40);
	assert_int_equal(m.attachments[0].height, 30);
	assert_true(m.attachments[0].has_preview);
	check_str(m.attachments[1].mime_type, "x/told");	/* as the provider told */
	assert_int_equal(m.attachments[1].bytes, 0);
	assert_int_equal(house_number(DUE), 1);
	/* Nobody else's workspace has it. */
	struct store_attachment other;

	check_is(store_attachment_get(house.reader, house.other, id, 0, &house.arena, &other, &err), ERR_NOTFOUND, &err);
	check_is(store_attachment_get(house.reader, house.w, id, 2, &house.arena, &other, &err), ERR_NOTFOUND, &err);
}

/* A customer's name of a file is shown, not only sent along with it: it must not look like another. */
static void a_file_s_name_neither_turns_around_nor_leads_elsewhere(void **state)
{
	struct trixy_attachment a[] = { { .type = TRIXY_MESSAGE_FILE, .url = TRIXY_TEXT("https://media.example/1"),
					  .file_name = TRIXY_TEXT("../bill\xe2\x80\xae" "fdp.exe\r\n") },
					{ .type = TRIXY_MESSAGE_FILE, .url = TRIXY_TEXT("https://media.example/2"), .file_name = TRIXY_TEXT("..") } };
	const struct trixy_event e = with(a, 2, "m1");

	(void)state;
	(void)house_apply(&e, 1);
	struct message m = newest("ada");

	check_str(m.attachments[0].file_name, "billfdp.exe");
	assert_null(m.attachments[1].file_name.p);
}

static void why_something_cannot_be_shown_is_kept(void **state)
{
	struct trixy_attachment a[] = { { .type = TRIXY_MESSAGE_UNSUPPORTED, .title = TRIXY_TEXT("A poll"), .fault = TRIXY_TEXT("It stays in the app.") } };
	const struct trixy_event e = with(a, 1, "m1");

	(void)state;
	(void)house_apply(&e, 1);
	struct message m = newest("ada");

	assert_int_equal(m.attachments[0].state, ATTACHMENT_NO_FILE);
	check_str(m.attachments[0].fault, "It stays in the app.");
}

static void cards_keep_their_order_and_their_words(void **state)
{
	static const struct trixy_pair details[] = { { TRIXY_TEXT("phone"), TRIXY_TEXT("+49 151 \"1\"") },
		{ TRIXY_TEXT("phone"), TRIXY_TEXT("+49 151 2\n\\") }, { TRIXY_TEXT("email"), TRIXY_TEXT("ada@example.org") },
		{ TRIXY_TEXT("note"), TRIXY_TEXT("\xf0\x9f\x91\x8d <b>") }, { TRIXY_TEXT("empty"), TRIXY_TEXT("") } };
	struct trixy_attachment a[] = { { .type = TRIXY_MESSAGE_CONTACTS, .title = TRIXY_TEXT("Ada"), .details = details, .detail_count = 5 },
					{ .type = TRIXY_MESSAGE_CONTACTS, .title = TRIXY_TEXT("Bob") } };
	const struct trixy_event e = with(a, 2, "m1");

	(void)state;
	(void)house_apply(&e, 1);
	struct message m = newest("ada");

	assert_string_equal(message_kind_word(m.kind), "contacts");
	assert_int_equal(m.attachments[0].detail_count, 5);
	for (size_t k = 0; k < 5; k++)
		assert_true(str_eq(m.attachments[0].details[k].name, str_from_trixy(details[k].name)) &&
			    str_eq(m.attachments[0].details[k].value, str_from_trixy(details[k].value)));
	assert_int_equal(m.attachments[1].detail_count, 0);
}

static void the_new_kinds_have_words(void **state)
{
	static const char *const words[] = { "location", "contacts", "order", "call", "template" };

	(void)state;
	for (uint32_t k = 0; k < 5; k++) {
		char id[8];

		(void)snprintf(id, sizeof(id), "m%u", k);
		struct trixy_event e = said("ada", id, "x", 1000 + k);

		e.message_kind = TRIXY_MESSAGE_LOCATION + k;
		(void)house_apply(&e, 1);
		assert_string_equal(message_kind_word(newest("ada").kind), words[k]);
		assert_string_equal(message_kind_word(house_conversation("ada").last.kind), words[k]);
	}
	assert_string_equal(message_kind_word(MESSAGE_KIND_REACTION), "unsupported");
}

static int put_ours(struct db *db, void *arg, struct error *err)
{
	const struct store_reaction ours = { .side = 2, .emoji = STR("x"), .at = 1, .status = 2, .error_text = STR("no") };

	return store_reaction_save(db, house.w, *(int64_t *)arg, &ours, err);
}

static void a_refused_reaction_is_read_with_its_reason(void **state)
{
	struct trixy_event e = said("ada", "m1", "hi", 1000), theirs = said("ada", "m1", "", 2000);
	struct error err = { 0 };

	(void)state;
	theirs.kind = TRIXY_EVENT_REACTION;
	theirs.emoji = T("y");
	(void)house_apply(&e, 1);
	(void)house_apply(&theirs, 1);
	int64_t id = newest("ada").id;

	check_ok(store_write(house.i.store, put_ours, &id, &err), &err);
	struct message m = newest("ada");

	assert_int_equal(m.reaction_count, 2);
	assert_int_equal(m.reactions[0].status, 0);
	assert_null(m.reactions[0].error_text.p);
	assert_int_equal(m.reactions[1].status, 2);
	check_str(m.reactions[1].error_text, "no");
}

/* ---- from before, and passed on ---- */

static struct trixy_event old(const char *id, int64_t at_ms)
{
	struct trixy_event e = said("ada", id, id, at_ms);

	e.flags |= TRIXY_HISTORY;
	return e;
}

static void history_changes_nothing_but_the_past(void **state)
{
	struct trixy_event now = said("ada", "now", "now", 5000), from_us = old("h3", 3000);
	struct error err = { 0 };
	size_t count;

	(void)state;
	from_us.flags = TRIXY_FROM_US | TRIXY_HISTORY;
	(void)house_apply(&now, 1);
	int64_t id = house_conversation("ada").id;

	check_ok(conversation_update(&house.i, house.w, id, CONVERSATION_DONE, true, &err), &err);
	const struct trixy_event past[] = { old("h1", 1000), old("h9", 9000), from_us };

	(void)house_apply(past, 2);
	(void)house_apply(&past[2], 1);
	assert_int_equal(house_apply(past, 3).known, 3);
	struct conversation c = house_conversation("ada");

	assert_int_equal(c.unread, 0);
	assert_int_equal(c.status, CONVERSATION_DONE);
	assert_int_equal(c.window_from, 5000);
	assert_int_equal(c.activity_at, 9000);
	struct message *m = house_messages(id, &count);

	assert_int_equal(count, 4);
	check_str(m[0].external_id, "h9");		/* each stands at its time */
	check_str(m[1].external_id, "now");
	check_str(m[2].external_id, "h3");
	check_str(m[3].external_id, "h1");
}

/* A conversation that history alone makes: it shows at its time, it cannot be answered as if the customer had just written. */
static void history_makes_no_work(void **state)
{
	const struct trixy_event e = old("h1", 1000);

	(void)state;
	(void)house_apply(&e, 1);
	assert_int_equal(house_conversation("ada").unread, 0);
	assert_int_equal(house_conversation("ada").window_from, 0);
	assert_int_equal(house_conversation("ada").activity_at, 1000);
}

static void forwarded_is_said(void **state)
{
	struct trixy_event e = said("ada", "m1", "look", 1000);

	(void)state;
	(void)house_apply(&e, 1);
	assert_false(newest("ada").flags & MESSAGE_FORWARDED);
	e.message_id = T("m2");
	e.at_ms = 2000;
	e.flags |= TRIXY_FORWARDED;
	(void)house_apply(&e, 1);
	assert_true(newest("ada").flags & MESSAGE_FORWARDED);
}

/* ---- our own file, whose answer was lost ---- */

static int add_picture(struct db *db, void *arg, struct error *err)
{
	struct store_message m = { .workspace = house.w, .conversation_id = house_conversation("ada").id, .direction = MESSAGE_OUT,
		.kind = TRIXY_MESSAGE_IMAGE, .status = *(int *)arg, .flags = MESSAGE_ATTEMPTED, .at = 10 * MINUTE_MS };

	return store_message_add(db, &m, err);
}

static struct trixy_event picture_echo(const char *id, int64_t at_ms)
{
	static struct trixy_attachment a = { .type = TRIXY_MESSAGE_IMAGE, .url = TRIXY_TEXT("https://media.example/1") };
	struct trixy_event e = with(&a, 1, id);

	e.flags = TRIXY_FROM_US;
	e.at_ms = at_ms;
	return e;
}

static void the_echo_of_a_lost_picture_is_it(void **state)
{
	struct trixy_event hi = said("ada", "hi", "hi", 1), early = picture_echo("phone", 10 * MINUTE_MS - 3 * MINUTE_MS),
			   late = picture_echo("phone2", 10 * MINUTE_MS + 6 * MINUTE_MS), its = picture_echo("its", 10 * MINUTE_MS + 500);
	struct error err = { 0 };
	int unknown = MESSAGE_UNKNOWN, sending = MESSAGE_SENDING;
	size_t count;

	(void)state;
	(void)house_apply(&hi, 1);
	check_ok(store_write(house.i.store, add_picture, &sending, &err), &err);	/* its answer may come: it will name it itself */
	check_ok(store_write(house.i.store, add_picture, &unknown, &err), &err);
	(void)house_apply(&early, 1);
	(void)house_apply(&late, 1);
	(void)house_messages(house_conversation("ada").id, &count);
	assert_int_equal(count, 5);
	(void)house_apply(&its, 1);
	(void)house_apply(&its, 1);
	struct message *m = house_messages(house_conversation("ada").id, &count);

	assert_int_equal(count, 5);
	int sent = 0, under_way = 0;

	for (size_t k = 0; k < count; k++) {
		sent += str_eq_c(m[k].external_id, "its") && m[k].status == MESSAGE_SENT && !(m[k].flags & MESSAGE_ELSEWHERE);
		under_way += m[k].status == MESSAGE_SENDING;
	}
	assert_int_equal(sent, 1);
	assert_int_equal(under_way, 1);
}

/* ---- the path of most messages ---- */

static int statements;

static int count_statement(const char *sql)
{
	(void)sql;
	statements++;
	return 0;
}

/* What a plain message of a known customer costs: begin, find the conversation, look for the message, add it, note the change,
 * save the conversation, commit. A statement more is paid for by every message of every customer. */
static void a_plain_message_costs_no_more_than_before(void **state)
{
	struct trixy_event e = said("ada", "m1", "one", 1000);

	(void)state;
	(void)house_apply(&e, 1);
	e.message_id = T("m2");
	statements = 0;
	engine_fault = count_statement;
	(void)house_apply(&e, 1);
	engine_fault = NULL;
	assert_int_equal(statements, 7);
	/* With another id of the customer it is one more. */
	e.message_id = T("m3");
	e.other_contact_key = T("b.ada");
	statements = 0;
	engine_fault = count_statement;
	(void)house_apply(&e, 1);
	engine_fault = NULL;
	assert_int_equal(statements, 8);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_media, house_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_begin_in_their_state), TEST(without_media_hosts_nothing_is_fetched), TEST(an_id_alone_is_no_address),
		TEST(an_unsent_message_loses_its_files), TEST(echoes_bring_files_too), TEST(whoever_fetches_is_woken_after_the_commit),
		TEST(an_older_addon_goes_on_as_before),
		TEST(a_kept_file_is_read_with_what_it_is), TEST(a_file_s_name_neither_turns_around_nor_leads_elsewhere), TEST(the_new_kinds_have_words),
		TEST(a_kept_file_is_read_with_what_it_is), TEST(why_something_cannot_be_shown_is_kept), TEST(the_new_kinds_have_words),
		TEST(a_kept_file_is_read_with_what_it_is), TEST(cards_keep_their_order_and_their_words), TEST(the_new_kinds_have_words),
		TEST(a_refused_reaction_is_read_with_its_reason), TEST(history_changes_nothing_but_the_past), TEST(history_makes_no_work),
		TEST(forwarded_is_said), TEST(the_echo_of_a_lost_picture_is_it), TEST(a_plain_message_costs_no_more_than_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
