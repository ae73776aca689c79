/* Opens conversations.channel, which the core keeps to a closed list, to the channels of addons. */
#ifndef STORE_WIDEN_H
#define STORE_WIDEN_H

#include "store/db.h"

/* Inside a unit (store_write, or store_write_alone beside a long migration). 1: widened; 0: it was wide already. No row, index
 * or trigger changes; whatever stops it leaves the old state. */
int store_conversation_channel_widen(struct db *db, struct error *err);

/* The text of a CREATE TABLE without the CHECK of one of its columns (and without that CHECK's CONSTRAINT name). False: the
 * column is not there or has no CHECK, or there is no memory (ret->failed). For sqlite_widen.c and its test. */
bool widen_text(struct str sql, struct str column, struct buf *ret);

#endif
