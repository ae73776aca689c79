/* The outbox: what may go, claims, and what an attempt's end means for the message, the row and the account. */
#include "inbox/outbox.h"

#include "base/clock.h"
#include "inbox/account.h"
#include "inbox/content.h"
#include "inbox/message.h"
#include "inbox/react.h"
#include "inbox/rules.h"
#include "inbox/settle.h"
#include "store/account.h"
#include "store/conversation.h"
#include "store/lease.h"
#include "store/outbox.h"

enum { TRIES = 6, PARK_DEFAULT_MS = 5 * MINUTE_MS, PARK_CONTACT_MS = 10 * SECOND_MS, PARK_CONTACT_MOST_MS = 10 * MINUTE_MS,
       WAIT_MAX_MS = DAY_MS, CLAIMS_MAX = 1000 };

/* 5 s, 15 s, 45 s, 2 min, 5 min, each up to a fifth longer so that many do not come back at once. */
static int64_t back_off_ms(int64_t tries)
{
	static const int64_t step[] = { 5000, 15000, 45000, 120000, 300000 };
	int64_t wait = step[tries < 5 ? tries : 4];
	uint16_t random;

	crypto_random(&random, sizeof(random));
	return wait + wait / 5 * random / UINT16_MAX;
}

/* How long the channel says to wait, at most a day; `usual` where it does not say. */
static int64_t wait_of(const struct trixy_outcome *t, int64_t usual)
{
	return t->wait_ms <= 0 ? usual : t->wait_ms < WAIT_MAX_MS ? t->wait_ms : WAIT_MAX_MS;
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
			.channel = d->channel, .contact_key = d->contact_key, .text = d->row.text, .tag = d->tag, .reply_to_id = d->reply_to_id,
			.arena = arena, .is_file = channel_type_is_media((uint32_t)d->kind) };
	}
	return 0;
}

static bool is_reaction(const struct store_message *m)
{
	return m->direction == 0 && m->kind == MESSAGE_KIND_REACTION;
}

/* Saves the message and tells the browsers, which never see one that carries a reaction. */
static int save(struct db *db, const struct store_message *m, struct error *err)
{
	int r = store_message_save(db, m, err);

	return r < 0 || is_reaction(m) ? r : store_change_add(db, m->workspace, CHANGE_MESSAGE, m->id, m->conversation_id, err);
}

static int end_failed(struct db *db, struct store_message *m, struct str code, struct str text, struct str fix, struct error *err)
{
	int r;

	if (is_reaction(m))
		return (r = store_outbox_delete(db, m->workspace, m->id, err)) < 0 ? r : react_refused(db, m, text, fix, err);
	m->status = MESSAGE_FAILED;
	m->error_code = code;
	m->error_text = text;
	m->error_fix = fix;
	return (r = store_outbox_delete(db, m->workspace, m->id, err)) < 0 ? r : save(db, m, err);
}

struct claim {
	struct instance *i;
	struct str lease;		/* STR_NONE: none is needed */
	struct outbox_item *items;
	size_t count;
	bool lost;			/* out: the lease is another's */
};

/* 1: the message can be sent as far as its file goes; 0: the file that it needs is not here. */
static int fill_media(struct db *db, struct outbox_item *item, const struct store_message *m, int64_t now, struct error *err)
{
	struct store_attachment *list;
	size_t count;
	int r = store_attachment_list(db, m->workspace, m->id, item->arena, &list, &count, err);

	item->media = (struct outbox_media){ 0 };
	if (r < 0)
		return r;
	if (count == 0 || list[0].file.id == 0)
		return count == 0 && !channel_type_is_media((uint32_t)m->kind);
	item->media = (struct outbox_media){ .file_id = list[0].file.id, .type = list[0].type, .flags = list[0].flags,
		.sha256 = list[0].file.sha256, .mime_type = list[0].file.mime_type, .file_name = list[0].file_name, .bytes = list[0].file.bytes,
		.media_id = list[0].media_until > now ? list[0].media_id : STR_NONE };
	return 1;
}

/* What the draft is made of beside the text. 0: its file is not here. */
static int fill_item(struct db *db, struct outbox_item *item, const struct store_message *m, int64_t now, struct error *err)
{
	struct content_template t;
	struct content_reaction reaction;
	int r;

	item->kind = TRIXY_DRAFT_MESSAGE;
	item->reference = settle_reference(m->id, now, item->arena);
	if (is_reaction(m)) {
		item->kind = TRIXY_DRAFT_REACTION;
		if ((r = content_read_reaction(m->content, item->arena, &reaction, err)) < 0)
			return r;
		item->emoji = reaction.emoji;
		return 1;
	}
	if (m->kind == TRIXY_MESSAGE_TEMPLATE) {
		item->kind = TRIXY_DRAFT_TEMPLATE;
		if ((r = content_read_template(m->content, item->arena, &t, err)) < 0)
			return r;
		item->template_name = t.name;
		item->template_language = t.language;
		item->values = t.values;
		item->value_count = t.value_count;
	}
	return fill_media(db, item, m, now, err);
}

static int mark_claimed(struct instance *i, struct db *db, struct store_message *m, struct store_outbox *o, int64_t now, struct error *err)
{
	int r;

	o->claimed_by = store_server(i->store);
	m->status = MESSAGE_SENDING;
	if (!is_reaction(m))		/* an echo of one is no message */
		m->flags |= MESSAGE_ATTEMPTED;
	m->at = o->claimed_at = now;	/* until an echo tells the provider's time */
	return (r = store_outbox_save(db, o, err)) < 0 ? r : save(db, m, err);
}

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
	bool is_always_open = m.kind == TRIXY_MESSAGE_TEMPLATE && channel_can(channel, TRIXY_CAN_TEMPLATES);

	if (!is_always_open && rules_may_reply(channel, c.window_from, m.tag, now) != WINDOW_OPEN)
		return end_failed(db, &m, STR("window_closed"), str_from_trixy(channel->window_error),
				  channel_can(channel, TRIXY_CAN_TEMPLATES) ?
					  STR("The window closed while this waited. Send a template, or wait until the customer writes.") :
					  STR("The window closed while the message waited. The customer must write first."), err);
	if ((r = fill_item(db, item, &m, now, err)) < 0)
		return r;
	if (r == 0)
		return end_failed(db, &m, STR("file_gone"), STR("The file of this message is no longer kept here, so nothing was sent."),
				  STR("Attach the file again and send it anew."), err);
	if (rules_may_reply(channel, c.window_from, STR_NONE, now) == WINDOW_OPEN)
		item->tag = STR_NONE;	/* a tag is for outside the window */
	if ((r = mark_claimed(i, db, &m, &o, now, err)) < 0)
		return r;
	if (arena_failed(item->arena))
		return fail(err, ERR_NOMEM, "out of memory");
	item->claimed = true;
	item->claimed_at = o.claimed_at;
	item->claimed_by = o.claimed_by;
	item->account_revision = account.revision;
	return 0;
}

static int run_claim(struct db *db, void *arg, struct error *err)
{
	struct claim *c = arg;
	int r = c->lease.p == NULL ? 1 : store_lease_held(db, c->lease, store_server(c->i->store), err);

	for (size_t k = 0; k < c->count; k++)
		c->items[k].claimed = false;
	c->lost = r == 0;
	if (r <= 0)
		return r;
	for (size_t k = 0; k < c->count && r >= 0; k++)
		r = claim_one(c->i, db, &c->items[k], err);
	return r < 0 ? r : 0;
}

int outbox_claim_as(struct instance *i, struct str lease, struct outbox_item *items, size_t count, struct error *err)
{
	struct claim c = { .i = i, .lease = lease, .items = items, .count = count };
	int r = store_write(i->store, run_claim, &c, err);

	for (size_t k = 0; k < count && r < 0; k++)
		items[k].claimed = false;
	return r >= 0 && c.lost ? fail(err, ERR_STATE, "another server has the lease") : r;
}

int outbox_claim(struct instance *i, struct outbox_item *items, size_t count, struct error *err)
{
	return outbox_claim_as(i, STR_NONE, items, count, err);
}

/* Whether the row still has the claim that this item was sent by. */
static bool is_this_claim(const struct outbox_item *item, const struct store_outbox *o)
{
	return item->claimed_at == 0 || (item->claimed_at == o->claimed_at && str_eq(item->claimed_by, o->claimed_by));
}

struct upload_note {
	const struct outbox_item *item;
	struct str media_id;
	int64_t until_ms;
};

static int run_uploaded(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	const struct upload_note *n = arg;
	struct store_attachment a;
	struct store_outbox o;
	int r = store_outbox_get(db, n->item->workspace, n->item->message_id, &arena, &o, err);

	if (r < 0)
		return r;
	if (r == 0 || !is_this_claim(n->item, &o))
		return fail(err, ERR_NOTFOUND, "message %lld is not in the outbox any more", (long long)n->item->message_id);
	if ((r = store_attachment_get(db, n->item->workspace, n->item->message_id, 0, &arena, &a, err)) < 0)
		return r;
	a.media_id = n->media_id;
	a.media_until = n->until_ms;
	return store_attachment_save(db, n->item->workspace, n->item->message_id, 0, &a, err);
}

int outbox_uploaded(struct instance *i, const struct outbox_item *item, struct str media_id, int64_t until_ms, struct error *err)
{
	struct upload_note n = { .item = item, .media_id = media_id, .until_ms = until_ms };

	return store_write(i->store, run_uploaded, &n, err);
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
	struct str external_id = str_from_trixy(t->message_id);
	int r;

	if (is_reaction(m))
		return (r = store_outbox_delete(db, m->workspace, m->id, err)) < 0 ? r : react_sent(db, m, o, external_id, err);
	if ((r = settle_sent(db, m, o, external_id, err)) < 0 || (r = store_outbox_delete(db, m->workspace, m->id, err)) < 0)
		return r;
	return store_change_add(db, m->workspace, CHANGE_MESSAGE, m->id, m->conversation_id, err);
}

/* The account's queue waits: for a while (park), or for a person. An answer to fields that were replaced meanwhile is no
 * ground for that. */
static int end_waiting(struct db *db, const struct outbox_item *item, struct store_message *m, struct store_outbox *o,
		       const struct trixy_outcome *t, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	int64_t now = clock_now_ms();
	struct str reason = str_from_trixy(t->reason);
	struct store_account account;
	int r = store_account_get(db, m->workspace, o->account_id, &arena, &account, err);

	if (r < 0)
		return r;
	if (item->account_revision != account.revision)
		return requeue(db, m, o, now, t, err);
	if (t->kind == TRIXY_PARK)
		r = account_set_parked(db, m->workspace, o->account_id, now + wait_of(t, PARK_DEFAULT_MS), reason, err);
	else
		r = account_set_status(db, m->workspace, o->account_id, ACCOUNT_RECONNECT_NEEDED, reason, err);
	return r < 0 ? r : requeue(db, m, o, now, t, err);
}

/* Too many to this customer: all that waits for this one rests, the others go on. */
static int end_contact_parked(struct db *db, struct store_message *m, struct store_outbox *o, const struct trixy_outcome *t, struct error *err)
{
	int64_t wait = wait_of(t, PARK_CONTACT_MS), most = wait > PARK_CONTACT_MOST_MS ? wait : PARK_CONTACT_MOST_MS, due_at;
	int r;

	for (int64_t k = 0; k < o->parks && wait < most; k++)	/* Meta: after a pair rate limit, again in 4^n s */
		wait *= 4;
	due_at = clock_now_ms() + (wait < most ? wait : most);
	o->parks++;
	r = store_outbox_rest(db, m->workspace, m->conversation_id, due_at, err);
	return r < 0 ? r : requeue(db, m, o, due_at, t, err);
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

/* The end of an attempt whose row has gone: the account was disconnected meanwhile, or others took this server for dead; either
 * left the message unknown. What the provider says still counts. 1: nothing was written. */
static int end_late(struct db *db, struct store_message *m, const struct trixy_outcome *t, struct error *err)
{
	if (is_reaction(m))
		return 1;		/* it was refused when its account went */
	if (t->kind == TRIXY_SENT)
		return end_sent(db, m, NULL, t, err);
	if (m->status != MESSAGE_UNKNOWN || m->external_id.p != NULL || t->kind == TRIXY_UNKNOWN)
		return 1;
	m->status = MESSAGE_FAILED;	/* surely not sent */
	if (str_eq_c(m->error_code, "unknown")) {
		m->error_code = str_from_trixy(t->code);
		m->error_text = str_from_trixy(t->reason);
		m->error_fix = str_from_trixy(t->fix);
	}		/* else the words stay: its account is gone */
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
	if (!is_this_claim(e->item, &o)) {
		e->gone = true;
		return 0;
	}
	if (m.external_id.p != NULL && (r = echo_proves(db, &m, &o, t->kind, err)) != 0)
		return r < 0 ? r : store_outbox_delete(db, m.workspace, m.id, err);
	switch (is_reaction(&m) && t->kind == TRIXY_UNKNOWN ? TRIXY_RETRY : t->kind) {
	case TRIXY_RETRY:
		if (++o.tries >= TRIES)
			break;
		return requeue(db, &m, &o, clock_now_ms() + wait_of(t, back_off_ms(o.tries - 1)), t, err);
	case TRIXY_PARK:
	case TRIXY_HOLD:
	case TRIXY_RECONNECT:
		return end_waiting(db, e->item, &m, &o, t, err);
	case TRIXY_PARK_CONTACT:
		return end_contact_parked(db, &m, &o, t, err);
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

	if (r <= 0 || !is_this_claim(item, &o))
		return r < 0 ? r : 0;
	if ((r = store_message_get(db, item->workspace, item->conversation_id, item->message_id, &arena, &m, err)) < 0)
		return r;
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
	struct instance *i;
	const struct outbox_watch *watch;	/* in, as the next; NULL: all claims are a dead process's */
	struct store_outbox claim;
	int64_t after_id;		/* in */
	int64_t found_id;		/* out; 0: no more */
	bool is_unknown;		/* out: it may have been sent */
};

/* 1: a claim whose request, if any, can be made again: of a reaction, or of a file's way up. */
static int may_go_again(struct instance *i, struct db *db, const struct store_message *m, struct arena *arena, struct error *err)
{
	struct store_conversation c;
	struct store_attachment *list;
	const struct trixy_channel *channel;
	size_t count;
	int r;

	if (is_reaction(m))
		return 1;
	if ((r = store_conversation_get(db, m->workspace, m->conversation_id, arena, &c, err)) < 0 ||
	    (r = store_attachment_list(db, m->workspace, m->id, arena, &list, &count, err)) < 0)
		return r;
	channel = channels_find(i->channels, c.channel);
	return channel != NULL && channel_uploads(channel) && count > 0 && list[0].file_id != 0 && list[0].media_id.p == NULL;
}

/* One claim of a dead server. */
static int recover_one(struct db *db, struct recovery *v, const struct store_outbox *claim, struct arena *arena, struct error *err)
{
	struct store_outbox o = *claim;
	struct store_message m;
	int r = store_message_get(db, o.workspace, o.conversation_id, o.message_id, arena, &m, err);

	if (r < 0)
		return r;
	if (m.external_id.p != NULL)
		return store_outbox_delete(db, o.workspace, o.message_id, err);
	if ((r = may_go_again(v->i, db, &m, arena, err)) < 0)
		return r;
	if (r > 0) {
		const struct trixy_outcome untold = { .size = sizeof(untold) };

		return requeue(db, &m, &o, clock_now_ms(), &untold, err);
	}
	v->is_unknown = true;
	return end_unknown(db, &m, NULL, err);
}

static int run_recover(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct recovery *v = arg;
	struct store_outbox o;
	int r = store_outbox_claimed(db, v->after_id, &arena, &o, err);

	v->found_id = 0;
	v->is_unknown = false;
	if (r <= 0)
		return r;
	v->found_id = o.message_id;
	return recover_one(db, v, &o, &arena, err);
}

int outbox_recover(struct instance *i, int64_t *ret_count, struct error *err)
{
	struct recovery v = { .i = i };
	int r;

	*ret_count = 0;
	while ((r = store_write(i->store, run_recover, &v, err)) >= 0 && v.found_id != 0) {
		v.after_id = v.found_id;
		*ret_count += v.is_unknown;
	}
	return r < 0 ? r : 0;
}

/* ---- of several servers ---- */

static bool is_dead(const struct recovery *v, const struct store_outbox *o)
{
	if (str_eq(o->claimed_by, store_server(v->i->store)))
		return !v->watch->has(v->watch->arg, o->message_id);
	return !v->watch->lives(v->watch->arg, o->claimed_by);
}

/* The claim as it is now: what was read before may have been settled since, or claimed anew. */
static int run_recover_dead(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct recovery *v = arg;
	struct store_outbox o;
	int r = store_lease_held(db, v->watch->lease, store_server(v->i->store), err);

	v->is_unknown = false;
	if (r <= 0 || (r = store_outbox_get(db, v->claim.workspace, v->claim.message_id, &arena, &o, err)) <= 0)
		return r;
	if (o.claimed_at == 0 || !is_dead(v, &o))
		return 0;
	if (!str_eq(o.claimed_by, store_server(v->i->store)))
		return recover_one(db, v, &o, &arena, err);
	/* Its request never left: that waits for the claim's commit. */
	const struct outbox_item item = { .workspace = o.workspace, .message_id = o.message_id, .conversation_id = o.conversation_id };

	return run_release(db, (void *)(uintptr_t)&item, err);
}

int outbox_recover_dead(struct instance *i, struct db *db, const struct outbox_watch *watch, int64_t *ret_count, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct store_outbox *claims = arena_alloc(&arena, CLAIMS_MAX * sizeof(*claims));
	struct recovery v = { .i = i, .watch = watch };
	size_t count = 0;
	int r = claims == NULL ? fail(err, ERR_NOMEM, "out of memory") : store_outbox_claims(db, &arena, claims, CLAIMS_MAX, &count, err);

	*ret_count = 0;
	for (size_t k = 0; r >= 0 && k < count; k++) {
		if (!is_dead(&v, &claims[k]))
			continue;
		v.claim = claims[k];
		if ((r = store_write(i->store, run_recover_dead, &v, err)) >= 0)
			*ret_count += v.is_unknown;
	}
	return r < 0 ? r : 0;
}
