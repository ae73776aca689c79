/* Addons, for the admin of the installation. */
#include "addon/addon.h"
#include "web/call.h"
#include "web/render.h"

static void render_addon(struct call *c, struct json_out *j, const struct addon *a)
{
	const struct trixy_channel *channel = channels_find(c->instance->channels, a->channel);

	json_open(j, NULL);
	json_str(j, "slug", a->slug);
	json_str(j, "name", a->name);
	json_str(j, "description", a->description);
	json_str(j, "version", a->version);
	json_c(j, "status", addon_status_word(a->status));
	json_str(j, "status_reason", a->status_reason);
	json_open(j, "channel");
	json_str(j, "slug", a->channel);
	json_str(j, "name", channel != NULL ? str_from_trixy(channel->name) : a->name);
	json_close(j);
	json_str(j, "signed_by", a->signed_by);
	if (a->status == ADDON_ACTIVE)
		json_str(j, "settings_path", arena_printf(c->arena, "/admin/addons/%.*s/settings", STR_ARG(a->slug)));
	else
		json_null(j, "settings_path");
	json_time(j, "installed_at", a->installed_at);
	json_close(j);
}

static void answer_addon(struct call *c, int status, const struct addon *a)
{
	struct json_out j = call_json(c, status);

	render_addon(c, &j, a);
}

void api_addon_list(struct call *c)
{
	struct addon *list = NULL;
	struct error err = { 0 };
	size_t count = 0;
	struct json_out j;

	if (addon_list(c->db, c->arena, &list, &count, &err) < 0) {
		call_failed(c, &err, false);
		return;
	}
	j = call_list(c);
	for (size_t k = 0; k < count; k++)
		render_addon(c, &j, &list[k]);
	call_list_end(&j, STR_NONE);
}

/* Reasons of addon/ are written for the admin. */
static bool is_for_people(const struct error *err)
{
	return err->code == ERR_INVALID || err->code == ERR_LIMIT || err->code == ERR_STATE || err->code == ERR_EXISTS;
}

void api_addon_upload(struct call *c)
{
	struct addon a;
	struct str confirmed;
	struct error err = { 0 };

	if (!call_query(c, "allow_unsigned", &confirmed))
		return;
	if (addon_install(c->instance, buf_str(&c->body), str_eq(confirmed, STR("yes")), c->arena, &a, &err) >= 0)
		answer_addon(c, 201, &a);
	else if (err.code == ERR_DENIED)
		call_problem(c, 409, "addon_unsigned", "This addon is not signed", str_of(err.text));
	else
		call_failed(c, &err, is_for_people(&err));
}

/* The slug of the path, if it can be one. */
static bool read_slug(struct call *c, struct str *ret)
{
	*ret = c->param[0];
	if (channel_slug_valid(*ret))
		return true;
	call_not_found(c);
	return false;
}

static void change(struct call *c, int (*run)(struct instance *i, struct str slug, struct arena *arena, struct addon *ret,
					      struct error *err))
{
	struct addon a;
	struct error err = { 0 };
	struct str slug;

	if (!read_slug(c, &slug))
		return;
	if (run(c->instance, slug, c->arena, &a, &err) < 0)
		call_failed(c, &err, is_for_people(&err));
	else
		answer_addon(c, 200, &a);
}

void api_addon_activate(struct call *c)
{
	change(c, addon_activate);
}

void api_addon_deactivate(struct call *c)
{
	change(c, addon_deactivate);
}

void api_addon_delete(struct call *c)
{
	struct error err = { 0 };
	struct str slug;

	if (!read_slug(c, &slug))
		return;
	if (addon_remove(c->instance, slug, &err) < 0)
		call_failed(c, &err, is_for_people(&err));
	else
		call_empty(c, 204);
}

static void render_connected(struct json_out *j, const struct account_connected *list, size_t count)
{
	json_list(j, "connected");
	for (size_t k = 0; k < count; k++) {
		json_open(j, NULL);
		json_id(j, "workspace_id", list[k].account.workspace.v);
		json_str(j, "workspace_name", list[k].workspace_name);
		json_str(j, "account_name", list[k].account.name);
		json_str(j, "backend", list[k].account.backend);
		json_c(j, "status", account_status_word(list[k].account.status));
		json_time(j, "connected_at", list[k].account.connected_at);
		json_close(j);
	}
	json_list_end(j);
}

static void render_checklist(struct json_out *j, const struct trixy_channel *channel)
{
	json_list(j, "checklist");
	for (uint32_t k = 0; k < channel->checklist_count; k++) {
		const struct trixy_checklist *step = &channel->checklist[k];

		json_open(j, NULL);
		json_str(j, "title", str_from_trixy(step->title));
		json_str(j, "detail", str_from_trixy(step->detail));
		json_list(j, "items");
		for (uint32_t n = 0; n < step->item_count; n++) {
			json_open(j, NULL);
			json_str(j, "name", str_from_trixy(step->items[n].name));
			json_str(j, "reason", str_from_trixy(step->items[n].reason));
			json_close(j);
		}
		json_list_end(j);
		json_close(j);
	}
	json_list_end(j);
}

/* What its channel offers and who uses it. Only while it is active: its texts are the library's. */
void api_addon_overview(struct call *c)
{
	const struct trixy_channel *channel;
	struct account_connected *list = NULL;
	struct addon a;
	struct error err = { 0 };
	struct str slug;
	size_t count = 0;
	struct json_out j;

	if (!read_slug(c, &slug))
		return;
	if (addon_get(c->db, slug, c->arena, &a, &err) < 0 ||
	    account_list_of_channel(c->db, a.channel, c->arena, &list, &count, &err) < 0) {
		call_failed(c, &err, false);
		return;
	}
	if ((channel = channels_find(c->instance->channels, a.channel)) == NULL) {
		call_problem(c, 409, NULL, "The addon is not active", STR("Activate it to see its settings."));
		return;
	}
	j = call_json(c, 200);
	json_open(&j, NULL);
	json_str(&j, "slug", a.slug);
	json_str(&j, "name", a.name);
	json_str(&j, "version", a.version);
	json_str(&j, "webhook_url", webhook_url(c->instance, a.channel, c->arena));
	json_c(&j, "channels_path", "/settings/channels");
	render_connected(&j, list, count);
	render_checklist(&j, channel);
	json_close(&j);
}
