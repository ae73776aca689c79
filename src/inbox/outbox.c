/* The outbox: what may go, claims, and what an attempt's end means for the message, the row and the account. */
#include "inbox/outbox.h"

#include "base/clock.h"
#include "inbox/account.h"
#include "inbox/message.h"
#include "inbox/rules.h"
#include "inbox/settle.h"
#include "store/account.h"
#include "store/conversation.h"
#include "store/outbox.h"

enum { TRIES = 6, PARK_DEFAULT_MS = 5 * MINUTE_MS, PARK_MAX_MS = DAY_MS };

/* 5 s, 15 s, 45 s, 2 min, 5 min, each up to a fifth longer so that many do not come back at once. */
static int64_t back_off_ms(int64_t tries)
{
	static const int64_t step[] = { 5000, 15000, 45000, 120000, 300000 };
	int64_t wait = step[tries < 5 ? tries : 4];
	uint16_t random;

	crypto_random(&random, sizeof(random));
	return wait + wait / 5 * random / UINT16_MAX;
}

int outbox_due(struct instance *i, struct db *db, int64_t now_ms, size_t per_account, struct arena *arena, struct outbox_item *ret,
	       size_t max, size_t *ret_count, int64_t *ret_next_ms, struct error *err)
{
	struct store_outbox_due *due = arena_alloc(arena, max * sizeof(*due));
	const struct trixy_channel *active[CHANNELS_MAX];
	struct str channels[CHANNELS_MAX];
	size_t channel_count = channels_list(i->channels, active), found = 0;
	int r;

	*ret_count = 0;
	if (due == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	for (size_t k = 0; k < channel_count; k++)
		channels[k] = str_from_trixy(active[k]->slug);
	if ((r = store_outbox_due(db, channels, channel_count, now_ms, per_account, arena, due, max, &found, err)) < 0 ||
	    (r = store_outbox_next(db, now_ms, ret_next_ms, err)) < 0)
		return r;
	for (size_t k = 0; k < found; k++) {
		const struct store_outbox_due *d = &due[k];

		ret[(*ret_count)++] = (struct outbox_item){ .workspace = d->row.workspace, .message_id = d->row.message_id,
			.conversation_id = d->row.conversation_id, .account_id = d->row.account_id, .tries = d->row.tries,
			.channel = d->channel, .contact_key = d->contact_key, .text = d->row.text, .tag = d->tag, .reply_to_id = d->reply_to_id };
	}
	return 0;
}

/* Saves the message and tells the browsers. */
static int save(struct db *db, const struct store_message *m, struct error *err)
{
	int r = store_message_save(db, m, err);

	return r < 0 ? r : store_change_add(db, m->workspace, CHANGE_MESSAGE, m->id, m->conversation_id, err);
}

static int end_failed(struct db *db, struct store_message *m, struct str code, struct str text, struct str fix, struct error *err)
{
	int r;

	m->status = MESSAGE_FAILED;
	m->error_code = code;
	m->error_text = text;
	m->error_fix = fix;
	return (r = store_outbox_delete(db, m->workspace, m->id, err)) < 0 ? r : save(db, m, err);
}

struct claim {
	struct instance *i;
	struct outbox_item *items;
	size_t count;
};

static int claim_one(struct instance *i, struct db *db, struct outbox_item *item, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	const struct trixy_channel *channel = channels_find(i->channels, item->channel);
	struct store_conversation c;
	struct store_account account;
	struct store_message m;
	struct store_outbox o;
	int64_t now = clock_now_ms();
	int r;

	item->claimed = false;
	if (channel == NULL || (r = store_outbox_claimable(db, item->workspace, item->message_id, now, &arena, &o, err)) == 0)
		return 0;		/* what was read as due is so no more */
	if (r < 0)
		return r;
	if ((r = store_message_get(db, item->workspace, item->conversation_id, item->message_id, &arena, &m, err)) < 0 ||
	    (r = store_conversation_get(db, item->workspace, item->conversation_id, &arena, &c, err)) < 0 ||
	    (r = store_account_get(db, item->workspace, item->account_id, &arena, &account, err)) < 0)
		return r;
	if (rules_may_reply(channel, c.window_from, m.tag, now) != WINDOW_OPEN)
		return end_failed(db, &m, STR("window_closed"), str_from_trixy(channel->window_error),
				  STR("The window closed while the message waited. The customer must write first."), err);
	if (rules_may_reply(channel, c.window_from, STR_NONE, now) == WINDOW_OPEN)
		item->tag = STR_NONE;	/* a tag is for outside the window */
	m.status = MESSAGE_SENDING;
	m.flags |= MESSAGE_ATTEMPTED;
	m.at = o.claimed_at = now;	/* until an echo tells the provider's time */
	if ((r = store_outbox_save(db, &o, err)) < 0 || (r = save(db, &m, err)) < 0)
		return r;
	item->claimed = true;
	item->account_revision = account.revision;
	return 0;
}

static int run_claim(struct db *db, void *arg, struct error *err)
{
	struct claim *c = arg;
	int r = 0;

	for (size_t k = 0; k < c->count && r >= 0; k++)
		r = claim_one(c->i, db, &c->items[k], err);
	return r;
}

int outbox_claim(struct instance *i, struct outbox_item *items, size_t count, struct error *err)
{
	struct claim c = { .i = i, .items = items, .count = count };
	int r = store_write(i->store, run_claim, &c, err);

	for (size_t k = 0; k < count && r < 0; k++)
		items[k].claimed = false;
	return r;
}

/* Back into the queue for a later attempt. */
static int requeue(struct db *db, struct store_message *m, struct store_outbox *o, int64_t due_at, const struct trixy_outcome *t,
		   struct error *err)
{
	int r;

	o->claimed_at = 0;
	o->due_at = due_at;
	m->status = MESSAGE_QUEUED;
	m->error_code = str_from_trixy(t->code);
	m->error_text = str_from_trixy(t->reason);
	m->error_fix = str_from_trixy(t->fix);
	return (r = store_outbox_save(db, o, err)) < 0 ? r : save(db, m, err);
}

/* o: NULL when its row has gone meanwhile. */
static int end_sent(struct db *db, struct store_message *m, const struct store_outbox *o, const struct trixy_outcome *t, struct error *err)
{
	int r = settle_sent(db, m, o, str_from_trixy(t->message_id), err);

	if (r < 0 || (r = store_outbox_delete(db, m->workspace, m->id, err)) < 0)
		return r;
	return store_change_add(db, m->workspace, CHANGE_MESSAGE, m->id, m->conversation_id, err);
}

/* The account's queue waits: for a while (park), or for a person. An answer to fields that were replaced meanwhile is no
 * ground for that. */
static int end_waiting(struct db *db, const struct outbox_item *item, struct store_message *m, struct store_outbox *o,
		       const struct trixy_outcome *t, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	int64_t now = clock_now_ms(), wait = t->wait_ms > 0 ? t->wait_ms : PARK_DEFAULT_MS;
	struct str reason = str_from_trixy(t->reason);
	struct store_account account;
	int r = store_account_get(db, m->workspace, o->account_id, &arena, &account, err);

	if (r < 0)
		return r;
	if (item->account_revision != account.revision)
		return requeue(db, m, o, now, t, err);
	if (t->kind == TRIXY_PARK)
		r = account_set_parked(db, m->workspace, o->account_id, now + (wait < PARK_MAX_MS ? wait : PARK_MAX_MS), reason, err);
	else
		r = account_set_status(db, m->workspace, o->account_id, ACCOUNT_RECONNECT_NEEDED, reason, err);
	return r < 0 ? r : requeue(db, m, o, now, t, err);
}

static int end_unknown(struct db *db, struct store_message *m, const struct trixy_outcome *t, struct error *err)
{
	int r;

	settle_unknown(m, t == NULL ? STR_NONE : str_from_trixy(t->reason));
	return (r = store_outbox_delete(db, m->workspace, m->id, err)) < 0 ? r : save(db, m, err);
}

/* An echo was taken for the message meanwhile. 1: the echo proves what this end leaves open, 0: the provider surely did not
 * send it, so the echo was somebody else's same words. */
static int echo_proves(struct db *db, struct store_message *m, const struct store_outbox *o, uint32_t kind, struct error *err)
{
	return kind == TRIXY_RETRY || kind == TRIXY_UNKNOWN ? 1 : settle_unbind(db, m, o, err);
}

/* The end of an attempt whose row has gone: the account was disconnected meanwhile, which left the message unknown. What the
 * provider says still counts. 1: nothing was written. */
static int end_late(struct db *db, struct store_message *m, const struct trixy_outcome *t, struct error *err)
{
	if (t->kind == TRIXY_SENT)
		return end_sent(db, m, NULL, t, err);
	if (m->status != MESSAGE_UNKNOWN || m->external_id.p != NULL || t->kind == TRIXY_UNKNOWN)
		return 1;
	m->status = MESSAGE_FAILED;	/* surely not sent; the words stay: its account is gone */
	return save(db, m, err);
}

static int settle_one(struct db *db, struct outbox_end *e, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	const struct trixy_outcome *t = e->outcome;
	struct store_message m;
	struct store_outbox o;
	int found = store_outbox_get(db, e->item->workspace, e->item->message_id, &arena, &o, err);
	int r = found < 0 ? found :
		store_message_get(db, e->item->workspace, e->item->conversation_id, e->item->message_id, &arena, &m, err);

	e->gone = r == ERR_NOTFOUND;
	if (r < 0)
		return e->gone ? 0 : r;
	if (!found) {
		e->gone = (r = end_late(db, &m, t, err)) == 1;
		return r < 0 ? r : 0;
	}
	if (t->kind == TRIXY_SENT)
		return end_sent(db, &m, &o, t, err);
	if (m.external_id.p != NULL && (r = echo_proves(db, &m, &o, t->kind, err)) != 0)
		return r < 0 ? r : store_outbox_delete(db, m.workspace, m.id, err);
	switch (t->kind) {
	case TRIXY_RETRY:
		if (++o.tries >= TRIES)
			break;
		return requeue(db, &m, &o, clock_now_ms() + (t->wait_ms > 0 ? t->wait_ms : back_off_ms(o.tries - 1)), t, err);
	case TRIXY_PARK:
	case TRIXY_HOLD:
	case TRIXY_RECONNECT:
		return end_waiting(db, e->item, &m, &o, t, err);
	case TRIXY_UNKNOWN:
		return end_unknown(db, &m, t, err);
	}
	return end_failed(db, &m, str_from_trixy(t->code), str_from_trixy(t->reason), str_from_trixy(t->fix), err);
}

struct settling {
	struct outbox_end *ends;
	size_t count;
};

static int run_settle(struct db *db, void *arg, struct error *err)
{
	struct settling *s = arg;
	int r = 0;

	for (size_t k = 0; k < s->count && r >= 0; k++)
		r = settle_one(db, &s->ends[k], err);
	return r;
}

int outbox_settle_all(struct instance *i, struct outbox_end *ends, size_t count, struct error *err)
{
	struct settling s = { .ends = ends, .count = count };
	int r = store_write(i->store, run_settle, &s, err);

	return r < 0 ? r : 0;
}

int outbox_settle(struct instance *i, const struct outbox_item *item, const struct trixy_outcome *outcome, struct error *err)
{
	struct outbox_end e = { .item = item, .outcome = outcome };
	int r = outbox_settle_all(i, &e, 1, err);

	if (r == 0 && e.gone)
		return fail(err, ERR_NOTFOUND, "message %lld is not in the outbox any more", (long long)item->message_id);
	return r;
}

static int run_release(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	const struct outbox_item *item = arg;
	struct store_message m;
	struct store_outbox o;
	int r = store_outbox_get(db, item->workspace, item->message_id, &arena, &o, err);

	if (r <= 0 || (r = store_message_get(db, item->workspace, item->conversation_id, item->message_id, &arena, &m, err)) < 0)
		return r < 0 ? r : 0;
	/* It never left: an echo with its words was somebody else's. */
	if ((r = settle_unbind(db, &m, &o, err)) < 0)
		return r;
	o.claimed_at = 0;
	m.status = MESSAGE_QUEUED;
	return (r = store_outbox_save(db, &o, err)) < 0 ? r : save(db, &m, err);
}

int outbox_release(struct instance *i, const struct outbox_item *item, struct error *err)
{
	struct outbox_item copy = *item;

	return store_write(i->store, run_release, &copy, err);
}

struct recovery {
	int64_t after_id;		/* in */
	int64_t found_id;		/* out; 0: no more */
};

static int run_recover(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct recovery *v = arg;
	struct store_message m;
	struct store_outbox o;
	int r = store_outbox_claimed(db, v->after_id, &arena, &o, err);

	v->found_id = 0;
	if (r <= 0 || (r = store_message_get(db, o.workspace, o.conversation_id, o.message_id, &arena, &m, err)) < 0)
		return r;
	v->found_id = o.message_id;
	return m.external_id.p != NULL ? store_outbox_delete(db, o.workspace, o.message_id, err) : end_unknown(db, &m, NULL, err);
}

int outbox_recover(struct instance *i, int64_t *ret_count, struct error *err)
{
	struct recovery v = { 0 };
	int r;

	*ret_count = 0;
	while ((r = store_write(i->store, run_recover, &v, err)) >= 0 && v.found_id != 0) {
		v.after_id = v.found_id;
		(*ret_count)++;
	}
	return r < 0 ? r : 0;
}
