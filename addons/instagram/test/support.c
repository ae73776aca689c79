#include "support.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) \
	do { \
		if (!(condition)) { \
			(void)fprintf(stderr, "%s:%d: broken rule: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

struct block {
	struct block *next;
	_Alignas(max_align_t) unsigned char bytes[];
};

static void *test_alloc(struct trixy_memory *memory, uint64_t bytes)
{
	struct test_memory *m = (struct test_memory *)memory;
	struct block *block;

	REQUIRE(bytes > 0);
	if (m->allowed == 0)
		return NULL;
	if (m->allowed != UINT64_MAX)
		m->allowed--;
	block = calloc(1, sizeof(*block) + bytes);
	REQUIRE(block != NULL);
	block->next = m->blocks;
	m->blocks = block;
	return block->bytes;
}

void test_memory_init(struct test_memory *memory, uint64_t allowed)
{
	*memory = (struct test_memory){
		.memory = {.size = sizeof(memory->memory), .alloc = test_alloc},
		.allowed = allowed,
	};
}

void test_memory_done(struct test_memory *memory)
{
	while (memory->blocks != NULL) {
		struct block *block = memory->blocks;

		memory->blocks = block->next;
		free(block);
	}
}

struct trixy_text test_text(const char *s)
{
	return (struct trixy_text){s, s != NULL ? strlen(s) : 0};
}

bool test_text_is(struct trixy_text text, const char *s)
{
	if (s == NULL)
		return text.p == NULL && text.len == 0;
	return text.p != NULL && text.len == strlen(s) && memcmp(text.p, s, text.len) == 0;
}

/* Written apart from the addon's own check, by decoding. */
bool test_text_utf8(struct trixy_text text)
{
	const unsigned char *p = (const unsigned char *)text.p, *end;

	if (text.len == 0)
		return true;
	end = p + text.len;
	while (p < end) {
		static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
		int n = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : *p >> 3 == 30 ? 4 : 0;
		uint32_t c = n == 1 ? *p : *p & (0x7fu >> n);

		if (n == 0 || end - p < n)
			return false;
		for (int i = 1; i < n; i++) {
			if (p[i] >> 6 != 2)
				return false;
			c = c << 6 | (p[i] & 0x3fu);
		}
		if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
			return false;
		p += n;
	}
	return true;
}

struct trixy_text test_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *bytes = NULL;
	size_t len = 0, got, room = 0;

	REQUIRE(file != NULL);
	do {
		room += 65536;
		bytes = realloc(bytes, room);
		REQUIRE(bytes != NULL);
		got = fread(bytes + len, 1, room - len, file);
		len += got;
	} while (got > 0);
	(void)fclose(file);
	return (struct trixy_text){bytes, len};
}

static void check_text(struct trixy_text text)
{
	REQUIRE(text.p != NULL || text.len == 0);
	REQUIRE(test_text_utf8(text));
}

static void check_attachment(const struct trixy_attachment *a)
{
	REQUIRE(a->size == sizeof(*a));
	REQUIRE((a->type >= TRIXY_MESSAGE_IMAGE && a->type <= TRIXY_MESSAGE_STORY_MENTION) ||
		a->type == TRIXY_MESSAGE_STICKER || a->type == TRIXY_MESSAGE_UNSUPPORTED);
	check_text(a->url);
	check_text(a->title);
	check_text(a->external_id);
}

void test_event_check(const struct trixy_event *e)
{
	const struct trixy_text texts[] = {e->account_key,  e->contact_key,   e->message_id, e->text,
					   e->payload,	    e->reply_to_id,   e->story_id,   e->story_url,
					   e->reaction,	    e->emoji,	      e->reason,     e->fix,
					   e->contact_name, e->contact_handle};

	REQUIRE(e->size == sizeof(*e));
	REQUIRE(e->kind >= TRIXY_EVENT_MESSAGE && e->kind <= TRIXY_EVENT_IGNORED && e->kind != TRIXY_EVENT_STATUS);
	REQUIRE((e->flags & ~(TRIXY_FROM_US | TRIXY_OPENS_WINDOW | TRIXY_STANDBY | TRIXY_TEST | TRIXY_BY_MACHINE)) == 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_text(texts[i]);
	REQUIRE(e->account_key.len > 0);
	REQUIRE(e->at_ms >= 0 && e->at_ms <= INT64_C(253402300799999));
	REQUIRE(e->edit_number >= 0);
	REQUIRE(e->attachment_count == 0 || e->attachments != NULL);
	for (uint32_t i = 0; i < e->attachment_count; i++)
		check_attachment(&e->attachments[i]);
	if (e->kind == TRIXY_EVENT_IGNORED) {
		REQUIRE(e->reason.len > 0 && (e->flags & TRIXY_OPENS_WINDOW) == 0);
		return;
	}
	REQUIRE(e->contact_key.len > 0);
	REQUIRE(e->message_id.len > 0);
	REQUIRE((e->flags & (TRIXY_FROM_US | TRIXY_OPENS_WINDOW)) != (TRIXY_FROM_US | TRIXY_OPENS_WINDOW));
	if (e->kind == TRIXY_EVENT_MESSAGE)
		REQUIRE(e->message_kind >= TRIXY_MESSAGE_TEXT && e->message_kind <= TRIXY_MESSAGE_SYSTEM);
	else
		REQUIRE(e->message_kind == 0 && (e->flags & TRIXY_OPENS_WINDOW) == 0);
	if (e->kind == TRIXY_EVENT_EDIT)
		REQUIRE(e->text.p != NULL);
}

void test_outcome_check(const struct trixy_outcome *o)
{
	REQUIRE(o->size == sizeof(*o));
	REQUIRE(o->kind >= TRIXY_SENT && o->kind <= TRIXY_UNKNOWN);
	REQUIRE(o->wait_ms >= 0 && o->wait_ms <= INT64_C(86400000));
	check_text(o->message_id);
	check_text(o->code);
	check_text(o->reason);
	check_text(o->fix);
	check_text(o->detail);
	if (o->kind != TRIXY_SENT)
		REQUIRE(o->code.len > 0 && o->reason.len > 0 && o->fix.len > 0 && o->detail.len > 0);
}

void test_finding_check(const struct trixy_finding *f)
{
	REQUIRE(f->size == sizeof(*f));
	REQUIRE(f->status >= TRIXY_CHECK_OK && f->status <= TRIXY_CHECK_SKIPPED);
	check_text(f->check);
	check_text(f->explanation);
	check_text(f->fix);
	check_text(f->carry);
	REQUIRE(f->check.len > 0 && f->explanation.len > 0);
	REQUIRE(f->status != TRIXY_CHECK_FAILED || f->fix.len > 0);
	REQUIRE(f->reconnect == 0 || f->status == TRIXY_CHECK_FAILED);
}

static void write_text(FILE *out, const char *name, struct trixy_text text)
{
	if (text.p == NULL)
		return;
	(void)fprintf(out, " %s=\"", name);
	for (uint64_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x20 || c == '"' || c == '\\')
			(void)fprintf(out, "\\x%02x", c);
		else
			(void)fputc(c, out);
	}
	(void)fputc('"', out);
}

static void write_event(FILE *out, const struct trixy_event *e)
{
	static const char *const kinds[] = {"?", "message", "edit", "unsend", "reaction", "read", "status", "ignored"};
	static const char *const messages[] = {
		"",	    "text",	 "quick-reply", "image",	 "video",	"audio",
		"file",	    "share",	 "reel",	"story-mention", "story-reply", "postback",
		"referral", "ephemeral", "sticker",	"unsupported",	 "system"};
	static const char *const flags[] = {"from-us", "opens-window", "standby", "test", "by-machine"};

	(void)fprintf(out, "%s", kinds[e->kind]);
	if (e->message_kind != 0)
		(void)fprintf(out, " %s", messages[e->message_kind]);
	for (uint32_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (e->flags & 1u << i)
			(void)fprintf(out, " %s", flags[i]);
	write_text(out, "account", e->account_key);
	write_text(out, "contact", e->contact_key);
	write_text(out, "id", e->message_id);
	(void)fprintf(out, " at=%" PRId64, e->at_ms);
	write_text(out, "text", e->text);
	write_text(out, "payload", e->payload);
	write_text(out, "reply-to", e->reply_to_id);
	write_text(out, "story", e->story_id);
	write_text(out, "story-url", e->story_url);
	write_text(out, "reaction", e->reaction);
	write_text(out, "emoji", e->emoji);
	if (e->kind == TRIXY_EVENT_EDIT)
		(void)fprintf(out, " edit=%" PRId64, e->edit_number);
	write_text(out, "name", e->contact_name);
	write_text(out, "handle", e->contact_handle);
	write_text(out, "reason", e->reason);
	(void)fputc('\n', out);
	for (uint32_t i = 0; i < e->attachment_count; i++) {
		(void)fprintf(out, "  + %s", messages[e->attachments[i].type]);
		write_text(out, "url", e->attachments[i].url);
		write_text(out, "title", e->attachments[i].title);
		write_text(out, "id", e->attachments[i].external_id);
		(void)fputc('\n', out);
	}
}

static int32_t test_emit(void *arg, const struct trixy_event *event)
{
	struct test_sink *sink = arg;

	test_event_check(event);
	if (sink->allowed == 0)
		return TRIXY_ENOMEM;
	sink->allowed--;
	sink->count++;
	if (sink->out != NULL)
		write_event(sink->out, event);
	return 0;
}

void test_sink_init(struct test_sink *sink, FILE *out)
{
	*sink = (struct test_sink){
		.sink = {.size = sizeof(sink->sink), .arg = sink, .emit = test_emit},
		.out = out,
		.allowed = UINT64_MAX,
	};
}

const struct trixy_channel *test_channel(void)
{
	return trixy_addon_entry()->channel;
}

static const struct trixy_pair facebook_fields[] = {
	{TRIXY_TEXT("page_id"), TRIXY_TEXT("102290129340398")},
	{TRIXY_TEXT("page_name"), TRIXY_TEXT("Shop")},
	{TRIXY_TEXT("ig_user_id"), TRIXY_TEXT("17841400000000001")},
	{TRIXY_TEXT("page_access_token"), TRIXY_TEXT("EAAtoken")},
	{TRIXY_TEXT("app_secret"), TRIXY_TEXT("0123456789abcdef0123456789abcdef")},
};

static const struct trixy_pair instagram_fields[] = {
	{TRIXY_TEXT("ig_user_id"), TRIXY_TEXT("17841400000000001")},
	{TRIXY_TEXT("ig_access_token"), TRIXY_TEXT("IGAAtoken")},
	{TRIXY_TEXT("app_secret"), TRIXY_TEXT("0123456789abcdef0123456789abcdef")},
};

const struct trixy_account test_facebook = {
	.size = sizeof(test_facebook),
	.pair_count = sizeof(facebook_fields) / sizeof(facebook_fields[0]),
	.backend = TRIXY_TEXT("facebook"),
	.key = TRIXY_TEXT("17841400000000001"),
	.base_url = TRIXY_TEXT("https://graph.facebook.com"),
	.api_version = TRIXY_TEXT("v25.0"),
	.pairs = facebook_fields,
};

const struct trixy_account test_instagram = {
	.size = sizeof(test_instagram),
	.pair_count = sizeof(instagram_fields) / sizeof(instagram_fields[0]),
	.backend = TRIXY_TEXT("instagram"),
	.key = TRIXY_TEXT("17841400000000001"),
	.base_url = TRIXY_TEXT("https://graph.instagram.com"),
	.api_version = TRIXY_TEXT("v25.0"),
	.pairs = instagram_fields,
};
