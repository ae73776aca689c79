/* Accounts as they are read, shown and opened, and their status. Connecting and changing one is account_change.c; the rules
 * of the form are account_form.c. */
#include "inbox/account.h"

#include "inbox/account_form.h"
#include "inbox/account_secret.h"
#include "store/account.h"
#include "store/account_fields.h"

static void account_of(const struct store_account *row, struct account *ret)
{
	*ret = (struct account){
		.id = row->id, .workspace = row->workspace, .channel = row->channel, .backend = row->backend,
		.external_key = row->external_key, .name = row->name, .handle = row->handle, .status_reason = row->status_reason,
		.last_error = row->last_error, .status = (enum account_status)row->status, .parked_until = row->parked_until,
		.connected_at = row->connected_at, .last_event_at = row->last_event_at,
		.revision = row->revision, .presence = (unsigned)row->presence,
	};
}

int account_get(struct db *db, struct workspace_id w, int64_t id, struct arena *arena, struct account *ret,
		struct error *err)
{
	struct store_account row;
	int r = store_account_get(db, w, id, arena, &row, err);

	if (r == 0)
		account_of(&row, ret);
	return r;
}

int account_list(struct db *db, struct workspace_id w, struct arena *arena, struct account **ret, size_t *ret_count,
		 struct error *err)
{
	struct store_account *rows;
	size_t count;
	int r = store_account_list(db, w, arena, &rows, &count, err);

	if (r < 0)
		return r;
	struct account *list = arena_alloc(arena, (count + 1) * sizeof(*list));

	if (list == NULL)
		return fail(err, ERR_NOMEM, "no memory for %zu accounts", count);
	for (size_t k = 0; k < count; k++)
		account_of(&rows[k], &list[k]);
	*ret = list;
	*ret_count = count;
	return 0;
}

int account_list_of_channel(struct db *db, struct str channel, struct arena *arena, struct account_connected **ret,
			    size_t *ret_count, struct error *err)
{
	struct store_account *rows;
	size_t count;
	int r = store_account_list_of_channel(db, channel, arena, &rows, &count, err);

	if (r < 0)
		return r;
	struct account_connected *list = arena_alloc(arena, (count + 1) * sizeof(*list));

	if (list == NULL)
		return fail(err, ERR_NOMEM, "no memory for %zu accounts", count);
	for (size_t k = 0; k < count; k++) {
		account_of(&rows[k], &list[k].account);
		list[k].workspace_name = rows[k].workspace_name;
	}
	*ret = list;
	*ret_count = count;
	return 0;
}

/* ---- form fields ---- */

/* NULL: ERR_STATE, and err says why. */
static const struct trixy_channel *find_channel(struct instance *i, const struct account *a, int *ret_backend,
						struct error *err)
{
	const struct trixy_channel *channel = channels_find(i->channels, a->channel);

	if (channel == NULL) {
		(void)fail(err, ERR_STATE, "the channel %.*s is not active", STR_ARG(a->channel));
		return NULL;
	}
	*ret_backend = channel_backend(channel, a->backend);
	if (*ret_backend >= 0)
		return channel;
	(void)fail(err, ERR_STATE, "the channel %.*s no longer offers '%.*s'", STR_ARG(a->channel), STR_ARG(a->backend));
	return NULL;
}

/* "•••• 9f2c". A short secret shows nothing: its last 4 characters would be too much of it. */
static struct str mask(struct str secret, struct arena *arena)
{
	enum { SHOWN = 4, LONG_ENOUGH = 12 };
	size_t from = secret.len, characters = 0;

	if (!utf8_valid(secret) || utf8_count(secret) < LONG_ENOUGH)
		return STR(ACCOUNT_MASK);
	while (characters < SHOWN)
		if (((unsigned char)secret.p[--from] & 0xc0) != 0x80)
			characters++;
	return arena_printf(arena, ACCOUNT_MASK " %.*s", STR_ARG(str_cut(secret, from, secret.len)));
}

static int show_verify_token(struct instance *i, struct db *db, const struct account *a, struct arena *arena,
			     struct str *ret)
{
	struct str token;
	int r = account_verify_token(i, db, a, arena, &token, NULL);

	*ret = r == 0 ? mask(token, arena) : STR(ACCOUNT_MASK);
	return 0;
}

int account_shown_fields(struct instance *i, struct db *db, const struct account *a, struct arena *arena,
			 struct account_pair **ret, size_t *ret_count, struct error *err)
{
	struct account_value values[FORM_FIELDS_MAX];
	size_t count = 0, value_count = 0;
	int backend = 0, r;
	const struct trixy_channel *channel = find_channel(i, a, &backend, err);

	if (channel == NULL)
		return ERR_STATE;
	r = account_values_read(db, channel, backend, a->workspace, a->id, arena, values, &value_count, err);
	if (r < 0)
		return r;
	struct account_pair *list = arena_alloc(arena, (channel->field_count + 1) * sizeof(*list));

	if (list == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	for (uint32_t k = 0, column = 0; k < channel->field_count; k++) {
		const struct trixy_field *f = &channel->fields[k];
		struct account_pair pair = { .name = str_from_trixy(f->name), .value = STR("") };

		if ((f->backends >> backend & 1) == 0)
			continue;
		if (!account_field_is_column(f, backend)) {
			(void)show_verify_token(i, db, a, arena, &pair.value);
		} else {
			struct str stored = values[column++].value, plain;

			/* A secret that does not open any more is there all the same. */
			if (stored.p != NULL && (f->flags & TRIXY_FIELD_SECRET) != 0)
				pair.value = account_secret_open(i, channel, a->id, pair.name, stored, arena, &plain, NULL) == 0 ?
						     mask(plain, arena) : STR(ACCOUNT_MASK);
			else if (stored.p != NULL)
				pair.value = stored;
		}
		list[count++] = pair;
	}
	*ret = list;
	*ret_count = count;
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

int account_lacks_learned(struct instance *i, struct db *db, const struct account *a, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct account_value values[FORM_FIELDS_MAX];
	size_t count = 0, column = 0;
	int backend = 0, r;
	const struct trixy_channel *channel = find_channel(i, a, &backend, err);

	if (channel == NULL)
		return ERR_STATE;
	if ((r = account_values_read(db, channel, backend, a->workspace, a->id, &arena, values, &count, err)) < 0)
		return r;
	for (uint32_t k = 0; k < channel->field_count; k++) {
		const struct trixy_field *f = &channel->fields[k];

		if (account_field_is_column(f, backend) && values[column++].value.len == 0 && (f->flags & TRIXY_FIELD_LEARNED) != 0)
			return 1;
	}
	return 0;
}

int account_verify_token(struct instance *i, struct db *db, const struct account *a, struct arena *arena,
			 struct str *ret, struct error *err)
{
	struct store_account row;
	int r = store_account_get(db, a->workspace, a->id, arena, &row, err);

	return r < 0 ? r : account_token_open(i, row.id, row.verify_token, arena, ret, err);
}

int account_open(struct instance *i, struct db *db, const struct account *a, struct arena *arena,
		 struct trixy_account *ret, const struct trixy_channel **ret_channel, struct error *err)
{
	struct account_value values[FORM_FIELDS_MAX];
	size_t count = 0, value_count = 0;
	int backend = 0, r;
	const struct trixy_channel *channel = find_channel(i, a, &backend, err);

	if (channel == NULL)
		return ERR_STATE;
	r = account_values_read(db, channel, backend, a->workspace, a->id, arena, values, &value_count, err);
	if (r < 0)
		return r;
	struct trixy_pair *pairs = arena_alloc(arena, (value_count + 1) * sizeof(*pairs));

	if (pairs == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	for (size_t k = 0; k < value_count; k++) {
		struct str value = values[k].value;

		if (value.len == 0)
			continue;
		if (values[k].secret && (r = account_secret_open(i, channel, a->id, values[k].name, value, arena, &value, err)) < 0)
			return r;
		pairs[count++] = (struct trixy_pair){ trixy_from_str(values[k].name), trixy_from_str(value) };
	}
	struct str version = i->config->graph_version;

	*ret = (struct trixy_account){
		.size = sizeof(*ret), .pair_count = (uint32_t)count, .backend = trixy_from_str(a->backend),
		.key = trixy_from_str(a->external_key), .base_url = trixy_from_str(channel_base_url(channel, backend, i->config)),
		.api_version = version.len > 0 ? trixy_from_str(version) : channel->api_version, .pairs = pairs,
	};
	*ret_channel = channel;
	return 0;
}

/* ---- status ---- */

int account_set_status(struct db *db, struct workspace_id w, int64_t id, enum account_status status, struct str reason,
		       struct error *err)
{
	int r = store_account_set_status(db, w, id, status, reason, err);

	return r < 0 ? r : store_change_add(db, w, CHANGE_ACCOUNT, id, 0, err);
}

int account_set_parked(struct db *db, struct workspace_id w, int64_t id, int64_t until_ms, struct str reason,
		       struct error *err)
{
	int r = store_account_set_parked(db, w, id, until_ms, reason, err);

	return r < 0 ? r : store_change_add(db, w, CHANGE_ACCOUNT, id, 0, err);
}
