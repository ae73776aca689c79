/* Beside plain text: files on their way up and out, reactions, templates, what customers are told by themselves, and what the checks
 * of an account find out. */
#include "street.h"

#include <string.h>
#include <unistd.h>

#include "files/files.h"
#include "inbox/check.h"
#include "inbox/outbox.h"
#include "inbox/profile.h"
#include "inbox/react.h"
#include "inbox/reply.h"
#include "inbox/template.h"
#include "store/account.h"
#include "store/conversation.h"
#include "store/message.h"

#define HEART "\xe2\x9d\xa4"

static struct error err;

static bool got(const void *text)
{
	return street_got(text) > 0;
}

static bool was_asked(const void *path)
{
	return street_asked(path) > 0;
}

static struct store_attachment file_of(int64_t message_id)
{
	struct store_attachment a;

	check_ok(store_attachment_get(street.reader, street.w, message_id, 0, &street.arena, &a, &err), &err);
	return a;
}

static int open_able(void **state)
{
	(void)street_open(state);
	street_able(true);
	return 0;
}

/* ---- files ---- */

static void a_file_goes_up_and_then_out(void **state)
{
	char expected[64];

	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), id = street_send_file(c, "the bytes", "look"), next = street_reply(c, "behind");

	(void)street_becomes(c, id, MESSAGE_SENT);
	(void)street_becomes(c, next, MESSAGE_SENT);
	assert_int_equal(street_got("the bytes"), 1);
	struct store_attachment a = file_of(id);

	assert_true(str_starts(a.media_id, STR("mid-")));
	assert_true(a.media_until > clock_now_ms() + 28 * DAY_MS);
	(void)snprintf(expected, sizeof(expected), "look [3 %.*s a.png]", STR_ARG(a.media_id));
	assert_int_equal(street_got(expected), 1);
}

static void an_upload_that_fails_is_made_again(void **state)
{
	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), id = street_send_file(c, "once 500 x", "");

	(void)street_becomes(c, id, MESSAGE_SENT);
	assert_int_equal(street_got("once 500 x"), 2);
	assert_int_equal(street_got("["), 0);
	assert_int_equal(street_asked("/send/"), 1);
}

struct place { int64_t conversation_id, id; const char *code; };

static bool has_code(const void *arg)
{
	const struct place *p = arg;

	return str_eq_c(street_message(p->conversation_id, p->id).error_code, p->code);
}

/* Nobody can say whether an upload came through, and it does not matter. */
static void an_upload_without_an_answer_is_no_unknown_message(void **state)
{
	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), id = street_send_file(c, "lose x", "");

	struct place p = { c, id, "upload_lost" };

	street_until(has_code, &p, "the code upload_lost");
	assert_int_equal(street_message(c, id).status, MESSAGE_QUEUED);
	assert_int_equal(street_asked("/send/"), 0);
}

static void an_upload_that_is_refused(void **state)
{
	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), id = street_send_file(c, "always 400 x", ""), next = street_reply(c, "behind");
	struct message m = street_becomes(c, id, MESSAGE_FAILED);

	check_str(m.error_text, "the provider's words");
	(void)street_becomes(c, next, MESSAGE_SENT);
	assert_int_equal(street_asked("/send/"), 1);
}

/* The message is tried again without its file. */
static void a_file_goes_up_once(void **state)
{
	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), id = street_send_file(c, "the bytes", "once 500 x");

	(void)street_becomes(c, id, MESSAGE_SENT);
	assert_int_equal(street_got("the bytes"), 1);
	assert_int_equal(street_asked("/send/"), 2);
}

static void bytes_that_are_gone(void **state)
{
	(void)state;
	int64_t c = street_meet(street.account_id, "ada"), id = street_send_file(c, "the bytes", "");

	struct str hash = file_of(id).file.sha256, path = arena_printf(&street.arena, "%s/files/%lld/%.*s/%.*s", street.folder.path,
								      (long long)street.w.v, 2, hash.p, STR_ARG(hash));

	assert_int_equal(unlink(path.p), 0);
	street_work();
	struct message m = street_becomes(c, id, MESSAGE_FAILED);

	check_str(m.error_code, "file_gone");
	assert_int_equal(street_asked("/upload"), 0);
	assert_int_equal(street_asked("/send/"), 0);
}

/* The server stops while a file is going up: nothing was sent, and nobody has to look. */
static void a_stop_gives_an_upload_back(void **state)
{
	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), id = street_send_file(c, "wait x", "");

	assert_true(street_waits(1));
	street_rest();
	assert_int_equal(street_message(c, id).status, MESSAGE_QUEUED);
	street_release();
	street_work();
	(void)street_becomes(c, id, MESSAGE_SENT);
	assert_int_equal(street_asked("/send/"), 1);
}

static void a_channel_that_fetches_gets_an_address(void **state)
{
	struct str link, token;
	struct workspace_id w;
	int64_t file_id;

	(void)state;
	street_able(false);
	street.config.public_url = STR("https://x.de");
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), id = street_send_file(c, "the bytes", "");

	(void)street_becomes(c, id, MESSAGE_SENT);
	assert_int_equal(street_asked("/upload"), 0);
	assert_int_equal(street_got("the bytes"), 0);
	/* What the provider notes is cut: the head is enough here, the link itself is read below. */
	assert_non_null(strstr(street_sent().p, "[3 https://x.de/files/"));
	link = files_link(street.i.files, street.w, file_of(id).file_id, clock_now_ms() + DAY_MS, &street.arena);
	token = str_cut(link, strlen("/files/"), link.len);
	check_ok(files_link_read(street.i.files, token, clock_now_ms(), &w, &file_id, &err), &err);
	assert_int_equal(file_id, file_of(id).file_id);
}

/* Two files of an account at once, so that words go past them. */
static void words_do_not_wait_for_files(void **state)
{
	char name[20];
	int64_t c, files[4], of[4];

	(void)state;
	for (int k = 0; k < 4; k++) {
		(void)snprintf(name, sizeof(name), "ada-%d", k);
		of[k] = street_meet(street.account_id, name);
		(void)snprintf(name, sizeof(name), "wait %d", k);
		files[k] = street_send_file(of[k], name, "");
	}
	street_work();
	assert_true(street_waits(2));
	c = street_meet(street.account_id, "ben");
	(void)street_becomes(c, street_reply(c, "hello"), MESSAGE_SENT);
	assert_int_equal(street_most_waiting(), 2);
	street_release();
	for (int k = 0; k < 4; k++)
		(void)street_becomes(of[k], files[k], MESSAGE_SENT);
}

static void a_customer_who_is_written_to_too_fast_waits_alone(void **state)
{
	(void)state;
	check_ok(account_set_presence(&street.i, street.w, street.account_id, 0, &err), &err);
	int64_t a = street_meet(street.account_id, "ada"), b = street_meet(street.account_id, "ben");
	int64_t slow = street_reply(a, "once 431 x"), behind = street_reply(a, "behind"), other = street_reply(b, "other");

	street_work();		/* both may go at once, far within the time that the slow one rests */
	(void)street_becomes(b, other, MESSAGE_SENT);
	(void)street_becomes(a, slow, MESSAGE_SENT);
	(void)street_becomes(a, behind, MESSAGE_SENT);
	assert_int_equal(street_got("once 431 x"), 2);
	assert_int_equal(street_account_now(street.account_id).parked_until, 0);
	assert_true(str_ends(street_sent(), STR("once 431 x\nbehind\n")));
}

/* ---- quotes, reactions, templates ---- */

static int64_t first_of(int64_t conversation_id)
{
	struct message *list;
	struct str cursor;
	size_t count;

	check_ok(message_list(street.reader, street.w, conversation_id, STR_NONE, 50, &street.arena, &list, &count, &cursor, &err), &err);
	return list[count - 1].id;
}

static bool is_settled(const void *arg)
{
	const int64_t *id = arg;
	struct store_reaction *list;
	size_t count;

	check_ok(store_reaction_list(street.reader, street.w, *id, &street.arena, &list, &count, &err), &err);
	return count == 1 && list[0].status == 0;
}

static void a_quote_and_a_reaction_are_sent(void **state)
{
	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), question = first_of(c);
	struct reply reply = { .workspace = street.w, .conversation_id = c, .text = STR("yes"), .reply_to = question };
	struct reply_result result;

	check_ok(inbox_reply(&street.i, &reply, &result, &err), &err);
	(void)street_becomes(c, result.message_ids[0], MESSAGE_SENT);
	assert_int_equal(street_got("yes >ada"), 1);
	check_ok(inbox_react(&street.i, street.w, c, question, 7, STR(HEART), &err), &err);
	street_until(is_settled, &question, "the reaction");
	assert_int_equal(street_got("react " HEART " ada"), 1);
}

static int fetch(int64_t account_id)
{
	return street.i.fetch_templates(street.i.fetch_templates_arg, street.w, account_id, &err);
}

static void templates_are_fetched_page_by_page(void **state)
{
	struct template *list;
	size_t count;
	int64_t fetched_at;

	(void)state;
	street_work();
	street_templates(200, "hello en 1 Hello {{body.1}}\nhello en 1 twice\n\xff en 1 no name\nnext two");
	check_ok(fetch(street.account_id), &err);
	check_ok(template_list(street.reader, street.w, street.account_id, &street.arena, &list, &count, &fetched_at, &err), &err);
	assert_int_equal(count, 2);
	check_str(list[0].name, "hello");
	check_str(list[0].body, "Hello {{body.1}}");
	check_str(list[0].variables[0].key, "body.1");
	check_str(list[1].name, "bye");
	assert_false(list[1].is_usable);
	check_str(list[1].reason, "The provider has not approved it.");
	/* A failure leaves what is there. */
	street_templates(403, "");
	check_is(fetch(street.account_id), ERR_DENIED, &err);
	assert_string_equal(err.text, "The provider said no. Ask it why.");
	street_templates(500, "");
	check_is(fetch(street.account_id), ERR_DENIED, &err);
	check_ok(template_list(street.reader, street.w, street.account_id, &street.arena, &list, &count, &fetched_at, &err), &err);
	assert_int_equal(count, 2);
	/* Pages without an end have one here. */
	int before = street_asked("/templates/loop");

	street_templates(200, "again en 1 Again\nnext loop");
	check_ok(fetch(street.account_id), &err);
	assert_int_equal(street_asked("/templates/loop") - before, 19);
	check_is(fetch(4711), ERR_NOTFOUND, &err);
	/* And one is sent, without a window. */
	street_templates(200, "hello en 1 Hello {{body.1}}");
	check_ok(fetch(street.account_id), &err);
	int64_t c = street_meet(street.account_id, "ada");
	const struct template_value value = { STR("body.1"), STR("Bo") };
	struct reply reply = { .workspace = street.w, .conversation_id = c, .template_name = STR("hello"), .template_language = STR("en"),
			       .values = &value, .value_count = 1 };
	struct reply_result result;

	check_ok(inbox_reply(&street.i, &reply, &result, &err), &err);
	(void)street_becomes(c, result.message_ids[0], MESSAGE_SENT);
	assert_int_equal(street_got("template hello en body.1=Bo"), 1);
}

static bool has_templates(const void *arg)
{
	struct template *list;
	size_t count;
	int64_t fetched_at;

	check_ok(template_list(street.reader, street.w, *(const int64_t *)arg, &street.arena, &list, &count, &fetched_at, &err), &err);
	return fetched_at > 0;
}

static void a_new_account_has_its_templates_soon(void **state)
{
	(void)state;
	street_work();
	street_templates(200, "hello en 1 Hello");
	int64_t other = street_account("other", "good");

	street_until(has_templates, &other, "the templates");
}

/* ---- what customers are told ---- */

static void note(int64_t conversation_id, enum presence what)
{
	street.i.presence(street.i.presence_arg, street.w, conversation_id, what);
}

/* All that was noted before has been looked at: it is done in order. */
static void presence_passes(int number)
{
	char contact[20], text[40];

	(void)snprintf(contact, sizeof(contact), "last-%d", number);
	(void)snprintf(text, sizeof(text), "seen %s", contact);
	note(street_meet(street.account_id, contact), PRESENCE_SEEN);
	street_until(got, text, "the last");
}

static int move_window(struct db *db, void *arg, struct error *e)
{
	struct store_conversation c;
	int r = store_conversation_get(db, street.w, *(int64_t *)arg, &street.arena, &c, e);

	c.window_from -= 2 * DAY_MS;
	return r < 0 ? r : store_conversation_save(db, &c, e);
}

static void customers_are_told_once(void **state)
{
	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), id;

	note(c, PRESENCE_SEEN);
	street_until(got, "seen ada", "seen");
	note(c, PRESENCE_SEEN);
	note(c, PRESENCE_TYPING);
	street_until(got, "typing ada", "typing");
	note(c, PRESENCE_TYPING);			/* within 20 s */
	presence_passes(1);
	assert_int_equal(street_got("seen ada"), 1);
	assert_int_equal(street_got("typing ada"), 1);
	/* Who answers has seen it. */
	int64_t other = street_meet(street.account_id, "ben");

	id = street_reply(other, "hello");
	(void)street_becomes(other, id, MESSAGE_SENT);
	street_until(got, "seen ben", "seen by an answer");
	/* Nobody types into a closed window. */
	int64_t late = street_meet(street.account_id, "cleo");

	check_ok(store_write(street.i.store, move_window, &late, &err), &err);
	note(late, PRESENCE_TYPING);
	presence_passes(2);
	assert_int_equal(street_got("typing cleo"), 0);
}

static void an_account_tells_what_it_is_set_to(void **state)
{
	(void)state;
	assert_int_equal(street_account_now(street.account_id).presence, PRESENCE_SEEN | PRESENCE_TYPING);
	check_ok(account_set_presence(&street.i, street.w, street.account_id, PRESENCE_SEEN, &err), &err);
	check_is(account_set_presence(&street.i, street.w, street.account_id, 8, &err), ERR_INVALID, &err);
	check_is(account_set_presence(&street.i, (struct workspace_id){ 4711 }, street.account_id, 0, &err), ERR_NOTFOUND, &err);
	assert_int_equal(street_account_now(street.account_id).presence, PRESENCE_SEEN);
	street_work();
	int64_t c = street_meet(street.account_id, "ada");

	note(c, PRESENCE_TYPING);
	presence_passes(1);
	assert_int_equal(street_got("typing ada"), 0);
	check_ok(account_set_presence(&street.i, street.w, street.account_id, PRESENCE_TYPING, &err), &err);
	note(c, PRESENCE_SEEN);
	note(c, PRESENCE_TYPING);
	street_until(got, "typing ada", "typing");
	assert_int_equal(street_got("seen ada"), 0);
}

/* Who keeps it to himself that he has read does not tell it by the back door. */
static void typing_that_tells_more_is_kept_back(void **state)
{
	(void)state;
	street_typing_is_seen();
	check_ok(account_set_presence(&street.i, street.w, street.account_id, PRESENCE_TYPING, &err), &err);
	street_work();
	int64_t c = street_meet(street.account_id, "ada"), open = street_meet(street_account("other", "good"), "ben");

	note(c, PRESENCE_TYPING);
	note(open, PRESENCE_TYPING);
	street_until(got, "typing ben", "typing on the account that tells both");
	assert_int_equal(street_got("typing ada"), 0);
	check_ok(account_set_presence(&street.i, street.w, street.account_id, PRESENCE_SEEN | PRESENCE_TYPING, &err), &err);
	note(c, PRESENCE_TYPING);
	street_until(got, "typing ada", "typing");
}

/* ---- what checks find out ---- */

static bool is_named(const void *arg)
{
	return str_eq_c(street_account_now(*(const int64_t *)arg).name, "Shop");
}

static struct str field(int64_t account_id, const char *name)
{
	struct account a = street_account_now(account_id);
	struct account_pair *list;
	size_t count;

	check_ok(account_shown_fields(&street.i, street.reader, &a, &street.arena, &list, &count, &err), &err);
	for (size_t k = 0; k < count; k++)
		if (str_eq_c(list[k].name, name))
			return list[k].value;
	return STR("?");
}

/* The account of street_open was connected before its channel had such fields: the table gets them. */
static void checks_find_out_what_a_subscription_needs(void **state)
{
	int64_t id = street.account_id, revision = street_account_now(id).revision;

	(void)state;
	street_work();
	street_until(is_named, &id, "the name");
	street_until(was_asked, "/subscribe/waba-1", "the subscription");
	assert_int_equal(street_asked("/subscribe/"), 1);
	check_str(field(id, "waba_id"), "waba-1");
	check_str(field(id, "phone"), "+49 123");
	check_str(street_account_now(id).handle, "+49 123");
	assert_int_equal(street_account_now(id).revision, revision);
	/* A secret is nobody's to tell: the account still works. */
	int64_t c = street_meet(id, "ada");

	(void)street_becomes(c, street_reply(c, "hello"), MESSAGE_SENT);
}

static void what_the_user_entered_stays(void **state)
{
	const struct account_pair typed[] = { { STR("waba_id"), STR("mine") }, { STR("shown_name"), STR("My shop") } };
	const struct account_pair other_key[] = { { STR("user_id"), STR("shop-2") }, { STR("waba_id"), STR("mine") }, { STR("phone"), STR("+49 555") } };
	struct account_faults faults;
	struct check_finding *list;
	size_t count;
	int64_t id = street.account_id;

	(void)state;
	check_ok(account_update(&street.i, street.w, id, typed, 2, &street.arena, &faults, &err), &err);
	street_work();
	check_ok(street.i.check_account(street.i.check_arg, street.w, id, &street.arena, &list, &count, &err), &err);
	check_str(field(id, "waba_id"), "mine");
	check_str(street_account_now(id).name, "My shop");
	check_str(field(id, "phone"), "+49 123");
	street_rest();
	/* With another key it is another account: what was the old one's goes, what was typed anew stays. */
	check_ok(account_update(&street.i, street.w, id, other_key, 3, &street.arena, &faults, &err), &err);
	check_str(field(id, "waba_id"), "");
	check_str(field(id, "shown_name"), "");
	check_str(field(id, "phone"), "+49 555");
	check_str(street_account_now(id).name, "+49 555");
}

/* ---- tokens that end ---- */

static int64_t renewal(void)
{
	int64_t due;

	check_ok(store_account_renewal(street.reader, street.w, street.account_id, &due, &err), &err);
	return due;
}

static bool is_put_off(const void *arg)
{
	return renewal() > clock_now_ms() + *(const int64_t *)arg;
}

static int make_due(struct db *db, void *arg, struct error *e)
{
	(void)arg;
	return store_account_set_renewal(db, street.w, street.account_id, 1, e);
}

static void a_token_is_renewed_before_it_ends(void **state)
{
	int64_t six_days = 6 * DAY_MS;

	(void)state;
	check_ok(store_write(street.i.store, make_due, NULL, &err), &err);
	street_work();
	street_until(is_put_off, &six_days, "the next renewal");
	assert_int_equal(street_asked("/me/renew"), 1);
	check_str(field(street.account_id, "token"), ACCOUNT_MASK " ewed");
	check_str(field(street.account_id, "user_id"), "shop");	/* what is no secret is not its to change */
	check_str(field(street.account_id, "waba_id"), "waba-1");
	assert_int_equal(street_account_now(street.account_id).status, ACCOUNT_CONNECTED);
}

static void a_new_token_is_left_alone(void **state)
{
	int64_t a_day = DAY_MS;

	(void)state;
	street_work();
	street_until(is_put_off, &a_day, "the first renewal");
	assert_int_equal(street_asked("/me/renew"), 0);
	assert_true(renewal() < clock_now_ms() + 3 * DAY_MS);
}

static void a_renewal_that_fails_is_tried_again(void **state)
{
	int64_t some_hours = 20 * HOUR_MS;

	(void)state;
	street_work();
	street_until(is_named, &street.account_id, "the first look");
	street_rest();
	check_ok(store_write(street.i.store, make_due, NULL, &err), &err);
	street.config.graph_url = STR("http://127.0.0.1:1");
	street_work();
	street_until(is_put_off, &some_hours, "another try");
	assert_true(renewal() < clock_now_ms() + 2 * DAY_MS);
	assert_int_equal(street_account_now(street.account_id).status, ACCOUNT_CONNECTED);
	check_str(field(street.account_id, "token"), ACCOUNT_MASK);	/* too short to show the end of */
}

static void nobody_is_asked_for_names_that_come_by_themselves(void **state)
{
	struct profile_item items[4];
	int64_t next;
	size_t count;

	(void)state;
	street_work();
	int64_t c = street_meet(street.account_id, "ada");

	(void)street_becomes(c, street_reply(c, "hello"), MESSAGE_SENT);
	check_ok(profile_due(&street.i, street.reader, clock_now_ms() + 99 * DAY_MS, &street.arena, items, 4, &count, &next, &err), &err);
	assert_int_equal(count, 0);
	assert_int_equal(street_asked("/profile/"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_able, street_close)
	const struct CMUnitTest tests[] = {
		TEST(a_file_goes_up_and_then_out), TEST(an_upload_that_fails_is_made_again),
		TEST(an_upload_without_an_answer_is_no_unknown_message), TEST(an_upload_that_is_refused), TEST(a_file_goes_up_once),
		TEST(bytes_that_are_gone), TEST(a_stop_gives_an_upload_back), TEST(a_channel_that_fetches_gets_an_address),
		TEST(words_do_not_wait_for_files),
		TEST(a_customer_who_is_written_to_too_fast_waits_alone), TEST(a_quote_and_a_reaction_are_sent),
		TEST(templates_are_fetched_page_by_page), TEST(a_new_account_has_its_templates_soon), TEST(customers_are_told_once),
		TEST(an_account_tells_what_it_is_set_to), TEST(typing_that_tells_more_is_kept_back), TEST(checks_find_out_what_a_subscription_needs), TEST(what_the_user_entered_stays),
		TEST(nobody_is_asked_for_names_that_come_by_themselves), TEST(a_token_is_renewed_before_it_ends),
		TEST(a_new_token_is_left_alone), TEST(a_renewal_that_fails_is_tried_again),
	};

	return cmocka_run_group_tests_name("outgoing at work", tests, NULL, NULL);
}
