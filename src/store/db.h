/* One database connection and its statements, for store/ itself: nobody above sees SQL. The engine stands behind
 * struct db_engine (store/engine.h). */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/arena.h"
#include "base/err.h"

struct db;

struct stmt {
	struct db *db;
	void *handle;		/* the engine's; NULL before db_prepare and after stmt_done */
	int bound;		/* parameters bound so far */
	int column;		/* next column to read */
	int code;		/* the first failed bind, reported by stmt_step */
};

/* Prepares a literal; kept by the connection and given out again for the same literal. */
#define db_prepare(db, st, sql, err) db_prepare_lit((db), (st), "" sql "", sizeof(sql) - 1, (err))
int db_prepare_lit(struct db *db, struct stmt *st, const char *sql, size_t len, struct error *err);
/* For the few that the engines' dialects say differently. One text that all of them take is better. */
#define db_prepare_each(db, st, sqlite, mariadb, err) \
	db_prepare_one_of((db), (st), STR("" sqlite ""), STR("" mariadb ""), (err))
int db_prepare_one_of(struct db *db, struct stmt *st, struct str sqlite, struct str mariadb, struct error *err);
/* For the few whose text is put together: names from an addon's checked manifest (store/account_fields.c, store/widen.c), ids that
 * were read before (store/ids.h), the words of a search. Nothing that a stranger wrote stands in one: that is bound. */
int db_prepare_built(struct db *db, struct stmt *st, struct str sql, struct error *err);
void stmt_done(struct stmt *st);

/* Parameters in order. Text and bytes are borrowed until stmt_done. STR_NONE binds NULL. */
void bind_i64(struct stmt *st, int64_t v);
void bind_str(struct stmt *st, struct str s);
void bind_blob(struct stmt *st, struct str s);
void bind_null(struct stmt *st);
void bind_or_null(struct stmt *st, int64_t v);		/* 0 as NULL: such rows stay out of partial indexes */
/* The id of the row that an INSERT makes: every INSERT into a table with ids names it and binds one. Ids rise in the order of the
 * commits but are not dense: they may come from one counter for all tables. db_last_id tells it afterwards. */
void bind_new_id(struct stmt *st);
/* Inside a unit that inserts rows with ids that were given out elsewhere (a copy): the ids given out from here on are above this. */
void db_ids_above(struct db *db, int64_t id);

/* 1: a row. 0: no more. < 0: failed; ERR_EXISTS for a broken unique rule, ERR_TEMPORARY when locked or away. */
int stmt_step(struct stmt *st, struct error *err);
/* For an INSERT, or an UPDATE of one row that is surely there, whose failure may fail the whole group: the engine may send such rows together, at the latest at the commit, and
 * before any other statement that names the same table. What was bound is copied. 0, or < 0. */
int stmt_later(struct stmt *st, struct error *err);
/* Runs a statement that returns no row. Returns the number of rows it changed. */
int64_t stmt_run(struct stmt *st, struct error *err);
/* Makes the statement ready for another set of binds. */
void stmt_again(struct stmt *st);

/* The row's columns in order. Text is borrowed until the next step: arena_copy what stays. NULL: 0 or STR_NONE. */
int64_t next_i64(struct stmt *st);
struct str next_str(struct stmt *st);
struct str next_blob(struct stmt *st);

int64_t db_last_id(struct db *db);	/* of the newest INSERT on this connection: see bind_new_id */

#endif
