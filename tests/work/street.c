#include "street.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "../database.h"
#include "files/files.h"
#include "inbox/apply.h"
#include "inbox/directory.h"
#include "inbox/people.h"
#include "inbox/reply.h"
#include "store/conversation.h"
#include "store/engine.h"
#include "store/file.h"
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
	char refused[64], templates[200];
	int templates_status;
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

/* What is told of an upload is its content: the last part of the body. */
static bool on_upload(int fd, const struct peer_request *r)
{
	struct peer_request of_content = *r;
	const char *head, *end;

	for (struct str rest = r->body; (head = memmem(rest.p, rest.len, "\r\n\r\n", 4)) != NULL;
	     rest = str_cut(rest, (size_t)(head - rest.p) + 4, rest.len))
		of_content.body = str_cut(r->body, (size_t)(head - r->body.p) + 4, r->body.len);
	end = memmem(of_content.body.p, of_content.body.len, "\r\n--", 4);
	of_content.body.len = end == NULL ? of_content.body.len : (size_t)(end - of_content.body.p);
	return on_send(fd, &of_content);
}

/* Pages: the first one is set by the test; "two" and "loop" are here. */
static bool on_templates(int fd, const struct peer_request *r)
{
	char first[200];

	(void)pthread_mutex_lock(&meta.lock);
	int status = meta.templates_status;

	(void)snprintf(first, sizeof(first), "%s", meta.templates);
	(void)pthread_mutex_unlock(&meta.lock);
	return peer_reply(fd, status, "", str_ends(r->path, STR("/two")) ? "bye en 0 Bye" :
					  str_ends(r->path, STR("/loop")) ? "again en 1 Again\nnext loop" : first);
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
	if (str_starts(r->path, STR("/upload")))
		return on_upload(fd, r);
	if (str_starts(r->path, STR("/presence/"))) {
		(void)note(r->body);
		return peer_reply(fd, 500, "", "nobody looks at this");
	}
	if (str_starts(r->path, STR("/templates/")))
		return on_templates(fd, r);
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
	until.tv_sec += 60;
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

void street_templates(int status, const char *first_page)
{
	(void)pthread_mutex_lock(&meta.lock);
	meta.templates_status = status;
	(void)snprintf(meta.templates, sizeof(meta.templates), "%s", first_page);
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
		{ 401, TRIXY_RECONNECT, 0 }, { 403, TRIXY_HOLD, 0 }, { 429, TRIXY_PARK, 200 }, { 430, TRIXY_PARK, 4000 },
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

/* ---- the channel that can it all ---- */

static struct trixy_text print(struct trixy_memory *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
static struct trixy_text print(struct trixy_memory *m, const char *format, ...)
{
	char *p = m->alloc(m, 2000);
	va_list ap;

	va_start(ap, format);
	int n = vsnprintf(p, 2000, format, ap);

	va_end(ap);
	return (struct trixy_text){ p, (uint64_t)n };
}

#define ARG(t) STR_ARG(str_from_trixy(t))

static int32_t able_compose(const struct trixy_account *a, const struct trixy_draft *d, struct trixy_memory *m, struct trixy_request *ret)
{
	bool presence = d->kind == TRIXY_DRAFT_SEEN || d->kind == TRIXY_DRAFT_TYPING;

	request(a, m, "POST", presence ? "/presence/" : "/send/", str_from_trixy(d->contact_key), ret);
	if (presence)
		ret->body = print(m, "%s %.*s", d->kind == TRIXY_DRAFT_SEEN ? "seen" : "typing", ARG(d->reply_to_id));
	else if (d->kind == TRIXY_DRAFT_REACTION)
		ret->body = print(m, "react %.*s %.*s", ARG(d->emoji), ARG(d->reply_to_id));
	else if (d->kind == TRIXY_DRAFT_TEMPLATE)
		ret->body = print(m, "template %.*s %.*s %.*s=%.*s", ARG(d->template_name), ARG(d->template_language), ARG(d->values[0].name),
				  ARG(d->values[0].value));
	else if (d->media_type != 0)
		ret->body = print(m, "%.*s%s[%u %.*s%.*s %.*s]", ARG(d->text), d->text.len > 0 ? " " : "", d->media_type, ARG(d->media_id),
				  ARG(d->media_url), ARG(d->file_name));
	else
		ret->body = print(m, "%.*s%s%.*s", ARG(d->text), d->reply_to_id.len > 0 ? " >" : "", ARG(d->reply_to_id));
	if (str_starts(str_from_trixy(d->text), STR("dead")))
		ret->url = trixy_from_str(STR("http://127.0.0.1:1/send"));
	/* What every message must come with. */
	return presence || (str_starts(str_from_trixy(d->reference), STR("mt-")) && d->reference.len <= 64) ? 0 : TRIXY_EINVAL;
}

/* The draft that was sent must be told, without its text. */
static int32_t able_answer(const struct trixy_account *a, const struct trixy_answer *w, struct trixy_memory *m, struct trixy_outcome *ret)
{
	if (w->draft == NULL || w->draft->text.p != NULL || w->draft->contact_key.len == 0)
		return TRIXY_EINVAL;
	int32_t r = read_answer(a, w, m, ret);

	if (w->http_status == 431) {
		ret->kind = TRIXY_PARK_CONTACT;
		ret->wait_ms = 300;
	}
	if (w->draft->kind == TRIXY_DRAFT_REACTION)
		ret->message_id = (struct trixy_text){ 0 };
	return r;
}

static int32_t ask_upload(const struct trixy_account *a, const struct trixy_draft *d, struct trixy_memory *m, struct trixy_request *ret)
{
	struct trixy_part *parts = m->alloc(m, 2 * sizeof(*parts));

	if (d->media_id.p != NULL || d->media_url.p != NULL)
		return TRIXY_EINVAL;
	request(a, m, "POST", "/upload", STR(""), ret);
	parts[0] = (struct trixy_part){ .size = sizeof(*parts), .name = TRIXY_TEXT("type"), .value = d->mime_type };
	parts[1] = (struct trixy_part){ .size = sizeof(*parts), .is_file = 1, .name = TRIXY_TEXT("file"), .file_name = d->file_name,
					.mime_type = d->mime_type };
	ret->parts = parts;
	ret->part_count = 2;
	return 0;
}

static int32_t able_check(const struct trixy_account *a, uint32_t step, struct trixy_text carry, const struct trixy_answer *w,
			  struct trixy_memory *m, struct trixy_finding *ret)
{
	static const struct trixy_pair first[] = {
		{ TRIXY_TEXT("waba_id"), TRIXY_TEXT("waba-1") }, { TRIXY_TEXT("token"), TRIXY_TEXT("stolen") },
		{ TRIXY_TEXT("shown_name"), TRIXY_TEXT("two\nlines") }, { TRIXY_TEXT("nothing"), TRIXY_TEXT("x") } };
	static const struct trixy_pair second[] = { { TRIXY_TEXT("phone"), TRIXY_TEXT("@+49 123") }, { TRIXY_TEXT("shown_name"), TRIXY_TEXT("Shop") } };
	int32_t r = read_check(a, step, carry, w, m, ret);

	if (w->http_status == 200 && step <= 1) {
		ret->learned = step == 0 ? first : second;
		ret->learned_count = step == 0 ? 4 : 2;
	}
	return r;
}

static int32_t able_subscribe(const struct trixy_account *a, struct trixy_memory *m, struct trixy_request *ret)
{
	request(a, m, "POST", "/subscribe/", pair_of(a, "waba_id"), ret);
	return 0;
}

static int32_t ask_templates(const struct trixy_account *a, struct trixy_text page, struct trixy_memory *m, struct trixy_request *ret)
{
	request(a, m, "GET", "/templates/", page.p == NULL ? STR("") : str_from_trixy(page), ret);
	return 0;
}

/* "NAME LANGUAGE USABLE BODY" a line, or "next PAGE". */
static int32_t read_templates(const struct trixy_account *a, const struct trixy_answer *w, struct trixy_memory *m, struct trixy_templates *ret)
{
	static const struct trixy_template_variable variable = { .size = sizeof(variable), .key = TRIXY_TEXT("body.1"), .label = TRIXY_TEXT("Name") };
	struct trixy_template *list = m->alloc(m, 8 * sizeof(*list));
	struct str rest = str_from_trixy(w->body);

	(void)a;
	if (w->http_status != 200) {
		ret->fault = trixy_from_str(STR("The provider said no."));
		ret->fix = trixy_from_str(STR("Ask it why."));
		return w->http_status == 500 ? TRIXY_EINVAL : 0;
	}
	while (rest.len > 0) {
		struct str line = str_split(rest, '\n', &rest), name = str_split(line, ' ', &line);

		if (str_eq_c(name, "next")) {
			ret->next = trixy_from_str(line);
			continue;
		}
		struct trixy_template *t = &list[ret->count++];

		*t = (struct trixy_template){ .size = sizeof(*t), .name = trixy_from_str(name) };
		t->language = trixy_from_str(str_split(line, ' ', &line));
		t->is_usable = str_eq_c(str_split(line, ' ', &line), "1");
		t->body = trixy_from_str(line);
		t->variables = &variable;
		t->variable_count = memmem(line.p, line.len, "{{", 2) != NULL;
	}
	ret->items = list;
	return 0;
}

static int32_t ask_renewal(const struct trixy_account *a, struct trixy_memory *m, struct trixy_request *ret)
{
	request(a, m, "GET", "/me/renew", STR(""), ret);
	return 0;
}

static int32_t read_renewal(const struct trixy_account *a, const struct trixy_answer *w, struct trixy_memory *m, struct trixy_finding *ret)
{
	static const struct trixy_pair learned[] = { { TRIXY_TEXT("token"), TRIXY_TEXT("a-token-that-was-renewed") }, { TRIXY_TEXT("user_id"), TRIXY_TEXT("stolen") },
						     { TRIXY_TEXT("waba_id"), TRIXY_TEXT("another") } };
	int32_t r = read_check(a, 2, (struct trixy_text){ 0 }, w, m, ret);

	if (w->http_status == 200) {
		ret->learned = learned;
		ret->learned_count = 3;
	}
	return r;
}

static const struct trixy_field able_fields[] = {
	FIELD("user_id", TRIXY_FIELD_REQUIRED | TRIXY_FIELD_KEY), FIELD("token", TRIXY_FIELD_REQUIRED | TRIXY_FIELD_SECRET),
	FIELD("app_secret", TRIXY_FIELD_REQUIRED | TRIXY_FIELD_SECRET | TRIXY_FIELD_SIGNS), FIELD("waba_id", TRIXY_FIELD_LEARNED),
	FIELD("phone", TRIXY_FIELD_LEARNED | TRIXY_FIELD_HANDLE), FIELD("shown_name", TRIXY_FIELD_LEARNED | TRIXY_FIELD_NAME),
};
static const struct trixy_media_rule able_rules[] = {
	{ .size = sizeof(able_rules[0]), .type = TRIXY_MESSAGE_IMAGE, .max_bytes = 1 << 20, .caption_max = 100, .mime_types = TRIXY_TEXT("image/png") },
};
static struct trixy_channel able_channel;

void street_able(bool uploads)
{
	struct error err = { 0 };

	able_channel = channel;
	able_channel.can = TRIXY_CAN_QUOTE | TRIXY_CAN_REACT | TRIXY_CAN_SEEN | TRIXY_CAN_TYPING | TRIXY_CAN_TEMPLATES;
	able_channel.fields = able_fields;
	able_channel.field_count = 6;
	able_channel.media_rules = able_rules;
	able_channel.media_rule_count = 1;
	able_channel.compose = able_compose;
	able_channel.read_answer = able_answer;
	able_channel.check_answer = able_check;
	able_channel.subscribe_request = able_subscribe;
	able_channel.profile_request = NULL;
	able_channel.profile_answer = NULL;
	able_channel.upload_request = uploads ? ask_upload : NULL;
	able_channel.upload_answer = uploads ? able_answer : NULL;
	able_channel.renew_request = ask_renewal;
	able_channel.renew_answer = read_renewal;
	able_channel.templates_request = ask_templates;
	able_channel.templates_answer = read_templates;
	check_ok(channels_swap(street.i.channels, &able_channel, &err), &err);
}

void street_typing_is_seen(void)
{
	able_channel.can |= TRIXY_TYPING_IS_SEEN;
}

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
	return 0;
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
	street_templates(200, "");
	engine_fault = fault;		/* before the store has threads */
	atomic_store(&failures, 0);
	options.data_dir = folder_new(&street.folder);
	street.peer = peer_start(answer, NULL);
	(void)snprintf(street.graph_url, sizeof(street.graph_url), "http://127.0.0.1:%d", peer_port(street.peer));
	street.config = (struct config){ .data = str_of(street.folder.path), .graph_url = str_of(street.graph_url) };
	street.i.config = &street.config;
	check_ok(crypto_init(&err), &err);
	crypto_random(street.i.seal_key.bytes, sizeof(street.i.seal_key.bytes));
	options.database = street.config.database = test_database(&street.arena, options.data_dir);
	check_ok(store_open(&options, &street.i.store, &err), &err);
	check_ok(channels_new(&street.i.channels, &err), &err);
	check_ok(channels_add(street.i.channels, &channel, &err), &err);
	check_ok(directory_new(&street.i.directory, &err), &err);
	/* The program that looks at files is not here: they are kept all the same. */
	check_ok(files_open(options.data_dir, STR("/bin/false"), &street.i.seal_key, &street.i.files, &err), &err);
	check_ok(store_write_alone(street.i.store, build, &street.w, &err), &err);
	check_is(store_conversation_channel_widen(street.i.store, &err), 1, &err);
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
	test_database_drop(street.config.database);
	files_close(street.i.files);
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

static int run_upload(struct db *db, void *arg, struct error *err)
{
	struct store_upload *u = arg;
	int r = store_file_put(db, &u->file, err);

	u->file_id = u->file.id;
	return r < 0 ? r : store_upload_add(db, u, err);
}

int64_t street_upload(const char *name, const char *mime_type, const char *content)
{
	struct file_draft draft = { 0 };
	struct file_facts facts;
	struct error err = { 0 };

	check_ok(file_draft_begin(street.i.files, &draft, &err), &err);
	check_ok(file_draft_write(&draft, str_of(content), &err), &err);
	check_ok(files_keep(street.i.files, street.w, &draft, &facts, &err), &err);
	struct store_upload u = { .workspace = street.w, .user_id = 7, .name = str_of(name), .created_at = clock_now_ms(),
		.file = { .workspace = street.w, .sha256 = str_of(facts.sha256), .mime_type = str_of(mime_type), .bytes = facts.bytes,
			  .created_at = clock_now_ms() } };

	check_ok(store_write(street.i.store, run_upload, &u, &err), &err);
	files_settled(street.i.files, street.w, str_of(facts.sha256));
	return u.id;
}

int64_t street_send_file(int64_t conversation_id, const char *content, const char *text)
{
	int64_t upload = street_upload("a.png", "image/png", content);
	struct reply reply = { .workspace = street.w, .conversation_id = conversation_id, .author_id = 7, .text = str_of(text), .uploads = &upload,
			       .upload_count = 1 };
	struct reply_result result;
	struct error err = { 0 };

	check_ok(inbox_reply(&street.i, &reply, &result, &err), &err);
	assert_int_equal(result.count, 1);
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
	int64_t end = clock_mono_ms() + MINUTE_MS;

	while (!is(arg)) {
		if (clock_mono_ms() > end)
			check_failed("in a minute this has not come: %s", what);
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
