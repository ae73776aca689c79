/* The tables that a copy of a whole instance is made of, as they stand in the source and in the target; and their rows in pages.
 * For copy.c, copy_check.c and copy_table.c, copy_page.c only. */
#ifndef STORE_COPY_TABLE_H
#define STORE_COPY_TABLE_H

#include "store/engine.h"

enum { COPY_KEY_MAX = 4 };
enum copy_kind { COPY_INTEGER = 1, COPY_TEXT, COPY_BYTES };

struct copy_column {
	struct str name;
	enum copy_kind kind;
};

struct copy_table {
	struct str name;
	struct copy_column *columns;	/* those that are stored: a generated one is the engine's own business */
	size_t count;
	size_t key[COPY_KEY_MAX];	/* places in columns, in the order of the primary key */
	size_t key_count;
	bool is_strange;		/* no key, or a form of column that no table of ours has: another program's */
	bool is_settings;		/* some of its rows belong to one database alone: copy_setting_stays */
	int64_t rows;			/* in the source, counted by copy_table_count */
	size_t page_rows;		/* what the next page may hold: follows how long the rows are */
};

struct copy_tables {
	struct copy_table *p;
	size_t count;
};

/* Every table of the database but those that belong to one database alone (leases, the counter, the words of the search index …).
 * Other programs' tables are among them. In an order in which no row refers to one of a later table. All is the arena's. */
int copy_tables_of(struct db *db, struct arena *arena, struct copy_tables *ret, struct error *err);
struct copy_table *copy_table_find(const struct copy_tables *tables, struct str name);	/* NULL: not there */
bool copy_table_is_account(const struct copy_table *t);
/* Makes the account table, or its columns, in the target as they are in the source. Not inside a unit. */
int copy_table_make(struct store *to, const struct copy_table *t, struct error *err);
/* Whether both have the same columns, of the same kinds, and the same key: ERR_STATE names the first difference. */
int copy_table_same(const struct copy_table *from, const struct copy_table *to, struct error *err);
int copy_table_count(struct db *db, const struct copy_table *t, int64_t *ret, struct error *err);
/* A row of settings that is about this database and not about the instance. */
bool copy_setting_stays(struct str name);

/* ---- rows ---- */

struct copy_value {
	int64_t i;
	struct str s;
	bool none;			/* NULL */
};

/* The key of a row, kept while pages come and go. Starts zeroed, which is: before the first row. */
struct copy_key {
	struct copy_value v[COPY_KEY_MAX];
	size_t count;			/* 0: before the first */
	struct arena memory;
};
void copy_key_done(struct copy_key *key);
int copy_key_of(struct copy_key *key, const struct copy_table *t, const struct copy_value *row, struct error *err);
/* Words without a blank in them, each after one: " i12 x6162". */
void copy_key_write(struct buf *b, const struct copy_table *t, const struct copy_key *key);
int copy_key_read(struct str words, const struct copy_table *t, struct copy_key *ret, struct error *err);
/* For people: "12, 'anna@example.org'". */
void copy_key_show(struct buf *b, const struct copy_table *t, const struct copy_value *row);
int copy_key_order(const struct copy_table *t, const struct copy_value *a, const struct copy_value *b);	/* as both engines sort */

struct copy_page {
	struct copy_value *values;	/* row by row, t->count each */
	size_t rows;
	size_t empty;			/* bytes of memory that it takes without what the rows hold */
	bool is_last;
	struct arena memory;
};
void copy_page_done(struct copy_page *page);
static inline const struct copy_value *copy_page_row(const struct copy_page *page, const struct copy_table *t, size_t row)
{
	return &page->values[row * t->count];
}
/* The rows behind `after` in the order of the key: as many as are good at once, some megabytes. */
int copy_page_read(struct db *db, struct copy_table *t, const struct copy_key *after, struct copy_page *ret, struct error *err);
/* Inside a unit: inserts the rows from..to-1. */
int copy_page_write(struct db *db, const struct copy_table *t, const struct copy_page *page, size_t from, size_t to, struct error *err);

#endif
