/* Keeping the search index up, for work/ to call. */
#include "inbox/search.h"

#include "store/search.h"

struct step {
	size_t max, done;
};

static int run_step(struct db *db, void *arg, struct error *err)
{
	struct step *s = arg;

	return store_search_step(db, s->max, &s->done, err);
}

int search_step(struct instance *i, size_t max_rows, size_t *ret_done, struct error *err)
{
	struct step s = { .max = max_rows };
	int r = store_write(i->store, run_step, &s, err);

	*ret_done = s.done;
	return r;
}

int search_lag(struct db *db, int64_t *ret, struct error *err)
{
	return store_search_lag(db, ret, err);
}
