/* Requests to other servers, all on one thread (libcurl multi). Used by work/ only. A request is written once: never again by
 * itself after one byte of it may have left, unless its method is GET. */
#ifndef BASE_HTTP_CLIENT_H
#define BASE_HTTP_CLIENT_H

#include "base/arena.h"
#include "base/err.h"

struct http_client;

struct http_header {
	struct str name, value;
};

/* A part of a multipart/form-data body (RFC 7578). */
struct http_part {
	struct str name;		/* without control characters */
	struct str value;		/* with fd < 0: its content, any bytes */
	struct str file_name, mime_type;	/* STR_NONE: not told */
	int fd;				/* >= 0: its content is the first `bytes` bytes of this file, read as they leave; the client does
					 * not move its offset and does not close it, and it stays open until done(). A plain part: -1 */
	int64_t bytes;
};

struct http_call {
	/* the request: borrowed until done() is called */
	struct str method, url, body;
	const struct http_header *headers;
	size_t header_count;
	const struct http_part *parts;	/* the body is made of these; `body` and a Content-Type header are not looked at */
	size_t part_count;		/* 0: `body` is the body */
	int64_t timeout_ms;		/* 0: 30 s in all */
	size_t max_answer;		/* bytes of body; 0: LIMIT_ANSWER_BODY. More ends the call, at once when its length is told */
	/* Takes the body of a 2xx answer piece by piece, on the client's thread, in place of answer_body; that of another answer is
	 * answer_body, up to LIMIT_ANSWER_BODY. Below 0: ends the call with ERR_BROKEN. An answer that comes slower than 1 KB/s for
	 * 30 s is given up. NULL: answer_body has it all. */
	int (*sink)(void *arg, struct str bytes);
	void *sink_arg;
	bool public_only;		/* the address that the name stands for must be one of the public internet (base/address.h), looked
					 * at when it is connected to: ERR_DENIED, and nothing was sent */
	/* Called once, on the client's thread (on the submitter's when the client is stopping). Must be quick. The call may be
	 * freed in it. */
	void (*done)(struct http_call *call);
	void *arg;
	/* the answer, valid from done() until http_call_done */
	int64_t status;			/* 0: no whole answer came */
	bool surely_not_sent;		/* with status 0: not one byte of the request body or head left this machine */
	struct str answer_body;
	const struct http_header *answer_headers;	/* names in lower case */
	size_t answer_header_count;
	struct error error;		/* with status 0: why */
	struct arena memory;		/* of the answer; the caller frees it with http_call_done */
	void *internal;			/* of the answer too */
	struct http_call *next;
};

/* user_agent: "MailTrixy/1.0". Redirects are never followed; only http and https; proxies from the environment are not used. */
int http_client_start(struct str user_agent, struct http_client **ret, struct error *err);
/* Running calls end with status 0, and whatever is submitted later ends at once; done() is called for each. */
void http_client_stop(struct http_client *c);
void http_client_free(struct http_client *c);	/* stops it first; nobody may submit any more */
/* What the client would connect to for this URL, for callers that keep a list of those: in the arena, the scheme and host in lower
 * case and the port always there. ERR_INVALID: it is not http or https, has a user name, or cannot be read. */
struct http_origin {
	struct str scheme, host;	/* the host without the brackets of IPv6 */
	int64_t port;
};
int http_origin_of(struct str url, struct arena *arena, struct http_origin *ret, struct error *err);
/* What a Location header means at this URL (RFC 3986 section 5). The same errors. */
int http_url_join(struct str base, struct str location, struct arena *arena, struct str *ret, struct error *err);
void http_client_submit(struct http_client *c, struct http_call *call);	/* never blocks */
/* Submits and waits (never on the loop or the writer thread). Sets done and arg itself. */
void http_client_run(struct http_client *c, struct http_call *call);
void http_call_done(struct http_call *call);	/* frees the answer, not the request */

#endif
