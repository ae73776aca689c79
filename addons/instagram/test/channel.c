/* The constants, against each other, the manifest and the migrations; and deliveries too big for a payload file. */
#include "support.h"

/* cmocka.h needs these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static const char *directory;

static struct json_object *load(const char *name)
{
	struct json_object *object;
	struct trixy_text text;
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	text = test_file(path);
	{
		struct json_tokener *tokener = json_tokener_new();

		object = json_tokener_parse_ex(tokener, text.p, (int)text.len);
		json_tokener_free(tokener);
	}
	free((void *)(uintptr_t)text.p);
	assert_non_null(object);
	return object;
}

static struct json_object *get(struct json_object *object, const char *name)
{
	struct json_object *member = NULL;

	assert_true(json_object_object_get_ex(object, name, &member));
	return member;
}

static const char *get_string(struct json_object *object, const char *name)
{
	return json_object_get_string(get(object, name));
}

static void manifest_says_what_the_library_says(void **state)
{
	const struct trixy_addon *addon = trixy_addon_entry();
	struct json_object *manifest = load("addon.json");

	(void)state;
	assert_true(test_text_is(addon->slug, get_string(manifest, "slug")));
	assert_true(test_text_is(addon->name, get_string(manifest, "name")));
	assert_true(test_text_is(addon->version, get_string(manifest, "version")));
	assert_true(test_text_is(addon->channel->slug, get_string(manifest, "channel")));
	assert_int_equal(json_object_get_int(get(get(manifest, "abi"), "major")), addon->abi_major);
	assert_int_equal(json_object_get_int(get(get(manifest, "abi"), "minor")), addon->abi_minor);
	assert_int_equal(json_object_array_length(get(manifest, "migrations")), 2);
	(void)json_object_put(manifest);
}

/* Every form field has its column, of the same size, sealed where it is secret; every column has a comment. */
static void account_table_holds_the_fields(void **state)
{
	const struct trixy_channel *channel = test_channel();
	struct json_object *migration = load("migrations/001_accounts.json");
	struct json_object *create = get(json_object_array_get_idx(get(migration, "steps"), 0), "create_account_table");
	struct json_object *columns = get(create, "columns");

	(void)state;
	assert_true(test_text_is(channel->account_table, get_string(create, "table")));
	assert_int_equal(json_object_array_length(columns), channel->field_count);
	for (size_t c = 0; c < channel->field_count; c++) {
		struct json_object *column = json_object_array_get_idx(columns, c);
		const struct trixy_field *field = NULL;

		for (uint32_t i = 0; i < channel->field_count; i++)
			if (test_text_is(channel->fields[i].name, get_string(column, "name")))
				field = &channel->fields[i];
		assert_non_null(field);
		if (field == NULL)
			continue;
		assert_string_equal(get_string(column, "type"), field->flags & TRIXY_FIELD_SECRET ? "secret" : "text");
		assert_int_equal(json_object_get_int64(get(column, "max_bytes")), field->max_bytes);
		assert_true(strlen(get_string(column, "comment")) > 10);
	}
	(void)json_object_put(migration);
}

/* The guide's Step 3, word by word and in its order. */
static void form_follows_the_guide(void **state)
{
	static const char *const facebook[] = {"Page ID",     "Page Name",	   "IG User ID",
					       "IG Username", "Page Access Token", "App Secret"};
	static const char *const instagram[] = {"IG User ID", "IG Username", "Instagram Access Token", "App Secret"};
	const struct trixy_channel *channel = test_channel();
	size_t f = 0, i = 0;
	uint32_t keys[2] = {0, 0}, signs[2] = {0, 0};

	(void)state;
	for (uint32_t n = 0; n < channel->field_count; n++) {
		const struct trixy_field *field = &channel->fields[n];

		assert_int_equal(field->size, sizeof(*field));
		assert_true(field->help.len > 0 && field->max_bytes > 0);
		if (field->backends & 1)
			assert_true(f < 6 && test_text_is(field->label, facebook[f++]));
		if (field->backends & 2)
			assert_true(i < 4 && test_text_is(field->label, instagram[i++]));
		for (uint32_t b = 0; b < 2; b++) {
			keys[b] += (field->backends >> b & 1) && (field->flags & TRIXY_FIELD_KEY);
			signs[b] += (field->backends >> b & 1) && (field->flags & TRIXY_FIELD_SIGNS);
		}
	}
	assert_int_equal(f, 6);
	assert_int_equal(i, 4);
	for (uint32_t b = 0; b < 2; b++) {
		assert_int_equal(keys[b], 1);
		assert_int_equal(signs[b], 1);
	}
}

static void constants_are_the_guides(void **state)
{
	const struct trixy_channel *c = test_channel();

	(void)state;
	assert_int_equal(c->text_unit, TRIXY_UNIT_BYTES);
	assert_int_equal(c->text_max, 1000);
	assert_int_equal(c->window_ms, 86400000);
	assert_int_equal(c->tag_window_ms, 604800000);
	assert_true(test_text_is(c->window_error, "Cannot DM, customer outside 24-hour window"));
	assert_true(test_text_is(c->webhook_path, "/addons/instagram/webhook"));
	assert_int_equal(c->webhook_field_count, 2);
	assert_true(test_text_is(c->webhook_fields[0], "messages"));
	assert_true(test_text_is(c->webhook_fields[1], "messaging_postbacks"));
	assert_int_equal(c->tag_count, 1);
	assert_true(test_text_is(c->tags[0].tag, "HUMAN_AGENT"));
	assert_true(test_text_is(c->backends[0].slug, "facebook") && test_text_is(c->backends[0].url_setting, "graph_url"));
	assert_true(test_text_is(c->backends[1].slug, "instagram") &&
		    test_text_is(c->backends[1].url_setting, "instagram_graph_url"));
}

static void checklist_names_every_permission(void **state)
{
	static const char *const names[] = {"instagram_basic", "instagram_manage_messages",
					    "pages_messaging", "pages_manage_metadata",
					    "messages",	       "messaging_postbacks"};
	const struct trixy_channel *c = test_channel();

	(void)state;
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		bool found = false;

		for (uint32_t i = 0; i < c->checklist_count; i++)
			for (uint32_t k = 0; k < c->checklist[i].item_count; k++)
				found |= test_text_is(c->checklist[i].items[k].name, names[n]) &&
					 c->checklist[i].items[k].reason.len > 0;
		if (!found)
			fail_msg("%s is not in the checklist", names[n]);
	}
}

static int32_t read_body(struct trixy_text body, uint64_t allowed_events, uint64_t *ret_count)
{
	struct test_memory memory;
	struct test_sink sink;
	int32_t r;

	test_memory_init(&memory, UINT64_MAX);
	test_sink_init(&sink, NULL);
	sink.allowed = allowed_events;
	r = test_channel()->read_webhook(body, &memory.memory, &sink.sink);
	test_memory_done(&memory);
	*ret_count = sink.count;
	return r;
}

/* Meta: up to 1000 updates in one delivery. */
static void reads_a_full_delivery(void **state)
{
	char *text = NULL;
	size_t len = 0;
	uint64_t count;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	(void)fprintf(out, "{\"object\":\"instagram\",\"entry\":[{\"id\":\"17841400000000001\",\"time\":1764000000123,"
			   "\"messaging\":[");
	for (int i = 0; i < 1000; i++)
		(void)fprintf(out,
			      "%s{\"sender\":{\"id\":\"900000000000001\"},\"recipient\":{\"id\":\"17841400000000001\"},"
			      "\"timestamp\":%d,\"message\":{\"mid\":\"m%d\",\"text\":\"%01000d\"}}",
			      i > 0 ? "," : "", i + 1, i, i);
	(void)fprintf(out, "]}]}");
	(void)fclose(out);
	assert_int_equal(read_body((struct trixy_text){text, len}, UINT64_MAX, &count), 0);
	assert_int_equal(count, 1000);
	/* A sink that wants no more is not asked again. */
	assert_int_equal(read_body((struct trixy_text){text, len}, 10, &count), TRIXY_ENOMEM);
	assert_int_equal(count, 10);
	free(text);
}

/* Nobody has signed it yet: a few megabytes must not become hundreds. */
static void refuses_a_body_of_too_many_values(void **state)
{
	static const char head[] = "{\"object\":\"instagram\",\"entry\":[";
	size_t len = 3u << 20;
	char *text = malloc(len);
	uint64_t count;

	(void)state;
	assert_non_null(text);
	memcpy(text, head, sizeof(head) - 1);
	for (size_t i = sizeof(head) - 1; i < len; i++)
		text[i] = i & 1 ? ',' : '0';
	assert_int_equal(read_body((struct trixy_text){text, len}, UINT64_MAX, &count), TRIXY_EINVAL);
	assert_int_equal(count, 0);
	free(text);
}

/* A body is not NUL-terminated, and may end anywhere. */
static void reads_no_further_than_the_body(void **state)
{
	static const char whole[] =
		"{\"object\":\"instagram\",\"entry\":[{\"id\":\"1\",\"messaging\":[{\"sender\":{\"id\":\"2\"},"
		"\"recipient\":{\"id\":\"1\"},\"timestamp\":1764000000123,\"message\":{\"mid\":\"m\",\"text\":"
		"\"\\u00e4\"}}]}]}";

	(void)state;
	for (size_t len = 0; len < sizeof(whole); len++) {
		char *part = malloc(len > 0 ? len : 1);
		uint64_t count;

		assert_non_null(part);
		memcpy(part, whole, len);
		assert_int_equal(read_body((struct trixy_text){part, len}, UINT64_MAX, &count),
				 len == sizeof(whole) - 1 ? 0 : TRIXY_EINVAL);
		free(part);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manifest_says_what_the_library_says),
		cmocka_unit_test(account_table_holds_the_fields),
		cmocka_unit_test(form_follows_the_guide),
		cmocka_unit_test(constants_are_the_guides),
		cmocka_unit_test(checklist_names_every_permission),
		cmocka_unit_test(reads_a_full_delivery),
		cmocka_unit_test(refuses_a_body_of_too_many_values),
		cmocka_unit_test(reads_no_further_than_the_body),
	};

	if (argc != 2)
		return 2;
	directory = argv[1];
	return cmocka_run_group_tests_name("instagram channel", tests, NULL, NULL);
}
