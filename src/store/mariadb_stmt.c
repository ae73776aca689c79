/* Prepared statements of one connection to MariaDB. The server's part of each is made at the first step, so that preparing
 * costs nothing and a new connection after a lost one is not noticed. All rows of a result are fetched at once: other statements
 * may run while they are read. */
#include "store/mariadb.h"

#include <ctype.h>
#include <errmsg.h>
#include <stdlib.h>
#include <string.h>

static struct compiled *of_stmt(struct stmt *st)
{
	return st->handle;
}

/* ---- preparing ---- */

static bool word_at(const char *sql, const char *word)
{
	size_t len = strlen(word);

	while (isspace((unsigned char)*sql) || *sql == '(')
		sql++;
	return strncasecmp(sql, word, len) == 0 && !isalnum((unsigned char)sql[len]);
}

static struct compiled *new_compiled(struct mariadb_db *d, const char *sql, size_t len, bool keep)
{
	struct compiled *k = calloc(1, sizeof(*k));
	char *copy = keep ? NULL : malloc(len + 1);

	if (k == NULL || (!keep && copy == NULL)) {
		free(k);
		free(copy);
		return NULL;
	}
	if (!keep) {
		memcpy(copy, sql, len);
		copy[len] = '\0';
		sql = copy;
	}
	*k = (struct compiled){ .d = d, .sql = sql, .kept = keep };
	k->reads = word_at(sql, "SELECT") || word_at(sql, "WITH") || word_at(sql, "SHOW") || word_at(sql, "EXPLAIN");
	k->upserts = strstr(sql, "ON DUPLICATE KEY") != NULL;
	return k;
}

int mariadb_prepare(struct db *db, struct stmt *st, const char *sql, size_t len, bool keep, struct error *err)
{
	struct mariadb_db *d = mariadb_of(db);
	void **at = NULL;
	struct compiled *k = NULL;

	stmt_done(st);
	*st = (struct stmt){ .db = db };
	if (keep) {
		if ((at = kept_place(&d->kept, sql)) == NULL)
			return fail(err, ERR_NOMEM, "out of memory");
		k = *at;
	}
	/* A literal that is in use already (a loop inside a loop) is compiled a second time and then dropped. */
	if (k == NULL || k->in_use) {
		bool second = k != NULL;

		if ((k = new_compiled(d, sql, len, keep && !second)) == NULL)
			return fail(err, ERR_NOMEM, "out of memory");
		if (keep && !second)
			*at = k;
	}
	k->in_use = true;
	k->stepped = false;
	st->handle = k;
	return 0;
}

static void drop_rows(struct compiled *k)
{
	if (k->rows && k->s != NULL)
		(void)mysql_stmt_free_result(k->s);
	k->rows = false;
	k->stepped = false;
}

/* Its part on the server, or what is left of it here. */
static void unprepare(struct compiled *k)
{
	if (k->s != NULL)
		(void)mysql_stmt_close(k->s);
	k->s = NULL;
	k->rows = false;
	free(k->out);
	free(k->cell);
	k->out = NULL;
	k->cell = NULL;
	k->columns = 0;
}

void mariadb_forget_prepared(struct mariadb_db *d)
{
	while (d->prepared != NULL) {
		struct compiled *k = d->prepared;

		d->prepared = k->next;
		unprepare(k);
	}
}

void mariadb_free_compiled(struct compiled *k)
{
	struct compiled **at = &k->d->prepared;

	while (*at != NULL && *at != k)
		at = &(*at)->next;
	if (*at != NULL)
		*at = k->next;
	unprepare(k);
	mariadb_later_free(k->later);
	for (size_t i = 0; i < k->param_room; i++)
		free(k->param[i].mended);
	free(k->param);
	free(k->in);
	free(k->row);
	if (!k->kept)
		free((char *)(uintptr_t)k->sql);
	free(k);
}

void mariadb_done(struct stmt *st)
{
	struct compiled *k = of_stmt(st);

	drop_rows(k);
	if (k->kept)
		k->in_use = false;
	else
		mariadb_free_compiled(k);
}

void mariadb_again(struct stmt *st)
{
	drop_rows(of_stmt(st));
}

/* ---- parameters ---- */

static void put(struct stmt *st, struct param p)
{
	struct compiled *k = of_stmt(st);
	size_t at = (size_t)st->bound++;

	if (at >= k->param_room) {
		size_t room = at < 8 ? 8 : at * 2;
		struct param *more = realloc(k->param, room * sizeof(*more));

		if (more == NULL) {
			free(p.mended);
			st->code = ERR_NOMEM;
			return;
		}
		memset(more + k->param_room, 0, (room - k->param_room) * sizeof(*more));
		k->param = more;
		k->param_room = room;
	}
	free(k->param[at].mended);
	k->param[at] = p;
}

/* The length of what may stay as it is, from `at` on. A NUL may: it is a character to the server. */
static size_t sound(struct str s, size_t at)
{
	size_t from = at, n = 1;

	while (at < s.len && n > 0) {
		n = s.p[at] == '\0' ? 1 : utf8_first(str_cut(s, at, s.len - at));
		at += n;
	}
	return at - from;
}

/* The server refuses a text that is not UTF-8, where SQLite keeps its bytes. A character that some limit has cut through, or a
 * stranger's bytes, must not stop what it came with: each byte that belongs to no character becomes U+FFFD. What was stored so is
 * found by the same bytes again, as they pass through here too. */
static struct param text_param(struct stmt *st, struct str s)
{
	struct param p = { .kind = PARAM_TEXT, .bytes = s };
	size_t at = sound(s, 0), len = at;

	if (at == s.len)
		return p;
	if ((p.mended = malloc(s.len * 3)) == NULL) {
		st->code = ERR_NOMEM;
		return (struct param){ .kind = PARAM_NULL };
	}
	memcpy(p.mended, s.p, len);
	while (at < s.len) {
		memcpy(p.mended + len, "\xef\xbf\xbd", 3);
		len += 3;
		at++;
		size_t n = sound(s, at);

		memcpy(p.mended + len, s.p + at, n);
		len += n;
		at += n;
	}
	p.bytes = (struct str){ p.mended, len };
	return p;
}

void mariadb_bind_i64(struct stmt *st, int64_t v)
{
	put(st, (struct param){ .kind = PARAM_I64, .number = v });
}

void mariadb_bind_str(struct stmt *st, struct str s)
{
	put(st, s.p == NULL ? (struct param){ .kind = PARAM_NULL } : text_param(st, s));
}

void mariadb_bind_blob(struct stmt *st, struct str s)
{
	put(st, (struct param){ .kind = s.p == NULL ? PARAM_NULL : PARAM_BYTES, .bytes = s });
}

void mariadb_bind_null(struct stmt *st)
{
	put(st, (struct param){ .kind = PARAM_NULL });
}

void mariadb_bind_new_id(struct stmt *st)
{
	struct mariadb_db *d = mariadb_of(st->db);

	if (!d->open || !d->counts)
		st->code = ERR_STATE;		/* an id is given inside the writer's transaction only */
	else
		d->last_id = d->next_id++;
	put(st, (struct param){ .kind = PARAM_I64, .number = d->last_id });
}

static int hand_params(struct compiled *k, struct error *err)
{
	for (size_t i = 0; i < k->params; i++) {
		struct param *p = &k->param[i];
		MYSQL_BIND *b = &k->in[i];

		*b = (MYSQL_BIND){ .buffer_type = MYSQL_TYPE_NULL };
		if (p->kind == PARAM_I64) {
			b->buffer_type = MYSQL_TYPE_LONGLONG;
			b->buffer = &p->number;
		} else if (p->kind != PARAM_NULL) {
			b->buffer_type = p->kind == PARAM_TEXT ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB;
			b->buffer = (void *)(uintptr_t)p->bytes.p;
			b->buffer_length = b->length_value = p->bytes.len;
			b->length = &b->buffer_length;
		}
	}
	if (k->params > 0 && mysql_stmt_bind_param(k->s, k->in))
		return mariadb_failed(k->d, mysql_stmt_errno(k->s), mysql_stmt_error(k->s), k->sql, err);
	return 0;
}

/* ---- the server's part ---- */

static int make_columns(struct compiled *k, struct error *err)
{
	k->columns = mysql_stmt_field_count(k->s);
	if (k->columns == 0)
		return 0;
	k->out = calloc(k->columns, sizeof(*k->out));
	k->cell = calloc(k->columns, sizeof(*k->cell));
	return k->out == NULL || k->cell == NULL ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

static int make_params(struct compiled *k, struct error *err)
{
	size_t count = mysql_stmt_param_count(k->s);
	void *in;

	k->params = count;
	if (count == 0)
		return 0;
	if ((in = realloc(k->in, count * sizeof(*k->in))) == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	k->in = in;
	if (count <= k->param_room)
		return 0;
	struct param *more = realloc(k->param, count * sizeof(*more));

	if (more == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	memset(more + k->param_room, 0, (count - k->param_room) * sizeof(*more));
	k->param = more;
	k->param_room = count;
	return 0;
}

int mariadb_compile(struct compiled *k, struct error *err)
{
	struct mariadb_db *d = k->d;
	my_bool on = 1;
	int r;

	if (k->s != NULL)
		return 0;
	if (d->handle == NULL)
		return fail(err, ERR_TEMPORARY, "the connection to the database server is gone");
	MYSQL_STMT *s = mysql_stmt_init(d->handle);

	if (s == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	if (mysql_stmt_prepare(s, k->sql, strlen(k->sql)) != 0) {
		r = mariadb_failed(d, mysql_stmt_errno(s), mysql_stmt_error(s), k->sql, err);
		(void)mysql_stmt_close(s);
		return r;
	}
	(void)mysql_stmt_attr_set(s, STMT_ATTR_UPDATE_MAX_LENGTH, &on);
	k->s = s;
	k->next = d->prepared;
	d->prepared = k;
	if ((r = make_columns(k, err)) < 0)
		return r;
	return make_params(k, err);
}

/* ---- rows ---- */

static bool is_number(enum enum_field_types t)
{
	switch (t) {
	case MYSQL_TYPE_TINY:
	case MYSQL_TYPE_SHORT:
	case MYSQL_TYPE_INT24:
	case MYSQL_TYPE_LONG:
	case MYSQL_TYPE_LONGLONG:
	case MYSQL_TYPE_YEAR:
	case MYSQL_TYPE_DECIMAL:	/* sum() */
	case MYSQL_TYPE_NEWDECIMAL:
	case MYSQL_TYPE_FLOAT:
	case MYSQL_TYPE_DOUBLE:
	case MYSQL_TYPE_NULL:
		return true;
	default:
		return false;
	}
}

/* Room for the longest text of each column, and where it goes. */
static int lay_out_row(struct compiled *k, const MYSQL_FIELD *field, struct error *err)
{
	size_t room = 0, at = 0;

	for (size_t i = 0; i < k->columns; i++) {
		k->cell[i].is_number = is_number(field[i].type);
		room += k->cell[i].is_number ? 0 : field[i].max_length + 1;
	}
	if (room > k->row_room) {
		char *more = realloc(k->row, room);

		if (more == NULL)
			return fail(err, ERR_NOMEM, "out of memory");
		k->row = more;
		k->row_room = room;
	}
	for (size_t i = 0; i < k->columns; i++) {
		struct cell *c = &k->cell[i];

		k->out[i] = (MYSQL_BIND){ .is_null = &c->none, .length = &c->len };
		if (c->is_number) {
			k->out[i].buffer_type = MYSQL_TYPE_LONGLONG;
			k->out[i].buffer = &c->number;
			continue;
		}
		c->p = k->row + at;
		k->out[i].buffer_type = MYSQL_TYPE_BLOB;
		k->out[i].buffer = c->p;
		k->out[i].buffer_length = field[i].max_length;
		at += field[i].max_length + 1;
	}
	return 0;
}

static int store_rows(struct compiled *k, struct error *err)
{
	MYSQL_RES *meta;
	int r;

	if (mysql_stmt_store_result(k->s) != 0 || (meta = mysql_stmt_result_metadata(k->s)) == NULL)
		return mariadb_failed(k->d, mysql_stmt_errno(k->s), mysql_stmt_error(k->s), k->sql, err);
	k->rows = true;
	r = mysql_num_fields(meta) == k->columns ? lay_out_row(k, mysql_fetch_fields(meta), err) :
	    fail(err, ERR_TEMPORARY, "the table changed under: %.*s", SQL_SHOWN, k->sql);
	mysql_free_result(meta);
	if (r == 0 && mysql_stmt_bind_result(k->s, k->out))
		r = fail(err, ERR_BROKEN, "database: %.120s in: %.*s", mysql_stmt_error(k->s), SQL_SHOWN, k->sql);
	return r;
}

static int next_row(struct compiled *k, struct error *err)
{
	if (k->columns == 0)
		return 0;
	if (!k->rows)
		return fail(err, ERR_TEMPORARY, "the rest of the rows went with the connection, in: %.*s", SQL_SHOWN, k->sql);
	switch (mysql_stmt_fetch(k->s)) {
	case 0:
	case MYSQL_DATA_TRUNCATED:	/* a fraction of a number: nothing else has too little room */
		for (size_t i = 0; i < k->columns; i++)
			if (!k->cell[i].is_number && !k->cell[i].none)
				k->cell[i].p[k->cell[i].len] = '\0';
		return 1;
	case MYSQL_NO_DATA:
		return 0;
	}
	return mariadb_failed(k->d, mysql_stmt_errno(k->s), mysql_stmt_error(k->s), k->sql, err);
}

/* ---- running ---- */

static int run_once(struct compiled *k, struct error *err)
{
	int r;

	if ((r = mariadb_compile(k, err)) < 0 || (r = hand_params(k, err)) < 0)
		return r;
	if (mysql_stmt_execute(k->s) != 0)
		return mariadb_failed(k->d, mysql_stmt_errno(k->s), mysql_stmt_error(k->s), k->sql, err);
	if (k->columns > 0 && (r = store_rows(k, err)) < 0)
		return r;
	return mariadb_still_open(k->d, k->sql, err);
}

/* A reader's connection that went away between two statements is made anew, and nobody notices: with every host once. */
static int run_statement(struct compiled *k, struct error *err)
{
	struct mariadb_db *d = k->d;
	size_t more = d->open || d->db.use == DB_WRITER ? 0 : 1 + d->url.hosts;
	int r;

	for (;;) {
		r = d->open ? 0 : mariadb_reach(d, err);
		if (r == 0)
			r = run_once(k, err);
		if (r >= 0 || d->handle != NULL || more == 0)
			return r;
		more--;
	}
}

int mariadb_may_step(struct stmt *st, struct error *err)
{
	struct mariadb_db *d = mariadb_of(st->db);
	struct compiled *k = of_stmt(st);

	if (st->code != 0)
		return fail(err, st->code, "database: a parameter is not there in: %.*s", SQL_SHOWN, k->sql);
	if (d->open ? d->lost : d->db.use != DB_READER && !k->reads)
		return fail(err, ERR_TEMPORARY, "the transaction is gone; nothing was written");
	return db_fault(st->db, k->sql, err);
}

int mariadb_step(struct stmt *st, struct error *err)
{
	struct compiled *k = of_stmt(st);
	int r;

	if (!k->stepped) {
		if ((r = mariadb_may_step(st, err)) < 0 || (r = mariadb_later_before(k, err)) < 0 || (r = run_statement(k, err)) < 0)
			return r;
		k->stepped = true;
	}
	return next_row(k, err);
}

/* An upsert that found a row counts two of it. */
int64_t mariadb_changed(struct stmt *st)
{
	struct compiled *k = of_stmt(st);
	int64_t n = k->reads || k->s == NULL ? 0 : (int64_t)mysql_stmt_affected_rows(k->s);

	return n < 0 ? 0 : k->upserts && n > 1 ? 1 : n;
}

/* ---- columns ---- */

static struct cell *next_cell(struct stmt *st)
{
	struct compiled *k = of_stmt(st);
	size_t at = (size_t)st->column++;

	return k->rows && at < k->columns ? &k->cell[at] : NULL;
}

int64_t mariadb_column_i64(struct stmt *st)
{
	struct cell *c = next_cell(st);
	int64_t n = 0;

	if (c == NULL || c->none)
		return 0;
	if (c->is_number)
		return c->number;
	return str_to_i64((struct str){ c->p, c->len }, &n) ? n : 0;
}

struct str mariadb_column_str(struct stmt *st)
{
	struct cell *c = next_cell(st);

	if (c == NULL || c->none)
		return STR_NONE;
	if (c->is_number) {
		(void)snprintf(c->digits, sizeof(c->digits), "%lld", (long long)c->number);
		return str_of(c->digits);
	}
	return (struct str){ c->p, c->len };
}

bool mariadb_column_none(struct stmt *st)
{
	struct compiled *k = of_stmt(st);
	size_t at = (size_t)st->column;

	return !k->rows || at >= k->columns || k->cell[at].none;
}
