#include "inbox/react.h"

#include "base/clock.h"
#include "inbox/content.h"
#include "inbox/message.h"
#include "inbox/rules.h"
#include "inbox/settle.h"
#include "store/account.h"
#include "store/conversation.h"
#include "store/outbox.h"

enum { OURS = 2, SETTLED = 0, SENDING = 1, REFUSED = 2 };	/* struct store_reaction: side, status */

/* ---- the row that shows ---- */

/* 1: there is one of ours, 0: none. */
static int find_ours(struct db *db, struct workspace_id w, int64_t target_id, struct arena *arena, struct store_reaction *ret,
		     struct error *err)
{
	struct store_reaction *list;
	size_t count;
	int r = store_reaction_list(db, w, target_id, arena, &list, &count, err);

	*ret = (struct store_reaction){ .side = OURS };
	for (size_t k = 0; k < count && r >= 0; k++)
		if (list[k].side == OURS) {
			*ret = list[k];
			return 1;
		}
	return r;
}

static int save_row(struct db *db, struct workspace_id w, int64_t conversation_id, int64_t target_id, struct store_reaction row,
		    struct error *err)
{
	row.side = OURS;
	if (row.emoji.len == 0)
		row.emoji = STR_NONE;
	int r = store_reaction_save(db, w, target_id, &row, err);

	return r < 0 ? r : store_change_add(db, w, CHANGE_MESSAGE, target_id, conversation_id, err);
}

static int show(struct db *db, struct workspace_id w, int64_t conversation_id, int64_t target_id, struct str emoji, int64_t at, int status,
		struct error *err)
{
	return save_row(db, w, conversation_id, target_id, (struct store_reaction){ .emoji = emoji, .at = at, .status = status }, err);
}

/* The customer sees what was settled before: that shows again, with the words. Without one, what was tried shows as refused, and
 * `reaction` is "" instead of NULL: nothing of ours is there. */
static int show_refused(struct db *db, struct workspace_id w, int64_t conversation_id, const struct content_reaction *c, struct str words,
			struct error *err)
{
	bool has_one = c->was.len > 0;
	const struct store_reaction row = { .emoji = has_one ? c->was : c->emoji, .reaction = has_one ? STR_NONE : STR(""), .at = c->at,
					    .status = REFUSED, .error_text = words };

	return save_row(db, w, conversation_id, c->target_id, row, err);
}

/* ---- a person reacts ---- */

struct reacting {
	struct instance *i;
	struct workspace_id workspace;
	int64_t conversation_id, message_id, author_id;
	struct str emoji;
	bool queued;
	int no;				/* refused before anything was written: the unit itself has not failed */
	struct error why;
};

static int check_target(const struct store_message *m, struct error *err)
{
	if (m->direction == MESSAGE_NOTE || m->direction == MESSAGE_OUT)
		return fail(err, ERR_STATE, "Only what the customer wrote can be reacted to.");
	if (m->direction == 0)
		return fail(err, ERR_NOTFOUND, "no such message in this conversation");
	if (m->kind == TRIXY_MESSAGE_CALL || m->kind == TRIXY_MESSAGE_SYSTEM)
		return fail(err, ERR_STATE, "A call or a notice takes no reaction.");
	if (m->flags & MESSAGE_UNSENT)
		return fail(err, ERR_STATE, "The customer has taken this message back.");
	return m->external_id.len > 0 && m->kind != MESSAGE_KIND_MISSING ? 0 :
		fail(err, ERR_STATE, "This message has not come here itself, so it cannot be reacted to.");
}

static int check_react(struct db *db, const struct reacting *q, struct arena *arena, struct store_conversation *c, struct store_message *m,
		       struct error *err)
{
	const struct trixy_channel *channel;
	struct store_account account;
	int r;

	if ((r = store_conversation_get(db, q->workspace, q->conversation_id, arena, c, err)) < 0 ||
	    (r = store_message_get(db, q->workspace, q->conversation_id, q->message_id, arena, m, err)) < 0)
		return r;
	if ((channel = channels_find(q->i->channels, c->channel)) == NULL)
		return fail(err, ERR_NOTFOUND, "the conversation's channel is not active");
	struct str fault = rules_reaction_fault(channel, q->emoji, arena);

	if (fault.p != NULL)
		return fail(err, channel_can(channel, TRIXY_CAN_REACT) ? ERR_INVALID : ERR_STATE, "%.*s", STR_ARG(fault));
	if ((r = check_target(m, err)) < 0)
		return r;
	if (store_account_get(db, q->workspace, c->account_id, arena, &account, NULL) == ERR_NOTFOUND)
		return fail(err, ERR_STATE, "The account is disconnected. An admin can connect it again in Settings → Channels.");
	if (rules_may_reply(channel, c->window_from, STR_NONE, clock_now_ms()) != WINDOW_OPEN)
		return fail(err, ERR_DENIED, "%.*s", STR_ARG(str_from_trixy(channel->window_error)));
	return 0;
}

/* What the customer sees of ours now: what was settled last. And takes out of the outbox what has not left yet. */
static int settled_before(struct db *db, const struct store_conversation *c, const struct store_message *target,
			  const struct store_reaction *ours, struct arena *arena, struct str *ret, struct error *err)
{
	struct content_reaction older;
	struct store_message waiting;
	struct store_outbox o;
	int r = store_outbox_reaction(db, c->workspace, c->id, target->external_id, arena, &o, err);
	bool is_there = ours->emoji.p != NULL && !(ours->status == REFUSED && ours->reaction.p != NULL);

	*ret = is_there ? ours->emoji : STR("");
	if (r <= 0)
		return r;
	if ((r = store_message_get(db, c->workspace, c->id, o.message_id, arena, &waiting, err)) < 0 ||
	    (r = content_read_reaction(waiting.content, arena, &older, err)) < 0)
		return r;
	*ret = older.was;
	if (o.claimed_at != 0)
		return 0;		/* under way: react_sent tells the newer one what it has changed */
	return (r = store_outbox_delete(db, c->workspace, waiting.id, err)) < 0 ? r : store_message_retire(db, c->workspace, waiting.id, err);
}

static int queue(struct db *db, const struct reacting *q, const struct store_conversation *c, const struct store_message *target,
		 int64_t at, struct str was, struct arena *arena, struct error *err)
{
	const struct content_reaction content = { .target_id = target->id, .at = at, .emoji = q->emoji, .was = was };
	struct store_message m = { .workspace = c->workspace, .conversation_id = c->id, .kind = MESSAGE_KIND_REACTION, .status = MESSAGE_QUEUED,
		.at = clock_now_ms(), .author_id = q->author_id, .reply_to_id = target->external_id,
		.content = content_make_reaction(&content, arena) };
	int r;

	if (m.content.p == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	if ((r = store_message_add(db, &m, err)) < 0)
		return r;
	struct store_outbox o = { .workspace = c->workspace, .message_id = m.id, .account_id = c->account_id, .conversation_id = c->id,
				  .text = STR(""), .due_at = m.at };

	return store_outbox_add(db, &o, err);
}

static int put(struct db *db, struct reacting *q, const struct store_conversation *c, const struct store_message *target, struct arena *arena,
	       struct error *err)
{
	struct store_reaction ours;
	struct str was;
	int64_t now = clock_now_ms(), at;
	int there = find_ours(db, c->workspace, target->id, arena, &ours, err), r;
	bool same = str_eq(q->emoji, ours.emoji) || (q->emoji.len == 0 && ours.emoji.len == 0);

	if (there < 0 || (same && (ours.status != REFUSED)))
		return there < 0 ? there : 0;	/* it is so already, or on its way */
	if ((r = settled_before(db, c, target, &ours, arena, &was, err)) < 0)
		return r;
	at = there && ours.at >= now ? ours.at + 1 : now;
	if (ours.status == SENDING && str_eq(q->emoji, was)) {
		/* Changed back before it left, unless that is under way. */
		struct store_outbox under_way;

		if ((r = store_outbox_reaction(db, c->workspace, c->id, target->external_id, arena, &under_way, err)) < 0)
			return r;
		if (r == 0)
			return show(db, c->workspace, c->id, target->id, was, at, SETTLED, err);
	}
	if ((r = queue(db, q, c, target, at, was, arena, err)) < 0)
		return r;
	q->queued = true;
	return show(db, c->workspace, c->id, target->id, q->emoji, at, SENDING, err);
}

static int run_react(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct reacting *q = arg;
	struct store_conversation c;
	struct store_message target;
	int r = check_react(db, q, &arena, &c, &target, err);

	q->no = 0;
	q->queued = false;
	if (r == ERR_NOTFOUND || r == ERR_STATE || r == ERR_INVALID || r == ERR_DENIED) {
		q->no = r;
		q->why = *err;
		return 0;
	}
	return r < 0 ? r : put(db, q, &c, &target, &arena, err);
}

int inbox_react(struct instance *i, struct workspace_id w, int64_t conversation_id, int64_t message_id, int64_t author_id,
		struct str emoji, struct error *err)
{
	struct reacting q = { .i = i, .workspace = w, .conversation_id = conversation_id, .message_id = message_id, .author_id = author_id,
			      .emoji = emoji.p == NULL ? STR("") : emoji };
	struct error local = { 0 };
	int r = store_write(i->store, run_react, &q, err != NULL ? err : &local);

	if (r >= 0 && q.no < 0)
		return fail(err, q.no, "%s", q.why.text);
	if (r == 0 && q.queued && i->wake_work != NULL)
		i->wake_work(i->wake_arg);
	return r;
}

/* ---- what became of it ---- */

/* The one that waits behind it must know what is settled now, should it be refused. */
static int tell_waiting(struct db *db, const struct store_message *own, struct str settled, struct arena *arena, struct error *err)
{
	struct content_reaction content;
	struct store_message waiting;
	struct store_outbox o;
	int r = store_outbox_reaction(db, own->workspace, own->conversation_id, own->reply_to_id, arena, &o, err);

	if (r <= 0 || o.message_id == own->id)
		return r < 0 ? r : 0;
	if ((r = store_message_get(db, own->workspace, own->conversation_id, o.message_id, arena, &waiting, err)) < 0 ||
	    (r = content_read_reaction(waiting.content, arena, &content, err)) < 0)
		return r;
	content.was = settled;
	waiting.content = content_make_reaction(&content, arena);
	return waiting.content.p == NULL ? fail(err, ERR_NOMEM, "out of memory") : store_message_save(db, &waiting, err);
}

int react_sent(struct db *db, struct store_message *own, const struct store_outbox *sent, struct str external_id, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct content_reaction content;
	struct store_reaction ours;
	int r;

	if ((r = content_read_reaction(own->content, &arena, &content, err)) < 0 ||
	    (r = find_ours(db, own->workspace, content.target_id, &arena, &ours, err)) < 0)
		return r;
	r = r == 1 && ours.at == content.at ?
		show(db, own->workspace, own->conversation_id, content.target_id, content.emoji, content.at, SETTLED, err) :
		tell_waiting(db, own, content.emoji, &arena, err);
	if (r < 0)
		return r;
	if (external_id.len == 0)
		return store_message_retire(db, own->workspace, own->id, err);
	/* It stays, unseen: what is said of that id later is said of the reaction. */
	if ((r = settle_sent(db, own, sent, external_id, err)) < 0)
		return r;
	return own->status == MESSAGE_FAILED ? react_refused(db, own, own->error_text, own->error_fix, err) : 0;
}

int react_refused(struct db *db, const struct store_message *own, struct str reason, struct str fix, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct content_reaction content;
	struct store_reaction ours;
	struct str why = reason.len > 0 || fix.len > 0 ? reason : STR("The reaction was refused without a reason.");
	struct str words = str_trim(arena_printf(&arena, "%.*s %.*s", STR_ARG(why), STR_ARG(fix)));
	int r;

	if ((r = content_read_reaction(own->content, &arena, &content, err)) < 0 ||
	    (r = find_ours(db, own->workspace, content.target_id, &arena, &ours, err)) < 0)
		return r;
	if (r == 1 && ours.at == content.at &&
	    (r = show_refused(db, own->workspace, own->conversation_id, &content, words, err)) < 0)
		return r;
	return store_message_retire(db, own->workspace, own->id, err);
}
