#include "send.h"

#include "errors.h"
#include "http.h"
#include "meta/outcome.h"

/* messaging_type is RESPONSE where it is left out, and Meta's Instagram examples leave it out. A quoted message stands
 * beside the message, not in it. */
static struct trixy_text message_body(struct meta_maker *maker, const struct trixy_draft *draft, struct trixy_text message)
{
	struct trixy_text tag = TEXT(""), reply_to = TEXT("");

	if (draft->tag.len > 0)
		tag = TEXT(",\"messaging_type\":\"MESSAGE_TAG\",\"tag\":\"" IG_TAG_HUMAN_AGENT "\"");
	if (draft->reply_to_id.len > 0)
		reply_to = META_JOIN(maker, TEXT(",\"reply_to\":{\"mid\":"), meta_text_quote(maker, draft->reply_to_id),
				     TEXT("}"));
	return META_JOIN(maker, TEXT("{\"recipient\":{\"id\":"), meta_text_quote(maker, draft->contact_key),
			 TEXT("},\"message\":"), message, tag, reply_to, TEXT("}"));
}

static int32_t text_body(struct meta_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret_body)
{
	if (draft->text.len == 0 || draft->text.len > IG_TEXT_MAX || !meta_text_utf8(draft->text))
		return TRIXY_EINVAL;
	*ret_body = message_body(maker, draft, META_JOIN(maker, TEXT("{\"text\":"), meta_text_quote(maker, draft->text), TEXT("}")));
	return 0;
}

/* What Meta calls the kinds of files. */
static const char *media_word(uint32_t type)
{
	switch (type) {
	case TRIXY_MESSAGE_IMAGE: return "image";
	case TRIXY_MESSAGE_VIDEO: return "video";
	case TRIXY_MESSAGE_AUDIO: return "audio";
	case TRIXY_MESSAGE_FILE: return "file";
	default: return NULL;
	}
}

/* Meta fetches the file from the address itself. A text cannot go with it (Meta: Instagram, "Send a Message"). */
static int32_t media_body(struct meta_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret_body)
{
	const char *word = media_word(draft->media_type);
	struct trixy_text url = draft->media_url;

	if (word == NULL || draft->text.len > 0 || url.len == 0 || !meta_text_utf8(url))
		return TRIXY_EINVAL;
	*ret_body = message_body(maker, draft, META_JOIN(maker, TEXT("{\"attachment\":{\"type\":\""),
							 ((struct trixy_text){word, strlen(word)}), TEXT("\",\"payload\":{\"url\":"),
							 meta_text_quote(maker, url), TEXT("}}}")));
	return 0;
}

/* Meta: Instagram, "Send a Message": react takes the reaction's name, unreact takes none. */
static int32_t reaction_body(struct meta_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret_body)
{
	bool takes_back = draft->emoji.len == 0;

	if (draft->reply_to_id.len == 0 || (!takes_back && !meta_text_is(draft->emoji, IG_EMOJI_LOVE)))
		return TRIXY_EINVAL;
	*ret_body = META_JOIN(maker, TEXT("{\"recipient\":{\"id\":"), meta_text_quote(maker, draft->contact_key),
			      takes_back ? TEXT("},\"sender_action\":\"unreact\",\"payload\":{\"message_id\":")
				       : TEXT("},\"sender_action\":\"react\",\"payload\":{\"message_id\":"),
			      meta_text_quote(maker, draft->reply_to_id),
			      takes_back ? TEXT("}}") : TEXT(",\"reaction\":\"love\"}}"));
	return 0;
}

/* Nothing else may stand beside such an action. */
static int32_t presence_body(struct meta_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret_body)
{
	*ret_body = META_JOIN(maker, TEXT("{\"recipient\":{\"id\":"), meta_text_quote(maker, draft->contact_key),
			      TEXT("},\"sender_action\":\""),
			      draft->kind == TRIXY_DRAFT_SEEN ? TEXT("mark_seen") : TEXT("typing_on"), TEXT("\"}"));
	return 0;
}

static int32_t body_of(struct meta_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret_body)
{
	switch (draft->kind) {
	case TRIXY_DRAFT_MESSAGE:
		return draft->media_type == 0 ? text_body(maker, draft, ret_body) : media_body(maker, draft, ret_body);
	case TRIXY_DRAFT_REACTION: return reaction_body(maker, draft, ret_body);
	case TRIXY_DRAFT_SEEN:
	case TRIXY_DRAFT_TYPING: return presence_body(maker, draft, ret_body);
	default: return TRIXY_EINVAL;
	}
}

int32_t ig_compose(const struct trixy_account *account, const struct trixy_draft *draft, struct trixy_memory *memory,
		   struct trixy_request *ret_request)
{
	struct meta_maker maker = {memory, false};
	struct meta_call call = {.method = TEXT("POST")};
	int32_t r;

	if (draft->contact_key.len == 0 || !meta_text_utf8(draft->contact_key) || !meta_text_utf8(draft->reply_to_id))
		return TRIXY_EINVAL;
	if (draft->tag.len > 0 && !meta_text_is(draft->tag, IG_TAG_HUMAN_AGENT))
		return TRIXY_EINVAL;
	call.path = META_JOIN(&maker, ig_account_node(account), TEXT("/messages"));
	if ((r = body_of(&maker, draft, &call.body)) != 0)
		return r;
	return maker.failed ? TRIXY_ENOMEM : ig_http_request(account, &call, memory, ret_request);
}

/* What was asked for; NULL: a server of ABI 1.0 does not tell. */
static const struct trixy_draft *draft_of(const struct trixy_answer *answer)
{
	return TRIXY_HAS(answer, draft) ? answer->draft : NULL;		/* NOLINT(bugprone-sizeof-expression): of the pointer itself */
}

/* A tag may lack its own feature in an app that may do all else: then the account's other messages must not wait. */
static bool blames_the_tag(const struct trixy_answer *answer, const struct trixy_outcome *o)
{
	const struct trixy_draft *draft = draft_of(answer);

	return draft != NULL && draft->tag.len > 0 && o->kind == TRIXY_HOLD && meta_text_is(o->code, "permission_missing");
}

/* A reaction has no id of its own: {"recipient_id":...} is all that Meta answers. */
static bool is_done(const struct trixy_answer *answer, struct json_object *root, struct trixy_text message_id)
{
	const struct trixy_draft *draft = draft_of(answer);

	if (message_id.len > 0)
		return true;
	return draft != NULL && draft->kind == TRIXY_DRAFT_REACTION && meta_json_word(meta_json_get(root, "recipient_id")).len > 0;
}

int32_t ig_read_answer(const struct trixy_account *account, const struct trixy_answer *answer,
		       struct trixy_memory *memory, struct trixy_outcome *ret_outcome)
{
	struct meta_maker maker = {memory, false};
	SCOPED_JSON root = NULL;
	struct trixy_text message_id;

	(void)account;
	if (meta_json_parse(answer->body, &root) == TRIXY_ENOMEM)
		return TRIXY_ENOMEM;
	message_id = meta_json_word(meta_json_get(root, "message_id"));
	meta_outcome_read(&maker, &ig_faults, answer, root, is_done(answer, root, message_id), message_id, ret_outcome);
	if (blames_the_tag(answer, ret_outcome))
		ret_outcome->kind = TRIXY_FAILED;
	return maker.failed ? TRIXY_ENOMEM : 0;
}
