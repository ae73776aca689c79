/* Asks Meta to deliver an account's webhooks, and tells what its answer about them says. */
#ifndef INSTAGRAM_SUBSCRIBE_H
#define INSTAGRAM_SUBSCRIBE_H

#include <mailtrixy/addon.h>

int32_t ig_subscribe_request(const struct trixy_account *account, struct trixy_memory *memory,
			     struct trixy_request *ret_request);
int32_t ig_subscribe_answer(const struct trixy_account *account, const struct trixy_answer *answer,
			    struct trixy_memory *memory, struct trixy_finding *ret_finding);

#endif
