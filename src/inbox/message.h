/* Messages as they are read. Writing is inbox/apply.h and inbox/reply.h, and nobody else. */
#ifndef INBOX_MESSAGE_H
#define INBOX_MESSAGE_H

#include "inbox/account.h"

/* Stored: never renumbered. */
enum message_direction { MESSAGE_IN = 1, MESSAGE_OUT = 2, MESSAGE_NOTE = 3 };
enum message_status { MESSAGE_RECEIVED = 0, MESSAGE_QUEUED = 1, MESSAGE_SENDING = 2, MESSAGE_SENT = 3, MESSAGE_DELIVERED = 4,
		      MESSAGE_READ = 5, MESSAGE_FAILED = 6, MESSAGE_UNKNOWN = 7 };
enum { MESSAGE_KIND_MISSING = 0, MESSAGE_KIND_REACTION = 100 };	/* beside TRIXY_MESSAGE_*. _REACTION: ours on its way; never shown */
enum { MESSAGE_UNSENT = 1, MESSAGE_EDITED = 2, MESSAGE_STANDBY = 4, MESSAGE_ELSEWHERE = 8, MESSAGE_BY_MACHINE = 16,
       MESSAGE_RECEIPT = 32,		/* the customer's receipt for it has come */
       MESSAGE_ATTEMPTED = 64,		/* an attempt to send it was begun: an echo may be its */
       MESSAGE_FORWARDED = 128,
       MESSAGE_HISTORY = 256 };		/* the customer's, from before the account was connected, and not told otherwise since */

/* Stored. FETCHING: again later, by itself. */
enum attachment_state { ATTACHMENT_NO_FILE = 0, ATTACHMENT_FETCHING = 1, ATTACHMENT_KEPT = 2, ATTACHMENT_LOST = 3 };

struct message_attachment {
	int position;			/* among the message's, from 0 */
	int type;			/* TRIXY_MESSAGE_* */
	uint32_t flags;			/* TRIXY_ATTACHMENT_* */
	enum attachment_state state;
	struct str url, title, external_id, file_name;
	struct str mime_type;		/* of a kept file: as its bytes look; else as the provider told */
	struct str fault;		/* LOST, or FETCHING after a failed try: why, in words */
	struct account_pair *details;	/* of a card, in order */
	size_t detail_count;
	int64_t bytes, width, height;	/* of a kept file; width 0: not a picture */
	bool has_preview;
};
struct message_reaction {
	int side;			/* 1 the contact, 2 us */
	int status;			/* ours: 0 settled, 1 on its way, 2 refused with error_text */
	struct str reaction, emoji, error_text;
};

struct message {
	struct workspace_id workspace;
	int64_t id, conversation_id, at, author_id;
	int direction, kind, status;	/* status: what shows; read is worked out from the conversation's receipts */
	uint32_t flags;			/* MESSAGE_UNSENT ... */
	struct str text, payload, external_id, client_id, tag, author_name;	/* an unsent message has no text */
	struct str reply_to_id, reply_to_text, story_id, story_url;
	int64_t reply_to_message_id;	/* 0: the answered message is not here */
	struct str error_code, error_text, error_fix;
	bool retryable;
	struct message_attachment *attachments;
	struct message_reaction *reactions;
	size_t attachment_count, reaction_count;
};

const char *message_kind_word(int kind);		/* "text", "missing", ... of the API */
const char *message_status_word(int status);
const char *message_direction_word(int direction);

/* Whether a person may have it sent again: ours, written here, and surely or perhaps not sent. */
struct store_message;
bool message_retryable(const struct store_message *m);

/* Newest first. ERR_NOTFOUND: no such conversation in this workspace. */
int message_list(struct db *db, struct workspace_id w, int64_t conversation_id, struct str cursor, size_t limit,
		 struct arena *arena, struct message **ret, size_t *ret_count, struct str *ret_cursor, struct error *err);
int message_get(struct db *db, struct workspace_id w, int64_t conversation_id, int64_t message_id, struct arena *arena,
		struct message *ret, struct error *err);

#endif
