#include "webhook.h"

#include <openssl/evp.h>
#include <string.h>

/* Below this a time is in seconds (as in `changes` and in dashboard tests): as milliseconds it would be 1973. */
#define SECONDS_BELOW INT64_C(100000000000)
/* The year 9999. */
#define TIME_MAX_MS INT64_C(253402300799999)

int64_t meta_time_ms(struct json_object *time)
{
	int64_t t;

	if (!meta_json_int(time, &t) || t <= 0)
		return 0;
	if (t < SECONDS_BELOW)
		t *= 1000;
	return t <= TIME_MAX_MS ? t : 0;
}

int32_t meta_ignore(const struct meta_entry *entry, struct trixy_text reason, struct trixy_text fix)
{
	const struct trixy_event event = {
		.size = sizeof(event),
		.kind = TRIXY_EVENT_IGNORED,
		.flags = entry->flags,
		.account_key = entry->account_key,
		.at_ms = entry->time_ms,
		.reason = reason,
		.fix = fix,
	};

	if (entry->maker->failed)
		return TRIXY_ENOMEM;
	return entry->sink->emit(entry->sink->arg, &event) != 0 ? TRIXY_ENOMEM : 0;
}

int32_t meta_list_read(const struct meta_entry *entry, struct json_object *list, meta_read *read, size_t *count)
{
	size_t n;
	int32_t r;

	if (json_object_is_type(list, json_type_object)) {
		++*count;
		return read(entry, list);
	}
	n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	for (size_t i = 0; i < n; i++) {
		++*count;
		if ((r = read(entry, json_object_array_get_idx(list, i))) != 0)
			return r;
	}
	return 0;
}

static bool is_envelope(struct json_object *envelope, const char *const *objects, size_t object_count)
{
	struct json_object *object = meta_json_get(envelope, "object");
	struct json_object *entry = meta_json_get(envelope, "entry");

	if (!json_object_is_type(entry, json_type_array) && !json_object_is_type(entry, json_type_object))
		return false;
	for (size_t i = 0; i < object_count; i++)
		if (meta_text_is(meta_json_text(object), objects[i]))
			return true;
	return object == NULL;
}

int32_t meta_webhook_read(struct trixy_text body, struct trixy_memory *memory, const struct trixy_sink *sink,
			  const char *const *objects, size_t object_count, meta_read *read_entry)
{
	struct meta_maker maker = {memory, false};
	const struct meta_entry entry = {.maker = &maker, .sink = sink};
	SCOPED_JSON root = NULL;
	size_t envelopes = 0, entries = 0, n = 1;
	bool is_list;
	int32_t r;

	if ((r = meta_json_parse(body, &root)) != 0)
		return r;
	is_list = json_object_is_type(root, json_type_array); /* Meta's pages print the envelope inside a list. */
	if (is_list)
		n = json_object_array_length(root);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct json_object *envelope = is_list ? json_object_array_get_idx(root, i) : root;

		if (!is_envelope(envelope, objects, object_count))
			continue;
		envelopes++;
		r = meta_list_read(&entry, meta_json_get(envelope, "entry"), read_entry, &entries);
	}
	return r == 0 && envelopes == 0 ? TRIXY_EINVAL : r;
}

struct trixy_text meta_event_text(struct meta_maker *maker, struct json_object *text)
{
	return meta_text_cut(meta_json_prose(text, maker), META_EVENT_TEXT_MAX);
}

/* The first half of the SHA-256, in hexadecimal. */
static struct trixy_text digest(struct meta_maker *maker, struct trixy_text of)
{
	unsigned char hash[EVP_MAX_MD_SIZE];

	if (of.p == NULL || EVP_Digest(of.p, of.len, hash, NULL, EVP_sha256(), NULL) != 1) {
		maker->failed = true;
		return (struct trixy_text){NULL, 0};
	}
	return meta_text_hex(maker, hash, 16);
}

struct trixy_text meta_event_id(struct meta_maker *maker, struct json_object *object)
{
	struct trixy_text id = meta_json_id(object, maker->memory);

	if (id.p == NULL || (id.len <= META_EVENT_ID_MAX && memchr(id.p, '\0', id.len) == NULL))
		return id;
	return META_JOIN(maker, TEXT("mid:"), digest(maker, id));
}

struct trixy_text meta_event_made_id(struct meta_maker *maker, const char *kind, struct trixy_text author,
				     struct json_object *time, struct json_object *value)
{
	const char *json = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
	struct trixy_text hash = digest(maker, (struct trixy_text){json, json == NULL ? 0 : strlen(json)});
	int64_t at = 0;

	if (hash.p == NULL)
		return hash;
	(void)meta_json_int(time, &at);
	return META_JOIN(maker, meta_text_cut((struct trixy_text){kind, strlen(kind)}, 64), TEXT(":"),
			 meta_text_cut(author, 128), TEXT(":"), meta_text_number(maker, at), TEXT(":"), hash);
}
