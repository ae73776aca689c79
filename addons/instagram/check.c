/* The usual causes of silence, in the order in which one rests on another. Each step is a request and the reading of its
 * answer; the two tables at the end are the two ways to connect. What the App Dashboard alone knows (is the app live? has
 * the sender a role in it?) no request tells: GUIDE.md speaks of that. */
#include "check.h"

#include "errors.h"
#include "http.h"
#include "meta/check.h"

#define NO_FIX ((struct trixy_text){NULL, 0})
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- common ---- */

static const char *const webhook_fields[] = {"messages", "messaging_postbacks"};

static bool ask_conversations(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
			      struct meta_call *call)
{
	(void)carry;
	call->path = META_JOIN(maker, ig_account_node(account), TEXT("/conversations"));
	call->query = TEXT("platform=instagram&limit=1");
	return true;
}

static void read_conversations(struct meta_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	(void)account;
	(void)carry;
	meta_found(f, TRIXY_CHECK_OK, TEXT("Apps may read and send this account's messages."), NO_FIX);
}

static bool ask_subscribed(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
			   struct meta_call *call)
{
	(void)carry;
	call->path = META_JOIN(maker, ig_account_node(account), TEXT("/subscribed_apps"));
	return true;
}

/* Our app among those that are subscribed; without knowing its id, the first. */
static struct json_object *find_app(struct meta_finder *f, struct trixy_text app_id)
{
	struct json_object *data = meta_json_get(f->root, "data");
	size_t n = json_object_is_type(data, json_type_array) ? json_object_array_length(data) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *app = json_object_array_get_idx(data, i);

		if (app_id.len == 0 || meta_text_equal(meta_json_id(meta_json_get(app, "id"), f->maker.memory), app_id))
			return app;
	}
	return NULL;
}

static void read_subscribed(struct meta_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	struct json_object *app = find_app(f, carry);
	struct trixy_text lacks;

	(void)account;
	if (app == NULL) {
		meta_found(f, TRIXY_CHECK_FAILED,
			   TEXT("The app is not subscribed to this account: Meta sends it no messages."),
			   TEXT("Save the account again: MailTrixy then subscribes. The token needs "
				"pages_manage_metadata for it."));
		return;
	}
	lacks = meta_list_lacks(&f->maker, meta_json_get(app, "subscribed_fields"), webhook_fields, COUNT(webhook_fields));
	if (lacks.len == 0)
		meta_found(f, TRIXY_CHECK_OK, TEXT("The app is subscribed to messages and messaging_postbacks."), NO_FIX);
	else
		meta_found(f, TRIXY_CHECK_WARNING, META_JOIN(&f->maker, TEXT("The app is subscribed, but not to: "), lacks),
			   TEXT("Save the account again: MailTrixy then subscribes to both."));
}

/* ---- Facebook Login ---- */

static bool ask_me(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
		   struct meta_call *call)
{
	(void)maker;
	(void)account;
	(void)carry;
	call->path = TEXT("me");
	call->query = TEXT("fields=id,name");
	return true;
}

/* "me" of a Page's token is the Page. */
static void read_me(struct meta_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	struct trixy_text id = meta_json_id(meta_json_get(f->root, "id"), f->maker.memory);

	(void)carry;
	if (meta_text_equal(id, meta_account_field(account, "page_id")))
		meta_found(f, TRIXY_CHECK_OK, TEXT("Meta accepts the token, and it is this Page's."), NO_FIX);
	else
		meta_found(f, TRIXY_CHECK_FAILED,
			   META_JOIN(&f->maker, TEXT("The token is valid, but it belongs to "),
				     meta_text_cut(meta_json_word(meta_json_get(f->root, "name")), 128), TEXT(" ("),
				     meta_text_cut(id, 64), TEXT("), not to the Page ID given.")),
			   TEXT("Use the Page's own token: GET /me/accounts shows the token of each Page "
				"(access_token)."));
}

static bool ask_permissions(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
			    struct meta_call *call)
{
	return meta_ask_token(maker, account, carry, meta_account_field(account, "page_access_token"), call);
}

static void read_permissions(struct meta_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	static const char *const scopes[] = {"instagram_basic", "instagram_manage_messages", "pages_messaging",
					     "pages_manage_metadata"};
	static const struct meta_token_words words = {scopes, COUNT(scopes), "instagram_manage_messages",
						      TRIXY_TEXT("Make a long-lived Page token, which does not expire")};

	(void)account;
	(void)carry;
	meta_read_token(f, &words);
}

static bool ask_link(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
		     struct meta_call *call)
{
	(void)carry;
	call->path = META_JOIN(maker, ig_account_node(account));
	call->query = TEXT("fields=name,instagram_business_account%7Bid,username%7D");
	return true;
}

static void read_link(struct meta_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	struct json_object *linked = meta_json_get(f->root, "instagram_business_account");
	struct trixy_text id = meta_json_id(meta_json_get(linked, "id"), f->maker.memory);

	(void)carry;
	if (id.p == NULL)
		meta_found(f, TRIXY_CHECK_FAILED, TEXT("The Page is not linked to an Instagram Business or Creator account."),
			   TEXT("Link them in the Instagram app: Settings → Account → Linked Accounts."));
	else if (!meta_text_equal(id, account->key))
		meta_found(f, TRIXY_CHECK_FAILED,
			   META_JOIN(&f->maker, TEXT("The Page is linked to another Instagram account: "), meta_text_cut(id, 64)),
			   TEXT("Put that number into IG User ID, or use the Page of the account that you mean."));
	else
		meta_found(f, TRIXY_CHECK_OK,
			   META_JOIN(&f->maker, TEXT("The Page is linked to this Instagram account: "),
				     meta_text_cut(meta_json_word(meta_json_get(linked, "username")), 64)),
			   NO_FIX);
}

static void read_callback(struct meta_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	(void)account;
	(void)carry;
	meta_read_callback(f, "instagram", TEXT("Webhooks → Instagram"), webhook_fields, COUNT(webhook_fields));
}

/* ---- Instagram Login ---- */

static bool ask_user(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
		     struct meta_call *call)
{
	(void)maker;
	(void)account;
	(void)carry;
	call->path = TEXT("me");
	call->query = TEXT("fields=id,user_id,username,account_type");
	return true;
}

/* Meta's page prints the object inside a `data` list; answers without it are known too. */
static void read_user(struct meta_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	struct json_object *data = meta_json_get(f->root, "data");
	struct json_object *user = json_object_is_type(data, json_type_array) ? json_object_array_get_idx(data, 0) : f->root;
	struct trixy_text id = meta_json_id(meta_json_get(user, "user_id"), f->maker.memory);

	(void)carry;
	if (meta_text_is(meta_json_text(meta_json_get(user, "account_type")), "PERSONAL"))
		meta_found(f, TRIXY_CHECK_FAILED, TEXT("This is a personal account, which has no messaging API."),
			   TEXT("Make it a Business or Creator account in the Instagram app."));
	else if (!meta_text_equal(id, account->key))
		meta_found(f, TRIXY_CHECK_FAILED,
			   META_JOIN(&f->maker, TEXT("The token is valid, but its account's user_id is "),
				     meta_text_cut(id, 64)),
			   TEXT("Put that number into IG User ID (not the \"id\" of the same answer): webhooks carry it."));
	else
		meta_found(f, TRIXY_CHECK_OK,
			   META_JOIN(&f->maker, TEXT("Meta accepts the token, and it is this account's: "),
				     meta_text_cut(meta_json_word(meta_json_get(user, "username")), 64)),
			   NO_FIX);
}

static bool ask_nothing(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
			struct meta_call *call)
{
	(void)maker;
	(void)account;
	(void)carry;
	(void)call;
	return false;
}

/* ---- the steps ---- */

static const struct meta_step facebook_steps[] = {
	{TRIXY_TEXT("Page Access Token is valid"), ask_me, read_me, meta_refused_proof, META_ALWAYS_ASKED},
	{TRIXY_TEXT("App Secret belongs to the token's app"), meta_ask_app, meta_read_app, NULL, META_ALWAYS_ASKED},
	{TRIXY_TEXT("Permissions and expiry of the token"), ask_permissions, read_permissions, meta_refused_as_app, META_NO_APP},
	{TRIXY_TEXT("Page is linked to the Instagram account"), ask_link, read_link, NULL, META_ALWAYS_ASKED},
	{TRIXY_TEXT("App is subscribed to the Page"), ask_subscribed, read_subscribed, NULL, META_ALWAYS_ASKED},
	{TRIXY_TEXT("Webhook URL and fields of the app"), meta_ask_callback, read_callback, meta_refused_as_app, META_NO_APP},
	{TRIXY_TEXT("Access to messages is allowed"), ask_conversations, read_conversations, NULL, META_ALWAYS_ASKED},
};

static const struct meta_step instagram_steps[] = {
	{TRIXY_TEXT("Instagram Access Token is valid"), ask_user, read_user, NULL, META_ALWAYS_ASKED},
	{TRIXY_TEXT("App is subscribed to the account"), ask_subscribed, read_subscribed, NULL, META_ALWAYS_ASKED},
	{TRIXY_TEXT("Access to messages is allowed"), ask_conversations, read_conversations, NULL, META_ALWAYS_ASKED},
	{TRIXY_TEXT("App Secret"), ask_nothing, NULL, NULL,
	 TRIXY_TEXT("Meta offers no way to check it for Instagram Login: the first message that arrives proves it."),
	 TRIXY_TEXT("If the log shows an invalid webhook signature, copy the Instagram app secret of the same app "
		    "instead.")},
};

static const struct meta_step *step_at(const struct trixy_account *account, uint32_t step)
{
	if (ig_account_is_instagram_login(account))
		return step < COUNT(instagram_steps) ? &instagram_steps[step] : NULL;
	return step < COUNT(facebook_steps) ? &facebook_steps[step] : NULL;
}

int32_t ig_check_request(const struct trixy_account *account, uint32_t step, struct trixy_text carry,
			 struct trixy_memory *memory, struct trixy_request *ret_request)
{
	return meta_step_request(step_at(account, step), account, carry, ig_http_request, memory, ret_request);
}

int32_t ig_check_answer(const struct trixy_account *account, uint32_t step, struct trixy_text carry,
			const struct trixy_answer *answer, struct trixy_memory *memory,
			struct trixy_finding *ret_finding)
{
	return meta_step_answer(step_at(account, step), &ig_faults, account, carry, answer, memory, ret_finding);
}
