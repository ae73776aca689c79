/* Instagram Direct Messages, a channel of MailTrixy: its constants and the list of its functions. */
#include "check.h"
#include "profile.h"
#include "renew.h"
#include "send.h"
#include "subscribe.h"
#include "webhook.h"

#include <mailtrixy/addon.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DAY_MS INT64_C(86400000)

/* Bits of struct trixy_field.backends, by the order of backends[]. */
#define FACEBOOK 1u
#define INSTAGRAM 2u

static const struct trixy_backend backends[] = {
	{
		.size = sizeof(struct trixy_backend),
		.slug = TRIXY_TEXT("facebook"),
		.name = TRIXY_TEXT("Facebook Page (Facebook Login)"),
		.help = TRIXY_TEXT("For an Instagram account that is linked to a Facebook Page: messages go by the "
				   "Page's access token."),
		.base_url = TRIXY_TEXT("https://graph.facebook.com"),
		.url_setting = TRIXY_TEXT("graph_url"),
	},
	{
		.size = sizeof(struct trixy_backend),
		.slug = TRIXY_TEXT("instagram"),
		.name = TRIXY_TEXT("Instagram account (Instagram Login)"),
		.help = TRIXY_TEXT("For an Instagram account without a Facebook Page: messages go by the account's own "
				   "access token, "
				   "which is renewed by itself."),
		.base_url = TRIXY_TEXT("https://graph.instagram.com"),
		.url_setting = TRIXY_TEXT("instagram_graph_url"),
	},
};

/* In the order of the guide's Step 3. */
static const struct trixy_field fields[] = {
	{
		.size = sizeof(struct trixy_field),
		.flags = TRIXY_FIELD_REQUIRED | TRIXY_FIELD_DIGITS,
		.max_bytes = 64,
		.backends = FACEBOOK,
		.name = TRIXY_TEXT("page_id"),
		.label = TRIXY_TEXT("Page ID"),
		.help = TRIXY_TEXT(
			"The Facebook Page linked to the Instagram account. Graph API Explorer: GET /me/accounts, "
			"\"id\"; or the Page → About → Page transparency."),
		.placeholder = TRIXY_TEXT("102290129340398"),
	},
	{
		.size = sizeof(struct trixy_field),
		.flags = TRIXY_FIELD_NAME,
		.max_bytes = 255,
		.backends = FACEBOOK,
		.name = TRIXY_TEXT("page_name"),
		.label = TRIXY_TEXT("Page Name"),
		.help = TRIXY_TEXT("Only for display. Graph API Explorer: GET /me/accounts, \"name\"."),
		.placeholder = TRIXY_TEXT("Our shop"),
	},
	{
		.size = sizeof(struct trixy_field),
		.flags = TRIXY_FIELD_REQUIRED | TRIXY_FIELD_KEY | TRIXY_FIELD_DIGITS,
		.max_bytes = 64,
		.backends = FACEBOOK | INSTAGRAM,
		.name = TRIXY_TEXT("ig_user_id"),
		.label = TRIXY_TEXT("IG User ID"),
		.help = TRIXY_TEXT(
			"The Instagram Business Account ID, 17 digits. Facebook Login: GET /me/accounts?fields="
			"instagram_business_account, its \"id\". Instagram Login: GET /me?fields=user_id, "
			"\"user_id\"."),
		.placeholder = TRIXY_TEXT("17841400000000001"),
	},
	{
		.size = sizeof(struct trixy_field),
		.flags = TRIXY_FIELD_HANDLE,
		.max_bytes = 255,
		.backends = FACEBOOK | INSTAGRAM,
		.name = TRIXY_TEXT("ig_username"),
		.label = TRIXY_TEXT("IG Username"),
		.help = TRIXY_TEXT("Only for display: the account's name in the Instagram app, without @."),
		.placeholder = TRIXY_TEXT("our.shop"),
	},
	{
		.size = sizeof(struct trixy_field),
		.flags = TRIXY_FIELD_REQUIRED | TRIXY_FIELD_SECRET,
		.max_bytes = 4096,
		.backends = FACEBOOK,
		.name = TRIXY_TEXT("page_access_token"),
		.label = TRIXY_TEXT("Page Access Token"),
		.help = TRIXY_TEXT(
			"The Page's long-lived token with pages_messaging and instagram_manage_messages. Graph API "
			"Explorer: GET /me/accounts with a long-lived user token, \"access_token\"."),
		.placeholder = TRIXY_TEXT("EAA…"),
	},
	{
		.size = sizeof(struct trixy_field),
		.flags = TRIXY_FIELD_REQUIRED | TRIXY_FIELD_SECRET,
		.max_bytes = 4096,
		.backends = INSTAGRAM,
		.name = TRIXY_TEXT("ig_access_token"),
		.label = TRIXY_TEXT("Instagram Access Token"),
		.help = TRIXY_TEXT(
			"The account's long-lived token with instagram_business_basic and "
			"instagram_business_manage_messages. Meta App → Instagram → API setup with Instagram login → "
			"Generate token."),
		.placeholder = TRIXY_TEXT("IGAA…"),
	},
	{
		.size = sizeof(struct trixy_field),
		.flags = TRIXY_FIELD_REQUIRED | TRIXY_FIELD_SECRET | TRIXY_FIELD_SIGNS,
		.max_bytes = 255,
		.backends = FACEBOOK | INSTAGRAM,
		.name = TRIXY_TEXT("app_secret"),
		.label = TRIXY_TEXT("App Secret"),
		.help = TRIXY_TEXT(
			"Verifies that webhooks come from Meta. Meta App → Settings → Basic → App secret (click Show). "
			"With Instagram Login, if signatures do not match, take the Instagram app secret of API "
			"setup."),
		.placeholder = TRIXY_TEXT("32 characters"),
	},
};

/* Others never held for Instagram, and are gone since 2026-04-27. */
static const struct trixy_tag tags[] = {
	{
		.size = sizeof(struct trixy_tag),
		.tag = TRIXY_TEXT(IG_TAG_HUMAN_AGENT),
		.label = TRIXY_TEXT("Human agent"),
		.help = TRIXY_TEXT(
			"A person's answer to what the customer asked, up to 7 days after the customer's last message. "
			"The Meta app needs the Human Agent feature (App Review). Never for automatic messages."),
	},
};

static const struct trixy_checklist_item permissions[] = {
	{TRIXY_TEXT("instagram_basic"), TRIXY_TEXT("to read which Instagram account belongs to the Page")},
	{TRIXY_TEXT("instagram_manage_messages"), TRIXY_TEXT("to receive and send direct messages")},
	{TRIXY_TEXT("pages_messaging"), TRIXY_TEXT("to send in the Page's name")},
	{TRIXY_TEXT("pages_manage_metadata"), TRIXY_TEXT("to subscribe the Page to webhooks: without it no message arrives")},
};

static const struct trixy_checklist_item subscriptions[] = {
	{TRIXY_TEXT("messages"), TRIXY_TEXT("what customers write, and echoes of what was sent from elsewhere")},
	{TRIXY_TEXT("messaging_postbacks"), TRIXY_TEXT("tapped buttons and ice breakers")},
	{TRIXY_TEXT("message_reactions"), TRIXY_TEXT("optional, where offered: reactions")},
	{TRIXY_TEXT("messaging_seen"), TRIXY_TEXT("optional, where offered: read receipts")},
	{TRIXY_TEXT("message_edit"), TRIXY_TEXT("optional, where offered: edited messages")},
	{TRIXY_TEXT("messaging_referral"),
	 TRIXY_TEXT("optional, where offered: customers who come by a link or an advertisement")},
	{TRIXY_TEXT("standby"), TRIXY_TEXT("optional, where offered: conversations that another app holds")},
};

static const struct trixy_checklist_item instagram_permissions[] = {
	{TRIXY_TEXT("instagram_business_basic"), TRIXY_TEXT("to read the account's id and name")},
	{TRIXY_TEXT("instagram_business_manage_messages"), TRIXY_TEXT("to receive and send direct messages")},
};

#define STEP(title_, detail_) \
	{ .size = sizeof(struct trixy_checklist), .title = TRIXY_TEXT(title_), .detail = TRIXY_TEXT(detail_) }
#define STEP_ITEMS(title_, detail_, items_) \
	{ .size = sizeof(struct trixy_checklist), .item_count = COUNT(items_), .title = TRIXY_TEXT(title_), \
	  .detail = TRIXY_TEXT(detail_), .items = (items_) }

static const struct trixy_checklist checklist[] = {
	STEP("Create a Business app", "At developers.facebook.com → My Apps → Create App, type Business."),
	STEP("Add the Instagram product", "In the Meta App Dashboard: Add product → Instagram → Set up."),
	STEP_ITEMS("Request these permissions",
		   "For accounts that connect by a Facebook Page. App Review → Permissions and features.", permissions),
	STEP_ITEMS("With Instagram Login, request these instead", "For accounts that connect without a Page.",
		   instagram_permissions),
	STEP("Set the Callback URL", "In the Meta App Dashboard → Webhooks → Instagram: the Webhook URL shown here as "
				     "Callback URL, and the Verify Token that a workspace was given when it connected."),
	STEP_ITEMS("Subscribe to these fields", "In the Meta App Dashboard → Webhooks → Instagram.", subscriptions),
	STEP("Submit for App Review",
	     "Usually 1–5 business days. In Development Mode the app can only message accounts that have a role in it. "
	     "Then switch the app to Live. For replies after 24 hours also ask for the Human Agent feature."),
};

static const struct trixy_text webhook_fields[] = {TRIXY_TEXT("messages"), TRIXY_TEXT("messaging_postbacks")};

#define MB(n) ((uint64_t)(n) * 1024 * 1024)
#define MEDIA(type_, max_mb, types, help_) \
	{ .size = sizeof(struct trixy_media_rule), .type = (type_), .max_bytes = MB(max_mb), .mime_types = TRIXY_TEXT(types), \
	  .help = TRIXY_TEXT(help_) }

/* Meta: Instagram, "Send a Message", Media types and specifications. */
static const struct trixy_media_rule media_rules[] = {
	MEDIA(TRIXY_MESSAGE_IMAGE, 8, "image/png image/jpeg image/gif", "Save it as PNG or JPEG."),
	MEDIA(TRIXY_MESSAGE_VIDEO, 25, "video/mp4 video/ogg video/x-msvideo video/quicktime video/webm",
	      "Save it as MP4, shorter or smaller."),
	MEDIA(TRIXY_MESSAGE_AUDIO, 25, "audio/aac audio/mp4 audio/wav", "Save it as M4A, AAC or WAV."),
	MEDIA(TRIXY_MESSAGE_FILE, 25, "application/pdf", "Save it as PDF: Instagram takes no other documents."),
};

static const struct trixy_text reactions[] = {TRIXY_TEXT(IG_EMOJI_LOVE)};

/* Where Meta keeps what people send (attachments carry their signed addresses; no token goes there). */
static const struct trixy_text media_hosts[] = {TRIXY_TEXT("fbsbx.com"), TRIXY_TEXT("fbcdn.net"),
						TRIXY_TEXT("cdninstagram.com")};

static const struct trixy_channel channel = {
	.size = sizeof(struct trixy_channel),
	.text_unit = TRIXY_UNIT_BYTES,
	.text_max = IG_TEXT_MAX,
	.window_ms = DAY_MS,
	.tag_window_ms = 7 * DAY_MS,
	.slug = TRIXY_TEXT("instagram"),
	.name = TRIXY_TEXT("Instagram"),
	.window_error = TRIXY_TEXT("Cannot DM, customer outside 24-hour window"),
	.webhook_path = TRIXY_TEXT("/addons/instagram/webhook"),
	.account_table = TRIXY_TEXT("instagram_accounts"),
	.api_version = TRIXY_TEXT("v25.0"),
	.backend_count = COUNT(backends),
	.field_count = COUNT(fields),
	.tag_count = COUNT(tags),
	.checklist_count = COUNT(checklist),
	.webhook_field_count = COUNT(webhook_fields),
	.backends = backends,
	.fields = fields,
	.tags = tags,
	.checklist = checklist,
	.webhook_fields = webhook_fields,
	.read_webhook = ig_read_webhook,
	.compose = ig_compose,
	.read_answer = ig_read_answer,
	.profile_request = ig_profile_request,
	.profile_answer = ig_profile_answer,
	.check_request = ig_check_request,
	.check_answer = ig_check_answer,
	.subscribe_request = ig_subscribe_request,
	.subscribe_answer = ig_subscribe_answer,
	.can = TRIXY_CAN_QUOTE | TRIXY_CAN_REACT | TRIXY_CAN_SEEN | TRIXY_CAN_TYPING | TRIXY_CAN_VOICE,
	.text_style = TRIXY_STYLE_PLAIN,
	.media_rule_count = COUNT(media_rules),
	.reaction_count = COUNT(reactions),
	.media_host_count = COUNT(media_hosts),
	.media_rules = media_rules,
	.reactions = reactions,
	.media_hosts = media_hosts,
	.renew_request = ig_renew_request,
	.renew_answer = ig_renew_answer,
};

static const struct trixy_addon addon = {
	.size = sizeof(struct trixy_addon),
	.abi_major = TRIXY_ABI_MAJOR,
	.abi_minor = TRIXY_ABI_MINOR,
	.slug = TRIXY_TEXT("instagram"),
	.name = TRIXY_TEXT("Instagram Direct Messages"),
	.version = TRIXY_TEXT("1.0.0"),
	.channel = &channel,
};

const struct trixy_addon *trixy_addon_entry(void)
{
	return &addon;
}
