/* Customers' files: fetched from where the channel says and from nowhere else, kept when they are whole, tried again when not. */
#include "street.h"

#include <pthread.h>
#include <string.h>

#include "../files/pictures.h"
#include "base/limit.h"
#include "files/files.h"
#include "inbox/apply.h"
#include "inbox/upload.h"
#include "store/conversation.h"
#include "store/fetch.h"
#include "store/file.h"
#include "work/fetch.h"

static struct str program;
static struct peer *origin, *second, *canary;	/* configured, configured for another channel, and not */
static char origin_url[64], second_url[64], canary_url[64];
static struct buf picture;

static struct {
	pthread_mutex_t lock;		/* guards all of it */
	pthread_cond_t changed;
	bool open;			/* what waits at the gate may go */
	int waiting;
	char where[512];		/* what the provider says to whom asks where a file lies */
	int where_status, asked;	/* how often it was asked */
	char token[64];			/* that came with the last download */
} provider = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void say(const char *where, int status)
{
	(void)pthread_mutex_lock(&provider.lock);
	(void)snprintf(provider.where, sizeof(provider.where), "%s", where);
	provider.where_status = status;
	(void)pthread_mutex_unlock(&provider.lock);
}

static int number(const int *n)
{
	(void)pthread_mutex_lock(&provider.lock);
	int v = *n;

	(void)pthread_mutex_unlock(&provider.lock);
	return v;
}

static void open_gate(void)
{
	(void)pthread_mutex_lock(&provider.lock);
	provider.open = true;
	(void)pthread_cond_broadcast(&provider.changed);
	(void)pthread_mutex_unlock(&provider.lock);
}

static void wait_at_gate(void)
{
	(void)pthread_mutex_lock(&provider.lock);
	provider.waiting++;
	(void)pthread_cond_broadcast(&provider.changed);
	while (!provider.open)
		(void)pthread_cond_wait(&provider.changed, &provider.lock);
	provider.waiting--;
	(void)pthread_mutex_unlock(&provider.lock);
}

static bool send_picture(int fd)
{
	char head[128];

	(void)snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nContent-Type: text/html\r\n\r\n", picture.len);
	return peer_send(fd, str_of(head)) && peer_send(fd, buf_str(&picture));
}

static bool redirect(int fd, const char *to)
{
	char line[300];

	(void)snprintf(line, sizeof(line), "Location: %s\r\n", to);
	return peer_reply(fd, 302, line, "moved");
}

static bool answer_file(int fd, struct str name, struct str rest)
{
	char next[200];

	if (str_eq_c(name, "picture"))
		return send_picture(fd);
	if (str_eq_c(name, "slow"))
		return wait_at_gate(), peer_reply(fd, 200, "", "hello");
	if (str_eq_c(name, "half"))
		return peer_send(fd, STR("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")), false;
	if (str_eq_c(name, "giant"))
		return peer_send(fd, STR("HTTP/1.1 200 OK\r\nContent-Length: 104857601\r\n\r\nx")) && (peer_hang(fd), false);
	if (str_eq_c(name, "empty"))
		return peer_reply(fd, 200, "", "");
	if (str_eq_c(name, "here") || (str_eq_c(name, "moving") && number(&provider.asked) >= 2))
		return peer_reply(fd, 200, "", "hello");
	if (str_eq_c(name, "busy"))
		return peer_reply(fd, 503, "", "later");
	if (str_eq_c(name, "to")) {		/* /file/to/3/here: three times */
		struct str last = str_cut(rest, 2, 99);

		if (rest.p[0] == '1')
			(void)snprintf(next, sizeof(next), "/file/%.*s", STR_ARG(last));
		else
			(void)snprintf(next, sizeof(next), "/file/to/%c/%.*s", rest.p[0] - 1, STR_ARG(last));
		return redirect(fd, next);
	}
	if (str_eq_c(name, "canary"))
		return (void)snprintf(next, sizeof(next), "%s/file/here", canary_url), redirect(fd, next);
	if (str_eq_c(name, "second"))
		return (void)snprintf(next, sizeof(next), "%s/file/here", second_url), redirect(fd, next);
	if (str_eq_c(name, "disk"))
		return redirect(fd, "file:///etc/passwd");
	return peer_reply(fd, 404, "", "no such file");
}

static bool answer(void *arg, int fd, const struct peer_request *r)
{
	struct str rest, name;

	(void)arg;
	if (str_starts(r->path, STR("/where/"))) {
		(void)pthread_mutex_lock(&provider.lock);
		char where[sizeof(provider.where)];
		int status = provider.where_status;

		provider.asked++;
		(void)snprintf(where, sizeof(where), "%s", provider.where);
		(void)pthread_mutex_unlock(&provider.lock);
		return peer_reply(fd, status, "", where);
	}
	if (!str_starts(r->path, STR("/file/")))
		return peer_reply(fd, 404, "", "?");
	(void)pthread_mutex_lock(&provider.lock);
	(void)snprintf(provider.token, sizeof(provider.token), "%.*s", STR_ARG(peer_header(r, "authorization")));
	(void)pthread_mutex_unlock(&provider.lock);
	name = str_split(str_cut(r->path, strlen("/file/"), r->path.len), '/', &rest);
	return answer_file(fd, name, rest);
}

/* ---- the channels: one whose messages carry links, one that asks where a file lies ---- */

static struct trixy_text copy(struct trixy_memory *m, struct str s)
{
	char *p = m->alloc(m, s.len + 1);

	memcpy(p, s.p, s.len);
	return (struct trixy_text){ p, s.len };
}

static void add_token(const struct trixy_account *a, struct trixy_memory *m, const struct trixy_pair **ret, uint32_t *ret_count)
{
	struct trixy_pair *h = m->alloc(m, sizeof(*h));

	for (uint32_t k = 0; k < a->pair_count; k++)
		if (str_eq_c(str_from_trixy(a->pairs[k].name), "token"))
			*h = (struct trixy_pair){ TRIXY_TEXT("Authorization"), copy(m, str_from_trixy(a->pairs[k].value)) };
	*ret = h;
	*ret_count = 1;
}

static int32_t ask_media(const struct trixy_account *a, const struct trixy_attachment *t, struct trixy_memory *m, struct trixy_request *ret)
{
	char url[256];

	if (t->external_id.len == 0)
		return TRIXY_EINVAL;
	(void)snprintf(url, sizeof(url), "%.*s/where/%.*s", STR_ARG(str_from_trixy(a->base_url)), STR_ARG(str_from_trixy(t->external_id)));
	ret->method = (struct trixy_text)TRIXY_TEXT("GET");
	ret->url = copy(m, str_of(url));
	add_token(a, m, &ret->headers, &ret->header_count);
	return 0;
}

/* "URL BYTES HASH" */
static int32_t read_media(const struct trixy_account *a, const struct trixy_answer *w, struct trixy_memory *m, struct trixy_media *ret)
{
	struct str rest, url = str_split(str_from_trixy(w->body), ' ', &rest), bytes = str_split(rest, ' ', &rest);

	if (w->http_status == 410) {
		ret->state = TRIXY_MEDIA_GONE;
		ret->reason = (struct trixy_text)TRIXY_TEXT("It was deleted.");
		return 0;
	}
	ret->state = w->http_status == 200 ? TRIXY_MEDIA_FOUND : TRIXY_MEDIA_RETRY;
	ret->url = copy(m, url);
	(void)str_to_i64(bytes, &ret->byte_count);
	ret->sha256 = rest.len > 0 ? copy(m, rest) : ret->sha256;
	add_token(a, m, &ret->headers, &ret->header_count);
	return 0;
}

static int32_t read_webhook(struct trixy_text body, struct trixy_memory *m, const struct trixy_sink *sink)
{
	(void)body, (void)m, (void)sink;
	return TRIXY_EINVAL;
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
static int32_t no_check(const struct trixy_account *a, uint32_t step, struct trixy_text carry, struct trixy_memory *m, struct trixy_request *ret)
{
	(void)a, (void)step, (void)carry, (void)m, (void)ret;
	return TRIXY_END;
}
static int32_t no_finding(const struct trixy_account *a, uint32_t step, struct trixy_text carry, const struct trixy_answer *x,
			  struct trixy_memory *m, struct trixy_finding *ret)
{
	(void)a, (void)step, (void)carry, (void)x, (void)m, (void)ret;
	return TRIXY_EINVAL;
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
/* The second is this machine by a number: allowed by its name, and refused by what it is. */
static const struct trixy_text hosts[] = { TRIXY_TEXT("files.example"), TRIXY_TEXT("127.0.0.1") };
#define CHANNEL(slug_, table_, name_) \
	.size = sizeof(struct trixy_channel), .text_unit = TRIXY_UNIT_BYTES, .text_max = 1000, .window_ms = DAY_MS, .slug = TRIXY_TEXT(slug_), \
	.name = TRIXY_TEXT(name_), .window_error = TRIXY_TEXT("closed"), .webhook_path = TRIXY_TEXT("/addons/" slug_ "/webhook"), \
	.account_table = TRIXY_TEXT(table_), .api_version = TRIXY_TEXT("v1"), .backend_count = 1, .backends = backends, .field_count = 3, \
	.fields = fields, .read_webhook = read_webhook, .compose = no_compose, .read_answer = no_answer, .check_request = no_check, \
	.check_answer = no_finding, .media_host_count = 2, .media_hosts = hosts
static const struct trixy_channel linking = { CHANNEL("link-chat", "link_chat_accounts", "Link Chat") };
static const struct trixy_channel asking = { CHANNEL("ask-chat", "ask_chat_accounts", "Ask Chat"), .media_request = ask_media,
					     .media_answer = read_media };

/* ---- the house ---- */

static int64_t link_account, ask_account;

static int64_t connect_to(const struct trixy_channel *channel, const char *key)
{
	const struct account_pair pairs[] = { { STR("user_id"), str_of(key) }, { STR("token"), STR("secret-token") }, { STR("app_secret"), STR("s") } };
	struct account_faults faults;
	struct error err = { 0 };
	int64_t id = 0;

	check_ok(account_connect(&street.i, street.w, str_from_trixy(channel->slug), STR("cloud"), pairs, 3, &street.arena, &id, &faults, &err), &err);
	return id;
}

static struct peer *listen_at(char *ret_url)
{
	struct peer *p = peer_start(answer, NULL);

	(void)snprintf(ret_url, 64, "http://127.0.0.1:%d", peer_port(p));
	return p;
}

static int set_up(void **state)
{
	struct error err = { 0 };
	int r = street_open(state);

	provider.open = false;
	provider.waiting = provider.asked = 0;
	provider.token[0] = '\0';
	say("", 500);
	origin = listen_at(origin_url);
	second = listen_at(second_url);
	canary = listen_at(canary_url);
	street.config.graph_url = str_of(origin_url);
	street.config.instagram_graph_url = str_of(second_url);
	check_ok(channels_add(street.i.channels, &linking, &err), &err);
	check_ok(channels_add(street.i.channels, &asking, &err), &err);
	files_close(street.i.files);		/* to one that looks at files */
	check_ok(files_open(street.config.data, program, &street.i.seal_key, &street.i.files, &err), &err);
	link_account = connect_to(&linking, "l");
	ask_account = connect_to(&asking, "a");
	return r;
}

static int tear_down(void **state)
{
	open_gate();
	street_rest();
	assert_int_equal(peer_connections(canary), 0);		/* whatever the test did */
	peer_stop(origin);
	peer_stop(second);
	peer_stop(canary);
	return street_close(state);
}

struct arrival {
	int64_t account_id;
	const struct trixy_event *event;
};

static int run_arrive(struct db *db, void *arg, struct error *err)
{
	const struct arrival *a = arg;
	struct apply_target target = { .workspace = street.w, .account_id = a->account_id,
				       .channel = a->account_id == ask_account ? &asking : &linking };
	struct apply_result result;

	return inbox_apply(db, &target, a->event, 1, &result, err);
}

static void arrive(int64_t account_id, const struct trixy_event *event)
{
	struct arrival a = { account_id, event };
	struct error err = { 0 };

	check_ok(store_write(street.i.store, run_arrive, &a, &err), &err);
	if (street.i.wake_work != NULL)
		street.i.wake_work(street.i.wake_arg);
}

struct thing {			/* an attachment, position 0 */
	int64_t conversation_id, message_id;
};

/* A customer sends a file: at this address, or with this id. */
static struct thing send_file(int64_t account_id, const char *url, const char *id, const char *sha256)
{
	static int n;
	char mid[32];
	struct trixy_attachment t = { .size = sizeof(t), .type = TRIXY_MESSAGE_IMAGE, .url = trixy_from_str(str_of(url)),
		.external_id = trixy_from_str(str_of(id)), .sha256 = trixy_from_str(str_of(sha256)) };
	struct trixy_event e = { .size = sizeof(e), .kind = TRIXY_EVENT_MESSAGE, .flags = TRIXY_OPENS_WINDOW, .message_kind = TRIXY_MESSAGE_IMAGE,
		.account_key = TRIXY_TEXT("-"), .contact_key = TRIXY_TEXT("cleo"), .at_ms = clock_now_ms(), .attachment_count = 1, .attachments = &t };
	struct store_conversation c = { 0 };
	struct store_message m = { 0 };
	struct error err = { 0 };

	(void)snprintf(mid, sizeof(mid), "mid.%d", ++n);
	e.message_id = trixy_from_str(str_of(mid));
	arrive(account_id, &e);
	check_is(store_conversation_find(street.reader, street.w, account_id, STR("cleo"), &street.arena, &c, &err), 1, &err);
	check_is(store_message_find(street.reader, street.w, c.id, str_of(mid), &street.arena, &m, &err), 1, &err);
	return (struct thing){ c.id, m.id };
}

static struct thing send_link(const char *base, const char *path)
{
	return send_file(link_account, arena_printf(&street.arena, "%s/file/%s", base, path).p, NULL, NULL);
}

static struct store_fetch now(struct thing t)
{
	struct store_fetch f = { 0 };
	struct error err = { 0 };

	check_ok(store_fetch_get(street.reader, street.w, t.message_id, 0, &street.arena, &f, &err), &err);
	return f;
}

struct wanted {
	struct thing thing;
	int state;
	int64_t tries;
};

static bool is_so(const void *arg)
{
	const struct wanted *w = arg;
	struct store_fetch f = now(w->thing);

	return f.attachment.state == w->state && f.attachment.tries >= w->tries;
}

static struct store_attachment becomes(struct thing t, int state)
{
	struct wanted w = { t, state, state == ATTACHMENT_FETCHING ? 1 : 0 };

	street_until(is_so, &w, "the attachment's state");
	return now(t).attachment;
}

static void check_lost(struct thing t, const char *fault)
{
	struct store_attachment a = becomes(t, ATTACHMENT_LOST);

	check_str(a.fault, fault);
	assert_int_equal(a.due_at, 0);
	assert_int_equal(a.file_id, 0);
}

/* It failed in passing, for the first time. */
static void check_again(struct thing t, const char *fault)
{
	struct store_attachment a = becomes(t, ATTACHMENT_FETCHING);

	check_str(a.fault, fault);
	assert_true(a.tries == 1 && a.due_at > clock_now_ms() && a.due_at <= clock_now_ms() + 10 * SECOND_MS);
	assert_int_equal(a.file_id, 0);
}

static struct store_file check_kept(struct thing t)
{
	struct store_attachment a = becomes(t, ATTACHMENT_KEPT);
	struct store_file f;
	struct error err = { 0 };
	int64_t bytes;
	int fd;

	assert_true(a.due_at == 0 && a.fault.p == NULL);
	check_ok(store_file_get(street.reader, street.w, a.file_id, &street.arena, &f, &err), &err);
	check_ok(files_read(street.i.files, street.w, f.sha256, false, &fd, &bytes, &err), &err);
	assert_int_equal(bytes, f.bytes);
	(void)close(fd);
	return f;
}

/* ---- what comes ---- */

static void test_link(void **state)
{
	struct attachment_file f;
	struct error err = { 0 };

	(void)state;
	street_work();
	struct thing t = send_link(origin_url, "picture");
	struct store_file file = check_kept(t);

	check_str(file.mime_type, "image/png");		/* whatever it was called */
	assert_true(file.width == 300 && file.height == 200 && file.has_preview && file.bytes == (int64_t)picture.len);
	check_ok(attachment_file_get(street.reader, street.w, t.message_id, 0, &street.arena, &f, &err), &err);
	assert_true(f.type == TRIXY_MESSAGE_IMAGE && f.file.id == file.id && f.file_name.p == NULL);
	check_is(attachment_file_get(street.reader, (struct workspace_id){ 4711 }, t.message_id, 0, &street.arena, &f, &err), ERR_NOTFOUND, &err);
	/* The same bytes once more: one file. */
	assert_int_equal(check_kept(send_link(origin_url, "picture")).id, file.id);
	struct files_figures figures;

	files_figures(street.i.files, &figures);
	assert_true(figures.kept == 2 && figures.fetches_failed == 0);
}

static void test_asked(void **state)
{
	(void)state;
	street_work();
	say(arena_printf(&street.arena, "%s/file/here 5 LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", origin_url).p, 200);
	check_str(check_kept(send_file(ask_account, NULL, "m1", NULL)).sha256, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
	assert_string_equal(provider.token, "secret-token");
	assert_int_equal(number(&provider.asked), 1);
	/* What the message itself told is compared, where the answer does not tell it. */
	say(arena_printf(&street.arena, "%s/file/here", origin_url).p, 200);
	(void)check_kept(send_file(ask_account, NULL, "m2", "2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824"));
	/* One that the channel cannot ask about lies at its link. */
	(void)check_kept(send_file(ask_account, arena_printf(&street.arena, "%s/file/here", origin_url).p, NULL, NULL));
	assert_int_equal(number(&provider.asked), 2);
}

static void test_wrong_bytes(void **state)
{
	(void)state;
	street_work();
	say(arena_printf(&street.arena, "%s/file/here 0 LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCU", origin_url).p, 200);
	check_again(send_file(ask_account, NULL, "m", NULL), "What came is not the file that was sent: its checksum is another.");
	say(arena_printf(&street.arena, "%s/file/here 6", origin_url).p, 200);
	check_again(send_file(ask_account, NULL, "m", NULL), "The file came incomplete: 5 of 6 bytes.");
	say(arena_printf(&street.arena, "%s/file/here 4", origin_url).p, 200);
	check_again(send_file(ask_account, NULL, "m", NULL), "The file that came is longer than Ask Chat had told.");
	check_again(send_link(origin_url, "empty"), "What came is empty.");
	struct store_attachment a = becomes(send_link(origin_url, "half"), ATTACHMENT_FETCHING);

	assert_true(str_starts(a.fault, STR("The download from 127.0.0.1 broke off: ")));
	check_again(send_link(origin_url, "busy"), "127.0.0.1 answered with status 503.");
	check_lost(send_link(origin_url, "giant"), "The file is larger than 100 MB, the most that is kept here.");
	say(arena_printf(&street.arena, "%s/file/here 104857601", origin_url).p, 200);
	check_lost(send_file(ask_account, NULL, "m", NULL), "The file is larger than 100 MB, the most that is kept here.");
	struct files_figures figures;

	files_figures(street.i.files, &figures);
	assert_int_equal(figures.fetches_failed, 8);
}

/* ---- where it may come from ---- */

static void check_address(const char *url, int expected, bool public_only)
{
	struct fetch_rules rules = { .channel = &linking, .base_url = STR("https://cloud.invalid"), .config = &street.config };
	struct str host;
	struct error err = { 0 };
	bool is_public_only;
	int r = fetch_address_check(&rules, str_of(url), &street.arena, &is_public_only, &host, &err);

	if (r != expected || (r == 0 && is_public_only != public_only))
		check_failed("%s: %d %d", url, r, is_public_only);
}

static void test_addresses(void **state)
{
	static const char *const refused[] = { "https://files.example.evil.example/a", "https://evilfiles.example/a", "https://example/a",
		"http://files.example/a", "https://files.example:444/a", "https://files.example@evil.example/", "https://evil.example/?files.example",
		"https://evil.example#files.example", "https://evil.example\\@files.example/", "ftp://files.example/a", "file:///etc/passwd", "",
		"//files.example/a", "https://cloud.invalid/a", "https://localhost/", "https://[::1]/", "https://169.254.169.254/latest",
		"https://files.example./a" };

	(void)state;
	check_address("https://files.example/a", 0, true);
	check_address("https://a.b.FILES.example/a?b=c#d", 0, true);
	check_address("https://127.0.0.1/a", 0, true);		/* a host of the channel's; the guard comes with the connection */
	check_address(arena_printf(&street.arena, "%s/a", origin_url).p, 0, false);
	check_address(arena_printf(&street.arena, "%s/a", second_url).p, 0, false);
	check_address(arena_printf(&street.arena, "%s/a", canary_url).p, ERR_DENIED, true);
	check_address(arena_printf(&street.arena, "http://localhost:%d/", peer_port(origin)).p, ERR_DENIED, true);
	check_address(arena_printf(&street.arena, "https://127.0.0.1:%d/", peer_port(origin)).p, ERR_DENIED, true);
	for (size_t k = 0; k < sizeof(refused) / sizeof(refused[0]); k++)
		check_address(refused[k], ERR_DENIED, true);
}

/* The account's secrets are what somebody would be after who sends a link to his own host. */
static void test_canary(void **state)
{
	(void)state;
	street_work();
	check_lost(send_link(canary_url, "here"), "Its address, 127.0.0.1, is not one that Link Chat's files come from.");
	check_lost(send_link(origin_url, "canary"), "Its address, 127.0.0.1, is not one that Link Chat's files come from.");
	check_lost(send_link(origin_url, "disk"), "Its address leads to one that cannot be used.");
	say(arena_printf(&street.arena, "%s/file/here", canary_url).p, 200);
	check_lost(send_file(ask_account, NULL, "m", NULL), "Its address, 127.0.0.1, is not one that Ask Chat's files come from.");
	check_lost(send_file(link_account, "https://127.0.0.1/a", NULL, NULL),
		   "Its address, 127.0.0.1, leads into a private network, where no customer's file lies.");
	assert_int_equal(peer_connections(canary), 0);
}

static void test_redirects(void **state)
{
	(void)state;
	street_work();
	(void)check_kept(send_link(origin_url, "to/1/here"));
	(void)check_kept(send_link(origin_url, "to/3/here"));
	check_again(send_link(origin_url, "to/4/here"), "The file's address leads from one to the next, more than 3 times.");
	say(arena_printf(&street.arena, "%s/file/to/2/here", origin_url).p, 200);
	(void)check_kept(send_file(ask_account, NULL, "m", NULL));
	assert_string_equal(provider.token, "secret-token");
	/* Another host that is allowed gets the request without the token. */
	say(arena_printf(&street.arena, "%s/file/second", origin_url).p, 200);
	(void)check_kept(send_file(ask_account, NULL, "m", NULL));
	assert_string_equal(provider.token, "");
	assert_int_equal(peer_requests(second), 1);
}

/* ---- addresses die, providers fail ---- */

static void test_dead_links(void **state)
{
	(void)state;
	street_work();
	check_lost(send_link(origin_url, "gone"), "Link Chat's link had ended before the file could be fetched.");
	say(arena_printf(&street.arena, "%s/file/moving", origin_url).p, 200);
	(void)check_kept(send_file(ask_account, NULL, "m", NULL));	/* the second address lives */
	assert_int_equal(number(&provider.asked), 2);
	say(arena_printf(&street.arena, "%s/file/gone", origin_url).p, 200);
	check_again(send_file(ask_account, NULL, "m", NULL), "The address that Ask Chat gave for the file does not lead to it.");
	assert_int_equal(number(&provider.asked), 4);
	say("", 410);
	check_lost(send_file(ask_account, NULL, "m", NULL), "It was deleted.");
	say("", 500);
	check_again(send_file(ask_account, NULL, "m", NULL), "Ask Chat did not say where the file lies.");
	say("", 200);
	check_again(send_file(ask_account, NULL, "m", NULL), "Ask Chat did not say where the file lies.");
}

struct change_of {
	struct thing thing;
	int64_t tries;
};

static int run_due(struct db *db, void *arg, struct error *err)
{
	const struct change_of *c = arg;
	struct store_fetch f;
	int r = store_fetch_get(db, street.w, c->thing.message_id, 0, &street.arena, &f, err);

	f.attachment.due_at = 1;
	f.attachment.tries = c->tries;
	return r < 0 ? r : store_attachment_save(db, street.w, c->thing.message_id, 0, &f.attachment, err);
}

static void test_pauses(void **state)
{
	static const int64_t pauses[] = { 10 * SECOND_MS, MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS };
	struct thing t;
	struct error err = { 0 };

	(void)state;
	t = send_link(origin_url, "busy");
	street_work();
	for (int64_t k = 0; k < 5; k++) {
		struct wanted w = { t, ATTACHMENT_FETCHING, k + 1 };
		int64_t begun = clock_now_ms();

		street_until(is_so, &w, "the next try");
		int64_t due = now(t).attachment.due_at;

		if (due > clock_now_ms() + pauses[k] || due < begun + pauses[k] - 5 * SECOND_MS)
			check_failed("after failure %lld it waits %lld ms", (long long)k + 1, (long long)(due - clock_now_ms()));
		struct change_of c = { t, k + 1 };

		check_ok(store_write(street.i.store, run_due, &c, &err), &err);
		street.i.wake_work(street.i.wake_arg);
	}
	check_lost(t, "127.0.0.1 answered with status 503.");
	/* A person asks once more. */
	int before = peer_requests(origin);

	check_ok(attachment_fetch_again(&street.i, street.w, t.conversation_id, t.message_id, 0, &err), &err);
	check_again(t, "127.0.0.1 answered with status 503.");
	assert_int_equal(peer_requests(origin), before + 1);
	check_is(attachment_fetch_again(&street.i, street.w, t.conversation_id + 1, t.message_id, 0, &err), ERR_NOTFOUND, &err);
	check_is(attachment_fetch_again(&street.i, street.w, t.conversation_id, t.message_id, 1, &err), ERR_NOTFOUND, &err);
	struct thing kept = send_link(origin_url, "here");

	(void)check_kept(kept);
	check_is(attachment_fetch_again(&street.i, street.w, kept.conversation_id, kept.message_id, 0, &err), ERR_STATE, &err);
}

static bool has_fault(const void *arg)
{
	return now(*(const struct thing *)arg).attachment.fault.p != NULL;
}

static void test_accounts_end(void **state)
{
	struct error err = { 0 };
	struct thing t = send_link(origin_url, "here"), other = send_file(ask_account, NULL, "m", NULL);

	(void)state;
	check_ok(account_disconnect(&street.i, street.w, link_account, &err), &err);
	channels_remove(street.i.channels, STR("ask-chat"));
	street_work();
	check_lost(t, "The account was disconnected before the file could be fetched.");
	street_until(has_fault, &other, "a word about the other");
	/* That is nobody's failure: it costs no try. */
	check_str(now(other).attachment.fault, "The account's channel is not active on this server.");
	assert_int_equal(now(other).attachment.tries, 0);
	assert_int_equal(peer_connections(origin), 0);
}

/* ---- together, and in the middle ---- */

static bool three_wait(const void *arg)
{
	(void)arg;
	return number(&provider.waiting) == 3;
}

static void test_one_account_holds_up_nobody(void **state)
{
	struct thing slow[6];

	(void)state;
	for (int k = 0; k < 6; k++)
		slow[k] = send_link(origin_url, "slow");
	street_work();
	street_until(three_wait, NULL, "three downloads");
	say(arena_printf(&street.arena, "%s/file/here", origin_url).p, 200);
	(void)check_kept(send_file(ask_account, NULL, "m", NULL));
	assert_int_equal(number(&provider.waiting), 3);
	open_gate();
	for (int k = 0; k < 6; k++)
		(void)check_kept(slow[k]);
}

static bool one_waits(const void *arg)
{
	(void)arg;
	return number(&provider.waiting) == 1;
}

/* The server stops in the middle of a download: that is no failure of it, and the next start fetches it. */
static void test_stop(void **state)
{
	struct thing t = send_link(origin_url, "slow");

	(void)state;
	street_work();
	street_until(one_waits, NULL, "a download");
	int64_t begun = clock_mono_ms();

	street_rest();
	assert_true(clock_mono_ms() - begun < 20000);	/* the gate stays closed for ever */
	assert_true(now(t).attachment.state == ATTACHMENT_FETCHING && now(t).attachment.tries == 0 && now(t).attachment.fault.p == NULL);
	open_gate();
	street_work();
	(void)check_kept(t);
}

static bool is_fetched(const void *arg)
{
	struct files_figures f;

	(void)arg;
	files_figures(street.i.files, &f);
	return f.kept == 1;
}

/* The customer takes it back while it comes. */
static void test_unsent(void **state)
{
	struct thing t = send_link(origin_url, "slow");
	struct store_message m = { 0 };
	struct trixy_event e = { .size = sizeof(e), .kind = TRIXY_EVENT_UNSEND, .account_key = TRIXY_TEXT("-"), .contact_key = TRIXY_TEXT("cleo"),
				 .at_ms = clock_now_ms() };
	struct attachment_file f;
	struct error err = { 0 };
	int64_t id = 1;

	(void)state;
	street_work();
	street_until(one_waits, NULL, "a download");
	check_ok(store_message_get(street.reader, street.w, t.conversation_id, t.message_id, &street.arena, &m, &err), &err);
	e.message_id = trixy_from_str(m.external_id);
	arrive(link_account, &e);
	open_gate();
	street_until(is_fetched, NULL, "the bytes");
	/* Behind it in the same queue of the writer. */
	(void)check_kept(send_link(origin_url, "picture"));
	check_is(attachment_file_get(street.reader, street.w, t.message_id, 0, &street.arena, &f, &err), ERR_NOTFOUND, &err);
	check_is(store_file_find(street.reader, street.w, STR("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"), &id, &err), 0, &err);
}

static bool has_failed(const void *arg)
{
	(void)arg;
	return street_failures() > 0;
}

/* What became of it cannot be written down: it is fetched again, and kept once. */
static void test_disk(void **state)
{
	(void)state;
	street_fail("UPDATE attachments");
	struct thing t = send_link(origin_url, "here");

	street_work();
	street_until(has_failed, NULL, "a failure of the disk");
	street_fail(NULL);
	(void)check_kept(t);
}

/* ---- the hash ---- */

static void test_hashes(void **state)
{
	static const char *const good[] = { "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
		"2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
		"LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ", "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
		" LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ " };
	static const char *const bad[] = { "", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmC", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmC!=",
		"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b982g", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b98" };
	unsigned char expected[SHA256_BYTES], is[SHA256_BYTES];

	(void)state;
	crypto_sha256(STR("hello"), expected);
	for (size_t k = 0; k < sizeof(good) / sizeof(good[0]); k++) {
		assert_true(fetch_hash_read(str_of(good[k]), is));
		assert_memory_equal(is, expected, sizeof(is));
	}
	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
		assert_false(fetch_hash_read(str_of(bad[k]), is));
}

/* ---- housekeeping ---- */

static int run_old_upload(struct db *db, void *arg, struct error *err)
{
	int64_t *at = arg;
	struct store_file f = { .workspace = street.w, .sha256 = STR("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"), .bytes = 5,
				.mime_type = STR("text/plain"), .created_at = *at };
	int r = store_file_put(db, &f, err);
	struct store_upload u = { .workspace = street.w, .file_id = f.id, .user_id = 1, .name = STR("old"), .created_at = *at };

	return r < 0 ? r : store_upload_add(db, &u, err);
}

static bool no_row(const void *arg)
{
	struct error err = { 0 };
	int64_t id;

	(void)arg;
	return store_file_find(street.reader, street.w, STR("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"), &id, &err) == 0;
}

static struct store_upload upload(const char *bytes, const char *name)
{
	struct file_draft d;
	struct store_upload u;
	struct error err = { 0 };

	check_ok(file_draft_begin(street.i.files, &d, &err), &err);
	check_ok(file_draft_write(&d, str_of(bytes), &err), &err);
	check_ok(upload_add(&street.i, street.w, 1, &d, str_of(name), &street.arena, &u, &err), &err);
	return u;
}

static void test_old_uploads_go(void **state)
{
	struct error err = { 0 };
	int64_t old = clock_now_ms() - DAY_MS - 1;
	struct store_upload young = upload("young", "young.txt"), u;

	(void)state;
	check_ok(store_write(street.i.store, run_old_upload, &old, &err), &err);
	assert_false(no_row(NULL));
	street_work();
	street_until(no_row, NULL, "the end of the old upload");
	check_ok(store_upload_get(street.reader, street.w, young.id, &street.arena, &u, &err), &err);
	check_str(u.name, "young.txt");
}

static void test_uploads(void **state)
{
	struct store_upload u = upload("hello", "C:\\temp\\..\\a/b\\invoice.txt"), other;
	struct file_draft d;
	struct error err = { 0 };

	(void)state;
	check_str(u.name, "invoice.txt");
	check_str(u.file.mime_type, "text/plain");
	check_is(upload_delete(&street.i, street.w, 2, u.id, &err), ERR_NOTFOUND, &err);	/* somebody else's */
	check_is(upload_delete(&street.i, (struct workspace_id){ 4711 }, 1, u.id, &err), ERR_NOTFOUND, &err);
	other = upload("hello", "");
	assert_int_equal(other.file_id, u.file_id);
	check_str(other.name, "file");
	check_ok(upload_delete(&street.i, street.w, 1, u.id, &err), &err);
	check_is(upload_delete(&street.i, street.w, 1, u.id, &err), ERR_NOTFOUND, &err);
	check_ok(file_draft_begin(street.i.files, &d, &err), &err);
	check_is(upload_add(&street.i, street.w, 1, &d, STR("empty"), &street.arena, &u, &err), ERR_INVALID, &err);
	assert_int_equal(d.fd, 0);
	check_ok(file_draft_begin(street.i.files, &d, &err), &err);
	check_ok(file_draft_write(&d, STR("x"), &err), &err);
	check_is(upload_add(&street.i, (struct workspace_id){ 4711 }, 1, &d, STR("x"), &street.arena, &u, &err), ERR_NOTFOUND, &err);
}

static void check_name(const char *name, const char *expected)
{
	struct str s = file_name_clean(str_of(name), &street.arena);

	if (expected == NULL)
		assert_null(s.p);
	else
		check_str(s, expected);
}

static void test_names(void **state)
{
	char longest[400];

	(void)state;
	check_name("a b.pdf", "a b.pdf");
	check_name("../../etc/passwd", "passwd");
	check_name("..\\..\\x.exe", "x.exe");
	check_name("a\r\nContent-Type: x.html", "aContent-Type: x.html");
	check_name("invoice\xe2\x80\xaegpj.exe", "invoicegpj.exe");
	check_name("\xe2\x81\xa6" "a\xe2\x80\x8f.txt", "a.txt");
	check_name("a\xc2\x85" "b", "ab");
	check_name("Caf\xc3\xa9 \xe2\x80\x93 \xf0\x9f\x98\x80.png", "Caf\xc3\xa9 \xe2\x80\x93 \xf0\x9f\x98\x80.png");
	check_name(".htaccess", "htaccess");
	check_name("..", NULL);
	check_name("", NULL);
	check_name("\xff\xfe", NULL);
	check_name("a/", NULL);
	memset(longest, 'a', sizeof(longest));
	(void)snprintf(longest + 390, 10, ".jpeg");
	struct str s = file_name_clean(str_of(longest), &street.arena);

	assert_int_equal(s.len, LIMIT_FILE_NAME);
	assert_true(str_ends(s, STR("a.jpeg")));
}

int main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_link), T(test_asked), T(test_wrong_bytes), T(test_addresses), T(test_canary), T(test_redirects), T(test_dead_links),
		T(test_pauses), T(test_accounts_end), T(test_one_account_holds_up_nobody), T(test_stop), T(test_unsent), T(test_disk),
		T(test_old_uploads_go), T(test_uploads), T(test_names), cmocka_unit_test(test_hashes),
	};

	if (argc != 2)
		return 2;
	program = str_of(argv[1]);
	picture_png(&picture, 300, 200, false, false);
	int failed = cmocka_run_group_tests_name("media", tests, NULL, NULL);

	buf_done(&picture);
	return failed;
}
