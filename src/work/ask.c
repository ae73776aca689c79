#include "work/ask.h"

#include "base/limit.h"

enum { HEADERS_MAX = 32 };

int ask_open(struct ask *a, struct instance *i, struct db *db, struct workspace_id w, int64_t account_id,
	     struct trixy_account *ret, const struct trixy_channel **ret_channel, struct error *err)
{
	struct account account;
	int r = account_get(db, w, account_id, &a->memory, &account, err);

	return r < 0 ? r : account_open(i, db, &account, &a->memory, ret, ret_channel, err);
}

static bool is_text(struct trixy_text t, uint64_t max)
{
	return t.len <= max && (t.len == 0 || t.p != NULL);
}

static int fill_headers(struct ask *a, const struct trixy_request *request, struct error *err)
{
	struct http_header *headers = arena_alloc(&a->memory, (request->header_count + (size_t)1) * sizeof(*headers));

	if (headers == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	for (uint32_t k = 0; k < request->header_count; k++) {
		const struct trixy_pair *p = &request->headers[k];

		if (!is_text(p->name, 256) || !is_text(p->value, LIMIT_HTTP_HEADERS))
			return fail(err, ERR_INVALID, "the channel's request has a header that is too long");
		headers[k] = (struct http_header){ str_from_trixy(p->name), str_from_trixy(p->value) };
	}
	a->call.headers = headers;
	a->call.header_count = request->header_count;
	return 0;
}

int ask_fill(struct ask *a, const struct trixy_request *request, int64_t timeout_ms, struct error *err)
{
	if (request->size < sizeof(*request) || request->header_count > HEADERS_MAX ||
	    (request->header_count > 0 && request->headers == NULL) || !is_text(request->method, 16) ||
	    !is_text(request->url, LIMIT_URL) || !is_text(request->body, LIMIT_JSON_BODY))
		return fail(err, ERR_INVALID, "the channel's request breaks the ABI's rules");
	a->call = (struct http_call){
		.method = str_from_trixy(request->method), .url = str_from_trixy(request->url),
		.body = str_from_trixy(request->body), .timeout_ms = timeout_ms,
	};
	return fill_headers(a, request, err);
}

void ask_forget_request(struct ask *a)
{
	a->call.method = a->call.url = a->call.body = STR_NONE;
	a->call.headers = NULL;
	a->call.header_count = 0;
	arena_wipe(&a->memory);
}

int ask_answer(const struct ask *a, struct arena *arena, struct trixy_answer *ret, struct error *err)
{
	const struct http_call *call = &a->call;
	struct trixy_pair *headers = arena_alloc(arena, (call->answer_header_count + 1) * sizeof(*headers));

	if (headers == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	for (size_t k = 0; k < call->answer_header_count; k++)
		headers[k] = (struct trixy_pair){ trixy_from_str(call->answer_headers[k].name),
						  trixy_from_str(call->answer_headers[k].value) };
	*ret = (struct trixy_answer){ .size = sizeof(*ret), .http_status = call->status, .headers = headers,
				      .header_count = (uint32_t)call->answer_header_count,
				      .body = trixy_from_str(call->answer_body) };
	return 0;
}

void ask_done(struct ask *a)
{
	http_call_done(&a->call);
	ask_forget_request(a);
}

struct str ask_told(struct trixy_text t, size_t max)
{
	struct str s = str_from_trixy(t);

	return s.p == NULL || s.len == 0 || !utf8_valid(s) ? STR_NONE : str_cut(s, 0, utf8_prefix(s, max));
}

void ask_box_init(struct ask_box *box)
{
	(void)pthread_mutex_init(&box->lock, NULL);
	box->first = NULL;
}

void ask_box_done(struct ask_box *box)
{
	(void)pthread_mutex_destroy(&box->lock);
}

void ask_box_put(struct ask_box *box, struct http_call *call)
{
	(void)pthread_mutex_lock(&box->lock);
	call->next = box->first;
	box->first = call;
	(void)pthread_mutex_unlock(&box->lock);
}

static struct ask *ask_of(struct http_call *call)
{
	return (struct ask *)(void *)call;	/* its first member */
}

struct ask *ask_box_take(struct ask_box *box)
{
	(void)pthread_mutex_lock(&box->lock);
	struct http_call *first = box->first;

	box->first = NULL;
	(void)pthread_mutex_unlock(&box->lock);
	return ask_of(first);
}

struct ask *ask_next(const struct ask *a)
{
	return ask_of(a->call.next);
}
