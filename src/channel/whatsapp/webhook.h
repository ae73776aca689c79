/* Reads webhooks: webhook.c the envelope and its fields, update.c one message, content.c what is in it, interactive.c what was
 * tapped, system.c what is not a message but stands in the place of one, status.c what became of ours. */
#ifndef CHANNEL_WHATSAPP_WEBHOOK_H
#define CHANNEL_WHATSAPP_WEBHOOK_H

#include "meta/webhook.h"

/* One id of an entry of contacts[]. */
struct wa_contact {
	struct trixy_text id;		/* its wa_id as digits, or its user_id */
	struct json_object *object;
};

/* A change's value, and what its members inherit from it. */
struct wa_value {
	struct meta_entry entry;	/* its account_key is the phone number's id; HISTORY, STANDBY and TEST in its flags */
	struct json_object *object;
	const struct wa_contact *contacts;	/* sorted by id: a body may name thousands, beside as many messages */
	size_t contact_count;
	bool is_alone;			/* one contact and one message or status: they belong together */
	bool is_old;			/* history from more than 90 days before the account was connected */
	struct trixy_text display;	/* the business's number: digits */
};

/* A customer as an item names them. `number` and `user_id` are {NULL,0} where they are not told. */
struct wa_person {
	struct trixy_text number;	/* digits, without the + */
	struct trixy_text user_id;	/* business-scoped: "BR.1587..." */
};

/* One member of messages[] or message_echoes[]. */
struct wa_item {
	const struct wa_value *value;
	struct meta_maker *maker;
	struct json_object *object;
	struct trixy_text type;
	struct trixy_event event;	/* with account, contact, id, time and flags already filled in */
};

int32_t wa_read_webhook(struct trixy_text body, struct trixy_memory *memory, const struct trixy_sink *sink);

/* ---- update.c ---- */

/* What a message's members say of who, when and what it answers; then its content. `thread`: the conversation that history
 * names it in, or NULL. */
int32_t wa_message_read(const struct wa_value *value, struct json_object *object, struct json_object *thread, bool is_echo);

int32_t wa_emit(struct wa_item *item);
/* With what is known of the event. */
int32_t wa_ignore(struct wa_item *item, struct trixy_text reason);

/* Reads contacts[] into the value: the names beside the messages, in any order. */
void wa_contacts_read(struct wa_value *value, struct json_object *contacts);

/* A customer's number as digits: Meta's samples have it with and without a +. */
struct trixy_text wa_number(struct meta_maker *maker, struct json_object *number);

/* Puts the customer into an event: their ids, and name and handle where contacts[] has them. False: nobody is named. */
bool wa_person_put(const struct wa_value *value, struct wa_person person, struct trixy_event *event);

/* ---- content.c ---- */

enum { WA_DETAILS_MAX = 32, WA_WORD_MAX = 64 };	/* struct trixy_attachment.details; bytes of a word of Meta's */

#define WA_NOTHING_PASSED "WhatsApp passed nothing on of it. It can be seen in the WhatsApp app."

/* Reads what a message of this type holds into the event: a message, or with its reason one that is not shown. */
void wa_content_read(struct wa_item *item);

/* The new text of an edited message; {NULL,0}: it is not there. */
struct trixy_text wa_content_text(struct meta_maker *maker, struct json_object *message);

/* Makes the event a message that is there and cannot be shown: what it is, as far as that is known, and why. */
void wa_unsupported(struct wa_item *item, struct trixy_text title, struct trixy_text fault);

/* A member's words, cut to what an event may hold. */
struct trixy_text wa_prose(struct wa_item *item, struct json_object *object, const char *name);

/* Lists, and one member that stands there without its list. */
struct json_object *wa_element(struct json_object *list, size_t i);
size_t wa_length(struct json_object *list);

/* Adds an attachment behind those that are there. */
void wa_attach(struct meta_maker *maker, struct trixy_event *event, const struct trixy_attachment *attachment);

/* ---- interactive.c ---- */

void wa_button_read(struct wa_item *item, struct json_object *value);
void wa_interactive_read(struct wa_item *item, struct json_object *value);

/* ---- system.c ---- */

int32_t wa_system_read(struct wa_item *item, struct json_object *system);
int32_t wa_call_read(const struct wa_value *value, struct json_object *call);
int32_t wa_preference_read(const struct wa_value *value, struct json_object *preference);

/* ---- status.c ---- */

int32_t wa_status_read(const struct wa_value *value, struct json_object *status);
/* What history tells of one of our messages. */
int32_t wa_history_status(struct wa_item *item, struct json_object *context);
/* The account's own trouble: value.errors[]. */
int32_t wa_error_read(const struct wa_value *value, struct json_object *error);

#endif
