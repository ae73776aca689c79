/* What waits to be sent, as work/ takes it: due, claim, settle. The truth is the database: a claim is committed before its
 * request leaves and its outcome after the answer, so that a crash between them is seen as "unknown" and never sent twice. */
#ifndef INBOX_OUTBOX_H
#define INBOX_OUTBOX_H

#include "inbox/instance.h"

struct outbox_item {
	struct workspace_id workspace;
	int64_t message_id, conversation_id, account_id, tries;
	struct str channel, contact_key, text, tag, reply_to_id;
	bool claimed;			/* set by outbox_claim, as the next */
	int64_t account_revision;	/* whose fields the attempt is made with */
};

/* What may go now: the oldest waiting message of each conversation none of whose messages is under way, of accounts that are
 * connected and not parked and whose channel is active. At most max, at most per_account of one account; the account that has
 * waited longest first. Text is the arena's.
 * *ret_next_ms: when something may go that may not go now; 0: nothing waits. With a reader of the calling thread. */
int outbox_due(struct instance *i, struct db *db, int64_t now_ms, size_t per_account, struct arena *arena, struct outbox_item *ret,
	       size_t max, size_t *ret_count, int64_t *ret_next_ms, struct error *err);

/* Claims them in one commit and waits for it. Sets `claimed` on those that may leave now. One whose reply window has closed
 * meanwhile fails with the channel's words instead. */
int outbox_claim(struct instance *i, struct outbox_item *items, size_t count, struct error *err);

/* Writes down how the attempt ended and waits for the commit. An echo that came first counts: what it proves was sent stays
 * sent. TRIXY_RETRY without tries left is a failure. An outcome that blames the account counts only while nobody has saved the
 * account since the claim: otherwise the message is due again at once. */
int outbox_settle(struct instance *i, const struct outbox_item *item, const struct trixy_outcome *outcome, struct error *err);
/* Several in one commit: all or, on failure, none. */
struct outbox_end {
	const struct outbox_item *item;
	const struct trixy_outcome *outcome;
	bool gone;			/* set: it is not in the outbox any more, and nothing was written */
};
int outbox_settle_all(struct instance *i, struct outbox_end *ends, size_t count, struct error *err);

/* Gives a claim back untried, e.g. when the server stops before the request left. */
int outbox_release(struct instance *i, const struct outbox_item *item, struct error *err);

/* At the start, before any delivery: what a dead process had claimed may have been sent. Such messages become unknown. */
int outbox_recover(struct instance *i, int64_t *ret_count, struct error *err);

#endif
