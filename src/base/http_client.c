/* Requests to other servers on one thread, over libcurl's multi interface. What a request or an answer means is the caller's; how curl
 * is told of one is http_transfer.c.
 *
 * The delicate question is whether a request that failed may have reached the other side: `surely_not_sent` is claimed only when
 * nothing of it was written, never on the kind of error. */
#include "base/http_transfer.h"

#include <pthread.h>

#include "base/limit.h"

enum { CONNECTIONS_KEPT = 64, POLL_MS = 60 * 1000 };

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

/* ---- begin and end of a call, on the client's thread ---- */

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

/* why: the words of an end that is not curl's; NULL: code says it. */
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
	transfer_drop_request(t);
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
	r = transfer_prepare(t, c->user_agent.p, &err);
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
