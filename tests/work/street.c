#include "street.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "inbox/apply.h"
#include "inbox/directory.h"
#include "inbox/people.h"
#include "inbox/reply.h"
#include "store/conversation.h"
#include "store/engine.h"
#include "store/user.h"
#include "store/widen.h"
#include "store/workspace.h"

struct street street;

/* ---- the provider ---- */

enum { SEEN_MAX = 4096 };

static struct {
	pthread_mutex_t lock;		/* guards all of it */
	pthread_cond_t changed;
	char seen[SEEN_MAX][64], paths[SEEN_MAX][64];
	int seen_count, path_count, waiting, most_waiting, profile_status;
	char refused[64];
	bool released, refuses_slowly;
} meta = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static int count_of(char list[][64], int count, const char *text, size_t len)
{
	int n = 0;

	for (int k = 0; k < count; k++)
		n += strncmp(list[k], text, len) == 0;
	return n;
}

static void wait_for_release(void)
{
	(void)pthread_mutex_lock(&meta.lock);
	meta.waiting++;
	meta.most_waiting = meta.waiting > meta.most_waiting ? meta.waiting : meta.most_waiting;
	(void)pthread_cond_broadcast(&meta.changed);
	while (!meta.released)
		(void)pthread_cond_wait(&meta.changed, &meta.lock);
	meta.waiting--;
	(void)pthread_cond_broadcast(&meta.changed);
	(void)pthread_mutex_unlock(&meta.lock);
}

/* Notes a text; how often it has come, with this time. */
static int note(struct str text)
{
	(void)pthread_mutex_lock(&meta.lock);
	assert(meta.seen_count < SEEN_MAX);
	(void)snprintf(meta.seen[meta.seen_count++], 64, "%.*s", STR_ARG(text));
	int times = count_of(meta.seen, meta.seen_count, meta.seen[meta.seen_count - 1], 64);

	(void)pthread_mutex_unlock(&meta.lock);
	return times;
}

static bool take(int fd, const struct peer_request *r)
{
	char mid[32];

	(void)snprintf(mid, sizeof(mid), "mid-%d", r->number);
	return peer_reply(fd, 200, "", mid);
}

static bool on_send(int fd, const struct peer_request *r)
{
	int times = note(r->body);
	struct str rest, word = str_split(r->body, ' ', &rest), number = str_split(rest, ' ', &rest);
	int64_t status = 200;

	if (str_eq_c(word, "lose"))
		return false;
	if (str_eq_c(word, "wait"))
		wait_for_release();
	if (str_eq_c(word, "always") || ((str_eq_c(word, "once") || str_eq_c(word, "wait")) && times == 1))
		(void)str_to_i64(number, &status);
	return status == 200 ? take(fd, r) : peer_reply(fd, (int)status, "", "no");
}

static bool answer(void *arg, int fd, const struct peer_request *r)
{
	char token[80];

	(void)arg;
	(void)pthread_mutex_lock(&meta.lock);
	assert(meta.path_count < SEEN_MAX);
	(void)snprintf(meta.paths[meta.path_count++], 64, "%.*s", STR_ARG(r->path));
	(void)snprintf(token, sizeof(token), "Bearer %s", meta.refused);
	int profile_status = meta.profile_status;
	bool slowly = meta.refuses_slowly && str_starts(r->path, STR("/subscribe"));

	(void)pthread_cond_broadcast(&meta.changed);
	(void)pthread_mutex_unlock(&meta.lock);
	if (str_starts(r->path, STR("/send/")) && str_starts(r->body, STR("wait")))
		return on_send(fd, r);		/* refused later, if at all */
	if (str_eq_c(peer_header(r, "authorization"), token)) {
		if (slowly)
			wait_for_release();
		return peer_reply(fd, 401, "", "no");
	}
	if (str_starts(r->path, STR("/send/")))
		return on_send(fd, r);
	if (str_starts(r->path, STR("/profile/")))
		return peer_reply(fd, profile_status, "", "Cleo");
	return peer_reply(fd, 200, "", str_starts(r->path, STR("/app")) ? "" : "app-7");
}

void street_release(void)
{
	(void)pthread_mutex_lock(&meta.lock);
	meta.released = true;
	(void)pthread_cond_broadcast(&meta.changed);
	(void)pthread_mutex_unlock(&meta.lock);
}

static int locked(int *n)
{
	(void)pthread_mutex_lock(&meta.lock);
	int value = *n;

	(void)pthread_mutex_unlock(&meta.lock);
	return value;
}

int street_waiting(void)
{
	return locked(&meta.waiting);
}

int street_most_waiting(void)
{
	return locked(&meta.most_waiting);
}

bool street_waits(int count)
{
	struct timespec until;
	bool in_time = true;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	(void)pthread_mutex_lock(&meta.lock);
	while (meta.waiting != count && in_time)
		in_time = pthread_cond_timedwait(&meta.changed, &meta.lock, &until) == 0;
	bool there = meta.waiting == count;

	(void)pthread_mutex_unlock(&meta.lock);
	return there;
}

int street_got(const char *text)
{
	(void)pthread_mutex_lock(&meta.lock);
	int n = count_of(meta.seen, meta.seen_count, text, 64);

	(void)pthread_mutex_unlock(&meta.lock);
	return n;
}

int street_asked(const char *path_head)
{
	(void)pthread_mutex_lock(&meta.lock);
	int n = count_of(meta.paths, meta.path_count, path_head, strlen(path_head));

	(void)pthread_mutex_unlock(&meta.lock);
	return n;
}

struct str street_sent(void)
{
	SCOPED(buf_done) struct buf b = { 0 };

	(void)pthread_mutex_lock(&meta.lock);
	for (int k = 0; k < meta.seen_count; k++) {
		buf_add_c(&b, meta.seen[k]);
		buf_add_char(&b, '\n');
	}
	(void)pthread_mutex_unlock(&meta.lock);
	return arena_copy(&street.arena, buf_str(&b));
}

void street_refuse_token(const char *token)
{
	(void)pthread_mutex_lock(&meta.lock);
	(void)snprintf(meta.refused, sizeof(meta.refused), "%s", token);
	(void)pthread_mutex_unlock(&meta.lock);
}

void street_refuse_slowly(void)
{
	(void)pthread_mutex_lock(&meta.lock);
	meta.refuses_slowly = true;
	(void)pthread_mutex_unlock(&meta.lock);
}

void street_profile_status(int status)
{
	(void)pthread_mutex_lock(&meta.lock);
	meta.profile_status = status;
	(void)pthread_mutex_unlock(&meta.lock);
}

/* ---- the channel ---- */

static struct trixy_text join(struct trixy_memory *m, struct str a, struct str b, struct str c)
{
	char *p = m->alloc(m, a.len + b.len + c.len + 1);

	memcpy(p, a.p, a.len);
	memcpy(p + a.len, b.p, b.len);
	memcpy(p + a.len + b.len, c.p, c.len);
	return (struct trixy_text){ p, a.len + b.len + c.len };
}

static struct str pair_of(const struct trixy_account *a, const char *name)
{
	for (uint32_t k = 0; k < a->pair_count; k++)
		if (str_eq_c(str_from_trixy(a->pairs[k].name), name))
			return str_from_trixy(a->pairs[k].value);
	return STR("");
}

static void request(const struct trixy_account *a, struct trixy_memory *m, const char *method, const char *path, struct str end,
		    struct trixy_request *ret)
{
	struct trixy_pair *header = m->alloc(m, sizeof(*header));

	header->name = trixy_from_str(STR("Authorization"));
	header->value = join(m, STR("Bearer "), pair_of(a, "token"), STR(""));
	ret->method = trixy_from_str(str_of(method));
	ret->url = join(m, str_from_trixy(a->base_url), str_of(path), end);
	ret->headers = header;
	ret->header_count = 1;
}

static int32_t read_webhook(struct trixy_text b, struct trixy_memory *m, const struct trixy_sink *s)
{
	(void)b, (void)m, (void)s;
	return TRIXY_EINVAL;
}

static int32_t compose(const struct trixy_account *a, const struct trixy_draft *d, struct trixy_memory *m,
		       struct trixy_request *ret)
{
	struct str text = str_from_trixy(d->text);

	if (str_starts(text, STR("never")))
		return TRIXY_EINVAL;
	request(a, m, "POST", "/send/", str_from_trixy(d->contact_key), ret);
	if (str_starts(text, STR("dead")))
		ret->url = trixy_from_str(STR("http://127.0.0.1:1/send"));
	ret->body = join(m, text, STR(""), STR(""));
	return 0;
}

static int32_t read_answer(const struct trixy_account *a, const struct trixy_answer *w, struct trixy_memory *m,
			   struct trixy_outcome *ret)
{
	static const struct { int64_t status; uint32_t kind; int64_t wait_ms; } known[] = {
		{ 299, TRIXY_SENT, 0 }, { 298, 99, 0 }, { 297, TRIXY_FAILED, 0 }, { 400, TRIXY_FAILED, 0 },
		{ 401, TRIXY_RECONNECT, 0 }, { 403, TRIXY_HOLD, 0 }, { 429, TRIXY_PARK, 200 }, { 430, TRIXY_PARK, 1000 },
		{ 500, TRIXY_RETRY, 50 } };

	(void)a;
	if (w->http_status == 296)
		return TRIXY_EINVAL;
	ret->reason = ret->fix = trixy_from_str(w->http_status == 297 ? STR("\xff") : STR("the provider's words"));
	if (w->http_status == 200) {
		ret->kind = TRIXY_SENT;
		ret->message_id = join(m, str_from_trixy(w->body), STR(""), STR(""));
	}
	for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
		if (w->http_status == known[k].status) {
			ret->code = trixy_from_str(known[k].kind == TRIXY_PARK ? STR("limit") : STR_NONE);
			ret->kind = known[k].kind;
			ret->wait_ms = known[k].wait_ms;
		}
	return 0;
}

static int32_t ask_profile(const struct trixy_account *a, struct trixy_text key, struct trixy_memory *m, struct trixy_request *ret)
{
	request(a, m, "GET", "/profile/", str_from_trixy(key), ret);
	return 0;
}

static int32_t read_profile(const struct trixy_account *a, const struct trixy_answer *w, struct trixy_memory *m,
			    struct trixy_profile *ret)
{
	(void)a;
	if (w->http_status != 200)
		return w->http_status == 404 ? 0 : TRIXY_EINVAL;
	ret->found = 1;
	ret->name = join(m, str_from_trixy(w->body), STR(""), STR(""));
	return 0;
}

/* 0: who am I, which carries the app. 1: about the app. 2: never asked, for its carry is missing. */
static int32_t ask_check(const struct trixy_account *a, uint32_t step, struct trixy_text carry, struct trixy_memory *m,
			 struct trixy_request *ret)
{
	if (step > 2)
		return TRIXY_END;
	ret->method = trixy_from_str(STR(""));
	if (step == 0)
		request(a, m, "GET", "/me", STR(""), ret);
	else if (step == 1 && carry.len > 0)
		request(a, m, "GET", "/app/", str_from_trixy(carry), ret);
	return 0;
}

static int32_t read_check(const struct trixy_account *a, uint32_t step, struct trixy_text carry, const struct trixy_answer *w,
			  struct trixy_memory *m, struct trixy_finding *ret)
{
	(void)a, (void)carry;
	ret->check = trixy_from_str(step == 0 ? STR("Token") : step == 1 ? STR("App") : STR("More"));
	ret->status = w->http_status == 200 ? TRIXY_CHECK_OK : w->http_status == 0 ? TRIXY_CHECK_SKIPPED : TRIXY_CHECK_FAILED;
	ret->explanation = trixy_from_str(w->http_status == 401 ? STR("The token is dead.") : STR("Looked at."));
	ret->reconnect = w->http_status == 401;
	if (step == 0 && w->http_status == 200)
		ret->carry = join(m, str_from_trixy(w->body), STR(""), STR(""));
	return 0;
}

static int32_t ask_subscribe(const struct trixy_account *a, struct trixy_memory *m, struct trixy_request *ret)
{
	request(a, m, "POST", "/subscribe/", str_from_trixy(a->key), ret);
	return 0;
}

static int32_t read_subscribe(const struct trixy_account *a, const struct trixy_answer *w, struct trixy_memory *m,
			      struct trixy_finding *ret)
{
	return read_check(a, 2, (struct trixy_text){ 0 }, w, m, ret);
}

#define FIELD(name_, flags_) \
	{ .size = sizeof(struct trixy_field), .flags = (flags_), .max_bytes = 60, .backends = 1, .name = TRIXY_TEXT(name_), \
	  .label = TRIXY_TEXT(name_) }
static const struct trixy_field fields[] = {
	FIELD("user_id", TRIXY_FIELD_REQUIRED | TRIXY_FIELD_KEY), FIELD("token", TRIXY_FIELD_REQUIRED | TRIXY_FIELD_SECRET),
	FIELD("app_secret", TRIXY_FIELD_REQUIRED | TRIXY_FIELD_SECRET | TRIXY_FIELD_SIGNS),
};
static const struct trixy_backend backends[] = { {
	.size = sizeof(struct trixy_backend), .slug = TRIXY_TEXT("cloud"), .name = TRIXY_TEXT("Cloud"),
	.base_url = TRIXY_TEXT("https://cloud.invalid"), .url_setting = TRIXY_TEXT("graph_url") } };
static const struct trixy_channel channel = {
	.size = sizeof(channel), .text_unit = TRIXY_UNIT_BYTES, .text_max = 1000, .window_ms = DAY_MS, .slug = TRIXY_TEXT(SLUG),
	.name = TRIXY_TEXT("Test Chat"), .window_error = TRIXY_TEXT("closed"), .webhook_path = TRIXY_TEXT("/addons/test-chat/webhook"),
	.account_table = TRIXY_TEXT("test_chat_accounts"), .api_version = TRIXY_TEXT("v1"), .backend_count = 1, .backends = backends,
	.field_count = 3, .fields = fields, .read_webhook = read_webhook, .compose = compose, .read_answer = read_answer,
	.profile_request = ask_profile, .profile_answer = read_profile, .check_request = ask_check, .check_answer = read_check,
	.subscribe_request = ask_subscribe, .subscribe_answer = read_subscribe,
};

/* ---- the disk ---- */

static _Atomic(const char *) failing;
static atomic_int failures;

static int fault(const char *sql)
{
	const char *head = atomic_load(&failing);

	if (head == NULL || strncmp(sql, head, strlen(head)) != 0)
		return 0;
	atomic_fetch_add(&failures, 1);
	return ERR_BROKEN;
}

void street_fail(const char *sql_head)
{
	atomic_store(&failing, sql_head);
}

int street_failures(void)
{
	return atomic_load(&failures);
}

/* ---- the house ---- */

static pthread_mutex_t commit_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t commit_changed = PTHREAD_COND_INITIALIZER;

static void on_changes(void *listener, const struct change *changes, size_t count)
{
	(void)listener, (void)changes, (void)count;
	(void)pthread_mutex_lock(&commit_lock);
	(void)pthread_cond_broadcast(&commit_changed);
	(void)pthread_mutex_unlock(&commit_lock);
}

static int build(struct db *db, void *arg, struct error *err)
{
	struct workspace_id *w = arg;
	struct store_user u = { .email = STR("a@b.example"), .name = STR("A"), .password = STR("-") };
	int64_t user_id;
	int r = store_workspace_add(db, STR("Acme"), clock_now_ms(), w, err);

	/* Without a member it would count as a deleted one, and be swept away. */
	if (r < 0 || (r = store_user_add(db, &u, &user_id, err)) < 0 || (r = store_member_add(db, *w, user_id, ROLE_OWNER, 1, err)) < 0)
		return r;
	return (r = store_conversation_channel_widen(db, err)) < 0 ? r : 0;
}

int street_open(void **state)
{
	struct store_options options = { .on_changes = on_changes };
	struct error err = { 0 };

	(void)state;
	street = (struct street){ 0 };
	meta.seen_count = meta.path_count = meta.waiting = meta.most_waiting = 0;
	meta.released = meta.refuses_slowly = false;
	meta.refused[0] = '\0';
	meta.profile_status = 404;
	engine_fault = fault;		/* before the store has threads */
	atomic_store(&failures, 0);
	options.data_dir = folder_new(&street.folder);
	street.peer = peer_start(answer, NULL);
	(void)snprintf(street.graph_url, sizeof(street.graph_url), "http://127.0.0.1:%d", peer_port(street.peer));
	street.config = (struct config){ .data = str_of(street.folder.path), .graph_url = str_of(street.graph_url) };
	street.i.config = &street.config;
	check_ok(crypto_init(&err), &err);
	crypto_random(street.i.seal_key.bytes, sizeof(street.i.seal_key.bytes));
	check_ok(store_open(&options, &street.i.store, &err), &err);
	check_ok(channels_new(&street.i.channels, &err), &err);
	check_ok(channels_add(street.i.channels, &channel, &err), &err);
	check_ok(directory_new(&street.i.directory, &err), &err);
	check_ok(store_write_alone(street.i.store, build, &street.w, &err), &err);
	check_ok(store_reader_new(street.i.store, &street.reader, &err), &err);
	street.account_id = street_account("shop", "good");
	return 0;
}

int street_close(void **state)
{
	(void)state;
	street_fail(NULL);
	street_release();
	street_rest();
	peer_stop(street.peer);
	store_reader_free(street.reader);
	store_close(street.i.store);
	directory_free(street.i.directory);
	channels_free(street.i.channels);
	arena_done(&street.arena);
	folder_done(&street.folder);
	return 0;
}

void street_work(void)
{
	struct error err = { 0 };

	check_ok(work_start(&street.i, &street.work, &err), &err);
}

void street_rest(void)
{
	work_stop(street.work);
	street.work = NULL;
}

int64_t street_account(const char *key, const char *token)
{
	const struct account_pair pairs[] = {
		{ STR("user_id"), str_of(key) }, { STR("token"), str_of(token) }, { STR("app_secret"), STR("s") } };
	struct account_faults faults;
	struct error err = { 0 };
	int64_t id = 0;

	check_ok(account_connect(&street.i, street.w, STR(SLUG), STR("cloud"), pairs, 3, &street.arena, &id, &faults, &err), &err);
	return id;
}

void street_token(int64_t account_id, const char *token)
{
	const struct account_pair pair = { STR("token"), str_of(token) };
	struct account_faults faults;
	struct error err = { 0 };

	check_ok(account_update(&street.i, street.w, account_id, &pair, 1, &street.arena, &faults, &err), &err);
}

struct meeting {
	int64_t account_id, conversation_id;
	const char *contact;
};

static int run_meet(struct db *db, void *arg, struct error *err)
{
	struct meeting *m = arg;
	struct apply_target target = { .workspace = street.w, .account_id = m->account_id, .channel = &channel };
	struct apply_result result;
	struct trixy_event event = { .size = sizeof(event), .kind = TRIXY_EVENT_MESSAGE, .flags = TRIXY_OPENS_WINDOW,
		.message_kind = TRIXY_MESSAGE_TEXT, .account_key = TRIXY_TEXT("-"), .contact_key = trixy_from_str(str_of(m->contact)),
		.message_id = trixy_from_str(str_of(m->contact)), .at_ms = clock_now_ms(), .text = TRIXY_TEXT("hi") };

	return inbox_apply(db, &target, &event, 1, &result, err);
}

int64_t street_meet(int64_t account_id, const char *contact)
{
	struct meeting m = { .account_id = account_id, .contact = contact };
	struct store_conversation c = { 0 };
	struct error err = { 0 };

	check_ok(store_write(street.i.store, run_meet, &m, &err), &err);
	check_is(store_conversation_find(street.reader, street.w, account_id, str_of(contact), &street.arena, &c, &err), 1, &err);
	return c.id;
}

int64_t street_reply(int64_t conversation_id, const char *text)
{
	struct reply reply = { .workspace = street.w, .conversation_id = conversation_id, .text = str_of(text) };
	struct reply_result result;
	struct error err = { 0 };

	check_ok(inbox_reply(&street.i, &reply, &result, &err), &err);
	return result.message_ids[0];
}

struct message street_message(int64_t conversation_id, int64_t message_id)
{
	struct message m = { 0 };
	struct error err = { 0 };

	check_ok(message_get(street.reader, street.w, conversation_id, message_id, &street.arena, &m, &err), &err);
	return m;
}

struct account street_account_now(int64_t account_id)
{
	struct account a = { 0 };
	struct error err = { 0 };

	check_ok(account_get(street.reader, street.w, account_id, &street.arena, &a, &err), &err);
	return a;
}

/* 20 ms from now. */
static struct timespec soon(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 20 * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_nsec -= 1000000000L;
		t.tv_sec++;
	}
	return t;
}

void street_until(bool (*is)(const void *arg), const void *arg, const char *what)
{
	int64_t end = clock_mono_ms() + 15 * SECOND_MS;

	while (!is(arg)) {
		if (clock_mono_ms() > end)
			check_failed("in 15 s this has not come: %s", what);
		struct timespec until = soon();		/* not every commit tells of a change */

		(void)pthread_mutex_lock(&commit_lock);
		(void)pthread_cond_timedwait(&commit_changed, &commit_lock, &until);
		(void)pthread_mutex_unlock(&commit_lock);
	}
}

struct expected {
	int64_t conversation_id, id;
	int status;
};

static bool message_is(const void *arg)
{
	const struct expected *e = arg;

	return street_message(e->conversation_id, e->id).status == e->status;
}

static bool account_is(const void *arg)
{
	const struct expected *e = arg;

	return (int)street_account_now(e->id).status == e->status;
}

struct message street_becomes(int64_t conversation_id, int64_t message_id, int status)
{
	struct expected e = { conversation_id, message_id, status };

	street_until(message_is, &e, message_status_word(status));
	return street_message(conversation_id, message_id);
}

struct account street_account_becomes(int64_t account_id, enum account_status status)
{
	struct expected e = { 0, account_id, (int)status };

	street_until(account_is, &e, "the account's status");
	return street_account_now(account_id);
}
