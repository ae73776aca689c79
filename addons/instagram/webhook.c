/* Meta: "Webhooks for Instagram Messaging" and "Instagram Platform Webhook Notification Examples".
 *
 *	{"object":"instagram","entry":[{"id":ACCOUNT,"time":MS,"messaging":[UPDATE,...]}]}
 *
 * Besides `messaging`, an entry may hold `standby` (another app has the conversation), `changes` (a list of
 * {"field","value"}; a value of a messaging field is an UPDATE), or a field and its value by themselves. */
#include "webhook.h"

/* The id that Meta's own dashboard tests carry; also stands for an entry without one. */
#define NO_ACCOUNT "0"

static const struct {
	const char *field;
	struct trixy_text reason;
} ignored_fields[] = {
	{"comments", TRIXY_TEXT("A comment on a post, not a direct message")},
	{"live_comments", TRIXY_TEXT("A comment on a live video, not a direct message")},
	{"mentions", TRIXY_TEXT("A mention in a post or comment, not a direct message")},
	{"story_insights", TRIXY_TEXT("Statistics of a story, not a direct message")},
	{"follow", TRIXY_TEXT("A new follower, not a direct message")},
};

/* A field that the inbox does not show: not a fault, whatever the field is. */
static int32_t ignore_field(const struct meta_entry *entry, struct trixy_text field)
{
	for (size_t i = 0; i < sizeof(ignored_fields) / sizeof(ignored_fields[0]); i++)
		if (meta_text_is(field, ignored_fields[i].field))
			return meta_ignore(entry, ignored_fields[i].reason, TEXT("Nothing to do; the field may be "
										 "unsubscribed in the Meta App Dashboard."));
	return meta_ignore(entry,
			   META_JOIN(entry->maker, TEXT("The webhook field \""), meta_text_cut(field, 64),
				     TEXT("\" holds no direct message")),
			   TEXT("Nothing to do; the field may be unsubscribed in the Meta App Dashboard."));
}

/* Told by its value, not by its field's name: those differ from one of Meta's pages to the next
 * (messaging_referral, messaging_referrals, message_echoes, ...). */
static int32_t read_change(const struct meta_entry *entry, struct json_object *field_object, struct json_object *value)
{
	struct trixy_text field = meta_json_prose(field_object, entry->maker);
	struct meta_entry inner = *entry;

	if (meta_json_get(value, "sender") == NULL && meta_json_get(value, "recipient") == NULL)
		return ignore_field(entry, field);
	if (meta_text_is(field, "standby"))
		inner.flags |= TRIXY_STANDBY;
	return ig_update_read(&inner, value);
}

static int32_t read_list_change(const struct meta_entry *entry, struct json_object *change)
{
	return read_change(entry, meta_json_get(change, "field"), meta_json_get(change, "value"));
}

static int32_t read_entry(const struct meta_entry *envelope, struct json_object *object)
{
	enum { ID, TIME, MESSAGING, STANDBY, CHANGES, FIELD, VALUE, MEMBERS };
	static const char *const names[] = {"id", "time", "messaging", "standby", "changes", "field", "value"};
	struct json_object *member[MEMBERS];
	struct meta_entry entry = *envelope, standby;
	size_t count = 0;
	int32_t r;

	meta_json_pick(object, names, member, MEMBERS);
	entry.account_key = meta_event_id(entry.maker, member[ID]);
	if (meta_text_is(entry.account_key, NO_ACCOUNT))
		entry.flags |= TRIXY_TEST;
	if (entry.account_key.p == NULL)
		entry.account_key = TEXT(NO_ACCOUNT);
	entry.time_ms = meta_time_ms(member[TIME]);
	standby = entry;
	standby.flags |= TRIXY_STANDBY;
	if ((r = meta_list_read(&entry, member[MESSAGING], ig_update_read, &count)) != 0 ||
	    (r = meta_list_read(&standby, member[STANDBY], ig_update_read, &count)) != 0 ||
	    (r = meta_list_read(&entry, member[CHANGES], read_list_change, &count)) != 0)
		return r;
	if (member[FIELD] != NULL) {
		count++;
		if ((r = read_change(&entry, member[FIELD], member[VALUE])) != 0)
			return r;
	}
	return count > 0 ? 0 : meta_ignore(&entry, TEXT("The entry holds no update"), (struct trixy_text){NULL, 0});
}

/* One page of Meta's describes the object of Facebook Login as the Page, the others as Instagram. */
static const char *const objects[] = {"instagram", "page"};

int32_t ig_read_webhook(struct trixy_text body, struct trixy_memory *memory, const struct trixy_sink *sink)
{
	return meta_webhook_read(body, memory, sink, objects, sizeof(objects) / sizeof(objects[0]), read_entry);
}
