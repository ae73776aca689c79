#include "check.h"

#include <string.h>

#define NO_FIX ((struct trixy_text){NULL, 0})

/* A list of names, or of objects with a name. */
/* True when a list of names, or of objects with a name, has this one. */
static bool has_name(struct json_object *list, const char *name)
{
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		if (meta_text_is(meta_json_text(one), name) || meta_text_is(meta_json_text(meta_json_get(one, "name")), name))
			return true;
	}
	return false;
}

/* Those of the names that the list lacks, "a, b"; "" when it has all. */
struct trixy_text meta_list_lacks(struct meta_maker *maker, struct json_object *list, const char *const *names, size_t count)
{
	struct trixy_text all = TEXT("");

	for (size_t i = 0; i < count; i++)
		if (!has_name(list, names[i]))
			all = META_JOIN(maker, all, all.len > 0 ? TEXT(", ") : TEXT(""),
					((struct trixy_text){names[i], __builtin_strlen(names[i])}));
	return all;
}

/* Where the account's fields are changed: "Settings → Channels → Instagram → Configure". */
static struct trixy_text where_configured(struct meta_finder *f)
{
	return META_JOIN(&f->maker, TEXT("Settings → Channels → "), f->faults->channel, TEXT(" → Configure"));
}

/* Puts the app's own token into the call: its id and its secret. False: one of them is not known. */
static bool use_app_token(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text app_id,
			  struct meta_call *call)
{
	struct trixy_text secret = meta_account_field(account, "app_secret");

	if (app_id.len == 0 || secret.len == 0)
		return false;
	call->token = META_JOIN(maker, app_id, TEXT("|"), secret);
	return true;
}

bool meta_ask_app(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
		  struct meta_call *call)
{
	(void)maker;
	(void)account;
	(void)carry;
	call->path = TEXT("app");
	call->query = TEXT("fields=id,name");
	return true;
}

void meta_read_app(struct meta_finder *f, const struct trixy_account *account, struct trixy_text carry)
{
	struct trixy_text id = meta_json_id(meta_json_get(f->root, "id"), f->maker.memory);

	(void)account;
	(void)carry;
	f->finding.carry = META_JOIN(&f->maker, meta_text_cut(id, 256));
	meta_found(f, TRIXY_CHECK_OK,
		   META_JOIN(&f->maker, TEXT("The App Secret and the token are of one app: "),
			     meta_text_cut(meta_json_word(meta_json_get(f->root, "name")), 128)),
		   NO_FIX);
}

void meta_refused_as_app(struct meta_finder *f)
{
	if (f->finding.reconnect == 0)
		return;
	f->finding.reconnect = 0;
	meta_found(f, TRIXY_CHECK_FAILED, TEXT("Meta does not accept the App Secret for the app that made the token."),
		   META_JOIN(&f->maker, TEXT("Copy it again from Meta App → Settings → Basic → App secret, and save it under "),
			     where_configured(f), TEXT(".")));
}

void meta_refused_proof(struct meta_finder *f)
{
	struct meta_error error;

	if (meta_error_read(f->root, 0, &error) && meta_error_is_proof(&error))
		meta_found(f, TRIXY_CHECK_OK, TEXT("Meta accepts the token."), NO_FIX);
}

bool meta_ask_token(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text app_id,
		    struct trixy_text token, struct meta_call *call)
{
	/* The one place where Meta wants a token in the address: it is what is asked about. */
	call->path = TEXT("debug_token");
	call->query = META_JOIN(maker, TEXT("input_token="), meta_text_percent(maker, token));
	return use_app_token(maker, account, app_id, call);
}

/* "2027-01-20", by the days since 0000-03-01 of the Gregorian calendar. */
static struct trixy_text date_of(struct meta_maker *maker, int64_t seconds)
{
	int64_t days = seconds / 86400 + 719468;
	int64_t era = days / 146097, of_era = days % 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t march = (5 * of_year + 2) / 153;
	int64_t day = of_year - (153 * march + 2) / 5 + 1;
	int64_t month = march < 10 ? march + 3 : march - 9;

	return META_JOIN(maker, meta_text_number(maker, year + era * 400 + (month <= 2)), month < 10 ? TEXT("-0") : TEXT("-"),
			 meta_text_number(maker, month), day < 10 ? TEXT("-0") : TEXT("-"), meta_text_number(maker, day));
}

void meta_read_token(struct meta_finder *f, const struct meta_token_words *words)
{
	struct json_object *data = meta_json_get(f->root, "data"), *has = meta_json_get(data, "scopes");
	struct trixy_text lacks = meta_list_lacks(&f->maker, has, words->scopes, words->scope_count);
	int64_t expires = 0;

	(void)meta_json_int(meta_json_get(data, "expires_at"), &expires);
	if (!meta_json_true(meta_json_get(data, "is_valid"))) {
		meta_found(f, TRIXY_CHECK_FAILED, TEXT("Meta says that the token is no longer valid."),
			   META_JOIN(&f->maker, TEXT("Make a new long-lived token and save it under "), where_configured(f),
				     TEXT(".")));
		f->finding.reconnect = 1;
	} else if (lacks.len > 0) {
		meta_found(f, has_name(has, words->essential) ? TRIXY_CHECK_WARNING : TRIXY_CHECK_FAILED,
			   META_JOIN(&f->maker, TEXT("The token lacks: "), lacks),
			   TEXT("Make a new token with these permissions; outside Development Mode the app needs them by "
				"App Review."));
	} else if (expires > 0 && expires < INT64_C(253402300800)) {
		meta_found(f, TRIXY_CHECK_WARNING,
			   META_JOIN(&f->maker, TEXT("The token expires on "), date_of(&f->maker, expires), TEXT(".")),
			   META_JOIN(&f->maker, words->make, TEXT(", and save it under "), where_configured(f), TEXT(".")));
	} else {
		meta_found(f, TRIXY_CHECK_OK, TEXT("The token has every permission and does not expire."), NO_FIX);
	}
}

bool meta_ask_callback(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
		       struct meta_call *call)
{
	call->path = META_JOIN(maker, meta_text_percent(maker, carry), TEXT("/subscriptions"));
	return use_app_token(maker, account, carry, call);
}

void meta_read_callback(struct meta_finder *f, const char *object, struct trixy_text place, const char *const *fields,
			size_t count)
{
	struct json_object *data = meta_json_get(f->root, "data"), *found = NULL, *active;
	size_t n = json_object_is_type(data, json_type_array) ? json_object_array_length(data) : 0;
	struct trixy_text lacks, url;

	for (size_t i = 0; i < n && found == NULL; i++)
		if (meta_text_is(meta_json_text(meta_json_get(json_object_array_get_idx(data, i), "object")), object))
			found = json_object_array_get_idx(data, i);
	active = meta_json_get(found, "active");
	if (found == NULL || (active != NULL && !meta_json_true(active))) {
		meta_found(f, TRIXY_CHECK_FAILED,
			   META_JOIN(&f->maker, TEXT("The app has no active webhook for "), f->faults->channel, TEXT(".")),
			   META_JOIN(&f->maker, TEXT("In the Meta App Dashboard, "), place,
				     TEXT(": paste the Webhook URL and the Verify Token.")));
		return;
	}
	url = meta_text_cut(meta_json_word(meta_json_get(found, "callback_url")), 512);
	lacks = meta_list_lacks(&f->maker, meta_json_get(found, "fields"), fields, count);
	if (lacks.len > 0)
		meta_found(f, TRIXY_CHECK_FAILED, META_JOIN(&f->maker, TEXT("The app's webhook lacks these fields: "), lacks),
			   META_JOIN(&f->maker, TEXT("In the Meta App Dashboard, "), place, TEXT(": subscribe to them.")));
	else
		meta_found(f, TRIXY_CHECK_OK, META_JOIN(&f->maker, TEXT("Meta sends the app's messages to "), url),
			   TEXT("If this is not this installation's Webhook URL, paste that one in the Meta App Dashboard."));
}

int32_t meta_step_request(const struct meta_step *step, const struct trixy_account *account, struct trixy_text carry,
			  meta_request *request, struct trixy_memory *memory, struct trixy_request *ret_request)
{
	struct meta_maker maker = {memory, false};
	struct meta_call call = {.method = TEXT("GET")};
	bool asked;

	if (step == NULL)
		return TRIXY_END;
	asked = step->ask(&maker, account, carry, &call);
	if (maker.failed)
		return TRIXY_ENOMEM;
	if (asked)
		return request(account, &call, memory, ret_request);
	meta_http_no_request(ret_request);
	return 0;
}

int32_t meta_step_answer(const struct meta_step *step, const struct meta_faults *faults,
			 const struct trixy_account *account, struct trixy_text carry, const struct trixy_answer *answer,
			 struct trixy_memory *memory, struct trixy_finding *ret_finding)
{
	struct meta_finder f = {.maker = {memory, false}, .faults = faults};
	struct meta_maker maker = {memory, false};
	struct meta_call call = {0};

	if (step == NULL)
		return TRIXY_END;
	f.finding.check = step->check;
	if (!step->ask(&maker, account, carry, &call)) {
		f.maker.failed = maker.failed;
		meta_found(&f, TRIXY_CHECK_SKIPPED, step->skipped, step->skipped_fix);
	} else if (meta_finder_read(&f, answer)) {
		step->read(&f, account, carry);
	} else if (step->refused != NULL) {
		step->refused(&f);
	}
	return meta_finder_end(&f, ret_finding);
}
