/* See account_secret.h. */
#include "inbox/account_secret.h"

#include <inttypes.h>

#include "inbox/account_form.h"

int account_values_read(struct db *db, const struct trixy_channel *channel, int backend, struct workspace_id w, int64_t id,
			struct arena *arena, struct account_value *values, size_t *ret_count, struct error *err)
{
	size_t count = 0;

	for (uint32_t k = 0; k < channel->field_count && count < FORM_FIELDS_MAX; k++) {
		const struct trixy_field *f = &channel->fields[k];

		if (account_field_is_column(f, backend))
			values[count++] = (struct account_value){ .name = str_from_trixy(f->name),
								  .secret = (f->flags & TRIXY_FIELD_SECRET) != 0 };
	}
	*ret_count = count;
	if (count == 0)
		return 0;
	return store_account_fields_get(db, str_from_trixy(channel->account_table), w, id, arena, values, count, err);
}

static struct str place(struct arena *arena, struct str table, int64_t id, struct str column)
{
	return arena_printf(arena, "%.*s/%" PRId64 "/%.*s", STR_ARG(table), id, STR_ARG(column));
}

static int seal_at(struct instance *i, struct str where, struct str plain, struct arena *arena,
		   struct str *ret, struct error *err)
{
	return where.p == NULL ? fail(err, ERR_NOMEM, "out of memory") : seal(&i->seal_key, where, plain, arena, ret, err);
}

static int open_at(struct instance *i, struct str where, struct str sealed, struct arena *arena, struct str *ret,
		   struct error *err)
{
	int r = where.p == NULL ? fail(err, ERR_NOMEM, "out of memory") : seal_open(&i->seal_key, where, sealed, arena, ret, err);

	if (r == ERR_DENIED)
		return fail(err, r, "the secret at %.*s does not open: secret.key in the data directory is not the one it was sealed with",
			    STR_ARG(where));
	return r;
}

int account_secret_seal(struct instance *i, const struct trixy_channel *channel, int64_t id,
			struct str column, struct str plain,
			struct arena *arena, struct str *ret, struct error *err)
{
	return seal_at(i, place(arena, str_from_trixy(channel->account_table), id, column), plain, arena, ret, err);
}

int account_secret_open(struct instance *i, const struct trixy_channel *channel, int64_t id,
			struct str column, struct str sealed,
			struct arena *arena, struct str *ret, struct error *err)
{
	return open_at(i, place(arena, str_from_trixy(channel->account_table), id, column), sealed, arena, ret, err);
}

int account_token_seal(struct instance *i, int64_t id, struct str plain, struct arena *arena,
		       struct str *ret, struct error *err)
{
	return seal_at(i, place(arena, STR("accounts"), id, STR("verify_token")), plain, arena, ret, err);
}

int account_token_open(struct instance *i, int64_t id, struct str sealed, struct arena *arena,
		       struct str *ret, struct error *err)
{
	return open_at(i, place(arena, STR("accounts"), id, STR("verify_token")), sealed, arena, ret, err);
}
