/* Shared by the files of the MariaDB engine, and by nobody else.
 *
 * mariadb_url.c     the URL
 * mariadb_open.c    one connection: hosts in turn, TLS, the session's settings, failures in words
 * mariadb_stmt.c    prepared statements and their rows
 * mariadb_later.c   rows that are sent together
 * mariadb_widen.c   a column's closed list is taken off
 * mariadb.c         transactions, the counter of ids, commits that nobody answered; struct db_engine */
#ifndef STORE_MARIADB_H
#define STORE_MARIADB_H

#include <mariadb/mysql.h>

#include "store/engine.h"
#include "store/kept.h"
#include "store/mariadb_url.h"

enum { LATER_TABLES = 16, SQL_SHOWN = 100, WRITER_BYTES = 16 };

struct param {
	enum { PARAM_NULL, PARAM_I64, PARAM_TEXT, PARAM_BYTES } kind;
	int64_t number;
	struct str bytes;
	char *mended;			/* holds bytes, where what was bound is no UTF-8; else NULL */
};

struct cell {				/* of the row in hand */
	int64_t number;
	unsigned long len;
	my_bool none;
	bool is_number;
	char *p;
	char digits[24];		/* a number that is asked for as text */
};

/* One statement. The server's part is made at its first step, and again on another connection. */
struct compiled {
	struct mariadb_db *d;
	const char *sql;		/* the literal, or a copy of its own; NUL-terminated */
	bool kept, in_use;
	bool reads, upserts;		/* SELECT; ON DUPLICATE KEY */
	bool stepped, rows;		/* it ran; rows of its result are held */
	MYSQL_STMT *s;			/* NULL: not on this connection yet, or no longer */
	struct param *param;
	size_t params, param_room;	/* params: what the server counted, once s was there */
	MYSQL_BIND *in;
	size_t columns;
	MYSQL_BIND *out;
	struct cell *cell;
	char *row;
	size_t row_room;
	unsigned tables_known, tables;	/* bit i: the text names later_table[i], of the first tables_known */
	struct later *later;
	struct compiled *next;		/* all of the connection's that hold a part on the server */
};

struct mariadb_db {
	struct db db;
	struct arena memory;
	struct mariadb_url url;
	MYSQL *handle;			/* NULL: not connected */
	size_t host;			/* of url.host, in use or to be tried first */
	bool cluster;			/* a Galera node */
	struct kept_table kept;
	struct compiled *prepared;	/* linked by next */

	bool open, lost;		/* a transaction was begun; and the server has given it up */
	bool may_retry;			/* what was lost may succeed when it runs again */
	bool marked;
	bool counts;			/* the tables writing and writers are there */
	int64_t first_id, next_id, last_id;
	char writer[2 * WRITER_BYTES + 1];	/* this connection's name in `writers` */
	int64_t commits;		/* its number there */
	int64_t unsure;			/* a commit of this number had no answer; 0: none */

	struct str later_table[LATER_TABLES];
	unsigned later_tables, later_waiting;	/* how many; bit i: rows wait */
	struct later *later_first, *later_last;	/* that hold rows, in the order of their first */
	size_t later_bytes;
	struct arena later_memory;
};

static inline struct mariadb_db *mariadb_of(struct db *db)
{
	return (struct mariadb_db *)db;
}

extern const struct embedded_file mariadb_migrations[];
extern const size_t mariadb_migrations_count;

/* ---- mariadb_open.c ---- */

/* Connects where it is not. Tries every host once, from d->host on. */
int mariadb_reach(struct mariadb_db *d, struct error *err);
/* Drops the connection, so that the next one is another; what was prepared is prepared again. */
void mariadb_disconnect(struct mariadb_db *d);
/* The enum err_code of an error number. */
int mariadb_code(unsigned number);
/* After a failed call: notes what is gone with it, and says it in words. `sql` may be NULL. */
int mariadb_failed(struct mariadb_db *d, unsigned number, const char *words, const char *sql, struct error *err);
/* Whether the transaction that was begun here is still one on the server: what is written after it is gone would be stored alone. */
int mariadb_still_open(struct mariadb_db *d, const char *sql, struct error *err);
/* A text statement; the numbers of its first row give ret[0..count). 1: there was such a row. */
int mariadb_query(struct mariadb_db *d, const char *sql, int64_t *ret, size_t count, struct error *err);
/* Several with ";" between, all in a transaction, in one round trip where that is safe. */
int mariadb_queries(struct mariadb_db *d, const char *sql, int64_t *ret, size_t count, struct error *err);

/* ---- mariadb_stmt.c ---- */

int mariadb_prepare(struct db *db, struct stmt *st, const char *sql, size_t len, bool keep, struct error *err);
void mariadb_done(struct stmt *st);
void mariadb_again(struct stmt *st);
void mariadb_bind_i64(struct stmt *st, int64_t v);
void mariadb_bind_str(struct stmt *st, struct str s);
void mariadb_bind_blob(struct stmt *st, struct str s);
void mariadb_bind_null(struct stmt *st);
void mariadb_bind_new_id(struct stmt *st);
int mariadb_step(struct stmt *st, struct error *err);
int64_t mariadb_changed(struct stmt *st);
int64_t mariadb_column_i64(struct stmt *st);
struct str mariadb_column_str(struct stmt *st);
bool mariadb_column_none(struct stmt *st);
/* Makes the server's part of it, where that is not there. */
int mariadb_compile(struct compiled *k, struct error *err);
/* May a statement run now? Tells the tests' fault of it. */
int mariadb_may_step(struct stmt *st, struct error *err);
void mariadb_forget_prepared(struct mariadb_db *d);
void mariadb_free_compiled(struct compiled *k);

/* ---- mariadb_widen.c ---- */

int mariadb_widen(struct db *db, struct str table, struct str column, struct error *err);

/* ---- mariadb_later.c ---- */

int mariadb_later(struct stmt *st, struct error *err);
/* Sends what waits if the statement names one of its tables. */
int mariadb_later_before(struct compiled *k, struct error *err);
int mariadb_later_send(struct mariadb_db *d, struct error *err);
void mariadb_later_drop(struct mariadb_db *d);
void mariadb_later_free(struct later *l);

#endif
