#include "work/fetch.h"

#include <ctype.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/limit.h"
#include "base/log.h"
#include "files/files.h"
#include "inbox/message.h"
#include "store/fetch.h"
#include "store/file.h"
#include "work/ask.h"

enum { ASK_MS = 20 * 1000, HOPS_MAX = 3, BYTES_A_SECOND = 100 * 1000, WORDS_MAX = 400, HASH_MAX = 128 };

/* After the first failure, the second ... When all are used up, the file is given up. */
static const int64_t pauses[] = { 10 * SECOND_MS, MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS };
#define NOT_ACTIVE_MS (10 * MINUTE_MS)

/* How one attempt ended. */
enum ending {
	END_NONE,	/* inside: it goes on */
	END_STOPPED,	/* the server stops: nothing is written down, and the next start tries again */
	END_KEPT,
	END_AGAIN,	/* failed in passing; `words` say why */
	END_LATER,	/* the same, but for a reason of ours: it costs no try */
	END_LOST,	/* it cannot be had; `words` say why */
	END_DEAD,	/* inside: the address has died; the channel may know another */
};

struct attempt {
	struct fetcher *f;
	struct store_fetch item;
	struct fetch_rules rules;
	struct ask ask;			/* the request under way, and the account's secrets */
	struct arena arena;		/* wiped: holds the address and its headers */
	struct trixy_media media;	/* where it lies, as far as is known */
	struct str words;
	struct file_draft draft;
	bool draft_failed;
	struct file_facts facts;	/* END_KEPT: kept, not settled */
};

static void attempt_done(struct attempt *t)
{
	ask_done(&t->ask);
	file_draft_drop(&t->draft);
	arena_wipe(&t->arena);
}

static struct str channel_name(const struct attempt *t)
{
	return str_from_trixy(t->rules.channel->name);
}

#define END(t, kind, ...) ((t)->words = arena_printf(&(t)->arena, __VA_ARGS__), (kind))

/* ---- addresses ---- */

static bool same_origin(const struct http_origin *a, struct str url)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct http_origin b;

	return url.len > 0 && http_origin_of(url, &arena, &b, NULL) == 0 && str_eq(a->scheme, b.scheme) && str_eq(a->host, b.host) &&
	       a->port == b.port;
}

/* An operator who points a channel at another server than its own means that server, wherever it is. */
static bool is_operators(const struct fetch_rules *rules, const struct http_origin *o)
{
	const struct trixy_channel *c = rules->channel;
	struct str its_own = rules->backend < 0 ? STR_NONE : str_from_trixy(TRIXY_AT(c->backends, rules->backend)->base_url);

	return (!same_origin(o, its_own) && same_origin(o, rules->base_url)) || same_origin(o, rules->config->graph_url) ||
	       same_origin(o, rules->config->instagram_graph_url);
}

int fetch_address_check(const struct fetch_rules *rules, struct str url, struct arena *arena, bool *ret_public_only, struct str *ret_host,
			struct error *err)
{
	struct http_origin o;

	*ret_host = STR("an address that cannot be read");
	*ret_public_only = true;
	if (http_origin_of(url, arena, &o, NULL) < 0)
		return fail(err, ERR_DENIED, "the address cannot be read");
	*ret_host = str_cut(o.host, 0, 100);
	if (is_operators(rules, &o)) {
		*ret_public_only = false;
		return 0;
	}
	if (!str_eq_c(o.scheme, "https") || o.port != 443 || !channel_has_media_host(rules->channel, o.host))
		return fail(err, ERR_DENIED, "%.*s://%.*s:%lld is no place of the channel's files", STR_ARG(o.scheme), STR_ARG(*ret_host),
			    (long long)o.port);
	return 0;
}

/* ---- the hash ---- */

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : tolower((unsigned char)c) >= 'a' && tolower((unsigned char)c) <= 'f' ?
		tolower((unsigned char)c) - 'a' + 10 : -1;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Digits of so many bits each, the first ones first. */
static bool read_digits(struct str s, int (*digit)(char c), int bits, unsigned char ret[SHA256_BYTES])
{
	uint32_t held = 0;
	int count = 0;
	size_t len = 0;

	for (size_t k = 0; k < s.len; k++) {
		int d = digit(s.p[k]);

		if (d < 0)
			return false;
		held = (held << bits | (uint32_t)d) & 0xffff;
		if ((count += bits) >= 8 && len < SHA256_BYTES)
			ret[len++] = (unsigned char)(held >> (count -= 8));
	}
	return len == SHA256_BYTES;
}

bool fetch_hash_read(struct str told, unsigned char ret[SHA256_BYTES])
{
	struct str s = str_trim(told);

	if (s.len == 64)
		return read_digits(s, hex_digit, 4, ret);
	if (s.len == 44 && s.p[43] == '=')
		s.len = 43;
	return s.len == 43 && read_digits(s, base64_digit, 6, ret);
}

static bool hash_fits(const struct attempt *t)
{
	struct str told = t->media.sha256.len > 0 ? str_from_trixy(t->media.sha256) : t->item.attachment.sha256;
	unsigned char expected[SHA256_BYTES], is[SHA256_BYTES];

	if (told.len == 0 || !fetch_hash_read(told, expected))
		return true;		/* nothing was told that could be compared */
	return crypto_unhex(str_of(t->facts.sha256), is, sizeof(is)) && memcmp(is, expected, sizeof(is)) == 0;
}

/* ---- where it lies ---- */

static bool stopped(const struct attempt *t)
{
	return t->f->stopping(t->f->arg);
}

/* Opens the account anew, for its secrets live no longer than a request. */
static enum ending open_account(struct attempt *t, struct trixy_account *ret)
{
	struct error err = { 0 };
	int r = ask_open(&t->ask, t->f->i, t->f->reader, t->item.workspace, t->item.account_id, ret, &t->rules.channel, &err);

	if (r == ERR_NOTFOUND)
		return END(t, END_LOST, "The account was disconnected before the file could be fetched.");
	if (r == ERR_STATE)
		return END(t, END_LATER, "The account's channel is not active on this server.");
	if (r < 0) {
		log_event(LOG_WARNING, "a customer's file is fetched later", log_i("account", t->item.account_id), log_c("error", err.text), log_end);
		return END(t, END_AGAIN, "This server could not open the account. Its log says why.");
	}
	t->rules.base_url = arena_copy(&t->arena, str_from_trixy(ret->base_url));
	t->rules.backend = channel_backend(t->rules.channel, str_from_trixy(ret->backend));
	return END_NONE;
}

/* What the channel made of the answer is checked as a stranger's. */
static enum ending read_place(struct attempt *t, const struct trixy_account *account, const struct trixy_answer *answer)
{
	struct channel_memory memory;
	struct trixy_media m = { .size = sizeof(m) };

	channel_memory_init(&memory, &t->arena);
	if (t->rules.channel->media_answer(account, answer, &memory.memory, &m) != 0 || m.size < sizeof(m) || !ask_fits(m.url, LIMIT_URL) ||
	    !ask_fits(m.sha256, HASH_MAX))
		m = (struct trixy_media){ .size = sizeof(m), .state = TRIXY_MEDIA_RETRY };
	struct str reason = ask_told(m.reason, WORDS_MAX);

	if (m.state == TRIXY_MEDIA_GONE)
		return END(t, END_LOST, "%.*s", STR_ARG(reason.p != NULL ? reason : STR("The file is not there any more.")));
	if (m.state != TRIXY_MEDIA_FOUND || m.url.len == 0) {
		if (reason.p != NULL)
			return END(t, END_AGAIN, "%.*s", STR_ARG(reason));
		return END(t, END_AGAIN, "%.*s did not say where the file lies.", STR_ARG(channel_name(t)));
	}
	t->media = m;
	return END_NONE;
}

static struct trixy_attachment attachment_of(const struct store_attachment *a)
{
	return (struct trixy_attachment){ .size = sizeof(struct trixy_attachment), .type = (uint32_t)a->type, .flags = a->flags,
		.url = trixy_from_str(a->url), .title = trixy_from_str(a->title), .external_id = trixy_from_str(a->external_id),
		.mime_type = trixy_from_str(a->mime_type), .file_name = trixy_from_str(a->file_name), .sha256 = trixy_from_str(a->sha256) };
}

/* END_NONE: t->media says it. */
static enum ending ask_place(struct attempt *t)
{
	struct trixy_attachment attachment = attachment_of(&t->item.attachment);
	struct trixy_request request = { .size = sizeof(request) };
	struct channel_memory memory;
	struct trixy_account account;
	struct trixy_answer answer;
	struct error err = { 0 };

	channel_memory_init(&memory, &t->ask.memory);
	enum ending end = open_account(t, &account);

	if (end != END_NONE)
		return end;
	if (!channel_asks_media(t->rules.channel) ||
	    t->rules.channel->media_request(&account, &attachment, &memory.memory, &request) != 0) {
		/* It lies where the message said, if it said that. */
		t->media = (struct trixy_media){ .size = sizeof(t->media), .url = attachment.url };
		return attachment.url.len > 0 ? END_NONE :
			END(t, END_LOST, "%.*s did not say where the file lies.", STR_ARG(channel_name(t)));
	}
	if (ask_fill(&t->ask, &request, ASK_MS, &err) < 0)
		return END(t, END_AGAIN, "This server could not ask %.*s where the file lies.", STR_ARG(channel_name(t)));
	http_client_run(t->f->http, &t->ask.call);
	if (stopped(t) && t->ask.call.status == 0)
		return END_STOPPED;
	if (t->ask.call.status == 0)
		return END(t, END_AGAIN, "%.*s could not be reached: %s.", STR_ARG(channel_name(t)), t->ask.call.error.text);
	return ask_answer(&t->ask, &t->arena, &answer, &err) < 0 ? END(t, END_AGAIN, "This server is out of memory.") :
								   read_place(t, &account, &answer);
}

/* ---- the download ---- */

static int take(void *arg, struct str bytes)
{
	struct attempt *t = arg;
	struct error err = { 0 };

	if (file_draft_write(&t->draft, bytes, &err) == 0)
		return 0;
	t->draft_failed = true;
	log_event(LOG_ERROR, "a customer's file could not be written and is fetched again later", log_i("account", t->item.account_id),
		  log_c("error", err.text), log_end);
	return -1;
}

static int64_t bytes_allowed(const struct attempt *t)
{
	int64_t told = t->media.byte_count;

	return told > 0 && told < LIMIT_FILE ? told : LIMIT_FILE;
}

static enum ending read_failure(struct attempt *t, const struct http_call *call, struct str host)
{
	if (stopped(t))
		return END_STOPPED;
	if (t->draft_failed)
		return END(t, END_LATER, "This server could not write the file. Its log says why.");
	if (call->error.code == ERR_DENIED)
		return END(t, END_LOST, "Its address, %.*s, leads into a private network, where no customer's file lies.", STR_ARG(host));
	if (call->error.code == ERR_LIMIT && bytes_allowed(t) == LIMIT_FILE)
		return END(t, END_LOST, "The file is larger than %d MB, the most that is kept here.", LIMIT_FILE / (1024 * 1024));
	if (call->error.code == ERR_LIMIT)
		return END(t, END_AGAIN, "The file that came is longer than %.*s had told.", STR_ARG(channel_name(t)));
	return END(t, END_AGAIN, "The download from %.*s broke off: %s.", STR_ARG(host), call->error.text);
}

static enum ending read_status(struct attempt *t, const struct http_call *call, struct str host, struct str *ret_location)
{
	switch (call->status) {
	case 200:
		return END_KEPT;
	case 301: case 302: case 303: case 307: case 308:
		for (size_t k = 0; k < call->answer_header_count; k++)
			if (str_eq_c(call->answer_headers[k].name, "location"))
				*ret_location = arena_copy(&t->arena, call->answer_headers[k].value);
		if (ret_location->len > 0)
			return END_NONE;
		break;
	case 401: case 403: case 404: case 410:
		return END_DEAD;
	default:
		break;
	}
	return END(t, END_AGAIN, "%.*s answered with status %lld.", STR_ARG(host), (long long)call->status);
}

/* One request. END_NONE: it goes on at *ret_location. END_KEPT: the draft holds the file. */
static enum ending get_once(struct attempt *t, struct str url, bool with_headers, struct str *ret_location)
{
	struct http_call *call = &t->ask.call;
	struct error err = { 0 };
	struct str host;
	bool public_only;

	ask_done(&t->ask);
	if (fetch_address_check(&t->rules, url, &t->arena, &public_only, &host, &err) < 0) {
		log_event(LOG_WARNING, "a customer's file is not fetched", log_i("account", t->item.account_id), log_c("error", err.text), log_end);
		return END(t, END_LOST, "Its address, %.*s, is not one that %.*s's files come from.", STR_ARG(host), STR_ARG(channel_name(t)));
	}
	*call = (struct http_call){ .method = STR("GET"), .url = url, .max_answer = (size_t)bytes_allowed(t), .sink = take, .sink_arg = t,
		.public_only = public_only, .timeout_ms = MINUTE_MS + bytes_allowed(t) / BYTES_A_SECOND * SECOND_MS };
	/* They may hold the account's token. */
	if (with_headers && ask_headers(t->media.headers, t->media.header_count, &t->arena, call, &err) < 0)
		return END(t, END_AGAIN, "%.*s did not say how the file is fetched.", STR_ARG(channel_name(t)));
	http_client_run(t->f->http, call);
	return call->status == 0 ? read_failure(t, call, host) : read_status(t, call, host, ret_location);
}

/* Follows redirects, each looked at anew. The headers go along only to where they were meant for. */
static enum ending get(struct attempt *t)
{
	struct str url = str_from_trixy(t->media.url);
	struct http_origin first = { 0 };
	struct error err = { 0 };

	if (t->media.byte_count > LIMIT_FILE)
		return END(t, END_LOST, "The file is larger than %d MB, the most that is kept here.", LIMIT_FILE / (1024 * 1024));
	file_draft_drop(&t->draft);
	if (file_draft_begin(t->f->i->files, &t->draft, &err) < 0) {
		log_event(LOG_ERROR, "a customer's file is fetched later", log_c("error", err.text), log_end);
		return END(t, END_LATER, "This server could not write the file. Its log says why.");
	}
	(void)http_origin_of(url, &t->arena, &first, NULL);
	for (int hop = 0; hop <= HOPS_MAX; hop++) {
		struct str location = STR_NONE;
		enum ending end = get_once(t, url, hop == 0 || same_origin(&first, url), &location);

		if (end != END_NONE)
			return end;
		if (http_url_join(url, location, &t->arena, &url, &err) < 0)
			return END(t, END_LOST, "Its address leads to one that cannot be used.");
	}
	return END(t, END_AGAIN, "The file's address leads from one to the next, more than %d times.", HOPS_MAX);
}

static enum ending keep(struct attempt *t)
{
	struct files *files = t->f->i->files;
	struct error err = { 0 };

	if (t->draft.bytes == 0)
		return END(t, END_AGAIN, "What came is empty.");
	if (t->media.byte_count > 0 && t->draft.bytes != t->media.byte_count)
		return END(t, END_AGAIN, "The file came incomplete: %lld of %lld bytes.", (long long)t->draft.bytes,
			   (long long)t->media.byte_count);
	if (files_keep(files, t->item.workspace, &t->draft, &t->facts, &err) < 0) {
		log_event(LOG_ERROR, "a customer's file could not be kept and is fetched again later", log_i("account", t->item.account_id),
			  log_c("error", err.text), log_end);
		return END(t, END_LATER, "This server could not keep the file. Its log says why.");
	}
	if (hash_fits(t))
		return END_KEPT;
	files_settled(files, t->item.workspace, str_of(t->facts.sha256));
	return END(t, END_AGAIN, "What came is not the file that was sent: its checksum is another.");
}

static enum ending try_once(struct attempt *t)
{
	enum ending end = ask_place(t);

	if (end == END_NONE && (end = get(t)) == END_DEAD && channel_asks_media(t->rules.channel)) {
		/* The address may have died since the provider told it. */
		t->media = (struct trixy_media){ 0 };
		ask_done(&t->ask);
		if ((end = ask_place(t)) == END_NONE && (end = get(t)) == END_DEAD)
			return END(t, END_AGAIN, "The address that %.*s gave for the file does not lead to it.", STR_ARG(channel_name(t)));
	}
	if (end == END_DEAD)
		return END(t, END_LOST, "%.*s's link had ended before the file could be fetched.", STR_ARG(channel_name(t)));
	return end == END_KEPT ? keep(t) : end;
}

/* ---- what became of it ---- */

struct settle_work {
	struct attempt *t;
	enum ending end;
};

static int keep_row(struct db *db, struct attempt *t, struct store_attachment *a, struct error *err)
{
	const struct file_facts *facts = &t->facts;
	struct store_file f = { .workspace = t->item.workspace, .sha256 = str_of(facts->sha256), .mime_type = str_of(facts->mime_type),
		.bytes = facts->bytes, .width = facts->width, .height = facts->height, .has_preview = facts->has_preview,
		.is_mono = facts->mono, .created_at = clock_now_ms() };
	int r = store_file_put(db, &f, err);

	a->state = ATTACHMENT_KEPT;
	a->file_id = f.id;
	a->fault = STR_NONE;
	a->due_at = 0;
	return r;
}

static void note_failure(const struct attempt *t, enum ending end, struct store_attachment *a)
{
	size_t tries = (size_t)a->tries;

	a->fault = str_cut(t->words, 0, utf8_prefix(t->words, WORDS_MAX));
	if (end == END_LATER) {
		a->due_at = clock_now_ms() + NOT_ACTIVE_MS;
		return;
	}
	a->tries++;
	if (end == END_AGAIN && tries < sizeof(pauses) / sizeof(pauses[0])) {
		a->due_at = clock_now_ms() + pauses[tries];
		return;
	}
	a->state = ATTACHMENT_LOST;
	a->due_at = 0;
}

/* The row may have changed since: taken back by the customer, or asked for once more. */
static int run_settle(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct settle_work *work = arg;
	struct attempt *t = work->t;
	struct store_fetch now;
	int r = store_fetch_get(db, t->item.workspace, t->item.message_id, t->item.attachment.position, &arena, &now, err);

	if (r < 0 || now.attachment.state != ATTACHMENT_FETCHING)
		return r == ERR_NOTFOUND ? 0 : r;
	if (work->end != END_KEPT)
		note_failure(t, work->end, &now.attachment);
	else if ((r = keep_row(db, t, &now.attachment, err)) < 0)
		return r == ERR_NOTFOUND ? 0 : r;
	if ((r = store_attachment_save(db, now.workspace, now.message_id, now.attachment.position, &now.attachment, err)) < 0)
		return r;
	return store_change_add(db, now.workspace, CHANGE_MESSAGE, now.message_id, now.conversation_id, err);
}

static int settle(struct attempt *t, enum ending end, struct error *err)
{
	struct settle_work work = { .t = t, .end = end };
	bool failed = end == END_AGAIN || end == END_LOST;

	if (failed)		/* counted before anybody can see it */
		files_fetch_failed(t->f->i->files);
	int r = arena_failed(&t->arena) ? fail(err, ERR_NOMEM, "out of memory") : store_write(t->f->i->store, run_settle, &work, err);

	if (end == END_KEPT)
		files_settled(t->f->i->files, t->item.workspace, str_of(t->facts.sha256));
	if (failed)
		log_event(LOG_INFO, end == END_LOST ? "a customer's file is lost" : "a customer's file was not fetched",
			  log_i("account", t->item.account_id), log_i("message", t->item.message_id), log_s("why", t->words), log_end);
	return r;
}

int fetch_run(struct fetcher *f, struct workspace_id w, int64_t message_id, int position, struct error *err)
{
	SCOPED(attempt_done) struct attempt t = { .f = f, .rules.config = f->i->config };
	int r = store_fetch_get(f->reader, w, message_id, position, &t.arena, &t.item, err);

	if (r < 0)
		return r == ERR_NOTFOUND ? 0 : r;
	if (t.item.attachment.state != ATTACHMENT_FETCHING)
		return 0;
	enum ending end = t.item.account_status == ACCOUNT_DISABLED ?
		END(&t, END_LOST, "The account was disconnected before the file could be fetched.") : try_once(&t);

	return end == END_STOPPED ? 0 : settle(&t, end, err);
}
