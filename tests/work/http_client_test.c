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
	return (struct http_call){ .method = str_of(method), .url = str_of(url), .body = body, .timeout_ms = 5000 };
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

	c.timeout_ms = 300;
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
	assert_true(clock_mono_ms() - begun < 3000);
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
		cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stop, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("http client", tests, NULL, NULL);
}
