/* The writer: what is told is stored, what failed left nothing, neighbours in a group do not harm each other. */
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "database.h"
#include "folder.h"
#include "store/engine.h"
#include "store/setting.h"

static struct folder folder;
static struct arena memory;
static struct str database;
static struct store *store;
static struct db *reader;

static int set_up(void **state)
{
	struct store_options options = { .data_dir = folder_new(&folder) };
	struct error err = { 0 };

	(void)state;
	options.database = database = test_database(&memory, options.data_dir);
	if (store_open(&options, &store, &err) < 0 || store_reader_new(store, &reader, &err) < 0) {
		print_error("%s\n", err.text);
		return -1;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	engine_fault = NULL;
	store_reader_free(reader);
	store_close(store);
	test_database_drop(database);
	folder_done(&folder);
	arena_done(&memory);
	return 0;
}

/* A unit of two rows that belong together, which fails in between or after them if told so. */
struct pair_work {
	int64_t n;
	bool fails, loses;
};

static int write_pair(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	const struct pair_work *work = arg;
	struct str a = arena_printf(&arena, "a%ld", (long)work->n), b = arena_printf(&arena, "b%ld", (long)work->n);
	int r;

	if ((r = store_setting_set(db, a, STR("1"), err)) < 0 || (r = store_setting_set(db, b, STR("2"), err)) < 0 ||
	    (r = store_change_add(db, (struct workspace_id){ 1 }, CHANGE_MESSAGE, work->n, 2, err)) < 0)
		return r;
	if (work->loses) {
		db->engine->rollback(db);	/* as SQLite does by itself when the disk is full */
		(void)store_setting_set(db, arena_printf(&arena, "stray%ld", (long)work->n), STR("3"), err);
	}
	if (work->fails)
		return fail(err, ERR_DENIED, "unit %d does not want to", (int)work->n);
	return (int)(work->n % 100);
}

static bool has(const char *head, int64_t n)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct error err = { 0 };
	struct str value;
	int r = store_setting_get(reader, arena_printf(&arena, "%s%ld", head, (long)n), &arena, &value, &err);

	assert_true(r >= 0);
	return r == 1;
}

/* ---- many at once ---- */

enum { CALLERS = 6, EACH = 60 };

static void *call_often(void *arg)
{
	int64_t from = (int64_t)(intptr_t)arg * EACH;

	for (int64_t n = from; n < from + EACH; n++) {
		struct pair_work work = { .n = n, .fails = n % 7 == 3 };
		struct error err = { 0 };
		int r = store_write(store, write_pair, &work, &err);

		if (r != (work.fails ? ERR_DENIED : (int)(n % 100)) || (work.fails && err.code != ERR_DENIED))
			return (void *)"a wrong result";
	}
	return NULL;
}

static void many_callers(void **state)
{
	pthread_t thread[CALLERS];
	struct store_figures figures;
	void *complaint;

	(void)state;
	for (intptr_t i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, call_often, (void *)i), 0);
	for (int i = 0; i < CALLERS; i++) {
		assert_int_equal(pthread_join(thread[i], &complaint), 0);
		assert_null(complaint);
	}
	for (int64_t n = 0; n < CALLERS * EACH; n++) {
		assert_int_equal(has("a", n), n % 7 != 3);
		assert_int_equal(has("b", n), n % 7 != 3);
	}
	store_figures(store, &figures);
	assert_int_equal(figures.units, CALLERS * EACH);
	assert_int_equal(figures.queued, 0);
	assert_true(figures.commits < figures.units);
}

/* ---- one group ---- */

enum { GROUP = 40 };

struct submitted {
	struct store_unit unit;
	struct pair_work work;
	int result;
	struct error err;
};

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static atomic_int finished;

static void note_result(void *arg, int result, const struct error *err)
{
	struct submitted *s = arg;

	s->result = result;
	if (result < 0)
		s->err = *err;
	finished++;
}

static int run_submitted(struct db *db, void *arg, struct error *err)
{
	return write_pair(db, &((struct submitted *)arg)->work, err);
}

static int wait_at_gate(struct db *db, void *arg, struct error *err)
{
	(void)db;
	(void)arg;
	(void)err;
	(void)pthread_mutex_lock(&gate);
	(void)pthread_mutex_unlock(&gate);
	return 0;
}

/* Queues the units behind one that waits, so that they are one group, and waits for all. */
static void submit_group(struct submitted *units, size_t count)
{
	struct submitted first = { .unit = { .run = wait_at_gate, .done = note_result, .arg = &first } };

	finished = 0;
	(void)pthread_mutex_lock(&gate);
	store_submit(store, &first.unit);
	for (size_t i = 0; i < count; i++) {
		units[i].unit = (struct store_unit){ .run = run_submitted, .done = note_result, .arg = &units[i] };
		store_submit(store, &units[i].unit);
	}
	(void)pthread_mutex_unlock(&gate);
	while (finished <= (int)count)
		(void)usleep(500);
}

static void fill(struct submitted *units, int64_t from)
{
	memset(units, 0, GROUP * sizeof(*units));
	for (int64_t i = 0; i < GROUP; i++)
		units[i].work.n = from + i;
}

static void one_fails(void **state)
{
	struct submitted units[GROUP];
	struct store_figures before, after;

	(void)state;
	for (int round = 0; round < 3; round++) {	/* from the second on it runs fenced from the start */
		fill(units, round * 100);
		units[5].work.fails = units[GROUP - 1].work.fails = true;
		store_figures(store, &before);
		submit_group(units, GROUP);
		store_figures(store, &after);
		assert_true(after.commits - before.commits <= GROUP / 2);	/* together, as far as a slow machine's time allows */
		for (int64_t i = 0; i < GROUP; i++) {
			bool fails = units[i].work.fails;

			assert_int_equal(units[i].result, fails ? ERR_DENIED : units[i].work.n % 100);
			assert_int_equal(has("a", units[i].work.n), !fails);
			assert_int_equal(has("b", units[i].work.n), !fails);
		}
		assert_string_equal(units[5].err.text, round == 0 ? "unit 5 does not want to" : round == 1 ? "unit 105 does not want to" :
							"unit 205 does not want to");
	}
	assert_int_equal(after.retried_groups, 1);
}

static void transaction_lost(void **state)
{
	struct submitted units[GROUP];

	(void)state;
	for (int fails = 0; fails < 2; fails++) {
		fill(units, fails * 100);
		units[7].work.loses = true;
		units[7].work.fails = fails == 1;
		submit_group(units, GROUP);
		for (int64_t i = 0; i < GROUP; i++) {
			assert_int_equal(has("a", units[i].work.n), i != 7);
			assert_int_equal(units[i].result < 0, i == 7);
			assert_false(has("stray", units[i].work.n));
		}
	}
}

/* ---- failing statements ---- */

static atomic_int countdown;
static atomic_bool commits_fail;

static int fail_at(const char *sql)
{
	if (commits_fail && strcmp(sql, "COMMIT") == 0)
		return ERR_TEMPORARY;
	return countdown > 0 && --countdown == 0 ? ERR_BROKEN : 0;
}

static void commit_fails(void **state)
{
	struct submitted units[GROUP];

	(void)state;
	fill(units, 0);
	engine_fault = fail_at;
	commits_fail = true;
	submit_group(units, GROUP);
	commits_fail = false;
	for (int64_t i = 0; i < GROUP; i++) {
		assert_int_equal(units[i].result, ERR_TEMPORARY);
		assert_int_equal(units[i].err.code, ERR_TEMPORARY);
		assert_false(has("a", i));
	}
	submit_group(units, GROUP);
	for (int64_t i = 0; i < GROUP; i++)
		assert_true(units[i].result >= 0 && has("a", i) && has("b", i));
}

/* The Nth statement of the unit fails, for every N; its neighbours are stored, of itself both rows or none. */
static void every_statement_fails(void **state)
{
	struct submitted units[3];
	bool any = true;
	int64_t n = 0;

	(void)state;
	engine_fault = fail_at;
	for (int at = 1; any; at++) {
		memset(units, 0, sizeof(units));
		for (int i = 0; i < 3; i++)
			units[i].work.n = n++;
		countdown = at;
		submit_group(units, 3);
		any = countdown == 0;
		countdown = 0;
		for (int i = 0; i < 3; i++) {
			assert_int_equal(has("a", units[i].work.n), units[i].result >= 0);
			assert_int_equal(has("b", units[i].work.n), units[i].result >= 0);
		}
		assert_true(at < 100);
	}
	assert_true(n > 3 * 10);
}

/* ---- changes ---- */

static atomic_int told;
static atomic_bool told_early, told_out_of_order;
static int64_t last_told;
static struct db *listening_reader;

static void listen_in(void *listener, const struct change *changes, size_t count)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str value;

	assert_ptr_equal(listener, &told);
	for (size_t i = 0; i < count; i++) {
		struct str name = arena_printf(&arena, "a%ld", (long)changes[i].subject_id);

		if (store_setting_get(listening_reader, name, &arena, &value, NULL) != 1)
			told_early = true;
		if (changes[i].id <= last_told || changes[i].kind != CHANGE_MESSAGE || changes[i].workspace.v != 1)
			told_out_of_order = true;
		last_told = changes[i].id;
		told++;
	}
}

static void changes_after_commit(void **state)
{
	struct submitted units[GROUP];
	struct error err = { 0 };
	struct change list[GROUP];
	size_t count;
	bool gap;
	int64_t last;

	(void)state;
	told = 0;
	last_told = 0;
	check_ok(store_reader_new(store, &listening_reader, &err), &err);
	store_set_listener(store, &told, listen_in);
	fill(units, 0);
	units[3].work.fails = units[9].work.fails = true;
	submit_group(units, GROUP);
	check_is(store_write(store, wait_at_gate, NULL, &err), 0, &err);	/* the group before has been told now */
	check_ok(store_catch_up(store, 5000, &err), &err);
	store_set_listener(store, NULL, NULL);
	assert_int_equal(told, GROUP - 2);
	assert_false(told_early);
	assert_false(told_out_of_order);
	check_ok(store_change_last(reader, &last, &err), &err);
	assert_int_equal(last, last_told);
	check_ok(store_changes_after(reader, (struct workspace_id){ 1 }, last - 4, list, GROUP, &count, &gap, &err), &err);
	assert_int_equal(count, 4);
	assert_false(gap);
	assert_int_equal(list[3].subject_id, GROUP - 1);
	check_ok(store_changes_after(reader, (struct workspace_id){ 2 }, 0, list, GROUP, &count, &gap, &err), &err);
	assert_int_equal(count, 0);
	store_reader_free(listening_reader);
	listening_reader = NULL;
}

static int trim_all(struct db *db, void *arg, struct error *err)
{
	(void)arg;
	return (int)store_changes_trim(db, INT64_MAX, err);
}

static int spread_ids(struct db *db, void *arg, struct error *err)
{
	(void)arg;
	return db->engine->script(db, STR("UPDATE changes SET id = id * 10 + 5000"), err);
}

/* Where all tables share one counter, or after a copy from there. */
static void changes_with_ids_between(void **state)
{
	struct submitted units[GROUP];
	struct error err = { 0 };
	struct change list[2];
	size_t count;
	bool gap;

	(void)state;
	fill(units, 0);
	submit_group(units, GROUP);
	check_ok(store_write_alone(store, spread_ids, NULL, &err), &err);
	check_ok(store_changes_after(reader, (struct workspace_id){ 1 }, 0, list, 2, &count, &gap, &err), &err);
	assert_int_equal(count, 2);
	assert_false(gap);
	check_ok(store_changes_after(reader, (struct workspace_id){ 1 }, list[0].id, list, 2, &count, &gap, &err), &err);
	assert_int_equal(count, 2);
	assert_false(gap);
}

static void changes_trimmed(void **state)
{
	struct submitted units[GROUP];
	struct error err = { 0 };
	struct change list[2];
	size_t count;
	bool gap;
	int64_t before, after;

	(void)state;
	check_ok(store_changes_after(reader, (struct workspace_id){ 1 }, 0, list, 2, &count, &gap, &err), &err);
	assert_int_equal(count, 0);
	assert_false(gap);
	fill(units, 0);
	submit_group(units, GROUP);
	check_ok(store_change_last(reader, &before, &err), &err);
	check_is(store_write(store, trim_all, NULL, &err), GROUP - 1, &err);
	check_ok(store_change_last(reader, &after, &err), &err);
	assert_int_equal(before, after);		/* ids go on from there */
	check_ok(store_changes_after(reader, (struct workspace_id){ 1 }, before - 3, list, 2, &count, &gap, &err), &err);
	assert_true(gap);
	check_ok(store_changes_after(reader, (struct workspace_id){ 1 }, before - 1, list, 2, &count, &gap, &err), &err);
	assert_false(gap);
	assert_int_equal(count, 1);
	check_ok(store_changes_after(reader, (struct workspace_id){ 1 }, before + 1, list, 2, &count, &gap, &err), &err);
	assert_true(gap);
}

/* ---- readers ---- */

static void reader_cannot_write(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_true(store_setting_set(reader, STR("x"), STR("y"), &err) < 0);
}

static void reader_sees_one_state(void **state)
{
	struct pair_work work = { .n = 1 };
	struct error err = { 0 };

	(void)state;
	check_ok(db_read_begin(reader, &err), &err);
	assert_false(has("a", 1));
	check_is(store_write(store, write_pair, &work, &err), 1, &err);
	assert_false(has("a", 1));
	db_read_end(reader);
	assert_true(has("a", 1));
}

static int nested(struct db *db, void *arg, struct error *err)
{
	SCOPED(stmt_done) struct stmt outer = { 0 };
	int64_t *sum = arg;
	int r;

	*sum = 0;
	for (int i = 0; i < 2; i++) {
		SCOPED(stmt_done) struct stmt st = { 0 };

		/* The same literal is in use twice at once. */
		if ((r = db_prepare(db, i == 0 ? &outer : &st, "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3", err)) < 0)
			return r;
		while (i == 1 && (r = stmt_step(&st, err)) > 0)
			*sum += next_i64(&st);
		if (i == 0 && (r = stmt_step(&outer, err)) < 0)
			return r;
	}
	while ((r = stmt_step(&outer, err)) > 0)
		*sum += 10 * next_i64(&outer);
	return r;
}

static void same_statement_twice(void **state)
{
	struct error err = { 0 };
	int64_t sum = 0;

	(void)state;
	for (int i = 0; i < 3; i++) {
		check_ok(store_write(store, nested, &sum, &err), &err);
		assert_int_equal(sum, 6 + 50);
	}
	check_ok(store_write_alone(store, nested, &sum, &err), &err);
}

/* ---- a full disk ---- */

static int write_much(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	const struct pair_work *work = arg;
	struct str big = arena_printf(&arena, "%01000000d", 1);
	int r = write_pair(db, arg, err);

	if (r >= 0 && work->n % 2 == 0)
		r = store_setting_set(db, STR("big"), big, err);
	return r < 0 ? r : 0;
}

/* The database may grow no further, as on a full disk: what fits is stored, what does not is refused whole, and when there
 * is room again all goes on. */
static void disk_full(void **state)
{
	struct error err = { 0 };
	struct rlimit limit, small;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	small = limit;
	small.rlim_cur = 900000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int64_t n = 0; n < 8; n++) {
		struct pair_work work = { .n = n };
		int r = store_write(store, write_much, &work, &err);

		assert_int_equal(r, n % 2 == 0 ? ERR_TEMPORARY : 0);
		assert_int_equal(has("a", n), r == 0);
		assert_int_equal(has("b", n), r == 0);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (int64_t n = 10; n < 14; n++) {
		struct pair_work work = { .n = n };

		check_ok(store_write(store, write_much, &work, &err), &err);
		assert_true(has("a", n) && has("b", n));
	}
}

/* ---- two processes ---- */

static void *write_second(void *arg)
{
	struct store *second = arg;
	struct error err = { 0 };

	for (int64_t n = 5000; n < 5030; n++) {
		struct pair_work work = { .n = n };

		if (store_write(second, write_pair, &work, &err) < 0)
			return (void *)"the second writer was kept out";
	}
	return NULL;
}

/* A command beside the running server: two writers on one database, one of them busy all the time. */
static void two_writers(void **state)
{
	struct store_options options = { .data_dir = str_of(folder.path), .database = database };
	struct submitted units[GROUP];
	struct store *second;
	struct error err = { 0 };
	pthread_t thread;
	void *complaint;
	int64_t n = 0;

	(void)state;
	check_ok(store_open(&options, &second, &err), &err);
	assert_int_equal(pthread_create(&thread, NULL, write_second, second), 0);
	while (!has("a", 5029) && n < 5000) {
		fill(units, n);
		submit_group(units, GROUP);
		for (int i = 0; i < GROUP; i++)
			assert_true(units[i].result >= 0);
		n += GROUP;
	}
	assert_int_equal(pthread_join(thread, &complaint), 0);
	assert_null(complaint);
	store_close(second);
	for (int64_t k = 0; k < n; k++)
		assert_true(has("a", k) && has("b", k));
	for (int64_t k = 5000; k < 5030; k++)
		assert_true(has("a", k) && has("b", k));
}

/* What another process finds: whether somebody holds a lock on the database's file. */
static bool seen_locked(const char *path)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		int fd = open(path, O_RDWR);

		_exit(fd < 0 || fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK);
	}
	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	return status == 0;
}

static int do_nothing(struct db *db, void *arg, struct error *err)
{
	(void)db;
	(void)arg;
	(void)err;
	return 0;
}

/* Without its locks a server's log would be taken away by the next command that ends. */
static void locks_stay(void **state)
{
	struct error err = { 0 };

	(void)state;
	const char *path = arena_printf(&memory, "%s/mailtrixy.db", folder.path).p;

	assert_false(has("a", 1));
	assert_true(seen_locked(path));
	check_ok(store_run_apart(store, do_nothing, NULL, &err), &err);
	assert_true(seen_locked(path));
}

/* ---- the log ---- */

static int write_page(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	int64_t *n = arg;
	struct str value = arena_printf(&arena, "%0100000d", 1);

	++*n;
	return store_setting_set(db, arena_printf(&arena, "page%ld", (long)(*n % 50)), value, err);
}

/* Under a steady load the log neither grows for ever nor loses anything. */
static void log_stays_short(void **state)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct error err = { 0 };
	struct stat s;
	int64_t n = 0;

	(void)state;
	for (int i = 0; i < 1200; i++)	/* some 120 MB of log, were it not moved */
		check_ok(store_write(store, write_page, &n, &err), &err);
	assert_int_equal(stat(arena_printf(&arena, "%s/mailtrixy.db-wal", folder.path).p, &s), 0);
	assert_true(s.st_size < 60 * 1024 * 1024);
}

/* ---- a copy ---- */

static void copied_while_writing(void **state)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str path = arena_printf(&arena, "%s/copy.db", folder.path);
	struct store_options options = { .data_dir = STR("/nowhere"), .database = arena_printf(&arena, "sqlite:%s", path.p) };
	struct store *here = store, *there;
	struct db *reader_here = reader;
	struct submitted units[GROUP];
	struct error err = { 0 };
	pthread_t thread;
	void *complaint;
	struct stat s;

	(void)state;
	fill(units, 1000);
	submit_group(units, GROUP);
	assert_int_equal(pthread_create(&thread, NULL, call_often, NULL), 0);
	check_ok(db_copy(reader, path, &err), &err);
	assert_int_equal(pthread_join(thread, &complaint), 0);
	assert_null(complaint);
	check_is(db_copy(reader, path, &err), ERR_EXISTS, &err);
	assert_int_equal(stat(path.p, &s), 0);
	assert_int_equal(s.st_mode & 0777, 0600);
	check_is(db_copy(reader, STR("/nowhere/copy.db"), &err), ERR_BROKEN, &err);
	check_ok(store_open(&options, &there, &err), &err);
	check_ok(store_reader_new(there, &reader, &err), &err);
	for (int64_t n = 0; n < GROUP; n++)
		assert_true(has("a", 1000 + n) && has("b", 1000 + n));
	for (int64_t n = 0; n < EACH; n++)
		assert_int_equal(has("a", n), has("b", n));
	store_reader_free(reader);
	store_close(there);
	store = here;
	reader = reader_here;
}

/* ---- kill -9 ---- */

/* Writes pairs and reports the number of each that was acknowledged, until it is killed. */
static void child_writes(struct store_options options, int fd)
{
	struct store *s;
	struct error err = { 0 };

	if (store_open(&options, &s, &err) < 0)
		_exit(1);
	for (int64_t n = 0;; n++) {
		struct pair_work work = { .n = n };

		if (store_write(s, write_pair, &work, &err) < 0 || write(fd, &n, sizeof(n)) != (ssize_t)sizeof(n))
			_exit(1);
	}
}

static void killed_while_writing(void **state)
{
	struct folder place;
	struct error err = { 0 };

	(void)state;
	for (int round = 0; round < 3; round++) {
		struct store_options options = { .data_dir = folder_new(&place) };
		int fd[2], status;
		int64_t acknowledged = -1, n;

		options.database = test_database(&memory, options.data_dir);
		assert_int_equal(pipe(fd), 0);
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			child_writes(options, fd[1]);
		(void)close(fd[1]);
		while (acknowledged < 20 + round * 13 && read(fd[0], &n, sizeof(n)) == (ssize_t)sizeof(n))
			acknowledged = n;
		assert_int_equal(kill(child, SIGKILL), 0);
		while (read(fd[0], &n, sizeof(n)) == (ssize_t)sizeof(n))
			acknowledged = n;
		(void)close(fd[0]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));

		check_ok(store_open(&options, &store, &err), &err);
		check_ok(store_reader_new(store, &reader, &err), &err);
		for (n = 0; n <= acknowledged; n++)
			assert_true(has("a", n) && has("b", n));
		for (; n < acknowledged + 3; n++)	/* one may have been stored and not yet acknowledged */
			assert_int_equal(has("a", n), has("b", n));
		store_reader_free(reader);
		store_close(store);
		test_database_drop(options.database);
		folder_done(&place);
	}
	arena_done(&memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_while_writing),
		cmocka_unit_test_setup_teardown(many_callers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_fails, set_up, tear_down),
		cmocka_unit_test_setup_teardown(transaction_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(commit_fails, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_statement_fails, set_up, tear_down),
		cmocka_unit_test_setup_teardown(changes_after_commit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(changes_trimmed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(changes_with_ids_between, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reader_cannot_write, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reader_sees_one_state, set_up, tear_down),
		cmocka_unit_test_setup_teardown(same_statement_twice, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_writers, set_up, tear_down),
	};
	const struct CMUnitTest file_tests[] = {	/* of a database that is a file */
		cmocka_unit_test_setup_teardown(locks_stay, set_up, tear_down),
		cmocka_unit_test_setup_teardown(disk_full, set_up, tear_down),
		cmocka_unit_test_setup_teardown(log_stays_short, set_up, tear_down),
		cmocka_unit_test_setup_teardown(copied_while_writing, set_up, tear_down),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	return failed + (test_database_is_shared() ? 0 : cmocka_run_group_tests(file_tests, NULL, NULL));
}
