/* Makes Instagram's requests to Meta: the address, the token, the proof of the App Secret. */
#ifndef INSTAGRAM_HTTP_H
#define INSTAGRAM_HTTP_H

#include "meta/http.h"

/* TRIXY_EINVAL: the account lacks its token, or holds what cannot stand in a header. */
int32_t ig_http_request(const struct trixy_account *account, const struct meta_call *call,
			struct trixy_memory *memory, struct trixy_request *ret_request);

/* Instagram Login: an Instagram user's token, graph.instagram.com, no Page and no proof. */
bool ig_account_is_instagram_login(const struct trixy_account *account);

/* What the account's own calls begin with: its Page ID (Facebook Login) or its Instagram id. "me", which
 * Meta takes from the token, where that is not a number. */
struct trixy_text ig_account_node(const struct trixy_account *account);

#endif
