/* Duties: two and three servers on one database, and a clock that the test sets. Nothing here waits. */
#include <sqlite3.h>

#include "../check.h"
#include "../folder.h"
#include "base/clock.h"
#include "store/engine.h"
#include "store/lease.h"
#include "work/duty.h"
#include "work/duty_view.h"

enum { SERVERS = 3 };
static const char *const names[] = { "accounts", "delivery", "housekeeping", "media" };
enum { NAMES = 4 };

static struct {
	struct folder folder;
	struct store *store[SERVERS];
	struct duties *duties[SERVERS];
	int64_t now;
	int told;
} town;

static void told(void *arg)
{
	(void)arg;
	town.told++;
}

/* SQLite has no tables for what it never has; here it stands for an engine that does. */
static void make_tables(const char *path)
{
	sqlite3 *raw;

	assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
	assert_int_equal(sqlite3_exec(raw, "CREATE TABLE servers (id TEXT PRIMARY KEY, beat INTEGER NOT NULL, started_at INTEGER NOT NULL,"
					   " version TEXT NOT NULL, address TEXT NOT NULL);"
					   "CREATE TABLE leases (name TEXT PRIMARY KEY, server TEXT, term INTEGER NOT NULL)", NULL, NULL, NULL),
			 SQLITE_OK);
	(void)sqlite3_close(raw);
}

static void server_starts(int n)
{
	struct store_options options = { .data_dir = str_of(town.folder.path) };
	struct error err = { 0 };

	check_ok(store_open(&options, &town.store[n], &err), &err);
	struct duty_options duties = { .store = town.store[n], .address = STR("here:1"), .version = STR("1"), .changed = told,
				       .shared = true };

	check_ok(duty_new(&duties, &town.duties[n], &err), &err);
	for (int k = 0; k < NAMES; k++)
		check_ok(duty_add(town.duties[n], str_of(names[k]), &err), &err);
}

static void server_ends(int n)
{
	duty_free(town.duties[n]);
	store_close(town.store[n]);
	town.duties[n] = NULL;
	town.store[n] = NULL;
}

static int open_town(void **state)
{
	char path[300];
	struct store *store;
	struct error err = { 0 };

	(void)state;
	memset(&town, 0, sizeof(town));
	town.now = 1000000;
	(void)folder_new(&town.folder);
	struct store_options options = { .data_dir = str_of(town.folder.path) };

	check_ok(store_open(&options, &store, &err), &err);
	store_close(store);
	(void)snprintf(path, sizeof(path), "%s/mailtrixy.db", town.folder.path);
	make_tables(path);
	return 0;
}

static int close_town(void **state)
{
	(void)state;
	for (int n = 0; n < SERVERS; n++)
		if (town.store[n] != NULL)
			server_ends(n);
	folder_done(&town.folder);
	return 0;
}

/* All of those (bits) look, once a second, for so long. */
static void pass(int64_t ms, unsigned who)
{
	struct error err = { 0 };

	for (int64_t t = 0; t < ms; t += DUTY_LOOK_MS) {
		town.now += DUTY_LOOK_MS;
		for (int n = 0; n < SERVERS; n++)
			if (who & 1U << n)
				check_ok(duty_look(town.duties[n], town.now, &err), &err);
	}
}

static bool mine(int n, const char *name)
{
	return duty_mine_at(town.duties[n], str_of(name), town.now);
}

static int count(int n)
{
	int held = 0;

	for (int k = 0; k < NAMES; k++)
		held += mine(n, names[k]);
	return held;
}

/* Each duty has at most one who would do it; returns how many have one. */
static int done(void)
{
	int all = 0;

	for (int k = 0; k < NAMES; k++) {
		int holders = 0;

		for (int n = 0; n < SERVERS; n++)
			holders += town.duties[n] != NULL && mine(n, names[k]);
		assert_true(holders <= 1);
		all += holders;
	}
	return all;
}

static void one_server_has_all(void **state)
{
	(void)state;
	server_starts(0);
	pass(2000, 1);
	assert_int_equal(count(0), NAMES);
	assert_true(town.told > 0);
	/* Who cannot say that it lives does nothing more. */
	town.now += DUTY_SURE_MS;
	assert_int_equal(count(0), 0);
	pass(1000, 1);
	assert_int_equal(count(0), NAMES);
}

static void a_second_one_gets_its_share(void **state)
{
	(void)state;
	server_starts(0);
	pass(2000, 1);
	server_starts(1);
	pass(DUTY_SETTLED_MS / 2, 3);
	assert_int_equal(count(0), NAMES);	/* it may be gone again in a moment */
	pass(DUTY_SETTLED_MS, 3);
	assert_int_equal(done(), NAMES);
	assert_int_equal(count(0), 2);
	assert_int_equal(count(1), 2);
	server_starts(2);
	pass(2 * DUTY_SETTLED_MS, 7);
	assert_int_equal(done(), NAMES);
	assert_true(count(2) >= 1);
	/* And then nothing moves any more. */
	int told_before = town.told;

	pass(60 * 1000, 7);
	assert_int_equal(town.told, told_before);
	assert_int_equal(done(), NAMES);
}

static void a_dead_ones_duties_go_on(void **state)
{
	(void)state;
	server_starts(0);
	server_starts(1);
	pass(30 * 1000, 3);
	assert_int_equal(count(1), 2);
	pass(DUTY_DEAD_MS - 2 * DUTY_LOOK_MS, 1);
	assert_int_equal(count(0), 2);		/* not yet: it may only be slow */
	pass(4 * DUTY_LOOK_MS, 1);
	assert_int_equal(count(0), NAMES);
	assert_false(duty_lives(town.duties[0], store_server(town.store[1])));
	/* It was only stopped. Between its first look and the others' nobody does anything twice. */
	assert_int_equal(done(), NAMES);
	pass(1000, 2);
	assert_int_equal(count(1), 0);
	pass(1000, 3);
	assert_true(duty_lives(town.duties[0], store_server(town.store[1])));
	assert_int_equal(done(), NAMES);
}

static void leaving_hands_over_at_once(void **state)
{
	(void)state;
	server_starts(0);
	server_starts(1);
	pass(30 * 1000, 3);
	duty_close(town.duties[1]);
	assert_int_equal(count(1), 0);
	pass(1000, 2);		/* it gives back ... */
	pass(1000, 1);		/* ... and the other one takes */
	assert_int_equal(count(0), NAMES);
	/* What it has under way is still its own. */
	assert_true(duty_lives(town.duties[0], store_server(town.store[1])));
	pass(60 * 1000, 3);
	assert_int_equal(count(0), NAMES);
	server_ends(1);
	pass(1000, 1);
	assert_int_equal(count(0), NAMES);
}

/* How a statement that begins so fails, for one store's connections or all. */
static const char *broken;
static int fault(const char *sql)
{
	return broken != NULL && strncmp(sql, broken, strlen(broken)) == 0 ? ERR_TEMPORARY : 0;
}

static void a_database_that_was_away_makes_nobody_dead(void **state)
{
	struct error err = { 0 };

	(void)state;
	server_starts(0);
	server_starts(1);
	pass(30 * 1000, 3);
	pass(1000, 1);			/* it has seen the other one's last beat */
	broken = "SELECT id, beat";
	engine_fault = fault;
	for (int k = 0; k < 60; k++) {
		town.now += DUTY_LOOK_MS;
		assert_true(duty_look(town.duties[0], town.now, &err) < 0);
		assert_true(duty_look(town.duties[1], town.now, &err) < 0);
	}
	assert_int_equal(done(), 0);
	broken = NULL;
	engine_fault = NULL;
	pass(1000, 1);
	assert_int_equal(count(0), 2);		/* the other one has had no time yet to beat */
	assert_true(duty_lives(town.duties[0], store_server(town.store[1])));
	pass(1000, 3);
	assert_int_equal(done(), NAMES);
	assert_int_equal(count(1), 2);
}

/* A take that did not commit is none, also when it did after all: the next look reads the truth. */
static void a_failed_commit_is_no_beat(void **state)
{
	struct error err = { 0 };

	(void)state;
	server_starts(0);
	pass(1000, 1);
	broken = "COMMIT";
	engine_fault = fault;
	town.now += DUTY_LOOK_MS;
	assert_true(duty_look(town.duties[0], town.now, &err) < 0);
	assert_int_equal(count(0), 0);
	broken = NULL;
	engine_fault = NULL;
	pass(1000, 1);
	assert_int_equal(count(0), NAMES);
}

struct held {
	const char *name;
	struct str server;
	int is;
};

static int run_held(struct db *db, void *arg, struct error *err)
{
	struct held *h = arg;

	h->is = store_lease_held(db, str_of(h->name), h->server, err);
	return h->is < 0 ? h->is : 0;
}

/* The fence: a server that still believes in its lease is told by the database. */
static void a_unit_knows_exactly(void **state)
{
	struct error err = { 0 };

	(void)state;
	server_starts(0);
	pass(2000, 1);
	int64_t then = town.now;

	server_starts(1);
	pass(DUTY_DEAD_MS + 3000, 2);
	assert_int_equal(count(1), NAMES);
	assert_true(duty_mine_at(town.duties[0], STR("delivery"), then));
	struct held h = { "delivery", store_server(town.store[0]), -1 };

	check_ok(store_write(town.store[0], run_held, &h, &err), &err);
	assert_int_equal(h.is, 0);
	h.server = store_server(town.store[1]);
	check_ok(store_write(town.store[1], run_held, &h, &err), &err);
	assert_int_equal(h.is, 1);
}

static void two_who_take_at_once(void **state)
{
	struct error err = { 0 };

	(void)state;
	server_starts(0);
	server_starts(1);
	/* Both have seen the leases free before either has written. */
	for (int k = 0; k < 3; k++) {
		town.now += 100;
		check_ok(duty_look(town.duties[0], town.now, &err), &err);
		check_ok(duty_look(town.duties[1], town.now, &err), &err);
		(void)done();
	}
	pass(3000, 3);
	assert_int_equal(done(), NAMES);
}

static void a_forgotten_row_comes_back(void **state)
{
	struct db *db;
	struct error err = { 0 };
	struct store_server *list;
	size_t found;

	(void)state;
	server_starts(0);
	server_starts(1);
	pass(3000, 3);
	pass(11 * 60 * 1000, 1);
	check_ok(store_reader_new(town.store[0], &db, &err), &err);
	struct arena arena = { 0 };

	check_ok(store_server_list(db, &arena, &list, &found, &err), &err);
	assert_int_equal(found, 1);
	pass(1000, 2);
	check_ok(store_server_list(db, &arena, &list, &found, &err), &err);
	assert_int_equal(found, 2);
	arena_done(&arena);
	store_reader_free(db);
}

/* An older program that does not know a duty leaves it where it is. */
static void what_others_do_not_do_stays(void **state)
{
	struct error err = { 0 };

	(void)state;
	server_starts(0);
	check_ok(duty_add(town.duties[0], STR("z new 1"), &err), &err);
	check_ok(duty_add(town.duties[0], STR("z new 2"), &err), &err);
	pass(3000, 1);
	server_starts(1);
	pass(60 * 1000, 3);
	assert_true(mine(0, "z new 1") && mine(0, "z new 2"));
	int told_before = town.told;

	pass(60 * 1000, 3);
	assert_int_equal(town.told, told_before);
	assert_true(mine(0, "z new 1") && mine(0, "z new 2"));
}

static void alone_all_is_mine(void **state)
{
	struct store_options options = { .data_dir = str_of(town.folder.path) };
	struct error err = { 0 };

	(void)state;
	check_ok(store_open(&options, &town.store[0], &err), &err);
	struct duty_options duties = { .store = town.store[0], .shared = store_shared(town.store[0]) };

	check_ok(duty_new(&duties, &town.duties[0], &err), &err);
	engine_fault = fault;
	broken = "";			/* not one statement */
	check_ok(duty_start(town.duties[0], &err), &err);
	assert_true(duty_mine(town.duties[0], STR("delivery")));
	assert_true(duty_mine(town.duties[0], STR("anything")));
	assert_false(duty_lives(town.duties[0], STR("0123")));
	engine_fault = NULL;
	broken = NULL;
}

#define in_town(test) cmocka_unit_test_setup_teardown(test, open_town, close_town)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_town(one_server_has_all), in_town(a_second_one_gets_its_share), in_town(a_dead_ones_duties_go_on),
		in_town(leaving_hands_over_at_once), in_town(a_database_that_was_away_makes_nobody_dead), in_town(a_failed_commit_is_no_beat),
		in_town(a_unit_knows_exactly), in_town(two_who_take_at_once), in_town(a_forgotten_row_comes_back),
		in_town(what_others_do_not_do_stays), in_town(alone_all_is_mine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
