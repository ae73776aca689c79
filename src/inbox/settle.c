/* An echo of our own send often comes before the answer. It is recognised by its text, which can be wrong when somebody types
 * the same words on the phone at that moment; the answer knows, and puts it right. */
#include "inbox/settle.h"

#include "inbox/message.h"

static int move_reactions(struct db *db, struct workspace_id w, int64_t from_id, int64_t to_id, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct store_reaction *reactions;
	size_t count;
	int r = store_reaction_list(db, w, from_id, &arena, &reactions, &count, err);

	for (size_t k = 0; k < count && r >= 0; k++)
		r = store_reaction_put(db, w, to_id, &reactions[k], err);
	return r < 0 ? r : store_reaction_delete(db, w, from_id, err);
}

int settle_absorb(struct db *db, struct store_message *own, const struct store_message *other, struct error *err)
{
	int r = move_reactions(db, own->workspace, other->id, own->id, err);

	if (r < 0 || (r = store_message_delete(db, own->workspace, other->id, err)) < 0)
		return r;
	own->flags |= other->flags & (MESSAGE_UNSENT | MESSAGE_EDITED | MESSAGE_RECEIPT);
	if ((other->flags & MESSAGE_EDITED) && !(other->flags & MESSAGE_UNSENT))
		own->text = other->text;
	if (other->flags & MESSAGE_UNSENT)
		own->text = STR_NONE;
	if (other->edit_number > own->edit_number)
		own->edit_number = other->edit_number;
	if (other->kind != MESSAGE_KIND_MISSING)
		own->at = other->at;		/* the provider's time */
	if (other->status >= MESSAGE_DELIVERED && other->status <= MESSAGE_READ)
		own->status = other->status;
	return store_change_add(db, own->workspace, CHANGE_CONVERSATION, own->conversation_id, own->conversation_id, err);
}

int settle_unbind(struct db *db, struct store_message *own, struct error *err)
{
	struct store_message elsewhere = *own;
	int r;

	if (own->external_id.p == NULL)
		return 0;
	elsewhere.id = elsewhere.author_id = 0;
	elsewhere.client_id = elsewhere.tag = elsewhere.error_code = elsewhere.error_text = elsewhere.error_fix = STR_NONE;
	elsewhere.flags |= MESSAGE_ELSEWHERE;
	elsewhere.status = MESSAGE_SENT;
	own->external_id = STR_NONE;
	own->flags &= ~(uint32_t)(MESSAGE_UNSENT | MESSAGE_EDITED | MESSAGE_RECEIPT);
	/* The id leaves one row before it enters the other. */
	if ((r = store_message_save(db, own, err)) < 0 || (r = store_message_add(db, &elsewhere, err)) < 0 ||
	    (r = move_reactions(db, own->workspace, own->id, elsewhere.id, err)) < 0)
		return r;
	return store_change_add(db, own->workspace, CHANGE_MESSAGE, elsewhere.id, own->conversation_id, err);
}

int settle_sent(struct db *db, struct store_message *own, struct str external_id, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct store_message other = { 0 };
	int r;

	own->status = own->status >= MESSAGE_SENT && own->status <= MESSAGE_READ ? own->status : MESSAGE_SENT;
	own->error_code = own->error_text = own->error_fix = STR_NONE;
	if (!str_eq(own->external_id, external_id) || own->external_id.p == NULL) {
		if ((r = settle_unbind(db, own, err)) < 0 ||
		    (r = store_message_find(db, own->workspace, own->conversation_id, external_id, &arena, &other, err)) < 0 ||
		    (r > 0 && (r = settle_absorb(db, own, &other, err)) < 0))
			return r;
		own->external_id = external_id;
	}
	return store_message_save(db, own, err);
}
