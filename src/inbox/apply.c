/* The one way in. Each kind of event has one function here; what they share is the thread: one contact's conversation, loaded
 * once for all its events in a row and written back once.
 *
 * Order does not matter because every function only ever moves towards one end: times by maximum, edits by their number,
 * reactions by their time, "unsent" for good. Something about a message that is not here makes a row of kind "missing", which
 * becomes the message when that comes. */
#include "inbox/apply.h"

#include "base/clock.h"
#include "base/limit.h"
#include "inbox/card.h"
#include "inbox/conversation.h"
#include "inbox/react.h"
#include "inbox/settle.h"
#include "inbox/thread.h"
#include "inbox/upload.h"
#include "store/message.h"
#include "store/search.h"

/* How far the provider's clock may be behind ours when an echo is compared with our send. */
enum { ECHO_EARLY_MS = 2 * MINUTE_MS, ECHO_LATE_MS = 5 * MINUTE_MS };

struct apply {
	struct db *db;
	const struct apply_target *target;
	struct arena *memory;		/* of what is read for one event */
	struct thread t;
	struct apply_result *result;
};

/* Where the event itself says who writes. What is known already stays: the provider's profile, asked later, is the better word. */
static int learn_name(struct apply *a, const struct trixy_event *e, struct error *err)
{
	struct str name = str_from_trixy(e->contact_name), handle = str_from_trixy(e->contact_handle);
	int r;

	if ((name.len == 0 && handle.len == 0) || (r = store_identity_learn(a->db, &a->t.c, name, handle, err)) == 0)
		return 0;
	if (r < 0 || (r = store_search_contact(a->db, a->t.c.workspace, a->t.c.id, err)) < 0)
		return r;
	return store_change_add(a->db, a->t.c.workspace, CHANGE_CONVERSATION, a->t.c.id, a->t.c.id, err);
}

static int changed(struct apply *a, int64_t message_id, struct error *err)
{
	int r = store_change_add(a->db, a->target->workspace, CHANGE_MESSAGE, message_id, a->t.c.id, err);

	return r < 0 ? r : 1;
}

/* A receipt that came for this message: all that we wrote up to it is read. */
static void count_receipt(struct apply *a, const struct store_message *m)
{
	if ((m->flags & MESSAGE_RECEIPT) && m->kind != MESSAGE_KIND_MISSING)
		thread_seen(&a->t, &a->t.c.read_at, m->at);
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
	int r = store_message_find(a->db, a->target->workspace, a->t.c.id, str_from_trixy(e->message_id), a->memory, ret, err);

	*ret_moved = r == 0;
	if (r < 0 || (r > 0 && ret->kind != MESSAGE_KIND_MISSING))
		return r;
	if (r == 0)
		*ret = (struct store_message){ .workspace = a->target->workspace, .conversation_id = a->t.c.id,
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

/* ---- our own, by the reference that went with it ---- */

/* The message of ours that the event's reference names, if the provider's id of it is not known here yet: the event may come
 * before the answer, or instead of it. Its last attempt counts alone; and what has failed no more once another waits.
 * `about`: what stands under the event's id; id 0: nothing. 1 found, 0 not. */
static int find_by_reference(struct apply *a, const struct trixy_event *e, const struct store_message *about, struct store_message *ret,
			     struct error *err)
{
	bool failed = e->kind == TRIXY_EVENT_STATUS && e->status == TRIXY_STATUS_FAILED;
	int64_t id, claimed_at;
	int r;

	if (!settle_reference_read(str_from_trixy(e->reference), &id, &claimed_at) || id == about->id)
		return 0;
	if ((r = store_message_get(a->db, a->target->workspace, a->t.c.id, id, a->memory, ret, err)) < 0)
		return r == ERR_NOTFOUND ? 0 : r;
	if (ret->external_id.p != NULL || claimed_at != ret->at || (failed && ret->status == MESSAGE_QUEUED))
		return 0;
	return ret->kind == MESSAGE_KIND_REACTION || (ret->direction == MESSAGE_OUT && (ret->flags & MESSAGE_ATTEMPTED));
}

/* Gives our own message the provider's id, as its answer would. 1: it was ours and `ret` is it now, 0: the event names none. */
static int settle_by_reference(struct apply *a, const struct trixy_event *e, struct store_message *ret, struct error *err)
{
	struct store_message own;
	struct store_outbox sent;
	int r = e->reference.len == 0 ? 0 : find_by_reference(a, e, ret, &own, err), there;

	if (r <= 0)
		return r;
	if ((there = store_outbox_get(a->db, own.workspace, own.id, a->memory, &sent, err)) < 0)
		return there;
	bool waits = there > 0 && sent.claimed_at == 0;		/* for another attempt, which it does not need */
	struct str external_id = str_from_trixy(e->message_id);

	if ((waits && (r = store_outbox_delete(a->db, own.workspace, own.id, err)) < 0) ||
	    (r = own.kind == MESSAGE_KIND_REACTION ? react_sent(a->db, &own, there ? &sent : NULL, external_id, err) :
						     settle_sent(a->db, &own, there ? &sent : NULL, external_id, err)) < 0 ||
	    (r = store_message_get(a->db, own.workspace, own.conversation_id, own.id, a->memory, ret, err)) < 0)
		return r;
	return (r = thread_reload(&a->t, err)) < 0 ? r : 1;
}

/* ---- messages ---- */

static uint32_t flags_of(const struct trixy_event *e)
{
	return ((e->flags & TRIXY_STANDBY) ? MESSAGE_STANDBY : 0u) | ((e->flags & TRIXY_BY_MACHINE) ? MESSAGE_BY_MACHINE : 0u) |
	       ((e->flags & TRIXY_FORWARDED) ? MESSAGE_FORWARDED : 0u);
}

/* A file is fetched behind the commit: its message never waits for it. Why something else cannot be shown is told too. */
static void plan_fetch(const struct apply *a, const struct trixy_attachment *t, struct store_attachment *s)
{
	const struct trixy_channel *channel = a->target->channel;
	bool has_place = t->url.len > 0 || (t->external_id.len > 0 && channel_asks_media(channel));

	if (t->fault.len > 0)
		s->fault = str_from_trixy(t->fault);
	if (!channel_type_is_file(t->type))
		return;
	if (t->fault.len > 0) {
		s->state = ATTACHMENT_LOST;
	} else if (has_place && channel_has_media(channel)) {
		s->state = ATTACHMENT_FETCHING;
		s->due_at = clock_now_ms();
	}
}

static int add_attachments(struct apply *a, int64_t message_id, const struct trixy_event *e, struct error *err)
{
	int r = 0;

	for (uint32_t k = 0; k < e->attachment_count && r >= 0; k++) {
		const struct trixy_attachment *t = &e->attachments[k];
		struct store_attachment s = { .type = (int)t->type, .flags = t->flags, .url = str_from_trixy(t->url),
			.title = str_from_trixy(t->title), .external_id = str_from_trixy(t->external_id),
			.mime_type = str_from_trixy(t->mime_type), .file_name = file_name_clean(str_from_trixy(t->file_name), a->memory),
			.sha256 = str_from_trixy(t->sha256) };

		plan_fetch(a, t, &s);
		a->result->files = a->result->files || s.state == ATTACHMENT_FETCHING;
		if ((r = card_write(t->details, t->detail_count, a->memory, &s.details, err)) < 0)
			return r;
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
	m->flags |= flags_of(e) | (from_us ? MESSAGE_ELSEWHERE : (e->flags & TRIXY_HISTORY) ? MESSAGE_HISTORY : 0u);
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

/* What a new message means for its conversation. One from before the account was connected is nobody's work any more. */
static void note_message(struct apply *a, const struct trixy_event *e, const struct store_message *m)
{
	thread_seen(&a->t, &a->t.c.activity_at, m->at);
	if (m->direction == MESSAGE_IN && !(e->flags & TRIXY_HISTORY)) {
		a->t.c.unread++;
		a->t.c.status = CONVERSATION_OPEN;
		a->t.dirty = true;
	}
	count_receipt(a, m);
}

/* What was sent from here and may be what this echo is of. Words tell it. A file without words is told by its kind and time
 * alone, so it must be one whose answer will never come: else the answer itself names it, and takes the echo in. */
static int find_unsettled(struct apply *a, const struct trixy_event *e, struct store_message *ret, struct error *err)
{
	struct str text = str_trim(str_from_trixy(e->text));

	if (text.len == 0 && e->attachment_count > 0)
		return store_message_unknown(a->db, a->target->workspace, a->t.c.id, (int)e->message_kind, e->at_ms - ECHO_LATE_MS,
					     e->at_ms + ECHO_EARLY_MS, a->memory, ret, err);
	return store_message_unsettled(a->db, a->target->workspace, a->t.c.id, text, e->at_ms + ECHO_EARLY_MS, a->memory, ret, err);
}

/* An echo of what was sent from here, whose answer has not come (or never came). 1: it was, 0: it was not. */
static int bind_echo(struct apply *a, const struct trixy_event *e, const struct store_message *waiting, struct error *err)
{
	struct store_message own = { 0 };
	int r = find_unsettled(a, e, &own, err);

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
	thread_seen(&a->t, &a->t.c.activity_at, own.at);
	count_receipt(a, &own);
	return changed(a, own.id, err);
}

/* What was told as history comes by itself as well: it is somebody's work after all, as if it had come first. */
static int wake(struct apply *a, const struct trixy_event *e, struct store_message *m, struct error *err)
{
	int r;

	m->flags = (m->flags & ~(uint32_t)MESSAGE_HISTORY) | flags_of(e);
	if ((r = store_message_save(a->db, m, err)) < 0 || (r = learn_name(a, e, err)) < 0)
		return r;
	note_message(a, e, m);
	return changed(a, m->id, err);
}

/* The echo of a message that is known: our own takes the provider's time. */
static int confirm(struct apply *a, const struct trixy_event *e, struct store_message *m, struct error *err)
{
	int r;

	if (m->direction == MESSAGE_IN && (m->flags & MESSAGE_HISTORY) && !(e->flags & (TRIXY_HISTORY | TRIXY_FROM_US)))
		return wake(a, e, m, err);
	if (!(e->flags & TRIXY_FROM_US) || m->direction != MESSAGE_OUT || (m->flags & MESSAGE_ELSEWHERE) ||
	    (m->at == e->at_ms && (m->flags & flags_of(e)) == flags_of(e)))
		return 0;
	m->flags |= flags_of(e);
	m->at = e->at_ms;
	if ((r = store_message_save(a->db, m, err)) < 0)
		return r;
	thread_seen(&a->t, &a->t.c.activity_at, m->at);
	count_receipt(a, m);
	return changed(a, m->id, err);
}

static int apply_message(struct apply *a, const struct trixy_event *e, struct error *err)
{
	struct store_message m = { 0 };
	int found = store_message_find(a->db, a->target->workspace, a->t.c.id, str_from_trixy(e->message_id), a->memory, &m, err), r;

	if (found < 0)
		return found;
	if ((e->flags & TRIXY_FROM_US) && (r = settle_by_reference(a, e, &m, err)) != 0) {
		if (r < 0 || (r = confirm(a, e, &m, err)) != 0)
			return r;
		return changed(a, m.id, err);
	}
	if (found && m.kind != MESSAGE_KIND_MISSING)
		return confirm(a, e, &m, err);
	if ((e->flags & (TRIXY_FROM_US | TRIXY_HISTORY)) == TRIXY_FROM_US && (r = bind_echo(a, e, found ? &m : NULL, err)) != 0)
		return r;
	m.workspace = a->target->workspace;
	m.conversation_id = a->t.c.id;
	m.external_id = str_from_trixy(e->message_id);
	fill(&m, e);
	if ((r = put(a, &m, err)) < 0 || (r = learn_name(a, e, err)) < 0 ||
	    (!(m.flags & MESSAGE_UNSENT) && (r = add_attachments(a, m.id, e, err)) < 0))
		return r;
	note_message(a, e, &m);
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
	thread_seen(&a->t, &a->t.c.activity_at, e->at_ms);
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
	thread_seen(&a->t, &a->t.c.activity_at, e->at_ms);
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
	thread_seen(&a->t, &a->t.c.activity_at, e->at_ms);
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
	int status = status_of(e->status), r, settled;
	bool moved;

	if ((r = find_or_wait(a, e, 0, NO_GUESS, &m, &moved, err)) < 0 || (settled = settle_by_reference(a, e, &m, err)) < 0)
		return r < 0 ? r : settled;
	moved = (moved && settled == 0) || settled > 0;
	if (m.kind == MESSAGE_KIND_REACTION && status == MESSAGE_FAILED && settle_goes_beyond(status, m.status))
		return (r = react_refused(a->db, &m, str_from_trixy(e->reason), str_from_trixy(e->fix), err)) < 0 ? r : 1;
	if (settle_goes_beyond(status, m.status) && (m.direction != MESSAGE_IN || m.kind == MESSAGE_KIND_MISSING)) {
		m.status = status;
		m.error_text = status == MESSAGE_FAILED ? str_from_trixy(e->reason) : STR_NONE;
		m.error_fix = status == MESSAGE_FAILED ? str_from_trixy(e->fix) : STR_NONE;
		m.error_code = status == MESSAGE_FAILED ? STR("refused") : STR_NONE;
		moved = true;
	}
	return moved ? put_changed(a, &m, err) : 0;
}

/* 1: it changed something, 0: it was known. NOBODYS: it says nothing of anybody or anything that is known. */
enum { NOBODYS = 2 };

static int apply_event(struct apply *a, const struct trixy_event *e, struct error *err)
{
	int r;

	arena_reset(a->memory);
	if (e->kind == TRIXY_EVENT_MOVED)
		return thread_move(&a->t, e, err);
	if ((r = thread_load(&a->t, e, err)) != 0)
		return r < 0 ? r : NOBODYS;
	if ((e->flags & (TRIXY_OPENS_WINDOW | TRIXY_HISTORY)) == TRIXY_OPENS_WINDOW)
		thread_seen(&a->t, &a->t.c.window_from, e->at_ms);
	/* Whoever reacts to what was said before the account was connected may never have written here. */
	if ((e->kind == TRIXY_EVENT_REACTION || e->kind == TRIXY_EVENT_EDIT || e->kind == TRIXY_EVENT_UNSEND) &&
	    (r = learn_name(a, e, err)) < 0)
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

static int apply_all(struct apply *a, const struct trixy_event *events, size_t count, struct error *err)
{
	struct apply_result *ret = a->result;

	for (size_t k = 0; k < count; k++) {
		if (events[k].kind == TRIXY_EVENT_IGNORED || (events[k].flags & TRIXY_TEST)) {
			ret->ignored++;
			ret->reason = events[k].kind == TRIXY_EVENT_IGNORED ? str_from_trixy(events[k].reason) :
									      STR("a test from the provider's dashboard: received");
			continue;
		}
		int r = apply_event(a, &events[k], err);

		if (r < 0)
			return r;
		*(r == NOBODYS ? &ret->ignored : r > 0 ? &ret->changed : &ret->known) += 1;
		if (r == NOBODYS)
			ret->reason = STR("A status that names no customer and no message of this inbox.");
	}
	return thread_flush(&a->t, err);
}

int inbox_apply(struct db *db, const struct apply_target *target, const struct trixy_event *events, size_t count,
		struct apply_result *ret, struct error *err)
{
	SCOPED(arena_done) struct arena memory = { 0 };
	struct apply a = { .db = db, .target = target, .memory = &memory, .t = { .db = db, .target = target }, .result = ret };
	int r;

	*ret = (struct apply_result){ 0 };
	r = apply_all(&a, events, count, err);
	thread_done(&a.t);
	return r;
}
