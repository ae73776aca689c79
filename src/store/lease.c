/* SQL of servers and leases. Who may take which when is work/duty_view.c. */
#include "store/lease.h"

#include "store/rows.h"

int store_server_list(struct db *db, struct arena *arena, struct store_server **ret, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(rows_done) struct rows rows = { .size = sizeof(struct store_server) };
	struct store_server *s;
	int r = db_prepare(db, &st, "SELECT id, beat, started_at, version, address FROM servers ORDER BY id", err);

	if (r < 0)
		return r;
	while ((r = stmt_step(&st, err)) > 0 && (s = rows_next(&rows)) != NULL) {
		s->id = arena_copy(arena, next_str(&st));
		s->beat = next_i64(&st);
		s->started_at = next_i64(&st);
		s->version = arena_copy(arena, next_str(&st));
		s->address = arena_copy(arena, next_str(&st));
	}
	return r < 0 ? r : rows_give(&rows, arena, ret, ret_count, err);
}

int store_lease_list(struct db *db, struct arena *arena, struct store_lease **ret, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(rows_done) struct rows rows = { .size = sizeof(struct store_lease) };
	struct store_lease *l;
	int r = db_prepare(db, &st, "SELECT name, server, term FROM leases ORDER BY name", err);

	if (r < 0)
		return r;
	while ((r = stmt_step(&st, err)) > 0 && (l = rows_next(&rows)) != NULL) {
		l->name = arena_copy(arena, next_str(&st));
		l->server = arena_copy(arena, next_str(&st));
		l->term = next_i64(&st);
	}
	return r < 0 ? r : rows_give(&rows, arena, ret, ret_count, err);
}

int store_server_put(struct db *db, const struct store_server *s, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "REPLACE INTO servers (id, beat, started_at, version, address) VALUES (?, ?, ?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_str(&st, s->id);
	bind_i64(&st, s->beat);
	bind_i64(&st, s->started_at);
	bind_str(&st, s->version);
	bind_str(&st, s->address);
	return stmt_step(&st, err);
}

int store_server_delete(struct db *db, struct str id, int64_t beat, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "DELETE FROM servers WHERE id = ? AND beat = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, id);
	bind_i64(&st, beat);
	return (int)stmt_run(&st, err);
}

static int exists(struct db *db, struct str name, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT 1 FROM leases WHERE name = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, name);
	return stmt_step(&st, err);
}

int store_lease_add(struct db *db, struct str name, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = exists(db, name, err);

	if (r != 0)
		return r < 0 ? r : 0;
	if ((r = db_prepare(db, &st, "INSERT INTO leases (name, server, term) VALUES (?, NULL, 0)", err)) < 0)
		return r;
	bind_str(&st, name);
	return stmt_step(&st, err);
}

int store_lease_take(struct db *db, struct str name, int64_t term, struct str server, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE leases SET server = ?, term = term + 1 WHERE name = ? AND term = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, server);
	bind_str(&st, name);
	bind_i64(&st, term);
	return (int)stmt_run(&st, err);
}

/* The term rises here too: whoever read the row before does not take it by what it said then. */
int store_lease_give(struct db *db, struct str name, struct str server, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "UPDATE leases SET server = NULL, term = term + 1 WHERE name = ? AND server = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, name);
	bind_str(&st, server);
	int64_t n = stmt_run(&st, err);

	return n < 0 ? (int)n : 0;
}

int store_lease_held(struct db *db, struct str name, struct str server, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT 1 FROM leases WHERE name = ? AND server = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, name);
	bind_str(&st, server);
	return stmt_step(&st, err);
}
