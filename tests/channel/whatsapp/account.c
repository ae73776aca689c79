/* Check connection and subscribing: what is asked of Meta about an account, and what its answers mean. */
#include "assert.h"

enum { NUMBER, APP, TOKEN, NUMBERS, SUBSCRIBED, CALLBACK, HEALTH, STEPS };

static struct trixy_request ask(const struct trixy_account *account, uint32_t step, const char *carry)
{
	struct trixy_request r;

	assert_int_equal(test_channel()->check_request(account, step, test_text(carry), &memory.memory, &r), 0);
	return r;
}

static struct trixy_finding find_for(const struct trixy_account *account, uint32_t step, const char *carry, int64_t http_status,
				     const char *body)
{
	const struct trixy_answer answer = {.size = sizeof(answer), .http_status = http_status, .body = test_text(body)};
	struct trixy_finding f;

	assert_int_equal(test_channel()->check_answer(account, step, test_text(carry), &answer, &memory.memory, &f), 0);
	test_finding_check(&f);
	return f;
}

static struct trixy_finding find(uint32_t step, const char *carry, int64_t http_status, const char *body)
{
	return find_for(&test_whatsapp, step, carry, http_status, body);
}

static void asks_step_by_step(void **state)
{
	static const char *const urls[STEPS] = {
		"106540352242922?fields=display_phone_number,verified_name,quality_rating,code_verification_status,name_status,platform_type,"
		"throughput&appsecret_proof=" PROOF,
		"app?fields=id,name&appsecret_proof=" PROOF,
		"debug_token?input_token=EAAtoken&appsecret_proof=" APP_PROOF,
		"102290129340398/phone_numbers?fields=id,display_phone_number,verified_name&limit=100&appsecret_proof=" PROOF,
		"102290129340398/subscribed_apps?appsecret_proof=" PROOF,
		"4242/subscriptions?appsecret_proof=" APP_PROOF,
		"106540352242922?fields=health_status&appsecret_proof=" PROOF,
	};
	struct trixy_request r;

	(void)state;
	for (uint32_t step = 0; step < STEPS; step++) {
		char url[512];

		r = ask(&test_whatsapp, step, "4242");
		(void)snprintf(url, sizeof(url), HOST "%s", urls[step]);
		assert_text(r.method, "GET");
		assert_text(r.url, url);
		assert_text(r.headers[0].value, step == TOKEN || step == CALLBACK ? "Bearer 4242|0123456789abcdef0123456789abcdef"
										  : "Bearer EAAtoken");
	}
	assert_int_equal(test_channel()->check_request(&test_whatsapp, STEPS, test_text(NULL), &memory.memory, &r), TRIXY_END);
}

/* An account that does not know its WhatsApp Business Account takes it from what an earlier step carried. */
static void passes_on_what_it_finds(void **state)
{
	struct trixy_finding f;

	(void)state;
	assert_text(ask(&test_whatsapp_fresh, NUMBERS, "4242").method, "");
	assert_text(ask(&test_whatsapp_fresh, SUBSCRIBED, "").method, "");
	assert_text(ask(&test_whatsapp_fresh, TOKEN, "").method, "");
	assert_text(ask(&test_whatsapp_fresh, CALLBACK, "").method, "");
	f = find_for(&test_whatsapp_fresh, NUMBERS, "4242", 0, "");
	assert_int_equal(f.status, TRIXY_CHECK_SKIPPED);
	assert_contains(f.fix, "type its ID");
	f = find_for(&test_whatsapp_fresh, TOKEN, "", 0, "");
	assert_int_equal(f.status, TRIXY_CHECK_SKIPPED);

	f = find_for(&test_whatsapp_fresh, APP, NULL, 200, "{\"id\":4242,\"name\":\"Our app\"}");
	assert_int_equal(f.status, TRIXY_CHECK_OK);
	assert_text(f.carry, "4242");
	f = find_for(&test_whatsapp_fresh, TOKEN, "4242", 200,
		     "{\"data\":{\"is_valid\":true,\"expires_at\":0,\"scopes\":[\"whatsapp_business_messaging\",\"whatsapp_business_management\"],"
		     "\"granular_scopes\":[{\"scope\":\"whatsapp_business_management\",\"target_ids\":[\"555\"]},"
		     "{\"scope\":\"whatsapp_business_messaging\",\"target_ids\":[\"555\"]},{\"scope\":\"pages_show_list\",\"target_ids\":[\"9\"]}]}}");
	assert_int_equal(f.status, TRIXY_CHECK_OK);
	assert_text(f.carry, "4242 555");
	assert_int_equal(f.learned_count, 1);
	assert_text(f.learned[0].name, "waba_id");
	assert_text(f.learned[0].value, "555");
	assert_contains(ask(&test_whatsapp_fresh, NUMBERS, "4242 555").url, "/555/phone_numbers?");
	assert_contains(ask(&test_whatsapp_fresh, CALLBACK, "4242 555").url, "/4242/subscriptions?");
	/* What a person typed wins. */
	assert_contains(ask(&test_whatsapp, NUMBERS, "4242 555").url, "/102290129340398/phone_numbers?");
}

static void reads_the_number(void **state)
{
	struct trixy_finding f = find(NUMBER, NULL, 200, "{\"display_phone_number\":\"+1 555-000-1111\",\"verified_name\":\"Our shop\","
						     "\"quality_rating\":\"GREEN\",\"platform_type\":\"CLOUD_API\",\"id\":\"106540352242922\"}");

	(void)state;
	assert_int_equal(f.status, TRIXY_CHECK_OK);
	assert_contains(f.explanation, "+1 555-000-1111, Our shop");
	assert_int_equal(f.learned_count, 2);
	assert_text(f.learned[0].name, "display_phone_number");
	assert_text(f.learned[0].value, "+1 555-000-1111");
	assert_text(f.learned[1].name, "verified_name");
	assert_text(f.learned[1].value, "Our shop");
	assert_int_equal(find(NUMBER, NULL, 200, "{\"quality_rating\":\"RED\"}").status, TRIXY_CHECK_WARNING);
	assert_int_equal(find(NUMBER, NULL, 200, "{\"quality_rating\":\"YELLOW\"}").status, TRIXY_CHECK_WARNING);
	assert_int_equal(find(NUMBER, NULL, 200, "{\"name_status\":\"DECLINED\"}").status, TRIXY_CHECK_WARNING);
	f = find(NUMBER, NULL, 200, "{\"platform_type\":\"NOT_APPLICABLE\"}");
	assert_int_equal(f.status, TRIXY_CHECK_FAILED);
	assert_contains(f.fix, "Register");
	assert_int_equal(find(NUMBER, NULL, 200, "{}").learned_count, 0);
}

static void tells_token_from_secret(void **state)
{
	static const char proof[] = "{\"error\":{\"code\":100,\"message\":\"Invalid appsecret_proof provided in the API argument\"}}";
	struct trixy_finding f = find(NUMBER, NULL, 401, "{\"error\":{\"code\":190,\"error_subcode\":463}}");

	(void)state;
	assert_int_equal(f.status, TRIXY_CHECK_FAILED);
	assert_int_equal(f.reconnect, 1);
	assert_contains(f.explanation, "expired");
	f = find(NUMBER, NULL, 400, proof);
	assert_int_equal(f.status, TRIXY_CHECK_OK);
	assert_int_equal(f.reconnect, 0);
	f = find(APP, NULL, 400, proof);
	assert_int_equal(f.status, TRIXY_CHECK_FAILED);
	assert_contains(f.fix, "App Secret");
	/* Asked as the app: a refusal is the App Secret's, not the token's. */
	f = find(TOKEN, "4242", 400, "{\"error\":{\"code\":190}}");
	assert_int_equal(f.status, TRIXY_CHECK_FAILED);
	assert_int_equal(f.reconnect, 0);
	assert_contains(f.fix, "Channels → WhatsApp → Configure");
	assert_int_equal(find(NUMBER, NULL, 400, "{\"error\":{\"code\":100,\"error_subcode\":33}}").status, TRIXY_CHECK_FAILED);
	assert_int_equal(find(NUMBER, NULL, 503, "{\"error\":{\"code\":2}}").status, TRIXY_CHECK_WARNING);
	assert_int_equal(find(NUMBER, NULL, 0, "").status, TRIXY_CHECK_FAILED);
	assert_int_equal(find(NUMBER, NULL, 200, "<html>").status, TRIXY_CHECK_FAILED);
}

#define SCOPES "\"scopes\":[\"whatsapp_business_messaging\",\"whatsapp_business_management\"]"

static void reads_the_token(void **state)
{
	struct trixy_finding f = find(TOKEN, "4242", 200, "{\"data\":{\"is_valid\":false}}");

	(void)state;
	assert_int_equal(f.status, TRIXY_CHECK_FAILED);
	assert_int_equal(f.reconnect, 1);
	f = find(TOKEN, "4242", 200, "{\"data\":{\"is_valid\":true,\"scopes\":[\"whatsapp_business_management\"]}}");
	assert_int_equal(f.status, TRIXY_CHECK_FAILED);
	assert_contains(f.explanation, "whatsapp_business_messaging");
	f = find(TOKEN, "4242", 200, "{\"data\":{\"is_valid\":true,\"scopes\":[\"whatsapp_business_messaging\"]}}");
	assert_int_equal(f.status, TRIXY_CHECK_WARNING);
	f = find(TOKEN, "4242", 200, "{\"data\":{\"is_valid\":true,\"expires_at\":1800000000," SCOPES "}}");
	assert_int_equal(f.status, TRIXY_CHECK_WARNING);
	assert_contains(f.explanation, "2027-01-15");
	/* Its account is known already: nothing to complain of. */
	assert_int_equal(find(TOKEN, "4242", 200, "{\"data\":{\"is_valid\":true,\"expires_at\":0," SCOPES "}}").status, TRIXY_CHECK_OK);
	f = find_for(&test_whatsapp_fresh, TOKEN, "4242", 200, "{\"data\":{\"is_valid\":true," SCOPES "}}");
	assert_int_equal(f.status, TRIXY_CHECK_WARNING);
	assert_contains(f.fix, "WhatsApp Business Account ID");
	f = find_for(&test_whatsapp_fresh, TOKEN, "4242", 200,
		     "{\"data\":{\"is_valid\":true," SCOPES ",\"granular_scopes\":[{\"scope\":\"whatsapp_business_management\",\"target_ids\":[1,2]}]}}");
	assert_int_equal(f.status, TRIXY_CHECK_WARNING);
	assert_contains(f.explanation, "several");
	assert_int_equal(f.learned_count, 0);
}

static void reads_the_account(void **state)
{
	struct trixy_finding f;

	(void)state;
	assert_int_equal(find(NUMBERS, "4242", 200, "{\"data\":[{\"id\":\"1\"},{\"id\":\"106540352242922\"}]}").status, TRIXY_CHECK_OK);
	f = find(NUMBERS, "4242", 200, "{\"data\":[{\"id\":\"1\"}]}");
	assert_int_equal(f.status, TRIXY_CHECK_FAILED);
	assert_contains(f.explanation, "102290129340398");
	assert_int_equal(find(NUMBERS, "4242", 200, "{\"data\":[],\"paging\":{\"next\":\"x\"}}").status, TRIXY_CHECK_WARNING);

	assert_int_equal(find(SUBSCRIBED, "4242", 200, "{\"data\":[{\"whatsapp_business_api_data\":{\"id\":\"4242\",\"name\":\"Our app\"}}]}").status,
			 TRIXY_CHECK_OK);
	f = find(SUBSCRIBED, "4242", 200, "{\"data\":[{\"whatsapp_business_api_data\":{\"id\":\"7\",\"name\":\"WA DevX Webhook Events 1P App\"}}]}");
	assert_int_equal(f.status, TRIXY_CHECK_FAILED);
	assert_contains(f.fix, "Save the account again");
	assert_int_equal(find(SUBSCRIBED, "4242 555", 200, "{\"data\":[]}").status, TRIXY_CHECK_FAILED);
}

static void reads_the_callback(void **state)
{
	struct trixy_finding f = find(CALLBACK, "4242 555", 200,
				      "{\"data\":[{\"object\":\"page\"},{\"object\":\"whatsapp_business_account\",\"active\":true,\"callback_url\":"
				      "\"https://us.example/api/webhooks/whatsapp\",\"fields\":[{\"name\":\"messages\",\"version\":\"v25.0\"}]}]}");

	(void)state;
	assert_int_equal(f.status, TRIXY_CHECK_OK);
	assert_contains(f.explanation, "https://us.example/api/webhooks/whatsapp");
	f = find(CALLBACK, "4242", 200, "{\"data\":[{\"object\":\"whatsapp_business_account\",\"fields\":[{\"name\":\"account_update\"}]}]}");
	assert_int_equal(f.status, TRIXY_CHECK_FAILED);
	assert_contains(f.explanation, "messages");
	f = find(CALLBACK, "4242", 200, "{\"data\":[]}");
	assert_int_equal(f.status, TRIXY_CHECK_FAILED);
	assert_contains(f.fix, "WhatsApp → Configuration");
}

static void reads_the_health(void **state)
{
	struct trixy_finding f;

	(void)state;
	assert_int_equal(find(HEALTH, NULL, 200, "{\"health_status\":{\"can_send_message\":\"AVAILABLE\",\"entities\":[]}}").status, TRIXY_CHECK_OK);
	f = find(HEALTH, NULL, 200, "{\"health_status\":{\"can_send_message\":\"BLOCKED\",\"entities\":[{\"entity_type\":\"PHONE_NUMBER\"},{\"entity_type\":"
				 "\"WABA\",\"can_send_message\":\"BLOCKED\",\"errors\":[{\"error_code\":141006,\"error_description\":\"There is an error with "
				 "the payment method.\",\"possible_solution\":\"Add a payment method.\"}]}]}}");
	assert_int_equal(f.status, TRIXY_CHECK_FAILED);
	assert_contains(f.explanation, "payment method");
	assert_text(f.fix, "Add a payment method.");
	assert_int_equal(find(HEALTH, NULL, 200, "{\"health_status\":{\"can_send_message\":\"LIMITED\"}}").status, TRIXY_CHECK_WARNING);
	assert_int_equal(find(HEALTH, NULL, 200, "{}").status, TRIXY_CHECK_SKIPPED);
}

static struct trixy_finding subscribed(const struct trixy_account *account, int64_t http_status, const char *body)
{
	const struct trixy_answer answer = {.size = sizeof(answer), .http_status = http_status, .body = test_text(body)};
	struct trixy_finding f;

	assert_int_equal(test_channel()->subscribe_answer(account, &answer, &memory.memory, &f), 0);
	test_finding_check(&f);
	return f;
}

static void subscribes(void **state)
{
	struct trixy_request r;

	(void)state;
	assert_int_equal(test_channel()->subscribe_request(&test_whatsapp, &memory.memory, &r), 0);
	assert_text(r.method, "POST");
	assert_text(r.url, HOST "102290129340398/subscribed_apps?appsecret_proof=" PROOF);
	assert_int_equal(test_channel()->subscribe_request(&test_whatsapp_fresh, &memory.memory, &r), 0);
	assert_text(r.method, "");
	assert_int_equal(subscribed(&test_whatsapp_fresh, 0, "").status, TRIXY_CHECK_SKIPPED);
	assert_int_equal(subscribed(&test_whatsapp, 200, "{\"success\":true}").status, TRIXY_CHECK_OK);
	assert_int_equal(subscribed(&test_whatsapp, 200, "{\"success\":false}").status, TRIXY_CHECK_FAILED);
	assert_int_equal(subscribed(&test_whatsapp, 403, "{\"error\":{\"code\":200,\"message\":\"Permissions error\"}}").status, TRIXY_CHECK_FAILED);
	assert_int_equal(subscribed(&test_whatsapp, 401, "{\"error\":{\"code\":190}}").reconnect, 1);
}

/* Memory that runs out at the Nth allocation, for every N. */
static void survives_shortage(void **state)
{
	static const char body[] = "{\"data\":{\"is_valid\":true,\"expires_at\":1800000000," SCOPES ",\"granular_scopes\":[{\"scope\":"
				   "\"whatsapp_business_management\",\"target_ids\":[\"555\"]}]}}";
	const struct trixy_answer answer = {.size = sizeof(answer), .http_status = 200, .body = test_text(body)};
	int32_t r = TRIXY_ENOMEM;
	uint64_t n;

	(void)state;
	for (n = 0; r != 0 && n < 100; n++) {
		struct trixy_finding f;

		test_memory_done(&memory);
		test_memory_init(&memory, n);
		r = test_channel()->check_answer(&test_whatsapp_fresh, TOKEN, test_text("4242"), &answer, &memory.memory, &f);
		assert_true(r == 0 || r == TRIXY_ENOMEM);
	}
	assert_true(n > 5 && n < 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(asks_step_by_step), TEST(passes_on_what_it_finds), TEST(reads_the_number),	  TEST(tells_token_from_secret),
		TEST(reads_the_token),	 TEST(reads_the_account),	TEST(reads_the_callback), TEST(reads_the_health),
		TEST(subscribes),	 TEST(survives_shortage),
	};

	return cmocka_run_group_tests_name("whatsapp account", tests, NULL, NULL);
}
