/* What runs by itself: delivery, customers' names, the accounts' subscriptions, housekeeping. */
#ifndef WORK_WORK_H
#define WORK_WORK_H

#include "inbox/instance.h"

struct work;

/* Settles what a dead process left claimed (it becomes "unknown"), then starts the threads and sets the hooks of `i`. Before
 * anything that calls them. */
int work_start(struct instance *i, struct work **ret, struct error *err);
/* Begins nothing new, gives running requests up to 7 s, writes down how all of them ended, ends the threads. NULL: nothing.
 * After everything that calls the hooks has stopped. */
void work_stop(struct work *work);

#endif
