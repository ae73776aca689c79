/* Moves the engine's log (SQLite's WAL) into the database, on a thread and a connection of its own, so that no commit
 * waits for it.
 *
 * Most of the way is gone beside the commits. But the log can begin at its start again only when nobody commits just then,
 * and under a steady load that moment never comes: so at the end the commits are held up for the short rest. Without that
 * the log would grow for ever. Its file keeps its length, because writing over it is cheaper than making it longer, until
 * it has become too long (a reader that stayed at an old state for long). */
#include "store/state.h"

#include <errno.h>
#include <time.h>

#include "base/log.h"

enum {
	LOG_PAGES = 3000,		/* 24 MiB of log: then it is moved */
	LONG_PAGES = 16000,		/* 128 MiB: then its file is also made short again */
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
		r = pthread_cond_timedwait(&store->checkpoint_changed, &store->checkpoint_lock, &until);
	store->checkpoint_asked = false;
	*ret_pages = store->log_pages;
	bool go_on = !store->checkpoint_stopping;

	(void)pthread_mutex_unlock(&store->checkpoint_lock);
	return go_on;
}

/* With no commit under way. The lock alone would not keep them out: the writer would take it again and again before we woke
 * up. */
static int begin_log_anew(struct store *store, bool shrink, struct error *err)
{
	(void)pthread_mutex_lock(&store->checkpoint_lock);
	store->log_held = true;
	while (store->committing)
		(void)pthread_cond_wait(&store->checkpoint_changed, &store->checkpoint_lock);
	(void)pthread_mutex_unlock(&store->checkpoint_lock);

	int r = store->engine->checkpoint(store->checkpointer, true, shrink, err);

	(void)pthread_mutex_lock(&store->checkpoint_lock);
	store->log_held = false;
	if (r == 0)
		store->log_pages = 0;
	(void)pthread_cond_broadcast(&store->checkpoint_changed);
	(void)pthread_mutex_unlock(&store->checkpoint_lock);
	return r;
}

static void *checkpoint_main(void *arg)
{
	struct store *store = arg;
	struct error err = { 0 };
	int64_t pages;

	while (wait_for_work(store, &pages)) {
		if (pages == 0)
			continue;
		int r = store->engine->checkpoint(store->checkpointer, false, false, &err);

		if (r >= 0)
			r = begin_log_anew(store, pages >= LONG_PAGES, &err);
		if (r < 0)
			log_event(LOG_WARNING, "the database's log could not be moved; it grows until the next try",
				  log_c("error", err.text), log_end);
	}
	return NULL;
}

void checkpoint_enter(struct store *store)
{
	(void)pthread_mutex_lock(&store->checkpoint_lock);
	while (store->log_held)
		(void)pthread_cond_wait(&store->checkpoint_changed, &store->checkpoint_lock);
	store->committing = true;
	(void)pthread_mutex_unlock(&store->checkpoint_lock);
}

void checkpoint_leave(struct store *store)
{
	int64_t pages = store->engine->log_pages != NULL ? store->engine->log_pages(store->writer) : 0;

	(void)pthread_mutex_lock(&store->checkpoint_lock);
	store->committing = false;
	/* Once every LOG_PAGES of growth, not at every commit past it: a reader may be in the way for a while. */
	store->checkpoint_asked |= pages / LOG_PAGES > store->log_pages / LOG_PAGES;
	store->log_pages = pages;
	if (store->log_held || store->checkpoint_asked)
		(void)pthread_cond_broadcast(&store->checkpoint_changed);
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
		(void)pthread_cond_broadcast(&store->checkpoint_changed);
		(void)pthread_mutex_unlock(&store->checkpoint_lock);
		(void)pthread_join(store->checkpoint_thread, NULL);
		store->checkpoint_runs = false;
	}
	if (store->checkpointer != NULL)
		store->engine->close(store->checkpointer);
	store->checkpointer = NULL;
}
