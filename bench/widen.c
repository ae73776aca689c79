/* bench-widen URL WIDENER ROWS [URL2]: opens conversations.channel to addons in a table of so many rows, by the server of WIDENER, while
 * two others write conversations by URL (and URL2). Prints what the writers saw; the steps' times are in the log. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/engine.h"
#include "store/store.h"
#include "store/widen.h"

enum { WRITERS = 2, WRITES_MAX = 1 << 22, REST_MS = 2000, PIECE = 50000 };

static atomic_bool over;

struct writer {
	struct store *store;
	int64_t name, errors, *us;
	size_t count;
	pthread_t thread;
};

static int run_built(struct db *db, void *arg, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare_built(db, &st, str_of(arg), err);
	int64_t n = r < 0 ? r : stmt_run(&st, err);

	if (n >= 0)
		db_ids_above(db, 100000000);
	return n < 0 ? (int)n : 0;
}

#define COLUMNS "(id, workspace_id, channel, account_id, contact_id, external_key, status, unread, activity_at, window_from, read_at)"

static int fill(struct store *store, int64_t rows, struct error *err)
{
	char sql[500];
	int r = 0;

	for (int64_t from = 1; from <= rows && r >= 0; from += PIECE) {
		(void)snprintf(sql, sizeof(sql), "INSERT INTO conversations " COLUMNS " SELECT seq, seq %% 3 + 1, if(seq %% 2 = 0, 'email', 'whatsapp'),"
			       " 1, seq, concat('key ', seq), 1, seq %% 5, seq, 0, 0 FROM seq_%lld_to_%lld", (long long)from,
			       (long long)(from + PIECE > rows ? rows : from + PIECE - 1));
		r = store_write(store, run_built, sql, err);
	}
	return r;
}

static int write_one(struct db *db, void *arg, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	const struct writer *w = arg;
	char key[40];
	int r = db_prepare(db, &st, "INSERT INTO conversations " COLUMNS " VALUES (?, 1, 'email', 7, 1, ?, 1, 0, 1, 0, 0)", err);

	if (r < 0)
		return r;
	(void)snprintf(key, sizeof(key), "w%lld-%zu", (long long)w->name, w->count);
	bind_new_id(&st);
	bind_str(&st, str_of(key));
	return stmt_step(&st, err);
}

static void *write_on(void *arg)
{
	struct writer *w = arg;

	while (!over && w->count < WRITES_MAX) {
		struct error err = { 0 };
		int64_t from = clock_mono_us();

		if (store_write(w->store, write_one, w, &err) < 0) {
			w->errors++;
			(void)fprintf(stderr, "writer %lld: %s\n", (long long)w->name, err.text);
		}
		w->us[w->count++] = clock_mono_us() - from;
	}
	return NULL;
}

static int order(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void show(struct writer *w)
{
	if (w->count == 0)
		return;
	qsort(w->us, w->count, sizeof(*w->us), order);
	printf("writer %lld: %zu writes, %lld errors, p50 %.1f ms, p99 %.1f ms, longest %.0f ms\n", (long long)w->name + 1, w->count,
	       (long long)w->errors, (double)w->us[w->count / 2] / 1000, (double)w->us[w->count * 99 / 100] / 1000,
	       (double)w->us[w->count - 1] / 1000);
}

static int measure(struct store *widener, struct writer *w, struct error *err)
{
	int64_t from;
	int r;

	for (int i = 0; i < WRITERS; i++)
		if (pthread_create(&w[i].thread, NULL, write_on, &w[i]) != 0)
			return fail(err, ERR_BROKEN, "no thread");
	(void)usleep(REST_MS * 1000);
	from = clock_mono_ms();
	r = store_conversation_channel_widen(widener, err);
	from = clock_mono_ms() - from;
	(void)usleep(REST_MS * 1000);
	over = true;
	for (int i = 0; i < WRITERS; i++)
		(void)pthread_join(w[i].thread, NULL);
	if (r >= 0)
		printf("opened in %.1f s\n", (double)from / 1000);
	for (int i = 0; i < WRITERS; i++)
		show(&w[i]);
	return r;
}

int main(int argc, char **argv)
{
	struct writer w[WRITERS] = { { .name = 0 }, { .name = 1 } };
	struct store *widener;
	struct error err = { 0 };
	int64_t rows;

	if (argc < 4 || !str_to_i64(str_of(argv[3]), &rows)) {
		(void)fprintf(stderr, "bench-widen URL WIDENER ROWS [URL2]\n");
		return 2;
	}
	for (int i = 0; i < WRITERS; i++)
		if ((w[i].us = calloc(WRITES_MAX, sizeof(*w[i].us))) == NULL ||
		    store_open(&(struct store_options){ .database = str_of(i == 1 && argc > 4 ? argv[4] : argv[1]) }, &w[i].store, &err) < 0)
			goto failed;
	if (store_open(&(struct store_options){ .database = str_of(argv[2]) }, &widener, &err) < 0 || fill(w[0].store, rows, &err) < 0 ||
	    measure(widener, w, &err) < 0)
		goto failed;
	store_close(widener);
	for (int i = 0; i < WRITERS; i++) {
		store_close(w[i].store);
		free(w[i].us);
	}
	return 0;
failed:
	(void)fprintf(stderr, "%s\n", err.text);
	return 1;
}
