/* An echo of our own send often comes before the answer. It is recognised by its text, which can be wrong when somebody types
 * the same words on the phone at that moment; the answer knows, and puts it right. */
#include "inbox/settle.h"

#include "inbox/message.h"
#include "store/conversation.h"

static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";

struct str settle_reference(int64_t message_id, int64_t claimed_at_ms, struct arena *arena)
{
	char time[16];
	size_t at = sizeof(time);

	do {
		time[--at] = digits[claimed_at_ms % 36];
		claimed_at_ms /= 36;
	} while (claimed_at_ms > 0);
	return arena_printf(arena, "mt-%lld-%.*s", (long long)message_id, (int)(sizeof(time) - at), time + at);
}

/* In base 36; at most 11 digits, which fit. */
static bool read_time(struct str s, int64_t *ret)
{
	*ret = 0;
	for (size_t k = 0; k < s.len; k++) {
		const char *digit = memchr(digits, s.p[k], sizeof(digits) - 1);

		if (digit == NULL)
			return false;
		*ret = *ret * 36 + (digit - digits);
	}
	return s.len > 0;
}

bool settle_reference_read(struct str reference, int64_t *ret_message_id, int64_t *ret_claimed_at_ms)
{
	struct str time, id;

	if (!str_starts(reference, STR("mt-")) || reference.len > 36)
		return false;
	id = str_split(str_cut(reference, 3, reference.len), '-', &time);
	return str_to_i64(id, ret_message_id) && *ret_message_id > 0 && time.len <= 11 && read_time(time, ret_claimed_at_ms);
}

static int rank(int status)
{
	switch (status) {
	case MESSAGE_SENT: return 1;
	case MESSAGE_FAILED: return 2;
	case MESSAGE_DELIVERED: return 3;
	case MESSAGE_READ: return 4;
	default: return 0;
	}
}

bool settle_goes_beyond(int status, int known)
{
	return rank(status) > rank(known);
}

void settle_unknown(struct store_message *own, struct str reason)
{
	own->status = MESSAGE_UNKNOWN;
	own->error_code = STR("unknown");
	own->error_text = reason.p != NULL ? reason : STR("The answer to this message was lost: it may have been sent.");
	own->error_fix = STR("Look at the conversation on the phone. If the customer does not have it, press Retry.");
}

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

/* What is said about a message by others. It goes with the external id. */
enum { SAID = MESSAGE_UNSENT | MESSAGE_EDITED | MESSAGE_RECEIPT | MESSAGE_STANDBY | MESSAGE_BY_MACHINE };

static int adopt(struct db *db, struct store_message *own, const struct store_message *other, struct error *err)
{
	own->flags |= other->flags & SAID;
	if (other->flags & MESSAGE_EDITED) {
		own->text = other->text;
		own->edit_number = other->edit_number;
	}
	if (other->flags & MESSAGE_UNSENT)
		own->text = STR_NONE;
	if (other->kind != MESSAGE_KIND_MISSING)
		own->at = other->at;		/* the provider's time */
	if (settle_goes_beyond(other->status, own->status)) {
		own->status = other->status;
		own->error_code = other->error_code;
		own->error_text = other->error_text;
		own->error_fix = other->error_fix;
	}
	return move_reactions(db, own->workspace, other->id, own->id, err);
}

int settle_absorb(struct db *db, struct store_message *own, const struct store_message *other, struct error *err)
{
	int r = adopt(db, own, other, err);

	if (r < 0 || (r = store_message_retire(db, own->workspace, other->id, err)) < 0)
		return r;
	/* Its row may be on somebody's screen: the conversation is to be read again. */
	return store_change_add(db, own->workspace, CHANGE_CONVERSATION, own->conversation_id, own->conversation_id, err);
}

int settle_unbind(struct db *db, struct store_message *own, const struct store_outbox *sent, struct error *err)
{
	struct store_message elsewhere = *own;
	int r;

	if (own->external_id.p == NULL)
		return 0;
	elsewhere.id = elsewhere.author_id = 0;
	elsewhere.kind = TRIXY_MESSAGE_TEXT;	/* its words are all that is known of it */
	elsewhere.client_id = elsewhere.content = elsewhere.tag = elsewhere.error_code = elsewhere.error_text = elsewhere.error_fix = STR_NONE;
	elsewhere.flags = (elsewhere.flags | MESSAGE_ELSEWHERE) & ~(uint32_t)MESSAGE_ATTEMPTED;
	own->external_id = STR_NONE;
	own->flags &= ~(uint32_t)SAID;
	own->edit_number = 0;
	own->status = MESSAGE_SENT;
	if (sent != NULL) {
		own->text = sent->text;
		own->at = sent->claimed_at != 0 ? sent->claimed_at : own->at;
	}
	/* The id leaves one row before it enters the other. */
	if ((r = store_message_save(db, own, err)) < 0 || (r = store_message_add(db, &elsewhere, err)) < 0 ||
	    (r = move_reactions(db, own->workspace, own->id, elsewhere.id, err)) < 0)
		return r;
	return store_change_add(db, own->workspace, CHANGE_MESSAGE, elsewhere.id, own->conversation_id, err);
}

/* The echo was taken for an older message of ours with the same words, whose answer was lost: nothing proves that one now. */
static int take_from_own(struct db *db, struct store_message *own, const struct store_message *other, struct error *err)
{
	struct store_message older = *other;
	int r;

	older.external_id = STR_NONE;
	older.flags &= ~(uint32_t)SAID;
	older.edit_number = 0;
	older.text = own->text;
	settle_unknown(&older, STR_NONE);
	if ((r = adopt(db, own, other, err)) < 0 || (r = store_message_save(db, &older, err)) < 0)
		return r;
	return store_change_add(db, older.workspace, CHANGE_MESSAGE, older.id, older.conversation_id, err);
}

static int put_reactions(struct db *db, const struct store_message *m, const struct store_reaction *reactions, size_t count,
			 struct error *err)
{
	int r = store_reaction_delete(db, m->workspace, m->id, err);

	for (size_t k = 0; k < count && r >= 0; k++)
		r = store_reaction_put(db, m->workspace, m->id, &reactions[k], err);
	return r < 0 ? r : 0;
}

/* Two messages of ours with the same words, and each was given the other's echo: what is said about them changes places. */
static int swap(struct db *db, struct store_message *own, struct store_message *other, struct arena *arena, struct error *err)
{
	struct store_message was = *own;
	struct store_reaction *mine, *its;
	size_t my_count, its_count;
	int r;

	own->external_id = other->external_id, other->external_id = was.external_id;
	own->flags = (was.flags & ~(uint32_t)SAID) | (other->flags & SAID);
	other->flags = (other->flags & ~(uint32_t)SAID) | (was.flags & SAID);
	own->edit_number = other->edit_number, other->edit_number = was.edit_number;
	own->text = other->text, other->text = was.text;
	own->at = other->at, other->at = was.at;
	own->status = other->status, other->status = was.status;
	own->error_code = other->error_code, other->error_code = was.error_code;
	own->error_text = other->error_text, other->error_text = was.error_text;
	own->error_fix = other->error_fix, other->error_fix = was.error_fix;
	if ((r = store_reaction_list(db, own->workspace, own->id, arena, &mine, &my_count, err)) < 0 ||
	    (r = store_reaction_list(db, own->workspace, other->id, arena, &its, &its_count, err)) < 0 ||
	    (r = put_reactions(db, own, its, its_count, err)) < 0 || (r = put_reactions(db, other, mine, my_count, err)) < 0 ||
	    (r = store_message_save(db, other, err)) < 0)
		return r;
	return store_change_add(db, other->workspace, CHANGE_MESSAGE, other->id, other->conversation_id, err);
}

/* Makes external_id the id of `own`, whatever id `own` had, and whatever stood under this one. */
static int take_id(struct db *db, struct store_message *own, const struct store_outbox *sent, struct str external_id,
		   struct arena *arena, struct error *err)
{
	struct store_message other = { 0 };
	int there = store_message_find(db, own->workspace, own->conversation_id, external_id, arena, &other, err), r;
	bool is_ours = there > 0 && (other.flags & MESSAGE_ATTEMPTED);

	if (there < 0)
		return there;
	if (is_ours && own->external_id.p != NULL)
		return swap(db, own, &other, arena, err);
	if ((r = settle_unbind(db, own, sent, err)) < 0)
		return r;
	own->status = MESSAGE_SENT;
	own->error_code = own->error_text = own->error_fix = STR_NONE;
	if (there && (r = is_ours ? take_from_own(db, own, &other, err) : settle_absorb(db, own, &other, err)) < 0)
		return r;
	own->external_id = external_id;
	return 0;
}

/* The customer's receipt came before it was known which message it is for. */
static int count_receipt(struct db *db, const struct store_message *own, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct store_conversation c;
	int r = store_conversation_get(db, own->workspace, own->conversation_id, &arena, &c, err);

	if (r < 0 || c.read_at >= own->at)
		return r;
	c.read_at = own->at;
	return store_conversation_save(db, &c, err);
}

int settle_sent(struct db *db, struct store_message *own, const struct store_outbox *sent, struct str external_id, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	bool has_it = own->external_id.p != NULL && str_eq(own->external_id, external_id);
	int r;

	if ((!has_it && (r = take_id(db, own, sent, external_id, &arena, err)) < 0) || (r = store_message_save(db, own, err)) < 0)
		return r;
	return (own->flags & MESSAGE_RECEIPT) ? count_receipt(db, own, err) : 0;
}
