/* The search index, kept up behind the commits. Looking things up is conversation_list's q. */
#ifndef INBOX_SEARCH_H
#define INBOX_SEARCH_H

#include "inbox/instance.h"

/* Indexes up to max_rows messages in one unit and waits for it. *ret_done: how many; less than max_rows: all is indexed. */
int search_step(struct instance *i, size_t max_rows, size_t *ret_done, struct error *err);
/* How many messages the index is behind, about. */
int search_lag(struct db *db, int64_t *ret, struct error *err);

#endif
