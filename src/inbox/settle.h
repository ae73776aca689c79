/* How the fate of our own message is settled when its answer, its echo and what is said about it come in any order. Used by
 * apply.c (echoes) and outbox.c (answers). */
#ifndef INBOX_SETTLE_H
#define INBOX_SETTLE_H

#include "inbox/instance.h"
#include "store/message.h"

/* Inside a unit. `other` is a row about the same message (an echo that was not recognised, or one that waited): what it knows
 * goes into `own` in memory, its reactions move, its row goes. The caller saves `own` afterwards. */
int settle_absorb(struct db *db, struct store_message *own, const struct store_message *other, struct error *err);
/* Inside a unit: the provider says that `own` is its message external_id. Undoes an echo that was taken for it by its text
 * (that one was written elsewhere), absorbs what came under external_id before. Saves `own` as sent. */
int settle_sent(struct db *db, struct store_message *own, struct str external_id, struct error *err);
/* Inside a unit: the provider says that `own` was not sent. An echo that was taken for it was written elsewhere. */
int settle_unbind(struct db *db, struct store_message *own, struct error *err);

#endif
