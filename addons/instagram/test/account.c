/* Check connection, subscribing and profiles: what is asked of Meta about an account, and what its answers mean. */
#include "support.h"

/* cmocka.h needs these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* HMAC-SHA256 under the App Secret of support.c: of the Page's token, and of the app's own (app id 4242). */
#define PROOF "3ed5c45291669ee788e82dfd074125ffd6cef0f510cae95b5d0bcfb96cd18cd2"
#define APP_PROOF "cd308cf69fdbb11cc5be7d9626ff65995f65ba3f4dfc3bfffa9f8bdf2403bbe8"
#define APP_TOKEN "4242|0123456789abcdef0123456789abcdef"

enum { ME, APP, PERMISSIONS, LINK, SUBSCRIBED, CALLBACK, CONVERSATIONS, FACEBOOK_STEPS };

static struct test_memory memory;

static int set_up(void **state)
{
	(void)state;
	test_memory_init(&memory, UINT64_MAX);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	test_memory_done(&memory);
	return 0;
}

static void assert_text(struct trixy_text text, const char *expected)
{
	if (!test_text_is(text, expected))
		fail_msg("expected \"%s\", got \"%.*s\"", expected != NULL ? expected : "(nothing)", (int)text.len,
			 text.p != NULL ? text.p : "(nothing)");
}

static void assert_contains(struct trixy_text text, const char *part)
{
	if (text.p == NULL || memmem(text.p, text.len, part, strlen(part)) == NULL)
		fail_msg("\"%s\" is not in \"%.*s\"", part, (int)text.len, text.p != NULL ? text.p : "");
}

static struct trixy_request ask(const struct trixy_account *account, uint32_t step, const char *carry)
{
	struct trixy_request r;

	assert_int_equal(test_channel()->check_request(account, step, test_text(carry), &memory.memory, &r), 0);
	return r;
}

static struct trixy_finding find(const struct trixy_account *account, uint32_t step, const char *carry, int64_t http_status,
				 const char *body)
{
	const struct trixy_answer answer = {.size = sizeof(answer), .http_status = http_status, .body = test_text(body)};
	struct trixy_finding f;

	assert_int_equal(test_channel()->check_answer(account, step, test_text(carry), &answer, &memory.memory, &f), 0);
	test_finding_check(&f);
	return f;
}

static void asks_facebook_step_by_step(void **state)
{
	static const char *const urls[FACEBOOK_STEPS] = {
		"me?fields=id,name&appsecret_proof=" PROOF,
		"app?fields=id,name&appsecret_proof=" PROOF,
		"debug_token?input_token=EAAtoken&appsecret_proof=" APP_PROOF,
		"102290129340398?fields=name,instagram_business_account%7Bid,username%7D&appsecret_proof=" PROOF,
		"102290129340398/subscribed_apps?appsecret_proof=" PROOF,
		"4242/subscriptions?appsecret_proof=" APP_PROOF,
		"102290129340398/conversations?platform=instagram&limit=1&appsecret_proof=" PROOF,
	};
	struct trixy_request r;

	(void)state;
	for (uint32_t step = 0; step < FACEBOOK_STEPS; step++) {
		char url[512];

		r = ask(&test_facebook, step, "4242");
		(void)snprintf(url, sizeof(url), "https://graph.facebook.com/v25.0/%s", urls[step]);
		assert_text(r.method, "GET");
		assert_text(r.url, url);
		assert_int_equal(r.header_count, 1);
		assert_text(r.headers[0].value,
			    step == PERMISSIONS || step == CALLBACK ? "Bearer " APP_TOKEN : "Bearer EAAtoken");
	}
	assert_int_equal(
		test_channel()->check_request(&test_facebook, FACEBOOK_STEPS, test_text(NULL), &memory.memory, &r),
		TRIXY_END);
}

static void asks_instagram_step_by_step(void **state)
{
	struct trixy_request r;

	(void)state;
	assert_text(ask(&test_instagram, 0, NULL).url,
		    "https://graph.instagram.com/v25.0/me?fields=id,user_id,username,account_type");
	assert_text(ask(&test_instagram, 1, NULL).url,
		    "https://graph.instagram.com/v25.0/17841400000000001/subscribed_apps");
	assert_text(ask(&test_instagram, 2, NULL).url,
		    "https://graph.instagram.com/v25.0/17841400000000001/conversations?platform=instagram&limit=1");
	assert_text(ask(&test_instagram, 3, NULL).method, "");
	assert_int_equal(find(&test_instagram, 3, NULL, 0, "").status, TRIXY_CHECK_SKIPPED);
	assert_int_equal(test_channel()->check_request(&test_instagram, 4, test_text(NULL), &memory.memory, &r), TRIXY_END);
}

static void skips_what_needs_the_app_id(void **state)
{
	(void)state;
	assert_text(ask(&test_facebook, PERMISSIONS, NULL).method, "");
	assert_text(ask(&test_facebook, CALLBACK, NULL).method, "");
	assert_int_equal(find(&test_facebook, PERMISSIONS, NULL, 0, "").status, TRIXY_CHECK_SKIPPED);
	assert_int_equal(find(&test_facebook, CALLBACK, NULL, 0, "").status, TRIXY_CHECK_SKIPPED);
}

static void finds_all_well(void **state)
{
	(void)state;
	assert_int_equal(find(&test_facebook, ME, NULL, 200, "{\"id\":\"102290129340398\",\"name\":\"Shop\"}").status,
			 TRIXY_CHECK_OK);
	assert_text(find(&test_facebook, APP, NULL, 200, "{\"id\":\"4242\",\"name\":\"My app\"}").carry, "4242");
	assert_text(find(&test_facebook, APP, NULL, 200, "{\"id\":4242}").carry, "4242");
	assert_int_equal(
		find(&test_facebook, PERMISSIONS, "4242", 200,
		     "{\"data\":{\"is_valid\":true,\"type\":\"PAGE\",\"expires_at\":0,\"scopes\":[\"instagram_basic\","
		     "\"instagram_manage_messages\",\"pages_messaging\",\"pages_manage_metadata\"]}}")
			.status,
		TRIXY_CHECK_OK);
	assert_int_equal(find(&test_facebook, LINK, NULL, 200,
			      "{\"name\":\"Shop\",\"instagram_business_account\":{\"id\":\"17841400000000001\","
			      "\"username\":\"shop\"}}")
				 .status,
			 TRIXY_CHECK_OK);
	assert_int_equal(
		find(&test_facebook, SUBSCRIBED, "4242", 200,
		     "{\"data\":[{\"id\":\"4242\",\"subscribed_fields\":[\"messages\",\"messaging_postbacks\"]}]}")
			.status,
		TRIXY_CHECK_OK);
	assert_int_equal(
		find(&test_facebook, CALLBACK, "4242", 200,
		     "{\"data\":[{\"object\":\"page\"},{\"object\":\"instagram\",\"callback_url\":\"https://x/"
		     "y\",\"active\":true,"
		     "\"fields\":[{\"name\":\"messages\",\"version\":\"v25.0\"},{\"name\":\"messaging_postbacks\"}]}]}")
			.status,
		TRIXY_CHECK_OK);
	assert_int_equal(find(&test_facebook, CONVERSATIONS, NULL, 200, "{\"data\":[]}").status, TRIXY_CHECK_OK);
	assert_int_equal(find(&test_instagram, 0, NULL, 200,
			      "{\"data\":[{\"user_id\":\"17841400000000001\",\"username\":\"shop\",\"account_type\":"
			      "\"BUSINESS\"}]}")
				 .status,
			 TRIXY_CHECK_OK);
	assert_int_equal(find(&test_instagram, 0, NULL, 200, "{\"id\":\"5\",\"user_id\":17841400000000001}").status,
			 TRIXY_CHECK_OK);
}

static void finds_a_dead_token(void **state)
{
	struct trixy_finding f = find(&test_facebook, ME, NULL, 401, "{\"error\":{\"code\":190,\"error_subcode\":463}}");

	(void)state;
	assert_int_equal(f.status, TRIXY_CHECK_FAILED);
	assert_int_equal(f.reconnect, 1);
	assert_text(f.explanation, "The access token has expired.");
	f = find(&test_facebook, PERMISSIONS, "4242", 200, "{\"data\":{\"is_valid\":false,\"error\":{\"code\":190}}}");
	assert_int_equal(f.reconnect, 1);
	f = find(&test_instagram, 0, NULL, 400, "{\"error\":{\"code\":190}}");
	assert_int_equal(f.reconnect, 1);
}

/* The token is Meta's to judge, not the secret's. */
static void tells_a_wrong_app_secret_from_a_dead_token(void **state)
{
	static const char refused[] =
		"{\"error\":{\"code\":100,\"message\":\"Invalid appsecret_proof provided in the API argument\"}}";
	struct trixy_finding f;

	(void)state;
	assert_int_equal(find(&test_facebook, ME, NULL, 400, refused).status, TRIXY_CHECK_OK);
	f = find(&test_facebook, APP, NULL, 400, refused);
	assert_int_equal(f.status, TRIXY_CHECK_FAILED);
	assert_int_equal(f.reconnect, 0);
	assert_contains(f.fix, "App secret");
	f = find(&test_facebook, PERMISSIONS, "4242", 400,
		 "{\"error\":{\"code\":190,\"message\":\"Invalid OAuth access token signature.\"}}");
	assert_int_equal(f.status, TRIXY_CHECK_FAILED);
	assert_int_equal(f.reconnect, 0);
	assert_contains(f.explanation, "App Secret");
}

static void finds_what_is_set_up_wrongly(void **state)
{
	struct trixy_finding f;

	(void)state;
	f = find(&test_facebook, ME, NULL, 200, "{\"id\":\"77\",\"name\":\"Anna\"}");
	assert_int_equal(f.status, TRIXY_CHECK_FAILED);
	assert_contains(f.explanation, "Anna (77)");
	f = find(&test_facebook, LINK, NULL, 200, "{\"name\":\"Shop\"}");
	assert_contains(f.explanation, "not linked");
	f = find(&test_facebook, LINK, NULL, 200, "{\"instagram_business_account\":{\"id\":\"1\"}}");
	assert_contains(f.explanation, "another Instagram account: 1");
	f = find(&test_facebook, SUBSCRIBED, "4242", 200, "{\"data\":[{\"id\":\"1\"}]}");
	assert_int_equal(f.status, TRIXY_CHECK_FAILED);
	f = find(&test_facebook, SUBSCRIBED, NULL, 200, "{\"data\":[{\"id\":\"1\",\"subscribed_fields\":[\"messages\"]}]}");
	assert_int_equal(f.status, TRIXY_CHECK_WARNING);
	assert_contains(f.explanation, "messaging_postbacks");
	f = find(&test_facebook, CALLBACK, "4242", 200, "{\"data\":[]}");
	assert_contains(f.explanation, "no active webhook");
	f = find(&test_facebook, CALLBACK, "4242", 200, "{\"data\":[{\"object\":\"instagram\",\"active\":false}]}");
	assert_contains(f.explanation, "no active webhook");
	f = find(&test_facebook, CALLBACK, "4242", 200, "{\"data\":[{\"object\":\"instagram\",\"fields\":[\"messages\"]}]}");
	assert_contains(f.explanation, "lacks these fields: messaging_postbacks");
	f = find(&test_facebook, CONVERSATIONS, NULL, 403, "{\"error\":{\"code\":200,\"error_subcode\":2534041}}");
	assert_contains(f.fix, "Allow access to messages");
	f = find(&test_instagram, 0, NULL, 200, "{\"user_id\":\"5\"}");
	assert_contains(f.explanation, "user_id is 5");
	f = find(&test_instagram, 0, NULL, 200, "{\"user_id\":\"17841400000000001\",\"account_type\":\"PERSONAL\"}");
	assert_contains(f.explanation, "personal account");
}

static void finds_missing_permissions_and_expiry(void **state)
{
	static const char all[] =
		"\"instagram_basic\",\"instagram_manage_messages\",\"pages_messaging\",\"pages_manage_metadata\"";
	char body[512];
	struct trixy_finding f;

	(void)state;
	f = find(&test_facebook, PERMISSIONS, "4242", 200,
		 "{\"data\":{\"is_valid\":true,\"scopes\":[\"pages_messaging\",\"instagram_basic\"]}}");
	assert_int_equal(f.status, TRIXY_CHECK_FAILED);
	assert_text(f.explanation, "The token lacks: instagram_manage_messages, pages_manage_metadata");
	(void)snprintf(body, sizeof(body), "{\"data\":{\"is_valid\":true,\"expires_at\":1800403200,\"scopes\":[%s]}}", all);
	f = find(&test_facebook, PERMISSIONS, "4242", 200, body);
	assert_int_equal(f.status, TRIXY_CHECK_WARNING);
	assert_text(f.explanation, "The token expires on 2027-01-20.");
	(void)snprintf(body, sizeof(body), "{\"data\":{\"is_valid\":true,\"expires_at\":1709164800,\"scopes\":[%s]}}", all);
	assert_text(find(&test_facebook, PERMISSIONS, "4242", 200, body).explanation, "The token expires on 2024-02-29.");
}

static void finds_when_meta_does_not_answer(void **state)
{
	(void)state;
	for (uint32_t step = 0; step < FACEBOOK_STEPS; step++) {
		assert_contains(find(&test_facebook, step, "4242", 0, "").explanation, "could not be reached");
		assert_contains(find(&test_facebook, step, "4242", 502, "<html>").explanation, "HTTP status 502");
		assert_int_equal(find(&test_facebook, step, "4242", 500, "{\"error\":{\"code\":2}}").status,
				 TRIXY_CHECK_WARNING);
		assert_int_equal(find(&test_facebook, step, "4242", 400, "{\"error\":{\"code\":4}}").status,
				 TRIXY_CHECK_WARNING);
		(void)find(&test_facebook, step, "4242", 200, "{}");
		(void)find(&test_facebook, step, "4242", 200, "{\"data\":[[],5,null,{}],\"id\":[]}");
	}
}

static void subscribes(void **state)
{
	const struct trixy_answer yes = {.size = sizeof(yes), .http_status = 200, .body = TRIXY_TEXT("{\"success\":true}")};
	const struct trixy_answer no = {.size = sizeof(no), .http_status = 200, .body = TRIXY_TEXT("{\"success\":false}")};
	struct trixy_request r;
	struct trixy_finding f;

	(void)state;
	assert_int_equal(test_channel()->subscribe_request(&test_facebook, &memory.memory, &r), 0);
	assert_text(r.method, "POST");
	assert_text(r.url, "https://graph.facebook.com/v25.0/102290129340398/subscribed_apps"
			   "?subscribed_fields=messages,messaging_postbacks&appsecret_proof=" PROOF);
	assert_int_equal(test_channel()->subscribe_request(&test_instagram, &memory.memory, &r), 0);
	assert_text(r.url, "https://graph.instagram.com/v25.0/17841400000000001/subscribed_apps?subscribed_fields=messages,"
			   "messaging_postbacks,message_reactions,message_edit,messaging_seen,messaging_referral,standby");
	assert_int_equal(test_channel()->subscribe_answer(&test_facebook, &yes, &memory.memory, &f), 0);
	test_finding_check(&f);
	assert_int_equal(f.status, TRIXY_CHECK_OK);
	assert_int_equal(test_channel()->subscribe_answer(&test_facebook, &no, &memory.memory, &f), 0);
	test_finding_check(&f);
	assert_int_equal(f.status, TRIXY_CHECK_FAILED);
}

static int32_t profile(int64_t http_status, const char *body, struct trixy_profile *ret_profile)
{
	const struct trixy_answer answer = {.size = sizeof(answer), .http_status = http_status, .body = test_text(body)};

	return test_channel()->profile_answer(&test_facebook, &answer, &memory.memory, ret_profile);
}

static struct trixy_finding renewed(int64_t http_status, const char *body)
{
	const struct trixy_answer answer = {.size = sizeof(answer), .http_status = http_status, .body = test_text(body)};
	struct trixy_finding f;

	assert_int_equal(test_channel()->renew_answer(&test_instagram, &answer, &memory.memory, &f), 0);
	test_finding_check(&f);
	return f;
}

/* Meta: Instagram API with Instagram Login, "Refresh a long-lived token". */
static void renews_the_token_that_ends(void **state)
{
	struct trixy_finding f;
	struct trixy_request r;

	(void)state;
	assert_int_equal(test_channel()->renew_request(&test_facebook, &memory.memory, &r), 0);
	assert_text(r.method, "");
	assert_int_equal(test_channel()->renew_request(&test_instagram, &memory.memory, &r), 0);
	assert_text(r.method, "GET");
	assert_text(r.url, "https://graph.instagram.com/v25.0/refresh_access_token?grant_type=ig_refresh_token");
	assert_text(r.headers[0].value, "Bearer IGAAtoken");
	f = renewed(200, "{\"access_token\":\"IGAAnew\",\"token_type\":\"bearer\",\"expires_in\":5184000}");
	assert_int_equal(f.status, TRIXY_CHECK_OK);
	assert_contains(f.explanation, "60 days");
	assert_int_equal(f.learned_count, 1);
	assert_text(f.learned[0].name, "ig_access_token");
	assert_text(f.learned[0].value, "IGAAnew");
	assert_int_equal(renewed(200, "{}").status, TRIXY_CHECK_WARNING);
	assert_int_equal(renewed(200, "{\"access_token\":7}").learned_count, 0);
	assert_int_equal(renewed(503, "").learned_count, 0);
	assert_int_equal(renewed(400, "{\"error\":{\"code\":190,\"error_subcode\":463}}").reconnect, 1);
}

static void reads_a_profile(void **state)
{
	struct trixy_request r;
	struct trixy_profile p;

	(void)state;
	assert_int_equal(
		test_channel()->profile_request(&test_facebook, test_text("900000000000001"), &memory.memory, &r), 0);
	assert_text(r.url, "https://graph.facebook.com/v25.0/900000000000001?fields=name,username,profile_pic,follower_count"
			   "&appsecret_proof=" PROOF);
	assert_int_equal(test_channel()->profile_request(&test_facebook, test_text("../me"), &memory.memory, &r),
			 TRIXY_EINVAL);
	assert_int_equal(test_channel()->profile_request(&test_facebook, test_text(""), &memory.memory, &r), TRIXY_EINVAL);

	assert_int_equal(
		profile(200,
			"{\"name\":\"Anna "
			"\\u00c4\",\"username\":\"anna\",\"profile_pic\":\"https://x/p\",\"follower_count\":12}",
			&p),
		0);
	assert_int_equal(p.found, 1);
	assert_text(p.name, "Anna \xc3\x84");
	assert_text(p.handle, "anna");
	assert_text(p.picture_url, "https://x/p");
	assert_int_equal(p.follower_count, 12);

	assert_int_equal(profile(200, "{\"name\":null,\"username\":\"anna\",\"follower_count\":-3}", &p), 0);
	assert_text(p.name, NULL);
	assert_text(p.picture_url, NULL);
	assert_int_equal(p.follower_count, -1);
}

/* Meta's review robot has no profile; an app that drops its messages for that fails the review. */
static void does_without_a_profile(void **state)
{
	static const char *const final[] = {"{\"code\":230}",
					    "{\"code\":9010,\"type\":\"IGApiException\"}",
					    "{\"code\":100}",
					    "{\"code\":100,\"error_subcode\":33}",
					    "{\"code\":100,\"error_subcode\":2534014}",
					    "{\"code\":551}"};
	static const char *const passing[] = {
		"{\"code\":1}",	  "{\"code\":2}",  "{\"code\":4}",
		"{\"code\":190}", "{\"code\":10}", "{\"code\":100,\"message\":\"Invalid appsecret_proof\"}"};
	struct trixy_profile p;
	char body[256];

	(void)state;
	for (size_t i = 0; i < sizeof(final) / sizeof(final[0]); i++) {
		(void)snprintf(body, sizeof(body), "{\"error\":%s}", final[i]);
		assert_int_equal(profile(400, body, &p), 0);
		assert_int_equal(p.found, 0);
	}
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
		(void)snprintf(body, sizeof(body), "{\"error\":%s}", passing[i]);
		assert_int_equal(profile(400, body, &p), TRIXY_EINVAL);
	}
	assert_int_equal(profile(502, "<html>", &p), TRIXY_EINVAL);
	assert_int_equal(profile(0, "", &p), TRIXY_EINVAL);
}

static void survives_shortage(void **state)
{
	(void)state;
	for (uint32_t step = 0; step < FACEBOOK_STEPS; step++) {
		const struct trixy_answer answer = {
			.size = sizeof(answer), .http_status = 200, .body = TRIXY_TEXT("{\"id\":5,\"data\":[{}]}")};
		int32_t r = TRIXY_ENOMEM;

		for (uint64_t n = 0; r != 0 && n < 100; n++) {
			struct test_memory little;
			struct trixy_request request;
			struct trixy_finding finding;

			test_memory_init(&little, n);
			r = test_channel()->check_request(&test_facebook, step, test_text("4242"), &little.memory, &request);
			if (r == 0)
				r = test_channel()->check_answer(&test_facebook, step, test_text("4242"), &answer,
								 &little.memory, &finding);
			assert_true(r == 0 || r == TRIXY_ENOMEM);
			test_memory_done(&little);
		}
		assert_int_equal(r, 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(asks_facebook_step_by_step),
		TEST(asks_instagram_step_by_step),
		TEST(skips_what_needs_the_app_id),
		TEST(finds_all_well),
		TEST(finds_a_dead_token),
		TEST(tells_a_wrong_app_secret_from_a_dead_token),
		TEST(finds_what_is_set_up_wrongly),
		TEST(finds_missing_permissions_and_expiry),
		TEST(finds_when_meta_does_not_answer),
		TEST(subscribes),
		TEST(renews_the_token_that_ends),
		TEST(reads_a_profile),
		TEST(does_without_a_profile),
		TEST(survives_shortage),
	};

	return cmocka_run_group_tests_name("instagram account", tests, NULL, NULL);
}
