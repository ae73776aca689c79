/* What stands among the messages and is none: a customer's number or id changed, somebody called, somebody stopped marketing. */
#include "channel/whatsapp/webhook.h"

#define NO_TEXT ((struct trixy_text){NULL, 0})

/* ---- system messages ---- */

enum system_member { TYPE, BODY, WA_ID, NEW_WA_ID, USER_ID, PREVIOUS_USER_ID, CUSTOMER, MEMBERS };
static const char *const names[] = {"type", "body", "wa_id", "new_wa_id", "user_id", "previous_user_id", "customer"};
_Static_assert(sizeof(names) / sizeof(names[0]) == MEMBERS, "a name for every member");

static int32_t emit_moved(struct wa_item *item, struct trixy_text from, struct trixy_text to)
{
	struct wa_item moved = *item;

	if (from.len == 0 || to.len == 0 || meta_text_equal(from, to))
		return 0;
	moved.event.kind = TRIXY_EVENT_MOVED;
	moved.event.contact_key = from;
	moved.event.other_contact_key = to;
	moved.event.message_id = NO_TEXT;
	moved.event.contact_name = NO_TEXT;
	moved.event.contact_handle = meta_text_is_digits(to) ? META_JOIN(item->maker, TEXT("+"), to) : NO_TEXT;
	return wa_emit(&moved);
}

/* A customer's old and new ids: either of a pair may be missing. */
struct change {
	struct wa_person from, to;
};

static int32_t emit_moves(struct wa_item *item, const struct change *c)
{
	bool numbers = c->from.number.len > 0 && c->to.number.len > 0, ids = c->from.user_id.len > 0 && c->to.user_id.len > 0;
	int32_t r;

	if ((r = emit_moved(item, c->from.number, c->to.number)) != 0 || (r = emit_moved(item, c->from.user_id, c->to.user_id)) != 0)
		return r;
	if (numbers || ids)
		return 0;
	/* The number is hidden now, or has come to light. */
	if ((r = emit_moved(item, c->from.number, c->to.user_id)) != 0)
		return r;
	return emit_moved(item, c->from.user_id, c->to.number);
}

static struct trixy_text named(struct wa_item *item, struct wa_person person)
{
	return person.number.len > 0 ? META_JOIN(item->maker, TEXT("+"), person.number) : NO_TEXT;
}

/* Under the new ids: the conversation has moved there when this is applied. */
static int32_t emit_words(struct wa_item *item, const struct change *c, struct trixy_text text)
{
	struct wa_person person = {c->to.number.len > 0 ? c->to.number : c->to.user_id.len > 0 ? NO_TEXT : c->from.number,
				   c->to.user_id.len > 0 ? c->to.user_id : c->to.number.len > 0 ? NO_TEXT : c->from.user_id};

	item->event.contact_key = item->event.other_contact_key = item->event.contact_name = item->event.contact_handle = NO_TEXT;
	if (!wa_person_put(item->value, person, &item->event))
		return wa_ignore(item, TEXT("The system message does not name its customer"));
	item->event.kind = TRIXY_EVENT_MESSAGE;
	item->event.message_kind = TRIXY_MESSAGE_SYSTEM;
	item->event.text = text;
	return wa_emit(item);
}

/* Before previous_user_id there was only a sentence: "User NAME changed from OLD to NEW". */
static struct trixy_text old_id_of(struct wa_item *item, struct trixy_text body)
{
	static const char mark[] = " changed from ";
	const char *at = body.len == 0 ? NULL : memmem(body.p, body.len, mark, sizeof(mark) - 1), *end;
	uint64_t left;

	if (at == NULL)
		return NO_TEXT;
	at += sizeof(mark) - 1;
	left = (uint64_t)(body.p + body.len - at);
	end = memchr(at, ' ', left);
	if (end == NULL || end == at || (uint64_t)(end - at) > META_EVENT_ID_MAX)
		return NO_TEXT;
	return META_JOIN(item->maker, ((struct trixy_text){at, (uint64_t)(end - at)}));
}

static int32_t read_number_change(struct wa_item *item, struct json_object *member[MEMBERS], struct change *c)
{
	struct trixy_text was = named(item, c->from), is = named(item, c->to), text;
	int32_t r;

	(void)member;
	if (c->to.number.len == 0 && c->to.user_id.len == 0)
		return emit_words(item, c, TEXT("The customer's number changed; WhatsApp does not say to which."));
	if ((r = emit_moves(item, c)) != 0)
		return r;
	if (is.len == 0)
		text = TEXT("The customer's number changed. The new one is hidden.");
	else
		text = META_JOIN(item->maker, TEXT("The customer's number changed"), was.len > 0 ? TEXT(" from ") : TEXT(""), was,
				 TEXT(" to "), is, TEXT("."));
	return emit_words(item, c, text);
}

/* Meta: "System messages webhook reference" (user_changed_number, user_changed_user_id); older pages say customer_ for user_,
 * and have customer_identity_changed. */
int32_t wa_system_read(struct wa_item *item, struct json_object *system)
{
	struct json_object *member[MEMBERS];
	struct trixy_text type, body;
	struct change c;

	meta_json_pick(system, names, member, MEMBERS);
	type = meta_json_whole(member[TYPE], 64);
	body = meta_event_text(item->maker, member[BODY]);
	item->event.flags &= ~(TRIXY_OPENS_WINDOW | TRIXY_FORWARDED); /* nobody wrote it */
	item->event.reply_to_id = NO_TEXT;
	c.from.number = wa_number(item->maker, meta_json_get(item->object, "from"));
	c.from.user_id = meta_event_id(item->maker, member[PREVIOUS_USER_ID]);
	if (c.from.user_id.len == 0)
		c.from.user_id = meta_event_id(item->maker, meta_json_get(item->object, "from_user_id"));
	c.to.number = wa_number(item->maker, member[member[WA_ID] != NULL ? WA_ID : NEW_WA_ID]);
	c.to.user_id = meta_event_id(item->maker, member[USER_ID]);
	if (c.from.number.len == 0)
		c.from.number = wa_number(item->maker, member[CUSTOMER]);
	if (c.from.number.len == 0 && c.from.user_id.len == 0)
		c.from.user_id = old_id_of(item, body);
	if (meta_text_contains(type, "changed_number") || meta_text_contains(type, "changed_user_id"))
		return read_number_change(item, member, &c);
	c.to = (struct wa_person){NO_TEXT, NO_TEXT};
	if (meta_text_contains(type, "identity_changed"))
		return emit_words(item, &c, TEXT("The customer's WhatsApp was set up anew, on another phone perhaps. If it matters, "
						 "make sure that it is still the same person."));
	if (body.len > 0)
		return emit_words(item, &c, body);
	return emit_words(item, &c, type.len > 0
		? META_JOIN(item->maker, TEXT("WhatsApp notes something of the kind \""), type, TEXT("\"."))
		: TEXT("WhatsApp notes something about this conversation."));
}

/* ---- calls ---- */

/* "42 s", "3 min 5 s". */
static struct trixy_text duration_text(struct meta_maker *maker, int64_t seconds)
{
	if (seconds < 60)
		return META_JOIN(maker, meta_text_number(maker, seconds), TEXT(" s"));
	return META_JOIN(maker, meta_text_number(maker, seconds / 60), TEXT(" min "), meta_text_number(maker, seconds % 60),
			 TEXT(" s"));
}

static struct trixy_text call_text(struct wa_item *item, struct json_object *call, bool is_over, bool from_us)
{
	struct trixy_text status = meta_json_text(meta_json_get(call, "status"));
	int64_t seconds = 0;

	(void)meta_json_int(meta_json_get(call, "duration"), &seconds);
	if (!is_over)
		return from_us ? TEXT("Your business called.") : TEXT("The customer called.");
	if (seconds > 0)
		return META_JOIN(item->maker, from_us ? TEXT("Your business called: ") : TEXT("The customer called: "),
				 duration_text(item->maker, seconds), TEXT("."));
	if (meta_text_is(status, "FAILED"))
		return from_us ? TEXT("Your business called, and nobody answered.") : TEXT("The customer called, and nobody answered.");
	return from_us ? TEXT("Your business called. The call is over.") : TEXT("The customer called. The call is over.");
}

/* Meta: "Calling webhooks". A call has two events, connect and terminate, of one id: one message, whose words the end of the call
 * corrects. Either may come first, or alone. */
int32_t wa_call_read(const struct wa_value *value, struct json_object *call)
{
	struct wa_item item = {.value = value, .maker = value->entry.maker, .object = call};
	struct wa_person from = {wa_number(item.maker, meta_json_get(call, "from")),
				 meta_event_id(item.maker, meta_json_get(call, "from_user_id"))};
	struct wa_person to = {wa_number(item.maker, meta_json_get(call, "to")),
			       meta_event_id(item.maker, meta_json_get(call, "to_user_id"))};
	bool is_over = meta_text_is(meta_json_text(meta_json_get(call, "event")), "terminate");
	bool from_us = meta_text_contains(meta_json_text(meta_json_get(call, "direction")), "BUSINESS_INITIATED") ||
		       (from.number.len > 0 && meta_text_equal(from.number, value->display));
	struct trixy_text text;
	int32_t r;

	if (!json_object_is_type(call, json_type_object))
		return meta_ignore(&value->entry, TEXT("The call is not an object"), NO_TEXT);
	item.event = (struct trixy_event){.size = sizeof(item.event), .account_key = value->entry.account_key};
	item.event.flags = value->entry.flags | (from_us ? TRIXY_FROM_US : TRIXY_OPENS_WINDOW);
	item.event.at_ms = meta_time_ms(meta_json_get(call, "timestamp"));
	item.event.message_id = meta_event_id(item.maker, meta_json_get(call, "id"));
	if (item.event.flags & TRIXY_HISTORY)
		item.event.flags &= ~TRIXY_OPENS_WINDOW;
	if (!wa_person_put(value, from_us ? to : from, &item.event) || item.event.message_id.len == 0)
		return wa_ignore(&item, TEXT("The call names no customer, or has no id"));
	text = call_text(&item, call, is_over, from_us);
	item.event.kind = TRIXY_EVENT_MESSAGE;
	item.event.message_kind = TRIXY_MESSAGE_CALL;
	item.event.text = text;
	if ((r = wa_emit(&item)) != 0 || !is_over)
		return r;
	item.event.kind = TRIXY_EVENT_EDIT;
	item.event.message_kind = 0;
	item.event.flags &= ~TRIXY_OPENS_WINDOW;
	item.event.edit_number = 1;
	return wa_emit(&item);
}

/* ---- preferences ---- */

/* Meta: "user_preferences webhook reference". Not a message: it says what may be sent. */
int32_t wa_preference_read(const struct wa_value *value, struct json_object *preference)
{
	struct wa_item item = {.value = value, .maker = value->entry.maker, .object = preference};
	struct wa_person person = {wa_number(item.maker, meta_json_get(preference, "wa_id")),
				   meta_event_id(item.maker, meta_json_get(preference, "user_id"))};
	struct trixy_text choice = meta_json_text(meta_json_get(preference, "value")), who;

	item.event = (struct trixy_event){.size = sizeof(item.event), .account_key = value->entry.account_key};
	item.event.flags = value->entry.flags;
	item.event.at_ms = meta_time_ms(meta_json_get(preference, "timestamp"));
	(void)wa_person_put(value, person, &item.event);
	who = item.event.contact_handle.len > 0 ? item.event.contact_handle
						: item.event.contact_key.len > 0 ? item.event.contact_key : TEXT("A customer");
	if (meta_text_is(choice, "resume"))
		return wa_ignore(&item, META_JOIN(item.maker, meta_text_cut(who, 600), TEXT(" takes marketing messages again")));
	if (!meta_text_is(choice, "stop"))
		return wa_ignore(&item, META_JOIN(item.maker, meta_text_cut(who, 600),
						  TEXT(" changed what marketing messages they take")));
	item.event.fix = TEXT("Send them no more marketing templates: WhatsApp refuses those (131050). Answers still go through.");
	return wa_ignore(&item, META_JOIN(item.maker, meta_text_cut(who, 600), TEXT(" has stopped marketing messages")));
}
