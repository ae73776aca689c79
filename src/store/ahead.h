/* What the units of a group are about to ask for, read with a few questions for all of them instead of a few for each: where the
 * database is another process, a question costs more than its answer. Only for the group's transaction, in which nobody else
 * writes, so what is known here is exact. For store/ itself. */
#ifndef STORE_AHEAD_H
#define STORE_AHEAD_H

#include "store/conversation.h"

struct ahead *ahead_new(void);		/* NULL: no memory. Then nothing is asked ahead */
void ahead_free(struct ahead *a);

/* Forgets the group before; the next one's units may tell (store_ahead). */
void ahead_begin(struct ahead *a);
/* Inside the transaction: reads what was asked for. The connection knows it until the transaction ends. */
int ahead_load(struct ahead *a, struct db *db, struct error *err);

/* What a contact's own key is the key of. True: it is known, and *ret_found says whether there is one (into ret, with text in the
 * arena). False: ask the database. */
bool ahead_conversation(struct db *db, struct workspace_id w, int64_t account_id, struct str external_key, struct arena *arena,
			struct store_conversation *ret, bool *ret_found);
/* The row is written as it is here. True: its row is known to be there. */
bool ahead_conversation_saved(struct db *db, const struct store_conversation *c);
/* This one came, or any of them went or got another key: such are asked for again. */
void ahead_conversation_came(struct db *db, int64_t account_id, struct str external_key);
void ahead_conversations_moved(struct db *db);
/* Whether the conversation surely has no message of this hash (message.c). */
bool ahead_no_message(struct db *db, int64_t conversation_id, int64_t external_hash);
void ahead_message_added(struct db *db, int64_t conversation_id, int64_t external_hash);

#endif
