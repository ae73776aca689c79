/* Makes requests to Meta's Graph API and reads what its answers' headers say. Which token, which node: the channel. */
#ifndef META_HTTP_H
#define META_HTTP_H

#include "text.h"

#include <mailtrixy/addon.h>
#include <stdbool.h>

#define META_MINUTE_MS INT64_C(60000)
#define META_HOUR_MS (60 * META_MINUTE_MS)

struct meta_call {
	struct trixy_text method;
	struct trixy_text path;		/* after the version, e.g. "me/messages" */
	struct trixy_text query;	/* without the "?", already percent-encoded; may be absent */
	struct trixy_text body;		/* JSON; may be absent */
	struct trixy_text token;	/* absent: the account's own */
};

/* Makes the request of a call. `token`: the account's own; `secret`: the App Secret, whose proof goes into the query
 * (Meta: Graph API, "Securing Requests"), absent where none is wanted. TRIXY_EINVAL: the token is missing, or holds
 * what cannot stand in a header. */
int32_t meta_http_request(const struct trixy_account *account, const struct meta_call *call, struct trixy_text token,
			  struct trixy_text secret, struct trixy_memory *memory, struct trixy_request *ret_request);

/* A request that is not to be sent (addon.h, check_request). */
void meta_http_no_request(struct trixy_request *ret_request);

/* A form field; {NULL,0} when it is empty. */
struct trixy_text meta_account_field(const struct trixy_account *account, const char *name);

/* How long Meta's usage headers ask for rest, at most a day; 0 when they do not say, and the server's own schedule
 * holds (Meta: Graph API, "Rate Limits"). */
int64_t meta_answer_wait_ms(const struct trixy_answer *answer);

#endif
