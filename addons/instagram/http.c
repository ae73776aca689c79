#include "http.h"

bool ig_account_is_instagram_login(const struct trixy_account *account)
{
	return meta_text_is(account->backend, "instagram");
}

struct trixy_text ig_account_node(const struct trixy_account *account)
{
	struct trixy_text id = ig_account_is_instagram_login(account) ? account->key
								      : meta_account_field(account, "page_id");

	return meta_text_is_digits(id) ? id : TEXT("me");
}

/* Instagram Login gets no proof: Meta does not say that it would be understood there. */
int32_t ig_http_request(const struct trixy_account *account, const struct meta_call *call,
			struct trixy_memory *memory, struct trixy_request *ret_request)
{
	if (ig_account_is_instagram_login(account))
		return meta_http_request(account, call, meta_account_field(account, "ig_access_token"),
					 (struct trixy_text){NULL, 0}, memory, ret_request);
	return meta_http_request(account, call, meta_account_field(account, "page_access_token"),
				 meta_account_field(account, "app_secret"), memory, ret_request);
}
