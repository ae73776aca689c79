/* Conversations as they are read and worked on. Reading takes a reader of the calling thread; text is the arena's. */
#ifndef INBOX_CONVERSATION_H
#define INBOX_CONVERSATION_H

#include "inbox/message.h"

enum conversation_status { CONVERSATION_OPEN = 1, CONVERSATION_DONE = 2 };

struct conversation {
	int64_t id;
	struct workspace_id workspace;
	struct str channel, account_name, contact_name, contact_handle, contact_picture_url;	/* STR_NONE: not known (yet) */
	int64_t account_id, contact_id;
	int account_status;		/* enum account_status */
	enum conversation_status status;
	int64_t unread, activity_at, window_from;
	/* id 0: none; status: as it is stored; name: of the first file or card, where there are no words */
	struct message_brief { int64_t id, at; int direction, kind, status; uint32_t flags; struct str text, name; } last;
	/* worked out from the channel's rules and the clock; closes_at and tag_until are 0 without a window */
	int64_t closes_at, tag_until;
	bool can_reply;
	struct str cannot_reply_reason;	/* a constant sentence */
};

struct conversation_query {
	struct str channel;		/* STR_NONE: any that is active */
	int status;			/* 0: any */
	bool unread_only;
	struct str q;			/* words; STR_NONE or empty: no search */
	struct str cursor;		/* from the page before; STR_NONE: the first */
	size_t limit;			/* 1..LIMIT_PAGE_ROWS */
};
/* Newest activity first. *ret_cursor: STR_NONE when this is the last page. ERR_INVALID: the cursor is not one of ours. */
int conversation_list(struct instance *i, struct db *db, struct workspace_id w, const struct conversation_query *query,
		      struct arena *arena, struct conversation **ret, size_t *ret_count, struct str *ret_cursor,
		      struct error *err);
int conversation_get(struct instance *i, struct db *db, struct workspace_id w, int64_t id, struct arena *arena,
		     struct conversation *ret, struct error *err);

struct conversation_count { struct str channel; int64_t open, unread; };	/* unread: conversations, not messages */
/* A row a channel; at most CHANNELS_MAX. */
int conversation_counts(struct instance *i, struct db *db, struct workspace_id w, struct arena *arena,
			struct conversation_count *ret, size_t *ret_count, struct error *err);

/* status 0: unchanged. Waits for the commit. */
int conversation_update(struct instance *i, struct workspace_id w, int64_t id, int status, bool mark_read, struct error *err);

#endif
