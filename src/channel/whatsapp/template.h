/* Approved templates: what the account has of them. Sending one: send.h. */
#ifndef CHANNEL_WHATSAPP_TEMPLATE_H
#define CHANNEL_WHATSAPP_TEMPLATE_H

#include <mailtrixy/addon.h>

/* TRIXY_EINVAL: the WhatsApp Business Account is not known yet. */
int32_t wa_templates_request(const struct trixy_account *account, struct trixy_text page, struct trixy_memory *memory,
			     struct trixy_request *ret_request);
int32_t wa_templates_answer(const struct trixy_account *account, const struct trixy_answer *answer, struct trixy_memory *memory,
			    struct trixy_templates *ret_templates);

#endif
