/* The one way out: an agent's words become messages in the outbox. Window, limit and idempotence are decided here. */
#ifndef INBOX_REPLY_H
#define INBOX_REPLY_H

#include "base/limit.h"
#include "inbox/instance.h"

struct reply {
	struct workspace_id workspace;
	int64_t conversation_id;
	int64_t author_id;
	struct str text, tag, client_id;	/* tag, client_id: STR_NONE when absent */
	bool split;				/* past the limit: several messages instead of a cut */
	bool note;				/* internal: stored, never sent */
};

/* Why a reply was refused; the words for the sender are web/'s or the channel's. */
enum reply_refusal { REPLY_FINE, REPLY_WINDOW_CLOSED, REPLY_TAG_WRONG, REPLY_TAG_CLOSED, REPLY_EMPTY, REPLY_TOO_LONG, REPLY_ACCOUNT_GONE };

struct reply_result {
	enum reply_refusal refusal;	/* with ERR_DENIED, ERR_INVALID or ERR_STATE */
	int64_t message_ids[LIMIT_SPLIT_MESSAGES];
	size_t count;
	bool repeated;			/* the client_id was there: these are the messages of the first time */
};

/* Waits for the commit. ERR_NOTFOUND: no such conversation in this workspace. */
int inbox_reply(struct instance *instance, const struct reply *reply, struct reply_result *ret, struct error *err);
/* A person sends a failed or unknown message again. The window is checked again. */
int inbox_retry(struct instance *instance, struct workspace_id w, int64_t conversation_id, int64_t message_id,
		struct reply_result *ret, struct error *err);

#endif
