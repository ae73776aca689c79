/* Another server for the tests, on raw sockets: what it answers, and when it falls silent, is the test's. */
#ifndef TESTS_WORK_PEER_H
#define TESTS_WORK_PEER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct peer;

struct peer_request {
	int number;		/* 1, 2, ... of all that this peer was asked */
	int connection;		/* 1, 2, ... */
	struct str head;	/* with the request line; borrowed until the answer */
	struct str method, path, body;
};

/* Answers one request on a thread of its connection. False: the connection is closed. */
typedef bool peer_answer_fn(void *arg, int fd, const struct peer_request *request);

/* Listens on 127.0.0.1 at a free port. A failure ends the program: it is the test's own. */
struct peer *peer_start(peer_answer_fn *answer, void *arg);
void peer_stop(struct peer *p);			/* ends what hangs, waits for its threads */
int peer_port(const struct peer *p);
int peer_connections(struct peer *p);	/* that came, so far */
int peer_requests(struct peer *p);		/* that came whole, so far */
/* Waits until the peer was asked so often; false after 10 s. */
bool peer_wait(struct peer *p, int requests);
/* The value of a header of the request, trimmed; STR_NONE: it is not there. */
struct str peer_header(const struct peer_request *r, const char *name);

bool peer_send(int fd, struct str bytes);
/* A whole answer with its length. headers: lines ended by CRLF, or "". */
bool peer_reply(int fd, int status, const char *headers, const char *body);
void peer_reset(int fd);			/* so that closing sends a RST */
/* Waits until the other side closes, or the peer stops. */
void peer_hang(int fd);

#endif
