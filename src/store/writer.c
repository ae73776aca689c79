/* The one thread that writes. It takes what is queued, runs it in one transaction, and tells everybody after the commit:
 * with many callers one wait for the disk serves them all.
 *
 * A unit that fails must leave nothing behind and must not drag its neighbours down. The usual group has no failing unit,
 * so it runs without savepoints, which cost a copy of every page a unit touches. When one fails all the same, the group is
 * rolled back and runs again with a savepoint a unit; and the next groups do so from the start, because where one caller
 * sends what fails, it sends more. When the engine itself gave the transaction up, each unit runs in one of its own.
 *
 * Where several servers write (a shared engine), a unit may have decided on what was not so: a node of a cluster applies another's
 * rows under a transaction that is lost already and has not been told. So there a unit's failure, too, reaches its caller only
 * when the transaction in which it failed was committed, without what the unit did: the commit says that nobody was in between. */
#include "store/state.h"

#include <assert.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"

enum {
	GROUP_MS = 25,			/* a group takes no further unit after this: the first one waits for the last */
	CAREFUL_GROUPS = 16,
	RETRY_MS = 10000,		/* for so long a group that was lost to others, or to a server that went away, runs again */
	PAUSE_US = 1000,
};

/* ---- the queue ---- */

static void push(struct store *store, struct store_unit *unit)
{
	unit->next = NULL;
	(void)pthread_mutex_lock(&store->lock);
	if (store->last != NULL)
		store->last->next = unit;
	else
		store->first = unit;
	store->last = unit;
	store->figures.queued++;
	(void)pthread_cond_broadcast(&store->queue_changed);
	(void)pthread_mutex_unlock(&store->lock);
}

/* Waits for work and moves it into store->group: many units, or one that wants to be alone. 0: stopping, nothing left. */
static size_t take(struct store *store)
{
	size_t count = 0;

	(void)pthread_mutex_lock(&store->lock);
	while (store->first == NULL && !store->stopping)
		(void)pthread_cond_wait(&store->queue_changed, &store->lock);
	while (store->first != NULL && count < GROUP_UNITS && !(count > 0 && store->first->alone)) {
		struct store_unit *unit = store->first;

		store->group[count++].unit = unit;
		store->first = unit->next;
		if (unit->alone)
			break;
	}
	if (store->first == NULL)
		store->last = NULL;
	store->figures.queued -= (int64_t)count;
	(void)pthread_mutex_unlock(&store->lock);
	return count;
}

void store_submit(struct store *store, struct store_unit *unit)
{
	unit->alone = false;
	push(store, unit);
}

struct waiting {
	pthread_mutex_t lock;
	pthread_cond_t over;
	int (*run)(struct db *db, void *arg, struct error *err);
	void *arg;
	bool is_over;
	int result;
	struct error *err;
};

static int run_waiting(struct db *db, void *arg, struct error *err)
{
	struct waiting *w = arg;

	return w->run(db, w->arg, err);
}

static void end_waiting(void *arg, int result, const struct error *err)
{
	struct waiting *w = arg;

	(void)pthread_mutex_lock(&w->lock);
	w->result = result;
	if (result < 0 && w->err != NULL)
		*w->err = *err;
	w->is_over = true;
	(void)pthread_cond_signal(&w->over);
	(void)pthread_mutex_unlock(&w->lock);
}

static int submit_and_wait(struct store *store, int (*run)(struct db *db, void *arg, struct error *err),
			   void *arg, bool alone,
			   struct error *err)
{
	struct waiting w = { .lock = PTHREAD_MUTEX_INITIALIZER, .over = PTHREAD_COND_INITIALIZER, .run = run, .arg = arg,
			     .err = err };
	struct store_unit unit = { .run = run_waiting, .done = end_waiting, .arg = &w, .alone = alone };

	assert(!pthread_equal(pthread_self(), store->writer_thread));	/* it would wait for itself */
	push(store, &unit);
	(void)pthread_mutex_lock(&w.lock);
	while (!w.is_over)
		(void)pthread_cond_wait(&w.over, &w.lock);
	(void)pthread_mutex_unlock(&w.lock);
	(void)pthread_cond_destroy(&w.over);
	(void)pthread_mutex_destroy(&w.lock);
	return w.result;
}

int store_write(struct store *store, int (*run)(struct db *db, void *arg, struct error *err), void *arg, struct error *err)
{
	return submit_and_wait(store, run, arg, false, err);
}

int store_write_alone(struct store *store, int (*run)(struct db *db, void *arg, struct error *err),
		      void *arg, struct error *err)
{
	return submit_and_wait(store, run, arg, true, err);
}

/* ---- a group ---- */

/* How running some units ended, where it was not with how many are settled. */
enum { UNIT_FAILED = 0, LOST = -1 };

static int run_unit(struct store *store, struct outcome *o)
{
	o->err = (struct error){ .code = ERR_BROKEN };
	o->result = o->unit->run(store->writer, o->unit->arg, &o->err);
	return o->result;
}

/* The whole group shares what stopped its transaction; a unit that had failed by itself keeps its own reason, where that is sure
 * without a commit. */
static void all_failed(struct store *store, struct outcome *group, size_t count, const struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (group[i].result >= 0 || store->engine->shared) {
			group[i].err = *err;
			group[i].result = group[i].err.code = ERR_TEMPORARY;
		}
	log_event(LOG_ERROR, "commit failed; nothing of it is stored", log_i("units", (int64_t)count), log_c("error", err->text), log_end);
}

static bool may_retry(struct store *store)
{
	return store->engine->may_retry != NULL && store->engine->may_retry(store->writer);
}

/* LOST, or what the other case is called. */
static int lost_or(struct store *store, const struct error *why, int other)
{
	if (!may_retry(store))
		return other;
	store->why = *why;
	return LOST;
}

/* < 0: every unit has failed with it, but where it is LOST. */
static int begin(struct store *store, struct outcome *group, size_t count)
{
	struct error err = { 0 };
	int r;

	for (size_t i = 0; i < count; i++)
		group[i].result = 0;
	if (db_begin(store->writer, &err) >= 0)
		return 0;
	if ((r = lost_or(store, &err, UNIT_FAILED)) != LOST)
		all_failed(store, group, count, &err);
	return r == LOST ? LOST : ERR_TEMPORARY;
}

/* A unit failed, or the transaction under it. */
static int give_up(struct store *store, const struct error *why)
{
	int r = store->engine->in_transaction(store->writer) ? UNIT_FAILED : lost_or(store, why, UNIT_FAILED);

	db_rollback(store->writer);
	return r;
}

static int flush(struct store *store, struct error *err)
{
	return store->engine->flush == NULL ? 0 : store->engine->flush(store->writer, err);
}

/* Waits before another try, a little longer each time. False: it has gone on for too long. */
static bool wait_to_retry(struct store *store)
{
	int64_t now = clock_mono_ms();
	uint16_t chance;

	if (store->failing_since == 0)
		store->failing_since = now;
	if (now - store->failing_since >= RETRY_MS)
		return false;
	if (store->failures < 6)
		store->failures++;
	crypto_random(&chance, sizeof(chance));
	(void)usleep((useconds_t)(chance % (PAUSE_US << store->failures)));
	return true;
}

/* A commit that had no answer: 0: it is stored, LOST: it is not. */
static int ask_for_commit(struct store *store, struct error *err)
{
	int r;

	while ((r = store->engine->settle(store->writer, err)) < 0 && may_retry(store) && wait_to_retry(store))
		;
	if (r < 0)
		return r;
	log_event(LOG_WARNING, "the answer to a commit was lost", log_c("stored", r == 1 ? "yes" : "no; it runs again"), log_end);
	return r == 1 ? 0 : LOST;
}

/* The units' results stand; LOST: they must run again. */
static int commit(struct store *store, struct outcome *group, size_t count)
{
	struct error err = { 0 };
	int r;

	follow_committing(store);
	if ((r = db_commit(store->writer, &err)) == ERR_UNKNOWN)
		r = ask_for_commit(store, &err);
	else if (r < 0)
		r = store->engine->in_transaction(store->writer) ? r : lost_or(store, &err, r);
	follow_committed(store, r == 0);
	if (r == 0) {
		store->failing_since = 0;
		store->failures = 0;
		store->limit = store->limit * 2 < GROUP_UNITS ? store->limit * 2 : GROUP_UNITS;
		return 0;
	}
	db_rollback(store->writer);
	if (r != LOST)
		all_failed(store, group, count, &err);
	return r;
}

/* What the units will ask for. */
static int look_ahead(struct store *store, const struct outcome *group, int count, struct error *err)
{
	if (store->ahead == NULL)
		return 0;
	ahead_begin(store->ahead);
	for (int k = 0; k < count; k++)
		if (group[k].unit->tell_ahead != NULL)
			group[k].unit->tell_ahead(group[k].unit->arg, store->ahead);
	return ahead_load(store->ahead, store->writer, err);
}

/* Without savepoints. Returns how many units are settled, from the first; UNIT_FAILED: one failed and all was rolled back. */
static int run_fast(struct store *store, struct outcome *group, int count)
{
	int64_t end = clock_mono_ms() + GROUP_MS;
	struct error err = { 0 };
	int n = 0, r;

	if ((r = begin(store, group, (size_t)count)) < 0)
		return r == LOST ? LOST : count;
	if (look_ahead(store, group, count, &err) < 0)
		return give_up(store, &err);
	do {
		if (run_unit(store, &group[n]) < 0 || !store->engine->in_transaction(store->writer))
			return give_up(store, &group[n].err);
		n++;
	} while (n < count && clock_mono_ms() < end);
	if (flush(store, &err) < 0)
		return give_up(store, &err);
	return commit(store, group, (size_t)n) == LOST ? LOST : n;
}

/* One unit inside the group's transaction. < 0: the transaction itself is gone. */
static int run_marked(struct store *store, struct outcome *o)
{
	struct db *db = store->writer;
	size_t changes = db->change_count;
	struct error err = { 0 };
	int r;

	if ((r = store->engine->mark(db, &err)) < 0) {
		o->err = err;
		return r;
	}
	if (run_unit(store, o) < 0) {
		db->change_count = changes;
		store->careful = CAREFUL_GROUPS;
	}
	if (!store->engine->in_transaction(db))
		return ERR_TEMPORARY;
	if ((r = store->engine->mark_end(db, o->result >= 0, &err)) < 0)
		o->err = err;
	return r;
}

/* With a savepoint a unit. As run_fast; UNIT_FAILED: the transaction was lost under them. */
static int run_careful(struct store *store, struct outcome *group, int count)
{
	int64_t end = clock_mono_ms() + GROUP_MS;
	int n = 0, r;

	store->careful--;
	if ((r = begin(store, group, (size_t)count)) < 0)
		return r == LOST ? LOST : count;
	do {
		if (run_marked(store, &group[n]) < 0)
			return give_up(store, &group[n].err);
		n++;
	} while (n < count && clock_mono_ms() < end);
	return commit(store, group, (size_t)n) == LOST ? LOST : n;
}

/* A unit that failed, alone and with a mark: is it so again, its failure is committed. 1, or LOST. */
static int run_fenced(struct store *store, struct outcome *o)
{
	bool ended;
	int r;

	if ((r = begin(store, o, 1)) < 0)
		return r == LOST ? LOST : 1;
	if (run_marked(store, o) >= 0)
		return commit(store, o, 1) == LOST ? LOST : 1;
	/* It ended the transaction itself, and says why: nothing that it saw can be confirmed, ever. */
	ended = !store->engine->in_transaction(store->writer) && !may_retry(store);
	if (ended && o->result >= 0)
		o->result = fail(&o->err, ERR_TEMPORARY, "a unit ended its transaction");
	/* Else its mark is not there: the transaction was lost, and nobody had said so. */
	store->why = o->err;
	db_rollback(store->writer);
	return ended ? 1 : LOST;
}

/* 1, or LOST. */
static int run_single(struct store *store, struct outcome *o)
{
	int r;

	if ((r = begin(store, o, 1)) < 0)
		return r == LOST ? LOST : 1;
	if (run_unit(store, o) >= 0 && store->engine->in_transaction(store->writer) && (r = flush(store, &o->err)) < 0)
		o->result = r;
	if (o->result >= 0)
		return commit(store, o, 1) == LOST ? LOST : 1;
	if (give_up(store, &o->err) == LOST)
		return LOST;
	return store->engine->shared ? run_fenced(store, o) : 1;
}

/* Runs and commits some of the units, from the first, and returns how many; or LOST. */
static int settle_some(struct store *store, struct outcome *group, int count)
{
	int n;

	if (group[0].unit->alone || store->singles > 0) {
		if ((n = run_single(store, &group[0])) > 0)
			store->singles -= store->singles > 0;
		return n;
	}
	if (store->careful == 0 && (n = run_fast(store, group, count)) != UNIT_FAILED)
		return n;
	if (store->careful == 0)
		store->careful = CAREFUL_GROUPS;
	if ((n = run_careful(store, group, count)) != UNIT_FAILED)
		return n;
	store->singles = (size_t)count - 1;
	return run_single(store, &group[0]);
}

/* The same, until some are settled. A transaction that another server's was in the way of, or whose server went away, runs again
 * as it is, so that nobody outside notices; with fewer units each time, because a short one is sooner done than the others'. */
static size_t settle(struct store *store, struct outcome *group, size_t count)
{
	int n;

	for (;;) {
		size_t some = count < store->limit ? count : store->limit;

		if ((n = settle_some(store, group, (int)some)) > 0)
			return (size_t)n;
		store->lost++;
		if (!wait_to_retry(store)) {
			for (size_t i = 0; i < count; i++)
				group[i].result = 0;
			all_failed(store, group, count, &store->why);
			return count;
		}
		if (store->failures > 1 && store->limit > 1)
			store->limit /= 2;
	}
}

/* ---- after the commit ---- */

static void tell(struct store *store, struct outcome *group, size_t count)
{
	size_t changes = store->writer->change_count;

	/* A unit's memory may be gone once its done() has returned. */
	for (size_t i = 0; i < count; i++)
		group[i].unit->done(group[i].unit->arg, group[i].result, &group[i].err);
	/* Where others commit, too, the follower tells of all in the order of the ids. */
	if (changes > 0 && !store->engine->shared)
		store_tell(store, store->writer->changes, changes, NULL, 0);
}

static void *writer_main(void *arg)
{
	struct store *store = arg;
	size_t count, n;

	while ((count = take(store)) > 0)
		for (size_t from = 0; from < count; from += n) {
			int careful = store->careful;

			checkpoint_enter(store);
			n = settle(store, &store->group[from], count - from);
			checkpoint_leave(store);
			(void)pthread_mutex_lock(&store->lock);
			store->figures.commits++;
			store->figures.units += (int64_t)n;
			store->figures.retried_groups += careful == 0 && store->careful > 0;
			store->figures.lost = store->lost;
			(void)pthread_mutex_unlock(&store->lock);
			tell(store, &store->group[from], n);
		}
	return NULL;
}

int writer_start(struct store *store, struct error *err)
{
	store->ahead = store->engine->shared ? ahead_new() : NULL;
	if (pthread_create(&store->writer_thread, NULL, writer_main, store) != 0)
		return fail(err, ERR_BROKEN, "cannot start the writer's thread");
	store->writer_runs = true;
	return 0;
}

void writer_stop(struct store *store)
{
	if (!store->writer_runs)
		return;
	(void)pthread_mutex_lock(&store->lock);
	store->stopping = true;
	(void)pthread_cond_broadcast(&store->queue_changed);
	(void)pthread_mutex_unlock(&store->lock);
	(void)pthread_join(store->writer_thread, NULL);
	store->writer_runs = false;
}
