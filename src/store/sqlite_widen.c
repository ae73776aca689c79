/* Takes the CHECK off a column, so that it may hold any text.
 *
 * A CHECK has no trace in what a table stores, so nothing needs to be copied: SQLite documents for exactly this change the
 * way of editing the table's text in sqlite_master ("Making Other Kinds Of Table Schema Changes", the shorter procedure).
 * It takes the same moment for a million rows as for one, touches no row, index, trigger or foreign key, and is one
 * transaction: after a kill the old text or the new one is there, nothing between. The new text is the old
 * one without the CHECK; it is not written a second time here. */
#include "store/sqlite.h"

#include <ctype.h>
#include <sqlite3.h>

#include "store/widen.h"

enum { SQL_MAX_BYTES = 1024 * 1024 };

/* ---- reading a CREATE TABLE text ---- */

struct reader {
	struct str sql;
	size_t at;
};

static char at(const struct reader *r, size_t offset)
{
	return r->at + offset < r->sql.len ? r->sql.p[r->at + offset] : '\0';
}

static void skip_past(struct reader *r, struct str end)
{
	while (r->at < r->sql.len && !str_starts(str_cut(r->sql, r->at, end.len), end))
		r->at++;
	r->at = r->at + end.len > r->sql.len ? r->sql.len : r->at + end.len;
}

static void skip_blank(struct reader *r)
{
	for (;;) {
		if (at(r, 0) == '-' && at(r, 1) == '-')
			skip_past(r, STR("\n"));
		else if (at(r, 0) == '/' && at(r, 1) == '*')
			skip_past(r, STR("*/"));
		else if (r->at < r->sql.len && isspace((unsigned char)at(r, 0)))
			r->at++;
		else
			return;
	}
}

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || ((unsigned char)c & 0x80) != 0;
}

/* The next token, with its quotes; STR_NONE at the end. A doubled quote ends one token and begins the next: both are
 * inside the same text, which is enough to find commas and parentheses outside of quotes. */
static struct str token(struct reader *r)
{
	skip_blank(r);
	size_t from = r->at;
	char c = at(r, 0);

	if (r->at >= r->sql.len)
		return STR_NONE;
	r->at++;
	if (c == '\'' || c == '"' || c == '`')
		skip_past(r, (struct str){ &c, 1 });
	else if (c == '[')
		skip_past(r, STR("]"));
	else if (word_char(c))
		while (word_char(at(r, 0)))
			r->at++;
	return str_cut(r->sql, from, r->at - from);
}

static bool is_name(struct str t, struct str name)
{
	if (t.len >= 2 && (t.p[0] == '"' || t.p[0] == '`' || t.p[0] == '[' || t.p[0] == '\''))
		t = str_cut(t, 1, t.len - 2);
	return str_eq_nocase(t, name);
}

static int depth_of(struct str t)
{
	return str_eq_c(t, "(") ? 1 : str_eq_c(t, ")") ? -1 : 0;
}

/* From here to the matching end of a parenthesis. */
static void skip_group(struct reader *r)
{
	int depth = 0;
	struct str t;

	while ((t = token(r)).p != NULL && (depth += depth_of(t)) > 0)
		;
}

/* Past the table's "(" and into the definition of `column`: right after its name. */
static bool find_column(struct reader *r, struct str column)
{
	struct str t;
	int depth = 1;
	bool starts = true;		/* a definition begins with this token */

	while ((t = token(r)).p != NULL && !str_eq_c(t, "("))
		;
	while (t.p != NULL && (t = token(r)).p != NULL && depth > 0) {
		if (starts && depth == 1 && is_name(t, column))
			return true;
		depth += depth_of(t);
		starts = depth == 1 && str_eq_c(t, ",");
	}
	return false;
}

bool widen_text(struct str sql, struct str column, struct buf *ret)
{
	struct reader r = { .sql = sql };
	size_t kept = 0, named_at = 0;
	bool found = false, named = false;
	int depth = 1;

	if (!find_column(&r, column))
		return false;
	for (;;) {
		skip_blank(&r);
		size_t from = r.at;
		struct str t = token(&r);

		if (t.p == NULL || (depth == 1 && str_eq_c(t, ",")) || (depth += depth_of(t)) == 0)
			break;
		if (depth == 1 && str_eq_nocase(t, STR("constraint"))) {
			named = true;
			named_at = from;
			(void)token(&r);
		} else if (depth == 1 && str_eq_nocase(t, STR("check"))) {
			size_t begin = named ? named_at : from;

			skip_group(&r);
			while (begin > kept && (sql.p[begin - 1] == ' ' || sql.p[begin - 1] == '\t'))
				begin--;
			buf_add(ret, str_cut(sql, kept, begin - kept));
			kept = r.at;
			found = true;
			named = false;
		} else {
			named = false;
		}
	}
	buf_add(ret, str_cut(sql, kept, sql.len - kept));
	return found && !ret->failed;
}

/* ---- changing it ---- */

static int table_text(struct db *db, struct str table, struct arena *arena, struct str *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, table);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	if (r == 0)
		return fail(err, ERR_NOTFOUND, "there is no table %.*s to widen", STR_ARG(table));
	*ret = arena_copy(arena, next_str(&st));
	return ret->p == NULL ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

static int set_text(struct db *db, struct str table, struct str sql, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int64_t n;
	int r = db_prepare(db, &st, "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, sql);
	bind_str(&st, table);
	if ((n = stmt_run(&st, err)) < 0)
		return (int)n;
	return n == 1 ? 0 : fail(err, ERR_BROKEN, "the text of table %.*s stands in %d rows", STR_ARG(table), (int)n);
}

/* Every connection reads the tables' texts again when this number has changed. */
static int next_schema_version(struct db *db, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(buf_done) struct buf sql = { .max = 100 };
	int r = db_prepare(db, &st, "PRAGMA schema_version", err);

	if (r < 0 || (r = stmt_step(&st, err)) < 0)
		return r;
	buf_addf(&sql, "PRAGMA schema_version = %d", (int)(next_i64(&st) % INT32_MAX) + 1);
	stmt_done(&st);
	if ((r = db_prepare_built(db, &st, buf_str(&sql), err)) < 0)
		return r;
	r = stmt_step(&st, err);
	return r < 0 ? r : 0;
}

/* The new text must mean the same columns: read with it, not with what was remembered. */
static int same_columns(struct db *db, struct str table, const struct str *before, size_t before_count, struct arena *arena,
			struct error *err)
{
	struct str *after;
	size_t count;
	int r = db->engine->columns(db, table, arena, &after, &count, err);

	if (r < 0)
		return r;
	bool same = count == before_count;

	for (size_t i = 0; same && i < count; i++)
		same = str_eq(before[i], after[i]);
	return same ? 0 : fail(err, ERR_BROKEN, "table %.*s would not have the same columns", STR_ARG(table));
}

static int replace(struct db *db, struct str table, struct str sql, struct arena *arena, struct error *err)
{
	struct str *before;
	size_t count;
	int r;

	if ((r = db->engine->columns(db, table, arena, &before, &count, err)) < 0 || (r = set_text(db, table, sql, err)) < 0 ||
	    (r = next_schema_version(db, err)) < 0)
		return r;
	(void)sqlite3_exec(sqlite_handle(db), "PRAGMA writable_schema = RESET", NULL, NULL, NULL);
	return same_columns(db, table, before, count, arena, err);
}

/* In a write transaction. */
static int widen(struct db *db, struct str table, struct str column, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	SCOPED(buf_done) struct buf sql = { .max = SQL_MAX_BYTES };
	struct str old = STR_NONE;
	int r;

	if ((r = table_text(db, table, &arena, &old, err)) < 0)
		return r;
	if (!widen_text(old, column, &sql))
		return sql.failed ? fail(err, ERR_NOMEM, "out of memory") : 0;
	(void)sqlite3_exec(sqlite_handle(db), "PRAGMA writable_schema = ON", NULL, NULL, NULL);
	r = replace(db, table, buf_str(&sql), &arena, err);
	(void)sqlite3_exec(sqlite_handle(db), "PRAGMA writable_schema = OFF", NULL, NULL, NULL);
	return r < 0 ? r : 1;
}

/* Without the write lock: it is asked at every start. */
static int is_wide(struct db *db, struct str table, struct str column, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	SCOPED(buf_done) struct buf sql = { .max = SQL_MAX_BYTES };
	struct str text = STR_NONE;
	int r = table_text(db, table, &arena, &text, err);

	return r < 0 ? r : !widen_text(text, column, &sql) && !sql.failed;
}

int sqlite_widen(struct db *db, struct str table, struct str column, struct error *err)
{
	int r = is_wide(db, table, column, err), c;

	if (r != 0)
		return r < 0 ? r : 0;
	if ((r = db_begin(db, err)) < 0)
		return r;
	if ((r = widen(db, table, column, err)) > 0 && (c = db_commit(db, err)) < 0)
		r = c;
	if (r <= 0)
		db_rollback(db);
	return r;
}
