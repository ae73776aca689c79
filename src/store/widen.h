/* Opens conversations.channel, which the core keeps to a closed list, to the channels of addons. */
#ifndef STORE_WIDEN_H
#define STORE_WIDEN_H

#include "store/store.h"

/* Not inside a unit: it has a connection of its own, beside the writer and other servers, which go on meanwhile. 1: widened;
 * 0: it was wide already. No row and no index changes. What a kill leaves half-way works on as it is, and is completed by the
 * next call. ERR_TEMPORARY: something held the table for too long; it goes on there when it is called again. */
int store_conversation_channel_widen(struct store *store, struct error *err);

/* The text of a CREATE TABLE without the CHECK of one of its columns (and without that CHECK's CONSTRAINT name). False: the
 * column is not there or has no CHECK, or there is no memory (ret->failed). For sqlite_widen.c and its test. */
bool widen_text(struct str sql, struct str column, struct buf *ret);

#endif
