/* Memory that lives as long as one request, delivery or unit of work and is freed at once. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/buf.h"

struct arena_block;

struct arena {
	struct arena_block *block;	/* newest first */
	size_t used;			/* bytes given out */
	size_t max;			/* bytes it may give out; 0: 64 MiB */
};

void arena_done(struct arena *a);
void arena_wipe(struct arena *a);		/* arena_done for what held secrets: its bytes are overwritten first */
/* Forgets all that was given out but keeps one block for the next use. */
void arena_reset(struct arena *a);
/* Zeroed and aligned for any object; NULL past the limit or without memory. */
void *arena_alloc(struct arena *a, size_t bytes);
/* A NUL-terminated copy. STR_NONE stays STR_NONE. On failure the result's p is NULL while s.len > 0:
 * check with arena_failed at the end. */
struct str arena_copy(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool arena_failed(const struct arena *a);

#endif
