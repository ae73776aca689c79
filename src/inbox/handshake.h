/* When providers last asked for a channel's verify token: for "Check connection". This process remembers, and where several servers
 * share the database each tells the others by a row of settings, since a provider may have come to any of them. */
#ifndef INBOX_HANDSHAKE_H
#define INBOX_HANDSHAKE_H

#include "inbox/instance.h"

/* It was just asked for. Never blocks. */
void handshake_note(struct instance *i, struct str channel, bool accepted);
/* Times in ms; 0: never, since this process (or, where shared, any of them) knows. */
int handshake_times(struct instance *i, struct db *db, struct str channel, int64_t *ret_accepted_ms, int64_t *ret_refused_ms, struct error *err);

#endif
