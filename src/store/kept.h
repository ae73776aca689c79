/* What a connection keeps of a statement, found by the address of the literal that it was made from. For the engines only. */
#ifndef STORE_KEPT_H
#define STORE_KEPT_H

#include <stddef.h>

struct kept_slot {
	const char *sql;
	void *what;
};

struct kept_table {			/* open addressing; all zero: empty */
	struct kept_slot *slot;
	size_t slots, used;
};

/* The literal's place: what == NULL where nothing is kept yet, and then it may be set. NULL: no memory. */
void **kept_place(struct kept_table *t, const char *sql);
/* Everything, one after the other: the next one at or after *at, which moves on; NULL: no more. */
void *kept_next(const struct kept_table *t, size_t *at);
void kept_done(struct kept_table *t);	/* the table, not what stands in it */

#endif
