/* One connection, for loop.c and what stands behind it: bytes in, requests out (receive.c); answers in, bytes out (send.c). On the
 * loop's thread only.
 *
 * conn_close frees at once: whoever might have closed a connection returns whether it is still there. A call outlives its
 * connection: it is freed when a worker gives it back, with call->conn NULL when nobody waits for it any more. */
#ifndef WEB_CONNECTION_H
#define WEB_CONNECTION_H

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/listener.h>
#include <pthread.h>

#include "web/server.h"

enum conn_state {
	CONN_HEAD,	/* waits for a request, or for the rest of its head */
	CONN_BODY,
	CONN_BUSY,	/* somebody answers, or looks at what has come so far */
	CONN_ANSWER,	/* the answer leaves */
	CONN_STREAM,	/* live events */
	CONN_LINGER,	/* answered before all was read: reads on and forgets, so that the client comes to read the answer */
};

struct conn {
	struct loop *loop;
	int fd;
	enum conn_state state;
	struct event read_event, write_event;
	bool reads, writes;		/* the events are added */
	bool close_after;		/* the answer in hand is the last one */
	bool lent;			/* the call is a worker's for the moment */
	struct buf in;			/* what is not taken yet */
	size_t scanned;			/* of `in`, in search of a head's end */
	struct evbuffer *out;
	struct call *call;
	int64_t since, deadline;	/* monotonic ms; when this request began; when patience ends, 0: never */
	int64_t lent_at;
	char peer[64];
	struct listener *listener;	/* live.c's */
	struct conn *previous, *next;
};

enum { READ_AT_ONCE = 64 * 1024 };

struct loop {
	struct web *web;
	struct event_base *base;
	struct evconnlistener *door;
	struct event *wake, *tick;
	int wake_fd;
	pthread_t thread;
	bool started;
	struct conn *conns;
	size_t conn_count, conn_max, stream_count;
	int64_t wary_until;		/* until then no stranger's webhook is read on the loop */
	bool door_shut;			/* out of descriptors or memory: accepting rests until the next tick */
	int64_t now;			/* monotonic ms, of the last tick or wake */
	int64_t ticks;
	int64_t stop_at;		/* the loop's copy of stop_wanted: when it ends, whatever runs; 0: runs */
	char date[48];			/* "Date: ...\r\n" */
	struct loop_figures figures;
	char scratch[READ_AT_ONCE];

	pthread_mutex_t lock;		/* guards what follows */
	struct note *first, *last;
	int64_t stop_wanted;		/* 0: runs */
};

enum {
	CONN_IDLE_MS = 60 * 1000,	/* between requests */
	CONN_REQUEST_MS = 20 * 1000,	/* from a request's first byte to its last, plus what its body may take */
	CONN_WRITE_MS = 30 * 1000,	/* the client reads nothing of its answer */
	CONN_LINGER_MS = 2 * 1000,
};

/* ---- connection.c ---- */

void conn_accept(struct loop *loop, int fd, const struct sockaddr *address);
void conn_close(struct conn *c);
void conn_reads(struct conn *c, bool on);
/* Forgets the first bytes of `in`. */
void conn_take_in(struct conn *c, size_t bytes);
/* Sends what can be sent now. False: the connection is gone. */
bool conn_flush(struct conn *c);
/* Takes what has come as far as it goes. False: the connection is gone. */
bool conn_advance(struct conn *c);
/* A worker has done its step of the call. */
void conn_answered(void *call);
/* Gives the call to a worker for a step. False: too many wait already, and the call is still the loop's. */
bool conn_lend(struct loop *loop, struct call *call, enum call_step step);
/* The loop needs it no more. */
void conn_drop_call(struct loop *loop, struct call *call);

/* ---- receive.c: each false when the connection is gone ---- */

/* The next request, when its head has come. *ret_more: it had. */
bool receive_head(struct conn *c, bool *ret_more);
/* Takes bytes of the body; *ret_used: how many. */
bool receive_body(struct conn *c, struct str bytes, size_t *ret_used);
/* The worker that looked at a large body so far has no objection. */
bool receive_goes_on(struct conn *c);

/* ---- send.c: each false when the connection is gone ---- */

/* The call's answer is complete. */
bool send_answer(struct conn *c);
bool send_stream(struct conn *c);
/* After a flush: more of the answer's file, or, when all has left, the next request. */
bool send_goes_on(struct conn *c);
/* A worker has read a piece of the answer's file. */
bool send_piece(struct conn *c);

/* answer.c: writes the answer's head, and what there is of its body, into `out`. */
void answer_write(struct loop *loop, struct evbuffer *out, struct call *call, bool close_after);
/* Only more of the body. */
void answer_write_body(struct evbuffer *out, struct call *call);

#endif
