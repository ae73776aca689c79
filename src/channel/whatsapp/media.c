/* Meta: "Media". A customer's file has an id for seven days; asked for, it gives an address for five minutes, which opens with the
 * account's token alone. Ours are uploaded, and sent by their id, which lives thirty days. */
#include "channel/whatsapp/media.h"

#include "channel/whatsapp/errors.h"
#include "channel/whatsapp/http.h"
#include "meta/outcome.h"
#include "meta/webhook.h"

int32_t wa_media_request(const struct trixy_account *account, const struct trixy_attachment *attachment,
			 struct trixy_memory *memory, struct trixy_request *ret_request)
{
	struct meta_maker maker = {memory, false};
	struct meta_call call = {.method = TEXT("GET")};

	if (attachment->external_id.len == 0)
		return TRIXY_EINVAL;
	call.path = meta_text_percent(&maker, attachment->external_id);
	/* Then Meta gives out only what this number received. */
	call.query = META_JOIN(&maker, TEXT("phone_number_id="), meta_text_percent(&maker, account->key));
	return maker.failed ? TRIXY_ENOMEM : wa_http_request(account, &call, memory, ret_request);
}

/* The token may be mended, a limit passes: what says nothing of the file is asked again. */
static void read_refusal(struct meta_maker *maker, const struct meta_error *error, struct trixy_media *m)
{
	const struct meta_fault *fault = meta_error_fault(&wa_faults, error);
	bool is_gone = fault->outcome == TRIXY_FAILED || (error->code == 100 && !meta_error_is_proof(error)) ||
		       error->code == WA_ERROR_MEDIA_LOST;

	m->state = is_gone ? TRIXY_MEDIA_GONE : TRIXY_MEDIA_RETRY;
	if (error->code == WA_ERROR_MEDIA_LOST)
		m->reason = wa_error_words(maker, error);
	else if (is_gone)
		m->reason = TEXT("WhatsApp no longer has this file: it keeps files for some days.");
	else
		m->reason = meta_error_reason(maker, fault, error);
}

static void read_found(struct meta_maker *maker, const struct trixy_account *account, struct json_object *root,
		       struct trixy_text url, struct trixy_media *m)
{
	struct trixy_pair *headers = meta_maker_alloc(maker, 1, sizeof(*headers));
	int64_t bytes = 0;

	if (headers == NULL)
		return;
	headers[0].name = TEXT("Authorization");
	headers[0].value = META_JOIN(maker, TEXT("Bearer "), meta_account_field(account, "access_token"));
	m->state = TRIXY_MEDIA_FOUND;
	m->url = META_JOIN(maker, url);
	m->headers = headers;
	m->header_count = 1;
	m->mime_type = meta_text_kept(maker, meta_json_whole(meta_json_get(root, "mime_type"), 255));
	/* Base64 in webhooks, hex in samples: the server takes both. */
	m->sha256 = meta_text_kept(maker, meta_json_whole(meta_json_get(root, "sha256"), 128));
	if (meta_json_int(meta_json_get(root, "file_size"), &bytes) && bytes > 0)
		m->byte_count = bytes;
}

int32_t wa_media_answer(const struct trixy_account *account, const struct trixy_answer *answer, struct trixy_memory *memory,
			struct trixy_media *ret_media)
{
	struct meta_maker maker = {memory, false};
	struct trixy_media m = {.size = sizeof(m), .state = TRIXY_MEDIA_RETRY};
	SCOPED_JSON root = NULL;
	struct meta_error error;
	struct trixy_text url;

	if (meta_json_parse(answer->body, &root) == TRIXY_ENOMEM)
		return TRIXY_ENOMEM;
	url = meta_json_whole(meta_json_get(root, "url"), META_EVENT_URL_MAX);
	if (meta_error_read(root, answer->http_status, &error))
		read_refusal(&maker, &error, &m);
	else if (url.len > 0 && answer->http_status >= 200 && answer->http_status < 300)
		read_found(&maker, account, root, url, &m);
	else
		m.reason = answer->http_status == 0 ? TEXT("WhatsApp could not be reached.")
						    : TEXT("WhatsApp did not say where the file is.");
	if (maker.failed)
		return TRIXY_ENOMEM;
	*ret_media = m;
	return 0;
}

static struct trixy_part part(struct trixy_text name, struct trixy_text value)
{
	return (struct trixy_part){.size = sizeof(struct trixy_part), .name = name, .value = value};
}

int32_t wa_upload_request(const struct trixy_account *account, const struct trixy_draft *draft, struct trixy_memory *memory,
			  struct trixy_request *ret_request)
{
	enum { PRODUCT, TYPE, FILE, PARTS };
	struct meta_maker maker = {memory, false};
	struct meta_call call = {.method = TEXT("POST")};
	struct trixy_part *parts = meta_maker_alloc(&maker, PARTS, sizeof(*parts));
	int32_t r;

	if (draft->media_type == 0 || draft->mime_type.len == 0 || !meta_text_utf8(draft->mime_type) ||
	    !meta_text_utf8(draft->file_name))
		return TRIXY_EINVAL;
	call.path = wa_number_path(&maker, account, TEXT("media"));
	if (maker.failed)
		return TRIXY_ENOMEM;
	if ((r = wa_http_request(account, &call, memory, ret_request)) != 0)
		return r;
	parts[PRODUCT] = part(TEXT("messaging_product"), TEXT("whatsapp"));
	parts[TYPE] = part(TEXT("type"), meta_text_kept(&maker, draft->mime_type));
	parts[FILE] = part(TEXT("file"), (struct trixy_text){NULL, 0});
	parts[FILE].is_file = 1;
	parts[FILE].file_name = draft->file_name.len > 0 ? meta_text_kept(&maker, draft->file_name) : TEXT("file");
	parts[FILE].mime_type = parts[TYPE].value;
	ret_request->parts = parts;
	ret_request->part_count = PARTS;
	return maker.failed ? TRIXY_ENOMEM : 0;
}

/* Nobody has seen anything of it yet: an upload whose answer was lost is made again. */
int32_t wa_upload_answer(const struct trixy_account *account, const struct trixy_answer *answer, struct trixy_memory *memory,
			 struct trixy_outcome *ret_outcome)
{
	struct meta_maker maker = {memory, false};
	SCOPED_JSON root = NULL;
	struct trixy_text id;

	(void)account;
	if (meta_json_parse(answer->body, &root) == TRIXY_ENOMEM)
		return TRIXY_ENOMEM;
	id = meta_json_id(meta_json_get(root, "id"), memory);
	meta_outcome_read(&maker, &wa_faults, answer, root, id.len > 0 && id.len <= 512, id, ret_outcome);
	if (ret_outcome->kind == TRIXY_UNKNOWN) {
		ret_outcome->kind = TRIXY_RETRY;
		ret_outcome->code = TEXT("upload_lost");
		ret_outcome->reason = TEXT("WhatsApp's answer to the file was lost.");
		ret_outcome->fix = TEXT("Nothing to do: the file is sent again by itself.");
	}
	return maker.failed ? TRIXY_ENOMEM : 0;
}
