#include "work/check.h"

#include "base/clock.h"
#include "base/log.h"
#include "work/ask.h"
#include "work/diagnosis.h"

enum { STEPS_MAX = 32, LEARNED_MAX = 16, CALL_MS = 10 * 1000, ALL_MS = 25 * 1000, NAME_MAX = 200, WORDS_MAX = 1000, CARRY_MAX = 1000,
       VALUE_MAX = 4096 };

struct checking {
	struct instance *i;
	struct http_client *http;
	struct db *db;
	struct workspace_id workspace;
	int64_t account_id;
	int64_t end_ms;			/* monotonic */
	struct arena *arena;
	struct check_result *ret;
	struct str carry;
	int64_t revision;		/* of the account that is looked at */
	bool renews;			/* what is learned takes the place of secrets */
};

static int add(struct checking *c, const struct trixy_finding *f, struct error *err)
{
	struct check_finding *to = &c->ret->findings[c->ret->count];

	*to = (struct check_finding){
		.status = f->status >= TRIXY_CHECK_OK && f->status <= TRIXY_CHECK_SKIPPED ? (int)f->status : TRIXY_CHECK_WARNING,
		.check = arena_copy(c->arena, ask_told(f->check, NAME_MAX)),
		.explanation = arena_copy(c->arena, ask_told(f->explanation, WORDS_MAX)),
		.fix = arena_copy(c->arena, ask_told(f->fix, WORDS_MAX)),
	};
	if (f->carry.p != NULL)
		c->carry = arena_copy(c->arena, ask_told(f->carry, CARRY_MAX));
	if (arena_failed(c->arena))
		return fail(err, ERR_NOMEM, "out of memory");
	if (to->check.p == NULL)
		to->check = STR("Connection");
	if (f->reconnect == 1 && !c->ret->reconnect) {
		c->ret->reconnect = true;
		c->ret->reconnect_reason = to->explanation;
	}
	c->ret->count++;
	return 0;
}

/* Keeps what the step has found out; the steps after it see it. That it could not be kept is no reason to stop. */
static void learn(struct checking *c, const struct trixy_finding *f)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	uint32_t count = f->size >= sizeof(*f) && f->learned != NULL ? f->learned_count : 0;
	struct account_pair *pairs = arena_alloc(&arena, (LEARNED_MAX + 1) * sizeof(*pairs));
	struct error err = { 0 };
	size_t taken = 0;

	if (pairs == NULL || count == 0 || count > LEARNED_MAX)
		return;
	for (uint32_t k = 0; k < count; k++) {
		struct str name = ask_told(f->learned[k].name, NAME_MAX), value = ask_told(f->learned[k].value, VALUE_MAX);

		/* A value that would have to be cut is none. */
		if (name.p != NULL && value.p != NULL && value.len == f->learned[k].value.len)
			pairs[taken++] = (struct account_pair){ name, value };
	}
	if (taken > 0 && (c->renews ? account_renew : account_learn)(c->i, c->workspace, c->account_id, c->revision, pairs, taken, &err) < 0)
		log_event(LOG_WARNING, "what was found out about an account could not be kept", log_i("account", c->account_id),
			  log_c("error", err.text), log_end);
}

/* Sends what stands in the ask, if anything, and hands over the answer; without one its status is 0. */
static int send(struct checking *c, struct ask *ask, const struct trixy_request *request, struct trixy_answer *ret,
		struct error *err)
{
	int64_t left = c->end_ms - clock_mono_ms();
	int r;

	if (request->method.len > 0) {
		if ((r = ask_fill(ask, request, left < CALL_MS ? left : CALL_MS, err)) < 0)
			return r;
		http_client_run(c->http, &ask->call);
		if (ask->call.status == 0)
			log_event(LOG_INFO, "a question to the provider got no answer", log_i("account", c->account_id),
				  log_c("error", ask->call.error.text), log_end);
	}
	return ask_answer(ask, &ask->memory, ret, err);
}

static struct trixy_finding finding_of(int status, struct str check, struct str explanation)
{
	return (struct trixy_finding){ .size = sizeof(struct trixy_finding), .status = (uint32_t)status,
				       .check = trixy_from_str(check), .explanation = trixy_from_str(explanation) };
}

/* 1: a step was done. 0: there is no such step. */
static int step(struct checking *c, uint32_t number, struct error *err)
{
	SCOPED(ask_done) struct ask ask = { 0 };
	struct trixy_finding finding = { .size = sizeof(finding) };
	struct trixy_request request = { .size = sizeof(request) };
	struct trixy_answer answer;
	const struct trixy_channel *channel;
	struct trixy_account account;
	struct channel_memory memory;
	int r = ask_open(&ask, c->i, c->db, c->workspace, c->account_id, &account, &channel, err);

	if (r < 0)
		return r;
	channel_memory_init(&memory, &ask.memory);
	int32_t t = channel->check_request == NULL ? TRIXY_END :
		channel->check_request(&account, number, trixy_from_str(c->carry), &memory.memory, &request);

	if (t == TRIXY_END)
		return 0;
	if (clock_mono_ms() >= c->end_ms)
		finding = finding_of(TRIXY_CHECK_SKIPPED, STR("The remaining checks"), STR("Not made: the ones before took too long."));
	else if (t != 0 || send(c, &ask, &request, &answer, err) < 0 ||
		 channel->check_answer(&account, number, trixy_from_str(c->carry), &answer, &memory.memory, &finding) != 0)
		finding = finding_of(TRIXY_CHECK_WARNING, STR("Connection"), STR("This check could not be made."));
	learn(c, &finding);
	r = add(c, &finding, err);
	return r < 0 ? r : clock_mono_ms() < c->end_ms;
}

static int prepare(struct checking *c, size_t findings, struct error *err)
{
	struct account account;
	int r = account_get(c->db, c->workspace, c->account_id, c->arena, &account, err);

	if (r < 0)
		return r;
	c->revision = account.revision;
	*c->ret = (struct check_result){ .revision = account.revision, .findings = arena_alloc(c->arena, findings * sizeof(*c->ret->findings)) };
	c->end_ms = clock_mono_ms() + ALL_MS;
	return c->ret->findings != NULL ? 0 : fail(err, ERR_NOMEM, "out of memory");
}

int check_run(struct instance *i, struct http_client *http, struct db *db, struct workspace_id w, int64_t account_id,
	      struct arena *arena, struct check_result *ret, struct error *err)
{
	struct checking c = { .i = i, .http = http, .db = db, .workspace = w, .account_id = account_id, .arena = arena, .ret = ret };
	int r = prepare(&c, STEPS_MAX + DIAGNOSIS_MAX, err);

	for (uint32_t number = 0; number < STEPS_MAX && r >= 0; number++)
		if ((r = step(&c, number, err)) == 0)
			break;
	return r < 0 ? r : 0;
}

/* A request and an answer of a channel that make one finding. */
struct question {
	int32_t (*request)(const struct trixy_account *account, struct trixy_memory *memory, struct trixy_request *ret_request);
	int32_t (*answer)(const struct trixy_account *account, const struct trixy_answer *answer, struct trixy_memory *memory,
			  struct trixy_finding *ret_finding);
	struct str check, failed;	/* what is looked at, and what is said when the channel's own words are not to be had */
	bool optional;			/* a request without a method: there is nothing to ask, so nothing is found */
};

static struct question subscription(const struct trixy_channel *channel)
{
	return (struct question){ channel->subscribe_request, channel->subscribe_answer, STR("Webhooks are subscribed"),
				  STR("The subscription could not be made."), false };
}

static struct question renewal(const struct trixy_channel *channel)
{
	if (!channel_renews(channel))
		return (struct question){ 0 };
	return (struct question){ channel->renew_request, channel->renew_answer, STR("The access token is renewed"),
				  STR("The access token could not be renewed."), true };
}

static int ask_one(struct checking *c, struct question (*question_of)(const struct trixy_channel *channel), struct error *err)
{
	SCOPED(ask_done) struct ask ask = { 0 };
	struct trixy_finding finding = { .size = sizeof(finding) };
	struct trixy_request request = { .size = sizeof(request) };
	struct trixy_answer answer;
	const struct trixy_channel *channel;
	struct trixy_account account;
	struct channel_memory memory;
	int r;

	if ((r = prepare(c, 1, err)) < 0 || (r = ask_open(&ask, c->i, c->db, c->workspace, c->account_id, &account, &channel, err)) < 0)
		return r;
	struct question q = question_of(channel);

	if (q.request == NULL || q.answer == NULL)
		return 0;
	channel_memory_init(&memory, &ask.memory);
	int32_t made = q.request(&account, &memory.memory, &request);

	if (made == 0 && q.optional && request.method.len == 0)
		return 0;
	if (made != 0 || send(c, &ask, &request, &answer, err) < 0 || q.answer(&account, &answer, &memory.memory, &finding) != 0)
		finding = finding_of(TRIXY_CHECK_WARNING, q.check, q.failed);
	learn(c, &finding);
	return add(c, &finding, err);
}

int check_subscribe(struct instance *i, struct http_client *http, struct db *db, struct workspace_id w, int64_t account_id,
		    struct arena *arena, struct check_result *ret, struct error *err)
{
	struct checking c = { .i = i, .http = http, .db = db, .workspace = w, .account_id = account_id, .arena = arena, .ret = ret };

	return ask_one(&c, subscription, err);
}

int check_renew(struct instance *i, struct http_client *http, struct db *db, struct workspace_id w, int64_t account_id,
		struct arena *arena, struct check_result *ret, struct error *err)
{
	struct checking c = { .i = i, .http = http, .db = db, .workspace = w, .account_id = account_id, .arena = arena, .ret = ret,
			      .renews = true };

	return ask_one(&c, renewal, err);
}
