/* The index of words. A row a message (its id) and a row a contact's name (minus its conversation's id). */
#ifndef STORE_SEARCH_H
#define STORE_SEARCH_H

#include "store/store.h"

/* Indexes up to `max` messages inside a unit: changed ones first, then new ones. *ret_count: how many. */
int store_search_step(struct db *db, size_t max, size_t *ret_count, struct error *err);
/* Inside a unit: the name and handle of a conversation's contact, as they are stored now. */
int store_search_contact(struct db *db, struct workspace_id w, int64_t conversation_id, struct error *err);
/* How many messages are not indexed yet, about. */
int store_search_lag(struct db *db, int64_t *ret, struct error *err);
/* Conversations of the workspace where all words of q occur in one message or in the name; the last word may be a beginning.
 * Newest messages first, each conversation once, at most max; among the newest few thousand hits only. */
int store_search_find(struct db *db, struct workspace_id w, struct str q, int64_t *ret, size_t max, size_t *ret_count, struct error *err);

#endif
