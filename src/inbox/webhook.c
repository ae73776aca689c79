/* A webhook's body between the door and the store. Reading and verifying happen on the calling thread; what follows is one
 * unit of the writer: the journal's rows and the inbox's, in one commit. */
#include "inbox/webhook.h"

#include "base/clock.h"
#include "base/limit.h"
#include "base/log.h"
#include "inbox/directory.h"
#include "inbox/handshake.h"
#include "inbox/journal.h"
#include "store/account.h"
#include "store/webhook.h"

/* Meta sends up to 1,000 updates at once. Nothing is verified yet when accounts are told apart, so their number is bounded. */
enum { SHARES_MAX = 1000, HANDSHAKE_ACCOUNTS = 8, HANDSHAKE_SAVED_MS = 5 * 1000 };

/* All that one body says to one account. */
struct share {
	struct str key;
	struct directory_account account;	/* account_id 0: not connected here */
	bool verified;
	struct trixy_event *events;		/* those that passed the check */
	size_t count, room;
	struct str fault;			/* of the first event that did not pass */
	struct share *next;
};

struct webhook {
	struct arena arena;
	struct instance *instance;
	const struct trixy_channel *channel;
	struct str body, signature;
	int64_t received_at;
	struct share *first, *last;
	size_t shares, events;
	bool files;		/* what it brought is to be fetched */
	bool early;		/* see webhook_is_early */
};

/* ---- reading ---- */

static struct share *share_of(struct webhook *w, struct str key)
{
	if (w->last != NULL && str_eq(w->last->key, key))
		return w->last;
	for (struct share *s = w->first; s != NULL; s = s->next)
		if (str_eq(s->key, key))
			return s;
	struct share *s = arena_alloc(&w->arena, sizeof(*s));

	if (s == NULL || ++w->shares > SHARES_MAX)
		return NULL;
	s->key = arena_copy(&w->arena, key);
	if (w->last != NULL)
		w->last->next = s;
	else
		w->first = s;
	w->last = s;
	return s;
}

static struct trixy_event *next_event(struct webhook *w, struct share *s)
{
	if (s->count == s->room) {
		size_t room = s->room == 0 ? 4 : s->room * 4;
		struct trixy_event *events = arena_alloc(&w->arena, room * sizeof(*events));

		if (events == NULL)
			return NULL;
		if (s->count > 0)
			memcpy(events, s->events, s->count * sizeof(*events));
		s->events = events;
		s->room = room;
	}
	return &s->events[s->count];
}

/* An event without a time of its own, or with one from a clock that is wrong by days, happened when it came: else it would stand
 * on top of the list for ever, or hold the reply window open. */
static int64_t dated(const struct webhook *w, int64_t at_ms)
{
	return at_ms == 0 || at_ms > w->received_at + DAY_MS ? w->received_at : at_ms;
}

/* The event's text belongs to the channel until emit() returns. */
static int32_t copy_event(struct webhook *w, struct share *s, const struct trixy_event *e)
{
	struct trixy_event *c = next_event(w, s);

	if (c == NULL || channel_event_copy(e, &w->arena, c, NULL) < 0)
		return TRIXY_ENOMEM;
	c->at_ms = dated(w, e->at_ms);
	s->count++;
	return 0;
}

static int32_t emit(void *arg, const struct trixy_event *e)
{
	struct webhook *w = arg;
	struct error why = { 0 };
	struct str key = str_from_trixy(e->account_key);
	bool bad_key = key.p == NULL || key.len > LIMIT_EXTERNAL_ID || !utf8_valid(key);
	struct share *s = share_of(w, bad_key ? STR("0") : key);

	if (s == NULL || ++w->events > LIMIT_WEBHOOK_EVENTS)
		return TRIXY_ENOMEM;
	if (bad_key || channel_event_check(e, &why) < 0) {
		if (s->fault.p == NULL)
			s->fault = bad_key ? STR("an event without an account") : arena_copy(&w->arena, str_of(why.text));
		return 0;
	}
	return copy_event(w, s, e);
}

/* Which shares the signature vouches for. Returns how many. */
static size_t verify(struct webhook *w)
{
	struct account_directory *d = w->instance->directory;
	struct str channel = str_from_trixy(w->channel->slug);
	size_t verified = 0;
	int any = -1;		/* asked once: all unknown accounts share the answer */

	for (struct share *s = w->first; s != NULL; s = s->next) {
		if (directory_find(d, channel, s->key, &s->account) > 0)
			s->verified = directory_verify(d, channel, s->key, w->body, w->signature) > 0;
		else {
			s->account = (struct directory_account){ 0 };
			any = any < 0 ? directory_verify_any(d, channel, w->body, w->signature) > 0 : any;
			s->verified = any > 0;
		}
		verified += s->verified;
	}
	return verified;
}

static int read_body(struct instance *instance, const struct trixy_channel *channel, struct str body, struct str signature,
		     int64_t received_at, struct webhook **ret, struct error *err)
{
	struct webhook *w = calloc(1, sizeof(*w));
	struct channel_memory memory;

	*ret = w;
	if (w == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	w->instance = instance;
	w->channel = channel;
	w->received_at = received_at;
	w->arena.max = (size_t)16 * LIMIT_WEBHOOK_BODY;
	w->body = arena_copy(&w->arena, body);
	w->signature = arena_copy(&w->arena, signature);
	channel_memory_init(&memory, &w->arena);
	struct trixy_sink sink = { .size = sizeof(sink), .arg = w, .emit = emit };
	int32_t r = channel->read_webhook(trixy_from_str(w->body), &memory.memory, &sink);

	if (r == TRIXY_ENOMEM || arena_failed(&w->arena))
		return fail(err, ERR_LIMIT, "the body holds more than can be taken at once");
	if (r != 0 || w->first == NULL) {
		w->first = w->last = NULL;
		/* Signed by one of ours, yet not readable: worth a look; unsigned: noise. */
		return directory_verify_any(instance->directory, str_from_trixy(channel->slug), w->body, w->signature) > 0 ?
			       WEBHOOK_MALFORMED : WEBHOOK_UNSIGNED;
	}
	return verify(w) > 0 ? WEBHOOK_STORE : WEBHOOK_UNSIGNED;
}

int webhook_read(struct instance *instance, const struct trixy_channel *channel, struct str body, struct str signature,
		 struct webhook **ret, struct error *err)
{
	return read_body(instance, channel, body, signature, clock_now_ms(), ret, err);
}

void webhook_free(struct webhook *w)
{
	if (w == NULL)
		return;
	arena_done(&w->arena);
	free(w);
}

bool webhook_has_unit(const struct webhook *w)
{
	for (const struct share *s = w->first; s != NULL; s = s->next)
		if (s->account.account_id != 0)
			return true;
	return false;
}

/* ---- storing ---- */

/* Remembers for some accounts when something was last done. Only the writer's thread is here; what a rolled-back unit
 * remembered is merely done a minute later. */
struct minutes {
	struct { uint64_t store; int64_t account_id, at; } last[256];
};

static bool minute_over(struct minutes *m, uint64_t store, int64_t account_id, int64_t now)
{
	size_t k = (size_t)account_id % (sizeof(m->last) / sizeof(m->last[0]));

	if (m->last[k].store == store && m->last[k].account_id == account_id && now - m->last[k].at < MINUTE_MS)
		return false;
	m->last[k].store = store;
	m->last[k].account_id = account_id;
	m->last[k].at = now;
	return true;
}

/* Tells a repeated body by, where no message does. */
static int64_t digest_of(const struct webhook *w, const struct share *s)
{
	return (int64_t)(str_hash(STR_HASH ^ (uint64_t)s->account.account_id, w->body) | 1);	/* 0 means none */
}

/* Signed by one of ours, for a key that is no account's: a test, news of what an account belongs to, or another account of the same
 * app. News are in the channel's words. */
static struct str reason_of_unknown(const struct share *s)
{
	const struct trixy_event *first = s->count > 0 ? &s->events[0] : NULL;

	if (first != NULL && (first->flags & TRIXY_TEST))
		return STR("A test from the provider's dashboard was received.");
	if (first != NULL && s->count == 1 && first->kind == TRIXY_EVENT_IGNORED && first->reason.len > 0)
		return str_from_trixy(first->reason);
	return STR("This account is not connected here.");
}

/* What becomes of one share. state 0: nothing to note. */
static int apply_share(struct db *db, struct webhook *w, struct share *s, struct store_webhook_event *ret, struct error *err)
{
	struct apply_target target = { .workspace = s->account.workspace, .account_id = s->account.account_id,
				       .channel = w->channel };
	/* A flood of forged deliveries must not fill the disk, and a flood of good ones need not write the account each time. */
	static struct minutes refused, applied;
	struct apply_result result = { 0 };
	int r;

	*ret = (struct store_webhook_event){ .workspace = s->account.workspace, .account_id = s->account.account_id };
	if (!s->verified) {
		if (s->account.account_id != 0 &&
		    minute_over(&refused, store_serial(w->instance->store), s->account.account_id, w->received_at)) {
			ret->state = JOURNAL_REFUSED;
			ret->reason = STR("The signature does not match: the App Secret here is not the App Secret of the Meta app.");
		}
		return 0;
	}
	if (s->account.account_id == 0) {
		ret->state = JOURNAL_IGNORED;
		ret->reason = reason_of_unknown(s);
	} else {
		if ((r = inbox_apply(db, &target, s->events, s->count, &result, err)) < 0 ||
		    (result.changed > 0 && minute_over(&applied, store_serial(w->instance->store), target.account_id, w->received_at) &&
		     (r = store_account_event_seen(db, target.workspace, target.account_id, w->received_at, err)) < 0))
			return r;
		w->files = w->files || result.files;
		ret->state = s->fault.p != NULL ? JOURNAL_FAILED : result.changed > 0 ? JOURNAL_APPLIED :
			     result.ignored > 0 && result.known == 0 ? JOURNAL_IGNORED : 0;
		ret->reason = s->fault.p != NULL ? s->fault : result.ignored > 0 ? result.reason : STR_NONE;
	}
	if (ret->state != JOURNAL_IGNORED && ret->state != JOURNAL_FAILED)
		return 0;
	ret->digest = digest_of(w, s);
	if (result.changed > 0 || (r = store_webhook_known(db, ret->digest, err)) == 0)
		return 0;
	ret->state = 0;
	return r < 0 ? r : 0;
}

/* The bytes of what nobody verified are a stranger's: they are not kept. */
static struct str kept_body(const struct webhook *w)
{
	for (const struct share *s = w->first; s != NULL; s = s->next)
		if (s->verified)
			return w->body;
	return STR("");
}

void webhook_stored(struct webhook *w)
{
	if (w->files && w->instance->wake_work != NULL)
		w->instance->wake_work(w->instance->wake_arg);
}

bool webhook_is_early(const struct webhook *w)
{
	return w->early;
}

/* Where several servers share the database: whether another one has connected the account of a key that this one does not know. Here,
 * among the writers, the answer is exact. Signed by one of ours, it would be taken for another account of the same app. */
static int find_early(struct db *db, struct webhook *w, struct error *err)
{
	int r = 0;

	w->early = false;
	for (struct share *s = w->first; s != NULL && r >= 0 && !w->early && store_shared(w->instance->store); s = s->next)
		if (s->verified && s->account.account_id == 0) {
			r = store_account_is_live(db, str_from_trixy(w->channel->slug), s->key, err);
			w->early = r > 0;
		}
	if (w->early)
		directory_is_old(w->instance->directory);
	return r < 0 ? r : 0;
}

void webhook_tell_ahead(void *webhook, struct ahead *a)
{
	const struct webhook *w = webhook;

	for (const struct share *s = w->first; s != NULL; s = s->next)
		for (size_t k = 0; s->verified && s->account.account_id != 0 && k < s->count; k++) {
			const struct trixy_event *e = &s->events[k];

			store_ahead(a, s->account.account_id, str_from_trixy(e->contact_key),
				    e->kind == TRIXY_EVENT_MESSAGE ? str_from_trixy(e->message_id) : STR_NONE);
		}
}

int webhook_store(struct db *db, void *webhook, struct error *err)
{
	struct webhook *w = webhook;
	struct store_webhook_event e;
	int64_t body_id = 0;
	int r;

	w->files = false;
	if ((r = find_early(db, w, err)) < 0 || w->early)
		return r;
	for (struct share *s = w->first; s != NULL; s = s->next) {
		if ((r = apply_share(db, w, s, &e, err)) < 0)
			return r;
		if (e.state == 0)
			continue;
		if (body_id == 0 && (r = store_webhook_body_add(db, str_from_trixy(w->channel->slug), w->received_at, kept_body(w), &body_id,
								err)) < 0)
			return r;
		e.body_id = body_id;
		if ((r = store_webhook_event_add(db, &e, err)) < 0)
			return r;
	}
	return 0;
}

/* ---- the handshake, and again ---- */

int webhook_handshake(struct instance *instance, const struct trixy_channel *channel, struct str mode, struct str token,
		      struct error *err)
{
	if (!str_eq(mode, STR("subscribe")))
		return fail(err, ERR_DENIED, "hub.mode is not subscribe");
	struct directory_account accounts[HANDSHAKE_ACCOUNTS];
	size_t found = token.len == 0 ? 0 :
		directory_verify_token(instance->directory, str_from_trixy(channel->slug), token, accounts, HANDSHAKE_ACCOUNTS);
	/* Another server may have connected the account a moment ago. */
	if (found == 0 && token.len > 0 && directory_catch_up(instance, err) > 0)
		found = directory_verify_token(instance->directory, str_from_trixy(channel->slug), token, accounts, HANDSHAKE_ACCOUNTS);
	bool ours = found > 0;

	handshake_note(instance, str_from_trixy(channel->slug), ours);
	if (!ours) {
		log_event(LOG_WARNING, "webhook handshake refused: the verify token is none of ours; copy it again from Settings, Channels",
			  log_s("channel", str_from_trixy(channel->slug)), log_end);
		return fail(err, ERR_DENIED, "the verify token is none of ours");
	}
	/* The provider saves the address after this answer: what was missing before may be there then. */
	for (size_t k = 0; k < found && k < HANDSHAKE_ACCOUNTS && instance->account_changed != NULL; k++)
		instance->account_changed(instance->account_changed_arg, accounts[k].workspace, accounts[k].account_id, HANDSHAKE_SAVED_MS);
	return 0;
}

struct replay {
	struct webhook *webhook;
	struct workspace_id workspace;
	int64_t event_id, account_id;
};

static int run_replay(struct db *db, void *arg, struct error *err)
{
	struct replay *p = arg;
	struct store_webhook_event e = { .state = JOURNAL_IGNORED, .reason = STR("Nothing in it is for this account.") };
	int r;

	for (struct share *s = p->webhook->first; s != NULL; s = s->next) {
		if (s->account.account_id != p->account_id)
			continue;
		struct apply_target target = { .workspace = p->workspace, .account_id = p->account_id,
					       .channel = p->webhook->channel };
		struct apply_result result;

		if ((r = inbox_apply(db, &target, s->events, s->count, &result, err)) < 0)
			return r;
		p->webhook->files = result.files;
		e.state = s->fault.p != NULL ? JOURNAL_FAILED : result.changed + result.known > 0 ? JOURNAL_APPLIED : JOURNAL_IGNORED;
		e.reason = s->fault.p != NULL ? s->fault : result.reason;
	}
	return store_webhook_event_set(db, p->workspace, p->event_id, e.state, e.reason, err);
}

static int read_event(struct instance *i, struct workspace_id w, int64_t event_id, struct arena *arena, struct store_webhook_event *ret,
		      struct str *ret_channel, struct str *ret_body, struct error *err)
{
	struct db *db;
	int r = store_reader_new(i->store, &db, err);

	if (r < 0)
		return r;
	r = store_webhook_event_get(db, w, event_id, arena, ret, ret_channel, ret_body, err);
	store_reader_free(db);
	return r;
}

int webhook_replay(struct instance *i, struct workspace_id w, int64_t event_id, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct store_webhook_event e;
	struct str slug, body;
	struct replay p = { .workspace = w, .event_id = event_id };
	const struct trixy_channel *channel;
	int r = read_event(i, w, event_id, &arena, &e, &slug, &body, err);

	if (r < 0)
		return r;
	if (e.state == JOURNAL_REFUSED || body.len == 0 || e.account_id == 0)
		return fail(err, ERR_STATE, "what was refused is not kept");
	if ((channel = channels_find(i->channels, slug)) == NULL)
		return fail(err, ERR_STATE, "the channel is not active");
	/* It was verified when it came. */
	r = read_body(i, channel, body, STR_NONE, e.received_at, &p.webhook, err);
	p.account_id = e.account_id;
	if (r >= 0)
		r = store_write(i->store, run_replay, &p, err);
	if (r >= 0)
		webhook_stored(p.webhook);
	webhook_free(p.webhook);
	return r < 0 ? r : 0;
}
