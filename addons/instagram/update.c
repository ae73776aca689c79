/* One update of an entry: {"sender":{"id"},"recipient":{"id"},"timestamp",KIND:{...}}. Which kind it is, the name of
 * the member tells; the functions below read one kind each and stand in the table at the end. */
#include "webhook.h"

#include <string.h>

/* App id of Meta's own inbox (Instagram app, Business Suite). */
#define META_INBOX "263902037430900"

/* Why nothing of an update can be shown. */
#define NO_CONTACT "The update does not name its sender or recipient"
#define NO_TARGET "The update does not say which message it is about"

struct update {
	const struct meta_entry *entry;
	struct meta_maker *maker;
	struct trixy_text sender, recipient;
	struct json_object *timestamp;
	struct trixy_event event;	/* with account, contact, time and flags already filled in */
};

static int32_t emit(struct update *u)
{
	const struct trixy_sink *sink = u->entry->sink;

	if (u->maker->failed)
		return TRIXY_ENOMEM;
	return sink->emit(sink->arg, &u->event) != 0 ? TRIXY_ENOMEM : 0;
}

/* The reason is passed to the journal with the rest of what is known of the event. */
static int32_t ignore(struct update *u, struct trixy_text reason)
{
	u->event.kind = TRIXY_EVENT_IGNORED;
	u->event.reason = reason;
	return emit(u);
}

static struct trixy_text made_id(struct update *u, const char *kind, struct json_object *value)
{
	return meta_event_made_id(u->maker, kind, u->sender, u->timestamp, value);
}

/* Who wrote it: an echo is ours, and so is what our account sent without being called an echo. */
static void set_direction(struct update *u, bool is_echo)
{
	bool from_us = is_echo || (u->sender.len > 0 && meta_text_equal(u->sender, u->entry->account_key));

	u->event.contact_key = from_us ? u->recipient : u->sender;
	if (from_us)
		u->event.flags |= TRIXY_FROM_US;
}

static bool from_us(const struct update *u)
{
	return (u->event.flags & TRIXY_FROM_US) != 0;
}

/* Meta: a window of 24 hours starts with what the customer writes or taps. An answer to a story and the mention in one
 * are messages too. */
static void open_window(struct update *u)
{
	if (!from_us(u))
		u->event.flags |= TRIXY_OPENS_WINDOW;
}

enum message_member {
	MID,
	TEXT_,
	ATTACHMENTS,
	QUICK_REPLY,
	REPLY_TO,
	IS_ECHO,
	IS_DELETED,
	IS_UNSUPPORTED,
	AI_GENERATED,
	REFERRAL,
	MESSAGE_MEMBERS
};

static const char *const message_names[] = {
	"mid",	   "text",	 "attachments",	   "quick_reply",  "reply_to",
	"is_echo", "is_deleted", "is_unsupported", "ai_generated", "referral",
};
_Static_assert(sizeof(message_names) / sizeof(message_names[0]) == MESSAGE_MEMBERS, "a name for every member");

/* The kind that shows most of what there is. */
static uint32_t message_kind(const struct trixy_event *e, uint32_t attachment_kind, bool is_quick_reply, bool is_story_reply,
			     bool is_unsupported)
{
	if (attachment_kind != 0)
		return attachment_kind;
	if (is_quick_reply && (e->text.len > 0 || e->payload.len > 0))
		return TRIXY_MESSAGE_QUICK_REPLY;
	if (is_story_reply && !(is_unsupported && e->text.len == 0))
		return TRIXY_MESSAGE_STORY_REPLY;
	return e->text.len > 0 ? TRIXY_MESSAGE_TEXT : TRIXY_MESSAGE_UNSUPPORTED;
}

static int32_t read_message_content(struct update *u, struct json_object *member[MESSAGE_MEMBERS])
{
	struct trixy_event *e = &u->event;
	struct json_object *story = NULL;
	uint32_t attachment_kind;

	e->kind = TRIXY_EVENT_MESSAGE;
	e->text = meta_event_text(u->maker, member[TEXT_]);
	if (e->text.len == 0)
		e->text = (struct trixy_text){NULL, 0};
	attachment_kind = ig_attachments_read(u->maker, member[ATTACHMENTS], e);
	if (member[QUICK_REPLY] != NULL)
		e->payload = meta_event_text(u->maker, meta_json_get(member[QUICK_REPLY], "payload"));
	if (member[REPLY_TO] != NULL) {
		e->reply_to_id = meta_event_id(u->maker, meta_json_get(member[REPLY_TO], "mid"));
		story = meta_json_get(member[REPLY_TO], "story");
		e->story_id = meta_event_id(u->maker, meta_json_get(story, "id"));
		e->story_url = meta_json_whole(meta_json_get(story, "url"), META_EVENT_URL_MAX);
	}
	ig_referral_read(u->maker, member[REFERRAL], e);
	if (meta_json_true(member[AI_GENERATED]))
		e->flags |= TRIXY_BY_MACHINE;
	e->message_kind = message_kind(e, attachment_kind, member[QUICK_REPLY] != NULL, story != NULL,
				       meta_json_true(member[IS_UNSUPPORTED]));
	open_window(u);
	return emit(u);
}

/* is_self, a message of the account to itself, needs no rule of its own: it comes as an echo whose recipient is the
 * account. */
static int32_t read_message(struct update *u, const char *name, struct json_object *value)
{
	struct json_object *member[MESSAGE_MEMBERS];

	meta_json_pick(value, message_names, member, MESSAGE_MEMBERS);
	set_direction(u, meta_json_true(member[IS_ECHO]));
	if (u->event.contact_key.p == NULL)
		return ignore(u, TEXT(NO_CONTACT));
	u->event.message_id = meta_event_id(u->maker, member[MID]);
	if (meta_json_true(member[IS_DELETED])) {
		if (u->event.message_id.p == NULL)
			return ignore(u, TEXT(NO_TARGET));
		u->event.kind = TRIXY_EVENT_UNSEND;
		return emit(u);
	}
	if (u->event.message_id.p == NULL)
		u->event.message_id = made_id(u, name, value);
	return read_message_content(u, member);
}

/* May come before the message it edits. num_edit is a string on Meta's page. */
static int32_t read_edit(struct update *u, const char *name, struct json_object *value)
{
	int64_t number = 0;

	(void)name;
	set_direction(u, meta_json_true(meta_json_get(value, "is_echo")));
	u->event.message_id = meta_event_id(u->maker, meta_json_get(value, "mid"));
	u->event.text = meta_event_text(u->maker, meta_json_get(value, "text"));
	(void)meta_json_int(meta_json_get(value, "num_edit"), &number);
	u->event.edit_number = number > 0 ? number : 0;
	if (u->event.contact_key.p == NULL)
		return ignore(u, TEXT(NO_CONTACT));
	if (u->event.message_id.p == NULL)
		return ignore(u, TEXT(NO_TARGET));
	if (u->event.text.p == NULL)
		return ignore(u, TEXT("The edit does not carry the new text"));
	u->event.kind = TRIXY_EVENT_EDIT;
	return emit(u);
}

static int32_t read_reaction(struct update *u, const char *name, struct json_object *value)
{
	struct trixy_text action = meta_json_text(meta_json_get(value, "action"));

	(void)name;
	set_direction(u, false);
	u->event.message_id = meta_event_id(u->maker, meta_json_get(value, "mid"));
	if (u->event.contact_key.p == NULL)
		return ignore(u, TEXT(NO_CONTACT));
	if (u->event.message_id.p == NULL)
		return ignore(u, TEXT(NO_TARGET));
	if (from_us(u))
		return ignore(u, TEXT("A reaction of the business itself"));
	if (!meta_text_is(action, "unreact")) {
		u->event.reaction = meta_json_whole(meta_json_get(value, "reaction"), META_EVENT_WORD_MAX);
		u->event.emoji = meta_json_whole(meta_json_get(value, "emoji"), META_EVENT_WORD_MAX);
		if (u->event.reaction.p == NULL && u->event.emoji.p == NULL && meta_text_is(action, "react"))
			u->event.reaction = TEXT("other"); /* neither would mean "taken back" */
	}
	u->event.kind = TRIXY_EVENT_REACTION;
	return emit(u);
}

/* Names a message, not a time as Messenger does. */
static int32_t read_read(struct update *u, const char *name, struct json_object *value)
{
	(void)name;
	set_direction(u, false);
	u->event.message_id = meta_event_id(u->maker, meta_json_get(value, "mid"));
	if (u->event.contact_key.p == NULL)
		return ignore(u, TEXT(NO_CONTACT));
	if (u->event.message_id.p == NULL)
		return ignore(u, TEXT(NO_TARGET));
	if (from_us(u))
		return ignore(u, TEXT("A read receipt of the business itself"));
	u->event.kind = TRIXY_EVENT_READ;
	return emit(u);
}

/* A tapped button or ice breaker. In standby it has no payload; before v11 it had no id. */
static int32_t read_postback(struct update *u, const char *name, struct json_object *value)
{
	set_direction(u, meta_json_true(meta_json_get(value, "is_echo")));
	if (u->event.contact_key.p == NULL)
		return ignore(u, TEXT(NO_CONTACT));
	u->event.kind = TRIXY_EVENT_MESSAGE;
	u->event.message_kind = TRIXY_MESSAGE_POSTBACK;
	u->event.message_id = meta_event_id(u->maker, meta_json_get(value, "mid"));
	if (u->event.message_id.p == NULL)
		u->event.message_id = made_id(u, name, value);
	u->event.text = meta_event_text(u->maker, meta_json_get(value, "title"));
	u->event.payload = meta_event_text(u->maker, meta_json_get(value, "payload"));
	ig_referral_read(u->maker, meta_json_get(value, "referral"), &u->event);
	open_window(u);
	return emit(u);
}

/* The customer came back by a link. Nothing was written, so no window opens. */
static int32_t read_referral(struct update *u, const char *name, struct json_object *value)
{
	set_direction(u, false);
	if (u->event.contact_key.p == NULL)
		return ignore(u, TEXT(NO_CONTACT));
	u->event.kind = TRIXY_EVENT_MESSAGE;
	u->event.message_kind = TRIXY_MESSAGE_REFERRAL;
	u->event.message_id = made_id(u, name, value);
	ig_referral_read(u->maker, value, &u->event);
	return emit(u);
}

static int32_t read_optin(struct update *u, const char *name, struct json_object *value)
{
	(void)name;
	(void)value;
	set_direction(u, false);
	return ignore(u, TEXT("The customer changed what marketing messages they agree to get"));
}

/* Handover protocol: which app may write in the conversation. */
static int32_t read_handover(struct update *u, const char *name, struct json_object *value)
{
	static const char *const owners[] = {"new_owner_app_id", "previous_owner_app_id", "requested_owner_app_id"};
	struct trixy_text app = {NULL, 0}, says;

	set_direction(u, false);
	u->event.flags &= ~TRIXY_FROM_US; /* nobody wrote it */
	if (u->event.contact_key.p == NULL)
		return ignore(u, TEXT(NO_CONTACT));
	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]) && app.p == NULL; i++)
		app = meta_text_cut(meta_event_id(u->maker, meta_json_get(value, owners[i])), 64);
	if (strcmp(name, "pass_thread_control") == 0)
		says = TEXT("The conversation was passed on to ");
	else if (strcmp(name, "take_thread_control") == 0)
		says = TEXT("The conversation was taken over from ");
	else
		says = TEXT("The conversation was asked for by ");
	u->event.kind = TRIXY_EVENT_MESSAGE;
	u->event.message_kind = TRIXY_MESSAGE_SYSTEM;
	u->event.message_id = made_id(u, name, value);
	if (meta_text_is(app, META_INBOX))
		u->event.text = META_JOIN(u->maker, says, TEXT("Meta's own inbox."));
	else if (app.p != NULL)
		u->event.text = META_JOIN(u->maker, says, TEXT("another app ("), app, TEXT(")."));
	else
		u->event.text = META_JOIN(u->maker, says, TEXT("another app."));
	return emit(u);
}

/* A kind that Meta has invented since: shown as such, so that the team looks into the Instagram app. */
static int32_t read_unknown(struct update *u, const char *name, struct json_object *value)
{
	set_direction(u, false);
	if (u->event.contact_key.p == NULL)
		return ignore(u, TEXT(NO_CONTACT));
	u->event.kind = TRIXY_EVENT_MESSAGE;
	u->event.message_kind = TRIXY_MESSAGE_UNSUPPORTED;
	u->event.message_id = made_id(u, name, value);
	return emit(u);
}

static const struct {
	const char *name;
	int32_t (*read)(struct update *u, const char *name, struct json_object *value);
} kinds[] = {
	{"message", read_message},
	{"reaction", read_reaction},
	{"read", read_read},
	{"postback", read_postback},
	{"message_edit", read_edit},
	{"referral", read_referral},
	{"optin", read_optin},
	{"pass_thread_control", read_handover},
	{"take_thread_control", read_handover},
	{"request_thread_control", read_handover},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* The sender's names stand there with Instagram Login at times. */
static void read_sender(struct update *u, struct json_object *sender)
{
	enum { ID, NAME, USERNAME, MEMBERS };
	static const char *const names[] = {"id", "name", "username"};
	struct json_object *member[MEMBERS];

	meta_json_pick(sender, names, member, MEMBERS);
	u->sender = meta_event_id(u->maker, member[ID]);
	if (meta_text_equal(u->sender, u->entry->account_key))
		return; /* ours, not the customer's */
	u->event.contact_name = meta_text_cut(meta_json_prose(member[NAME], u->maker), META_EVENT_NAME_MAX);
	u->event.contact_handle = meta_json_whole(member[USERNAME], META_EVENT_NAME_MAX);
}

/* The ids of the dashboard's "Test" button; a real customer's have at least 15 digits. */
static bool is_test(const struct update *u)
{
	return meta_text_is(u->sender, "12334") && meta_text_is(u->recipient, "23245");
}

/* Reads every member that is a kind; real updates have one. */
static int32_t read_kinds(struct update *u, struct json_object *object)
{
	const struct trixy_event base = u->event;
	struct json_object *unknown_value = object;
	const char *unknown = "update";
	bool known = false;
	int32_t r;

	json_object_object_foreach(object, name, value)
	{
		size_t k = 0;

		while (k < KINDS && !meta_same(kinds[k].name, name))
			k++;
		if (k < KINDS) {
			known = true;
			u->event = base;
			if ((r = kinds[k].read(u, name, value)) != 0)
				return r;
		} else if (unknown_value == object && !meta_same(name, "sender") && !meta_same(name, "recipient") &&
			   json_object_is_type(value, json_type_object)) {
			unknown = name;
			unknown_value = value;
		}
	}
	return known ? 0 : read_unknown(u, unknown, unknown_value);
}

int32_t ig_update_read(const struct meta_entry *entry, struct json_object *object)
{
	enum { SENDER, RECIPIENT, TIMESTAMP, MEMBERS };
	static const char *const names[] = {"sender", "recipient", "timestamp"};
	struct update u = {.entry = entry, .maker = entry->maker};
	struct json_object *member[MEMBERS];

	if (!json_object_is_type(object, json_type_object))
		return meta_ignore(entry, TEXT("The update is not an object"), (struct trixy_text){NULL, 0});
	meta_json_pick(object, names, member, MEMBERS);
	read_sender(&u, member[SENDER]);
	u.recipient = meta_event_id(u.maker, meta_json_get(member[RECIPIENT], "id"));
	u.timestamp = member[TIMESTAMP];
	u.event.size = sizeof(u.event);
	u.event.flags = entry->flags | (is_test(&u) ? TRIXY_TEST : 0);
	u.event.account_key = entry->account_key;
	u.event.at_ms = meta_time_ms(u.timestamp);
	if (u.event.at_ms == 0)
		u.event.at_ms = entry->time_ms;
	return read_kinds(&u, object);
}
