#include "work/presence.h"

#include "base/clock.h"
#include "base/log.h"
#include "inbox/account.h"
#include "inbox/rules.h"
#include "store/conversation.h"
#include "store/message.h"
#include "work/ask.h"

enum { WAITING_MAX = 256, IN_ALL = 8, TOLD = 1024, CALL_MS = 10 * 1000, TYPING_EVERY_MS = 20 * 1000, LOOK_MS = 60 * 1000 };

struct waiting {
	struct workspace_id workspace;
	int64_t conversation_id;
	unsigned what;				/* bits of enum presence */
};

struct telling {
	struct ask ask;				/* first: a finished ask is its telling */
	bool used;
	enum presence what;
	int64_t conversation_id;
};

/* What a conversation was told last. Two that share a place forget each other's: then something is told once more. */
struct told {
	int64_t conversation_id;
	uint64_t seen;				/* mark_of() the newest message's id; 0: nothing */
	int64_t typing_ms;			/* monotonic; 0: never */
};

struct courtesy {
	struct instance *i;
	struct http_client *http;
	struct bell *bell;
	struct db *reader;
	struct ask_box box;
	struct telling telling[IN_ALL];
	struct told told[TOLD];
	pthread_mutex_t lock;			/* guards the two below */
	struct waiting waiting[WAITING_MAX];	/* the oldest first; one a conversation */
	size_t waiting_count;
};

int presence_new(struct instance *i, struct http_client *http, struct bell *bell, struct courtesy **ret, struct error *err)
{
	struct courtesy *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	c->i = i;
	c->http = http;
	c->bell = bell;
	ask_box_init(&c->box);
	(void)pthread_mutex_init(&c->lock, NULL);
	if ((r = store_reader_new(i->store, &c->reader, err)) < 0) {
		presence_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

static void telling_end(struct telling *t)
{
	ask_done(&t->ask);
	*t = (struct telling){ 0 };
}

void presence_free(struct courtesy *c)
{
	if (c == NULL)
		return;
	for (size_t k = 0; k < IN_ALL; k++)
		if (c->telling[k].used)
			telling_end(&c->telling[k]);
	store_reader_free(c->reader);
	(void)pthread_mutex_destroy(&c->lock);
	ask_box_done(&c->box);
	free(c);
}

/* ---- who waits ---- */

void presence_note(struct courtesy *c, struct workspace_id w, int64_t conversation_id, enum presence what)
{
	size_t k = 0;

	(void)pthread_mutex_lock(&c->lock);
	while (k < c->waiting_count && c->waiting[k].conversation_id != conversation_id)
		k++;
	if (k == WAITING_MAX) {		/* the oldest is forgotten */
		k--;
		memmove(c->waiting, c->waiting + 1, k * sizeof(*c->waiting));
		c->waiting_count = k;
	}
	if (k == c->waiting_count) {
		c->waiting[k] = (struct waiting){ .workspace = w, .conversation_id = conversation_id };
		c->waiting_count++;
	}
	c->waiting[k].what |= (unsigned)what;
	(void)pthread_mutex_unlock(&c->lock);
	bell_ring(c->bell);
}

static bool take(struct courtesy *c, struct waiting *ret)
{
	(void)pthread_mutex_lock(&c->lock);
	bool found = c->waiting_count > 0;

	if (found) {
		*ret = c->waiting[0];
		c->waiting_count--;
		memmove(c->waiting, c->waiting + 1, c->waiting_count * sizeof(*c->waiting));
	}
	(void)pthread_mutex_unlock(&c->lock);
	return found;
}

static void forget_all(struct courtesy *c)
{
	(void)pthread_mutex_lock(&c->lock);
	c->waiting_count = 0;
	(void)pthread_mutex_unlock(&c->lock);
}

/* ---- telling ---- */

static void on_done(struct http_call *call)
{
	struct telling *t = (struct telling *)(void *)call;
	struct courtesy *c = call->arg;

	ask_forget_request(&t->ask);
	ask_box_put(&c->box, call);
	bell_ring(c->bell);
}

static struct telling *free_telling(struct courtesy *c)
{
	for (size_t k = 0; k < IN_ALL; k++)
		if (!c->telling[k].used)
			return &c->telling[k];
	return NULL;
}

static struct told *told_of(struct courtesy *c, int64_t conversation_id)
{
	struct told *t = &c->told[(uint64_t)conversation_id % TOLD];

	if (t->conversation_id != conversation_id)
		*t = (struct told){ .conversation_id = conversation_id };
	return t;
}

/* Never 0, which is "nothing". */
static uint64_t mark_of(struct str id)
{
	return str_hash(STR_HASH, id) | 1;
}

struct facts {				/* of one conversation, at this moment */
	struct store_conversation conversation;
	struct store_message newest;	/* the customer's */
	struct account account;
	const struct trixy_channel *channel;
};

/* 1: there is somebody to tell something. */
static int look(struct courtesy *c, const struct waiting *w, struct arena *arena, struct facts *ret, struct error *err)
{
	int r;

	if ((r = store_conversation_get(c->reader, w->workspace, w->conversation_id, arena, &ret->conversation, err)) < 0 ||
	    (r = account_get(c->reader, w->workspace, ret->conversation.account_id, arena, &ret->account, err)) < 0)
		return r;
	ret->channel = channels_find(c->i->channels, ret->conversation.channel);
	if (ret->channel == NULL || ret->account.status != ACCOUNT_CONNECTED || ret->account.parked_until > clock_now_ms())
		return 0;
	return store_message_newest_in(c->reader, w->workspace, w->conversation_id, arena, &ret->newest, err);
}

/* Whether it is to be told; notes that it is. */
static bool is_news(struct courtesy *c, const struct facts *f, enum presence what)
{
	struct told *t = told_of(c, f->conversation.id);
	int64_t now = clock_mono_ms();

	unsigned needs = (unsigned)what;

	if (what == PRESENCE_TYPING && channel_can(f->channel, TRIXY_TYPING_IS_SEEN))
		needs |= PRESENCE_SEEN;
	if ((f->account.presence & needs) != needs ||
	    !channel_can(f->channel, what == PRESENCE_SEEN ? TRIXY_CAN_SEEN : TRIXY_CAN_TYPING))
		return false;
	if (what == PRESENCE_SEEN) {
		uint64_t mark = mark_of(f->newest.external_id);

		if (t->seen == mark)
			return false;
		t->seen = mark;
		return true;
	}
	if ((t->typing_ms != 0 && now - t->typing_ms < TYPING_EVERY_MS) ||
	    rules_may_reply(f->channel, f->conversation.window_from, STR_NONE, clock_now_ms()) != WINDOW_OPEN)
		return false;
	t->typing_ms = now;
	return true;
}

static int tell(struct courtesy *c, struct telling *t, const struct facts *f, enum presence what, struct error *err)
{
	const struct trixy_draft draft = { .size = sizeof(draft), .kind = what == PRESENCE_SEEN ? TRIXY_DRAFT_SEEN : TRIXY_DRAFT_TYPING,
		.contact_key = trixy_from_str(f->conversation.external_key), .reply_to_id = trixy_from_str(f->newest.external_id) };
	struct trixy_request request = { .size = sizeof(request) };
	struct trixy_account account;
	const struct trixy_channel *channel;
	struct channel_memory memory;
	int r = ask_open(&t->ask, c->i, c->reader, f->conversation.workspace, f->conversation.account_id, &account, &channel, err);

	if (r < 0)
		return r;
	channel_memory_init(&memory, &t->ask.memory);
	if (channel->compose(&account, &draft, &memory.memory, &request) != 0)
		return fail(err, ERR_INVALID, "the channel does not compose it");
	if ((r = ask_fill(&t->ask, &request, CALL_MS, err)) < 0)
		return r;
	t->used = true;
	t->what = what;
	t->conversation_id = f->conversation.id;
	t->ask.call.done = on_done;
	t->ask.call.arg = c;
	http_client_submit(c->http, &t->ask.call);
	return 0;
}

/* All that waits for one conversation. Nothing that goes wrong here matters to anybody. */
static void tell_all(struct courtesy *c, const struct waiting *w)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct facts f = { 0 };
	struct error err = { 0 };
	int r = look(c, w, &arena, &f, &err);

	for (unsigned what = PRESENCE_SEEN; r > 0 && what <= PRESENCE_TYPING; what <<= 1) {
		struct telling *t = (w->what & what) ? free_telling(c) : NULL;

		if (t == NULL || !is_news(c, &f, (enum presence)what))
			continue;
		if ((r = tell(c, t, &f, (enum presence)what, &err)) < 0)
			telling_end(t);
		else
			r = 1;
	}
	if (r < 0)
		log_event(LOG_DEBUG, "presence", log_i("conversation", w->conversation_id), log_c("error", err.text), log_end);
}

static void came_back(struct telling *t)
{
	log_event(LOG_DEBUG, "presence", log_i("conversation", t->conversation_id),
		  log_c("told", t->what == PRESENCE_SEEN ? "seen" : "typing"), log_i("status", t->ask.call.status),
		  log_c("error", t->ask.call.error.text), log_end);
	telling_end(t);
}

int64_t presence_round(struct courtesy *c, bool stopping)
{
	struct waiting w;

	for (struct ask *a = ask_box_take(&c->box), *next; a != NULL; a = next) {
		next = ask_next(a);
		came_back((struct telling *)(void *)a);
	}
	if (stopping)
		forget_all(c);
	while (!stopping && free_telling(c) != NULL && take(c, &w))
		tell_all(c, &w);
	return LOOK_MS;		/* what comes back or is noted rings */
}
