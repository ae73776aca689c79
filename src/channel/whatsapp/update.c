/* One message: {"from","id","timestamp","type",TYPE:{...}}, with `context` where it answers another or was passed on, and
 * `referral` where the customer came by an advertisement. Who wrote it tells the list that it stands in, in history the thread.
 *
 * Since 2026 customers may hide their number (Meta: "Business-scoped user IDs"): then `from` and `wa_id` are absent, and
 * from_user_id and contacts[].user_id are all there is. Both ids go into the event where both are told, so that the
 * conversation is found by either. */
#include "channel/whatsapp/webhook.h"

#include <stdlib.h>

#define NO_CONTACT "The message does not name its customer"
#define NO_TARGET "The update does not say which message it is about"

int32_t wa_emit(struct wa_item *item)
{
	const struct trixy_sink *sink = item->value->entry.sink;

	if (item->maker->failed)
		return TRIXY_ENOMEM;
	return sink->emit(sink->arg, &item->event) != 0 ? TRIXY_ENOMEM : 0;
}

int32_t wa_ignore(struct wa_item *item, struct trixy_text reason)
{
	item->event.kind = TRIXY_EVENT_IGNORED;
	item->event.flags &= ~TRIXY_OPENS_WINDOW;
	item->event.reason = reason;
	return wa_emit(item);
}

struct trixy_text wa_number(struct meta_maker *maker, struct json_object *number)
{
	struct trixy_text text = meta_event_id(maker, number);
	uint64_t len = 0;
	char *digits;

	if (text.len == 0 || meta_text_is_digits(text))
		return text;
	for (uint64_t i = 0; i < text.len; i++)
		if (!(text.p[i] >= '0' && text.p[i] <= '9') && strchr("+-() ", text.p[i]) == NULL)
			return text;
	digits = meta_maker_alloc(maker, text.len, 1);
	for (uint64_t i = 0; digits != NULL && i < text.len; i++)
		if (text.p[i] >= '0' && text.p[i] <= '9')
			digits[len++] = text.p[i];
	return len > 0 ? (struct trixy_text){digits, len} : (struct trixy_text){NULL, 0};
}

/* ---- who ---- */

static int compare(const void *a, const void *b)
{
	const struct wa_contact *x = a, *y = b;

	if (x->id.len != y->id.len)
		return x->id.len < y->id.len ? -1 : 1;
	return x->id.len == 0 ? 0 : memcmp(x->id.p, y->id.p, x->id.len);
}

void wa_contacts_read(struct wa_value *value, struct json_object *contacts)
{
	struct meta_maker *maker = value->entry.maker;
	size_t n = json_object_is_type(contacts, json_type_array) ? json_object_array_length(contacts) : 0;
	struct wa_contact *list = n > 0 ? meta_maker_alloc(maker, 2 * n, sizeof(*list)) : NULL;

	value->contact_count = 0;
	for (size_t i = 0; list != NULL && i < n; i++) {
		struct json_object *contact = json_object_array_get_idx(contacts, i);
		const struct trixy_text ids[] = {wa_number(maker, meta_json_get(contact, "wa_id")),
						 meta_event_id(maker, meta_json_get(contact, "user_id"))};

		for (size_t k = 0; k < 2; k++)
			if (ids[k].len > 0)
				list[value->contact_count++] = (struct wa_contact){ids[k], contact};
	}
	value->contacts = list;
	if (list != NULL)
		qsort(list, value->contact_count, sizeof(*list), compare);
}

static struct json_object *find_id(const struct wa_value *value, struct trixy_text id)
{
	const struct wa_contact wanted = {id, NULL};
	const struct wa_contact *found = id.len == 0 || value->contact_count == 0 ? NULL
		: bsearch(&wanted, value->contacts, value->contact_count, sizeof(wanted), compare);

	return found != NULL ? found->object : NULL;
}

/* The entry of contacts[] that is this person's: by either id, never by position. One that stands alone beside one message is
 * that message's, whatever it is called: Meta says that a number and a wa_id may differ. */
static struct json_object *find_contact(const struct wa_value *value, struct wa_person person, struct wa_person *ret_person)
{
	struct meta_maker *maker = value->entry.maker;
	struct json_object *contact = find_id(value, person.number);

	if (contact == NULL)
		contact = find_id(value, person.user_id);
	if (contact == NULL && value->is_alone && value->contact_count > 0)
		contact = value->contacts[0].object;
	ret_person->number = wa_number(maker, meta_json_get(contact, "wa_id"));
	ret_person->user_id = meta_event_id(maker, meta_json_get(contact, "user_id"));
	return contact;
}

static void put_names(const struct wa_value *value, struct json_object *contact, struct trixy_event *event)
{
	struct meta_maker *maker = value->entry.maker;
	struct json_object *profile = meta_json_get(contact, "profile");
	struct trixy_text username = meta_json_whole(meta_json_get(profile, "username"), META_EVENT_NAME_MAX - 1);

	event->contact_name = meta_text_cut(meta_json_prose(meta_json_get(profile, "name"), maker), META_EVENT_NAME_MAX);
	if (event->contact_name.len == 0)
		event->contact_name = (struct trixy_text){NULL, 0};
	if (meta_text_is_digits(event->contact_key))
		event->contact_handle = META_JOIN(maker, TEXT("+"), event->contact_key);
	else if (username.len > 0)
		event->contact_handle = META_JOIN(maker, username.p[0] == '@' ? TEXT("") : TEXT("@"), username);
}

bool wa_person_put(const struct wa_value *value, struct wa_person person, struct trixy_event *event)
{
	struct wa_person listed;
	struct json_object *contact;

	/* An id where a number is expected: Meta's pages are not of one mind. */
	if (person.number.len > 0 && !meta_text_is_digits(person.number) && person.user_id.len == 0)
		person = (struct wa_person){.user_id = person.number};
	contact = find_contact(value, person, &listed);
	if (person.user_id.len == 0)
		person.user_id = listed.user_id;
	event->contact_key = person.number.len > 0 ? person.number : listed.number.len > 0 ? listed.number : person.user_id;
	event->other_contact_key = person.user_id.len > 0 ? person.user_id : listed.number;
	if (event->other_contact_key.len == 0 || meta_text_equal(event->other_contact_key, event->contact_key))
		event->other_contact_key = (struct trixy_text){NULL, 0};
	if (event->contact_key.len == 0)
		return false;
	put_names(value, contact, event);
	return true;
}

enum item_member {
	FROM, FROM_USER_ID, TO, TO_USER_ID, ID, TIMESTAMP, TYPE, CONTEXT, REFERRAL, GROUP_ID, RECIPIENT_TYPE, HISTORY_CONTEXT,
	MEMBERS
};
static const char *const names[] = {"from",    "from_user_id", "to",	   "to_user_id",     "id",		"timestamp",
				    "type",    "context",      "referral", "group_id",	     "recipient_type",	"history_context"};
_Static_assert(sizeof(names) / sizeof(names[0]) == MEMBERS, "a name for every member");

/* In history the business wrote what its own number, or anybody but the thread's customer, sent (Meta: "history webhook
 * reference": `from` is one of the two, `to` is there only for what was sent). */
static bool is_from_us(const struct wa_value *value, struct wa_person from, struct wa_person thread, bool has_to)
{
	if (has_to || (from.number.len > 0 && meta_text_equal(from.number, value->display)))
		return true;
	if (thread.number.len == 0 && thread.user_id.len == 0)
		return false;
	return !(from.number.len > 0 && (meta_text_equal(from.number, thread.number) ||
					 meta_text_equal(from.number, thread.user_id))) &&
	       !(from.user_id.len > 0 && meta_text_equal(from.user_id, thread.user_id));
}

static struct wa_person read_person(struct meta_maker *maker, struct json_object *number, struct json_object *user_id)
{
	return (struct wa_person){wa_number(maker, number), meta_event_id(maker, user_id)};
}

/* A thread is named by the customer's number; `context` has their ids where the number is hidden. */
static struct wa_person read_thread(struct meta_maker *maker, struct json_object *thread)
{
	struct json_object *context = meta_json_get(thread, "context");
	struct wa_person person = read_person(maker, meta_json_get(thread, "id"), meta_json_get(context, "user_id"));
	struct trixy_text number = wa_number(maker, meta_json_get(context, "wa_id"));

	if (person.number.len > 0 && !meta_text_is_digits(person.number)) {
		if (person.user_id.len == 0)
			person.user_id = person.number;
		person.number = number;
	} else if (person.number.len == 0) {
		person.number = number;
	}
	return person;
}

/* Sets direction and customer. False: nobody is named. */
static bool read_who(struct wa_item *item, struct json_object *member[MEMBERS], struct json_object *thread, bool is_echo)
{
	const struct wa_value *value = item->value;
	struct wa_person from = read_person(item->maker, member[FROM], member[FROM_USER_ID]);
	struct wa_person to = read_person(item->maker, member[TO], member[TO_USER_ID]);
	struct wa_person of_thread = read_thread(item->maker, thread);
	bool is_history = (item->event.flags & TRIXY_HISTORY) != 0;
	bool has_to = to.number.len > 0 || to.user_id.len > 0;

	if (is_echo || (is_history && is_from_us(value, from, of_thread, has_to)))
		item->event.flags |= TRIXY_FROM_US;
	else if (!is_history)
		item->event.flags |= TRIXY_OPENS_WINDOW;
	if ((item->event.flags & TRIXY_FROM_US) == 0)
		return wa_person_put(value, from.number.len > 0 || from.user_id.len > 0 ? from : of_thread, &item->event);
	return wa_person_put(value, has_to ? to : of_thread, &item->event);
}

/* ---- what stands around the content ---- */

/* Meta: "Groups API": messages of a group carry its id; `from` is the member who wrote. Filed as that member's private
 * conversation, others would read there what was said to the group. */
static bool is_of_group(struct json_object *member[MEMBERS])
{
	return meta_json_word(member[GROUP_ID]).len > 0 || json_object_is_type(member[GROUP_ID], json_type_int) ||
	       meta_text_is(meta_json_text(member[RECIPIENT_TYPE]), "group") ||
	       meta_text_contains(meta_json_text(member[FROM]), "@g.us") || meta_text_contains(meta_json_text(member[TO]), "@g.us");
}

static void add_detail(struct trixy_pair *details, uint32_t *count, const char *name, struct trixy_text value)
{
	if (value.len > 0)
		details[(*count)++] = (struct trixy_pair){{name, strlen(name)}, value};
}

/* A product of a catalogue that the message asks about [the reference file: general knowledge]. */
static void read_product(struct wa_item *item, struct json_object *product)
{
	struct trixy_attachment a = {.size = sizeof(a), .type = TRIXY_MESSAGE_SHARE};
	struct trixy_pair *details;

	a.external_id = meta_event_id(item->maker, meta_json_get(product, "product_retailer_id"));
	if (a.external_id.len == 0 || (details = meta_maker_alloc(item->maker, 1, sizeof(*details))) == NULL)
		return;
	a.title = META_JOIN(item->maker, TEXT("Product "), a.external_id);
	add_detail(details, &a.detail_count, "catalog", meta_event_id(item->maker, meta_json_get(product, "catalog_id")));
	a.details = a.detail_count > 0 ? details : NULL;
	wa_attach(item->maker, &item->event, &a);
}

static void read_context(struct wa_item *item, struct json_object *context)
{
	enum { OLD_ID, FORWARDED, OFTEN, COUNT };
	static const char *const keys[] = {"id", "forwarded", "frequently_forwarded"};
	struct json_object *member[COUNT];

	if (context == NULL)
		return;
	meta_json_pick(context, keys, member, COUNT);
	item->event.reply_to_id = meta_event_id(item->maker, member[OLD_ID]);
	if (meta_json_true(member[FORWARDED]) || meta_json_true(member[OFTEN]))
		item->event.flags |= TRIXY_FORWARDED;
}

/* The advertisement or post by which the customer came, shown like a shared post. */
static void read_referral(struct wa_item *item, struct json_object *referral)
{
	struct trixy_attachment a = {.size = sizeof(a), .type = TRIXY_MESSAGE_SHARE};
	struct trixy_pair *details;

	if (!json_object_is_type(referral, json_type_object))
		return;
	details = meta_maker_alloc(item->maker, 3, sizeof(*details));
	if (details == NULL)
		return;
	a.title = meta_event_text(item->maker, meta_json_get(referral, "headline"));
	a.url = meta_json_whole(meta_json_get(referral, "source_url"), META_EVENT_URL_MAX);
	a.external_id = meta_event_id(item->maker, meta_json_get(referral, "source_id"));
	add_detail(details, &a.detail_count, "body", meta_event_text(item->maker, meta_json_get(referral, "body")));
	add_detail(details, &a.detail_count, "source_type", meta_json_whole(meta_json_get(referral, "source_type"), 64));
	add_detail(details, &a.detail_count, "media_type", meta_json_whole(meta_json_get(referral, "media_type"), 64));
	a.details = a.detail_count > 0 ? details : NULL;
	if (a.title.len > 0 || a.url.len > 0 || a.external_id.len > 0 || a.detail_count > 0)
		wa_attach(item->maker, &item->event, &a);
}

/* ---- what is about another message ---- */

/* Meta's pages name the target original_message_id in edits and revokes, message_id in reactions; the message that is answered
 * stands in for it, and an edit without any is no edit. */
static bool read_target(struct wa_item *item, struct json_object *object)
{
	static const char *const keys[] = {"original_message_id", "message_id", "id"};
	struct trixy_text id = {NULL, 0};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && id.len == 0; i++)
		id = meta_event_id(item->maker, meta_json_get(object, keys[i]));
	if (id.len == 0)
		id = item->event.reply_to_id;
	item->event.message_id = id;
	item->event.reply_to_id = (struct trixy_text){NULL, 0};
	item->event.attachment_count = 0;
	item->event.attachments = NULL;
	/* A reaction is not known to start the 24 hours again, and neither is an edit: the cautious side, so that nothing that
	 * was written goes out of the window. */
	item->event.flags &= ~(TRIXY_OPENS_WINDOW | TRIXY_FORWARDED);
	return id.len > 0;
}

/* Meta: "Reaction messages webhook reference": no emoji, or "", takes it back. */
static int32_t read_reaction(struct wa_item *item, struct json_object *reaction)
{
	struct json_object *emoji = meta_json_get(reaction, "emoji");

	if (!read_target(item, reaction))
		return wa_ignore(item, TEXT(NO_TARGET));
	item->event.emoji = meta_json_whole(emoji, META_EVENT_WORD_MAX);
	if (item->event.emoji.len == 0 && meta_json_word(emoji).len > 0)
		item->event.reaction = TEXT("other"); /* it cannot be shown, but was not taken back */
	item->event.kind = TRIXY_EVENT_REACTION;
	return wa_emit(item);
}

/* Meta: "Edit messages webhook reference". An edit has no number: its time tells which is the later one. */
static int32_t read_edit(struct wa_item *item, struct json_object *edit)
{
	struct json_object *message = meta_json_get(edit, "message");
	struct trixy_text text = wa_content_text(item->maker, message != NULL ? message : edit);

	if (text.p == NULL)
		text = wa_content_text(item->maker, item->object);
	if (!read_target(item, edit))
		return wa_ignore(item, TEXT(NO_TARGET));
	if (text.p == NULL)
		return wa_ignore(item, TEXT("The edit does not carry the new text"));
	item->event.kind = TRIXY_EVENT_EDIT;
	item->event.text = text;
	item->event.edit_number = item->event.at_ms / 1000;
	return wa_emit(item);
}

static int32_t read_revoke(struct wa_item *item, struct json_object *revoke)
{
	if (!read_target(item, revoke))
		return wa_ignore(item, TEXT(NO_TARGET));
	item->event.kind = TRIXY_EVENT_UNSEND;
	return wa_emit(item);
}

static const struct {
	const char *type;
	int32_t (*read)(struct wa_item *item, struct json_object *value);
} others[] = {
	{"reaction", read_reaction}, {"edit", read_edit},      {"edited", read_edit},	 {"revoke", read_revoke},
	{"revoked", read_revoke},    {"delete", read_revoke},  {"deleted", read_revoke}, {"system", wa_system_read},
};

/* ---- the message ---- */

static int32_t read_typed(struct wa_item *item, struct json_object *member[MEMBERS])
{
	int32_t r;

	read_context(item, member[CONTEXT]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (meta_text_is(item->type, others[i].type))
			return others[i].read(item, meta_json_get(item->object, others[i].type));
	wa_content_read(item);
	if (item->event.kind != TRIXY_EVENT_MESSAGE)
		return wa_ignore(item, item->event.reason);
	/* Shown behind what the customer sent. */
	read_product(item, meta_json_get(member[CONTEXT], "referred_product"));
	read_referral(item, member[REFERRAL]);
	if ((r = wa_emit(item)) != 0)
		return r;
	return item->event.flags & TRIXY_HISTORY ? wa_history_status(item, member[HISTORY_CONTEXT]) : 0;
}

int32_t wa_message_read(const struct wa_value *value, struct json_object *object, struct json_object *thread, bool is_echo)
{
	struct wa_item item = {.value = value, .maker = value->entry.maker, .object = object};
	struct json_object *member[MEMBERS];
	bool is_named;

	if (!json_object_is_type(object, json_type_object))
		return meta_ignore(&value->entry, TEXT("The message is not an object"), (struct trixy_text){NULL, 0});
	meta_json_pick(object, names, member, MEMBERS);
	item.type = meta_json_whole(member[TYPE], 64);
	item.event.size = sizeof(item.event);
	item.event.flags = value->entry.flags;
	item.event.account_key = value->entry.account_key;
	item.event.at_ms = meta_time_ms(member[TIMESTAMP]);
	if (item.event.at_ms == 0)
		item.event.at_ms = value->entry.time_ms;
	/* The answers of Meta's own agent, which writes while another app only listens. */
	if (is_echo && (item.event.flags & TRIXY_STANDBY))
		item.event.flags |= TRIXY_BY_MACHINE;
	is_named = read_who(&item, member, thread, is_echo);
	item.event.message_id = meta_event_id(item.maker, member[ID]);
	if (item.event.message_id.len == 0)
		item.event.message_id = meta_event_made_id(item.maker, "message", item.event.contact_key, member[TIMESTAMP], object);
	if (is_of_group(member))
		return wa_ignore(&item, TEXT("A group message: a group is not a customer, so it is not shown"));
	if (!is_named && !meta_text_is(item.type, "system"))
		return wa_ignore(&item, TEXT(NO_CONTACT));
	return read_typed(&item, member);
}
