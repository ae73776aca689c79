/* From a call to what curl sends, and from what curl receives to the call's answer.
 *
 * curl sends a request again by itself when a reused connection turns out to be dead, also when that happened after all of it was
 * written: for a message to a customer that would be a second message. So before_request() stops the second attempt unless nothing
 * of the first one was written. */
#include "base/http_transfer.h"

#include <unistd.h>

#include "base/address.h"
#include "base/limit.h"

enum { CONNECT_MS = 10 * 1000, TIMEOUT_MS = 30 * 1000, IDLE_SECONDS = 50, ANSWER_HEADERS = 64 * 1024, ANSWER_HEADER_COUNT = 128,
       SLOW_BYTES = 1024, SLOW_SECONDS = 30, PARTS_MAX = 64 };

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
	if (call->url.len == 0 || call->url.len > LIMIT_URL || str_has_control(call->url))
		return fail(err, ERR_INVALID, "the request's address is empty, too long or has control characters");
	for (size_t k = 0; k < call->header_count; k++)
		if (!is_token(call->headers[k].name) || str_has_control(call->headers[k].value) || is_framing(call->headers[k].name))
			return fail(err, ERR_INVALID, "the request's header %zu is not one that may be sent", k + 1);
	if (call->part_count > PARTS_MAX)
		return fail(err, ERR_INVALID, "the request has more than %d parts", PARTS_MAX);
	for (size_t k = 0; k < call->part_count; k++) {
		const struct http_part *p = &call->parts[k];

		if (p->name.len == 0 || str_has_control(p->name) || str_has_control(p->file_name) || str_has_control(p->mime_type) ||
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
static CURLcode set_rules(struct transfer *t, const char *user_agent)
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
	(void)curl_easy_setopt(e, CURLOPT_USERAGENT, user_agent);
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

int transfer_prepare(struct transfer *t, const char *user_agent, struct error *err)
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
	CURLcode code = set_rules(t, user_agent);

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

/* ---- its end ---- */

static void free_headers(struct curl_slist *headers)
{
	for (struct curl_slist *h = headers; h != NULL; h = h->next)
		if (h->data != NULL)
			explicit_bzero(h->data, strlen(h->data));	/* one of them is the token */
	curl_slist_free_all(headers);
}

void transfer_drop_request(struct transfer *t)
{
	if (t->easy != NULL)
		curl_easy_cleanup(t->easy);
	t->easy = NULL;
	curl_mime_free(t->mime);
	t->mime = NULL;
	free_headers(t->headers);
	t->headers = NULL;
}

void transfer_free(struct transfer *t)
{
	if (t == NULL)
		return;
	transfer_drop_request(t);
	buf_done(&t->body);
	free(t);
}
