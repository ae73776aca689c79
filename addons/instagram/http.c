#include "http.h"

#include "text.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

bool ig_account_is_instagram_login(const struct trixy_account *account)
{
	return ig_text_is(account->backend, "instagram");
}

struct trixy_text ig_account_field(const struct trixy_account *account, const char *name)
{
	for (uint32_t i = 0; i < account->pair_count; i++)
		if (ig_text_is(account->pairs[i].name, name) && account->pairs[i].value.len > 0)
			return account->pairs[i].value;
	return (struct trixy_text){NULL, 0};
}

struct trixy_text ig_account_node(const struct trixy_account *account)
{
	struct trixy_text id = ig_account_is_instagram_login(account) ? account->key
								      : ig_account_field(account, "page_id");

	for (uint64_t i = 0; i < id.len; i++)
		if (id.p[i] < '0' || id.p[i] > '9')
			return TEXT("me");
	return id.len > 0 ? id : TEXT("me");
}

struct trixy_text ig_answer_header(const struct trixy_answer *answer, const char *name)
{
	for (uint32_t i = 0; i < answer->header_count; i++)
		if (ig_text_is(answer->headers[i].name, name))
			return answer->headers[i].value;
	return (struct trixy_text){NULL, 0};
}

static bool header_safe(struct trixy_text value)
{
	for (uint64_t i = 0; i < value.len; i++)
		if ((unsigned char)value.p[i] <= 0x20 || (unsigned char)value.p[i] >= 0x7f)
			return false;
	return value.len > 0;
}

/* Meta: Graph API, "Securing Requests": the hex HMAC-SHA256 of the access token, its key the App Secret. */
static struct trixy_text proof(struct ig_maker *maker, struct trixy_text secret, struct trixy_text token)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	char *p;

	if (secret.len > INT_MAX ||
	    HMAC(EVP_sha256(), secret.p, (int)secret.len, (const unsigned char *)token.p, token.len, mac, &len) == NULL) {
		maker->failed = true;
		return (struct trixy_text){NULL, 0};
	}
	p = ig_maker_alloc(maker, len, 2);
	if (p == NULL)
		return (struct trixy_text){NULL, 0};
	for (size_t i = 0; i < len; i++) {
		p[2 * i] = hex[mac[i] >> 4];
		p[2 * i + 1] = hex[mac[i] & 15];
	}
	return (struct trixy_text){p, 2 * (uint64_t)len};
}

/* The proof goes into the query, where Meta shows it; without the token it opens nothing. Instagram
 * Login gets none: Meta does not say that it would be understood there. */
static struct trixy_text query(struct ig_maker *maker, const struct trixy_account *account, struct trixy_text token,
			       struct trixy_text own)
{
	struct trixy_text secret = ig_account_field(account, "app_secret");

	if (!ig_account_is_instagram_login(account) && secret.len > 0)
		own = IG_JOIN(maker, own, own.len > 0 ? TEXT("&") : TEXT(""), TEXT("appsecret_proof="),
			      proof(maker, secret, token));
	return own.len > 0 ? IG_JOIN(maker, TEXT("?"), own) : own;
}

int32_t ig_http_request(const struct trixy_account *account, const struct ig_call *call,
			struct trixy_memory *memory, struct trixy_request *ret_request)
{
	struct ig_maker maker = {memory, false};
	struct trixy_text token = call->token;
	struct trixy_pair *headers;

	if (token.len == 0)
		token = ig_account_field(account, ig_account_is_instagram_login(account) ? "ig_access_token"
											 : "page_access_token");
	if (!header_safe(token) || !header_safe(account->base_url) || !header_safe(account->api_version))
		return TRIXY_EINVAL;
	headers = ig_maker_alloc(&maker, 2, sizeof(*headers));
	if (headers == NULL)
		return TRIXY_ENOMEM;
	headers[0].name = TEXT("Authorization");
	headers[0].value = IG_JOIN(&maker, TEXT("Bearer "), token);
	headers[1].name = TEXT("Content-Type");
	headers[1].value = TEXT("application/json");
	*ret_request = (struct trixy_request){
		.size = sizeof(*ret_request),
		.header_count = call->body.len > 0 ? 2 : 1,
		.method = call->method,
		.url = IG_JOIN(&maker, account->base_url, TEXT("/"), account->api_version, TEXT("/"), call->path,
			       query(&maker, account, token, call->query)),
		.headers = headers,
		.body = call->body,
	};
	return maker.failed ? TRIXY_ENOMEM : 0;
}

void ig_http_no_request(struct trixy_request *ret_request)
{
	*ret_request = (struct trixy_request){.size = sizeof(*ret_request), .method = TEXT("")};
}
