/* Renews the token of an account that connected by Instagram Login: it lives 60 days. */
#ifndef INSTAGRAM_RENEW_H
#define INSTAGRAM_RENEW_H

#include <mailtrixy/addon.h>

int32_t ig_renew_request(const struct trixy_account *account, struct trixy_memory *memory, struct trixy_request *ret_request);
int32_t ig_renew_answer(const struct trixy_account *account, const struct trixy_answer *answer, struct trixy_memory *memory,
			struct trixy_finding *ret_finding);

#endif
