/* What a reply becomes: the messages that it is sent as, worked out and checked before anything is written. For reply.c. */
#ifndef INBOX_REPLY_PLAN_H
#define INBOX_REPLY_PLAN_H

#include "inbox/reply.h"
#include "store/conversation.h"
#include "store/file.h"

struct planned {		/* one message */
	int kind;			/* TRIXY_MESSAGE_* */
	struct str text, content;	/* STR_NONE: none */
	const struct store_upload *upload;	/* NULL: no file */
	int media_type;
	uint32_t media_flags;
};
struct reply_plan {
	struct planned messages[LIMIT_REPLY_MESSAGES];
	size_t count;
	struct str quoted;		/* external id of the message that the first one answers; STR_NONE: none */
};

/* Reads only. Memory is the arena's; texts may point into the reply. A refusal sets *ret_refusal and err->text, with ERR_INVALID,
 * ERR_STATE or ERR_LIMIT. */
int reply_plan_make(struct db *db, const struct trixy_channel *channel, const struct store_conversation *c, const struct reply *reply,
		    struct arena *arena, struct reply_plan *ret, enum reply_refusal *ret_refusal, struct error *err);

#endif
