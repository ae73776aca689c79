/* See copy.h: the index of words has another form in each engine, so it is made anew, by what makes it always (search.h). */
#include "store/copy_state.h"

#include "store/search.h"

enum { CONTACTS_A_UNIT = 200, MESSAGES_A_UNIT = 500 };

struct words_work {
	struct copy *copy;
	int64_t after;			/* the last conversation that is done */
	size_t count;			/* done by the unit */
	struct buf progress;
};

struct place {
	int64_t id;
	struct workspace_id workspace;
};

static int next_conversations(struct db *db, int64_t after, struct place *ret, size_t *ret_count, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT id, workspace_id FROM conversations WHERE id > ? ORDER BY id LIMIT ?", err);

	*ret_count = 0;
	if (r < 0)
		return r;
	bind_i64(&st, after);
	bind_i64(&st, CONTACTS_A_UNIT);
	while (*ret_count < CONTACTS_A_UNIT && (r = stmt_step(&st, err)) > 0) {
		ret[*ret_count].id = next_i64(&st);
		ret[(*ret_count)++].workspace.v = next_i64(&st);
	}
	return r < 0 ? r : 0;
}

static int contacts_unit(struct db *db, void *arg, struct error *err)
{
	struct words_work *w = arg;
	struct place list[CONTACTS_A_UNIT];
	int r = next_conversations(db, w->copy->at_row, list, &w->count, err);

	for (size_t k = 0; r >= 0 && k < w->count; k++)
		r = store_search_contact(db, list[k].workspace, list[k].id, err);
	if (r < 0 || w->count == 0)
		return r < 0 ? r : 0;
	w->after = list[w->count - 1].id;
	copy_progress_begin(&w->progress, w->copy, COPY_STEP_WORDS);
	buf_addf(&w->progress, " %lld", (long long)w->after);
	return copy_progress_set(db, &w->progress, err);
}

static int messages_unit(struct db *db, void *arg, struct error *err)
{
	return store_search_step(db, MESSAGES_A_UNIT, &((struct words_work *)arg)->count, err);
}

static int64_t rows_of(const struct copy *c, const char *table)
{
	const struct copy_table *t = copy_table_find(&c->tables, str_of(table));

	return t == NULL ? 0 : t->rows;
}

/* What an interrupted copy has indexed already is known by ids, not counted: the figures begin at what is left. */
int copy_words(struct copy *c, struct error *err)
{
	struct words_work w = { .copy = c };
	int64_t contacts = 0, messages = 0;
	int r;

	if (c->step != COPY_STEP_WORDS)
		return 0;
	do {
		r = store_write(c->options.to, contacts_unit, &w, err);
		c->at_row = w.count > 0 ? w.after : c->at_row;
		copy_tell(c, "index", STR("names"), contacts += (int64_t)w.count, rows_of(c, "conversations"));
	} while (r >= 0 && w.count > 0);
	while (r >= 0 && (r = store_write(c->options.to, messages_unit, &w, err)) >= 0 && w.count > 0)
		copy_tell(c, "index", STR("messages"), messages += (int64_t)w.count, rows_of(c, "messages"));
	buf_done(&w.progress);
	return r < 0 ? r : 0;
}
