/* The threads that answer calls, each with a reader of its own. */
#ifndef WEB_WORKERS_H
#define WEB_WORKERS_H

#include "web/call.h"

struct workers;

/* count 0: by the number of processors. */
int workers_start(struct web *web, int64_t count, struct workers **ret, struct error *err);
/* Finishes what is queued, ends the threads. Takes NULL. */
void workers_stop(struct workers *w);
/* Hands over a call. False: too many wait already. */
bool workers_submit(struct workers *w, struct call *call);
struct workers_figures { size_t waiting, running; };
void workers_figures(struct workers *w, struct workers_figures *ret);

#endif
