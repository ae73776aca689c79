/* Files both ways: asking where a customer's lies, and bringing ours to Meta. */
#include "assert.h"

static int32_t ask(const char *id, struct trixy_request *ret)
{
	const struct trixy_attachment a = {.size = sizeof(a), .type = TRIXY_MESSAGE_IMAGE, .external_id = test_text(id)};

	return test_channel()->media_request(&test_whatsapp, &a, &memory.memory, ret);
}

static void asks_where_a_file_lies(void **state)
{
	struct trixy_request r;

	(void)state;
	assert_int_equal(ask("1803", &r), 0);
	assert_text(r.method, "GET");
	assert_text(r.url, HOST "1803?phone_number_id=106540352242922&appsecret_proof=" PROOF);
	assert_text(r.headers[0].value, "Bearer EAAtoken");
	/* An id is a customer's word: it names no other path. */
	assert_int_equal(ask("../me/accounts?x=", &r), 0);
	assert_text(r.url, HOST "..%2Fme%2Faccounts%3Fx%3D?phone_number_id=106540352242922&appsecret_proof=" PROOF);
	assert_int_equal(ask(NULL, &r), TRIXY_EINVAL);
}

static struct trixy_media found(int64_t http_status, const char *body)
{
	const struct trixy_answer answer = {.size = sizeof(answer), .http_status = http_status, .body = test_text(body)};
	struct trixy_media m;

	assert_int_equal(test_channel()->media_answer(&test_whatsapp, &answer, &memory.memory, &m), 0);
	assert_int_equal(m.size, sizeof(m));
	assert_true(m.state == TRIXY_MEDIA_FOUND ? m.url.len > 0 : m.reason.len > 0);
	return m;
}

static void reads_where_a_file_lies(void **state)
{
	struct trixy_media m = found(200, "{\"messaging_product\":\"whatsapp\",\"url\":\"https:\\/\\/lookaside.fbsbx.com\\/x?mid=1&ext=2\","
					  "\"mime_type\":\"image/jpeg\",\"sha256\":\"3f9d\",\"file_size\":\"12345\",\"id\":\"1803\"}");

	(void)state;
	assert_int_equal(m.state, TRIXY_MEDIA_FOUND);
	assert_text(m.url, "https://lookaside.fbsbx.com/x?mid=1&ext=2");
	assert_text(m.mime_type, "image/jpeg");
	assert_text(m.sha256, "3f9d");
	assert_int_equal(m.byte_count, 12345);
	assert_int_equal(m.header_count, 1);
	assert_text(m.headers[0].name, "Authorization");
	assert_text(m.headers[0].value, "Bearer EAAtoken");
	m = found(200, "{\"url\":\"https://x.fbcdn.net/y\",\"file_size\":7}");
	assert_int_equal(m.byte_count, 7);
	assert_text(m.sha256, NULL);
	assert_int_equal(found(200, "{\"url\":\"https://x.fbcdn.net/y\",\"file_size\":-7}").byte_count, 0);
}

static void tells_gone_from_passing(void **state)
{
	static const struct {
		int64_t http_status;
		const char *body;
		uint32_t state;
	} rows[] = {
		{400, "{\"error\":{\"code\":100,\"error_subcode\":33,\"message\":\"Unsupported get request\"}}", TRIXY_MEDIA_GONE},
		{400, "{\"error\":{\"code\":100}}", TRIXY_MEDIA_GONE},
		{400, "{\"error\":{\"code\":131052}}", TRIXY_MEDIA_GONE},
		{400, "{\"error\":{\"code\":131051}}", TRIXY_MEDIA_GONE},
		{401, "{\"error\":{\"code\":190}}", TRIXY_MEDIA_RETRY},
		{400, "{\"error\":{\"code\":100,\"message\":\"Invalid appsecret_proof\"}}", TRIXY_MEDIA_RETRY},
		{403, "{\"error\":{\"code\":10}}", TRIXY_MEDIA_RETRY},
		{400, "{\"error\":{\"code\":80007}}", TRIXY_MEDIA_RETRY},
		{500, "{\"error\":{\"code\":2}}", TRIXY_MEDIA_RETRY},
		{500, "{\"error\":{\"code\":987654}}", TRIXY_MEDIA_RETRY},
		{502, "<html>", TRIXY_MEDIA_RETRY},
		{200, "{}", TRIXY_MEDIA_RETRY},
		{200, "{\"url\":\"\"}", TRIXY_MEDIA_RETRY},
		{0, "", TRIXY_MEDIA_RETRY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(found(rows[i].http_status, rows[i].body).state, rows[i].state);
}

static void uploads(void **state)
{
	struct trixy_draft draft = {.size = sizeof(draft), .media_type = TRIXY_MESSAGE_FILE, .mime_type = test_text("application/pdf"),
				    .file_name = test_text("a \"b\".pdf"), .byte_count = 9};
	struct trixy_request r;

	(void)state;
	assert_int_equal(test_channel()->upload_request(&test_whatsapp, &draft, &memory.memory, &r), 0);
	assert_text(r.method, "POST");
	assert_text(r.url, HOST "106540352242922/media?appsecret_proof=" PROOF);
	assert_text(r.headers[0].value, "Bearer EAAtoken");
	assert_int_equal(r.part_count, 3);
	assert_text(r.parts[0].name, "messaging_product");
	assert_text(r.parts[0].value, "whatsapp");
	assert_text(r.parts[1].name, "type");
	assert_text(r.parts[1].value, "application/pdf");
	assert_text(r.parts[2].name, "file");
	assert_int_equal(r.parts[2].is_file, 1);
	assert_text(r.parts[2].file_name, "a \"b\".pdf");
	assert_text(r.parts[2].mime_type, "application/pdf");
	draft.file_name = test_text(NULL);
	assert_int_equal(test_channel()->upload_request(&test_whatsapp, &draft, &memory.memory, &r), 0);
	assert_text(r.parts[2].file_name, "file");
	draft.mime_type = test_text(NULL);
	assert_int_equal(test_channel()->upload_request(&test_whatsapp, &draft, &memory.memory, &r), TRIXY_EINVAL);
}

static struct trixy_outcome uploaded(int64_t http_status, const char *body)
{
	const struct trixy_answer answer = {.size = sizeof(answer), .http_status = http_status, .body = test_text(body)};
	struct trixy_outcome o;

	assert_int_equal(test_channel()->upload_answer(&test_whatsapp, &answer, &memory.memory, &o), 0);
	test_outcome_check(&o);
	return o;
}

static void reads_uploads(void **state)
{
	(void)state;
	assert_int_equal(uploaded(200, "{\"id\":\"1013859600285441\"}").kind, TRIXY_SENT);
	assert_text(uploaded(200, "{\"id\":1013859600285441}").message_id, "1013859600285441");
	assert_int_equal(uploaded(400, "{\"error\":{\"code\":131053}}").kind, TRIXY_FAILED);
	assert_int_equal(uploaded(401, "{\"error\":{\"code\":190}}").kind, TRIXY_RECONNECT);
	assert_int_equal(uploaded(429, "{\"error\":{\"code\":80007}}").kind, TRIXY_PARK);
	/* Made again: nobody has seen anything of it. */
	assert_int_equal(uploaded(502, "<html>").kind, TRIXY_RETRY);
	assert_int_equal(uploaded(200, "{}").kind, TRIXY_RETRY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(asks_where_a_file_lies), TEST(reads_where_a_file_lies), TEST(tells_gone_from_passing),
		TEST(uploads),		      TEST(reads_uploads),
	};

	return cmocka_run_group_tests_name("whatsapp files", tests, NULL, NULL);
}
