/* Messages of a conversation: reading them, writing one, sending one again, reacting to one, and that somebody writes. */
#include "base/limit.h"
#include "inbox/react.h"
#include "inbox/reply.h"
#include "web/call.h"
#include "web/render.h"

#define json_bool json_c_bool	/* json-c's type for truth has the name of our writer's function */
#include <json-c/json.h>
#undef json_bool

void api_message_list(struct call *c)
{
	struct conversation conversation;
	struct message *list = NULL;
	struct str cursor, next = STR_NONE;
	struct error err = { 0 };
	size_t limit, count = 0;
	int64_t id;
	struct json_out j;

	if (!call_id(c, 1, &id) || !call_query_page(c, &limit, &cursor))
		return;
	/* Not there while its channel is hidden. */
	if (conversation_get(c->instance, c->db, c->workspace, id, c->arena, &conversation, &err) < 0 ||
	    message_list(c->db, c->workspace, id, cursor, limit, c->arena, &list, &count, &next, &err) < 0) {
		call_list_failed(c, &err);
		return;
	}
	j = call_list(c);
	for (size_t k = 0; k < count; k++)
		render_message(&j, NULL, &list[k]);
	call_list_end(&j, next);
}

/* NULL: the conversation, or its channel, is not there. */
static const struct trixy_channel *channel_of(struct call *c, int64_t conversation_id)
{
	struct conversation conversation;

	if (conversation_get(c->instance, c->db, c->workspace, conversation_id, c->arena, &conversation, NULL) < 0)
		return NULL;
	return channels_find(c->instance->channels, conversation.channel);
}

/* The channel's own sentence for a closed window; guides and people know it by these words. */
static struct str window_words(struct call *c, int64_t conversation_id)
{
	const struct trixy_channel *channel = channel_of(c, conversation_id);

	if (channel == NULL || channel->window_error.len == 0)
		return STR("The reply window is closed");
	return arena_copy(c->arena, str_from_trixy(channel->window_error));
}

/* What may be sent all the same, where there is something. */
static struct str window_advice(struct call *c, int64_t conversation_id)
{
	const struct trixy_channel *channel = channel_of(c, conversation_id);

	if (channel != NULL && channel_can(channel, TRIXY_CAN_TEMPLATES))
		return STR("Nothing was sent. Wait until the customer writes again, or send an approved template.");
	return STR("Nothing was sent. Wait until the customer writes again, or choose a message tag if one fits.");
}

static void answer_refusal(struct call *c, int64_t conversation_id, const struct reply_result *result,
			   const struct error *err)
{
	switch (result->refusal) {
	case REPLY_WINDOW_CLOSED:
		call_problem(c, 422, "window_closed", window_words(c, conversation_id).p,
			     window_advice(c, conversation_id));
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

static void read_attachments(struct call *c, int64_t ids[LIMIT_REPLY_FILES], struct reply *reply)
{
	struct json_object *list = json_get_array(c->json, "attachments");
	size_t count = json_len(list);

	if (list == NULL && !json_is_none(c->json, "attachments"))
		call_fault(c, "attachments", "Must be a list of the ids of uploads.");
	if (count > LIMIT_REPLY_FILES) {
		call_fault(c, "attachments", "At most 10 files go at once.");
		return;
	}
	for (size_t k = 0; k < count; k++)
		if (!id_read(json_text(json_at(list, k)), &ids[k])) {
			call_fault(c, "attachments", "Must be a list of the ids of uploads.");
			return;
		}
	reply->uploads = ids;
	reply->upload_count = count;
}

enum { TEMPLATE_VALUES_MAX = 64 };

/* "template": {"name", "language", "values": {key: text}} */
static void read_template(struct call *c, struct template_value values[TEMPLATE_VALUES_MAX], struct reply *reply)
{
	struct json_object *template = json_get_object(c->json, "template"), *given = json_get_object(template, "values");

	if (json_is_none(c->json, "template"))
		return;
	reply->template_name = absent_if_empty(json_get_str(template, "name"));
	reply->template_language = absent_if_empty(json_get_str(template, "language"));
	if (reply->template_name.p == NULL || reply->template_language.p == NULL)
		call_fault(c, "template", "Must be an object with the name and the language of a template.");
	if (template != NULL && given == NULL && !json_is_none(template, "values"))
		call_fault(c, "template", "Its values must be an object of texts.");
	if (given == NULL)
		return;
	json_object_object_foreach(given, key, value) {
		struct str text = json_text(value);

		if (text.p == NULL || reply->value_count == TEMPLATE_VALUES_MAX) {
			call_fault(c, "template", text.p == NULL ? "Its values must be an object of texts." : "It has too many values.");
			return;
		}
		values[reply->value_count++] = (struct template_value){ str_of(key), text };
	}
	reply->values = values;
}

static void read_reply(struct call *c, int64_t ids[LIMIT_REPLY_FILES], struct template_value values[TEMPLATE_VALUES_MAX], struct reply *reply)
{
	struct str overflow = call_text(c, "overflow", false, LIMIT_NAME), quoted = call_text(c, "reply_to", false, LIMIT_NAME);

	reply->split = str_eq(overflow, STR("split"));
	if (overflow.len > 0 && !reply->split && !str_eq(overflow, STR("cut")))
		call_fault(c, "overflow", "Is cut or split.");
	if (quoted.len > 0 && !id_read(quoted, &reply->reply_to))
		call_fault(c, "reply_to", "Is the id of a message of this conversation.");
	read_attachments(c, ids, reply);
	read_template(c, values, reply);
	reply->text = str_trim(call_text(c, "text", reply->upload_count == 0 && reply->template_name.p == NULL, LIMIT_TEXT));
	reply->tag = absent_if_empty(call_text(c, "tag", false, LIMIT_NAME));
	reply->client_id = absent_if_empty(call_text(c, "client_id", false, LIMIT_CLIENT_ID));
	reply->note = call_bool(c, "note");
	reply->voice = call_bool(c, "voice");
}

void api_message_add(struct call *c)
{
	struct reply reply = { .workspace = c->workspace, .author_id = c->user.id };
	struct template_value values[TEMPLATE_VALUES_MAX];
	int64_t ids[LIMIT_REPLY_FILES];
	struct reply_result result = { 0 };
	struct error err = { 0 };

	read_reply(c, ids, values, &reply);
	if (!call_id(c, 1, &reply.conversation_id) || call_has_faults(c))
		return;
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

static void answer_message(struct call *c, int64_t conversation_id, int64_t message_id)
{
	struct reply_result one = { .message_ids = { message_id }, .count = 1 };

	answer_messages(c, 200, conversation_id, &one);
}

void api_message_react(struct call *c)
{
	struct str emoji = call_text(c, "emoji", true, LIMIT_NAME);
	struct error err = { 0 };
	int64_t conversation_id, message_id;

	if (!call_id(c, 1, &conversation_id) || !call_id(c, 2, &message_id) || call_has_faults(c))
		return;
	if (inbox_react(c->instance, c->workspace, conversation_id, message_id, c->user.id, emoji, &err) >= 0)
		answer_message(c, conversation_id, message_id);
	else if (err.code == ERR_DENIED)
		call_problem(c, 422, "window_closed", window_words(c, conversation_id).p, arena_copy(c->arena, str_of(err.text)));
	else if (err.code == ERR_STATE || err.code == ERR_INVALID)
		call_problem(c, 422, "cannot", "The reaction was not sent", arena_copy(c->arena, str_of(err.text)));
	else
		call_failed(c, &err, false);
}

/* Whether the customer learns of it is the account's setting, the channel's and the window's affair: nobody is told here. */
void api_conversation_typing(struct call *c)
{
	struct conversation conversation;
	struct error err = { 0 };
	int64_t id;

	if (!call_id(c, 1, &id))
		return;
	if (conversation_get(c->instance, c->db, c->workspace, id, c->arena, &conversation, &err) < 0) {
		call_failed(c, &err, false);
		return;
	}
	if (c->instance->presence != NULL)
		c->instance->presence(c->instance->presence_arg, c->workspace, id, PRESENCE_TYPING);
	call_empty(c, 204);
}
