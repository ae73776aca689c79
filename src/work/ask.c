#include "work/ask.h"

#include <unistd.h>

#include "base/limit.h"

enum { HEADERS_MAX = 32, PARTS_MAX = 32, WORD_MAX = 256 };	/* WORD_MAX: a header's or part's name, a MIME type */

int ask_open(struct ask *a, struct instance *i, struct db *db, struct workspace_id w, int64_t account_id,
	     struct trixy_account *ret, const struct trixy_channel **ret_channel, struct error *err)
{
	struct account account;
	int r = account_get(db, w, account_id, &a->memory, &account, err);

	return r < 0 ? r : account_open(i, db, &account, &a->memory, ret, ret_channel, err);
}

bool ask_fits(struct trixy_text t, uint64_t max)
{
	return t.len <= max && (t.len == 0 || t.p != NULL);
}

int ask_headers(const struct trixy_pair *pairs, uint32_t count, struct arena *arena, struct http_call *ret, struct error *err)
{
	if (count > HEADERS_MAX || (count > 0 && pairs == NULL))
		return fail(err, ERR_INVALID, "the channel names more than %d headers", HEADERS_MAX);
	struct http_header *headers = arena_alloc(arena, (count + (size_t)1) * sizeof(*headers));

	if (headers == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	for (uint32_t k = 0; k < count; k++) {
		if (!ask_fits(pairs[k].name, WORD_MAX) || !ask_fits(pairs[k].value, LIMIT_HTTP_HEADERS))
			return fail(err, ERR_INVALID, "the channel's request has a header that is too long");
		headers[k] = (struct http_header){ str_from_trixy(pairs[k].name), str_from_trixy(pairs[k].value) };
	}
	ret->headers = headers;
	ret->header_count = count;
	return 0;
}

/* The body's parts. A part that is a file needs one: without, the request is not one that can be sent. */
static int fill_parts(struct ask *a, const struct trixy_request *request, int64_t bytes, struct error *err)
{
	uint32_t count = request->size >= sizeof(*request) ? request->part_count : 0;	/* 1.0 has none */

	if (count > PARTS_MAX || (count > 0 && request->parts == NULL))
		return fail(err, ERR_INVALID, "the channel's request has more than %d parts", PARTS_MAX);
	struct http_part *parts = arena_alloc(&a->memory, (count + (size_t)1) * sizeof(*parts));

	if (parts == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	for (uint32_t k = 0; k < count; k++) {
		const struct trixy_part *p = TRIXY_AT(request->parts, k);

		if (!TRIXY_HAS(p, mime_type) || !ask_fits(p->name, WORD_MAX) || !ask_fits(p->value, LIMIT_JSON_BODY) ||
		    !ask_fits(p->file_name, LIMIT_FILE_NAME) || !ask_fits(p->mime_type, WORD_MAX) || (p->is_file && a->fd == 0))
			return fail(err, ERR_INVALID, "a part of the channel's request breaks the ABI's rules");
		parts[k] = (struct http_part){ .name = str_from_trixy(p->name), .value = p->is_file ? STR_NONE : str_from_trixy(p->value),
			.file_name = str_from_trixy(p->file_name), .mime_type = str_from_trixy(p->mime_type), .fd = p->is_file ? a->fd : -1,
			.bytes = p->is_file ? bytes : 0 };
	}
	a->call.parts = parts;
	a->call.part_count = count;
	return 0;
}

static int fill(struct ask *a, const struct trixy_request *request, int64_t bytes, int64_t timeout_ms, struct error *err)
{
	int r;

	if (!TRIXY_HAS(request, body) || !ask_fits(request->method, WORD_MAX) || !ask_fits(request->url, LIMIT_URL) ||
	    !ask_fits(request->body, LIMIT_JSON_BODY))
		return fail(err, ERR_INVALID, "the channel's request breaks the ABI's rules");
	a->call = (struct http_call){
		.method = str_from_trixy(request->method), .url = str_from_trixy(request->url),
		.body = str_from_trixy(request->body), .timeout_ms = timeout_ms,
	};
	return (r = ask_headers(request->headers, request->header_count, &a->memory, &a->call, err)) < 0 ? r : fill_parts(a, request, bytes, err);
}

int ask_fill(struct ask *a, const struct trixy_request *request, int64_t timeout_ms, struct error *err)
{
	return fill(a, request, 0, timeout_ms, err);
}

int ask_fill_file(struct ask *a, const struct trixy_request *request, int fd, int64_t bytes, int64_t timeout_ms, struct error *err)
{
	a->fd = fd;
	return fill(a, request, bytes, timeout_ms, err);
}

void ask_forget_request(struct ask *a)
{
	a->call.method = a->call.url = a->call.body = STR_NONE;
	a->call.headers = NULL;
	a->call.parts = NULL;
	a->call.header_count = a->call.part_count = 0;
	if (a->fd > 0)
		(void)close(a->fd);
	a->fd = 0;
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
