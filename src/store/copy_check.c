/* See copy.h: both sides are read side by side in the order of their keys and compared, value by value. */
#include "store/copy_state.h"

#include <string.h>

enum { DIFFERENCES_TOLD = 100 };

struct side {
	struct db *db;
	struct copy_page page;
	struct copy_key key;		/* of the last row that was read */
	size_t row;			/* the next one to be looked at */
	size_t page_rows;
	bool ended;
};

struct check {
	struct copy *copy;
	struct copy_table *table;
	struct side from, to;
	int64_t rows, differences;
};

static const struct copy_value *row_of(const struct check *k, const struct side *s)
{
	return s->row < s->page.rows ? copy_page_row(&s->page, k->table, s->row) : NULL;
}

static int fill(struct check *k, struct side *s, struct error *err)
{
	int r;

	if (s->row < s->page.rows || s->ended)
		return 0;
	k->table->page_rows = s->page_rows;
	if ((r = copy_page_read(s->db, k->table, &s->key, &s->page, err)) < 0)
		return r;
	s->page_rows = k->table->page_rows;
	s->row = 0;
	s->ended = s->page.is_last;
	return s->page.rows == 0 ? 0 : copy_key_of(&s->key, k->table, copy_page_row(&s->page, k->table, s->page.rows - 1), err);
}

/* Keys are told, values never are: they may be secrets, and are people's words. */
static void tell(struct check *k, const struct copy_value *row, const char *what, struct str column)
{
	SCOPED(buf_done) struct buf key = { .max = 4096 };

	copy_key_show(&key, k->table, row);
	if (++k->differences <= DIFFERENCES_TOLD)
		copy_note(k->copy, "table %.*s, row %.*s%s%.*s", STR_ARG(k->table->name), STR_ARG(str_cut(buf_str(&key), 0, 500)), what,
			  STR_ARG(column));
}

static bool same_value(enum copy_kind kind, const struct copy_value *a, const struct copy_value *b)
{
	if (a->none || b->none)
		return a->none == b->none;
	if (kind == COPY_INTEGER)
		return a->i == b->i;
	return a->s.len == b->s.len && (a->s.len == 0 || memcmp(a->s.p, b->s.p, a->s.len) == 0);
}

static void compare_rows(struct check *k, const struct copy_value *a, const struct copy_value *b)
{
	for (size_t c = 0; c < k->table->count; c++)
		if (!same_value(k->table->columns[c].kind, &a[c], &b[c]))
			tell(k, a, ": not the same in column ", k->table->columns[c].name);
}

static void look_at_next(struct check *k)
{
	const struct copy_value *a = row_of(k, &k->from), *b = row_of(k, &k->to);
	int order = a == NULL ? 1 : b == NULL ? -1 : copy_key_order(k->table, a, b);

	if (order < 0)
		tell(k, a, ": is not in the target", STR(""));
	else if (order > 0)
		tell(k, b, ": is in the target alone", STR(""));
	else
		compare_rows(k, a, b);
	k->from.row += order <= 0;
	k->to.row += order >= 0;
}

static int check_table(struct check *k, struct error *err)
{
	int64_t rows = 0;
	int r;

	k->from = (struct side){ .db = k->copy->from, .page_rows = 64 };
	k->to = (struct side){ .db = k->copy->to, .page_rows = 64 };
	for (;;) {
		if ((r = fill(k, &k->from, err)) < 0 || (r = fill(k, &k->to, err)) < 0)
			break;
		if (row_of(k, &k->from) == NULL && row_of(k, &k->to) == NULL) {
			if (k->from.ended && k->to.ended)
				break;
			continue;
		}
		while ((row_of(k, &k->from) != NULL || k->from.ended) && (row_of(k, &k->to) != NULL || k->to.ended) &&
		       (row_of(k, &k->from) != NULL || row_of(k, &k->to) != NULL)) {
			rows += row_of(k, &k->from) != NULL;
			look_at_next(k);
		}
		copy_tell(k->copy, "check", k->table->name, rows, k->table->rows);
	}
	k->rows += rows;
	copy_page_done(&k->from.page);
	copy_page_done(&k->to.page);
	copy_key_done(&k->from.key);
	copy_key_done(&k->to.key);
	return r;
}

int copy_check(struct copy *c, int64_t *ret_rows, int64_t *ret_count, struct error *err)
{
	struct check k = { .copy = c };
	int r = db_read_begin(c->to, err);

	if (r < 0)
		return r;
	for (size_t n = 0; r >= 0 && n < c->tables.count; n++) {
		k.table = &c->tables.p[n];
		r = check_table(&k, err);
	}
	db_read_end(c->to);
	if (k.differences > DIFFERENCES_TOLD)
		copy_note(c, "and %lld more", (long long)(k.differences - DIFFERENCES_TOLD));
	*ret_rows = k.rows;
	*ret_count = k.differences;
	return r < 0 ? r : 0;
}
