/* Shared by the files of the SQLite engine, and by nobody else. */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "store/engine.h"

struct sqlite3;
struct sqlite3 *sqlite_handle(struct db *db);

/* struct db_engine.widen (sqlite_widen.c) */
int sqlite_widen(struct db *db, struct str table, struct str column, struct error *err);

#endif
