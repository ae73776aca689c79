/* How a message looks in JSON: every member that openapi.json promises, and what a browser may know of a file in each state. */
#include "../check.h"

#include "base/embed.h"
#include "web/render.h"

extern const struct embedded_file openapi_files[];

static struct json_object *render(const struct message *m, struct buf *b)
{
	struct json_out j = json_out(b);
	struct json_object *o = NULL;
	struct error err = { 0 };

	buf_clear(b);
	render_message(&j, NULL, m);
	check_ok(json_parse(buf_str(b), &o, &err), &err);
	return o;
}

static struct message message(struct message_attachment *attachments, size_t count)
{
	return (struct message){ .workspace = { 3 }, .id = 55, .conversation_id = 7, .at = 1000, .direction = MESSAGE_IN, .kind = TRIXY_MESSAGE_IMAGE,
		.attachments = attachments, .attachment_count = count };
}

static bool is_number(const struct json_object *o, const char *key, int64_t expected)
{
	int64_t n;

	return json_get_i64(o, key, &n) && n == expected;
}

static bool is_bool(const struct json_object *o, const char *key, bool expected)
{
	bool b;

	return json_get_bool(o, key, &b) && b == expected;
}

/* A provider's address of a file is never shown: it dies, and it tells the provider who looks. */
static void a_file_in_each_state(void **state)
{
	struct message_attachment a[] = {
		{ .position = 0, .type = TRIXY_MESSAGE_IMAGE, .state = ATTACHMENT_KEPT, .url = STR("https://media.example/1"), .bytes = 9, .width = 4,
		  .height = 3, .has_preview = true, .mime_type = STR("image/png"), .file_name = STR("a.png") },
		{ .position = 1, .type = TRIXY_MESSAGE_FILE, .state = ATTACHMENT_KEPT, .bytes = 0 },
		{ .position = 2, .type = TRIXY_MESSAGE_AUDIO, .state = ATTACHMENT_FETCHING, .url = STR("https://media.example/1"),
		  .flags = TRIXY_ATTACHMENT_VOICE, .fault = STR("later") },
		{ .position = 3, .type = TRIXY_MESSAGE_STICKER, .state = ATTACHMENT_LOST, .url = STR("https://media.example/1"),
		  .flags = TRIXY_ATTACHMENT_ANIMATED, .fault = STR("gone"), .has_preview = true },
		{ .position = 4, .type = TRIXY_MESSAGE_SHARE, .state = ATTACHMENT_NO_FILE, .url = STR("https://post.example/1"), .title = STR("T") },
	};
	static const char *const words[] = { "kept", "kept", "fetching", "lost", "none" };
	static const char *const urls[] = { "/api/v1/workspaces/3/messages/55/attachments/0", "/api/v1/workspaces/3/messages/55/attachments/1", NULL,
					    NULL, "https://post.example/1" };
	SCOPED(buf_done) struct buf b = { 0 };
	struct message m = message(a, 5);
	SCOPED(json_free) struct json_object *o = render(&m, &b);
	struct json_object *list = json_get_array(o, "attachments");

	(void)state;
	assert_int_equal(json_len(list), 5);
	for (size_t k = 0; k < 5; k++) {
		struct json_object *one = json_at(list, k);

		check_str(json_get_str(one, "state"), words[k]);
		check_str(json_get_str(one, "url"), urls[k]);
		assert_true(is_number(one, "position", (int64_t)k));
		check_str(json_get_str(one, "preview_url"), k == 0 ? "/api/v1/workspaces/3/messages/55/attachments/0?preview=1" : NULL);
		assert_true(is_bool(one, "voice", k == 2) && is_bool(one, "animated", k == 3));
		assert_int_equal(json_is_none(one, "fault"), k != 2 && k != 3);
		assert_int_equal(json_is_none(one, "width"), k != 0);
		assert_int_equal(json_is_none(one, "bytes"), k > 1);
	}
	assert_true(is_number(json_at(list, 0), "bytes", 9) && is_number(json_at(list, 0), "width", 4) && is_number(json_at(list, 0), "height", 3));
	check_str(json_get_str(json_at(list, 0), "mime_type"), "image/png");
	check_str(json_get_str(json_at(list, 0), "file_name"), "a.png");
	check_str(json_get_str(json_at(list, 3), "fault"), "gone");
}

static void a_card_and_reactions(void **state)
{
	struct account_pair details[] = { { STR("phone"), STR("1") }, { STR("phone"), STR("<2>") } };
	struct message_attachment a = { .type = TRIXY_MESSAGE_CONTACTS, .title = STR("Ada"), .details = details, .detail_count = 2 };
	struct message_reaction reactions[] = { { .side = 1, .emoji = STR("x") }, { .side = 2, .emoji = STR("y"), .status = 1 },
						{ .side = 2, .emoji = STR("z"), .status = 2, .error_text = STR("too old") } };
	static const char *const words[] = { "settled", "sending", "refused" };
	SCOPED(buf_done) struct buf b = { 0 };
	struct message m = message(&a, 1);

	(void)state;
	m.kind = TRIXY_MESSAGE_CONTACTS;
	m.flags = MESSAGE_FORWARDED;
	m.reactions = reactions;
	m.reaction_count = 3;
	SCOPED(json_free) struct json_object *o = render(&m, &b);
	struct json_object *card = json_get_array(json_at(json_get_array(o, "attachments"), 0), "details");

	assert_int_equal(json_len(card), 2);
	check_str(json_get_str(json_at(card, 0), "name"), "phone");
	check_str(json_get_str(json_at(card, 1), "value"), "<2>");
	assert_true(is_bool(o, "forwarded", true));
	check_str(json_get_str(o, "kind"), "contacts");
	for (size_t k = 0; k < 3; k++) {
		struct json_object *one = json_at(json_get_array(o, "reactions"), k);

		check_str(json_get_str(one, "status"), words[k]);
		check_str(json_get_str(one, "by"), k == 0 ? "contact" : "us");
		check_str(json_get_str(one, "error"), k == 2 ? "too old" : NULL);
	}
	m.flags = 0;
	SCOPED(json_free) struct json_object *plain = render(&m, &b);

	assert_true(is_bool(plain, "forwarded", false));
}

/* Each name in `required` of a schema stands in what is written. */
static void has_all(const struct json_object *schema, const struct buf *written)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct json_object *names = json_get_array(schema, "required");

	assert_true(json_len(names) > 0);
	for (size_t k = 0; k < json_len(names); k++) {
		struct str member = arena_printf(&arena, "\"%.*s\":", STR_ARG(json_text(json_at(names, k))));

		if (strstr(written->p, member.p) == NULL)
			check_failed("%s is promised and not written", member.p);
	}
}

static void what_is_promised_is_written(void **state)
{
	struct message_attachment a = { .type = TRIXY_MESSAGE_IMAGE };
	struct message_reaction reaction = { .side = 1, .emoji = STR("x") };
	SCOPED(buf_done) struct buf b = { 0 };
	SCOPED(json_free) struct json_object *api = NULL;
	struct message m = message(&a, 1);
	struct error err = { 0 };

	(void)state;
	m.reactions = &reaction;
	m.reaction_count = 1;
	SCOPED(json_free) struct json_object *o = render(&m, &b);

	check_ok(json_parse((struct str){ (const char *)openapi_files[0].bytes, openapi_files[0].len }, &api, &err), &err);
	struct json_object *schema = json_get_object(json_get_object(json_get_object(api, "components"), "schemas"), "Message"),
			   *members = json_get_object(schema, "properties");

	has_all(schema, &b);
	has_all(json_get_object(json_get_object(members, "attachments"), "items"), &b);
	has_all(json_get_object(json_get_object(members, "reactions"), "items"), &b);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_file_in_each_state), cmocka_unit_test(a_card_and_reactions),
					    cmocka_unit_test(what_is_promised_is_written) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
