/* Moves the engine's log (SQLite's WAL) into the database, on a thread and a connection of its own, so that no commit
 * waits for it.
 *
 * The quiet way runs beside the commits but can begin the log anew only when nobody commits just then. Under a steady load
 * that moment never comes, so past WHOLE_PAGES the commits are held up for the short rest of the way. */
#include "store/state.h"

#include <errno.h>
#include <time.h>

#include "base/log.h"

enum {
	QUIET_PAGES = 1000,		/* 8 MiB of log */
	WHOLE_PAGES = 6000,		/* 48 MiB */
	IDLE_SECONDS = 60,		/* after this a short log is moved as well */
};

/* False: stopping. */
static bool wait_for_work(struct store *store, int64_t *ret_pages)
{
	struct timespec until;
	int r = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += IDLE_SECONDS;
	(void)pthread_mutex_lock(&store->checkpoint_lock);
	while (!store->checkpoint_stopping && !store->checkpoint_asked && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&store->checkpoint_wanted, &store->checkpoint_lock, &until);
	store->checkpoint_asked = false;
	*ret_pages = store->log_pages;
	bool go_on = !store->checkpoint_stopping;

	(void)pthread_mutex_unlock(&store->checkpoint_lock);
	return go_on;
}

static void *checkpoint_main(void *arg)
{
	struct store *store = arg;
	struct error err = { 0 };
	struct db *db = store->checkpointer;
	int64_t pages;

	while (wait_for_work(store, &pages)) {
		if (pages == 0)
			continue;
		int r = store->engine->checkpoint(db, false, &err);

		if (r == 0 && pages >= WHOLE_PAGES) {
			(void)pthread_mutex_lock(&store->commit_lock);
			r = store->engine->checkpoint(db, true, &err);
			(void)pthread_mutex_unlock(&store->commit_lock);
		}
		if (r < 0)
			log_event(LOG_WARNING, "the database's log could not be moved; it grows until the next try",
				  log_c("error", err.text), log_end);
	}
	return NULL;
}

void checkpoint_note(struct store *store, int64_t log_pages)
{
	(void)pthread_mutex_lock(&store->checkpoint_lock);
	/* Once every QUIET_PAGES of growth, not at every commit past it. */
	if (log_pages / QUIET_PAGES > store->log_pages / QUIET_PAGES) {
		store->checkpoint_asked = true;
		(void)pthread_cond_signal(&store->checkpoint_wanted);
	}
	store->log_pages = log_pages;
	(void)pthread_mutex_unlock(&store->checkpoint_lock);
}

int checkpoint_start(struct store *store, struct error *err)
{
	int r;

	if (store->engine->checkpoint == NULL)
		return 0;
	if ((r = store->engine->open(store->where, DB_CHECKPOINTER, &store->checkpointer, err)) < 0)
		return r;
	if (pthread_create(&store->checkpoint_thread, NULL, checkpoint_main, store) != 0)
		return fail(err, ERR_BROKEN, "cannot start the checkpointer's thread");
	store->checkpoint_runs = true;
	return 0;
}

void checkpoint_stop(struct store *store)
{
	if (store->checkpoint_runs) {
		(void)pthread_mutex_lock(&store->checkpoint_lock);
		store->checkpoint_stopping = true;
		(void)pthread_cond_signal(&store->checkpoint_wanted);
		(void)pthread_mutex_unlock(&store->checkpoint_lock);
		(void)pthread_join(store->checkpoint_thread, NULL);
		store->checkpoint_runs = false;
	}
	if (store->checkpointer != NULL)
		store->engine->close(store->checkpointer);
	store->checkpointer = NULL;
}
