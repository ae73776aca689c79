/* Many at once: the same webhooks on several threads, the same reply twice, readers beside them. Everything is there once. */
#include "fixture.h"

#include <pthread.h>
#include <string.h>

#include "inbox/directory.h"
#include "inbox/outbox.h"
#include "inbox/reply.h"
#include "inbox/webhook.h"

enum { THREADS = 4, CONTACTS = 25, MESSAGES = 3 };

static char signature[CONTACTS * MESSAGES][80];

static void body_of(int k, char *ret, size_t size)
{
	(void)snprintf(ret, size, "shop message new%d m%d %d hello", k % CONTACTS, k, 1000 + k);
}

static void sign_all(void)
{
	struct hmac *h;

	assert_int_equal(hmac_new(STR("secret-shop"), &h, NULL), 0);
	for (int k = 0; k < CONTACTS * MESSAGES; k++) {
		SCOPED(buf_done) struct buf b = { 0 };
		unsigned char sum[SHA256_BYTES];
		char body[128];

		body_of(k, body, sizeof(body));
		assert_int_equal(hmac_sha256(h, str_of(body), sum, NULL), 0);
		buf_add(&b, STR("sha256="));
		buf_add_hex(&b, sum, sizeof(sum));
		(void)snprintf(signature[k], sizeof(signature[k]), "%s", b.p);
	}
	hmac_free(h);
}

/* Threads say by their result whether all went well: cmocka's checks belong to the main thread. */
static bool deliver(int k)
{
	struct webhook *w = NULL;
	struct error err = { 0 };
	char body[128];

	body_of(k, body, sizeof(body));
	bool ok = webhook_read(&house.i, &fake_channel, str_of(body), str_of(signature[k]), &w, &err) == WEBHOOK_STORE &&
		  house_write_ahead(webhook_store, webhook_tell_ahead, w, &err) >= 0;

	if (!ok)
		print_error("deliver %d: %s\n", k, err.text);
	webhook_free(w);
	return ok;
}

static void *deliver_all(void *arg)
{
	int from = *(int *)arg, total = CONTACTS * MESSAGES;

	for (int n = 0; n < total; n++)
		if (!deliver((from % 2 ? total - 1 - n : n + from) % total))
			return NULL;
	return arg;
}

static void *read_lists(void *arg)
{
	struct db *reader;
	struct error err = { 0 };
	bool ok = store_reader_new(house.i.store, &reader, &err) >= 0;

	for (int n = 0; n < 60 && ok; n++) {
		SCOPED(arena_done) struct arena arena = { 0 };
		struct conversation_query q = { .limit = 30 };
		struct conversation *list;
		struct message *messages;
		struct outbox_item items[4];
		struct str cursor;
		size_t count, message_count;
		int64_t next;

		ok = conversation_list(&house.i, reader, house.w, &q, &arena, &list, &count, &cursor, &err) >= 0 &&
		     (count == 0 || message_list(reader, house.w, list[0].id, STR_NONE, 10, &arena, &messages, &message_count, &cursor, &err) >= 0) &&
		     outbox_due(&house.i, reader, clock_now_ms(), 4, &arena, items, 4, &count, &next, &err) >= 0;
		if (n % 20 == 0)
			ok = ok && directory_load(&house.i, &err) >= 0;
	}
	if (!ok)
		print_error("read: %s\n", err.text);
	store_reader_free(reader);
	return ok ? arg : NULL;
}

static int64_t number(const char *what)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	struct error err = { 0 };

	check_ok(db_prepare_built(house.reader, &st, str_of(what), &err), &err);
	check_is(stmt_step(&st, &err), 1, &err);
	return next_i64(&st);
}

static void the_same_webhooks_on_many_threads(void **state)
{
	pthread_t thread[THREADS + 1];
	int from[THREADS + 1];

	(void)state;
	sign_all();
	for (int k = 0; k <= THREADS; k++) {
		from[k] = k;
		assert_int_equal(pthread_create(&thread[k], NULL, k < THREADS ? deliver_all : read_lists, &from[k]), 0);
	}
	for (int k = 0; k <= THREADS; k++) {
		void *result;

		(void)pthread_join(thread[k], &result);
		assert_ptr_equal(result, &from[k]);
	}
	assert_int_equal(number("SELECT COUNT(*) FROM conversations"), CONTACTS);
	assert_int_equal(number("SELECT COUNT(*) FROM contacts"), CONTACTS);
	assert_int_equal(number("SELECT COUNT(*) FROM contact_identities"), CONTACTS);
	assert_int_equal(number("SELECT COUNT(*) FROM messages"), CONTACTS * MESSAGES);
	assert_int_equal(number("SELECT SUM(unread) FROM conversations"), CONTACTS * MESSAGES);
	assert_int_equal(number("SELECT COUNT(*) FROM webhook_events"), CONTACTS * MESSAGES);
	assert_int_equal(number("SELECT COUNT(*) FROM webhook_bodies"), CONTACTS * MESSAGES);
}

static int64_t conversation;

static void *reply_once(void *arg)
{
	struct reply r = { .workspace = house.w, .conversation_id = conversation, .text = STR("one two three four five six"), .split = true,
			   .client_id = STR("the-same") };
	struct reply_result *ret = arg;

	return inbox_reply(&house.i, &r, ret, NULL) == 0 ? arg : NULL;
}

static void the_same_reply_on_many_threads(void **state)
{
	const struct trixy_event e = said("ada", "m", "?", clock_now_ms());
	struct reply_result ret[THREADS];
	pthread_t thread[THREADS];
	int first = 0;

	(void)state;
	(void)house_apply(&e, 1);
	conversation = house_conversation("ada").id;
	for (int k = 0; k < THREADS; k++)
		assert_int_equal(pthread_create(&thread[k], NULL, reply_once, &ret[k]), 0);
	for (int k = 0; k < THREADS; k++) {
		void *result;

		(void)pthread_join(thread[k], &result);
		assert_ptr_equal(result, &ret[k]);
		assert_int_equal(ret[k].count, 2);
		assert_memory_equal(ret[k].message_ids, ret[0].message_ids, 2 * sizeof(int64_t));
		first += !ret[k].repeated;
	}
	assert_int_equal(first, 1);
	assert_int_equal(number("SELECT COUNT(*) FROM outbox"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_same_webhooks_on_many_threads, house_open, house_close),
		cmocka_unit_test_setup_teardown(the_same_reply_on_many_threads, house_open, house_close),
	};
	return cmocka_run_group_tests_name("together", tests, NULL, NULL);
}
