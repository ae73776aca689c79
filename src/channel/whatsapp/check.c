/* The usual causes of silence, in the order in which one rests on another; the table is at the end. What the App Dashboard alone
 * knows (is the app live?) no request tells: the checklist speaks of that.
 *
 * Two things are carried from step to step: the app's id, and behind a blank the WhatsApp Business Account's, which the token's
 * own permissions name: the account may not know it yet. */
#include "channel/whatsapp/check.h"

#include "channel/whatsapp/errors.h"
#include "channel/whatsapp/http.h"
#include "meta/check.h"

#define NO_TEXT ((struct trixy_text){NULL, 0})
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CONFIGURE "Settings → Channels → WhatsApp → Configure"
#define FIX_WABA "Type the WhatsApp Business Account ID under " CONFIGURE "; Meta App → WhatsApp → API setup shows it."

static const char *const webhook_fields[] = {"messages"};

/* ---- what is carried ---- */

static struct trixy_text app_of(struct trixy_text carry)
{
	for (uint64_t i = 0; i < carry.len; i++)
		if (carry.p[i] == ' ')
			return (struct trixy_text){carry.p, i};
	return carry;
}

/* The account's own field, where a person or an earlier check has filled it in. */
static struct trixy_text waba_of(const struct trixy_account *account, struct trixy_text carry)
{
	struct trixy_text app = app_of(carry), known = meta_account_field(account, "waba_id");

	if (known.len > 0 || app.len + 1 >= carry.len)
		return known;
	return (struct trixy_text){carry.p + app.len + 1, carry.len - app.len - 1};
}

static void learn(struct meta_finder *f, const char *const *names, const struct trixy_text *values, uint32_t count)
{
	struct trixy_pair *pairs = meta_maker_alloc(&f->maker, count, sizeof(*pairs));

	for (uint32_t i = 0; pairs != NULL && i < count; i++)
		if (values[i].len > 0)
			pairs[f->finding.learned_count++] = (struct trixy_pair){{names[i], __builtin_strlen(names[i])},
										meta_text_kept(&f->maker, values[i])};
	f->finding.learned = f->finding.learned_count > 0 ? pairs : NULL;
}

/* ---- the number ---- */

static bool ask_number(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
		       struct meta_call *call)
{
	(void)carry;
	call->path = wa_number_path(maker, account, NO_TEXT);
	call->query = TEXT("fields=display_phone_number,verified_name,quality_rating,code_verification_status,name_status,"
			   "platform_type,throughput");
	return true;
}

static struct trixy_text word(struct meta_finder *f, const char *name)
{
	return meta_text_cut(meta_json_whole(meta_json_get(f->root, name), 1024), 200);
}

static void read_number(struct meta_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	static const char *const names[] = {"display_phone_number", "verified_name"};
	const struct trixy_text values[] = {word(f, "display_phone_number"), word(f, "verified_name")};
	struct trixy_text quality = word(f, "quality_rating"), platform = word(f, "platform_type"), name_status = word(f, "name_status");
	struct trixy_text is = META_JOIN(&f->maker, TEXT("Meta accepts the token for "), values[0], values[1].len > 0 ? TEXT(", ") : TEXT(""),
					 values[1]);

	(void)account;
	(void)carry;
	learn(f, names, values, COUNT(names));
	if (platform.len > 0 && !meta_text_is(platform, "CLOUD_API"))
		meta_found(f, TRIXY_CHECK_FAILED, META_JOIN(&f->maker, is, TEXT(", but the number is not registered with the Cloud API.")),
			   TEXT("Register it: Meta App → WhatsApp → API setup, or Meta Business Suite → WhatsApp Manager. A number that is "
				"in use elsewhere must leave there first."));
	else if (meta_text_is(quality, "RED") || meta_text_is(quality, "YELLOW"))
		meta_found(f, TRIXY_CHECK_WARNING,
			   META_JOIN(&f->maker, is, meta_text_is(quality, "RED") ? TEXT("; its quality is low (red).")
										 : TEXT("; its quality is falling (yellow).")),
			   TEXT("People block or report it: send only what they asked for, or WhatsApp limits the number."));
	else if (meta_text_is(name_status, "DECLINED") || meta_text_is(name_status, "EXPIRED"))
		meta_found(f, TRIXY_CHECK_WARNING, META_JOIN(&f->maker, is, TEXT("; Meta has not approved its display name.")),
			   TEXT("Set another one in Meta Business Suite → WhatsApp Manager → Phone numbers."));
	else
		meta_found(f, TRIXY_CHECK_OK, META_JOIN(&f->maker, is, TEXT(".")), NO_TEXT);
}

/* ---- the token ---- */

static bool ask_token(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
		      struct meta_call *call)
{
	return meta_ask_token(maker, account, app_of(carry), meta_account_field(account, "access_token"), call);
}

/* granular_scopes: [{"scope","target_ids":[WABA,...]}]. The one account that is named everywhere; {NULL,0}: none, or several. */
static struct trixy_text waba_of_token(struct meta_finder *f, bool *ret_several)
{
	struct json_object *list = meta_json_get(meta_json_get(f->root, "data"), "granular_scopes");
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	struct trixy_text found = NO_TEXT;

	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(list, i), *ids = meta_json_get(one, "target_ids");
		size_t m = json_object_is_type(ids, json_type_array) ? json_object_array_length(ids) : 0;

		if (!meta_text_contains(meta_json_text(meta_json_get(one, "scope")), "whatsapp_business_"))
			continue;
		for (size_t k = 0; k < m; k++) {
			struct trixy_text id = meta_json_id(json_object_array_get_idx(ids, k), f->maker.memory);

			if (!meta_text_is_digits(id) || id.len > 64 || meta_text_equal(id, found))
				continue;
			*ret_several = found.len > 0;
			if (*ret_several)
				return NO_TEXT;
			found = id;
		}
	}
	return found;
}

static void read_token(struct meta_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	static const char *const scopes[] = {"whatsapp_business_messaging", "whatsapp_business_management"};
	static const char *const names[] = {"waba_id"};
	static const struct meta_token_words words = {scopes, COUNT(scopes), "whatsapp_business_messaging",
						      TRIXY_TEXT("Make a System User's token, which does not expire")};
	bool several = false;
	struct trixy_text waba = waba_of_token(f, &several);

	meta_read_token(f, &words);
	if (waba.len > 0) {
		learn(f, names, &waba, 1);
		f->finding.carry = META_JOIN(&f->maker, app_of(carry), TEXT(" "), waba);
	} else if (f->finding.status == TRIXY_CHECK_OK && meta_account_field(account, "waba_id").len == 0) {
		meta_found(f, TRIXY_CHECK_WARNING,
			   several ? TEXT("The token opens several WhatsApp Business Accounts: which of them is this number's is not told.")
				   : TEXT("The token does not name its WhatsApp Business Account."),
			   TEXT(FIX_WABA));
	}
}

/* ---- the account ---- */

static bool ask_of_waba(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
			struct meta_call *call, struct trixy_text rest)
{
	struct trixy_text waba = waba_of(account, carry);

	call->path = META_JOIN(maker, meta_text_percent(maker, waba), rest);
	return waba.len > 0;
}

static bool ask_numbers(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
			struct meta_call *call)
{
	call->query = TEXT("fields=id,display_phone_number,verified_name&limit=100");
	return ask_of_waba(maker, account, carry, call, TEXT("/phone_numbers"));
}

/* The member of `data` whose id is this one; `inside` names the object that holds the id, or is NULL. */
static struct json_object *find_in_data(struct meta_finder *f, const char *inside, struct trixy_text id)
{
	struct json_object *data = meta_json_get(f->root, "data");
	size_t n = json_object_is_type(data, json_type_array) ? json_object_array_length(data) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(data, i);
		struct json_object *holder = inside != NULL && meta_json_get(one, inside) != NULL ? meta_json_get(one, inside) : one;

		if (meta_text_equal(meta_json_id(meta_json_get(holder, "id"), f->maker.memory), id))
			return one;
	}
	return NULL;
}

static void read_numbers(struct meta_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	struct trixy_text waba = meta_text_kept(&f->maker, waba_of(account, carry));

	if (find_in_data(f, NULL, account->key) != NULL)
		meta_found(f, TRIXY_CHECK_OK, META_JOIN(&f->maker, TEXT("The number belongs to the WhatsApp Business Account "), waba), NO_TEXT);
	else if (meta_json_get(meta_json_get(f->root, "paging"), "next") != NULL)
		meta_found(f, TRIXY_CHECK_WARNING, TEXT("The account has more numbers than could be looked through."), NO_TEXT);
	else
		meta_found(f, TRIXY_CHECK_FAILED,
			   META_JOIN(&f->maker, TEXT("The WhatsApp Business Account "), waba, TEXT(" does not have this number.")),
			   TEXT("Compare both ids with Meta App → WhatsApp → API setup and correct them under " CONFIGURE "."));
}

static bool ask_subscribed(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
			   struct meta_call *call)
{
	return ask_of_waba(maker, account, carry, call, TEXT("/subscribed_apps"));
}

/* Often Meta's own test app is the only one there: then the dashboard's test arrives, and no message does. */
static void read_subscribed(struct meta_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	struct json_object *data = meta_json_get(f->root, "data");
	struct trixy_text app = app_of(carry);
	bool is_there = app.len > 0 ? find_in_data(f, "whatsapp_business_api_data", app) != NULL
				    : json_object_is_type(data, json_type_array) && json_object_array_length(data) > 0;

	(void)account;
	if (is_there)
		meta_found(f, TRIXY_CHECK_OK, TEXT("The app gets what customers write to this account."), NO_TEXT);
	else
		meta_found(f, TRIXY_CHECK_FAILED, TEXT("The app is not subscribed to this account: Meta sends it no messages."),
			   TEXT("Save the account again: MailTrixy then subscribes. The token needs whatsapp_business_management for it."));
}

static bool ask_callback(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
			 struct meta_call *call)
{
	return meta_ask_callback(maker, account, app_of(carry), call);
}

static void read_callback(struct meta_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	(void)account;
	(void)carry;
	meta_read_callback(f, "whatsapp_business_account", TEXT("WhatsApp → Configuration"), webhook_fields, COUNT(webhook_fields));
}

/* ---- health ---- */

static bool ask_health(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
		       struct meta_call *call)
{
	(void)carry;
	call->path = wa_number_path(maker, account, NO_TEXT);
	call->query = TEXT("fields=health_status");
	return true;
}

/* What stands in the way: entities[].errors[] of the first that has one. */
static struct trixy_text obstacle(struct meta_finder *f, struct json_object *health, struct trixy_text *ret_fix)
{
	struct json_object *list = meta_json_get(health, "entities");
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *errors = meta_json_get(json_object_array_get_idx(list, i), "errors"), *first;
		struct trixy_text words, fix;

		first = json_object_is_type(errors, json_type_array) ? json_object_array_get_idx(errors, 0) : NULL;
		words = meta_text_cut(meta_json_whole(meta_json_get(first, "error_description"), 4096), 300);
		fix = meta_text_cut(meta_json_whole(meta_json_get(first, "possible_solution"), 4096), 300);
		if (words.len > 0) {
			*ret_fix = meta_text_kept(&f->maker, fix);
			return META_JOIN(&f->maker, TEXT(" Meta says: "), words);
		}
	}
	return TEXT("");
}

static void read_health(struct meta_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	struct json_object *health = meta_json_get(f->root, "health_status");
	struct trixy_text can = meta_json_text(meta_json_get(health, "can_send_message")), fix = NO_TEXT, why;

	(void)account;
	(void)carry;
	why = obstacle(f, health, &fix);
	if (fix.len == 0)
		fix = TEXT("Meta Business Suite → WhatsApp Manager says what is missing, e.g. a payment method.");
	if (meta_text_is(can, "BLOCKED"))
		meta_found(f, TRIXY_CHECK_FAILED, META_JOIN(&f->maker, TEXT("Meta lets this number send nothing."), why), fix);
	else if (meta_text_is(can, "LIMITED"))
		meta_found(f, TRIXY_CHECK_WARNING, META_JOIN(&f->maker, TEXT("Meta limits what this number may send."), why), fix);
	else if (meta_text_is(can, "AVAILABLE"))
		meta_found(f, TRIXY_CHECK_OK, TEXT("Meta lets this number send."), NO_TEXT);
	else
		meta_found(f, TRIXY_CHECK_SKIPPED, TEXT("Meta does not say whether this number may send."), NO_TEXT);
}

/* ---- the steps ---- */

#define NO_WABA \
	TRIXY_TEXT("Not checked: the WhatsApp Business Account is not known yet."), \
		TRIXY_TEXT("Mend the steps above and check again, or type its ID under " CONFIGURE ".")

static const struct meta_step steps[] = {
	{TRIXY_TEXT("Access Token and Phone Number ID"), ask_number, read_number, meta_refused_proof, META_ALWAYS_ASKED},
	{TRIXY_TEXT("App Secret belongs to the token's app"), meta_ask_app, meta_read_app, NULL, META_ALWAYS_ASKED},
	{TRIXY_TEXT("Permissions and expiry of the token"), ask_token, read_token, meta_refused_as_app, META_NO_APP},
	{TRIXY_TEXT("Number belongs to the WhatsApp Business Account"), ask_numbers, read_numbers, NULL, NO_WABA},
	{TRIXY_TEXT("App is subscribed to the account"), ask_subscribed, read_subscribed, NULL, NO_WABA},
	{TRIXY_TEXT("Webhook URL and fields of the app"), ask_callback, read_callback, meta_refused_as_app, META_NO_APP},
	{TRIXY_TEXT("Messages can be sent"), ask_health, read_health, NULL, META_ALWAYS_ASKED},
};

static const struct meta_step *step_at(uint32_t step)
{
	return step < COUNT(steps) ? &steps[step] : NULL;
}

int32_t wa_check_request(const struct trixy_account *account, uint32_t step, struct trixy_text carry,
			 struct trixy_memory *memory, struct trixy_request *ret_request)
{
	return meta_step_request(step_at(step), account, carry, wa_http_request, memory, ret_request);
}

int32_t wa_check_answer(const struct trixy_account *account, uint32_t step, struct trixy_text carry,
			const struct trixy_answer *answer, struct trixy_memory *memory, struct trixy_finding *ret_finding)
{
	return meta_step_answer(step_at(step), &wa_faults, account, carry, answer, memory, ret_finding);
}

/* ---- the subscription ---- */

int32_t wa_subscribe_request(const struct trixy_account *account, struct trixy_memory *memory,
			     struct trixy_request *ret_request)
{
	struct meta_maker maker = {memory, false};
	struct meta_call call = {.method = TEXT("POST")};
	bool asked = ask_of_waba(&maker, account, NO_TEXT, &call, TEXT("/subscribed_apps"));

	if (maker.failed)
		return TRIXY_ENOMEM;
	if (asked)
		return wa_http_request(account, &call, memory, ret_request);
	meta_http_no_request(ret_request);
	return 0;
}

/* Which fields come is ticked in the App Dashboard: the subscription is the account's. */
int32_t wa_subscribe_answer(const struct trixy_account *account, const struct trixy_answer *answer,
			    struct trixy_memory *memory, struct trixy_finding *ret_finding)
{
	struct meta_finder f = {.maker = {memory, false}, .faults = &wa_faults};

	f.finding.check = TEXT("App is subscribed to the account");
	if (meta_account_field(account, "waba_id").len == 0)
		meta_found(&f, TRIXY_CHECK_SKIPPED, TEXT("Not done yet: the WhatsApp Business Account is not known."), TEXT(FIX_WABA));
	else if (!meta_finder_read(&f, answer))
		; /* the finding says why */
	else if (meta_json_true(meta_json_get(f.root, "success")))
		meta_found(&f, TRIXY_CHECK_OK, TEXT("Meta delivers this account's messages to MailTrixy."), NO_TEXT);
	else
		meta_found(&f, TRIXY_CHECK_FAILED, TEXT("Meta did not confirm the subscription."),
			   TEXT("Check the connection. The token needs whatsapp_business_management."));
	return meta_finder_end(&f, ret_finding);
}
