/* Reads webhooks: webhook.c the envelope, update.c what is in it, attachment.c what hangs on a message. */
#ifndef INSTAGRAM_WEBHOOK_H
#define INSTAGRAM_WEBHOOK_H

#include "json.h"
#include "text.h"

#include <mailtrixy/addon.h>

/* What an event may hold, in bytes: the core refuses one that holds more, and nothing of it would be shown. Far beyond what
 * Meta sends; so what is longer is cut or left out, and the rest of the event stays. */
enum {
	IG_EVENT_ID_MAX = 512,
	IG_EVENT_URL_MAX = 4096,
	IG_EVENT_TEXT_MAX = 65536,
	IG_EVENT_WORD_MAX = 64,		/* a reaction's name, its emoji */
	IG_EVENT_NAME_MAX = 2000,
	IG_EVENT_ATTACHMENTS_MAX = 64,	/* not bytes: how many */
};

/* What an update inherits from its entry. */
struct ig_entry {
	struct ig_maker *maker;
	const struct trixy_sink *sink;
	struct trixy_text account_key;
	int64_t time_ms;	/* when Meta sent it; 0: not told */
	uint32_t flags;		/* TRIXY_STANDBY, TRIXY_TEST */
};

int32_t ig_read_webhook(struct trixy_text body, struct trixy_memory *memory, const struct trixy_sink *sink);

/* Emits what one member of `messaging` says. */
int32_t ig_update_read(const struct ig_entry *entry, struct json_object *update);

int32_t ig_ignore(const struct ig_entry *entry, struct trixy_text reason, struct trixy_text fix);

/* Milliseconds since 1970 from a number or a string, in seconds or milliseconds; 0: it is no time. */
int64_t ig_time_ms(struct json_object *time);

/* Adds a message's attachments to its event and returns the message_kind of the first; 0 when there is none. */
uint32_t ig_attachments_read(struct ig_maker *maker, struct json_object *attachments, struct trixy_event *event);

/* Adds the advertisement, product or link that the customer came by. */
void ig_referral_read(struct ig_maker *maker, struct json_object *referral, struct trixy_event *event);

#endif
