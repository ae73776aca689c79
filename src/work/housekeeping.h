/* What keeps the house in order behind everybody's back: the search index, old rows, the command line's changes to addons,
 * workspaces whose deletion was interrupted. On a thread of its own, so that a delivery never waits for it. Of several servers on one
 * database each follows the addons and sweeps its own disk; the rows are DUTY_HOUSEKEEPING's. */
#ifndef WORK_HOUSEKEEPING_H
#define WORK_HOUSEKEEPING_H

#include "inbox/instance.h"
#include "work/duty.h"

struct housekeeping;

int housekeeping_start(struct instance *i, struct duties *duties, struct housekeeping **ret, struct error *err);
void housekeeping_close(struct housekeeping *h);	/* begins nothing new */
void housekeeping_free(struct housekeeping *h);		/* waits for the thread */

#endif
