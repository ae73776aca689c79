/* Conversations as lists and pages show them, with what the channel's rules say about answering. */
#include "inbox/conversation.h"

#include "base/clock.h"
#include "base/limit.h"
#include "inbox/account.h"
#include "inbox/cursor.h"
#include "inbox/rules.h"
#include "store/conversation.h"
#include "store/search.h"

enum { COUNT_MOST = 10000, SEARCH_MOST = 1000 };

static struct str refusal(const struct trixy_channel *channel, const struct store_conversation_row *row, const struct reply_window *w,
			  int64_t now)
{
	if (row->account_status == ACCOUNT_DISABLED)
		return STR("The account is disconnected.");
	if (!w->has_window || now < w->closes_at || now < w->tag_until)
		return STR_NONE;
	if (w->closes_at != 0)
		return str_from_trixy(channel->window_error);
	return channel_can(channel, TRIXY_CAN_TEMPLATES) ? STR("The customer has not written yet: begin with a template.") :
							   STR("The customer has not written yet: only the customer can begin.");
}

static void show(const struct trixy_channel *channel, const struct store_conversation_row *row, struct conversation *ret)
{
	struct reply_window w = rules_window(channel, row->c.window_from);
	int64_t now = clock_now_ms();

	*ret = (struct conversation){ .id = row->c.id, .workspace = row->c.workspace, .channel = row->c.channel,
		.account_name = row->account_name, .contact_name = row->contact_name, .contact_handle = row->contact_handle,
		.contact_picture_url = row->contact_picture_url, .account_id = row->c.account_id, .contact_id = row->c.contact_id,
		.account_status = row->account_status, .status = (enum conversation_status)row->c.status, .unread = row->c.unread,
		.activity_at = row->c.activity_at, .window_from = row->c.window_from, .closes_at = w.closes_at, .tag_until = w.tag_until,
		.last = { .id = row->last_id, .at = row->last_at, .direction = row->last_direction, .kind = row->last_kind,
			  .status = row->last_status, .flags = row->last_flags, .text = row->last_text, .name = row->last_name },
		.cannot_reply_reason = refusal(channel, row, &w, now) };
	ret->can_reply = ret->cannot_reply_reason.p == NULL;
}

int conversation_get(struct instance *i, struct db *db, struct workspace_id w, int64_t id, struct arena *arena,
		     struct conversation *ret, struct error *err)
{
	const struct trixy_channel *channel;
	struct store_conversation_row row;
	int r = store_conversation_row(db, w, id, arena, &row, err);

	if (r < 0)
		return r;
	if ((channel = channels_find(i->channels, row.c.channel)) == NULL)
		return fail(err, ERR_NOTFOUND, "the conversation's channel is not active");
	show(channel, &row, ret);
	return 0;
}

/* ---- lists ---- */

/* Newest first, then the higher id. */
static bool is_before(const struct store_conversation_row *a, const struct store_conversation_row *b)
{
	return a->c.activity_at != b->c.activity_at ? a->c.activity_at > b->c.activity_at : a->c.id > b->c.id;
}

/* Merges `more` into the sorted rows and keeps the first `room`. */
static void merge(struct store_conversation_row *rows, size_t *count, const struct store_conversation_row *more, size_t more_count,
		  size_t room, struct store_conversation_row *scratch)
{
	size_t a = 0, b = 0, n = 0;

	while (n < room && (a < *count || b < more_count)) {
		bool left = b == more_count || (a < *count && is_before(&rows[a], &more[b]));

		scratch[n++] = left ? rows[a++] : more[b++];
	}
	memcpy(rows, scratch, n * sizeof(*rows));
	*count = n;
}

/* One list of the index after the other: the channels that are asked for, times the states. */
static int list_rows(struct db *db, struct workspace_id w, const struct conversation_query *q, const struct trixy_channel *const *channels,
		     size_t channel_count, struct arena *arena, struct store_conversation_row *rows, size_t *ret_count, struct error *err)
{
	struct store_conversation_filter f = { .unread_only = q->unread_only, .limit = q->limit + 1 };
	struct store_conversation_row *more = arena_alloc(arena, f.limit * sizeof(*more)), *scratch = arena_alloc(arena, f.limit * sizeof(*more));
	int r;

	*ret_count = 0;
	if (more == NULL || scratch == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	if ((r = cursor_read(q->cursor, &f.before_activity, &f.before_id, err)) < 0)
		return r;
	for (size_t k = 0; k < channel_count; k++) {
		f.channel = str_from_trixy(channels[k]->slug);
		if (q->channel.p != NULL && !str_eq(q->channel, f.channel))
			continue;
		for (f.status = CONVERSATION_OPEN; f.status <= CONVERSATION_DONE; f.status++) {
			size_t count;

			if (q->status != 0 && q->status != f.status)
				continue;
			if ((r = store_conversation_list(db, w, &f, arena, more, &count, err)) < 0)
				return r;
			merge(rows, ret_count, more, count, f.limit, scratch);
		}
	}
	return 0;
}

static bool is_wanted(const struct conversation_query *q, const struct store_conversation_row *row, int64_t before_at, int64_t before_id)
{
	if ((q->channel.p != NULL && !str_eq(q->channel, row->c.channel)) || (q->status != 0 && q->status != row->c.status) ||
	    (q->unread_only && row->c.unread == 0) || row->c.activity_at == 0)
		return false;
	return before_at == 0 || row->c.activity_at < before_at || (row->c.activity_at == before_at && row->c.id < before_id);
}

/* What the words were found in: a bounded number, sorted here. */
static int search_rows(struct db *db, struct workspace_id w, const struct conversation_query *q, struct arena *arena,
		       struct store_conversation_row *rows, size_t *ret_count, struct error *err)
{
	struct store_conversation_row *scratch = arena_alloc(arena, (q->limit + 1) * sizeof(*scratch)), one;
	int64_t *ids = arena_alloc(arena, SEARCH_MOST * sizeof(*ids)), before_at = 0, before_id = 0;
	size_t found;
	int r;

	*ret_count = 0;
	if (scratch == NULL || ids == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	if ((r = cursor_read(q->cursor, &before_at, &before_id, err)) < 0 ||
	    (r = store_search_find(db, w, q->q, ids, SEARCH_MOST, &found, err)) < 0)
		return r;
	for (size_t k = 0; k < found; k++) {
		if ((r = store_conversation_row(db, w, ids[k], arena, &one, err)) == ERR_NOTFOUND)
			continue;
		if (r < 0)
			return r;
		if (is_wanted(q, &one, before_at, before_id))
			merge(rows, ret_count, &one, 1, q->limit + 1, scratch);
	}
	return 0;
}

static const struct trixy_channel *find(const struct trixy_channel *const *channels, size_t count, struct str slug)
{
	for (size_t k = 0; k < count; k++)
		if (str_eq(str_from_trixy(channels[k]->slug), slug))
			return channels[k];
	return NULL;
}

int conversation_list(struct instance *i, struct db *db, struct workspace_id w, const struct conversation_query *query,
		      struct arena *arena, struct conversation **ret, size_t *ret_count, struct str *ret_cursor, struct error *err)
{
	const struct trixy_channel *channels[CHANNELS_MAX];
	size_t channel_count = channels_list(i->channels, channels), count;
	struct store_conversation_row *rows = arena_alloc(arena, (query->limit + 1) * sizeof(*rows));
	struct conversation *shown = arena_alloc(arena, (query->limit + 1) * sizeof(*shown));
	int r;

	*ret_count = 0;
	*ret_cursor = STR_NONE;
	*ret = shown;
	if (rows == NULL || shown == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	r = str_trim(query->q).len > 0 ? search_rows(db, w, query, arena, rows, &count, err) :
					 list_rows(db, w, query, channels, channel_count, arena, rows, &count, err);
	if (r < 0)
		return r;
	if (count > query->limit) {
		count = query->limit;
		*ret_cursor = cursor_make(arena, rows[count - 1].c.activity_at, rows[count - 1].c.id);
	}
	for (size_t k = 0; k < count; k++) {
		const struct trixy_channel *channel = find(channels, channel_count, rows[k].c.channel);

		if (channel != NULL)		/* an inactive channel's are hidden */
			show(channel, &rows[k], &shown[(*ret_count)++]);
	}
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

int conversation_counts(struct instance *i, struct db *db, struct workspace_id w, struct arena *arena,
			struct conversation_count *ret, size_t *ret_count, struct error *err)
{
	const struct trixy_channel *channels[CHANNELS_MAX];
	size_t count = channels_list(i->channels, channels);
	int r;

	for (size_t k = 0; k < count; k++) {
		ret[k].channel = arena_copy(arena, str_from_trixy(channels[k]->slug));
		if ((r = store_conversation_count(db, w, ret[k].channel, COUNT_MOST, &ret[k].open, &ret[k].unread, err)) < 0)
			return r;
	}
	*ret_count = count;
	return 0;
}

/* ---- work on one ---- */

struct update {
	struct workspace_id workspace;
	int64_t id;
	int status;
	bool mark_read;
};

static int run_update(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	const struct update *u = arg;
	struct store_conversation c;
	int r = store_conversation_get(db, u->workspace, u->id, &arena, &c, err);

	if (r < 0)
		return r;
	bool changes = (u->status != 0 && u->status != c.status) || (u->mark_read && c.unread > 0);

	if (!changes)
		return 0;
	c.status = u->status != 0 ? u->status : c.status;
	c.unread = u->mark_read ? 0 : c.unread;
	if ((r = store_conversation_save(db, &c, err)) < 0)
		return r;
	return store_change_add(db, u->workspace, CHANGE_CONVERSATION, c.id, c.id, err);
}

int conversation_update(struct instance *i, struct workspace_id w, int64_t id, int status, bool mark_read, struct error *err)
{
	struct update u = { .workspace = w, .id = id, .status = status, .mark_read = mark_read };

	return store_write(i->store, run_update, &u, err);
}
