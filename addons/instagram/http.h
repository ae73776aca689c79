/* Makes requests to Meta: the address, the token, the proof of the App Secret. */
#ifndef INSTAGRAM_HTTP_H
#define INSTAGRAM_HTTP_H

#include <mailtrixy/addon.h>
#include <stdbool.h>

struct ig_call {
	struct trixy_text method;
	struct trixy_text path;		/* after the version, e.g. "me/messages" */
	struct trixy_text query;	/* without the "?", already percent-encoded; may be absent */
	struct trixy_text body;		/* JSON; may be absent */
	struct trixy_text token;	/* absent: the account's own */
};

/* TRIXY_EINVAL: the account lacks its token, or holds what cannot stand in a header. */
int32_t ig_http_request(const struct trixy_account *account, const struct ig_call *call,
			struct trixy_memory *memory, struct trixy_request *ret_request);

/* A request that is not to be sent (addon.h, check_request). */
void ig_http_no_request(struct trixy_request *ret_request);

/* Instagram Login: an Instagram user's token, graph.instagram.com, no Page and no proof. */
bool ig_account_is_instagram_login(const struct trixy_account *account);

/* A form field; {NULL,0} when it is empty. */
struct trixy_text ig_account_field(const struct trixy_account *account, const char *name);

/* What the account's own calls begin with: its Page ID (Facebook Login) or its Instagram id. "me", which
 * Meta takes from the token, where that is not a number. */
struct trixy_text ig_account_node(const struct trixy_account *account);

/* A header of an answer, by its lower-case name; {NULL,0} when it is not there. */
struct trixy_text ig_answer_header(const struct trixy_answer *answer, const char *name);

#endif
