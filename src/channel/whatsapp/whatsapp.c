/* WhatsApp, a channel of MailTrixy: its constants and the list of its functions. It stands in the core and is made like an addon:
 * of the server it knows the interface alone. */
#include "channel/whatsapp/whatsapp.h"

#include "channel/whatsapp/check.h"
#include "channel/whatsapp/media.h"
#include "channel/whatsapp/send.h"
#include "channel/whatsapp/template.h"
#include "channel/whatsapp/webhook.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DAY_MS INT64_C(86400000)
#define KB UINT64_C(1024)
#define MB (1024 * KB)

#define CLOUD 1u /* bit of struct trixy_field.backends */

static const struct trixy_backend backends[] = {
	{
		.size = sizeof(struct trixy_backend),
		.slug = TRIXY_TEXT("cloud"),
		.name = TRIXY_TEXT("WhatsApp Cloud API"),
		.help = TRIXY_TEXT("For a phone number of a WhatsApp Business Account that is registered with Meta's Cloud API."),
		.base_url = TRIXY_TEXT("https://graph.facebook.com"),
		.url_setting = TRIXY_TEXT("graph_url"),
	},
};

#define FIELD(flags_, max_, name_, label_, help_, placeholder_) \
	{ .size = sizeof(struct trixy_field), .flags = (flags_), .max_bytes = (max_), .backends = CLOUD, .name = TRIXY_TEXT(name_), \
	  .label = TRIXY_TEXT(label_), .help = TRIXY_TEXT(help_), .placeholder = TRIXY_TEXT(placeholder_) }

static const struct trixy_field fields[] = {
	FIELD(TRIXY_FIELD_REQUIRED | TRIXY_FIELD_KEY | TRIXY_FIELD_DIGITS, 64, "phone_number_id", "Phone Number ID",
	      "Meta App → WhatsApp → API setup, under the number. It is Meta's id, not the phone number itself.", "106540352242922"),
	FIELD(TRIXY_FIELD_REQUIRED | TRIXY_FIELD_SECRET, 4096, "access_token", "Access Token",
	      "The token of a System User, with whatsapp_business_messaging and whatsapp_business_management: Meta Business settings → "
	      "Users → System users → Generate token. The token of the API setup page ends after some hours.",
	      "EAA…"),
	FIELD(TRIXY_FIELD_VERIFY, 255, "verify_token", "Verify Token",
	      "A word of your own choice. Type the same one in Meta App → WhatsApp → Configuration, beside the Webhook URL. Left empty, "
	      "one is made for you.",
	      "my-secret-word"),
	FIELD(TRIXY_FIELD_REQUIRED | TRIXY_FIELD_SECRET | TRIXY_FIELD_SIGNS, 255, "app_secret", "App Secret",
	      "Proves that webhooks come from Meta. Meta App → Settings → Basic → App secret (click Show).", "32 characters"),
	FIELD(TRIXY_FIELD_LEARNED | TRIXY_FIELD_DIGITS, 64, "waba_id", "WhatsApp Business Account ID",
	      "Meta App → WhatsApp → API setup. Found out by itself when left empty, unless the token opens several accounts.",
	      "102290129340398"),
	FIELD(TRIXY_FIELD_LEARNED | TRIXY_FIELD_HANDLE, 64, "display_phone_number", "Phone number", "Only for display.", "+1 555 000 1111"),
	FIELD(TRIXY_FIELD_LEARNED | TRIXY_FIELD_NAME, 255, "verified_name", "Display name", "Only for display: as customers see it.",
	      "Our shop"),
};

static const struct trixy_checklist_item permissions[] = {
	{TRIXY_TEXT("whatsapp_business_messaging"), TRIXY_TEXT("to receive and send messages and files")},
	{TRIXY_TEXT("whatsapp_business_management"), TRIXY_TEXT("to read templates and the number's state, and to subscribe to webhooks")},
};

static const struct trixy_checklist_item subscriptions[] = {
	{TRIXY_TEXT("messages"), TRIXY_TEXT("what customers write, and what became of what you sent")},
	{TRIXY_TEXT("smb_message_echoes"), TRIXY_TEXT("optional: what is written in the WhatsApp Business phone app on the same number")},
	{TRIXY_TEXT("history"), TRIXY_TEXT("optional: what was written in that app before")},
	{TRIXY_TEXT("calls"), TRIXY_TEXT("optional: customers' calls, which also open the 24 hours")},
	{TRIXY_TEXT("message_template_status_update"), TRIXY_TEXT("optional: approvals of templates, noted in the webhook log")},
};

#define STEP(title_, detail_) \
	{ .size = sizeof(struct trixy_checklist), .title = TRIXY_TEXT(title_), .detail = TRIXY_TEXT(detail_) }
#define STEP_ITEMS(title_, detail_, items_) \
	{ .size = sizeof(struct trixy_checklist), .item_count = COUNT(items_), .title = TRIXY_TEXT(title_), \
	  .detail = TRIXY_TEXT(detail_), .items = (items_) }

static const struct trixy_checklist checklist[] = {
	STEP("Create a Business app", "At developers.facebook.com → My Apps → Create App, type Business."),
	STEP("Add the WhatsApp product", "In the Meta App Dashboard: Add product → WhatsApp → Set up, with your business."),
	STEP("Add your phone number",
	     "Meta App → WhatsApp → API setup → Add phone number. A number that is in use in the WhatsApp app must leave it first, unless "
	     "both shall be used together."),
	STEP_ITEMS("Make a System User's token with these permissions",
		   "Meta Business settings → Users → System users: give it the app and the WhatsApp account as assets, then Generate token.",
		   permissions),
	STEP("Set the Callback URL", "In the Meta App Dashboard → WhatsApp → Configuration: the Webhook URL shown here as Callback URL, and "
				     "the Verify Token that a workspace chose or was given when it connected."),
	STEP_ITEMS("Subscribe to these fields", "In the Meta App Dashboard → WhatsApp → Configuration → Webhook fields.", subscriptions),
	STEP("Switch the app to Live", "While it is in development, Meta does not send all webhooks, and test numbers reach listed people only."),
	STEP("Add a payment method", "Meta Business Suite → Billing & payments: templates that open a conversation are billed."),
};

static const struct trixy_text webhook_fields[] = {TRIXY_TEXT("messages")};

#define MEDIA(type_, max_, caption_, types_, help_) \
	{ .size = sizeof(struct trixy_media_rule), .type = (type_), .max_bytes = (max_), .caption_max = (caption_), \
	  .mime_types = TRIXY_TEXT(types_), .help = TRIXY_TEXT(help_) }

#define WORD_TYPES "application/msword application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#define SHEET_TYPES "application/vnd.ms-excel application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#define SLIDE_TYPES "application/vnd.ms-powerpoint application/vnd.openxmlformats-officedocument.presentationml.presentation"

/* Meta: "Media", Supported media types. WebP is a sticker, and nothing else. */
static const struct trixy_media_rule media_rules[] = {
	MEDIA(TRIXY_MESSAGE_IMAGE, 5 * MB, WA_CAPTION_MAX, "image/jpeg image/png", "Save it as JPEG or PNG, up to 5 MB."),
	MEDIA(TRIXY_MESSAGE_VIDEO, 16 * MB, WA_CAPTION_MAX, "video/mp4 video/3gpp",
	      "Save it as MP4 (H.264 and AAC) or 3GP, up to 16 MB: shorter or smaller."),
	MEDIA(TRIXY_MESSAGE_AUDIO, 16 * MB, 0, "audio/aac audio/amr audio/mpeg audio/mp4 audio/ogg",
	      "Save it as MP3, M4A, AAC, AMR or OGG (Opus, mono), up to 16 MB."),
	MEDIA(TRIXY_MESSAGE_FILE, 100 * MB, WA_CAPTION_MAX, "text/plain application/pdf " WORD_TYPES " " SHEET_TYPES " " SLIDE_TYPES,
	      "Save it as PDF, text, Word, Excel or PowerPoint, up to 100 MB."),
	MEDIA(TRIXY_MESSAGE_STICKER, 500 * KB, 0, "image/webp", "Stickers are WebP: up to 100 KB, animated ones up to 500 KB."),
};

/* Where Meta keeps what customers send: "lookaside.fbsbx.com-style Meta hosts". The token goes to these alone. */
static const struct trixy_text media_hosts[] = {TRIXY_TEXT("fbsbx.com"), TRIXY_TEXT("fbcdn.net"), TRIXY_TEXT("whatsapp.net"),
						TRIXY_TEXT("graph.facebook.com"), TRIXY_TEXT("lookaside.facebook.com")};

const struct trixy_channel whatsapp_channel = {
	.size = sizeof(struct trixy_channel),
	.text_unit = TRIXY_UNIT_CHARACTERS,
	.text_max = WA_TEXT_MAX,
	.window_ms = DAY_MS,
	.slug = TRIXY_TEXT("whatsapp"),
	.name = TRIXY_TEXT("WhatsApp"),
	.window_error = TRIXY_TEXT("More than 24 hours have passed since the customer's last message. Send an approved template instead."),
	.webhook_path = TRIXY_TEXT("/api/webhooks/whatsapp"),
	.account_table = TRIXY_TEXT("whatsapp_accounts"),
	.api_version = TRIXY_TEXT("v25.0"),
	.backend_count = COUNT(backends),
	.field_count = COUNT(fields),
	.checklist_count = COUNT(checklist),
	.webhook_field_count = COUNT(webhook_fields),
	.backends = backends,
	.fields = fields,
	.checklist = checklist,
	.webhook_fields = webhook_fields,
	.read_webhook = wa_read_webhook,
	.compose = wa_compose,
	.read_answer = wa_read_answer,
	.check_request = wa_check_request,
	.check_answer = wa_check_answer,
	.subscribe_request = wa_subscribe_request,
	.subscribe_answer = wa_subscribe_answer,
	.can = TRIXY_CAN_QUOTE | TRIXY_CAN_REACT | TRIXY_CAN_SEEN | TRIXY_CAN_TYPING | TRIXY_CAN_TEMPLATES | TRIXY_CAN_VOICE |
	       TRIXY_TYPING_IS_SEEN,
	.text_style = TRIXY_STYLE_WHATSAPP,
	.media_rule_count = COUNT(media_rules),
	.media_host_count = COUNT(media_hosts),
	.media_rules = media_rules,
	.media_hosts = media_hosts,
	.media_request = wa_media_request,
	.media_answer = wa_media_answer,
	.upload_request = wa_upload_request,
	.upload_answer = wa_upload_answer,
	.templates_request = wa_templates_request,
	.templates_answer = wa_templates_answer,
};
