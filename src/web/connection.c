/* See web/connection.h: a connection's life, from accept to close, and its turns between reading and writing. */
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
#include "web/workers.h"

enum { WARY_MS = 2 * 1000 };

static void on_readable(evutil_socket_t fd, short what, void *arg);
static void on_writable(evutil_socket_t fd, short what, void *arg);

void conn_reads(struct conn *c, bool on)
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
	c->deadline = l->now + CONN_REQUEST_MS;
	peer_of(address, c->peer, sizeof(c->peer));
	(void)event_assign(&c->read_event, l->base, fd, EV_READ | EV_PERSIST, on_readable, c);
	(void)event_assign(&c->write_event, l->base, fd, EV_WRITE | EV_PERSIST, on_writable, c);
	c->next = l->conns;
	if (l->conns != NULL)
		l->conns->previous = c;
	l->conns = c;
	l->conn_count++;
	atomic_fetch_add(&l->figures.connections, 1);
	conn_reads(c, true);
}

bool conn_lend(struct loop *l, struct call *call, enum call_step step)
{
	call->step = step;
	atomic_fetch_add(&l->figures.requests_running, 1);
	if (workers_submit(l->web->workers, call)) {
		if (call->conn != NULL) {
			call->conn->lent = true;
			call->conn->lent_at = l->now;
		}
		return true;
	}
	atomic_fetch_sub(&l->figures.requests_running, 1);
	return false;
}

void conn_drop_call(struct loop *l, struct call *call)
{
	call->conn = NULL;
	/* Removing a large file takes its time: not here, unless there is nobody else any more. */
	if (call->draft.fd > 0 && call->step != CALL_DROP && l->stop_at == 0 && conn_lend(l, call, CALL_DROP))
		return;
	atomic_fetch_sub(&l->figures.body_bytes, (int64_t)call->body.len);
	atomic_fetch_sub(&l->figures.upload_bytes, call->reserved);
	atomic_fetch_sub(&l->figures.files_leaving, call->counted);
	call_free(call);
}

void conn_close(struct conn *c)
{
	struct loop *l = c->loop;

	if (c->listener != NULL) {
		live_left(l->web->live, c->listener);
		l->stream_count--;
	}
	conn_reads(c, false);
	set_writes(c, false);
	(void)close(c->fd);
	evbuffer_free(c->out);
	buf_done(&c->in);
	if (c->call != NULL && c->lent)
		c->call->conn = NULL;	/* conn_answered drops it */
	else if (c->call != NULL)
		conn_drop_call(l, c->call);
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

void conn_take_in(struct conn *c, size_t bytes)
{
	memmove(c->in.p, c->in.p + bytes, c->in.len - bytes);
	c->in.len -= bytes;
	if (c->in.len == 0 && c->in.room > 4096)
		buf_done(&c->in);	/* thousands of idle connections must not each hold a buffer */
}

bool conn_flush(struct conn *c)
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
			c->deadline = c->loop->now + CONN_WRITE_MS;
	}
	set_writes(c, evbuffer_get_length(c->out) > 0);
	if (c->writes && c->deadline == 0)
		c->deadline = c->loop->now + CONN_WRITE_MS;
	return true;
}

void conn_answered(void *arg)
{
	struct call *call = arg;
	struct loop *l = call->web->loop;
	struct conn *c = call->conn;
	bool is_part = call->step == CALL_ADMIT || call->step == CALL_SPOOL;
	bool alive;

	atomic_fetch_sub(&l->figures.requests_running, 1);
	if (call->route->thread == ON_LOOP_IF_SMALL && call->status == 401)
		l->wary_until = l->now + WARY_MS;
	if (call->access_ended)
		live_access_ended(call->web->live);
	if (c == NULL) {
		conn_drop_call(l, call);
		return;
	}
	c->lent = false;
	if (call->step == CALL_READ) {
		alive = send_piece(c);
	} else if (is_part && call->status == 0) {
		alive = receive_goes_on(c);
	} else {
		c->close_after = c->close_after || is_part;	/* the rest of the body was not read */
		alive = call->stream ? send_stream(c) : send_answer(c);
	}
	if (alive)
		(void)conn_advance(c);
}

bool conn_advance(struct conn *c)
{
	for (;;) {
		bool more = false;
		size_t used = 0;

		switch (c->state) {
		case CONN_HEAD:
			if (!receive_head(c, &more))
				return false;
			if (!more)
				return true;
			break;
		case CONN_BODY:
			if (c->in.len == 0)
				return true;
			if (!receive_body(c, buf_str(&c->in), &used))
				return false;
			conn_take_in(c, used);
			break;
		case CONN_BUSY:
		case CONN_ANSWER:
			/* One request at a time: the next one waits in `in`, and when it is long, in the kernel. */
			conn_reads(c, c->in.len <= LIMIT_HTTP_HEADERS);
			return true;
		case CONN_STREAM:
		case CONN_LINGER:
			if (c->in.len > 0)
				conn_take_in(c, c->in.len);
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
	size_t used = 0;

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
		if (!receive_body(c, bytes, &used))
			return;
		bytes = str_cut(bytes, used, bytes.len);
	}
	buf_add(&c->in, bytes);
	if (c->in.failed)
		conn_close(c);
	else
		(void)conn_advance(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)what;
	if (conn_flush(c) && c->state == CONN_ANSWER && send_goes_on(c))
		(void)conn_advance(c);
}
