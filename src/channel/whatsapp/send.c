#include "channel/whatsapp/send.h"

#include "channel/whatsapp/errors.h"
#include "channel/whatsapp/http.h"
#include "meta/outcome.h"

/* What biz_opaque_callback_data may hold [the reference file: general knowledge]. */
#define REFERENCE_MAX 512u
/* Where the usage headers do not say how long a limit lasts. */
#define RATE_WAIT_MS (15 * META_MINUTE_MS)

/* Characters of UTF-8 text. */
static uint64_t characters(struct trixy_text text)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < text.len; i++)
		n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return n;
}

struct trixy_text wa_media_word(uint32_t type)
{
	switch (type) {
	case TRIXY_MESSAGE_IMAGE: return TEXT("image");
	case TRIXY_MESSAGE_VIDEO: return TEXT("video");
	case TRIXY_MESSAGE_AUDIO: return TEXT("audio");
	case TRIXY_MESSAGE_FILE: return TEXT("document");
	case TRIXY_MESSAGE_STICKER: return TEXT("sticker");
	default: return (struct trixy_text){NULL, 0};
	}
}

bool wa_media_object(struct meta_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret_object)
{
	struct trixy_text caption = TEXT(""), name = TEXT(""), voice = TEXT("");

	if (draft->media_id.len == 0 && draft->media_url.len == 0)
		return false;
	if (draft->text.len > 0 && draft->kind == TRIXY_DRAFT_MESSAGE)
		caption = META_JOIN(maker, TEXT(",\"caption\":"), meta_text_quote(maker, draft->text));
	if (draft->media_type == TRIXY_MESSAGE_FILE && draft->file_name.len > 0)
		name = META_JOIN(maker, TEXT(",\"filename\":"), meta_text_quote(maker, draft->file_name));
	if (draft->media_type == TRIXY_MESSAGE_AUDIO && (draft->media_flags & TRIXY_ATTACHMENT_VOICE))
		voice = TEXT(",\"voice\":true");
	*ret_object = META_JOIN(maker, draft->media_id.len > 0 ? TEXT("{\"id\":") : TEXT("{\"link\":"),
				meta_text_quote(maker, draft->media_id.len > 0 ? draft->media_id : draft->media_url), caption, name,
				voice, TEXT("}"));
	return true;
}

/* ---- the content: `"type":...` and its object ---- */

static int32_t text_content(struct meta_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret)
{
	bool has_link = meta_text_contains(draft->text, "https://") || meta_text_contains(draft->text, "http://");

	if (draft->text.len == 0 || characters(draft->text) > WA_TEXT_MAX)
		return TRIXY_EINVAL;
	*ret = META_JOIN(maker, TEXT("\"type\":\"text\",\"text\":{\"body\":"), meta_text_quote(maker, draft->text),
			 has_link ? TEXT(",\"preview_url\":true}") : TEXT(",\"preview_url\":false}"));
	return 0;
}

static int32_t media_content(struct meta_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret)
{
	struct trixy_text word = wa_media_word(draft->media_type), object;
	bool takes_caption = draft->media_type != TRIXY_MESSAGE_AUDIO && draft->media_type != TRIXY_MESSAGE_STICKER;

	if (word.len == 0 || characters(draft->text) > (takes_caption ? WA_CAPTION_MAX : 0) ||
	    !wa_media_object(maker, draft, &object))
		return TRIXY_EINVAL;
	*ret = META_JOIN(maker, TEXT("\"type\":\""), word, TEXT("\",\""), word, TEXT("\":"), object);
	return 0;
}

/* No emoji takes the reaction back. */
static int32_t reaction_content(struct meta_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret)
{
	if (draft->reply_to_id.len == 0)
		return TRIXY_EINVAL;
	*ret = META_JOIN(maker, TEXT("\"type\":\"reaction\",\"reaction\":{\"message_id\":"),
			 meta_text_quote(maker, draft->reply_to_id), TEXT(",\"emoji\":"), meta_text_quote(maker, draft->emoji),
			 TEXT("}"));
	return 0;
}

static int32_t template_content(struct meta_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret)
{
	struct trixy_text object;
	int32_t r = wa_template_object(maker, draft, &object);

	if (r == 0)
		*ret = META_JOIN(maker, TEXT("\"type\":\"template\",\"template\":"), object);
	return r;
}

/* ---- the whole ---- */

/* Who hides the number is addressed by the business-scoped id (Meta: "Business-scoped user IDs"). */
static struct trixy_text recipient(struct meta_maker *maker, struct trixy_text contact_key)
{
	return META_JOIN(maker, meta_text_is_digits(contact_key) ? TEXT("\"to\":") : TEXT("\"recipient\":"),
			 meta_text_quote(maker, contact_key));
}

static int32_t message_body(struct meta_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret_body)
{
	struct trixy_text content, context = TEXT(""), reference = TEXT("");
	int32_t r;

	switch (draft->kind) {
	case TRIXY_DRAFT_MESSAGE:
		r = draft->media_type == 0 ? text_content(maker, draft, &content) : media_content(maker, draft, &content);
		break;
	case TRIXY_DRAFT_REACTION: r = reaction_content(maker, draft, &content); break;
	case TRIXY_DRAFT_TEMPLATE: r = template_content(maker, draft, &content); break;
	default: r = TRIXY_EINVAL; break;
	}
	if (r != 0)
		return r;
	if (draft->reply_to_id.len > 0 && draft->kind != TRIXY_DRAFT_REACTION)
		context = META_JOIN(maker, TEXT("\"context\":{\"message_id\":"), meta_text_quote(maker, draft->reply_to_id),
				    TEXT("},"));
	if (draft->reference.len > 0 && draft->reference.len <= REFERENCE_MAX)
		reference = META_JOIN(maker, TEXT("\"biz_opaque_callback_data\":"), meta_text_quote(maker, draft->reference),
				      TEXT(","));
	*ret_body = META_JOIN(maker, TEXT("{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\","),
			      recipient(maker, draft->contact_key), TEXT(","), context, reference, content, TEXT("}"));
	return 0;
}

/* Earlier messages become read too; "typing" shows until our message comes, or some 25 seconds. */
static int32_t presence_body(struct meta_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret_body)
{
	if (draft->reply_to_id.len == 0)
		return TRIXY_EINVAL;
	*ret_body = META_JOIN(maker, TEXT("{\"messaging_product\":\"whatsapp\",\"status\":\"read\",\"message_id\":"),
			      meta_text_quote(maker, draft->reply_to_id),
			      draft->kind == TRIXY_DRAFT_TYPING ? TEXT(",\"typing_indicator\":{\"type\":\"text\"}}") : TEXT("}"));
	return 0;
}

static bool is_valid(const struct trixy_draft *draft)
{
	const struct trixy_text texts[] = {draft->contact_key, draft->text,	 draft->reply_to_id, draft->reference,
					   draft->emoji,       draft->media_id,	 draft->media_url,   draft->file_name,
					   draft->mime_type,   draft->template_name, draft->template_language};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!meta_text_utf8(texts[i]))
			return false;
	return draft->contact_key.len > 0 && draft->tag.len == 0;
}

int32_t wa_compose(const struct trixy_account *account, const struct trixy_draft *draft, struct trixy_memory *memory,
		   struct trixy_request *ret_request)
{
	struct meta_maker maker = {memory, false};
	struct meta_call call = {.method = TEXT("POST")};
	bool says_presence = draft->kind == TRIXY_DRAFT_SEEN || draft->kind == TRIXY_DRAFT_TYPING;
	int32_t r;

	if (!is_valid(draft))
		return TRIXY_EINVAL;
	call.path = wa_number_path(&maker, account, TEXT("messages"));
	r = says_presence ? presence_body(&maker, draft, &call.body) : message_body(&maker, draft, &call.body);
	if (r != 0)
		return r;
	return maker.failed ? TRIXY_ENOMEM : wa_http_request(account, &call, memory, ret_request);
}

/* {"messages":[{"id","message_status"}]}; 200 says accepted, not delivered. */
int32_t wa_read_answer(const struct trixy_account *account, const struct trixy_answer *answer, struct trixy_memory *memory,
		       struct trixy_outcome *ret_outcome)
{
	struct meta_maker maker = {memory, false};
	struct json_object *list, *first;
	struct trixy_text id, status;
	SCOPED_JSON root = NULL;

	(void)account;
	if (meta_json_parse(answer->body, &root) == TRIXY_ENOMEM)
		return TRIXY_ENOMEM;
	list = meta_json_get(root, "messages");
	first = json_object_is_type(list, json_type_array) ? json_object_array_get_idx(list, 0) : list;
	id = meta_json_whole(meta_json_get(first, "id"), 512);
	status = meta_json_whole(meta_json_get(first, "message_status"), 64);
	meta_outcome_read(&maker, &wa_faults, answer, root, id.len > 0, id, ret_outcome);
	/* held_for_quality_assessment, paused: a template that waits at Meta; the statuses tell how that ends. */
	if (ret_outcome->kind == TRIXY_SENT && status.len > 0 && !meta_text_is(status, "accepted"))
		ret_outcome->detail = META_JOIN(&maker, TEXT("message_status="), status);
	if (ret_outcome->kind == TRIXY_PARK && ret_outcome->wait_ms == 0)
		ret_outcome->wait_ms = RATE_WAIT_MS;
	return maker.failed ? TRIXY_ENOMEM : 0;
}
