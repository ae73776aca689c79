#include "webhook.h"

/* Meta: "Webhooks for Instagram Messaging", attachment types. A type that is not here is kept with its link. */
static const struct {
	const char *type;
	uint32_t kind;
} types[] = {
	{"image", TRIXY_MESSAGE_IMAGE},
	{"video", TRIXY_MESSAGE_VIDEO},
	{"audio", TRIXY_MESSAGE_AUDIO},
	{"file", TRIXY_MESSAGE_FILE},
	{"share", TRIXY_MESSAGE_SHARE}, /* the old name of ig_post and its kin */
	{"ig_post", TRIXY_MESSAGE_SHARE},
	{"media", TRIXY_MESSAGE_SHARE},
	{"story", TRIXY_MESSAGE_SHARE},
	{"ig_story", TRIXY_MESSAGE_SHARE},
	{"reel", TRIXY_MESSAGE_REEL},
	{"ig_reel", TRIXY_MESSAGE_REEL},
	{"story_mention", TRIXY_MESSAGE_STORY_MENTION},
	{"ephemeral", TRIXY_MESSAGE_EPHEMERAL},
	{"sticker", TRIXY_MESSAGE_STICKER},
	{"like_heart", TRIXY_MESSAGE_STICKER},
};

/* What the pages call the id of a shared thing; the first that is there is taken. */
static const char *const id_names[] = {
	"id", "media_id", "reel_video_id", "ig_post_media_id", "story_media_id", "attachment_id"};

static uint32_t kind_of(struct trixy_text type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (meta_text_is(type, types[i].type))
			return types[i].kind;
	return TRIXY_MESSAGE_UNSUPPORTED;
}

/* A string or a number. */
static struct trixy_text read_id(struct meta_maker *maker, struct json_object *id)
{
	return json_object_is_type(id, json_type_string) ? meta_json_whole(id, META_EVENT_ID_MAX) : meta_json_id(id, maker->memory);
}

static struct trixy_attachment read_one(struct meta_maker *maker, struct json_object *object, uint32_t kind,
					struct trixy_text type)
{
	struct json_object *payload = meta_json_get(object, "payload");
	struct trixy_attachment a = {.size = sizeof(a), .type = kind};

	a.url = meta_json_whole(meta_json_get(payload, "url"), META_EVENT_URL_MAX);
	if (a.url.p == NULL)
		a.url = meta_json_whole(meta_json_get(object, "url"), META_EVENT_URL_MAX);
	a.title = meta_event_text(maker, meta_json_get(payload, "title"));
	if (a.title.len == 0)
		a.title = meta_event_text(maker, meta_json_get(object, "title"));
	if (a.title.len == 0 && kind == TRIXY_MESSAGE_UNSUPPORTED)
		a.title = type;
	for (size_t i = 0; i < sizeof(id_names) / sizeof(id_names[0]) && a.external_id.p == NULL; i++)
		a.external_id = read_id(maker, meta_json_get(payload, id_names[i]));
	return a;
}

uint32_t ig_attachments_read(struct meta_maker *maker, struct json_object *attachments, struct trixy_event *event)
{
	bool is_array = json_object_is_type(attachments, json_type_array);
	size_t n = json_object_is_type(attachments, json_type_object) ? 1 : 0;
	struct trixy_attachment *list;
	uint32_t count = 0, kind, first = 0;

	if (is_array)
		n = json_object_array_length(attachments);
	if (n == 0)
		return 0;
	if (n >= META_EVENT_ATTACHMENTS_MAX) /* one place is left for an advertisement */
		n = META_EVENT_ATTACHMENTS_MAX - 1;
	list = meta_maker_alloc(maker, n, sizeof(*list));
	if (list == NULL)
		return 0;
	for (size_t i = 0; i < n; i++) {
		struct json_object *one = is_array ? json_object_array_get_idx(attachments, i) : attachments;
		struct trixy_text type = meta_json_whole(meta_json_get(one, "type"), META_EVENT_TEXT_MAX);

		kind = kind_of(type);
		if (first == 0)
			first = kind;
		if (kind != TRIXY_MESSAGE_EPHEMERAL) /* it has nothing but its type */
			list[count++] = read_one(maker, one, kind, type);
	}
	event->attachments = count > 0 ? list : NULL;
	event->attachment_count = count;
	return first;
}

/* An advertisement or a product is shown like a shared post, behind what the customer attached. */
static bool read_source(struct meta_maker *maker, struct json_object *referral, struct trixy_attachment *ret_source)
{
	struct json_object *ad = meta_json_get(referral, "ads_context_data");
	struct trixy_attachment a = {.size = sizeof(a), .type = TRIXY_MESSAGE_SHARE};

	a.external_id = read_id(maker, meta_json_get(referral, "ad_id"));
	if (a.external_id.p == NULL)
		a.external_id = read_id(maker, meta_json_get(meta_json_get(referral, "product"), "id"));
	a.title = meta_event_text(maker, meta_json_get(ad, "ad_title"));
	a.url = meta_json_whole(meta_json_get(ad, "photo_url"), META_EVENT_URL_MAX);
	if (a.url.p == NULL)
		a.url = meta_json_whole(meta_json_get(ad, "video_url"), META_EVENT_URL_MAX);
	*ret_source = a;
	return a.external_id.p != NULL || a.title.p != NULL || a.url.p != NULL;
}

void ig_referral_read(struct meta_maker *maker, struct json_object *referral, struct trixy_event *event)
{
	struct trixy_attachment source, *list;

	if (referral == NULL)
		return;
	if (event->payload.p == NULL)
		event->payload = meta_event_text(maker, meta_json_get(referral, "ref"));
	if (event->payload.len == 0)
		event->payload = (struct trixy_text){NULL, 0};
	if (!read_source(maker, referral, &source))
		return;
	list = meta_maker_alloc(maker, (size_t)event->attachment_count + 1, sizeof(*list));
	if (list == NULL)
		return;
	for (uint32_t i = 0; i < event->attachment_count; i++)
		list[i] = event->attachments[i];
	list[event->attachment_count++] = source;
	event->attachments = list;
}
