#include "addon/turn.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/setting.h"

enum { BEAT_MS = 2000, DEAD_MS = 10 * 1000, LOOK_MS = 100, WAIT_MS = 10 * 60 * 1000, VALUE_MAX = 80 };

#define NAME STR("addons.turn")

struct turn {
	struct store *store;
	int64_t beat;			/* of the last value that this process asked for */
	char seen[VALUE_MAX];		/* another's, and since when it has not moved */
	int64_t seen_ms;
	bool has;			/* out: it is ours */
	pthread_t thread;
	bool has_thread, over;
	pthread_mutex_t lock;		/* guards over */
	pthread_cond_t changed;
};

static int put_value(struct db *db, struct turn *t, struct error *err)
{
	char value[VALUE_MAX];

	(void)snprintf(value, VALUE_MAX, "%.*s %lld", STR_ARG(store_server(t->store)), (long long)++t->beat);
	return store_setting_set(db, NAME, str_of(value), err);
}

/* Of this process, whose threads take turns by another lock. */
static bool is_own(const struct turn *t, struct str value)
{
	return str_starts(value, store_server(t->store));
}

/* Takes it when it is free, or has not moved for so long. The watch is by this process's clock. */
static int run_take(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct turn *t = arg;
	struct str value;
	int r = store_setting_get(db, NAME, &arena, &value, err);

	t->has = false;
	if (r < 0)
		return r;
	if (r > 0 && !is_own(t, value)) {
		if (!str_eq_c(value, t->seen)) {
			(void)snprintf(t->seen, sizeof(t->seen), "%.*s", STR_ARG(value));
			t->seen_ms = clock_mono_ms();
		}
		if (clock_mono_ms() - t->seen_ms < DEAD_MS)
			return 0;
	}
	if ((r = put_value(db, t, err)) < 0)
		return r;
	t->has = true;
	return 0;
}

/* 1: it is still ours. */
static int still_own(struct db *db, const struct turn *t, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str value;
	int r = store_setting_get(db, NAME, &arena, &value, err);

	return r > 0 ? is_own(t, value) : r;
}

static int run_beat(struct db *db, void *arg, struct error *err)
{
	struct turn *t = arg;
	int r = still_own(db, t, err);

	return r > 0 ? put_value(db, t, err) : r;
}

static int run_give(struct db *db, void *arg, struct error *err)
{
	int r = still_own(db, arg, err);

	return r > 0 ? store_setting_set(db, NAME, STR_NONE, err) : r;
}

static bool wait(struct turn *t, int64_t ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / SECOND_MS);
	until.tv_nsec += (long)(ms % SECOND_MS) * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	(void)pthread_mutex_lock(&t->lock);
	while (!t->over && pthread_cond_timedwait(&t->changed, &t->lock, &until) != ETIMEDOUT)
		;
	bool over = t->over;

	(void)pthread_mutex_unlock(&t->lock);
	return !over;
}

static void *run(void *arg)
{
	struct turn *t = arg;
	struct error err = { 0 };

	(void)pthread_setname_np(pthread_self(), "addons-turn");
	while (wait(t, BEAT_MS))
		(void)store_write(t->store, run_beat, t, &err);	/* what fails is tried again in a moment */
	return NULL;
}

static void turn_free(struct turn *t)
{
	(void)pthread_cond_destroy(&t->changed);
	(void)pthread_mutex_destroy(&t->lock);
	free(t);
}

static struct turn *turn_new(struct store *store)
{
	struct turn *t = calloc(1, sizeof(*t));
	pthread_condattr_t monotonic;

	if (t == NULL)
		return NULL;
	t->store = store;
	(void)pthread_mutex_init(&t->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&t->changed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	return t;
}

int turn_take(struct store *store, struct turn **ret, struct error *err)
{
	int64_t end = clock_mono_ms() + WAIT_MS;
	struct turn *t;
	int r = 0;

	*ret = NULL;
	if (!store_shared(store))
		return 0;
	if ((t = turn_new(store)) == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	while ((r = store_write(store, run_take, t, err)) >= 0 && !t->has && clock_mono_ms() < end)
		(void)wait(t, LOOK_MS);
	if (r >= 0 && !t->has)
		r = fail(err, ERR_TEMPORARY, "another server works on the addons");
	if (r < 0) {
		turn_free(t);
		return r;
	}
	if (pthread_create(&t->thread, NULL, run, t) == 0)
		t->has_thread = true;	/* without it, others would wait ten seconds at most: better than not at all */
	*ret = t;
	return 0;
}

void turn_give(struct turn *t)
{
	struct error err = { 0 };

	if (t == NULL)
		return;
	(void)pthread_mutex_lock(&t->lock);
	t->over = true;
	(void)pthread_cond_broadcast(&t->changed);
	(void)pthread_mutex_unlock(&t->lock);
	if (t->has_thread)
		(void)pthread_join(t->thread, NULL);
	if (store_write(t->store, run_give, t, &err) < 0)
		log_event(LOG_INFO, "other servers wait some seconds before they may change addons", log_c("error", err.text), log_end);
	turn_free(t);
}
