/* Meta: WhatsApp Business Platform, Webhooks, "Overview" and the reference of each field.
 *
 *	{"object":"whatsapp_business_account","entry":[{"id":ACCOUNT,"changes":[{"field":FIELD,"value":VALUE},...]}]}
 *
 * A VALUE names the phone number that it is about by metadata.phone_number_id: that is the key of an account here, never the
 * number as people write it. What only concerns the whole WhatsApp Business Account has no metadata; it goes by the entry's id. */
#include "channel/whatsapp/webhook.h"

/* What the App Dashboard's "Test" button sends; also stands for an entry without an id. */
#define NO_ACCOUNT "0"
#define TEST_NUMBER "123456123"

#define NOTHING_TO_DO "Nothing to do; the field may be unsubscribed in the Meta App Dashboard."

/* Fields that hold no message. `member` and `name` are what of the value is told with the words, where it is there. */
static const struct {
	const char *field, *member, *name;
	struct trixy_text reason, fix;
} fields[] = {
	{"account_update", "event", "ban_info", TRIXY_TEXT("Meta changed something about the WhatsApp Business Account"),
	 TRIXY_TEXT("Check the connection; Meta Business Suite → WhatsApp accounts says more.")},
	{"account_alerts", "alert_type", "alert_severity", TRIXY_TEXT("Meta warns about the WhatsApp Business Account"),
	 TRIXY_TEXT("Meta Business Suite → Business support home says more.")},
	{"account_review_update", "decision", NULL, TRIXY_TEXT("Meta reviewed the WhatsApp Business Account"),
	 TRIXY_TEXT("Meta Business Suite → WhatsApp accounts says more.")},
	{"account_settings_update", "type", NULL, TRIXY_TEXT("A setting of the phone number changed"), TRIXY_TEXT("Nothing to do.")},
	{"business_capability_update", "max_daily_conversations_per_business", "max_phone_numbers_per_business",
	 TRIXY_TEXT("How much this business may send changed"), TRIXY_TEXT("Nothing to do.")},
	{"phone_number_quality_update", "event", "current_limit", TRIXY_TEXT("The phone number's quality or limit changed"),
	 TRIXY_TEXT("Check the connection: it shows the quality. A flagged number sends too much that people do not want.")},
	{"phone_number_name_update", "decision", "requested_verified_name", TRIXY_TEXT("Meta decided on the display name"),
	 TRIXY_TEXT("Check the connection: it shows the name.")},
	{"message_template_status_update", "message_template_name", "event", TRIXY_TEXT("A template's approval changed"),
	 TRIXY_TEXT("Fetch the templates again in the composer.")},
	{"message_template_quality_update", "message_template_name", "new_quality_score",
	 TRIXY_TEXT("A template's quality changed"), TRIXY_TEXT("Nothing to do; Meta pauses templates of low quality.")},
	{"message_template_components_update", "message_template_name", NULL, TRIXY_TEXT("A template was edited"),
	 TRIXY_TEXT("Fetch the templates again in the composer.")},
	{"template_category_update", "message_template_name", "new_category", TRIXY_TEXT("A template's category changed"),
	 TRIXY_TEXT("Nothing to do; it changes what Meta bills.")},
	{"security", "event", NULL, TRIXY_TEXT("The phone number's two-step verification changed"),
	 TRIXY_TEXT("If nobody of yours did that, look into Meta Business Suite → WhatsApp Manager.")},
	{"smb_app_state_sync", NULL, NULL, TRIXY_TEXT("The contact list of the WhatsApp Business phone app, not a message"),
	 TRIXY_TEXT(NOTHING_TO_DO)},
	{"messaging_handovers", NULL, NULL, TRIXY_TEXT("Another sender on this number took a conversation over, or gave it back"),
	 TRIXY_TEXT("Nothing to do.")},
	{"group_lifecycle_update", NULL, NULL, TRIXY_TEXT("News of a group: a group is not a customer"), TRIXY_TEXT(NOTHING_TO_DO)},
	{"group_participants_update", NULL, NULL, TRIXY_TEXT("News of a group: a group is not a customer"),
	 TRIXY_TEXT(NOTHING_TO_DO)},
	{"group_settings_update", NULL, NULL, TRIXY_TEXT("News of a group: a group is not a customer"), TRIXY_TEXT(NOTHING_TO_DO)},
	{"group_status_update", NULL, NULL, TRIXY_TEXT("News of a group: a group is not a customer"), TRIXY_TEXT(NOTHING_TO_DO)},
	{"flows", "event", NULL, TRIXY_TEXT("News of a WhatsApp Flow, not a message"), TRIXY_TEXT(NOTHING_TO_DO)},
	{"payment_configuration_update", "status", NULL, TRIXY_TEXT("A payment configuration changed"), TRIXY_TEXT("Nothing to do.")},
	{"history", NULL, NULL, TRIXY_TEXT("A piece of the phone app's history with no message in it"), TRIXY_TEXT("Nothing to do.")},
	{"messages", NULL, NULL, TRIXY_TEXT("The update holds neither messages nor statuses"), TRIXY_TEXT("Nothing to do.")},
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* A word of the value to tell the administrator: {NULL,0} where it is no string or number. */
static struct trixy_text told(const struct wa_value *value, const char *name)
{
	struct json_object *member = name == NULL ? NULL : meta_json_get(value->object, name);
	struct trixy_text text = {NULL, 0};

	if (json_object_is_type(member, json_type_string))
		text = meta_json_whole(member, META_EVENT_NAME_MAX);
	else if (json_object_is_type(member, json_type_int))
		text = meta_json_id(member, value->entry.maker->memory);
	return meta_text_cut(text, 200);
}

/* Not a fault, whatever the field is. */
static int32_t ignore_field(const struct wa_value *value, struct trixy_text field)
{
	struct meta_maker *maker = value->entry.maker;
	struct trixy_text first, second;
	size_t f = 0;

	while (f < FIELDS && !meta_text_is(field, fields[f].field))
		f++;
	if (f == FIELDS)
		return meta_ignore(&value->entry,
				   META_JOIN(maker, TEXT("The webhook field \""),
					     meta_text_cut(field, 64), TEXT("\" holds no message")),
				   TEXT(NOTHING_TO_DO));
	first = told(value, fields[f].member);
	second = told(value, fields[f].name);
	if (first.len == 0 && second.len == 0)
		return meta_ignore(&value->entry, fields[f].reason, fields[f].fix);
	return meta_ignore(&value->entry,
			   META_JOIN(maker, fields[f].reason, TEXT(": "), first,
				     first.len > 0 && second.len > 0 ? TEXT(", ") : TEXT(""), second),
			   fields[f].fix);
}

/* Reads every member of a list of the value; adds their number to *count. */
static int32_t read_all(const struct wa_value *value, struct json_object *list,
			int32_t (*read)(const struct wa_value *, struct json_object *), size_t *count)
{
	bool is_list = json_object_is_type(list, json_type_array);
	size_t n = is_list ? json_object_array_length(list) : json_object_is_type(list, json_type_object) ? 1 : 0;
	int32_t r;

	for (size_t i = 0; i < n; i++) {
		++*count;
		if ((r = read(value, is_list ? json_object_array_get_idx(list, i) : list)) != 0)
			return r;
	}
	return 0;
}

static int32_t read_message(const struct wa_value *value, struct json_object *object)
{
	return wa_message_read(value, object, NULL, false);
}

static int32_t read_echo(const struct wa_value *value, struct json_object *object)
{
	return wa_message_read(value, object, NULL, true);
}

static int32_t read_thread(const struct wa_value *value, struct json_object *thread, size_t *count)
{
	struct json_object *list = meta_json_get(thread, "messages");
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	int32_t r;

	for (size_t i = 0; i < n; i++) {
		++*count;
		if ((r = wa_message_read(value, json_object_array_get_idx(list, i), thread, false)) != 0)
			return r;
	}
	return 0;
}

/* Meta: "history webhook reference": [{"metadata":{"phase"},"threads":[{"id":CUSTOMER,"messages":[...]}]}], or
 * [{"errors":[...]}] when the business does not share its history. Phase 2 is day 90 to 180. */
static int32_t read_history(const struct wa_value *whole, struct json_object *chunk)
{
	struct wa_value part = *whole, *value = &part;
	struct json_object *threads = meta_json_get(chunk, "threads");
	size_t n = json_object_is_type(threads, json_type_array) ? json_object_array_length(threads) : 0, count = 0;
	int64_t phase = 0;
	int32_t r;

	part.is_old = meta_json_int(meta_json_get(meta_json_get(chunk, "metadata"), "phase"), &phase) && phase >= 2;
	if ((r = read_all(value, meta_json_get(chunk, "errors"), wa_error_read, &count)) != 0)
		return r;
	for (size_t i = 0; i < n; i++)
		if ((r = read_thread(value, json_object_array_get_idx(threads, i), &count)) != 0)
			return r;
	return count > 0 ? 0 : ignore_field(value, TEXT("history"));
}

/* How many members the lists hold whose names stand in contacts[]. */
static size_t count_named(struct json_object *const *lists, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (json_object_is_type(lists[i], json_type_array))
			n += json_object_array_length(lists[i]);
	return n;
}

/* Told by its members, not by its field's name: what Meta adds later is kept in the same lists. */
static int32_t read_value(struct wa_value *value, struct trixy_text field)
{
	enum { MESSAGES, ECHOES, STATUSES, CALLS, CONTACTS, HISTORY, PREFERENCES, ERRORS, METADATA, MEMBERS };
	static const char *const names[] = {"messages", "message_echoes", "statuses",	      "calls", "contacts",
					    "history",	"user_preferences", "errors", "metadata"};
	struct json_object *member[MEMBERS];
	size_t count = 0;
	int32_t r;

	meta_json_pick(value->object, names, member, MEMBERS);
	wa_contacts_read(value, member[CONTACTS]);
	value->is_alone = count_named(&member[CONTACTS], 1) == 1 && count_named(member, CONTACTS) == 1;
	value->display = wa_number(value->entry.maker, meta_json_get(member[METADATA], "display_phone_number"));
	if ((r = read_all(value, member[MESSAGES], read_message, &count)) != 0 ||
	    (r = read_all(value, member[ECHOES], read_echo, &count)) != 0 ||
	    (r = read_all(value, member[STATUSES], wa_status_read, &count)) != 0 ||
	    (r = read_all(value, member[CALLS], wa_call_read, &count)) != 0 ||
	    (r = read_all(value, member[HISTORY], read_history, &count)) != 0 ||
	    (r = read_all(value, member[PREFERENCES], wa_preference_read, &count)) != 0 ||
	    (r = read_all(value, member[ERRORS], wa_error_read, &count)) != 0)
		return r;
	return count > 0 ? 0 : ignore_field(value, field);
}

static int32_t read_change(const struct meta_entry *entry, struct json_object *field, struct json_object *object)
{
	struct wa_value value = {.entry = *entry, .object = object};
	struct json_object *id = meta_json_get(meta_json_get(object, "metadata"), "phone_number_id");
	struct trixy_text name = meta_json_prose(field, entry->maker), key = meta_event_id(entry->maker, id);

	if (key.len > 0)
		value.entry.account_key = key;
	if (meta_text_is(value.entry.account_key, TEST_NUMBER) || meta_text_is(value.entry.account_key, NO_ACCOUNT))
		value.entry.flags |= TRIXY_TEST;
	if (meta_text_is(name, "history"))
		value.entry.flags |= TRIXY_HISTORY;
	if (meta_text_is(name, "standby"))
		value.entry.flags |= TRIXY_STANDBY;
	return read_value(&value, name);
}

static int32_t read_list_change(const struct meta_entry *entry, struct json_object *change)
{
	return read_change(entry, meta_json_get(change, "field"), meta_json_get(change, "value"));
}

static int32_t read_entry(const struct meta_entry *envelope, struct json_object *object)
{
	enum { ID, TIME, CHANGES, FIELD, VALUE, MEMBERS };
	static const char *const names[] = {"id", "time", "changes", "field", "value"};
	struct json_object *member[MEMBERS];
	struct meta_entry entry = *envelope;
	size_t count = 0;
	int32_t r;

	meta_json_pick(object, names, member, MEMBERS);
	entry.account_key = meta_event_id(entry.maker, member[ID]);
	if (entry.account_key.len == 0)
		entry.account_key = TEXT(NO_ACCOUNT);
	entry.time_ms = meta_time_ms(member[TIME]);
	if ((r = meta_list_read(&entry, member[CHANGES], read_list_change, &count)) != 0)
		return r;
	if (member[FIELD] != NULL) {
		count++;
		if ((r = read_change(&entry, member[FIELD], member[VALUE])) != 0)
			return r;
	}
	return count > 0 ? 0 : meta_ignore(&entry, TEXT("The entry holds no change"), (struct trixy_text){NULL, 0});
}

int32_t wa_read_webhook(struct trixy_text body, struct trixy_memory *memory, const struct trixy_sink *sink)
{
	static const char *const objects[] = {"whatsapp_business_account"};

	return meta_webhook_read(body, memory, sink, objects, 1, read_entry);
}
