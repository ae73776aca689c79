/* Brings the core's tables up to this program: numbered files, embedded, applied in order and once, each in a transaction
 * together with its record. Addons' migrations are src/addon's. */
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

static int make_record_table(struct db *db, struct error *err)
{
	return db->engine->script(db, STR("CREATE TABLE IF NOT EXISTS schema_migrations (\n"
					  "  number        INTEGER PRIMARY KEY,\n"
					  "  name          TEXT NOT NULL,\n"
					  "  digest        TEXT NOT NULL, -- SHA-256 of the file as it was applied, hex\n"
					  "  applied_at    INTEGER NOT NULL\n"
					  ")"), err);
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
	int r = db_prepare(db, &st, "INSERT INTO schema_migrations (number, name, digest, applied_at)"
				    " VALUES (?, ?, ?, ?)", err);

	if (r < 0)
		return r;
	bind_i64(&st, number_of(file));
	bind_str(&st, str_of(file->name));
	bind_str(&st, digest);
	bind_i64(&st, clock_now_ms());
	return stmt_step(&st, err);
}

/* In a transaction of its own: another process may be at it just now, so the record is read inside. */
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
	if ((r = db_begin(db, err)) < 0)
		return r;
	if ((r = make_record_table(db, err)) < 0 || (r = is_applied(db, file, digest, err)) != 0 ||
	    (r = db->engine->script(db, sql, err)) < 0 || (r = record(db, file, digest, err)) < 0 || (r = db_commit(db, err)) < 0) {
		db_rollback(db);
		return r;
	}
	log_event(LOG_INFO, "migration applied", log_c("file", file->name), log_end);
	return 0;
}

static int newest_applied(struct db *db, int64_t *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT coalesce(max(number), 0) FROM schema_migrations", err);

	if (r < 0 || (r = stmt_step(&st, err)) < 0)
		return r;
	*ret = next_i64(&st);
	return 0;
}

int store_migrate(struct db *db, struct error *err)
{
	int64_t known = 0, applied = 0;
	int r;

	for (size_t i = 0; i < *db->engine->migration_count; i++) {
		const struct embedded_file *file = &db->engine->migrations[i];

		known = number_of(file);
		if ((r = apply(db, file, err)) < 0)
			return err != NULL ? fail_in(err, "migration %s", file->name) : r;
	}
	if ((r = newest_applied(db, &applied, err)) < 0)
		return r;
	if (applied > known)
		return fail(err, ERR_STATE, "the database is of a newer MailTrixy (schema %d, this program knows %d): install the newer "
			    "program, or put a backup back", (int)applied, (int)known);
	return 0;
}
