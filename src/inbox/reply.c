/* The one way out: what an agent writes becomes messages and outbox rows in one commit. Delivery is work/'s. */
#include "inbox/reply.h"

#include "base/clock.h"
#include "inbox/account.h"
#include "inbox/conversation.h"
#include "inbox/reply_plan.h"
#include "inbox/rules.h"
#include "store/account.h"
#include "store/conversation.h"
#include "store/message.h"
#include "store/outbox.h"

static int refuse(struct reply_result *ret, enum reply_refusal refusal, int code, struct error *err, const char *why)
{
	ret->refusal = refusal;
	return fail(err, code, "%s", why);
}

/* The account behind a conversation, if it can send at all; a parked one, or one that waits for its token, can: the queue waits. */
static int check_account(struct db *db, const struct store_conversation *c, struct reply_result *ret, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct store_account account;
	int r = store_account_get(db, c->workspace, c->account_id, &arena, &account, err);

	return r == ERR_NOTFOUND ? refuse(ret, REPLY_ACCOUNT_GONE, ERR_STATE, err, "the account is disconnected") : r;
}

static int check_window(const struct trixy_channel *channel, const struct store_conversation *c, struct str tag, struct reply_result *ret,
			struct error *err)
{
	switch (rules_may_reply(channel, c->window_from, tag, clock_now_ms())) {
	case WINDOW_OPEN: return 0;
	case WINDOW_TAG_UNKNOWN: return refuse(ret, REPLY_TAG_WRONG, ERR_INVALID, err, "the channel has no such tag");
	case WINDOW_TAG_CLOSED: return refuse(ret, REPLY_TAG_CLOSED, ERR_STATE, err, "the tag's window is closed too");
	case WINDOW_CLOSED: break;
	}
	return refuse(ret, REPLY_WINDOW_CLOSED, ERR_STATE, err, "the reply window is closed");
}

struct unit {
	struct instance *i;
	const struct reply *reply;
	struct reply_result *ret;
	struct reply_plan *plan;
	int no;				/* what was refused before anything was written: the unit itself has not failed */
	struct error why;
};

/* The k-th message of a split reply is found again by a client id of its own, with a separator that no client uses. */
static struct str part_client_id(struct arena *arena, struct str client_id, size_t k)
{
	return client_id.p == NULL || k == 0 ? client_id : arena_printf(arena, "%.*s\x1f%zu", STR_ARG(client_id), k);
}

static int already_there(struct db *db, struct unit *u, struct arena *arena, struct error *err)
{
	struct reply_result *ret = u->ret;
	struct store_message m;
	int r = 0;

	if (u->reply->client_id.p == NULL)
		return 0;
	for (ret->count = 0; ret->count < LIMIT_REPLY_MESSAGES; ret->count++) {
		r = store_message_by_client(db, u->reply->workspace, u->reply->conversation_id,
					    part_client_id(arena, u->reply->client_id, ret->count), arena, &m, err);
		if (r <= 0)
			break;
		ret->message_ids[ret->count] = m.id;
	}
	ret->repeated = ret->count > 0;
	return r < 0 ? r : (int)ret->repeated;
}

/* The file goes with the message in the same commit: what is sent is not to be attached again. */
static int add_file(struct db *db, const struct store_message *m, const struct planned *p, struct error *err)
{
	const struct store_upload *u = p->upload;
	struct store_attachment a = { .type = p->media_type, .flags = p->media_flags, .state = ATTACHMENT_KEPT, .file_id = u->file_id,
				      .file_name = u->name, .mime_type = u->file.mime_type };
	int r = store_attachment_add(db, m->workspace, m->id, 0, &a, err);

	return r < 0 ? r : store_upload_delete(db, m->workspace, u->id, err);
}

static int add_message(struct db *db, struct unit *u, const struct store_conversation *c, const struct planned *p, struct arena *arena,
		       struct error *err)
{
	struct reply_result *ret = u->ret;
	bool is_first = ret->count == 0, is_template = p->kind == TRIXY_MESSAGE_TEMPLATE;
	struct store_message m = { .workspace = c->workspace, .conversation_id = c->id,
		.direction = u->reply->note ? MESSAGE_NOTE : MESSAGE_OUT, .kind = p->kind,
		.status = u->reply->note ? MESSAGE_SENT : MESSAGE_QUEUED, .at = clock_now_ms(), .author_id = u->reply->author_id,
		.text = p->text, .content = p->content, .tag = is_template ? STR_NONE : u->reply->tag,
		.reply_to_id = is_first ? u->plan->quoted : STR_NONE,
		.client_id = part_client_id(arena, u->reply->client_id, ret->count) };
	int r = store_message_add(db, &m, err);

	if (r < 0)
		return r;
	struct store_outbox o = { .workspace = c->workspace, .message_id = m.id, .account_id = c->account_id, .conversation_id = c->id,
				  .text = p->text.p != NULL ? p->text : STR(""), .due_at = m.at };

	if ((p->upload != NULL && (r = add_file(db, &m, p, err)) < 0) || (!u->reply->note && (r = store_outbox_add(db, &o, err)) < 0) ||
	    (r = store_change_add(db, c->workspace, CHANGE_MESSAGE, m.id, c->id, err)) < 0)
		return r;
	ret->message_ids[ret->count++] = m.id;
	return 0;
}

/* An answer means that somebody has looked: nothing is unread any more. */
static int touch_conversation(struct db *db, struct store_conversation *c, const struct reply *reply, struct error *err)
{
	if (!reply->note)
		c->activity_at = clock_now_ms() > c->activity_at ? clock_now_ms() : c->activity_at;
	c->unread = 0;
	return store_conversation_save(db, c, err);
}

/* Whether this reply may be sent now, and to whom. Only reads. 1: it is there already. */
static int check_reply(struct db *db, struct unit *u, struct arena *arena, struct store_conversation *c,
		       const struct trixy_channel **ret_channel, struct error *err)
{
	int r = store_conversation_get(db, u->reply->workspace, u->reply->conversation_id, arena, c, err);

	if (r < 0)
		return r;
	if ((*ret_channel = channels_find(u->i->channels, c->channel)) == NULL)
		return fail(err, ERR_NOTFOUND, "the conversation's channel is not active");
	if ((r = already_there(db, u, arena, err)) != 0 || u->reply->note)
		return r;
	if ((r = check_account(db, c, u->ret, err)) < 0)
		return r;
	/* An approved template may open a conversation. */
	if (u->reply->template_name.p != NULL && channel_can(*ret_channel, TRIXY_CAN_TEMPLATES))
		return 0;
	return check_window(*ret_channel, c, u->reply->tag, u->ret, err);
}

/* A refusal is an answer: it must not make the writer roll back the units beside it. */
static int refused_or(int r, int *no, struct error *why, const struct error *err)
{
	if (r != ERR_NOTFOUND && r != ERR_STATE && r != ERR_INVALID && r != ERR_LIMIT)
		return r;
	*no = r;
	*why = *err;
	return 0;
}

static int run_reply(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct unit *u = arg;
	struct store_conversation c;
	const struct trixy_channel *channel;
	int r;

	*u->ret = (struct reply_result){ 0 };
	u->no = 0;
	if ((r = check_reply(db, u, &arena, &c, &channel, err)) > 0)
		return 0;
	if (r < 0 || (r = reply_plan_make(db, channel, &c, u->reply, &arena, u->plan, &u->ret->refusal, err)) < 0)
		return refused_or(r, &u->no, &u->why, err);
	for (size_t k = 0; k < u->plan->count && r >= 0; k++)
		r = add_message(db, u, &c, &u->plan->messages[k], &arena, err);
	if (r < 0)
		return r;
	return touch_conversation(db, &c, u->reply, err);
}

static void wake(struct instance *i)
{
	if (i->wake_work != NULL)
		i->wake_work(i->wake_arg);
}

int inbox_reply(struct instance *i, const struct reply *reply, struct reply_result *ret, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct reply trimmed = *reply;
	struct unit u = { .i = i, .reply = &trimmed, .ret = ret, .plan = arena_alloc(&arena, sizeof(*u.plan)) };

	*ret = (struct reply_result){ 0 };
	trimmed.text = str_trim(reply->text);
	if (u.plan == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	if (trimmed.text.len == 0 && reply->upload_count == 0 && reply->template_name.p == NULL && !reply->voice)
		return refuse(ret, REPLY_EMPTY, ERR_INVALID, err, "the text is empty");
	if (trimmed.text.len > LIMIT_TEXT || reply->client_id.len > LIMIT_CLIENT_ID || !utf8_valid(trimmed.text))
		return refuse(ret, REPLY_TOO_LONG, ERR_LIMIT, err, "the text or the client_id is too long or not UTF-8");
	int r = store_write(i->store, run_reply, &u, err);

	if (r >= 0 && u.no < 0)
		return fail(err, u.no, "%s", u.why.text);
	if (r == 0 && !reply->note) {
		wake(i);
		if (i->presence != NULL)
			i->presence(i->presence_arg, reply->workspace, reply->conversation_id, PRESENCE_SEEN);
	}
	return r;
}

struct retry {
	struct instance *i;
	struct workspace_id workspace;
	int64_t conversation_id, message_id;
	struct reply_result *ret;
	int no;				/* as in struct unit */
	struct error why;
};

static int check_retry(struct db *db, struct retry *t, struct arena *arena, struct store_conversation *c, struct store_message *m,
		       struct error *err)
{
	const struct trixy_channel *channel;
	int r;

	if ((r = store_conversation_get(db, t->workspace, t->conversation_id, arena, c, err)) < 0 ||
	    (r = store_message_get(db, t->workspace, t->conversation_id, t->message_id, arena, m, err)) < 0)
		return r;
	if ((channel = channels_find(t->i->channels, c->channel)) == NULL)
		return fail(err, ERR_NOTFOUND, "the conversation's channel is not active");
	if (!message_retryable(m))
		return fail(err, ERR_STATE, "only a failed or unknown message can be sent again");
	if ((r = check_account(db, c, t->ret, err)) < 0)
		return r;
	if (m->kind == TRIXY_MESSAGE_TEMPLATE && channel_can(channel, TRIXY_CAN_TEMPLATES))
		return 0;
	return check_window(channel, c, m->tag, t->ret, err);
}

/* A person's new attempt begins from the start: the id of the upload may be what was refused. */
static int forget_upload(struct db *db, const struct store_message *m, struct arena *arena, struct error *err)
{
	struct store_attachment *list;
	size_t count;
	int r = store_attachment_list(db, m->workspace, m->id, arena, &list, &count, err);

	if (r < 0 || count == 0 || list[0].media_id.p == NULL)
		return r;
	list[0].media_id = STR_NONE;
	list[0].media_until = 0;
	return store_attachment_save(db, m->workspace, m->id, list[0].position, &list[0], err);
}

static int run_retry(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct retry *t = arg;
	struct store_conversation c;
	struct store_message m;
	int r;

	*t->ret = (struct reply_result){ 0 };
	t->no = 0;
	if ((r = check_retry(db, t, &arena, &c, &m, err)) < 0)
		return refused_or(r, &t->no, &t->why, err);
	struct store_outbox o = { .workspace = c.workspace, .message_id = m.id, .account_id = c.account_id, .conversation_id = c.id,
				  .text = m.text.p != NULL ? m.text : STR(""), .due_at = clock_now_ms() };

	/* What is told again of the attempt that failed must not be taken for this one's. */
	if (m.external_id.p != NULL)
		m.flags &= ~(uint32_t)MESSAGE_ATTEMPTED;
	m.external_id = STR_NONE;
	m.status = MESSAGE_QUEUED;
	m.error_code = m.error_text = m.error_fix = STR_NONE;
	if ((r = store_message_save(db, &m, err)) < 0 || (r = forget_upload(db, &m, &arena, err)) < 0 ||
	    (r = store_outbox_add(db, &o, err)) < 0)
		return r;
	t->ret->message_ids[t->ret->count++] = m.id;
	return store_change_add(db, c.workspace, CHANGE_MESSAGE, m.id, c.id, err);
}

int inbox_retry(struct instance *i, struct workspace_id w, int64_t conversation_id, int64_t message_id, struct reply_result *ret,
		struct error *err)
{
	struct retry t = { .i = i, .workspace = w, .conversation_id = conversation_id, .message_id = message_id, .ret = ret };
	int r = store_write(i->store, run_retry, &t, err);

	if (r >= 0 && t.no < 0)
		return fail(err, t.no, "%s", t.why.text);
	if (r == 0)
		wake(i);
	return r;
}
