/* What waits to be sent, as work/ takes it: due, claim, settle. The truth is the database: a claim is committed before its
 * request leaves and its outcome after the answer, so that a crash between them is seen as "unknown" and never sent twice. */
#ifndef INBOX_OUTBOX_H
#define INBOX_OUTBOX_H

#include "inbox/template.h"

/* A file that goes with a message. */
struct outbox_media {
	int64_t file_id;		/* 0: none */
	int type;			/* TRIXY_MESSAGE_* */
	uint32_t flags;			/* TRIXY_ATTACHMENT_* */
	struct str sha256, mime_type, file_name;
	int64_t bytes;
	struct str media_id;		/* of an upload that the provider still has; STR_NONE: there is none */
};

struct outbox_item {
	struct workspace_id workspace;
	int64_t message_id, conversation_id, account_id, tries;
	struct str channel, contact_key, text, tag, reply_to_id;
	struct arena *arena;		/* of its texts; outbox_claim adds to it */
	bool is_file;			/* a file, which may take long to bring */
	/* set by outbox_claim */
	bool claimed;
	int64_t claimed_at;		/* with the next, which claim it is: another server may have taken this one for a dead one's */
	struct str claimed_by;		/* the store's */
	int64_t account_revision;	/* whose fields the attempt is made with */
	uint32_t kind;			/* TRIXY_DRAFT_MESSAGE, _REACTION or _TEMPLATE */
	struct str reference;		/* see settle_reference */
	struct str emoji;		/* _REACTION */
	struct str template_name, template_language;	/* _TEMPLATE, with its values */
	struct template_value *values;
	size_t value_count;
	struct outbox_media media;
};

/* What may go now: the oldest waiting message of each conversation none of whose messages is under way, of accounts that are
 * connected and not parked and whose channel is active. At most max, at most per_account of one account; the account that has
 * waited longest first. Text is the arena's.
 * *ret_next_ms: when something may go that may not go now; 0: nothing waits. With a reader of the calling thread. */
int outbox_due(struct instance *i, struct db *db, int64_t now_ms, size_t per_account, struct arena *arena, struct outbox_item *ret,
	       size_t max, size_t *ret_count, int64_t *ret_next_ms, struct error *err);

/* Claims them in one commit and waits for it. Sets `claimed` on those that may leave now, and what their drafts are made of. One
 * whose reply window has closed meanwhile fails with the channel's words instead, and so does one whose file is no longer here. */
int outbox_claim(struct instance *i, struct outbox_item *items, size_t count, struct error *err);

/* The same, if this server holds that lease at that moment (store/lease.h); else ERR_STATE, and nothing is claimed. */
int outbox_claim_as(struct instance *i, struct str lease, struct outbox_item *items, size_t count, struct error *err);

/* The file was brought to the provider: notes its id there, for this attempt and later ones. Waits for the commit. ERR_NOTFOUND:
 * the message is not in the outbox any more, or not by this claim: nothing more of it may be sent. */
int outbox_uploaded(struct instance *i, const struct outbox_item *item, struct str media_id, int64_t until_ms, struct error *err);

/* Writes down how the attempt ended and waits for the commit. An echo that came first counts: what it proves was sent stays
 * sent. TRIXY_RETRY without tries left is a failure. An outcome that blames the account counts only while nobody has saved the
 * account since the claim: otherwise the message is due again at once. TRIXY_PARK_CONTACT lets the conversation's queue rest. A
 * reaction whose fate is unknown is sent again: twice is the same as once. When the claim is not this one any more, for others took
 * this server for dead, only the news that it was sent counts. */
int outbox_settle(struct instance *i, const struct outbox_item *item, const struct trixy_outcome *outcome, struct error *err);
/* Several in one commit: all or, on failure, none. */
struct outbox_end {
	const struct outbox_item *item;
	const struct trixy_outcome *outcome;
	bool gone;			/* set: it is not in the outbox any more, and nothing was written */
};
int outbox_settle_all(struct instance *i, struct outbox_end *ends, size_t count, struct error *err);

/* Gives a claim back untried, e.g. when the server stops before the request left. A claim that is not this one any more stays. */
int outbox_release(struct instance *i, const struct outbox_item *item, struct error *err);

/* At the start, before any delivery: what a dead process had claimed may have been sent. Such messages become unknown, but for
 * those that may go again without harm: reactions, and messages whose file was still on its way up. *ret_count: unknown ones. */
int outbox_recover(struct instance *i, int64_t *ret_count, struct error *err);

/* Where several servers share the database: the same for what servers had claimed that live no more, while this one holds the lease;
 * and what this server has claimed without knowing it, because the answer to its commit was lost, is given back. */
struct outbox_watch {
	struct str lease;
	bool (*lives)(void *arg, struct str server);		/* called on any thread */
	bool (*has)(void *arg, int64_t message_id);		/* whether this server has it under way; the same */
	void *arg;
};
int outbox_recover_dead(struct instance *i, struct db *db, const struct outbox_watch *watch, int64_t *ret_count, struct error *err);

#endif
