#include "send.h"

#include "errors.h"
#include "http.h"
#include "json.h"
#include "text.h"

/* An hour's use is counted over the last hour (Meta: Graph API, "Rate Limits"). */
#define USAGE_HOUR_MS IG_HOUR_MS
/* No park longer than this on a header's word: it may be wrong, and asking again costs one refusal. */
#define PARK_MAX_MS (24 * IG_HOUR_MS)

/* messaging_type is RESPONSE where it is left out, and Meta's Instagram examples leave it out. A quoted message stands
 * beside the message, not in it. */
static struct trixy_text message_body(struct ig_maker *maker, const struct trixy_draft *draft, struct trixy_text message)
{
	struct trixy_text tag = TEXT(""), reply_to = TEXT("");

	if (draft->tag.len > 0)
		tag = TEXT(",\"messaging_type\":\"MESSAGE_TAG\",\"tag\":\"" IG_TAG_HUMAN_AGENT "\"");
	if (draft->reply_to_id.len > 0)
		reply_to = IG_JOIN(maker, TEXT(",\"reply_to\":{\"mid\":"), ig_text_quote(maker, draft->reply_to_id),
				   TEXT("}"));
	return IG_JOIN(maker, TEXT("{\"recipient\":{\"id\":"), ig_text_quote(maker, draft->contact_key),
		       TEXT("},\"message\":"), message, tag, reply_to, TEXT("}"));
}

static int32_t text_body(struct ig_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret_body)
{
	if (draft->text.len == 0 || draft->text.len > IG_TEXT_MAX || !ig_text_utf8(draft->text))
		return TRIXY_EINVAL;
	*ret_body = message_body(maker, draft, IG_JOIN(maker, TEXT("{\"text\":"), ig_text_quote(maker, draft->text), TEXT("}")));
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
static int32_t media_body(struct ig_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret_body)
{
	const char *word = media_word(draft->media_type);
	struct trixy_text url = draft->media_url;

	if (word == NULL || draft->text.len > 0 || url.len == 0 || !ig_text_utf8(url))
		return TRIXY_EINVAL;
	*ret_body = message_body(maker, draft, IG_JOIN(maker, TEXT("{\"attachment\":{\"type\":\""),
						       ((struct trixy_text){word, strlen(word)}), TEXT("\",\"payload\":{\"url\":"),
						       ig_text_quote(maker, url), TEXT("}}}")));
	return 0;
}

/* Meta: Instagram, "Send a Message": react takes the reaction's name, unreact takes none. */
static int32_t reaction_body(struct ig_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret_body)
{
	bool takes_back = draft->emoji.len == 0;

	if (draft->reply_to_id.len == 0 || (!takes_back && !ig_text_is(draft->emoji, IG_EMOJI_LOVE)))
		return TRIXY_EINVAL;
	*ret_body = IG_JOIN(maker, TEXT("{\"recipient\":{\"id\":"), ig_text_quote(maker, draft->contact_key),
			    takes_back ? TEXT("},\"sender_action\":\"unreact\",\"payload\":{\"message_id\":")
				       : TEXT("},\"sender_action\":\"react\",\"payload\":{\"message_id\":"),
			    ig_text_quote(maker, draft->reply_to_id),
			    takes_back ? TEXT("}}") : TEXT(",\"reaction\":\"love\"}}"));
	return 0;
}

/* Nothing else may stand beside such an action. */
static int32_t presence_body(struct ig_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret_body)
{
	*ret_body = IG_JOIN(maker, TEXT("{\"recipient\":{\"id\":"), ig_text_quote(maker, draft->contact_key),
			    TEXT("},\"sender_action\":\""),
			    draft->kind == TRIXY_DRAFT_SEEN ? TEXT("mark_seen") : TEXT("typing_on"), TEXT("\"}"));
	return 0;
}

static int32_t body_of(struct ig_maker *maker, const struct trixy_draft *draft, struct trixy_text *ret_body)
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
	struct ig_maker maker = {memory, false};
	struct ig_call call = {.method = TEXT("POST")};
	int32_t r;

	if (draft->contact_key.len == 0 || !ig_text_utf8(draft->contact_key) || !ig_text_utf8(draft->reply_to_id))
		return TRIXY_EINVAL;
	if (draft->tag.len > 0 && !ig_text_is(draft->tag, IG_TAG_HUMAN_AGENT))
		return TRIXY_EINVAL;
	call.path = IG_JOIN(&maker, ig_account_node(account), TEXT("/messages"));
	if ((r = body_of(&maker, draft, &call.body)) != 0)
		return r;
	return maker.failed ? TRIXY_ENOMEM : ig_http_request(account, &call, memory, ret_request);
}

/* X-Business-Use-Case-Usage: {"<id>":[{"type":"instagram","estimated_time_to_regain_access":19}]}, in minutes.
 * The longest counts: which of the limits refused us is not told. */
static int64_t business_wait_ms(struct json_object *usage)
{
	int64_t longest = 0, minutes;

	if (!json_object_is_type(usage, json_type_object))
		return 0;
	json_object_object_foreach(usage, id, list)
	{
		size_t count = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

		(void)id;
		for (size_t i = 0; i < count; i++) {
			struct json_object *one = json_object_array_get_idx(list, i);

			if (ig_json_int(ig_json_get(one, "estimated_time_to_regain_access"), &minutes) && minutes > longest)
				longest = minutes;
		}
	}
	return longest < PARK_MAX_MS / IG_MINUTE_MS ? longest * IG_MINUTE_MS : PARK_MAX_MS;
}

/* X-App-Usage: {"call_count":120,"total_cputime":0,"total_time":208}, in percent of what an hour allows. It names
 * no time; use above 100 % has to drop out of the hour first. */
static int64_t app_wait_ms(struct json_object *usage)
{
	static const char *const names[] = {"call_count", "total_cputime", "total_time"};
	int64_t worst = 0, percent;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (ig_json_int(ig_json_get(usage, names[i]), &percent) && percent > worst)
			worst = percent;
	if (worst < 100)
		return 0;
	if (worst > 1000000)
		return USAGE_HOUR_MS;
	return 5 * IG_MINUTE_MS + (USAGE_HOUR_MS - 5 * IG_MINUTE_MS) * (worst - 100) / worst;
}

/* How long Meta's headers ask for rest; 0 when they do not say, and the server's own schedule holds. */
static int64_t headers_wait_ms(const struct trixy_answer *answer)
{
	SCOPED_JSON business = NULL;
	SCOPED_JSON app = NULL;
	int64_t wait_ms = 0;

	if (ig_json_parse(ig_answer_header(answer, "x-business-use-case-usage"), &business) == 0)
		wait_ms = business_wait_ms(business);
	if (wait_ms == 0 && ig_json_parse(ig_answer_header(answer, "x-app-usage"), &app) == 0)
		wait_ms = app_wait_ms(app);
	return wait_ms;
}

/* A tag may lack its own feature in an app that may do all else: then the account's other messages must not wait. */
static bool blames_the_tag(const struct trixy_answer *answer, const struct ig_fault *fault)
{
	return TRIXY_HAS(answer, draft) && answer->draft != NULL && answer->draft->tag.len > 0 &&
	       fault->outcome == TRIXY_HOLD && ig_text_is(fault->name, "permission_missing");
}

static void outcome_of_fault(const struct trixy_answer *answer, const struct ig_error *error, struct ig_maker *maker,
			     struct trixy_outcome *o)
{
	const struct ig_fault *fault = ig_error_fault(error);

	o->kind = blames_the_tag(answer, fault) ? TRIXY_FAILED : fault->outcome;
	o->code = fault->name;
	o->fix = fault->fix;
	o->wait_ms = fault->wait_ms;
	if (fault->outcome == TRIXY_PARK && fault->wait_ms == 0)
		o->wait_ms = headers_wait_ms(answer);
	o->reason = ig_error_reason(maker, fault, error);
	o->detail = ig_error_detail(maker, error);
}

/* No answer of Meta's making: a proxy's or a gateway's page, or another server's. A 4xx says that the request went no
 * further. A 5xx may be written by a gateway whose back end has sent the message and was only slow to say so (502, 504),
 * and a success without an id may be one: there is no idempotency key, so neither is repeated by itself. */
static void outcome_of_stranger(int64_t http_status, struct trixy_outcome *o)
{
	if (http_status == 429) {
		o->kind = TRIXY_PARK;
		o->code = TEXT("rate_limited");
		o->reason = TEXT("Instagram, or a proxy before it, limits how fast this account may send.");
		o->fix = TEXT("Nothing to do: the message goes out by itself later.");
	} else if (http_status >= 300 && http_status < 500 && http_status != 408) {
		o->kind = TRIXY_HOLD;
		o->code = TEXT("not_meta");
		o->reason = TEXT("What answered is not Instagram's API.");
		o->fix = TEXT("Ask the administrator to compare the Graph URL setting and the proxy with Meta's addresses.");
	} else {
		o->kind = TRIXY_UNKNOWN;
		o->code = TEXT("answer_lost");
		o->reason = TEXT("Instagram's answer was lost, so it is not known whether the message went out.");
		o->fix = TEXT("Look in the Instagram app whether it arrived, and send it again only if it did not.");
	}
}

/* A reaction has no id of its own: {"recipient_id":...} is all that Meta answers. */
static bool is_done(const struct trixy_answer *answer, struct json_object *root, struct trixy_text message_id)
{
	if (answer->http_status < 200 || answer->http_status >= 300)
		return false;
	if (message_id.len > 0)
		return true;
	return TRIXY_HAS(answer, draft) && answer->draft != NULL && answer->draft->kind == TRIXY_DRAFT_REACTION &&
	       ig_json_word(ig_json_get(root, "recipient_id")).len > 0;
}

int32_t ig_read_answer(const struct trixy_account *account, const struct trixy_answer *answer,
		       struct trixy_memory *memory, struct trixy_outcome *ret_outcome)
{
	struct ig_maker maker = {memory, false};
	struct trixy_outcome o = {.size = sizeof(o)};
	SCOPED_JSON root = NULL;
	struct trixy_text message_id;
	struct ig_error error;

	(void)account;
	if (ig_json_parse(answer->body, &root) == TRIXY_ENOMEM)
		return TRIXY_ENOMEM;
	message_id = ig_json_word(ig_json_get(root, "message_id"));
	if (ig_error_read(root, answer->http_status, &error)) {
		outcome_of_fault(answer, &error, &maker, &o);
	} else if (is_done(answer, root, message_id)) {
		o.kind = TRIXY_SENT;
		o.message_id = message_id.len > 0 ? IG_JOIN(&maker, message_id) : message_id;
	} else {
		outcome_of_stranger(answer->http_status, &o);
		o.detail = IG_JOIN(&maker, TEXT("http="), ig_text_number(&maker, answer->http_status),
				   TEXT(" no error object"));
	}
	if (maker.failed)
		return TRIXY_ENOMEM;
	*ret_outcome = o;
	return 0;
}
