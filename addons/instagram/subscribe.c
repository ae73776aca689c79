#include "subscribe.h"

#include "errors.h"
#include "http.h"
#include "meta/finding.h"

/* A Page knows no names for Instagram's other fields (naming one is error 100): those are ticked in the App Dashboard, and
 * the Page needs the app installed with one field or more. With Instagram Login each account names its fields itself. */
#define PAGE_FIELDS "messages,messaging_postbacks"
#define INSTAGRAM_FIELDS PAGE_FIELDS ",message_reactions,message_edit,messaging_seen,messaging_referral,standby"

int32_t ig_subscribe_request(const struct trixy_account *account, struct trixy_memory *memory,
			     struct trixy_request *ret_request)
{
	struct meta_maker maker = {memory, false};
	struct meta_call call = {.method = TEXT("POST"), .query = TEXT("subscribed_fields=" PAGE_FIELDS)};

	if (ig_account_is_instagram_login(account))
		call.query = TEXT("subscribed_fields=" INSTAGRAM_FIELDS);
	call.path = META_JOIN(&maker, ig_account_node(account), TEXT("/subscribed_apps"));
	return maker.failed ? TRIXY_ENOMEM : ig_http_request(account, &call, memory, ret_request);
}

int32_t ig_subscribe_answer(const struct trixy_account *account, const struct trixy_answer *answer,
			    struct trixy_memory *memory, struct trixy_finding *ret_finding)
{
	struct meta_finder f = {.maker = {memory, false}, .faults = &ig_faults};

	(void)account;
	f.finding.check = TEXT("Webhooks are subscribed");
	if (!meta_finder_read(&f, answer))
		return meta_finder_end(&f, ret_finding);
	if (meta_json_true(meta_json_get(f.root, "success")))
		meta_found(&f, TRIXY_CHECK_OK, TEXT("Meta delivers this account's messages to MailTrixy."),
			   (struct trixy_text){NULL, 0});
	else
		meta_found(&f, TRIXY_CHECK_FAILED, TEXT("Meta did not confirm the subscription."),
			   TEXT("In the Meta App Dashboard, Webhooks → Instagram: subscribe to messages and "
				"messaging_postbacks."));
	return meta_finder_end(&f, ret_finding);
}
