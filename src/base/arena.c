#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 8192 };

struct arena_block {
	struct arena_block *older;
	size_t room, used;
	alignas(max_align_t) unsigned char bytes[];
};

void arena_done(struct arena *a)
{
	while (a->block != NULL) {
		struct arena_block *older = a->block->older;

		free(a->block);
		a->block = older;
	}
	a->used = 0;
}

void arena_wipe(struct arena *a)
{
	for (struct arena_block *b = a->block; b != NULL; b = b->older)
		explicit_bzero(b->bytes, b->used);
	arena_done(a);
}

void arena_reset(struct arena *a)
{
	struct arena_block *keep = a->block;

	a->used = 0;
	if (keep == NULL)
		return;
	struct arena rest = { .block = keep->older };

	arena_done(&rest);
	keep->older = NULL;
	keep->used = 0;
	if (keep->room > 16 * BLOCK_BYTES)	/* a rare large request must not hold its memory for ever */
		arena_done(a);
}

/* `used` past every limit is the mark of a failure: later calls fail as well, until the reset. */
static void *failed(struct arena *a)
{
	a->used = SIZE_MAX;
	return NULL;
}

bool arena_failed(const struct arena *a)
{
	return a->used == SIZE_MAX;
}

static void *take(struct arena *a, size_t bytes)
{
	size_t max = a->max != 0 ? a->max : (size_t)64 * 1024 * 1024;
	size_t need = bytes + (-bytes & (alignof(max_align_t) - 1));

	if (need < bytes || a->used > max || need > max - a->used)
		return failed(a);
	if (a->block == NULL || need > a->block->room - a->block->used) {
		size_t room = need > BLOCK_BYTES ? need : BLOCK_BYTES;
		struct arena_block *b = malloc(sizeof(*b) + room);

		if (b == NULL)
			return failed(a);
		*b = (struct arena_block){ .older = a->block, .room = room };
		a->block = b;
	}
	void *p = a->block->bytes + a->block->used;

	a->block->used += need;
	a->used += need;
	return p;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
	void *p = take(a, bytes);

	if (p != NULL)
		memset(p, 0, bytes);
	return p;
}

struct str arena_copy(struct arena *a, struct str s)
{
	if (s.p == NULL || s.len == SIZE_MAX)
		return STR_NONE;
	char *p = take(a, s.len + 1);

	if (p == NULL)
		return (struct str){ NULL, 0 };
	memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return (struct str){ p, s.len };
}

struct str arena_printf(struct arena *a, const char *format, ...)
{
	va_list ap, again;
	struct str s = STR_NONE;

	va_start(ap, format);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, format, ap);
	char *p = n < 0 ? failed(a) : take(a, (size_t)n + 1);

	if (p != NULL) {
		(void)vsnprintf(p, (size_t)n + 1, format, again);
		s = (struct str){ p, (size_t)n };
	}
	va_end(again);
	va_end(ap);
	return s;
}
