/* The database of a test: SQLite's in the test's folder, or a fresh one on a MariaDB server, whose URL the environment variable
 * MAILTRIXY_TEST_DATABASE tells. Its user must be allowed to make and drop databases called mt…. */
#ifndef TESTS_DATABASE_H
#define TESTS_DATABASE_H

#include <stdlib.h>
#include <unistd.h>

#include "base/crypto.h"
#include "store/engine.h"

/* Whether tests run on a shared engine. */
static inline bool test_database_is_shared(void)
{
	const char *url = getenv("MAILTRIXY_TEST_DATABASE");

	return url != NULL && url[0] != '\0';
}

/* For store_options.database, the arena's: "" on SQLite, where the database is mailtrixy.db in data_dir. Else the URL of a database
 * that nobody has; the first store_open makes it. */
static inline struct str test_database(struct arena *arena, struct str data_dir)
{
	const char *url = getenv("MAILTRIXY_TEST_DATABASE");
	unsigned char random[8];
	struct str options, place;

	(void)data_dir;
	if (!test_database_is_shared())
		return STR("");
	crypto_random(random, sizeof(random));
	place = str_split(str_of(url), '?', &options);
	for (size_t i = place.len; i > 0; i--)		/* the slash before the database's name, not those of mysql:// */
		if (place.p[i - 1] == '/') {
			if (i < 2 || place.p[i - 2] != '/')
				place.len = i - 1;
			break;
		}
	return arena_printf(arena, "%.*s/mt_%s%s%.*s", STR_ARG(place), crypto_hex(arena, random, sizeof(random)).p, options.p != NULL ? "?" : "",
			    STR_ARG(options));
}

/* What test_database gave. "" is nothing to do. */
static inline void test_database_drop(struct str database)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str options, place = str_split(database, '?', &options);
	struct db *db;
	struct error err;
	size_t from = place.len;

	if (database.len == 0)
		return;
	while (from > 0 && place.p[from - 1] != '/')
		from--;
	if (mariadb_engine.open(database, DB_SCHEMA, &db, &err) < 0 ||
	    mariadb_engine.script(db, arena_printf(&arena, "DROP DATABASE `%.*s`", (int)(place.len - from), place.p + from), &err) < 0) {
		(void)fprintf(stderr, "the test's database is left: %s\n", err.text);
		return;
	}
	mariadb_engine.close(db);
}

#endif
