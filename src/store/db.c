/* Statements and transactions of one connection, handed to its engine. The engine is engine.h's business. */
#include "store/engine.h"

#include <stdlib.h>

int (*_Atomic engine_fault)(const char *sql);

int db_fault(const struct db *db, const char *sql, struct error *err)
{
	int (*fault)(const char *) = engine_fault;
	int r = fault == NULL || db->spared ? 0 : fault(sql);

	return r < 0 ? fail(err, r, "fault asked for in: %.100s", sql) : 0;
}

int db_prepare_lit(struct db *db, struct stmt *st, const char *sql, size_t len, struct error *err)
{
	return db->engine->prepare(db, st, sql, len, true, err);
}

int db_prepare_one_of(struct db *db, struct stmt *st, struct str sqlite, struct str mariadb, struct error *err)
{
	struct str sql = db->engine == &sqlite_engine ? sqlite : mariadb;

	return db->engine->prepare(db, st, sql.p, sql.len, true, err);
}

int db_prepare_built(struct db *db, struct stmt *st, struct str sql, struct error *err)
{
	return db->engine->prepare(db, st, sql.p, sql.len, false, err);
}

void stmt_done(struct stmt *st)
{
	if (st->handle != NULL)
		st->db->engine->done(st);
	st->handle = NULL;
}

void stmt_again(struct stmt *st)
{
	st->bound = st->column = st->code = 0;
	st->db->engine->again(st);
}

void bind_i64(struct stmt *st, int64_t v)
{
	st->db->engine->bind_i64(st, v);
}

void bind_str(struct stmt *st, struct str s)
{
	st->db->engine->bind_str(st, s);
}

void bind_blob(struct stmt *st, struct str s)
{
	st->db->engine->bind_blob(st, s);
}

void bind_null(struct stmt *st)
{
	st->db->engine->bind_null(st);
}

void bind_or_null(struct stmt *st, int64_t v)
{
	if (v == 0)
		bind_null(st);
	else
		bind_i64(st, v);
}

void bind_new_id(struct stmt *st)
{
	st->db->engine->bind_new_id(st);
}

void db_ids_above(struct db *db, int64_t id)
{
	if (db->engine->ids_above != NULL)
		db->engine->ids_above(db, id);
}

int stmt_step(struct stmt *st, struct error *err)
{
	st->column = 0;
	return st->db->engine->step(st, err);
}

int stmt_later(struct stmt *st, struct error *err)
{
	st->column = 0;
	return st->db->engine->later != NULL ? st->db->engine->later(st, err) : st->db->engine->step(st, err);
}

int64_t stmt_run(struct stmt *st, struct error *err)
{
	int r;

	while ((r = stmt_step(st, err)) > 0)
		;
	return r < 0 ? r : st->db->engine->changed(st);
}

int64_t next_i64(struct stmt *st)
{
	return st->db->engine->column_i64(st);
}

struct str next_str(struct stmt *st)
{
	return st->db->engine->column_str(st);
}

struct str next_blob(struct stmt *st)
{
	return st->db->engine->column_blob(st);
}

int64_t db_last_id(struct db *db)
{
	return db->engine->last_id(db);
}

int db_begin(struct db *db, struct error *err)
{
	db->change_count = 0;
	db->ahead = NULL;
	return db->engine->begin(db, err);
}

int db_commit(struct db *db, struct error *err)
{
	db->ahead = NULL;
	return db->engine->commit(db, err);
}

void db_rollback(struct db *db)
{
	db->change_count = 0;
	db->ahead = NULL;
	db->engine->rollback(db);
}

int db_read_begin(struct db *reader, struct error *err)
{
	return reader->engine->begin(reader, err);
}

int db_copy(struct db *reader, struct str path, struct error *err)
{
	if (reader->engine->copy == NULL)
		return fail(err, ERR_STATE, "a backup of this database is made with the database server's own tools");
	return reader->engine->copy(reader, path, err);
}

int db_check(struct db *reader, struct arena *arena, struct str *ret_fault, struct error *err)
{
	*ret_fault = STR_NONE;
	return reader->engine->check == NULL ? 0 : reader->engine->check(reader, arena, ret_fault, err);
}

void db_read_end(struct db *reader)
{
	reader->engine->rollback(reader);
}
