/* The index of words. A row a message (its id) and a row a contact's name (minus its conversation's id). */
#ifndef STORE_SEARCH_H
#define STORE_SEARCH_H

#include "store/store.h"

struct ids;

/* Indexes up to `max` messages inside a unit: changed ones first, then new ones. *ret_count: how many. */
int store_search_step(struct db *db, size_t max, size_t *ret_count, struct error *err);
/* Inside a unit: the name and handle of a conversation's contact, as they are stored now. */
int store_search_contact(struct db *db, struct workspace_id w, int64_t conversation_id, struct error *err);
/* Inside a unit: of messages that are going, and of a contact. */
int store_search_forget(struct db *db, struct workspace_id w, const struct ids *messages, struct error *err);
int store_search_forget_contact(struct db *db, struct workspace_id w, int64_t conversation_id, struct error *err);
/* How many messages are not indexed yet; a million stands for more. */
int store_search_lag(struct db *db, int64_t *ret, struct error *err);
/* Conversations of the workspace where all words of q occur in one message or in the name; the last word may be a beginning.
 * Newest messages first, each conversation once, at most max; among the newest few thousand hits only. */
int store_search_find(struct db *db, struct workspace_id w, struct str q, int64_t *ret, size_t max, size_t *ret_count, struct error *err);

#endif
