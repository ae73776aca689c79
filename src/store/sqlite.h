/* Shared by the files of the SQLite engine, and by nobody else. */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "store/engine.h"

struct sqlite3;
struct sqlite3 *sqlite_handle(struct db *db);

/* The enum err_code of an extended result code. */
int sqlite_code(int extended);
/* Makes the file with our own mode, when it is not there: SQLite would let the whole machine read it. Its log takes the same
 * mode. must_be_new: ERR_EXISTS when it is there. */
int sqlite_make_file(const char *path, bool must_be_new, struct error *err);

/* struct db_engine.copy and .check (sqlite_copy.c) and .widen (sqlite_widen.c) */
int sqlite_copy(struct db *reader, struct str path, struct error *err);
int sqlite_check(struct db *reader, struct arena *arena, struct str *ret_fault, struct error *err);
int sqlite_widen(struct db *db, struct str table, struct str column, struct error *err);

#endif
