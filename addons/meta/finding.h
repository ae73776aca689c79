/* Findings: what "Check connection" shows, one line a step. */
#ifndef META_FINDING_H
#define META_FINDING_H

#include "error.h"
#include "json.h"
#include "text.h"

#include <mailtrixy/addon.h>
#include <stdbool.h>

/* A finding being made from an answer. */
struct meta_finder {
	struct meta_maker maker;
	const struct meta_faults *faults;
	struct json_object *root;	/* of the answer */
	struct trixy_finding finding;
};

void meta_found(struct meta_finder *f, uint32_t status, struct trixy_text explanation, struct trixy_text fix);

/* True when the answer is a success with a JSON object. If not, the finding says why, in the error table's words. */
bool meta_finder_read(struct meta_finder *f, const struct trixy_answer *answer);

/* Ends a finding: hands it over, or says that memory ran out. Drops the JSON. */
int32_t meta_finder_end(struct meta_finder *f, struct trixy_finding *ret_finding);

#endif
