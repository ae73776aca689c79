/* Brings the core's tables up to this program: numbered files, embedded, applied in order and once. Addons' migrations are
 * src/addon's.
 *
 * Where a transaction holds what changes tables (SQLite), a file and its record are one. Where such statements commit by
 * themselves (engines that are shared), a file may be begun by several servers, and be left anywhere: its statements are written
 * so that they can run again, and the record comes last.
 *
 * A file's first line may say "-- oldest: N": programs that know the schema up to N can still work with the database after it, so
 * that servers are brought up to date one after the other. Without it, only programs that know the file itself can. */
#include "store/engine.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/embed.h"
#include "base/log.h"

/* "001_core.sql" is 1. */
static int64_t number_of(const struct embedded_file *file)
{
	int64_t n = 0;
	struct str rest;

	return str_to_i64(str_split(str_of(file->name), '_', &rest), &n) ? n : 0;
}

static int64_t oldest_of(const struct embedded_file *file)
{
	struct str head = STR("-- oldest: "), rest, line = str_split((struct str){ (const char *)file->bytes, file->len }, '\n', &rest);
	int64_t n;

	return str_starts(line, head) && str_to_i64(str_cut(line, head.len, line.len), &n) ? n : number_of(file);
}

/* SQLite's dialect and MariaDB's both read it. */
#define RECORDS "CREATE TABLE IF NOT EXISTS schema_migrations (\n" \
		"  number        BIGINT NOT NULL PRIMARY KEY,\n" \
		"  name          TEXT NOT NULL,\n" \
		"  digest        TEXT NOT NULL, -- SHA-256 of the file as it was applied, hex\n" \
		"  applied_at    BIGINT NOT NULL,\n" \
		"  oldest        BIGINT NOT NULL DEFAULT 0 -- the lowest schema number a program may know and still work after it\n" \
		")"

/* Databases from before number 3 have no column `oldest`. */
static int make_record_table(struct db *db, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str *have;
	size_t count;
	int r = db->engine->columns(db, STR("schema_migrations"), &arena, &have, &count, err);

	if (r < 0)
		return r;
	if (count == 0)
		return db->engine->script(db, STR(RECORDS), err);
	for (size_t i = 0; i < count; i++)
		if (str_eq_c(have[i], "oldest"))
			return 0;
	return db->engine->script(db, STR("ALTER TABLE schema_migrations ADD COLUMN oldest BIGINT NOT NULL DEFAULT 0"), err);
}

/* 1: it was applied, as it is here. */
static int is_applied(struct db *db, const struct embedded_file *file, struct str digest, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT digest FROM schema_migrations WHERE number = ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, number_of(file));
	if ((r = stmt_step(&st, err)) <= 0)
		return r;
	if (!str_eq(next_str(&st), digest))
		return fail(err, ERR_STATE, "the database was made with another %s than this program's: use the program that made it, or "
			    "a backup made with this one", file->name);
	return 1;
}

static int record(struct db *db, const struct embedded_file *file, struct str digest, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "INSERT INTO schema_migrations (number, name, digest, applied_at, oldest)"
				    " VALUES (?, ?, ?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_i64(&st, number_of(file));
	bind_str(&st, str_of(file->name));
	bind_str(&st, digest);
	bind_i64(&st, clock_now_ms());
	bind_i64(&st, oldest_of(file));
	return stmt_step(&st, err);
}

/* File and record in one transaction: another process may be at it just now, so the record is read inside. 1: it was applied. */
static int apply_whole(struct db *db, const struct embedded_file *file, struct str sql, struct str digest, struct error *err)
{
	int r;

	if ((r = db_begin(db, err)) < 0)
		return r;
	if ((r = make_record_table(db, err)) < 0 || (r = is_applied(db, file, digest, err)) != 0 ||
	    (r = db->engine->script(db, sql, err)) < 0 || (r = record(db, file, digest, err)) < 0 || (r = db_commit(db, err)) < 0)
		db_rollback(db);
	return r;
}

/* The statements first, each by itself, and then the record, once. 1: it was applied. */
static int apply_in_pieces(struct db *db, const struct embedded_file *file, struct str sql, struct str digest, struct error *err)
{
	int r;

	if ((r = make_record_table(db, err)) < 0 || (r = is_applied(db, file, digest, err)) != 0 ||
	    (r = db->engine->script(db, sql, err)) < 0 || (r = db_begin(db, err)) < 0)
		return r;
	if ((r = is_applied(db, file, digest, err)) != 0 || (r = record(db, file, digest, err)) < 0 || (r = db_commit(db, err)) < 0)
		db_rollback(db);
	return r;
}

static int apply(struct db *db, const struct embedded_file *file, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str sql = { (const char *)file->bytes, file->len };
	unsigned char sum[SHA256_BYTES];
	int r;

	crypto_sha256(sql, sum);
	struct str digest = crypto_hex(&arena, sum, sizeof(sum));

	if (digest.p == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	r = db->engine->shared ? apply_in_pieces(db, file, sql, digest, err) : apply_whole(db, file, sql, digest, err);
	if (r == 0)
		log_event(LOG_INFO, "migration applied", log_c("file", file->name), log_end);
	return r;
}

/* Files of newer programs that were applied, if they leave no room for one that knows `known`. */
static int check_newer(struct db *db, int64_t known, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT coalesce(max(number), 0), coalesce(max(oldest), 0) FROM schema_migrations WHERE number > ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, known);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	int64_t applied = next_i64(&st), oldest = next_i64(&st);

	if (oldest > known)
		return fail(err, ERR_STATE, "the database is of a newer MailTrixy (schema %d, this program knows %d): install the newer "
			    "program, or put a backup back", (int)applied, (int)known);
	return 0;
}

int store_migrate(struct db *db, struct error *err)
{
	const struct embedded_file *files = db->engine->migrations;
	int64_t known = 0;
	int r;

	for (size_t i = 0; i < *db->engine->migration_count; i++) {
		known = number_of(&files[i]);
		if ((r = apply(db, &files[i], err)) < 0)
			return err != NULL ? fail_in(err, "migration %s", files[i].name) : r;
	}
	return check_newer(db, known, err);
}
