/* What a message holds, by its type: Meta, "messages webhook reference" and the page of each type. One function a type; the
 * table stands below them. A type that is not in it is shown as such, so that the team looks into the WhatsApp app. */
#include "channel/whatsapp/webhook.h"

#include "channel/whatsapp/errors.h"

#include <math.h>

/* struct trixy_attachment.details: up to 32. */
enum { DETAILS_MAX = WA_DETAILS_MAX, MIME_MAX = 255, FILE_NAME_MAX = 255, HASH_MAX = 128, WORD_MAX = WA_WORD_MAX };

#define NO_TEXT ((struct trixy_text){NULL, 0})

/* An attachment's details being collected. Nobody has signed the body yet, so lists grow as they are filled: none takes room for
 * what might be in it. */
struct details {
	struct meta_maker *maker;
	struct trixy_pair *list;
	uint32_t count, room;
};

static void details_begin(struct meta_maker *maker, struct details *d)
{
	*d = (struct details){.maker = maker};
}

static void details_add(struct details *d, const char *name, struct trixy_text value)
{
	struct trixy_pair *list = d->list;

	if (value.len == 0 || d->count == DETAILS_MAX)
		return;
	if (d->count == d->room) {
		d->room = d->room == 0 ? 4 : 2 * d->room;
		d->list = meta_maker_alloc(d->maker, d->room, sizeof(*d->list));
		if (d->list == NULL)
			return;
		for (uint32_t i = 0; i < d->count; i++)
			d->list[i] = list[i];
	}
	if (d->list != NULL)
		d->list[d->count++] = (struct trixy_pair){{name, strlen(name)}, value};
}

static void details_end(const struct details *d, struct trixy_attachment *a)
{
	a->details = d->list;
	a->detail_count = d->list != NULL ? d->count : 0;
}

/* The room of the list is the power of two at or above its count. */
void wa_attach(struct meta_maker *maker, struct trixy_event *event, const struct trixy_attachment *attachment)
{
	struct trixy_attachment *list = (struct trixy_attachment *)(uintptr_t)event->attachments; /* made here */
	uint32_t count = event->attachment_count;

	if (count >= META_EVENT_ATTACHMENTS_MAX)
		return;
	if ((count & (count - 1)) == 0) {
		list = meta_maker_alloc(maker, count == 0 ? 1 : 2 * (size_t)count, sizeof(*list));
		if (list == NULL)
			return;
		for (uint32_t i = 0; i < count; i++)
			list[i] = event->attachments[i];
	}
	list[count] = *attachment;
	event->attachments = list;
	event->attachment_count = count + 1;
}

struct trixy_text wa_prose(struct wa_item *item, struct json_object *object, const char *name)
{
	return meta_event_text(item->maker, meta_json_get(object, name));
}

/* A number as it was written, or a string; {NULL,0} for what is neither, and for what is no number that anybody can read. */
static struct trixy_text number_text(struct meta_maker *maker, struct json_object *number)
{
	const char *s;

	if (json_object_is_type(number, json_type_string)) {
		struct trixy_text text = meta_json_whole(number, WORD_MAX);

		for (uint64_t i = 0; i < text.len; i++)
			if (strchr("0123456789.,+-eE", text.p[i]) == NULL)
				return NO_TEXT;
		return text;
	}
	if (!json_object_is_type(number, json_type_int) && !json_object_is_type(number, json_type_double))
		return NO_TEXT;
	s = json_object_to_json_string_ext(number, JSON_C_TO_STRING_PLAIN);
	if (s == NULL || !isfinite(json_object_get_double(number)) || strlen(s) > WORD_MAX)
		return NO_TEXT;
	return META_JOIN(maker, ((struct trixy_text){s, strlen(s)}));
}

/* ---- what cannot be shown ---- */

/* What Meta calls the kinds that its API does not give out (unsupported.type), in words. */
static const struct {
	const char *type;
	struct trixy_text words;
} withheld[] = {
	{"poll_creation", TRIXY_TEXT("A poll")},
	{"poll", TRIXY_TEXT("A poll")},
	{"poll_update", TRIXY_TEXT("An answer to a poll")},
	{"poll_vote", TRIXY_TEXT("An answer to a poll")},
	{"edit", TRIXY_TEXT("An edited message")},
	{"view_once", TRIXY_TEXT("A view-once picture, video or voice message")},
	{"view_once_message", TRIXY_TEXT("A view-once picture, video or voice message")},
	{"ephemeral", TRIXY_TEXT("A disappearing message")},
	{"pin", TRIXY_TEXT("A pinned message")},
	{"group_invite", TRIXY_TEXT("An invitation to a group")},
	{"gif", TRIXY_TEXT("An animated picture (GIF)")},
	{"keep_in_chat", TRIXY_TEXT("A disappearing message was kept")},
	{"link_preview", TRIXY_TEXT("A link with a preview")},
	{"product", TRIXY_TEXT("A product of a catalogue")},
	{"order", TRIXY_TEXT("An order")},
	{"list", TRIXY_TEXT("A list message")},
	{"interactive", TRIXY_TEXT("An interactive message")},
	{"button", TRIXY_TEXT("A button message")},
	{"media_placeholder", TRIXY_TEXT("A file")},
	{"hsm", TRIXY_TEXT("A template message")},
	{"event", TRIXY_TEXT("An event")},
	{"live_location", TRIXY_TEXT("A live location")},
};

/* The first of errors[] in words; {NULL,0}: there is none. `ret_code` may be NULL. */
static struct trixy_text first_error(struct wa_item *item, int64_t *ret_code)
{
	struct json_object *list = meta_json_get(item->object, "errors");
	struct json_object *first = json_object_is_type(list, json_type_array) ? json_object_array_get_idx(list, 0) : list;
	struct meta_error error;

	if (!meta_error_object(first, &error))
		return NO_TEXT;
	if (ret_code != NULL)
		*ret_code = error.code;
	return wa_error_words(item->maker, &error);
}

/* A message that is there and cannot be shown: what it is, as far as that is known, and why. */
void wa_unsupported(struct wa_item *item, struct trixy_text title, struct trixy_text fault)
{
	struct trixy_attachment a = {.size = sizeof(a), .type = TRIXY_MESSAGE_UNSUPPORTED, .title = title, .fault = fault};

	item->event.message_kind = TRIXY_MESSAGE_UNSUPPORTED;
	wa_attach(item->maker, &item->event, &a);
}

#define NOT_GIVEN_OUT "WhatsApp does not pass this kind of message on to programs. It can be seen in the WhatsApp app."

static struct trixy_text withheld_words(struct meta_maker *maker, struct trixy_text type)
{
	for (size_t i = 0; i < sizeof(withheld) / sizeof(withheld[0]); i++)
		if (meta_text_is(type, withheld[i].type))
			return withheld[i].words;
	return type.len > 0 ? META_JOIN(maker, TEXT("A message of the kind \""), type, TEXT("\"")) : TEXT("A message");
}

/* Meta: "Unsupported messages webhook reference". A customer's file beyond 100 MB comes as one, with error 131052. */
static void read_unsupported(struct wa_item *item, struct json_object *value)
{
	struct trixy_text kind = meta_json_whole(meta_json_get(value, "type"), WORD_MAX), words;
	struct trixy_attachment file = {.size = sizeof(file), .type = TRIXY_MESSAGE_FILE};
	int64_t code = 0;

	if (kind.len == 0)
		kind = meta_json_whole(meta_json_get(value, "subtype"), WORD_MAX);
	words = first_error(item, &code);
	if (code == WA_ERROR_MEDIA_LOST) {
		item->event.message_kind = TRIXY_MESSAGE_FILE;
		file.fault = words;
		wa_attach(item->maker, &item->event, &file);
		return;
	}
	/* 131051 says no more than that the kind is not supported. */
	wa_unsupported(item, withheld_words(item->maker, kind),
		    words.len > 0 && code != WA_ERROR_TYPE_UNKNOWN ? words : TEXT(NOT_GIVEN_OUT));
}

/* ---- text ---- */

static void read_text(struct wa_item *item, struct json_object *value)
{
	item->event.text = meta_event_text(item->maker, json_object_is_type(value, json_type_string)
								 ? value : meta_json_get(value, "body"));
	item->event.message_kind = TRIXY_MESSAGE_TEXT;
	if (item->event.text.len == 0)
		wa_unsupported(item, TEXT("A message without text"), TEXT(WA_NOTHING_PASSED));
}

/* ---- files ---- */

/* Of what may be a path only its last part is a name. */
static struct trixy_text file_name(struct json_object *name)
{
	struct trixy_text text = meta_json_whole(name, META_EVENT_URL_MAX);

	for (uint64_t i = text.len; i > 0; i--)
		if (text.p[i - 1] == '/' || text.p[i - 1] == '\\') {
			text.p += i;
			text.len -= i;
			break;
		}
	while (text.len > FILE_NAME_MAX) { /* the ending tells what it is: keep that */
		uint64_t drop = text.len - FILE_NAME_MAX;

		while (drop < text.len && ((unsigned char)text.p[drop] & 0xc0) == 0x80)
			drop++;
		text.p += drop;
		text.len -= drop;
	}
	return text.len > 0 ? text : NO_TEXT;
}

/* The address that some deliveries carry (`url`) is left alone: it lives five minutes, the id for days. */
static void read_file(struct wa_item *item, struct json_object *file, uint32_t kind)
{
	enum { ID, MIME_TYPE, SHA256, CAPTION, FILENAME, VOICE, ANIMATED, MEMBERS };
	static const char *const names[] = {"id", "mime_type", "sha256", "caption", "filename", "voice", "animated"};
	struct trixy_attachment a = {.size = sizeof(a), .type = kind};
	struct json_object *member[MEMBERS];

	meta_json_pick(file, names, member, MEMBERS);
	a.external_id = json_object_is_type(member[ID], json_type_string) ? meta_json_whole(member[ID], META_EVENT_ID_MAX)
									  : meta_json_id(member[ID], item->maker->memory);
	a.mime_type = meta_json_whole(member[MIME_TYPE], MIME_MAX);
	a.sha256 = meta_json_whole(member[SHA256], HASH_MAX);
	a.file_name = file_name(member[FILENAME]);
	if (kind == TRIXY_MESSAGE_AUDIO && meta_json_true(member[VOICE]))
		a.flags |= TRIXY_ATTACHMENT_VOICE;
	if (kind == TRIXY_MESSAGE_STICKER && meta_json_true(member[ANIMATED]))
		a.flags |= TRIXY_ATTACHMENT_ANIMATED;
	a.fault = first_error(item, NULL);
	if (a.fault.len == 0 && a.external_id.len == 0)
		a.fault = TEXT("WhatsApp did not say where the file is. It can be seen in the WhatsApp app.");
	item->event.text = meta_event_text(item->maker, member[CAPTION]);
	item->event.message_kind = kind;
	wa_attach(item->maker, &item->event, &a);
}

static void read_image(struct wa_item *item, struct json_object *value)
{
	read_file(item, value, TRIXY_MESSAGE_IMAGE);
}

static void read_video(struct wa_item *item, struct json_object *value)
{
	read_file(item, value, TRIXY_MESSAGE_VIDEO);
}

static void read_audio(struct wa_item *item, struct json_object *value)
{
	read_file(item, value, TRIXY_MESSAGE_AUDIO);
}

/* Some shapes name a voice message by its type. */
static void read_voice(struct wa_item *item, struct json_object *value)
{
	read_file(item, value, TRIXY_MESSAGE_AUDIO);
	if (item->event.attachment_count > 0)
		((struct trixy_attachment *)(uintptr_t)item->event.attachments)->flags |= TRIXY_ATTACHMENT_VOICE; /* made by read_file() */
}

static void read_document(struct wa_item *item, struct json_object *value)
{
	read_file(item, value, TRIXY_MESSAGE_FILE);
}

static void read_sticker(struct wa_item *item, struct json_object *value)
{
	read_file(item, value, TRIXY_MESSAGE_STICKER);
}

/* Meta: "history webhook reference": the file's own delivery follows, under the same id, for files that are newer than two
 * weeks. To show the placeholder would keep the file out, whose message has the same id; so only what is surely older is shown. */
static void read_placeholder(struct wa_item *item, struct json_object *value)
{
	(void)value;
	if (item->value->is_old) {
		wa_unsupported(item, TEXT("A file"), TEXT("WhatsApp no longer gives it out: it is older than two weeks. It can be seen in "
						       "the WhatsApp app."));
		return;
	}
	item->event.kind = TRIXY_EVENT_IGNORED;
	item->event.reason = TEXT("A file of the phone app's history: WhatsApp sends it by itself if it is newer than two weeks");
}

/* ---- cards ---- */

/* Stands behind those of a list's members that an event has room for (Meta allows 257 contact cards). */
static void tell_the_rest(struct wa_item *item, size_t left, struct trixy_text what)
{
	struct trixy_attachment a = {.size = sizeof(a), .type = TRIXY_MESSAGE_UNSUPPORTED};

	a.title = META_JOIN(item->maker, TEXT("And "), meta_text_number(item->maker, (int64_t)left), TEXT(" more "), what);
	a.fault = TEXT("More than are shown here came at once. They can be seen in the WhatsApp app.");
	wa_attach(item->maker, &item->event, &a);
}

/* How many of a list are read: all, or one less than there is room for, so that the rest can be told. */
static size_t shown_of(size_t count)
{
	return count <= META_EVENT_ATTACHMENTS_MAX ? count : META_EVENT_ATTACHMENTS_MAX - 1;
}

static void read_location(struct wa_item *item, struct json_object *value)
{
	struct trixy_attachment a = {.size = sizeof(a), .type = TRIXY_MESSAGE_LOCATION};
	struct details d;

	details_begin(item->maker, &d);
	a.title = wa_prose(item, value, "name");
	details_add(&d, "latitude", number_text(item->maker, meta_json_get(value, "latitude")));
	details_add(&d, "longitude", number_text(item->maker, meta_json_get(value, "longitude")));
	details_add(&d, "address", wa_prose(item, value, "address"));
	details_add(&d, "url", meta_json_whole(meta_json_get(value, "url"), META_EVENT_URL_MAX));
	details_end(&d, &a);
	if (a.title.len == 0)
		a.title = NO_TEXT;
	if (a.title.len == 0 && a.detail_count == 0) {
		wa_unsupported(item, TEXT("A location without a place"), TEXT(WA_NOTHING_PASSED));
		return;
	}
	item->event.message_kind = TRIXY_MESSAGE_LOCATION;
	wa_attach(item->maker, &item->event, &a);
}

struct json_object *wa_element(struct json_object *list, size_t i)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_get_idx(list, i) : i == 0 ? list : NULL;
}

size_t wa_length(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : list != NULL;
}

/* "Av. Paulista 1, São Paulo, 01310-100, Brazil". */
static struct trixy_text address_text(struct wa_item *item, struct json_object *address)
{
	static const char *const parts[] = {"street", "city", "state", "zip", "country"};
	struct trixy_text all = TEXT("");

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct trixy_text part = wa_prose(item, address, parts[i]);

		if (part.len > 0)
			all = META_JOIN(item->maker, all, all.len > 0 ? TEXT(", ") : TEXT(""), part);
	}
	return meta_text_cut(all, META_EVENT_TEXT_MAX);
}

static struct trixy_text card_name(struct wa_item *item, struct json_object *name)
{
	struct trixy_text whole = wa_prose(item, name, "formatted_name"), first, last;

	if (whole.len > 0)
		return whole;
	first = wa_prose(item, name, "first_name");
	last = wa_prose(item, name, "last_name");
	if (first.len == 0 && last.len == 0)
		return NO_TEXT;
	return meta_text_cut(META_JOIN(item->maker, first, first.len > 0 && last.len > 0 ? TEXT(" ") : TEXT(""), last),
			     META_EVENT_TEXT_MAX);
}

static void read_card(struct wa_item *item, struct json_object *card)
{
	struct trixy_attachment a = {.size = sizeof(a), .type = TRIXY_MESSAGE_CONTACTS};
	struct json_object *phones = meta_json_get(card, "phones"), *emails = meta_json_get(card, "emails");
	struct json_object *addresses = meta_json_get(card, "addresses"), *urls = meta_json_get(card, "urls");
	struct json_object *org = meta_json_get(card, "org");
	struct details d;

	details_begin(item->maker, &d);
	a.title = card_name(item, meta_json_get(card, "name"));
	for (size_t i = 0; i < wa_length(phones) && i < DETAILS_MAX; i++) {
		details_add(&d, "phone", wa_prose(item, wa_element(phones, i), "phone"));
		details_add(&d, "phone_type", wa_prose(item, wa_element(phones, i), "type"));
		details_add(&d, "wa_id", wa_number(item->maker, meta_json_get(wa_element(phones, i), "wa_id")));
	}
	for (size_t i = 0; i < wa_length(emails) && i < DETAILS_MAX; i++)
		details_add(&d, "email", wa_prose(item, wa_element(emails, i), "email"));
	details_add(&d, "organization", wa_prose(item, org, "company"));
	details_add(&d, "department", wa_prose(item, org, "department"));
	details_add(&d, "title", wa_prose(item, org, "title"));
	for (size_t i = 0; i < wa_length(addresses) && i < DETAILS_MAX; i++)
		details_add(&d, "address", address_text(item, wa_element(addresses, i)));
	details_add(&d, "birthday", wa_prose(item, card, "birthday"));
	for (size_t i = 0; i < wa_length(urls) && i < DETAILS_MAX; i++)
		details_add(&d, "url", meta_json_whole(meta_json_get(wa_element(urls, i), "url"), META_EVENT_URL_MAX));
	details_end(&d, &a);
	if (a.title.len > 0 || a.detail_count > 0)
		wa_attach(item->maker, &item->event, &a);
}

static void read_contacts(struct wa_item *item, struct json_object *value)
{
	size_t count = wa_length(value), shown = shown_of(count);

	item->event.message_kind = TRIXY_MESSAGE_CONTACTS;
	for (size_t i = 0; i < shown; i++)
		read_card(item, wa_element(value, i));
	if (count > shown)
		tell_the_rest(item, count - shown, TEXT("contact cards"));
	if (item->event.attachment_count == 0)
		wa_unsupported(item, TEXT("A contact card without content"), TEXT(WA_NOTHING_PASSED));
}

static void read_order(struct wa_item *item, struct json_object *value)
{
	struct json_object *products = meta_json_get(value, "product_items");
	struct trixy_text catalog = meta_event_id(item->maker, meta_json_get(value, "catalog_id"));
	size_t count = wa_length(products), shown = shown_of(count);

	item->event.message_kind = TRIXY_MESSAGE_ORDER;
	item->event.text = wa_prose(item, value, "text");
	for (size_t i = 0; i < shown; i++) {
		struct trixy_attachment a = {.size = sizeof(a), .type = TRIXY_MESSAGE_ORDER};
		struct json_object *product = wa_element(products, i);
		struct details d;

		details_begin(item->maker, &d);
		a.title = meta_event_id(item->maker, meta_json_get(product, "product_retailer_id"));
		details_add(&d, "quantity", number_text(item->maker, meta_json_get(product, "quantity")));
		details_add(&d, "price", number_text(item->maker, meta_json_get(product, "item_price")));
		details_add(&d, "currency", meta_json_whole(meta_json_get(product, "currency"), WORD_MAX));
		details_add(&d, "catalog", catalog);
		details_end(&d, &a);
		if (a.title.len > 0 || a.detail_count > 0)
			wa_attach(item->maker, &item->event, &a);
	}
	if (count > shown)
		tell_the_rest(item, count - shown, TEXT("products"));
	if (item->event.attachment_count == 0 && item->event.text.len == 0)
		wa_unsupported(item, TEXT("An order without products"), TEXT(WA_NOTHING_PASSED));
}

/* ---- what else stands in the thread ---- */

/* A template that was sent from elsewhere: an echo, or history. Its wording is not told. */
static void read_template(struct wa_item *item, struct json_object *value)
{
	struct trixy_text name = meta_json_whole(meta_json_get(value, "name"), WORD_MAX);

	item->event.message_kind = TRIXY_MESSAGE_TEMPLATE;
	item->event.text = name.len > 0 ? META_JOIN(item->maker, TEXT("Template \""), name, TEXT("\"")) : TEXT("A template");
}

static void read_request_welcome(struct wa_item *item, struct json_object *value)
{
	(void)value;
	item->event.message_kind = TRIXY_MESSAGE_SYSTEM;
	item->event.flags &= ~TRIXY_OPENS_WINDOW; /* nothing was written */
	item->event.text = TEXT("The customer opened the chat for the first time.");
}

static const struct {
	const char *type;
	void (*read)(struct wa_item *item, struct json_object *value);
} types[] = {
	{"text", read_text},
	{"image", read_image},
	{"video", read_video},
	{"audio", read_audio},
	{"voice", read_voice},
	{"document", read_document},
	{"sticker", read_sticker},
	{"location", read_location},
	{"contacts", read_contacts},
	{"interactive", wa_interactive_read},
	{"button", wa_button_read},
	{"order", read_order},
	{"template", read_template},
	{"request_welcome", read_request_welcome},
	{"media_placeholder", read_placeholder},
	{"unsupported", read_unsupported},
	{"unknown", read_unsupported},
	{"errors", read_unsupported},
};
#define TYPES (sizeof(types) / sizeof(types[0]))

/* A kind that is not known, but is a file all the same: it has an id and says what it is. */
static bool read_new_file(struct wa_item *item)
{
	char name[WORD_MAX + 1];
	struct json_object *value;
	struct trixy_text type;
	uint32_t kind = TRIXY_MESSAGE_FILE;

	if (item->type.len == 0 || item->type.len > WORD_MAX)
		return false;
	memcpy(name, item->type.p, item->type.len);
	name[item->type.len] = '\0';
	value = meta_json_get(item->object, name);
	type = meta_json_whole(meta_json_get(value, "mime_type"), MIME_MAX);
	if (type.len == 0 || meta_event_id(item->maker, meta_json_get(value, "id")).len == 0)
		return false;
	if (type.len > 6 && memcmp(type.p, "image/", 6) == 0)
		kind = TRIXY_MESSAGE_IMAGE;
	else if (type.len > 6 && memcmp(type.p, "video/", 6) == 0)
		kind = TRIXY_MESSAGE_VIDEO;
	else if (type.len > 6 && memcmp(type.p, "audio/", 6) == 0)
		kind = TRIXY_MESSAGE_AUDIO;
	read_file(item, value, kind);
	return true;
}

/* Without a type, the member that is there tells it. */
static size_t find_type(const struct wa_item *item)
{
	size_t t = 0;

	if (item->type.len > 0) {
		while (t < TYPES && !meta_text_is(item->type, types[t].type))
			t++;
		return t;
	}
	while (t < TYPES && meta_json_get(item->object, types[t].type) == NULL)
		t++;
	return t;
}

void wa_content_read(struct wa_item *item)
{
	size_t t = find_type(item);
	struct trixy_text error;

	item->event.kind = TRIXY_EVENT_MESSAGE;
	if (t < TYPES) {
		types[t].read(item, meta_json_get(item->object, types[t].type));
	} else if (!read_new_file(item)) {
		error = first_error(item, NULL);
		wa_unsupported(item, withheld_words(item->maker, item->type),
			    error.len > 0 ? error : TEXT("This kind of message is not known here. It can be seen in the WhatsApp app."));
	}
	if (item->event.text.len == 0)
		item->event.text = NO_TEXT;
	if (item->event.payload.len == 0)
		item->event.payload = NO_TEXT;
}

struct trixy_text wa_content_text(struct meta_maker *maker, struct json_object *message)
{
	static const char *const files[] = {"image", "video", "document"};
	struct json_object *body = meta_json_get(meta_json_get(message, "text"), "body");

	if (body == NULL)
		body = json_object_is_type(meta_json_get(message, "text"), json_type_string) ? meta_json_get(message, "text")
											     : meta_json_get(message, "body");
	if (json_object_is_type(body, json_type_string))
		return meta_event_text(maker, body);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct json_object *file = meta_json_get(message, files[i]);
		struct trixy_text caption = meta_event_text(maker, meta_json_get(file, "caption"));

		if (file != NULL)
			return caption.p != NULL ? caption : TEXT("");
	}
	return NO_TEXT;
}
