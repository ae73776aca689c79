/* See copy_table.h: rows in pages, by the primary key. A page begins where the last one ended, by its key, so that a table of any
 * size is read with little memory and a copy goes on where it was. */
#include "store/copy_table.h"

#include <string.h>

#include "base/crypto.h"

enum { PAGE_ROWS_MAX = 2000, PAGE_BYTES = 2 << 20, PAGE_BYTES_MAX = 8 << 20, STATEMENT_ROWS = 32, STATEMENT_BYTES = 1 << 20,
       SQL_MAX_BYTES = 65536 };

/* ---- keys ---- */

void copy_key_done(struct copy_key *key)
{
	arena_done(&key->memory);
	key->count = 0;
}

int copy_key_of(struct copy_key *key, const struct copy_table *t, const struct copy_value *row, struct error *err)
{
	arena_reset(&key->memory);
	key->count = t->key_count;
	for (size_t k = 0; k < t->key_count; k++) {
		key->v[k] = row[t->key[k]];
		key->v[k].s = arena_copy(&key->memory, key->v[k].s);
	}
	return arena_failed(&key->memory) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

static enum copy_kind key_kind(const struct copy_table *t, size_t k)
{
	return t->columns[t->key[k]].kind;
}

void copy_key_write(struct buf *b, const struct copy_table *t, const struct copy_key *key)
{
	for (size_t k = 0; k < key->count; k++)
		if (key_kind(t, k) == COPY_INTEGER) {
			buf_add(b, STR(" i"));
			buf_add_i64(b, key->v[k].i);
		} else {
			buf_add(b, STR(" x"));
			buf_add_hex(b, key->v[k].s.p, key->v[k].s.len);
		}
}

static bool value_of_word(struct str word, enum copy_kind kind, struct arena *arena, struct copy_value *ret)
{
	struct str rest = str_cut(word, 1, word.len);
	unsigned char *bytes;

	*ret = (struct copy_value){ 0 };
	if (kind == COPY_INTEGER)
		return str_starts(word, STR("i")) && str_to_i64(rest, &ret->i);
	if (!str_starts(word, STR("x")) || (bytes = arena_alloc(arena, rest.len / 2 + 1)) == NULL)
		return false;
	ret->s = (struct str){ (const char *)bytes, rest.len / 2 };
	return rest.len == 0 || (rest.len % 2 == 0 && crypto_unhex(rest, bytes, rest.len / 2));
}

int copy_key_read(struct str words, const struct copy_table *t, struct copy_key *ret, struct error *err)
{
	arena_reset(&ret->memory);
	ret->count = 0;
	if (words.len == 0)
		return 0;
	for (size_t k = 0; k < t->key_count; k++)
		if (!value_of_word(str_split(words, ' ', &words), key_kind(t, k), &ret->memory, &ret->v[k]))
			return fail(err, ERR_BROKEN, "where the copy stands in table %.*s is not to be read", STR_ARG(t->name));
	ret->count = t->key_count;
	return 0;
}

void copy_key_show(struct buf *b, const struct copy_table *t, const struct copy_value *row)
{
	for (size_t k = 0; k < t->key_count; k++) {
		const struct copy_value *v = &row[t->key[k]];

		buf_add(b, k > 0 ? STR(", ") : STR(""));
		if (key_kind(t, k) == COPY_INTEGER) {
			buf_add_i64(b, v->i);
		} else if (key_kind(t, k) == COPY_TEXT && utf8_valid(v->s) && !str_has_control(v->s)) {
			buf_add_char(b, '\'');
			buf_add(b, v->s);
			buf_add_char(b, '\'');
		} else {
			buf_add_hex(b, v->s.p, v->s.len);
		}
	}
}

/* Text sorts by its bytes in both engines: by code point, which is the same. */
static int order(enum copy_kind kind, const struct copy_value *a, const struct copy_value *b)
{
	if (kind == COPY_INTEGER)
		return a->i < b->i ? -1 : a->i > b->i;
	size_t shorter = a->s.len < b->s.len ? a->s.len : b->s.len;
	int r = shorter == 0 ? 0 : memcmp(a->s.p, b->s.p, shorter);

	return r != 0 ? r : a->s.len < b->s.len ? -1 : a->s.len > b->s.len;
}

int copy_key_order(const struct copy_table *t, const struct copy_value *a, const struct copy_value *b)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < t->key_count; k++)
		r = order(key_kind(t, k), &a[t->key[k]], &b[t->key[k]]);
	return r;
}

/* ---- reading ---- */

void copy_page_done(struct copy_page *page)
{
	arena_done(&page->memory);
	page->rows = 0;
}

static void add_names(struct buf *sql, const struct copy_table *t)
{
	for (size_t k = 0; k < t->count; k++)
		buf_addf(sql, "%s`%.*s`", k > 0 ? ", " : "", STR_ARG(t->columns[k].name));
}

/* The rows whose first same - 1 key columns are as given and whose next one is greater: a range that every engine finds by the
 * index, which is not so for the comparison of whole keys. same 0: all rows. */
static void add_select(struct buf *sql, const struct copy_table *t, size_t same, size_t max)
{
	buf_add(sql, STR("SELECT "));
	add_names(sql, t);
	buf_addf(sql, " FROM `%.*s`", STR_ARG(t->name));
	for (size_t k = 0; k < same; k++)
		buf_addf(sql, "%s`%.*s` %s ?", k == 0 ? " WHERE " : " AND ", STR_ARG(t->columns[t->key[k]].name), k + 1 == same ? ">" : "=");
	for (size_t k = 0; k < t->key_count; k++)
		buf_addf(sql, "%s`%.*s`", k == 0 ? " ORDER BY " : ", ", STR_ARG(t->columns[t->key[k]].name));
	buf_addf(sql, " LIMIT %zu", max);
}

static void bind_value(struct stmt *st, enum copy_kind kind, const struct copy_value *v)
{
	if (v->none)
		bind_null(st);
	else if (kind == COPY_INTEGER)
		bind_i64(st, v->i);
	else if (kind == COPY_TEXT)
		bind_str(st, v->s);
	else
		bind_blob(st, v->s);
}

static void read_row(struct stmt *st, const struct copy_table *t, struct copy_value *row, struct arena *arena)
{
	for (size_t k = 0; k < t->count; k++) {
		enum copy_kind kind = t->columns[k].kind;

		row[k] = (struct copy_value){ .none = st->db->engine->column_none(st) };
		if (kind == COPY_INTEGER)
			row[k].i = next_i64(st);
		else
			row[k].s = arena_copy(arena, kind == COPY_TEXT ? next_str(st) : next_blob(st));
	}
}

static bool row_stays(const struct copy_table *t, const struct copy_value *row)
{
	return t->is_settings && copy_setting_stays(row[t->key[0]].s);
}

/* Rows that agree with `after` in their first same - 1 key columns, appended. Ends early when the page is heavy: then is_last is false
 * in any case. 1: the page is full. */
static int read_range(struct db *db, const struct copy_table *t, const struct copy_key *after, size_t same, size_t max, struct copy_page *page,
		      struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	SCOPED(buf_done) struct buf sql = { .max = SQL_MAX_BYTES };
	size_t room = max - page->rows, got = 0;
	int r;

	add_select(&sql, t, same, room);
	if (sql.failed)
		return fail(err, ERR_NOMEM, "out of memory");
	if ((r = db_prepare_built(db, &st, buf_str(&sql), err)) < 0)
		return r;
	for (size_t k = 0; k < same; k++)
		bind_value(&st, key_kind(t, k), &after->v[k]);
	for (; got < room && page->memory.used - page->empty < PAGE_BYTES_MAX && (r = stmt_step(&st, err)) > 0; got++) {
		struct copy_value *row = &page->values[page->rows * t->count];

		read_row(&st, t, row, &page->memory);
		page->rows += !row_stays(t, row);
	}
	return r < 0 ? r : r > 0;	/* the last step found a row: there may be more */
}

/* The next page holds more rows when these were light, and fewer when they were heavy. */
static void adapt(struct copy_table *t, size_t bytes)
{
	if (bytes > PAGE_BYTES && t->page_rows > 1)
		t->page_rows /= 2;
	else if (bytes < PAGE_BYTES / 4 && t->page_rows < PAGE_ROWS_MAX)
		t->page_rows = t->page_rows * 2 < PAGE_ROWS_MAX ? t->page_rows * 2 : PAGE_ROWS_MAX;
}

int copy_page_read(struct db *db, struct copy_table *t, const struct copy_key *after, struct copy_page *ret, struct error *err)
{
	size_t same = after->count;
	int r;

	arena_reset(&ret->memory);
	ret->memory.max = (size_t)1 << 30;
	ret->rows = 0;
	if ((ret->values = arena_alloc(&ret->memory, t->page_rows * t->count * sizeof(*ret->values))) == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	ret->empty = ret->memory.used;
	while ((r = read_range(db, t, after, same, t->page_rows, ret, err)) == 0 && same > 1)
		same--;
	if (r < 0)
		return r;
	if (arena_failed(&ret->memory))
		return fail(err, ERR_NOMEM, "no memory for rows of table %.*s", STR_ARG(t->name));
	ret->is_last = r == 0;
	adapt(t, ret->memory.used - ret->empty);
	return 0;
}

/* ---- writing ---- */

static size_t row_bytes(const struct copy_table *t, const struct copy_value *row)
{
	size_t bytes = 0;

	for (size_t k = 0; k < t->count; k++)
		bytes += 8 + row[k].s.len;
	return bytes;
}

static int prepare_insert(struct db *db, const struct copy_table *t, size_t rows, struct stmt *st, struct error *err)
{
	SCOPED(buf_done) struct buf sql = { .max = SQL_MAX_BYTES };

	buf_addf(&sql, "INSERT INTO `%.*s` (", STR_ARG(t->name));
	add_names(&sql, t);
	buf_add(&sql, STR(") VALUES "));
	for (size_t row = 0; row < rows; row++)
		for (size_t k = 0; k < t->count; k++)
			buf_addf(&sql, "%s?%s", k > 0 ? ", " : row > 0 ? ", (" : "(", k + 1 == t->count ? ")" : "");
	return sql.failed ? fail(err, ERR_NOMEM, "out of memory") : db_prepare_built(db, st, buf_str(&sql), err);
}

static int insert(struct stmt *st, const struct copy_table *t, const struct copy_page *page, size_t from, size_t to, struct error *err)
{
	stmt_again(st);
	for (size_t row = from; row < to; row++)
		for (size_t k = 0; k < t->count; k++)
			bind_value(st, t->columns[k].kind, &copy_page_row(page, t, row)[k]);
	return stmt_step(st, err);
}

/* Many rows a statement, while they are light; what is left, one by one. */
int copy_page_write(struct db *db, const struct copy_table *t, const struct copy_page *page, size_t from, size_t to, struct error *err)
{
	SCOPED(stmt_done) struct stmt many = { 0 };
	SCOPED(stmt_done) struct stmt one = { 0 };
	int r;

	if ((r = prepare_insert(db, t, STATEMENT_ROWS, &many, err)) < 0 || (r = prepare_insert(db, t, 1, &one, err)) < 0)
		return r;
	while (from < to) {
		size_t rows = 0, bytes = 0;

		while (rows < STATEMENT_ROWS && from + rows < to && bytes < STATEMENT_BYTES)
			bytes += row_bytes(t, copy_page_row(page, t, from + rows++));
		if (rows == STATEMENT_ROWS && bytes < STATEMENT_BYTES) {
			if ((r = insert(&many, t, page, from, from + rows, err)) < 0)
				return r;
			from += rows;
		} else if ((r = insert(&one, t, page, from, from + 1, err)) < 0) {
			return r;
		} else {
			from++;
		}
	}
	return 0;
}
