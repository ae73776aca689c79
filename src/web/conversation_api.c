/* Conversations: the list, the counts beside it, one of them, and what is done to it. */
#include "base/limit.h"
#include "web/call.h"
#include "web/render.h"

static bool read_status(struct call *c, int *ret)
{
	struct str s;

	if (!call_query(c, "status", &s))
		return false;
	*ret = 0;
	if (s.len == 0 || str_eq(s, STR("all")))
		return true;
	*ret = str_eq(s, STR("open")) ? CONVERSATION_OPEN : str_eq(s, STR("done")) ? CONVERSATION_DONE : 0;
	if (*ret != 0)
		return true;
	call_problem(c, 400, NULL, "The request is malformed", STR("status is open, done or all."));
	return false;
}

static bool read_query(struct call *c, struct conversation_query *q)
{
	struct str unread;

	*q = (struct conversation_query){ 0 };
	if (!read_status(c, &q->status) || !call_query(c, "channel", &q->channel) || !call_query(c, "q", &q->q) ||
	    !call_query(c, "unread", &unread) || !call_query_page(c, &q->limit, &q->cursor))
		return false;
	if (q->channel.len == 0)
		q->channel = STR_NONE;
	q->unread_only = str_eq(unread, STR("1")) || str_eq(unread, STR("true"));
	return true;
}

void api_conversation_list(struct call *c)
{
	struct conversation_query q;
	struct conversation *list = NULL;
	struct str next = STR_NONE;
	struct error err = { 0 };
	size_t count = 0;
	struct json_out j;

	if (!read_query(c, &q))
		return;
	if (conversation_list(c->instance, c->db, c->workspace, &q, c->arena, &list, &count, &next, &err) < 0) {
		call_list_failed(c, &err);
		return;
	}
	j = call_list(c);
	for (size_t k = 0; k < count; k++)
		render_conversation(&j, NULL, &list[k]);
	call_list_end(&j, next);
}

void api_conversation_counts(struct call *c)
{
	struct conversation_count list[CHANNELS_MAX];
	int64_t open = 0, unread = 0;
	struct error err = { 0 };
	size_t count = 0;
	struct json_out j;

	if (conversation_counts(c->instance, c->db, c->workspace, c->arena, list, &count, &err) < 0) {
		call_failed(c, &err, false);
		return;
	}
	j = call_json(c, 200);
	json_open(&j, NULL);
	json_open(&j, "by_channel");
	for (size_t k = 0; k < count; k++) {
		json_open(&j, arena_copy(c->arena, list[k].channel).p);
		json_i64(&j, "open", list[k].open);
		json_i64(&j, "unread", list[k].unread);
		json_close(&j);
		open += list[k].open;
		unread += list[k].unread;
	}
	json_close(&j);
	json_i64(&j, "open", open);
	json_i64(&j, "unread", unread);
	json_close(&j);
}

static void answer_conversation(struct call *c, int64_t id)
{
	struct conversation one;
	struct error err = { 0 };
	struct json_out j;

	if (conversation_get(c->instance, c->db, c->workspace, id, c->arena, &one, &err) < 0) {
		call_failed(c, &err, false);
		return;
	}
	j = call_json(c, 200);
	render_conversation(&j, NULL, &one);
}

void api_conversation_get(struct call *c)
{
	int64_t id;

	if (call_id(c, 1, &id))
		answer_conversation(c, id);
}

void api_conversation_change(struct call *c)
{
	struct str word = call_text(c, "status", false, LIMIT_NAME);
	int status = str_eq(word, STR("open")) ? CONVERSATION_OPEN : str_eq(word, STR("done")) ? CONVERSATION_DONE : 0;
	bool mark_read = !json_is_none(c->json, "unread");
	struct conversation before = { 0 };
	int64_t id, unread = 1;
	struct error err = { 0 };

	if (word.p != NULL && status == 0)
		call_fault(c, "status", "Is open or done.");
	if (mark_read && (!json_get_i64(c->json, "unread", &unread) || unread != 0))
		call_fault(c, "unread", "Can only be set to 0.");
	if (!call_id(c, 1, &id) || call_has_faults(c))
		return;
	if ((mark_read && conversation_get(c->instance, c->db, c->workspace, id, c->arena, &before, &err) < 0) ||
	    ((status != 0 || mark_read) && conversation_update(c->instance, c->workspace, id, status, mark_read, &err) < 0)) {
		call_failed(c, &err, false);
		return;
	}
	/* An agent has looked at what the customer wrote: they may be told. */
	if (before.unread > 0 && c->instance->presence != NULL)
		c->instance->presence(c->instance->presence_arg, c->workspace, id, PRESENCE_SEEN);
	answer_conversation(c, id);
}
