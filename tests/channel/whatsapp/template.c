/* Templates: which there are, what can be filled in, and the bytes of one that is sent. */
#include "assert.h"

static struct trixy_templates read_page(int64_t http_status, const char *body)
{
	const struct trixy_answer answer = {.size = sizeof(answer), .http_status = http_status, .body = test_text(body)};
	struct trixy_templates t;

	assert_int_equal(test_channel()->templates_answer(&test_whatsapp, &answer, &memory.memory, &t), 0);
	test_templates_check(&t);
	return t;
}

static const struct trixy_template *only(const char *components, const char *status)
{
	char body[4096];
	struct trixy_templates t;

	(void)snprintf(body, sizeof(body), "{\"data\":[{\"name\":\"order_update\",\"status\":\"%s\",\"category\":\"UTILITY\","
					   "\"language\":\"en_US\",\"id\":\"9\",\"components\":[%s]}],\"paging\":{\"cursors\":{\"after\":\"MTA\"}}}",
		       status, components);
	t = read_page(200, body);
	assert_int_equal(t.count, 1);
	assert_text(t.next, NULL);
	return &t.items[0];
}

static void asks_for_them_page_by_page(void **state)
{
	struct trixy_request r;

	(void)state;
	assert_int_equal(test_channel()->templates_request(&test_whatsapp, test_text(NULL), &memory.memory, &r), 0);
	assert_text(r.url, HOST "102290129340398/message_templates?fields=name,status,category,language,components&limit=100"
				"&appsecret_proof=" PROOF);
	assert_int_equal(test_channel()->templates_request(&test_whatsapp, test_text("MTA=&x"), &memory.memory, &r), 0);
	assert_contains(r.url, "&limit=100&after=MTA%3D%26x&appsecret_proof=");
	assert_int_equal(test_channel()->templates_request(&test_whatsapp_fresh, test_text(NULL), &memory.memory, &r), TRIXY_EINVAL);
}

static void reads_gaps_by_number(void **state)
{
	const struct trixy_template *t = only(
		"{\"type\":\"HEADER\",\"format\":\"TEXT\",\"text\":\"Order {{1}}\",\"example\":{\"header_text\":[\"77\"]}},"
		"{\"type\":\"BODY\",\"text\":\"Hello {{1}}, on {{ 2 }}: {{1}} {not} {{a gap}} {{\",\"example\":{\"body_text\":[[\"Ana\",\"Monday\"]]}},"
		"{\"type\":\"FOOTER\",\"text\":\"Our shop\"},"
		"{\"type\":\"BUTTONS\",\"buttons\":[{\"type\":\"URL\",\"text\":\"Track\",\"url\":\"https://x.example/{{1}}\",\"example\":[\"https://x.example/a\"]},"
		"{\"type\":\"QUICK_REPLY\",\"text\":\"Stop\"},{\"type\":\"PHONE_NUMBER\",\"text\":\"Call\",\"phone_number\":\"+1\"},"
		"{\"type\":\"COPY_CODE\",\"text\":\"Copy\",\"example\":\"SALE20\"},{\"type\":\"URL\",\"text\":\"Home\",\"url\":\"https://x.example\"}]}",
		"APPROVED");

	(void)state;
	assert_int_equal(t->is_usable, 1);
	assert_text(t->name, "order_update");
	assert_text(t->language, "en_US");
	assert_text(t->category, "UTILITY");
	assert_text(t->status, "APPROVED");
	assert_text(t->header, "Order {{header.1}}");
	assert_text(t->body, "Hello {{body.1}}, on {{body.2}}: {{body.1}} {not} {{a gap}} {{");
	assert_text(t->footer, "Our shop");
	assert_int_equal(t->button_count, 5);
	assert_text(t->buttons[0], "Track");
	assert_int_equal(t->variable_count, 5);
	assert_text(t->variables[0].key, "header.1");
	assert_text(t->variables[0].label, "{{1}}");
	assert_text(t->variables[0].example, "77");
	assert_text(t->variables[1].key, "body.1");
	assert_text(t->variables[1].example, "Ana");
	assert_text(t->variables[2].key, "body.2");
	assert_text(t->variables[2].example, "Monday");
	assert_text(t->variables[3].key, "button.0");
	assert_text(t->variables[3].example, "a");
	assert_int_equal(t->variables[3].max_bytes, 2000);
	assert_text(t->variables[4].key, "button.3.copy_code");
	assert_text(t->variables[4].example, "SALE20");
}

static void reads_gaps_by_name(void **state)
{
	const struct trixy_template *t = only(
		"{\"type\":\"HEADER\",\"format\":\"IMAGE\",\"example\":{\"header_handle\":[\"4::x\"]}},"
		"{\"type\":\"BODY\",\"text\":\"Hello {{first_name}}\",\"example\":{\"body_text_named_params\":[{\"param_name\":\"other\",\"example\":\"x\"},"
		"{\"param_name\":\"first_name\",\"example\":\"Ana\"}]}}", "APPROVED");

	(void)state;
	assert_int_equal(t->header_type, TRIXY_MESSAGE_IMAGE);
	assert_text(t->header, NULL);
	assert_text(t->body, "Hello {{body.first_name}}");
	assert_text(t->variables[0].key, "body.first_name");
	assert_text(t->variables[0].label, "first_name");
	assert_text(t->variables[0].example, "Ana");
}

static void says_why_one_cannot_be_sent(void **state)
{
	static const struct {
		const char *components, *status, *reason;
	} rows[] = {
		{"{\"type\":\"BODY\",\"text\":\"x\"}", "PENDING", "reviewing"},
		{"{\"type\":\"BODY\",\"text\":\"x\"}", "REJECTED", "rejected"},
		{"{\"type\":\"BODY\",\"text\":\"x\"}", "PAUSED", "paused"},
		{"{\"type\":\"BODY\",\"text\":\"x\"}", "DISABLED", "disabled"},
		{"{\"type\":\"BODY\",\"text\":\"x\"}", "IN_APPEAL", "looking again"},
		{"{\"type\":\"BODY\",\"text\":\"x\"}", "FUTURE", "FUTURE"},
		{"{\"type\":\"BODY\",\"text\":\"x\"},{\"type\":\"CAROUSEL\",\"cards\":[]}", "APPROVED", "carousel"},
		{"{\"type\":\"BODY\",\"text\":\"x\"},{\"type\":\"LIMITED_TIME_OFFER\"}", "APPROVED", "limited-time"},
		{"{\"type\":\"HEADER\",\"format\":\"LOCATION\"},{\"type\":\"BODY\",\"text\":\"x\"}", "APPROVED", "location"},
		{"{\"type\":\"BODY\",\"text\":\"x\"},{\"type\":\"BUTTONS\",\"buttons\":[{\"type\":\"OTP\",\"text\":\"Copy code\"}]}", "APPROVED", "code"},
		{"{\"type\":\"BODY\",\"text\":\"x\"},{\"type\":\"BUTTONS\",\"buttons\":[{\"type\":\"FLOW\",\"text\":\"Go\"}]}", "APPROVED", "Flow"},
		{"{\"type\":\"BODY\",\"text\":\"x\"},{\"type\":\"BUTTONS\",\"buttons\":[{\"type\":\"MPM\",\"text\":\"Go\"}]}", "APPROVED", "buttons"},
		{"{\"type\":\"BODY\",\"text\":\"x\"},{\"type\":\"HOLOGRAM\"}", "APPROVED", "part"},
		{"", "APPROVED", "no text"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct trixy_template *t = only(rows[i].components, rows[i].status);

		assert_int_equal(t->is_usable, 0);
		assert_contains(t->reason, rows[i].reason);
	}
}

static void pages_and_faults(void **state)
{
	struct trixy_templates t = read_page(200, "{\"data\":[{\"name\":\"a\",\"language\":\"en\"}],\"paging\":{\"cursors\":{\"after\":\"MTA\"},"
						  "\"next\":\"https://graph.facebook.com/x\"}}");

	(void)state;
	assert_text(t.next, "MTA");
	t = read_page(200, "{\"data\":[]}");
	assert_int_equal(t.count, 0);
	assert_text(t.fault, NULL);
	t = read_page(200, "{\"data\":[5,{},{\"name\":\"a\"},{\"name\":\"b\",\"language\":\"en\",\"components\":[7,{\"type\":5},{\"type\":\"BUTTONS\",\"buttons\":[9]}]}]}");
	assert_int_equal(t.count, 1);
	assert_int_equal(t.items[0].is_usable, 0);
	assert_contains(read_page(401, "{\"error\":{\"code\":190}}").fault, "no longer valid");
	assert_contains(read_page(400, "{\"error\":{\"code\":100,\"error_subcode\":33}}").fault, "Business Account ID");
	assert_contains(read_page(429, "{\"error\":{\"code\":80008}}").fix, "Try again");
	assert_contains(read_page(502, "<html>").fault, "not WhatsApp's API");
}

/* ---- sending ---- */

static int32_t compose(const struct trixy_draft *more, const struct trixy_pair *values, uint32_t count, struct trixy_request *ret)
{
	struct trixy_draft draft = *more;

	draft.size = sizeof(draft);
	draft.kind = TRIXY_DRAFT_TEMPLATE;
	draft.contact_key = test_text("5511999990000");
	draft.template_name = test_text("order_update");
	draft.template_language = test_text("en_US");
	draft.values = values;
	draft.value_count = count;
	return test_channel()->compose(&test_whatsapp, &draft, &memory.memory, ret);
}

#define BODY(template_) \
	"{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":\"5511999990000\",\"type\":\"template\",\"template\":" \
	template_ "}"
#define HEAD "{\"name\":\"order_update\",\"language\":{\"code\":\"en_US\"}"

static void composes_without_gaps(void **state)
{
	const struct trixy_draft draft = {0};
	struct trixy_request r;

	(void)state;
	assert_int_equal(compose(&draft, NULL, 0, &r), 0);
	assert_text(r.body, BODY(HEAD "}"));
}

/* In the order of their numbers, whatever the order in which they were filled in. */
static void composes_gaps_by_number(void **state)
{
	const struct trixy_pair values[] = {
		{TRIXY_TEXT("button.0"), TRIXY_TEXT("abc")},	     {TRIXY_TEXT("body.2"), TRIXY_TEXT("Mon\"day")},
		{TRIXY_TEXT("body.10"), TRIXY_TEXT("never alone")},  {TRIXY_TEXT("body.1"), TRIXY_TEXT("Ana")},
		{TRIXY_TEXT("header.1"), TRIXY_TEXT("77")},	     {TRIXY_TEXT("button.3.copy_code"), TRIXY_TEXT("SALE20")},
		{TRIXY_TEXT("button.1.quick_reply"), TRIXY_TEXT("P")},
	};
	const struct trixy_draft draft = {0};
	struct trixy_request r;

	(void)state;
	assert_int_equal(compose(&draft, values, 7, &r), 0);
	assert_text(r.body, BODY(HEAD ",\"components\":["
		"{\"type\":\"header\",\"parameters\":[{\"type\":\"text\",\"text\":\"77\"}]},"
		"{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":\"Ana\"},{\"type\":\"text\",\"text\":\"Mon\\\"day\"}]},"
		"{\"type\":\"button\",\"sub_type\":\"url\",\"index\":\"0\",\"parameters\":[{\"type\":\"text\",\"text\":\"abc\"}]},"
		"{\"type\":\"button\",\"sub_type\":\"copy_code\",\"index\":\"3\",\"parameters\":[{\"type\":\"coupon_code\",\"coupon_code\":\"SALE20\"}]},"
		"{\"type\":\"button\",\"sub_type\":\"quick_reply\",\"index\":\"1\",\"parameters\":[{\"type\":\"payload\",\"payload\":\"P\"}]}]}"));
}

static void composes_gaps_by_name_and_a_file(void **state)
{
	const struct trixy_pair values[] = {{TRIXY_TEXT("body.first_name"), TRIXY_TEXT("Ana")}};
	struct trixy_draft draft = {.media_type = TRIXY_MESSAGE_FILE, .media_id = test_text("77"), .file_name = test_text("a.pdf"),
				    .text = test_text("what the customer reads")};
	struct trixy_request r;

	(void)state;
	assert_int_equal(compose(&draft, values, 1, &r), 0);
	assert_text(r.body, BODY(HEAD ",\"components\":["
		"{\"type\":\"header\",\"parameters\":[{\"type\":\"document\",\"document\":{\"id\":\"77\",\"filename\":\"a.pdf\"}}]},"
		"{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"parameter_name\":\"first_name\",\"text\":\"Ana\"}]}]}"));
	draft.media_type = TRIXY_MESSAGE_AUDIO;
	assert_int_equal(compose(&draft, values, 1, &r), TRIXY_EINVAL);
	draft.media_type = TRIXY_MESSAGE_IMAGE;
	draft.media_id = test_text(NULL);
	assert_int_equal(compose(&draft, values, 1, &r), TRIXY_EINVAL);
}

static void refuses_keys_that_no_template_has(void **state)
{
	static const char *const keys[] = {"", "body", "body.", "footer.1", "button.x", "button.0.shape", "button.", "button.100", "1"};
	const struct trixy_draft draft = {0};
	struct trixy_request r;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct trixy_pair value = {test_text(keys[i]), TRIXY_TEXT("x")};

		assert_int_equal(compose(&draft, &value, 1, &r), TRIXY_EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(asks_for_them_page_by_page), TEST(reads_gaps_by_number),	    TEST(reads_gaps_by_name),
		TEST(says_why_one_cannot_be_sent), TEST(pages_and_faults),	    TEST(composes_without_gaps),
		TEST(composes_gaps_by_number),	  TEST(composes_gaps_by_name_and_a_file), TEST(refuses_keys_that_no_template_has),
	};

	return cmocka_run_group_tests_name("whatsapp template", tests, NULL, NULL);
}
