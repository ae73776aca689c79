/* What a thread of work/ waits at: until somebody rings or the time is up. */
#ifndef WORK_BELL_H
#define WORK_BELL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct bell {
	pthread_mutex_t lock;		/* guards the two flags */
	pthread_cond_t changed;
	bool rung, closed;
};

void bell_init(struct bell *b);
void bell_done(struct bell *b);
void bell_ring(struct bell *b);			/* from any thread; never blocks */
void bell_close(struct bell *b);		/* rings, and says for good that the end has come */
bool bell_closed(struct bell *b);
/* Waits at most wait_ms. A ring before the wait counts. */
void bell_wait(struct bell *b, int64_t wait_ms);

#endif
