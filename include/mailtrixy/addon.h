/*
 * addon.h - the interface between MailTrixy and a channel addon. ABI 1.1.
 *
 * NAME
 *	A channel addon teaches MailTrixy one more way in which customers write: Instagram, for
 *	example. It is a shared object inside a signed zip and exports one function,
 *	trixy_addon_entry(), which returns one constant struct trixy_addon.
 *
 * WHAT A CHANNEL IS
 *	Constants (limits, form fields, texts) and pure functions. A channel does no I/O: no socket,
 *	file, database, environment or clock. It turns the bytes of a webhook into events, a draft
 *	into one HTTP request, and the answer to that request into an outcome. MailTrixy verifies
 *	signatures, stores, sends, retries, keeps the windows and tells the browsers.
 *
 * MEMORY
 *	Everything that a function returns through a pointer is allocated with the struct trixy_memory
 *	it was given, or is a constant of the addon; the caller frees it all at once. Inputs are valid
 *	only until the function returns, events handed to a sink only until emit() returns: each side
 *	copies what it keeps. A function keeps no pointer and no state between calls, and may be called
 *	from several threads at once.
 *
 * TEXT
 *	UTF-8 with a length, not NUL-terminated. {NULL, 0} means "not there", which differs from "".
 *	MailTrixy checks all that it receives (UTF-8, lengths, known numbers) as it would a stranger's
 *	input: an event that breaks a rule is journalled as failed, the others are applied. In bytes, at
 *	most: ids and keys 512, addresses 4,096, texts, titles, payloads and details 65,536, names and
 *	sentences 2,000, reactions, emoji and a detail's name 64, a type 255, a hash 128. An event has at
 *	most 64 attachments, an attachment 32 details, a body 20,000 events. Words in answers (reason, fix,
 *	detail, explanation) are cut at 1,000, a code at 64, and dropped when they are not UTF-8.
 *
 * RESULTS
 *	0 is success. TRIXY_EINVAL: these bytes are not what this function reads. TRIXY_ENOMEM: memory
 *	ran out. TRIXY_END: there is no such step. Other values count as TRIXY_EINVAL. A function that
 *	reads an answer and returns no 0 has read nothing: after read_answer the message counts as
 *	TRIXY_UNKNOWN, after upload_answer as TRIXY_RETRY, after media_answer as TRIXY_MEDIA_RETRY.
 *
 * GROWING
 *	Every struct begins with its size as the side that filled it knows it. Structs grow at the end
 *	only; a reader touches a later member only if `size` covers it (TRIXY_HAS). The minor number
 *	rises when something is appended, the major number when something changes or goes. A server
 *	loads an addon of its own major number and of a minor number no higher than its own.
 *	An array of structs is walked by the size that its first element tells (TRIXY_AT).
 *	  1.0	first version
 *	  1.1	files both ways, templates, reactions and quotes from us, read receipts and typing, a customer's
 *		second id, history, tokens that are renewed; all of it optional
 */
#ifndef MAILTRIXY_ADDON_H
#define MAILTRIXY_ADDON_H

#include <stddef.h>
#include <stdint.h>

#define TRIXY_ABI_MAJOR 1u
#define TRIXY_ABI_MINOR 1u

#define TRIXY_EXPORT __attribute__((visibility("default")))

#define TRIXY_EINVAL (-1)
#define TRIXY_ENOMEM (-2)
#define TRIXY_END (-3)

/* True when *s, filled by the other side, is new enough to hold member m. */
#define TRIXY_HAS(s, m) ((s)->size >= offsetof(__typeof__(*(s)), m) + sizeof((s)->m))

/* Element i of an array that the other side filled: its structs may be shorter or longer than ours. */
#define TRIXY_AT(array, i) \
	((const __typeof__(*(array)) *)(const void *)((const char *)(array) + (uint64_t)(i) * (array)->size))

struct trixy_text {
	const char *p;
	uint64_t len;
};
#define TRIXY_TEXT(lit) { "" lit "", sizeof(lit) - 1 }

/* Where a function takes memory from. alloc() gives `bytes` zeroed bytes aligned for any object,
 * or NULL when the caller's limit is reached. There is no free: the caller drops it all. */
struct trixy_memory {
	uint32_t size;
	uint32_t reserved;
	void *(*alloc)(struct trixy_memory *memory, uint64_t bytes);
};

struct trixy_pair {
	struct trixy_text name, value;
};

/* One connected account, with its secrets in the clear, for the length of one call. */
struct trixy_account {
	uint32_t size;
	uint32_t pair_count;
	struct trixy_text backend;		/* one of the channel's backends */
	struct trixy_text key;			/* what webhooks call it: the value of the key field */
	struct trixy_text base_url;		/* the API's host, e.g. "https://graph.facebook.com", no final / */
	struct trixy_text api_version;		/* e.g. "v25.0" */
	const struct trixy_pair *pairs;		/* its form fields by name; an empty one is absent */
};

/* ---- in: what a webhook says ---- */

/* struct trixy_event.kind */
#define TRIXY_EVENT_MESSAGE 1	/* a message; the customer's, or with TRIXY_FROM_US the business's */
#define TRIXY_EVENT_EDIT 2	/* message_id has now this text */
#define TRIXY_EVENT_UNSEND 3	/* message_id was taken back by its sender */
#define TRIXY_EVENT_REACTION 4	/* the customer, or since 1.1 with TRIXY_FROM_US the business elsewhere, reacts to message_id; no
				 * reaction and no emoji: takes it back */
#define TRIXY_EVENT_READ 5	/* the customer has read everything up to message_id */
#define TRIXY_EVENT_STATUS 6	/* our message_id is now `status` */
#define TRIXY_EVENT_IGNORED 7	/* nothing for the inbox; `reason` says why */
#define TRIXY_EVENT_MOVED 8	/* 1.1: contact_key is called other_contact_key from now on; no message_id */

/* struct trixy_event.message_kind. Stored: never renumbered. */
#define TRIXY_MESSAGE_TEXT 1
#define TRIXY_MESSAGE_QUICK_REPLY 2	/* text, and payload */
#define TRIXY_MESSAGE_IMAGE 3
#define TRIXY_MESSAGE_VIDEO 4
#define TRIXY_MESSAGE_AUDIO 5
#define TRIXY_MESSAGE_FILE 6
#define TRIXY_MESSAGE_SHARE 7		/* a shared post */
#define TRIXY_MESSAGE_REEL 8
#define TRIXY_MESSAGE_STORY_MENTION 9
#define TRIXY_MESSAGE_STORY_REPLY 10	/* story_id, story_url */
#define TRIXY_MESSAGE_POSTBACK 11	/* a tapped button: its title as text, and payload */
#define TRIXY_MESSAGE_REFERRAL 12	/* the customer came by a link or an advertisement */
#define TRIXY_MESSAGE_EPHEMERAL 13	/* a view-once picture, which no API gives out */
#define TRIXY_MESSAGE_STICKER 14
#define TRIXY_MESSAGE_UNSUPPORTED 15	/* a kind that the channel's API does not give out, or that is new */
#define TRIXY_MESSAGE_SYSTEM 16		/* a sentence about the conversation, e.g. another app took it over */
/* 1.1 */
#define TRIXY_MESSAGE_LOCATION 17	/* an attachment of this type: title the place's name; details latitude, longitude, address */
#define TRIXY_MESSAGE_CONTACTS 18	/* an attachment of this type a card: title the name; details phone, email, organization ... */
#define TRIXY_MESSAGE_ORDER 19		/* an attachment of this type a product: title its id; details quantity, price, currency */
#define TRIXY_MESSAGE_CALL 20		/* the customer called; the text says how that went */
#define TRIXY_MESSAGE_TEMPLATE 21	/* an approved template; the text is what the customer reads */

/* struct trixy_event.flags */
#define TRIXY_FROM_US 1u	/* written by the business: an echo of our send, or typed elsewhere */
#define TRIXY_OPENS_WINDOW 2u	/* the customer's: the reply window starts again at at_ms */
#define TRIXY_STANDBY 4u	/* another app holds the conversation */
#define TRIXY_TEST 8u		/* a test sent from the provider's dashboard: stored nowhere, shown in the journal */
#define TRIXY_BY_MACHINE 16u	/* the provider says that a machine wrote it */
/* 1.1 */
#define TRIXY_HISTORY 32u	/* from before the account was connected: neither unread, nor does it open the window or a done conversation */
#define TRIXY_FORWARDED 64u	/* the customer passed it on from elsewhere */

/* struct trixy_event.status, of TRIXY_EVENT_STATUS */
#define TRIXY_STATUS_SENT 1
#define TRIXY_STATUS_DELIVERED 2
#define TRIXY_STATUS_READ 3
#define TRIXY_STATUS_FAILED 4

/* struct trixy_attachment.flags */
#define TRIXY_ATTACHMENT_VOICE 1u	/* _AUDIO that was recorded as a voice message */
#define TRIXY_ATTACHMENT_ANIMATED 2u	/* _STICKER */

/* struct trixy_attachment.type: TRIXY_MESSAGE_IMAGE .. TRIXY_MESSAGE_REEL, _STORY_MENTION, _STICKER, _UNSUPPORTED, and since 1.1
 * _LOCATION, _CONTACTS, _ORDER.
 * IMAGE, VIDEO, AUDIO, FILE, STORY_MENTION and STICKER are files: the server fetches and keeps them (media_request, or `url`). */
struct trixy_attachment {
	uint32_t size;
	uint32_t type;
	struct trixy_text url;		/* may expire; {NULL,0} where the API gives none */
	struct trixy_text title;
	struct trixy_text external_id;	/* of the shared post, story or file, where given */
	/* 1.1 */
	uint32_t flags;
	uint32_t detail_count;
	const struct trixy_pair *details;	/* shown as a card, in this order; up to 32. A name may come more than once */
	struct trixy_text mime_type, file_name;	/* as the provider tells: not believed */
	struct trixy_text sha256;	/* of the file, base64, base64url or hex, where told: checked; another form is not looked at */
	struct trixy_text fault;	/* in words: why this file cannot be had, e.g. it is too large for the provider */
};

struct trixy_event {
	uint32_t size;
	uint32_t kind;
	uint32_t flags;
	uint32_t message_kind;			/* TRIXY_EVENT_MESSAGE */
	struct trixy_text account_key;		/* which account the provider addressed: always there */
	struct trixy_text contact_key;		/* the customer's id on this account; absent only in _IGNORED and, since 1.1, in a
						 * _STATUS with a reference */
	struct trixy_text message_id;		/* the provider's, or one made of the event's own values where it has none */
	int64_t at_ms;				/* the provider's time of the event, ms since 1970 UTC; 0: not told, the server
						 * takes the time of receipt, as it does for one more than a day ahead */
	struct trixy_text text;
	struct trixy_text payload;		/* of a button, quick reply or referral */
	struct trixy_text reply_to_id;		/* the message that this one answers */
	struct trixy_text story_id, story_url;	/* the story that this one answers */
	struct trixy_text reaction, emoji;	/* TRIXY_EVENT_REACTION, e.g. "love" and its emoji */
	int64_t edit_number;			/* TRIXY_EVENT_EDIT: a higher one wins */
	uint32_t status;			/* TRIXY_EVENT_STATUS */
	uint32_t attachment_count;
	const struct trixy_attachment *attachments;
	struct trixy_text reason, fix;		/* _IGNORED and failed _STATUS: in words, for a person */
	struct trixy_text contact_name, contact_handle;	/* where the event itself carries them */
	/* 1.1 */
	struct trixy_text other_contact_key;	/* another id of the same customer on this account: both find the conversation.
						 * _MOVED: the new id */
	struct trixy_text reference;		/* _STATUS, or a message from us: struct trixy_draft.reference, where the provider
						 * gives it back: the message is known by it before its id is */
};

/* Where read_webhook() puts what it found. emit() returns 0, or TRIXY_ENOMEM: then stop and return it. */
struct trixy_sink {
	uint32_t size;
	uint32_t reserved;
	void *arg;
	int32_t (*emit)(void *arg, const struct trixy_event *event);
};

/* ---- out: requests and their answers ---- */

/* 1.1: one part of a multipart/form-data body (RFC 7578). */
struct trixy_part {
	uint32_t size;
	uint32_t is_file;		/* 1: its content is the draft's file, which the server adds; value is not looked at. In
					 * upload_request, and in compose of a channel that does not upload */
	struct trixy_text name, value;
	struct trixy_text file_name, mime_type;	/* of a file */
};

struct trixy_request {
	uint32_t size;
	uint32_t header_count;
	struct trixy_text method;		/* "GET", "POST", "DELETE" */
	struct trixy_text url;
	const struct trixy_pair *headers;	/* up to 32, each up to 16 KiB; secrets go here or into the body, never into the URL, if
						 * the API allows */
	struct trixy_text body;			/* up to 256 KiB */
	/* 1.1 */
	uint32_t part_count;		/* above 0, up to 32: the body is made of these; `body` and a Content-Type header are not
					 * looked at */
	uint32_t reserved;
	const struct trixy_part *parts;
};

struct trixy_answer {
	uint32_t size;
	uint32_t header_count;
	int64_t http_status;			/* 0: no answer came */
	const struct trixy_pair *headers;	/* names in lower case */
	struct trixy_text body;			/* up to 1 MiB: a longer one counts as no answer */
	/* 1.1 */
	const struct trixy_draft *draft;	/* read_answer, upload_answer: what was asked for, without its text */
};

/* struct trixy_draft.kind (1.1; before, the member was always 0). A channel is asked only for what its `can` says. */
#define TRIXY_DRAFT_MESSAGE 0	/* text; or a file (media_type) with text as its caption */
#define TRIXY_DRAFT_REACTION 1	/* our reaction to reply_to_id becomes `emoji`; "" takes it back */
#define TRIXY_DRAFT_TEMPLATE 2	/* template_name in template_language with these values; a file for its header, perhaps */
#define TRIXY_DRAFT_SEEN 3	/* the customer's reply_to_id, and all before it, were seen. Its answer is not looked at */
#define TRIXY_DRAFT_TYPING 4	/* somebody writes; reply_to_id is the customer's newest message. Its answer is not looked at */

struct trixy_draft {
	uint32_t size;
	uint32_t kind;
	struct trixy_text contact_key;
	struct trixy_text text;			/* within the channel's limit, or the file's caption limit */
	struct trixy_text tag;			/* of struct trixy_tag, chosen by a person; absent inside the window */
	struct trixy_text reply_to_id;		/* the message that this one answers, or that it is about */
	/* 1.1 */
	struct trixy_text reference;		/* ours, up to 64 bytes, unique in the instance: to be passed along where the API gives
						 * it back with what it later says of the message */
	struct trixy_text emoji;		/* _REACTION: one of the channel's, where it names them */
	uint32_t media_type;			/* TRIXY_MESSAGE_IMAGE .. _FILE or _STICKER; 0: no file */
	uint32_t media_flags;			/* TRIXY_ATTACHMENT_* */
	struct trixy_text media_id;		/* of the upload, where the channel uploads; used for 29 days, then the file is brought anew */
	struct trixy_text media_url;		/* where anybody can fetch it for a day, where the channel does not */
	struct trixy_text mime_type, file_name;
	int64_t byte_count;
	struct trixy_text template_name, template_language;
	const struct trixy_pair *values;	/* the template's variables, all of them: name is the variable's key. The server has refused
						 * those that are empty, too long, or hold a control character or four blanks in a row */
	uint32_t value_count;
	uint32_t reserved;
};

/* struct trixy_outcome.kind */
#define TRIXY_SENT 1		/* accepted; message_id is the provider's */
#define TRIXY_RETRY 2		/* a passing fault: the same request again after a while, six times in all; then it has failed */
#define TRIXY_PARK 3		/* the account sends too fast: its queue rests for wait_ms; this costs no attempt */
#define TRIXY_HOLD 4		/* the account lacks something that a person must mend: its queue waits */
#define TRIXY_RECONNECT 5	/* the account's token is no longer valid: its queue waits for a new one */
#define TRIXY_FAILED 6		/* this message will never go */
#define TRIXY_UNKNOWN 7		/* it may have gone: never again by itself (but a reaction: twice is the same as once) */
#define TRIXY_PARK_CONTACT 8	/* 1.1: too many to this customer: what waits for this one rests for wait_ms; this costs no attempt */

struct trixy_outcome {
	uint32_t size;
	uint32_t kind;
	int64_t wait_ms;		/* _PARK, _RETRY, _PARK_CONTACT: up to a day; 0: the server's own schedule. _PARK_CONTACT: the first
					 * wait; of one message each is four times as long as the one before, up to ten minutes or the
					 * first one if that is longer */
	struct trixy_text message_id;	/* _SENT: the provider's id; of an upload, the file's; of a reaction it may be absent */
	struct trixy_text code;		/* a stable word for programs, e.g. "window_closed" */
	struct trixy_text reason;	/* what happened, in words for the person who wrote the message */
	struct trixy_text fix;		/* what to do about it */
	struct trixy_text detail;	/* for the log: the provider's codes; no secret, no message text */
};

/* 1.1: what media_answer() found. struct trixy_media.state */
#define TRIXY_MEDIA_FOUND 1
#define TRIXY_MEDIA_RETRY 2	/* a passing fault */
#define TRIXY_MEDIA_GONE 3	/* it cannot be had any more, or never could; `reason` in words for a person */

/* Where a customer's file lies. The server fetches it by GET, over HTTPS at port 443, from public addresses of the channel's media hosts
 * only (and from the host that the operator has set instead of the provider's); up to three redirects, 100 MiB. Its type is told by
 * its bytes. */
struct trixy_media {
	uint32_t size;
	uint32_t state;
	struct trixy_text url;
	const struct trixy_pair *headers;	/* of the GET; after a redirect to another host they stay behind */
	uint32_t header_count;
	uint32_t reserved;
	struct trixy_text mime_type, sha256;	/* where told. sha256 as in struct trixy_attachment: checked; the type is not used */
	int64_t byte_count;			/* 0: not told; else as many must come */
	struct trixy_text reason;
};

/* 1.1: an approved text with gaps, which may open a conversation. */
struct trixy_template_variable {
	uint32_t size;
	uint32_t reserved;
	struct trixy_text key;		/* e.g. "body.1": what struct trixy_draft.values calls it */
	struct trixy_text label;	/* e.g. "Name" or "{{1}}" */
	struct trixy_text example;
	uint64_t max_bytes;		/* 0: no limit of its own */
};
struct trixy_template {
	uint32_t size;
	uint32_t is_usable;		/* 1: approved, and every part of it can be sent from here */
	struct trixy_text name, language, category, status;	/* status: the provider's word, e.g. "APPROVED" */
	struct trixy_text reason;	/* not usable: why, in words */
	struct trixy_text header, body, footer;	/* a variable stands in them as {{key}}, e.g. "Hello {{body.1}}" */
	uint32_t header_type;		/* TRIXY_MESSAGE_IMAGE, _VIDEO or _FILE: it needs a file; 0: it does not */
	uint32_t variable_count, button_count, reserved;
	const struct trixy_template_variable *variables;
	const struct trixy_text *buttons;	/* their labels */
};
/* One page of the account's templates. The server asks for 20 pages and keeps 2,000 templates at the most, in each the first 32 buttons;
 * one with more than 64 variables cannot be used. */
struct trixy_templates {
	uint32_t size;
	uint32_t count;
	const struct trixy_template *items;
	struct trixy_text next;		/* handed to templates_request for the page after this one; absent: that was all */
	struct trixy_text fault, fix;	/* in words: why there are none; absent: all is well */
};

/* What the provider tells of a customer. Absent members stay as they are. */
struct trixy_profile {
	uint32_t size;
	uint32_t found;			/* 0: not to be had (no consent, deleted): do not ask again soon */
	struct trixy_text name, handle, picture_url;
	int64_t follower_count;		/* -1: not told */
};

/* struct trixy_finding.status */
#define TRIXY_CHECK_OK 1
#define TRIXY_CHECK_WARNING 2
#define TRIXY_CHECK_FAILED 3
#define TRIXY_CHECK_SKIPPED 4

/* One line of "Check connection". */
struct trixy_finding {
	uint32_t size;
	uint32_t status;
	struct trixy_text check;	/* what was looked at, e.g. "Page Access Token is valid" */
	struct trixy_text explanation;
	struct trixy_text fix;
	struct trixy_text carry;	/* handed to the steps after this one, e.g. an app id; absent: keep the last */
	uint32_t reconnect;		/* 1: this proves that the token is no longer valid */
	uint32_t learned_count;		/* 1.1; before, the member was always 0 */
	/* 1.1 */
	const struct trixy_pair *learned;	/* up to 16 (of more none), values for fields with TRIXY_FIELD_LEARNED: kept where the user
						 * left them empty; of renew_answer, for secret fields: kept instead of the old ones */
};

/* ---- what a channel is ---- */

/* struct trixy_field.flags */
#define TRIXY_FIELD_REQUIRED 1u
#define TRIXY_FIELD_SECRET 2u	/* sealed at rest, never shown again */
#define TRIXY_FIELD_KEY 4u	/* names the account in webhooks; one a backend, unique in the instance */
#define TRIXY_FIELD_SIGNS 8u	/* the webhook's HMAC-SHA256 key */
#define TRIXY_FIELD_DIGITS 16u	/* only 0-9 */
#define TRIXY_FIELD_NAME 32u	/* shown as the account's name */
#define TRIXY_FIELD_HANDLE 64u	/* shown as the account's handle */
#define TRIXY_FIELD_VERIFY 128u	/* the webhook's verify token, chosen by the user; without one MailTrixy makes it */
#define TRIXY_FIELD_LEARNED 256u	/* 1.1: may stay empty: the checks find it out. Neither required, secret, key nor verify token */

/* One line of the Configure form, and a column of the channel's account table. */
struct trixy_field {
	uint32_t size;
	uint32_t flags;
	uint64_t max_bytes;
	uint64_t backends;		/* bit n: shown for backend n */
	struct trixy_text name, label, help, placeholder;
};

struct trixy_backend {
	uint32_t size;
	uint32_t reserved;
	struct trixy_text slug, name, help;
	struct trixy_text base_url;	/* the default host; the administrator may set another */
	struct trixy_text url_setting;	/* which setting that is: "graph_url" or "instagram_graph_url" */
};

struct trixy_tag {
	uint32_t size;
	uint32_t reserved;
	struct trixy_text tag, label, help;
};

struct trixy_checklist_item {
	struct trixy_text name, reason;
};

/* One step of the one-time set-up that an administrator does at the provider. */
struct trixy_checklist {
	uint32_t size;
	uint32_t item_count;
	struct trixy_text title, detail;
	const struct trixy_checklist_item *items;
};

/* 1.1: files of one type that may be sent. */
struct trixy_media_rule {
	uint32_t size;
	uint32_t type;			/* TRIXY_MESSAGE_IMAGE .. _FILE, _STICKER */
	uint64_t max_bytes;
	uint32_t caption_max;		/* in the channel's text unit; 0: no caption, the text goes as its own message */
	uint32_t reserved;
	struct trixy_text mime_types;	/* parted by blanks, e.g. "image/jpeg image/png" */
	struct trixy_text help;		/* what to do about others, e.g. "Save it as PNG or JPEG." */
};

/* struct trixy_channel.can (1.1) */
#define TRIXY_CAN_QUOTE 1u	/* draft.reply_to_id */
#define TRIXY_CAN_REACT 2u
#define TRIXY_CAN_SEEN 4u
#define TRIXY_CAN_TYPING 8u
#define TRIXY_CAN_TEMPLATES 16u	/* they may also be sent when the window is closed, or was never open */
#define TRIXY_CAN_VOICE 32u	/* TRIXY_ATTACHMENT_VOICE */
#define TRIXY_TYPING_IS_SEEN 64u	/* whoever is told that somebody writes is told that the messages were read, too: not asked for
					 * where an account keeps that to itself */

/* struct trixy_channel.text_style (1.1) */
#define TRIXY_STYLE_PLAIN 0
#define TRIXY_STYLE_WHATSAPP 1	/* *bold* _italic_ ~struck~ ```code```, lists and quotes, as WhatsApp shows them */

/* struct trixy_channel.text_unit */
#define TRIXY_UNIT_BYTES 1
#define TRIXY_UNIT_CHARACTERS 2

struct trixy_channel {
	uint32_t size;
	uint32_t text_unit;
	uint64_t text_max;
	int64_t window_ms;		/* after the customer's last word; 0: no window */
	int64_t tag_window_ms;		/* how long after it a tag still allows a reply */
	struct trixy_text slug;		/* "instagram": conversations.channel */
	struct trixy_text name;		/* "Instagram" */
	struct trixy_text window_error;	/* the refusal when the window is closed */
	struct trixy_text webhook_path;	/* "/addons/instagram/webhook" */
	struct trixy_text account_table; /* "instagram_accounts" */
	struct trixy_text api_version;	/* the default, e.g. "v25.0" */
	uint32_t backend_count, field_count, tag_count, checklist_count, webhook_field_count;
	uint32_t reserved;
	const struct trixy_backend *backends;
	const struct trixy_field *fields;
	const struct trixy_tag *tags;
	const struct trixy_checklist *checklist;
	const struct trixy_text *webhook_fields;	/* to subscribe to, e.g. "messages" */

	/* Turns one webhook body into events, in the order in which they stand there. Every entry gives
	 * at least one event with its account_key, if only TRIXY_EVENT_IGNORED. Called BEFORE the signature
	 * is verified, because the entries name the accounts whose secrets can verify it: the server drops
	 * the events of every account that does not. TRIXY_EINVAL: the body is not JSON of this kind. */
	int32_t (*read_webhook)(struct trixy_text body, struct trixy_memory *memory, const struct trixy_sink *sink);

	/* Makes the request that sends a draft. TRIXY_EINVAL: the draft breaks the channel's own rules. */
	int32_t (*compose)(const struct trixy_account *account, const struct trixy_draft *draft,
			   struct trixy_memory *memory, struct trixy_request *ret_request);

	/* What the answer to that request means. Never fails for a strange answer: that is TRIXY_RETRY or
	 * TRIXY_UNKNOWN. Not called when no answer came: a request that surely was not sent goes again
	 * by itself, another one is TRIXY_UNKNOWN. Of an account that was disconnected meanwhile only
	 * `size` is told. */
	int32_t (*read_answer)(const struct trixy_account *account, const struct trixy_answer *answer,
			       struct trixy_memory *memory, struct trixy_outcome *ret_outcome);

	/* Asks who a customer is. */
	int32_t (*profile_request)(const struct trixy_account *account, struct trixy_text contact_key,
				   struct trixy_memory *memory, struct trixy_request *ret_request);
	int32_t (*profile_answer)(const struct trixy_account *account, const struct trixy_answer *answer,
				  struct trixy_memory *memory, struct trixy_profile *ret_profile);

	/* "Check connection", step by step from 0 until check_request returns TRIXY_END, 32 at the most, in
	 * 25 seconds. `carry` is what an earlier step's finding carried, up to 1,000 bytes. A step that cannot be asked without a missing carry sets the
	 * request's method to "" and is answered with http_status 0: it reports TRIXY_CHECK_SKIPPED. */
	int32_t (*check_request)(const struct trixy_account *account, uint32_t step, struct trixy_text carry,
				 struct trixy_memory *memory, struct trixy_request *ret_request);
	int32_t (*check_answer)(const struct trixy_account *account, uint32_t step, struct trixy_text carry,
				const struct trixy_answer *answer, struct trixy_memory *memory,
				struct trixy_finding *ret_finding);

	/* Subscribes the account to its webhooks, where the API can do that. NULL: it cannot. */
	int32_t (*subscribe_request)(const struct trixy_account *account, struct trixy_memory *memory,
				     struct trixy_request *ret_request);
	int32_t (*subscribe_answer)(const struct trixy_account *account, const struct trixy_answer *answer,
				    struct trixy_memory *memory, struct trixy_finding *ret_finding);

	/* 1.1. Since 1.1 profile_request and profile_answer may both be NULL: the events carry the names. */
	uint32_t can;
	uint32_t text_style;
	uint32_t media_rule_count, reaction_count, media_host_count;
	uint32_t reserved_1_1;
	const struct trixy_media_rule *media_rules;	/* none: no files can be sent */
	const struct trixy_text *reactions;		/* the only emoji that may be sent as reactions; none: any one emoji */
	const struct trixy_text *media_hosts;		/* where customers' files lie: "fbcdn.net" is that host and all below it */

	/* Asks where a customer's file lies, at once and when an address has died. NULL, or a request that is not made (TRIXY_EINVAL):
	 * it is attachment.url, fetched without headers. */
	int32_t (*media_request)(const struct trixy_account *account, const struct trixy_attachment *attachment,
				 struct trixy_memory *memory, struct trixy_request *ret_request);
	int32_t (*media_answer)(const struct trixy_account *account, const struct trixy_answer *answer,
				struct trixy_memory *memory, struct trixy_media *ret_media);

	/* Brings the draft's file to the provider, by a part with is_file. TRIXY_SENT with its id; never TRIXY_UNKNOWN: an upload
	 * may be repeated. The message follows, by compose, with media_id. NULL: drafts carry media_url. */
	int32_t (*upload_request)(const struct trixy_account *account, const struct trixy_draft *draft,
				  struct trixy_memory *memory, struct trixy_request *ret_request);
	int32_t (*upload_answer)(const struct trixy_account *account, const struct trixy_answer *answer,
				 struct trixy_memory *memory, struct trixy_outcome *ret_outcome);

	/* Renews a token before it ends, about once a week, never one that was saved less than two days ago. A request with the method
	 * "": this account's has no end. What the finding learned takes the place of secret fields. NULL: tokens do not end. */
	int32_t (*renew_request)(const struct trixy_account *account, struct trixy_memory *memory,
				 struct trixy_request *ret_request);
	int32_t (*renew_answer)(const struct trixy_account *account, const struct trixy_answer *answer,
				struct trixy_memory *memory, struct trixy_finding *ret_finding);

	/* TRIXY_CAN_TEMPLATES: a page of them. page: absent, or what the page before gave as next. */
	int32_t (*templates_request)(const struct trixy_account *account, struct trixy_text page, struct trixy_memory *memory,
				     struct trixy_request *ret_request);
	int32_t (*templates_answer)(const struct trixy_account *account, const struct trixy_answer *answer,
				    struct trixy_memory *memory, struct trixy_templates *ret_templates);
};

struct trixy_addon {
	uint32_t size;
	uint32_t abi_major, abi_minor;
	uint32_t reserved;
	struct trixy_text slug, name, version;
	const struct trixy_channel *channel;
};

/* The one symbol that an addon exports. The struct is constant and lives as long as the addon is loaded. */
TRIXY_EXPORT const struct trixy_addon *trixy_addon_entry(void);

#endif
