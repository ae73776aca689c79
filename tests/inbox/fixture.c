#include "fixture.h"

#include <semaphore.h>

#include "../database.h"
#include "inbox/account.h"
#include "inbox/directory.h"
#include "store/conversation.h"
#include "store/file.h"
#include "store/message.h"
#include "store/workspace.h"

struct house house;

/* ---- the channel: constants, a small webhook and no other function worth the name ---- */

/* One event a line: ACCOUNT KIND CONTACT ID TIME TEXT. KIND: message, echo, ignored, test, broken (an event without an id). */
static int32_t emit_line(struct str line, struct trixy_memory *m, const struct trixy_sink *sink)
{
	struct str account = str_split(line, ' ', &line), kind = str_split(line, ' ', &line), contact = str_split(line, ' ', &line),
		   id = str_split(line, ' ', &line), at = str_split(line, ' ', &line);
	struct trixy_event *e = m->alloc(m, sizeof(*e));

	if (e == NULL)
		return TRIXY_ENOMEM;
	*e = (struct trixy_event){ .size = sizeof(*e), .kind = TRIXY_EVENT_MESSAGE, .message_kind = TRIXY_MESSAGE_TEXT,
		.account_key = trixy_from_str(account), .contact_key = trixy_from_str(contact), .message_id = trixy_from_str(id),
		.text = trixy_from_str(line) };
	(void)str_to_i64(at, &e->at_ms);
	if (str_eq(kind, STR("message")))
		e->flags = TRIXY_OPENS_WINDOW;
	else if (str_eq(kind, STR("echo")))
		e->flags = TRIXY_FROM_US;
	else if (str_eq(kind, STR("test")))
		e->flags = TRIXY_TEST;
	else if (str_eq(kind, STR("broken")))
		e->message_id = (struct trixy_text){ 0 };
	else
		*e = (struct trixy_event){ .size = sizeof(*e), .kind = TRIXY_EVENT_IGNORED, .account_key = e->account_key, .reason = T("of no use") };
	return sink->emit(sink->arg, e);
}

static int32_t read_lines(struct trixy_text body, struct trixy_memory *m, const struct trixy_sink *sink)
{
	struct str rest = str_from_trixy(body);
	int32_t r = 0;

	if (str_starts(rest, STR("not of this kind")))
		return TRIXY_EINVAL;
	while (rest.len > 0 && r == 0)
		r = emit_line(str_split(rest, '\n', &rest), m, sink);
	return r;
}
static int32_t no_compose(const struct trixy_account *a, const struct trixy_draft *d, struct trixy_memory *m, struct trixy_request *ret)
{
	(void)a, (void)d, (void)m, (void)ret;
	return TRIXY_EINVAL;
}
static int32_t no_answer(const struct trixy_account *a, const struct trixy_answer *x, struct trixy_memory *m, struct trixy_outcome *ret)
{
	(void)a, (void)x, (void)m, (void)ret;
	return TRIXY_EINVAL;
}
static int32_t no_profile(const struct trixy_account *a, struct trixy_text key, struct trixy_memory *m, struct trixy_request *ret)
{
	(void)a, (void)key, (void)m, (void)ret;
	return TRIXY_EINVAL;
}
static int32_t no_profile_answer(const struct trixy_account *a, const struct trixy_answer *x, struct trixy_memory *m, struct trixy_profile *ret)
{
	(void)a, (void)x, (void)m, (void)ret;
	return TRIXY_EINVAL;
}
static int32_t no_check(const struct trixy_account *a, uint32_t step, struct trixy_text carry, struct trixy_memory *m, struct trixy_request *ret)
{
	(void)a, (void)step, (void)carry, (void)m, (void)ret;
	return TRIXY_END;
}
static int32_t no_check_answer(const struct trixy_account *a, uint32_t step, struct trixy_text carry, const struct trixy_answer *x,
			       struct trixy_memory *m, struct trixy_finding *ret)
{
	(void)a, (void)step, (void)carry, (void)x, (void)m, (void)ret;
	return TRIXY_EINVAL;
}

static const struct trixy_tag tags[] = { { .size = sizeof(struct trixy_tag), .tag = TRIXY_TEXT("HUMAN_AGENT"), .label = TRIXY_TEXT("x") } };
static const struct trixy_backend backends[] = { { .size = sizeof(struct trixy_backend), .slug = TRIXY_TEXT("b"), .name = TRIXY_TEXT("B"),
	.base_url = TRIXY_TEXT("https://b.example"), .url_setting = TRIXY_TEXT("graph_url") } };
static const struct trixy_field fields[] = {
	{ .size = sizeof(struct trixy_field), .flags = TRIXY_FIELD_KEY | TRIXY_FIELD_REQUIRED, .max_bytes = 64, .backends = 1,
	  .name = TRIXY_TEXT("user_id"), .label = TRIXY_TEXT("User") },
	{ .size = sizeof(struct trixy_field), .flags = TRIXY_FIELD_SECRET | TRIXY_FIELD_SIGNS | TRIXY_FIELD_REQUIRED, .max_bytes = 64, .backends = 1,
	  .name = TRIXY_TEXT("secret"), .label = TRIXY_TEXT("Secret") },
};

const struct trixy_channel fake_channel = {
	.size = sizeof(fake_channel), .text_unit = TRIXY_UNIT_BYTES, .text_max = 20, .window_ms = DAY_MS, .tag_window_ms = 7 * DAY_MS,
	.slug = TRIXY_TEXT(CHANNEL), .name = TRIXY_TEXT("Fake"), .window_error = TRIXY_TEXT("closed"),
	.webhook_path = TRIXY_TEXT("/api/webhooks/whatsapp"), .account_table = TRIXY_TEXT("whatsapp_accounts"), .api_version = TRIXY_TEXT("v1"),
	.tag_count = 1, .tags = tags, .backend_count = 1, .backends = backends, .field_count = 2, .fields = fields,
	.read_webhook = read_lines, .compose = no_compose, .read_answer = no_answer, .profile_request = no_profile,
	.profile_answer = no_profile_answer, .check_request = no_check, .check_answer = no_check_answer,
};

/* ---- the house ---- */

struct new_house { struct workspace_id w, other; };

static int build(struct db *db, void *arg, struct error *err)
{
	struct new_house *n = arg;
	int r = store_workspace_add(db, STR("Acme"), clock_now_ms(), &n->w, err);

	return r < 0 ? r : store_workspace_add(db, STR("Other"), clock_now_ms(), &n->other, err);
}

int64_t house_connect(struct workspace_id w, const char *key, const char *secret)
{
	const struct account_pair pairs[] = { { STR("user_id"), str_of(key) }, { STR("secret"), str_of(secret) } };
	struct account_faults faults = { 0 };
	struct error err = { 0 };
	int64_t id = 0;

	check_ok(account_connect(&house.i, w, STR(CHANNEL), STR("b"), pairs, 2, &house.arena, &id, &faults, &err), &err);
	return id;
}

int house_open(void **state)
{
	struct store_options options = { 0 };
	struct new_house n;
	struct error err = { 0 };

	(void)state;
	house = (struct house){ 0 };
	/* Thousands of small commits: what a disk makes of them is the store's own test. */
	if (access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 0);
	options.data_dir = folder_new(&house.folder);
	options.database = house.database = test_database(&house.arena, options.data_dir);
	house.i.config = &house.config;
	house.i.seal_key.generation = 1;
	if (crypto_init(&err) < 0 || store_open(&options, &house.i.store, &err) < 0 || channels_new(&house.i.channels, &err) < 0 ||
	    channels_add(house.i.channels, &fake_channel, &err) < 0 || directory_new(&house.i.directory, &err) < 0 || store_write(house.i.store, build, &n, &err) < 0 ||
	    store_reader_new(house.i.store, &house.reader, &err) < 0) {
		print_error("%s\n", err.text);
		return -1;
	}
	house.w = n.w;
	house.other = n.other;
	house.channel = &fake_channel;
	house.account_id = house_connect(house.w, "shop", "secret-shop");
	return 0;
}

int house_close(void **state)
{
	(void)state;
	store_reader_free(house.reader);
	store_close(house.i.store);
	test_database_drop(house.database);
	directory_free(house.i.directory);
	channels_free(house.i.channels);
	arena_done(&house.arena);
	folder_done(&house.folder);
	return 0;
}

static int run_upload(struct db *db, void *arg, struct error *err)
{
	struct store_upload *u = arg;
	int r = store_file_put(db, &u->file, err);

	u->file_id = u->file.id;
	return r < 0 ? r : store_upload_add(db, u, err);
}

int64_t house_upload(int64_t user_id, const char *name, const char *mime_type, int64_t bytes)
{
	static int number;
	struct store_upload u = { .workspace = house.w, .user_id = user_id, .name = str_of(name), .created_at = clock_now_ms(),
		.file = { .workspace = house.w, .sha256 = arena_printf(&house.arena, "%064d", ++number), .mime_type = str_of(mime_type),
			  .bytes = bytes, .is_mono = str_eq_c(str_of(mime_type), "audio/ogg"), .created_at = clock_now_ms() } };
	struct error err = { 0 };

	check_ok(store_write(house.i.store, run_upload, &u, &err), &err);
	return u.id;
}

struct application {
	const struct trixy_event *events;
	size_t count;
	struct apply_result result;
};

static int run_apply(struct db *db, void *arg, struct error *err)
{
	struct application *a = arg;
	struct apply_target target = { .workspace = house.w, .account_id = house.account_id, .channel = house.channel };

	return inbox_apply(db, &target, a->events, a->count, &a->result, err);
}

/* As the webhook door's units do (webhook_tell_ahead). */
static void tell_events(void *arg, struct ahead *ahead)
{
	const struct application *a = arg;

	for (size_t k = 0; k < a->count; k++)
		store_ahead(ahead, house.account_id, str_from_trixy(a->events[k].contact_key),
			    a->events[k].kind == TRIXY_EVENT_MESSAGE ? str_from_trixy(a->events[k].message_id) : STR_NONE);
}

struct telling {
	struct store_unit unit;
	int (*run)(struct db *db, void *arg, struct error *err);
	void (*tell_ahead)(void *arg, struct ahead *a);
	void *arg;
	struct error *err;
	int result;
	sem_t done;
};

static int run_telling(struct db *db, void *arg, struct error *err)
{
	const struct telling *t = arg;

	return t->run(db, t->arg, err);
}

static void tell(void *arg, struct ahead *a)
{
	const struct telling *t = arg;

	t->tell_ahead(t->arg, a);
}

static void end_telling(void *arg, int result, const struct error *err)
{
	struct telling *t = arg;

	t->result = result;
	if (result < 0)
		*t->err = *err;
	(void)sem_post(&t->done);
}

int house_write_ahead(int (*run)(struct db *db, void *arg, struct error *err), void (*tell_ahead)(void *arg, struct ahead *a), void *arg,
		      struct error *err)
{
	struct telling t = { .run = run, .tell_ahead = tell_ahead, .arg = arg, .err = err };

	t.unit = (struct store_unit){ .run = run_telling, .done = end_telling, .tell_ahead = tell, .arg = &t };
	(void)sem_init(&t.done, 0, 0);
	store_submit(house.i.store, &t.unit);
	while (sem_wait(&t.done) != 0)
		;
	(void)sem_destroy(&t.done);
	return t.result;
}

struct apply_result house_apply(const struct trixy_event *events, size_t count)
{
	struct application a = { .events = events, .count = count };
	struct error err = { 0 };

	if (house_write_ahead(run_apply, tell_events, &a, &err) < 0)
		check_failed("apply: %s", err.text);
	return a.result;
}

struct conversation house_conversation(const char *contact)
{
	struct store_conversation c = { 0 };
	struct conversation shown = { 0 };
	struct error err = { 0 };

	if (store_conversation_find(house.reader, house.w, house.account_id, str_of(contact), &house.arena, &c, &err) != 1 ||
	    conversation_get(&house.i, house.reader, house.w, c.id, &house.arena, &shown, &err) < 0)
		check_failed("no conversation with %s: %s", contact, err.text);
	return shown;
}

struct message *house_messages(int64_t conversation_id, size_t *ret_count)
{
	struct message *messages;
	struct str cursor;
	struct error err = { 0 };

	if (message_list(house.reader, house.w, conversation_id, STR_NONE, 100, &house.arena, &messages, ret_count, &cursor, &err) < 0)
		check_failed("messages: %s", err.text);
	return messages;
}

int64_t house_number_of(const char *sql, size_t len)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	struct error err = { 0 };

	if (db_prepare_lit(house.reader, &st, sql, len, &err) < 0)
		check_failed("%s: %s", sql, err.text);
	if (strchr(sql, '?') != NULL)
		bind_i64(&st, house.account_id);
	if (stmt_step(&st, &err) <= 0)
		check_failed("%s: %s", sql, err.code != 0 ? err.text : "no row");
	return next_i64(&st);
}

static void dump(struct buf *b, struct stmt *st, int64_t conversation_id)
{
	struct error err = { 0 };

	bind_i64(st, conversation_id);
	while (stmt_step(st, &err) > 0) {
		buf_add(b, next_str(st));
		buf_add_char(b, '\n');
	}
	if (err.code != 0)
		check_failed("dump: %s", err.text);
}

/* A retired row says nothing: it keeps its id from being used again. */
struct str house_dump(const char *contact)
{
	SCOPED(buf_done) struct buf b = { 0 };
	SCOPED(stmt_done) struct stmt c = { 0 };
	SCOPED(stmt_done) struct stmt m = { 0 };
	SCOPED(stmt_done) struct stmt a = { 0 };
	SCOPED(stmt_done) struct stmt r = { 0 };
	int64_t id = house_conversation(contact).id;

	if (db_prepare(house.reader, &c, "SELECT 'status ' || status || ' unread ' || unread || ' activity ' || activity_at || ' window ' ||"
		" window_from || ' read ' || read_at FROM conversations WHERE id = ?", NULL) < 0 ||
	    db_prepare(house.reader, &m, "SELECT direction || '/' || kind || '/' || status || '/' || flags || ' at ' || at || ' ' || quote(text) ||"
		" ' id ' || COALESCE(external_id, '-') || ' ' || edit_number || quote(payload) || quote(reply_to_id) || quote(story_id) ||"
		" quote(story_url) || quote(tag) || quote(author_id) || quote(error_code) || quote(error_text)"
		" FROM messages WHERE conversation_id = ? AND NOT (direction = 0 AND external_id IS NULL) ORDER BY at, external_id", NULL) < 0 ||
	    db_prepare(house.reader, &a, "SELECT m.external_id || ' has ' || a.position || ' ' || a.type || ' ' || quote(a.url) || quote(a.title) ||"
		" quote(a.external_id) FROM messages m JOIN attachments a ON a.message_id = m.id WHERE m.conversation_id = ?"
		" ORDER BY m.external_id, a.position", NULL) < 0 ||
	    db_prepare(house.reader, &r, "SELECT m.external_id || ' got ' || r.side || ' ' || quote(r.reaction) || quote(r.emoji) || ' at ' || r.at"
		" FROM messages m JOIN reactions r ON r.message_id = m.id WHERE m.conversation_id = ? ORDER BY m.external_id, r.side", NULL) < 0)
		check_failed("dump");
	dump(&b, &c, id);
	dump(&b, &m, id);
	dump(&b, &a, id);
	dump(&b, &r, id);
	return arena_copy(&house.arena, buf_str(&b));
}

static struct trixy_event message(const char *contact, const char *id, const char *text, int64_t at_ms, uint32_t flags)
{
	return (struct trixy_event){ .size = sizeof(struct trixy_event), .kind = TRIXY_EVENT_MESSAGE, .flags = flags,
		.message_kind = TRIXY_MESSAGE_TEXT, .account_key = T("shop"), .contact_key = trixy_from_str(str_of(contact)),
		.message_id = trixy_from_str(str_of(id)), .at_ms = at_ms, .text = trixy_from_str(str_of(text)) };
}

struct trixy_event said(const char *contact, const char *id, const char *text, int64_t at_ms)
{
	return message(contact, id, text, at_ms, TRIXY_OPENS_WINDOW);
}

struct trixy_event echoed(const char *contact, const char *id, const char *text, int64_t at_ms)
{
	return message(contact, id, text, at_ms, TRIXY_FROM_US);
}
