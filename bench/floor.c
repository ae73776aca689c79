/* The floor of `./dev bench ingest`: the least that a durable webhook can cost here with the same parts. One epoll loop that
 * parses HTTP by hand, the same JSON parser, the same HMAC, one SQLite writer that commits in groups (WAL, FULL), 200 after the
 * commit. It knows one table with a unique id, one index and one conversation row to update: no contacts, no journal beside the
 * message, no live events, no search, no limits, no care.
 *
 *	floor serve PORT SECRET DATABASE	until SIGTERM
 *	floor http PORT				answers 200 as soon as a request is there
 *	floor parts SECRET DATABASE		each part alone, as one JSON line */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"

enum { ROOM = 8192, MAX_FDS = 4096 };

struct client {
	int fd;
	size_t got, body_at, body_len;
	struct client *next;
	char sender[32], mid[256];
	size_t sender_len, mid_len;
	int64_t at;
	char bytes[ROOM];
};

static struct {
	pthread_mutex_t lock;		/* guards queue, answered */
	pthread_cond_t wake;
	struct client *queue, *answered;
	int event;
	bool store;
	sqlite3 *db;
	sqlite3_stmt *begin, *commit, *insert, *update;
	struct hmac *hmac;
	json_tokener *tokener;
} floor_ = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER };

static void die(const char *what)
{
	(void)fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static sqlite3_stmt *prepare(const char *sql)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v3(floor_.db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(floor_.db));
	return st;
}

static void open_database(const char *path)
{
	if (sqlite3_open(path, &floor_.db) != SQLITE_OK ||
	    sqlite3_exec(floor_.db, "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=1000;"
		"CREATE TABLE m (id INTEGER PRIMARY KEY, mid TEXT UNIQUE, conversation TEXT, at INTEGER, body BLOB);"
		"CREATE INDEX m_time ON m(conversation, at);"
		"CREATE TABLE c (id TEXT PRIMARY KEY, at INTEGER, unread INTEGER) WITHOUT ROWID", NULL, NULL, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(floor_.db));
	floor_.begin = prepare("BEGIN IMMEDIATE");
	floor_.commit = prepare("COMMIT");
	floor_.insert = prepare("INSERT INTO m (mid, conversation, at, body) VALUES (?,?,?,?) ON CONFLICT DO NOTHING");
	floor_.update = prepare("INSERT INTO c VALUES (?,?,1) ON CONFLICT DO UPDATE SET at=excluded.at, unread=unread+1");
}

static void step(sqlite3_stmt *st)
{
	if (sqlite3_step(st) != SQLITE_DONE)
		die(sqlite3_errmsg(floor_.db));
	(void)sqlite3_reset(st);
}

static void store_one(const struct client *c)
{
	sqlite3_bind_text(floor_.insert, 1, c->mid, (int)c->mid_len, SQLITE_STATIC);
	sqlite3_bind_text(floor_.insert, 2, c->sender, (int)c->sender_len, SQLITE_STATIC);
	sqlite3_bind_int64(floor_.insert, 3, c->at);
	sqlite3_bind_blob(floor_.insert, 4, c->bytes + c->body_at, (int)c->body_len, SQLITE_STATIC);
	step(floor_.insert);
	sqlite3_bind_text(floor_.update, 1, c->sender, (int)c->sender_len, SQLITE_STATIC);
	sqlite3_bind_int64(floor_.update, 2, c->at);
	step(floor_.update);
}

static void *writer(void *unused)
{
	for (;;) {
		(void)pthread_mutex_lock(&floor_.lock);
		while (floor_.queue == NULL)
			(void)pthread_cond_wait(&floor_.wake, &floor_.lock);
		struct client *group = floor_.queue, *last = group;

		floor_.queue = NULL;
		(void)pthread_mutex_unlock(&floor_.lock);
		step(floor_.begin);
		for (struct client *c = group; c != NULL; last = c, c = c->next)
			store_one(c);
		step(floor_.commit);
		(void)pthread_mutex_lock(&floor_.lock);
		last->next = floor_.answered;
		floor_.answered = group;
		(void)pthread_mutex_unlock(&floor_.lock);
		(void)!write(floor_.event, &(uint64_t){ 1 }, 8);
	}
	return unused;
}

static void answer(struct client *c)
{
	static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

	c->got = 0;
	if (send(c->fd, ok, sizeof(ok) - 1, MSG_NOSIGNAL) != sizeof(ok) - 1)
		die("send");
}

/* Reads the four fields that matter. */
static bool read_fields(struct client *c, struct str body)
{
	json_tokener_reset(floor_.tokener);
	struct json_object *o = json_tokener_parse_ex(floor_.tokener, body.p, (int)body.len), *entry, *messaging, *m, *v;
	bool fine = false;

	if (o == NULL || !json_object_object_get_ex(o, "entry", &entry) ||
	    !json_object_object_get_ex(json_object_array_get_idx(entry, 0), "messaging", &messaging))
		goto done;
	m = json_object_array_get_idx(messaging, 0);
	if (json_object_object_get_ex(m, "sender", &v) && json_object_object_get_ex(v, "id", &v)) {
		c->sender_len = (size_t)json_object_get_string_len(v);
		memcpy(c->sender, json_object_get_string(v), c->sender_len < 32 ? c->sender_len : 31);
	}
	if (json_object_object_get_ex(m, "timestamp", &v))
		c->at = json_object_get_int64(v);
	if (json_object_object_get_ex(m, "message", &v) && json_object_object_get_ex(v, "mid", &v)) {
		c->mid_len = (size_t)json_object_get_string_len(v);
		memcpy(c->mid, json_object_get_string(v), c->mid_len < 256 ? c->mid_len : 255);
		fine = true;
	}
done:
	json_object_put(o);
	return fine;
}

static bool verify(struct client *c, struct str body)
{
	SCOPED(buf_done) struct buf hex = { 0 };
	unsigned char mac[SHA256_BYTES];
	char *header = strcasestr(c->bytes, "x-hub-signature-256: sha256=");

	if (header == NULL || hmac_sha256(floor_.hmac, body, mac, NULL) < 0)
		return false;
	buf_add_hex(&hex, mac, sizeof(mac));
	return crypto_equal(buf_str(&hex), (struct str){ header + 28, 64 });
}

static void whole(struct client *c)
{
	struct str body = { c->bytes + c->body_at, c->body_len };

	if (!floor_.store) {
		answer(c);
		return;
	}
	if (!verify(c, body) || !read_fields(c, body))
		die("a request that is not ours");
	(void)pthread_mutex_lock(&floor_.lock);
	c->next = floor_.queue;
	floor_.queue = c;
	(void)pthread_cond_signal(&floor_.wake);
	(void)pthread_mutex_unlock(&floor_.lock);
}

static void pull(struct client *c)
{
	ssize_t n = recv(c->fd, c->bytes + c->got, ROOM - 1 - c->got, 0);

	if (n <= 0) {
		(void)close(c->fd);
		return;
	}
	c->got += (size_t)n;
	c->bytes[c->got] = '\0';
	char *end = memmem(c->bytes, c->got, "\r\n\r\n", 4), *length = end ? strcasestr(c->bytes, "content-length:") : NULL;

	if (length == NULL)
		return;
	c->body_at = (size_t)(end - c->bytes) + 4;
	c->body_len = strtoul(length + 15, NULL, 10);
	if (c->got >= c->body_at + c->body_len)
		whole(c);
}

static void serve(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0), one = 1;
	static struct client listening, events_of;
	struct epoll_event events[256];

	(void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(listener, 1024) != 0)
		die("listen");
	floor_.event = eventfd(0, EFD_NONBLOCK);
	(void)epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &(struct epoll_event){ .events = EPOLLIN, .data.ptr = &listening });
	(void)epoll_ctl(epoll, EPOLL_CTL_ADD, floor_.event, &(struct epoll_event){ .events = EPOLLIN, .data.ptr = &events_of });
	(void)puts("ready");
	(void)fflush(stdout);
	for (;;) {
		int n = epoll_wait(epoll, events, 256, -1);

		for (int k = 0; k < n; k++) {
			struct client *c = events[k].data.ptr;

			if (c == &listening) {
				struct client *new = calloc(1, sizeof(*new));

				if (new == NULL || (new->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) < 0)
					die("accept");
				(void)setsockopt(new->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
				(void)epoll_ctl(epoll, EPOLL_CTL_ADD, new->fd, &(struct epoll_event){ .events = EPOLLIN, .data.ptr = new });
			} else if (c == &events_of) {
				uint64_t count;

				(void)!read(floor_.event, &count, sizeof(count));
				(void)pthread_mutex_lock(&floor_.lock);
				struct client *group = floor_.answered, *next;

				floor_.answered = NULL;
				(void)pthread_mutex_unlock(&floor_.lock);
				for (; group != NULL; group = next) {
					next = group->next;
					answer(group);
				}
			} else
				pull(c);
		}
	}
}

static double microseconds_each(int64_t from_us, int64_t count)
{
	return (double)(clock_mono_us() - from_us) / (double)count;
}

static void parts(void)
{
	static struct client c;
	struct buf body = { 0 };
	unsigned char mac[SHA256_BYTES];
	enum { COUNT = 100000, GROUP = 64 };

	buf_add_c(&body, "{\"object\":\"instagram\",\"entry\":[{\"id\":\"17841400000000001\",\"time\":1764000000123,\"messaging\":[{\"sender\":{\"id\":"
		  "\"900000000000001\"},\"recipient\":{\"id\":\"17841400000000001\"},\"timestamp\":1763999999871,\"message\":{\"mid\":\"aWdf\",\"text\":\"");
	while (body.len < 1150)
		buf_add_c(&body, "word ");
	buf_add_c(&body, "\"}}]}]}");
	memcpy(c.bytes, body.p, body.len);
	c.body_len = body.len;
	int64_t start = clock_mono_us();

	for (int n = 0; n < COUNT; n++)
		if (!read_fields(&c, buf_str(&body)))
			die("parse");
	double json = microseconds_each(start, COUNT);

	start = clock_mono_us();
	for (int n = 0; n < COUNT; n++)
		(void)hmac_sha256(floor_.hmac, buf_str(&body), mac, NULL);
	double hmac = microseconds_each(start, COUNT);

	start = clock_mono_us();
	for (int n = 0; n < COUNT; n++) {
		if (n % GROUP == 0)
			step(floor_.begin);
		c.mid_len = (size_t)snprintf(c.mid, sizeof(c.mid), "aWdfZAG1faXRlb%0150d", n);
		c.sender_len = (size_t)snprintf(c.sender, sizeof(c.sender), "9%014d", n * 7919 % 1000);
		c.at = 1764000000000 + n;
		store_one(&c);
		if (n % GROUP == GROUP - 1 || n == COUNT - 1)
			step(floor_.commit);
	}
	(void)printf("{\"json_us\":%.2f,\"hmac_us\":%.2f,\"store_us\":%.2f}\n", json, hmac, microseconds_each(start, COUNT));
	buf_done(&body);
}

int main(int argc, char **argv)
{
	int64_t port = 0;
	pthread_t thread;

	if (argc < 3 || crypto_init(NULL) < 0)
		die("use: floor serve PORT SECRET DATABASE | http PORT | parts SECRET DATABASE");
	bool is_parts = strcmp(argv[1], "parts") == 0, is_http = strcmp(argv[1], "http") == 0;

	if (!is_parts && !str_to_i64(str_of(argv[2]), &port))
		die("not a port");
	if (!is_http) {
		if (argc < (is_parts ? 4 : 5) || hmac_new(str_of(argv[is_parts ? 2 : 3]), &floor_.hmac, NULL) < 0)
			die("use");
		floor_.tokener = json_tokener_new();
		floor_.store = true;
		open_database(argv[is_parts ? 3 : 4]);
	}
	if (is_parts) {
		parts();
		return 0;
	}
	if (floor_.store && pthread_create(&thread, NULL, writer, NULL) != 0)
		die("thread");
	serve((uint16_t)port);
}
