/* Rows of addons. What they mean and when they change is src/addon's business. */
#include "store/addon.h"

#include "store/rows.h"

static void read_row(struct stmt *st, struct arena *arena, struct store_addon *a)
{
	a->slug = arena_copy(arena, next_str(st));
	a->name = arena_copy(arena, next_str(st));
	a->description = arena_copy(arena, next_str(st));
	a->version = arena_copy(arena, next_str(st));
	a->channel = arena_copy(arena, next_str(st));
	a->package_hash = arena_copy(arena, next_str(st));
	a->signed_by = arena_copy(arena, next_str(st));
	a->status_reason = arena_copy(arena, next_str(st));
	a->status = (int)next_i64(st);
	a->installed_at = next_i64(st);
}

#define COLUMNS "slug, name, description, version, channel, package_hash, signed_by, status_reason, status, installed_at"

int store_addon_list(struct db *db, struct arena *arena, struct store_addon **ret, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(rows_done) struct rows rows = { .size = sizeof(struct store_addon) };
	struct store_addon *a;
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM addons ORDER BY name, slug", err);

	if (r < 0)
		return r;
	while ((r = stmt_step(&st, err)) > 0 && (a = rows_next(&rows)) != NULL)
		read_row(&st, arena, a);
	return r < 0 ? r : rows_give(&rows, arena, ret, ret_count, err);
}

int store_addon_get(struct db *db, struct str slug, struct arena *arena, struct store_addon *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT " COLUMNS " FROM addons WHERE slug = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, slug);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	if (r == 0)
		return fail(err, ERR_NOTFOUND, "no addon %.*s is installed", STR_ARG(slug));
	read_row(&st, arena, ret);
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

int store_addon_put(struct db *db, const struct store_addon *a, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "REPLACE INTO addons (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_str(&st, a->slug);
	bind_str(&st, a->name);
	bind_str(&st, a->description);
	bind_str(&st, a->version);
	bind_str(&st, a->channel);
	bind_str(&st, a->package_hash);
	bind_str(&st, a->signed_by);
	bind_str(&st, a->status_reason);
	bind_i64(&st, a->status);
	bind_i64(&st, a->installed_at);
	return stmt_step(&st, err);
}

int store_addon_set_status(struct db *db, struct str slug, int status, struct str reason, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int64_t n = db_prepare(db, &st, "UPDATE addons SET status = ?, status_reason = ? WHERE slug = ?", err);

	if (n < 0)
		return (int)n;
	bind_i64(&st, status);
	bind_str(&st, reason);
	bind_str(&st, slug);
	if ((n = stmt_run(&st, err)) < 0)
		return (int)n;
	return n > 0 ? 0 : fail(err, ERR_NOTFOUND, "no addon %.*s is installed", STR_ARG(slug));
}

int store_addon_delete(struct db *db, struct str slug, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int64_t n = db_prepare(db, &st, "DELETE FROM addons WHERE slug = ?", err);

	if (n < 0)
		return (int)n;
	bind_str(&st, slug);
	if ((n = stmt_run(&st, err)) < 0)
		return (int)n;
	return n > 0 ? 0 : fail(err, ERR_NOTFOUND, "no addon %.*s is installed", STR_ARG(slug));
}

int store_addon_migration_get(struct db *db, struct str slug, int64_t number, struct arena *arena, struct str *ret_digest,
			      struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT digest FROM addon_migrations WHERE slug = ? AND number = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, slug);
	bind_i64(&st, number);
	if ((r = stmt_step(&st, err)) <= 0)
		return r;
	*ret_digest = arena_copy(arena, next_str(&st));
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 1;
}

int store_addon_migration_add(struct db *db, struct str slug, int64_t number, struct str digest, int64_t now_ms,
			      struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO addon_migrations (slug, number, digest, applied_at) VALUES (?, ?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_str(&st, slug);
	bind_i64(&st, number);
	bind_str(&st, digest);
	bind_i64(&st, now_ms);
	return stmt_step(&st, err);
}
