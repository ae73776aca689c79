#include "channel/whatsapp/http.h"

int32_t wa_http_request(const struct trixy_account *account, const struct meta_call *call, struct trixy_memory *memory,
			struct trixy_request *ret_request)
{
	return meta_http_request(account, call, meta_account_field(account, "access_token"),
				 meta_account_field(account, "app_secret"), memory, ret_request);
}

struct trixy_text wa_number_path(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text rest)
{
	return META_JOIN(maker, meta_text_percent(maker, account->key), rest.len > 0 ? TEXT("/") : TEXT(""), rest);
}
