/* Events across the ABI's border: whether one obeys the rules, and its copy in this server's own structs. An addon that was built
 * for ABI 1.0 has shorter events and attachments; beyond this file nobody sees that. */
#include "channel/border.h"

enum { MIME_MAX_BYTES = 255, HASH_MAX_BYTES = 128, DETAILS_MAX = 32, REFERENCE_MAX = 64 };
static const int64_t last_ms = INT64_C(253402300799999);	/* 9999-12-31: what RFC 3339 can write */

/* ---- checks ---- */

static bool type_known(uint32_t t)
{
	return channel_type_is_file(t) || t == TRIXY_MESSAGE_SHARE || t == TRIXY_MESSAGE_REEL || t == TRIXY_MESSAGE_UNSUPPORTED ||
	       (t >= TRIXY_MESSAGE_LOCATION && t <= TRIXY_MESSAGE_ORDER);
}

static int check_details(const struct trixy_attachment *a, uint32_t k, struct error *err)
{
	if (a->detail_count > DETAILS_MAX || (a->detail_count > 0 && a->details == NULL))
		return fail(err, ERR_INVALID, "attachment %u has %u details; up to %d are allowed", k, a->detail_count, DETAILS_MAX);
	for (uint32_t n = 0; n < a->detail_count; n++)
		if (!border_text_valid(a->details[n].name, 1, NAME_MAX_BYTES) || !border_text_valid(a->details[n].value, 0, LIMIT_TEXT))
			return fail(err, ERR_INVALID, "detail %u of attachment %u has no name, is too long or not UTF-8", n, k);
	return 0;
}

static int check_attachment(const struct trixy_attachment *a, uint32_t size, uint32_t k, struct error *err)
{
	/* 1.0 ends before flags; one of 1.1 has them all. */
	if (a->size != size || !TRIXY_HAS(a, external_id) ||
	    (a->size > offsetof(struct trixy_attachment, flags) && !TRIXY_HAS(a, fault)))
		return fail(err, ERR_INVALID, "the size of attachment %u belongs neither to ABI 1.0 nor to 1.1", k);
	if (!type_known(a->type))
		return fail(err, ERR_INVALID, "attachment %u has the unknown type %u", k, a->type);
	if (!border_text_valid(a->url, 0, LIMIT_URL) || !border_text_valid(a->title, 0, LIMIT_TEXT) ||
	    !border_text_valid(a->external_id, 0, LIMIT_EXTERNAL_ID))
		return fail(err, ERR_INVALID, "the address, title or id of attachment %u is too long or not UTF-8", k);
	if (!TRIXY_HAS(a, fault))
		return 0;
	if ((a->flags & ~(TRIXY_ATTACHMENT_VOICE | TRIXY_ATTACHMENT_ANIMATED)) != 0)
		return fail(err, ERR_INVALID, "attachment %u has unknown flags (%u)", k, a->flags);
	if (!border_text_valid(a->mime_type, 0, MIME_MAX_BYTES) || !border_text_valid(a->file_name, 0, WORDS_MAX_BYTES) ||
	    !border_text_valid(a->sha256, 0, HASH_MAX_BYTES) || !border_text_valid(a->fault, 0, WORDS_MAX_BYTES))
		return fail(err, ERR_INVALID, "the type, file name, hash or fault of attachment %u is too long or not UTF-8", k);
	return check_details(a, k, err);
}

static int check_attachments(const struct trixy_event *e, struct error *err)
{
	int r;

	if (e->attachment_count > COUNT_MAX || (e->attachment_count > 0 && e->attachments == NULL))
		return fail(err, ERR_INVALID, "it has %u attachments; up to %d are allowed", e->attachment_count, COUNT_MAX);
	for (uint32_t k = 0; k < e->attachment_count; k++)
		if ((r = check_attachment(TRIXY_AT(e->attachments, k), e->attachments->size, k, err)) < 0)
			return r;
	return 0;
}

static int check_texts(const struct trixy_event *e, struct error *err)
{
	const struct trixy_text none = { 0 };
	const struct { const char *name; struct trixy_text text; size_t max;
	} texts[] = {
		{ "account key", e->account_key, LIMIT_EXTERNAL_ID },
		{ "contact key", e->contact_key, LIMIT_EXTERNAL_ID },
		{ "message id", e->message_id, LIMIT_EXTERNAL_ID },
		{ "text", e->text, LIMIT_TEXT },
		{ "payload", e->payload, LIMIT_TEXT },
		{ "id of the answered message", e->reply_to_id, LIMIT_EXTERNAL_ID },
		{ "story id", e->story_id, LIMIT_EXTERNAL_ID },
		{ "story address", e->story_url, LIMIT_URL },
		{ "reaction", e->reaction, NAME_MAX_BYTES },
		{ "emoji", e->emoji, NAME_MAX_BYTES },
		{ "reason", e->reason, WORDS_MAX_BYTES },
		{ "fix", e->fix, WORDS_MAX_BYTES },
		{ "contact name", e->contact_name, WORDS_MAX_BYTES },
		{ "contact handle", e->contact_handle, WORDS_MAX_BYTES },
		{ "other contact key", TRIXY_HAS(e, reference) ? e->other_contact_key : none, LIMIT_EXTERNAL_ID },
		{ "reference", TRIXY_HAS(e, reference) ? e->reference : none, REFERENCE_MAX },
	};

	for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
		if (texts[k].text.len > texts[k].max)
			return fail(err, ERR_INVALID, "its %s has %llu bytes; up to %zu are allowed", texts[k].name,
				    (unsigned long long)texts[k].text.len, texts[k].max);
		if (!border_text_valid(texts[k].text, 0, texts[k].max))
			return fail(err, ERR_INVALID, "its %s is not UTF-8 or holds a NUL", texts[k].name);
	}
	return 0;
}

/* What each kind needs. */
static int check_needs(const struct trixy_event *e, struct error *err)
{
	bool names_message = e->kind == TRIXY_EVENT_STATUS && TRIXY_HAS(e, reference) && e->reference.len > 0;

	if (e->kind == TRIXY_EVENT_IGNORED)
		return 0;
	if (e->contact_key.len == 0 && !names_message)
		return fail(err, ERR_INVALID, "an event of kind %u names no contact", e->kind);
	if (e->kind == TRIXY_EVENT_MOVED)
		return TRIXY_HAS(e, other_contact_key) && e->other_contact_key.len > 0 ? 0 :
			       fail(err, ERR_INVALID, "a contact has moved to no other key");
	if (e->message_id.len == 0)
		return fail(err, ERR_INVALID, "an event of kind %u names no message", e->kind);
	if (e->kind == TRIXY_EVENT_MESSAGE && (e->message_kind < TRIXY_MESSAGE_TEXT || e->message_kind > TRIXY_MESSAGE_TEMPLATE))
		return fail(err, ERR_INVALID, "a message has the unknown kind %u", e->message_kind);
	if (e->kind == TRIXY_EVENT_STATUS && (e->status < TRIXY_STATUS_SENT || e->status > TRIXY_STATUS_FAILED))
		return fail(err, ERR_INVALID, "a status event has the unknown status %u", e->status);
	return 0;
}

int channel_event_check(const struct trixy_event *e, struct error *err)
{
	const uint32_t known = TRIXY_FROM_US | TRIXY_OPENS_WINDOW | TRIXY_STANDBY | TRIXY_TEST | TRIXY_BY_MACHINE | TRIXY_HISTORY |
			       TRIXY_FORWARDED;

	if (e == NULL || !TRIXY_HAS(e, contact_handle) ||
	    (e->size > offsetof(struct trixy_event, other_contact_key) && !TRIXY_HAS(e, reference)))
		return fail(err, ERR_INVALID, "an event is missing, or its size belongs neither to ABI 1.0 nor to 1.1");
	if (e->kind < TRIXY_EVENT_MESSAGE || e->kind > TRIXY_EVENT_MOVED)
		return fail(err, ERR_INVALID, "an event has the unknown kind %u", e->kind);
	if ((e->flags & ~known) != 0)
		return fail(err, ERR_INVALID, "an event has unknown flags (%u)", e->flags);
	if (check_texts(e, err) < 0 || check_attachments(e, err) < 0) {
		(void)fail_in(err, "an event of kind %u", e->kind);
		return ERR_INVALID;
	}
	if (e->account_key.len == 0)
		return fail(err, ERR_INVALID, "an event of kind %u names no account", e->kind);
	if (e->at_ms < 0 || e->at_ms > last_ms)
		return fail(err, ERR_INVALID, "an event of kind %u has a time outside the years 1970 to 9999", e->kind);
	return check_needs(e, err);
}

/* ---- copies ---- */

static void keep(struct arena *arena, struct trixy_text *t)
{
	*t = trixy_from_str(arena_copy(arena, str_from_trixy(*t)));
}

/* Both structs begin alike; what the shorter one lacks is zero in the copy. */
static void take(void *ours, size_t room, const void *theirs, size_t size)
{
	memcpy(ours, theirs, size < room ? size : room);
}

static bool copy_details(struct trixy_attachment *a, struct arena *arena)
{
	struct trixy_pair *copy = arena_alloc(arena, (a->detail_count > 0 ? a->detail_count : 1) * sizeof(*copy));

	for (uint32_t k = 0; copy != NULL && k < a->detail_count; k++) {
		copy[k] = a->details[k];
		keep(arena, &copy[k].name);
		keep(arena, &copy[k].value);
	}
	a->details = copy;
	return copy != NULL;
}

static bool copy_attachments(struct trixy_event *e, struct arena *arena)
{
	struct trixy_attachment *copy = arena_alloc(arena, e->attachment_count * sizeof(*copy));

	for (uint32_t k = 0; copy != NULL && k < e->attachment_count; k++) {
		struct trixy_attachment *a = &copy[k];

		take(a, sizeof(*a), TRIXY_AT(e->attachments, k), e->attachments->size);
		a->size = sizeof(*a);
		struct trixy_text *text[] = { &a->url, &a->title, &a->external_id, &a->mime_type, &a->file_name, &a->sha256, &a->fault };

		for (size_t n = 0; n < sizeof(text) / sizeof(text[0]); n++)
			keep(arena, text[n]);
		if (a->detail_count > 0 && !copy_details(a, arena))
			return false;
	}
	e->attachments = copy;
	return copy != NULL;
}

int channel_event_copy(const struct trixy_event *event, struct arena *arena, struct trixy_event *ret, struct error *err)
{
	struct trixy_event *e = ret;

	*e = (struct trixy_event){ 0 };
	take(e, sizeof(*e), event, event->size);
	e->size = sizeof(*e);
	struct trixy_text *text[] = { &e->account_key, &e->contact_key, &e->message_id, &e->text, &e->payload, &e->reply_to_id, &e->story_id,
				      &e->story_url, &e->reaction, &e->emoji, &e->reason, &e->fix, &e->contact_name, &e->contact_handle,
				      &e->other_contact_key, &e->reference };

	for (size_t k = 0; k < sizeof(text) / sizeof(text[0]); k++)
		keep(arena, text[k]);
	if ((e->attachment_count > 0 && !copy_attachments(e, arena)) || arena_failed(arena))
		return fail(err, ERR_NOMEM, "out of memory");
	return 0;
}
