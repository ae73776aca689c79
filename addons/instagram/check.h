/* "Check connection": what can be asked of Meta about an account, one request a step. */
#ifndef INSTAGRAM_CHECK_H
#define INSTAGRAM_CHECK_H

#include <mailtrixy/addon.h>

int32_t ig_check_request(const struct trixy_account *account, uint32_t step, struct trixy_text carry,
			 struct trixy_memory *memory, struct trixy_request *ret_request);
int32_t ig_check_answer(const struct trixy_account *account, uint32_t step, struct trixy_text carry,
			const struct trixy_answer *answer, struct trixy_memory *memory,
			struct trixy_finding *ret_finding);

#endif
