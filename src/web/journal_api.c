/* The journal of webhooks, and applying one of its events again. */
#include "inbox/journal.h"
#include "inbox/webhook.h"
#include "web/call.h"

static void render_event(struct json_out *j, const struct journal_event *e)
{
	json_open(j, NULL);
	json_id(j, "id", e->id);
	json_id(j, "account_id", e->account_id);
	json_time(j, "received_at", e->received_at);
	json_c(j, "state", journal_state_word(e->state));
	json_str(j, "reason", e->reason);
	json_close(j);
}

void api_journal_list(struct call *c)
{
	struct journal_event *list = NULL;
	struct str word, cursor, next = STR_NONE;
	struct error err = { 0 };
	size_t limit, count = 0;
	int state = 0;
	struct json_out j;

	if (!call_query(c, "state", &word) || !call_query_page(c, &limit, &cursor))
		return;
	if (word.len > 0 && (state = journal_state_of_word(word)) == 0) {
		call_problem(c, 400, NULL, "The request is malformed", STR("state is applied, ignored, failed or refused."));
		return;
	}
	if (journal_list(c->db, c->workspace, state, cursor, limit, c->arena, &list, &count, &next, &err) < 0) {
		call_list_failed(c, &err);
		return;
	}
	j = call_list(c);
	for (size_t k = 0; k < count; k++)
		render_event(&j, &list[k]);
	call_list_end(&j, next);
}

void api_journal_replay(struct call *c)
{
	struct journal_event e;
	struct error err = { 0 };
	int64_t id;
	struct json_out j;

	if (!call_id(c, 1, &id))
		return;
	if (webhook_replay(c->instance, c->workspace, id, &err) < 0 ||
	    journal_get(c->db, c->workspace, id, c->arena, &e, &err) < 0) {
		call_failed(c, &err, err.code == ERR_STATE);
		return;
	}
	j = call_json(c, 200);
	render_event(&j, &e);
}
