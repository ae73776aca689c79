/* The bytes of what is sent, and what every documented answer means. */
#include "support.h"

/* cmocka.h needs these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PROOF "3ed5c45291669ee788e82dfd074125ffd6cef0f510cae95b5d0bcfb96cd18cd2"

struct fixture {
	struct test_memory memory;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	test_memory_init(&f->memory, UINT64_MAX);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	test_memory_done(&f->memory);
	free(f);
	return 0;
}

static void assert_text(struct trixy_text text, const char *expected)
{
	if (!test_text_is(text, expected))
		fail_msg("expected \"%s\", got \"%.*s\"", expected != NULL ? expected : "(nothing)", (int)text.len,
			 text.p != NULL ? text.p : "(nothing)");
}

static int32_t compose(struct fixture *f, const struct trixy_account *account, struct trixy_text text, const char *tag,
		       const char *reply_to, struct trixy_request *ret_request)
{
	const struct trixy_draft draft = {
		.size = sizeof(draft),
		.contact_key = test_text("900000000000001"),
		.text = text,
		.tag = test_text(tag),
		.reply_to_id = test_text(reply_to),
	};

	return test_channel()->compose(account, &draft, &f->memory.memory, ret_request);
}

static void composes_for_facebook(void **state)
{
	struct trixy_request r;

	assert_int_equal(
		compose(*state, &test_facebook, test_text("Moi \"sinä\" \\ \xf0\x9f\x98\x80\n\x01/"), NULL, NULL, &r),
		0);
	assert_text(r.method, "POST");
	assert_text(r.url, "https://graph.facebook.com/v25.0/102290129340398/messages?appsecret_proof=" PROOF);
	assert_int_equal(r.header_count, 2);
	assert_text(r.headers[0].name, "Authorization");
	assert_text(r.headers[0].value, "Bearer EAAtoken");
	assert_text(r.headers[1].name, "Content-Type");
	assert_text(r.headers[1].value, "application/json");
	assert_text(r.body, "{\"recipient\":{\"id\":\"900000000000001\"},\"message\":{\"text\":"
			    "\"Moi \\\"sinä\\\" \\\\ \xf0\x9f\x98\x80\\u000a\\u0001/\"}}");
}

static void composes_for_instagram_without_proof(void **state)
{
	struct trixy_request r;

	assert_int_equal(compose(*state, &test_instagram, test_text("hi"), NULL, NULL, &r), 0);
	assert_text(r.url, "https://graph.instagram.com/v25.0/17841400000000001/messages");
	assert_text(r.headers[0].value, "Bearer IGAAtoken");
	assert_text(r.body, "{\"recipient\":{\"id\":\"900000000000001\"},\"message\":{\"text\":\"hi\"}}");
}

static void composes_tag_and_reply(void **state)
{
	struct trixy_request r;

	assert_int_equal(compose(*state, &test_facebook, test_text("hi"), "HUMAN_AGENT", "aWdf\"x", &r), 0);
	assert_text(r.body,
		    "{\"recipient\":{\"id\":\"900000000000001\"},\"message\":{\"text\":\"hi\"},"
		    "\"messaging_type\":\"MESSAGE_TAG\",\"tag\":\"HUMAN_AGENT\",\"reply_to\":{\"mid\":\"aWdf\\\"x\"}}");
}

static int32_t compose_draft(struct fixture *f, const struct trixy_draft *draft, struct trixy_request *ret_request)
{
	struct trixy_draft whole = *draft;

	whole.size = sizeof(whole);
	whole.contact_key = test_text("900000000000001");
	return test_channel()->compose(&test_instagram, &whole, &f->memory.memory, ret_request);
}

/* Meta: Instagram, "Send a Message": a file goes by its address and without a text. */
static void composes_files_by_their_address(void **state)
{
	static const struct { uint32_t type; const char *word; } rows[] = {
		{TRIXY_MESSAGE_IMAGE, "image"}, {TRIXY_MESSAGE_VIDEO, "video"}, {TRIXY_MESSAGE_AUDIO, "audio"},
		{TRIXY_MESSAGE_FILE, "file"}};
	struct trixy_draft draft = {.media_url = test_text("https://inbox.example/files/a\"b"), .media_flags = TRIXY_ATTACHMENT_VOICE};
	struct trixy_request r;
	char expected[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		draft.media_type = rows[i].type;
		assert_int_equal(compose_draft(*state, &draft, &r), 0);
		(void)snprintf(expected, sizeof(expected),
			       "{\"recipient\":{\"id\":\"900000000000001\"},\"message\":{\"attachment\":{\"type\":\"%s\","
			       "\"payload\":{\"url\":\"https://inbox.example/files/a\\\"b\"}}}}", rows[i].word);
		assert_text(r.body, expected);
	}
	draft.text = test_text("no caption");
	assert_int_equal(compose_draft(*state, &draft, &r), TRIXY_EINVAL);
	draft.text = (struct trixy_text){NULL, 0};
	draft.media_type = TRIXY_MESSAGE_STICKER;
	assert_int_equal(compose_draft(*state, &draft, &r), TRIXY_EINVAL);
	draft.media_type = TRIXY_MESSAGE_IMAGE;
	draft.media_url = (struct trixy_text){NULL, 0};
	assert_int_equal(compose_draft(*state, &draft, &r), TRIXY_EINVAL);
}

static void composes_reactions(void **state)
{
	struct trixy_draft draft = {.kind = TRIXY_DRAFT_REACTION, .reply_to_id = test_text("aWdf1"),
				    .emoji = test_channel()->reactions[0]};
	struct trixy_request r;

	assert_int_equal(compose_draft(*state, &draft, &r), 0);
	assert_text(r.body, "{\"recipient\":{\"id\":\"900000000000001\"},\"sender_action\":\"react\","
			    "\"payload\":{\"message_id\":\"aWdf1\",\"reaction\":\"love\"}}");
	draft.emoji = test_text("");
	assert_int_equal(compose_draft(*state, &draft, &r), 0);
	assert_text(r.body, "{\"recipient\":{\"id\":\"900000000000001\"},\"sender_action\":\"unreact\","
			    "\"payload\":{\"message_id\":\"aWdf1\"}}");
	draft.emoji = test_text("\xf0\x9f\x91\x8d");
	assert_int_equal(compose_draft(*state, &draft, &r), TRIXY_EINVAL);
	draft.emoji = test_channel()->reactions[0];
	draft.reply_to_id = (struct trixy_text){NULL, 0};
	assert_int_equal(compose_draft(*state, &draft, &r), TRIXY_EINVAL);
}

static void composes_presence_and_nothing_beside_it(void **state)
{
	struct trixy_draft draft = {.kind = TRIXY_DRAFT_SEEN, .reply_to_id = test_text("aWdf1")};
	struct trixy_request r;

	assert_int_equal(compose_draft(*state, &draft, &r), 0);
	assert_text(r.body, "{\"recipient\":{\"id\":\"900000000000001\"},\"sender_action\":\"mark_seen\"}");
	draft.kind = TRIXY_DRAFT_TYPING;
	assert_int_equal(compose_draft(*state, &draft, &r), 0);
	assert_text(r.body, "{\"recipient\":{\"id\":\"900000000000001\"},\"sender_action\":\"typing_on\"}");
	draft.kind = TRIXY_DRAFT_TEMPLATE;
	assert_int_equal(compose_draft(*state, &draft, &r), TRIXY_EINVAL);
}

static void compose_refuses_what_instagram_would(void **state)
{
	struct trixy_request r;
	char text[1001];

	memset(text, 'x', sizeof(text));
	assert_int_equal(compose(*state, &test_facebook, (struct trixy_text){text, 1000}, NULL, NULL, &r), 0);
	assert_int_equal(compose(*state, &test_facebook, (struct trixy_text){text, 1001}, NULL, NULL, &r), TRIXY_EINVAL);
	assert_int_equal(compose(*state, &test_facebook, test_text(""), NULL, NULL, &r), TRIXY_EINVAL);
	assert_int_equal(compose(*state, &test_facebook, test_text("\xff"), NULL, NULL, &r), TRIXY_EINVAL);
	assert_int_equal(compose(*state, &test_facebook, test_text("\xc3"), NULL, NULL, &r), TRIXY_EINVAL);
	assert_int_equal(compose(*state, &test_facebook, test_text("hi"), "ACCOUNT_UPDATE", NULL, &r), TRIXY_EINVAL);
}

/* A token with a line break would put a header of its own into the request. */
static void compose_refuses_a_token_that_breaks_the_header(void **state)
{
	const struct trixy_pair fields[] = {{TRIXY_TEXT("page_access_token"), TRIXY_TEXT("EAA\r\nX-Evil: 1")}};
	struct trixy_account account = test_facebook;
	struct trixy_request r;

	account.pairs = fields;
	account.pair_count = 1;
	assert_int_equal(compose(*state, &account, test_text("hi"), NULL, NULL, &r), TRIXY_EINVAL);
	account.pair_count = 0;
	assert_int_equal(compose(*state, &account, test_text("hi"), NULL, NULL, &r), TRIXY_EINVAL);
}

static void compose_survives_shortage(void **state)
{
	struct trixy_request r;
	int32_t result = TRIXY_ENOMEM;
	uint64_t n;

	(void)state;
	for (n = 0; result != 0 && n < 100; n++) {
		struct fixture f;

		test_memory_init(&f.memory, n);
		result = compose(&f, &test_facebook, test_text("hi"), "HUMAN_AGENT", "m", &r);
		assert_true(result == 0 || result == TRIXY_ENOMEM);
		test_memory_done(&f.memory);
	}
	assert_true(n > 5 && n < 100);
}

/* ---- answers ---- */

static struct trixy_outcome answer_with(struct fixture *f, int64_t http_status, const char *body, const char *header,
					const char *value)
{
	const struct trixy_pair headers[] = {{test_text(header), test_text(value)}};
	const struct trixy_answer answer = {
		.size = sizeof(answer),
		.header_count = header != NULL ? 1 : 0,
		.http_status = http_status,
		.headers = headers,
		.body = test_text(body),
	};
	struct trixy_outcome o;

	assert_int_equal(test_channel()->read_answer(&test_facebook, &answer, &f->memory.memory, &o), 0);
	test_outcome_check(&o);
	assert_true(o.kind != TRIXY_SENT || o.message_id.len > 0);	/* no draft is told: it may be no reaction */
	return o;
}

static struct trixy_outcome error_answer(struct fixture *f, int64_t http_status, int64_t code, int64_t subcode,
					 const char *more)
{
	char body[1024], part[64] = "";

	if (subcode != 0)
		(void)snprintf(part, sizeof(part), ",\"error_subcode\":%" PRId64, subcode);
	(void)snprintf(body, sizeof(body),
		       "{\"error\":{\"type\":\"OAuthException\",\"code\":%" PRId64 "%s%s,\"fbtrace_id\":\"Ab1\"}}",
		       code, part, more);
	return answer_with(f, http_status, body, NULL, NULL);
}

/* Every row of the reference's table of errors, under every HTTP status that Meta might choose for it. */
static void reads_every_error(void **state)
{
	static const struct {
		int64_t code, subcode;
		const char *more;
		uint32_t kind;
		const char *name;
	} rows[] = {
		{190, 0, "", TRIXY_RECONNECT, "token_invalid"},
		{190, 458, "", TRIXY_RECONNECT, "app_removed"},
		{190, 459, "", TRIXY_RECONNECT, "login_needed"},
		{190, 460, "", TRIXY_RECONNECT, "password_changed"},
		{190, 463, "", TRIXY_RECONNECT, "token_expired"},
		{190, 464, "", TRIXY_RECONNECT, "user_unconfirmed"},
		{190, 467, "", TRIXY_RECONNECT, "token_invalid"},
		{190, 492, "", TRIXY_RECONNECT, "role_lost"},
		{190, 777, "", TRIXY_RECONNECT, "token_invalid"},
		{102, 0, "", TRIXY_RECONNECT, "session_invalid"},
		{3, 0, "", TRIXY_HOLD, "permission_missing"},
		{10, 0, "", TRIXY_HOLD, "permission_missing"},
		{200, 0, "", TRIXY_HOLD, "permission_missing"},
		{230, 0, "", TRIXY_HOLD, "permission_missing"},
		{299, 0, "", TRIXY_HOLD, "permission_missing"},
		{200, 2534041, "", TRIXY_HOLD, "messages_access_off"},
		{10, 2534022, "", TRIXY_FAILED, "window_closed"},
		{10, 2534022, ",\"is_transient\":true", TRIXY_FAILED, "window_closed"},
		{10, 2018278, "", TRIXY_FAILED, "window_closed"},
		{10, 0, ",\"message\":\"(#10) This message is sent outside of allowed window.\"", TRIXY_FAILED,
		 "window_closed"},
		{10, 1893063, "", TRIXY_PARK, "account_restricted"},
		{10, 2534077, "", TRIXY_HOLD, "page_link_broken"},
		{10, 2018108, "", TRIXY_FAILED, "person_unavailable"},
		{551, 0, "", TRIXY_FAILED, "person_unavailable"},
		{551, 1545041, "", TRIXY_FAILED, "person_unavailable"},
		{200, 1545041, "", TRIXY_FAILED, "person_unavailable"},
		{100, 2534014, "", TRIXY_FAILED, "no_such_person"},
		{100, 2018001, "", TRIXY_FAILED, "no_such_person"},
		{9010, 0, "", TRIXY_FAILED, "no_such_person"},
		{100, 2534001, "", TRIXY_FAILED, "thread_gone"},
		{100, 2534013, "", TRIXY_HOLD, "page_not_linked"},
		{100, 2534015, "", TRIXY_FAILED, "message_invalid"},
		{100, 2534025, "", TRIXY_FAILED, "message_invalid"},
		{100, 2534029, "", TRIXY_HOLD, "account_blocked"},
		{100, 2534037, "", TRIXY_FAILED, "not_thread_owner"},
		{10, 2018300, "", TRIXY_FAILED, "not_thread_owner"},
		{100, 2018300, "", TRIXY_FAILED, "not_thread_owner"},
		{10, 0, ",\"message\":\"(#10) Another app is controlling this thread now.\"", TRIXY_FAILED,
		 "not_thread_owner"},
		{100, 33, "", TRIXY_HOLD, "object_missing"},
		{100, 0, ",\"message\":\"Invalid appsecret_proof provided in the API argument\"", TRIXY_HOLD,
		 "app_secret_wrong"},
		{100, 0, ",\"message\":\"API calls from the server require an appsecret_proof argument\"", TRIXY_HOLD,
		 "app_secret_wrong"},
		{100, 2018008, "", TRIXY_FAILED, "media_unreachable"},
		{100, 2018047, "", TRIXY_FAILED, "media_type"},
		{100, 2018109, "", TRIXY_FAILED, "media_too_big"},
		{100, 2018294, "", TRIXY_FAILED, "media_timeout"},
		{100, 0, "", TRIXY_FAILED, "bad_parameter"},
		{100, 12345, "", TRIXY_FAILED, "bad_parameter"},
		{9000001, 0, "", TRIXY_FAILED, "message_deleted"},
		{36103, 0, "", TRIXY_HOLD, "not_eligible"},
		{368, 0, "", TRIXY_PARK, "policy_block"},
		{4, 0, "", TRIXY_PARK, "rate_limited"},
		{17, 0, "", TRIXY_PARK, "rate_limited"},
		{32, 0, "", TRIXY_PARK, "rate_limited"},
		{613, 0, "", TRIXY_PARK, "rate_limited"},
		{613, 2534040, "", TRIXY_PARK, "rate_limited"},
		{80001, 0, "", TRIXY_PARK, "rate_limited"},
		{80002, 0, "", TRIXY_PARK, "rate_limited"},
		{80006, 0, "", TRIXY_PARK, "rate_limited"},
		{613, 2018338, "", TRIXY_HOLD, "tag_abuse"},
		{1, 0, "", TRIXY_RETRY, "temporary"},
		{2, 0, "", TRIXY_RETRY, "temporary"},
		{2, 0, ",\"is_transient\":true", TRIXY_RETRY, "temporary"},
		{100, 0, ",\"is_transient\":true", TRIXY_RETRY, "temporary"},
		{4711, 0, ",\"is_transient\":true", TRIXY_RETRY, "temporary"},
		{1, 1357046, "", TRIXY_UNKNOWN, "perhaps_sent"},
		{1, 1357046, ",\"is_transient\":true", TRIXY_UNKNOWN, "perhaps_sent"},
		{1, 99, "", TRIXY_UNKNOWN, "perhaps_sent"},
	};
	static const int64_t statuses[] = {200, 400, 401, 403, 500};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t s = 0; s < sizeof(statuses) / sizeof(statuses[0]); s++) {
			struct trixy_outcome o =
				error_answer(*state, statuses[s], rows[i].code, rows[i].subcode, rows[i].more);

			if (o.kind != rows[i].kind || !test_text_is(o.code, rows[i].name))
				fail_msg("%" PRId64 "/%" PRId64 "%s: kind %u, %.*s", rows[i].code, rows[i].subcode,
					 rows[i].more, o.kind, (int)o.code.len, o.code.p);
		}
	}
}

static void reads_success(void **state)
{
	struct trixy_outcome o = answer_with(*state, 200, "{\"recipient_id\":\"9\",\"message_id\":\"aWdf1\"}", NULL, NULL);

	assert_int_equal(o.kind, TRIXY_SENT);
	assert_text(o.message_id, "aWdf1");
}

static uint32_t kind_for_draft(struct fixture *f, const struct trixy_draft *draft, const char *body)
{
	const struct trixy_answer answer = {
		.size = sizeof(answer), .http_status = 200, .body = test_text(body), .draft = draft};
	struct trixy_outcome o;

	assert_int_equal(test_channel()->read_answer(&test_facebook, &answer, &f->memory.memory, &o), 0);
	test_outcome_check(&o);
	return o.kind;
}

/* A reaction has no id of its own; for a message an answer without one proves nothing. */
static void knows_a_reactions_answer(void **state)
{
	const struct trixy_draft reaction = {.size = sizeof(reaction), .kind = TRIXY_DRAFT_REACTION};
	const struct trixy_draft message = {.size = sizeof(message)};

	assert_int_equal(kind_for_draft(*state, &reaction, "{\"recipient_id\":\"9\"}"), TRIXY_SENT);
	assert_int_equal(kind_for_draft(*state, &message, "{\"recipient_id\":\"9\"}"), TRIXY_UNKNOWN);
	assert_int_equal(kind_for_draft(*state, NULL, "{\"recipient_id\":\"9\"}"), TRIXY_UNKNOWN);
}

/* An app without the Human Agent feature may still send everything else. */
static void a_tag_that_is_not_allowed_fails_alone(void **state)
{
	const struct trixy_draft tagged = {.size = sizeof(tagged), .tag = test_text("HUMAN_AGENT")};
	const struct trixy_draft plain = {.size = sizeof(plain)};

	assert_int_equal(kind_for_draft(*state, &tagged, "{\"error\":{\"code\":10}}"), TRIXY_FAILED);
	assert_int_equal(kind_for_draft(*state, &tagged, "{\"error\":{\"code\":200}}"), TRIXY_FAILED);
	assert_int_equal(kind_for_draft(*state, &plain, "{\"error\":{\"code\":10}}"), TRIXY_HOLD);
	assert_int_equal(kind_for_draft(*state, &tagged, "{\"error\":{\"code\":200,\"error_subcode\":2534041}}"), TRIXY_HOLD);
}

static void says_the_guides_words_for_a_closed_window(void **state)
{
	struct trixy_outcome o = error_answer(*state, 400, 10, 2534022, "");

	assert_text(o.reason, "Cannot DM, customer outside 24-hour window");
	assert_text(o.reason, test_channel()->window_error.p);
	assert_text(o.detail, "http=400 code=10 subcode=2534022 transient=0 type=OAuthException trace=Ab1");
}

static void quotes_meta_where_its_words_tell_more(void **state)
{
	struct trixy_outcome o = error_answer(*state, 400, 4711, 0, ",\"message\":\"(#4711) The moon is full\"");

	assert_int_equal(o.kind, TRIXY_FAILED);
	assert_text(o.reason, "Instagram refused the message. Meta says: (#4711) The moon is full");
	assert_null(memmem(o.detail.p, o.detail.len, "moon", 4));
}

/* An error object of a code that Meta does not document: the status is all there is to go by. */
static void retries_an_undocumented_fault_of_meta(void **state)
{
	assert_int_equal(error_answer(*state, 400, 4711, 0, "").kind, TRIXY_FAILED);
	assert_int_equal(error_answer(*state, 503, 4711, 0, "").kind, TRIXY_RETRY);
	assert_int_equal(answer_with(*state, 400,
				     "{\"error_type\":\"OAuthException\",\"code\":400,\"error_message\":\"No\"}", NULL,
				     NULL)
				 .kind,
			 TRIXY_FAILED);
	assert_int_equal(answer_with(*state, 400, "{\"error\":{}}", NULL, NULL).kind, TRIXY_FAILED);
	assert_int_equal(answer_with(*state, 400, "{\"error\":{\"code\":\"190\"}}", NULL, NULL).kind, TRIXY_RECONNECT);
}

static void never_repeats_what_may_have_gone(void **state)
{
	static const char *const bodies[] = {
		"", "<html>Bad Gateway</html>", "{}", "[]", "null", "{\"error\":5}", "{\"message_id\":7}"};
	static const int64_t statuses[] = {0, 200, 201, 408, 500, 502, 503, 504, 599, 999, -1};

	for (size_t b = 0; b < sizeof(bodies) / sizeof(bodies[0]); b++)
		for (size_t s = 0; s < sizeof(statuses) / sizeof(statuses[0]); s++)
			assert_int_equal(answer_with(*state, statuses[s], bodies[b], NULL, NULL).kind, TRIXY_UNKNOWN);
}

static void holds_when_something_else_answers(void **state)
{
	assert_int_equal(answer_with(*state, 404, "<html>nginx</html>", NULL, NULL).kind, TRIXY_HOLD);
	assert_int_equal(answer_with(*state, 301, "", NULL, NULL).kind, TRIXY_HOLD);
	assert_int_equal(answer_with(*state, 407, "proxy", NULL, NULL).kind, TRIXY_HOLD);
	assert_int_equal(answer_with(*state, 429, "slow down", NULL, NULL).kind, TRIXY_PARK);
}

static void parks_for_as_long_as_the_headers_say(void **state)
{
	static const char limited[] = "{\"error\":{\"code\":80002}}";
	static const struct {
		const char *header, *value;
		int64_t minutes;
	} rows[] = {
		{"x-business-use-case-usage",
		 "{\"17841400000000001\":[{\"type\":\"messenger\",\"estimated_time_to_regain_access\":3},"
		 "{\"type\":\"instagram\",\"estimated_time_to_regain_access\":19}]}",
		 19},
		{"x-business-use-case-usage",
		 "{\"1\":[{\"estimated_time_to_regain_access\":\"7\"}],\"2\":5,\"3\":[4,null]}", 7},
		{"x-business-use-case-usage", "{\"1\":[{\"estimated_time_to_regain_access\":9223372036854775807}]}",
		 1440},
		{"x-business-use-case-usage", "{\"1\":[{\"estimated_time_to_regain_access\":-4}]}", 0},
		{"x-business-use-case-usage", "{", 0},
		{"x-app-usage", "{\"call_count\":68,\"total_cputime\":0,\"total_time\":99}", 0},
		{"x-app-usage", "{\"call_count\":100,\"total_cputime\":0,\"total_time\":20}", 5},
		{"x-app-usage", "{\"call_count\":28,\"total_cputime\":0,\"total_time\":110}", 10},
		{"x-app-usage", "{\"call_count\":9223372036854775807}", 60},
		{"x-app-usage", "[100]", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trixy_outcome o = answer_with(*state, 400, limited, rows[i].header, rows[i].value);

		assert_int_equal(o.kind, TRIXY_PARK);
		assert_int_equal(o.wait_ms, rows[i].minutes * INT64_C(60000));
	}
	assert_int_equal(error_answer(*state, 400, 368, 0, "").wait_ms, 3600000);
}

static void read_answer_survives_shortage(void **state)
{
	static const char *const bodies[] = {"{\"message_id\":\"m\"}", "{\"error\":{\"code\":4711,\"message\":\"x\"}}",
					     "no"};

	(void)state;
	for (size_t b = 0; b < 3; b++) {
		const struct trixy_answer answer = {
			.size = sizeof(answer), .http_status = 200, .body = test_text(bodies[b])};
		int32_t r = TRIXY_ENOMEM;
		struct trixy_outcome o;

		for (uint64_t n = 0; r != 0 && n < 100; n++) {
			struct test_memory memory;

			test_memory_init(&memory, n);
			r = test_channel()->read_answer(&test_facebook, &answer, &memory.memory, &o);
			assert_true(r == 0 || r == TRIXY_ENOMEM);
			test_memory_done(&memory);
		}
		assert_int_equal(r, 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(composes_for_facebook),
		TEST(composes_for_instagram_without_proof),
		TEST(composes_tag_and_reply),
		TEST(composes_files_by_their_address),
		TEST(composes_reactions),
		TEST(composes_presence_and_nothing_beside_it),
		TEST(compose_refuses_what_instagram_would),
		TEST(compose_refuses_a_token_that_breaks_the_header),
		TEST(compose_survives_shortage),
		TEST(reads_every_error),
		TEST(reads_success),
		TEST(knows_a_reactions_answer),
		TEST(a_tag_that_is_not_allowed_fails_alone),
		TEST(says_the_guides_words_for_a_closed_window),
		TEST(quotes_meta_where_its_words_tell_more),
		TEST(retries_an_undocumented_fault_of_meta),
		TEST(never_repeats_what_may_have_gone),
		TEST(holds_when_something_else_answers),
		TEST(parks_for_as_long_as_the_headers_say),
		TEST(read_answer_survives_shortage),
	};

	return cmocka_run_group_tests_name("instagram send", tests, NULL, NULL);
}
