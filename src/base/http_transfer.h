/* One request of the HTTP client as curl carries it out: for http_client.c and http_transfer.c only. */
#ifndef BASE_HTTP_TRANSFER_H
#define BASE_HTTP_TRANSFER_H

#include "base/http_client.h"

#include <curl/curl.h>

#include "base/buf.h"

struct reading;

struct transfer {			/* starts zeroed but for call, max and body.max */
	struct http_call *call;
	CURL *easy;
	struct curl_slist *headers;
	struct transfer *older, *newer;
	bool repeatable;		/* asking twice does no harm: GET */
	int requests;			/* times that curl began to write it */
	size_t body_read;		/* bytes of the body that curl took from us */
	curl_mime *mime;
	struct reading *readings;	/* of the parts, one each */
	struct buf body;		/* of the answer */
	struct http_header *answer_headers;
	size_t header_bytes;
	size_t max, sunk;		/* bytes of the answer that may come, and that went to the sink */
	bool too_large, sink_failed, denied, unreadable;
	char error[CURL_ERROR_SIZE];
};

/* Fills t->easy with the call. user_agent: NUL-terminated, borrowed until the transfer ends. ERR_INVALID: the call is not one that
 * may be sent. Whatever it returns, transfer_free() is due. */
int transfer_prepare(struct transfer *t, const char *user_agent, struct error *err);
/* What only the request needs: curl's handle, headers, parts. The answer stays. */
void transfer_drop_request(struct transfer *t);
/* All of it; NULL is none. */
void transfer_free(struct transfer *t);

#endif
