/* See copy_table.h: which tables, which columns. Rows are copy_page.c. Nothing is listed by hand but what stays behind, so that a
 * table of a later migration is copied from the day it is there. */
#include "store/copy_table.h"

#include <string.h>

#include "store/account_fields.h"
#include "store/rows.h"

enum { PAGE_ROWS_FIRST = 64, COLUMN_BYTES_MAX = 65536 };

/* What belongs to one database and its servers: made anew in the target, by its own program or by the copy's other steps. The words
 * of the search index are written by store_search_step, in the engine's own form. */
static const char *const stays[] = { "schema_migrations", "servers", "leases", "writing", "writers", "message_words",
				     "message_words_dirty", "file_bytes", "addon_packages" };

static bool table_stays(struct str name)
{
	for (size_t k = 0; k < sizeof(stays) / sizeof(stays[0]); k++)
		if (str_eq_c(name, stays[k]))
			return true;
	return false;
}

bool copy_setting_stays(struct str name)
{
	return str_starts(name, STR("copy.")) || str_starts(name, STR("seal.")) || str_eq_c(name, "search.done_to");
}

/* Names stand quoted in a text that is put together here: whatever could end the quotes is no name of ours. */
static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_'))
			return false;
	return s.len > 0 && s.len <= 64;
}

/* ---- reading what is there ---- */

static enum copy_kind kind_of(struct str type)
{
	static const struct { const char *name; enum copy_kind kind;
	} known[] = { { "integer", COPY_INTEGER }, { "bigint", COPY_INTEGER }, { "int", COPY_INTEGER }, { "mediumint", COPY_INTEGER },
		      { "smallint", COPY_INTEGER }, { "tinyint", COPY_INTEGER }, { "text", COPY_TEXT }, { "varchar", COPY_TEXT },
		      { "char", COPY_TEXT }, { "enum", COPY_TEXT }, { "tinytext", COPY_TEXT }, { "mediumtext", COPY_TEXT },
		      { "longtext", COPY_TEXT }, { "blob", COPY_BYTES }, { "tinyblob", COPY_BYTES }, { "mediumblob", COPY_BYTES },
		      { "longblob", COPY_BYTES }, { "varbinary", COPY_BYTES }, { "binary", COPY_BYTES } };

	for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
		if (str_eq_nocase(type, str_of(known[k].name)))
			return known[k].kind;
	return 0;
}

/* One row a column: table, column, type, place in the primary key (0: none), whether it is generated. */
static int prepare_columns(struct db *db, struct stmt *st, struct error *err)
{
	return db_prepare_each(db, st,
		"SELECT t.name, c.name, c.type, c.pk, c.hidden FROM pragma_table_list t, pragma_table_xinfo(t.name) c"
		" WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite$_%' ESCAPE '$' ORDER BY t.name, c.cid",
		"SELECT c.TABLE_NAME, c.COLUMN_NAME, c.DATA_TYPE, COALESCE(k.ORDINAL_POSITION, 0),"
		" CASE WHEN COALESCE(c.GENERATION_EXPRESSION, '') = '' THEN 0 ELSE 1 END FROM information_schema.COLUMNS c"
		" JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME"
		" LEFT JOIN information_schema.KEY_COLUMN_USAGE k ON k.TABLE_SCHEMA = c.TABLE_SCHEMA AND k.TABLE_NAME = c.TABLE_NAME"
		" AND k.COLUMN_NAME = c.COLUMN_NAME AND k.CONSTRAINT_NAME = 'PRIMARY'"
		" WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE' ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION", err);
}

static int add_column(struct copy_table *t, struct rows *columns, struct stmt *st, struct str name, struct arena *arena, struct error *err)
{
	enum copy_kind kind = kind_of(next_str(st));
	int64_t key = next_i64(st);
	struct copy_column *c;

	if (next_i64(st) != 0)
		return 0;
	if (kind == 0 || !is_name(name) || key < 0 || key > COPY_KEY_MAX) {
		t->is_strange = true;
		return 0;
	}
	if ((c = rows_next(columns)) == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	*c = (struct copy_column){ .name = arena_copy(arena, name), .kind = kind };
	if (key > 0) {
		t->key[key - 1] = columns->count - 1;
		t->key_count = key > (int64_t)t->key_count ? (size_t)key : t->key_count;
	}
	return 0;
}

/* Puts what has been read of a table into it: the columns of one follow each other. */
static int end_table(struct copy_table *t, struct rows *columns, struct arena *arena, struct error *err)
{
	int r = t == NULL ? 0 : rows_give(columns, arena, &t->columns, &t->count, err);

	columns->count = 0;
	if (t != NULL && (t->key_count == 0 || !is_name(t->name)))
		t->is_strange = true;
	return r;
}

static struct copy_table *begin_table(struct rows *tables, struct str name, struct arena *arena)
{
	struct copy_table *t = rows_next(tables);

	if (t != NULL)
		*t = (struct copy_table){ .name = arena_copy(arena, name), .page_rows = PAGE_ROWS_FIRST,
					  .is_settings = str_eq_c(name, "settings") };
	return t;
}

static int read_all(struct db *db, struct arena *arena, struct rows *tables, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(rows_done) struct rows columns = { .size = sizeof(struct copy_column) };
	struct copy_table *t = NULL;
	int r = prepare_columns(db, &st, err), got = 0;

	while (r >= 0 && (got = stmt_step(&st, err)) > 0) {
		struct str table = next_str(&st);

		if (table_stays(table))
			continue;
		if (t == NULL || !str_eq(t->name, table)) {
			if ((r = end_table(t, &columns, arena, err)) < 0)
				return r;
			if ((t = begin_table(tables, table, arena)) == NULL)
				return fail(err, ERR_NOMEM, "out of memory");
		}
		r = add_column(t, &columns, &st, next_str(&st), arena, err);
	}
	if (r < 0 || got < 0)
		return r < 0 ? r : got;
	return end_table(t, &columns, arena, err);
}

/* ---- in what order ---- */

bool copy_table_is_account(const struct copy_table *t)
{
	return t->count >= 3 && str_eq_c(t->columns[0].name, "account_id") && str_eq_c(t->columns[1].name, "workspace_id") &&
	       t->key_count == 1 && t->key[0] == 0;
}

struct copy_table *copy_table_find(const struct copy_tables *tables, struct str name)
{
	for (size_t k = 0; k < tables->count; k++)
		if (str_eq(tables->p[k].name, name))
			return &tables->p[k];
	return NULL;
}

static size_t place_of(const struct copy_tables *tables, struct str name)
{
	struct copy_table *t = copy_table_find(tables, name);

	return t == NULL ? tables->count : (size_t)(t - tables->p);
}

/* 1: a table was moved behind one that it refers to. */
static int move_behind(struct db *db, struct copy_tables *tables, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int moved = 0, r = db_prepare_each(db, &st,
		"SELECT t.name, f.\"table\" FROM pragma_table_list t, pragma_foreign_key_list(t.name) f WHERE t.schema = 'main'"
		" AND t.type = 'table'",
		"SELECT TABLE_NAME, REFERENCED_TABLE_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS"
		" WHERE CONSTRAINT_SCHEMA = DATABASE()", err);

	while (r >= 0 && (r = stmt_step(&st, err)) > 0) {
		size_t table = place_of(tables, next_str(&st)), parent = place_of(tables, next_str(&st));

		if (table < parent && parent < tables->count) {
			struct copy_table t = tables->p[table];

			memmove(&tables->p[table], &tables->p[table + 1], (parent - table) * sizeof(t));
			tables->p[parent] = t;
			moved = 1;
		}
	}
	return r < 0 ? r : moved;
}

/* Each round puts at least one more level of references right; in a ring it would never end. */
static int sort_by_references(struct db *db, struct copy_tables *tables, struct error *err)
{
	int r = 1;

	for (size_t round = 0; r > 0 && round <= tables->count; round++)
		r = move_behind(db, tables, err);
	return r > 0 ? fail(err, ERR_BROKEN, "tables refer to each other in a ring") : r;
}

int copy_tables_of(struct db *db, struct arena *arena, struct copy_tables *ret, struct error *err)
{
	SCOPED(rows_done) struct rows tables = { .size = sizeof(struct copy_table) };
	int r;

	if ((r = read_all(db, arena, &tables, err)) < 0 || (r = rows_give(&tables, arena, &ret->p, &ret->count, err)) < 0)
		return r;
	return sort_by_references(db, ret, err);
}

/* ---- both sides ---- */

static const struct copy_column *column_of(const struct copy_table *t, struct str name)
{
	for (size_t k = 0; k < t->count; k++)
		if (str_eq(t->columns[k].name, name))
			return &t->columns[k];
	return NULL;
}

static int has_all(const struct copy_table *t, const struct copy_table *other, const char *where, struct error *err)
{
	for (size_t k = 0; k < t->count; k++) {
		const struct copy_column *c = column_of(other, t->columns[k].name);

		if (c == NULL)
			return fail(err, ERR_STATE, "the %s has no column %.*s in table %.*s", where, STR_ARG(t->columns[k].name),
				    STR_ARG(t->name));
		if (c->kind != t->columns[k].kind)
			return fail(err, ERR_STATE, "column %.*s of table %.*s holds another kind of values in the %s", STR_ARG(c->name),
				    STR_ARG(t->name), where);
	}
	return 0;
}

int copy_table_same(const struct copy_table *from, const struct copy_table *to, struct error *err)
{
	int r;

	if (from->is_strange || to->is_strange)
		return fail(err, ERR_STATE, "table %.*s has no primary key, or columns of a form that is not copied", STR_ARG(from->name));
	if ((r = has_all(from, to, "target", err)) < 0 || (r = has_all(to, from, "source", err)) < 0)
		return r;
	bool same = from->key_count == to->key_count;

	for (size_t k = 0; same && k < from->key_count; k++)
		same = str_eq(from->columns[from->key[k]].name, to->columns[to->key[k]].name);
	return same ? 0 : fail(err, ERR_STATE, "table %.*s has another primary key in the target", STR_ARG(from->name));
}

int copy_table_make(struct store *to, const struct copy_table *t, struct error *err)
{
	struct str rest, slug = str_split(t->name, '_', &rest);	/* the name begins with its addon's, and with this part of it */
	struct account_column columns[ACCOUNT_COLUMNS_MAX];
	size_t count = 0;

	for (size_t k = 2; k < t->count && count < ACCOUNT_COLUMNS_MAX; k++)
		columns[count++] = (struct account_column){ .name = t->columns[k].name, .max_bytes = COLUMN_BYTES_MAX,
								.secret = t->columns[k].kind == COPY_BYTES };
	int r = store_account_table_ensure(to, slug, t->name, columns, count, err);

	return r < 0 ? r : 0;
}

int copy_table_count(struct db *db, const struct copy_table *t, int64_t *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(buf_done) struct buf sql = { .max = 512 };
	int r;

	buf_addf(&sql, "SELECT COUNT(*) FROM `%.*s`", STR_ARG(t->name));
	if (t->is_settings)	/* as copy_setting_stays has it */
		buf_add(&sql, STR(" WHERE name NOT LIKE 'copy.%' AND name NOT LIKE 'seal.%' AND name <> 'search.done_to'"));
	if ((r = db_prepare_built(db, &st, buf_str(&sql), err)) < 0 || (r = stmt_step(&st, err)) < 0)
		return r;
	*ret = next_i64(&st);
	return 0;
}
