/* Meta: "Webhooks for Instagram Messaging" and "Instagram Platform Webhook Notification Examples".
 *
 *	{"object":"instagram","entry":[{"id":ACCOUNT,"time":MS,"messaging":[UPDATE,...]}]}
 *
 * Besides `messaging`, an entry may hold `standby` (another app has the conversation), `changes` (a list of
 * {"field","value"}; a value of a messaging field is an UPDATE), or a field and its value by themselves. */
#include "webhook.h"

#include <string.h>

/* The id that Meta's own dashboard tests carry; also stands for an entry without one. */
#define NO_ACCOUNT "0"

/* Below this a time is in seconds (as in `changes` and in dashboard tests): as milliseconds it would be 1973. */
#define SECONDS_BELOW INT64_C(100000000000)
/* The year 9999. */
#define TIME_MAX_MS INT64_C(253402300799999)

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

int64_t ig_time_ms(struct json_object *time)
{
	int64_t t;

	if (!ig_json_int(time, &t) || t <= 0)
		return 0;
	if (t < SECONDS_BELOW)
		t *= 1000;
	return t <= TIME_MAX_MS ? t : 0;
}

int32_t ig_ignore(const struct ig_entry *entry, struct trixy_text reason, struct trixy_text fix)
{
	const struct trixy_event event = {
		.size = sizeof(event),
		.kind = TRIXY_EVENT_IGNORED,
		.flags = entry->flags,
		.account_key = entry->account_key,
		.at_ms = entry->time_ms,
		.reason = reason,
		.fix = fix,
	};

	if (entry->maker->failed)
		return TRIXY_ENOMEM;
	return entry->sink->emit(entry->sink->arg, &event) != 0 ? TRIXY_ENOMEM : 0;
}

/* A field that the inbox does not show: not a fault, whatever the field is. */
static int32_t ignore_field(const struct ig_entry *entry, struct trixy_text field)
{
	for (size_t i = 0; i < sizeof(ignored_fields) / sizeof(ignored_fields[0]); i++)
		if (ig_text_is(field, ignored_fields[i].field))
			return ig_ignore(entry, ignored_fields[i].reason, TEXT("Nothing to do; the field may be "
									       "unsubscribed in the Meta App Dashboard."));
	return ig_ignore(entry,
			 IG_JOIN(entry->maker, TEXT("The webhook field \""), ig_text_cut(field, 64),
				 TEXT("\" holds no direct message")),
			 TEXT("Nothing to do; the field may be unsubscribed in the Meta App Dashboard."));
}

/* Told by its value, not by its field's name: those differ from one of Meta's pages to the next
 * (messaging_referral, messaging_referrals, message_echoes, ...). */
static int32_t read_change(const struct ig_entry *entry, struct json_object *field_object, struct json_object *value)
{
	struct trixy_text field = ig_json_text(field_object);
	struct ig_entry inner = *entry;

	if (ig_json_get(value, "sender") == NULL && ig_json_get(value, "recipient") == NULL)
		return ignore_field(entry, field);
	if (ig_text_is(field, "standby"))
		inner.flags |= TRIXY_STANDBY;
	return ig_update_read(&inner, value);
}

static int32_t read_list_change(const struct ig_entry *entry, struct json_object *change)
{
	return read_change(entry, ig_json_get(change, "field"), ig_json_get(change, "value"));
}

/* Reads every member of a list; one member that stands there without its list is read too. */
static int32_t read_list(const struct ig_entry *entry, struct json_object *list,
			 int32_t (*read)(const struct ig_entry *, struct json_object *), size_t *count)
{
	size_t n;
	int32_t r;

	if (json_object_is_type(list, json_type_object)) {
		++*count;
		return read(entry, list);
	}
	n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	for (size_t i = 0; i < n; i++) {
		++*count;
		if ((r = read(entry, json_object_array_get_idx(list, i))) != 0)
			return r;
	}
	return 0;
}

static int32_t read_entry(const struct ig_entry *envelope, struct json_object *object)
{
	enum { ID, TIME, MESSAGING, STANDBY, CHANGES, FIELD, VALUE, MEMBERS };
	static const char *const names[] = {"id", "time", "messaging", "standby", "changes", "field", "value"};
	struct json_object *member[MEMBERS];
	struct ig_entry entry = *envelope, standby;
	size_t count = 0;
	int32_t r;

	ig_json_pick(object, names, member, MEMBERS);
	entry.account_key = ig_json_id(member[ID], entry.maker->memory);
	if (ig_text_is(entry.account_key, NO_ACCOUNT))
		entry.flags |= TRIXY_TEST;
	if (entry.account_key.p == NULL)
		entry.account_key = TEXT(NO_ACCOUNT);
	entry.time_ms = ig_time_ms(member[TIME]);
	standby = entry;
	standby.flags |= TRIXY_STANDBY;
	if ((r = read_list(&entry, member[MESSAGING], ig_update_read, &count)) != 0 ||
	    (r = read_list(&standby, member[STANDBY], ig_update_read, &count)) != 0 ||
	    (r = read_list(&entry, member[CHANGES], read_list_change, &count)) != 0)
		return r;
	if (member[FIELD] != NULL) {
		count++;
		if ((r = read_change(&entry, member[FIELD], member[VALUE])) != 0)
			return r;
	}
	return count > 0 ? 0 : ig_ignore(&entry, TEXT("The entry holds no update"), (struct trixy_text){NULL, 0});
}

/* One page of Meta's describes the object of Facebook Login as the Page, the others as Instagram. */
static bool is_envelope(struct json_object *envelope)
{
	struct json_object *object = ig_json_get(envelope, "object");
	struct json_object *entry = ig_json_get(envelope, "entry");

	return (json_object_is_type(entry, json_type_array) || json_object_is_type(entry, json_type_object)) &&
	       (object == NULL || ig_text_is(ig_json_text(object), "instagram") || ig_text_is(ig_json_text(object), "page"));
}

static int32_t read_envelope(const struct ig_entry *entry, struct json_object *envelope, size_t *count)
{
	size_t entries = 0;

	if (!is_envelope(envelope))
		return 0;
	++*count;
	return read_list(entry, ig_json_get(envelope, "entry"), read_entry, &entries);
}

int32_t ig_read_webhook(struct trixy_text body, struct trixy_memory *memory, const struct trixy_sink *sink)
{
	struct ig_maker maker = {memory, false};
	const struct ig_entry entry = {.maker = &maker, .sink = sink};
	SCOPED_JSON root = NULL;
	size_t count = 0, n;
	int32_t r;

	if ((r = ig_json_parse(body, &root)) != 0)
		return r;
	if (!json_object_is_type(root, json_type_array)) {
		r = read_envelope(&entry, root, &count);
	} else { /* Meta's pages print the envelope inside a list. */
		n = json_object_array_length(root);
		for (size_t i = 0; i < n && r == 0; i++)
			r = read_envelope(&entry, json_object_array_get_idx(root, i), &count);
	}
	if (r == 0 && count == 0)
		return TRIXY_EINVAL;
	return r;
}
