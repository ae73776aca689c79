/* Reads HTTP/1.1 requests (RFC 9110, RFC 9112) from bytes, strictly: what two readers could understand differently is refused.
 * No sockets, no memory of its own: web/connection.c feeds it.
 *
 * Why not libevent's evhttp: its 2.1 gives nobody a say between a request's head and its body, so a limit of one route's own,
 * an early 413 and an end to slow senders are not to be had from it. */
#ifndef WEB_HTTP_H
#define WEB_HTTP_H

#include "base/buf.h"

enum http_method { HTTP_OTHER = 0, HTTP_GET = 1, HTTP_HEAD = 2, HTTP_POST = 4, HTTP_PUT = 8, HTTP_PATCH = 16, HTTP_DELETE = 32 };
enum { HTTP_FIELDS_MAX = 64 };

struct http_field {
	struct str name, value;
};
struct http_head {
	enum http_method method;
	struct str path, query;		/* as sent, still percent-encoded; query STR_NONE without '?' */
	struct http_field field[HTTP_FIELDS_MAX];
	size_t field_count;
	int64_t content_length;		/* 0 when there is no body, or a chunked one */
	bool chunked, keep_alive, expects_continue;
};

/* Bytes of the head at the start of `bytes`, up to and with its empty line; 0: it is not whole yet. `from`: where an earlier
 * look ended, so that a head that comes byte by byte is not read again each time. */
size_t http_head_len(struct str bytes, size_t from);
/* Reads a whole head. 0, or the status that refuses it: 400, 431, 501, 505. Text points into `bytes`. */
int http_head_read(struct str bytes, struct http_head *ret);
/* The first field of this name, in whatever case. STR_NONE: none. */
struct str http_field(const struct http_head *head, const char *name);
/* The reason phrase of a status that this server sends. */
const char *http_reason(int status);

/* A chunked body as it comes in. Starts zeroed. */
struct http_chunks {
	int state;
	uint64_t left;			/* of the chunk in hand */
	size_t digits, overhead;	/* overhead: bytes that are no body, so that they cannot go on for ever */
};
/* Takes bytes, adds the body in them to `body`; *ret_used: how many it took. 1: the body is whole. 0: more must come. -1: this is
 * not chunked coding. What is past body->max shows as body->failed. */
int http_chunks_read(struct http_chunks *c, struct str bytes, struct buf *body, size_t *ret_used);

#endif
