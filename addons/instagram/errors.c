/* Meta: Messenger Platform, "Common Error Codes", and Graph API, "Handle Errors". Decide by code, subcode and
 * is_transient; the HTTP status is undocumented, and the type says OAuthException for nearly everything.
 * Words are looked at only where Meta gives one code to things that need different answers. */
#include "errors.h"

#include "meta/http.h"

#include <stddef.h>

#define FIX_TOKEN \
	"Make a new long-lived access token and save it under Settings → Channels → Instagram → Configure."
#define FIX_RELINK \
	"Link the Instagram account and the Facebook Page again (Instagram app → Settings → Account → " \
	"Linked Accounts), see that two-factor authentication is set up where the Page asks for it, then make a new token."
#define FIX_WAIT "Nothing to do: the message goes out by itself when Instagram allows it."
#define FIX_WINDOW \
	"Wait for the customer to write again. Within 7 days of the customer's last message a person may reply with the " \
	"HUMAN_AGENT tag, if the Meta app has the Human Agent feature."
#define FIX_SECRET \
	"Copy the App Secret again from Meta App → Settings → Basic → App secret of the app that made " \
	"the token, and save it under Settings → Channels → Instagram → Configure."
#define FIX_SUPPORT "Open Account Quality in Meta Business Suite: Meta says there why, and what lifts it."
#define FIX_CONTROL \
	"Finish the conversation in the other app, or make this app the default under Page settings → Advanced " \
	"messaging → Conversation routing."
#define FIX_LOOK "Look in the Instagram app whether it arrived, and send it again only if it did not."
#define FIX_MEDIA "Use a smaller file, of a type that Instagram takes, at an address that anybody can open."
#define REASON_RATE "Instagram limits how fast this account may send."
#define REASON_WINDOW "Cannot DM, customer outside 24-hour window"
#define REASON_AWAY "The customer cannot be reached: the account was closed, or has blocked yours."
#define REASON_OTHER_APP "Another app controls this conversation, so Instagram refuses replies from this one."

static const struct meta_fault faults[] = {
	/* The token. */
	META_ROW(190, 458, TRIXY_RECONNECT, "app_removed",
	    "The access token is no longer valid: the app was removed from the account.", FIX_TOKEN),
	META_ROW(190, 459, TRIXY_RECONNECT, "login_needed",
	    "The access token is no longer valid: its owner must first log in to Facebook and answer a security "
	    "question.",
	    FIX_TOKEN),
	META_ROW(190, 460, TRIXY_RECONNECT, "password_changed",
	    "The access token is no longer valid: its owner changed the password.", FIX_TOKEN),
	META_ROW(190, 463, TRIXY_RECONNECT, "token_expired", "The access token has expired.", FIX_TOKEN),
	META_ROW(190, 464, TRIXY_RECONNECT, "user_unconfirmed",
	    "The access token is no longer valid: its owner's account is not confirmed.", FIX_TOKEN),
	META_ROW(190, 467, TRIXY_RECONNECT, "token_invalid", "The access token is no longer valid.", FIX_TOKEN),
	META_ROW(190, 492, TRIXY_RECONNECT, "role_lost",
	    "The access token is no longer valid: its owner lost the role on the Page.", FIX_TOKEN),
	META_ROW(190, META_ANY, TRIXY_RECONNECT, "token_invalid", "The access token is no longer valid.", FIX_TOKEN),
	META_ROW(102, META_ANY, TRIXY_RECONNECT, "session_invalid", "The access token's session has ended.", FIX_TOKEN),

	/* The window. 2018278 is Messenger's number for it. */
	META_ROW(10, 2534022, TRIXY_FAILED, "window_closed", REASON_WINDOW, FIX_WINDOW),
	META_ROW(10, 2018278, TRIXY_FAILED, "window_closed", REASON_WINDOW, FIX_WINDOW),
	META_ROW_WORDS(10, "outside of allowed window", TRIXY_FAILED, "window_closed", REASON_WINDOW, FIX_WINDOW),

	/* The customer. */
	META_ROW(10, 2018108, TRIXY_FAILED, "person_unavailable", REASON_AWAY, "Wait until the customer writes again, or reach them another way."),
	META_ROW(200, 1545041, TRIXY_FAILED, "person_unavailable", REASON_AWAY, "Wait until the customer writes again, or reach them another way."),
	META_ROW(551, META_ANY, TRIXY_FAILED, "person_unavailable", REASON_AWAY, "Wait until the customer writes again, or reach them another way."),
	META_ROW(100, 2534014, TRIXY_FAILED, "no_such_person", "Instagram knows no such customer for this account.",
	    "The customer's account was deleted, or wrote to another account of yours: reply from that one."),
	META_ROW(100, 2018001, TRIXY_FAILED, "no_such_person", "Instagram knows no such customer for this account.",
	    "The customer's account was deleted, or wrote to another account of yours: reply from that one."),
	META_ROW(9010, META_ANY, TRIXY_FAILED, "no_such_person", "Instagram knows no such customer for this account.",
	    "The customer's account was deleted, or wrote to another account of yours: reply from that one."),
	META_ROW(100, 2534001, TRIXY_FAILED, "thread_gone", "The conversation was archived or deleted on Instagram.",
	    "Wait for the customer to write again."),
	META_ROW(9000001, META_ANY, TRIXY_FAILED, "message_deleted", "That message was deleted on Instagram.",
	    "Wait until the customer writes again, or reach them another way."),

	/* Another app. 2018300 is Messenger's number for it. A hold of the whole account would be wrong: it is
	 * this conversation only. */
	META_ROW(100, 2534037, TRIXY_FAILED, "not_thread_owner", REASON_OTHER_APP, FIX_CONTROL),
	META_ROW(100, 2018300, TRIXY_FAILED, "not_thread_owner", REASON_OTHER_APP, FIX_CONTROL),
	META_ROW(10, 2018300, TRIXY_FAILED, "not_thread_owner", REASON_OTHER_APP, FIX_CONTROL),
	META_ROW_WORDS(10, "controlling this thread", TRIXY_FAILED, "not_thread_owner", REASON_OTHER_APP, FIX_CONTROL),

	/* The account, in a way that a person must mend. */
	META_ROW(200, 2534041, TRIXY_HOLD, "messages_access_off",
	    "The Instagram account does not let apps read and send its messages.",
	    "In the Instagram app: Settings → Messages and story replies → Message controls → Connected tools: "
	    "switch on Allow access to messages."),
	META_ROW(10, 2534077, TRIXY_HOLD, "page_link_broken",
	    "Meta cannot verify that the Page, the Instagram account and the token's owner belong together.",
	    FIX_RELINK),
	META_ROW(100, 2534013, TRIXY_HOLD, "page_not_linked", "The Facebook Page is not linked to an Instagram account.",
	    FIX_RELINK),
	META_ROW(100, 2534029, TRIXY_HOLD, "account_blocked", "Meta has blocked this business from Instagram messaging.",
	    FIX_SUPPORT),
	META_ROW(36103, META_ANY, TRIXY_HOLD, "not_eligible", "This Instagram account may not use the messaging API.",
	    "Make it a Business or Creator account in the Instagram app, and link it to the Page."),
	META_ROW(613, 2018338, TRIXY_HOLD, "tag_abuse",
	    "Meta warns that this account uses message tags for what they are not meant for.",
	    "Reply with a tag only to questions that the customer asked. See Account Quality in Meta Business Suite, "
	    "then check the connection."),
	META_ROW_WORDS(100, "appsecret_proof", TRIXY_HOLD, "app_secret_wrong",
		  "The App Secret does not belong to the app that made the token.", FIX_SECRET),
	META_ROW(100, 33, TRIXY_HOLD, "object_missing",
	    "Meta does not know the Page or account id, or the token may not use it.",
	    "Compare the Page ID and the IG User ID with Meta's, and make the token for that Page."),

	/* The account, for a while. */
	META_ROW_WAIT(10, 1893063, 4 * META_HOUR_MS, "account_restricted",
		 "Instagram has restricted this account from sending for a time.", FIX_SUPPORT),
	META_ROW_WAIT(368, META_ANY, META_HOUR_MS, "policy_block",
		 "Meta has blocked this account from sending for a time, for its policies.", FIX_SUPPORT),
	META_ROW_WAIT(4, META_ANY, 0, "rate_limited", REASON_RATE, FIX_WAIT),
	META_ROW_WAIT(17, META_ANY, 0, "rate_limited", REASON_RATE, FIX_WAIT),
	META_ROW_WAIT(32, META_ANY, 0, "rate_limited", REASON_RATE, FIX_WAIT),
	META_ROW_WAIT(613, META_ANY, 0, "rate_limited", REASON_RATE, FIX_WAIT),
	/* Business use case limits: 80001 Pages, 80002 Instagram, 80006 Messenger; the others are kin. */
	{80000, 80014, META_ANY, NULL, TRIXY_PARK, false, 0, TRIXY_TEXT("rate_limited"), TRIXY_TEXT(REASON_RATE),
	 TRIXY_TEXT(FIX_WAIT)},

	/* The message. */
	META_ROW(100, 2534015, TRIXY_FAILED, "message_invalid", "Instagram does not accept this message.",
	    "Write it differently and send it again."),
	META_ROW(100, 2534025, TRIXY_FAILED, "message_invalid", "Instagram does not allow a private reply to this comment.",
	    "Wait until the customer writes again, or reach them another way."),
	META_ROW(100, 2018008, TRIXY_FAILED, "media_unreachable", "Instagram could not fetch the attachment.", FIX_MEDIA),
	META_ROW(100, 2018047, TRIXY_FAILED, "media_type", "The attachment is not of the type that it was sent as.",
	    FIX_MEDIA),
	META_ROW(100, 2018109, TRIXY_FAILED, "media_too_big", "The attachment is too big for Instagram.", FIX_MEDIA),
	META_ROW(100, 2018294, TRIXY_FAILED, "media_timeout", "Instagram took too long to fetch the video.", FIX_MEDIA),

	/* "An error although it was sent", and the one that is related to permissions or not, says Meta. */
	META_ROW(1, 1357046, TRIXY_UNKNOWN, "perhaps_sent",
	    "Instagram reported an error, but may have sent the message all the same.", FIX_LOOK),
	META_ROW(1, 99, TRIXY_UNKNOWN, "perhaps_sent",
	    "Instagram reported an error, but may have sent the message all the same.", FIX_LOOK),
	META_ROW(1, META_ANY, TRIXY_RETRY, "temporary", "Instagram has a passing fault.", FIX_WAIT),
	/* 2 may also mean that the customer blocked us: the server's attempts end. */
	META_ROW(2, META_ANY, TRIXY_RETRY, "temporary", "Instagram has a passing fault.", FIX_WAIT),

	/* What is left of the broad codes. */
	META_ROW_QUOTE(3, 3, TRIXY_HOLD, "permission_missing", "The Meta app lacks a capability.",
		  "Add it in the App Dashboard (App Review), then make a new token."),
	META_ROW_QUOTE(10, 10, TRIXY_HOLD, "permission_missing",
		  "The access token lacks a permission, or the Meta app a feature.",
		  "Make a new token with instagram_manage_messages and pages_messaging (or "
		  "instagram_business_manage_messages). "
		  "A reply with the HUMAN_AGENT tag needs the Human Agent feature of the app."),
	META_ROW_QUOTE(200, 299, TRIXY_HOLD, "permission_missing",
		  "The access token lacks a permission, or the Meta app a feature.",
		  "Make a new token with instagram_manage_messages and pages_messaging (or "
		  "instagram_business_manage_messages). "
		  "A reply with the HUMAN_AGENT tag needs the Human Agent feature of the app."),
	META_ROW_QUOTE(100, 100, TRIXY_FAILED, "bad_parameter", "Instagram does not accept this message.",
		  "If other messages fail too, run Check connection; the log has Meta's codes."),
	META_ROW_QUOTE(INT64_MIN, INT64_MAX, TRIXY_FAILED, "unknown_error", "Instagram refused the message.",
		  "Try once more; if that fails too, run Check connection. The log has Meta's codes."),
};

static const struct meta_fault passing =
	META_ROW_QUOTE(0, 0, TRIXY_RETRY, "temporary", "Instagram has a passing fault.", FIX_WAIT);

const struct meta_faults ig_faults = {faults, sizeof(faults) / sizeof(faults[0]), &passing, TRIXY_TEXT("Instagram")};
