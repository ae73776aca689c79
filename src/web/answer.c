/* How an answer looks on the wire: status line, the fields that every answer carries, the body. */
#include "base/clock.h"
#include "web/connection.h"

/* Nobody may guess types, frame a page, or learn from a Referer where a link was clicked. */
#define SAFE_FIELDS \
	"X-Content-Type-Options: nosniff\r\n" \
	"Referrer-Policy: same-origin\r\n" \
	"X-Frame-Options: DENY\r\n" \
	"Cross-Origin-Opener-Policy: same-origin\r\n" \
	"Cross-Origin-Resource-Policy: same-origin\r\n"

/* What is no page needs nothing from anywhere. */
static const char strictest[] = "default-src 'none'; frame-ancestors 'none'";

enum { COPY_UP_TO = 16 * 1024 };

static void free_out(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	free(arg);
}

static void count_answer(struct call *call)
{
	size_t count, at = METRIC_ROUTES - 1;	/* the last: addresses that are no route */
	const struct route *table = route_table(&count);
	int class = call->status / 100;

	if (call->route != NULL && call->route >= table && call->route < table + count)
		at = (size_t)(call->route - table);
	else if (call->route == &webhook_route_post || call->route == &webhook_route_get)
		at = METRIC_ROUTES - 2;
	if (class >= 0 && class < METRIC_CLASSES)
		atomic_fetch_add_explicit(&call->web->metrics.answers[at][class], 1, memory_order_relaxed);
}

static void write_body(struct evbuffer *out, struct call *call, struct str body)
{
	if (body.len == 0)
		return;
	if (body.len <= COPY_UP_TO) {
		(void)evbuffer_add(out, body.p, body.len);
	} else if (call->fixed.p != NULL) {
		(void)evbuffer_add_reference(out, body.p, body.len, NULL, NULL);
	} else if (evbuffer_add_reference(out, body.p, body.len, free_out, call->out.p) == 0) {
		call->out = (struct buf){ 0 };	/* the buffer is evbuffer's now */
	}
}

void answer_write_body(struct evbuffer *out, struct call *call)
{
	write_body(out, call, call->fixed.p != NULL ? call->fixed : buf_str(&call->out));
}

void answer_write(struct loop *l, struct evbuffer *out, struct call *call, bool close_after)
{
	size_t length;

	/* An answer that grew past its limit is no answer. */
	if (call->out.failed || call->fields.failed || call->status == 0) {
		buf_clear(&call->fields);
		call_problem(call, 500, NULL, "The server could not answer",
			     STR("Memory ran out while the answer was written."));
	}
	count_answer(call);
	length = call->file.length > 0 ? (size_t)call->file.length : call->fixed.p != NULL ? call->fixed.len : call->out.len;
	(void)evbuffer_add_printf(
		out, "HTTP/1.1 %d %s\r\n%sCache-Control: %s\r\nContent-Security-Policy: %s\r\n" SAFE_FIELDS, call->status,
		http_reason(call->status), l->date, call->caching != NULL ? call->caching : "no-store",
		call->policy != NULL ? call->policy : strictest);
	if (l->web->https)
		(void)evbuffer_add_printf(out, "Strict-Transport-Security: max-age=31536000\r\n");
	if (call->fields.len > 0)
		(void)evbuffer_add(out, call->fields.p, call->fields.len);
	if (call->type != NULL)
		(void)evbuffer_add_printf(out, "Content-Type: %s\r\n", call->type);
	if (!call->stream && call->status != 204 && call->status != 304)
		(void)evbuffer_add_printf(out, "Content-Length: %zu\r\n", length);
	(void)evbuffer_add_printf(out, "%s\r\n", close_after ? "Connection: close\r\n" : "");
	if (call->head.method != HTTP_HEAD && call->status != 204 && call->status != 304)
		answer_write_body(out, call);
}
