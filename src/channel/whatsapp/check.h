/* "Check connection": what can be asked of Meta about an account, one request a step; and the subscription to its webhooks. */
#ifndef CHANNEL_WHATSAPP_CHECK_H
#define CHANNEL_WHATSAPP_CHECK_H

#include <mailtrixy/addon.h>

int32_t wa_check_request(const struct trixy_account *account, uint32_t step, struct trixy_text carry,
			 struct trixy_memory *memory, struct trixy_request *ret_request);
int32_t wa_check_answer(const struct trixy_account *account, uint32_t step, struct trixy_text carry,
			const struct trixy_answer *answer, struct trixy_memory *memory, struct trixy_finding *ret_finding);

/* Without the WhatsApp Business Account ID the request's method is "": it cannot be asked yet. */
int32_t wa_subscribe_request(const struct trixy_account *account, struct trixy_memory *memory,
			     struct trixy_request *ret_request);
int32_t wa_subscribe_answer(const struct trixy_account *account, const struct trixy_answer *answer,
			    struct trixy_memory *memory, struct trixy_finding *ret_finding);

#endif
