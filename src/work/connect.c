#include "work/connect.h"

#include "base/clock.h"
#include "base/log.h"
#include "inbox/account.h"
#include "store/account.h"
#include "store/template.h"
#include "work/bell.h"
#include "work/check.h"
#include "work/templates.h"

enum { FRESH_MAX = 256, GAP_MS = 1000, ROUND_MS = 6 * HOUR_MS, REST_MS = 60 * 1000 };

struct visit {
	struct workspace_id workspace;
	int64_t account_id;
	int64_t due_ms;			/* monotonic; 0: now. Of `fresh` only */
};

struct connect {
	struct instance *i;
	struct http_client *http;
	struct duties *duties;
	struct db *reader;
	struct bell bell;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock;		/* guards the two below */
	struct visit fresh[FRESH_MAX];	/* connected or changed: before all others, the oldest first */
	size_t fresh_count;
	struct visit *rounds;		/* the thread's alone, as what follows: the accounts of this round, from round_at on */
	size_t round_count, round_at;
	int64_t round_ms;		/* when the next round begins, monotonic */
};

/* ---- what a visit found ---- */

struct note {
	struct visit visit;
	int64_t revision;		/* of the fields that were looked at */
	bool reconnect;
	struct str reason, text;	/* text: of last_error, or STR_NONE */
};

static int run_note(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	const struct note *n = arg;
	struct account account;
	int r = account_get(db, n->visit.workspace, n->visit.account_id, &arena, &account, err);

	if (r < 0)
		return r;
	if (account.revision != n->revision)	/* saved since: it is looked at again */
		return 0;
	if (n->reconnect && account.status == ACCOUNT_CONNECTED &&
	    (r = account_set_status(db, n->visit.workspace, n->visit.account_id, ACCOUNT_RECONNECT_NEEDED, n->reason, err)) < 0)
		return r;
	if (str_eq(account.last_error, n->text))
		return 0;
	if ((r = store_account_set_error(db, n->visit.workspace, n->visit.account_id, n->text, err)) < 0)
		return r;
	return store_change_add(db, n->visit.workspace, CHANGE_ACCOUNT, n->visit.account_id, 0, err);
}

/* The first failed finding in words. */
static struct str first_failure(const struct check_result *r, struct arena *arena)
{
	for (size_t k = 0; k < r->count; k++)
		if (r->findings[k].status == TRIXY_CHECK_FAILED)
			return arena_printf(arena, "%.*s: %.*s", STR_ARG(r->findings[k].check), STR_ARG(r->findings[k].explanation));
	return STR_NONE;
}

void connect_checked(struct instance *i, struct workspace_id w, int64_t account_id, const struct check_result *result)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct note note = { .visit = { w, account_id, 0 }, .revision = result->revision, .reconnect = result->reconnect,
			     .reason = result->reconnect_reason, .text = first_failure(result, &arena) };
	struct error err = { 0 };

	if (arena_failed(&arena) || store_write(i->store, run_note, &note, &err) < 0)
		log_event(LOG_INFO, "what a check found was not noted on its account", log_i("account", account_id), log_c("error", err.text), log_end);
}

/* A subscription may need what only the checks find out. */
static int learn_first(struct connect *c, const struct visit *v, const struct account *account, struct arena *arena, struct error *err)
{
	struct check_result checked;
	int r = account_lacks_learned(c->i, c->reader, account, err);

	if (r <= 0 || bell_closed(&c->bell))
		return r < 0 ? r : 0;
	return check_run(c->i, c->http, c->reader, v->workspace, v->account_id, arena, &checked, err);
}

/* Of an account that is new or changed, and once a day of one whose templates somebody has looked at. */
static void refresh_templates(struct connect *c, const struct visit *v, struct str channel_slug, bool fresh)
{
	const struct trixy_channel *channel = channels_find(c->i->channels, channel_slug);
	struct error err = { 0 };
	int64_t fetched_at = 0;

	if (channel == NULL || !channel_can(channel, TRIXY_CAN_TEMPLATES) || bell_closed(&c->bell))
		return;
	if (store_template_fetched(c->reader, v->workspace, v->account_id, &fetched_at, &err) < 0 ||
	    (!fresh && (fetched_at == 0 || clock_now_ms() - fetched_at < DAY_MS)))
		return;
	if (templates_fetch(c->i, c->http, c->reader, v->workspace, v->account_id, &err) < 0 && !bell_closed(&c->bell))
		log_event(LOG_INFO, "an account's templates were not fetched", log_i("account", v->account_id), log_c("error", err.text), log_end);
}

struct renewal {
	struct visit visit;
	int64_t due_ms;
};

static int run_renewal(struct db *db, void *arg, struct error *err)
{
	const struct renewal *n = arg;

	return store_account_set_renewal(db, n->visit.workspace, n->visit.account_id, n->due_ms, err);
}

/* Weekly, and not before the token is two days old: providers want it to be a day old. A failure is tried again tomorrow; that the token
 * is dead shows elsewhere. */
static void renew(struct connect *c, const struct visit *v, bool fresh)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct renewal next = { .visit = *v };
	struct check_result renewed = { 0 };
	struct error err = { 0 };
	int64_t now = clock_now_ms(), due_ms = 0, wait = 2 * DAY_MS;
	int r = store_account_renewal(c->reader, v->workspace, v->account_id, &due_ms, &err);

	if (r >= 0 && !fresh && due_ms > 0) {
		if (now < due_ms)
			return;
		if ((r = check_renew(c->i, c->http, c->reader, v->workspace, v->account_id, &arena, &renewed, &err)) >= 0)
			wait = renewed.count == 0 || renewed.findings[0].status == TRIXY_CHECK_OK ? 7 * DAY_MS : DAY_MS;
	}
	next.due_ms = now + wait;
	if (r < 0 || store_write(c->i->store, run_renewal, &next, &err) < 0)
		log_event(LOG_INFO, "an account's token was not looked at for renewal", log_i("account", v->account_id),
			  log_c("error", err.text), log_end);
}

/* No failure in here matters to the account but a proof that its token is dead. */
static int visit(struct connect *c, const struct visit *v, bool fresh, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct note note = { .visit = *v };
	struct check_result subscribed, checked = { 0 };
	struct account account;
	int r = account_get(c->reader, v->workspace, v->account_id, &arena, &account, err);

	if (r < 0 || account.status != ACCOUNT_CONNECTED)
		return r;
	note.revision = account.revision;
	if ((r = learn_first(c, v, &account, &arena, err)) < 0)
		return r;
	if ((r = check_subscribe(c->i, c->http, c->reader, v->workspace, v->account_id, &arena, &subscribed, err)) < 0)
		return r;
	note.text = first_failure(&subscribed, &arena);
	/* Where the subscription stands, the token has just been proved. */
	if (fresh || note.text.p != NULL || subscribed.count == 0) {
		if (bell_closed(&c->bell) ||
		    (r = check_run(c->i, c->http, c->reader, v->workspace, v->account_id, &arena, &checked, err)) < 0)
			return r;
		if (note.text.p == NULL)
			note.text = first_failure(&checked, &arena);
	}
	note.reconnect = subscribed.reconnect || checked.reconnect;
	note.reason = subscribed.reconnect ? subscribed.reconnect_reason : checked.reconnect_reason;
	if (arena_failed(&arena))
		return fail(err, ERR_NOMEM, "out of memory");
	if (bell_closed(&c->bell))
		return 0;
	if (note.text.p != NULL)
		log_event(note.reconnect ? LOG_WARNING : LOG_INFO,
			  note.reconnect ? "an account must be connected again" : "an account has a fault",
			  log_i("account", v->account_id), log_s("fault", note.text), log_end);
	if (!note.reconnect) {
		renew(c, v, fresh);
		refresh_templates(c, v, account.channel, fresh);
	}
	return store_write(c->i->store, run_note, &note, err);
}

/* ---- whom to visit ---- */

/* The first that is due. Otherwise *ret_wait_ms is shortened to when one will be. */
static bool take_fresh(struct connect *c, int64_t now, struct visit *ret, int64_t *ret_wait_ms)
{
	size_t k = 0;

	(void)pthread_mutex_lock(&c->lock);
	for (; k < c->fresh_count && c->fresh[k].due_ms > now; k++)
		if (c->fresh[k].due_ms - now < *ret_wait_ms)
			*ret_wait_ms = c->fresh[k].due_ms - now;
	bool found = k < c->fresh_count;

	if (found) {
		*ret = c->fresh[k];
		c->fresh_count--;
		memmove(c->fresh + k, c->fresh + k + 1, (c->fresh_count - k) * sizeof(*c->fresh));
	}
	(void)pthread_mutex_unlock(&c->lock);
	return found;
}

/* Another server looks after the accounts, and begins with all of them when it begins: what waits here is done there. */
static void forget_all(struct connect *c)
{
	(void)pthread_mutex_lock(&c->lock);
	c->fresh_count = 0;
	(void)pthread_mutex_unlock(&c->lock);
	c->round_count = c->round_at = 0;
	c->round_ms = 0;
}

/* Whether nobody has looked at it yet: its server may have died before it could, or have told one that did. */
static bool is_new(struct connect *c, const struct visit *v)
{
	struct error err = { 0 };
	int64_t due_ms = 0;

	return store_shared(c->i->store) && store_account_renewal(c->reader, v->workspace, v->account_id, &due_ms, &err) >= 0 && due_ms == 0;
}

static int begin_round(struct connect *c, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct account_connected *list;
	size_t count;
	int r = account_list_of_channel(c->reader, STR_NONE, &arena, &list, &count, err);

	if (r < 0)
		return r;
	free(c->rounds);
	c->round_count = c->round_at = 0;
	c->rounds = calloc(count + 1, sizeof(*c->rounds));
	if (c->rounds == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	for (size_t k = 0; k < count; k++)
		if (list[k].account.status == ACCOUNT_CONNECTED)
			c->rounds[c->round_count++] = (struct visit){ list[k].account.workspace, list[k].account.id };
	return 0;
}

static void log_visit(const struct visit *v, int r, const struct error *err)
{
	if (r < 0 && r != ERR_NOTFOUND && r != ERR_STATE)	/* gone, or its channel is not active */
		log_event(LOG_WARNING, "an account was not looked at; it is with the next round", log_i("account", v->account_id),
			  log_c("error", err->text), log_end);
}

/* Visits one account. Returns ms until the next. */
static int64_t turn(struct connect *c)
{
	struct error err = { 0 };
	struct visit v;
	int64_t now = clock_mono_ms(), wait_ms = ROUND_MS;

	if (!duty_mine(c->duties, DUTY_ACCOUNTS)) {
		forget_all(c);
		return ROUND_MS;	/* the duties ring */
	}
	if (take_fresh(c, now, &v, &wait_ms)) {
		log_visit(&v, visit(c, &v, true, &err), &err);
		return 0;
	}
	if (c->round_at < c->round_count) {
		v = c->rounds[c->round_at++];
		log_visit(&v, visit(c, &v, is_new(c, &v), &err), &err);
		return GAP_MS;
	}
	if (now < c->round_ms)
		return c->round_ms - now < wait_ms ? c->round_ms - now : wait_ms;
	c->round_ms = now + ROUND_MS;
	if (begin_round(c, &err) < 0) {
		log_event(LOG_WARNING, "accounts could not be listed; again in a minute", log_c("error", err.text), log_end);
		c->round_ms = now + REST_MS;
	}
	return GAP_MS;
}

static void *run(void *arg)
{
	struct connect *c = arg;

	(void)pthread_setname_np(pthread_self(), "accounts");
	while (!bell_closed(&c->bell))
		bell_wait(&c->bell, turn(c));
	return NULL;
}

/* ---- the outside ---- */

int connect_start(struct instance *i, struct http_client *http, struct duties *duties, struct connect **ret, struct error *err)
{
	struct connect *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	c->i = i;
	c->http = http;
	c->duties = duties;
	bell_init(&c->bell);
	(void)pthread_mutex_init(&c->lock, NULL);
	if ((r = store_reader_new(i->store, &c->reader, err)) == 0 && pthread_create(&c->thread, NULL, run, c) != 0)
		r = fail(err, ERR_BROKEN, "no thread to look after accounts");
	if (r < 0) {
		connect_free(c);
		return r;
	}
	c->has_thread = true;
	*ret = c;
	return 0;
}

void connect_close(struct connect *c)
{
	if (c != NULL)
		bell_close(&c->bell);
}

void connect_free(struct connect *c)
{
	if (c == NULL)
		return;
	bell_close(&c->bell);
	if (c->has_thread)
		(void)pthread_join(c->thread, NULL);
	store_reader_free(c->reader);
	free(c->rounds);
	(void)pthread_mutex_destroy(&c->lock);
	bell_done(&c->bell);
	free(c);
}

void connect_told(struct connect *c, struct workspace_id w, int64_t account_id, int64_t after_ms)
{
	struct visit v = { w, account_id, after_ms == 0 ? 0 : clock_mono_ms() + after_ms };
	bool waits = false;

	(void)pthread_mutex_lock(&c->lock);
	for (size_t k = 0; k < c->fresh_count; k++)
		if (c->fresh[k].workspace.v == w.v && c->fresh[k].account_id == account_id && (c->fresh[k].due_ms > 0) == (v.due_ms > 0)) {
			c->fresh[k].due_ms = v.due_ms;	/* one look serves for both */
			waits = true;
		}
	/* More at once than there is room for are looked at with the next round. */
	if (!waits && c->fresh_count < FRESH_MAX)
		c->fresh[c->fresh_count++] = v;
	(void)pthread_mutex_unlock(&c->lock);
	bell_ring(&c->bell);
}

void connect_wake(struct connect *c)
{
	bell_ring(&c->bell);
}

/* ---- telling the server that looks after accounts ---- */

struct telling {
	struct store_unit unit;
	struct visit visit;
	int64_t after_ms;
};

static int run_telling(struct db *db, void *arg, struct error *err)
{
	const struct telling *t = arg;

	return store_change_add(db, t->visit.workspace, CHANGE_VISIT, t->visit.account_id, t->after_ms, err);
}

static void end_telling(void *arg, int result, const struct error *err)
{
	if (result < 0)
		log_event(LOG_WARNING, "an account is looked at with the next round only", log_i("account", ((struct telling *)arg)->visit.account_id),
			  log_c("error", err->text), log_end);
	free(arg);
}

void connect_note(struct connect *c, struct workspace_id w, int64_t account_id, int64_t after_ms)
{
	struct telling *t;

	if (duty_mine(c->duties, DUTY_ACCOUNTS)) {
		connect_told(c, w, account_id, after_ms);
		return;
	}
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return;			/* it is with the next round */
	*t = (struct telling){ .unit = { .run = run_telling, .done = end_telling, .arg = t }, .visit = { w, account_id, 0 },
			       .after_ms = after_ms };
	store_submit(c->i->store, &t->unit);
}
