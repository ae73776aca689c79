/* What a stranger sends to the port: a head, then perhaps a chunked body, cut anywhere. The reading must not depend on the cuts. */
#include <assert.h>
#include <string.h>

#include "web/file_answer.h"
#include "web/http.h"
#include "web/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool inside(struct str part, struct str whole)
{
	return part.p == NULL || (part.p >= whole.p && part.p + part.len <= whole.p + whole.len);
}

static void check_head(const struct http_head *h, struct str head)
{
	assert(h->path.len > 0 && h->path.p[0] == '/' && h->field_count <= HTTP_FIELDS_MAX && h->content_length >= 0);
	assert(h->content_length == 0 || !h->chunked);
	for (size_t k = 0; k < h->field_count; k++) {
		assert(h->field[k].name.len > 0 && inside(h->field[k].name, head) && inside(h->field[k].value, head));
		assert(h->field[k].value.len == 0 || memchr(h->field[k].value.p, '\n', h->field[k].value.len) == NULL);
	}
}

/* A range lies inside the file, and no name makes a line of its own. */
static void check_range(struct str field, struct arena *arena)
{
	int64_t from = 0, len = 0;
	struct str disposition = file_disposition(false, field, arena);

	assert(file_range(field, 1000, &from, &len) <= 0 || (from >= 0 && len > 0 && from <= 1000 - len));
	assert(memchr(disposition.p, '\n', disposition.len) == NULL);
}

static int read_body(struct str bytes, size_t step, struct buf *body)
{
	struct http_chunks c = { 0 };
	size_t at = 0, used;
	int r = 0;

	while (r == 0 && at < bytes.len) {
		r = http_chunks_read(&c, str_cut(bytes, at, step), body, &used);
		if (r >= 0)
			at += used;
	}
	return r < 0 ? -1 : (int)at * 2 + r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(arena_done) struct arena a = { 0 };
	SCOPED(buf_done) struct buf once = { .max = 65536 }, many = { .max = 65536 };
	struct str text = { (const char *)data, size }, value;
	struct http_head h;
	size_t len = http_head_len(text, 0);

	for (size_t from = 0; len > 0 && from < len && from < 64; from++)
		assert(http_head_len(text, from) == len);
	if (len > 0 && http_head_read(str_cut(text, 0, len), &h) == 0) {
		check_head(&h, str_cut(text, 0, len));
		(void)query_get(&a, h.query, "q", &value, NULL);
		(void)cookie_get(http_field(&h, "cookie"), "mailtrixy_session");
		check_range(http_field(&h, "range"), &a);
	}
	text = str_cut(text, len, size);
	assert(read_body(text, text.len, &once) == read_body(text, 1, &many));
	assert(once.failed || str_eq(buf_str(&once), buf_str(&many)));
	return 0;
}
