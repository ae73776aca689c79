/* Our reaction to a message: shown at once, sent by the outbox, taken back from the page with words when it is refused. */
#ifndef INBOX_REACT_H
#define INBOX_REACT_H

#include "inbox/instance.h"

/* emoji "": takes ours back. Waits for the commit. ERR_NOTFOUND: no such message here. ERR_STATE, ERR_INVALID, ERR_DENIED (the
 * window): err->text is a sentence for the person. */
int inbox_react(struct instance *i, struct workspace_id w, int64_t conversation_id, int64_t message_id, int64_t author_id,
		struct str emoji, struct error *err);

#endif
