/* See web/connection.h: how a request comes in. How it is read is http.c.
 *
 * A body of BODY_FILE is not kept in memory. Before any of it is read a worker looks at who sends it and whether they may; then what
 * comes is gathered to pieces, which a worker writes to the disk and hashes, while the client waits in the kernel. This thread does
 * neither: a disk that is busy would hold up everybody. */
#include "web/connection.h"

#include "base/clock.h"
#include "base/limit.h"
#include "web/pages.h"
#include "web/workers.h"

enum {
	BODY_BYTES_MS = 16,			/* a millisecond more patience for this many bytes of a body */
	QUICK_BODY = 16 * 1024,
	BODIES_MAX = 256 * 1024 * 1024,		/* in memory, of all requests together */
	UPLOAD_PIECE = 256 * 1024,
	UPLOADS_OF_ONE = 32,			/* at the same time, of one person */
};
static const int64_t uploads_max = 2LL * 1024 * 1024 * 1024;	/* bytes on the disk that are not kept yet, of all together */

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

static bool busy(struct conn *c, bool close_after)
{
	call_header(c->call, "Retry-After", STR("2"));
	return refuse(c, 503, "The server is busy", STR("Too many requests wait already. Try again in a moment."), close_after);
}

/* The request is whole: gives it to who answers it. False: the connection is gone. */
static bool dispatch(struct conn *c)
{
	struct loop *l = c->loop;
	struct call *call = c->call;

	if (call->route->thread == ON_LOOP) {
		call->route->run(call);
		return send_answer(c);
	}
	c->state = CONN_BUSY;
	c->deadline = 0;
	call->step = CALL_RUN;
	if (is_quick(l, call)) {
		c->lent = true;
		atomic_fetch_add(&l->figures.requests_running, 1);
		call_run(call);
		return true;
	}
	return conn_lend(l, call, CALL_RUN) ? true : busy(c, false);
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

/* Part of a body of BODY_FILE is in memory, or its head: a worker looks at it. Meanwhile the clock stands still for the client. */
static bool hand_part(struct conn *c, enum call_step step)
{
	c->state = CONN_BUSY;
	c->deadline = 0;
	return conn_lend(c->loop, c->call, step) ? true : busy(c, true);
}

/* Counts bytes that are to be on the disk. False: there would be too many. */
static bool reserve(struct loop *l, struct call *call, int64_t bytes)
{
	int64_t more = bytes - call->reserved;

	if (more <= 0)
		return true;
	if (atomic_load(&l->figures.upload_bytes) + more > uploads_max)
		return false;
	atomic_fetch_add(&l->figures.upload_bytes, more);
	call->reserved = bytes;
	return true;
}

static bool has_room(struct conn *c)
{
	struct call *call = c->call;

	if (call->route->body == BODY_FILE)
		return reserve(c->loop, call, call->received);
	return atomic_load(&c->loop->figures.body_bytes) <= BODIES_MAX;
}

bool receive_body(struct conn *c, struct str bytes, size_t *ret_used)
{
	struct loop *l = c->loop;
	struct call *call = c->call;
	size_t before = call->body.len;
	int whole;

	if (call->head.chunked) {
		whole = http_chunks_read(&call->chunks, bytes, &call->body, ret_used);
	} else {
		size_t left = (size_t)(call->head.content_length - call->received);

		*ret_used = bytes.len < left ? bytes.len : left;
		buf_add(&call->body, str_cut(bytes, 0, *ret_used));
		whole = *ret_used == left;
	}
	call->received += (int64_t)(call->body.len - before);
	atomic_fetch_add(&l->figures.body_bytes, (int64_t)(call->body.len - before));
	c->deadline = c->since + CONN_REQUEST_MS + call->received / BODY_BYTES_MS;
	if (whole >= 0 && !call->body.failed && call->received <= (int64_t)call->route->body_max && has_room(c)) {
		if (whole > 0)
			return dispatch(c);
		return call->route->body == BODY_FILE && call->body.len >= UPLOAD_PIECE ? hand_part(c, CALL_SPOOL) : true;
	}
	*ret_used = bytes.len;	/* refused: nothing more of it is looked at */
	if (call->body.failed || call->received > (int64_t)call->route->body_max)
		return too_large(c);
	return whole < 0 ? refuse(c, 400, "The request is malformed", STR("Its chunked body is broken."), true) : no_room(c);
}

/* The body may come. False: the connection is gone. */
static bool await_body(struct conn *c)
{
	struct call *call = c->call;

	c->state = CONN_BODY;
	c->deadline = c->since + CONN_REQUEST_MS + call->received / BODY_BYTES_MS;
	conn_reads(c, true);
	if (call->received > 0 || !call->head.expects_continue || c->in.len > 0)
		return true;
	(void)evbuffer_add_printf(c->out, "HTTP/1.1 100 Continue\r\n\r\n");
	return conn_flush(c);
}

/* The head is read and the route known: is there a body, and may it come? False: the connection is gone. */
static bool begin_body(struct conn *c)
{
	struct call *call = c->call;
	bool is_file = call->route->body == BODY_FILE;

	call->body.max = is_file ? 4 * UPLOAD_PIECE : call->route->body_max;
	if (call->head.content_length > (int64_t)call->route->body_max)
		return too_large(c);
	if (call->head.content_length == 0 && !call->head.chunked)
		return dispatch(c);
	return is_file ? hand_part(c, CALL_ADMIT) : await_body(c);
}

static bool too_many_uploads(const struct conn *c, int64_t user_id)
{
	size_t count = 0;

	for (const struct conn *other = c->loop->conns; other != NULL; other = other->next)
		count += other->call != NULL && other->call->uploader == user_id;
	return count >= UPLOADS_OF_ONE;
}

/* Who sends it may: one place is theirs until the call ends. */
static bool admitted(struct conn *c)
{
	struct call *call = c->call;

	if (too_many_uploads(c, call->user.id)) {
		call_header(call, "Retry-After", STR("5"));
		return refuse(c, 429, "Too many uploads at once", STR("Wait until some of your files are here, then try again."), true);
	}
	call->uploader = call->user.id;
	return reserve(c->loop, call, call->head.content_length) ? await_body(c) : no_room(c);
}

bool receive_goes_on(struct conn *c)
{
	struct call *call = c->call;

	c->since += c->loop->now - c->lent_at;
	if (call->step == CALL_ADMIT)
		return admitted(c);
	atomic_fetch_sub(&c->loop->figures.body_bytes, (int64_t)call->body.len);
	buf_clear(&call->body);
	return await_body(c);
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
	conn_take_in(c, len);
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

bool receive_head(struct conn *c, bool *ret_more)
{
	size_t len;

	/* An empty line before a request is left by some clients (RFC 9112 section 2.2). */
	while (c->in.len >= 2 && c->in.p[0] == '\r' && c->in.p[1] == '\n')
		conn_take_in(c, 2);
	*ret_more = false;
	if (c->in.len == 0)
		return true;
	if (c->since == 0) {
		c->since = c->loop->now;
		c->deadline = c->since + CONN_REQUEST_MS;
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

