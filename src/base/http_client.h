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

struct http_call {
	/* the request: borrowed until done() is called */
	struct str method, url, body;
	const struct http_header *headers;
	size_t header_count;
	int64_t timeout_ms;		/* 0: 30 s in all */
	size_t max_answer;		/* bytes of body; 0: LIMIT_ANSWER_BODY */
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
void http_client_submit(struct http_client *c, struct http_call *call);	/* never blocks */
/* Submits and waits (never on the loop or the writer thread). Sets done and arg itself. */
void http_client_run(struct http_client *c, struct http_call *call);
void http_call_done(struct http_call *call);	/* frees the answer, not the request */

#endif
