/* The one way in. Each kind of event has one function here; what they share is the thread: one contact's conversation, loaded
 * once for all its events in a row and written back once.
 *
 * Order does not matter because every function only ever moves towards one end: times by maximum, edits by their number,
 * reactions by their time, "unsent" for good. Something about a message that is not here makes a row of kind "missing", which
 * becomes the message when that comes. */
#include "inbox/apply.h"

#include "base/clock.h"
#include "inbox/conversation.h"
#include "inbox/settle.h"
#include "store/conversation.h"
#include "store/message.h"

struct apply {
	struct db *db;
	const struct apply_target *target;
	struct arena *arena;		/* of what is read, until the next conversation */
	struct store_conversation thread;	/* id 0: none loaded */
	bool dirty;
};

static int flush(struct apply *a, struct error *err)
{
	int r = a->dirty ? store_conversation_save(a->db, &a->thread, err) : 0;

	a->dirty = false;
	return r;
}

/* Loads or makes the conversation of the event's contact. */
static int load_thread(struct apply *a, const struct trixy_event *e, struct error *err)
{
	struct str key = str_from_trixy(e->contact_key);
	int r;

	if (a->thread.id != 0 && str_eq(a->thread.external_key, key))
		return 0;
	if ((r = flush(a, err)) < 0)
		return r;
	arena_reset(a->arena);
	a->thread = (struct store_conversation){ 0 };
	r = store_conversation_find(a->db, a->target->workspace, a->target->account_id, key, a->arena, &a->thread, err);
	if (r != 0)
		return r < 0 ? r : 0;
	a->thread = (struct store_conversation){ .workspace = a->target->workspace, .channel = a->target->channel,
		.external_key = arena_copy(a->arena, key), .account_id = a->target->account_id, .status = CONVERSATION_OPEN };
	return store_conversation_add(a->db, &a->thread, str_from_trixy(e->contact_name), str_from_trixy(e->contact_handle),
				      clock_now_ms(), err);
}

static void seen(struct apply *a, int64_t *at, int64_t now)
{
	if (now > *at) {
		*at = now;
		a->dirty = true;
	}
}

static int changed(struct apply *a, int64_t message_id, struct error *err)
{
	int r = store_change_add(a->db, a->target->workspace, CHANGE_MESSAGE, message_id, a->thread.id, err);

	return r < 0 ? r : 1;
}

/* A receipt that came for this message: all that we wrote up to it is read. */
static void count_receipt(struct apply *a, const struct store_message *m)
{
	if ((m->flags & MESSAGE_RECEIPT) && m->kind != MESSAGE_KIND_MISSING)
		seen(a, &a->thread.read_at, m->at);
}

/* Finds the message that an event is about, or makes the row that waits for it. 1: *ret is it, found. 2: made. */
static int find_or_wait(struct apply *a, const struct trixy_event *e, int direction, struct store_message *ret, struct error *err)
{
	int r = store_message_find(a->db, a->target->workspace, a->thread.id, str_from_trixy(e->message_id), a->arena, ret, err);

	if (r < 0)
		return r;
	if (r > 0) {
		if (ret->direction == 0)
			ret->direction = direction;
		return 1;
	}
	*ret = (struct store_message){ .workspace = a->target->workspace, .conversation_id = a->thread.id, .direction = direction,
		.kind = MESSAGE_KIND_MISSING, .status = direction == MESSAGE_IN ? MESSAGE_RECEIVED : MESSAGE_SENT, .at = e->at_ms,
		.external_id = str_from_trixy(e->message_id) };
	return (r = store_message_add(a->db, ret, err)) < 0 ? r : 2;
}

/* ---- messages ---- */

static uint32_t flags_of(const struct trixy_event *e)
{
	return ((e->flags & TRIXY_STANDBY) ? MESSAGE_STANDBY : 0u) | ((e->flags & TRIXY_BY_MACHINE) ? MESSAGE_BY_MACHINE : 0u);
}

static int add_attachments(struct apply *a, int64_t message_id, const struct trixy_event *e, struct error *err)
{
	int r = 0;

	for (uint32_t k = 0; k < e->attachment_count && r >= 0; k++) {
		const struct trixy_attachment *t = &e->attachments[k];
		struct store_attachment s = { .type = (int)t->type, .url = str_from_trixy(t->url), .title = str_from_trixy(t->title),
					      .external_id = str_from_trixy(t->external_id) };

		r = store_attachment_add(a->db, a->target->workspace, message_id, (int)k, &s, err);
	}
	return r;
}

/* Makes m what the event says, as far as nothing later is known of it: an edit's text stays, an unsent one stays empty. */
static void fill(struct store_message *m, const struct trixy_event *e)
{
	bool from_us = (e->flags & TRIXY_FROM_US) != 0;

	m->direction = from_us ? MESSAGE_OUT : MESSAGE_IN;
	m->kind = (int)e->message_kind;
	m->status = from_us ? (m->status > MESSAGE_SENT ? m->status : MESSAGE_SENT) : MESSAGE_RECEIVED;
	m->flags |= flags_of(e) | (from_us ? MESSAGE_ELSEWHERE : 0u);
	m->at = e->at_ms;
	m->reply_to_id = str_from_trixy(e->reply_to_id);
	if (m->flags & MESSAGE_UNSENT)
		return;
	if (!(m->flags & MESSAGE_EDITED))
		m->text = str_from_trixy(e->text);
	m->payload = str_from_trixy(e->payload);
	m->story_id = str_from_trixy(e->story_id);
	m->story_url = str_from_trixy(e->story_url);
}

/* What a new message means for its conversation. */
static void note_message(struct apply *a, const struct store_message *m, const struct trixy_event *e)
{
	seen(a, &a->thread.activity_at, m->at);
	if (e->flags & TRIXY_OPENS_WINDOW)
		seen(a, &a->thread.window_from, m->at);
	if (m->direction == MESSAGE_IN) {
		a->thread.unread++;
		a->thread.status = CONVERSATION_OPEN;
		a->dirty = true;
	}
	count_receipt(a, m);
}

/* An echo of what was sent from here, whose answer has not come (or never came). 1: it was, 0: it was not. */
static int bind_echo(struct apply *a, const struct trixy_event *e, const struct store_message *waiting, struct error *err)
{
	struct store_message own = { 0 };
	int r = store_message_unsettled(a->db, a->target->workspace, a->thread.id, str_from_trixy(e->text), a->arena, &own, err);

	if (r <= 0)
		return r;
	own.external_id = str_from_trixy(e->message_id);
	own.status = MESSAGE_SENT;
	own.at = e->at_ms;
	own.error_code = own.error_text = own.error_fix = STR_NONE;
	if ((waiting != NULL && (r = settle_absorb(a->db, &own, waiting, err)) < 0) || (r = store_message_save(a->db, &own, err)) < 0)
		return r;
	seen(a, &a->thread.activity_at, own.at);
	count_receipt(a, &own);
	return changed(a, own.id, err);
}

/* The echo of a message that is known: our own takes the provider's time, and is surely sent. */
static int confirm(struct apply *a, const struct trixy_event *e, struct store_message *m, struct error *err)
{
	bool unsure = m->status == MESSAGE_SENDING || m->status == MESSAGE_UNKNOWN || m->status == MESSAGE_QUEUED;
	int r;

	if (!(e->flags & TRIXY_FROM_US) || m->direction != MESSAGE_OUT || (m->at == e->at_ms && !unsure))
		return 0;
	if (unsure)
		m->status = MESSAGE_SENT;
	m->at = e->at_ms;
	if ((r = store_message_save(a->db, m, err)) < 0)
		return r;
	seen(a, &a->thread.activity_at, m->at);
	count_receipt(a, m);
	return changed(a, m->id, err);
}

static int apply_message(struct apply *a, const struct trixy_event *e, struct error *err)
{
	struct store_message m = { 0 };
	int found = store_message_find(a->db, a->target->workspace, a->thread.id, str_from_trixy(e->message_id), a->arena, &m, err), r;

	if (found < 0)
		return found;
	if (found && m.kind != MESSAGE_KIND_MISSING)
		return confirm(a, e, &m, err);
	if ((e->flags & TRIXY_FROM_US) && (r = bind_echo(a, e, found ? &m : NULL, err)) != 0)
		return r;
	m.workspace = a->target->workspace;
	m.conversation_id = a->thread.id;
	m.external_id = str_from_trixy(e->message_id);
	fill(&m, e);
	if ((r = found ? store_message_save(a->db, &m, err) : store_message_add(a->db, &m, err)) < 0 ||
	    (!(m.flags & MESSAGE_UNSENT) && (r = add_attachments(a, m.id, e, err)) < 0))
		return r;
	note_message(a, &m, e);
	return changed(a, m.id, err);
}

/* ---- what is said about messages ---- */

static int sender_direction(const struct trixy_event *e)
{
	return (e->flags & TRIXY_FROM_US) ? MESSAGE_OUT : MESSAGE_IN;
}

static int apply_edit(struct apply *a, const struct trixy_event *e, struct error *err)
{
	struct store_message m = { 0 };
	int r = find_or_wait(a, e, sender_direction(e), &m, err);

	if (r < 0)
		return r;
	seen(a, &a->thread.activity_at, e->at_ms);
	if ((m.flags & MESSAGE_EDITED) && e->edit_number <= m.edit_number)
		return 0;
	m.edit_number = e->edit_number;
	m.flags |= MESSAGE_EDITED;
	if (!(m.flags & MESSAGE_UNSENT))
		m.text = str_from_trixy(e->text);
	return (r = store_message_save(a->db, &m, err)) < 0 ? r : changed(a, m.id, err);
}

static int apply_unsend(struct apply *a, const struct trixy_event *e, struct error *err)
{
	struct store_message m = { 0 };
	int r = find_or_wait(a, e, sender_direction(e), &m, err);

	if (r < 0)
		return r;
	seen(a, &a->thread.activity_at, e->at_ms);
	if (m.flags & MESSAGE_UNSENT)
		return 0;
	m.flags |= MESSAGE_UNSENT;
	m.text = m.payload = m.story_id = m.story_url = STR_NONE;
	if ((r = store_attachment_delete(a->db, a->target->workspace, m.id, err)) < 0 || (r = store_message_save(a->db, &m, err)) < 0)
		return r;
	return changed(a, m.id, err);
}

static int apply_reaction(struct apply *a, const struct trixy_event *e, struct error *err)
{
	bool from_us = (e->flags & TRIXY_FROM_US) != 0;
	struct store_message m = { 0 };
	struct store_reaction reaction = { .side = from_us ? 2 : 1, .reaction = str_from_trixy(e->reaction),
					   .emoji = str_from_trixy(e->emoji), .at = e->at_ms };
	int found = find_or_wait(a, e, from_us ? MESSAGE_IN : MESSAGE_OUT, &m, err), r;

	/* A row that waited unseen for a receipt shows from now on. */
	if (found < 0 || (found == 1 && m.kind == MESSAGE_KIND_MISSING && (r = store_message_save(a->db, &m, err)) < 0))
		return found < 0 ? found : r;
	seen(a, &a->thread.activity_at, e->at_ms);
	if ((r = store_reaction_put(a->db, a->target->workspace, m.id, &reaction, err)) <= 0)
		return r;
	return changed(a, m.id, err);
}

/* A receipt for a message that is not here waits with it, unseen: direction 0. */
static int apply_read(struct apply *a, const struct trixy_event *e, struct error *err)
{
	struct store_message m = { 0 };
	int r = find_or_wait(a, e, 0, &m, err);

	if (r < 0 || (m.flags & MESSAGE_RECEIPT))
		return r < 0 ? r : 0;
	m.flags |= MESSAGE_RECEIPT;
	if ((r = store_message_save(a->db, &m, err)) < 0)
		return r;
	count_receipt(a, &m);
	return m.direction == 0 ? 1 : changed(a, m.id, err);
}

static int status_of(uint32_t status)
{
	switch (status) {
	case TRIXY_STATUS_SENT: return MESSAGE_SENT;
	case TRIXY_STATUS_DELIVERED: return MESSAGE_DELIVERED;
	case TRIXY_STATUS_READ: return MESSAGE_READ;
	default: return MESSAGE_FAILED;
	}
}

/* Never backwards: a message that was delivered has not failed. */
static int apply_status(struct apply *a, const struct trixy_event *e, struct error *err)
{
	struct store_message m = { 0 };
	int r = find_or_wait(a, e, 0, &m, err), status = status_of(e->status);
	bool settled = r == 1 && m.status >= MESSAGE_DELIVERED && m.status <= MESSAGE_FAILED;

	if (r < 0 || (r == 1 && m.status == status) || (settled && (status == MESSAGE_FAILED || status < m.status)))
		return r < 0 ? r : 0;
	m.status = status;
	m.error_text = status == MESSAGE_FAILED ? str_from_trixy(e->reason) : STR_NONE;
	m.error_fix = status == MESSAGE_FAILED ? str_from_trixy(e->fix) : STR_NONE;
	m.error_code = status == MESSAGE_FAILED ? STR("refused") : STR_NONE;
	if ((r = store_message_save(a->db, &m, err)) < 0)
		return r;
	return m.direction == 0 ? 1 : changed(a, m.id, err);
}

/* 1: it changed something, 0: it was known. */
static int apply_event(struct apply *a, const struct trixy_event *e, struct error *err)
{
	int r = load_thread(a, e, err);

	if (r < 0)
		return r;
	switch (e->kind) {
	case TRIXY_EVENT_MESSAGE: return apply_message(a, e, err);
	case TRIXY_EVENT_EDIT: return apply_edit(a, e, err);
	case TRIXY_EVENT_UNSEND: return apply_unsend(a, e, err);
	case TRIXY_EVENT_REACTION: return apply_reaction(a, e, err);
	case TRIXY_EVENT_READ: return apply_read(a, e, err);
	case TRIXY_EVENT_STATUS: return apply_status(a, e, err);
	default: return fail(err, ERR_INVALID, "event of unknown kind %u", (unsigned)e->kind);
	}
}

int inbox_apply(struct db *db, const struct apply_target *target, const struct trixy_event *events, size_t count,
		struct apply_result *ret, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct apply a = { .db = db, .target = target, .arena = &arena };

	*ret = (struct apply_result){ 0 };
	for (size_t k = 0; k < count; k++) {
		if (events[k].kind == TRIXY_EVENT_IGNORED || (events[k].flags & TRIXY_TEST)) {
			ret->ignored++;
			ret->reason = events[k].kind == TRIXY_EVENT_IGNORED ? str_from_trixy(events[k].reason) :
									      STR("a test from the provider's dashboard: received");
			continue;
		}
		int r = apply_event(&a, &events[k], err);

		if (r < 0)
			return r;
		*(r > 0 ? &ret->changed : &ret->known) += 1;
	}
	return flush(&a, err);
}
