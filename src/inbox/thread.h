/* Which conversation an event belongs to: by the customer's id on the account, or by another id of the same customer. For
 * apply.c. */
#ifndef INBOX_THREAD_H
#define INBOX_THREAD_H

#include "inbox/apply.h"
#include "store/conversation.h"

/* One contact's conversation, loaded once for all its events in a row and written back once. Starts zeroed but for db and
 * target. */
struct thread {
	struct db *db;
	const struct apply_target *target;
	struct arena arena;
	struct store_conversation c;	/* id 0: none loaded */
	struct str key, other;		/* by which it was loaded */
	bool dirty;
	bool unasked;			/* nothing of it shows yet, so nobody has asked who the customer is */
};
void thread_done(struct thread *t);

/* Loads the conversation of the event's contact, or makes it. 1: the event names no contact, and no message that is known; nothing
 * is loaded. */
int thread_load(struct thread *t, const struct trixy_event *e, struct error *err);
/* A time of the conversation that only goes forward. */
void thread_seen(struct thread *t, int64_t *at, int64_t now);
/* Writes back what has changed. */
int thread_flush(struct thread *t, struct error *err);
/* Somebody else has changed the loaded conversation's row. */
int thread_reload(struct thread *t, struct error *err);
/* TRIXY_EVENT_MOVED. 1: something was changed by it, 0: it was known. */
int thread_move(struct thread *t, const struct trixy_event *e, struct error *err);

#endif
