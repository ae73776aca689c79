/* A store that says it is shared, for tests of what depends on that: a real one where the tests run on another engine than SQLite, else
 * SQLite with the tables that only shared engines have. */
#ifndef TESTS_SHARED_H
#define TESTS_SHARED_H

#include "check.h"
#include "database.h"
#include "folder.h"

#include <string.h>

#include "store/state.h"

struct shared_store {
	struct store *store;
	struct db *reader;
	struct folder folder;
	struct arena arena;
	struct str database;
	struct db_engine pretended;
};

static inline int shared_tables(struct db *db, void *arg, struct error *err)
{
	(void)arg;
	return db->engine->script(db, STR("CREATE TABLE file_bytes (workspace_id INTEGER NOT NULL, sha256 TEXT NOT NULL, part INTEGER NOT NULL,"
					  " position INTEGER NOT NULL, kept_at INTEGER NOT NULL, bytes BLOB NOT NULL,"
					  " PRIMARY KEY (workspace_id, sha256, part, position));"
					  "CREATE TABLE addon_packages (package_hash TEXT NOT NULL, position INTEGER NOT NULL, bytes BLOB NOT NULL,"
					  " PRIMARY KEY (package_hash, position));"
					  "CREATE TABLE servers (id TEXT NOT NULL PRIMARY KEY, beat INTEGER NOT NULL, started_at INTEGER NOT NULL,"
					  " version TEXT NOT NULL, address TEXT NOT NULL);"), err);
}

static inline void shared_store_open(struct shared_store *s)
{
	struct store_options options = { .data_dir = folder_new(&s->folder) };
	struct error err = { 0 };

	s->database = options.database = test_database(&s->arena, options.data_dir);
	check_ok(store_open(&options, &s->store, &err), &err);
	s->pretended = *s->store->engine;
	if (!s->pretended.shared) {
		s->pretended.shared = true;
		s->store->engine = &s->pretended;
		check_ok(store_write_alone(s->store, shared_tables, NULL, &err), &err);
	}
	check_ok(store_reader_new(s->store, &s->reader, &err), &err);
}

static inline void shared_store_close(struct shared_store *s)
{
	store_reader_free(s->reader);
	store_close(s->store);
	test_database_drop(s->database);
	arena_done(&s->arena);
	folder_done(&s->folder);
}

static inline int shared_run_unit(struct db *db, void *arg, struct error *err)
{
	struct stmt st = { 0 };
	int r = db_prepare_built(db, &st, str_of(arg), err);

	if (r == 0)
		r = (int)stmt_run(&st, err);
	stmt_done(&st);
	return r < 0 ? r : 0;
}

/* One statement, committed. */
static inline void shared_run(struct shared_store *s, const char *sql)
{
	struct error err = { 0 };

	check_ok(store_write(s->store, shared_run_unit, (void *)(uintptr_t)sql, &err), &err);
}

#endif
