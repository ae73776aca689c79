/* The load of `./dev bench ingest`: distinct, signed Instagram webhooks over keep-alive connections, each answered before the
 * next is sent on its connection. Prints one JSON line. Everything is signed before the clock starts.
 *
 *	load PORT PATH ACCOUNT SECRET CONNECTIONS REQUESTS SENDERS FIRST
 * FIRST: number of the first message, so that several runs against one database stay distinct. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"

enum { MAX_CONNECTIONS = 4096, BODY_BYTES = 1155, REQUEST_ROOM = 1700, ANSWER_ROOM = 4096 };

struct request {
	char bytes[REQUEST_ROOM];
	uint32_t len;
};

struct connection {
	int fd;
	const struct request *request;
	size_t sent, got;
	int64_t since_us;
	char answer[ANSWER_ROOM];
};

struct load {
	struct request *requests;
	int64_t count, next, done, refused, *latency_us;
	int epoll;
};

static void die(const char *what)
{
	(void)fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* One text message in the documented shape, of about the size of a real one: the mid alone is 164 characters. */
static void make_request(struct request *r, struct str path, struct str account, struct hmac *hmac, int64_t n, int64_t sender)
{
	struct buf body = { 0 }, all = { 0 };
	unsigned char mac[SHA256_BYTES];
	int64_t now = clock_now_ms();

	buf_addf(&body, "{\"object\":\"instagram\",\"entry\":[{\"id\":\"%.*s\",\"time\":%" PRId64 ",\"messaging\":[{\"sender\":{\"id\":\"9%014" PRId64
		 "\"},\"recipient\":{\"id\":\"%.*s\"},\"timestamp\":%" PRId64 ",\"message\":{\"mid\":\"aWdfZAG1faXRlb%0150" PRId64 "\",\"text\":\"",
		 STR_ARG(account), now, sender, STR_ARG(account), now, n);
	while (body.len + 6 < BODY_BYTES)
		buf_add_c(&body, body.len % 97 == 0 ? "\\u00e4 " : "word ");
	buf_add_c(&body, "\"}}]}]}");
	if (hmac_sha256(hmac, buf_str(&body), mac, NULL) < 0)
		die("hmac");
	buf_addf(&all, "POST %.*s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Hub-Signature-256: sha256=", STR_ARG(path));
	buf_add_hex(&all, mac, sizeof(mac));
	buf_addf(&all, "\r\nContent-Length: %zu\r\n\r\n", body.len);
	buf_add(&all, buf_str(&body));
	if (all.failed || all.len > sizeof(r->bytes))
		die("request too large");
	memcpy(r->bytes, all.p, all.len);
	r->len = (uint32_t)all.len;
	buf_done(&body);
	buf_done(&all);
}

static void push(struct load *l, struct connection *c)
{
	while (c->sent < c->request->len) {
		ssize_t n = send(c->fd, c->request->bytes + c->sent, c->request->len - c->sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0)
			die("send");
		c->sent += (size_t)n;
	}
	struct epoll_event e = { .events = EPOLLIN | (c->sent < c->request->len ? EPOLLOUT : 0), .data.ptr = c };

	if (epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->fd, &e) != 0)
		die("epoll_ctl");
}

static void next_request(struct load *l, struct connection *c)
{
	c->request = l->next < l->count ? &l->requests[l->next++] : NULL;
	c->sent = c->got = 0;
	c->since_us = clock_mono_us();
	if (c->request != NULL)
		push(l, c);
}

/* Bytes of the whole answer, or 0 while it is not all there. */
static size_t answer_length(struct connection *c)
{
	char *end = memmem(c->answer, c->got, "\r\n\r\n", 4);
	char *length = end == NULL ? NULL : strcasestr(c->answer, "content-length:");

	if (end == NULL)
		return 0;
	size_t head = (size_t)(end - c->answer) + 4, body = length == NULL ? 0 : strtoul(length + 15, NULL, 10);

	return c->got >= head + body ? head + body : 0;
}

static void pull(struct load *l, struct connection *c)
{
	ssize_t n = recv(c->fd, c->answer + c->got, sizeof(c->answer) - 1 - c->got, 0);

	if (n <= 0)
		die("the server closed a connection");
	c->got += (size_t)n;
	c->answer[c->got] = '\0';
	if (answer_length(c) == 0)
		return;
	l->latency_us[l->done++] = clock_mono_us() - c->since_us;
	if (strncmp(c->answer, "HTTP/1.1 200", 12) != 0 && l->refused++ == 0)
		(void)fprintf(stderr, "load: %.200s\n", c->answer);
	next_request(l, c);
}

static void open_connection(struct load *l, struct connection *c, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die("connect");
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)fcntl(c->fd, F_SETFL, O_NONBLOCK);
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &e) != 0)
		die("epoll_ctl");
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t number(const char *word)
{
	int64_t v;

	if (!str_to_i64(str_of(word), &v) || v < 0)
		die("not a number");
	return v;
}

int main(int argc, char **argv)
{
	static struct connection connections[MAX_CONNECTIONS];
	struct epoll_event events[256];
	struct hmac *hmac;
	struct load l = { .epoll = epoll_create1(EPOLL_CLOEXEC) };

	if (argc != 9 || crypto_init(NULL) < 0 || hmac_new(str_of(argv[4]), &hmac, NULL) < 0)
		die("use: load PORT PATH ACCOUNT SECRET CONNECTIONS REQUESTS SENDERS FIRST");
	int64_t count = number(argv[5]), senders = number(argv[7]), first = number(argv[8]);

	l.count = number(argv[6]);
	l.requests = calloc((size_t)l.count, sizeof(*l.requests));
	l.latency_us = calloc((size_t)l.count, sizeof(*l.latency_us));
	if (l.requests == NULL || l.latency_us == NULL || count < 1 || count > MAX_CONNECTIONS || senders < 1)
		die("too many requests or connections");
	for (int64_t n = 0; n < l.count; n++)	/* 7919 is prime: senders come in no order that an index likes */
		make_request(&l.requests[n], str_of(argv[2]), str_of(argv[3]), hmac, first + n, (first + n) * 7919 % senders);
	for (int64_t k = 0; k < count; k++)
		open_connection(&l, &connections[k], (uint16_t)number(argv[1]));
	int64_t start = clock_mono_us();

	for (int64_t k = 0; k < count; k++)
		next_request(&l, &connections[k]);
	while (l.done < l.count) {
		int n = epoll_wait(l.epoll, events, 256, 30000);

		if (n <= 0)
			die("nothing came for 30 s");
		for (int k = 0; k < n; k++) {
			if (events[k].events & EPOLLOUT)
				push(&l, events[k].data.ptr);
			if (events[k].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
				pull(&l, events[k].data.ptr);
		}
	}
	int64_t took = clock_mono_us() - start;

	qsort(l.latency_us, (size_t)l.done, sizeof(*l.latency_us), by_size);
	(void)printf("{\"requests\":%" PRId64 ",\"refused\":%" PRId64 ",\"seconds\":%.3f,\"per_second\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,"
		     "\"max_ms\":%.2f}\n", l.done, l.refused, (double)took / 1e6, (double)l.done * 1e6 / (double)took,
		     (double)l.latency_us[l.done / 2] / 1e3, (double)l.latency_us[l.done * 99 / 100] / 1e3,
		     (double)l.latency_us[l.done - 1] / 1e3);
	hmac_free(hmac);
	free(l.requests);
	free(l.latency_us);
	return 0;
}
