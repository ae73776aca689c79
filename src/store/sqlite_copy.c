/* A consistent copy of an SQLite database that is in use, and whether it is whole. */
#include "store/sqlite.h"

#include <sqlite3.h>
#include <unistd.h>

/* In one step, so that it is of one moment; writers go on meanwhile, only the log cannot begin anew. */
static int copy_into(sqlite3 *from, const char *path, struct error *err)
{
	sqlite3 *to = NULL;
	int r = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	sqlite3_backup *copy = r == SQLITE_OK ? sqlite3_backup_init(to, "main", from, "main") : NULL;

	if (copy != NULL) {
		(void)sqlite3_backup_step(copy, -1);
		r = sqlite3_backup_finish(copy);
	} else if (r == SQLITE_OK) {
		r = sqlite3_errcode(to);
	}
	if (r != SQLITE_OK)
		(void)fail(err, sqlite_code(r), "cannot copy the database into %s: %s", path, sqlite3_errstr(r));
	(void)sqlite3_close_v2(to);
	return r == SQLITE_OK ? 0 : sqlite_code(r);
}

int sqlite_copy(struct db *reader, struct str where, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str path = arena_copy(&arena, where);
	int r;

	if (path.p == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	if ((r = sqlite_make_file(path.p, true, err)) < 0)
		return r;
	if ((r = copy_into(sqlite_handle(reader), path.p, err)) < 0)
		(void)unlink(path.p);
	return r;
}

int sqlite_check(struct db *reader, struct arena *arena, struct str *ret_fault, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(reader, &st, "PRAGMA quick_check(1)", err);

	*ret_fault = STR_NONE;
	if (r < 0 || (r = stmt_step(&st, err)) <= 0)
		return r;
	struct str said = next_str(&st);

	if (!str_eq_c(said, "ok"))
		*ret_fault = arena_copy(arena, said);
	return 0;
}
