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
#include "store/search.h"

/* How far the provider's clock may be behind ours when an echo is compared with our send. */
enum { ECHO_EARLY_MS = 2 * MINUTE_MS };

struct apply {
	struct db *db;
	const struct apply_target *target;
	struct arena *arena, *memory;	/* of the conversation; of what is read for one event */
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
		return r < 0 ? r : arena_failed(a->arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
	a->thread = (struct store_conversation){ .workspace = a->target->workspace, .channel = a->target->channel,
		.external_key = arena_copy(a->arena, key), .account_id = a->target->account_id, .status = CONVERSATION_OPEN };
	if (arena_failed(a->arena))
		return fail(err, ERR_NOMEM, "out of memory");
	return store_conversation_add(a->db, &a->thread, clock_now_ms(), err);
}

/* Where the event itself says who writes. What is known already stays: the provider's profile, asked later, is the better word. */
static int learn_name(struct apply *a, const struct trixy_event *e, struct error *err)
{
	struct str name = str_from_trixy(e->contact_name), handle = str_from_trixy(e->contact_handle);
	int r;

	if ((name.len == 0 && handle.len == 0) || (r = store_identity_learn(a->db, &a->thread, name, handle, err)) == 0)
		return 0;
	if (r < 0 || (r = store_search_contact(a->db, a->thread.workspace, a->thread.id, err)) < 0)
		return r;
	return store_change_add(a->db, a->thread.workspace, CHANGE_CONVERSATION, a->thread.id, a->thread.id, err);
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

/* ---- rows that wait for their message ---- */

/* Whose a message is that has not come. Its sender alone can edit it or take it back: that is sure. Who reacts to it is
 * probably the other side: a guess, and of two guesses one fixed one stays. 0: nothing is known; such a row does not show. */
enum guess { NO_GUESS, GUESSED, SURE };

static bool learn_direction(struct store_message *m, int direction, enum guess guess)
{
	bool was_sure = (m->flags & (MESSAGE_EDITED | MESSAGE_UNSENT)) != 0;

	if (guess == NO_GUESS || (was_sure && guess != SURE) || m->direction == direction ||
	    (m->direction != 0 && was_sure == (guess == SURE) && m->direction < direction))
		return false;
	m->direction = direction;
	return true;
}

/* Finds the message that an event is about, or begins the row that waits for it (id 0: not stored yet). *ret_moved: the row
 * differs from what is stored. */
static int find_or_wait(struct apply *a, const struct trixy_event *e, int direction, enum guess guess, struct store_message *ret,
			bool *ret_moved, struct error *err)
{
	int r = store_message_find(a->db, a->target->workspace, a->thread.id, str_from_trixy(e->message_id), a->memory, ret, err);

	*ret_moved = r == 0;
	if (r < 0 || (r > 0 && ret->kind != MESSAGE_KIND_MISSING))
		return r;
	if (r == 0)
		*ret = (struct store_message){ .workspace = a->target->workspace, .conversation_id = a->thread.id,
			.kind = MESSAGE_KIND_MISSING, .status = MESSAGE_SENT, .at = e->at_ms,
			.external_id = str_from_trixy(e->message_id) };
	if (e->at_ms < ret->at) {		/* it stands where the first word about it stands */
		ret->at = e->at_ms;
		*ret_moved = true;
	}
	if (learn_direction(ret, direction, guess))
		*ret_moved = true;
	return 0;
}

static int put(struct apply *a, struct store_message *m, struct error *err)
{
	return m->id == 0 ? store_message_add(a->db, m, err) : store_message_save(a->db, m, err);
}

/* The same, and the browsers are told of what shows. */
static int put_changed(struct apply *a, struct store_message *m, struct error *err)
{
	int r = put(a, m, err);

	return r < 0 ? r : m->direction == 0 ? 1 : changed(a, m->id, err);
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
	if (!from_us)
		m->error_code = m->error_text = m->error_fix = STR_NONE;
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
static void note_message(struct apply *a, const struct store_message *m)
{
	seen(a, &a->thread.activity_at, m->at);
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
	int r = store_message_unsettled(a->db, a->target->workspace, a->thread.id, str_trim(str_from_trixy(e->text)),
					e->at_ms + ECHO_EARLY_MS, a->memory, &own, err);

	/* One that waits for its next attempt needs none: the last one has arrived. */
	if (r <= 0 || (own.status == MESSAGE_QUEUED && (r = store_outbox_delete(a->db, own.workspace, own.id, err)) < 0))
		return r;
	own.flags |= flags_of(e);
	own.external_id = str_from_trixy(e->message_id);
	own.status = MESSAGE_SENT;
	own.error_code = own.error_text = own.error_fix = STR_NONE;
	own.at = e->at_ms;
	if ((waiting != NULL && (r = settle_absorb(a->db, &own, waiting, err)) < 0) || (r = store_message_save(a->db, &own, err)) < 0)
		return r;
	seen(a, &a->thread.activity_at, own.at);
	count_receipt(a, &own);
	return changed(a, own.id, err);
}

/* The echo of a message that is known: our own takes the provider's time. */
static int confirm(struct apply *a, const struct trixy_event *e, struct store_message *m, struct error *err)
{
	int r;

	if (!(e->flags & TRIXY_FROM_US) || m->direction != MESSAGE_OUT || (m->flags & MESSAGE_ELSEWHERE) ||
	    (m->at == e->at_ms && (m->flags & flags_of(e)) == flags_of(e)))
		return 0;
	m->flags |= flags_of(e);
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
	int found = store_message_find(a->db, a->target->workspace, a->thread.id, str_from_trixy(e->message_id), a->memory, &m, err), r;

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
	if ((r = put(a, &m, err)) < 0 || (r = learn_name(a, e, err)) < 0 ||
	    (!(m.flags & MESSAGE_UNSENT) && (r = add_attachments(a, m.id, e, err)) < 0))
		return r;
	note_message(a, &m);
	return changed(a, m.id, err);
}

/* ---- what is said about messages ---- */

static int sender_direction(const struct trixy_event *e)
{
	return (e->flags & TRIXY_FROM_US) ? MESSAGE_OUT : MESSAGE_IN;
}

/* A higher number wins; of two with one number a fixed one, whichever came first. */
static bool edit_wins(const struct trixy_event *e, const struct store_message *m)
{
	struct str text = str_from_trixy(e->text);
	size_t common = text.len < m->text.len ? text.len : m->text.len;
	int order;

	if (!(m->flags & MESSAGE_EDITED) || e->edit_number != m->edit_number)
		return !(m->flags & MESSAGE_EDITED) || e->edit_number > m->edit_number;
	if (m->flags & MESSAGE_UNSENT)
		return false;		/* no text is left to compare */
	order = common == 0 ? 0 : memcmp(text.p, m->text.p, common);
	return order > 0 || (order == 0 && text.len > m->text.len);
}

static int apply_edit(struct apply *a, const struct trixy_event *e, struct error *err)
{
	struct store_message m = { 0 };
	bool moved;
	int r = find_or_wait(a, e, sender_direction(e), SURE, &m, &moved, err);

	if (r < 0)
		return r;
	seen(a, &a->thread.activity_at, e->at_ms);
	if (edit_wins(e, &m)) {
		m.edit_number = e->edit_number;
		m.flags |= MESSAGE_EDITED;
		if (!(m.flags & MESSAGE_UNSENT))
			m.text = str_from_trixy(e->text);
		moved = true;
	}
	return moved ? put_changed(a, &m, err) : 0;
}

static int apply_unsend(struct apply *a, const struct trixy_event *e, struct error *err)
{
	struct store_message m = { 0 };
	bool moved;
	int r = find_or_wait(a, e, sender_direction(e), SURE, &m, &moved, err);

	if (r < 0)
		return r;
	seen(a, &a->thread.activity_at, e->at_ms);
	if (!moved && (m.flags & MESSAGE_UNSENT))
		return 0;
	m.flags |= MESSAGE_UNSENT;
	m.text = m.payload = m.story_id = m.story_url = STR_NONE;
	if (m.id != 0 && (r = store_attachment_delete(a->db, a->target->workspace, m.id, err)) < 0)
		return r;
	return put_changed(a, &m, err);
}

static int apply_reaction(struct apply *a, const struct trixy_event *e, struct error *err)
{
	bool from_us = (e->flags & TRIXY_FROM_US) != 0, moved;
	struct store_reaction reaction = { .side = from_us ? 2 : 1, .reaction = str_from_trixy(e->reaction),
					   .emoji = str_from_trixy(e->emoji), .at = e->at_ms };
	struct store_message m = { 0 };
	int r = find_or_wait(a, e, from_us ? MESSAGE_IN : MESSAGE_OUT, GUESSED, &m, &moved, err);

	if (r < 0 || (moved && (r = put(a, &m, err)) < 0))
		return r;
	seen(a, &a->thread.activity_at, e->at_ms);
	if ((r = store_reaction_put(a->db, a->target->workspace, m.id, &reaction, err)) < 0 || (r == 0 && !moved))
		return r;
	return changed(a, m.id, err);
}

/* A receipt for a message that is not here waits with it, unseen. */
static int apply_read(struct apply *a, const struct trixy_event *e, struct error *err)
{
	struct store_message m = { 0 };
	bool moved;
	int r = find_or_wait(a, e, 0, NO_GUESS, &m, &moved, err);

	if (r < 0 || (!moved && (m.flags & MESSAGE_RECEIPT)))
		return r;
	m.flags |= MESSAGE_RECEIPT;
	count_receipt(a, &m);
	return put_changed(a, &m, err);
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

/* Never backwards: see settle_goes_beyond. */
static int apply_status(struct apply *a, const struct trixy_event *e, struct error *err)
{
	struct store_message m = { 0 };
	int status = status_of(e->status), r;
	bool moved;

	if ((r = find_or_wait(a, e, 0, NO_GUESS, &m, &moved, err)) < 0)
		return r;
	if (settle_goes_beyond(status, m.status) && (m.direction != MESSAGE_IN || m.kind == MESSAGE_KIND_MISSING)) {
		m.status = status;
		m.error_text = status == MESSAGE_FAILED ? str_from_trixy(e->reason) : STR_NONE;
		m.error_fix = status == MESSAGE_FAILED ? str_from_trixy(e->fix) : STR_NONE;
		m.error_code = status == MESSAGE_FAILED ? STR("refused") : STR_NONE;
		moved = true;
	}
	return moved ? put_changed(a, &m, err) : 0;
}

/* 1: it changed something, 0: it was known. */
static int apply_event(struct apply *a, const struct trixy_event *e, struct error *err)
{
	int r = load_thread(a, e, err);

	if (r < 0)
		return r;
	arena_reset(a->memory);
	if (e->flags & TRIXY_OPENS_WINDOW)
		seen(a, &a->thread.window_from, e->at_ms);
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
	SCOPED(arena_done) struct arena memory = { 0 };
	struct apply a = { .db = db, .target = target, .arena = &arena, .memory = &memory };

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
