#include "error.h"

/* What is longer is nothing that Meta would say. */
enum { WORDS_MAX = 65536 };

bool meta_error_object(struct json_object *error, struct meta_error *ret_error)
{
	struct json_object *data = meta_json_get(error, "error_data");
	struct meta_error e = {0};

	if (!json_object_is_type(error, json_type_object))
		return false;
	(void)meta_json_int(meta_json_get(error, "code"), &e.code);
	(void)meta_json_int(meta_json_get(error, "error_subcode"), &e.subcode);
	e.transient = meta_json_true(meta_json_get(error, "is_transient"));
	e.type = meta_json_whole(meta_json_get(error, "type"), WORDS_MAX);
	e.message = meta_json_whole(meta_json_get(error, "message"), WORDS_MAX);
	if (e.message.p == NULL) /* in webhooks */
		e.message = meta_json_whole(meta_json_get(error, "title"), WORDS_MAX);
	e.trace = meta_json_whole(meta_json_get(error, "fbtrace_id"), WORDS_MAX);
	e.details = meta_json_whole(meta_json_get(data, "details"), WORDS_MAX);
	*ret_error = e;
	return true;
}

/* `{"error":{...}}`, and the bare form of Instagram Login's token pages: `{"error_type","code","error_message"}`. */
bool meta_error_read(struct json_object *root, int64_t http_status, struct meta_error *ret_error)
{
	struct meta_error e = {0};

	if (!meta_error_object(meta_json_get(root, "error"), &e)) {
		e.message = meta_json_word(meta_json_get(root, "error_message"));
		if (e.message.p == NULL)
			return false;
		/* Its code is an HTTP status, not one of the table's. */
		e.type = meta_json_word(meta_json_get(root, "error_type"));
	}
	e.http_status = http_status;
	*ret_error = e;
	return true;
}

static bool fits(const struct meta_fault *fault, const struct meta_error *error)
{
	return error->code >= fault->code && error->code <= fault->code_to &&
	       (fault->subcode == META_ANY || error->subcode == fault->subcode) &&
	       (fault->words == NULL || meta_text_contains(error->message, fault->words) ||
		meta_text_contains(error->details, fault->words));
}

/* is_transient wins over the broad rows only: Meta also sets it where a precise subcode says otherwise. The HTTP status
 * is asked last, of a code that Meta does not document: an error object says that the message was not sent. */
const struct meta_fault *meta_error_fault(const struct meta_faults *faults, const struct meta_error *error)
{
	const struct meta_fault *unknown = &faults->rows[faults->count - 1];
	const struct meta_fault *fault = faults->rows;

	while (fault < unknown && !fits(fault, error))
		fault++;
	if (fault->quote && error->transient)
		return faults->passing;
	return fault == unknown && error->http_status >= 500 ? faults->passing : fault;
}

/* Meta's words are for a person and may be long: the first few hundred bytes say it. */
struct trixy_text meta_error_reason(struct meta_maker *maker, const struct meta_fault *fault, const struct meta_error *error)
{
	struct trixy_text words = error->details.len > 0 ? error->details : error->message;

	if (!fault->quote || words.len == 0)
		return fault->reason;
	return META_JOIN(maker, fault->reason, TEXT(" Meta says: "), meta_text_cut(words, 300));
}

struct trixy_text meta_error_detail(struct meta_maker *maker, const struct meta_error *error)
{
	return META_JOIN(maker, TEXT("http="), meta_text_number(maker, error->http_status), TEXT(" code="),
			 meta_text_number(maker, error->code), TEXT(" subcode="), meta_text_number(maker, error->subcode),
			 TEXT(" transient="), error->transient ? TEXT("1") : TEXT("0"), TEXT(" type="),
			 meta_text_cut(error->type, 64), TEXT(" trace="), meta_text_cut(error->trace, 64));
}

bool meta_error_is_proof(const struct meta_error *error)
{
	return error->code == 100 && meta_text_contains(error->message, "appsecret_proof");
}
