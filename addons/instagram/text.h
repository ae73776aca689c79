/* Makes text in the caller's memory: joined, quoted for JSON, cut. */
#ifndef INSTAGRAM_TEXT_H
#define INSTAGRAM_TEXT_H

#include <mailtrixy/addon.h>
#include <stdbool.h>
#include <string.h>

/* A literal as a value; TRIXY_TEXT initialises constants. */
#define TEXT(lit) ((struct trixy_text)TRIXY_TEXT(lit))

/* Joins its arguments, each a struct trixy_text. */
#define IG_JOIN(maker, ...) \
	ig_text_join((maker), (const struct trixy_text[]){__VA_ARGS__}, \
		     sizeof((const struct trixy_text[]){__VA_ARGS__}) / sizeof(struct trixy_text))

/* Remembers that memory ran out, so that many pieces need one check, at the end. */
struct ig_maker {
	struct trixy_memory *memory;
	bool failed;
};

/* {NULL,0} when memory ran out; a copy of "" is not {NULL,0}. */
struct trixy_text ig_text_copy(struct trixy_memory *memory, struct trixy_text text);

/* Absent parts count as "". */
struct trixy_text ig_text_join(struct ig_maker *maker, const struct trixy_text *parts, size_t count);

/* A JSON string, with its quotes. `text` is UTF-8 and stays so: only what JSON demands is escaped. */
struct trixy_text ig_text_quote(struct ig_maker *maker, struct trixy_text text);

/* For one value of an address: all but letters, digits and -._~ as %XX. */
struct trixy_text ig_text_percent(struct ig_maker *maker, struct trixy_text text);

/* A number in decimal. */
struct trixy_text ig_text_number(struct ig_maker *maker, int64_t number);

/* Zeroed bytes for an array or a struct. */
void *ig_maker_alloc(struct ig_maker *maker, size_t count, size_t size);

/* Most names differ in their first letter already. */
static inline bool ig_same(const char *a, const char *b)
{
	return a[0] == b[0] && strcmp(a, b) == 0;
}

bool ig_text_is(struct trixy_text text, const char *word);
bool ig_text_equal(struct trixy_text a, struct trixy_text b);
bool ig_text_contains(struct trixy_text text, const char *words);
bool ig_text_utf8(struct trixy_text text);

/* At most `max` bytes of it, ending between two characters. */
struct trixy_text ig_text_cut(struct trixy_text text, uint64_t max);

#endif
