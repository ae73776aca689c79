/* The usual causes of silence, in the order in which one rests on another. Each step is a request and the reading of its
 * answer; the two tables at the end are the two ways to connect. What the App Dashboard alone knows (is the app live? has
 * the sender a role in it?) no request tells: GUIDE.md speaks of that. */
#include "check.h"

#include "finding.h"
#include "http.h"

#define NO_FIX ((struct trixy_text){NULL, 0})
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIX_CONFIGURE "Settings → Channels → Instagram → Configure"

struct step {
	struct trixy_text check;
	/* Fills the call; false: it cannot be asked. */
	bool (*ask)(struct ig_maker *maker, const struct trixy_account *account, struct trixy_text carry,
		    struct ig_call *call);
	/* The answer is a success with an object. */
	void (*read)(struct ig_finder *f, const struct trixy_account *account, struct trixy_text carry);
	/* What the table of errors says is not all; may be NULL. */
	void (*refused)(struct ig_finder *f);
	/* Why it was not asked. */
	struct trixy_text skipped, skipped_fix;
};

/* ---- common ---- */

/* A list of names, or of objects with a name. */
static bool list_has(struct json_object *list, const char *name)
{
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		if (ig_text_is(ig_json_text(one), name) || ig_text_is(ig_json_text(ig_json_get(one, "name")), name))
			return true;
	}
	return false;
}

/* Those of the names that the list lacks, "a, b"; "" when it has all. */
static struct trixy_text missing(struct ig_maker *maker, struct json_object *list, const char *const *names, size_t count)
{
	struct trixy_text all = TEXT("");

	for (size_t i = 0; i < count; i++)
		if (!list_has(list, names[i]))
			all = IG_JOIN(maker, all, all.len > 0 ? TEXT(", ") : TEXT(""),
				      ((struct trixy_text){names[i], __builtin_strlen(names[i])}));
	return all;
}

static struct trixy_text copied(struct ig_finder *f, struct trixy_text text)
{
	return IG_JOIN(&f->maker, ig_text_cut(text, 256));
}

static const char *const webhook_fields[] = {"messages", "messaging_postbacks"};

/* An app's own token: its id and its secret. The id is what the "App Secret" step carried. */
static bool app_token(struct ig_maker *maker, const struct trixy_account *account, struct trixy_text carry,
		      struct ig_call *call)
{
	struct trixy_text secret = ig_account_field(account, "app_secret");

	if (carry.len == 0 || secret.len == 0)
		return false;
	call->token = IG_JOIN(maker, carry, TEXT("|"), secret);
	return true;
}

static bool ask_conversations(struct ig_maker *maker, const struct trixy_account *account, struct trixy_text carry,
			      struct ig_call *call)
{
	(void)carry;
	call->path = IG_JOIN(maker, ig_account_node(account), TEXT("/conversations"));
	call->query = TEXT("platform=instagram&limit=1");
	return true;
}

static void read_conversations(struct ig_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	(void)account;
	(void)carry;
	ig_found(f, TRIXY_CHECK_OK, TEXT("Apps may read and send this account's messages."), NO_FIX);
}

static bool ask_subscribed(struct ig_maker *maker, const struct trixy_account *account, struct trixy_text carry,
			   struct ig_call *call)
{
	(void)carry;
	call->path = IG_JOIN(maker, ig_account_node(account), TEXT("/subscribed_apps"));
	return true;
}

/* Our app among those that are subscribed; without knowing its id, the first. */
static struct json_object *find_app(struct ig_finder *f, struct trixy_text app_id)
{
	struct json_object *data = ig_json_get(f->root, "data");
	size_t n = json_object_is_type(data, json_type_array) ? json_object_array_length(data) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *app = json_object_array_get_idx(data, i);

		if (app_id.len == 0 || ig_text_equal(ig_json_id(ig_json_get(app, "id"), f->maker.memory), app_id))
			return app;
	}
	return NULL;
}

static void read_subscribed(struct ig_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	struct json_object *app = find_app(f, carry);
	struct trixy_text lacks;

	(void)account;
	if (app == NULL) {
		ig_found(f, TRIXY_CHECK_FAILED,
			 TEXT("The app is not subscribed to this account: Meta sends it no messages."),
			 TEXT("Save the account again: MailTrixy then subscribes. The token needs "
			      "pages_manage_metadata for it."));
		return;
	}
	lacks = missing(&f->maker, ig_json_get(app, "subscribed_fields"), webhook_fields, COUNT(webhook_fields));
	if (lacks.len == 0)
		ig_found(f, TRIXY_CHECK_OK, TEXT("The app is subscribed to messages and messaging_postbacks."), NO_FIX);
	else
		ig_found(f, TRIXY_CHECK_WARNING, IG_JOIN(&f->maker, TEXT("The app is subscribed, but not to: "), lacks),
			 TEXT("Save the account again: MailTrixy then subscribes to both."));
}

/* ---- Facebook Login ---- */

static bool ask_me(struct ig_maker *maker, const struct trixy_account *account, struct trixy_text carry,
		   struct ig_call *call)
{
	(void)maker;
	(void)account;
	(void)carry;
	call->path = TEXT("me");
	call->query = TEXT("fields=id,name");
	return true;
}

/* "me" of a Page's token is the Page. */
static void read_me(struct ig_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	struct trixy_text id = ig_json_id(ig_json_get(f->root, "id"), f->maker.memory);

	(void)carry;
	if (ig_text_equal(id, ig_account_field(account, "page_id")))
		ig_found(f, TRIXY_CHECK_OK, TEXT("Meta accepts the token, and it is this Page's."), NO_FIX);
	else
		ig_found(f, TRIXY_CHECK_FAILED,
			 IG_JOIN(&f->maker, TEXT("The token is valid, but it belongs to "),
				 ig_text_cut(ig_json_word(ig_json_get(f->root, "name")), 128), TEXT(" ("),
				 ig_text_cut(id, 64), TEXT("), not to the Page ID given.")),
			 TEXT("Use the Page's own token: GET /me/accounts shows the token of each Page "
			      "(access_token)."));
}

/* A wrong proof is about the App Secret, the next step: the token itself was accepted. */
static void refused_me(struct ig_finder *f)
{
	struct ig_error error;

	if (ig_error_read(f->root, 0, &error) && ig_error_is_proof(&error))
		ig_found(f, TRIXY_CHECK_OK, TEXT("Meta accepts the token."), NO_FIX);
}

static bool ask_app(struct ig_maker *maker, const struct trixy_account *account, struct trixy_text carry,
		    struct ig_call *call)
{
	(void)maker;
	(void)account;
	(void)carry;
	call->path = TEXT("app");
	call->query = TEXT("fields=id,name");
	return true;
}

/* The request bore the proof made with the App Secret, so a success proves the secret. */
static void read_app(struct ig_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	(void)account;
	(void)carry;
	f->finding.carry = copied(f, ig_json_id(ig_json_get(f->root, "id"), f->maker.memory));
	ig_found(f, TRIXY_CHECK_OK,
		 IG_JOIN(&f->maker, TEXT("The App Secret and the token are of one app: "),
			 ig_text_cut(ig_json_word(ig_json_get(f->root, "name")), 128)),
		 NO_FIX);
}

static bool ask_permissions(struct ig_maker *maker, const struct trixy_account *account, struct trixy_text carry,
			    struct ig_call *call)
{
	/* The one place where Meta wants a token in the address: it is what is asked about. */
	call->path = TEXT("debug_token");
	call->query = IG_JOIN(maker, TEXT("input_token="),
			      ig_text_percent(maker, ig_account_field(account, "page_access_token")));
	return app_token(maker, account, carry, call);
}

/* "2027-01-20", by the days since 0000-03-01 of the Gregorian calendar. */
static struct trixy_text date_of(struct ig_maker *maker, int64_t seconds)
{
	int64_t days = seconds / 86400 + 719468;
	int64_t era = days / 146097, of_era = days % 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t march = (5 * of_year + 2) / 153;
	int64_t day = of_year - (153 * march + 2) / 5 + 1;
	int64_t month = march < 10 ? march + 3 : march - 9;

	return IG_JOIN(maker, ig_text_number(maker, year + era * 400 + (month <= 2)), month < 10 ? TEXT("-0") : TEXT("-"),
		       ig_text_number(maker, month), day < 10 ? TEXT("-0") : TEXT("-"), ig_text_number(maker, day));
}

static void read_permissions(struct ig_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	static const char *const scopes[] = {"instagram_basic", "instagram_manage_messages", "pages_messaging",
					     "pages_manage_metadata"};
	struct json_object *data = ig_json_get(f->root, "data");
	struct trixy_text lacks = missing(&f->maker, ig_json_get(data, "scopes"), scopes, COUNT(scopes));
	int64_t expires = 0;

	(void)account;
	(void)carry;
	(void)ig_json_int(ig_json_get(data, "expires_at"), &expires);
	if (!ig_json_true(ig_json_get(data, "is_valid"))) {
		ig_found(f, TRIXY_CHECK_FAILED, TEXT("Meta says that the token is no longer valid."),
			 TEXT("Make a new long-lived token and save it under " FIX_CONFIGURE "."));
		f->finding.reconnect = 1;
	} else if (lacks.len > 0) {
		ig_found(f,
			 list_has(ig_json_get(data, "scopes"), "instagram_manage_messages") ? TRIXY_CHECK_WARNING
											    : TRIXY_CHECK_FAILED,
			 IG_JOIN(&f->maker, TEXT("The token lacks: "), lacks),
			 TEXT("Make a new token with these permissions; outside Development Mode the app needs them by "
			      "App Review."));
	} else if (expires > 0 && expires < INT64_C(253402300800)) {
		ig_found(f, TRIXY_CHECK_WARNING,
			 IG_JOIN(&f->maker, TEXT("The token expires on "), date_of(&f->maker, expires), TEXT(".")),
			 TEXT("Make a long-lived Page token, which does not expire, and save it under " FIX_CONFIGURE
			      "."));
	} else {
		ig_found(f, TRIXY_CHECK_OK, TEXT("The token has every permission and does not expire."), NO_FIX);
	}
}

/* This step asks as the app: a refusal is about the App Secret, and proves nothing about the account's token. */
static void refused_as_app(struct ig_finder *f)
{
	if (f->finding.reconnect == 0)
		return;
	f->finding.reconnect = 0;
	ig_found(f, TRIXY_CHECK_FAILED, TEXT("Meta does not accept the App Secret for the app that made the token."),
		 TEXT("Copy it again from Meta App → Settings → Basic → App secret, and save it under " FIX_CONFIGURE
		      "."));
}

static bool ask_link(struct ig_maker *maker, const struct trixy_account *account, struct trixy_text carry,
		     struct ig_call *call)
{
	(void)carry;
	call->path = IG_JOIN(maker, ig_account_node(account));
	call->query = TEXT("fields=name,instagram_business_account%7Bid,username%7D");
	return true;
}

static void read_link(struct ig_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	struct json_object *linked = ig_json_get(f->root, "instagram_business_account");
	struct trixy_text id = ig_json_id(ig_json_get(linked, "id"), f->maker.memory);

	(void)carry;
	if (id.p == NULL)
		ig_found(f, TRIXY_CHECK_FAILED, TEXT("The Page is not linked to an Instagram Business or Creator account."),
			 TEXT("Link them in the Instagram app: Settings → Account → Linked Accounts."));
	else if (!ig_text_equal(id, account->key))
		ig_found(f, TRIXY_CHECK_FAILED,
			 IG_JOIN(&f->maker, TEXT("The Page is linked to another Instagram account: "), ig_text_cut(id, 64)),
			 TEXT("Put that number into IG User ID, or use the Page of the account that you mean."));
	else
		ig_found(f, TRIXY_CHECK_OK,
			 IG_JOIN(&f->maker, TEXT("The Page is linked to this Instagram account: "),
				 ig_text_cut(ig_json_word(ig_json_get(linked, "username")), 64)),
			 NO_FIX);
}

static bool ask_callback(struct ig_maker *maker, const struct trixy_account *account, struct trixy_text carry,
			 struct ig_call *call)
{
	call->path = IG_JOIN(maker, ig_text_percent(maker, carry), TEXT("/subscriptions"));
	return app_token(maker, account, carry, call);
}

static void read_callback(struct ig_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	struct json_object *data = ig_json_get(f->root, "data"), *found = NULL, *active;
	size_t n = json_object_is_type(data, json_type_array) ? json_object_array_length(data) : 0;
	struct trixy_text lacks, url;

	(void)account;
	(void)carry;
	for (size_t i = 0; i < n && found == NULL; i++)
		if (ig_text_is(ig_json_text(ig_json_get(json_object_array_get_idx(data, i), "object")), "instagram"))
			found = json_object_array_get_idx(data, i);
	active = ig_json_get(found, "active");
	if (found == NULL || (active != NULL && !ig_json_true(active))) {
		ig_found(f, TRIXY_CHECK_FAILED, TEXT("The app has no active webhook for Instagram."),
			 TEXT("In the Meta App Dashboard, Webhooks → Instagram: paste the Webhook URL and the Verify "
			      "Token."));
		return;
	}
	url = ig_text_cut(ig_json_word(ig_json_get(found, "callback_url")), 512);
	lacks = missing(&f->maker, ig_json_get(found, "fields"), webhook_fields, COUNT(webhook_fields));
	if (lacks.len > 0)
		ig_found(f, TRIXY_CHECK_FAILED, IG_JOIN(&f->maker, TEXT("The app's webhook lacks these fields: "), lacks),
			 TEXT("In the Meta App Dashboard, Webhooks → Instagram: subscribe to them."));
	else
		ig_found(f, TRIXY_CHECK_OK, IG_JOIN(&f->maker, TEXT("Meta sends the app's messages to "), url),
			 TEXT("If this is not this installation's Webhook URL, paste that one in the Meta App Dashboard."));
}

/* ---- Instagram Login ---- */

static bool ask_user(struct ig_maker *maker, const struct trixy_account *account, struct trixy_text carry,
		     struct ig_call *call)
{
	(void)maker;
	(void)account;
	(void)carry;
	call->path = TEXT("me");
	call->query = TEXT("fields=id,user_id,username,account_type");
	return true;
}

/* Meta's page prints the object inside a `data` list; answers without it are known too. */
static void read_user(struct ig_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	struct json_object *data = ig_json_get(f->root, "data");
	struct json_object *user = json_object_is_type(data, json_type_array) ? json_object_array_get_idx(data, 0) : f->root;
	struct trixy_text id = ig_json_id(ig_json_get(user, "user_id"), f->maker.memory);

	(void)carry;
	if (ig_text_is(ig_json_text(ig_json_get(user, "account_type")), "PERSONAL"))
		ig_found(f, TRIXY_CHECK_FAILED, TEXT("This is a personal account, which has no messaging API."),
			 TEXT("Make it a Business or Creator account in the Instagram app."));
	else if (!ig_text_equal(id, account->key))
		ig_found(f, TRIXY_CHECK_FAILED,
			 IG_JOIN(&f->maker, TEXT("The token is valid, but its account's user_id is "),
				 ig_text_cut(id, 64)),
			 TEXT("Put that number into IG User ID (not the \"id\" of the same answer): webhooks carry it."));
	else
		ig_found(f, TRIXY_CHECK_OK,
			 IG_JOIN(&f->maker, TEXT("Meta accepts the token, and it is this account's: "),
				 ig_text_cut(ig_json_word(ig_json_get(user, "username")), 64)),
			 NO_FIX);
}

static bool ask_nothing(struct ig_maker *maker, const struct trixy_account *account, struct trixy_text carry,
			struct ig_call *call)
{
	(void)maker;
	(void)account;
	(void)carry;
	(void)call;
	return false;
}

/* ---- the steps ---- */

#define NO_APP TRIXY_TEXT("Not checked: the app is not known, because the App Secret step failed."), \
	       TRIXY_TEXT("Mend the steps above, then check again.")
#define ALWAYS_ASKED TRIXY_TEXT("Not checked."), TRIXY_TEXT("")

static const struct step facebook_steps[] = {
	{TRIXY_TEXT("Page Access Token is valid"), ask_me, read_me, refused_me, ALWAYS_ASKED},
	{TRIXY_TEXT("App Secret belongs to the token's app"), ask_app, read_app, NULL, ALWAYS_ASKED},
	{TRIXY_TEXT("Permissions and expiry of the token"), ask_permissions, read_permissions, refused_as_app, NO_APP},
	{TRIXY_TEXT("Page is linked to the Instagram account"), ask_link, read_link, NULL, ALWAYS_ASKED},
	{TRIXY_TEXT("App is subscribed to the Page"), ask_subscribed, read_subscribed, NULL, ALWAYS_ASKED},
	{TRIXY_TEXT("Webhook URL and fields of the app"), ask_callback, read_callback, refused_as_app, NO_APP},
	{TRIXY_TEXT("Access to messages is allowed"), ask_conversations, read_conversations, NULL, ALWAYS_ASKED},
};

static const struct step instagram_steps[] = {
	{TRIXY_TEXT("Instagram Access Token is valid"), ask_user, read_user, NULL, ALWAYS_ASKED},
	{TRIXY_TEXT("App is subscribed to the account"), ask_subscribed, read_subscribed, NULL, ALWAYS_ASKED},
	{TRIXY_TEXT("Access to messages is allowed"), ask_conversations, read_conversations, NULL, ALWAYS_ASKED},
	{TRIXY_TEXT("App Secret"), ask_nothing, NULL, NULL,
	 TRIXY_TEXT("Meta offers no way to check it for Instagram Login: the first message that arrives proves it."),
	 TRIXY_TEXT("If the log shows an invalid webhook signature, copy the Instagram app secret of the same app "
		    "instead.")},
};

static const struct step *step_at(const struct trixy_account *account, uint32_t step)
{
	if (ig_account_is_instagram_login(account))
		return step < COUNT(instagram_steps) ? &instagram_steps[step] : NULL;
	return step < COUNT(facebook_steps) ? &facebook_steps[step] : NULL;
}

int32_t ig_check_request(const struct trixy_account *account, uint32_t step, struct trixy_text carry,
			 struct trixy_memory *memory, struct trixy_request *ret_request)
{
	const struct step *s = step_at(account, step);
	struct ig_maker maker = {memory, false};
	struct ig_call call = {.method = TEXT("GET")};
	bool asked;

	if (s == NULL)
		return TRIXY_END;
	asked = s->ask(&maker, account, carry, &call);
	if (maker.failed)
		return TRIXY_ENOMEM;
	if (asked)
		return ig_http_request(account, &call, memory, ret_request);
	ig_http_no_request(ret_request);
	return 0;
}

int32_t ig_check_answer(const struct trixy_account *account, uint32_t step, struct trixy_text carry,
			const struct trixy_answer *answer, struct trixy_memory *memory,
			struct trixy_finding *ret_finding)
{
	const struct step *s = step_at(account, step);
	struct ig_finder f = {.maker = {memory, false}};
	struct ig_maker maker = {memory, false};
	struct ig_call call = {0};

	if (s == NULL)
		return TRIXY_END;
	f.finding.check = s->check;
	if (!s->ask(&maker, account, carry, &call)) {
		f.maker.failed = maker.failed;
		ig_found(&f, TRIXY_CHECK_SKIPPED, s->skipped, s->skipped_fix);
	} else if (ig_finder_read(&f, answer)) {
		s->read(&f, account, carry);
	} else if (s->refused != NULL) {
		s->refused(&f);
	}
	return ig_finder_end(&f, ret_finding);
}
