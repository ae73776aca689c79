/* See web/workers.h. */
#include "web/workers.h"

#include <pthread.h>
#include <unistd.h>

#include "web/loop.h"
#include "web/server.h"

enum { WORKERS_MIN = 8, WORKERS_MAX = 64, WAITING_MAX = 8192 };

enum { LANE_QUICK, LANE_SLOW, LANE_WAITING, LANE_DISK, LANES };

/* Calls of one kind, in their order. */
struct lane {
	struct call *first, *last;
	size_t running, max;		/* max: so many workers may be in this lane at once */
};

struct workers {
	struct web *web;
	pthread_t thread[WORKERS_MAX];
	size_t count;

	pthread_mutex_t lock;		/* guards what follows */
	pthread_cond_t more;
	struct lane lane[LANES];
	size_t waiting, running;
	size_t idle;			/* workers that sleep and that nobody has woken yet */
	bool stopping;
};

static void put(struct lane *q, struct call *call)
{
	call->next = NULL;
	if (q->last != NULL)
		q->last->next = call;
	else
		q->first = call;
	q->last = call;
}

static struct call *take(struct lane *q)
{
	struct call *call = q->first;

	if (call == NULL)
		return NULL;
	q->first = call->next;
	if (q->first == NULL)
		q->last = NULL;
	return call;
}

/* Under the lock: what this worker does next, or NULL when it should wait. */
static struct call *next_call(struct workers *w, struct lane **ret_lane)
{
	for (int k = 0; k < LANES; k++) {
		struct lane *lane = &w->lane[k];
		struct call *call = lane->running < lane->max ? take(lane) : NULL;

		if (call == NULL)
			continue;
		lane->running++;
		w->running++;
		w->waiting--;
		*ret_lane = lane;
		return call;
	}
	return NULL;
}

/* Under the lock: wakes a worker if one sleeps. Those who are awake look for more by themselves, so that under load
 * nobody pays for waking. */
static void wake_one(struct workers *w)
{
	if (w->idle > 0) {
		w->idle--;
		pthread_cond_signal(&w->more);
	}
}

/* Pieces of a file that comes or goes: the disk's speed, not the database's. */
static bool is_disk_step(const struct call *call)
{
	return call->step == CALL_SPOOL || call->step == CALL_READ || call->step == CALL_DROP;
}

static void run(struct web *web, struct call *call, struct arena *arena, struct db **db)
{
	struct error err = { 0 };

	if (*db == NULL && !is_disk_step(call))
		(void)store_reader_new(web->instance->store, db, &err);
	call->arena = arena;
	call->db = *db;
	if (err.code != 0) {
		call_failed(call, &err, false);
		call_finish(call);
	} else {
		call_run(call);
	}
	arena_done(arena);	/* not kept: it may have held secrets */
}

static void *work(void *arg)
{
	struct workers *w = arg;
	struct arena arena = { 0 };
	struct db *db = NULL;
	struct lane *lane = NULL;

	(void)pthread_setname_np(pthread_self(), "web-worker");
	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct call *call = next_call(w, &lane);

		if (call == NULL) {
			if (w->stopping)
				break;
			w->idle++;
			pthread_cond_wait(&w->more, &w->lock);
			continue;
		}
		pthread_mutex_unlock(&w->lock);
		run(w->web, call, &arena, &db);
		pthread_mutex_lock(&w->lock);
		w->running--;
		lane->running--;
		if (lane->first != NULL && lane->running + 1 == lane->max)
			wake_one(w);	/* somebody may have passed this lane by because it was full */
	}
	pthread_mutex_unlock(&w->lock);
	store_reader_free(db);
	return NULL;
}

int workers_start(struct web *web, int64_t count, struct workers **ret, struct error *err)
{
	struct workers *w = calloc(1, sizeof(*w));
	int64_t processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (w == NULL)
		return fail(err, ERR_NOMEM, "no memory for the workers");
	if (count <= 0)
		count = 2 * processors;
	count = count < WORKERS_MIN ? WORKERS_MIN : count > WORKERS_MAX ? WORKERS_MAX : count;
	w->web = web;
	w->lane[LANE_QUICK].max = (size_t)count;
	w->lane[LANE_SLOW].max = (size_t)count / 2;
	w->lane[LANE_WAITING].max = (size_t)count / 4;
	w->lane[LANE_DISK].max = (size_t)count / 8;	/* with these three full, one of eight is left for what is quick */
	lock_init(&w->lock);
	pthread_cond_init(&w->more, NULL);
	for (; w->count < (size_t)count; w->count++)
		if (pthread_create(&w->thread[w->count], NULL, work, w) != 0) {
			(void)fail(err, ERR_BROKEN, "cannot start worker %zu", w->count + 1);
			workers_stop(w);
			return ERR_BROKEN;
		}
	*ret = w;
	return 0;
}

void workers_stop(struct workers *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_broadcast(&w->more);
	pthread_mutex_unlock(&w->lock);
	for (size_t k = 0; k < w->count; k++)
		pthread_join(w->thread[k], NULL);
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static int lane_of(const struct call *call)
{
	if (is_disk_step(call))
		return LANE_DISK;
	if (call->step == CALL_ADMIT)
		return LANE_QUICK;
	switch (call->route->thread) {
	case ON_SLOW_WORKER: return LANE_SLOW;
	case ON_WAITING_WORKER: return LANE_WAITING;
	default: return LANE_QUICK;
	}
}

bool workers_submit(struct workers *w, struct call *call)
{
	bool room;

	pthread_mutex_lock(&w->lock);
	room = w->waiting < WAITING_MAX;
	if (room) {
		put(&w->lane[lane_of(call)], call);
		w->waiting++;
		wake_one(w);
	}
	pthread_mutex_unlock(&w->lock);
	return room;
}

void workers_figures(struct workers *w, struct workers_figures *ret)
{
	pthread_mutex_lock(&w->lock);
	*ret = (struct workers_figures){ w->waiting, w->running };
	pthread_mutex_unlock(&w->lock);
}
