/* Fetches what customers send, behind their messages: a thread that finds what is due, and a few that fetch. A crash loses
 * nothing: what was not written down is due again. */
#ifndef WORK_MEDIA_H
#define WORK_MEDIA_H

#include "inbox/instance.h"
#include "work/duty.h"

struct media;

/* Starts its threads. */
int media_start(struct instance *i, struct duties *duties, struct media **ret, struct error *err);
void media_wake(struct media *m);		/* there may be something to fetch. From any thread; never blocks */
/* Begins nothing new and ends the downloads under way. */
void media_close(struct media *m);
void media_free(struct media *m);		/* closes it, waits for the threads */

#endif
