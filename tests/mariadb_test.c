/* The MariaDB engine where it differs: its URL, its failures in words, connections that go away at every moment, ids and changes of
 * several servers. Without MAILTRIXY_TEST_DATABASE only what needs no server. A proxy between program and server plays the network. */
#include "check.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "database.h"
#include "store/mariadb_url.h"
#include "store/setting.h"
#include "store/state.h"

/* ---- the proxy ---- */

enum mode { PASS, DROP_COMMIT, DROP_ANSWER, DROP_ALL };	/* drops: once, but for DROP_ALL, which also refuses */
enum { PAIRS = 64 };

static struct proxy {
	int listener;
	unsigned port, server_port;
	pthread_t thread;
	atomic_int mode, dropped, opened;
	atomic_bool stopping;
	struct pair {
		int client, server;		/* 0: free */
		bool doomed;			/* goes with the next answer */
	} pair[PAIRS];
} proxy;

static int tcp_socket(unsigned port, bool listens, unsigned *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	assert_true(fd > 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (listens) {
		assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
		assert_int_equal(listen(fd, 16), 0);
		assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
		*ret_port = ntohs(at.sin_port);
	} else {
		assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	}
	return fd;
}

static void drop(struct pair *p)
{
	(void)close(p->client);
	(void)close(p->server);
	*p = (struct pair){ 0 };
	proxy.dropped++;
}

static void send_all(int fd, const char *bytes, ssize_t len)
{
	for (ssize_t at = 0, n; at < len; at += n)
		if ((n = send(fd, bytes + at, (size_t)(len - at), MSG_NOSIGNAL)) <= 0)
			return;
}

static void carry(struct pair *p, bool from_client)
{
	static char bytes[1 << 18];	/* the proxy thread's alone */
	ssize_t len = recv(from_client ? p->client : p->server, bytes, sizeof(bytes), 0);
	bool commits = len > 0 && from_client && memmem(bytes, (size_t)len, ";COMMIT", 7) != NULL;

	if (len <= 0 || (!from_client && p->doomed) || (commits && proxy.mode == DROP_COMMIT)) {
		if (commits)
			proxy.mode = PASS;
		drop(p);
		return;
	}
	if (commits && proxy.mode == DROP_ANSWER) {
		proxy.mode = PASS;
		p->doomed = true;
	}
	send_all(from_client ? p->server : p->client, bytes, len);
}

static void take_client(void)
{
	int client = accept(proxy.listener, NULL, NULL), on = 1;

	(void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));

	for (int i = 0; i < PAIRS; i++)
		if (proxy.pair[i].client == 0 && proxy.mode != DROP_ALL) {
			proxy.pair[i] = (struct pair){ .client = client, .server = tcp_socket(proxy.server_port, false, NULL) };
			proxy.opened++;
			return;
		}
	(void)close(client);
}

static void *proxy_main(void *arg)
{
	struct pollfd polled[2 * PAIRS + 1];

	(void)arg;
	while (!proxy.stopping) {
		polled[2 * PAIRS] = (struct pollfd){ .fd = proxy.listener, .events = POLLIN };
		for (int i = 0; i < PAIRS; i++) {
			if (proxy.mode == DROP_ALL && proxy.pair[i].client != 0)
				drop(&proxy.pair[i]);
			polled[2 * i] = (struct pollfd){ .fd = proxy.pair[i].client > 0 ? proxy.pair[i].client : -1, .events = POLLIN };
			polled[2 * i + 1] = (struct pollfd){ .fd = proxy.pair[i].server > 0 ? proxy.pair[i].server : -1, .events = POLLIN };
		}
		if (poll(polled, 2 * PAIRS + 1, 20) <= 0)
			continue;
		for (int i = 0; i < 2 * PAIRS; i++)
			if ((polled[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && proxy.pair[i / 2].client != 0)
				carry(&proxy.pair[i / 2], i % 2 == 0);
		if ((polled[2 * PAIRS].revents & POLLIN) != 0)
			take_client();
	}
	return NULL;
}

static void proxy_start(unsigned server_port)
{
	proxy.server_port = server_port;
	proxy.listener = tcp_socket(0, true, &proxy.port);
	assert_int_equal(pthread_create(&proxy.thread, NULL, proxy_main, NULL), 0);
}

static void proxy_stop(void)
{
	proxy.stopping = true;
	(void)pthread_join(proxy.thread, NULL);
	for (int i = 0; i < PAIRS; i++)
		if (proxy.pair[i].client != 0)
			drop(&proxy.pair[i]);
	(void)close(proxy.listener);
	memset(&proxy, 0, sizeof(proxy));
}

/* ---- a house of two servers ---- */

static struct arena memory;
static struct mariadb_url server;
static struct str direct, through;	/* the database, without and with the proxy in between */
static struct store *store, *other;
static struct db *reader;

/* The same URL, with another authority behind the @. */
static struct str with_hosts(struct str url, const char *hosts)
{
	struct str options, place = str_split(url, '?', &options);
	const char *at = memrchr(place.p, '@', place.len), *slash = memrchr(place.p, '/', place.len);

	return arena_printf(&memory, "%.*s%s%.*s%s%.*s", (int)(at + 1 - place.p), place.p, hosts, (int)(place.p + place.len - slash), slash,
			    options.p != NULL ? "?" : "", STR_ARG(options));
}

static int set_up(void **state)
{
	struct error err = { 0 };

	(void)state;
	direct = test_database(&memory, STR_NONE);
	check_ok(mariadb_url_parse(direct, &memory, &server, &err), &err);
	assert_int_equal(server.hosts, 1);
	proxy_start(server.host[0].port);
	through = with_hosts(direct, arena_printf(&memory, "127.0.0.1:%u", proxy.port).p);
	check_ok(store_open(&(struct store_options){ .database = through }, &store, &err), &err);
	check_ok(store_open(&(struct store_options){ .database = direct }, &other, &err), &err);
	check_ok(store_reader_new(store, &reader, &err), &err);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	engine_fault = NULL;
	proxy.mode = PASS;
	store_reader_free(reader);
	store_close(store);
	store_close(other);
	proxy_stop();
	test_database_drop(direct);
	arena_done(&memory);
	return 0;
}

static int64_t number_in(struct db *db, const char *name)
{
	struct error err = { 0 };
	struct str value;
	int64_t n = 0;
	int r = store_setting_get(db, str_of(name), &memory, &value, &err);

	if (r < 0)
		check_failed("%s", err.text);
	return r == 1 && str_to_i64(value, &n) ? n : 0;
}

/* Adds one to a number, and notes a change of it: twice were a lie. */
static int add_one(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str value;
	int64_t n = 0;
	int r = store_setting_get(db, str_of(arg), &arena, &value, err);

	if (r < 0)
		return r;
	(void)(r == 1 && str_to_i64(value, &n));
	if ((r = store_setting_set(db, str_of(arg), arena_printf(&arena, "%ld", (long)n + 1), err)) < 0)
		return r;
	return store_change_add(db, (struct workspace_id){ 1 }, CHANGE_MESSAGE, n + 1, 0, err);
}

/* ---- the URL ---- */

static void url_parts(void **state)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct mariadb_url u;
	struct error err = { 0 };

	(void)state;
	check_ok(mariadb_url_parse(STR("mysql://me:p%40ss@w:ord@db1:3307,db2,[fe80::1]:3309/box"), &arena, &u, &err), &err);
	assert_string_equal(u.user, "me");
	assert_string_equal(u.password, "p@ss@w:ord");
	assert_string_equal(u.name, "box");
	assert_int_equal(u.hosts, 3);
	assert_string_equal(u.host[0].name, "db1");
	assert_int_equal(u.host[0].port, 3307);
	assert_int_equal(u.host[1].port, 3306);
	assert_string_equal(u.host[2].name, "fe80::1");
	assert_int_equal(u.host[2].port, 3309);
	check_ok(mariadb_url_parse(STR("mariadb://me@/box?socket=/run/my%20sql.sock"), &arena, &u, &err), &err);
	assert_string_equal(u.socket, "/run/my sql.sock");
	assert_null(u.password);
	check_ok(mariadb_url_parse(STR("mysql://me:x@db/box?tls=verify&ca=/a&cert=/b&key=/c"), &arena, &u, &err), &err);
	assert_int_equal(u.tls, TLS_VERIFY);
	assert_string_equal(u.key, "/c");
}

static void url_mistakes(void **state)
{
	static const char *const wrong[] = { "mysql://", "mysql:me:secret@db/box", "mysql://me:secret@db", "mysql://me:secret@db/",
					     "mysql://db/box", "mysql://me:secret@/box", "mysql://me:secret@db:0/box", "mysql://me:secret@db:x/box",
					     "mysql://me:secret%4@db/box", "mysql://me:secret@db/box?tls=maybe", "mysql://me:secret@db/box?colour=red",
					     "mysql://me:secret@db/b`ox", "mysql://me:secret@[::1/box", "mysql://me@db/box?password_file=/nowhere/secret%00" };
	SCOPED(arena_done) struct arena arena = { 0 };
	struct mariadb_url u;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct error err = { 0 };

		check_is(mariadb_url_parse(str_of(wrong[i]), &arena, &u, &err), ERR_INVALID, &err);
		if (strstr(err.text, "secret") != NULL)
			check_failed("%s tells a secret: %s", wrong[i], err.text);
	}
}

/* ---- failures in words ---- */

static int try_open(struct str url, struct error *err)
{
	struct store *s;
	int r = store_open(&(struct store_options){ .database = url }, &s, err);

	if (r == 0)
		store_close(s);
	return r;
}

static void cannot_open(void **state)
{
	struct error err = { 0 };

	(void)state;
	check_is(try_open(arena_printf(&memory, "mysql://nobody-here:wrong-secret@127.0.0.1:%u/mt", server.host[0].port), &err), ERR_DENIED, &err);
	assert_non_null(strstr(err.text, "nobody-here"));
	assert_null(strstr(err.text, "wrong-secret"));
	proxy.mode = DROP_ALL;
	check_is(try_open(through, &err), ERR_TEMPORARY, &err);
	assert_non_null(strstr(err.text, "cannot be reached"));
	proxy.mode = PASS;
	check_is(try_open(with_hosts(direct, "127.0.0.1:1"), &err), ERR_TEMPORARY, &err);
	assert_non_null(strstr(err.text, "cannot be reached"));
}

/* What breaks a rule of the schema is told as on SQLite. */
static int break_rule(struct db *db, void *arg, struct error *err)
{
	return db->engine->script(db, str_of(arg), err);
}

static void rules(void **state)
{
	static const struct {
		const char *sql;
		int code;
	} broken[] = {
		{ "INSERT INTO settings (name, value) VALUES ('same', '1'), ('same', '2')", ERR_EXISTS },
		{ "INSERT INTO members (workspace_id, user_id, role, joined_at) VALUES (1, 2, 3, 4)", ERR_NOTFOUND },
		{ "INSERT INTO writers (server, commits) VALUES ('a text of more than thirty-two letters', 1)", ERR_LIMIT },
		{ "INSERT INTO writers (server, commits) VALUES ('a', 'no number')", ERR_INVALID },
		{ "INSERT INTO nothing VALUES (1)", ERR_BROKEN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct error err = { 0 };

		check_is(store_write(store, break_rule, (void *)(uintptr_t)broken[i].sql, &err), broken[i].code, &err);
	}
}

/* ---- connections that go ---- */

/* A unit that decided on what was not so: on a cluster's node, under a transaction that is lost. Its commit, if any, finds no server. */
struct misled {
	int runs, lies;
	bool cut;
};

static int decide(struct db *db, void *arg, struct error *err)
{
	struct misled *m = arg;

	if (m->runs++ >= m->lies)
		return add_one(db, (void *)"misled", err);
	if (m->cut)
		proxy.mode = DROP_COMMIT;
	return fail(err, ERR_EXISTS, "it was there");
}

static int fail_commit(const char *sql)
{
	return strcmp(sql, "COMMIT") == 0 ? ERR_BROKEN : 0;
}

static void failures_are_committed(void **state)
{
	struct misled alone = { .lies = 2, .cut = true }, among = { .lies = 2, .cut = true }, sure = { .lies = 100 }, unsure = { .lies = 100 };
	struct error err = { 0 };

	(void)state;
	check_ok(store_write_alone(store, decide, &alone, &err), &err);
	check_ok(store_write(store, decide, &among, &err), &err);
	assert_int_equal(alone.runs, 3);
	assert_int_equal(among.runs, 3);
	assert_int_equal(number_in(reader, "misled"), 2);
	check_is(store_write_alone(store, decide, &sure, &err), ERR_EXISTS, &err);
	assert_string_equal(err.text, "it was there");
	check_is(store_write(store, decide, &sure, &err), ERR_EXISTS, &err);
	engine_fault = fail_commit;
	check_is(store_write(store, decide, &unsure, &err), ERR_TEMPORARY, &err);
	check_is(store_write_alone(store, decide, &unsure, &err), ERR_TEMPORARY, &err);
	engine_fault = NULL;
	check_ok(store_write(store, add_one, (void *)"misled", &err), &err);
}

/* The commit got there or did not, and nobody says which: it counts once. */
static void commit_without_answer(void **state)
{
	struct error err = { 0 };

	(void)state;
	for (int n = 1; n <= 6; n++) {
		int dropped = proxy.dropped;

		proxy.mode = n % 2 == 0 ? DROP_COMMIT : DROP_ANSWER;
		check_ok(store_write(store, add_one, (void *)(uintptr_t)"count", &err), &err);
		assert_int_equal(proxy.dropped, dropped + 1);
		assert_int_equal(number_in(reader, "count"), n);
	}
}

static atomic_int countdown;

/* The connection goes before the Nth statement. */
static int cut_at(const char *sql)
{
	(void)sql;
	if (countdown > 0 && --countdown == 0) {
		proxy.mode = DROP_ALL;
		while (proxy.dropped == 0)
			(void)usleep(100);
		proxy.mode = PASS;
	}
	return 0;
}

static void cut_at_every_statement(void **state)
{
	struct error err = { 0 };
	bool any = true;
	int64_t n = 0;

	(void)state;
	for (int at = 1; any; at++) {
		proxy.dropped = 0;
		engine_fault = cut_at;
		countdown = at;
		check_ok(store_write(store, add_one, (void *)(uintptr_t)"count", &err), &err);
		any = countdown == 0;
		engine_fault = NULL;
		countdown = 0;
		assert_int_equal(number_in(reader, "count"), ++n);
		assert_true(at < 50);
	}
	assert_true(n > 4);
}

/* Nobody sees that a reader's connection is another one now; only inside a read transaction, whose state went with it. */
static void reader_comes_back(void **state)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct error err = { 0 };
	struct str value;

	(void)state;
	check_ok(store_write(store, add_one, (void *)(uintptr_t)"count", &err), &err);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(number_in(reader, "count"), 1);
		proxy.dropped = 0;
		proxy.mode = DROP_ALL;
		while (proxy.dropped == 0)
			(void)usleep(100);
		proxy.mode = PASS;
	}
	check_ok(db_read_begin(reader, &err), &err);
	assert_int_equal(number_in(reader, "count"), 1);
	proxy.dropped = 0;
	proxy.mode = DROP_ALL;
	while (proxy.dropped == 0)
		(void)usleep(100);
	proxy.mode = PASS;
	check_is(store_setting_get(reader, STR("count"), &arena, &value, &err), ERR_TEMPORARY, &err);
	check_is(store_setting_get(reader, STR("count"), &arena, &value, &err), ERR_TEMPORARY, &err);
	db_read_end(reader);
	assert_int_equal(number_in(reader, "count"), 1);
}

/* Away for longer than callers wait: they are told, nothing is stored, and all goes on afterwards. */
static void server_away(void **state)
{
	struct error err = { 0 };
	int64_t begin = clock_mono_ms(), took;

	(void)state;
	proxy.mode = DROP_ALL;
	check_is(store_write(store, add_one, (void *)(uintptr_t)"count", &err), ERR_TEMPORARY, &err);
	took = clock_mono_ms() - begin;
	assert_true(took >= 9000 && took < 60000);
	begin = clock_mono_ms();
	check_is(store_write(store, add_one, (void *)(uintptr_t)"count", &err), ERR_TEMPORARY, &err);
	assert_true(clock_mono_ms() - begin < 8000);	/* it is known by now */
	proxy.mode = PASS;
	check_ok(store_write(store, add_one, (void *)(uintptr_t)"count", &err), &err);
	assert_int_equal(number_in(reader, "count"), 1);
}

/* The first host is not there, then it is gone: the next one serves. */
static void several_hosts(void **state)
{
	struct str hosts = arena_printf(&memory, "127.0.0.1:1,127.0.0.1:%u,127.0.0.1:%u", proxy.port, server.host[0].port);
	struct str url = with_hosts(direct, hosts.p);
	struct store *third;
	struct db *reads;
	struct error err = { 0 };

	(void)state;
	check_ok(store_open(&(struct store_options){ .database = url }, &third, &err), &err);
	check_ok(store_reader_new(third, &reads, &err), &err);
	check_ok(store_write(third, add_one, (void *)(uintptr_t)"count", &err), &err);
	proxy.mode = DROP_ALL;
	check_ok(store_write(third, add_one, (void *)(uintptr_t)"count", &err), &err);
	assert_int_equal(number_in(reads, "count"), 2);
	store_reader_free(reads);
	store_close(third);
}

/* ---- rows that go together ---- */

struct rows {
	int count;
	int64_t twice;			/* this subject is written a second time under the same id */
	int64_t seen;
};

static int count_rows(struct db *db, int64_t *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT count(*) FROM changes", err);

	if (r < 0 || (r = stmt_step(&st, err)) < 0)
		return r;
	*ret = next_i64(&st);
	return 0;
}

static int write_rows(struct db *db, void *arg, struct error *err)
{
	struct rows *rows = arg;
	int r = 0;

	for (int64_t i = 0; i < rows->count && r == 0; i++) {
		SCOPED(stmt_done) struct stmt st = { 0 };

		if ((r = db_prepare(db, &st, "INSERT INTO changes (id, workspace_id, kind, subject_id, conversation_id, at)"
					     " VALUES (?, ?, ?, ?, ?, ?)", err)) < 0)
			return r;
		if (i == rows->twice)
			bind_i64(&st, db_last_id(db));
		else
			bind_new_id(&st);
		bind_i64(&st, 1);
		bind_i64(&st, CHANGE_MESSAGE);
		bind_i64(&st, i);
		bind_i64(&st, 0);
		bind_i64(&st, 0);
		r = stmt_later(&st, err);
	}
	return r < 0 || rows->seen == 0 ? r : count_rows(db, &rows->seen, err);
}

static void rows_sent_later(void **state)
{
	struct rows many = { .count = 3000, .twice = -1, .seen = 1 }, wrong = { .count = 10, .twice = 5 };
	struct error err = { 0 };
	int64_t count;

	(void)state;
	check_ok(store_write(store, write_rows, &many, &err), &err);
	assert_int_equal(many.seen, 3000);		/* whoever asks the table sees them */
	check_is(store_write(store, write_rows, &wrong, &err), ERR_EXISTS, &err);
	check_ok(count_rows(reader, &count, &err), &err);
	assert_int_equal(count, 3000);
	many.count = 1;
	many.seen = 0;
	check_ok(store_write(store, write_rows, &many, &err), &err);
	check_ok(count_rows(reader, &count, &err), &err);
	assert_int_equal(count, 3001);
}

/* ---- two servers ---- */

struct heard {
	struct store *store;
	int64_t last, all, foreign;
	bool out_of_order, foreign_late;
};

static void hear_foreign(void *arg, const struct change *changes, size_t count)
{
	struct heard *h = arg;

	for (size_t i = 0; i < count; i++)
		if (changes[i].id <= h->last)
			h->foreign_late = true;
	h->foreign += (int64_t)count;
}

static void hear(void *arg, const struct change *changes, size_t count)
{
	struct heard *h = arg;

	for (size_t i = 0; i < count; i++) {
		if (changes[i].id <= h->last)
			h->out_of_order = true;
		h->last = changes[i].id;
	}
	h->all += (int64_t)count;
}

enum { WRITES = 2000 };

static void *write_often(void *arg)
{
	struct heard *h = arg;
	struct error err = { 0 };

	for (int i = 0; i < WRITES; i++)
		if (store_write(h->store, add_one, (void *)(uintptr_t)"count", &err) < 0)
			return (void *)"a write failed";
	return NULL;
}

/* Both count on one number, which only whole transactions one after the other get right; each is told of all, in order, and knows
 * which are the other's. Now and then a connection goes. */
static void two_servers(void **state)
{
	struct heard heard[2] = { { .store = store }, { .store = other } };
	struct error err = { 0 };
	pthread_t thread[4];
	void *complaint;

	(void)state;
	for (int i = 0; i < 2; i++) {
		store_set_listener(heard[i].store, &heard[i], hear);
		store_set_foreign(heard[i].store, &heard[i], hear_foreign);
	}
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, write_often, &heard[i % 2]), 0);
	for (int i = 0; i < 20; i++) {
		(void)usleep(5000);
		proxy.mode = i % 2 == 0 ? DROP_COMMIT : DROP_ANSWER;
	}
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(thread[i], &complaint), 0);
		if (complaint != NULL)
			check_failed("%s", (const char *)complaint);
	}
	proxy.mode = PASS;
	assert_int_equal(number_in(reader, "count"), 4 * WRITES);
	for (int i = 0; i < 2; i++) {
		check_ok(store_catch_up(heard[i].store, 5000, &err), &err);
		store_set_listener(heard[i].store, NULL, NULL);
		store_set_foreign(heard[i].store, NULL, NULL);
		assert_int_equal(heard[i].all, 4 * WRITES);
		assert_int_equal(heard[i].foreign, 2 * WRITES);
		assert_false(heard[i].out_of_order);
		assert_false(heard[i].foreign_late);
	}
}

/* What is committed before the call has been handed over when it returns. */
static void catches_up(void **state)
{
	struct heard heard = { .store = store };
	struct error err = { 0 };

	(void)state;
	store_set_foreign(store, &heard, hear_foreign);
	for (int i = 1; i <= 50; i++) {
		check_ok(store_write(other, add_one, (void *)(uintptr_t)"count", &err), &err);
		check_ok(store_catch_up(store, 5000, &err), &err);
		assert_int_equal(heard.foreign, i);
	}
	proxy.mode = DROP_ALL;
	check_is(store_catch_up(store, 300, &err), ERR_TEMPORARY, &err);
	proxy.mode = PASS;
	check_ok(store_catch_up(store, 5000, &err), &err);
	store_set_foreign(store, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest anywhere[] = {
		cmocka_unit_test(url_parts),
		cmocka_unit_test(url_mistakes),
	};
	const struct CMUnitTest with_server[] = {
		cmocka_unit_test_setup_teardown(cannot_open, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rules, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failures_are_committed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(commit_without_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cut_at_every_statement, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reader_comes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(server_away, set_up, tear_down),
		cmocka_unit_test_setup_teardown(several_hosts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rows_sent_later, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_servers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(catches_up, set_up, tear_down),
	};
	int failed = cmocka_run_group_tests(anywhere, NULL, NULL);

	return failed + (test_database_is_shared() ? cmocka_run_group_tests(with_server, NULL, NULL) : 0);
}
