/* Reads webhooks: webhook.c the envelope, update.c what is in it, attachment.c what hangs on a message. */
#ifndef INSTAGRAM_WEBHOOK_H
#define INSTAGRAM_WEBHOOK_H

#include "meta/webhook.h"

int32_t ig_read_webhook(struct trixy_text body, struct trixy_memory *memory, const struct trixy_sink *sink);

/* Emits what one member of `messaging` says. */
int32_t ig_update_read(const struct meta_entry *entry, struct json_object *update);

/* Adds a message's attachments to its event and returns the message_kind of the first; 0 when there is none. */
uint32_t ig_attachments_read(struct meta_maker *maker, struct json_object *attachments, struct trixy_event *event);

/* Adds the advertisement, product or link that the customer came by. */
void ig_referral_read(struct meta_maker *maker, struct json_object *referral, struct trixy_event *event);

#endif
