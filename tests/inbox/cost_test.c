/* What the questions and the units of a working day read, where there is very much: each operation is run on a database of a million
 * conversations, a long outbox and thousands of accounts, and what it made the engine read is counted. SQLite tells the steps of its
 * machine, MariaDB the rows that it handed from its tables. */
#include "fixture.h"

#include "../database.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

#include "inbox/journal.h"
#include "inbox/outbox.h"
#include "inbox/profile.h"
#include "inbox/reply.h"
#include "inbox/search.h"
#include "inbox/webhook.h"
#include "store/account.h"
#include "store/engine.h"
#include "store/fetch.h"
#include "store/outbox.h"
#include "store/sqlite.h"
#include "store/webhook.h"

enum {
	CONVERSATIONS = 1000000, SOME = 100000, ACCOUNTS = 5000, WAITING = 200,
	PAGE = 50,
	FIRST_ID = 10000000,		/* of what is filled in; far above what the fixture made */
	ROWS_MAX = 20 * PAGE,		/* MariaDB: rows an operation may read */
	STEPS_MAX = 60000,		/* SQLite: steps; a row of a joined page takes some sixty */
	STEPS = 64,
};

/* ---- counting ---- */

static atomic_llong steps;

static int step(void *arg)
{
	(void)arg;
	steps += STEPS;
	return 0;
}

static int64_t read_so_far(struct db *db)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	struct error err = { 0 };

	if (!test_database_is_shared()) {
		sqlite3_progress_handler(sqlite_handle(db), STEPS, step, NULL);
		return steps;
	}
	check_ok(db_prepare(db, &st, "SELECT CAST(VARIABLE_VALUE AS SIGNED) FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'ROWS_READ'", &err), &err);
	check_is(stmt_step(&st, &err), 1, &err);
	return next_i64(&st);
}

struct reading { int64_t writer, reader; };

static int run_reading(struct db *db, void *arg, struct error *err)
{
	(void)err;
	*(int64_t *)arg = read_so_far(db);
	return 0;
}

/* The writer's own, and that of the reader that the tests use. */
static int64_t read_by_all(void)
{
	int64_t n;
	struct error err = { 0 };

	check_ok(store_write(house.i.store, run_reading, &n, &err), &err);
	return test_database_is_shared() ? n + read_so_far(house.reader) : (read_so_far(house.reader), atomic_load(&steps));
}

static int64_t before, own;		/* own: what asking costs */
static int dear;

static void begin(void)
{
	int64_t first = read_by_all();

	before = read_by_all();
	own = before - first;
}

static void end(const char *what, int64_t most)
{
	int64_t n = read_by_all() - before - own;

	if (getenv("MAILTRIXY_TEST_COSTS") != NULL)
		print_message("%8lld  %s\n", (long long)n, what);
	if (n > most) {
		print_error("%s read %lld, and may read %lld\n", what, (long long)n, (long long)most);
		dear++;
	}
}

static int64_t most(void)
{
	return test_database_is_shared() ? ROWS_MAX : STEPS_MAX;
}

/* ---- very much ---- */

static void fill_one(struct db *db, const char *what, int64_t count, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str from = test_database_is_shared() ? arena_printf(&arena, "seq_1_to_%lld s", (long long)count) :
		arena_printf(&arena, "(WITH RECURSIVE t(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM t WHERE seq < %lld) SELECT seq FROM t) s", (long long)count);

	check_ok(db->engine->script(db, arena_printf(&arena, "%s FROM %s;\n", what, from.p), err), err);
}

/* W, A, C, N in a text: workspace, the account, its contact, now. */
static const char *with_names(struct arena *arena, const char *text)
{
	static const char names[] = "@W@A@C@N@F";
	const long long values[] = { house.w.v, house.account_id, FIRST_ID - 1, clock_now_ms(), FIRST_ID };
	SCOPED(buf_done) struct buf b = { 0 };

	for (; *text != '\0'; text++) {
		const char *at = *text == '@' ? strchr(names, text[1]) : NULL;

		if (at == NULL) {
			buf_add_char(&b, *text);
			continue;
		}
		buf_addf(&b, "%lld", values[(at - names) / 2]);
		text++;
	}
	return arena_copy(arena, buf_str(&b)).p;
}

static int run_fill(struct db *db, void *arg, struct error *err)
{
	static const struct { const char *text; int64_t count; } all[] = {
		{ "INSERT INTO contacts (id, workspace_id, name, created_at) SELECT @C, @W, 'Ada', @N", 1 },
		/* each tenth is unread, each fiftieth done */
		{ "INSERT INTO conversations (id, workspace_id, channel, account_id, contact_id, external_key, status, unread, activity_at, window_from, read_at)"
		  " SELECT @F + seq, @W, '" CHANNEL "', @A, @C, seq, CASE WHEN seq % 50 = 0 THEN 2 ELSE 1 END, CASE WHEN seq % 10 = 1 THEN 1 ELSE 0 END,"
		  " @N - 2000000 + seq, @N, 0", CONVERSATIONS },
		/* one conversation is very long */
		{ "INSERT INTO messages (id, workspace_id, conversation_id, direction, kind, status, flags, at, external_hash, text, edit_number)"
		  " SELECT @F + seq, @W, @F + 1, 1 + seq % 2, 1, 3, 0, @N - 1000000 + seq, seq, 'many words', 0", SOME },
		{ "INSERT INTO messages (id, workspace_id, conversation_id, direction, kind, status, flags, at, external_hash, text, edit_number)"
		  " SELECT @F + 1000000 + seq, @W, @F + 1000 + seq, 2, 1, 1, 0, @N - 1000000 + seq, seq, 'an answer', 0", SOME },
		/* of one account, half of it due */
		{ "INSERT INTO outbox (message_id, workspace_id, account_id, conversation_id, text, due_at, tries, claimed_at)"
		  " SELECT @F + 1000000 + seq, @W, @A, @F + 1000 + seq, 'an answer', @N - 50000 * 1000 + seq * 1000, 0, 0", SOME },
		{ "INSERT INTO contact_identities (account_id, external_key, workspace_id, contact_id, profile_due_at, profile_tries)"
		  " SELECT @A, seq, @W, @C, @N - 50000 * 1000 + seq * 1000, 0", SOME },
		{ "INSERT INTO accounts (id, workspace_id, channel, backend, external_key, name, handle, status, verify_token, parked_until, connected_at,"
		  " last_event_at, revision) SELECT @F + seq, @W, '" CHANNEL "', 'b', seq, 'Shop', 'shop', 1, x'', 0, 1, 1, 1", ACCOUNTS },
		/* and some more that have a little */
		{ "INSERT INTO outbox (message_id, workspace_id, account_id, conversation_id, text, due_at, tries, claimed_at)"
		  " SELECT @F + 200000 + seq, @W, @F + seq, @F + 200000 + seq, 'an answer', @N + 1000, 0, 0", WAITING },
		{ "INSERT INTO webhook_bodies (id, channel, received_at, body) SELECT @F + seq, '" CHANNEL "', @N, x'78'", SOME },
		{ "INSERT INTO webhook_events (id, body_id, workspace_id, account_id, state, digest) SELECT @F + seq, @F + seq, @W, @A, 1, seq", SOME },
		{ "INSERT INTO changes (id, workspace_id, kind, subject_id, conversation_id, at) SELECT @F + seq, @W, 1, 1, 1, @N", SOME },
		{ "INSERT INTO attachments (message_id, position, workspace_id, type, due_at) SELECT @F + seq, 0, @W, 2, @N - 50000 * 1000 + seq * 1000", SOME },
	};
	SCOPED(arena_done) struct arena arena = { 0 };

	(void)arg;
	if (!test_database_is_shared())
		check_ok(db->engine->script(db, STR("BEGIN;\n"), err), err);
	for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
		fill_one(db, with_names(&arena, all[k].text), all[k].count, err);
	return db->engine->script(db, test_database_is_shared() ? STR("ANALYZE TABLE outbox;\n") : STR("COMMIT;\n"), err);
}

static int run_above(struct db *db, void *arg, struct error *err)
{
	(void)arg, (void)err;
	db_ids_above(db, 2 * FIRST_ID);
	return 0;
}

/* ---- the day ---- */

static void lists(void)
{
	static const struct { const char *what; struct conversation_query q; } all[] = {
		{ "the first page", { .limit = PAGE } },
		{ "open ones", { .limit = PAGE, .status = CONVERSATION_OPEN } },
		{ "done ones", { .limit = PAGE, .status = CONVERSATION_DONE } },
		{ "unread ones", { .limit = PAGE, .unread_only = true } },
		{ "of one channel", { .limit = PAGE, .channel = { CHANNEL, sizeof(CHANNEL) - 1 } } },
		{ "unread and open", { .limit = PAGE, .unread_only = true, .status = CONVERSATION_OPEN } },
		{ "found ones", { .limit = PAGE, .q = { "hello", 5 } } },
	};
	struct error err = { 0 };

	for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
		struct conversation_query q = all[k].q;
		struct conversation *page;
		size_t count;
		struct str next;

		for (int turn = 0; turn < 3; turn++) {
			begin();
			check_ok(conversation_list(&house.i, house.reader, house.w, &q, &house.arena, &page, &count, &next, &err), &err);
			end(all[k].what, most() * 2);	/* of open and done ones, two lists are joined */
			char kept[128];

			(void)snprintf(kept, sizeof(kept), "%.*s", STR_ARG(next));
			if (next.p == NULL)
				break;
			q.cursor = arena_copy(&house.arena, str_of(kept));
		}
	}
}

static void reading(void)
{
	struct conversation_count counts[CHANNELS_MAX];
	struct conversation shown;
	struct journal_event *events;
	struct message *messages;
	struct change changes[PAGE];
	struct error err = { 0 };
	struct str cursor;
	size_t count;
	bool has_gap;

	begin();
	check_ok(conversation_get(&house.i, house.reader, house.w, FIRST_ID + 1, &house.arena, &shown, &err), &err);
	end("one conversation", most());
	begin();
	check_ok(message_list(house.reader, house.w, FIRST_ID + 1, STR_NONE, PAGE, &house.arena, &messages, &count, &cursor, &err), &err);
	assert_int_equal(count, PAGE);
	check_ok(message_list(house.reader, house.w, FIRST_ID + 1, cursor, PAGE, &house.arena, &messages, &count, &cursor, &err), &err);
	end("two pages of messages", most());
	begin();
	check_ok(conversation_counts(&house.i, house.reader, house.w, &house.arena, counts, &count, &err), &err);
	end("counts", most() * 20);		/* counted up to a bound */
	for (int state = 0; state <= JOURNAL_REFUSED; state++) {
		begin();
		check_ok(journal_list(house.reader, house.w, state, STR_NONE, PAGE, &house.arena, &events, &count, &cursor, &err), &err);
		end("the journal", most());
	}
	begin();
	check_ok(store_changes_after(house.reader, house.w, FIRST_ID + 5, changes, PAGE, &count, &has_gap, &err), &err);
	end("what a browser missed", most());
}

static void sending(void)
{
	struct outbox_item items[8];
	struct profile_item due[8];
	struct store_fetch fetches[8];
	struct reply_result ret;
	struct error err = { 0 };
	size_t count;
	int64_t next;

	begin();
	check_ok(outbox_due(&house.i, house.reader, clock_now_ms(), 8, &house.arena, items, 8, &count, &next, &err), &err);
	end("what is due in a long outbox", most() + ACCOUNTS * 3);
	assert_int_equal(count, 8);
	assert_true(next > 0);
	begin();
	check_ok(outbox_due(&house.i, house.reader, clock_now_ms(), 8, &house.arena, items, 8, &count, &next, &err), &err);
	check_ok(outbox_claim(&house.i, items, count, &err), &err);
	end("what is due, and claiming it", most() + ACCOUNTS * 3);
	struct trixy_outcome sent = { .size = sizeof(sent), .kind = TRIXY_SENT, .message_id = T("sent") };

	begin();
	check_ok(outbox_settle(&house.i, &items[0], &sent, &err), &err);
	end("settling", most());
	begin();
	check_ok(outbox_recover(&house.i, &next, &err), &err);
	end("recovering", most() + (test_database_is_shared() ? 0 : SOME * 6));	/* once, at the start, and SQLite reads the outbox through */
	begin();
	check_ok(profile_due(&house.i, house.reader, clock_now_ms(), &house.arena, due, 8, &count, &next, &err), &err);
	end("names that are due", most() + ACCOUNTS * 2 * (test_database_is_shared() ? 1 : 40));	/* the first of each account */
	assert_true(count > 0);
	begin();
	check_ok(profile_store(&house.i, &due[0], &(struct trixy_profile){ .size = sizeof(struct trixy_profile), .found = 1, .name = T("N") }, &err), &err);
	end("a name", most());
	begin();
	check_ok(store_fetch_due(house.reader, clock_now_ms(), NULL, 0, fetches, 8, &count, &err), &err);
	check_ok(store_fetch_next(house.reader, clock_now_ms(), &next, &err), &err);
	end("files that are due", most());
	begin();
	check_ok(inbox_reply(&house.i, &(struct reply){ .workspace = house.w, .conversation_id = FIRST_ID + 1, .text = STR("hello"), .client_id = STR("k") },
			     &ret, &err), &err);
	end("a reply in a long conversation", most());
}

static int run_trim(struct db *db, void *arg, struct error *err)
{
	int64_t count;

	(void)arg;
	return store_changes_trim(db, 5, err) < 0 ? err->code : store_webhook_trim(db, 5, 100, &count, err);
}

static void coming_in(void)
{
	int64_t now = clock_now_ms();
	struct trixy_event e[] = { said("1", "q", "hello", now), echoed("1", "r", "hi", now), said("1", "q", "edit", 5), said("1", "q", "", 6),
				   said("1", "q", "", 7), said("1", "other", "", 8), said("1", "r", "", 9) };
	const char *const what[] = { "a message", "an echo", "an edit", "a reaction", "an unsend", "a receipt", "a status" };
	struct webhook *w = NULL;
	struct error err = { 0 };
	size_t done;

	e[2].kind = TRIXY_EVENT_EDIT;
	e[3].kind = TRIXY_EVENT_REACTION;
	e[4].kind = TRIXY_EVENT_UNSEND;
	e[5].kind = TRIXY_EVENT_READ;
	e[6].kind = TRIXY_EVENT_STATUS;
	e[6].status = TRIXY_STATUS_DELIVERED;
	for (size_t k = 0; k < sizeof(e) / sizeof(e[0]); k++) {
		begin();
		(void)house_apply(&e[k], 1);
		end(what[k], most());
	}
	begin();
	assert_int_equal(webhook_read(&house.i, &fake_channel, STR("shop message y m 1 x"), STR_NONE, &w, &err), WEBHOOK_UNSIGNED);
	check_ok(store_write(house.i.store, webhook_store, w, &err), &err);
	webhook_free(w);
	end("a webhook", most());
	begin();
	check_ok(search_step(&house.i, PAGE, &done, &err), &err);
	end("indexing", most());
	begin();
	check_ok(conversation_update(&house.i, house.w, FIRST_ID + 1, CONVERSATION_DONE, true, &err), &err);
	end("done", most());
	begin();
	check_is(store_write(house.i.store, run_trim, NULL, &err) >= 0, 1, &err);
	end("nothing to trim", most() + 5000 * 2);		/* the oldest piece is looked at */
}

static void no_operation_reads_it_all(void **state)
{
	struct error err = { 0 };

	(void)state;
	check_ok(store_run_apart(house.i.store, run_fill, NULL, &err), &err);
	check_ok(store_write(house.i.store, run_above, NULL, &err), &err);
	dear = 0;
	lists();
	reading();
	sending();
	coming_in();
	assert_int_equal(dear, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_operation_reads_it_all, house_open, house_close),
	};
	return cmocka_run_group_tests_name("cost", tests, NULL, NULL);
}
