/* How the fate of our own message is settled when its answer, its echo and what is said about it come in any order. Used by
 * apply.c (echoes) and outbox.c (answers). */
#ifndef INBOX_SETTLE_H
#define INBOX_SETTLE_H

#include "inbox/instance.h"
#include "store/message.h"
#include "store/outbox.h"

/* What an attempt at a message is called at the provider, which may give it back with what it says of the message: "mt-", the
 * message's id, "-", and the attempt's time in base 36. Unique in the instance, at most 36 bytes. The arena's. */
struct str settle_reference(int64_t message_id, int64_t claimed_at_ms, struct arena *arena);
/* False: it is none of ours. */
bool settle_reference_read(struct str reference, int64_t *ret_message_id, int64_t *ret_claimed_at_ms);

/* Whether what a provider says of a message's fate goes beyond what is known: sent < failed < delivered < read, and anything
 * beyond what only we know of it. A message that was delivered has not failed, whichever word came first. */
bool settle_goes_beyond(int status, int known);
/* In memory: nobody can say whether it was sent. reason: STR_NONE for the usual words. */
void settle_unknown(struct store_message *own, struct str reason);
/* Inside a unit. `other` is a row about the same message (an echo that was not recognised, or one that waited): what it knows
 * goes into `own` in memory, its reactions move, its row is retired. The caller saves `own` afterwards. */
int settle_absorb(struct db *db, struct store_message *own, const struct store_message *other, struct error *err);
/* Inside a unit: the provider says that `own` is its message external_id. Undoes an echo that was taken for it by its text
 * (that one was written elsewhere), absorbs what came under external_id before. Saves `own` as sent, and what the customer's
 * receipt for it says. sent: its row in the outbox; NULL when that is gone. Afterwards only the ids in `own` may be used. */
int settle_sent(struct db *db, struct store_message *own, const struct store_outbox *sent, struct str external_id, struct error *err);
/* Inside a unit: `own` is not what was taken for it. That gets a row of its own, written elsewhere; `own` is again as it was
 * claimed. The caller saves `own` once more when it changes it. */
int settle_unbind(struct db *db, struct store_message *own, const struct store_outbox *sent, struct error *err);

#endif
