/* See web/connection.h. How a request comes in is http.c, how its answer looks is answer.c.
 *
 * conn_close frees at once: whoever might have closed a connection returns whether it is still there. A call outlives its
 * connection: it is freed when its answer comes back, with call->conn NULL when nobody waits for it any more. */
#include "web/connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limit.h"
#include "web/live.h"
#include "web/pages.h"
#include "web/workers.h"

enum {
	IDLE_MS = 60 * 1000,		/* between requests */
	REQUEST_MS = 20 * 1000,		/* from a request's first byte to its last, plus ... */
	BODY_BYTES_MS = 16,		/* ... a millisecond for this many bytes of a body */
	WRITE_MS = 30 * 1000,		/* the client reads nothing of its answer */
	LINGER_MS = 2 * 1000,
	WARY_MS = 2 * 1000,
	QUICK_BODY = 16 * 1024,
	BODIES_MAX = 256 * 1024 * 1024,	/* of all requests together */
	STREAM_WAITING_MAX = 1024 * 1024,	/* what a live stream's client has not read yet */
};

static void on_readable(evutil_socket_t fd, short what, void *arg);
static void on_writable(evutil_socket_t fd, short what, void *arg);
static bool advance(struct conn *c);

static void set_reads(struct conn *c, bool on)
{
	if (c->reads == on)
		return;
	c->reads = on;
	if (on)
		(void)event_add(&c->read_event, NULL);
	else
		(void)event_del(&c->read_event);
}

static void set_writes(struct conn *c, bool on)
{
	if (c->writes == on)
		return;
	c->writes = on;
	if (on)
		(void)event_add(&c->write_event, NULL);
	else
		(void)event_del(&c->write_event);
}

/* When all places are taken, one that only waits makes room: the one that has waited longest. */
static void make_room(struct loop *l)
{
	struct conn *oldest = NULL;

	for (struct conn *c = l->conns; c != NULL; c = c->next)
		if (c->state == CONN_HEAD && c->in.len == 0 && (oldest == NULL || c->deadline < oldest->deadline))
			oldest = c;
	if (oldest != NULL)
		conn_close(oldest);
}

static void peer_of(const struct sockaddr *address, char *ret, size_t size)
{
	const struct sockaddr_in *four = (const void *)address;
	const struct sockaddr_in6 *six = (const void *)address;
	const char *text;

	if (address->sa_family != AF_INET6)
		text = inet_ntop(AF_INET, &four->sin_addr, ret, (socklen_t)size);
	else if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))	/* as who configures trusted proxies writes it */
		text = inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], ret, (socklen_t)size);
	else
		text = inet_ntop(AF_INET6, &six->sin6_addr, ret, (socklen_t)size);
	if (text == NULL)
		ret[0] = '\0';
}

void conn_accept(struct loop *l, int fd, const struct sockaddr *address)
{
	struct conn *c;

	if (l->conn_count >= l->conn_max)
		make_room(l);
	c = l->conn_count >= l->conn_max ? NULL : calloc(1, sizeof(*c));
	if (c == NULL || (c->out = evbuffer_new()) == NULL) {
		free(c);
		(void)close(fd);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	c->loop = l;
	c->fd = fd;
	c->in.max = LIMIT_HTTP_HEADERS + 2 * READ_AT_ONCE;
	c->deadline = l->now + REQUEST_MS;
	peer_of(address, c->peer, sizeof(c->peer));
	(void)event_assign(&c->read_event, l->base, fd, EV_READ | EV_PERSIST, on_readable, c);
	(void)event_assign(&c->write_event, l->base, fd, EV_WRITE | EV_PERSIST, on_writable, c);
	c->next = l->conns;
	if (l->conns != NULL)
		l->conns->previous = c;
	l->conns = c;
	l->conn_count++;
	atomic_fetch_add(&l->figures.connections, 1);
	set_reads(c, true);
}

static void drop_call(struct loop *l, struct call *call)
{
	atomic_fetch_sub(&l->figures.body_bytes, (int64_t)call->body.len);
	call_free(call);
}

void conn_close(struct conn *c)
{
	struct loop *l = c->loop;

	if (c->listener != NULL) {
		live_left(l->web->live, c->listener);
		l->stream_count--;
	}
	set_reads(c, false);
	set_writes(c, false);
	(void)close(c->fd);
	evbuffer_free(c->out);
	buf_done(&c->in);
	if (c->call != NULL && c->state == CONN_BUSY)
		c->call->conn = NULL;	/* conn_answered frees it */
	else if (c->call != NULL)
		drop_call(l, c->call);
	if (c->previous != NULL)
		c->previous->next = c->next;
	else
		l->conns = c->next;
	if (c->next != NULL)
		c->next->previous = c->previous;
	l->conn_count--;
	atomic_fetch_sub(&l->figures.connections, 1);
	free(c);
}

static void take_in(struct conn *c, size_t bytes)
{
	memmove(c->in.p, c->in.p + bytes, c->in.len - bytes);
	c->in.len -= bytes;
	if (c->in.len == 0 && c->in.room > 4096)
		buf_done(&c->in);	/* thousands of idle connections must not each hold a buffer */
}

/* Sends what can be sent now. False: the connection is gone. */
static bool flush(struct conn *c)
{
	while (evbuffer_get_length(c->out) > 0) {
		if (evbuffer_write(c->out, c->fd) < 0) {
			if (errno == EINTR)
				continue;
			if (errno != EAGAIN && errno != EWOULDBLOCK) {
				conn_close(c);
				return false;
			}
			break;
		}
		if (c->state == CONN_STREAM)
			c->deadline = 0;
		else if (c->state == CONN_ANSWER)
			c->deadline = c->loop->now + WRITE_MS;
	}
	set_writes(c, evbuffer_get_length(c->out) > 0);
	if (c->writes && c->deadline == 0)
		c->deadline = c->loop->now + WRITE_MS;
	return true;
}

/* All of an answer has left. False: the connection is gone. */
static bool answer_left(struct conn *c)
{
	if (!c->close_after) {
		c->state = CONN_HEAD;
		c->since = 0;
		c->deadline = c->loop->now + IDLE_MS;
		set_reads(c, true);
		return true;
	}
	/* Closing with bytes unread would reset the connection, and the client might never see the answer (RFC 9112
	 * section 9.6). */
	(void)shutdown(c->fd, SHUT_WR);
	c->state = CONN_LINGER;
	c->deadline = c->loop->now + LINGER_MS;
	set_reads(c, true);
	return true;
}

static bool send_answer(struct conn *c)
{
	struct loop *l = c->loop;
	struct call *call = c->call;

	c->close_after = c->close_after || !call->head.keep_alive || l->stop_at != 0;
	answer_write(l, c->out, call, c->close_after);
	c->call = NULL;
	drop_call(l, call);
	c->state = CONN_ANSWER;
	c->deadline = l->now + WRITE_MS;
	if (!flush(c))
		return false;
	return c->writes ? true : answer_left(c);
}

static bool start_stream(struct conn *c)
{
	struct loop *l = c->loop;
	struct call *call = c->call;
	bool is_head = call->head.method == HTTP_HEAD;

	c->close_after = true;
	answer_write(l, c->out, call, true);
	c->call = NULL;
	c->state = is_head ? CONN_ANSWER : CONN_STREAM;
	c->deadline = 0;
	if (!is_head)
		c->listener = live_joined(l->web->live, c, call);
	l->stream_count += c->listener != NULL;
	drop_call(l, call);
	if (!is_head && c->listener == NULL) {
		conn_close(c);
		return false;
	}
	if (!flush(c))
		return false;
	return is_head && !c->writes ? answer_left(c) : true;
}

void conn_answered(void *arg)
{
	struct call *call = arg;
	struct loop *l = call->web->loop;
	struct conn *c = call->conn;

	atomic_fetch_sub(&l->figures.requests_running, 1);
	if (call->route->thread == ON_LOOP_IF_SMALL && call->status == 401)
		l->wary_until = l->now + WARY_MS;
	if (call->access_ended)
		live_access_ended(call->web->live);
	if (c == NULL) {
		drop_call(l, call);
		return;
	}
	/* Streams stay: they must not take the places of all others. */
	if (call->stream && l->stream_count >= l->conn_max / 2) {
		call_header(call, "Retry-After", STR("30"));
		call_problem(call, 503, NULL, "Too many live streams", STR("Too many pages listen to this server already."));
	}
	if (call->stream ? start_stream(c) : send_answer(c))
		(void)advance(c);
}

/* Answers by itself, and closes when the body, if there is one, has not come whole. */
static bool refuse(struct conn *c, int status, const char *title, struct str detail, bool close_after)
{
	c->close_after = c->close_after || close_after;
	call_problem(c->call, status, NULL, title, detail);
	return send_answer(c);
}

/* A webhook of the usual size is read and verified here: a few microseconds, no database, no waiting. Handing it to
 * another thread costs more than that, at a webhook's rate. But finding out that nobody signed one may mean to try the
 * secrets of all accounts: after such a one, the next go to the workers for a moment, so that strangers cannot hold
 * the loop up. */
static bool is_quick(const struct loop *l, const struct call *call)
{
	return call->route->thread == ON_LOOP_IF_SMALL && call->body.len <= QUICK_BODY && l->now >= l->wary_until;
}

/* Gives the request to who answers it. True: it is answered already. False: the call is a worker's now. */
static bool hand_over(struct conn *c)
{
	struct loop *l = c->loop;
	struct call *call = c->call;

	if (call->route->thread == ON_LOOP) {
		call->route->run(call);
		return true;
	}
	c->state = CONN_BUSY;
	c->deadline = 0;
	atomic_fetch_add(&l->figures.requests_running, 1);
	if (is_quick(l, call)) {
		call_run(call);
		return false;
	}
	if (workers_submit(l->web->workers, call))
		return false;
	atomic_fetch_sub(&l->figures.requests_running, 1);
	call_header(call, "Retry-After", STR("2"));
	call_problem(call, 503, NULL, "The server is busy", STR("Too many requests wait already. Try again in a moment."));
	return true;
}

/* The request is whole. False: the connection is gone. */
static bool dispatch(struct conn *c)
{
	return hand_over(c) ? send_answer(c) : true;
}

static bool too_large(struct conn *c)
{
	char text[120];
	int len = snprintf(text, sizeof(text), "This address takes at most %zu bytes.", c->call->route->body_max);

	return refuse(c, 413, "The request is too large", (struct str){ text, (size_t)len }, true);
}

static bool no_room(struct conn *c)
{
	call_header(c->call, "Retry-After", STR("5"));
	return refuse(c, 503, "The server is busy", STR("Too much is being sent to it at once. Try again in a moment."),
		      true);
}

/* Takes bytes of the body. *ret_used: how many. 1: whole, 0: more must come, -1: refused; then *ret_alive. */
static int take_body(struct conn *c, struct str bytes, size_t *ret_used, bool *ret_alive)
{
	struct loop *l = c->loop;
	struct call *call = c->call;
	size_t before = call->body.len;
	int whole;

	if (call->head.chunked) {
		whole = http_chunks_read(&call->chunks, bytes, &call->body, ret_used);
	} else {
		size_t left = (size_t)call->head.content_length - call->body.len;

		*ret_used = bytes.len < left ? bytes.len : left;
		buf_add(&call->body, str_cut(bytes, 0, *ret_used));
		whole = *ret_used == left;
	}
	atomic_fetch_add(&l->figures.body_bytes, (int64_t)(call->body.len - before));
	c->deadline = c->since + REQUEST_MS + (int64_t)call->body.len / BODY_BYTES_MS;
	if (call->body.failed)
		*ret_alive = too_large(c);
	else if (whole < 0)
		*ret_alive = refuse(c, 400, "The request is malformed", STR("Its chunked body is broken."), true);
	else if (atomic_load(&l->figures.body_bytes) > BODIES_MAX)
		*ret_alive = no_room(c);
	else
		return whole;
	return -1;
}

/* The head is read and the route known: is there a body, and may it come? False: the connection is gone. */
static bool begin_body(struct conn *c)
{
	struct call *call = c->call;

	call->body.max = call->route->body_max;
	if (call->head.content_length > (int64_t)call->route->body_max)
		return too_large(c);
	if (call->head.content_length == 0 && !call->head.chunked)
		return dispatch(c);
	c->state = CONN_BODY;
	if (call->head.expects_continue && c->in.len == 0) {
		(void)evbuffer_add_printf(c->out, "HTTP/1.1 100 Continue\r\n\r\n");
		return flush(c);
	}
	return true;
}

static bool find_route(struct conn *c)
{
	struct call *call = c->call;
	bool has_body = call->head.content_length > 0 || call->head.chunked;
	unsigned allowed = 0;

	call->route = route_find(call->head.method, call->head.path, call->param, &allowed);
	if (call->route != NULL)
		return begin_body(c);
	if (allowed == 0 && (call->channel = webhook_door_channel(call->web, call->head.path)) != NULL) {
		allowed = HTTP_GET | HTTP_POST;
		if (call->head.method == HTTP_POST)
			call->route = &webhook_route_post;
		else if (call->head.method == HTTP_GET || call->head.method == HTTP_HEAD)
			call->route = &webhook_route_get;
		if (call->route != NULL)
			return begin_body(c);
	}
	if (allowed == 0 && pages_answer(call->web->pages, call)) {
		c->close_after = c->close_after || has_body;
		return send_answer(c);
	}
	if (allowed == 0)
		return refuse(c, 404, "Not found", STR("There is nothing at this address."), has_body);
	call_allow(call, allowed);
	return refuse(c, 405, "Method not allowed", STR("This address does not take this method."), has_body);
}

static bool refuse_head(struct conn *c, int status)
{
	switch (status) {
	case 431:
		return refuse(c, status, "The request's head is too large",
			      STR("Its header fields may have 16 KiB, and be 64 at most."), true);
	case 501: return refuse(c, status, "Not implemented", STR("Only the chunked transfer coding is known here."), true);
	case 505: return refuse(c, status, "HTTP version not supported", STR("This server speaks HTTP/1.1."), true);
	default: return refuse(c, 400, "The request is malformed", STR("It is not HTTP/1.1 as RFC 9112 has it."), true);
	}
}

/* A call from the first `len` bytes of `in`. False: the connection is gone. */
static bool begin_call(struct conn *c, size_t len)
{
	struct call *call = calloc(1, sizeof(*call));
	int status;

	if (call == NULL || (call->head_bytes = malloc(len + 1)) == NULL) {
		free(call);
		conn_close(c);
		return false;
	}
	if (len > 0)
		memcpy(call->head_bytes, c->in.p, len);
	call->head_bytes[len] = '\0';
	take_in(c, len);
	c->scanned = 0;
	c->call = call;
	call->web = c->loop->web;
	call->instance = call->web->instance;
	call->conn = c;
	call->note.run = conn_answered;
	call->note.arg = call;
	call->started_us = clock_mono_us();
	memcpy(call->peer, c->peer, sizeof(call->peer));
	status = len == 0 ? 431 : http_head_read((struct str){ call->head_bytes, len }, &call->head);
	return status != 0 ? refuse_head(c, status) : find_route(c);
}

static bool read_head(struct conn *c, bool *ret_more)
{
	size_t len;

	/* An empty line before a request is left by some clients (RFC 9112 section 2.2). */
	while (c->in.len >= 2 && c->in.p[0] == '\r' && c->in.p[1] == '\n')
		take_in(c, 2);
	*ret_more = false;
	if (c->in.len == 0)
		return true;
	if (c->since == 0) {
		c->since = c->loop->now;
		c->deadline = c->since + REQUEST_MS;
	}
	len = http_head_len(buf_str(&c->in), c->scanned);
	c->scanned = c->in.len;
	if (len > LIMIT_HTTP_HEADERS || (len == 0 && c->in.len > LIMIT_HTTP_HEADERS))
		return begin_call(c, 0);
	if (len == 0)
		return true;
	*ret_more = true;
	return begin_call(c, len);
}

/* Takes what has come as far as it goes. False: the connection is gone. */
static bool advance(struct conn *c)
{
	for (;;) {
		bool alive = true, more = false;
		size_t used;
		int whole;

		switch (c->state) {
		case CONN_HEAD:
			if (!read_head(c, &more))
				return false;
			if (!more)
				return true;
			break;
		case CONN_BODY:
			if (c->in.len == 0)
				return true;
			whole = take_body(c, buf_str(&c->in), &used, &alive);
			if (!alive)
				return false;
			if (whole >= 0)
				take_in(c, used);
			if (whole == 0)
				return true;
			if (whole > 0 && !dispatch(c))
				return false;
			break;
		case CONN_BUSY:
		case CONN_ANSWER:
			/* One request at a time: the next one waits in `in`, and when it is long, in the kernel. */
			set_reads(c, c->in.len <= LIMIT_HTTP_HEADERS);
			return true;
		case CONN_STREAM:
		case CONN_LINGER:
			if (c->in.len > 0)
				take_in(c, c->in.len);
			return true;
		}
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	struct loop *l = c->loop;
	ssize_t n = recv(fd, l->scratch, sizeof(l->scratch), 0);
	struct str bytes;
	bool alive = true;
	size_t used = 0;
	int whole;

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (n <= 0) {
		conn_close(c);
		return;
	}
	bytes = (struct str){ l->scratch, (size_t)n };
	if (c->state == CONN_LINGER)
		return;
	/* A large body goes straight to where it is wanted. */
	if (c->state == CONN_BODY && c->in.len == 0) {
		whole = take_body(c, bytes, &used, &alive);
		if (!alive)
			return;
		if (whole > 0 && !dispatch(c))
			return;
		bytes = str_cut(bytes, whole < 0 ? bytes.len : used, bytes.len);
	}
	buf_add(&c->in, bytes);
	if (c->in.failed)
		conn_close(c);
	else
		(void)advance(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)what;
	if (!flush(c))
		return;
	if (!c->writes && c->state == CONN_ANSWER && answer_left(c))
		(void)advance(c);
}

struct shared *shared_new(struct str bytes)
{
	struct shared *s = malloc(sizeof(*s) + bytes.len);

	if (s == NULL)
		return NULL;
	s->references = 1;
	s->len = bytes.len;
	if (bytes.len > 0)
		memcpy(s->bytes, bytes.p, bytes.len);
	return s;
}

void shared_unref(struct shared *s)
{
	if (s != NULL && --s->references == 0)
		free(s);
}

static void no_longer_needed(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	shared_unref(arg);
}

bool conn_stream_write(struct conn *c, struct shared *s)
{
	struct web *web = c->loop->web;

	if (evbuffer_get_length(c->out) + s->len > STREAM_WAITING_MAX) {
		atomic_fetch_add(&web->metrics.streams_cut, 1);
		conn_close(c);
		return false;
	}
	/* Nothing waits: straight to the socket, without a buffer. What does not fit waits as a reference. */
	ssize_t sent = evbuffer_get_length(c->out) > 0 ? 0 : send(c->fd, s->bytes, s->len, MSG_NOSIGNAL);

	if (sent == (ssize_t)s->len)
		return true;
	if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
		conn_close(c);
		return false;
	}
	sent = sent < 0 ? 0 : sent;
	s->references++;
	if (evbuffer_add_reference(c->out, s->bytes + sent, s->len - (size_t)sent, no_longer_needed, s) != 0) {
		shared_unref(s);
		conn_close(c);
		return false;
	}
	return flush(c);
}

void conn_stream_close(struct conn *c)
{
	conn_close(c);
}
