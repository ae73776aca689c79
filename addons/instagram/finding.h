/* Findings: what "Check connection" shows, one line a step. */
#ifndef INSTAGRAM_FINDING_H
#define INSTAGRAM_FINDING_H

#include "errors.h"
#include "json.h"
#include "text.h"

#include <mailtrixy/addon.h>
#include <stdbool.h>

/* A finding being made from an answer. */
struct ig_finder {
	struct ig_maker maker;
	struct json_object *root;	/* of the answer */
	struct trixy_finding finding;
};

void ig_found(struct ig_finder *f, uint32_t status, struct trixy_text explanation, struct trixy_text fix);

/* True when the answer is a success with a JSON object. If not, the finding says why, in the error table's words. */
bool ig_finder_read(struct ig_finder *f, const struct trixy_answer *answer);

/* Ends a finding: hands it over, or says that memory ran out. Drops the JSON. */
int32_t ig_finder_end(struct ig_finder *f, struct trixy_finding *ret_finding);

#endif
