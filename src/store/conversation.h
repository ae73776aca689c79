/* Rows of conversations, contacts and the contacts' identities. */
#ifndef STORE_CONVERSATION_H
#define STORE_CONVERSATION_H

#include "store/store.h"

struct store_conversation {
	int64_t id;
	struct workspace_id workspace;
	struct str channel, external_key;
	int64_t account_id, contact_id;
	int status;			/* 1 open, 2 done */
	int64_t unread, activity_at, window_from, read_at;
};

/* By who writes to which account. 1 found, 0 not. Text is the arena's. */
int store_conversation_find(struct db *db, struct workspace_id w, int64_t account_id, struct str external_key, struct arena *arena,
			    struct store_conversation *ret, struct error *err);
/* Up to STORE_AT_ONCE such questions in one. Those that are there, in any order. */
enum { STORE_AT_ONCE = 32 };
struct store_contact_key { int64_t account_id; struct str external_key; };
int store_conversation_find_some(struct db *db, const struct store_contact_key *keys, size_t count, struct arena *arena,
				 struct store_conversation *ret, size_t *ret_count, struct error *err);
/* By an attempt at one of its messages: the one tried at at_ms, if it has no other external id than this. 1 found, 0 not. */
int store_conversation_by_attempt(struct db *db, struct workspace_id w, int64_t account_id, int64_t message_id, int64_t at_ms,
				  struct str external_id, struct arena *arena, struct store_conversation *ret, struct error *err);
int store_conversation_get(struct db *db, struct workspace_id w, int64_t id, struct arena *arena, struct store_conversation *ret,
			   struct error *err);		/* ERR_NOTFOUND */
/* By another id of the contact (store_alias_add). 1 found, 0 not. */
int store_conversation_by_alias(struct db *db, struct workspace_id w, int64_t account_id, struct str key, struct arena *arena,
				struct store_conversation *ret, struct error *err);
/* Inside a unit: the contact, its identity on the account (its profile due then; 0: not) and the conversation. Sets c->id and
 * c->contact_id. */
int store_conversation_add(struct db *db, struct store_conversation *c, int64_t now_ms, int64_t profile_due_at, struct error *err);
/* Writes status, unread, activity_at, window_from, read_at. */
int store_conversation_save(struct db *db, const struct store_conversation *c, struct error *err);

/* Inside a unit: notes another id of the conversation's contact. 1: noted; 0: it is known already, as this contact's or another's. */
int store_alias_add(struct db *db, const struct store_conversation *c, struct str key, struct error *err);
/* Inside a unit: the contact is called `key` from now on, which is no other conversation's; what it was called becomes an alias. */
int store_conversation_move(struct db *db, const struct store_conversation *c, struct str key, struct error *err);
/* Inside a unit: a conversation in which nothing stands gives all its contact's ids to `to` and goes. 1: it has gone, 0: something
 * stands in it, so it stays. */
int store_conversation_give_way(struct db *db, const struct store_conversation *from, const struct store_conversation *to,
				struct error *err);

/* For reading. */
struct store_conversation_row {
	struct store_conversation c;
	struct str account_name, contact_name, contact_handle, contact_picture_url;
	int account_status;
	int64_t last_id, last_at;	/* the newest message that shows; 0: none */
	int last_direction, last_kind, last_status;
	uint32_t last_flags;
	struct str last_text, last_name;	/* name: of the first file or card of a message without words */
};
/* What limits a list: one channel and one status, as the index goes; the caller merges. before_*: only what stands behind
 * this one in the order (activity_at, id), both falling. */
struct store_conversation_filter {
	struct str channel;
	int status;
	bool unread_only;
	int64_t before_activity, before_id;	/* before_activity 0: from the top */
	size_t limit;
};
/* Newest activity first. *ret_count <= limit. Text is the arena's. */
int store_conversation_list(struct db *db, struct workspace_id w, const struct store_conversation_filter *filter, struct arena *arena,
			    struct store_conversation_row *ret, size_t *ret_count, struct error *err);
int store_conversation_row(struct db *db, struct workspace_id w, int64_t id, struct arena *arena, struct store_conversation_row *ret,
			   struct error *err);		/* ERR_NOTFOUND */
/* Of one channel: open ones, counted up to `most`, and those with something unread. */
int store_conversation_count(struct db *db, struct workspace_id w, struct str channel, int64_t most, int64_t *ret_open,
			     int64_t *ret_unread, struct error *err);

struct store_identity {
	struct workspace_id workspace;
	int64_t account_id, contact_id, tries;
	struct str channel, external_key;
};
/* Of connected accounts of these channels, whose profile is due at now_ms. At most per_account of one account, its oldest first; the account that
 * waits longest first: so many new customers of one hide nobody else's. *ret_next: when the next account is due, 0: none is. */
int store_identity_due(struct db *db, const struct str *channels, size_t channel_count, int64_t now_ms, size_t per_account,
		       struct arena *arena, struct store_identity *ret, size_t max, size_t *ret_count, int64_t *ret_next, struct error *err);
/* Inside a unit. STR_NONE and follower_count < 0 leave what is there. due_at 0: not again. */
int store_identity_save(struct db *db, const struct store_identity *identity, struct str name, struct str handle, struct str picture_url,
			int64_t follower_count, int64_t due_at, int64_t tries, struct error *err);
/* Inside a unit: sets the name and handle of the conversation's contact where none is known. Empty: not told. 1: something
 * was set, 0: not. */
int store_identity_learn(struct db *db, const struct store_conversation *c, struct str name, struct str handle, struct error *err);
/* Inside a unit: what the conversation's contact is shown as beside the name. STR_NONE: that is not known any more. */
int store_identity_set_handle(struct db *db, const struct store_conversation *c, struct str handle, struct error *err);
/* What that is now; STR_NONE: not known. */
int store_identity_handle(struct db *db, const struct store_conversation *c, struct arena *arena, struct str *ret, struct error *err);
/* Inside a unit: sets it where it ends with old_key, or is not known. Empty: not told. 1: it was set, 0: not. */
int store_identity_replace_handle(struct db *db, const struct store_conversation *c, struct str old_key, struct str handle, struct error *err);
/* Inside a unit: the profile of the conversation's contact is wanted at due_at. */
int store_identity_set_due(struct db *db, const struct store_conversation *c, int64_t due_at, struct error *err);
/* The conversation of this identity, 0 when there is none. */
int store_identity_conversation(struct db *db, const struct store_identity *identity, int64_t *ret_id, struct error *err);

#endif
