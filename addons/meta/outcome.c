#include "outcome.h"

#include "http.h"

static void of_fault(struct meta_maker *maker, const struct meta_faults *faults, const struct trixy_answer *answer,
		     const struct meta_error *error, struct trixy_outcome *o)
{
	const struct meta_fault *fault = meta_error_fault(faults, error);

	o->kind = fault->outcome;
	o->code = fault->name;
	o->fix = fault->fix;
	o->wait_ms = fault->wait_ms;
	if (fault->outcome == TRIXY_PARK && fault->wait_ms == 0)
		o->wait_ms = meta_answer_wait_ms(answer);
	o->reason = meta_error_reason(maker, fault, error);
	o->detail = meta_error_detail(maker, error);
}

/* No answer of Meta's making: a proxy's or a gateway's page, or another server's. A 4xx says that the request went no
 * further. A 5xx may be written by a gateway whose back end has sent the message and was only slow to say so (502, 504),
 * and a success without an id may be one: there is no idempotency key, so neither is repeated by itself. */
static void of_stranger(struct meta_maker *maker, struct trixy_text channel, int64_t http_status, struct trixy_outcome *o)
{
	if (http_status == 429) {
		o->kind = TRIXY_PARK;
		o->code = TEXT("rate_limited");
		o->reason = META_JOIN(maker, channel, TEXT(", or a proxy before it, limits how fast this account may send."));
		o->fix = TEXT("Nothing to do: the message goes out by itself later.");
	} else if (http_status >= 300 && http_status < 500 && http_status != 408) {
		o->kind = TRIXY_HOLD;
		o->code = TEXT("not_meta");
		o->reason = META_JOIN(maker, TEXT("What answered is not "), channel, TEXT("'s API."));
		o->fix = TEXT("Ask the administrator to compare the Graph URL setting and the proxy with Meta's addresses.");
	} else {
		o->kind = TRIXY_UNKNOWN;
		o->code = TEXT("answer_lost");
		o->reason = META_JOIN(maker, channel,
				      TEXT("'s answer was lost, so it is not known whether the message went out."));
		o->fix = META_JOIN(maker, TEXT("Look in the "), channel,
				   TEXT(" app whether it arrived, and send it again only if it did not."));
	}
}

void meta_outcome_read(struct meta_maker *maker, const struct meta_faults *faults, const struct trixy_answer *answer,
		       struct json_object *root, bool is_done, struct trixy_text message_id,
		       struct trixy_outcome *ret_outcome)
{
	struct trixy_outcome o = {.size = sizeof(o)};
	struct meta_error error;

	if (meta_error_read(root, answer->http_status, &error)) {
		of_fault(maker, faults, answer, &error, &o);
	} else if (is_done && answer->http_status >= 200 && answer->http_status < 300) {
		o.kind = TRIXY_SENT;
		o.message_id = message_id.len > 0 ? meta_text_kept(maker, message_id) : (struct trixy_text){NULL, 0};
	} else {
		of_stranger(maker, faults->channel, answer->http_status, &o);
		o.detail = META_JOIN(maker, TEXT("http="), meta_text_number(maker, answer->http_status),
				     TEXT(" no error object"));
	}
	*ret_outcome = o;
}
