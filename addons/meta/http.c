#include "http.h"

#include "json.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

/* No rest longer than this on a header's word: it may be wrong, and asking again costs one refusal. */
#define PARK_MAX_MS (24 * META_HOUR_MS)

struct trixy_text meta_account_field(const struct trixy_account *account, const char *name)
{
	for (uint32_t i = 0; i < account->pair_count; i++)
		if (meta_text_is(account->pairs[i].name, name) && account->pairs[i].value.len > 0)
			return account->pairs[i].value;
	return (struct trixy_text){NULL, 0};
}

/* A header of an answer, by its lower-case name; {NULL,0} when it is not there. */
static struct trixy_text header_of(const struct trixy_answer *answer, const char *name)
{
	for (uint32_t i = 0; i < answer->header_count; i++)
		if (meta_text_is(answer->headers[i].name, name))
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

/* The hex HMAC-SHA256 of the access token, its key the App Secret. */
static struct trixy_text proof(struct meta_maker *maker, struct trixy_text secret, struct trixy_text token)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (secret.len > INT_MAX ||
	    HMAC(EVP_sha256(), secret.p, (int)secret.len, (const unsigned char *)token.p, token.len, mac, &len) == NULL) {
		maker->failed = true;
		return (struct trixy_text){NULL, 0};
	}
	return meta_text_hex(maker, mac, len);
}

/* The proof goes into the query, where Meta shows it; without the token it opens nothing. */
static struct trixy_text query(struct meta_maker *maker, struct trixy_text secret, struct trixy_text token,
			       struct trixy_text own)
{
	if (secret.len > 0)
		own = META_JOIN(maker, own, own.len > 0 ? TEXT("&") : TEXT(""), TEXT("appsecret_proof="),
				proof(maker, secret, token));
	return own.len > 0 ? META_JOIN(maker, TEXT("?"), own) : own;
}

int32_t meta_http_request(const struct trixy_account *account, const struct meta_call *call, struct trixy_text token,
			  struct trixy_text secret, struct trixy_memory *memory, struct trixy_request *ret_request)
{
	struct meta_maker maker = {memory, false};
	struct trixy_pair *headers;

	if (call->token.len > 0)
		token = call->token;
	if (!header_safe(token) || !header_safe(account->base_url) || !header_safe(account->api_version))
		return TRIXY_EINVAL;
	headers = meta_maker_alloc(&maker, 2, sizeof(*headers));
	if (headers == NULL)
		return TRIXY_ENOMEM;
	headers[0].name = TEXT("Authorization");
	headers[0].value = META_JOIN(&maker, TEXT("Bearer "), token);
	headers[1].name = TEXT("Content-Type");
	headers[1].value = TEXT("application/json");
	*ret_request = (struct trixy_request){
		.size = sizeof(*ret_request),
		.header_count = call->body.len > 0 ? 2 : 1,
		.method = call->method,
		.url = META_JOIN(&maker, account->base_url, TEXT("/"), account->api_version, TEXT("/"), call->path,
				 query(&maker, secret, token, call->query)),
		.headers = headers,
		.body = call->body,
	};
	return maker.failed ? TRIXY_ENOMEM : 0;
}

void meta_http_no_request(struct trixy_request *ret_request)
{
	*ret_request = (struct trixy_request){.size = sizeof(*ret_request), .method = TEXT("")};
}

/* X-Business-Use-Case-Usage: {"<id>":[{"type":"instagram","estimated_time_to_regain_access":19}]}, in minutes.
 * The longest counts: which of the limits refused us is not told. */
static int64_t business_wait_ms(struct json_object *usage)
{
	int64_t longest = 0, minutes;

	if (!json_object_is_type(usage, json_type_object))
		return 0;
	json_object_object_foreach(usage, id, list)
	{
		size_t count = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

		(void)id;
		for (size_t i = 0; i < count; i++) {
			struct json_object *one = json_object_array_get_idx(list, i);

			if (meta_json_int(meta_json_get(one, "estimated_time_to_regain_access"), &minutes) && minutes > longest)
				longest = minutes;
		}
	}
	return longest < PARK_MAX_MS / META_MINUTE_MS ? longest * META_MINUTE_MS : PARK_MAX_MS;
}

/* X-App-Usage: {"call_count":120,"total_cputime":0,"total_time":208}, in percent of what an hour allows. It names
 * no time; use above 100 % has to drop out of the hour first. */
static int64_t app_wait_ms(struct json_object *usage)
{
	static const char *const names[] = {"call_count", "total_cputime", "total_time"};
	int64_t worst = 0, percent;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (meta_json_int(meta_json_get(usage, names[i]), &percent) && percent > worst)
			worst = percent;
	if (worst < 100)
		return 0;
	if (worst > 1000000)
		return META_HOUR_MS;
	return 5 * META_MINUTE_MS + (META_HOUR_MS - 5 * META_MINUTE_MS) * (worst - 100) / worst;
}

int64_t meta_answer_wait_ms(const struct trixy_answer *answer)
{
	SCOPED_JSON business = NULL;
	SCOPED_JSON app = NULL;
	int64_t wait_ms = 0;

	if (meta_json_parse(header_of(answer, "x-business-use-case-usage"), &business) == 0)
		wait_ms = business_wait_ms(business);
	if (wait_ms == 0 && meta_json_parse(header_of(answer, "x-app-usage"), &app) == 0)
		wait_ms = app_wait_ms(app);
	return wait_ms;
}
