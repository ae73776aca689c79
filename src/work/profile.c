#include "work/profile.h"

#include "base/clock.h"
#include "base/log.h"
#include "inbox/profile.h"
#include "work/ask.h"

/* One question at a time an account and four a second at most: providers count these against the same limits as messages. */
enum { IN_ALL = 16, DUE_MAX = 128, CALL_MS = 10 * 1000, PACE_MS = 250, LOOK_MS = 1000, REST_MS = 10 * 1000, PACES = 256 };

struct asking {
	struct ask ask;				/* first */
	bool used;
	struct profile_item item;		/* its texts are `memory`'s */
	const struct trixy_channel *channel;
	struct arena memory;
};

struct profiles {
	struct instance *i;
	struct http_client *http;
	struct bell *bell;
	struct duties *duties;
	struct db *reader;
	struct ask_box box;
	struct asking asking[IN_ALL];
	size_t running;
	/* When an account was last asked about, by the account's id modulo PACES: two that share a place only wait a little. */
	int64_t asked_ms[PACES];
	int64_t look_ms;			/* not before then, monotonic */
};

int profiles_new(struct instance *i, struct http_client *http, struct bell *bell, struct duties *duties, struct profiles **ret,
		 struct error *err)
{
	struct profiles *p = calloc(1, sizeof(*p));
	int r;

	if (p == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	p->i = i;
	p->http = http;
	p->bell = bell;
	p->duties = duties;
	ask_box_init(&p->box);
	if ((r = store_reader_new(i->store, &p->reader, err)) < 0) {
		profiles_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

static void asking_end(struct profiles *p, struct asking *a)
{
	ask_done(&a->ask);
	arena_done(&a->memory);
	*a = (struct asking){ 0 };
	p->running--;
}

void profiles_free(struct profiles *p)
{
	if (p == NULL)
		return;
	for (size_t k = 0; k < IN_ALL; k++)
		if (p->asking[k].used)
			asking_end(p, &p->asking[k]);
	store_reader_free(p->reader);
	ask_box_done(&p->box);
	free(p);
}

/* 1: told. 0: the question failed in passing. */
static int read_answer(struct profiles *p, struct asking *a, struct trixy_profile *ret)
{
	struct trixy_account account;
	const struct trixy_channel *channel;
	struct channel_memory memory;
	struct trixy_answer answer;

	*ret = (struct trixy_profile){ .size = sizeof(*ret), .follower_count = -1 };
	if (a->ask.call.status == 0 || ask_answer(&a->ask, &a->memory, &answer, NULL) < 0)
		return 0;
	if (ask_open(&a->ask, p->i, p->reader, a->item.workspace, a->item.account_id, &account, &channel, NULL) < 0)
		account = (struct trixy_account){ .size = sizeof(account) };
	channel_memory_init(&memory, &a->memory);
	int told = a->channel->profile_answer(&account, &answer, &memory.memory, ret) == 0 && ret->size >= sizeof(*ret);

	ask_forget_request(&a->ask);
	return told;
}

static void store(struct profiles *p, const struct profile_item *item, const struct trixy_profile *profile)
{
	struct error err = { 0 };

	if (profile_store(p->i, item, profile, &err) < 0) {
		p->look_ms = clock_mono_ms() + REST_MS;
		log_event(LOG_WARNING, "a customer's profile could not be stored and is asked for again",
			  log_i("account", item->account_id), log_c("error", err.text), log_end);
	}
}

static void came_back(struct profiles *p, struct asking *a, bool stopping)
{
	struct trixy_profile profile;
	int told = read_answer(p, a, &profile);

	if (told || !stopping)
		store(p, &a->item, told ? &profile : NULL);
	asking_end(p, a);
}

static void on_done(struct http_call *call)
{
	struct asking *a = (struct asking *)(void *)call;
	struct profiles *p = call->arg;

	ask_forget_request(&a->ask);
	ask_box_put(&p->box, call);
	bell_ring(p->bell);
}

static int make_request(struct profiles *p, struct asking *a)
{
	struct trixy_request request = { .size = sizeof(request) };
	struct trixy_account account;
	struct channel_memory memory;
	int r = ask_open(&a->ask, p->i, p->reader, a->item.workspace, a->item.account_id, &account, &a->channel, NULL);

	if (r < 0)
		return r;
	channel_memory_init(&memory, &a->ask.memory);
	if (a->channel->profile_request == NULL || a->channel->profile_answer == NULL ||
	    a->channel->profile_request(&account, trixy_from_str(a->item.external_key), &memory.memory, &request) != 0)
		return ERR_INVALID;
	return ask_fill(&a->ask, &request, CALL_MS, NULL);
}

static void launch(struct profiles *p, const struct profile_item *item)
{
	static const struct trixy_profile nobody = { .size = sizeof(nobody), .follower_count = -1 };
	struct asking *a = p->asking;

	while (a->used)
		a++;
	a->used = true;
	p->running++;
	a->item = *item;
	a->item.channel = STR_NONE;
	a->item.external_key = arena_copy(&a->memory, item->external_key);
	int r = make_request(p, a);

	if (r < 0) {
		/* A key that the channel cannot ask about will not become one. */
		store(p, &a->item, r == ERR_INVALID ? &nobody : NULL);
		asking_end(p, a);
		return;
	}
	p->asked_ms[item->account_id % PACES] = clock_mono_ms();
	a->ask.call.done = on_done;
	a->ask.call.arg = p;
	http_client_submit(p->http, &a->ask.call);
}

static bool is_busy(const struct profiles *p, int64_t account_id)
{
	for (size_t k = 0; k < IN_ALL; k++)
		if (p->asking[k].used && p->asking[k].item.account_id == account_id)
			return true;
	return false;
}

int64_t profiles_round(struct profiles *p, bool stopping)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct profile_item *items = arena_alloc(&arena, DUE_MAX * sizeof(*items));
	int64_t now = clock_mono_ms(), next_ms, wait = LOOK_MS;
	size_t count = 0;
	struct error err = { 0 };

	for (struct ask *a = ask_box_take(&p->box), *next; a != NULL; a = next) {
		next = ask_next(a);
		came_back(p, (struct asking *)(void *)a, stopping);
	}
	if (stopping || p->running == IN_ALL || now < p->look_ms || !duty_mine(p->duties, DUTY_DELIVERY))
		return LOOK_MS;
	if (items == NULL || profile_due(p->i, p->reader, clock_now_ms(), &arena, items, DUE_MAX, &count, &next_ms, &err) < 0) {
		log_event(LOG_WARNING, "profiles are looked for again later", log_c("error", err.text), log_end);
		p->look_ms = now + REST_MS;
		return REST_MS;
	}
	for (size_t k = 0; k < count && p->running < IN_ALL; k++) {
		int64_t due = p->asked_ms[items[k].account_id % PACES] + PACE_MS;

		if (is_busy(p, items[k].account_id))
			continue;
		if (due > now)
			wait = due - now < wait ? due - now : wait;
		else
			launch(p, &items[k]);
	}
	return wait;
}
