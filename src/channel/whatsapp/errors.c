/* Meta: WhatsApp Business Platform, "Error codes". Decide by code and error_data.details; titles change, subcodes are gone since
 * v16, and the HTTP status says little. The same codes come as an answer, and later with a status "failed". */
#include "channel/whatsapp/errors.h"

#include "meta/http.h"

#define CONFIGURE "Settings → Channels → WhatsApp → Configure"
#define FIX_TOKEN "Make a new token of a System User, which does not expire, and save it under " CONFIGURE "."
#define FIX_WAIT "Nothing to do: the message goes out by itself when WhatsApp allows it."
#define FIX_PERMISSION \
	"Make a new token with whatsapp_business_messaging and whatsapp_business_management, of a System User who has the app " \
	"and the WhatsApp account as assets."
#define FIX_SECRET \
	"Copy the App Secret again from Meta App → Settings → Basic → App secret of the app that made the token, and save it " \
	"under " CONFIGURE "."
#define FIX_SUPPORT "Meta Business Suite → Business support home says why, and what lifts it."
#define FIX_MANAGER "Look into Meta Business Suite → WhatsApp Manager → Phone numbers."
#define FIX_TEMPLATE "Fetch the templates again and look at this one in Meta Business Suite → WhatsApp Manager → Message templates."
#define FIX_REGISTER "Register the number with the Cloud API: Meta App → WhatsApp → API setup, or Meta Business Suite → WhatsApp Manager."
#define FIX_WINDOW "Send an approved template, or wait for the customer to write again."
#define FIX_OTHER_WAY "Wait until the customer writes again, or reach them another way."
#define FIX_AGAIN "Send it again in a while."
#define REASON_RATE "WhatsApp limits how fast this account may send."
#define REASON_REGISTRATION "The phone number's registration with WhatsApp is not finished."

#define ROW META_ROW
#define WORDS META_ROW_WORDS
#define WAIT META_ROW_WAIT
#define QUOTE META_ROW_QUOTE
#define WAIT_CONTACT(code, wait_ms, name, reason, fix) \
	{ code, code, META_ANY, NULL, TRIXY_PARK_CONTACT, false, wait_ms, TRIXY_TEXT(name), TRIXY_TEXT(reason), TRIXY_TEXT(fix) }

static const struct meta_fault rows[] = {
	/* The token. An error without a code reads as code 0 too: only words make it this one. */
	ROW(190, 463, TRIXY_RECONNECT, "token_expired", "The access token has expired.", FIX_TOKEN),
	ROW(190, META_ANY, TRIXY_RECONNECT, "token_invalid", "The access token is no longer valid.", FIX_TOKEN),
	WORDS(0, "auth", TRIXY_RECONNECT, "token_invalid", "The access token is no longer valid.", FIX_TOKEN),
	WORDS(0, "token", TRIXY_RECONNECT, "token_invalid", "The access token is no longer valid.", FIX_TOKEN),
	ROW(102, META_ANY, TRIXY_RECONNECT, "session_invalid", "The access token's session has ended.", FIX_TOKEN),

	/* The account, in a way that a person must mend. */
	WORDS(100, "appsecret_proof", TRIXY_HOLD, "app_secret_wrong",
	      "The App Secret does not belong to the app that made the token.", FIX_SECRET),
	ROW(100, 33, TRIXY_HOLD, "object_missing", "Meta does not know the Phone Number ID, or the token may not use it.",
	    "Compare the Phone Number ID with Meta App → WhatsApp → API setup, and give the token's System User the WhatsApp "
	    "account as an asset."),
	WORDS(100, "does not exist, cannot be loaded due to missing permissions", TRIXY_HOLD, "object_missing",
	      "Meta does not know the Phone Number ID, or the token may not use it.",
	      "Compare the Phone Number ID with Meta App → WhatsApp → API setup, and give the token's System User the WhatsApp "
	      "account as an asset."),
	ROW(33, META_ANY, TRIXY_HOLD, "number_deleted", "The phone number was deleted from the WhatsApp Business Account.",
	    FIX_MANAGER),
	ROW(368, META_ANY, TRIXY_HOLD, "policy_block",
	    "Meta has restricted or disabled the WhatsApp Business Account for its policies.", FIX_SUPPORT),
	ROW(131031, META_ANY, TRIXY_HOLD, "account_locked",
	    "Meta has locked the WhatsApp Business Account, or could not verify what was sent with the request.", FIX_SUPPORT),
	ROW(131037, META_ANY, TRIXY_HOLD, "display_name", "Meta has not approved the number's display name yet.",
	    "Set a display name in Meta Business Suite → WhatsApp Manager → Phone numbers and wait for its approval."),
	ROW(131042, META_ANY, TRIXY_HOLD, "payment", "Meta could not charge for messages of this business.",
	    "Check the payment method in Meta Business Suite → Billing & payments."),
	ROW(134011, META_ANY, TRIXY_HOLD, "payment_terms", "The terms of WhatsApp's payments are not accepted yet.",
	    "Accept them in Meta Business Suite → WhatsApp Manager."),
	ROW(131045, META_ANY, TRIXY_HOLD, "not_registered", "The phone number is not registered with the Cloud API.", FIX_REGISTER),
	ROW(133010, META_ANY, TRIXY_HOLD, "not_registered", "The phone number is not registered with the Cloud API.", FIX_REGISTER),
	ROW(131064, META_ANY, TRIXY_HOLD, "template_misuse",
	    "Meta has limited this account, because its templates were put into the wrong category.", FIX_SUPPORT),
	ROW(133016, META_ANY, TRIXY_HOLD, "registered_too_often",
	    "The phone number was registered and deregistered too often.", "Wait some hours, then register the number again."),
	{133000, 133003, META_ANY, NULL, TRIXY_HOLD, true, 0, TRIXY_TEXT("registration"), TRIXY_TEXT(REASON_REGISTRATION),
	 TRIXY_TEXT(FIX_REGISTER)},
	{133005, 133015, META_ANY, NULL, TRIXY_HOLD, true, 0, TRIXY_TEXT("registration"), TRIXY_TEXT(REASON_REGISTRATION),
	 TRIXY_TEXT(FIX_REGISTER)},
	QUOTE(131005, 131005, TRIXY_HOLD, "permission_missing", "The access token lacks a permission.", FIX_PERMISSION),

	/* The account, for a while. */
	WAIT(4, META_ANY, 0, "rate_limited", REASON_RATE, FIX_WAIT),
	WAIT(17, META_ANY, 0, "rate_limited", REASON_RATE, FIX_WAIT),
	WAIT(613, META_ANY, 0, "rate_limited", REASON_RATE, FIX_WAIT),
	{80000, 80014, META_ANY, NULL, TRIXY_PARK, false, 0, TRIXY_TEXT("rate_limited"), TRIXY_TEXT(REASON_RATE), TRIXY_TEXT(FIX_WAIT)},
	WAIT(130429, META_ANY, INT64_C(10000), "throughput", "This number sends faster than its throughput allows.", FIX_WAIT),
	WAIT(131057, META_ANY, 2 * META_MINUTE_MS, "maintenance", "WhatsApp is at work on this number for a minute or so.", FIX_WAIT),
	WAIT(2494100, META_ANY, 2 * META_MINUTE_MS, "maintenance", "WhatsApp is at work on this number for a minute or so.", FIX_WAIT),
	WAIT(131048, META_ANY, 4 * META_HOUR_MS, "spam_limit",
	     "WhatsApp has limited this number, because too many people blocked it or reported it.",
	     "Look at the number's quality in Meta Business Suite → WhatsApp Manager, and send only what people asked for."),

	/* Meta suggests to wait 4^n seconds; how often this customer's queue has waited is not known here. Six seconds are what
	 * one message takes of what is allowed to one person, so the next attempt has a place unless a burst must be paid back. */
	WAIT_CONTACT(131056, INT64_C(6000), "pair_limit", "WhatsApp limits how fast messages may follow each other to one person.",
		     FIX_WAIT),

	/* The customer. */
	ROW(131047, META_ANY, TRIXY_FAILED, "window_closed", "More than 24 hours have passed since the customer last wrote.",
	    FIX_WINDOW),
	ROW(131026, META_ANY, TRIXY_FAILED, "undeliverable",
	    "The message cannot be delivered: the number is not on WhatsApp, its WhatsApp is too old, its owner has not accepted "
	    "WhatsApp's terms, or has blocked you.",
	    FIX_OTHER_WAY),
	ROW(131049, META_ANY, TRIXY_FAILED, "held_back", "WhatsApp held the message back: this person gets too many such messages.",
	    "Do not repeat it today. What the customer asked for goes through after they write."),
	ROW(131050, META_ANY, TRIXY_FAILED, "opted_out", "This person has stopped marketing messages of your business.",
	    "Send no more marketing templates to them; answers to what they write still go through."),
	ROW(130472, META_ANY, TRIXY_FAILED, "experiment", "WhatsApp sends this person no marketing messages, as part of an experiment.",
	    "Reach them another way, or wait until they write."),
	ROW(130403, META_ANY, TRIXY_FAILED, "blocked_by_us", "Your business has blocked this person.",
	    "Unblock them in Meta Business Suite → WhatsApp Manager."),
	ROW(130497, META_ANY, TRIXY_FAILED, "country", "This business may not send messages to people in that country.",
	    "Ask the administrator: the business may have to be verified, and test numbers reach some countries only."),
	ROW(131030, META_ANY, TRIXY_FAILED, "not_on_test_list", "This is a test number, and the customer is not on its list.",
	    "Add the customer's number under Meta App → WhatsApp → API setup → To, or use a number of your own."),
	ROW(131021, META_ANY, TRIXY_FAILED, "to_self", "A message to the business's own number cannot be sent.",
	    "Write to another number."),

	/* The message. */
	ROW(131053, META_ANY, TRIXY_FAILED, "media_refused", "WhatsApp does not accept the file.",
	    "Save it as a type that WhatsApp takes (JPEG, PNG, MP4, PDF), smaller if it is large, and send it again."),
	ROW(131052, META_ANY, TRIXY_FAILED, "media_lost", "WhatsApp could not get the file.", "Attach it again and send it."),
	ROW(131051, META_ANY, TRIXY_FAILED, "type_unknown", "WhatsApp does not support this kind of message.",
	    "Write it differently and send it again."),
	QUOTE(131008, 131009, TRIXY_FAILED, "bad_parameter", "WhatsApp does not accept this message.",
	      "If other messages fail too, run Check connection; the log has Meta's codes."),
	ROW(131058, META_ANY, TRIXY_FAILED, "hello_world", "The hello_world template can be sent from test numbers only.",
	    "Choose a template of your own."),
	ROW(131063, META_ANY, TRIXY_FAILED, "marketing_off", "Marketing templates are switched off for this account.",
	    "Choose a template of another category, or look into Meta Business Suite → WhatsApp Manager."),
	ROW(132000, META_ANY, TRIXY_FAILED, "template_values", "The template has another number of gaps than were filled.", FIX_TEMPLATE),
	ROW(132001, META_ANY, TRIXY_FAILED, "template_missing", "There is no such approved template in this language.", FIX_TEMPLATE),
	ROW(132005, META_ANY, TRIXY_FAILED, "template_long", "The template is too long with these values.", "Use shorter values."),
	ROW(132007, META_ANY, TRIXY_FAILED, "template_policy", "The template's wording breaks a rule of WhatsApp's.", FIX_TEMPLATE),
	QUOTE(132012, 132012, TRIXY_FAILED, "template_format", "A value has another format than the template asks for.", FIX_TEMPLATE),
	QUOTE(132018, 132018, TRIXY_FAILED, "template_values", "The template's values are not valid.", FIX_TEMPLATE),
	ROW(132015, META_ANY, TRIXY_FAILED, "template_paused", "WhatsApp has paused this template for its low quality.",
	    "Choose another template, or edit this one in Meta Business Suite → WhatsApp Manager."),
	ROW(132016, META_ANY, TRIXY_FAILED, "template_disabled", "WhatsApp has disabled this template for its low quality.",
	    "Make a new template in Meta Business Suite → WhatsApp Manager."),
	ROW(132068, META_ANY, TRIXY_FAILED, "flow_blocked", "The template's Flow is blocked.", FIX_TEMPLATE),
	ROW(132069, META_ANY, TRIXY_RETRY, "flow_throttled", "The template's Flow is used too often at the moment.", FIX_WAIT),

	/* Passing. */
	ROW(1, META_ANY, TRIXY_RETRY, "temporary", "WhatsApp has a passing fault.", FIX_WAIT),
	ROW(2, META_ANY, TRIXY_RETRY, "temporary", "WhatsApp has a passing fault.", FIX_WAIT),
	ROW(131000, META_ANY, TRIXY_RETRY, "temporary", "WhatsApp has a passing fault.", FIX_WAIT),
	ROW(131016, META_ANY, TRIXY_RETRY, "temporary", "WhatsApp has a passing fault.", FIX_WAIT),
	ROW(133004, META_ANY, TRIXY_RETRY, "temporary", "WhatsApp has a passing fault.", FIX_WAIT),

	/* What is left of the broad codes. 200 also means that no token came with the request. */
	QUOTE(3, 3, TRIXY_HOLD, "permission_missing", "The Meta app lacks a capability.",
	      "Add it in the App Dashboard (App Review), then make a new token."),
	QUOTE(10, 10, TRIXY_HOLD, "permission_missing", "The access token lacks a permission.", FIX_PERMISSION),
	QUOTE(200, 299, TRIXY_HOLD, "permission_missing", "The access token lacks a permission.", FIX_PERMISSION),
	QUOTE(100, 100, TRIXY_FAILED, "bad_parameter", "WhatsApp does not accept this message.",
	      "If other messages fail too, run Check connection; the log has Meta's codes."),
	QUOTE(135000, 135000, TRIXY_FAILED, "bad_parameter", "WhatsApp does not accept this message, and does not say why.",
	      "Write it differently and send it again. The log has Meta's codes."),
	QUOTE(INT64_MIN, INT64_MAX, TRIXY_FAILED, "unknown_error", "WhatsApp refused the message.",
	      "Try once more; if that fails too, run Check connection. The log has Meta's codes."),
};

static const struct meta_fault passing =
	QUOTE(0, 0, TRIXY_RETRY, "temporary", "WhatsApp has a passing fault.", FIX_WAIT);

const struct meta_faults wa_faults = {rows, sizeof(rows) / sizeof(rows[0]), &passing, TRIXY_TEXT("WhatsApp")};

struct trixy_text wa_error_words(struct meta_maker *maker, const struct meta_error *error)
{
	struct trixy_text words = meta_text_cut(error->details.len > 0 ? error->details : error->message, 300);

	if (error->code == WA_ERROR_MEDIA_LOST)
		return META_JOIN(maker, TEXT("WhatsApp could not pass the file on"), words.len > 0 ? TEXT(" (") : TEXT(""), words,
				 words.len > 0 ? TEXT(").") : TEXT("."), TEXT(" Ask the customer to send it smaller, or another way."));
	return META_JOIN(maker, TEXT("WhatsApp says: "), words.len > 0 ? words : TEXT("no more than the error's number"), TEXT(" ("),
			 meta_text_number(maker, error->code), TEXT(")"));
}

void wa_error_of_failed(struct meta_maker *maker, const struct meta_error *error, struct trixy_text *ret_reason,
			struct trixy_text *ret_fix)
{
	const struct meta_fault *fault = meta_error_fault(&wa_faults, error);
	bool would_wait = fault->outcome == TRIXY_RETRY || fault->outcome == TRIXY_PARK || fault->outcome == TRIXY_PARK_CONTACT;

	*ret_reason = meta_error_reason(maker, fault, error);
	*ret_fix = would_wait && fault->wait_ms < META_HOUR_MS ? TEXT(FIX_AGAIN) : fault->fix;
}
