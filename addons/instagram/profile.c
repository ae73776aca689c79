#include "profile.h"

#include "errors.h"
#include "http.h"

int32_t ig_profile_request(const struct trixy_account *account, struct trixy_text contact_key,
			   struct trixy_memory *memory, struct trixy_request *ret_request)
{
	struct meta_maker maker = {memory, false};
	struct meta_call call = {.method = TEXT("GET"), .query = TEXT("fields=name,username,profile_pic,follower_count")};

	if (!meta_text_is_digits(contact_key))
		return TRIXY_EINVAL;
	call.path = META_JOIN(&maker, contact_key);
	return maker.failed ? TRIXY_ENOMEM : ig_http_request(account, &call, memory, ret_request);
}

/* No profile is the usual case, not a fault: 230 the customer has not consented, 9010 and 100 Meta finds no such
 * user (its review robot, who blocked us), and the conversation exists all the same. */
static bool is_final(const struct meta_error *error)
{
	const struct meta_fault *fault = meta_error_fault(&ig_faults, error);

	return error->code == 230 || fault->outcome == TRIXY_FAILED || (error->code == 100 && !meta_error_is_proof(error));
}

int32_t ig_profile_answer(const struct trixy_account *account, const struct trixy_answer *answer,
			  struct trixy_memory *memory, struct trixy_profile *ret_profile)
{
	struct meta_maker maker = {memory, false};
	struct trixy_profile p = {.size = sizeof(p), .follower_count = -1};
	SCOPED_JSON root = NULL;
	struct meta_error error;
	int32_t r;

	(void)account;
	if ((r = meta_json_parse(answer->body, &root)) != 0)
		return r;
	if (meta_error_read(root, answer->http_status, &error)) {
		if (!is_final(&error))
			return TRIXY_EINVAL;
	} else if (answer->http_status >= 200 && answer->http_status < 300 && json_object_is_type(root, json_type_object)) {
		p.found = 1;
		p.name = meta_json_word(meta_json_get(root, "name"));
		p.handle = meta_json_word(meta_json_get(root, "username"));
		p.picture_url = meta_json_word(meta_json_get(root, "profile_pic"));
		if (!meta_json_int(meta_json_get(root, "follower_count"), &p.follower_count) || p.follower_count < 0)
			p.follower_count = -1;
		p.name = p.name.p != NULL ? META_JOIN(&maker, p.name) : p.name;
		p.handle = p.handle.p != NULL ? META_JOIN(&maker, p.handle) : p.handle;
		p.picture_url = p.picture_url.p != NULL ? META_JOIN(&maker, p.picture_url) : p.picture_url;
	} else {
		return TRIXY_EINVAL;
	}
	if (maker.failed)
		return TRIXY_ENOMEM;
	*ret_profile = p;
	return 0;
}
