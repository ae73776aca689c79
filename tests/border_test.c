/* ABI 1.0 and 1.1 side by side: channels, events and attachments of both sizes pass the border, and nothing that one of 1.0 does
 * not have is looked for behind its end. Every short struct here lies at the end of its memory, so that AddressSanitizer sees
 * who reads on. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limit.h"
#include "channel/channel.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TEXT(lit) ((struct trixy_text)TRIXY_TEXT(lit))

enum {
	CHANNEL_1_0 = offsetof(struct trixy_channel, can),
	EVENT_1_0 = offsetof(struct trixy_event, other_contact_key),
	ATTACHMENT_1_0 = offsetof(struct trixy_attachment, flags),
};

/* ---- a channel of 1.1 that uses all of it ---- */

static int32_t read_webhook(struct trixy_text body, struct trixy_memory *m, const struct trixy_sink *sink)
{
	(void)body, (void)m, (void)sink;
	return 0;
}
static int32_t draft(const struct trixy_account *a, const struct trixy_draft *d, struct trixy_memory *m, struct trixy_request *ret)
{
	(void)a, (void)d, (void)m, (void)ret;
	return 0;
}
static int32_t outcome(const struct trixy_account *a, const struct trixy_answer *x, struct trixy_memory *m, struct trixy_outcome *ret)
{
	(void)a, (void)x, (void)m, (void)ret;
	return 0;
}
static int32_t text_request(const struct trixy_account *a, struct trixy_text t, struct trixy_memory *m, struct trixy_request *ret)
{
	(void)a, (void)t, (void)m, (void)ret;
	return 0;
}
static int32_t profile_answer(const struct trixy_account *a, const struct trixy_answer *x, struct trixy_memory *m, struct trixy_profile *ret)
{
	(void)a, (void)x, (void)m, (void)ret;
	return 0;
}
static int32_t check_request(const struct trixy_account *a, uint32_t step, struct trixy_text carry, struct trixy_memory *m,
			     struct trixy_request *ret)
{
	(void)a, (void)step, (void)carry, (void)m, (void)ret;
	return TRIXY_END;
}
static int32_t check_answer(const struct trixy_account *a, uint32_t step, struct trixy_text carry, const struct trixy_answer *x,
			    struct trixy_memory *m, struct trixy_finding *ret)
{
	(void)a, (void)step, (void)carry, (void)x, (void)m, (void)ret;
	return 0;
}
static int32_t media_request(const struct trixy_account *a, const struct trixy_attachment *t, struct trixy_memory *m, struct trixy_request *ret)
{
	(void)a, (void)t, (void)m, (void)ret;
	return 0;
}
static int32_t media_answer(const struct trixy_account *a, const struct trixy_answer *x, struct trixy_memory *m, struct trixy_media *ret)
{
	(void)a, (void)x, (void)m, (void)ret;
	return 0;
}
static int32_t templates_answer(const struct trixy_account *a, const struct trixy_answer *x, struct trixy_memory *m,
				struct trixy_templates *ret)
{
	(void)a, (void)x, (void)m, (void)ret;
	return 0;
}

/* A media rule of a later minor version: longer than ours. */
struct long_rule {
	struct trixy_media_rule rule;
	uint64_t later;
};

struct sample {
	struct trixy_backend backends[1];
	struct trixy_field fields[3];
	struct long_rule rules[2];
	struct trixy_text reactions[2], hosts[2];
	struct trixy_channel channel;
};

#define ALL_CAN (TRIXY_CAN_QUOTE | TRIXY_CAN_REACT | TRIXY_CAN_SEEN | TRIXY_CAN_TYPING | TRIXY_CAN_TEMPLATES | TRIXY_CAN_VOICE)
#define FIELD(name_, flags_) (struct trixy_field){ .size = sizeof(struct trixy_field), .flags = (flags_), .max_bytes = 64, .backends = 1, \
	.name = TRIXY_TEXT(name_), .label = TRIXY_TEXT("A label") }
#define RULE(type_, types_) (struct long_rule){ .rule = { .size = sizeof(struct long_rule), .type = (type_), .max_bytes = 1000, \
	.caption_max = 100, .mime_types = TRIXY_TEXT(types_), .help = TRIXY_TEXT("Save it as PNG.") } }

static struct sample *sample(void)
{
	static struct sample s;

	s = (struct sample){ 0 };
	s.backends[0] = (struct trixy_backend){ .size = sizeof(s.backends[0]), .slug = TRIXY_TEXT("b"), .name = TRIXY_TEXT("B"),
		.base_url = TRIXY_TEXT("https://b.example") };
	s.fields[0] = FIELD("number", TRIXY_FIELD_KEY | TRIXY_FIELD_REQUIRED);
	s.fields[1] = FIELD("secret", TRIXY_FIELD_SECRET | TRIXY_FIELD_SIGNS | TRIXY_FIELD_REQUIRED);
	s.fields[2] = FIELD("title", TRIXY_FIELD_NAME | TRIXY_FIELD_LEARNED);
	s.rules[0] = RULE(TRIXY_MESSAGE_IMAGE, "image/jpeg image/png");
	s.rules[1] = RULE(TRIXY_MESSAGE_AUDIO, "audio/ogg");
	s.reactions[0] = TEXT("\xe2\x9d\xa4");
	s.reactions[1] = TEXT("\xf0\x9f\x91\x8d");
	s.hosts[0] = TEXT("media.example");
	s.hosts[1] = TEXT("cdn-1.other.example");
	s.channel = (struct trixy_channel){ .size = sizeof(s.channel), .text_unit = TRIXY_UNIT_CHARACTERS, .text_max = 4096, .window_ms = DAY_MS,
		.slug = TRIXY_TEXT("sample"), .name = TRIXY_TEXT("Sample"), .window_error = TRIXY_TEXT("closed"),
		.webhook_path = TRIXY_TEXT("/addons/sample/webhook"), .account_table = TRIXY_TEXT("sample_accounts"), .api_version = TRIXY_TEXT("v1"),
		.backend_count = 1, .field_count = 3, .backends = s.backends, .fields = s.fields, .read_webhook = read_webhook, .compose = draft,
		.read_answer = outcome, .check_request = check_request, .check_answer = check_answer, .can = ALL_CAN,
		.text_style = TRIXY_STYLE_WHATSAPP, .media_rule_count = 2, .reaction_count = 2, .media_host_count = 2,
		.media_rules = &s.rules[0].rule, .reactions = s.reactions, .media_hosts = s.hosts, .media_request = media_request,
		.media_answer = media_answer, .upload_request = draft, .upload_answer = outcome, .templates_request = text_request,
		.templates_answer = templates_answer };
	return &s;
}

static void a_channel_of_1_1_is_asked(void **state)
{
	const struct trixy_channel *c = &sample()->channel;
	struct error err = { 0 };
	uint32_t count;

	(void)state;
	check_ok(channel_check(c, &err), &err);
	assert_true(channel_can(c, TRIXY_CAN_QUOTE) && channel_can(c, ALL_CAN));
	assert_int_equal(channel_text_style(c), TRIXY_STYLE_WHATSAPP);
	assert_int_equal(channel_media_rule(c, TRIXY_MESSAGE_AUDIO)->max_bytes, 1000);
	assert_null(channel_media_rule(c, TRIXY_MESSAGE_VIDEO));
	assert_int_equal(channel_media_rule_at(c, 1)->type, TRIXY_MESSAGE_AUDIO);
	assert_null(channel_media_rule_at(c, 2));
	assert_ptr_equal(channel_reactions(c, &count), c->reactions);
	assert_int_equal(count, 2);
	assert_true(channel_has_media(c) && channel_asks_media(c) && channel_uploads(c));
	assert_false(channel_asks_profile(c));
	sample()->channel.can = TRIXY_CAN_QUOTE;
	assert_true(channel_can(c, TRIXY_CAN_QUOTE));
	assert_false(channel_can(c, TRIXY_CAN_QUOTE | TRIXY_CAN_REACT));
}

static void media_hosts_are_hosts_and_all_below(void **state)
{
	const struct trixy_channel *c = &sample()->channel;

	(void)state;
	assert_true(channel_has_media_host(c, STR("media.example")));
	assert_true(channel_has_media_host(c, STR("a.b.Media.EXAMPLE")));
	assert_true(channel_has_media_host(c, STR("cdn-1.other.example")));
	assert_false(channel_has_media_host(c, STR("other.example")));
	assert_false(channel_has_media_host(c, STR("multimedia.example")));
	assert_false(channel_has_media_host(c, STR("media.example.evil.example")));
	assert_false(channel_has_media_host(c, STR("")));
	assert_false(channel_has_media_host(c, STR_NONE));
}

static void mime_types_are_found_in_their_list(void **state)
{
	struct trixy_text types = TEXT("image/jpeg image/png");

	(void)state;
	assert_true(channel_mime_listed(types, STR("image/png")));
	assert_true(channel_mime_listed(types, STR("Image/JPEG; charset=x")));
	assert_false(channel_mime_listed(types, STR("image/p")));
	assert_false(channel_mime_listed(types, STR("image/jpeg image/png")));
	assert_false(channel_mime_listed(types, STR("")));
	assert_false(channel_mime_listed((struct trixy_text){ 0 }, STR("image/png")));
}

/* A struct as an addon of 1.0 was compiled with it: nothing lies behind its end. The caller frees it. */
static void *cut_off(const void *whole, size_t size)
{
	void *p = malloc(size);

	assert_non_null(p);
	memcpy(p, whole, size);
	return p;
}

static int check_old(const struct trixy_channel *whole, struct error *err)
{
	void *c = cut_off(whole, CHANNEL_1_0);
	int r = channel_check(c, err);

	free(c);
	return r;
}

static void a_channel_of_1_0_can_none_of_it(void **state)
{
	struct trixy_channel whole = sample()->channel;
	struct error err = { 0 };
	uint32_t count = 7;

	(void)state;
	whole.size = CHANNEL_1_0;
	check_is(check_old(&whole, &err), ERR_INVALID, &err);		/* no questions about customers: only since 1.1 */
	whole.profile_request = text_request;
	check_is(check_old(&whole, &err), ERR_INVALID, &err);		/* one of a pair: never */
	whole.profile_answer = profile_answer;
	check_ok(check_old(&whole, &err), &err);
	const struct trixy_channel *c = cut_off(&whole, CHANNEL_1_0);

	for (uint32_t bit = 1; bit <= TRIXY_TYPING_IS_SEEN; bit *= 2)
		assert_false(channel_can(c, bit));
	assert_int_equal(channel_text_style(c), TRIXY_STYLE_PLAIN);
	assert_null(channel_media_rule(c, TRIXY_MESSAGE_IMAGE));
	assert_null(channel_media_rule_at(c, 0));
	assert_null(channel_reactions(c, &count));
	assert_int_equal(count, 0);
	assert_false(channel_has_media(c) || channel_has_media_host(c, STR("media.example")) || channel_asks_media(c) || channel_uploads(c));
	assert_true(channel_asks_profile(c));
	free((void *)(uintptr_t)c);
}

static void a_longer_channel_of_the_future_passes(void **state)
{
	struct { struct trixy_channel channel; uint64_t later; } *c = calloc(1, sizeof(*c));
	struct error err = { 0 };

	(void)state;
	assert_non_null(c);
	c->channel = sample()->channel;
	c->channel.size = sizeof(*c);
	check_ok(channel_check(&c->channel, &err), &err);
	assert_true(channel_can(&c->channel, ALL_CAN));
	free(c);
}

#define BREAK(change) do { struct sample *s = sample(); struct error err = { 0 }; change; \
	if (channel_check(&s->channel, &err) != ERR_INVALID || strlen(err.text) < 20) check_failed("%s: taken, or no words: '%s'", #change, err.text); \
} while (0)

static void broken_abilities_are_refused(void **state)
{
	(void)state;
	BREAK(s->channel.size = CHANNEL_1_0 + 8);
	BREAK(s->channel.size = offsetof(struct trixy_channel, templates_answer));
	BREAK(s->channel.can |= 2 * TRIXY_TYPING_IS_SEEN);
	BREAK(s->channel.text_style = 2);
	BREAK(s->channel.profile_request = text_request);
	BREAK(s->channel.media_answer = NULL);
	BREAK(s->channel.upload_request = NULL);
	BREAK(s->channel.templates_answer = NULL);
	BREAK((s->channel.templates_request = NULL, s->channel.templates_answer = NULL));
	BREAK(s->channel.can &= ~TRIXY_CAN_TEMPLATES);
	BREAK(s->channel.can &= ~TRIXY_CAN_REACT);
	BREAK(s->channel.media_rule_count = 0);
	BREAK(s->channel.media_rule_count = 1);		/* voice without audio */
	BREAK(s->channel.media_host_count = 0);
	BREAK(s->channel.media_rules = NULL);
	BREAK(s->channel.reactions = NULL);
	BREAK(s->channel.media_hosts = NULL);
	BREAK(s->channel.media_rule_count = 65);
	BREAK(s->channel.reaction_count = 65);
	BREAK(s->rules[1].rule.size = sizeof(struct trixy_media_rule));
	BREAK(s->rules[1].rule.type = TRIXY_MESSAGE_IMAGE);
	BREAK(s->rules[1].rule.type = TRIXY_MESSAGE_TEXT);
	BREAK(s->rules[1].rule.type = 4000000000u);
	BREAK(s->rules[0].rule.max_bytes = 0);
	BREAK(s->rules[0].rule.max_bytes = LIMIT_FILE + 1u);
	BREAK(s->rules[0].rule.caption_max = UINT32_MAX);
	BREAK(s->rules[0].rule.mime_types = TEXT(""));
	BREAK(s->rules[0].rule.mime_types = TEXT("image"));
	BREAK(s->rules[0].rule.mime_types = TEXT("image/"));
	BREAK(s->rules[0].rule.mime_types = TEXT("image/PNG"));
	BREAK(s->rules[0].rule.mime_types = TEXT("image/png, image/jpeg"));
	BREAK(s->rules[0].rule.mime_types = TEXT("image/png  image/jpeg"));
	BREAK(s->rules[0].rule.mime_types = TEXT("image/png "));
	BREAK(s->rules[0].rule.help = TEXT("\xff"));
	BREAK(s->reactions[1] = TEXT(""));
	BREAK(s->hosts[1] = TEXT("Media.example"));
	BREAK(s->hosts[1] = TEXT("example"));
	BREAK(s->hosts[1] = TEXT(".example"));
	BREAK(s->hosts[1] = TEXT("a..example"));
	BREAK(s->hosts[1] = TEXT("media.example."));
	BREAK(s->hosts[1] = TEXT("media.example/x"));
	BREAK(s->hosts[1] = TEXT("https://media.example"));
	BREAK(s->hosts[1] = ((struct trixy_text){ NULL, 9 }));
	BREAK(s->fields[2].flags |= TRIXY_FIELD_REQUIRED);
	BREAK((s->fields[2].flags |= TRIXY_FIELD_SECRET, s->fields[2].flags &= ~TRIXY_FIELD_NAME));
	BREAK(s->fields[0].flags |= TRIXY_FIELD_LEARNED);
	BREAK(s->fields[2].flags |= TRIXY_FIELD_VERIFY);
}

/* ---- events ---- */

static const struct trixy_pair details[] = { { TRIXY_TEXT("phone"), TRIXY_TEXT("+49 1") }, { TRIXY_TEXT("phone"), TRIXY_TEXT("+49 2") } };

static struct trixy_attachment card(void)
{
	return (struct trixy_attachment){ .size = sizeof(struct trixy_attachment), .type = TRIXY_MESSAGE_CONTACTS, .title = TRIXY_TEXT("Ada"),
		.detail_count = 2, .details = details, .mime_type = TRIXY_TEXT("text/vcard"), .file_name = TRIXY_TEXT("a.vcf"),
		.sha256 = TRIXY_TEXT("abc"), .fault = TRIXY_TEXT("too large"), .flags = TRIXY_ATTACHMENT_VOICE };
}

static struct trixy_event event(void)
{
	return (struct trixy_event){ .size = sizeof(struct trixy_event), .kind = TRIXY_EVENT_MESSAGE, .message_kind = TRIXY_MESSAGE_CONTACTS,
		.flags = TRIXY_HISTORY | TRIXY_FORWARDED, .account_key = TRIXY_TEXT("1"), .contact_key = TRIXY_TEXT("2"),
		.message_id = TRIXY_TEXT("m"), .at_ms = 1, .text = TRIXY_TEXT("hi"), .other_contact_key = TRIXY_TEXT("b.2"),
		.reference = TRIXY_TEXT("mt-1-a") };
}

static void an_event_is_copied_whole(void **state)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	char name[] = "Ada";
	struct trixy_pair pair = { { name, 3 }, TRIXY_TEXT("x") };
	struct trixy_attachment a = card();
	struct trixy_event e = event(), c;
	struct error err = { 0 };

	(void)state;
	a.details = &pair;
	a.detail_count = 1;
	e.attachments = &a;
	e.attachment_count = 1;
	check_ok(channel_event_check(&e, &err), &err);
	check_ok(channel_event_copy(&e, &arena, &c, &err), &err);
	name[0] = 'X';			/* the channel's memory is its own again */
	a.title = pair.value = (struct trixy_text){ 0 };
	assert_int_equal(c.size, sizeof(c));
	check_str(str_from_trixy(c.other_contact_key), "b.2");
	check_str(str_from_trixy(c.reference), "mt-1-a");
	assert_int_equal(c.attachments[0].detail_count, 1);
	check_str(str_from_trixy(c.attachments[0].details[0].name), "Ada");
	check_str(str_from_trixy(c.attachments[0].details[0].value), "x");
	check_str(str_from_trixy(c.attachments[0].title), "Ada");
	check_str(str_from_trixy(c.attachments[0].fault), "too large");
	check_str(str_from_trixy(c.attachments[0].file_name), "a.vcf");
	assert_int_equal(c.attachments[0].flags, TRIXY_ATTACHMENT_VOICE);
}

/* Two attachments and an event as an addon of 1.0 hands them over. */
static void an_event_of_1_0_is_copied_without_the_rest(void **state)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct trixy_attachment a = card();
	struct trixy_event whole = event(), c;
	char both[2 * ATTACHMENT_1_0];
	struct error err = { 0 };

	(void)state;
	a.size = ATTACHMENT_1_0;
	a.type = TRIXY_MESSAGE_IMAGE;
	a.url = TEXT("https://one.example/1");
	memcpy(both, &a, ATTACHMENT_1_0);
	a.url = TEXT("https://one.example/2");
	memcpy(both + ATTACHMENT_1_0, &a, ATTACHMENT_1_0);
	void *attachments = cut_off(both, sizeof(both)), *e;

	whole.size = EVENT_1_0;
	whole.attachment_count = 2;
	whole.attachments = attachments;
	e = cut_off(&whole, EVENT_1_0);
	check_ok(channel_event_check(e, &err), &err);
	check_ok(channel_event_copy(e, &arena, &c, &err), &err);
	free(attachments);
	free(e);
	assert_int_equal(c.size, sizeof(c));
	assert_null(c.other_contact_key.p);
	assert_null(c.reference.p);
	assert_int_equal(c.attachment_count, 2);
	assert_int_equal(c.attachments[1].size, sizeof(a));
	check_str(str_from_trixy(c.attachments[0].url), "https://one.example/1");
	check_str(str_from_trixy(c.attachments[1].url), "https://one.example/2");
	assert_int_equal(c.attachments[1].flags, 0);
	assert_int_equal(c.attachments[1].detail_count, 0);
	assert_null(c.attachments[1].fault.p);
}

/* Those of a later minor version are longer: what is behind is not ours to know. */
static void longer_attachments_are_walked_by_their_size(void **state)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct { struct trixy_attachment a; uint64_t later[3]; } two[2] = { { .a = card() }, { .a = card() } };
	struct trixy_event e = event(), c;
	struct error err = { 0 };

	(void)state;
	two[0].a.size = two[1].a.size = sizeof(two[0]);
	two[1].a.title = TEXT("Bob");
	e.attachments = &two[0].a;
	e.attachment_count = 2;
	check_ok(channel_event_check(&e, &err), &err);
	check_ok(channel_event_copy(&e, &arena, &c, &err), &err);
	check_str(str_from_trixy(c.attachments[1].title), "Bob");
	assert_int_equal(c.attachments[1].size, sizeof(struct trixy_attachment));
}

static void refused(const char *what, const struct trixy_event *e)
{
	struct error err = { 0 };

	if (channel_event_check(e, NULL) != ERR_INVALID || channel_event_check(e, &err) != ERR_INVALID || strlen(err.text) < 10)
		check_failed("%s was taken, or has no words: '%s'", what, err.text);
}

static char long_text[LIMIT_TEXT + 2];
static struct trixy_pair many[33];
static void fill_many(void)
{
	for (size_t k = 0; k < COUNT(many); k++)
		many[k] = details[0];
}

#define LONG(n) ((struct trixy_text){ long_text, (n) })
#define REFUSED(change) do { struct trixy_event e = event(); struct trixy_attachment a = card(); struct trixy_pair p[2]; \
	memcpy(p, details, sizeof(p)); a.details = p; e.attachments = &a; e.attachment_count = 1; change; refused(#change, &e); } while (0)

static void broken_news_are_refused(void **state)
{
	(void)state;
	memset(long_text, 'x', sizeof(long_text));
	fill_many();
	REFUSED(e.size = EVENT_1_0 + 8);
	REFUSED(e.other_contact_key = LONG(LIMIT_EXTERNAL_ID + 1));
	REFUSED(e.other_contact_key = TEXT("\xc3"));
	REFUSED(e.reference = LONG(65));
	REFUSED(e.kind = 9);
	REFUSED(e.flags |= 128);
	REFUSED(e.message_kind = TRIXY_MESSAGE_TEMPLATE + 1);
	REFUSED((e.kind = TRIXY_EVENT_MOVED, e.other_contact_key = TEXT("")));
	REFUSED((e.kind = TRIXY_EVENT_MOVED, e.contact_key = TEXT("")));
	REFUSED((e.kind = TRIXY_EVENT_MOVED, e.size = EVENT_1_0));
	REFUSED(a.size = ATTACHMENT_1_0 + 4);
	REFUSED(a.size = ATTACHMENT_1_0 - 1);
	REFUSED(a.type = TRIXY_MESSAGE_CALL);
	REFUSED(a.flags = 4);
	REFUSED((a.detail_count = 33, a.details = many));
	REFUSED(a.details = NULL);
	REFUSED(p[1].name = TEXT(""));
	REFUSED(p[1].name = LONG(65));
	REFUSED(p[1].value = LONG(LIMIT_TEXT + 1));
	REFUSED(p[1].value = TEXT("\xff"));
	REFUSED(a.mime_type = LONG(256));
	REFUSED(a.file_name = LONG(2001));
	REFUSED(a.sha256 = LONG(129));
	REFUSED(a.fault = LONG(2001));
}

/* Whose it is, our own reference tells. */
static void a_status_may_name_nobody(void **state)
{
	struct trixy_event e = event();
	struct error err = { 0 };

	(void)state;
	e.kind = TRIXY_EVENT_STATUS;
	e.status = TRIXY_STATUS_FAILED;
	e.contact_key = (struct trixy_text){ 0 };
	check_ok(channel_event_check(&e, &err), &err);
	e.reference = TEXT("");
	refused("a status without contact and reference", &e);
	e.reference = TEXT("mt-1-a");
	e.size = EVENT_1_0;
	refused("a status of 1.0 without contact", &e);
	e.size = sizeof(e);
	e.kind = TRIXY_EVENT_READ;
	refused("a receipt without contact", &e);
}

static void what_is_new_is_taken(void **state)
{
	struct trixy_event e = event();
	struct trixy_attachment a = card();
	struct error err = { 0 };

	(void)state;
	for (uint32_t kind = TRIXY_MESSAGE_LOCATION; kind <= TRIXY_MESSAGE_TEMPLATE; kind++) {
		e.message_kind = kind;
		check_ok(channel_event_check(&e, &err), &err);
	}
	e.attachments = &a;
	e.attachment_count = 1;
	for (a.type = TRIXY_MESSAGE_LOCATION; a.type <= TRIXY_MESSAGE_ORDER; a.type++)
		check_ok(channel_event_check(&e, &err), &err);
	fill_many();
	a.detail_count = 32;
	a.details = many;
	a.type = TRIXY_MESSAGE_ORDER;
	check_ok(channel_event_check(&e, &err), &err);
	e = event();
	e.kind = TRIXY_EVENT_MOVED;
	e.message_id = (struct trixy_text){ 0 };
	check_ok(channel_event_check(&e, &err), &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_channel_of_1_1_is_asked), cmocka_unit_test(media_hosts_are_hosts_and_all_below),
		cmocka_unit_test(mime_types_are_found_in_their_list), cmocka_unit_test(a_channel_of_1_0_can_none_of_it),
		cmocka_unit_test(a_longer_channel_of_the_future_passes), cmocka_unit_test(broken_abilities_are_refused),
		cmocka_unit_test(an_event_is_copied_whole), cmocka_unit_test(an_event_of_1_0_is_copied_without_the_rest),
		cmocka_unit_test(longer_attachments_are_walked_by_their_size), cmocka_unit_test(broken_news_are_refused),
		cmocka_unit_test(what_is_new_is_taken), cmocka_unit_test(a_status_may_name_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
