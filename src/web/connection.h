/* One connection, for loop.c and connection.c: bytes in, requests out; answers in, bytes out. On the loop's thread only. */
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
	CONN_BUSY,	/* somebody answers */
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
	struct buf in;			/* what is not taken yet */
	size_t scanned;			/* of `in`, in search of a head's end */
	struct evbuffer *out;
	struct call *call;
	int64_t since, deadline;	/* monotonic ms; when this request began; when patience ends, 0: never */
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

void conn_accept(struct loop *loop, int fd, const struct sockaddr *address);
void conn_close(struct conn *c);
/* The call's answer is complete. */
void conn_answered(void *call);
/* Writes the answer's head and body into `out`. */
void answer_write(struct loop *loop, struct evbuffer *out, struct call *call, bool close_after);

#endif
