/* See ids.h. */
#include "store/ids.h"

#include <stdlib.h>

#include "base/buf.h"

enum { IDS_AT_ONCE = 500, IDS_MAX = 1 << 20 };

void ids_done(struct ids *ids)
{
	free(ids->v);
	*ids = (struct ids){ 0 };
}

static bool add(struct ids *ids, int64_t id)
{
	if (ids->count == ids->room) {
		size_t room = ids->room == 0 ? 64 : ids->room * 2;
		int64_t *v = room > IDS_MAX ? NULL : realloc(ids->v, room * sizeof(*v));

		if (v == NULL)
			return false;
		ids->v = v;
		ids->room = room;
	}
	ids->v[ids->count++] = id;
	return true;
}

int ids_read(struct stmt *st, struct ids *ids, struct error *err)
{
	int r;

	while ((r = stmt_step(st, err)) > 0)
		if (!add(ids, next_i64(st)))
			return fail(err, ERR_NOMEM, "no memory for %zu ids", ids->count);
	return r;
}

static int64_t run_some(struct db *db, struct str sql, const struct str *text, const int64_t *id, size_t count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(buf_done) struct buf b = { 0 };
	int r;

	buf_add(&b, sql);
	for (size_t k = 0; k < count; k++) {
		buf_add(&b, k == 0 ? STR(" IN (") : STR(","));
		buf_add_i64(&b, id[k]);
	}
	buf_add_char(&b, ')');
	if (b.failed)
		return fail(err, ERR_NOMEM, "out of memory");
	if ((r = db_prepare_built(db, &st, buf_str(&b), err)) < 0)
		return r;
	if (text != NULL)
		bind_str(&st, *text);
	return stmt_run(&st, err);
}

int64_t ids_run_with(struct db *db, struct str sql, const struct str *text, const struct ids *ids, struct error *err)
{
	int64_t n, changed = 0;

	for (size_t at = 0; at < ids->count; at += IDS_AT_ONCE, changed += n) {
		size_t left = ids->count - at;

		if ((n = run_some(db, sql, text, &ids->v[at], left < IDS_AT_ONCE ? left : IDS_AT_ONCE, err)) < 0)
			return n;
	}
	return changed;
}
