/* See web/render.h. */
#include "web/render.h"

#include "base/clock.h"

static const char *conversation_status_word(enum conversation_status status)
{
	return status == CONVERSATION_DONE ? "done" : "open";
}

static void render_contact(struct json_out *j, const struct conversation *c)
{
	json_open(j, "contact");
	json_id(j, "id", c->contact_id);
	json_str(j, "name", c->contact_name);
	json_str(j, "handle", c->contact_handle);
	json_str(j, "avatar_url", c->contact_picture_url);
	json_close(j);
}

static void render_last(struct json_out *j, const struct conversation *c)
{
	if (c->last.id == 0) {
		json_null(j, "last_message");
		return;
	}
	json_open(j, "last_message");
	json_str(j, "text", (c->last.flags & MESSAGE_UNSENT) != 0 ? STR_NONE : c->last.text);
	json_time(j, "at", c->last.at);
	json_c(j, "direction", message_direction_word(c->last.direction));
	json_c(j, "kind", message_kind_word(c->last.kind));
	json_bool(j, "unsent", (c->last.flags & MESSAGE_UNSENT) != 0);
	json_str(j, "name", (c->last.flags & MESSAGE_UNSENT) != 0 ? STR_NONE : c->last.name);
	json_bool(j, "failed", c->last.status == MESSAGE_FAILED || c->last.status == MESSAGE_UNKNOWN);
	json_close(j);
}

static void render_window(struct json_out *j, const struct conversation *c)
{
	if (c->closes_at == 0) {
		json_null(j, "window");
		return;
	}
	json_open(j, "window");
	json_bool(j, "open", clock_now_ms() < c->closes_at);
	json_time(j, "closes_at", c->closes_at);
	json_time(j, "tag_until", c->tag_until);
	json_close(j);
}

void render_conversation(struct json_out *j, const char *key, const struct conversation *c)
{
	json_open(j, key);
	json_id(j, "id", c->id);
	json_str(j, "channel", c->channel);
	json_id(j, "account_id", c->account_id);
	json_str(j, "account_name", c->account_name);
	render_contact(j, c);
	json_c(j, "status", conversation_status_word(c->status));
	json_i64(j, "unread", c->unread);
	render_last(j, c);
	json_time(j, "last_activity_at", c->activity_at);
	render_window(j, c);
	json_bool(j, "can_reply", c->can_reply);
	json_str(j, "cannot_reply_reason", c->cannot_reply_reason);
	json_close(j);
}

static void render_error(struct json_out *j, const struct message *m)
{
	if (m->error_code.p == NULL && m->error_text.p == NULL) {
		json_null(j, "error");
		return;
	}
	json_open(j, "error");
	json_str(j, "code", m->error_code);
	json_str(j, "message", m->error_text);
	json_str(j, "fix", m->error_fix);
	json_bool(j, "retryable", m->retryable);
	json_close(j);
}

/* A number that may not be known. */
static void json_known(struct json_out *j, const char *key, bool is_known, int64_t v)
{
	if (is_known)
		json_i64(j, key, v);
	else
		json_null(j, key);
}

static const char *attachment_state_word(enum attachment_state state)
{
	switch (state) {
	case ATTACHMENT_NO_FILE: return "none";
	case ATTACHMENT_FETCHING: return "fetching";
	case ATTACHMENT_KEPT: return "kept";
	case ATTACHMENT_LOST: return "lost";
	}
	return "none";
}

/* A kept file is served from here; a provider's own address of one dies, and would tell the provider who looks. */
static void render_addresses(struct json_out *j, const struct message *m, const struct message_attachment *a)
{
	char url[160];
	int len = snprintf(url, sizeof(url), "/api/v1/workspaces/%lld/messages/%lld/attachments/%d", (long long)m->workspace.v,
			   (long long)m->id, a->position);

	if (a->state != ATTACHMENT_KEPT) {
		json_str(j, "url", a->state == ATTACHMENT_NO_FILE ? a->url : STR_NONE);
		json_null(j, "preview_url");
		return;
	}
	json_c(j, "url", url);
	(void)snprintf(url + len, sizeof(url) - (size_t)len, "?preview=1");
	json_c(j, "preview_url", a->has_preview ? url : NULL);
}

static void render_attachment(struct json_out *j, const struct message *m, const struct message_attachment *a)
{
	bool is_kept = a->state == ATTACHMENT_KEPT, is_picture = is_kept && a->width > 0;

	json_open(j, NULL);
	json_i64(j, "position", a->position);
	json_c(j, "type", message_kind_word(a->type));
	json_c(j, "state", attachment_state_word(a->state));
	render_addresses(j, m, a);
	json_str(j, "title", a->title);
	json_str(j, "file_name", a->file_name);
	json_str(j, "mime_type", a->mime_type);
	json_known(j, "bytes", is_kept, a->bytes);
	json_known(j, "width", is_picture, a->width);
	json_known(j, "height", is_picture, a->height);
	json_bool(j, "voice", (a->flags & TRIXY_ATTACHMENT_VOICE) != 0);
	json_bool(j, "animated", (a->flags & TRIXY_ATTACHMENT_ANIMATED) != 0);
	json_list(j, "details");
	for (size_t k = 0; k < a->detail_count; k++) {
		json_open(j, NULL);
		json_str(j, "name", a->details[k].name);
		json_str(j, "value", a->details[k].value);
		json_close(j);
	}
	json_list_end(j);
	json_str(j, "fault", a->fault);
	json_close(j);
}

static void render_reaction(struct json_out *j, const struct message_reaction *r)
{
	json_open(j, NULL);
	json_c(j, "by", r->side == 1 ? "contact" : "us");
	json_str(j, "reaction", r->reaction);
	json_str(j, "emoji", r->emoji);
	json_c(j, "status", r->status == 1 ? "sending" : r->status == 2 ? "refused" : "settled");
	json_str(j, "error", r->error_text);
	json_close(j);
}

static void render_parts(struct json_out *j, const struct message *m)
{
	json_list(j, "attachments");
	for (size_t k = 0; k < m->attachment_count; k++)
		render_attachment(j, m, &m->attachments[k]);
	json_list_end(j);
	json_list(j, "reactions");
	for (size_t k = 0; k < m->reaction_count; k++)
		render_reaction(j, &m->reactions[k]);
	json_list_end(j);
}

static void render_reply_to(struct json_out *j, const struct message *m)
{
	if (m->reply_to_id.p == NULL && m->story_id.p == NULL && m->story_url.p == NULL) {
		json_null(j, "reply_to");
		return;
	}
	json_open(j, "reply_to");
	json_id(j, "message_id", m->reply_to_message_id);
	json_str(j, "external_id", m->reply_to_id);
	json_str(j, "text", m->reply_to_text);
	if (m->story_id.p == NULL && m->story_url.p == NULL) {
		json_null(j, "story");
	} else {
		json_open(j, "story");
		json_str(j, "id", m->story_id);
		json_str(j, "url", m->story_url);
		json_close(j);
	}
	json_close(j);
}

static void render_author(struct json_out *j, const struct message *m)
{
	if (m->author_id == 0) {
		json_null(j, "author");
		return;
	}
	json_open(j, "author");
	json_id(j, "id", m->author_id);
	json_str(j, "name", m->author_name);
	json_close(j);
}

void render_message(struct json_out *j, const char *key, const struct message *m)
{
	bool unsent = (m->flags & MESSAGE_UNSENT) != 0;

	json_open(j, key);
	json_id(j, "id", m->id);
	json_id(j, "conversation_id", m->conversation_id);
	json_c(j, "direction", message_direction_word(m->direction));
	json_c(j, "kind", message_kind_word(m->kind));
	json_str(j, "text", unsent ? STR_NONE : m->text);
	json_time(j, "at", m->at);
	json_c(j, "status", message_status_word(m->status));
	render_error(j, m);
	render_parts(j, m);
	render_reply_to(j, m);
	json_str(j, "external_id", m->external_id);
	json_str(j, "client_id", m->client_id);
	json_str(j, "tag", m->tag);
	json_bool(j, "unsent", unsent);
	/* How a call went is told as an edit of its line; nobody has edited anything. */
	json_bool(j, "edited", (m->flags & MESSAGE_EDITED) != 0 && m->kind != TRIXY_MESSAGE_CALL);
	json_bool(j, "forwarded", (m->flags & MESSAGE_FORWARDED) != 0);
	json_c(j, "origin",
	       m->direction == MESSAGE_IN            ? "contact"
	       : (m->flags & MESSAGE_ELSEWHERE) != 0 ? "elsewhere"
						     : "inbox");
	render_author(j, m);
	json_str(j, "payload", m->payload);
	json_bool(j, "standby", (m->flags & MESSAGE_STANDBY) != 0);
	json_i64(j, "seq", m->id);
	json_close(j);
}

const char *account_status_word(enum account_status status)
{
	switch (status) {
	case ACCOUNT_CONNECTED: return "connected";
	case ACCOUNT_RECONNECT_NEEDED: return "reconnect_needed";
	case ACCOUNT_DISABLED: return "disabled";
	}
	return "disabled";
}

struct str webhook_url(struct instance *i, struct str channel, struct arena *arena)
{
	const struct trixy_channel *c = channels_find(i->channels, channel);

	if (c == NULL)
		return STR("");
	return arena_printf(arena, "%.*s%.*s", STR_ARG(i->config->public_url), STR_ARG(str_from_trixy(c->webhook_path)));
}

int render_account(struct json_out *j, const char *key, struct instance *i, struct db *db, const struct account *a,
		   enum role role, struct arena *arena, struct error *err)
{
	struct account_pair *pairs = NULL;
	size_t count = 0;
	struct str token = STR_NONE;
	/* Without its channel nothing is known of its fields; they are kept for when it is active again. */
	bool is_active = channels_find(i->channels, a->channel) != NULL;
	int r;

	if (is_active && (r = account_shown_fields(i, db, a, arena, &pairs, &count, err)) < 0)
		return r;
	/* One that does not open any more (another secret.key) must not hide the account. */
	if (role >= ROLE_ADMIN && account_verify_token(i, db, a, arena, &token, NULL) < 0)
		token = STR_NONE;
	json_open(j, key);
	json_id(j, "id", a->id);
	json_str(j, "channel", a->channel);
	json_str(j, "backend", a->backend);
	json_str(j, "name", a->name);
	json_str(j, "handle", a->handle);
	json_c(j, "status", account_status_word(a->status));
	json_str(j, "status_reason", a->status_reason);
	json_open(j, "fields");
	for (size_t k = 0; k < count; k++)
		json_str(j, arena_copy(arena, pairs[k].name).p, pairs[k].value);
	json_close(j);
	json_str(j, "verify_token", token);
	json_bool(j, "read_receipts", (a->presence & PRESENCE_SEEN) != 0);
	json_bool(j, "typing", (a->presence & PRESENCE_TYPING) != 0);
	json_str(j, "webhook_url", webhook_url(i, a->channel, arena));
	json_time(j, "parked_until", a->parked_until);
	json_time(j, "connected_at", a->connected_at);
	json_time(j, "last_event_at", a->last_event_at);
	json_str(j, "last_error", a->last_error);
	json_close(j);
	return 0;
}
