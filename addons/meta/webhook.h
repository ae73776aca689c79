/* Reads the envelope of Meta's webhooks: {"object":...,"entry":[{"id":...},...]}. What is in an entry: the channel. */
#ifndef META_WEBHOOK_H
#define META_WEBHOOK_H

#include "json.h"
#include "text.h"

#include <mailtrixy/addon.h>

/* What an event may hold, in bytes: the core refuses one that holds more, and nothing of it would be shown. Far beyond what
 * Meta sends; so what is longer is cut or left out, and the rest of the event stays. */
enum {
	META_EVENT_ID_MAX = 512,
	META_EVENT_URL_MAX = 4096,
	META_EVENT_TEXT_MAX = 65536,
	META_EVENT_WORD_MAX = 64,		/* a reaction's name, its emoji */
	META_EVENT_NAME_MAX = 2000,
	META_EVENT_ATTACHMENTS_MAX = 64,	/* not bytes: how many */
};

/* What an update inherits from its entry. */
struct meta_entry {
	struct meta_maker *maker;
	const struct trixy_sink *sink;
	struct trixy_text account_key;
	int64_t time_ms;	/* when Meta sent it; 0: not told */
	uint32_t flags;		/* TRIXY_STANDBY, TRIXY_TEST */
};

/* Reads one member of a list. */
typedef int32_t meta_read(const struct meta_entry *entry, struct json_object *object);

/* Reads a body: finds its envelopes, of one of the objects named, and calls `read_entry` for each entry. TRIXY_EINVAL: the
 * body holds none. */
int32_t meta_webhook_read(struct trixy_text body, struct trixy_memory *memory, const struct trixy_sink *sink,
			  const char *const *objects, size_t object_count, meta_read *read_entry);

/* Reads every member of a list; one member that stands there without its list is read too. Adds their number to *count. */
int32_t meta_list_read(const struct meta_entry *entry, struct json_object *list, meta_read *read, size_t *count);

int32_t meta_ignore(const struct meta_entry *entry, struct trixy_text reason, struct trixy_text fix);

/* Milliseconds since 1970 from a number or a string, in seconds or milliseconds; 0: it is no time. */
int64_t meta_time_ms(struct json_object *time);

/* What somebody wrote, or a title: cut to what an event may hold. */
struct trixy_text meta_event_text(struct meta_maker *maker, struct json_object *text);

/* A message's id; one that the core would not take is known by its digest, to all that name it. {NULL,0}: there is none. */
struct trixy_text meta_event_id(struct meta_maker *maker, struct json_object *id);

/* An id for what Meta gives none, of the event's kind, its author and time, and the digest of its JSON: the same for every
 * delivery of the same event. The ':' keeps it apart from Meta's. */
struct trixy_text meta_event_made_id(struct meta_maker *maker, const char *kind, struct trixy_text author,
				     struct json_object *time, struct json_object *value);

#endif
