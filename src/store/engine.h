/* What a database engine is to store/: one struct of functions. SQLite's stands in sqlite.c. The dialects differ here and
 * nowhere else: what the engines do differently is a named operation. */
#ifndef STORE_ENGINE_H
#define STORE_ENGINE_H

#include "base/embed.h"
#include "store/store.h"

/* DB_SCHEMA: a writer whose statements may take long: what changes tables. */
enum db_use { DB_WRITER, DB_READER, DB_CHECKPOINTER, DB_SCHEMA };

struct db {			/* the first member of the engine's own struct */
	const struct db_engine *engine;
	enum db_use use;
	struct str server;	/* store_server of the store that opened it; STR_NONE before that has one */
	bool spared;		/* engine_fault is not asked: what it does is not the test's doing */
	struct ahead *ahead;	/* what is known ahead in this transaction (store/ahead.h); NULL: nothing */
	/* Noted by store_change_add since the transaction began; the writer takes them after the commit. */
	struct change *changes;
	size_t change_count, change_room;
};

struct db_engine {
	const char *name;
	/* Several processes may serve one database: then there are leases, the follower (follow.c) and bytes in the database. */
	bool shared;
	const struct embedded_file *migrations;		/* the core's, in order */
	const size_t *migration_count;
	/* where: the engine's own, without the scheme. Makes the database when it is not there (DB_SCHEMA, and DB_WRITER where a
	 * database is a file). */
	int (*open)(struct str where, enum db_use use, struct db **ret, struct error *err);
	void (*close)(struct db *db);
	/* The password that `where` signs in with, the arena's; STR_NONE: without one. NULL: this engine knows none. */
	int (*password)(struct str where, struct arena *arena, struct str *ret, struct error *err);

	/* keep: the text is a literal; its compiled form stays with the connection, found by the literal's address. */
	int (*prepare)(struct db *db, struct stmt *st, const char *sql, size_t len, bool keep, struct error *err);
	void (*done)(struct stmt *st);
	void (*again)(struct stmt *st);
	void (*bind_i64)(struct stmt *st, int64_t v);
	void (*bind_str)(struct stmt *st, struct str s);
	void (*bind_blob)(struct stmt *st, struct str s);
	void (*bind_null)(struct stmt *st);
	void (*bind_new_id)(struct stmt *st);
	void (*ids_above)(struct db *db, int64_t id);	/* inside a write transaction; NULL: the engine sees to that by itself */
	int (*step)(struct stmt *st, struct error *err);
	int (*later)(struct stmt *st, struct error *err);	/* NULL: as step */
	int64_t (*changed)(struct stmt *st);	/* rows of the statement that was stepped to its end */
	int64_t (*column_i64)(struct stmt *st);
	struct str (*column_str)(struct stmt *st);
	struct str (*column_blob)(struct stmt *st);
	bool (*column_none)(struct stmt *st);	/* does not move on */
	int64_t (*last_id)(struct db *db);

	/* A transaction. A write one holds the write lock from the start. */
	int (*begin)(struct db *db, struct error *err);
	/* Does now what stmt_later put off; its failure is that of a statement. NULL: nothing is put off. */
	int (*flush)(struct db *db, struct error *err);
	/* On failure it is still open: roll it back. ERR_UNKNOWN: nobody said whether it is stored; settle tells. */
	int (*commit)(struct db *db, struct error *err);
	/* 1: the commit that answered ERR_UNKNOWN is stored, 0: it is not, and never will be. < 0: not to be told yet. */
	int (*settle)(struct db *db, struct error *err);
	/* The last transaction did not begin, or was lost, in a way that is worth another try (another one was in the way, the
	 * server went away). NULL: never. */
	bool (*may_retry)(struct db *db);
	/* The ids that the last transaction took: [first, end). NULL: where not shared. */
	void (*own_ids)(struct db *db, int64_t *ret_first, int64_t *ret_end);
	void (*rollback)(struct db *db);
	bool (*in_transaction)(struct db *db);	/* false: none, or the engine has rolled it back by itself */
	/* A place inside the transaction: keep it, or go back to it and drop what came after. */
	int (*mark)(struct db *db, struct error *err);
	int (*mark_end)(struct db *db, bool keep, struct error *err);

	/* Many statements in one text: a core migration, or what cannot be prepared. On engines where changes of tables commit by
	 * themselves it may run outside of a transaction. */
	int (*script)(struct db *db, struct str sql, struct error *err);
	/* The columns of a table, in order; *ret_count 0: no such table. */
	int (*columns)(struct db *db, struct str table, struct arena *arena, struct str **ret, size_t *ret_count,
		       struct error *err);
	/* Takes the closed list of values off a text column. Outside a transaction, on a connection that is not the writer's
	 * (store_run_apart), and repeatable: what a kill has left half-way it completes. 1: done, 0: it had none. ERR_TEMPORARY:
	 * something is in the way. */
	int (*widen)(struct db *db, struct str table, struct str column, struct error *err);

	/* A consistent copy of all into a new file, while others write; on failure no file is left. NULL: the engine has tools
	 * of its own for that. */
	int (*copy)(struct db *reader, struct str path, struct error *err);
	/* Whether what is stored is whole. *ret_fault, the arena's: the first damage in words; STR_NONE: none. NULL as above. */
	int (*check)(struct db *reader, struct arena *arena, struct str *ret_fault, struct error *err);

	/* The engine's log, where it needs somebody to move it into the database; NULL: it does not.
	 * log_pages: its length after the last commit of this (the writer's) connection.
	 * checkpoint: moves what it can beside the commits. With `anew`, while no transaction is open here, it moves the rest
	 * and begins the log at its start again; with `shrink` its file gives the room back too. 1: a reader is in the way,
	 * which may pass. */
	int64_t (*log_pages)(struct db *db);
	int (*checkpoint)(struct db *db, bool anew, bool shrink, struct error *err);
};

extern const struct db_engine sqlite_engine, mariadb_engine;

/* For tests: called before every statement's first step, each begin and each commit ("COMMIT"); what it returns below 0 is
 * that step's failure. NULL: none. */
extern int (*_Atomic engine_fault)(const char *sql);

int db_fault(const struct db *db, const char *sql, struct error *err);

/* The writer's and the migrations' transaction; a rollback drops the noted changes. */
int db_begin(struct db *db, struct error *err);
int db_commit(struct db *db, struct error *err);
void db_rollback(struct db *db);

/* Runs on the caller's thread with a write connection of its own, outside any transaction: for what changes tables, which may not
 * stand inside a unit. On engines that are shared such statements commit by themselves. Returns what run returned. */
int store_run_apart(struct store *store, int (*run)(struct db *db, void *arg, struct error *err), void *arg, struct error *err);

/* Applies the core's migrations that are not recorded (store/migrate.c). */
int store_migrate(struct db *db, struct error *err);

#endif
