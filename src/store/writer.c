/* The one thread that writes. It takes what is queued, runs it in one transaction, and tells everybody after the commit:
 * with many callers one wait for the disk serves them all.
 *
 * A unit that fails must leave nothing behind and must not drag its neighbours down. The usual group has no failing unit,
 * so it runs without savepoints, which cost a copy of every page a unit touches. When one fails all the same, the group is
 * rolled back and runs again with a savepoint a unit; and the next groups do so from the start, because where one caller
 * sends what fails, it sends more. When the engine itself gave the transaction up, each unit runs in one of its own. */
#include "store/state.h"

#include <assert.h>

#include "base/clock.h"
#include "base/log.h"

enum {
	GROUP_MS = 25,			/* a group takes no further unit after this: the first one waits for the last */
	CAREFUL_GROUPS = 16,
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

static int run_unit(struct store *store, struct outcome *o)
{
	o->err = (struct error){ .code = ERR_BROKEN };
	o->result = o->unit->run(store->writer, o->unit->arg, &o->err);
	return o->result;
}

/* The whole group shares what stopped its transaction; a unit that had failed by itself keeps its own reason. */
static void all_failed(struct outcome *group, size_t count, const struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (group[i].result >= 0) {
			group[i].err = *err;
			group[i].result = group[i].err.code = ERR_TEMPORARY;
		}
	log_event(LOG_ERROR, "commit failed; nothing of it is stored", log_i("units", (int64_t)count), log_c("error", err->text), log_end);
}

static int begin(struct store *store, struct outcome *group, size_t count)
{
	struct error err = { 0 };
	int r;

	for (size_t i = 0; i < count; i++)
		group[i].result = 0;
	if ((r = db_begin(store->writer, &err)) < 0)
		all_failed(group, count, &err);
	return r;
}

static int commit(struct store *store, struct outcome *group, size_t count)
{
	struct error err = { 0 };
	int r;

	if ((r = db_commit(store->writer, &err)) < 0) {
		db_rollback(store->writer);
		all_failed(group, count, &err);
	}
	return r;
}

/* Without savepoints. Returns how many units are settled, from the first: 0 when one failed and all was rolled back. */
static size_t run_fast(struct store *store, struct outcome *group, size_t count)
{
	int64_t end = clock_mono_ms() + GROUP_MS;
	size_t n = 0;

	if (begin(store, group, count) < 0)
		return count;
	do {
		if (run_unit(store, &group[n]) < 0 || !store->engine->in_transaction(store->writer)) {
			db_rollback(store->writer);
			return 0;
		}
		n++;
	} while (n < count && clock_mono_ms() < end);
	(void)commit(store, group, n);
	return n;
}

/* One unit inside the group's transaction. < 0: the transaction itself is gone. */
static int run_marked(struct store *store, struct outcome *o)
{
	struct db *db = store->writer;
	size_t changes = db->change_count;
	struct error err = { 0 };
	int r;

	if ((r = store->engine->mark(db, &err)) < 0)
		return r;
	if (run_unit(store, o) < 0) {
		db->change_count = changes;
		store->careful = CAREFUL_GROUPS;
	}
	if (!store->engine->in_transaction(db))
		return ERR_TEMPORARY;
	return store->engine->mark_end(db, o->result >= 0, &err);
}

/* With a savepoint a unit. Returns how many units are settled: 0 when the transaction was lost under them. */
static size_t run_careful(struct store *store, struct outcome *group, size_t count)
{
	int64_t end = clock_mono_ms() + GROUP_MS;
	size_t n = 0;

	store->careful--;
	if (begin(store, group, count) < 0)
		return count;
	do {
		if (run_marked(store, &group[n]) < 0) {
			db_rollback(store->writer);
			return 0;
		}
		n++;
	} while (n < count && clock_mono_ms() < end);
	(void)commit(store, group, n);
	return n;
}

static void run_single(struct store *store, struct outcome *o)
{
	if (begin(store, o, 1) < 0)
		return;
	if (run_unit(store, o) < 0)
		db_rollback(store->writer);
	else
		(void)commit(store, o, 1);
}

/* Runs and commits some of the units, from the first, and returns how many. */
static size_t settle(struct store *store, struct outcome *group, size_t count)
{
	size_t n = 0;

	if (group[0].unit->alone || store->singles > 0) {
		store->singles -= store->singles > 0;
		run_single(store, &group[0]);
		return 1;
	}
	if (store->careful == 0 && (n = run_fast(store, group, count)) > 0)
		return n;
	if (store->careful == 0)
		store->careful = CAREFUL_GROUPS;
	if ((n = run_careful(store, group, count)) > 0)
		return n;
	store->singles = count - 1;
	run_single(store, &group[0]);
	return 1;
}

/* ---- after the commit ---- */

static void tell_listener(struct store *store, const struct change *changes, size_t count)
{
	(void)pthread_mutex_lock(&store->lock);
	void *listener = store->listener;
	void (*on_changes)(void *, const struct change *, size_t) = store->on_changes;

	store->listening = on_changes != NULL;
	(void)pthread_mutex_unlock(&store->lock);
	if (on_changes == NULL)
		return;
	on_changes(listener, changes, count);
	(void)pthread_mutex_lock(&store->lock);
	store->listening = false;
	(void)pthread_cond_broadcast(&store->queue_changed);
	(void)pthread_mutex_unlock(&store->lock);
}

static void tell(struct store *store, struct outcome *group, size_t count)
{
	size_t changes = store->writer->change_count;

	/* A unit's memory may be gone once its done() has returned. */
	for (size_t i = 0; i < count; i++)
		group[i].unit->done(group[i].unit->arg, group[i].result, &group[i].err);
	if (changes > 0)
		tell_listener(store, store->writer->changes, changes);
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
			(void)pthread_mutex_unlock(&store->lock);
			tell(store, &store->group[from], n);
		}
	return NULL;
}

int writer_start(struct store *store, struct error *err)
{
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
