/* Users, roles, members, workspaces, and what opens a door: passwords, sessions, tokens, links. */
#include "check.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "database.h"
#include "folder.h"
#include "inbox/directory.h"
#include "inbox/people.h"
#include "store/credential.h"
#include "store/engine.h"
#include "store/workspace.h"

static struct folder folder;
static struct str database;
static struct config config;
static struct instance inbox;
static struct db *db;
static struct error err;
static struct arena arena;
static int64_t owner;
static struct workspace_id w;

#define PASSWORD STR("correct horse")

static int set_up(void **state)
{
	struct store_options options = { .data_dir = folder_new(&folder) };
	struct membership *list;
	size_t count;

	(void)state;
	inbox = (struct instance){ .config = &config };
	check_ok(crypto_init(&err), &err);
	crypto_random(inbox.seal_key.bytes, sizeof(inbox.seal_key.bytes));
	inbox.seal_key.generation = 1;
	check_ok(channels_new(&inbox.channels, &err), &err);
	check_ok(directory_new(&inbox.directory, &err), &err);
	options.database = database = test_database(&arena, options.data_dir);
	check_ok(store_open(&options, &inbox.store, &err), &err);
	check_ok(store_reader_new(inbox.store, &db, &err), &err);
	check_ok(people_setup(&inbox, STR(" Olga@Example.org "), STR("Olga Owner"), PASSWORD, STR("Acme"), &owner, &err), &err);
	check_ok(people_memberships(db, owner, &arena, &list, &count, &err), &err);
	assert_int_equal(count, 1);
	w = list[0].workspace;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	engine_fault = NULL;
	store_reader_free(db);
	store_close(inbox.store);
	test_database_drop(database);
	directory_free(inbox.directory);
	channels_free(inbox.channels);
	arena_done(&arena);
	folder_done(&folder);
	return 0;
}

static int64_t number(const char *sql)
{
	SCOPED(stmt_done) struct stmt st = { 0 };

	check_ok(db_prepare_built(db, &st, str_of(sql), &err), &err);
	check_is(stmt_step(&st, &err), 1, &err);
	return next_i64(&st);
}

static int64_t add_member(const char *email, enum role role)
{
	int64_t id = 0;

	check_ok(people_member_add(&inbox, w, ROLE_OWNER, str_of(email), STR("Some One"), PASSWORD, role, &id, &err), &err);
	return id;
}

static enum role role_of(int64_t user_id)
{
	enum role role = ROLE_NONE;

	check_ok(people_role(db, w, user_id, &role, &err), &err);
	return role;
}

/* ---- the first user ---- */

static void first_user(void **state)
{
	struct user user;
	int64_t id;

	(void)state;
	check_ok(people_user(db, owner, &arena, &user, &err), &err);
	check_str(user.email, "Olga@Example.org");
	check_str(user.name, "Olga Owner");
	assert_true(user.instance_admin);
	assert_int_equal(role_of(owner), ROLE_OWNER);
	check_ok(people_user_by_email(db, STR("olga@example.ORG"), &arena, &user, &err), &err);
	assert_int_equal(user.id, owner);
	check_is(people_user_by_email(db, STR("nobody@example.org"), &arena, &user, &err), ERR_NOTFOUND, &err);
	check_is(people_setup(&inbox, STR("b@example.org"), STR("B"), PASSWORD, STR("B"), &id, &err), ERR_STATE, &err);
	assert_int_equal(number("SELECT count(*) FROM users"), 1);
	assert_int_equal(number("SELECT count(*) FROM users WHERE password LIKE '%correct%' OR password NOT LIKE '$argon2id$%'"), 0);
}

static void what_is_entered(void **state)
{
	const struct { const char *email, *name, *password, *begins; } bad[] = {
		{ "", "B", "0123456789", "email: " }, { "b", "B", "0123456789", "email: " }, { "b@", "B", "0123456789", "email: " },
		{ "@c", "B", "0123456789", "email: " }, { "b@c@d", "B", "0123456789", "email: " }, { "b c@d", "B", "0123456789", "email: " },
		{ "B <b@c>", "B", "0123456789", "email: " }, { "b@c\n", "B\nB", "0123456789", "name: " }, { "b@c", "\xff", "0123456789", "name: " },
		{ "b@c", "B", "012345678", "password: " }, { "b@c", "B", "äöüäöüäöü", "password: " }, { "b@c", "B", "\xff\xff 0123456789", "password: " },
	};
	int64_t id;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		check_is(people_member_add(&inbox, w, ROLE_OWNER, str_of(bad[i].email), str_of(bad[i].name), str_of(bad[i].password),
					   ROLE_AGENT, &id, &err), ERR_INVALID, &err);
		if (!str_starts(str_of(err.text), str_of(bad[i].begins)))
			check_failed("%zu: %s", i, err.text);
	}
	struct str a500 = arena_printf(&arena, "%0500d", 1), a2000 = arena_printf(&arena, "%02000d", 1);

	check_is(people_member_add(&inbox, w, ROLE_OWNER, arena_printf(&arena, "%s@c", a500.p), STR("B"), PASSWORD, ROLE_AGENT, &id, &err),
		 ERR_INVALID, &err);
	check_is(people_member_add(&inbox, w, ROLE_OWNER, STR("b@c"), a500, PASSWORD, ROLE_AGENT, &id, &err), ERR_INVALID, &err);
	check_is(people_member_add(&inbox, w, ROLE_OWNER, STR("b@c"), STR("B"), a2000, ROLE_AGENT, &id, &err), ERR_INVALID, &err);
	check_is(people_member_add(&inbox, w, ROLE_OWNER, STR("b@c"), STR("B"), STR_NONE, ROLE_AGENT, &id, &err), ERR_INVALID, &err);
	check_is(people_member_add(&inbox, w, ROLE_OWNER, STR("b@c"), STR("B"), PASSWORD, ROLE_NONE, &id, &err), ERR_INVALID, &err);
	check_is(people_workspace_rename(&inbox, w, STR("  "), &err), ERR_INVALID, &err);
	assert_int_equal(number("SELECT count(*) FROM users"), 1);
}

/* ---- passwords ---- */

static void sign_in(void **state)
{
	int64_t id = 0;

	(void)state;
	check_ok(people_sign_in(db, STR(" OLGA@example.org"), PASSWORD, &id, &err), &err);
	assert_int_equal(id, owner);
	id = 0;
	check_is(people_sign_in(db, STR("olga@example.org"), STR("correct horsE"), &id, &err), ERR_DENIED, &err);
	check_is(people_sign_in(db, STR("olga@example.org"), STR(""), &id, &err), ERR_DENIED, &err);
	check_is(people_sign_in(db, STR("olga@example.org"), STR_NONE, &id, &err), ERR_DENIED, &err);
	check_is(people_sign_in(db, STR("olga"), PASSWORD, &id, &err), ERR_DENIED, &err);
	check_is(people_sign_in(db, STR("' OR 1=1 --"), PASSWORD, &id, &err), ERR_DENIED, &err);
	assert_int_equal(id, 0);
	/* An unknown address costs the same work. */
	int64_t a = clock_mono_us();

	(void)people_sign_in(db, STR("olga@example.org"), STR("not the password"), &id, &err);
	int64_t b = clock_mono_us();

	(void)people_sign_in(db, STR("nobody@example.org"), STR("not the password"), &id, &err);
	assert_true((clock_mono_us() - b) * 3 > b - a);
}

/* ---- sessions, tokens, links ---- */

static void secrets(void **state)
{
	struct str session, token, other;
	struct credential *list;
	size_t count;
	int64_t session_id, token_id, other_id, user, id;
	bool touch;

	(void)state;
	check_ok(people_credential_new(&inbox, owner, CREDENTIAL_SESSION, STR("browser"), HOUR_MS, &arena, &session, &session_id, &err), &err);
	check_ok(people_credential_new(&inbox, owner, CREDENTIAL_TOKEN, STR("script"), 0, &arena, &token, &token_id, &err), &err);
	check_ok(people_credential_new(&inbox, owner, CREDENTIAL_TOKEN, STR("other"), 0, &arena, &other, &other_id, &err), &err);
	assert_true(session.len >= 43 && token.len >= 43 && !str_eq(token, other));
	check_ok(people_by_secret(db, CREDENTIAL_SESSION, session, &user, &id, &touch, &err), &err);
	assert_int_equal(user, owner);
	assert_int_equal(id, session_id);
	assert_false(touch);
	/* A token is no session, and a secret is nowhere in the database. */
	check_is(people_by_secret(db, CREDENTIAL_SESSION, token, &user, &id, &touch, &err), ERR_DENIED, &err);
	check_is(people_by_secret(db, CREDENTIAL_TOKEN, session, &user, &id, &touch, &err), ERR_DENIED, &err);
	check_is(people_by_secret(db, CREDENTIAL_TOKEN, STR(""), &user, &id, &touch, &err), ERR_DENIED, &err);
	check_is(people_by_secret(db, CREDENTIAL_TOKEN, STR_NONE, &user, &id, &touch, &err), ERR_DENIED, &err);
	check_ok(people_by_secret(db, CREDENTIAL_TOKEN, token, &user, &id, &touch, &err), &err);
	assert_true(touch);
	check_ok(people_credential_touch(&inbox, id, &err), &err);
	check_ok(people_credentials(db, owner, CREDENTIAL_TOKEN, &arena, &list, &count, &err), &err);
	assert_int_equal(count, 2);
	check_str(list[0].name, "other");
	/* Only its user deletes it. */
	check_is(people_credential_delete(&inbox, owner + 1, token_id, &err), ERR_NOTFOUND, &err);
	check_ok(people_credential_delete(&inbox, owner, token_id, &err), &err);
	check_is(people_credential_delete(&inbox, owner, token_id, &err), ERR_NOTFOUND, &err);
	check_is(people_by_secret(db, CREDENTIAL_TOKEN, token, &user, &id, &touch, &err), ERR_DENIED, &err);
	check_ok(people_by_secret(db, CREDENTIAL_TOKEN, other, &user, &id, &touch, &err), &err);
	assert_int_equal(number("SELECT count(*) FROM credentials WHERE used_at > 0 AND kind = 2"), 0);	/* the touched one is gone */
	assert_int_equal(number("SELECT count(*) FROM credentials WHERE length(digest) <> 32"), 0);
}

static void expired(void **state)
{
	struct str session, link;
	struct credential *list;
	size_t count;
	int64_t id, user;
	bool touch;

	(void)state;
	check_ok(people_credential_new(&inbox, owner, CREDENTIAL_SESSION, STR("browser"), 1, &arena, &session, &id, &err), &err);
	check_ok(people_credential_new(&inbox, owner, CREDENTIAL_LINK, STR("link"), 1, &arena, &link, &id, &err), &err);
	(void)usleep(3000);
	check_is(people_by_secret(db, CREDENTIAL_SESSION, session, &user, &id, &touch, &err), ERR_DENIED, &err);
	check_is(people_link_use(&inbox, link, &user, &err), ERR_DENIED, &err);
	check_ok(people_credentials(db, owner, CREDENTIAL_SESSION, &arena, &list, &count, &err), &err);
	assert_int_equal(count, 0);
	check_ok(people_credential_new(&inbox, owner, CREDENTIAL_SESSION, STR("browser"), HOUR_MS, &arena, &session, &id, &err), &err);
	assert_int_equal(number("SELECT count(*) FROM credentials"), 1);	/* the old ones were cleared away */
}

static struct str link_secret;

static void *use_link(void *arg)
{
	struct error e = { 0 };
	int64_t user;

	(void)arg;
	return people_link_use(&inbox, link_secret, &user, &e) == 0 ? &link_secret : NULL;
}

static void link_once(void **state)
{
	pthread_t thread[4];
	int64_t id, user;
	int in = 0;
	bool touch;

	(void)state;
	check_ok(people_credential_new(&inbox, owner, CREDENTIAL_LINK, STR("link"), HOUR_MS, &arena, &link_secret, &id, &err), &err);
	check_ok(people_by_secret(db, CREDENTIAL_LINK, link_secret, &user, &id, &touch, &err), &err);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, use_link, NULL), 0);
	for (int i = 0; i < 4; i++) {
		void *got;

		assert_int_equal(pthread_join(thread[i], &got), 0);
		in += got != NULL;
	}
	assert_int_equal(in, 1);
}

/* ---- members ---- */

static void roles(void **state)
{
	(void)state;
	for (enum role role = ROLE_VIEWER; role <= ROLE_OWNER; role++)
		assert_int_equal(role_of_word(str_of(role_word(role))), role);
	assert_int_equal(role_of_word(STR("none")), ROLE_NONE);
	assert_int_equal(role_of_word(STR("Owner")), ROLE_NONE);
	assert_int_equal(role_of_word(STR_NONE), ROLE_NONE);
}

/* Everybody who may and may not, by the role that asks, the role that the member has and the one it is to get. */
static void matrix(void **state)
{
	int64_t member = add_member("m@example.org", ROLE_VIEWER), id;

	(void)state;
	for (enum role by = ROLE_NONE; by <= ROLE_OWNER; by++)
		for (enum role has = ROLE_VIEWER; has <= ROLE_OWNER; has++)
			for (enum role to = ROLE_NONE; to <= ROLE_OWNER; to++) {
				bool may = by >= ROLE_ADMIN && has <= by && to <= by;

				check_ok(people_member_change(&inbox, w, ROLE_OWNER, member, has, &err), &err);
				int r = people_member_change(&inbox, w, by, member, to, &err);

				if (r != (may ? 0 : ERR_DENIED))
					check_failed("by %d, has %d, to %d: %d", by, has, to, r);
				assert_int_equal(role_of(member), may ? to : has);
				if (role_of(member) == ROLE_NONE)
					check_ok(people_member_add(&inbox, w, ROLE_OWNER, STR("M@example.org"), STR_NONE, STR_NONE, has, &id, &err),
						 &err);
			}
	for (enum role by = ROLE_NONE; by <= ROLE_OWNER; by++)
		for (enum role to = ROLE_VIEWER; to <= ROLE_OWNER; to++) {
			bool may = by >= ROLE_ADMIN && to <= by;

			check_ok(people_member_change(&inbox, w, ROLE_OWNER, member, ROLE_NONE, &err), &err);
			check_is(people_member_add(&inbox, w, by, STR("m@example.org"), STR_NONE, STR_NONE, to, &id, &err),
				 may ? 0 : ERR_DENIED, &err);
			if (!may)
				check_ok(people_member_add(&inbox, w, ROLE_OWNER, STR("m@example.org"), STR_NONE, STR_NONE, to, &id, &err), &err);
			assert_int_equal(id, member);
		}
}

static void last_owner(void **state)
{
	int64_t other = add_member("o@example.org", ROLE_ADMIN);

	(void)state;
	check_is(people_member_change(&inbox, w, ROLE_OWNER, owner, ROLE_NONE, &err), ERR_STATE, &err);
	check_is(people_member_change(&inbox, w, ROLE_OWNER, owner, ROLE_VIEWER, &err), ERR_STATE, &err);
	check_ok(people_member_change(&inbox, w, ROLE_OWNER, owner, ROLE_OWNER, &err), &err);
	check_ok(people_member_change(&inbox, w, ROLE_OWNER, other, ROLE_OWNER, &err), &err);
	check_ok(people_member_change(&inbox, w, ROLE_OWNER, owner, ROLE_VIEWER, &err), &err);
	check_is(people_member_change(&inbox, w, ROLE_OWNER, other, ROLE_NONE, &err), ERR_STATE, &err);
	check_is(people_member_change(&inbox, w, ROLE_OWNER, 4711, ROLE_VIEWER, &err), ERR_NOTFOUND, &err);
}

static void members(void **state)
{
	struct member *list;
	size_t count;
	int64_t id, added = add_member("v@example.org", ROLE_VIEWER);
	enum role role;
	struct workspace_id other;

	(void)state;
	check_is(people_member_add(&inbox, w, ROLE_OWNER, STR("V@example.org"), STR("V"), PASSWORD, ROLE_AGENT, &id, &err), ERR_EXISTS, &err);
	check_ok(people_members(db, w, &arena, &list, &count, &err), &err);
	assert_int_equal(count, 2);
	check_str(list[0].name, "Olga Owner");
	check_ok(people_sign_in(db, STR("v@example.org"), PASSWORD, &id, &err), &err);
	assert_int_equal(id, added);
	/* A second workspace: the user keeps the password; the new one given for an existing user counts for nothing. */
	check_ok(people_workspace_new(&inbox, owner, STR("Second"), &other, &err), &err);
	check_ok(people_member_add(&inbox, other, ROLE_OWNER, STR("v@example.org"), STR("Imposter"), STR("another password"), ROLE_AGENT, &id,
				   &err), &err);
	check_ok(people_sign_in(db, STR("v@example.org"), PASSWORD, &id, &err), &err);
	check_is(people_sign_in(db, STR("v@example.org"), STR("another password"), &id, &err), ERR_DENIED, &err);
	check_ok(people_role(db, other, added, &role, &err), &err);
	assert_int_equal(role, ROLE_AGENT);
	assert_int_equal(role_of(added), ROLE_VIEWER);
	check_ok(people_role(db, (struct workspace_id){ 4711 }, added, &role, &err), &err);
	assert_int_equal(role, ROLE_NONE);
	check_is(people_member_change(&inbox, (struct workspace_id){ 4711 }, ROLE_OWNER, added, ROLE_NONE, &err), ERR_NOTFOUND, &err);
}

/* ---- the end of a workspace ---- */

static struct workspace_id second;		/* beside w, and other than it */

/* 900 conversations with 3 messages each, half of them the second workspace's; the journal's bodies partly shared. Each
 * workspace's account has its id. */
#define FILL \
	"INSERT INTO accounts (id, workspace_id, channel, backend, external_key, name, handle, status, verify_token, parked_until, connected_at," \
	" last_event_at, revision) SELECT v.w, v.w, 'email', 'imap', v.w, 'n', 'h', 1, x'00', 0, 0, 0, 1 FROM (SELECT %lld AS w UNION SELECT %lld) v;\n" \
	"CREATE TEMPORARY TABLE n AS WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 900)" \
	" SELECT i, CASE i %% 2 WHEN 0 THEN %lld ELSE %lld END AS w FROM r;\n" \
	"INSERT INTO contacts (id, workspace_id, created_at) SELECT i, w, 0 FROM n;\n" \
	"INSERT INTO contact_identities (account_id, external_key, workspace_id, contact_id, profile_tries) SELECT w, i, w, i, 0 FROM n;\n" \
	"INSERT INTO conversations (id, workspace_id, channel, account_id, contact_id, external_key, status, unread, activity_at, window_from," \
	" read_at) SELECT i, w, 'email', w, i, i, 1, 0, i, 0, 0 FROM n;\n" \
	"INSERT INTO messages (id, workspace_id, conversation_id, direction, kind, status, flags, at, edit_number)" \
	" SELECT i * 3 + k, w, i, 1, 1, 0, 0, i, 0 FROM n, (SELECT 0 AS k UNION SELECT 1 UNION SELECT 2) t;\n" \
	"INSERT INTO attachments (message_id, position, workspace_id, type) SELECT id, 0, workspace_id, 3 FROM messages;\n" \
	"INSERT INTO reactions (message_id, side, workspace_id, at) SELECT id, 1, workspace_id, 0 FROM messages;\n" \
	"INSERT INTO outbox (message_id, workspace_id, account_id, conversation_id, text, due_at, tries, claimed_at)" \
	" SELECT id, workspace_id, workspace_id, conversation_id, '', 0, 0, 0 FROM messages WHERE id %% 10 = 0;\n" \
	"INSERT INTO message_words_dirty SELECT id FROM messages;\n" \
	"INSERT INTO files (id, workspace_id, sha256, bytes, mime_type, width, height, has_preview, is_mono, created_at)" \
	" SELECT i, w, i, 1, 'a/b', 0, 0, 0, 0, 0 FROM n;\n" \
	"INSERT INTO uploads (id, workspace_id, file_id, user_id, name, created_at) SELECT i, w, i, 1, 'n', 0 FROM n;\n" \
	"INSERT INTO contact_aliases SELECT w, i, w, i FROM n;\n" \
	"INSERT INTO templates SELECT w, i, 'en', w, 1, '{}', 0 FROM n;\n" \
	"INSERT INTO webhook_bodies (id, channel, received_at, body) SELECT i, 'email', 0, x'00' FROM n;\n" \
	"INSERT INTO webhook_events (id, body_id, workspace_id, account_id, state) SELECT i * 5000, i, w, w, 1 FROM n ORDER BY i;\n" \
	"INSERT INTO webhook_bodies (id, channel, received_at, body) VALUES (1000, 'email', 0, x'00');\n" \
	"INSERT INTO webhook_events (id, body_id, workspace_id, account_id, state) VALUES (1, 1000, %lld, 1, 1), (10000001, 1000, %lld, 2, 1)," \
	" (10000002, 1000, %lld, 1, 1);\n"

static int fill_workspace(struct db *writer, void *arg, struct error *e)
{
	SCOPED(arena_done) struct arena a = { 0 };
	long long one = w.v, two = second.v;
	int r;

	(void)arg;
	if ((r = writer->engine->script(writer, arena_printf(&a, FILL, one, two, one, two, one, two, one), e)) < 0)
		return r;
	return writer->engine->script(writer, test_database_is_shared() ?
		STR("INSERT INTO message_words (workspace_id, word, id) SELECT workspace_id, 'word', id FROM messages;"
		    "INSERT INTO message_words (workspace_id, word, id) SELECT workspace_id, 'name', -id FROM conversations;") :
		STR("INSERT INTO message_words (rowid, words) SELECT id, 'w' || workspace_id FROM messages;"
		    "INSERT INTO message_words (rowid, words) SELECT -id, 'w' || workspace_id FROM conversations;"), e);
}

/* Of a workspace's rows. */
static int64_t rows_of(const char *table, struct workspace_id of)
{
	SCOPED(arena_done) struct arena a = { 0 };

	return number(arena_printf(&a, "SELECT count(*) FROM %s WHERE workspace_id = %lld", table, (long long)of.v).p);
}

static void check_left(int w1_gone)
{
	static const char *const tables[] = { "accounts", "contacts", "contact_identities", "conversations", "messages", "attachments",
					      "reactions", "outbox", "webhook_events", "members", "files", "uploads", "contact_aliases",
					      "templates" };

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if ((rows_of(tables[i], w) == 0) != w1_gone)
			check_failed("%s of the workspace", tables[i]);
		assert_true(rows_of(tables[i], second) > 0);
	}
	assert_int_equal(rows_of("messages", second), 1350);
	assert_int_equal(number("SELECT count(*) FROM message_words"), number("SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM conversations)"));
	assert_int_equal(number("SELECT count(*) FROM message_words_dirty"), number("SELECT count(*) FROM messages"));
	assert_int_equal(number("SELECT count(*) FROM webhook_bodies WHERE id NOT IN (SELECT body_id FROM webhook_events)"), 0);
	assert_int_equal(number("SELECT count(*) FROM webhook_events WHERE body_id NOT IN (SELECT id FROM webhook_bodies)"), 0);
	assert_int_equal(number("SELECT count(*) FROM webhook_bodies WHERE id = 1000"), 1);
	assert_int_equal(number("SELECT count(*) FROM workspaces"), w1_gone ? 1 : 2);
}

static void workspace_deleted(void **state)
{
	(void)state;
	check_ok(people_workspace_new(&inbox, owner, STR("Second"), &second, &err), &err);
	check_ok(store_write_alone(inbox.store, fill_workspace, NULL, &err), &err);
	check_left(0);
	check_is(people_workspace_delete(&inbox, (struct workspace_id){ 4711 }, &err), ERR_NOTFOUND, &err);
	check_ok(people_workspace_rename(&inbox, w, STR("Gone soon"), &err), &err);
	check_ok(people_workspace_delete(&inbox, w, &err), &err);
	check_left(1);
	check_is(people_workspace_rename(&inbox, w, STR("Gone"), &err), ERR_NOTFOUND, &err);
	check_is(people_workspace_delete(&inbox, w, &err), ERR_NOTFOUND, &err);
}

static int run_close(struct db *writer, void *arg, struct error *e)
{
	return store_workspace_close(writer, *(struct workspace_id *)arg, e);
}

static int run_piece(struct db *writer, void *arg, struct error *e)
{
	return store_workspace_delete_some(writer, *(struct workspace_id *)arg, e);
}

/* As after a crash between two pieces. */
static void workspace_half_deleted(void **state)
{
	(void)state;
	check_ok(people_workspace_new(&inbox, owner, STR("Second"), &second, &err), &err);
	check_ok(store_write_alone(inbox.store, fill_workspace, NULL, &err), &err);
	check_is(store_write(inbox.store, run_piece, &w, &err), ERR_STATE, &err);	/* not closed */
	check_ok(people_sweep(&inbox, db, &err), &err);
	check_left(0);
	check_ok(store_write(inbox.store, run_close, &w, &err), &err);
	check_is(store_write(inbox.store, run_piece, &w, &err), 1, &err);
	assert_int_equal(role_of(owner), ROLE_NONE);
	check_ok(people_sweep(&inbox, db, &err), &err);
	check_left(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles),
		cmocka_unit_test_setup_teardown(first_user, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_entered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sign_in, set_up, tear_down),
		cmocka_unit_test_setup_teardown(secrets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(expired, set_up, tear_down),
		cmocka_unit_test_setup_teardown(link_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(matrix, set_up, tear_down),
		cmocka_unit_test_setup_teardown(last_owner, set_up, tear_down),
		cmocka_unit_test_setup_teardown(members, set_up, tear_down),
		cmocka_unit_test_setup_teardown(workspace_deleted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(workspace_half_deleted, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
