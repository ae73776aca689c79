/* Asks who a customer is. */
#ifndef INSTAGRAM_PROFILE_H
#define INSTAGRAM_PROFILE_H

#include <mailtrixy/addon.h>

int32_t ig_profile_request(const struct trixy_account *account, struct trixy_text contact_key,
			   struct trixy_memory *memory, struct trixy_request *ret_request);

/* TRIXY_EINVAL: a passing fault; it may be asked again. */
int32_t ig_profile_answer(const struct trixy_account *account, const struct trixy_answer *answer,
			  struct trixy_memory *memory, struct trixy_profile *ret_profile);

#endif
