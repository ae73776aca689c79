/* Makes WhatsApp's requests to Meta: the phone number's node, the token, the proof of the App Secret. */
#ifndef CHANNEL_WHATSAPP_HTTP_H
#define CHANNEL_WHATSAPP_HTTP_H

#include "meta/http.h"

/* TRIXY_EINVAL: the account lacks its token, or holds what cannot stand in a header. */
int32_t wa_http_request(const struct trixy_account *account, const struct meta_call *call, struct trixy_memory *memory,
			struct trixy_request *ret_request);

/* "ID/rest": the path of a call about the account's phone number. */
struct trixy_text wa_number_path(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text rest);

#endif
