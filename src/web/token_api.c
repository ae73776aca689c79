/* A user's own API tokens. */
#include "base/limit.h"
#include "web/call.h"

static void render_token(struct json_out *j, const struct credential *t, struct str secret)
{
	json_open(j, NULL);
	json_id(j, "id", t->id);
	json_str(j, "name", t->name);
	json_time(j, "created_at", t->created_at);
	json_time(j, "last_used_at", t->used_at);
	if (secret.p != NULL)
		json_str(j, "token", secret);
	json_close(j);
}

static bool list_tokens(struct call *c, struct credential **ret, size_t *ret_count)
{
	struct error err = { 0 };

	if (people_credentials(c->db, c->user.id, CREDENTIAL_TOKEN, c->arena, ret, ret_count, &err) >= 0)
		return true;
	call_failed(c, &err, false);
	return false;
}

void api_token_list(struct call *c)
{
	struct credential *list = NULL;
	size_t count = 0;
	struct json_out j;

	if (!list_tokens(c, &list, &count))
		return;
	j = call_list(c);
	for (size_t k = 0; k < count; k++)
		render_token(&j, &list[k], STR_NONE);
	call_list_end(&j, STR_NONE);
}

void api_token_add(struct call *c)
{
	struct str name = str_trim(call_text(c, "name", true, LIMIT_NAME)), secret;
	struct credential *list = NULL;
	struct error err = { 0 };
	size_t count = 0;
	int64_t id;
	struct json_out j;

	if (c->faults.count == 0 && name.len == 0)
		call_fault(c, "name", "May not be empty.");
	if (call_has_faults(c))
		return;
	if (people_credential_new(c->instance, c->user.id, CREDENTIAL_TOKEN, name, 0, c->arena, &secret, &id, &err) < 0) {
		call_failed_field(c, &err);
		return;
	}
	if (!list_tokens(c, &list, &count))
		return;
	for (size_t k = 0; k < count; k++)
		if (list[k].id == id) {
			j = call_json(c, 201);
			render_token(&j, &list[k], secret);
			return;
		}
	call_not_found(c);	/* deleted meanwhile */
}

void api_token_delete(struct call *c)
{
	struct credential *list = NULL;
	struct error err = { 0 };
	size_t count = 0;
	int64_t id;

	/* Only tokens: the id of a browser's session is not one. */
	if (!call_id(c, 0, &id) || !list_tokens(c, &list, &count))
		return;
	for (size_t k = 0; k < count; k++)
		if (list[k].id == id) {
			if (people_credential_delete(c->instance, c->user.id, id, &err) < 0)
				call_failed(c, &err, false);
			else
				call_access_ended(c);
			return;
		}
	call_not_found(c);
}
