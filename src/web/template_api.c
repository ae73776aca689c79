/* An account's approved templates: as they are known, and fetched anew. */
#include "inbox/template.h"
#include "inbox/message.h"
#include "web/call.h"

static void render_template(struct json_out *j, const struct template *t)
{
	json_open(j, NULL);
	json_str(j, "name", t->name);
	json_str(j, "language", t->language);
	json_str(j, "category", t->category);
	json_str(j, "status", t->status);
	json_bool(j, "usable", t->is_usable);
	json_str(j, "reason", t->reason);
	json_str(j, "header", t->header);
	json_c(j, "header_type", t->header_type == 0 ? NULL : message_kind_word(t->header_type));
	json_str(j, "body", t->body);
	json_str(j, "footer", t->footer);
	json_list(j, "buttons");
	for (size_t k = 0; k < t->button_count; k++)
		json_str(j, NULL, t->buttons[k]);
	json_list_end(j);
	json_list(j, "variables");
	for (size_t k = 0; k < t->variable_count; k++) {
		const struct template_variable *v = &t->variables[k];

		json_open(j, NULL);
		json_str(j, "key", v->key);
		json_str(j, "label", v->label);
		json_str(j, "example", v->example);
		if (v->max_bytes > 0)
			json_i64(j, "max_bytes", v->max_bytes);
		else
			json_null(j, "max_bytes");
		json_close(j);
	}
	json_list_end(j);
	json_close(j);
}

static void answer_templates(struct call *c, int64_t account_id)
{
	struct template *list = NULL;
	struct error err = { 0 };
	int64_t fetched_at = 0;
	size_t count = 0;
	struct json_out j;

	if (template_list(c->db, c->workspace, account_id, c->arena, &list, &count, &fetched_at, &err) < 0) {
		call_failed(c, &err, false);
		return;
	}
	j = call_json(c, 200);
	json_open(&j, NULL);
	json_time(&j, "fetched_at", fetched_at);
	json_list(&j, "items");
	for (size_t k = 0; k < count; k++)
		render_template(&j, &list[k]);
	call_list_end(&j, STR_NONE);
}

void api_template_list(struct call *c)
{
	int64_t id;

	if (call_id(c, 1, &id))
		answer_templates(c, id);
}

void api_template_fetch(struct call *c)
{
	struct instance *i = c->instance;
	struct error err = { 0 };
	int64_t id;

	if (!call_id(c, 1, &id))
		return;
	if (i->fetch_templates == NULL) {
		call_problem(c, 503, NULL, "Not possible at the moment", STR("Nothing on this server can ask the provider just now."));
		return;
	}
	if (i->fetch_templates(i->fetch_templates_arg, c->workspace, id, &err) >= 0)
		answer_templates(c, id);
	else if (err.code == ERR_DENIED || err.code == ERR_TEMPORARY || err.code == ERR_UNKNOWN)
		call_problem(c, 422, "templates_unavailable", "The templates could not be fetched", arena_copy(c->arena, str_of(err.text)));
	else
		call_failed(c, &err, err.code == ERR_STATE);
}
