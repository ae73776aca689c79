/* Files of messages that are to be sent, brought from a database that servers share by a thread of its own: delivery waits for none.
 * A message whose file is on its way here is not claimed meanwhile. */
#ifndef WORK_BRING_H
#define WORK_BRING_H

#include "files/files.h"
#include "work/bell.h"

struct bring;

/* done is rung whenever one has ended. */
int bring_new(struct files *files, struct bell *done, struct bring **ret, struct error *err);
void bring_free(struct bring *b);	/* waits for the one that is under way */
/* Any thread. False: as many as are let wait already. */
bool bring_ask(struct bring *b, int64_t message_id, struct workspace_id w, struct str sha256);
bool bring_waits(struct bring *b, int64_t message_id);	/* it is asked for and not here yet */
/* Why it could not be brought, told once: the code, or 0 when nothing is known against it. */
int bring_failure(struct bring *b, int64_t message_id, struct error *err);

#endif
