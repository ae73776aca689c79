/* See web/live_render.h. */
#include "web/live_render.h"

#include "addon/addon.h"
#include "web/render.h"

static int order(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static int by_subject(const void *pa, const void *pb)
{
	const struct change *a = pa, *b = pb;
	int r = order(a->workspace.v, b->workspace.v);

	r = r != 0 ? r : order(a->conversation_id, b->conversation_id);
	r = r != 0 ? r : order(a->kind, b->kind);	/* messages before their conversation */
	r = r != 0 ? r : order(a->subject_id, b->subject_id);
	return r != 0 ? r : order(b->id, a->id);	/* the newest first */
}

static int by_id(const void *pa, const void *pb)
{
	const struct change *a = pa, *b = pb;
	int r = order(a->workspace.v, b->workspace.v);

	return r != 0 ? r : order(a->id, b->id);
}

static bool is_told_by(const struct change *c, const struct change *kept)
{
	if (c->workspace.v != kept->workspace.v)
		return false;
	if (c->kind == kept->kind && c->subject_id == kept->subject_id)
		return true;
	return c->kind == CHANGE_CONVERSATION && kept->kind == CHANGE_MESSAGE && c->conversation_id == kept->conversation_id;
}

size_t live_coalesce(struct change *changes, size_t count)
{
	size_t kept = 0;

	/* A conversation's own change may name it as subject only. */
	for (size_t k = 0; k < count; k++)
		if (changes[k].kind == CHANGE_CONVERSATION)
			changes[k].conversation_id = changes[k].subject_id;
	if (count > 1)
		qsort(changes, count, sizeof(*changes), by_subject);
	for (size_t k = 0; k < count; k++)
		if (kept == 0 || !is_told_by(&changes[k], &changes[kept - 1]))
			changes[kept++] = changes[k];
	if (kept > 1)
		qsort(changes, kept, sizeof(*changes), by_id);
	return kept;
}

static struct json_out begin(struct buf *out, int64_t id, const char *event)
{
	buf_addf(out, "id: %lld\nevent: %s\ndata: ", (long long)id, event);
	return json_out(out);
}

/* JSON has no line break inside: buf_add_json escapes them. */
static void end(struct buf *out)
{
	buf_add(out, STR("\n\n"));
}

void live_render_plain(struct buf *out, const char *event, int64_t id)
{
	(void)begin(out, id, event);
	buf_add(out, STR("{}"));
	end(out);
}

static int render_talk(struct instance *i, struct db *db, struct workspace_id w, const struct change *c,
		       struct arena *arena, struct buf *out, struct error *err)
{
	struct conversation conversation;
	struct message message;
	struct json_out j;
	int r = conversation_get(i, db, w, c->conversation_id, arena, &conversation, err);

	if (r >= 0 && c->kind == CHANGE_MESSAGE)
		r = message_get(db, w, c->conversation_id, c->subject_id, arena, &message, err);
	if (r < 0)
		return r;
	j = begin(out, c->id, c->kind == CHANGE_MESSAGE ? "message" : "conversation");
	if (c->kind == CHANGE_MESSAGE) {
		json_open(&j, NULL);
		render_conversation(&j, "conversation", &conversation);
		render_message(&j, "message", &message);
		json_close(&j);
	} else {
		render_conversation(&j, NULL, &conversation);
	}
	end(out);
	return 1;
}

static int render_account_event(struct instance *i, struct db *db, struct workspace_id w, const struct change *c,
				struct arena *arena, struct buf *out, struct error *err)
{
	struct account a;
	struct json_out j;
	int r = account_get(db, w, c->subject_id, arena, &a, err);

	if (r < 0 && r != ERR_NOTFOUND)
		return r;
	if (r >= 0 && channels_find(i->channels, a.channel) == NULL)
		return 0;
	j = begin(out, c->id, "account");
	json_open(&j, NULL);
	json_id(&j, "id", c->subject_id);
	/* A disconnected one is not found any more: that is what there is to say of it. */
	json_c(&j, "status", account_status_word(r < 0 ? ACCOUNT_DISABLED : a.status));
	json_str(&j, "status_reason", r < 0 ? STR_NONE : a.status_reason);
	json_close(&j);
	end(out);
	return 1;
}

/* Which addon it was is not in the change: all of them are told, which are few. */
static int render_addons(struct db *db, const struct change *c, struct arena *arena, struct buf *out, struct error *err)
{
	struct addon *list = NULL;
	size_t count = 0;
	struct json_out j;
	int r = addon_list(db, arena, &list, &count, err);

	for (size_t k = 0; r >= 0 && k < (count > 0 ? count : 1); k++) {
		j = begin(out, c->id, "addon");
		json_open(&j, NULL);
		json_str(&j, "slug", count > 0 ? list[k].slug : STR_NONE);
		json_c(&j, "status", count > 0 ? addon_status_word(list[k].status) : NULL);
		json_close(&j);
		end(out);
	}
	return r < 0 ? r : 1;
}

int live_render(struct instance *i, struct db *db, struct workspace_id w, const struct change *changes, size_t count,
		struct buf *out, size_t *ret_events, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	int r = 0;

	*ret_events = 0;
	for (size_t k = 0; k < count; k++) {
		switch (changes[k].kind) {
		case CHANGE_MESSAGE:
		case CHANGE_CONVERSATION: r = render_talk(i, db, w, &changes[k], &arena, out, err); break;
		case CHANGE_ACCOUNT: r = render_account_event(i, db, w, &changes[k], &arena, out, err); break;
		case CHANGE_ADDON: r = render_addons(db, &changes[k], &arena, out, err); break;
		case CHANGE_VISIT: r = 0; break;
		}
		if (r < 0 && r != ERR_NOTFOUND)
			return r;
		*ret_events += r > 0;
		arena_reset(&arena);
	}
	return out->failed ? fail(err, ERR_LIMIT, "too much has changed for one batch of events") : 0;
}
