/* Messages as a thread shows them. */
#include "inbox/message.h"

#include "base/limit.h"
#include "inbox/card.h"
#include "inbox/cursor.h"
#include "store/conversation.h"
#include "store/message.h"
#include "store/user.h"

const char *message_kind_word(int kind)
{
	static const char *const words[] = { "missing", "text", "quick_reply", "image", "video", "audio", "file", "share", "reel",
		"story_mention", "story_reply", "postback", "referral", "ephemeral", "sticker", "unsupported", "system", "location", "contacts", "order",
		"call", "template" };

	return kind >= 0 && (size_t)kind < sizeof(words) / sizeof(words[0]) ? words[kind] : "unsupported";
}

const char *message_status_word(int status)
{
	static const char *const words[] = { "received", "queued", "sending", "sent", "delivered", "read", "failed", "unknown" };

	return status >= 0 && (size_t)status < sizeof(words) / sizeof(words[0]) ? words[status] : "unknown";
}

const char *message_direction_word(int direction)
{
	return direction == MESSAGE_OUT ? "out" : direction == MESSAGE_NOTE ? "note" : "in";
}

bool message_retryable(const struct store_message *m)
{
	return m->direction == MESSAGE_OUT && !(m->flags & (MESSAGE_ELSEWHERE | MESSAGE_UNSENT)) &&
	       (m->text.len > 0 || m->kind != TRIXY_MESSAGE_TEXT) &&
	       (m->status == MESSAGE_FAILED || (m->status == MESSAGE_UNKNOWN && m->external_id.p == NULL));
}

static void show_attachment(const struct store_attachment *s, struct arena *arena, struct message_attachment *ret)
{
	*ret = (struct message_attachment){ .position = s->position, .type = s->type, .flags = s->flags, .state = (enum attachment_state)s->state,
		.url = s->url, .title = s->title, .external_id = s->external_id, .file_name = s->file_name, .mime_type = s->mime_type,
		.fault = s->fault };
	if (ret->state == ATTACHMENT_KEPT) {
		ret->mime_type = s->file.mime_type;
		ret->bytes = s->file.bytes;
		ret->width = s->file.width;
		ret->height = s->file.height;
		ret->has_preview = s->file.has_preview;
	}
	card_read(s->details, arena, &ret->details, &ret->detail_count);
}

static int show_attachments(struct db *db, const struct store_message *m, struct arena *arena, struct message *ret, struct error *err)
{
	struct store_attachment *stored;
	size_t count;
	int r = store_attachment_list(db, m->workspace, m->id, arena, &stored, &count, err);

	if (r < 0 || count == 0)
		return r;
	if ((ret->attachments = arena_alloc(arena, count * sizeof(*ret->attachments))) == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	for (size_t k = 0; k < count; k++)
		show_attachment(&stored[k], arena, &ret->attachments[k]);
	ret->attachment_count = count;
	return 0;
}

static int show_reactions(struct db *db, const struct store_message *m, struct arena *arena, struct message *ret, struct error *err)
{
	struct store_reaction *stored;
	size_t count;
	int r = store_reaction_list(db, m->workspace, m->id, arena, &stored, &count, err);

	if (r < 0 || count == 0)
		return r;
	if ((ret->reactions = arena_alloc(arena, count * sizeof(*ret->reactions))) == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	for (size_t k = 0; k < count; k++)
		if (stored[k].reaction.p != NULL || stored[k].emoji.p != NULL)
			ret->reactions[ret->reaction_count++] = (struct message_reaction){ .side = stored[k].side,
				.status = stored[k].status, .reaction = stored[k].reaction, .emoji = stored[k].emoji,
				.error_text = stored[k].error_text };
	return 0;
}

static int show_reply_to(struct db *db, const struct store_message *m, struct arena *arena, struct message *ret, struct error *err)
{
	struct store_message answered;
	int r = m->reply_to_id.p == NULL ? 0 :
		store_message_find(db, m->workspace, m->conversation_id, m->reply_to_id, arena, &answered, err);

	if (r > 0 && answered.direction > 0) {
		ret->reply_to_message_id = answered.id;
		ret->reply_to_text = answered.text;
	}
	return r < 0 ? r : 0;
}

static int show_author(struct db *db, const struct store_message *m, struct arena *arena, struct message *ret, struct error *err)
{
	struct store_user user;
	int r = m->author_id == 0 ? 0 : store_user_get(db, m->author_id, arena, &user, err);

	if (r == 0 && m->author_id != 0)
		ret->author_name = user.name;
	return r == ERR_NOTFOUND ? 0 : r;
}

static int show(struct db *db, const struct store_message *m, int64_t read_at, struct arena *arena, struct message *ret, struct error *err)
{
	bool is_read = m->direction == MESSAGE_OUT && (m->status == MESSAGE_SENT || m->status == MESSAGE_DELIVERED) && m->at <= read_at;
	int status = is_read ? MESSAGE_READ : m->direction == MESSAGE_IN ? MESSAGE_RECEIVED : m->status;
	int r;

	*ret = (struct message){ .workspace = m->workspace, .id = m->id, .conversation_id = m->conversation_id, .at = m->at, .author_id = m->author_id,
		.direction = m->direction, .kind = m->kind, .status = status, .flags = m->flags, .text = m->text,
		.payload = m->payload, .external_id = m->external_id, .client_id = m->client_id, .tag = m->tag, .reply_to_id = m->reply_to_id,
		.story_id = m->story_id, .story_url = m->story_url, .error_code = m->error_code, .error_text = m->error_text,
		.error_fix = m->error_fix };
	ret->retryable = message_retryable(m);
	if ((r = show_attachments(db, m, arena, ret, err)) < 0 || (r = show_reactions(db, m, arena, ret, err)) < 0 ||
	    (r = show_reply_to(db, m, arena, ret, err)) < 0)
		return r;
	return show_author(db, m, arena, ret, err);
}

int message_list(struct db *db, struct workspace_id w, int64_t conversation_id, struct str cursor, size_t limit,
		 struct arena *arena, struct message **ret, size_t *ret_count, struct str *ret_cursor, struct error *err)
{
	struct store_message *stored = arena_alloc(arena, (limit + 1) * sizeof(*stored));
	struct message *shown = arena_alloc(arena, (limit + 1) * sizeof(*shown));
	struct store_conversation c;
	int64_t before_at = 0, before_id = 0;
	size_t count;
	int r;

	if (stored == NULL || shown == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	if ((r = cursor_read(cursor, &before_at, &before_id, err)) < 0 ||
	    (r = store_conversation_get(db, w, conversation_id, arena, &c, err)) < 0 ||
	    (r = store_message_list(db, w, conversation_id, before_at, before_id, limit + 1, arena, stored, &count, err)) < 0)
		return r;
	*ret_cursor = STR_NONE;
	if (count > limit) {
		count = limit;
		*ret_cursor = cursor_make(arena, stored[count - 1].at, stored[count - 1].id);
	}
	for (size_t k = 0; k < count; k++)
		if ((r = show(db, &stored[k], c.read_at, arena, &shown[k], err)) < 0)
			return r;
	*ret = shown;
	*ret_count = count;
	return 0;
}

int message_get(struct db *db, struct workspace_id w, int64_t conversation_id, int64_t message_id, struct arena *arena,
		struct message *ret, struct error *err)
{
	struct store_conversation c;
	struct store_message m;
	int r;

	if ((r = store_conversation_get(db, w, conversation_id, arena, &c, err)) < 0 ||
	    (r = store_message_get(db, w, conversation_id, message_id, arena, &m, err)) < 0)
		return r;
	return m.direction == 0 ? fail(err, ERR_NOTFOUND, "no such message in this conversation") :
				  show(db, &m, c.read_at, arena, ret, err);
}
