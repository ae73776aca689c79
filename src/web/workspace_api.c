/* Workspaces and their members. */
#include "base/limit.h"
#include "web/call.h"

static void answer_workspace(struct call *c, int status, struct workspace_id w, struct str name, enum role role)
{
	struct json_out j = call_json(c, status);

	json_open(&j, NULL);
	json_id(&j, "id", w.v);
	json_str(&j, "name", name);
	json_c(&j, "role", role_word(role));
	json_close(&j);
}

void api_workspace_add(struct call *c)
{
	struct str name = call_text(c, "name", true, LIMIT_NAME);
	struct workspace_id w;
	struct error err = { 0 };

	if (call_has_faults(c))
		return;
	if (people_workspace_new(c->instance, c->user.id, name, &w, &err) < 0)
		call_failed_field(c, &err);
	else
		answer_workspace(c, 201, w, str_trim(name), ROLE_OWNER);
}

void api_workspace_change(struct call *c)
{
	struct str name = call_text(c, "name", true, LIMIT_NAME);
	struct error err = { 0 };

	if (call_has_faults(c))
		return;
	if (people_workspace_rename(c->instance, c->workspace, name, &err) < 0)
		call_failed_field(c, &err);
	else
		answer_workspace(c, 200, c->workspace, str_trim(name), c->role);
}

void api_workspace_delete(struct call *c)
{
	struct error err = { 0 };

	if (people_workspace_delete(c->instance, c->workspace, &err) < 0)
		call_failed(c, &err, false);
	else
		call_access_ended(c);
}

static void render_member(struct json_out *j, const struct member *m)
{
	json_open(j, NULL);
	json_id(j, "user_id", m->user_id);
	json_str(j, "name", m->name);
	json_str(j, "email", m->email);
	json_c(j, "role", role_word(m->role));
	json_close(j);
}

static bool read_members(struct call *c, struct member **ret, size_t *ret_count)
{
	struct error err = { 0 };

	if (people_members(c->db, c->workspace, c->arena, ret, ret_count, &err) >= 0)
		return true;
	call_failed(c, &err, false);
	return false;
}

void api_member_list(struct call *c)
{
	struct member *list = NULL;
	size_t count = 0;
	struct json_out j;

	if (!read_members(c, &list, &count))
		return;
	j = call_list(c);
	for (size_t k = 0; k < count; k++)
		render_member(&j, &list[k]);
	call_list_end(&j, STR_NONE);
}

static void answer_member(struct call *c, int status, int64_t user_id)
{
	struct member *list = NULL;
	size_t count = 0;
	struct json_out j;

	if (!read_members(c, &list, &count))
		return;
	for (size_t k = 0; k < count; k++)
		if (list[k].user_id == user_id) {
			j = call_json(c, status);
			render_member(&j, &list[k]);
			return;
		}
	call_not_found(c);
}

static enum role read_role(struct call *c)
{
	enum role role = role_of_word(call_text(c, "role", true, LIMIT_NAME));

	if (role == ROLE_NONE && c->faults.count == 0)
		call_fault(c, "role", "Is viewer, agent, admin or owner.");
	return role;
}

void api_member_add(struct call *c)
{
	struct str email = call_text(c, "email", true, LIMIT_EMAIL), name = call_text(c, "name", false, LIMIT_NAME);
	struct str password = call_text(c, "password", false, LIMIT_PASSWORD);
	enum role role = read_role(c);
	struct error err = { 0 };
	int64_t user_id;

	if (call_has_faults(c))
		return;
	if (people_member_add(c->instance, c->workspace, c->role, email, name, password, role, &user_id, &err) < 0)
		call_failed_field(c, &err);
	else
		answer_member(c, 201, user_id);
}

void api_member_change(struct call *c)
{
	enum role role = read_role(c);
	struct error err = { 0 };
	int64_t user_id;

	if (!call_id(c, 1, &user_id) || call_has_faults(c))
		return;
	if (people_member_change(c->instance, c->workspace, c->role, user_id, role, &err) < 0)
		call_failed_field(c, &err);
	else
		answer_member(c, 200, user_id);
}

void api_member_delete(struct call *c)
{
	struct error err = { 0 };
	int64_t user_id;

	if (!call_id(c, 1, &user_id))
		return;
	if (people_member_change(c->instance, c->workspace, c->role, user_id, ROLE_NONE, &err) < 0)
		call_failed_field(c, &err);
	else
		call_access_ended(c);
}
