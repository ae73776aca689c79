/* A hash table from literals' addresses to compiled statements. */
#include "store/kept.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum { FIRST_SLOTS = 128 };		/* a power of two */

static struct kept_slot *find(struct kept_slot *slot, size_t slots, const char *sql)
{
	uint64_t h = (uint64_t)(uintptr_t)sql * UINT64_C(0x9E3779B97F4A7C15);
	size_t i = (size_t)(h >> 32) & (slots - 1);

	while (slot[i].sql != NULL && slot[i].sql != sql)
		i = (i + 1) & (slots - 1);
	return &slot[i];
}

/* Doubles the table when it is half full. */
static bool grow(struct kept_table *t)
{
	size_t slots = t->slots == 0 ? FIRST_SLOTS : t->slots * 2;
	struct kept_slot *slot;

	if (t->used * 2 < t->slots)
		return true;
	if ((slot = calloc(slots, sizeof(*slot))) == NULL)
		return false;
	for (size_t i = 0; i < t->slots; i++)
		if (t->slot[i].sql != NULL)
			*find(slot, slots, t->slot[i].sql) = t->slot[i];
	free(t->slot);
	t->slot = slot;
	t->slots = slots;
	return true;
}

void **kept_place(struct kept_table *t, const char *sql)
{
	struct kept_slot *s;

	if (!grow(t))
		return NULL;
	s = find(t->slot, t->slots, sql);
	if (s->sql == NULL) {
		s->sql = sql;
		t->used++;
	}
	return &s->what;
}

void *kept_next(const struct kept_table *t, size_t *at)
{
	while (*at < t->slots) {
		void *what = t->slot[(*at)++].what;

		if (what != NULL)
			return what;
	}
	return NULL;
}

void kept_done(struct kept_table *t)
{
	free(t->slot);
	*t = (struct kept_table){ 0 };
}
