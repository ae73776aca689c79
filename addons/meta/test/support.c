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

/* Text for people, which no NUL and no length beyond the core's may spoil. */
static void check_shown(struct trixy_text text, uint64_t max)
{
	check_text(text);
	REQUIRE(text.len <= max && (text.len == 0 || memchr(text.p, 0, text.len) == NULL));
}

static void check_attachment(const struct trixy_attachment *a)
{
	REQUIRE(a->size == sizeof(*a));
	REQUIRE((a->type >= TRIXY_MESSAGE_IMAGE && a->type <= TRIXY_MESSAGE_STORY_MENTION) ||
		a->type == TRIXY_MESSAGE_STICKER || a->type == TRIXY_MESSAGE_UNSUPPORTED ||
		(a->type >= TRIXY_MESSAGE_LOCATION && a->type <= TRIXY_MESSAGE_ORDER));
	REQUIRE((a->flags & ~(TRIXY_ATTACHMENT_VOICE | TRIXY_ATTACHMENT_ANIMATED)) == 0);
	REQUIRE(a->detail_count <= 32 && (a->detail_count == 0 || a->details != NULL));
	for (uint32_t i = 0; i < a->detail_count; i++) {
		check_shown(a->details[i].name, 64);
		check_shown(a->details[i].value, 65536);
		REQUIRE(a->details[i].name.len > 0 && a->details[i].value.len > 0);
	}
	check_shown(a->url, 4096);
	check_shown(a->title, 65536);
	check_shown(a->external_id, 512);
	check_shown(a->mime_type, 255);
	check_shown(a->file_name, 1024);
	check_shown(a->sha256, 128);
	check_shown(a->fault, 2000);
}

static void check_texts(const struct trixy_event *e)
{
	check_shown(e->account_key, 512);
	check_shown(e->contact_key, 512);
	check_shown(e->other_contact_key, 512);
	check_shown(e->message_id, 512);
	check_shown(e->reply_to_id, 512);
	check_shown(e->story_id, 512);
	check_shown(e->reference, 512);
	check_shown(e->text, 65536);
	check_shown(e->payload, 65536);
	check_shown(e->story_url, 4096);
	check_shown(e->reaction, 64);
	check_shown(e->emoji, 64);
	check_shown(e->reason, 2000);
	check_shown(e->fix, 2000);
	check_shown(e->contact_name, 2000);
	check_shown(e->contact_handle, 2000);
}

void test_event_check(const struct trixy_event *e)
{
	REQUIRE(e->size == sizeof(*e));
	REQUIRE(e->kind >= TRIXY_EVENT_MESSAGE && e->kind <= TRIXY_EVENT_MOVED);
	REQUIRE((e->flags & ~(TRIXY_FROM_US | TRIXY_OPENS_WINDOW | TRIXY_STANDBY | TRIXY_TEST | TRIXY_BY_MACHINE |
			      TRIXY_HISTORY | TRIXY_FORWARDED)) == 0);
	check_texts(e);
	REQUIRE(e->account_key.len > 0);
	REQUIRE(e->at_ms >= 0 && e->at_ms <= INT64_C(253402300799999));
	REQUIRE(e->edit_number >= 0);
	REQUIRE(e->attachment_count <= 64 && (e->attachment_count == 0 || e->attachments != NULL));
	for (uint32_t i = 0; i < e->attachment_count; i++)
		check_attachment(&e->attachments[i]);
	if (e->kind == TRIXY_EVENT_IGNORED) {
		REQUIRE(e->reason.len > 0 && (e->flags & TRIXY_OPENS_WINDOW) == 0);
		return;
	}
	/* A status may name its message by the reference alone, and its contact not at all. */
	REQUIRE(e->contact_key.len > 0 || (e->kind == TRIXY_EVENT_STATUS && e->reference.len > 0));
	REQUIRE(e->message_id.len > 0 || e->kind == TRIXY_EVENT_MOVED);
	REQUIRE((e->flags & (TRIXY_FROM_US | TRIXY_OPENS_WINDOW)) != (TRIXY_FROM_US | TRIXY_OPENS_WINDOW));
	REQUIRE((e->flags & (TRIXY_HISTORY | TRIXY_OPENS_WINDOW)) != (TRIXY_HISTORY | TRIXY_OPENS_WINDOW));
	if (e->kind == TRIXY_EVENT_MESSAGE)
		REQUIRE(e->message_kind >= TRIXY_MESSAGE_TEXT && e->message_kind <= TRIXY_MESSAGE_TEMPLATE);
	else
		REQUIRE(e->message_kind == 0 && (e->flags & TRIXY_OPENS_WINDOW) == 0);
	if (e->kind == TRIXY_EVENT_EDIT)
		REQUIRE(e->text.p != NULL);
	if (e->kind == TRIXY_EVENT_STATUS)
		REQUIRE(e->status >= TRIXY_STATUS_SENT && e->status <= TRIXY_STATUS_FAILED &&
			(e->status != TRIXY_STATUS_FAILED || e->reason.len > 0));
	if (e->kind == TRIXY_EVENT_MOVED)
		REQUIRE(e->other_contact_key.len > 0);
}

void test_outcome_check(const struct trixy_outcome *o)
{
	REQUIRE(o->size == sizeof(*o));
	REQUIRE(o->kind >= TRIXY_SENT && o->kind <= TRIXY_PARK_CONTACT);
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
	REQUIRE(f->learned_count == 0 || f->learned != NULL);
	for (uint32_t i = 0; i < f->learned_count; i++) {
		check_text(f->learned[i].name);
		check_shown(f->learned[i].value, 4096);
		REQUIRE(f->learned[i].name.len > 0 && f->learned[i].value.len > 0);
	}
	REQUIRE(f->reconnect == 0 || f->status == TRIXY_CHECK_FAILED);
}

static void check_pairs(const struct trixy_pair *pairs, uint32_t count)
{
	REQUIRE(count == 0 || pairs != NULL);
	for (uint32_t i = 0; i < count; i++) {
		check_shown(pairs[i].name, 64);
		check_shown(pairs[i].value, 8192);
		REQUIRE(pairs[i].name.len > 0 && pairs[i].value.len > 0);
	}
}

void test_media_check(const struct trixy_media *m)
{
	REQUIRE(m->size == sizeof(*m));
	REQUIRE(m->state >= TRIXY_MEDIA_FOUND && m->state <= TRIXY_MEDIA_GONE);
	REQUIRE(m->state == TRIXY_MEDIA_FOUND ? m->url.len > 0 : m->reason.len > 0);
	REQUIRE(m->byte_count >= 0);
	check_shown(m->url, 4096);
	check_shown(m->mime_type, 255);
	check_shown(m->sha256, 128);
	check_shown(m->reason, 2000);
	check_pairs(m->headers, m->header_count);
}

static void check_template(const struct trixy_template *t)
{
	REQUIRE(t->size == sizeof(*t));
	REQUIRE(t->name.len > 0 && t->language.len > 0);
	REQUIRE(t->is_usable == (t->reason.len == 0));
	check_shown(t->name, 512);
	check_shown(t->language, 64);
	check_shown(t->category, 64);
	check_shown(t->status, 64);
	check_shown(t->reason, 2000);
	check_shown(t->header, 65536);
	check_shown(t->body, 65536);
	check_shown(t->footer, 65536);
	REQUIRE(t->header_type == 0 || (t->header_type >= TRIXY_MESSAGE_IMAGE && t->header_type <= TRIXY_MESSAGE_FILE));
	REQUIRE((t->variable_count == 0) == (t->variables == NULL) && (t->button_count == 0) == (t->buttons == NULL));
	for (uint32_t i = 0; i < t->variable_count; i++) {
		REQUIRE(t->variables[i].size == sizeof(t->variables[i]));
		check_shown(t->variables[i].key, 128);
		check_shown(t->variables[i].label, 1024);
		check_shown(t->variables[i].example, 4096);
		REQUIRE(t->variables[i].key.len > 0 && t->variables[i].label.len > 0);
		for (uint32_t k = 0; k < i; k++)
			REQUIRE(t->variables[k].key.len != t->variables[i].key.len ||
				memcmp(t->variables[k].key.p, t->variables[i].key.p, t->variables[i].key.len) != 0);
	}
	for (uint32_t i = 0; i < t->button_count; i++)
		check_shown(t->buttons[i], 1024);
}

void test_templates_check(const struct trixy_templates *t)
{
	REQUIRE(t->size == sizeof(*t));
	REQUIRE(t->count == 0 || t->items != NULL);
	REQUIRE(t->fault.len == 0 || (t->fix.len > 0 && t->count == 0 && t->next.len == 0));
	check_shown(t->fault, 2000);
	check_shown(t->fix, 2000);
	check_shown(t->next, 4096);
	for (uint32_t i = 0; i < t->count; i++)
		check_template(&t->items[i]);
}

static void write_text(FILE *out, const char *name, struct trixy_text text)
{
	if (text.p == NULL)
		return;
	(void)fprintf(out, *name != 0 ? " %s=\"" : "%s=\"", name);
	for (uint64_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x20 || c == '"' || c == '\\')
			(void)fprintf(out, "\\x%02x", c);
		else
			(void)fputc(c, out);
	}
	(void)fputc('"', out);
}

static const char *const message_words[] = {
	"",	       "text",	    "quick-reply", "image",	  "video",    "audio",	  "file",  "share", "reel",  "story-mention",
	"story-reply", "postback",  "referral",	   "ephemeral",	  "sticker",  "unsupported", "system", "location", "contacts",
	"order",       "call",	    "template"};

static void write_attachment(FILE *out, const struct trixy_attachment *a)
{
	(void)fprintf(out, "  + %s%s%s", message_words[a->type], a->flags & TRIXY_ATTACHMENT_VOICE ? " voice" : "",
		      a->flags & TRIXY_ATTACHMENT_ANIMATED ? " animated" : "");
	write_text(out, "url", a->url);
	write_text(out, "title", a->title);
	write_text(out, "id", a->external_id);
	write_text(out, "mime", a->mime_type);
	write_text(out, "file", a->file_name);
	write_text(out, "sha256", a->sha256);
	write_text(out, "fault", a->fault);
	(void)fputc('\n', out);
	for (uint32_t i = 0; i < a->detail_count; i++) {
		(void)fprintf(out, "    - %.*s", (int)a->details[i].name.len, a->details[i].name.p);
		write_text(out, "", a->details[i].value);
		(void)fputc('\n', out);
	}
}

static void write_event(FILE *out, const struct trixy_event *e)
{
	static const char *const kinds[] = {"?",    "message", "edit",	  "unsend", "reaction",
					    "read", "status",  "ignored", "moved"};
	static const char *const statuses[] = {"", "sent", "delivered", "read", "failed"};
	static const char *const flags[] = {"from-us",	  "opens-window", "standby",  "test",
					    "by-machine", "history",	  "forwarded"};

	(void)fprintf(out, "%s", kinds[e->kind]);
	if (e->message_kind != 0)
		(void)fprintf(out, " %s", message_words[e->message_kind]);
	if (e->kind == TRIXY_EVENT_STATUS)
		(void)fprintf(out, " %s", statuses[e->status]);
	for (uint32_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (e->flags & 1u << i)
			(void)fprintf(out, " %s", flags[i]);
	write_text(out, "account", e->account_key);
	write_text(out, "contact", e->contact_key);
	write_text(out, "other", e->other_contact_key);
	write_text(out, "id", e->message_id);
	write_text(out, "reference", e->reference);
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
	if (e->kind == TRIXY_EVENT_STATUS)
		write_text(out, "fix", e->fix);
	(void)fputc('\n', out);
	for (uint32_t i = 0; i < e->attachment_count; i++)
		write_attachment(out, &e->attachments[i]);
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
