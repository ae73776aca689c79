/* Reading the journal. Writing it is webhook.c. */
#include "inbox/journal.h"

#include "store/webhook.h"

static const char *const words[] = { NULL, "applied", "ignored", "failed", "refused" };

const char *journal_state_word(int state)
{
	return state >= JOURNAL_APPLIED && state <= JOURNAL_REFUSED ? words[state] : "failed";
}

int journal_state_of_word(struct str word)
{
	for (int k = JOURNAL_APPLIED; k <= JOURNAL_REFUSED; k++)
		if (str_eq_c(word, words[k]))
			return k;
	return 0;
}

static struct journal_event shown(const struct store_webhook_event *e)
{
	return (struct journal_event){ .id = e->id, .account_id = e->account_id, .received_at = e->received_at, .state = e->state,
				       .reason = e->reason };
}

int journal_list(struct db *db, struct workspace_id w, int state, struct str cursor, size_t limit, struct arena *arena,
		 struct journal_event **ret, size_t *ret_count, struct str *ret_cursor, struct error *err)
{
	struct store_webhook_event *rows = arena_alloc(arena, (limit + 1) * sizeof(*rows));
	struct journal_event *events = arena_alloc(arena, (limit + 1) * sizeof(*events));
	int64_t before = 0;
	size_t count;
	int r;

	if (rows == NULL || events == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	if (cursor.p != NULL && (!str_to_i64(cursor, &before) || before < 1))
		return fail(err, ERR_INVALID, "the cursor is not one of ours");
	/* One more than asked for tells whether there is another page. */
	if ((r = store_webhook_event_list(db, w, state, before, limit + 1, arena, rows, &count, err)) < 0)
		return r;
	*ret_cursor = STR_NONE;
	if (count > limit) {
		count = limit;
		*ret_cursor = arena_printf(arena, "%lld", (long long)rows[count - 1].id);
	}
	for (size_t k = 0; k < count; k++)
		events[k] = shown(&rows[k]);
	*ret = events;
	*ret_count = count;
	return 0;
}

int journal_get(struct db *db, struct workspace_id w, int64_t id, struct arena *arena, struct journal_event *ret, struct error *err)
{
	struct store_webhook_event e;
	struct str channel, body;
	int r = store_webhook_event_get(db, w, id, arena, &e, &channel, &body, err);

	if (r == 0)
		*ret = shown(&e);
	return r;
}
