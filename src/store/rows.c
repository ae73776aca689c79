/* See rows.h. */
#include "store/rows.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void rows_done(struct rows *rows)
{
	free(rows->p);
	rows->p = NULL;
}

void *rows_next(struct rows *rows)
{
	if (rows->count == rows->room) {
		size_t room = rows->room == 0 ? 16 : rows->room * 2;
		void *p = room > SIZE_MAX / rows->size ? NULL : realloc(rows->p, room * rows->size);

		if (p == NULL) {
			rows->failed = true;
			return NULL;
		}
		rows->p = p;
		rows->room = room;
	}
	void *row = (char *)rows->p + rows->count++ * rows->size;

	memset(row, 0, rows->size);
	return row;
}

int rows_give(struct rows *rows, struct arena *arena, void *ret, size_t *ret_count, struct error *err)
{
	size_t bytes = rows->count * rows->size;
	void *p = arena_alloc(arena, bytes > 0 ? bytes : 1);

	if (rows->failed || p == NULL || arena_failed(arena))
		return fail(err, ERR_NOMEM, "no memory for %zu rows", rows->count);
	if (bytes > 0)
		memcpy(p, rows->p, bytes);
	memcpy(ret, &p, sizeof(p));	/* it points to a pointer of the rows' own type */
	*ret_count = rows->count;
	return 0;
}
