/* Requests to another server, in its good and bad moods. The question behind most of it: after a failure, may the other side
 * have seen the request? What it may have seen must never be said to be surely unsent, and never be sent a second time. */
#include "../check.h"
#include "peer.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/http_client.h"

static struct peer *peer;
static struct http_client *client;
static char seen[8192];		/* the last request's head and body: written before the answer, read after it */
static int seen_connection;

static bool is_path(const struct peer_request *r, const char *path)
{
	struct str rest;

	return str_eq_c(str_split(r->path, '?', &rest), path);
}

/* What the peer does depends on the path. */
static bool answer(void *arg, int fd, const struct peer_request *r)
{
	static char large[200 * 1024];
	char number[32];

	(void)arg;
	if (is_path(r, "/echo")) {
		(void)snprintf(seen, sizeof(seen), "%.*s%.*s", STR_ARG(r->head), STR_ARG(r->body));
		seen_connection = r->connection;
		return peer_reply(fd, 201, "X-Long-Name:  Value  \r\nX-EMPTY:\r\n", "hello");
	}
	if (is_path(r, "/number")) {
		(void)snprintf(number, sizeof(number), "%.*s", STR_ARG(r->body));
		return peer_reply(fd, 200, "", number);
	}
	if (is_path(r, "/slow"))
		return peer_hang(fd), false;
	if (is_path(r, "/redirect"))
		return peer_reply(fd, 302, "Location: /echo\r\n", "");
	if (is_path(r, "/short"))
		return peer_send(fd, STR("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.")), false;
	if (is_path(r, "/garbage"))
		return peer_send(fd, STR("\x16\x03\x01 this is no HTTP\r\n\r\n")), false;
	if (is_path(r, "/interim"))
		return peer_send(fd, STR("HTTP/1.1 103 Early\r\nX-Early: 1\r\n\r\n")) && peer_reply(fd, 200, "X-Late: 1\r\n", "late");
	if (is_path(r, "/chunked"))
		return peer_send(fd, STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
	if (is_path(r, "/large")) {
		memset(large, 'x', sizeof(large) - 1);
		return peer_reply(fd, 200, "", large);
	}
	if (is_path(r, "/headers")) {	/* many short ones: curl itself refuses a long one */
		memset(large, 'x', 1000);
		memcpy(large, "X: ", 3);
		memcpy(large + 998, "\r\n", 3);
		bool ok = peer_send(fd, STR("HTTP/1.1 200 OK\r\n"));

		for (int k = 0; k < 100 && ok; k++)
			ok = peer_send(fd, str_of(large));
		return ok && peer_send(fd, STR("\r\n"));
	}
	if (is_path(r, "/told-large"))		/* more than it ever sends: whoever believes it need not wait */
		return peer_send(fd, STR("HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\nx")) && (peer_hang(fd), false);
	if (is_path(r, "/unhappy"))
		return peer_reply(fd, 410, "", "it is gone");
	if (is_path(r, "/close"))
		return false;
	if (is_path(r, "/reset"))
		return peer_reset(fd), false;
	if (is_path(r, "/bye"))		/* answers, then closes without having said so */
		return peer_reply(fd, 200, "", "bye"), false;
	/* Closes the first connection that asks a second time, without an answer. */
	if (is_path(r, "/flaky"))
		return seen_connection == r->connection ? false : (seen_connection = r->connection, peer_reply(fd, 200, "", "ok"));
	return peer_reply(fd, 404, "", "?");
}

static int set_up(void **state)
{
	struct error err = { 0 };

	(void)state;
	/* Nobody listens at these: whoever believes the environment fails. */
	(void)setenv("http_proxy", "http://127.0.0.1:1", 1);
	(void)setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	seen[0] = '\0';
	seen_connection = 0;
	peer = peer_start(answer, NULL);
	return http_client_start(STR("MailTrixy/9.9"), &client, &err);
}

static int tear_down(void **state)
{
	(void)state;
	http_client_free(client);
	peer_stop(peer);
	return 0;
}

static char urls[4][256];

static struct http_call call_to(const char *method, const char *path, struct str body)
{
	static int n;
	char *url = urls[n++ % 4];

	(void)snprintf(url, sizeof(urls[0]), "http://127.0.0.1:%d%s", peer_port(peer), path);
	return (struct http_call){ .method = str_of(method), .url = str_of(url), .body = body, .timeout_ms = 30000 };
}

static void test_answers(void **state)
{
	struct http_header sent[] = { { STR("Authorization"), STR("Bearer x") }, { STR("X-Nothing"), STR("") } };
	struct http_call c = call_to("POST", "/echo?a=b", STR("{\"text\":1}"));

	(void)state;
	c.headers = sent;
	c.header_count = 2;
	http_client_run(client, &c);
	assert_int_equal(c.status, 201);
	check_str(c.answer_body, "hello");
	bool long_name = false, empty = false;

	for (size_t k = 0; k < c.answer_header_count; k++) {
		long_name |= str_eq_c(c.answer_headers[k].name, "x-long-name") && str_eq_c(c.answer_headers[k].value, "Value");
		empty |= str_eq_c(c.answer_headers[k].name, "x-empty") && c.answer_headers[k].value.len == 0;
	}
	assert_true(long_name && empty);
	assert_non_null(strstr(seen, "POST /echo?a=b HTTP/1.1\r\n"));
	assert_non_null(strstr(seen, "\r\nAuthorization: Bearer x\r\n"));
	assert_non_null(strstr(seen, "\r\nX-Nothing:"));
	assert_non_null(strstr(seen, "\r\nUser-Agent: MailTrixy/9.9\r\n"));
	assert_non_null(strstr(seen, "\r\nContent-Length: 10\r\n"));
	assert_non_null(strstr(seen, "\r\n\r\n{\"text\":1}"));
	assert_null(strstr(seen, "Expect"));
	assert_null(strstr(seen, "urlencoded"));
	http_call_done(&c);
}

static void test_methods(void **state)
{
	static const char *const methods[] = { "GET", "DELETE", "POST", "PUT" };
	char line[64];

	(void)state;
	for (size_t k = 0; k < 4; k++) {
		struct http_call c = call_to(methods[k], "/echo", STR_NONE);

		http_client_run(client, &c);
		assert_int_equal(c.status, 201);
		(void)snprintf(line, sizeof(line), "%s /echo HTTP/1.1\r\n", methods[k]);
		assert_int_equal(strncmp(seen, line, strlen(line)), 0);
		http_call_done(&c);
	}
	assert_int_equal(seen_connection, 1);	/* all of them on one connection */
}

static void test_odd_answers(void **state)
{
	struct http_call c = call_to("GET", "/redirect", STR_NONE);

	(void)state;
	http_client_run(client, &c);
	assert_int_equal(c.status, 302);
	check_str(c.answer_body, "");
	assert_int_equal(peer_requests(peer), 1);
	http_call_done(&c);
	c = call_to("GET", "/interim", STR_NONE);
	http_client_run(client, &c);
	assert_int_equal(c.status, 200);
	check_str(c.answer_body, "late");
	for (size_t k = 0; k < c.answer_header_count; k++)
		assert_false(str_eq_c(c.answer_headers[k].name, "x-early"));
	http_call_done(&c);
	c = call_to("GET", "/chunked", STR_NONE);
	http_client_run(client, &c);
	assert_int_equal(c.status, 200);
	check_str(c.answer_body, "abcde");
	http_call_done(&c);
}

/* The request arrived; what became of it nobody knows. */
static void check_unknown(const char *path)
{
	struct http_call c = call_to("POST", path, STR("x"));
	int before = peer_requests(peer);

	if (strncmp(path, "/slow", 5) == 0)
		c.timeout_ms = 2000;	/* the others end by themselves */
	http_client_run(client, &c);
	if (c.status != 0 || c.surely_not_sent || c.error.code != ERR_UNKNOWN || peer_requests(peer) != before + 1)
		check_failed("%s: status %lld, surely %d, code %d, asked %d times: %s", path, (long long)c.status, c.surely_not_sent,
			     c.error.code, peer_requests(peer) - before, c.error.text);
	assert_null(strstr(c.error.text, "SECRET"));
	http_call_done(&c);
}

static void test_lost_answers(void **state)
{
	(void)state;
	check_unknown("/slow?access_token=SECRET");
	check_unknown("/short?access_token=SECRET");
	check_unknown("/garbage?access_token=SECRET");
	check_unknown("/close?access_token=SECRET");
	check_unknown("/reset?access_token=SECRET");
}

static void test_too_large(void **state)
{
	static const char *const paths[] = { "/large", "/headers" };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct http_call c = call_to("POST", paths[k], STR("x"));

		c.max_answer = 100 * 1024;
		http_client_run(client, &c);
		assert_int_equal(c.status, 0);
		assert_int_equal(c.error.code, ERR_LIMIT);
		assert_false(c.surely_not_sent);
		http_call_done(&c);
	}
	struct http_call c = call_to("GET", "/large", STR_NONE);

	http_client_run(client, &c);
	assert_int_equal(c.status, 200);
	assert_int_equal(c.answer_body.len, 200 * 1024 - 1);
	http_call_done(&c);
}

/* A kept connection that dies under a request: the peer takes all of it and closes. curl would send it again by itself, which
 * for a message to a customer would be a second message. A question may be asked twice. */
static void check_kept_connection_dies(const char *method, struct str body, bool may_be_asked_twice)
{
	struct http_call first = call_to("GET", "/flaky", STR_NONE), second = call_to(method, "/flaky", body);
	int before = peer_requests(peer);

	http_client_run(client, &first);
	assert_int_equal(first.status, 200);
	http_call_done(&first);
	http_client_run(client, &second);
	if (second.status != (may_be_asked_twice ? 200 : 0) || second.surely_not_sent ||
	    peer_requests(peer) != before + (may_be_asked_twice ? 3 : 2))
		check_failed("%s %.*s: status %lld, surely %d, asked %d times: %s", method, STR_ARG(body), (long long)second.status,
			     second.surely_not_sent, peer_requests(peer) - before - 1, second.error.text);
	http_call_done(&second);
	/* The next begins with a connection of its own. */
	seen_connection = 0;
}

static void test_kept_connection_dies(void **state)
{
	(void)state;
	check_kept_connection_dies("POST", STR("a message"), false);
	check_kept_connection_dies("POST", STR_NONE, false);
	check_kept_connection_dies("DELETE", STR_NONE, false);
}

static void test_question_on_a_dying_connection(void **state)
{
	(void)state;
	check_kept_connection_dies("GET", STR_NONE, true);
}

/* A kept connection that was closed while it was idle costs nothing, and nothing is sent twice. */
static void test_kept_connection_closed(void **state)
{
	(void)state;
	for (int k = 0; k < 20; k++) {
		struct http_call c = call_to("POST", "/bye", STR("x"));

		http_client_run(client, &c);
		/* The close may cross the request: then it may have been seen. It is never a second request. */
		if (c.status != 200)
			assert_false(c.surely_not_sent && peer_requests(peer) > k);
		assert_true(peer_requests(peer) <= k + 1);
		http_call_done(&c);
	}
}

static void test_nobody_there(void **state)
{
	struct http_call c = { .method = STR("POST"), .url = STR("http://127.0.0.1:1/?access_token=SECRET"), .body = STR("x") };

	(void)state;
	http_client_run(client, &c);
	assert_int_equal(c.status, 0);
	assert_true(c.surely_not_sent);
	assert_int_equal(c.error.code, ERR_TEMPORARY);
	assert_null(strstr(c.error.text, "SECRET"));
	http_call_done(&c);
	c = (struct http_call){ .method = STR("POST"), .url = STR("http://nobody.invalid/?access_token=SECRET"), .body = STR("x"),
				.timeout_ms = 2000 };
	http_client_run(client, &c);
	assert_int_equal(c.status, 0);
	assert_true(c.surely_not_sent);
	assert_int_equal(c.error.code, ERR_TEMPORARY);
	assert_null(strstr(c.error.text, "SECRET"));
	http_call_done(&c);
}

/* The peer speaks no TLS: its hello leaves, the request does not. */
static void test_no_tls(void **state)
{
	struct http_call c = call_to("POST", "/echo", STR("x"));
	char url[256];

	(void)state;
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%d/echo", peer_port(peer));
	c.url = str_of(url);
	c.timeout_ms = 500;
	http_client_run(client, &c);
	assert_int_equal(c.status, 0);
	assert_true(c.surely_not_sent);
	assert_int_equal(peer_requests(peer), 0);
	http_call_done(&c);
}

/* A listener whose queue is full: the connection never comes. */
static void test_connect_timeout(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fill[4];
	char url[128];

	(void)state;
	assert_true(bind(listener, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(listener, 0) == 0 &&
		    getsockname(listener, (struct sockaddr *)&a, &len) == 0);
	for (size_t k = 0; k < 4; k++) {
		fill[k] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fill[k], (struct sockaddr *)&a, sizeof(a));
	}
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(a.sin_port));
	struct http_call c = { .method = STR("POST"), .url = str_of(url), .body = STR("x"), .timeout_ms = 300 };

	http_client_run(client, &c);
	assert_int_equal(c.status, 0);
	assert_true(c.surely_not_sent);
	assert_int_equal(c.error.code, ERR_TEMPORARY);
	http_call_done(&c);
	for (size_t k = 0; k < 4; k++)
		(void)close(fill[k]);
	(void)close(listener);
}

static void test_refused_requests(void **state)
{
	static const char *const bad_urls[] = { "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "dict://127.0.0.1/",
						"http://[", "", "http://127.0.0.1:1/\r\nX: y", "http://127.0.0.1:99999/" };
	struct http_header bad[] = { { STR("X"), STR("a\r\nY: b") }, { STR("X Y"), STR("a") }, { STR(""), STR("a") },
				     { STR("Content-Length"), STR("0") }, { STR("Transfer-Encoding"), STR("chunked") } };

	(void)state;
	for (size_t k = 0; k < sizeof(bad_urls) / sizeof(bad_urls[0]); k++) {
		struct http_call c = { .method = STR("POST"), .url = str_of(bad_urls[k]), .body = STR("x"), .timeout_ms = 2000 };

		http_client_run(client, &c);
		if (c.status != 0 || !c.surely_not_sent || c.error.code != ERR_INVALID)
			check_failed("%s: %d %s", bad_urls[k], c.error.code, c.error.text);
		http_call_done(&c);
	}
	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		struct http_call c = call_to("GET", "/echo", STR_NONE);

		c.headers = &bad[k];
		c.header_count = 1;
		http_client_run(client, &c);
		assert_true(c.status == 0 && c.surely_not_sent && c.error.code == ERR_INVALID);
		http_call_done(&c);
	}
	struct http_call c = call_to("GET /x HTTP/1.1\r\nA:", "/echo", STR_NONE);

	http_client_run(client, &c);
	assert_true(c.status == 0 && c.surely_not_sent && c.error.code == ERR_INVALID);
	http_call_done(&c);
	assert_int_equal(peer_requests(peer), 0);
}

/* ---- parts ---- */

static int file_of(struct str bytes)
{
	FILE *f = tmpfile();
	int fd;

	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.len, f), bytes.len);
	assert_int_equal(fflush(f), 0);
	fd = dup(fileno(f));
	(void)fclose(f);
	return fd;
}

static void test_parts(void **state)
{
	int fd = file_of(STR("\0the bytes\r\n--of a file, and more"));
	struct http_part parts[] = {
		{ .name = STR("messaging_product"), .value = STR("whatsapp"), .fd = -1 },
		{ .name = STR("file"), .file_name = STR("a \"b\".pdf"), .mime_type = STR("application/pdf"), .fd = fd, .bytes = 25 },
	};
	struct http_header typed = { STR("content-type"), STR("application/json") };
	struct http_call c = call_to("POST", "/echo", STR("not looked at"));
	struct peer_request r;

	(void)state;
	c.parts = parts;
	c.part_count = 2;
	c.headers = &typed;
	c.header_count = 1;
	http_client_run(client, &c);
	assert_int_equal(c.status, 201);
	r.head = (struct str){ seen, (size_t)(strstr(seen, "\r\n\r\n") - seen) };
	struct str type = peer_header(&r, "content-type"), rest, head = str_split(type, '=', &rest);
	char expected[1024];

	check_str(head, "multipart/form-data; boundary");
	int n = snprintf(expected, sizeof(expected), "\r\n\r\n--%.*s\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n"
		 "--%.*s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a %%22b%%22.pdf\"\r\n"
		 "Content-Type: application/pdf\r\n\r\n", STR_ARG(rest), STR_ARG(rest));
	char *at = strstr(seen, "\r\n\r\n");

	assert_int_equal(strncmp(at, expected, (size_t)n), 0);
	/* The rest holds a NUL: it was cut there when it was noted, so its length says that all came. */
	int64_t length = 0;

	assert_true(str_to_i64(peer_header(&r, "content-length"), &length));
	assert_int_equal(length, n - 4 + 25 + 8 + (int)rest.len);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 33);	/* where it was */
	http_call_done(&c);
	(void)close(fd);
}

/* A file that is shorter than was told, a part that breaks the head. */
static void test_bad_parts(void **state)
{
	int fd = file_of(STR("short"));
	struct http_part part = { .name = STR("file"), .fd = fd, .bytes = 100000 };
	struct http_call c = call_to("POST", "/echo", STR_NONE);

	(void)state;
	c.parts = &part;
	c.part_count = 1;
	http_client_run(client, &c);
	assert_int_equal(c.status, 0);
	assert_int_equal(c.error.code, ERR_BROKEN);
	http_call_done(&c);
	part = (struct http_part){ .name = STR("a\r\nX: y"), .value = STR("v"), .fd = -1 };
	http_client_run(client, &c);
	assert_true(c.status == 0 && c.surely_not_sent && c.error.code == ERR_INVALID);
	http_call_done(&c);
	assert_int_equal(peer_requests(peer), 0);
	(void)close(fd);
}

/* A kept connection that dies under parts: as with a body, never a second time. */
static void test_parts_are_sent_once(void **state)
{
	struct http_part part = { .name = STR("a"), .value = STR("v"), .fd = -1 };
	struct http_call first = call_to("GET", "/flaky", STR_NONE), second = call_to("POST", "/flaky", STR_NONE);

	(void)state;
	http_client_run(client, &first);
	assert_int_equal(first.status, 200);
	http_call_done(&first);
	second.parts = &part;
	second.part_count = 1;
	http_client_run(client, &second);
	assert_true(second.status == 0 && !second.surely_not_sent && second.error.code == ERR_UNKNOWN);
	assert_int_equal(peer_requests(peer), 2);
	http_call_done(&second);
}

/* ---- bodies that stream ---- */

struct sink {
	size_t bytes, fails_after;
};

static int take(void *arg, struct str bytes)
{
	struct sink *s = arg;

	s->bytes += bytes.len;
	return s->fails_after > 0 && s->bytes > s->fails_after ? -1 : 0;
}

static struct http_call call_into(struct sink *s, const char *path, size_t max)
{
	struct http_call c = call_to("GET", path, STR_NONE);

	c.sink = take;
	c.sink_arg = s;
	c.max_answer = max;
	return c;
}

static void test_sink(void **state)
{
	struct sink s = { 0 };
	struct http_call c = call_into(&s, "/large", 200 * 1024);

	(void)state;
	http_client_run(client, &c);
	assert_int_equal(c.status, 200);
	assert_int_equal(s.bytes, 200 * 1024 - 1);
	assert_int_equal(c.answer_body.len, 0);
	http_call_done(&c);
	s = (struct sink){ 0 };
	c = call_into(&s, "/unhappy", 100);	/* what explains a refusal is no part of the file */
	http_client_run(client, &c);
	assert_int_equal(c.status, 410);
	assert_int_equal(s.bytes, 0);
	check_str(c.answer_body, "it is gone");
	http_call_done(&c);
	s = (struct sink){ .fails_after = 1000 };
	c = call_into(&s, "/large", 200 * 1024);
	http_client_run(client, &c);
	assert_true(c.status == 0 && c.error.code == ERR_BROKEN);
	http_call_done(&c);
	s = (struct sink){ 0 };
	c = call_into(&s, "/short", 1000);
	http_client_run(client, &c);
	assert_true(c.status == 0 && c.error.code != ERR_LIMIT);
	http_call_done(&c);
}

static void test_sink_limits(void **state)
{
	struct sink s = { 0 };
	struct http_call c = call_into(&s, "/told-large", 1000000);
	int64_t begun = clock_mono_ms();

	(void)state;
	http_client_run(client, &c);
	assert_true(c.status == 0 && c.error.code == ERR_LIMIT);
	assert_true(s.bytes == 0 && clock_mono_ms() - begun < 20000);
	http_call_done(&c);
	s = (struct sink){ 0 };
	c = call_into(&s, "/chunked", 4);	/* its length is not told */
	http_client_run(client, &c);
	assert_true(c.status == 0 && c.error.code == ERR_LIMIT);
	assert_true(s.bytes <= 4);
	http_call_done(&c);
}

/* ---- the guard of addresses ---- */

/* The peer is at 127.0.0.1: it must not even be connected to, by whatever name. */
static void test_public_only(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0", "0x7f.1",
					     "127.1", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]" };
	char url[128];

	(void)state;
	for (size_t k = 0; k < sizeof(hosts) / sizeof(hosts[0]); k++) {
		struct http_call c = call_to("GET", "/echo", STR_NONE);

		(void)snprintf(url, sizeof(url), "http://%s:%d/echo", hosts[k], peer_port(peer));
		c.url = str_of(url);
		c.public_only = true;
		http_client_run(client, &c);
		if (c.status != 0 || !c.surely_not_sent || c.error.code != ERR_DENIED)
			check_failed("%s: %lld %d %s", hosts[k], (long long)c.status, c.error.code, c.error.text);
		http_call_done(&c);
	}
	assert_int_equal(peer_connections(peer), 0);
	/* A connection that somebody without the guard has opened is no way around it. */
	struct http_call open = call_to("GET", "/echo", STR_NONE), guarded = call_to("GET", "/echo", STR_NONE);

	http_client_run(client, &open);
	assert_int_equal(open.status, 201);
	http_call_done(&open);
	guarded.public_only = true;
	http_client_run(client, &guarded);
	assert_true(guarded.status == 0 && guarded.surely_not_sent && guarded.error.code == ERR_DENIED);
	http_call_done(&guarded);
	assert_int_equal(peer_requests(peer), 1);
}

static void check_origin(const char *url, const char *scheme, const char *host, int port)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct http_origin o;
	struct error err = { 0 };
	int r = http_origin_of(str_of(url), &arena, &o, &err);

	if (scheme == NULL) {
		if (r != ERR_INVALID)
			check_failed("%s is an address", url);
		return;
	}
	check_ok(r, &err);
	check_str(o.scheme, scheme);
	check_str(o.host, host);
	assert_int_equal(o.port, port);
}

static void test_origins(void **state)
{
	(void)state;
	check_origin("https://LookAside.fbsbx.com/a?b#c", "https", "lookaside.fbsbx.com", 443);
	check_origin("HTTP://a.example:8080", "http", "a.example", 8080);
	check_origin("http://[::1]:81/", "http", "::1", 81);
	check_origin("https://a.example\\@b.example/", NULL, NULL, 0);
	check_origin("https://a.example@b.example/", NULL, NULL, 0);
	check_origin("https://u:p@b.example/", NULL, NULL, 0);
	check_origin("https://%62.example/", "https", "b.example", 443);
	check_origin("ftp://a.example/", NULL, NULL, 0);
	check_origin("//a.example/", NULL, NULL, 0);
	check_origin("https://", NULL, NULL, 0);
	check_origin("https:///a", "https", "a", 443);	/* as curl itself would go there */
	check_origin("https://a.example:70000/", NULL, NULL, 0);
	check_origin("https://a.example/\n", NULL, NULL, 0);
	check_origin("", NULL, NULL, 0);
}

static void check_join(const char *base, const char *location, const char *expected)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str s;
	struct error err = { 0 };
	int r = http_url_join(str_of(base), str_of(location), &arena, &s, &err);

	if (expected == NULL) {
		assert_int_equal(r, ERR_INVALID);
		return;
	}
	check_ok(r, &err);
	check_str(s, expected);
}

static void test_joins(void **state)
{
	(void)state;
	check_join("https://a.example/b/c?d", "/e", "https://a.example/e");
	check_join("https://a.example/b/c?d", "e", "https://a.example/b/e");
	check_join("https://a.example/b", "//c.example/d", "https://c.example/d");
	check_join("https://a.example/b", "http://127.0.0.1:1/", "http://127.0.0.1:1/");
	check_join("https://a.example/b", "file:///etc/passwd", NULL);
	check_join("https://a.example/b", "https://x@c.example/", NULL);
	check_join("https://a.example/b", "", NULL);
	check_join("https://a.example/b", "/a b", "https://a.example/a%20b");
}

/* ---- many at once ---- */

enum { MANY = 300 };

struct crowd {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int done;
};

static void crowd_done(struct http_call *call)
{
	struct crowd *c = call->arg;

	(void)pthread_mutex_lock(&c->lock);
	c->done++;
	(void)pthread_cond_signal(&c->changed);
	(void)pthread_mutex_unlock(&c->lock);
}

static void crowd_wait(struct crowd *c, int count)
{
	(void)pthread_mutex_lock(&c->lock);
	while (c->done < count)
		(void)pthread_cond_wait(&c->changed, &c->lock);
	(void)pthread_mutex_unlock(&c->lock);
}

static void test_many(void **state)
{
	static struct http_call calls[MANY];
	static char bodies[MANY][16];
	char url[128];
	struct crowd crowd = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

	(void)state;
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/number", peer_port(peer));
	for (int k = 0; k < MANY; k++) {
		(void)snprintf(bodies[k], sizeof(bodies[k]), "%d", k);
		calls[k] = call_to("POST", "/number", str_of(bodies[k]));
		calls[k].url = str_of(url);
		calls[k].timeout_ms = 30000;
		calls[k].done = crowd_done;
		calls[k].arg = &crowd;
	}
	for (int k = 0; k < MANY; k++)
		http_client_submit(client, &calls[k]);
	crowd_wait(&crowd, MANY);
	for (int k = 0; k < MANY; k++) {
		if (calls[k].status != 200)
			check_failed("%d: %s", k, calls[k].error.text);
		check_str(calls[k].answer_body, bodies[k]);
		http_call_done(&calls[k]);
	}
	assert_int_equal(peer_requests(peer), MANY);
}

static void test_stop(void **state)
{
	struct crowd crowd = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
	struct http_call running = call_to("POST", "/slow", STR("x")), late = call_to("POST", "/echo", STR("x"));
	int64_t begun = clock_mono_ms();

	(void)state;
	running.done = late.done = crowd_done;
	running.arg = late.arg = &crowd;
	http_client_submit(client, &running);
	assert_true(peer_wait(peer, 1));
	http_client_stop(client);
	assert_int_equal(crowd.done, 1);
	assert_true(running.status == 0 && !running.surely_not_sent);
	http_client_submit(client, &late);
	assert_int_equal(crowd.done, 2);
	assert_true(late.status == 0 && late.surely_not_sent);
	assert_true(clock_mono_ms() - begun < 20000);
	assert_int_equal(peer_requests(peer), 1);
	http_call_done(&running);
	http_call_done(&late);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_methods, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_odd_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lost_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_too_large, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kept_connection_dies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_question_on_a_dying_connection, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kept_connection_closed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nobody_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_tls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_connect_timeout, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused_requests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_parts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_parts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_parts_are_sent_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sink, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sink_limits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_public_only, set_up, tear_down),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_joins),
		cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stop, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("http client", tests, NULL, NULL);
}
