/* Rows of INSERTs, and UPDATEs of single rows, that are sent together: one message to the server for all of a literal instead of one
 * each. They wait at most until the commit or until another statement names one of their tables. */
#include "store/mariadb.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { LATER_ROWS = 1024, LATER_BYTES = 1 << 20, FIRST_ROWS = 64 };

/* The waiting rows of one literal: a column of values for each parameter. */
struct column {
	enum { COLUMN_EMPTY, COLUMN_I64, COLUMN_TEXT, COLUMN_BYTES } kind;	/* EMPTY: NULL so far */
	int64_t *number;
	const char **bytes;
	unsigned long *len;
	char *none;			/* STMT_INDICATOR_… */
};

struct later {
	struct compiled *k;
	struct column *column;
	size_t columns, rows, room;
	unsigned table;			/* bit */
	struct later *next;		/* that holds rows */
};

/* ---- which tables ---- */

static bool name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || ((unsigned char)c & 0x80) != 0;
}

static bool names(const char *sql, struct str table)
{
	for (const char *at = sql; (at = strstr(at, table.p)) != NULL; at += table.len)
		if ((at == sql || !name_char(at[-1])) && !name_char(at[table.len]))
			return true;
	return false;
}

/* The bits of the tables that a statement names, found once for every table that somebody's rows ever waited for. */
static unsigned tables_of(struct compiled *k)
{
	struct mariadb_db *d = k->d;

	for (; k->tables_known < d->later_tables; k->tables_known++)
		if (names(k->sql, d->later_table[k->tables_known]))
			k->tables |= 1u << k->tables_known;
	return k->tables;
}

/* The bit of the table of an INSERT or UPDATE; 0: no room for more, or neither. */
static unsigned table_of(struct mariadb_db *d, const char *sql)
{
	bool updates = strncmp(sql, "UPDATE ", strlen("UPDATE ")) == 0;
	const char *at = updates ? sql + strlen("UPDATE ") : strstr(sql, "INTO "), *end;

	if (at == NULL)
		return 0;
	if (!updates)
		at += strlen("INTO ");
	for (end = at; name_char(*end); end++)
		;
	struct str name = { at, (size_t)(end - at) };

	for (unsigned i = 0; i < d->later_tables; i++)
		if (str_eq(d->later_table[i], name))
			return 1u << i;
	if (d->later_tables == LATER_TABLES || name.len == 0)
		return 0;
	name = arena_copy(&d->memory, name);
	if (name.p == NULL)
		return 0;
	d->later_table[d->later_tables] = name;
	return 1u << d->later_tables++;
}

/* ---- keeping rows ---- */

void mariadb_later_free(struct later *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->columns; i++) {
		free(l->column[i].number);
		free(l->column[i].bytes);
		free(l->column[i].len);
		free(l->column[i].none);
	}
	free(l->column);
	free(l);
}

static struct later *new_later(struct compiled *k)
{
	struct later *l = calloc(1, sizeof(*l));

	if (l == NULL || (l->column = calloc(k->params, sizeof(*l->column))) == NULL) {
		free(l);
		return NULL;
	}
	l->k = k;
	l->columns = k->params;
	l->table = table_of(k->d, k->sql);
	return l;
}

static bool more_room(void *array, size_t bytes)
{
	void **at = array, *more = realloc(*at, bytes);

	if (more != NULL)
		*at = more;
	return more != NULL;
}

static bool grow(struct later *l)
{
	size_t room = l->room == 0 ? FIRST_ROWS : l->room * 2;

	if (l->rows < l->room)
		return true;
	for (size_t i = 0; i < l->columns; i++) {
		struct column *c = &l->column[i];

		if (!more_room(&c->number, room * sizeof(*c->number)) || !more_room(&c->bytes, room * sizeof(*c->bytes)) ||
		    !more_room(&c->len, room * sizeof(*c->len)) || !more_room(&c->none, room))
			return false;
	}
	l->room = room;
	return true;
}

static int kind_of(const struct param *p)
{
	switch (p->kind) {
	case PARAM_I64:
		return COLUMN_I64;
	case PARAM_TEXT:
		return COLUMN_TEXT;
	case PARAM_BYTES:
		return COLUMN_BYTES;
	default:
		return COLUMN_EMPTY;
	}
}

/* A column that was a number is one in all rows that go together. */
static bool fits(const struct later *l)
{
	for (size_t i = 0; i < l->columns; i++) {
		int kind = kind_of(&l->k->param[i]);

		if (kind != COLUMN_EMPTY && l->column[i].kind != COLUMN_EMPTY && kind != (int)l->column[i].kind)
			return false;
	}
	return true;
}

static int add_row(struct later *l, struct error *err)
{
	struct mariadb_db *d = l->k->d;

	if (!grow(l))
		return fail(err, ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < l->columns; i++) {
		const struct param *p = &l->k->param[i];
		struct column *c = &l->column[i];
		struct str bytes = p->kind == PARAM_TEXT || p->kind == PARAM_BYTES ? arena_copy(&d->later_memory, p->bytes) : STR("");

		if (bytes.p == NULL)
			return fail(err, ERR_NOMEM, "out of memory");
		c->none[l->rows] = p->kind == PARAM_NULL ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE;
		c->number[l->rows] = p->number;
		c->bytes[l->rows] = bytes.p;
		c->len[l->rows] = bytes.len;
		d->later_bytes += bytes.len + sizeof(int64_t);
		if (c->kind == COLUMN_EMPTY)
			c->kind = kind_of(p);
	}
	if (l->rows++ == 0) {
		l->next = NULL;
		*(d->later_last != NULL ? &d->later_last->next : &d->later_first) = l;
		d->later_last = l;
		d->later_waiting |= l->table;
	}
	return 0;
}

/* ---- sending ---- */

static int send_rows(struct later *l, struct error *err)
{
	struct compiled *k = l->k;
	unsigned rows = (unsigned)l->rows, single = 0;
	int r;

	if ((r = mariadb_compile(k, err)) < 0)
		return r;
	for (size_t i = 0; i < l->columns; i++) {
		struct column *c = &l->column[i];
		bool is_text = c->kind == COLUMN_TEXT || c->kind == COLUMN_BYTES;

		k->in[i] = (MYSQL_BIND){ .buffer_type = !is_text ? MYSQL_TYPE_LONGLONG : c->kind == COLUMN_TEXT ? MYSQL_TYPE_STRING :
					 MYSQL_TYPE_BLOB, .buffer = is_text ? (void *)c->bytes : (void *)c->number,
					 .length = is_text ? c->len : NULL, .u.indicator = c->none };
	}
	(void)mysql_stmt_attr_set(k->s, STMT_ATTR_ARRAY_SIZE, &rows);
	bool fails = mysql_stmt_bind_param(k->s, k->in) || mysql_stmt_execute(k->s) != 0;

	(void)mysql_stmt_attr_set(k->s, STMT_ATTR_ARRAY_SIZE, &single);
	return fails ? mariadb_failed(k->d, mysql_stmt_errno(k->s), mysql_stmt_error(k->s), k->sql, err) :
	       mariadb_still_open(k->d, k->sql, err);
}

static void take_off(struct mariadb_db *d)
{
	for (struct later *l = d->later_first; l != NULL; l = l->next) {
		for (size_t i = 0; i < l->columns; i++)
			l->column[i].kind = COLUMN_EMPTY;
		l->rows = 0;
	}
	d->later_first = d->later_last = NULL;
	d->later_waiting = 0;
	d->later_bytes = 0;
	arena_reset(&d->later_memory);
}

void mariadb_later_drop(struct mariadb_db *d)
{
	if (d->later_first != NULL)
		take_off(d);
}

/* In the order in which their first rows came: a row that others refer to was made before them. */
int mariadb_later_send(struct mariadb_db *d, struct error *err)
{
	int r = 0;

	for (struct later *l = d->later_first; l != NULL && r == 0; l = l->next)
		r = send_rows(l, err);
	mariadb_later_drop(d);
	return r;
}

int mariadb_later_before(struct compiled *k, struct error *err)
{
	struct mariadb_db *d = k->d;

	return d->later_waiting != 0 && (tables_of(k) & d->later_waiting) != 0 ? mariadb_later_send(d, err) : 0;
}

/* Does the row have to go at once? Under a mark it does: going back to the mark must take it along, and its failure is its unit's. */
static bool must_go_now(struct compiled *k)
{
	return k->d->marked || !k->kept || k->columns > 0 || k->params == 0;
}

int mariadb_later(struct stmt *st, struct error *err)
{
	struct compiled *k = st->handle;
	struct mariadb_db *d = k->d;
	int r;

	if (d->open && !d->lost && (r = mariadb_compile(k, err)) < 0)
		return r;
	if (must_go_now(k))
		return mariadb_step(st, err);
	if (k->later == NULL && (k->later = new_later(k)) == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	if (k->later->table == 0)
		return mariadb_step(st, err);
	if ((r = mariadb_may_step(st, err)) < 0)
		return r;
	/* Its own table's rows wait for it, not it for them: only an INSERT that also reads a waiting table cannot wait. */
	if ((tables_of(k) & d->later_waiting & ~k->later->table) != 0 || !fits(k->later) || k->later->rows >= LATER_ROWS ||
	    d->later_bytes > LATER_BYTES)
		if ((r = mariadb_later_send(d, err)) < 0)
			return r;
	return add_row(k->later, err);
}
