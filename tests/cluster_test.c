/* Servers on the nodes of one Galera cluster, whose URLs the environment variable MAILTRIXY_TEST_CLUSTER tells, a blank between them.
 * Each node has its own locks, and takes a transaction back when another's was first: nobody outside may notice. Without the variable
 * nothing runs; tests/scenario/cluster.test.mjs starts a cluster and this program. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "fault.h"
#include "store/engine.h"
#include "store/store.h"
#include "store/widen.h"

enum { NODES = 3, WRITERS = 8, CONTEST_MS = 5000, ROWS = 3000, KILLS = 6 };

static struct arena memory;
static struct str url[NODES];
static struct store *store[NODES];
static struct db *reader[NODES];
static atomic_bool over;

static void open_stores(void)
{
	struct error err = { 0 };

	for (int i = 0; i < NODES; i++) {
		check_ok(store_open(&(struct store_options){ .database = url[i] }, &store[i], &err), &err);
		check_ok(store_reader_new(store[i], &reader[i], &err), &err);
	}
}

static int64_t number_at(int node, const char *sql)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	struct error err = { 0 };

	check_ok(db_prepare_built(reader[node], &st, str_of(sql), &err), &err);
	check_is(stmt_step(&st, &err), 1, &err);
	return next_i64(&st);
}

static int run_built(struct db *db, void *arg, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare_built(db, &st, str_of(arg), err);
	int64_t n = r < 0 ? r : stmt_run(&st, err);

	if (n >= 0)
		db_ids_above(db, ROWS);
	return n < 0 ? (int)n : 0;
}

#define COLUMNS "(id, workspace_id, channel, account_id, contact_id, external_key, status, unread, activity_at, window_from, read_at)"

/* ---- units that look before they write ---- */

struct writer {
	struct store *store;
	int64_t name, count, failures, refused, repeats;
	char words[300], key[40];
	pthread_t thread;
};

/* 1: a conversation of this key is there. */
static int is_there(struct db *db, const char *key, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT id FROM conversations WHERE account_id = 7 AND external_key = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, str_of(key));
	return stmt_step(&st, err);
}

static int add_conversation(struct db *db, const char *key, int64_t count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO conversations " COLUMNS " VALUES (?, 1, ?, 7, ?, ?, 1, 0, 1, 0, 0)", err);

	if (r < 0)
		return r;
	bind_new_id(&st);
	bind_str(&st, count % 2 == 0 ? STR("email") : STR("whatsapp"));
	bind_i64(&st, count % 2);
	bind_str(&st, str_of(key));
	return count % 3 == 0 ? stmt_later(&st, err) : stmt_step(&st, err);
}

static int touch(struct db *db, const char *key, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE conversations SET unread = unread + 1 WHERE account_id = 7 AND external_key = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, str_of(key));
	int64_t n = stmt_run(&st, err);

	return n < 0 ? (int)n : n == 1 ? 0 : fail(err, ERR_NOTFOUND, "%s is not there", key);
}

/* A new conversation, which must not be there yet; the one before must be. */
static int write_one(struct db *db, void *arg, struct error *err)
{
	const struct writer *w = arg;
	char before[40];
	int r;

	(void)snprintf(before, sizeof(before), "w%lld-%lld", (long long)w->name, (long long)w->count - 1);
	if (w->count > 0 && (r = is_there(db, before, err)) != 1)
		return r < 0 ? r : fail(err, ERR_NOTFOUND, "%s is not there", before);
	if ((r = is_there(db, w->key, err)) != 0)
		return r < 0 ? r : fail(err, ERR_EXISTS, "%s is there", w->key);
	if ((r = add_conversation(db, w->key, w->count, err)) < 0 || (r = touch(db, w->key, err)) < 0)
		return r;
	return store_change_add(db, (struct workspace_id){ 1 }, CHANGE_MESSAGE, 1, 0, err);
}

/* The database's own rule refuses it. */
static int write_again(struct db *db, void *arg, struct error *err)
{
	const struct writer *w = arg;

	return add_conversation(db, w->key, 1, err);
}

static void note(struct writer *w, const struct error *err)
{
	w->failures++;
	(void)snprintf(w->words, sizeof(w->words), "%s", err->text);
}

static void *write_on(void *arg)
{
	struct writer *w = arg;

	for (; !over; w->count++) {
		struct error err = { 0 };

		(void)snprintf(w->key, sizeof(w->key), "w%lld-%lld", (long long)w->name, (long long)w->count);
		if ((w->count % 2 == 0 ? store_write_alone : store_write)(w->store, write_one, w, &err) < 0)
			note(w, &err);
		if (w->count % 16 != 0)
			continue;
		w->repeats++;
		w->refused += (w->count % 32 == 0 ? store_write_alone : store_write)(w->store, write_again, w, &err) == ERR_EXISTS;
	}
	return NULL;
}

static void start(struct writer *w, int count, int nodes)
{
	over = false;
	for (int i = 0; i < count; i++) {
		w[i] = (struct writer){ .store = store[i % nodes], .name = i };
		assert_int_equal(pthread_create(&w[i].thread, NULL, write_on, &w[i]), 0);
	}
}

/* Each row is stored once, on every node. */
static void end(struct writer *w, int count)
{
	int64_t written = 0;

	over = true;
	for (int i = 0; i < count; i++)
		assert_int_equal(pthread_join(w[i].thread, NULL), 0);
	for (int i = 0; i < count; i++) {
		written += w[i].count;
		if (w[i].failures > 0 || w[i].count == 0)
			check_failed("%lld of %lld failed: %s", (long long)w[i].failures, (long long)w[i].count, w[i].words);
		assert_int_equal(w[i].refused, w[i].repeats);
	}
	for (int i = 0; i < NODES; i++) {
		assert_int_equal(number_at(i, "SELECT count(*) FROM conversations WHERE account_id = 7"), written);
		assert_int_equal(number_at(i, "SELECT count(*) FROM conversations WHERE account_id = 7 AND unread = 1 AND channel ="
					      " if(contact_id = 0, 'email', 'whatsapp')"), written);
	}
	print_message("%lld conversations\n", (long long)written);
}

static void forget(void)
{
	struct error err = { 0 };

	check_ok(store_write(store[0], run_built, (void *)"DELETE FROM conversations WHERE account_id = 7", &err), &err);
}

static void no_false_verdict(void **state)
{
	struct writer w[WRITERS];
	struct store_figures figures[2];
	int64_t from = clock_mono_ms();

	(void)state;
	start(w, WRITERS, 2);
	while (clock_mono_ms() - from < CONTEST_MS)
		(void)usleep(20000);
	end(w, WRITERS);
	for (int i = 0; i < 2; i++)
		store_figures(store[i], &figures[i]);
	print_message("%lld transactions ran again\n", (long long)(figures[0].lost + figures[1].lost));
	assert_true(figures[0].lost + figures[1].lost > 0);	/* else nothing was contested */
	forget();
}

/* ---- a column opens ---- */

/* This program again: widens by the node of this URL, and is killed at some statement. */
static int widen_killed(const char *node, const char *at)
{
	struct store *s;
	struct error err = { 0 };
	int64_t n = 0;

	if (store_open(&(struct store_options){ .database = str_of(node) }, &s, &err) < 0)
		return 2;
	(void)str_to_i64(str_of(at), &n);
	countdown = (int)n;
	engine_fault = kill_at;
	return store_conversation_channel_widen(s, &err) < 0 ? 1 : 0;
}

/* Whether it was killed. */
static bool widen_by_other(int node, int at)
{
	extern char **environ;
	char name[] = "cluster_test", where[400], when[20];
	char *words[] = { name, where, when, NULL };
	pid_t child;
	int status;

	(void)snprintf(where, sizeof(where), "%.*s", STR_ARG(url[node]));
	(void)snprintf(when, sizeof(when), "%d", at);
	assert_int_equal(posix_spawn(&child, "/proc/self/exe", NULL, NULL, words, environ), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFSIGNALED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFSIGNALED(status);
}

static void check_wide(int node)
{
	assert_int_equal(number_at(node, "SELECT count(*) FROM conversations WHERE account_id = 1 AND channel = if(id % 2 = 0, 'email',"
					 " 'whatsapp') AND external_key = concat('key ', id)"), ROWS);
	assert_int_equal(number_at(node, "SELECT count(*) FROM information_schema.columns WHERE table_schema = database() AND table_name ="
					 " 'conversations' AND column_name = 'channel' AND data_type = 'varchar' AND is_nullable = 'NO' AND"
					 " column_default IS NULL AND ordinal_position = 3"), 1);
	assert_int_equal(number_at(node, "SELECT count(*) FROM information_schema.columns WHERE table_schema = database() AND table_name ="
					 " 'conversations'"), 12);
	assert_int_equal(number_at(node, "SELECT count(*) FROM information_schema.statistics WHERE table_schema = database() AND table_name ="
					 " 'conversations' AND index_name IN ('conversations_by_activity', 'conversations_unread') AND"
					 " column_name = 'channel'"), 2);
	assert_int_equal(number_at(node, "SELECT count(DISTINCT index_name) FROM information_schema.statistics WHERE table_schema = database()"
					 " AND table_name = 'conversations'"), 4);
}

static void opens_beside_writers(void **state)
{
	struct writer w[2];
	struct error err = { 0 };
	char sql[500];
	int killed = 0;

	(void)state;
	(void)snprintf(sql, sizeof(sql), "INSERT INTO conversations " COLUMNS " SELECT seq, 1, if(seq %% 2 = 0, 'email', 'whatsapp'), 1, seq,"
		       " concat('key ', seq), 1, 0, seq, 0, 0 FROM seq_1_to_%d", ROWS);
	check_ok(store_write(store[0], run_built, sql, &err), &err);
	start(w, 2, 2);
	for (int i = 0; i < KILLS; i++)
		killed += widen_by_other(i % NODES, 2 + 3 * i);
	assert_true(store_conversation_channel_widen(store[2], &err) >= 0);
	end(w, 2);
	assert_true(killed >= 3);
	for (int i = 0; i < NODES; i++)
		check_wide(i);
	check_ok(store_write(store[1], run_built, (void *)"INSERT INTO conversations " COLUMNS " VALUES (9, 1, 'instagram', 2, 1, 'x', 1, 0, 1, 0, 0)"
			     " ON DUPLICATE KEY UPDATE channel = 'instagram'", &err), &err);
	print_message("killed %d times\n", killed);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_false_verdict),
		cmocka_unit_test(opens_beside_writers),
	};
	struct str rest = str_of(getenv("MAILTRIXY_TEST_CLUSTER"));

	if (argc == 3)
		return widen_killed(argv[1], argv[2]);
	if (rest.len == 0) {
		print_message("1..1\nok 1 - skipped: no cluster\n");
		return 0;
	}
	for (int i = 0; i < NODES; i++)
		url[i] = str_split(rest, ' ', &rest);
	open_stores();
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	for (int i = 0; i < NODES; i++) {
		store_reader_free(reader[i]);
		store_close(store[i]);
	}
	arena_done(&memory);
	return r;
}
