/* The constants, against the rules of the border and the guide; and deliveries too big for a payload file. */
#include "channel/channel.h"	/* before cmocka.h, whose fail is a macro */

#include "assert.h"

static void obeys_the_interface(void **state)
{
	struct error err = {0};

	(void)state;
	if (channel_check(test_channel(), &err) != 0)
		fail_msg("%s", err.text);
	assert_true(channel_is_core(STR("whatsapp")));
}

static void form_follows_the_guide(void **state)
{
	static const char *const labels[] = {"Phone Number ID", "Access Token", "Verify Token", "App Secret"};
	const struct trixy_channel *c = test_channel();

	(void)state;
	assert_int_equal(c->field_count, 7);
	for (uint32_t i = 0; i < c->field_count; i++) {
		bool learned = (c->fields[i].flags & TRIXY_FIELD_LEARNED) != 0;

		assert_true(c->fields[i].help.len > 0 && learned == (i >= 4));
		if (!learned)
			assert_text(c->fields[i].label, labels[i]);
		else
			assert_int_equal(c->fields[i].flags & (TRIXY_FIELD_REQUIRED | TRIXY_FIELD_SECRET | TRIXY_FIELD_KEY), 0);
	}
	assert_true(channel_field(c, 0, TRIXY_FIELD_KEY) == &c->fields[0]);
	assert_true(channel_field(c, 0, TRIXY_FIELD_VERIFY) == &c->fields[2]);
	assert_true(channel_field(c, 0, TRIXY_FIELD_SIGNS) == &c->fields[3]);
}

static void constants_are_the_references(void **state)
{
	const struct trixy_channel *c = test_channel();

	(void)state;
	assert_int_equal(c->text_unit, TRIXY_UNIT_CHARACTERS);
	assert_int_equal(c->text_max, 4096);
	assert_int_equal(c->window_ms, 86400000);
	assert_int_equal(c->tag_count, 0);
	assert_text(c->webhook_path, "/api/webhooks/whatsapp");
	assert_text(c->account_table, "whatsapp_accounts");
	assert_contains(c->window_error, "template");
	assert_int_equal(c->webhook_field_count, 1);
	assert_text(c->webhook_fields[0], "messages");
	assert_int_equal(c->text_style, TRIXY_STYLE_WHATSAPP);
	assert_true(c->profile_request == NULL && c->profile_answer == NULL);
}

static const struct trixy_media_rule *rule(uint32_t type)
{
	for (uint32_t i = 0; i < test_channel()->media_rule_count; i++)
		if (test_channel()->media_rules[i].type == type)
			return &test_channel()->media_rules[i];
	fail();
	return NULL;
}

static void files_follow_the_references_table(void **state)
{
	(void)state;
	assert_int_equal(rule(TRIXY_MESSAGE_IMAGE)->max_bytes, 5 << 20);
	assert_text(rule(TRIXY_MESSAGE_IMAGE)->mime_types, "image/jpeg image/png");
	assert_int_equal(rule(TRIXY_MESSAGE_VIDEO)->max_bytes, 16 << 20);
	assert_int_equal(rule(TRIXY_MESSAGE_AUDIO)->max_bytes, 16 << 20);
	assert_int_equal(rule(TRIXY_MESSAGE_AUDIO)->caption_max, 0);
	assert_int_equal(rule(TRIXY_MESSAGE_FILE)->max_bytes, 100 << 20);
	assert_int_equal(rule(TRIXY_MESSAGE_FILE)->caption_max, 1024);
	assert_int_equal(rule(TRIXY_MESSAGE_STICKER)->max_bytes, 500 << 10);
	assert_text(rule(TRIXY_MESSAGE_STICKER)->mime_types, "image/webp");
}

static int32_t read_body(struct trixy_text body, uint64_t allowed_events, uint64_t *ret_count)
{
	struct test_sink sink;
	int32_t r;

	test_memory_done(&memory);
	test_memory_init(&memory, UINT64_MAX);
	test_sink_init(&sink, NULL);
	sink.allowed = allowed_events;
	r = test_channel()->read_webhook(body, &memory.memory, &sink.sink);
	*ret_count = sink.count;
	return r;
}

/* Meta: up to 1000 updates in one delivery, each perhaps with its contact. */
static void reads_a_full_delivery(void **state)
{
	char *text = NULL;
	size_t len = 0;
	uint64_t count;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	(void)fprintf(out, "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\",\"changes\":[{\"field\":\"messages\",\"value\":{"
			   "\"metadata\":{\"phone_number_id\":\"106540352242922\"},\"contacts\":[");
	for (int i = 0; i < 1000; i++)
		(void)fprintf(out, "%s{\"profile\":{\"name\":\"N%d\"},\"wa_id\":\"%d\"}", i > 0 ? "," : "", i, 100000 + i);
	(void)fprintf(out, "],\"messages\":[");
	for (int i = 0; i < 1000; i++)
		(void)fprintf(out, "%s{\"from\":\"%d\",\"id\":\"wamid.%d\",\"timestamp\":\"1764000000\",\"type\":\"text\",\"text\":{\"body\":\"%01000d\"}}",
			      i > 0 ? "," : "", 100999 - i, i, i);
	(void)fprintf(out, "]}}]}]}");
	(void)fclose(out);
	assert_int_equal(read_body((struct trixy_text){text, len}, UINT64_MAX, &count), 0);
	assert_int_equal(count, 1000);
	/* A sink that wants no more is not asked again. */
	assert_int_equal(read_body((struct trixy_text){text, len}, 10, &count), TRIXY_ENOMEM);
	assert_int_equal(count, 10);
	free(text);
}

/* A body is not NUL-terminated, and may end anywhere. */
static void reads_no_further_than_the_body(void **state)
{
	static const char whole[] = "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\",\"changes\":[{\"field\":\"messages\",\"value\":{"
				    "\"metadata\":{\"phone_number_id\":\"2\"},\"messages\":[{\"from\":\"3\",\"id\":\"w\",\"timestamp\":\"1764000000\","
				    "\"type\":\"text\",\"text\":{\"body\":\"\\u00e4\"}}]}}]}]}";

	(void)state;
	for (size_t len = 0; len < sizeof(whole); len++) {
		char *part = malloc(len > 0 ? len : 1);
		uint64_t count;

		assert_non_null(part);
		memcpy(part, whole, len);
		assert_int_equal(read_body((struct trixy_text){part, len}, UINT64_MAX, &count), len == sizeof(whole) - 1 ? 0 : TRIXY_EINVAL);
		free(part);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(obeys_the_interface),	   TEST(form_follows_the_guide), TEST(constants_are_the_references),
		TEST(files_follow_the_references_table), TEST(reads_a_full_delivery),	 TEST(reads_no_further_than_the_body),
	};

	return cmocka_run_group_tests_name("whatsapp channel", tests, NULL, NULL);
}
