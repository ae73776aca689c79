/* The registry of channels, and what a channel's constants and events must obey. */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limit.h"
#include "channel/channel.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- a channel that obeys ---- */

static int32_t read_webhook(struct trixy_text body, struct trixy_memory *memory, const struct trixy_sink *sink)
{
	(void)body, (void)memory, (void)sink;
	return 0;
}
static int32_t compose(const struct trixy_account *a, const struct trixy_draft *d, struct trixy_memory *m,
		       struct trixy_request *ret)
{
	(void)a, (void)d, (void)m, (void)ret;
	return 0;
}
static int32_t read_answer(const struct trixy_account *a, const struct trixy_answer *answer, struct trixy_memory *m,
			   struct trixy_outcome *ret)
{
	(void)a, (void)answer, (void)m, (void)ret;
	return 0;
}
static int32_t profile_request(const struct trixy_account *a, struct trixy_text key, struct trixy_memory *m,
			       struct trixy_request *ret)
{
	(void)a, (void)key, (void)m, (void)ret;
	return 0;
}
static int32_t profile_answer(const struct trixy_account *a, const struct trixy_answer *answer, struct trixy_memory *m,
			      struct trixy_profile *ret)
{
	(void)a, (void)answer, (void)m, (void)ret;
	return 0;
}
static int32_t check_request(const struct trixy_account *a, uint32_t step, struct trixy_text carry, struct trixy_memory *m,
			     struct trixy_request *ret)
{
	(void)a, (void)step, (void)carry, (void)m, (void)ret;
	return TRIXY_END;
}
static int32_t check_answer(const struct trixy_account *a, uint32_t step, struct trixy_text carry,
			    const struct trixy_answer *answer, struct trixy_memory *m, struct trixy_finding *ret)
{
	(void)a, (void)step, (void)carry, (void)answer, (void)m, (void)ret;
	return 0;
}
static int32_t subscribe_request(const struct trixy_account *a, struct trixy_memory *m, struct trixy_request *ret)
{
	(void)a, (void)m, (void)ret;
	return 0;
}

enum { FIELDS = 4, BACKENDS = 2 };

/* All of it changeable, so that a test can break one rule at a time. */
struct sample {
	struct trixy_backend backends[BACKENDS];
	struct trixy_field fields[FIELDS];
	struct trixy_tag tags[1];
	struct trixy_checklist_item items[1];
	struct trixy_checklist checklist[1];
	struct trixy_text webhook_fields[1];
	struct trixy_channel channel;
};

#define FIELD(name_, flags_, backends_) (struct trixy_field){ .size = sizeof(struct trixy_field), .flags = (flags_), \
	.max_bytes = 64, .backends = (backends_), .name = TRIXY_TEXT(name_), .label = TRIXY_TEXT("A label") }

static struct sample *sample(void)
{
	static struct sample s;

	s = (struct sample){ 0 };
	s.backends[0] = (struct trixy_backend){ .size = sizeof(s.backends[0]),
						.slug = TRIXY_TEXT("first"),
						.name = TRIXY_TEXT("First"),
						.base_url = TRIXY_TEXT("https://one.example"),
						.url_setting = TRIXY_TEXT("graph_url") };
	s.backends[1] = (struct trixy_backend){ .size = sizeof(s.backends[1]),
						.slug = TRIXY_TEXT("second"),
						.name = TRIXY_TEXT("Second"),
						.base_url = TRIXY_TEXT("https://two.example"),
						.url_setting = TRIXY_TEXT("instagram_graph_url") };
	s.fields[0] = FIELD("user_id", TRIXY_FIELD_KEY | TRIXY_FIELD_REQUIRED, 3);
	s.fields[1] = FIELD("secret", TRIXY_FIELD_SECRET | TRIXY_FIELD_SIGNS | TRIXY_FIELD_REQUIRED, 3);
	s.fields[2] = FIELD("page_token", TRIXY_FIELD_SECRET, 1);
	s.fields[3] = FIELD("title", TRIXY_FIELD_NAME, 2);
	s.tags[0] = (struct trixy_tag){ .size = sizeof(s.tags[0]), .tag = TRIXY_TEXT("HUMAN"), .label = TRIXY_TEXT("Human") };
	s.items[0] = (struct trixy_checklist_item){ TRIXY_TEXT("a"), TRIXY_TEXT("because") };
	s.checklist[0] = (struct trixy_checklist){
		.size = sizeof(s.checklist[0]), .item_count = 1, .title = TRIXY_TEXT("Do"), .items = s.items
	};
	s.webhook_fields[0] = (struct trixy_text)TRIXY_TEXT("messages");
	s.channel = (struct trixy_channel){
		.size = sizeof(s.channel),
		.text_unit = TRIXY_UNIT_BYTES,
		.text_max = 1000,
		.window_ms = DAY_MS,
		.tag_window_ms = 7 * DAY_MS,
		.slug = TRIXY_TEXT("sample"),
		.name = TRIXY_TEXT("Sample"),
		.window_error = TRIXY_TEXT("closed"),
		.webhook_path = TRIXY_TEXT("/addons/sample/webhook"),
		.account_table = TRIXY_TEXT("sample_accounts"),
		.api_version = TRIXY_TEXT("v1"),
		.backend_count = BACKENDS,
		.field_count = FIELDS,
		.tag_count = 1,
		.checklist_count = 1,
		.webhook_field_count = 1,
		.backends = s.backends,
		.fields = s.fields,
		.tags = s.tags,
		.checklist = s.checklist,
		.webhook_fields = s.webhook_fields,
		.read_webhook = read_webhook,
		.compose = compose,
		.read_answer = read_answer,
		.profile_request = profile_request,
		.profile_answer = profile_answer,
		.check_request = check_request,
		.check_answer = check_answer,
	};
	return &s;
}

/* ---- its constants ---- */

#define TEXT(lit) ((struct trixy_text)TRIXY_TEXT(lit))

static void break_slug(struct sample *s) { s->channel.slug = TEXT("Sample"); }
static void break_slug_len(struct sample *s) { s->channel.slug = TEXT("s"); }
static void break_size(struct sample *s) { s->channel.size = offsetof(struct trixy_channel, subscribe_answer); }
static void break_name(struct sample *s) { s->channel.name = TEXT("\xff"); }
static void break_pointer(struct sample *s) { s->channel.name = (struct trixy_text){ NULL, 5 }; }
static void break_unit(struct sample *s) { s->channel.text_unit = 3; }
static void break_text_max(struct sample *s) { s->channel.text_max = 3; }
static void break_text_max2(struct sample *s) { s->channel.text_max = UINT64_MAX; }
static void break_window(struct sample *s) { s->channel.window_ms = -1; }
static void break_window_words(struct sample *s) { s->channel.window_error = TEXT(""); }
static void break_table(struct sample *s) { s->channel.account_table = TEXT("users"); }
static void break_table2(struct sample *s) { s->channel.account_table = TEXT("other_accounts"); }
static void break_path(struct sample *s) { s->channel.webhook_path = TEXT("/api/webhooks/sample"); }
static void break_path2(struct sample *s) { s->channel.webhook_path = TEXT("/addons/other/webhook"); }
static void break_path3(struct sample *s) { s->channel.webhook_path = TEXT(""); }
static void break_backends(struct sample *s) { s->channel.backend_count = 0; }
static void break_backends2(struct sample *s) { s->channel.backend_count = 33; }
static void break_backends3(struct sample *s) { s->channel.backends = NULL; }
static void break_backend_size(struct sample *s) { s->backends[1].size++; }
static void break_backend_twice(struct sample *s) { s->backends[1].slug = s->backends[0].slug; }
static void break_base_url(struct sample *s) { s->backends[0].base_url = TEXT("file:///etc/passwd"); }
static void break_base_url2(struct sample *s) { s->backends[0].base_url = TEXT("https://one.example/"); }
static void break_fields(struct sample *s) { s->channel.field_count = 0; }
static void break_fields2(struct sample *s) { s->channel.field_count = 65; }
static void break_field_size(struct sample *s) { s->fields[2].size = 0; }
static void break_field_name(struct sample *s) { s->fields[2].name = TEXT("a-b"); }
static void break_field_name2(struct sample *s) { s->fields[2].name = TEXT("account_id"); }
static void break_field_name3(struct sample *s) { s->fields[2].name = s->fields[3].name; }
static void break_field_label(struct sample *s) { s->fields[2].label = TEXT(""); }
static void break_field_max(struct sample *s) { s->fields[2].max_bytes = 0; }
static void break_field_max2(struct sample *s) { s->fields[2].max_bytes = LIMIT_TEXT + 1; }
static void break_field_flag(struct sample *s) { s->fields[2].flags |= 512; }
static void break_field_backend(struct sample *s) { s->fields[2].backends = 4; }
static void break_field_backend2(struct sample *s) { s->fields[2].backends = 0; }
static void break_secret_key(struct sample *s) { s->fields[0].flags |= TRIXY_FIELD_SECRET; }
static void break_secret_name(struct sample *s) { s->fields[3].flags |= TRIXY_FIELD_SECRET; }
static void break_signs(struct sample *s) { s->fields[1].flags &= ~TRIXY_FIELD_SECRET; }
static void break_no_signs(struct sample *s) { s->fields[1].flags &= ~TRIXY_FIELD_SIGNS; }
static void break_no_key(struct sample *s) { s->fields[0].backends = 1; }
static void break_two_keys(struct sample *s) { s->fields[3].flags |= TRIXY_FIELD_KEY | TRIXY_FIELD_REQUIRED; }
static void break_key_optional(struct sample *s) { s->fields[0].flags &= ~TRIXY_FIELD_REQUIRED; }
static void break_tags(struct sample *s) { s->channel.tags = NULL; }
static void break_tag(struct sample *s) { s->tags[0].tag = TEXT(""); }
static void break_checklist(struct sample *s) { s->checklist[0].items = NULL; }
static void break_checklist2(struct sample *s) { s->items[0].name = TEXT("\xc3"); }
static void break_webhook_field(struct sample *s) { s->webhook_fields[0] = (struct trixy_text){ NULL, 0 }; }
static void break_compose(struct sample *s) { s->channel.compose = NULL; }
static void break_read(struct sample *s) { s->channel.read_webhook = NULL; }
static void break_subscribe(struct sample *s) { s->channel.subscribe_request = subscribe_request; }

static void broken_channels_are_refused(void **state)
{
	static void (*const breaks[])(struct sample *) = {
		break_slug,	     break_slug_len,	   break_size,	       break_name,
		break_pointer,	     break_unit,	   break_text_max,     break_text_max2,
		break_window,	     break_window_words,   break_table,	       break_table2,
		break_path,	     break_path2,	   break_path3,	       break_backends,
		break_backends2,     break_backends3,	   break_backend_size, break_backend_twice,
		break_base_url,	     break_base_url2,	   break_fields,       break_fields2,
		break_field_size,    break_field_name,	   break_field_name2,  break_field_name3,
		break_field_label,   break_field_max,	   break_field_max2,   break_field_flag,
		break_field_backend, break_field_backend2, break_secret_key,   break_secret_name,
		break_signs,	     break_no_signs,	   break_no_key,       break_two_keys,
		break_key_optional,  break_tags,	   break_tag,	       break_checklist,
		break_checklist2,    break_webhook_field,  break_compose,      break_read,
		break_subscribe,
	};
	struct channels *c;
	struct error err = { 0 };

	(void)state;
	check_ok(channels_new(&c, &err), &err);
	check_ok(channel_check(&sample()->channel, &err), &err);
	for (size_t k = 0; k < COUNT(breaks); k++) {
		struct sample *s = sample();

		breaks[k](s);
		err.text[0] = '\0';
		if (channels_add(c, &s->channel, &err) != ERR_INVALID || strlen(err.text) < 20)
			check_failed("break %zu was taken or has no words: '%s'", k, err.text);
	}
	assert_int_equal(channel_check(NULL, &err), ERR_INVALID);
	assert_int_equal(channels_list(c, (const struct trixy_channel *[CHANNELS_MAX]){ NULL }), 0);
	channels_free(c);
	channels_free(NULL);
}

/* ---- the registry ---- */

static void registry_finds_and_forgets(void **state)
{
	static struct trixy_channel many[CHANNELS_MAX + 1], newer, thief;
	static char slugs[CHANNELS_MAX + 1][16], tables[CHANNELS_MAX + 1][32], paths[CHANNELS_MAX + 1][40];
	const struct trixy_channel *list[CHANNELS_MAX];
	struct channels *c;
	struct error err = { 0 };

	(void)state;
	check_ok(channels_new(&c, &err), &err);
	for (size_t k = 0; k <= CHANNELS_MAX; k++) {
		many[k] = sample()->channel;
		(void)snprintf(slugs[k], sizeof(slugs[k]), "chan-%zu", k);
		(void)snprintf(tables[k], sizeof(tables[k]), "chan_%zu_accounts", k);
		(void)snprintf(paths[k], sizeof(paths[k]), "/addons/chan-%zu/webhook", k);
		many[k].slug = trixy_from_str(str_of(slugs[k]));
		many[k].account_table = trixy_from_str(str_of(tables[k]));
		many[k].webhook_path = trixy_from_str(str_of(paths[k]));
		check_is(channels_add(c, &many[k], &err), k < CHANNELS_MAX ? 0 : ERR_LIMIT, &err);
	}
	assert_int_equal(channels_list(c, list), CHANNELS_MAX);
	check_is(channels_add(c, &many[3], &err), ERR_EXISTS, &err);
	assert_ptr_equal(channels_find(c, STR("chan-7")), &many[7]);
	assert_ptr_equal(channels_by_path(c, STR("/addons/chan-7/webhook")), &many[7]);
	assert_null(channels_find(c, STR("chan")));
	assert_null(channels_by_path(c, STR("")));
	assert_null(channels_by_path(c, STR_NONE));
	newer = many[7];
	check_ok(channels_swap(c, &newer, &err), &err);
	assert_ptr_equal(channels_find(c, STR("chan-7")), &newer);
	channels_remove(c, STR("chan-7"));
	channels_remove(c, STR("chan-7"));
	assert_null(channels_find(c, STR("chan-7")));
	assert_ptr_equal(channels_find(c, STR("chan-31")), &many[31]);
	assert_int_equal(channels_list(c, list), CHANNELS_MAX - 1);
	thief = many[7];
	thief.text_unit = 9;
	check_is(channels_swap(c, &thief, &err), ERR_INVALID, &err);
	check_ok(channels_swap(c, &many[7], &err), &err);	/* nothing to take the place of: adds */
	channels_free(c);
}

struct reader {
	struct channels *c;
	atomic_bool stop;
};

static void *look(void *arg)
{
	struct reader *r = arg;
	const struct trixy_channel *list[CHANNELS_MAX];
	size_t seen = 0;

	while (!atomic_load(&r->stop)) {
		size_t n = channels_list(r->c, list);

		for (size_t k = 0; k < n; k++)
			seen += list[k]->text_max;
		seen += channels_find(r->c, STR("sample")) != NULL;
		seen += channels_by_path(r->c, STR("/addons/sample/webhook")) != NULL;
	}
	return (void *)(uintptr_t)(seen > SIZE_MAX / 2);
}

/* For ThreadSanitizer. */
static void registry_among_threads(void **state)
{
	struct sample *s = sample();
	struct reader r = { 0 };
	struct error err = { 0 };
	pthread_t threads[2];

	(void)state;
	check_ok(channels_new(&r.c, &err), &err);
	for (int k = 0; k < 2; k++)
		assert_int_equal(pthread_create(&threads[k], NULL, look, &r), 0);
	for (int k = 0; k < 200; k++) {
		check_ok(channels_add(r.c, &s->channel, &err), &err);
		check_ok(channels_swap(r.c, &s->channel, &err), &err);
		channels_remove(r.c, STR("sample"));
	}
	atomic_store(&r.stop, true);
	for (int k = 0; k < 2; k++)
		assert_int_equal(pthread_join(threads[k], NULL), 0);
	channels_free(r.c);
}

/* ---- one channel ---- */

static void questions_to_a_channel(void **state)
{
	struct sample *s = sample();
	struct config config = { .graph_url = STR(""), .instagram_graph_url = STR("http://127.0.0.1:9") };

	(void)state;
	assert_int_equal(channel_backend(&s->channel, STR("second")), 1);
	assert_int_equal(channel_backend(&s->channel, STR("third")), -1);
	check_str(channel_base_url(&s->channel, 0, &config), "https://one.example");
	check_str(channel_base_url(&s->channel, 1, &config), "http://127.0.0.1:9");
	assert_ptr_equal(channel_field(&s->channel, 1, TRIXY_FIELD_SECRET | TRIXY_FIELD_SIGNS), &s->fields[1]);
	assert_ptr_equal(channel_field(&s->channel, 1, TRIXY_FIELD_NAME), &s->fields[3]);
	assert_null(channel_field(&s->channel, 0, TRIXY_FIELD_NAME));
	assert_null(channel_field(&s->channel, -1, TRIXY_FIELD_KEY));
	assert_true(channel_is_core(STR("email")) && channel_is_core(STR("whatsapp")) && !channel_is_core(STR("instagram")));
}

static void text_is_cut_where_it_fits(void **state)
{
	struct sample *s = sample();
	char text[4001];

	(void)state;
	s->channel.text_max = 1000;
	memset(text, 'a', sizeof(text));
	assert_int_equal(channel_text_fits(&s->channel, (struct str){ text, 1000 }), 1000);
	assert_int_equal(channel_text_fits(&s->channel, (struct str){ text, 1001 }), 1000);
	memcpy(text + 999, "\xf0\x9f\x98\x80", 4);
	assert_int_equal(channel_text_fits(&s->channel, (struct str){ text, 1003 }), 999);
	s->channel.text_unit = TRIXY_UNIT_CHARACTERS;
	s->channel.text_max = 4;
	assert_int_equal(channel_text_fits(&s->channel, STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" "b")), 10);
	assert_int_equal(channel_text_fits(&s->channel, STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")), 10);
	assert_int_equal(channel_text_fits(&s->channel, STR("")), 0);
}

static void memory_is_the_arena(void **state)
{
	SCOPED(arena_done) struct arena a = { .max = 1000 };
	struct channel_memory m;

	(void)state;
	channel_memory_init(&m, &a);
	unsigned char *p = m.memory.alloc(&m.memory, 100);

	assert_non_null(p);
	for (int k = 0; k < 100; k++)
		assert_int_equal(p[k], 0);
	assert_null(m.memory.alloc(&m.memory, 2000));
	assert_null(m.memory.alloc(&m.memory, UINT64_MAX));
}

/* ---- events ---- */

static struct trixy_event event(void)
{
	return (struct trixy_event){ .size = sizeof(struct trixy_event),
				     .kind = TRIXY_EVENT_MESSAGE,
				     .message_kind = TRIXY_MESSAGE_TEXT,
				     .account_key = TRIXY_TEXT("1"),
				     .contact_key = TRIXY_TEXT("2"),
				     .message_id = TRIXY_TEXT("m"),
				     .at_ms = 1,
				     .text = TRIXY_TEXT("hi") };
}

static void refused(const char *what, struct trixy_event e)
{
	struct error err = { 0 };

	if (channel_event_check(&e, NULL) != ERR_INVALID || channel_event_check(&e, &err) != ERR_INVALID ||
	    strlen(err.text) < 10)
		check_failed("%s was taken, or has no words: '%s'", what, err.text);
}

static char long_text[LIMIT_TEXT + 2];

#define REFUSED(change) do { struct trixy_event e = event(); change; refused(#change, e); } while (0)

static void broken_events_are_refused(void **state)
{
	struct trixy_attachment at = { .size = sizeof(at),
				       .type = TRIXY_MESSAGE_IMAGE,
				       .url = TRIXY_TEXT("https://cdn.example/1") };
	struct trixy_attachment bad_size = at, bad_type = at, bad_url = at;
	struct error err = { 0 };
	struct trixy_event good = event();

	(void)state;
	memset(long_text, 'x', sizeof(long_text));
	bad_size.size--;
	bad_type.type = TRIXY_MESSAGE_TEXT;
	bad_url.url = (struct trixy_text){ long_text, LIMIT_URL + 1 };
	good.attachments = &at;
	good.attachment_count = 1;
	check_ok(channel_event_check(&good, &err), &err);
	good.text = (struct trixy_text){ long_text, LIMIT_TEXT };
	check_ok(channel_event_check(&good, &err), &err);
	good = (struct trixy_event){ .size = sizeof(good), .kind = TRIXY_EVENT_IGNORED, .account_key = TRIXY_TEXT("1") };
	check_ok(channel_event_check(&good, &err), &err);
	REFUSED(e.size = offsetof(struct trixy_event, contact_handle));
	REFUSED(e.kind = 0);
	REFUSED(e.kind = 9);
	REFUSED(e.flags = 128);
	REFUSED(e.message_kind = 0);
	REFUSED(e.message_kind = 22);
	REFUSED(e.account_key = TEXT(""));
	REFUSED(e.contact_key = TEXT(""));
	REFUSED(e.message_id = TEXT(""));
	REFUSED(e.at_ms = -1);
	REFUSED(e.at_ms = INT64_MAX);
	REFUSED(e.text = TEXT("\xed\xa0\x80"));
	REFUSED(e.text = TEXT("a\0b"));
	REFUSED(e.text = ((struct trixy_text){ long_text, LIMIT_TEXT + 1 }));
	REFUSED(e.text = ((struct trixy_text){ NULL, 3 }));
	REFUSED(e.text = ((struct trixy_text){ long_text, UINT64_MAX }));
	REFUSED(e.message_id = ((struct trixy_text){ long_text, LIMIT_EXTERNAL_ID + 1 }));
	REFUSED(e.contact_name = TEXT("\x80"));
	REFUSED(e.kind = TRIXY_EVENT_STATUS);
	REFUSED((e.kind = TRIXY_EVENT_STATUS, e.status = 5));
	REFUSED(e.attachment_count = 1);
	REFUSED((e.attachment_count = 65, e.attachments = &at));
	REFUSED((e.attachment_count = 1, e.attachments = &bad_size));
	REFUSED((e.attachment_count = 1, e.attachments = &bad_type));
	REFUSED((e.attachment_count = 1, e.attachments = &bad_url));
	REFUSED((e.kind = TRIXY_EVENT_IGNORED, e.account_key = TEXT("")));
	assert_int_equal(channel_event_check(NULL, &err), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_channels_are_refused), cmocka_unit_test(registry_finds_and_forgets),
		cmocka_unit_test(registry_among_threads), cmocka_unit_test(questions_to_a_channel),
		cmocka_unit_test(text_is_cut_where_it_fits), cmocka_unit_test(memory_is_the_arena),
		cmocka_unit_test(broken_events_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
