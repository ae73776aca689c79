/* What runs by itself: delivery, customers' files and names, the accounts' subscriptions, housekeeping. */
#ifndef WORK_WORK_H
#define WORK_WORK_H

#include "inbox/instance.h"

struct work;

/* Settles what a dead process left claimed (it becomes "unknown"), then starts the threads and sets the hooks of `i`. Before
 * anything that calls them. */
int work_start(struct instance *i, struct work **ret, struct error *err);
/* Begins nothing new from now on; requests under way have up to 7 s, then they are ended, and how each ended is written down.
 * Does not wait: call it before whatever else takes its time to stop. The hooks may still be called. NULL: nothing. */
void work_close(struct work *work);
/* work_close, waits for the end, unsets the hooks. After everything that calls them has stopped. NULL: nothing. */
void work_stop(struct work *work);

#endif
