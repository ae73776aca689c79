/* Our reaction to a message: shown at once, sent by the outbox, taken back from the page with words when it is refused. */
#ifndef INBOX_REACT_H
#define INBOX_REACT_H

#include "inbox/instance.h"

struct store_message;
struct store_outbox;

/* emoji "": takes ours back. Waits for the commit. ERR_NOTFOUND: no such message here. ERR_STATE, ERR_INVALID, ERR_DENIED (the
 * window): err->text is a sentence for the person. */
int inbox_react(struct instance *i, struct workspace_id w, int64_t conversation_id, int64_t message_id, int64_t author_id,
		struct str emoji, struct error *err);

/* For outbox.c and apply.c, inside a unit: what became of `own`, the unseen message (MESSAGE_KIND_REACTION) that carries a
 * reaction. A newer word about the same message stays as it is. The outbox's row is the caller's. */
/* external_id: STR_NONE where the provider gives none. sent: its row in the outbox; NULL when that is gone. */
int react_sent(struct db *db, struct store_message *own, const struct store_outbox *sent, struct str external_id, struct error *err);
/* reason, fix: in words, perhaps empty. What was settled before shows again, with them. */
int react_refused(struct db *db, const struct store_message *own, struct str reason, struct str fix, struct error *err);

#endif
