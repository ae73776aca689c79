/* What may go out beside plain text: quotes, files, voice messages and templates; what a claim makes of them; and how much of it
 * rests when the provider asks for that. */
#include "fixture.h"

#include "inbox/message.h"
#include "inbox/outbox.h"
#include "inbox/reply.h"
#include "inbox/rules.h"
#include "inbox/template.h"
#include "inbox/upload.h"
#include "store/conversation.h"
#include "store/message.h"
#include "store/outbox.h"

static struct error err;
static int64_t conversation;

enum { AGENT = 7, SOMEBODY = 8 };
#define MB(n) ((n) * INT64_C(1048576))

/* ---- a channel that can it all ---- */

static int32_t no_request(const struct trixy_account *a, const struct trixy_draft *d, struct trixy_memory *m, struct trixy_request *ret)
{
	(void)a, (void)d, (void)m, (void)ret;
	return TRIXY_EINVAL;
}
static int32_t no_outcome(const struct trixy_account *a, const struct trixy_answer *x, struct trixy_memory *m, struct trixy_outcome *ret)
{
	(void)a, (void)x, (void)m, (void)ret;
	return TRIXY_EINVAL;
}
static int32_t no_templates(const struct trixy_account *a, struct trixy_text page, struct trixy_memory *m, struct trixy_request *ret)
{
	(void)a, (void)page, (void)m, (void)ret;
	return TRIXY_EINVAL;
}
static int32_t no_templates_answer(const struct trixy_account *a, const struct trixy_answer *x, struct trixy_memory *m, struct trixy_templates *ret)
{
	(void)a, (void)x, (void)m, (void)ret;
	return TRIXY_EINVAL;
}

static const struct trixy_media_rule rules[] = {
	{ .size = sizeof(rules[0]), .type = TRIXY_MESSAGE_IMAGE, .max_bytes = MB(5), .caption_max = 12, .mime_types = TRIXY_TEXT("image/jpeg image/png"),
	  .help = TRIXY_TEXT("Save it as PNG.") },
	{ .size = sizeof(rules[0]), .type = TRIXY_MESSAGE_AUDIO, .max_bytes = MB(16), .mime_types = TRIXY_TEXT("audio/ogg audio/mpeg") },
	{ .size = sizeof(rules[0]), .type = TRIXY_MESSAGE_FILE, .max_bytes = MB(100), .caption_max = 12,
	  .mime_types = TRIXY_TEXT("application/pdf image/png image/gif") },
	{ .size = sizeof(rules[0]), .type = TRIXY_MESSAGE_STICKER, .max_bytes = 100 * 1024, .mime_types = TRIXY_TEXT("image/webp") },
};
static struct trixy_channel able;

static int open_able(void **state)
{
	int r = house_open(state);

	able = fake_channel;
	able.can = TRIXY_CAN_QUOTE | TRIXY_CAN_REACT | TRIXY_CAN_TEMPLATES | TRIXY_CAN_VOICE | TRIXY_CAN_SEEN | TRIXY_CAN_TYPING;
	able.media_rules = rules;
	able.media_rule_count = sizeof(rules) / sizeof(rules[0]);
	able.upload_request = no_request;
	able.upload_answer = no_outcome;
	able.templates_request = no_templates;
	able.templates_answer = no_templates_answer;
	if (r == 0)
		check_ok(channels_swap(house.i.channels, &able, &err), &err);
	return r;
}

static int64_t ask(const char *contact, int64_t at_ms)
{
	const struct trixy_event e = said(contact, "question", "?", at_ms);

	(void)house_apply(&e, 1);
	return conversation = house_conversation(contact).id;
}

static int64_t question(void)
{
	size_t count;
	struct message *m = house_messages(conversation, &count);

	for (size_t k = 0; k < count; k++)
		if (m[k].direction == MESSAGE_IN)
			return m[k].id;
	check_failed("no question");
	return 0;
}

static int64_t known_as(const char *external_id)
{
	size_t count;
	struct message *m = house_messages(conversation, &count);

	for (size_t k = 0; k < count; k++)
		if (str_eq_c(m[k].external_id, external_id))
			return m[k].id;
	check_failed("no such message");
	return 0;
}

static int reply_with(struct reply r, struct reply_result *ret)
{
	r.workspace = house.w;
	r.conversation_id = conversation;
	r.author_id = AGENT;
	return inbox_reply(&house.i, &r, ret, &err);
}

static void refused(struct reply r, enum reply_refusal refusal, const char *words)
{
	struct reply_result ret;

	if (reply_with(r, &ret) >= 0)
		check_failed("it was not refused: %s", words);
	assert_int_equal(ret.refusal, refusal);
	assert_string_equal(err.text, words);
}

static struct message message_of(int64_t id)
{
	struct message m;

	check_ok(message_get(house.reader, house.w, conversation, id, &house.arena, &m, &err), &err);
	return m;
}

static struct store_attachment file_of(int64_t id)
{
	struct store_attachment a;

	check_ok(store_attachment_get(house.reader, house.w, id, 0, &house.arena, &a, &err), &err);
	return a;
}

static size_t due(struct outbox_item *ret)
{
	size_t count;
	int64_t next;

	check_ok(outbox_due(&house.i, house.reader, clock_now_ms() + 1000, 8, &house.arena, ret, 8, &count, &next, &err), &err);
	return count;
}

static struct outbox_item claim_next(void)
{
	struct outbox_item items[8];

	assert_true(due(items) > 0);
	check_ok(outbox_claim(&house.i, items, 1, &err), &err);
	assert_true(items[0].claimed);
	return items[0];
}

static void settle(const struct outbox_item *item, uint32_t kind, const char *message_id)
{
	struct trixy_outcome t = { .size = sizeof(t), .kind = kind, .message_id = trixy_from_str(str_of(message_id)), .reason = T("why") };

	check_ok(outbox_settle(&house.i, item, &t, &err), &err);
}

/* ---- what a file may be sent as ---- */

static int type_of(const struct trixy_channel *channel, const char *mime_type, int64_t bytes, struct str *ret_why)
{
	const struct store_file file = { .mime_type = str_of(mime_type), .bytes = bytes, .width = 512, .height = 512 };

	return upload_type(channel, &file, &house.arena, ret_why);
}

static void a_file_goes_as_what_the_rules_take(void **state)
{
	struct str why;

	(void)state;
	assert_int_equal(type_of(&able, "image/png", MB(5), &why), TRIXY_MESSAGE_IMAGE);
	assert_int_equal(type_of(&able, "image/png", MB(5) + 1, &why), TRIXY_MESSAGE_FILE);	/* too large as a picture */
	assert_int_equal(type_of(&able, "image/gif", 10, &why), TRIXY_MESSAGE_FILE);		/* no picture there */
	assert_int_equal(type_of(&able, "image/webp", 10, &why), TRIXY_MESSAGE_STICKER);
	assert_int_equal(type_of(&able, "application/pdf", 10, &why), TRIXY_MESSAGE_FILE);
	assert_null(why.p);
	assert_int_equal(type_of(&able, "image/jpeg", MB(7), &why), 0);
	check_str(why, "Fake takes pictures as JPEG or PNG up to 5 MB; this one is JPEG, 7 MB. Save it as PNG.");
	assert_int_equal(type_of(&able, "image/png", MB(100) + 1, &why), 0);
	check_str(why, "Fake takes pictures as JPEG or PNG up to 5 MB; this one is PNG, 100.1 MB. Save it as PNG.");
	assert_int_equal(type_of(&able, "image/gif", MB(101), &why), 0);
	check_str(why, "Fake takes files as PDF, PNG or GIF up to 100 MB; this one is GIF, 101 MB.");
	assert_int_equal(type_of(&able, "video/mp4", 10, &why), 0);
	check_str(why, "Fake takes files as PDF, PNG or GIF up to 100 MB; this one is MP4, 1 KB.");
	assert_int_equal(type_of(&fake_channel, "image/png", 10, &why), 0);
	check_str(why, "Fake does not take files. Send a link to it instead.");
	assert_int_equal(type_of(NULL, "video/mp4", 10, &why), TRIXY_MESSAGE_VIDEO);
	assert_int_equal(type_of(NULL, "application/zip", 10, &why), TRIXY_MESSAGE_FILE);
}

/* ---- quotes ---- */

static void a_reply_quotes_a_message_of_its_conversation(void **state)
{
	struct reply_result ret;
	int64_t other = ask("other", clock_now_ms()), strange = question();
	struct outbox_item item;

	(void)state;
	(void)ask("c", clock_now_ms());
	check_ok(reply_with((struct reply){ .text = STR("yes"), .reply_to = question() }, &ret), &err);
	assert_int_equal(message_of(ret.message_ids[0]).reply_to_message_id, question());
	item = claim_next();
	check_str(item.reply_to_id, "question");
	/* One that waits has no id that could be quoted; once it is sent, it has. */
	refused((struct reply){ .text = STR("x"), .reply_to = ret.message_ids[0] }, REPLY_CANNOT,
		"The quoted message has not been sent yet. Wait until it is, or send without the quote.");
	settle(&item, TRIXY_SENT, "ours");
	check_ok(reply_with((struct reply){ .text = STR("and"), .reply_to = ret.message_ids[0] }, &ret), &err);
	check_str(message_of(ret.message_ids[0]).reply_to_id, "ours");
	refused((struct reply){ .text = STR("x"), .reply_to = strange }, REPLY_CANNOT, "The quoted message is not one of this conversation.");
	for (uint32_t kind = TRIXY_MESSAGE_SYSTEM; kind <= TRIXY_MESSAGE_CALL; kind += TRIXY_MESSAGE_CALL - TRIXY_MESSAGE_SYSTEM) {
		struct trixy_event notice = said("c", kind == TRIXY_MESSAGE_CALL ? "call" : "notice", "The customer called.", clock_now_ms());

		notice.message_kind = kind;
		(void)house_apply(&notice, 1);
		refused((struct reply){ .text = STR("x"), .reply_to = known_as(kind == TRIXY_MESSAGE_CALL ? "call" : "notice") }, REPLY_CANNOT,
			"A call or a notice cannot be quoted. Send without the quote.");
	}
	check_ok(reply_with((struct reply){ .text = STR("internal"), .note = true }, &ret), &err);
	refused((struct reply){ .text = STR("x"), .reply_to = ret.message_ids[0] }, REPLY_CANNOT,
		"A note cannot be quoted: the customer has never seen it.");
	check_ok(channels_swap(house.i.channels, &fake_channel, &err), &err);
	refused((struct reply){ .text = STR("x"), .reply_to = question() }, REPLY_CANNOT,
		"Fake does not let a reply quote a message. Send it without the quote.");
	assert_int_not_equal(other, conversation);
}

/* ---- files ---- */

static void several_files_become_several_messages(void **state)
{
	const int64_t files[] = { house_upload(AGENT, "a.png", "image/png", 10), house_upload(AGENT, "b.pdf", "application/pdf", 20) };
	struct reply r = { .text = STR("12 bytes fit"), .uploads = files, .upload_count = 2, .client_id = STR("k") };
	struct reply_result ret, again;
	struct store_upload u;

	(void)state;
	(void)ask("c", clock_now_ms());
	r.reply_to = question();
	check_ok(reply_with(r, &ret), &err);
	assert_int_equal(ret.count, 2);
	struct message first = message_of(ret.message_ids[0]), second = message_of(ret.message_ids[1]);

	assert_int_equal(first.kind, TRIXY_MESSAGE_IMAGE);
	check_str(first.text, "12 bytes fit");
	assert_int_equal(first.reply_to_message_id, question());	/* the quote is the first one's */
	assert_int_equal(second.kind, TRIXY_MESSAGE_FILE);
	assert_null(second.text.p);
	assert_null(second.reply_to_id.p);
	assert_int_equal(file_of(second.id).state, ATTACHMENT_KEPT);
	check_str(file_of(second.id).file_name, "b.pdf");
	assert_int_equal(file_of(second.id).file.bytes, 20);
	/* What is sent is no upload any more; the same client_id is the same reply. */
	check_is(store_upload_get(house.reader, house.w, files[0], &house.arena, &u, &err), ERR_NOTFOUND, &err);
	check_ok(reply_with(r, &again), &err);
	assert_true(again.repeated);
	assert_memory_equal(again.message_ids, ret.message_ids, 2 * sizeof(int64_t));
	refused((struct reply){ .uploads = files, .upload_count = 1 }, REPLY_FILE,
		"A file is not here any more: files that are not sent go after a day. Attach it again.");
}

static void a_text_that_is_no_caption_goes_before_the_files(void **state)
{
	int64_t file = house_upload(AGENT, "a.png", "image/png", 10), sound = house_upload(AGENT, "a.mp3", "audio/mpeg", 10);
	struct reply_result ret;

	(void)state;
	(void)ask("c", clock_now_ms());
	check_ok(reply_with((struct reply){ .text = STR("13 bytes: not"), .uploads = &file, .upload_count = 1 }, &ret), &err);
	assert_int_equal(ret.count, 2);
	assert_int_equal(message_of(ret.message_ids[0]).kind, TRIXY_MESSAGE_TEXT);
	check_str(message_of(ret.message_ids[0]).text, "13 bytes: not");
	assert_null(message_of(ret.message_ids[1]).text.p);
	check_ok(reply_with((struct reply){ .text = STR("short"), .uploads = &sound, .upload_count = 1 }, &ret), &err);	/* no captions there */
	assert_int_equal(ret.count, 2);
	/* A long text is split before them as ever. */
	file = house_upload(AGENT, "a.png", "image/png", 10);
	check_ok(reply_with((struct reply){ .text = STR("one two three four five six seven"), .split = true, .uploads = &file, .upload_count = 1 }, &ret),
		 &err);
	assert_int_equal(ret.count, 3);
	check_str(message_of(ret.message_ids[1]).text, "five six seven");
}

static void files_that_are_refused(void **state)
{
	int64_t webm = house_upload(AGENT, "a.webm", "video/webm", 10), foreign = house_upload(SOMEBODY, "a.png", "image/png", 10),
		png = house_upload(AGENT, "a.png", "image/png", 10);
	const int64_t twice[] = { png, png };
	struct store_upload u;

	(void)state;
	(void)ask("c", clock_now_ms());
	refused((struct reply){ .uploads = &webm, .upload_count = 1 }, REPLY_FILE,
		"Fake takes files as PDF, PNG or GIF up to 100 MB; this one is WEBM, 1 KB.");
	refused((struct reply){ .uploads = &foreign, .upload_count = 1 }, REPLY_FILE,
		"A file is not here any more: files that are not sent go after a day. Attach it again.");
	refused((struct reply){ .uploads = twice, .upload_count = 2 }, REPLY_FILE, "The same file is attached twice. Take one away.");
	refused((struct reply){ .text = STR("x"), .uploads = &png, .upload_count = 1, .note = true }, REPLY_CANNOT,
		"A note is text only. Send files and quotes to the customer.");
	check_ok(store_upload_get(house.reader, house.w, png, &house.arena, &u, &err), &err);	/* a refusal takes nothing away */
	(void)ask("late", clock_now_ms() - 2 * DAY_MS);
	refused((struct reply){ .uploads = &png, .upload_count = 1 }, REPLY_WINDOW_CLOSED, "the reply window is closed");
}

static void a_voice_message_is_one_sound(void **state)
{
	int64_t ogg = house_upload(AGENT, "v.ogg", "audio/ogg", 10), png = house_upload(AGENT, "a.png", "image/png", 10);
	const int64_t both[] = { ogg, png };
	struct reply_result ret;
	struct outbox_item item;

	(void)state;
	(void)ask("c", clock_now_ms());
	refused((struct reply){ .uploads = both, .upload_count = 2, .voice = true }, REPLY_CANNOT,
		"A voice message is sent alone, without other files.");
	refused((struct reply){ .uploads = &png, .upload_count = 1, .voice = true }, REPLY_FILE,
		"A voice message is Ogg with one channel of Opus; this file is something else. Send it as a file.");
	refused((struct reply){ .voice = true }, REPLY_FILE, "The recording is missing. Record it again.");
	check_ok(reply_with((struct reply){ .uploads = &ogg, .upload_count = 1, .voice = true }, &ret), &err);
	assert_int_equal(file_of(ret.message_ids[0]).flags, TRIXY_ATTACHMENT_VOICE);
	item = claim_next();
	assert_int_equal(item.media.type, TRIXY_MESSAGE_AUDIO);
	assert_int_equal(item.media.flags, TRIXY_ATTACHMENT_VOICE);
	able.can &= ~(uint32_t)TRIXY_CAN_VOICE;
	refused((struct reply){ .uploads = &png, .upload_count = 1, .voice = true }, REPLY_CANNOT,
		"Fake does not take voice messages. Write a text, or send the recording as a file.");
}

/* ---- templates ---- */

static void save_templates(void)
{
	struct template_variable name = { .key = STR("body.1"), .label = STR("Name"), .example = STR("Ana"), .max_bytes = 10 };
	struct str button = STR("Yes");
	const struct template list[] = {
		{ .name = STR("hello"), .language = STR("en"), .category = STR("UTILITY"), .status = STR("APPROVED"), .is_usable = true,
		  .header = STR("Shop"), .body = STR("Hello {{body.1}}, {{ body.1 }}! {{other}}"), .footer = STR("Bye"), .variables = &name,
		  .variable_count = 1, .buttons = &button, .button_count = 1 },
		{ .name = STR("paper"), .language = STR("en"), .status = STR("APPROVED"), .is_usable = true, .body = STR("Your invoice"),
		  .header_type = TRIXY_MESSAGE_FILE },
		{ .name = STR("ads"), .language = STR("en"), .status = STR("PAUSED"), .reason = STR("It is paused."), .body = STR("Buy") },
	};

	check_ok(template_save_all(&house.i, house.w, house.account_id, list, 3, &err), &err);
}

static void templates_are_kept_and_read(void **state)
{
	struct template *list, one;
	size_t count;
	int64_t fetched_at;

	(void)state;
	check_ok(template_list(house.reader, house.w, house.account_id, &house.arena, &list, &count, &fetched_at, &err), &err);
	assert_int_equal(count, 0);
	assert_int_equal(fetched_at, 0);
	save_templates();
	check_ok(template_list(house.reader, house.w, house.account_id, &house.arena, &list, &count, &fetched_at, &err), &err);
	assert_int_equal(count, 3);
	assert_true(fetched_at > clock_now_ms() - MINUTE_MS);
	check_str(list[0].name, "hello");		/* usable ones first */
	check_str(list[2].name, "ads");
	check_str(list[2].reason, "It is paused.");
	assert_int_equal(list[0].variables[0].max_bytes, 10);
	check_str(list[0].variables[0].example, "Ana");
	check_str(list[0].buttons[0], "Yes");
	check_is(template_find(house.reader, house.w, house.account_id, STR("hello"), STR("de"), &house.arena, &one, &err), 0, &err);
	check_is(template_find(house.reader, house.other, house.account_id, STR("hello"), STR("en"), &house.arena, &one, &err), 0, &err);
	check_is(template_list(house.reader, house.other, house.account_id, &house.arena, &list, &count, &fetched_at, &err), ERR_NOTFOUND, &err);
	/* None is an answer too. */
	check_ok(template_save_all(&house.i, house.w, house.account_id, NULL, 0, &err), &err);
	check_ok(template_list(house.reader, house.w, house.account_id, &house.arena, &list, &count, &fetched_at, &err), &err);
	assert_int_equal(count, 0);
	assert_true(fetched_at > 0);
}

static struct reply with_template(const char *name, const struct template_value *values, size_t count)
{
	return (struct reply){ .template_name = str_of(name), .template_language = STR("en"), .values = values, .value_count = count };
}

static void a_template_goes_outside_the_window(void **state)
{
	const struct template_value value = { STR("body.1"), STR(" Bo ") };
	struct reply_result ret;
	struct outbox_item item;

	(void)state;
	save_templates();
	(void)ask("c", clock_now_ms() - 30 * DAY_MS);
	refused((struct reply){ .text = STR("x") }, REPLY_WINDOW_CLOSED, "the reply window is closed");
	check_ok(reply_with(with_template("hello", &value, 1), &ret), &err);
	assert_int_equal(message_of(ret.message_ids[0]).kind, TRIXY_MESSAGE_TEMPLATE);
	check_str(message_of(ret.message_ids[0]).text, "Shop\n\nHello Bo, Bo! {{other}}\n\nBye");
	item = claim_next();			/* the window is looked at again there */
	assert_int_equal(item.kind, TRIXY_DRAFT_TEMPLATE);
	check_str(item.template_name, "hello");
	check_str(item.template_language, "en");
	assert_int_equal(item.value_count, 1);
	check_str(item.values[0].key, "body.1");
	check_str(item.values[0].value, "Bo");
	/* Retried, it is the same again, window or not. */
	settle(&item, TRIXY_FAILED, NULL);
	check_ok(inbox_retry(&house.i, house.w, conversation, ret.message_ids[0], &ret, &err), &err);
	item = claim_next();
	check_str(item.values[0].value, "Bo");
}

static void templates_that_are_refused(void **state)
{
	static const struct { const char *value, *words; } cases[] = {
		{ "", "Name is empty: the template needs a value there." },
		{ "  ", "Name is empty: the template needs a value there." },
		{ "a\nb", "Name holds a line break or a tab, which a template does not take." },
		{ "a\tb", "Name holds a line break or a tab, which a template does not take." },
		{ "a    b", "Name holds four blanks or more in a row, which a template does not take." },
		{ "12345678901", "Name is too long: 10 bytes at most." },
	};
	struct template_value value = { STR("body.1"), STR("Bo") };
	int64_t png = house_upload(AGENT, "a.png", "image/png", 10), pdf = house_upload(AGENT, "a.pdf", "application/pdf", 10),
		ogg = house_upload(AGENT, "v.ogg", "audio/ogg", 10);
	struct reply r = with_template("hello", &value, 1);
	struct reply_result ret;

	(void)state;
	save_templates();
	(void)ask("c", clock_now_ms());
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		value.value = str_of(cases[k].value);
		refused(r, REPLY_TEMPLATE, cases[k].words);
	}
	value.value = STR("a   b");
	check_ok(reply_with(r, &ret), &err);		/* three blanks are fine */
	value.key = STR("body.2");
	refused(r, REPLY_TEMPLATE, cases[0].words);
	refused(with_template("nothing", NULL, 0), REPLY_TEMPLATE, "The account has no such template (any more). Refresh the list and choose again.");
	refused(with_template("ads", NULL, 0), REPLY_TEMPLATE, "This template cannot be used: It is paused.");
	r = with_template("paper", NULL, 0);
	refused(r, REPLY_TEMPLATE, "This template needs a document for its header: attach one.");
	r.upload_count = 1;
	r.uploads = &ogg;
	refused(r, REPLY_TEMPLATE, "This template needs a document for its header; the file is something else.");
	r.uploads = &png;		/* which this channel takes as a file, too */
	check_ok(reply_with(r, &ret), &err);
	assert_int_equal(file_of(ret.message_ids[0]).type, TRIXY_MESSAGE_FILE);
	r.uploads = &pdf;
	r.text = STR("words");
	refused(r, REPLY_TEMPLATE, "A template has its own words: send the text apart from it.");
	check_ok(channels_swap(house.i.channels, &fake_channel, &err), &err);
	refused(with_template("paper", NULL, 0), REPLY_CANNOT, "Fake has no templates. Write the text yourself.");
}

static void who_cannot_be_written_to(void **state)
{
	(void)state;
	able.tag_count = 0;			/* no tag reaches beyond the window: inside, one may answer all the same */
	able.tag_window_ms = 0;
	(void)ask("now", clock_now_ms());
	assert_true(house_conversation("now").can_reply);
	(void)ask("c", clock_now_ms() - 30 * DAY_MS);
	assert_false(house_conversation("c").can_reply);
	check_str(house_conversation("c").cannot_reply_reason, "closed");
	struct trixy_event read = said("n", "m", "", clock_now_ms());

	read.flags = TRIXY_FROM_US;
	(void)house_apply(&read, 1);
	check_str(house_conversation("n").cannot_reply_reason, "The customer has not written yet: begin with a template.");
	check_ok(channels_swap(house.i.channels, &fake_channel, &err), &err);
	check_str(house_conversation("n").cannot_reply_reason, "The customer has not written yet: only the customer can begin.");
}

/* ---- claims ---- */

static int drop_file(struct db *db, void *arg, struct error *e)
{
	struct store_attachment a;
	int64_t id = *(int64_t *)arg;
	int r = store_attachment_get(db, house.w, id, 0, &house.arena, &a, e);

	a.file_id = 0;
	return r < 0 ? r : store_attachment_save(db, house.w, id, 0, &a, e);
}

static void a_claim_is_a_whole_draft(void **state)
{
	int64_t file = house_upload(AGENT, "a.png", "image/png", 10);
	struct reply_result ret;
	struct outbox_item item;
	char head[40];

	(void)state;
	(void)ask("c", clock_now_ms());
	check_ok(reply_with((struct reply){ .text = STR("look"), .uploads = &file, .upload_count = 1 }, &ret), &err);
	item = claim_next();
	assert_int_equal(item.kind, TRIXY_DRAFT_MESSAGE);
	check_str(item.text, "look");
	assert_int_equal(item.media.type, TRIXY_MESSAGE_IMAGE);
	check_str(item.media.mime_type, "image/png");
	check_str(item.media.file_name, "a.png");
	assert_int_equal(item.media.bytes, 10);
	assert_int_equal(item.media.sha256.len, 64);
	assert_null(item.media.media_id.p);
	(void)snprintf(head, sizeof(head), "mt-%lld-", (long long)ret.message_ids[0]);
	assert_true(str_starts(item.reference, str_of(head)) && item.reference.len > strlen(head) && item.reference.len <= 64);
	struct str first = arena_copy(&house.arena, item.reference);

	/* What was uploaded once is not uploaded again, as long as the provider has it. */
	check_ok(outbox_uploaded(&house.i, &item, STR("media-1"), clock_now_ms() + DAY_MS, &err), &err);
	settle(&item, TRIXY_PARK_CONTACT, NULL);
	check_is(due(&item), 0, &err);
	check_ok(outbox_due(&house.i, house.reader, clock_now_ms() + HOUR_MS, 8, &house.arena, &item, 1, &(size_t){ 0 }, &(int64_t){ 0 }, &err), &err);
	check_ok(outbox_claim(&house.i, &item, 1, &err), &err);
	check_str(item.media.media_id, "media-1");
	assert_false(str_eq(item.reference, first));		/* another attempt */
	check_ok(outbox_uploaded(&house.i, &item, STR("media-1"), clock_now_ms() - 1, &err), &err);
	check_ok(outbox_release(&house.i, &item, &err), &err);
	check_ok(outbox_claim(&house.i, &item, 1, &err), &err);
	assert_null(item.media.media_id.p);			/* too old */
	/* A person's attempt trusts nothing of the one that failed. */
	check_ok(outbox_uploaded(&house.i, &item, STR("media-2"), clock_now_ms() + DAY_MS, &err), &err);
	settle(&item, TRIXY_FAILED, NULL);
	check_ok(inbox_retry(&house.i, house.w, conversation, ret.message_ids[0], &ret, &err), &err);
	item = claim_next();
	assert_null(item.media.media_id.p);
}

static void a_message_whose_file_is_gone_fails_alone(void **state)
{
	int64_t file = house_upload(AGENT, "a.png", "image/png", 10);
	struct outbox_item items[8];
	struct reply_result ret;

	(void)state;
	(void)ask("c", clock_now_ms());
	check_ok(reply_with((struct reply){ .uploads = &file, .upload_count = 1 }, &ret), &err);
	check_ok(store_write(house.i.store, drop_file, &ret.message_ids[0], &err), &err);
	assert_int_equal(due(items), 1);
	check_ok(outbox_claim(&house.i, items, 1, &err), &err);
	assert_false(items[0].claimed);
	assert_int_equal(message_of(ret.message_ids[0]).status, MESSAGE_FAILED);
	check_str(message_of(ret.message_ids[0]).error_code, "file_gone");
}

static void too_many_to_one_customer_rest_for_this_one(void **state)
{
	struct trixy_outcome park = { .size = sizeof(park), .kind = TRIXY_PARK_CONTACT, .wait_ms = HOUR_MS, .reason = T("too fast") };
	struct outbox_item items[8], item;
	struct reply_result ret;
	size_t count;
	int64_t next;

	(void)state;
	(void)ask("calm", clock_now_ms());
	check_ok(reply_with((struct reply){ .text = STR("calm") }, &ret), &err);
	(void)ask("busy", clock_now_ms());
	for (int k = 0; k < 3; k++)
		check_ok(reply_with((struct reply){ .text = STR("busy") }, &ret), &err);
	assert_int_equal(due(items), 2);
	item = items[str_eq_c(items[0].text, "busy") ? 0 : 1];
	/* Ten times: no attempt is used up. */
	for (int k = 0; k < 10; k++) {
		check_ok(outbox_claim(&house.i, &item, 1, &err), &err);
		assert_true(item.claimed);
		check_ok(outbox_settle(&house.i, &item, &park, &err), &err);
	}
	assert_int_equal(due(items), 1);
	check_str(items[0].text, "calm");
	check_ok(outbox_due(&house.i, house.reader, clock_now_ms() + HOUR_MS + 1000, 8, &house.arena, items, 8, &count, &next, &err), &err);
	assert_int_equal(count, 2);
	assert_int_equal(items[0].tries + items[1].tries, 0);
	assert_int_equal(house_conversation("busy").account_status, ACCOUNT_CONNECTED);
	check_str(message_of(item.message_id).error_text, "too fast");
}

/* 6 s, 24 s, 96 s, 384 s, then ten minutes. */
static void each_rest_of_one_customer_is_longer(void **state)
{
	static const int64_t seconds[] = { 6, 24, 96, 384, 600, 600 };
	struct trixy_outcome park = { .size = sizeof(park), .kind = TRIXY_PARK_CONTACT, .wait_ms = 6 * SECOND_MS };
	struct outbox_item items[8];
	struct reply_result ret;

	(void)state;
	(void)ask("busy", clock_now_ms());
	check_ok(reply_with((struct reply){ .text = STR("busy") }, &ret), &err);
	assert_int_equal(due(items), 1);
	for (size_t k = 0; k < sizeof(seconds) / sizeof(seconds[0]); k++) {
		struct store_outbox o;

		check_ok(outbox_claim(&house.i, items, 1, &err), &err);
		int64_t before = clock_now_ms();

		check_ok(outbox_settle(&house.i, items, &park, &err), &err);
		assert_int_equal(store_outbox_get(house.reader, house.w, items[0].message_id, &house.arena, &o, &err), 1);
		assert_in_range(o.due_at - before, seconds[k] * SECOND_MS, seconds[k] * SECOND_MS + 5000);
	}
}

/* What a channel says is a stranger's number. */
static void no_wait_is_longer_than_a_day(void **state)
{
	static const uint32_t kinds[] = { TRIXY_RETRY, TRIXY_PARK_CONTACT };
	struct outbox_item items[8];
	struct reply_result ret;

	(void)state;
	(void)ask("c", clock_now_ms());
	check_ok(reply_with((struct reply){ .text = STR("hello") }, &ret), &err);
	assert_int_equal(due(items), 1);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		struct trixy_outcome endless = { .size = sizeof(endless), .kind = kinds[k], .wait_ms = INT64_MAX };
		struct store_outbox o;

		check_ok(outbox_claim(&house.i, items, 1, &err), &err);
		int64_t before = clock_now_ms();

		check_ok(outbox_settle(&house.i, items, &endless, &err), &err);
		assert_int_equal(store_outbox_get(house.reader, house.w, items[0].message_id, &house.arena, &o, &err), 1);
		assert_in_range(o.due_at - before, DAY_MS, DAY_MS + 5000);
	}
}

static void a_file_on_its_way_up_may_go_again_after_a_crash(void **state)
{
	const int64_t files[] = { house_upload(AGENT, "a.png", "image/png", 10), house_upload(AGENT, "b.png", "image/png", 10) };
	struct reply_result ret;
	struct outbox_item item;
	int64_t unknown;

	(void)state;
	(void)ask("c", clock_now_ms());
	check_ok(reply_with((struct reply){ .uploads = files, .upload_count = 2 }, &ret), &err);
	item = claim_next();
	check_ok(outbox_recover(&house.i, &unknown, &err), &err);
	assert_int_equal(unknown, 0);
	assert_int_equal(message_of(ret.message_ids[0]).status, MESSAGE_QUEUED);
	/* Once it is up, the message itself may have been sent. */
	item = claim_next();
	check_ok(outbox_uploaded(&house.i, &item, STR("m"), clock_now_ms() + DAY_MS, &err), &err);
	check_ok(outbox_recover(&house.i, &unknown, &err), &err);
	assert_int_equal(unknown, 1);
	assert_int_equal(message_of(ret.message_ids[0]).status, MESSAGE_UNKNOWN);
	assert_true(message_of(ret.message_ids[0]).retryable);		/* a file without words, too */
}

static int settle_late(const struct outbox_item *item, uint32_t kind)
{
	struct trixy_outcome t = { .size = sizeof(t), .kind = kind, .message_id = T("sent-late"), .code = T("why"), .reason = T("Because."), .fix = T("Do it.") };

	return outbox_settle(&house.i, item, &t, &err);
}

/* Of several servers: one stood still with a claim, others took it for dead, and one of them has claimed the message anew. */
static void a_claim_that_is_anothers_by_now(void **state)
{
	const int64_t files[] = { house_upload(AGENT, "a.png", "image/png", 10) };
	struct reply_result ret;
	struct outbox_item item, former;

	(void)state;
	(void)ask("c", clock_now_ms());
	check_ok(reply_with((struct reply){ .uploads = files, .upload_count = 1 }, &ret), &err);
	item = former = claim_next();
	assert_true(str_eq(item.claimed_by, store_server(house.i.store)));
	former.claimed_by = STR("0123456789abcdef0123456789abcdef");
	/* Nothing more of it may be sent, nothing is given back, and no failure counts ... */
	assert_int_equal(outbox_uploaded(&house.i, &former, STR("m"), clock_now_ms() + DAY_MS, &err), ERR_NOTFOUND);
	check_ok(outbox_release(&house.i, &former, &err), &err);
	assert_int_equal(settle_late(&former, TRIXY_RETRY), ERR_NOTFOUND);
	assert_int_equal(settle_late(&former, TRIXY_FAILED), ERR_NOTFOUND);
	assert_int_equal(message_of(ret.message_ids[0]).status, MESSAGE_SENDING);
	check_ok(outbox_uploaded(&house.i, &item, STR("m"), clock_now_ms() + DAY_MS, &err), &err);
	/* ... but that it was sent is true whoever says it. */
	check_ok(settle_late(&former, TRIXY_SENT), &err);
	assert_int_equal(message_of(ret.message_ids[0]).status, MESSAGE_SENT);
}

/* The late answer of a server that was taken for dead says that the message surely did not arrive: so it says why. */
static void a_late_refusal_of_an_unknown_message(void **state)
{
	struct reply_result ret;
	struct outbox_item item;
	int64_t unknown;

	(void)state;
	(void)ask("c", clock_now_ms());
	check_ok(reply_with((struct reply){ .text = STR("hello") }, &ret), &err);
	item = claim_next();
	check_ok(outbox_recover(&house.i, &unknown, &err), &err);
	assert_int_equal(message_of(ret.message_ids[0]).status, MESSAGE_UNKNOWN);
	check_ok(settle_late(&item, TRIXY_FAILED), &err);
	assert_int_equal(message_of(ret.message_ids[0]).status, MESSAGE_FAILED);
	check_str(message_of(ret.message_ids[0]).error_text, "Because.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_goes_as_what_the_rules_take, open_able, house_close),
		cmocka_unit_test_setup_teardown(a_reply_quotes_a_message_of_its_conversation, open_able, house_close),
		cmocka_unit_test_setup_teardown(several_files_become_several_messages, open_able, house_close),
		cmocka_unit_test_setup_teardown(a_text_that_is_no_caption_goes_before_the_files, open_able, house_close),
		cmocka_unit_test_setup_teardown(files_that_are_refused, open_able, house_close),
		cmocka_unit_test_setup_teardown(a_voice_message_is_one_sound, open_able, house_close),
		cmocka_unit_test_setup_teardown(templates_are_kept_and_read, open_able, house_close),
		cmocka_unit_test_setup_teardown(a_template_goes_outside_the_window, open_able, house_close),
		cmocka_unit_test_setup_teardown(templates_that_are_refused, open_able, house_close),
		cmocka_unit_test_setup_teardown(who_cannot_be_written_to, open_able, house_close),
		cmocka_unit_test_setup_teardown(a_claim_is_a_whole_draft, open_able, house_close),
		cmocka_unit_test_setup_teardown(a_message_whose_file_is_gone_fails_alone, open_able, house_close),
		cmocka_unit_test_setup_teardown(too_many_to_one_customer_rest_for_this_one, open_able, house_close),
		cmocka_unit_test_setup_teardown(each_rest_of_one_customer_is_longer, open_able, house_close),
		cmocka_unit_test_setup_teardown(no_wait_is_longer_than_a_day, open_able, house_close),
		cmocka_unit_test_setup_teardown(a_file_on_its_way_up_may_go_again_after_a_crash, open_able, house_close),
		cmocka_unit_test_setup_teardown(a_claim_that_is_anothers_by_now, open_able, house_close),
		cmocka_unit_test_setup_teardown(a_late_refusal_of_an_unknown_message, open_able, house_close),
	};
	return cmocka_run_group_tests_name("outgoing", tests, NULL, NULL);
}
