#include "work/bell.h"

#include "base/clock.h"

void bell_init(struct bell *b)
{
	pthread_condattr_t monotonic;

	(void)pthread_mutex_init(&b->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);	/* a clock that is put right wakes nobody */
	(void)pthread_cond_init(&b->changed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	b->rung = b->closed = false;
}

void bell_done(struct bell *b)
{
	(void)pthread_cond_destroy(&b->changed);
	(void)pthread_mutex_destroy(&b->lock);
}

static void ring(struct bell *b, bool close)
{
	(void)pthread_mutex_lock(&b->lock);
	b->rung = true;
	b->closed = b->closed || close;
	(void)pthread_cond_broadcast(&b->changed);
	(void)pthread_mutex_unlock(&b->lock);
}

void bell_ring(struct bell *b)
{
	ring(b, false);
}

void bell_close(struct bell *b)
{
	ring(b, true);
}

bool bell_closed(struct bell *b)
{
	(void)pthread_mutex_lock(&b->lock);
	bool closed = b->closed;

	(void)pthread_mutex_unlock(&b->lock);
	return closed;
}

void bell_wait(struct bell *b, int64_t wait_ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(wait_ms / SECOND_MS);
	until.tv_nsec += (long)(wait_ms % SECOND_MS) * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	(void)pthread_mutex_lock(&b->lock);
	while (!b->rung && wait_ms > 0)
		if (pthread_cond_timedwait(&b->changed, &b->lock, &until) != 0)
			break;
	b->rung = false;
	(void)pthread_mutex_unlock(&b->lock);
}
