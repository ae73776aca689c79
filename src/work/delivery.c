/* Delivery keeps in memory only what is under way; the truth is the database (inbox/outbox.h). A claim is committed before
 * its request leaves, the outcome after the answer, so that whatever dies between them ends as "unknown" and is not sent
 * again. Order within a conversation is outbox_due's; here are the bounds on how much runs at once. */
#include "work/delivery.h"

#include "base/clock.h"
#include "base/log.h"
#include "inbox/outbox.h"
#include "work/ask.h"

enum {
	IN_ALL = 64, PER_ACCOUNT = 4,		/* requests under way */
	DUE_MAX = 512,				/* read at once: more than IN_ALL, for some accounts are at their bound */
	CALL_MS = 30 * 1000,
	AGAIN_MS = 1000, AGAIN_MAX_MS = 30 * 1000,	/* rests while the store is in trouble */
	LOOK_MS = 30 * 1000,			/* without a ring or a due time: somebody else may have added work */
	SOON_MS = 20,
	UNREACHED_TRIES = 2, UNREACHED_REST_MS = 60 * 1000,
	CODE_MAX = 64, WORDS_MAX = 1000, ID_MAX = 512,
};

enum sending_state { SENDING_NONE, SENDING_RUNS, SENDING_UNSETTLED };

struct sending {
	struct ask ask;				/* first: a finished ask is its sending */
	enum sending_state state;
	struct outbox_item item;		/* without its texts */
	const struct trixy_channel *channel;	/* lives until the process ends */
	int64_t begun_ms;			/* monotonic */
	struct arena memory;			/* of the outcome */
	struct trixy_outcome outcome;
};

struct delivery {
	struct instance *i;
	struct http_client *http;
	struct bell *bell;
	struct db *reader;
	struct ask_box box;
	struct sending sending[IN_ALL];
	size_t running;				/* those not SENDING_NONE */
	int64_t rest_until, rest_ms;		/* after a failure of the store, monotonic */
};

int delivery_new(struct instance *i, struct http_client *http, struct bell *bell, struct delivery **ret, struct error *err)
{
	struct delivery *d = calloc(1, sizeof(*d));
	int r;

	if (d == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	d->i = i;
	d->http = http;
	d->bell = bell;
	ask_box_init(&d->box);
	if ((r = store_reader_new(i->store, &d->reader, err)) < 0) {
		delivery_free(d);
		return r;
	}
	*ret = d;
	return 0;
}

static void sending_end(struct delivery *d, struct sending *s)
{
	ask_done(&s->ask);
	arena_done(&s->memory);
	*s = (struct sending){ 0 };
	d->running--;
}

void delivery_free(struct delivery *d)
{
	if (d == NULL)
		return;
	for (size_t k = 0; k < IN_ALL; k++)
		if (d->sending[k].state != SENDING_NONE)
			sending_end(d, &d->sending[k]);
	store_reader_free(d->reader);
	ask_box_done(&d->box);
	free(d);
}

size_t delivery_running(const struct delivery *d)
{
	return d->running;
}

/* ---- outcomes ---- */

static struct trixy_outcome outcome_of(uint32_t kind, struct str code, struct str reason, struct str fix)
{
	return (struct trixy_outcome){ .size = sizeof(struct trixy_outcome), .kind = kind, .code = trixy_from_str(code),
				       .reason = trixy_from_str(reason), .fix = trixy_from_str(fix) };
}

static struct trixy_outcome outcome_lost(void)
{
	return outcome_of(TRIXY_UNKNOWN, STR("unknown"), STR_NONE, STR_NONE);	/* the words are inbox/'s */
}

/* What the channel says is a stranger's word: only known kinds and clean text go on. */
static struct trixy_outcome checked(const struct trixy_outcome *o)
{
	struct str id = str_from_trixy(o->message_id);
	struct trixy_outcome clean;

	if (o->size < sizeof(*o) || o->kind < TRIXY_SENT || o->kind > TRIXY_UNKNOWN)
		return outcome_lost();
	clean = outcome_of(o->kind, ask_told(o->code, CODE_MAX), ask_told(o->reason, WORDS_MAX), ask_told(o->fix, WORDS_MAX));
	clean.detail = trixy_from_str(ask_told(o->detail, WORDS_MAX));
	clean.wait_ms = o->wait_ms > 0 ? o->wait_ms : 0;
	if (o->kind == TRIXY_SENT && (id.len == 0 || id.len > ID_MAX || !utf8_valid(id)))
		return outcome_lost();		/* sent perhaps, but what will its echo be known by? */
	clean.message_id = o->message_id;
	if (clean.code.p == NULL && o->kind == TRIXY_FAILED)
		clean.code = trixy_from_str(STR("refused"));
	if (clean.reason.p == NULL && o->kind == TRIXY_FAILED)
		clean.reason = trixy_from_str(STR("The message was refused without a reason."));
	return clean;
}

static struct trixy_outcome outcome_unsent(struct sending *s)
{
	const struct error *e = &s->ask.call.error;
	struct str reason;

	if (e->code == ERR_INVALID)
		return outcome_of(TRIXY_FAILED, STR("request_invalid"), STR("The channel made a request that cannot be sent."),
				  STR("Update the channel's addon, or tell whoever made it."));
	reason = arena_printf(&s->memory, "The service could not be reached, so nothing was sent: %s.", e->text);
	/* A line that is down for an hour must not use up the message's tries: after some, the account's queue rests instead. */
	struct trixy_outcome o = outcome_of(s->item.tries < UNREACHED_TRIES ? TRIXY_RETRY : TRIXY_PARK, STR("unreachable"),
		utf8_valid(reason) ? reason : STR_NONE,
		STR("Wait: it is tried again. If this goes on, check this server's connection to the internet."));

	o.wait_ms = o.kind == TRIXY_PARK ? UNREACHED_REST_MS : 0;
	return o;
}

static struct trixy_outcome read_answer(struct delivery *d, struct sending *s)
{
	struct trixy_account account;
	const struct trixy_channel *channel;
	struct trixy_outcome told = { .size = sizeof(told) };
	struct trixy_answer answer;
	struct channel_memory memory;
	struct error err = { 0 };

	/* The account may have gone meanwhile; the answer counts all the same. */
	if (ask_open(&s->ask, d->i, d->reader, s->item.workspace, s->item.account_id, &account, &channel, &err) < 0)
		account = (struct trixy_account){ .size = sizeof(account) };
	channel_memory_init(&memory, &s->memory);
	if (ask_answer(&s->ask, &s->memory, &answer, &err) < 0 ||
	    s->channel->read_answer(&account, &answer, &memory.memory, &told) != 0)
		told = outcome_lost();
	ask_forget_request(&s->ask);
	return checked(&told);
}

static const char *kind_word(uint32_t kind)
{
	static const char *const word[] = { "?", "sent", "retry", "park", "hold", "reconnect", "failed", "unknown" };

	return word[kind <= TRIXY_UNKNOWN ? kind : 0];
}

static void log_outcome(const struct sending *s)
{
	const struct trixy_outcome *o = &s->outcome;

	log_event(o->kind == TRIXY_SENT ? LOG_DEBUG : o->kind == TRIXY_UNKNOWN || o->kind == TRIXY_RECONNECT ? LOG_WARNING : LOG_INFO,
		  "deliver", log_i("message", s->item.message_id), log_i("account", s->item.account_id), log_i("try", s->item.tries + 1),
		  log_c("outcome", kind_word(o->kind)), log_i("status", s->ask.call.status),
		  log_i("ms", s->begun_ms == 0 ? 0 : clock_mono_ms() - s->begun_ms), log_s("code", str_from_trixy(o->code)),
		  log_s("detail", o->detail.p != NULL ? str_from_trixy(o->detail) : str_of(s->ask.call.error.text)), log_end);
}

/* ---- settling ---- */

/* The store is in trouble (a full disk): everything rests a little, longer each time. */
static void rest(struct delivery *d, const char *what, const struct error *err)
{
	d->rest_ms = d->rest_ms == 0 ? AGAIN_MS : d->rest_ms * 2 < AGAIN_MAX_MS ? d->rest_ms * 2 : AGAIN_MAX_MS;
	d->rest_until = clock_mono_ms() + d->rest_ms;
	log_event(LOG_ERROR, "delivery rests and goes on later", log_c("step", what), log_i("ms", d->rest_ms), log_c("error", err->text),
		  log_end);
}

static void settled(struct delivery *d, struct sending *s, bool gone)
{
	if (gone)		/* its account was disconnected, or its workspace deleted, while it was under way */
		log_event(LOG_WARNING, "the outcome of a message came when it was no longer waited for", log_i("message", s->item.message_id),
			  log_c("outcome", kind_word(s->outcome.kind)), log_end);
	sending_end(d, s);
}

static void settle_alone(struct delivery *d, struct sending *s)
{
	struct outbox_end end = { .item = &s->item, .outcome = &s->outcome };
	struct error err = { 0 };

	if (outbox_settle_all(d->i, &end, 1, &err) < 0)
		rest(d, "settle", &err);
	else
		settled(d, s, end.gone);
}

/* Writes the outcomes that are known, in one commit. What cannot be written stays here and is tried again: forgotten, it
 * would end as "unknown". */
static void settle_all(struct delivery *d)
{
	struct sending *of[IN_ALL];
	struct outbox_end ends[IN_ALL];
	struct error err = { 0 };
	size_t count = 0;

	for (size_t k = 0; k < IN_ALL; k++)
		if (d->sending[k].state == SENDING_UNSETTLED) {
			of[count] = &d->sending[k];
			ends[count++] = (struct outbox_end){ .item = &d->sending[k].item, .outcome = &d->sending[k].outcome };
		}
	if (count == 0)
		return;
	if (outbox_settle_all(d->i, ends, count, &err) == 0) {
		for (size_t k = 0; k < count; k++)
			settled(d, of[k], ends[k].gone);
	} else if (count == 1) {
		rest(d, "settle", &err);
	} else {			/* one that cannot be written must not hold the others */
		for (size_t k = 0; k < count; k++)
			settle_alone(d, of[k]);
	}
}

static void came_back(struct delivery *d, struct sending *s, bool stopping)
{
	const struct http_call *call = &s->ask.call;
	struct error err = { 0 };

	if (stopping && call->status == 0 && call->surely_not_sent && outbox_release(d->i, &s->item, &err) == 0) {
		sending_end(d, s);
		return;
	}
	s->outcome = call->status > 0 ? read_answer(d, s) : call->surely_not_sent ? outcome_unsent(s) : outcome_lost();
	s->state = SENDING_UNSETTLED;
	log_outcome(s);
}

static void take_finished(struct delivery *d, bool stopping)
{
	for (struct ask *a = ask_box_take(&d->box), *next; a != NULL; a = next) {
		next = ask_next(a);
		came_back(d, (struct sending *)(void *)a, stopping);
	}
	if (stopping || clock_mono_ms() >= d->rest_until)
		settle_all(d);
}

/* ---- sending ---- */

static void on_done(struct http_call *call)
{
	struct sending *s = (struct sending *)(void *)call;
	struct delivery *d = call->arg;

	ask_forget_request(&s->ask);
	ask_box_put(&d->box, call);
	bell_ring(d->bell);
}

/* Makes the request. On failure *ret says how the message ends. */
static bool compose(struct delivery *d, struct sending *s, const struct outbox_item *item, struct trixy_outcome *ret)
{
	struct trixy_draft draft = { .size = sizeof(draft), .contact_key = trixy_from_str(item->contact_key),
				     .text = trixy_from_str(item->text), .tag = trixy_from_str(item->tag),
				     .reply_to_id = trixy_from_str(item->reply_to_id) };
	struct trixy_request request = { .size = sizeof(request) };
	struct trixy_account account;
	struct channel_memory memory;
	struct error err = { 0 };
	int r = ask_open(&s->ask, d->i, d->reader, item->workspace, item->account_id, &account, &s->channel, &err);

	channel_memory_init(&memory, &s->ask.memory);
	if (r == ERR_DENIED) {
		log_event(LOG_ERROR, "the secrets of an account do not open; its messages wait until they are saved again",
			  log_i("account", item->account_id), log_c("error", err.text), log_end);
		*ret = outcome_of(TRIXY_HOLD, STR("secrets_lost"),
				  STR("The stored secrets of this account cannot be read with this server's key."),
				  STR("Open Settings → Channels, enter the secrets again and save."));
		return false;
	}
	if (r < 0) {
		*ret = outcome_of(TRIXY_RETRY, STR("not_ready"), STR("The account could not be read."),
				  STR("Wait: it is tried again."));
		ret->detail = trixy_from_str(arena_copy(&s->memory, str_of(err.text)));
		return false;
	}
	int32_t c = s->channel->compose(&account, &draft, &memory.memory, &request);

	if (c == 0 && ask_fill(&s->ask, &request, CALL_MS, &err) == 0)
		return true;
	*ret = c == TRIXY_ENOMEM || err.code == ERR_NOMEM ?
		outcome_of(TRIXY_RETRY, STR("not_ready"), STR("The server was short of memory."), STR("Wait: it is tried again.")) :
		outcome_of(TRIXY_FAILED, STR("not_composed"), STR("The channel does not take this message."),
			   STR("Write it in another way; if that fails too, tell whoever made the channel's addon."));
	return false;
}

static struct sending *free_sending(struct delivery *d)
{
	for (size_t k = 0; k < IN_ALL; k++)
		if (d->sending[k].state == SENDING_NONE)
			return &d->sending[k];
	return NULL;
}

/* True when its request is on its way; else its outcome is known already. */
static bool launch(struct delivery *d, const struct outbox_item *item)
{
	struct sending *s = free_sending(d);	/* choose() has counted them */

	s->state = SENDING_RUNS;
	s->item = (struct outbox_item){ .workspace = item->workspace, .message_id = item->message_id, .account_id = item->account_id,
					.conversation_id = item->conversation_id, .tries = item->tries, .claimed = true,
					.account_revision = item->account_revision };
	d->running++;
	if (!compose(d, s, item, &s->outcome)) {
		ask_forget_request(&s->ask);
		s->state = SENDING_UNSETTLED;
		log_outcome(s);
		return false;
	}
	s->begun_ms = clock_mono_ms();
	s->ask.call.done = on_done;
	s->ask.call.arg = d;
	http_client_submit(d->http, &s->ask.call);
	return true;
}

static size_t running_of(const struct delivery *d, int64_t account_id)
{
	size_t n = 0;

	for (size_t k = 0; k < IN_ALL; k++)
		n += d->sending[k].state != SENDING_NONE && d->sending[k].item.account_id == account_id;
	return n;
}

/* Packs those that the bounds allow to the front. */
static size_t choose(const struct delivery *d, struct outbox_item *items, size_t count)
{
	size_t chosen = 0;

	for (size_t k = 0; k < count && d->running + chosen < IN_ALL; k++) {
		size_t same = running_of(d, items[k].account_id);

		for (size_t j = 0; j < chosen; j++)
			same += items[j].account_id == items[k].account_id;
		if (same < PER_ACCOUNT)
			items[chosen++] = items[k];
	}
	return chosen;
}

/* Sends what may go. Returns ms until the clock brings something. */
static int64_t send_due(struct delivery *d)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct outbox_item *items = arena_alloc(&arena, DUE_MAX * sizeof(*items));
	int64_t now = clock_now_ms(), next = 0;
	struct error err = { 0 };
	size_t count, launched = 0;

	if (d->running == IN_ALL)
		return LOOK_MS;		/* the next that comes back rings */
	if (items == NULL || outbox_due(d->i, d->reader, now, PER_ACCOUNT, &arena, items, DUE_MAX, &count, &next, &err) < 0) {
		rest(d, "look", &err);
		return d->rest_ms;
	}
	count = choose(d, items, count);
	if (count > 0 && outbox_claim(d->i, items, count, &err) < 0) {
		rest(d, "claim", &err);
		return d->rest_ms;
	}
	d->rest_ms = 0;
	for (size_t k = 0; k < count; k++)
		if (items[k].claimed && launch(d, &items[k]))
			launched++;
	if (launched < count) {		/* ended before it left: what stands behind it may be due */
		settle_all(d);
		return SOON_MS;
	}
	return next > now && next - now < LOOK_MS ? next - now : LOOK_MS;
}

int64_t delivery_round(struct delivery *d, bool stopping)
{
	take_finished(d, stopping);
	int64_t rest_ms = d->rest_until - clock_mono_ms();

	if (stopping)
		return LOOK_MS;
	return rest_ms > 0 ? rest_ms : send_due(d);
}
