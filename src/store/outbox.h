/* Rows of the outbox: what waits to be sent, and what is under way. */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include "store/store.h"

struct store_outbox {
	struct workspace_id workspace;
	int64_t message_id, account_id, conversation_id, due_at, tries, claimed_at;	/* claimed_at 0: free */
	int64_t parks;			/* see sql/sqlite/002_media.sql */
	struct str text;
	struct str claimed_by;		/* store_server() of who claimed it; STR_NONE: free */
};
struct store_outbox_due {
	struct store_outbox row;
	struct str channel, contact_key, tag, reply_to_id;
	int kind;			/* of the message */
};

/* The oldest row of each conversation, if none of that is claimed, it is due, and its account is connected, not parked and of one
 * of these channels. At most per_account of
 * one account, its oldest first; the account that waits longest first: so a full outbox hides nobody's. Text is the arena's. */
int store_outbox_due(struct db *db, const struct str *channels, size_t channel_count, int64_t now_ms, size_t per_account,
		     struct arena *arena, struct store_outbox_due *ret, size_t max, size_t *ret_count, struct error *err);
/* When the next free row of a connected account is due or its account's parking ends, after now_ms; 0: none. */
int store_outbox_next(struct db *db, int64_t now_ms, int64_t *ret, struct error *err);
/* 1 found, 0 not. Text is the arena's, here and below. */
int store_outbox_get(struct db *db, struct workspace_id w, int64_t message_id, struct arena *arena, struct store_outbox *ret,
		     struct error *err);
/* The same, if it may go now: see store_outbox_due. Its due time does not matter. */
int store_outbox_claimable(struct db *db, struct workspace_id w, int64_t message_id, int64_t now_ms, struct arena *arena,
			   struct store_outbox *ret, struct error *err);
/* One row that is claimed, with an id above after_id. 1 found, 0 no more. */
int store_outbox_claimed(struct db *db, int64_t after_id, struct arena *arena, struct store_outbox *ret, struct error *err);

/* All that are claimed, by anybody; at most max. */
int store_outbox_claims(struct db *db, struct arena *arena, struct store_outbox *ret, size_t max, size_t *ret_count, struct error *err);

/* The newest that carries a reaction of ours to this message (its external id). 1 found, 0 not. */
int store_outbox_reaction(struct db *db, struct workspace_id w, int64_t conversation_id, struct str reply_to_id, struct arena *arena,
			  struct store_outbox *ret, struct error *err);

/* Inside a unit: what waits for this conversation is not due before then. */
int store_outbox_rest(struct db *db, struct workspace_id w, int64_t conversation_id, int64_t due_at, struct error *err);
/* Inside a unit. */
int store_outbox_add(struct db *db, const struct store_outbox *o, struct error *err);
int store_outbox_save(struct db *db, const struct store_outbox *o, struct error *err);	/* due_at, tries, the claim, parks */
int store_outbox_delete(struct db *db, struct workspace_id w, int64_t message_id, struct error *err);

#endif
