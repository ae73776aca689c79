/* Files both ways: where a customer's lies, and how ours are brought to Meta. */
#ifndef CHANNEL_WHATSAPP_MEDIA_H
#define CHANNEL_WHATSAPP_MEDIA_H

#include <mailtrixy/addon.h>

int32_t wa_media_request(const struct trixy_account *account, const struct trixy_attachment *attachment,
			 struct trixy_memory *memory, struct trixy_request *ret_request);
int32_t wa_media_answer(const struct trixy_account *account, const struct trixy_answer *answer, struct trixy_memory *memory,
			struct trixy_media *ret_media);
int32_t wa_upload_request(const struct trixy_account *account, const struct trixy_draft *draft, struct trixy_memory *memory,
			  struct trixy_request *ret_request);
int32_t wa_upload_answer(const struct trixy_account *account, const struct trixy_answer *answer, struct trixy_memory *memory,
			 struct trixy_outcome *ret_outcome);

#endif
