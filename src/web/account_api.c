/* What can be connected, what is connected, and how it fares. */
#include "base/clock.h"
#include "base/limit.h"
#include "inbox/account_form.h"
#include "inbox/check.h"
#include "inbox/message.h"
#include "web/call.h"
#include "web/render.h"

/* ---- channels ---- */

static void render_window_rules(struct json_out *j, const struct trixy_channel *c)
{
	if (c->window_ms == 0) {
		json_null(j, "window");
		return;
	}
	json_open(j, "window");
	json_i64(j, "hours", c->window_ms / HOUR_MS);
	json_i64(j, "tag_hours", c->tag_window_ms / HOUR_MS);
	json_list(j, "tags");
	for (uint32_t k = 0; k < c->tag_count; k++) {
		json_open(j, NULL);
		json_str(j, "tag", str_from_trixy(c->tags[k].tag));
		json_str(j, "label", str_from_trixy(c->tags[k].label));
		json_str(j, "help", str_from_trixy(c->tags[k].help));
		json_close(j);
	}
	json_list_end(j);
	json_close(j);
}

static void render_backends(struct json_out *j, const struct trixy_channel *c)
{
	json_list(j, "backends");
	for (uint32_t k = 0; k < c->backend_count; k++) {
		json_open(j, NULL);
		json_str(j, "slug", str_from_trixy(c->backends[k].slug));
		json_str(j, "name", str_from_trixy(c->backends[k].name));
		json_str(j, "help", str_from_trixy(c->backends[k].help));
		json_close(j);
	}
	json_list_end(j);
}

static void render_field(struct json_out *j, const struct trixy_channel *c, const struct trixy_field *f)
{
	json_open(j, NULL);
	json_str(j, "name", str_from_trixy(f->name));
	json_str(j, "label", str_from_trixy(f->label));
	json_bool(j, "required", (f->flags & TRIXY_FIELD_REQUIRED) != 0);
	json_bool(j, "secret", (f->flags & TRIXY_FIELD_SECRET) != 0);
	json_str(j, "help", str_from_trixy(f->help));
	json_str(j, "placeholder", str_from_trixy(f->placeholder));
	json_bool(j, "learned", (f->flags & TRIXY_FIELD_LEARNED) != 0);
	json_i64(j, "max_bytes", (int64_t)f->max_bytes);
	json_list(j, "backends");
	for (uint32_t k = 0; k < c->backend_count; k++)
		if ((f->backends >> k & 1) != 0)
			json_str(j, NULL, str_from_trixy(c->backends[k].slug));
	json_list_end(j);
	json_close(j);
}

static void render_reactions(struct json_out *j, const struct trixy_channel *c)
{
	bool allowed = channel_can(c, TRIXY_CAN_REACT);
	uint32_t count = 0;
	const struct trixy_text *emoji = channel_reactions(c, &count);

	json_open(j, "react");
	json_bool(j, "allowed", allowed);
	if (!allowed || count == 0) {
		json_null(j, "emoji");
	} else {
		json_list(j, "emoji");
		for (uint32_t k = 0; k < count; k++)
			json_str(j, NULL, str_from_trixy(emoji[k]));
		json_list_end(j);
	}
	json_close(j);
}

static void render_media_rule(struct json_out *j, const struct trixy_media_rule *rule)
{
	struct str types = str_from_trixy(rule->mime_types);

	json_open(j, NULL);
	json_c(j, "type", message_kind_word((int)rule->type));
	json_list(j, "mime_types");
	while (types.p != NULL) {
		struct str one = str_split(types, ' ', &types);

		if (one.len > 0)
			json_str(j, NULL, one);
	}
	json_list_end(j);
	json_i64(j, "max_bytes", (int64_t)rule->max_bytes);
	json_i64(j, "caption_max", (int64_t)rule->caption_max);
	json_str(j, "help", str_from_trixy(rule->help));
	json_close(j);
}

/* What composer and page offer. The same facts refuse what is asked for all the same (inbox/rules.h). */
static void render_capabilities(struct json_out *j, const struct trixy_channel *c)
{
	const struct trixy_media_rule *rule;

	json_open(j, "capabilities");
	json_bool(j, "quote", channel_can(c, TRIXY_CAN_QUOTE));
	render_reactions(j, c);
	json_bool(j, "seen", channel_can(c, TRIXY_CAN_SEEN));
	json_bool(j, "typing", channel_can(c, TRIXY_CAN_TYPING));
	json_bool(j, "typing_is_seen", channel_can(c, TRIXY_TYPING_IS_SEEN));
	json_bool(j, "templates", channel_can(c, TRIXY_CAN_TEMPLATES));
	json_bool(j, "voice", channel_can(c, TRIXY_CAN_VOICE));
	json_c(j, "text_style", channel_text_style(c) == TRIXY_STYLE_WHATSAPP ? "whatsapp" : "plain");
	json_list(j, "media");
	for (uint32_t k = 0; (rule = channel_media_rule_at(c, k)) != NULL; k++)
		render_media_rule(j, rule);
	json_list_end(j);
	json_close(j);
}

static void render_channel(struct call *c, struct json_out *j, const struct trixy_channel *channel)
{
	bool bytes = channel->text_unit == TRIXY_UNIT_BYTES;

	json_open(j, NULL);
	json_str(j, "slug", str_from_trixy(channel->slug));
	json_str(j, "name", str_from_trixy(channel->name));
	json_bool(j, "core", channel_is_core(str_from_trixy(channel->slug)));
	json_open(j, "text_limit");
	json_i64(j, "max", (int64_t)channel->text_max);
	json_c(j, "unit", bytes ? "bytes" : "characters");
	json_close(j);
	render_window_rules(j, channel);
	render_backends(j, channel);
	json_list(j, "fields");
	for (uint32_t k = 0; k < channel->field_count; k++)
		render_field(j, channel, &channel->fields[k]);
	json_list_end(j);
	json_open(j, "limits");
	json_i64(j, bytes ? "text_bytes" : "text_characters", (int64_t)channel->text_max);
	json_close(j);
	render_capabilities(j, channel);
	json_list(j, "webhook_fields");
	for (uint32_t k = 0; k < channel->webhook_field_count; k++)
		json_str(j, NULL, str_from_trixy(channel->webhook_fields[k]));
	json_list_end(j);
	json_str(j, "webhook_url", webhook_url(c->instance, str_from_trixy(channel->slug), c->arena));
	json_close(j);
}

void api_channel_list(struct call *c)
{
	const struct trixy_channel *list[CHANNELS_MAX];
	size_t count = channels_list(c->instance->channels, list);
	struct json_out j = call_list(c);

	for (size_t k = 0; k < count; k++)
		render_channel(c, &j, list[k]);
	call_list_end(&j, STR_NONE);
}

/* ---- accounts ---- */

static bool is_active(struct call *c, const struct account *a)
{
	return channels_find(c->instance->channels, a->channel) != NULL;
}

static void answer_account(struct call *c, int status, int64_t id)
{
	struct account a;
	struct error err = { 0 };
	struct json_out j;

	if (account_get(c->db, c->workspace, id, c->arena, &a, &err) < 0) {
		call_failed(c, &err, false);
		return;
	}
	if (!is_active(c, &a)) {	/* its addon is off: hidden everywhere */
		call_not_found(c);
		return;
	}
	j = call_json(c, status);
	if (render_account(&j, NULL, c->instance, c->db, &a, c->role, c->arena, &err) < 0)
		call_failed(c, &err, false);
}

void api_account_list(struct call *c)
{
	struct account *list = NULL;
	struct error err = { 0 };
	size_t count = 0;
	struct json_out j;
	int r = account_list(c->db, c->workspace, c->arena, &list, &count, &err);

	j = call_list(c);
	for (size_t k = 0; r >= 0 && k < count; k++)
		if (is_active(c, &list[k]))
			r = render_account(&j, NULL, c->instance, c->db, &list[k], c->role, c->arena, &err);
	call_list_end(&j, STR_NONE);
	if (r < 0)
		call_failed(c, &err, false);
}

void api_account_get(struct call *c)
{
	int64_t id;

	if (call_id(c, 1, &id))
		answer_account(c, 200, id);
}

/* "fields": an object of texts; null counts as left out, and so does what the channel does not know. */
static void read_pairs(struct call *c, const struct trixy_channel *channel, struct account_pair *pairs, size_t *ret_count)
{
	struct json_object *fields = json_get_object(c->json, "fields");
	size_t count = 0;

	if (fields == NULL) {
		call_fault(c, "fields", "Must be an object of the account's fields.");
		return;
	}
	for (uint32_t k = 0; channel != NULL && k < channel->field_count && count < FORM_FIELDS_MAX; k++) {
		struct str name = arena_copy(c->arena, str_from_trixy(channel->fields[k].name));

		if (name.p == NULL || json_is_none(fields, name.p))
			continue;
		pairs[count] = (struct account_pair){ name, json_get_str(fields, name.p) };
		if (pairs[count].value.p == NULL)
			call_fault(c, name.p, "Must be a text.");
		else
			count++;
	}
	*ret_count = count;
}

static void answer_failure(struct call *c, struct account_faults *faults, const struct error *err)
{
	if (err->code == ERR_INVALID && faults->count > 0)
		call_fault_list(c, faults);
	else
		call_failed(c, err, err->code == ERR_EXISTS || err->code == ERR_STATE);
}

void api_account_add(struct call *c)
{
	struct str slug = call_text(c, "channel", true, LIMIT_NAME), backend = call_text(c, "backend", false, LIMIT_NAME);
	const struct trixy_channel *channel = slug.p == NULL ? NULL : channels_find(c->instance->channels, slug);
	struct account_pair pairs[FORM_FIELDS_MAX];
	struct account_faults faults = { .count = 0 };
	struct error err = { 0 };
	size_t count = 0;
	int64_t id;

	if (slug.p != NULL && channel == NULL)
		call_fault(c, "channel", "There is no such channel, or it is not active.");
	if (channel != NULL && backend.p == NULL)
		backend = str_from_trixy(channel->backends[0].slug);
	else if (channel != NULL && channel_backend(channel, backend) < 0)
		call_fault(c, "backend", "This channel cannot be connected in this way.");
	read_pairs(c, channel, pairs, &count);
	if (call_has_faults(c))
		return;
	if (account_connect(c->instance, c->workspace, slug, backend, pairs, count, c->arena, &id, &faults, &err) < 0)
		answer_failure(c, &faults, &err);
	else
		answer_account(c, 201, id);
}

void api_account_put(struct call *c)
{
	struct account_pair pairs[FORM_FIELDS_MAX];
	struct account_faults faults = { .count = 0 };
	struct error err = { 0 };
	struct account a;
	size_t count = 0;
	int64_t id;

	if (!call_id(c, 1, &id))
		return;
	if (account_get(c->db, c->workspace, id, c->arena, &a, &err) < 0) {
		call_failed(c, &err, false);
		return;
	}
	read_pairs(c, channels_find(c->instance->channels, a.channel), pairs, &count);
	if (call_has_faults(c))
		return;
	if (account_update(c->instance, c->workspace, id, pairs, count, c->arena, &faults, &err) < 0)
		answer_failure(c, &faults, &err);
	else
		answer_account(c, 200, id);
}

/* A switch of the body: *presence gets or loses the bit. */
static void read_switch(struct call *c, const char *field, unsigned bit, unsigned *presence)
{
	bool v = call_bool(c, field);

	if (!json_is_none(c->json, field))
		*presence = v ? *presence | bit : *presence & ~bit;
}

void api_account_change(struct call *c)
{
	struct error err = { 0 };
	struct account a;
	int64_t id;

	if (!call_id(c, 1, &id))
		return;
	if (account_get(c->db, c->workspace, id, c->arena, &a, &err) < 0) {
		call_failed(c, &err, false);
		return;
	}
	if (!is_active(c, &a)) {
		call_not_found(c);
		return;
	}
	read_switch(c, "read_receipts", PRESENCE_SEEN, &a.presence);
	read_switch(c, "typing", PRESENCE_TYPING, &a.presence);
	if (call_has_faults(c))
		return;
	if (account_set_presence(c->instance, c->workspace, id, a.presence, &err) < 0)
		call_failed(c, &err, false);
	else
		answer_account(c, 200, id);
}

void api_account_delete(struct call *c)
{
	struct error err = { 0 };
	int64_t id;

	if (!call_id(c, 1, &id))
		return;
	if (account_disconnect(c->instance, c->workspace, id, &err) < 0)
		call_failed(c, &err, err.code == ERR_STATE);
	else
		call_empty(c, 204);
}

static const char *check_word(int status)
{
	switch (status) {
	case TRIXY_CHECK_OK: return "ok";
	case TRIXY_CHECK_WARNING: return "warning";
	case TRIXY_CHECK_SKIPPED: return "skipped";
	default: return "failed";
	}
}

void api_account_check(struct call *c)
{
	struct instance *i = c->instance;
	struct check_finding *list = NULL;
	struct error err = { 0 };
	size_t count = 0;
	int64_t id;
	struct json_out j;

	if (!call_id(c, 1, &id))
		return;
	if (i->check_account == NULL) {
		call_problem(c, 503, NULL, "Not possible at the moment",
			     STR("Nothing on this server can ask the provider just now."));
		return;
	}
	if (i->check_account(i->check_arg, c->workspace, id, c->arena, &list, &count, &err) < 0) {
		call_failed(c, &err, err.code == ERR_STATE);
		return;
	}
	j = call_list(c);
	for (size_t k = 0; k < count; k++) {
		json_open(&j, NULL);
		json_str(&j, "check", list[k].check);
		json_c(&j, "status", check_word(list[k].status));
		json_str(&j, "explanation", list[k].explanation);
		json_str(&j, "fix", list[k].fix);
		json_close(&j);
	}
	call_list_end(&j, STR_NONE);
}
