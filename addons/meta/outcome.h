/* What Meta's answer to a message means for it. */
#ifndef META_OUTCOME_H
#define META_OUTCOME_H

#include "error.h"

/* Reads an answer: refused, by the channel's table; sent, where it is a success and the channel found in `root` what says
 * so (`is_done`; `message_id` may be absent where Meta gives none); otherwise no answer of Meta's making. The outcome's texts
 * are made with `maker`, or constants. */
void meta_outcome_read(struct meta_maker *maker, const struct meta_faults *faults, const struct trixy_answer *answer,
		       struct json_object *root, bool is_done, struct trixy_text message_id,
		       struct trixy_outcome *ret_outcome);

#endif
