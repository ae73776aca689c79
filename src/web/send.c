/* See web/connection.h: how an answer leaves, whole, as a live stream, or as a file that is read piece by piece.
 *
 * A file's pieces are read by a worker, not by this thread: the disk may be slow, and neither live updates nor webhooks wait for it.
 * Of each answer no more than two pieces are in memory, however slowly its client reads. */
#include "web/connection.h"

#include <errno.h>
#include <sys/socket.h>

#include "web/file_answer.h"
#include "web/live.h"

enum {
	FILES_MAX = 2048,			/* leave at the same time */
	STREAM_WAITING_MAX = 1024 * 1024,	/* what a live stream's client has not read yet */
};

/* All of an answer has left. False: the connection is gone. */
static bool answer_left(struct conn *c)
{
	if (!c->close_after) {
		c->state = CONN_HEAD;
		c->since = 0;
		c->deadline = c->loop->now + CONN_IDLE_MS;
		conn_reads(c, true);
		return true;
	}
	/* Closing with bytes unread would reset the connection, and the client might never see the answer (RFC 9112
	 * section 9.6). */
	(void)shutdown(c->fd, SHUT_WR);
	c->state = CONN_LINGER;
	c->deadline = c->loop->now + CONN_LINGER_MS;
	conn_reads(c, true);
	return true;
}

static void drop_call(struct conn *c)
{
	struct call *call = c->call;

	c->call = NULL;
	conn_drop_call(c->loop, call);
}

bool send_goes_on(struct conn *c)
{
	size_t waiting = evbuffer_get_length(c->out);

	if (c->call == NULL)
		return waiting > 0 ? true : answer_left(c);
	if (waiting == 0)
		c->deadline = 0;	/* it is the disk that is slow */
	if (c->lent || waiting > FILE_PIECE / 2 || conn_lend(c->loop, c->call, CALL_READ))
		return true;
	conn_close(c);	/* the head has promised more bytes than there will be: the client sees that */
	return false;
}

bool send_piece(struct conn *c)
{
	if (c->call->file.failed) {
		conn_close(c);
		return false;
	}
	answer_write_body(c->out, c->call);
	if (c->call->file.left == 0)
		drop_call(c);
	return conn_flush(c) && send_goes_on(c);
}

/* Streams stay, files may: they must not take the places, or the memory, of all others. */
static void limit_long_answers(struct loop *l, struct call *call)
{
	bool file = call->file.left > 0;

	if (call->stream ? l->stream_count < l->conn_max / 2 : !file || atomic_load(&l->figures.files_leaving) < FILES_MAX) {
		call->counted = file;
		atomic_fetch_add(&l->figures.files_leaving, file);
		return;
	}
	call_header(call, "Retry-After", call->stream ? STR("30") : STR("2"));
	if (call->stream)
		call_problem(call, 503, NULL, "Too many live streams", STR("Too many pages listen to this server already."));
	else
		call_problem(call, 503, NULL, "The server is busy", STR("It sends too many files already. Try again in a moment."));
}

bool send_answer(struct conn *c)
{
	struct loop *l = c->loop;
	struct call *call = c->call;

	limit_long_answers(l, call);
	c->close_after = c->close_after || !call->head.keep_alive || l->stop_at != 0;
	answer_write(l, c->out, call, c->close_after);
	if (call->file.left == 0)
		drop_call(c);
	c->state = CONN_ANSWER;
	c->deadline = l->now + CONN_WRITE_MS;
	return conn_flush(c) && send_goes_on(c);
}

bool send_stream(struct conn *c)
{
	struct loop *l = c->loop;
	struct call *call = c->call;
	bool is_head = call->head.method == HTTP_HEAD;

	limit_long_answers(l, call);
	if (!call->stream)
		return send_answer(c);
	c->close_after = true;
	answer_write(l, c->out, call, true);
	c->state = is_head ? CONN_ANSWER : CONN_STREAM;
	c->deadline = 0;
	if (!is_head)
		c->listener = live_joined(l->web->live, c, call);
	l->stream_count += c->listener != NULL;
	drop_call(c);
	if (!is_head && c->listener == NULL) {
		conn_close(c);
		return false;
	}
	return conn_flush(c) && (is_head ? send_goes_on(c) : true);
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
	return conn_flush(c);
}

void conn_stream_close(struct conn *c)
{
	conn_close(c);
}
