#include "renew.h"

#include "errors.h"
#include "http.h"
#include "meta/finding.h"

#define DAY_S INT64_C(86400)

/* Meta: Instagram API with Instagram Login, "Refresh a long-lived token": one that is a day old and has not ended. A Page's long-lived token
 * has no end of its own. */
int32_t ig_renew_request(const struct trixy_account *account, struct trixy_memory *memory, struct trixy_request *ret_request)
{
	const struct meta_call call = {.method = TEXT("GET"), .path = TEXT("refresh_access_token"),
				       .query = TEXT("grant_type=ig_refresh_token")};

	if (!ig_account_is_instagram_login(account)) {
		meta_http_no_request(ret_request);
		return 0;
	}
	return ig_http_request(account, &call, memory, ret_request);
}

/* {"access_token","token_type","expires_in"}: seconds. */
int32_t ig_renew_answer(const struct trixy_account *account, const struct trixy_answer *answer, struct trixy_memory *memory,
			struct trixy_finding *ret_finding)
{
	struct meta_finder f = {.maker = {memory, false}, .faults = &ig_faults};
	struct trixy_pair *learned;
	struct trixy_text token;
	int64_t seconds;

	(void)account;
	f.finding.check = TEXT("The access token is renewed");
	if (!meta_finder_read(&f, answer))
		return meta_finder_end(&f, ret_finding);
	token = meta_json_word(meta_json_get(f.root, "access_token"));
	if (token.len == 0) {
		meta_found(&f, TRIXY_CHECK_WARNING, TEXT("Meta's answer holds no new token; the old one goes on for now."),
			   TEXT("Nothing to do: it is tried again."));
		return meta_finder_end(&f, ret_finding);
	}
	if (!meta_json_int(meta_json_get(f.root, "expires_in"), &seconds) || seconds < 0)
		seconds = 60 * DAY_S;
	learned = meta_maker_alloc(&f.maker, 1, sizeof(*learned));
	if (learned != NULL) {
		*learned = (struct trixy_pair){TEXT("ig_access_token"), META_JOIN(&f.maker, token)};
		f.finding.learned_count = 1;
		f.finding.learned = learned;
	}
	meta_found(&f, TRIXY_CHECK_OK,
		   META_JOIN(&f.maker, TEXT("It is good for "), meta_text_number(&f.maker, seconds / DAY_S), TEXT(" days more.")),
		   (struct trixy_text){NULL, 0});
	return meta_finder_end(&f, ret_finding);
}
