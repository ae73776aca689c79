#include "peer.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1024, REQUEST_MAX = 256 * 1024 };

struct connection {
	struct peer *peer;
	pthread_t thread;
	int fd, number;
	bool open;		/* guarded by the peer's lock, for peer_stop() must not touch a number that was given out again */
};

struct peer {
	int listener, port;
	pthread_t thread;
	peer_answer_fn *answer;
	void *arg;
	pthread_mutex_t lock;	/* guards what follows */
	pthread_cond_t changed;
	struct connection connections[CONNECTIONS_MAX];
	int connection_count, requests;
	bool stopping;
};

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

static bool send_all(int fd, struct str bytes, int flags)
{
	while (bytes.len > 0) {
		ssize_t n = send(fd, bytes.p, bytes.len, MSG_NOSIGNAL | flags);

		if (n <= 0)
			return false;
		bytes = str_cut(bytes, (size_t)n, bytes.len);
	}
	return true;
}

bool peer_send(int fd, struct str bytes)
{
	return send_all(fd, bytes, 0);
}

bool peer_reply(int fd, int status, const char *headers, const char *body)
{
	char head[1024];
	int n = snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n", status, strlen(body), headers);

	return send_all(fd, (struct str){ head, (size_t)n }, body[0] != '\0' ? MSG_MORE : 0) && peer_send(fd, str_of(body));
}

void peer_reset(int fd)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

void peer_hang(int fd)
{
	char c[256];

	while (recv(fd, c, sizeof(c), 0) > 0)
		;
}

struct str peer_header(const struct peer_request *r, const char *name)
{
	struct str rest = r->head, line, value;

	while (rest.p != NULL) {
		line = str_trim(str_split(rest, '\n', &rest));
		if (str_eq_nocase(str_split(line, ':', &value), str_of(name)) && value.p != NULL)
			return str_trim(value);
	}
	return STR_NONE;
}

/* Reads one request into bytes; its length, or 0 at the end. */
static size_t read_request(int fd, char *bytes, struct peer_request *r)
{
	size_t len = 0, head_len = 0, want = 0;

	while (head_len == 0 || len < want) {
		ssize_t n = len == REQUEST_MAX ? 0 : recv(fd, bytes + len, REQUEST_MAX - len, 0);

		if (n <= 0)
			return 0;
		len += (size_t)n;
		char *end = head_len == 0 ? memmem(bytes, len, "\r\n\r\n", 4) : NULL;

		if (end != NULL) {
			int64_t body = 0;

			head_len = (size_t)(end - bytes) + 4;
			r->head = (struct str){ bytes, head_len };
			(void)str_to_i64(peer_header(r, "content-length"), &body);
			want = head_len + (size_t)body;
		}
	}
	struct str rest;

	r->method = str_split(r->head, ' ', &rest);
	r->path = str_split(rest, ' ', &rest);
	r->body = (struct str){ bytes + head_len, want - head_len };
	return len;
}

static void *serve(void *arg)
{
	struct connection *c = arg;
	struct peer *p = c->peer;
	char *bytes = malloc(REQUEST_MAX);
	struct peer_request r = { .connection = c->number };
	bool more = bytes != NULL;

	while (more && read_request(c->fd, bytes, &r) > 0) {
		(void)pthread_mutex_lock(&p->lock);
		r.number = ++p->requests;
		(void)pthread_cond_broadcast(&p->changed);
		(void)pthread_mutex_unlock(&p->lock);
		more = p->answer(p->arg, c->fd, &r);
	}
	(void)pthread_mutex_lock(&p->lock);
	c->open = false;
	(void)close(c->fd);
	(void)pthread_mutex_unlock(&p->lock);
	free(bytes);
	return NULL;
}

static void *accept_all(void *arg)
{
	struct peer *p = arg;
	int fd;

	while ((fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		(void)pthread_mutex_lock(&p->lock);
		must(p->connection_count < CONNECTIONS_MAX, "too many connections");
		struct connection *c = &p->connections[p->connection_count++];

		*c = (struct connection){ .peer = p, .fd = fd, .number = p->connection_count, .open = true };
		if (p->stopping)
			(void)shutdown(fd, SHUT_RDWR);
		must(pthread_create(&c->thread, NULL, serve, c) == 0, "thread");
		(void)pthread_mutex_unlock(&p->lock);
	}
	return NULL;
}

struct peer *peer_start(peer_answer_fn *answer, void *arg)
{
	struct peer *p = calloc(1, sizeof(*p));
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	must(p != NULL, "memory");
	p->answer = answer;
	p->arg = arg;
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->changed, NULL);
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(p->listener >= 0 && bind(p->listener, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(p->listener, 512) == 0 &&
	     getsockname(p->listener, (struct sockaddr *)&a, &len) == 0, "listen");
	p->port = ntohs(a.sin_port);
	must(pthread_create(&p->thread, NULL, accept_all, p) == 0, "thread");
	return p;
}

void peer_stop(struct peer *p)
{
	if (p == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	p->stopping = true;
	(void)shutdown(p->listener, SHUT_RDWR);
	for (int k = 0; k < p->connection_count; k++)
		if (p->connections[k].open)
			(void)shutdown(p->connections[k].fd, SHUT_RDWR);
	(void)pthread_mutex_unlock(&p->lock);
	(void)pthread_join(p->thread, NULL);
	for (int k = 0; k < p->connection_count; k++)
		(void)pthread_join(p->connections[k].thread, NULL);
	(void)close(p->listener);
	(void)pthread_cond_destroy(&p->changed);
	(void)pthread_mutex_destroy(&p->lock);
	free(p);
}

int peer_port(const struct peer *p)
{
	return p->port;
}

int peer_connections(struct peer *p)
{
	(void)pthread_mutex_lock(&p->lock);
	int n = p->connection_count;

	(void)pthread_mutex_unlock(&p->lock);
	return n;
}

int peer_requests(struct peer *p)
{
	(void)pthread_mutex_lock(&p->lock);
	int n = p->requests;

	(void)pthread_mutex_unlock(&p->lock);
	return n;
}

bool peer_wait(struct peer *p, int requests)
{
	struct timespec until;
	bool in_time = true;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60;
	(void)pthread_mutex_lock(&p->lock);
	while (p->requests < requests && in_time)
		in_time = pthread_cond_timedwait(&p->changed, &p->lock, &until) == 0;
	bool there = p->requests >= requests;

	(void)pthread_mutex_unlock(&p->lock);
	return there;
}
