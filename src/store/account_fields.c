/* See account_fields.h. Sealing the secrets is inbox/account.c. */
#include "store/account_fields.h"

#include "store/engine.h"
#include "store/rows.h"

enum { NAME_MAX_BYTES = 64, COMMENT_MAX_BYTES = 200, COLUMN_MAX_BYTES = 65536, SQL_MAX_BYTES = 65536, TRIES = 5 };	/* 64: MySQL's limit too */

static bool is_identifier(struct str s)
{
	if (s.len == 0 || s.len > NAME_MAX_BYTES || s.p[0] < 'a' || s.p[0] > 'z')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_'))
			return false;
	return true;
}

static int check_name(const char *what, struct str name, struct error *err)
{
	return is_identifier(name) ? 0 : fail(err, ERR_INVALID, "'%.*s' is no %s name: a-z, 0-9 and _, at most %d, a letter first",
					      STR_ARG(str_cut(name, 0, 80)), what, NAME_MAX_BYTES);
}

static bool is_key(struct str column)
{
	return str_eq_c(column, "account_id") || str_eq_c(column, "workspace_id");
}

static int check_columns(const struct account_column *columns, size_t count, struct error *err)
{
	int r;

	if (count == 0 || count > ACCOUNT_COLUMNS_MAX)
		return fail(err, ERR_INVALID, "an account table has 1 to %d columns, not %zu", ACCOUNT_COLUMNS_MAX, count);
	for (size_t i = 0; i < count; i++) {
		if ((r = check_name("column", columns[i].name, err)) < 0)
			return r;
		if (is_key(columns[i].name))
			return fail(err, ERR_INVALID, "column %.*s is in every account table already", STR_ARG(columns[i].name));
		if (columns[i].max_bytes < 1 || columns[i].max_bytes > COLUMN_MAX_BYTES)
			return fail(err, ERR_INVALID, "column %.*s: max_bytes is 1 to %d", STR_ARG(columns[i].name), COLUMN_MAX_BYTES);
		for (size_t k = 0; k < i; k++)
			if (str_eq(columns[i].name, columns[k].name))
				return fail(err, ERR_INVALID, "column %.*s is declared twice", STR_ARG(columns[i].name));
	}
	return 0;
}

/* "instagram_accounts" begins with "instagram" and '_'; a '-' of the slug is a '_' in the table's name. */
static bool belongs_to(struct str table, struct str slug)
{
	if (slug.len == 0 || table.len < slug.len + 2 || table.p[slug.len] != '_')
		return false;
	for (size_t i = 0; i < slug.len; i++)
		if (table.p[i] != (slug.p[i] == '-' ? '_' : slug.p[i]))
			return false;
	return true;
}

static int check_table(struct str slug, struct str table, struct error *err)
{
	int r = check_name("table", table, err);

	if (r == 0 && !belongs_to(table, slug))
		return fail(err, ERR_INVALID, "table %.*s: the name must begin with '%.*s_'", STR_ARG(table), STR_ARG(slug));
	return r;
}

static bool has_column(const struct str *have, size_t count, struct str name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(have[i], name))
			return true;
	return false;
}

/* A name that was checked stands in the text quoted: it may be a keyword. SQLite takes MySQL's quotes too. */
static void add_name(struct buf *sql, struct str name)
{
	buf_addf(sql, "`%.*s`", STR_ARG(name));
}

/* What the two call differently. */
struct dialect {
	const char *key, *text, *bytes;	/* types: of an id; of 64 KiB of text; of what sealing makes of it */
	const char *table_end;
	bool adds_many;			/* columns with one ALTER TABLE */
};

static const struct dialect *dialect_of(const struct db *db)
{
	static const struct dialect sqlite = { "INTEGER", "TEXT", "BLOB", " STRICT", false };
	static const struct dialect mariadb = { "BIGINT", "MEDIUMTEXT", "MEDIUMBLOB",
						" ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", true };

	return db->engine == &sqlite_engine ? &sqlite : &mariadb;
}

static void add_column(struct buf *sql, const struct dialect *d, const struct account_column *c)
{
	add_name(sql, c->name);
	buf_addf(sql, " %s", c->secret ? d->bytes : d->text);
}

/* A comment ends with its line: what could end it sooner becomes a blank. (SQLite keeps it with the table's text.) */
static void add_comment(struct buf *sql, struct str comment)
{
	struct str s = str_cut(comment, 0, utf8_prefix(comment, COMMENT_MAX_BYTES));

	if (s.len == 0 || !utf8_valid(s))
		return;
	buf_add(sql, STR("  -- "));
	for (size_t i = 0; i < s.len; i++)
		buf_add_char(sql, (unsigned char)s.p[i] < 0x20 ? ' ' : s.p[i]);
}

static int run_built(struct db *db, struct buf *sql, struct error *err)
{
	return sql->failed ? fail(err, ERR_NOMEM, "out of memory") : db->engine->script(db, buf_str(sql), err);
}

struct ensure {
	struct str table;
	const struct account_column *columns;
	size_t count;
};

static int create(struct db *db, const struct ensure *e, struct error *err)
{
	SCOPED(buf_done) struct buf sql = { .max = SQL_MAX_BYTES };
	const struct dialect *d = dialect_of(db);

	buf_add(&sql, STR("CREATE TABLE IF NOT EXISTS "));
	add_name(&sql, e->table);
	buf_addf(&sql, " (\n  account_id %s NOT NULL PRIMARY KEY,\n  workspace_id %s NOT NULL,\n", d->key, d->key);
	for (size_t i = 0; i < e->count; i++) {
		buf_add(&sql, STR("  "));
		add_column(&sql, d, &e->columns[i]);
		buf_add_char(&sql, ',');
		add_comment(&sql, e->columns[i].comment);
		buf_add_char(&sql, '\n');
	}
	buf_addf(&sql, "  FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE\n)%s", d->table_end);
	return run_built(db, &sql, err);
}

/* Adds the next columns that are missing, from *at. 1: it did, 0: none is missing. */
static int add_some(struct db *db, const struct ensure *e, const struct str *have, size_t have_count, size_t *at, struct error *err)
{
	SCOPED(buf_done) struct buf sql = { .max = SQL_MAX_BYTES };
	const struct dialect *d = dialect_of(db);
	size_t added = 0;

	buf_add(&sql, STR("ALTER TABLE "));
	add_name(&sql, e->table);
	for (; *at < e->count && (added == 0 || d->adds_many); ++*at)
		if (!has_column(have, have_count, e->columns[*at].name)) {
			buf_add(&sql, added++ > 0 ? STR(", ADD COLUMN ") : STR(" ADD COLUMN "));
			add_column(&sql, d, &e->columns[*at]);
		}
	if (added == 0)
		return 0;
	int r = run_built(db, &sql, err);

	return r < 0 ? r : 1;
}

/* 1: something changed. */
static int make(struct db *db, const struct ensure *e, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str *have;
	size_t have_count, at = 0;
	int changed = 0, r = db->engine->columns(db, e->table, &arena, &have, &have_count, err);

	if (r < 0)
		return r;
	if (have_count == 0)
		return (r = create(db, e, err)) < 0 ? r : 1;
	/* Every account table begins with these two and no other table does. */
	if (have_count < 2 || !str_eq_c(have[0], "account_id") || !str_eq_c(have[1], "workspace_id"))
		return fail(err, ERR_INVALID, "%.*s is a table already and no account table", STR_ARG(e->table));
	while ((r = add_some(db, e, have, have_count, &at, err)) > 0)
		changed = 1;
	return r < 0 ? r : changed;
}

/* Each statement commits by itself, and another server may be making the same table just now: what it was quicker with fails
 * here, and is there when we look again. */
static int make_in_pieces(struct db *db, const struct ensure *e, struct error *err)
{
	int r = 0, changed = 0;

	for (int tries = 0; tries < TRIES; tries++) {
		if ((r = make(db, e, err)) == 0)
			return changed;
		if (r == ERR_INVALID)
			return r;
		changed = changed || r > 0;
	}
	return r < 0 ? r : changed;
}

static int make_whole(struct db *db, const struct ensure *e, struct error *err)
{
	int c, r = store_account_table_has(db, e->table, e->columns, e->count, err);

	if (r != 0)
		return r < 0 ? r : 0;
	if ((r = db_begin(db, err)) < 0)
		return r;
	if ((r = make(db, e, err)) > 0 && (c = db_commit(db, err)) < 0)
		r = c;
	if (r <= 0)
		db_rollback(db);
	return r;
}

static int run_ensure(struct db *db, void *arg, struct error *err)
{
	return db->engine->shared ? make_in_pieces(db, arg, err) : make_whole(db, arg, err);
}

int store_account_table_check(struct str slug, struct str table, const struct account_column *columns, size_t count,
			      struct error *err)
{
	int r = check_table(slug, table, err);

	return r < 0 ? r : check_columns(columns, count, err);
}

int store_account_table_ensure(struct store *store, struct str slug, struct str table, const struct account_column *columns,
			       size_t count, struct error *err)
{
	struct ensure e = { table, columns, count };
	int r = store_account_table_check(slug, table, columns, count, err);

	return r < 0 ? r : store_run_apart(store, run_ensure, &e, err);
}

int store_account_table_has(struct db *db, struct str table, const struct account_column *columns,
			    size_t count, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str *have;
	size_t have_count;
	int r = db->engine->columns(db, table, &arena, &have, &have_count, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		if (!has_column(have, have_count, columns[i].name))
			return 0;
	return have_count > 0;
}

static int check_values(struct str table, const struct account_value *values, size_t count, struct error *err)
{
	int r = check_name("table", table, err);

	if (r == 0 && (count == 0 || count > ACCOUNT_COLUMNS_MAX))
		return fail(err, ERR_INVALID, "1 to %d fields can be written or read at once", ACCOUNT_COLUMNS_MAX);
	for (size_t i = 0; r == 0 && i < count; i++)
		if ((r = check_name("column", values[i].name, err)) == 0 && is_key(values[i].name))
			r = fail(err, ERR_INVALID, "%.*s is no field", STR_ARG(values[i].name));
	return r;
}

static void bind_values(struct stmt *st, const struct account_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (values[i].secret)
			bind_blob(st, values[i].value);
		else
			bind_str(st, values[i].value);
}

/* 1: the account had a row. */
static int update(struct db *db, struct str table, struct workspace_id w, int64_t account_id, const struct account_value *values,
		  size_t count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(buf_done) struct buf sql = { .max = SQL_MAX_BYTES };
	int64_t n;
	int r;

	buf_add(&sql, STR("UPDATE "));
	add_name(&sql, table);
	for (size_t i = 0; i < count; i++) {
		buf_add(&sql, i > 0 ? STR(", ") : STR(" SET "));
		add_name(&sql, values[i].name);
		buf_add(&sql, STR(" = ?"));
	}
	buf_add(&sql, STR(" WHERE account_id = ? AND workspace_id = ?"));
	if ((r = sql.failed ? fail(err, ERR_NOMEM, "out of memory") : db_prepare_built(db, &st, buf_str(&sql), err)) < 0)
		return r;
	bind_values(&st, values, count);
	bind_i64(&st, account_id);
	bind_i64(&st, w.v);
	return (n = stmt_run(&st, err)) < 0 ? (int)n : n > 0;
}

/* 1: a row for an account that the workspace has. */
static int insert(struct db *db, struct str table, struct workspace_id w, int64_t account_id, const struct account_value *values,
		  size_t count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(buf_done) struct buf sql = { .max = SQL_MAX_BYTES };
	int64_t n;
	int r;

	buf_add(&sql, STR("INSERT INTO "));
	add_name(&sql, table);
	buf_add(&sql, STR(" (account_id, workspace_id"));
	for (size_t i = 0; i < count; i++) {
		buf_add(&sql, STR(", "));
		add_name(&sql, values[i].name);
	}
	buf_add(&sql, STR(") SELECT id, workspace_id"));
	for (size_t i = 0; i < count; i++)
		buf_add(&sql, STR(", ?"));
	buf_add(&sql, STR(" FROM accounts WHERE id = ? AND workspace_id = ?"));
	if ((r = sql.failed ? fail(err, ERR_NOMEM, "out of memory") : db_prepare_built(db, &st, buf_str(&sql), err)) < 0)
		return r;
	bind_values(&st, values, count);
	bind_i64(&st, account_id);
	bind_i64(&st, w.v);
	return (n = stmt_run(&st, err)) < 0 ? (int)n : n > 0;
}

int store_account_fields_set(struct db *db, struct str table, struct workspace_id w, int64_t account_id,
			     const struct account_value *values, size_t count, struct error *err)
{
	int r = check_values(table, values, count, err);

	if (r < 0 || (r = update(db, table, w, account_id, values, count, err)) < 0 ||
	    (r == 0 && (r = insert(db, table, w, account_id, values, count, err)) < 0))
		return r;
	return r > 0 ? 0 : fail(err, ERR_NOTFOUND, "no such account in this workspace");
}

/* The columns of `values` that the table has, as a SELECT; columns that are not there yet read as NULL. */
static int select_text(struct db *db, struct str table, const struct account_value *values, size_t count, struct buf *sql,
		       struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str *have;
	size_t have_count;
	int r = db->engine->columns(db, table, &arena, &have, &have_count, err);

	if (r < 0 || have_count == 0)
		return r;
	buf_add(sql, STR("SELECT "));
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add(sql, STR(", "));
		if (has_column(have, have_count, values[i].name))
			add_name(sql, values[i].name);
		else
			buf_add(sql, STR("NULL"));
	}
	buf_add(sql, STR(" FROM "));
	add_name(sql, table);
	buf_add(sql, STR(" WHERE account_id = ? AND workspace_id = ?"));
	return sql->failed ? fail(err, ERR_NOMEM, "out of memory") : 1;
}

int store_account_fields_get(struct db *db, struct str table, struct workspace_id w, int64_t account_id,
			     struct arena *arena,
			     struct account_value *values, size_t count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(buf_done) struct buf sql = { .max = SQL_MAX_BYTES };
	int r = check_values(table, values, count, err);

	for (size_t i = 0; i < count; i++)
		values[i].value = STR_NONE;
	if (r < 0 || (r = select_text(db, table, values, count, &sql, err)) <= 0 ||
	    (r = db_prepare_built(db, &st, buf_str(&sql), err)) < 0)
		return r;
	bind_i64(&st, account_id);
	bind_i64(&st, w.v);
	if ((r = stmt_step(&st, err)) <= 0)
		return r;
	for (size_t i = 0; i < count; i++)
		values[i].value = arena_copy(arena, values[i].secret ? next_blob(&st) : next_str(&st));
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

/* The text of store_account_fields_all; 0: the table or the column is not there. */
static int all_text(struct db *db, struct str table, struct str column, struct buf *sql, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str *have;
	size_t have_count;
	int r = check_name("table", table, err);

	if (r < 0 || (r = check_name("column", column, err)) < 0 || (r = db->engine->columns(db, table, &arena, &have, &have_count, err)) < 0)
		return r;
	if (!has_column(have, have_count, column))
		return 0;
	buf_add(sql, STR("SELECT account_id, workspace_id, "));
	add_name(sql, column);
	buf_add(sql, STR(" FROM "));
	add_name(sql, table);
	buf_add(sql, STR(" ORDER BY account_id"));
	return sql->failed ? fail(err, ERR_NOMEM, "out of memory") : 1;
}

int store_account_fields_all(struct db *db, struct str table, struct str column, bool secret, struct arena *arena,
			     struct account_row_value **ret, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(buf_done) struct buf sql = { .max = 1024 };
	SCOPED(rows_done) struct rows rows = { .size = sizeof(struct account_row_value) };
	struct account_row_value *v;
	int r = all_text(db, table, column, &sql, err);

	*ret_count = 0;
	if (r <= 0 || (r = db_prepare_built(db, &st, buf_str(&sql), err)) < 0)
		return r;
	while ((r = stmt_step(&st, err)) > 0 && (v = rows_next(&rows)) != NULL) {
		v->account_id = next_i64(&st);
		v->workspace.v = next_i64(&st);
		v->value = arena_copy(arena, secret ? next_blob(&st) : next_str(&st));
	}
	return r < 0 ? r : rows_give(&rows, arena, ret, ret_count, err);
}

int store_account_fields_delete(struct db *db, struct str table, struct workspace_id w, int64_t account_id,
				struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(buf_done) struct buf sql = { .max = 1024 };
	int r = check_name("table", table, err);

	if (r < 0)
		return r;
	buf_add(&sql, STR("DELETE FROM "));
	add_name(&sql, table);
	buf_add(&sql, STR(" WHERE account_id = ? AND workspace_id = ?"));
	if ((r = sql.failed ? fail(err, ERR_NOMEM, "out of memory") : db_prepare_built(db, &st, buf_str(&sql), err)) < 0)
		return r;
	bind_i64(&st, account_id);
	bind_i64(&st, w.v);
	return stmt_step(&st, err);
}
