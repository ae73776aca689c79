#include "subscribe.h"

#include "finding.h"
#include "http.h"

/* A Page knows no names for Instagram's other fields (naming one is error 100): those are ticked in the App Dashboard, and
 * the Page needs the app installed with one field or more. With Instagram Login each account names its fields itself. */
#define PAGE_FIELDS "messages,messaging_postbacks"
#define INSTAGRAM_FIELDS PAGE_FIELDS ",message_reactions,message_edit,messaging_seen,messaging_referral,standby"

int32_t ig_subscribe_request(const struct trixy_account *account, struct trixy_memory *memory,
			     struct trixy_request *ret_request)
{
	struct ig_maker maker = {memory, false};
	struct ig_call call = {.method = TEXT("POST"), .query = TEXT("subscribed_fields=" PAGE_FIELDS)};

	if (ig_account_is_instagram_login(account))
		call.query = TEXT("subscribed_fields=" INSTAGRAM_FIELDS);
	call.path = IG_JOIN(&maker, ig_account_node(account), TEXT("/subscribed_apps"));
	return maker.failed ? TRIXY_ENOMEM : ig_http_request(account, &call, memory, ret_request);
}

int32_t ig_subscribe_answer(const struct trixy_account *account, const struct trixy_answer *answer,
			    struct trixy_memory *memory, struct trixy_finding *ret_finding)
{
	struct ig_finder f = {.maker = {memory, false}};

	(void)account;
	f.finding.check = TEXT("Webhooks are subscribed");
	if (!ig_finder_read(&f, answer))
		return ig_finder_end(&f, ret_finding);
	if (ig_json_true(ig_json_get(f.root, "success")))
		ig_found(&f, TRIXY_CHECK_OK, TEXT("Meta delivers this account's messages to MailTrixy."),
			 (struct trixy_text){NULL, 0});
	else
		ig_found(&f, TRIXY_CHECK_FAILED, TEXT("Meta did not confirm the subscription."),
			 TEXT("In the Meta App Dashboard, Webhooks → Instagram: subscribe to messages and "
			      "messaging_postbacks."));
	return ig_finder_end(&f, ret_finding);
}
