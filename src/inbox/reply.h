/* The one way out: an agent's words become messages in the outbox. Window, limit and idempotence are decided here. */
#ifndef INBOX_REPLY_H
#define INBOX_REPLY_H

#include "base/limit.h"
#include "inbox/instance.h"
#include "inbox/template.h"

struct reply {
	struct workspace_id workspace;
	int64_t conversation_id;
	int64_t author_id;
	struct str text, tag, client_id;	/* tag, client_id: STR_NONE when absent */
	int64_t reply_to;			/* the message here that this one quotes; 0: none */
	const int64_t *uploads;			/* files to send, in this order; the text is the first one's caption where that may have
						 * one and it fits, else a message of its own before them */
	size_t upload_count;			/* at most LIMIT_REPLY_FILES */
	bool voice;				/* the one upload was recorded as a voice message */
	struct str template_name, template_language;	/* instead of a text; STR_NONE: none. The one upload may be its header's file */
	const struct template_value *values;
	size_t value_count;
	bool split;				/* past the limit: several messages instead of a cut */
	bool note;				/* internal: stored, never sent */
};

/* Why a reply was refused; the words for the sender are web/'s or the channel's unless it says otherwise. */
enum reply_refusal { REPLY_FINE, REPLY_WINDOW_CLOSED, REPLY_TAG_WRONG, REPLY_TAG_CLOSED, REPLY_EMPTY, REPLY_TOO_LONG, REPLY_ACCOUNT_GONE,
		     /* err->text is a sentence for the person: */
		     REPLY_CANNOT,	/* the channel cannot do that */
		     REPLY_FILE,	/* the channel does not take this file, or it is no upload of this workspace */
		     REPLY_TEMPLATE };	/* no such template, or its values do not fit */

struct reply_result {
	enum reply_refusal refusal;	/* with ERR_DENIED, ERR_INVALID or ERR_STATE */
	int64_t message_ids[LIMIT_REPLY_MESSAGES];
	size_t count;
	bool repeated;			/* the client_id was there: these are the messages of the first time */
};

/* Waits for the commit. ERR_NOTFOUND: no such conversation in this workspace. */
int inbox_reply(struct instance *instance, const struct reply *reply, struct reply_result *ret, struct error *err);
/* A person sends a failed or unknown message again. The window is checked again. */
int inbox_retry(struct instance *instance, struct workspace_id w, int64_t conversation_id, int64_t message_id,
		struct reply_result *ret, struct error *err);

#endif
