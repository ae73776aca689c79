/* web/http.c: what a request's head and a chunked body may be, and what is refused because two readers could differ. */
#include "../check.h"

#include "web/http.h"

static int read_head(const char *text, struct http_head *ret)
{
	return http_head_read(str_of(text), ret);
}

static void test_plain(void **state)
{
	struct http_head h;

	(void)state;
	assert_int_equal(read_head("GET /a/b%20c?x=1&y HTTP/1.1\r\nHost: example.org\r\nX-Thing:  two words \r\n\r\n", &h), 0);
	assert_int_equal(h.method, HTTP_GET);
	check_str(h.path, "/a/b%20c");
	check_str(h.query, "x=1&y");
	check_str(http_field(&h, "x-THING"), "two words");
	assert_null(http_field(&h, "absent").p);
	assert_true(h.keep_alive);
	assert_int_equal(h.content_length, 0);
	assert_int_equal(read_head("POST http://example.org:80/x?y HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\nConnection: foo, Close\r\n\r\n", &h), 0);
	check_str(h.path, "/x");
	assert_int_equal(h.content_length, 12);
	assert_false(h.keep_alive);
	assert_int_equal(read_head("PATCH / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\nExpect: 100-continue\r\n\r\n", &h), 0);
	assert_true(h.chunked && h.expects_continue);
	assert_int_equal(read_head("GET / HTTP/1.0\r\n\r\n", &h), 0);
	assert_false(h.keep_alive);
	assert_null(h.query.p);
	assert_int_equal(read_head("BREW /pot HTTP/1.1\r\nHost: h\r\n\r\n", &h), 0);
	assert_int_equal(h.method, HTTP_OTHER);
}

static void test_refused(void **state)
{
	static const struct {
		int status;
		const char *text;
	} bad[] = {
		{ 400, "GET / HTTP/1.1\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" },
		{ 400, "GET  / HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET / HTTP/1.1 \r\nHost: h\r\n\r\n" },
		{ 400, "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET /#top HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET * HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET a HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET /\x80 HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "G(T / HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, " GET / HTTP/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET /\r\n\r\n" },
		{ 505, "GET / HTTP/2.0\r\nHost: h\r\n\r\n" },
		{ 400, "GET / ICY/1.1\r\nHost: h\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: h\r\nX : a\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\nY: b\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n" },
		{ 400, "GET / HTTP/1.1\r\nHost: h\r\n: nameless\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x10\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" },
		{ 400, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" },
		{ 501, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" },
		{ 501, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n" },
		{ 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" },
	};

	(void)state;
	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		struct http_head h;
		int status = read_head(bad[k].text, &h);

		if (status != bad[k].status)
			check_failed("%d, not %d: %s", status, bad[k].status, bad[k].text);
	}
}

static void test_many_fields(void **state)
{
	SCOPED(buf_done) struct buf b = { 0 };
	struct http_head h;

	(void)state;
	buf_add_c(&b, "GET / HTTP/1.1\r\nHost: h\r\n");
	for (int k = 0; k < HTTP_FIELDS_MAX; k++)
		buf_addf(&b, "X-%d: y\r\n", k);
	buf_add_c(&b, "\r\n");
	assert_int_equal(http_head_read(buf_str(&b), &h), 431);
}

/* The end is found however the bytes are cut. */
static void test_head_len(void **state)
{
	struct str text = STR("GET / HTTP/1.1\r\nHost: h\r\n\r\nrest\r\n\r\n");

	(void)state;
	for (size_t from = 0; from < 27; from++)
		assert_int_equal(http_head_len(text, from), 27);
	for (size_t len = 0; len < 27; len++)
		assert_int_equal(http_head_len(str_cut(text, 0, len), 0), 0);
	assert_int_equal(http_head_len(STR("\r\r\n\r\r\n\r\n"), 0), 8);
}

/* The same result for whole, and byte by byte. */
static int read_chunks(struct str text, size_t step, struct buf *body)
{
	struct http_chunks c = { 0 };
	size_t at = 0, used;
	int r = 0;

	while (r == 0 && at < text.len) {
		r = http_chunks_read(&c, str_cut(text, at, step), body, &used);
		at += used;
		if (r == 0)
			assert_true(used > 0);
	}
	return r < 0 ? r : r == 0 ? 0 : (int)at;
}

static void test_chunks(void **state)
{
	struct str good = STR("5;a=\"b\"\r\nhello\r\n0006\r\n world\r\n0\r\nTrailer: x\r\n\r\nNEXT");
	static const char *const bad[] = { "x\r\n", "\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhelloXX0\r\n\r\n", "123456789\r\n", "-1\r\n", "5\r\nhello\n0\r\n\r\n", "0\r\n\n" };

	(void)state;
	for (size_t step = 1; step <= good.len; step++) {
		SCOPED(buf_done) struct buf body = { .max = 64 };

		assert_int_equal(read_chunks(good, step, &body), (int)good.len - 4);
		check_str(buf_str(&body), "hello world");
	}
	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		SCOPED(buf_done) struct buf body = { .max = 64 };

		if (read_chunks(str_of(bad[k]), 1, &body) != -1)
			check_failed("taken: %s", bad[k]);
	}
	SCOPED(buf_done) struct buf small = { .max = 8 };

	(void)read_chunks(good, 100, &small);
	assert_true(small.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain), cmocka_unit_test(test_refused), cmocka_unit_test(test_many_fields), cmocka_unit_test(test_head_len),
		cmocka_unit_test(test_chunks),
	};

	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
