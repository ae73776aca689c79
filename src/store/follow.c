/* Follows what all servers of an instance commit, where several share a database: a thread that reads the table `changes` past
 * what it has seen, often, and at once after an own commit. Ids rise in the order of the commits; but a server may look for what
 * is committed one transaction after the other (InnoDB does), and so see a later commit and not the one before it, for a moment.
 * Therefore how far there is something is asked first, and what there is up to there after that: by then all of it is seen.
 *
 * Which changes are other servers' it knows by the ids that this process's own commits took. Ids that a commit under way took may
 * still become another server's, when that one commits first: so nothing that old is looked at before the commit has ended. */
#include "store/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

enum { POLL_MS = 100, BATCH = 512 };

static void after_ms(struct timespec *ret, int64_t ms)
{
	(void)clock_gettime(CLOCK_MONOTONIC, ret);
	ret->tv_sec += (time_t)(ms / 1000);
	ret->tv_nsec += (long)(ms % 1000) * 1000000;
	if (ret->tv_nsec >= 1000000000) {
		ret->tv_sec++;
		ret->tv_nsec -= 1000000000;
	}
}

/* ---- whose are they ---- */

void follow_committing(struct store *store)
{
	if (!store->follow_runs)
		return;
	(void)pthread_mutex_lock(&store->follow_lock);
	store->engine->own_ids(store->writer, &store->commit.first, &store->commit.end);
	store->commit_runs = true;
	(void)pthread_mutex_unlock(&store->follow_lock);
}

/* Without memory own changes pass for others', which costs a look at what is known already. */
static void add_own(struct store *store, struct id_range range)
{
	size_t n = store->own_count;

	if (n > 0 && store->own[n - 1].end == range.first) {
		store->own[n - 1].end = range.end;
		return;
	}
	if (n == store->own_room) {
		size_t room = n == 0 ? 64 : n * 2;
		struct id_range *more = realloc(store->own, room * sizeof(*more));

		if (more == NULL)
			return;
		store->own = more;
		store->own_room = room;
	}
	store->own[store->own_count++] = range;
}

void follow_committed(struct store *store, bool stored)
{
	if (!store->follow_runs)
		return;
	(void)pthread_mutex_lock(&store->follow_lock);
	if (stored && store->commit.end > store->commit.first) {
		add_own(store, store->commit);
		store->follow_poked = true;
	}
	store->commit_runs = false;
	(void)pthread_cond_broadcast(&store->follow_changed);
	(void)pthread_mutex_unlock(&store->follow_lock);
}

/* Those of list that are not of own commits; drops the ranges that were passed. */
static size_t pick_foreign(struct store *store, const struct change *list, size_t count, struct change *ret)
{
	size_t picked = 0, at = 0;

	(void)pthread_mutex_lock(&store->follow_lock);
	while (store->commit_runs && list[count - 1].id >= store->commit.first)
		(void)pthread_cond_wait(&store->follow_changed, &store->follow_lock);
	for (size_t i = 0; i < count; i++) {
		while (at < store->own_count && store->own[at].end <= list[i].id)
			at++;
		if (at == store->own_count || list[i].id < store->own[at].first)
			ret[picked++] = list[i];
	}
	/* The newest range may still grow. */
	if (at > 0 && at == store->own_count)
		at--;
	store->own_count -= at;
	if (at > 0)
		memmove(store->own, store->own + at, store->own_count * sizeof(*store->own));
	(void)pthread_mutex_unlock(&store->follow_lock);
	return picked;
}

/* ---- reading ---- */

static int read_some(struct store *store, int64_t up_to, struct change *ret, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	size_t count = 0;
	int r = db_prepare(store->follower, &st, "SELECT id, workspace_id, kind, subject_id, conversation_id FROM changes"
						 " WHERE id > ? AND id <= ? ORDER BY id LIMIT ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, store->seen);
	bind_i64(&st, up_to);
	bind_i64(&st, BATCH);
	while (count < BATCH && (r = stmt_step(&st, err)) > 0) {
		struct change *c = &ret[count++];

		c->id = next_i64(&st);
		c->workspace.v = next_i64(&st);
		c->kind = (enum change_kind)next_i64(&st);
		c->subject_id = next_i64(&st);
		c->conversation_id = next_i64(&st);
	}
	*ret_count = r < 0 ? 0 : count;
	return r < 0 ? r : 0;
}

/* Until there is nothing more. */
static int pass(struct store *store, struct error *err)
{
	struct change list[BATCH], foreign[BATCH];
	size_t count = BATCH;
	int64_t newest;
	int r = store_change_last(store->follower, &newest, err);

	while (r == 0 && store->seen < newest && count == BATCH && (r = read_some(store, newest, list, &count, err)) == 0 && count > 0) {
		size_t others = pick_foreign(store, list, count, foreign);

		store->seen = list[count - 1].id;
		store_tell(store, list, count, foreign, others);
	}
	return r;
}

/* ---- the thread ---- */

/* False: stopping. *ret_asked: who is served by what is read from here on. */
static bool wait_for_work(struct store *store, bool failed, int64_t *ret_asked)
{
	struct timespec until;
	int r = 0;

	after_ms(&until, POLL_MS);
	(void)pthread_mutex_lock(&store->follow_lock);
	while (!store->follow_stopping && r != ETIMEDOUT &&
	       (failed || !(store->follow_poked || store->follow_asked > store->follow_caught)))
		r = pthread_cond_timedwait(&store->follow_changed, &store->follow_lock, &until);
	store->follow_poked = false;
	*ret_asked = store->follow_asked;
	bool go_on = !store->follow_stopping;

	(void)pthread_mutex_unlock(&store->follow_lock);
	return go_on;
}

static void caught_up(struct store *store, int64_t asked)
{
	(void)pthread_mutex_lock(&store->follow_lock);
	store->follow_caught = asked;
	(void)pthread_cond_broadcast(&store->follow_changed);
	(void)pthread_mutex_unlock(&store->follow_lock);
}

static void *follow_main(void *arg)
{
	struct store *store = arg;
	struct error err = { 0 };
	bool failed = false;
	int64_t asked;

	while (wait_for_work(store, failed, &asked)) {
		bool fails = pass(store, &err) < 0;

		if (fails && !failed)
			log_event(LOG_WARNING, "the database cannot be asked for changes; browsers are told when it can", log_c("error", err.text),
				  log_end);
		else if (failed && !fails)
			log_event(LOG_INFO, "the database tells of changes again", log_end);
		failed = fails;
		if (!fails)
			caught_up(store, asked);
	}
	return NULL;
}

int follow_start(struct store *store, struct error *err)
{
	int r;

	if (!store->engine->shared)
		return 0;
	if ((r = store_reader_new(store, &store->follower, err)) < 0)
		return r;
	store->follower->spared = true;
	if ((r = store_change_last(store->follower, &store->seen, err)) < 0)
		return r;
	if (pthread_create(&store->follow_thread, NULL, follow_main, store) != 0)
		return fail(err, ERR_BROKEN, "cannot start the follower's thread");
	store->follow_runs = true;
	return 0;
}

void follow_stop(struct store *store)
{
	if (store->follow_runs) {
		(void)pthread_mutex_lock(&store->follow_lock);
		store->follow_stopping = true;
		(void)pthread_cond_broadcast(&store->follow_changed);
		(void)pthread_mutex_unlock(&store->follow_lock);
		(void)pthread_join(store->follow_thread, NULL);
		store->follow_runs = false;
	}
	store_reader_free(store->follower);
	store->follower = NULL;
	free(store->own);
	store->own = NULL;
}

int store_catch_up(struct store *store, int64_t max_ms, struct error *err)
{
	struct timespec until;
	int r = 0;

	if (!store->engine->shared)
		return 0;
	after_ms(&until, max_ms);
	(void)pthread_mutex_lock(&store->follow_lock);
	int64_t number = ++store->follow_asked;

	(void)pthread_cond_broadcast(&store->follow_changed);
	while (store->follow_caught < number && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&store->follow_changed, &store->follow_lock, &until);
	bool caught = store->follow_caught >= number;

	(void)pthread_mutex_unlock(&store->follow_lock);
	return caught ? 0 : fail(err, ERR_TEMPORARY, "what other servers committed is not known yet");
}
