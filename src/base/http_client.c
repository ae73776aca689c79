/* Requests to other servers on one thread, over libcurl's multi interface. What a request or an answer means is the caller's.
 *
 * The delicate question is whether a request that failed may have reached the other side. curl sends a request again by
 * itself when a reused connection turns out to be dead, also when that happened after all of it was written: for a message
 * to a customer that would be a second message. So before_request() stops the second attempt unless nothing of the first one
 * was written, and `surely_not_sent` is claimed only on that evidence, never on the kind of error. */
#include "base/http_client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/address.h"
#include "base/buf.h"
#include "base/limit.h"
#include "base/log.h"

enum { CONNECT_MS = 10 * 1000, TIMEOUT_MS = 30 * 1000, IDLE_SECONDS = 50, CONNECTIONS_KEPT = 64, ANSWER_HEADERS = 64 * 1024,
       ANSWER_HEADER_COUNT = 128, POLL_MS = 60 * 1000, SLOW_BYTES = 1024, SLOW_SECONDS = 30, PARTS_MAX = 64 };

struct http_client {
	CURLM *multi;
	struct str user_agent;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock;		/* guards the three below */
	struct http_call *first, *last;	/* submitted, not begun */
	bool stopping;
	struct transfer *running;	/* the thread's alone */
};

struct transfer {
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

/* Where curl is in a part's content. */
struct reading {
	struct transfer *transfer;
	const struct http_part *part;
	int64_t at;
};

/* ---- curl's callbacks ---- */

/* Called with the address that the name stands for, before anything is sent there. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct transfer *t = arg;

	if (purpose == CURLSOCKTYPE_IPCXN && address_is_public(&a->addr))
		return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
	t->denied = true;
	return CURL_SOCKET_BAD;
}

/* Called when a connection is there and the request is about to be written. */
static int before_request(void *arg, char *to, char *from, int to_port, int from_port)
{
	struct transfer *t = arg;
	long written = 0;

	(void)from;
	(void)to_port;
	(void)from_port;
	/* A connection that somebody else had opened. */
	if (t->call->public_only && !address_text_is_public(to)) {
		t->denied = true;
		return CURL_PREREQFUNC_ABORT;
	}
	if (t->requests++ == 0 || t->repeatable)
		return CURL_PREREQFUNC_OK;
	if (curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &written) == CURLE_OK && written == 0 && t->body_read == 0)
		return CURL_PREREQFUNC_OK;
	return CURL_PREREQFUNC_ABORT;
}

static size_t give_body(char *to, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	struct str rest = str_cut(t->call->body, t->body_read, size * count);

	if (rest.len > 0)
		memcpy(to, rest.p, rest.len);
	t->body_read += rest.len;
	return rest.len;
}

static size_t give_part(char *to, size_t size, size_t count, void *arg)
{
	struct reading *r = arg;
	const struct http_part *part = r->part;
	size_t room = size * count;

	if (part->fd < 0) {
		struct str rest = str_cut(part->value, (size_t)r->at, room);

		if (rest.len > 0)
			memcpy(to, rest.p, rest.len);
		r->at += (int64_t)rest.len;
		r->transfer->body_read += rest.len;
		return rest.len;
	}
	if ((int64_t)room > part->bytes - r->at)
		room = (size_t)(part->bytes - r->at);
	ssize_t n = room == 0 ? 0 : pread(part->fd, to, room, (off_t)r->at);

	if (n < 0 || (n == 0 && room > 0)) {	/* the file became shorter: what was announced cannot be sent any more */
		r->transfer->unreadable = true;
		return CURL_READFUNC_ABORT;
	}
	r->at += n;
	r->transfer->body_read += (size_t)n;
	return (size_t)n;
}

/* Back to the beginning, which curl asks for before the first byte leaves; never after it. */
static int seek_part(void *arg, curl_off_t offset, int origin)
{
	struct reading *r = arg;

	if (origin != SEEK_SET || offset != 0 || r->transfer->body_read > 0)
		return CURL_SEEKFUNC_FAIL;
	r->at = 0;
	return CURL_SEEKFUNC_OK;
}

static size_t take_body(char *from, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	long status = 0;

	(void)size;			/* always 1 */
	if (t->call->sink != NULL && curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status / 100 == 2) {
		t->sunk += count;
		t->too_large = t->too_large || t->sunk > t->max;
		if (t->too_large)
			return 0;
		t->sink_failed = t->sink_failed || t->call->sink(t->call->sink_arg, (struct str){ from, count }) < 0;
		return t->sink_failed ? 0 : count;
	}
	buf_add(&t->body, (struct str){ from, count });
	t->too_large = t->too_large || t->body.failed;
	return t->body.failed ? 0 : count;
}

static bool keep_header(struct transfer *t, struct str line)
{
	struct http_call *call = t->call;
	struct str value, name = str_split(line, ':', &value);

	if (value.p == NULL || call->answer_header_count == ANSWER_HEADER_COUNT)
		return true;
	if (t->answer_headers == NULL)
		t->answer_headers = arena_alloc(&call->memory, ANSWER_HEADER_COUNT * sizeof(*t->answer_headers));
	struct str kept = arena_copy(&call->memory, str_trim(name));
	struct http_header h = { .name = kept, .value = arena_copy(&call->memory, str_trim(value)) };

	if (arena_failed(&call->memory))
		return false;
	for (char *p = (char *)kept.p; p < kept.p + kept.len; p++)	/* our own fresh copy */
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
	t->answer_headers[call->answer_header_count++] = h;
	return true;
}

static size_t take_header(char *from, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	struct str line = { from, count };

	(void)size;
	t->header_bytes += count;
	if (t->header_bytes > ANSWER_HEADERS) {
		t->too_large = true;
		return 0;
	}
	if (str_starts(line, STR("HTTP/"))) {	/* of a new answer: what came before was an interim one, 1xx */
		t->call->answer_header_count = 0;
		return count;
	}
	return keep_header(t, line) ? count : 0;
}

/* ---- the request ---- */

static bool is_token(struct str s)
{
	for (size_t k = 0; k < s.len; k++)
		if (s.p[k] <= ' ' || s.p[k] >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", s.p[k]) != NULL)
			return false;
	return s.len > 0;
}

static bool has_control(struct str s)
{
	for (size_t k = 0; k < s.len; k++)
		if ((unsigned char)s.p[k] < ' ' || s.p[k] == 0x7f)
			return true;
	return false;
}

/* Headers that frame the message or its connection are this client's own. */
static bool is_framing(struct str name)
{
	static const char *const framing[] = { "content-length", "transfer-encoding", "connection", "expect", "upgrade", "te" };

	for (size_t k = 0; k < sizeof(framing) / sizeof(framing[0]); k++)
		if (str_eq_nocase(name, str_of(framing[k])))
			return true;
	return false;
}

static int check_request(const struct http_call *call, struct error *err)
{
	if (!is_token(call->method) || call->method.len > 16)
		return fail(err, ERR_INVALID, "the request's method is not a word");
	if (call->url.len == 0 || call->url.len > LIMIT_URL || has_control(call->url))
		return fail(err, ERR_INVALID, "the request's address is empty, too long or has control characters");
	for (size_t k = 0; k < call->header_count; k++)
		if (!is_token(call->headers[k].name) || has_control(call->headers[k].value) || is_framing(call->headers[k].name))
			return fail(err, ERR_INVALID, "the request's header %zu is not one that may be sent", k + 1);
	if (call->part_count > PARTS_MAX)
		return fail(err, ERR_INVALID, "the request has more than %d parts", PARTS_MAX);
	for (size_t k = 0; k < call->part_count; k++) {
		const struct http_part *p = &call->parts[k];

		if (p->name.len == 0 || has_control(p->name) || has_control(p->file_name) || has_control(p->mime_type) ||
		    (p->fd >= 0 && p->bytes < 0))
			return fail(err, ERR_INVALID, "the request's part %zu is not one that may be sent", k + 1);
	}
	return 0;
}

static bool add_line(struct transfer *t, struct str line)
{
	struct curl_slist *longer = line.p == NULL ? NULL : curl_slist_append(t->headers, line.p);

	if (longer != NULL)
		t->headers = longer;
	return longer != NULL;
}

static int add_headers(struct transfer *t, struct error *err)
{
	SCOPED(arena_wipe) struct arena arena = { 0 };
	bool typed = t->call->part_count > 0, ok = true;	/* of parts curl tells the type, for it makes the boundary */

	for (size_t k = 0; k < t->call->header_count && ok; k++) {
		const struct http_header *h = &t->call->headers[k];

		if (str_eq_nocase(h->name, STR("content-type"))) {
			if (t->call->part_count > 0)
				continue;
			typed = true;
		}
		/* curl's way to say that a header is there and empty. */
		ok = add_line(t, h->value.len == 0 ? arena_printf(&arena, "%.*s;", STR_ARG(h->name)) :
			      arena_printf(&arena, "%.*s: %.*s", (int)h->name.len, h->name.p, (int)h->value.len, h->value.p));
	}
	/* Against those that curl would add to a body. */
	ok = ok && add_line(t, STR("Expect:")) && (typed || add_line(t, STR("Content-Type:")));
	return ok ? 0 : fail(err, ERR_NOMEM, "out of memory");
}

static CURLcode add_part(struct transfer *t, struct reading *reading, const struct http_part *part, struct arena *arena)
{
	curl_mimepart *p = curl_mime_addpart(t->mime);
	struct str name = arena_copy(arena, part->name), file = arena_copy(arena, part->file_name),
		   type = arena_copy(arena, part->mime_type);
	int64_t bytes = part->fd < 0 ? (int64_t)part->value.len : part->bytes;
	CURLcode r;

	*reading = (struct reading){ .transfer = t, .part = part };
	if (p == NULL || arena_failed(arena))
		return CURLE_OUT_OF_MEMORY;
	if ((r = curl_mime_name(p, name.p)) != CURLE_OK || (file.p != NULL && (r = curl_mime_filename(p, file.p)) != CURLE_OK) ||
	    (type.p != NULL && (r = curl_mime_type(p, type.p)) != CURLE_OK))
		return r;
	return curl_mime_data_cb(p, (curl_off_t)bytes, give_part, seek_part, NULL, reading);
}

/* Copies the names, reads the contents when they leave. */
static int add_parts(struct transfer *t, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct http_call *call = t->call;
	CURLcode r = CURLE_OK;

	if (call->part_count == 0)
		return 0;
	t->mime = curl_mime_init(t->easy);
	t->readings = arena_alloc(&call->memory, call->part_count * sizeof(*t->readings));
	if (t->mime == NULL || t->readings == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	for (size_t k = 0; k < call->part_count && r == CURLE_OK; k++)
		r = add_part(t, &t->readings[k], &call->parts[k], &arena);
	if (r == CURLE_OK)
		r = curl_easy_setopt(t->easy, CURLOPT_MIMEPOST, t->mime);
	return r == CURLE_OK ? 0 : fail(err, ERR_NOMEM, "%s", curl_easy_strerror(r));
}

static void set_method(struct transfer *t, const char *method)
{
	struct http_call *call = t->call;

	t->repeatable = str_eq_c(call->method, "GET") || str_eq_c(call->method, "HEAD");
	if (str_eq_c(call->method, "HEAD")) {
		(void)curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (call->part_count == 0 && (call->body.len > 0 || str_eq_c(call->method, "POST"))) {
		(void)curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
		(void)curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
		/* Read from here, not given as POSTFIELDS: what was read cannot be sent a second time. */
		(void)curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, give_body);
		(void)curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
	}
	(void)curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, method);
}

/* The options that are the same for all. */
static CURLcode set_rules(struct transfer *t, const struct http_client *c)
{
	CURL *e = t->easy;
	CURLcode r;

	/* What must hold is checked, for a libcurl that lacks it must not go on without. */
	if ((r = curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L)) != CURLE_OK ||
	    (r = curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https")) != CURLE_OK ||
	    (r = curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L)) != CURLE_OK ||
	    (r = curl_easy_setopt(e, CURLOPT_PROXY, "")) != CURLE_OK ||
	    (r = curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L)) != CURLE_OK ||
	    (r = curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L)) != CURLE_OK ||
	    (r = curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2)) != CURLE_OK ||
	    (r = curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, before_request)) != CURLE_OK ||
	    (r = curl_easy_setopt(e, CURLOPT_PREREQDATA, t)) != CURLE_OK)
		return r;
	(void)curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	(void)curl_easy_setopt(e, CURLOPT_USERAGENT, c->user_agent.p);
	(void)curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	(void)curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, (long)IDLE_SECONDS);
	(void)curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);	/* a name server that hangs must not hold the thread */
	(void)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body);
	(void)curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	(void)curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_header);
	(void)curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	(void)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
	return curl_easy_setopt(e, CURLOPT_PRIVATE, t);
}

/* Limits of what comes back, and of where it may come from. */
static CURLcode set_limits(struct transfer *t)
{
	CURL *e = t->easy;
	CURLcode r;

	if ((r = curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->max)) != CURLE_OK)
		return r;
	if (t->call->sink != NULL) {
		(void)curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
		(void)curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)SLOW_SECONDS);
	}
	if (t->call->public_only && ((r = curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket)) != CURLE_OK ||
				     (r = curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t)) != CURLE_OK))
		return r;
	return CURLE_OK;
}

/* Fills t->easy with the call. */
static int prepare(struct http_client *c, struct transfer *t, struct error *err)
{
	SCOPED(arena_wipe) struct arena arena = { 0 };
	struct http_call *call = t->call;
	int64_t timeout = call->timeout_ms > 0 ? call->timeout_ms : TIMEOUT_MS;
	int r = check_request(call, err);

	if (r < 0)
		return r;
	/* With the NUL that curl needs. */
	struct str url = arena_copy(&arena, call->url), method = arena_copy(&arena, call->method);

	t->easy = curl_easy_init();
	if (t->easy == NULL || arena_failed(&arena))
		return fail(err, ERR_NOMEM, "out of memory");
	CURLcode code = set_rules(t, c);

	if (code != CURLE_OK || (code = set_limits(t)) != CURLE_OK)
		return fail(err, ERR_BROKEN, "this libcurl lacks what is needed: %s", curl_easy_strerror(code));
	if ((r = add_headers(t, err)) < 0 || (r = add_parts(t, err)) < 0)
		return r;
	set_method(t, method.p);
	(void)curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
	(void)curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)timeout);
	(void)curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(timeout < CONNECT_MS ? timeout : CONNECT_MS));
	code = curl_easy_setopt(t->easy, CURLOPT_URL, url.p);
	return code == CURLE_OK ? 0 : fail(err, ERR_NOMEM, "%s", curl_easy_strerror(code));
}

/* ---- begin and end of a call, on the client's thread ---- */

static void free_headers(struct curl_slist *headers)
{
	for (struct curl_slist *h = headers; h != NULL; h = h->next)
		if (h->data != NULL)
			explicit_bzero(h->data, strlen(h->data));	/* one of them is the token */
	curl_slist_free_all(headers);
}

static void transfer_free(struct transfer *t)
{
	if (t == NULL)
		return;
	if (t->easy != NULL)
		curl_easy_cleanup(t->easy);
	curl_mime_free(t->mime);
	free_headers(t->headers);
	buf_done(&t->body);
	free(t);
}

/* For what never came to a connection. */
static void end_unsent(struct http_call *call, int code, const char *why)
{
	call->status = 0;
	call->surely_not_sent = true;
	(void)fail(&call->error, code, "%s", why);
	call->done(call);
}

/* curl's own words name only the host; its other texts may repeat the URL, and with it a token. */
static const char *words(const struct transfer *t, CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return t->error[0] != '\0' ? t->error : curl_easy_strerror(code);
	case CURLE_ABORTED_BY_CALLBACK:		/* before_request() */
	case CURLE_SEND_FAIL_REWIND:		/* the same, noticed by curl: give_body() cannot go back */
		return "the connection broke when the request had been written";
	default:
		return curl_easy_strerror(code);
	}
}

static void set_failure(struct transfer *t, CURLcode code, const char *why)
{
	struct http_call *call = t->call;
	long written = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &written);
	call->surely_not_sent = t->requests == 0 || (written == 0 && t->body_read == 0);
	if (t->denied && call->surely_not_sent)
		(void)fail(&call->error, ERR_DENIED, "its address is not one of the public internet");
	else if (t->too_large || code == CURLE_FILESIZE_EXCEEDED)
		(void)fail(&call->error, ERR_LIMIT, "the answer is larger than allowed");
	else if (t->sink_failed)
		(void)fail(&call->error, ERR_BROKEN, "the answer could not be kept");
	else if (t->unreadable)
		(void)fail(&call->error, ERR_BROKEN, "the file that was being sent cannot be read any more");
	else if (call->surely_not_sent && (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL))
		(void)fail(&call->error, ERR_INVALID, "%s", curl_easy_strerror(code));
	else
		(void)fail(&call->error, call->surely_not_sent ? ERR_TEMPORARY : ERR_UNKNOWN, "%s", why);
}

/* why: STR of an end that is not curl's; NULL: code says it. */
static void finish(struct http_client *c, struct transfer *t, CURLcode code, const char *why)
{
	struct http_call *call = t->call;
	long status = 0;

	if (t->older != NULL)
		t->older->newer = t->newer;
	if (t->newer != NULL)
		t->newer->older = t->older;
	else
		c->running = t->older;
	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (why != NULL || code != CURLE_OK || status < 200) {
		call->answer_header_count = 0;
		set_failure(t, code, why != NULL ? why : code == CURLE_OK ? "the answer has no status" : words(t, code));
	} else {
		call->status = status;
		call->answer_body = t->body.p != NULL ? buf_str(&t->body) : STR("");
		call->answer_headers = t->answer_headers;
	}
	(void)curl_multi_remove_handle(c->multi, t->easy);
	curl_easy_cleanup(t->easy);
	t->easy = NULL;
	curl_mime_free(t->mime);
	t->mime = NULL;
	free_headers(t->headers);
	t->headers = NULL;
	call->internal = t;		/* holds the answer's body until http_call_done */
	call->done(call);
}

static void begin(struct http_client *c, struct http_call *call)
{
	struct transfer *t = calloc(1, sizeof(*t));
	struct error err = { 0 };
	int r;

	if (t == NULL) {
		end_unsent(call, ERR_NOMEM, "out of memory");
		return;
	}
	t->call = call;
	t->max = call->max_answer > 0 ? call->max_answer : LIMIT_ANSWER_BODY;
	t->body.max = call->sink == NULL || t->max < LIMIT_ANSWER_BODY ? t->max : LIMIT_ANSWER_BODY;
	r = prepare(c, t, &err);
	if (r == 0 && curl_multi_add_handle(c->multi, t->easy) != CURLM_OK)
		r = fail(&err, ERR_NOMEM, "out of memory");
	if (r < 0) {
		transfer_free(t);
		end_unsent(call, r, err.text);
		return;
	}
	t->older = c->running;
	if (t->older != NULL)
		t->older->newer = t;
	c->running = t;
}

static struct transfer *transfer_of(CURL *easy)
{
	char *t = NULL;

	(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
	return (struct transfer *)(void *)t;
}

static void take_results(struct http_client *c)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(c->multi, &left)) != NULL)
		if (m->msg == CURLMSG_DONE) {
			CURLcode code = m->data.result;		/* m dies with the handle */

			finish(c, transfer_of(m->easy_handle), code, NULL);
		}
}

/* Takes what was submitted. False: it is time to stop. */
static bool take_submitted(struct http_client *c, struct http_call **ret)
{
	(void)pthread_mutex_lock(&c->lock);
	bool stopping = c->stopping;

	*ret = c->first;
	c->first = c->last = NULL;
	(void)pthread_mutex_unlock(&c->lock);
	return !stopping;
}

static void *run(void *arg)
{
	struct http_client *c = arg;
	struct http_call *call, *next;
	int count;

	(void)pthread_setname_np(pthread_self(), "http-client");
	while (take_submitted(c, &call)) {
		for (; call != NULL; call = next) {
			next = call->next;
			begin(c, call);
		}
		(void)curl_multi_perform(c->multi, &count);
		take_results(c);
		(void)curl_multi_poll(c->multi, NULL, 0, POLL_MS, NULL);
	}
	for (; call != NULL; call = next) {
		next = call->next;
		end_unsent(call, ERR_TEMPORARY, "the server is stopping");
	}
	while (c->running != NULL)
		finish(c, c->running, CURLE_OK, "the server stopped before the answer came");
	return NULL;
}

/* ---- the outside ---- */

static CURLcode global_result;

static void global_init(void)
{
	global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int http_client_start(struct str user_agent, struct http_client **ret, struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct http_client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	(void)pthread_once(&once, global_init);
	(void)pthread_mutex_init(&c->lock, NULL);
	c->user_agent = (struct str){ strndup(user_agent.p, user_agent.len), user_agent.len };
	c->multi = global_result == CURLE_OK ? curl_multi_init() : NULL;
	if (c->multi == NULL || c->user_agent.p == NULL) {
		http_client_free(c);
		return fail(err, ERR_BROKEN, "libcurl does not start");
	}
	(void)curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
	if (pthread_create(&c->thread, NULL, run, c) != 0) {
		http_client_free(c);
		return fail(err, ERR_BROKEN, "no thread for requests to other servers");
	}
	c->has_thread = true;
	*ret = c;
	return 0;
}

void http_client_stop(struct http_client *c)
{
	if (c == NULL || !c->has_thread)
		return;
	(void)pthread_mutex_lock(&c->lock);
	c->stopping = true;
	(void)pthread_mutex_unlock(&c->lock);
	(void)curl_multi_wakeup(c->multi);
	(void)pthread_join(c->thread, NULL);
	c->has_thread = false;
}

void http_client_free(struct http_client *c)
{
	if (c == NULL)
		return;
	http_client_stop(c);
	if (c->multi != NULL)
		(void)curl_multi_cleanup(c->multi);
	free((char *)c->user_agent.p);
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
}

void http_client_submit(struct http_client *c, struct http_call *call)
{
	call->next = NULL;
	call->internal = NULL;
	call->status = 0;
	call->surely_not_sent = false;
	call->answer_body = STR_NONE;
	call->answer_headers = NULL;
	call->answer_header_count = 0;
	call->error = (struct error){ 0 };
	(void)pthread_mutex_lock(&c->lock);
	bool stopping = c->stopping;

	if (!stopping) {
		if (c->last != NULL)
			c->last->next = call;
		else
			c->first = call;
		c->last = call;
	}
	(void)pthread_mutex_unlock(&c->lock);
	if (stopping)
		end_unsent(call, ERR_TEMPORARY, "the server is stopping");
	else
		(void)curl_multi_wakeup(c->multi);
}

struct waiting {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool done;
};

static void end_waiting(struct http_call *call)
{
	struct waiting *w = call->arg;

	(void)pthread_mutex_lock(&w->lock);
	w->done = true;
	(void)pthread_cond_signal(&w->changed);
	(void)pthread_mutex_unlock(&w->lock);
}

void http_client_run(struct http_client *c, struct http_call *call)
{
	struct waiting w = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

	call->done = end_waiting;
	call->arg = &w;
	http_client_submit(c, call);
	(void)pthread_mutex_lock(&w.lock);
	while (!w.done)
		(void)pthread_cond_wait(&w.changed, &w.lock);
	(void)pthread_mutex_unlock(&w.lock);
	(void)pthread_cond_destroy(&w.changed);
	(void)pthread_mutex_destroy(&w.lock);
	call->done = NULL;
	call->arg = NULL;
}

void http_call_done(struct http_call *call)
{
	transfer_free(call->internal);
	call->internal = NULL;
	arena_done(&call->memory);
}
