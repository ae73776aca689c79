/* The rows of a list while their number is not known: a growing array, handed into an arena at the end. */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include "base/arena.h"
#include "base/err.h"

struct rows {
	size_t size;		/* of one row */
	void *p;
	size_t count, room;
	bool failed;
};

void rows_done(struct rows *rows);
/* A zeroed row, valid until the next call; NULL without memory, which rows_give reports. */
void *rows_next(struct rows *rows);
/* Copies all of them into the arena and sets the pointer whose address is `ret`. ERR_NOMEM also when the arena itself has
 * failed before. */
int rows_give(struct rows *rows, struct arena *arena, void *ret, size_t *ret_count, struct error *err);

#endif
