/* What became of our messages: {"id","status","timestamp","recipient_id","biz_opaque_callback_data","errors":[...]}. In any
 * order; the core never goes back. Meta: "Status messages webhook reference". */
#include "channel/whatsapp/webhook.h"

#include "channel/whatsapp/errors.h"

enum { REFERENCE_MAX = 64 }; /* as long as ours are: what is longer is another program's */

static const struct {
	const char *name;
	uint32_t status;
} statuses[] = {
	{"sent", TRIXY_STATUS_SENT},	   {"delivered", TRIXY_STATUS_DELIVERED}, {"read", TRIXY_STATUS_READ},
	{"played", TRIXY_STATUS_READ}, /* a voice message was listened to */
	{"failed", TRIXY_STATUS_FAILED},   {"SENT", TRIXY_STATUS_SENT},		  {"DELIVERED", TRIXY_STATUS_DELIVERED},
	{"READ", TRIXY_STATUS_READ},	   {"PLAYED", TRIXY_STATUS_READ},	  {"ERROR", TRIXY_STATUS_FAILED},
};

static uint32_t status_of(struct trixy_text name)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (meta_text_is(name, statuses[i].name))
			return statuses[i].status;
	return 0;
}

static void put_failure(struct wa_item *item, struct json_object *errors)
{
	struct json_object *first = json_object_is_type(errors, json_type_array) ? json_object_array_get_idx(errors, 0) : errors;
	struct meta_error error;

	if (meta_error_object(first, &error)) {
		wa_error_of_failed(item->maker, &error, &item->event.reason, &item->event.fix);
		return;
	}
	item->event.reason = TEXT("WhatsApp could not deliver the message, and does not say why.");
	item->event.fix = TEXT("Send it again in a while, or reach the customer another way.");
}

enum status_member { ID, STATUS, TIMESTAMP, RECIPIENT, RECIPIENT_USER, RECIPIENT_TYPE, PARTICIPANT, PARTICIPANT_USER, GROUP, TYPE,
		     REFERENCE, ERRORS, MEMBERS };
static const char *const names[] = {"id", "status", "timestamp", "recipient_id", "recipient_user_id", "recipient_type",
				    "recipient_participant_id", "recipient_participant_user_id", "group_id", "type",
				    "biz_opaque_callback_data", "errors"};
_Static_assert(sizeof(names) / sizeof(names[0]) == MEMBERS, "a name for every member");

/* Statuses of failed messages may name nobody (Meta: "Business-scoped user IDs"): then our reference must do. */
static int32_t read_known(struct wa_item *item, struct json_object *member[MEMBERS], uint32_t status)
{
	struct wa_person person = {wa_number(item->maker, member[RECIPIENT]), meta_event_id(item->maker, member[RECIPIENT_USER])};
	struct trixy_text reference = meta_json_whole(member[REFERENCE], REFERENCE_MAX);

	item->event.reference = reference;
	item->event.message_id = meta_event_id(item->maker, member[ID]);
	if (item->event.message_id.len == 0)
		return wa_ignore(item, TEXT("The status does not say which message it is about"));
	if (!wa_person_put(item->value, person, &item->event) && reference.len == 0)
		return wa_ignore(item, TEXT("The status names neither a customer nor a message of this inbox"));
	item->event.kind = TRIXY_EVENT_STATUS;
	item->event.status = status;
	if (status == TRIXY_STATUS_FAILED)
		put_failure(item, member[ERRORS]);
	return wa_emit(item);
}

/* "INR 210.00"; Meta gives the amount in the offset's part of the unit, which is a hundredth. */
static struct trixy_text amount_text(struct wa_item *item, struct json_object *payment)
{
	struct json_object *amount = meta_json_get(payment, "amount");
	struct trixy_text currency = meta_json_whole(meta_json_get(payment, "currency"), 16);
	int64_t value = 0, offset = 0;

	if (!meta_json_int(meta_json_get(amount, "value"), &value) || !meta_json_int(meta_json_get(amount, "offset"), &offset) ||
	    value < 0 || offset != 100)
		return TEXT("");
	return META_JOIN(item->maker, TEXT(", "), currency, currency.len > 0 ? TEXT(" ") : TEXT(""), meta_text_number(item->maker, value / 100),
			 value % 100 < 10 ? TEXT(".0") : TEXT("."), meta_text_number(item->maker, value % 100));
}

/* Meta: "Payments API, receive payment notifications": what became of a payment stands among the statuses, under the id of the
 * message that asked for it, and says nothing of how that message fared. */
static int32_t read_payment(struct wa_item *item, struct json_object *member[MEMBERS])
{
	struct wa_person person = {wa_number(item->maker, member[RECIPIENT]), meta_event_id(item->maker, member[RECIPIENT_USER])};
	struct json_object *payment = meta_json_get(item->object, "payment");
	struct trixy_text order = meta_text_cut(meta_json_whole(meta_json_get(payment, "reference_id"), 255), 100);
	struct trixy_text status = meta_json_whole(member[STATUS], 64), became;

	if (!wa_person_put(item->value, person, &item->event))
		return wa_ignore(item, TEXT("News of a payment that names no customer"));
	became = meta_text_is(status, "captured") ? TEXT(" is done")
		: meta_text_is(status, "failed")  ? TEXT(" has failed")
		: meta_text_is(status, "pending") ? TEXT(" is pending")
						  : META_JOIN(item->maker, TEXT(" is \""), status, TEXT("\""));
	item->event.kind = TRIXY_EVENT_MESSAGE;
	item->event.message_kind = TRIXY_MESSAGE_SYSTEM;
	item->event.message_id = meta_event_made_id(item->maker, "payment", item->event.contact_key, member[TIMESTAMP], item->object);
	item->event.reply_to_id = meta_event_id(item->maker, member[ID]);
	item->event.text = META_JOIN(item->maker, TEXT("The payment"), order.len > 0 ? TEXT(" of order ") : TEXT(""), order, became,
				     amount_text(item, payment), TEXT("."));
	return wa_emit(item);
}

int32_t wa_status_read(const struct wa_value *value, struct json_object *object)
{
	struct wa_item item = {.value = value, .maker = value->entry.maker, .object = object};
	struct json_object *member[MEMBERS];
	uint32_t status;

	if (!json_object_is_type(object, json_type_object))
		return meta_ignore(&value->entry, TEXT("The status is not an object"), (struct trixy_text){NULL, 0});
	meta_json_pick(object, names, member, MEMBERS);
	item.event.size = sizeof(item.event);
	item.event.flags = value->entry.flags;
	item.event.account_key = value->entry.account_key;
	item.event.at_ms = meta_time_ms(member[TIMESTAMP]);
	if (item.event.at_ms == 0)
		item.event.at_ms = value->entry.time_ms;
	if (meta_text_is(meta_json_text(member[RECIPIENT_TYPE]), "group") || member[PARTICIPANT] != NULL ||
	    member[PARTICIPANT_USER] != NULL || member[GROUP] != NULL)
		return wa_ignore(&item, TEXT("The status of a group message: a group is not a customer"));
	if (meta_text_is(meta_json_text(member[TYPE]), "call"))
		return wa_ignore(&item, TEXT("A call of the business rings, was taken or refused"));
	if (meta_text_is(meta_json_text(member[TYPE]), "payment"))
		return read_payment(&item, member);
	status = status_of(meta_json_text(member[STATUS]));
	if (status == 0)
		return wa_ignore(&item, META_JOIN(item.maker, TEXT("The status \""),
						  meta_json_whole(member[STATUS], 64), TEXT("\" is not known here")));
	return read_known(&item, member, status);
}

/* {"status":"READ"}: the last that became of a message that the business sent. PENDING says nothing. */
int32_t wa_history_status(struct wa_item *item, struct json_object *context)
{
	const struct trixy_event *message = &item->event;
	uint32_t status = status_of(meta_json_text(meta_json_get(context, "status")));
	struct wa_item inner = *item;

	if (status == 0 || (message->flags & TRIXY_FROM_US) == 0)
		return 0;
	inner.event = (struct trixy_event){
		.size = sizeof(inner.event),
		.kind = TRIXY_EVENT_STATUS,
		.flags = message->flags & ~(TRIXY_FROM_US | TRIXY_BY_MACHINE | TRIXY_FORWARDED),
		.account_key = message->account_key,
		.contact_key = message->contact_key,
		.other_contact_key = message->other_contact_key,
		.message_id = message->message_id,
		.at_ms = message->at_ms,
		.status = status,
	};
	if (status == TRIXY_STATUS_FAILED)
		put_failure(&inner, NULL);
	return wa_emit(&inner);
}

int32_t wa_error_read(const struct wa_value *value, struct json_object *object)
{
	struct meta_maker *maker = value->entry.maker;
	const struct meta_fault *fault;
	struct meta_error error;

	if (!meta_error_object(object, &error))
		return meta_ignore(&value->entry, TEXT("WhatsApp reports an error without saying which"), (struct trixy_text){NULL, 0});
	fault = meta_error_fault(&wa_faults, &error);
	if (fault == &wa_faults.rows[wa_faults.count - 1])
		return meta_ignore(&value->entry, wa_error_words(maker, &error), TEXT("Check the connection."));
	return meta_ignore(&value->entry, META_JOIN(maker, meta_error_reason(maker, fault, &error), TEXT(" ("),
						    meta_text_number(maker, error.code), TEXT(")")),
			   fault->fix);
}
