/* A customer may be known by several ids: a number and a business-scoped id, or the number before a change. One of them is the
 * conversation's own key, which answers are sent to; the others are aliases. An id means the conversation whose own key it is;
 * else the one that it is an alias of. What is noted once stays: of two claims to an id the first counts. */
#include "inbox/thread.h"

#include "base/clock.h"
#include "inbox/conversation.h"
#include "inbox/settle.h"
#include "store/search.h"

void thread_done(struct thread *t)
{
	arena_done(&t->arena);
}

void thread_seen(struct thread *t, int64_t *at, int64_t now)
{
	if (now > *at) {
		*at = now;
		t->dirty = true;
	}
}

/* A customer who shows for the first time is asked for by name. One of whom only receipts have come shows nowhere. */
static int ask_who(struct thread *t, struct error *err)
{
	if (!t->unasked || t->c.activity_at == 0)
		return 0;
	t->unasked = false;
	return store_identity_set_due(t->db, &t->c, clock_now_ms(), err);
}

int thread_flush(struct thread *t, struct error *err)
{
	int r = t->dirty ? store_conversation_save(t->db, &t->c, err) : 0;

	t->dirty = false;
	return r < 0 ? r : ask_who(t, err);
}

/* 1: the key's conversation, by whichever way it is known; 0: there is none. */
static int find(struct thread *t, struct str key, struct store_conversation *ret, struct error *err)
{
	const struct apply_target *a = t->target;
	int r = store_conversation_find(t->db, a->workspace, a->account_id, key, &t->arena, ret, err);

	return r != 0 ? r : store_conversation_by_alias(t->db, a->workspace, a->account_id, key, &t->arena, ret, err);
}

static int add(struct thread *t, struct str key, bool shows, struct error *err)
{
	const struct apply_target *a = t->target;
	int64_t now = clock_now_ms();
	bool asks = channel_asks_profile(a->channel);

	t->c = (struct store_conversation){ .workspace = a->workspace, .channel = str_from_trixy(a->channel->slug),
		.external_key = arena_copy(&t->arena, key), .account_id = a->account_id, .status = CONVERSATION_OPEN };
	if (arena_failed(&t->arena))
		return fail(err, ERR_NOMEM, "out of memory");
	t->unasked = asks && !shows;
	return store_conversation_add(t->db, &t->c, now, asks && shows ? now : 0, err);
}

static int begin(struct thread *t, struct error *err)
{
	int r = thread_flush(t, err);

	arena_reset(&t->arena);
	t->c = (struct store_conversation){ 0 };
	t->key = t->other = STR_NONE;
	t->unasked = false;
	return r;
}

/* By our own message that the event is about: who got it is who was written to, whatever the provider calls them here. */
static int find_by_message(struct thread *t, const struct trixy_event *e, struct error *err)
{
	const struct apply_target *a = t->target;
	int64_t message_id, at;

	if (!settle_reference_read(str_from_trixy(e->reference), &message_id, &at))
		return 0;
	return store_conversation_by_attempt(t->db, a->workspace, a->account_id, message_id, at, str_from_trixy(e->message_id), &t->arena, &t->c,
					     err);
}

/* The event's own key is not known. What it says beside that may be: then the key is one more of the same customer. */
static int find_otherwise(struct thread *t, const struct trixy_event *e, struct error *err)
{
	int r = e->other_contact_key.len == 0 ? 0 : find(t, str_from_trixy(e->other_contact_key), &t->c, err), noted;

	if (r < 0 || (r == 0 && (r = find_by_message(t, e, err)) <= 0))
		return r;
	return (noted = store_alias_add(t->db, &t->c, str_from_trixy(e->contact_key), err)) < 0 ? noted : 1;
}

/* A status that names nobody. Its message alone can tell whose it is. */
static int load_by_message(struct thread *t, const struct trixy_event *e, struct error *err)
{
	int r = begin(t, err);

	if (r < 0 || (r = find_by_message(t, e, err)) <= 0)
		return r < 0 ? r : 1;
	return arena_failed(&t->arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

int thread_load(struct thread *t, const struct trixy_event *e, struct error *err)
{
	struct str key = str_from_trixy(e->contact_key), other = str_from_trixy(e->other_contact_key);
	bool shows = e->kind != TRIXY_EVENT_STATUS && e->kind != TRIXY_EVENT_READ;
	int r;

	if (key.len == 0)
		return load_by_message(t, e, err);
	if (t->c.id != 0 && str_eq(t->key, key) && (other.len == 0 || str_eq(t->other, other)))
		return 0;
	if ((r = begin(t, err)) < 0 || (r = find(t, key, &t->c, err)) < 0 ||
	    (r == 0 && (r = find_otherwise(t, e, err)) < 0))
		return r;
	if (r > 0)
		t->unasked = t->c.activity_at == 0 && channel_asks_profile(t->target->channel);
	else if ((r = add(t, key, shows, err)) < 0)
		return r;
	if (other.len > 0 && (r = store_alias_add(t->db, &t->c, other, err)) < 0)
		return r;
	t->key = arena_copy(&t->arena, key);
	t->other = arena_copy(&t->arena, other);
	return arena_failed(&t->arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

int thread_reload(struct thread *t, struct error *err)
{
	struct store_conversation now = { 0 };
	int r = store_conversation_get(t->db, t->c.workspace, t->c.id, &t->arena, &now, err);

	if (r < 0)
		return r;
	thread_seen(t, &t->c.read_at, now.read_at);
	return arena_failed(&t->arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

/* ---- a customer has another id from now on ---- */

/* The conversation's own key becomes the new id, the old one an alias. */
static int rename_own(struct thread *t, struct store_conversation *c, struct str key, struct error *err)
{
	int r = store_conversation_move(t->db, c, key, err);

	c->external_key = key;
	return r < 0 ? r : 1;
}

/* What shows of a move: the handle that came with it. is_told: it is set even when it is empty. */
static int tell_moved(struct thread *t, const struct store_conversation *c, struct str handle, bool is_told, struct error *err)
{
	int r = handle.len == 0 && !is_told ? 0 : store_identity_set_handle(t->db, c, handle, err);

	if (r < 0 || c->activity_at == 0)
		return r < 0 ? r : 1;
	if ((r = store_search_contact(t->db, c->workspace, c->id, err)) < 0 ||
	    (r = store_change_add(t->db, c->workspace, CHANGE_CONVERSATION, c->id, c->id, err)) < 0)
		return r;
	return 1;
}

/* Nobody is known by the old id: later words under it, which are late, belong to the new one. They must not tell how it is shown:
 * the move does, unless the new one has moved on. */
static int note_unknown(struct thread *t, const struct trixy_event *e, int there, const struct store_conversation *moved, struct error *err)
{
	struct str old_key = str_from_trixy(e->contact_key), new_key = str_from_trixy(e->other_contact_key);
	int r = there > 0 ? 0 : add(t, new_key, false, err), shown;
	const struct store_conversation *c = there > 0 ? moved : &t->c;

	if (r < 0 || (r = store_alias_add(t->db, c, old_key, err)) < 0 || !str_eq(c->external_key, new_key))
		return r;
	shown = store_identity_learn(t->db, c, STR_NONE, str_from_trixy(e->contact_handle), err);
	return shown < 0 ? shown : shown > 0 ? tell_moved(t, c, STR_NONE, false, err) : r;
}

/* A conversation that was known by the old id and one that was known by the new id. When both hold something they stay as they
 * are: what was written under each id stays under it, later words go where their id says. One that holds nothing (only another
 * move has been heard of) gives way. */
int thread_move(struct thread *t, const struct trixy_event *e, struct error *err)
{
	struct str old_key = str_from_trixy(e->contact_key), new_key = str_from_trixy(e->other_contact_key);
	struct store_conversation was = { 0 }, moved = { 0 };
	struct str handle = str_from_trixy(e->contact_handle);
	int known, there, r;

	if (str_eq(old_key, new_key))
		return 0;
	if ((r = begin(t, err)) < 0 || (known = find(t, old_key, &was, err)) < 0 || (there = find(t, new_key, &moved, err)) < 0)
		return r < 0 ? r : known < 0 ? known : there;
	/* It may have moved on from the new id meanwhile: then the newest is what it is called, and how it is shown. */
	if (known && there && moved.id != was.id && (r = store_identity_handle(t->db, &moved, &t->arena, &handle, err)) < 0)
		return r;
	if (arena_failed(&t->arena))
		return fail(err, ERR_NOMEM, "out of memory");
	bool are_two = known && there && moved.id != was.id;

	if (!known)
		r = note_unknown(t, e, there, &moved, err);
	else if (are_two && (r = store_conversation_give_way(t->db, &moved, &was, err)) == 0)
		r = store_conversation_give_way(t->db, &was, &moved, err);
	else if (r >= 0 && str_eq(was.external_key, old_key))
		r = rename_own(t, &was, are_two ? moved.external_key : new_key, err);
	else if (r >= 0)
		r = store_alias_add(t->db, &was, new_key, err);
	/* Both ids are of one already, by whatever told so first: a late word under the old id may still be how it is shown. */
	if (r == 0 && known && !are_two && (r = store_identity_replace_handle(t->db, &was, old_key, handle, err)) > 0)
		r = tell_moved(t, &was, STR_NONE, false, err);
	else if (r > 0 && known)
		r = tell_moved(t, &was, handle, are_two, err);
	t->c = (struct store_conversation){ 0 };
	t->unasked = false;
	return r;
}
