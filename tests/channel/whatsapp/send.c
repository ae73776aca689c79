/* The bytes of what is sent, and what every documented answer means. */
#include "assert.h"

#define HEAD "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":\"5511999990000\","

static int32_t compose(struct trixy_draft draft, struct trixy_request *ret)
{
	draft.size = sizeof(draft);
	if (draft.contact_key.p == NULL)
		draft.contact_key = test_text("5511999990000");
	return test_channel()->compose(&test_whatsapp, &draft, &memory.memory, ret);
}

static void assert_body(struct trixy_draft draft, const char *expected)
{
	struct trixy_request r;

	assert_int_equal(compose(draft, &r), 0);
	assert_text(r.method, "POST");
	assert_text(r.url, HOST "106540352242922/messages?appsecret_proof=" PROOF);
	assert_int_equal(r.header_count, 2);
	assert_text(r.headers[0].name, "Authorization");
	assert_text(r.headers[0].value, "Bearer EAAtoken");
	assert_text(r.headers[1].value, "application/json");
	assert_int_equal(r.part_count, 0);
	assert_text(r.body, expected);
}

static void composes_text(void **state)
{
	(void)state;
	assert_body((struct trixy_draft){.text = test_text("Oi \"tu\" \\ \xf0\x9f\x98\x80\n*b*")},
		    HEAD "\"type\":\"text\",\"text\":{\"body\":\"Oi \\\"tu\\\" \\\\ \xf0\x9f\x98\x80\\u000a*b*\",\"preview_url\":false}}");
	assert_body((struct trixy_draft){.text = test_text("see HTTPS://x.example/")},
		    HEAD "\"type\":\"text\",\"text\":{\"body\":\"see HTTPS://x.example/\",\"preview_url\":true}}");
}

static void composes_quote_and_reference(void **state)
{
	(void)state;
	assert_body((struct trixy_draft){.text = test_text("hi"), .reply_to_id = test_text("wamid.\"X"), .reference = test_text("mt-42")},
		    HEAD "\"context\":{\"message_id\":\"wamid.\\\"X\"},\"biz_opaque_callback_data\":\"mt-42\","
			 "\"type\":\"text\",\"text\":{\"body\":\"hi\",\"preview_url\":false}}");
}

static void addresses_hidden_numbers_by_their_id(void **state)
{
	(void)state;
	assert_body((struct trixy_draft){.contact_key = test_text("BR.1587668549511396"), .text = test_text("hi")},
		    "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"recipient\":\"BR.1587668549511396\","
		    "\"type\":\"text\",\"text\":{\"body\":\"hi\",\"preview_url\":false}}");
}

static void composes_files(void **state)
{
	struct trixy_draft draft = {.media_type = TRIXY_MESSAGE_IMAGE, .media_id = test_text("77"), .text = test_text("look"),
				    .file_name = test_text("a.jpg")};

	(void)state;
	assert_body(draft, HEAD "\"type\":\"image\",\"image\":{\"id\":\"77\",\"caption\":\"look\"}}");
	draft.media_type = TRIXY_MESSAGE_FILE;
	assert_body(draft, HEAD "\"type\":\"document\",\"document\":{\"id\":\"77\",\"caption\":\"look\",\"filename\":\"a.jpg\"}}");
	draft.media_type = TRIXY_MESSAGE_VIDEO;
	draft.text = test_text(NULL);
	assert_body(draft, HEAD "\"type\":\"video\",\"video\":{\"id\":\"77\"}}");
	draft.media_type = TRIXY_MESSAGE_AUDIO;
	assert_body(draft, HEAD "\"type\":\"audio\",\"audio\":{\"id\":\"77\"}}");
	draft.media_flags = TRIXY_ATTACHMENT_VOICE;
	assert_body(draft, HEAD "\"type\":\"audio\",\"audio\":{\"id\":\"77\",\"voice\":true}}");
	draft.media_type = TRIXY_MESSAGE_STICKER;
	assert_body(draft, HEAD "\"type\":\"sticker\",\"sticker\":{\"id\":\"77\"}}");
	draft.media_id = test_text(NULL);
	draft.media_url = test_text("https://us.example/files/x");
	assert_body(draft, HEAD "\"type\":\"sticker\",\"sticker\":{\"link\":\"https://us.example/files/x\"}}");
}

static void composes_reactions(void **state)
{
	(void)state;
	assert_body((struct trixy_draft){.kind = TRIXY_DRAFT_REACTION, .reply_to_id = test_text("wamid.X"), .emoji = test_text("👍")},
		    HEAD "\"type\":\"reaction\",\"reaction\":{\"message_id\":\"wamid.X\",\"emoji\":\"👍\"}}");
	assert_body((struct trixy_draft){.kind = TRIXY_DRAFT_REACTION, .reply_to_id = test_text("wamid.X"), .emoji = test_text("")},
		    HEAD "\"type\":\"reaction\",\"reaction\":{\"message_id\":\"wamid.X\",\"emoji\":\"\"}}");
}

static void composes_presence(void **state)
{
	(void)state;
	assert_body((struct trixy_draft){.kind = TRIXY_DRAFT_SEEN, .reply_to_id = test_text("wamid.IN")},
		    "{\"messaging_product\":\"whatsapp\",\"status\":\"read\",\"message_id\":\"wamid.IN\"}");
	assert_body((struct trixy_draft){.kind = TRIXY_DRAFT_TYPING, .reply_to_id = test_text("wamid.IN")},
		    "{\"messaging_product\":\"whatsapp\",\"status\":\"read\",\"message_id\":\"wamid.IN\","
		    "\"typing_indicator\":{\"type\":\"text\"}}");
}

static void counts_characters_and_not_bytes(void **state)
{
	static char text[2 * 4097];
	struct trixy_request r;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i += 2)
		memcpy(text + i, "ä", 2);
	assert_int_equal(compose((struct trixy_draft){.text = {text, 2 * 4096}}, &r), 0);
	assert_int_equal(compose((struct trixy_draft){.text = {text, 2 * 4097}}, &r), TRIXY_EINVAL);
	assert_int_equal(compose((struct trixy_draft){.media_type = TRIXY_MESSAGE_IMAGE, .media_id = test_text("7"), .text = {text, 2 * 1024}}, &r), 0);
	assert_int_equal(compose((struct trixy_draft){.media_type = TRIXY_MESSAGE_IMAGE, .media_id = test_text("7"), .text = {text, 2 * 1025}}, &r),
			 TRIXY_EINVAL);
}

static void refuses_what_whatsapp_would(void **state)
{
	const struct trixy_draft bad[] = {
		{.text = test_text("")},
		{.text = test_text("\xff")},
		{.text = test_text("hi"), .tag = test_text("HUMAN_AGENT")},
		{.media_type = TRIXY_MESSAGE_AUDIO, .media_id = test_text("7"), .text = test_text("no caption")},
		{.media_type = TRIXY_MESSAGE_STICKER, .media_id = test_text("7"), .text = test_text("no caption")},
		{.media_type = TRIXY_MESSAGE_LOCATION, .media_id = test_text("7")},
		{.media_type = TRIXY_MESSAGE_IMAGE},
		{.kind = TRIXY_DRAFT_REACTION, .emoji = test_text("👍")},
		{.kind = TRIXY_DRAFT_SEEN},
		{.kind = TRIXY_DRAFT_TYPING},
		{.kind = TRIXY_DRAFT_TEMPLATE},
		{.kind = 99, .text = test_text("hi")},
	};
	struct trixy_request r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(compose(bad[i], &r), TRIXY_EINVAL);
}

/* A token with a line break would put a header of its own into the request. */
static void refuses_a_token_that_breaks_the_header(void **state)
{
	const struct trixy_pair fields[] = {{TRIXY_TEXT("access_token"), TRIXY_TEXT("EAA\r\nX-Evil: 1")}};
	struct trixy_draft draft = {.size = sizeof(draft), .contact_key = test_text("1"), .text = test_text("hi")};
	struct trixy_account account = test_whatsapp;
	struct trixy_request r;

	(void)state;
	account.pairs = fields;
	account.pair_count = 1;
	assert_int_equal(test_channel()->compose(&account, &draft, &memory.memory, &r), TRIXY_EINVAL);
	account.pair_count = 0;
	assert_int_equal(test_channel()->compose(&account, &draft, &memory.memory, &r), TRIXY_EINVAL);
}

static void survives_shortage(void **state)
{
	const struct trixy_pair values[] = {{TRIXY_TEXT("body.1"), TRIXY_TEXT("Ana")}, {TRIXY_TEXT("button.0"), TRIXY_TEXT("x")}};
	const struct trixy_draft drafts[] = {
		{.text = test_text("hi"), .reply_to_id = test_text("m"), .reference = test_text("r")},
		{.media_type = TRIXY_MESSAGE_FILE, .media_id = test_text("7"), .file_name = test_text("n"), .text = test_text("c")},
		{.kind = TRIXY_DRAFT_TEMPLATE, .template_name = test_text("t"), .template_language = test_text("en"), .values = values,
		 .value_count = 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(drafts) / sizeof(drafts[0]); i++) {
		int32_t result = TRIXY_ENOMEM;
		uint64_t n;

		for (n = 0; result != 0 && n < 100; n++) {
			struct trixy_request r;

			test_memory_done(&memory);
			test_memory_init(&memory, n);
			result = compose(drafts[i], &r);
			assert_true(result == 0 || result == TRIXY_ENOMEM);
		}
		assert_true(n > 5 && n < 100);
	}
}

/* ---- answers ---- */

static struct trixy_outcome answer_with(int64_t http_status, const char *body, const char *header, const char *value)
{
	const struct trixy_pair headers[] = {{test_text(header), test_text(value)}};
	const struct trixy_answer answer = {.size = sizeof(answer), .header_count = header != NULL ? 1 : 0, .http_status = http_status,
					    .headers = headers, .body = test_text(body)};
	struct trixy_outcome o;

	assert_int_equal(test_channel()->read_answer(&test_whatsapp, &answer, &memory.memory, &o), 0);
	test_outcome_check(&o);
	return o;
}

static struct trixy_outcome error_answer(int64_t http_status, int64_t code, const char *more)
{
	char body[1024];

	(void)snprintf(body, sizeof(body), "{\"error\":{\"type\":\"OAuthException\",\"code\":%" PRId64 "%s,\"fbtrace_id\":\"Ab1\"}}", code,
		       more);
	return answer_with(http_status, body, NULL, NULL);
}

static void reads_success(void **state)
{
	struct trixy_outcome o = answer_with(200, "{\"messaging_product\":\"whatsapp\",\"contacts\":[{\"input\":\"+5511999990000\",\"wa_id\":"
						  "\"5511999990000\"}],\"messages\":[{\"id\":\"wamid.AAA\",\"message_status\":\"accepted\"}]}", NULL, NULL);

	(void)state;
	assert_int_equal(o.kind, TRIXY_SENT);
	assert_text(o.message_id, "wamid.AAA");
	assert_text(o.detail, NULL);
	o = answer_with(200, "{\"messages\":[{\"id\":\"wamid.B\",\"message_status\":\"held_for_quality_assessment\"}]}", NULL, NULL);
	assert_int_equal(o.kind, TRIXY_SENT);
	assert_text(o.detail, "message_status=held_for_quality_assessment");
}

/* Every code of the reference's table, under every HTTP status that Meta might choose for it. */
static void reads_every_error(void **state)
{
	static const struct {
		int64_t code;
		const char *more;
		uint32_t kind;
		const char *name;
		int64_t wait_ms;
	} rows[] = {
		{0, ",\"message\":\"AuthException\"", TRIXY_RECONNECT, "token_invalid", 0},
		{190, "", TRIXY_RECONNECT, "token_invalid", 0},
		{190, ",\"error_subcode\":463", TRIXY_RECONNECT, "token_expired", 0},
		{3, "", TRIXY_HOLD, "permission_missing", 0},
		{10, "", TRIXY_HOLD, "permission_missing", 0},
		{200, "", TRIXY_HOLD, "permission_missing", 0},
		{299, "", TRIXY_HOLD, "permission_missing", 0},
		{131005, "", TRIXY_HOLD, "permission_missing", 0},
		{100, "", TRIXY_FAILED, "bad_parameter", 0},
		{100, ",\"error_subcode\":33", TRIXY_HOLD, "object_missing", 0},
		{100, ",\"message\":\"Invalid appsecret_proof provided in the API argument\"", TRIXY_HOLD, "app_secret_wrong", 0},
		{33, "", TRIXY_HOLD, "number_deleted", 0},
		{368, "", TRIXY_HOLD, "policy_block", 0},
		{131031, "", TRIXY_HOLD, "account_locked", 0},
		{130497, "", TRIXY_FAILED, "country", 0},
		{4, "", TRIXY_PARK, "rate_limited", 15 * 60000},
		{80007, "", TRIXY_PARK, "rate_limited", 15 * 60000},
		{80008, "", TRIXY_PARK, "rate_limited", 15 * 60000},
		{130429, "", TRIXY_PARK, "throughput", 10000},
		{131056, "", TRIXY_PARK_CONTACT, "pair_limit", 6000},
		{131048, "", TRIXY_PARK, "spam_limit", 4 * 3600000},
		{131064, "", TRIXY_HOLD, "template_misuse", 0},
		{133016, "", TRIXY_HOLD, "registered_too_often", 0},
		{1, "", TRIXY_RETRY, "temporary", 0},
		{2, "", TRIXY_RETRY, "temporary", 0},
		{131000, "", TRIXY_RETRY, "temporary", 0},
		{131016, "", TRIXY_RETRY, "temporary", 0},
		{133004, "", TRIXY_RETRY, "temporary", 0},
		{131057, "", TRIXY_PARK, "maintenance", 120000},
		{2494100, "", TRIXY_PARK, "maintenance", 120000},
		{131026, "", TRIXY_FAILED, "undeliverable", 0},
		{131047, "", TRIXY_FAILED, "window_closed", 0},
		{131049, "", TRIXY_FAILED, "held_back", 0},
		{131050, "", TRIXY_FAILED, "opted_out", 0},
		{130472, "", TRIXY_FAILED, "experiment", 0},
		{130403, "", TRIXY_FAILED, "blocked_by_us", 0},
		{131008, "", TRIXY_FAILED, "bad_parameter", 0},
		{131009, "", TRIXY_FAILED, "bad_parameter", 0},
		{131021, "", TRIXY_FAILED, "to_self", 0},
		{131051, "", TRIXY_FAILED, "type_unknown", 0},
		{131030, "", TRIXY_FAILED, "not_on_test_list", 0},
		{131037, "", TRIXY_HOLD, "display_name", 0},
		{131042, "", TRIXY_HOLD, "payment", 0},
		{131045, "", TRIXY_HOLD, "not_registered", 0},
		{133010, "", TRIXY_HOLD, "not_registered", 0},
		{131053, "", TRIXY_FAILED, "media_refused", 0},
		{131058, "", TRIXY_FAILED, "hello_world", 0},
		{131063, "", TRIXY_FAILED, "marketing_off", 0},
		{132000, "", TRIXY_FAILED, "template_values", 0},
		{132001, "", TRIXY_FAILED, "template_missing", 0},
		{132005, "", TRIXY_FAILED, "template_long", 0},
		{132007, "", TRIXY_FAILED, "template_policy", 0},
		{132012, "", TRIXY_FAILED, "template_format", 0},
		{132018, "", TRIXY_FAILED, "template_values", 0},
		{132015, "", TRIXY_FAILED, "template_paused", 0},
		{132016, "", TRIXY_FAILED, "template_disabled", 0},
		{132068, "", TRIXY_FAILED, "flow_blocked", 0},
		{132069, "", TRIXY_RETRY, "flow_throttled", 0},
		{133000, "", TRIXY_HOLD, "registration", 0},
		{133005, "", TRIXY_HOLD, "registration", 0},
		{133015, "", TRIXY_HOLD, "registration", 0},
		{134011, "", TRIXY_HOLD, "payment_terms", 0},
		{135000, "", TRIXY_FAILED, "bad_parameter", 0},
	};
	static const int64_t statuses[] = {400, 401, 403, 429, 500, 503};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t s = 0; s < sizeof(statuses) / sizeof(statuses[0]); s++) {
			struct trixy_outcome o = error_answer(statuses[s], rows[i].code, rows[i].more);

			if (o.kind != rows[i].kind || !test_text_is(o.code, rows[i].name) || o.wait_ms != rows[i].wait_ms)
				fail_msg("code %" PRId64 ": kind %u, %.*s, %" PRId64 " ms", rows[i].code, o.kind, (int)o.code.len, o.code.p,
					 o.wait_ms);
		}
}

/* A code that nobody has seen: an error object says that nothing was sent. */
static void reads_unknown_errors(void **state)
{
	(void)state;
	assert_int_equal(error_answer(400, 777777, "").kind, TRIXY_FAILED);
	assert_int_equal(error_answer(500, 777777, "").kind, TRIXY_RETRY);
	assert_int_equal(error_answer(400, 777777, ",\"is_transient\":true").kind, TRIXY_RETRY);
	assert_int_equal(answer_with(400, "{\"error\":{\"message\":\"no code\"}}", NULL, NULL).kind, TRIXY_FAILED);
	assert_contains(error_answer(400, 131009, ",\"error_data\":{\"details\":\"Parameter value is not valid\"}").reason,
			"Parameter value is not valid");
}

static void waits_as_the_headers_say(void **state)
{
	static const char limited[] = "{\"error\":{\"code\":80007}}";

	(void)state;
	assert_int_equal(answer_with(400, limited, "x-business-use-case-usage",
				     "{\"1\":[{\"type\":\"whatsapp\",\"estimated_time_to_regain_access\":19}]}").wait_ms, 19 * 60000);
	assert_int_equal(answer_with(400, limited, "x-app-usage", "{\"call_count\":100}").wait_ms, 5 * 60000);
	assert_int_equal(answer_with(400, limited, "x-app-usage", "{\"call_count\":9}").wait_ms, 15 * 60000);
	assert_int_equal(answer_with(429, "<html>", NULL, NULL).kind, TRIXY_PARK);
}

/* Whether it went out is not known: never again by itself. */
static void reads_strangers(void **state)
{
	(void)state;
	assert_int_equal(answer_with(200, "", NULL, NULL).kind, TRIXY_UNKNOWN);
	assert_int_equal(answer_with(200, "{\"success\":true}", NULL, NULL).kind, TRIXY_UNKNOWN);
	assert_int_equal(answer_with(200, "{\"messages\":[]}", NULL, NULL).kind, TRIXY_UNKNOWN);
	assert_int_equal(answer_with(502, "<html>Bad gateway", NULL, NULL).kind, TRIXY_UNKNOWN);
	assert_int_equal(answer_with(404, "<html>", NULL, NULL).kind, TRIXY_HOLD);
	assert_contains(answer_with(404, "<html>", NULL, NULL).reason, "WhatsApp's API");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(composes_text),
		TEST(composes_quote_and_reference),
		TEST(addresses_hidden_numbers_by_their_id),
		TEST(composes_files),
		TEST(composes_reactions),
		TEST(composes_presence),
		TEST(counts_characters_and_not_bytes),
		TEST(refuses_what_whatsapp_would),
		TEST(refuses_a_token_that_breaks_the_header),
		TEST(survives_shortage),
		TEST(reads_success),
		TEST(reads_every_error),
		TEST(reads_unknown_errors),
		TEST(waits_as_the_headers_say),
		TEST(reads_strangers),
	};

	return cmocka_run_group_tests_name("whatsapp send", tests, NULL, NULL);
}
