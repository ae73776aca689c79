/* Which column an addon may have widened. How is the engine's business (sqlite_widen.c, mariadb_widen.c). */
#include "store/widen.h"

#include <time.h>

#include "store/engine.h"

/* Where a lock is in the way, or the connection is lost: how often it is tried, and how long is waited between. With the time that
 * a try waits for a lock this is about two minutes. */
enum { TRIES = 24, PAUSE_MS = 50, PAUSE_MAX_MS = 3000 };

static void pause_ms(int64_t ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&t, NULL);
}

static int run(struct db *db, void *arg, struct error *err)
{
	(void)arg;
	return db->engine->widen(db, STR("conversations"), STR("channel"), err);
}

int store_conversation_channel_widen(struct store *store, struct error *err)
{
	int64_t pause = PAUSE_MS;
	int r = store_run_apart(store, run, NULL, err);

	/* The tables tell how far it is, so another connection goes on where the last one stopped. */
	for (int tries = 1; r == ERR_TEMPORARY && tries < TRIES; tries++) {
		pause_ms(pause);
		pause = pause * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause * 2;
		r = store_run_apart(store, run, NULL, err);
	}
	return r;
}
