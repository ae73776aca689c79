/* Messages of a conversation: reading them, writing one, sending one again. */
#include "base/limit.h"
#include "inbox/reply.h"
#include "web/call.h"
#include "web/render.h"

void api_message_list(struct call *c)
{
	struct conversation conversation;
	struct message *list = NULL;
	struct str cursor, next = STR_NONE;
	struct error err = { 0 };
	size_t limit, count = 0;
	int64_t id;
	struct json_out j;
	int r;

	if (!call_id(c, 1, &id) || !call_query(c, "cursor", &cursor) || !call_query_limit(c, 50, &limit))
		return;
	if (cursor.len == 0)
		cursor = STR_NONE;
	/* Not there while its channel is hidden. */
	if ((r = conversation_get(c->instance, c->db, c->workspace, id, c->arena, &conversation, &err)) < 0 ||
	    (r = message_list(c->db, c->workspace, id, cursor, limit, c->arena, &list, &count, &next, &err)) < 0) {
		if (r == ERR_INVALID)
			call_problem(c, 400, NULL, "The request is malformed",
				     STR("cursor is not one that this list has given."));
		else
			call_failed(c, &err, false);
		return;
	}
	j = call_json(c, 200);
	json_open(&j, NULL);
	json_list(&j, "items");
	for (size_t k = 0; k < count; k++)
		render_message(&j, NULL, &list[k]);
	json_list_end(&j);
	json_str(&j, "next_cursor", next);
	json_close(&j);
}

/* The channel's own sentence for a closed window; guides and people know it by these words. */
static struct str window_words(struct call *c, int64_t conversation_id)
{
	struct conversation conversation;
	const struct trixy_channel *channel;

	if (conversation_get(c->instance, c->db, c->workspace, conversation_id, c->arena, &conversation, NULL) < 0 ||
	    (channel = channels_find(c->instance->channels, conversation.channel)) == NULL || channel->window_error.len == 0)
		return STR("The reply window is closed");
	return arena_copy(c->arena, str_from_trixy(channel->window_error));
}

static void answer_refusal(struct call *c, int64_t conversation_id, const struct reply_result *result,
			   const struct error *err)
{
	switch (result->refusal) {
	case REPLY_WINDOW_CLOSED:
		call_problem(c, 422, "window_closed", window_words(c, conversation_id).p,
			     STR("Nothing was sent. Wait until the customer writes again, or choose a message tag if one "
				 "fits."));
		return;
	case REPLY_TAG_CLOSED:
		call_problem(c, 422, "window_closed", window_words(c, conversation_id).p,
			     STR("Nothing was sent. The time in which a message tag allows a reply is over too: the "
				 "customer must write again."));
		return;
	case REPLY_TAG_WRONG:
		call_fault(c, "tag", "This channel has no such message tag.");
		break;
	case REPLY_EMPTY:
		call_fault(c, "text", "May not be empty.");
		break;
	case REPLY_TOO_LONG:
		call_fault(c, "text", "Is too long, even for several messages.");
		break;
	case REPLY_ACCOUNT_GONE:
		call_problem(c, 409, "account_gone", "This account is no longer connected",
			     STR("Nothing was sent. An admin can connect the account again in Settings, Channels."));
		return;
	case REPLY_CANNOT:
	case REPLY_FILE:
	case REPLY_TEMPLATE:
		call_problem(c, 422, result->refusal == REPLY_FILE ? "file_refused" : result->refusal == REPLY_TEMPLATE ? "template_refused" : "cannot",
			     "Nothing was sent", arena_copy(c->arena, str_of(err->text)));
		return;
	case REPLY_FINE:
		call_failed(c, err, err->code == ERR_STATE);
		return;
	}
	(void)call_has_faults(c);
}

static void answer_messages(struct call *c, int status, int64_t conversation_id, const struct reply_result *result)
{
	struct message *list = arena_alloc(c->arena, (result->count + 1) * sizeof(*list));
	struct error err = { .code = ERR_NOMEM };
	struct json_out j;

	if (list == NULL) {
		call_failed(c, &err, false);
		return;
	}
	for (size_t k = 0; k < result->count; k++)
		if (message_get(c->db, c->workspace, conversation_id, result->message_ids[k], c->arena, &list[k], &err) < 0) {
			call_failed(c, &err, false);
			return;
		}
	if (result->count == 0) {
		call_not_found(c);
		return;
	}
	j = call_json(c, status);
	render_message(&j, NULL, &list[0]);
	if (result->count == 1)
		return;
	/* Goes on before the message's '}': the first is repeated in the list. */
	c->out.len--;
	buf_add(&c->out, STR(",\"messages\":"));
	j = json_out(&c->out);
	json_list(&j, NULL);
	for (size_t k = 0; k < result->count; k++)
		render_message(&j, NULL, &list[k]);
	json_list_end(&j);
	buf_add_char(&c->out, '}');
}

static struct str absent_if_empty(struct str s)
{
	return s.len == 0 ? STR_NONE : s;
}

void api_message_add(struct call *c)
{
	struct str overflow = call_text(c, "overflow", false, LIMIT_NAME);
	struct reply reply = { .workspace = c->workspace,
			       .author_id = c->user.id,
			       .text = call_text(c, "text", true, LIMIT_TEXT),
			       .tag = absent_if_empty(call_text(c, "tag", false, LIMIT_NAME)),
			       .client_id = absent_if_empty(call_text(c, "client_id", false, LIMIT_CLIENT_ID)),
			       .note = call_bool(c, "note"),
			       .split = str_eq(overflow, STR("split")) };
	struct reply_result result = { 0 };
	struct error err = { 0 };

	if (overflow.len > 0 && !reply.split && !str_eq(overflow, STR("cut")))
		call_fault(c, "overflow", "Is cut or split.");
	if (!call_id(c, 1, &reply.conversation_id) || call_has_faults(c))
		return;
	reply.text = str_trim(reply.text);
	if (inbox_reply(c->instance, &reply, &result, &err) < 0)
		answer_refusal(c, reply.conversation_id, &result, &err);
	else
		answer_messages(c, 201, reply.conversation_id, &result);
}

void api_message_retry(struct call *c)
{
	struct reply_result result = { 0 };
	struct error err = { 0 };
	int64_t conversation_id, message_id;

	if (!call_id(c, 1, &conversation_id) || !call_id(c, 2, &message_id))
		return;
	if (inbox_retry(c->instance, c->workspace, conversation_id, message_id, &result, &err) < 0)
		answer_refusal(c, conversation_id, &result, &err);
	else
		answer_messages(c, 200, conversation_id, &result);
}
