#include "finding.h"

void meta_found(struct meta_finder *f, uint32_t status, struct trixy_text explanation, struct trixy_text fix)
{
	f->finding.status = status;
	f->finding.explanation = explanation;
	f->finding.fix = fix;
}

static void found_fault(struct meta_finder *f, const struct meta_error *error)
{
	const struct meta_fault *fault = meta_error_fault(f->faults, error);
	/* A limit or a passing fault says nothing about what was checked. */
	bool passing = fault->outcome == TRIXY_RETRY || (fault->outcome == TRIXY_PARK && fault->wait_ms == 0);

	if (passing) {
		meta_found(f, TRIXY_CHECK_WARNING, TEXT("Meta did not answer this for now."),
			   TEXT("Check the connection again in some minutes."));
	} else {
		meta_found(f, TRIXY_CHECK_FAILED, meta_error_reason(&f->maker, fault, error), fault->fix);
		f->finding.reconnect = fault->outcome == TRIXY_RECONNECT;
	}
}

bool meta_finder_read(struct meta_finder *f, const struct trixy_answer *answer)
{
	struct meta_error error;

	if (answer->http_status == 0) {
		meta_found(f, TRIXY_CHECK_FAILED, TEXT("Meta could not be reached."),
			   TEXT("Check the server's network, its proxy and the Graph URL setting."));
		return false;
	}
	if (meta_json_parse(answer->body, &f->root) == TRIXY_ENOMEM)
		f->maker.failed = true;
	if (meta_error_read(f->root, answer->http_status, &error)) {
		found_fault(f, &error);
		return false;
	}
	if (answer->http_status < 200 || answer->http_status >= 300 || !json_object_is_type(f->root, json_type_object)) {
		meta_found(f, TRIXY_CHECK_FAILED,
			   META_JOIN(&f->maker, TEXT("What answered is not Meta's API (HTTP status "),
				     meta_text_number(&f->maker, answer->http_status), TEXT(").")),
			   TEXT("Compare the Graph URL setting and the proxy with Meta's addresses."));
		return false;
	}
	return true;
}

int32_t meta_finder_end(struct meta_finder *f, struct trixy_finding *ret_finding)
{
	meta_json_drop(&f->root);
	if (f->maker.failed)
		return TRIXY_ENOMEM;
	f->finding.size = sizeof(f->finding);
	*ret_finding = f->finding;
	return 0;
}
