/* The thread that owns the sockets: what other threads may ask of it. It never waits for anything but sockets. */
#ifndef WEB_LOOP_H
#define WEB_LOOP_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/err.h"
#include "base/str.h"

struct call;
struct conn;
struct web;
struct loop;

/* Something to run on the loop. The memory is the poster's until run(). */
struct note {
	struct note *next;
	void (*run)(void *arg);
	void *arg;
};

/* A mutex for a few instructions at a time: spins a little before it sleeps. */
void lock_init(pthread_mutex_t *lock);

int loop_new(struct web *web, struct loop **ret, struct error *err);
/* Binds and listens; the bound address as "http://host:port" in `url`. */
int loop_listen(struct loop *loop, struct str listen, int64_t max_connections, char *url, size_t url_size, struct error *err);
int loop_start(struct loop *loop, struct error *err);
/* Any thread. Wakes the loop once however many notes come. */
void loop_post(struct loop *loop, struct note *note);
/* Stops accepting, waits up to 7 s for running calls (2 s for half requests), ends the thread. False: calls still run, and
 * nothing of the loop may be freed. */
bool loop_stop(struct loop *loop);
void loop_free(struct loop *loop);

struct loop_figures {
	atomic_int_fast64_t connections, requests_running;
	atomic_int_fast64_t body_bytes;		/* in memory */
	atomic_int_fast64_t upload_bytes;	/* on the disk, or to come there: of files that are not kept yet */
	atomic_int_fast64_t files_leaving;	/* answers whose file has not been read to its end */
};
struct loop_figures *loop_figures(struct loop *loop);

/* ---- on the loop's thread only ---- */

/* Bytes that many connections send, freed with the last of them. */
struct shared {
	int references;
	size_t len;
	char bytes[];
};
struct shared *shared_new(struct str bytes);	/* NULL without memory */
void shared_unref(struct shared *s);

/* Adds to a live stream. False: the client does not read; the stream was closed and is gone. */
bool conn_stream_write(struct conn *conn, struct shared *bytes);
void conn_stream_close(struct conn *conn);

#endif
