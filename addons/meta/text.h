/* Makes text in the caller's memory: joined, quoted for JSON, cut. */
#ifndef META_TEXT_H
#define META_TEXT_H

#include <mailtrixy/addon.h>
#include <stdbool.h>
#include <string.h>

/* A literal as a value; TRIXY_TEXT initialises constants. */
#define TEXT(lit) ((struct trixy_text)TRIXY_TEXT(lit))

/* Joins its arguments, each a struct trixy_text. */
#define META_JOIN(maker, ...) \
	meta_text_join((maker), (const struct trixy_text[]){__VA_ARGS__}, \
		       sizeof((const struct trixy_text[]){__VA_ARGS__}) / sizeof(struct trixy_text))

/* Remembers that memory ran out, so that many pieces need one check, at the end. */
struct meta_maker {
	struct trixy_memory *memory;
	bool failed;
};

/* {NULL,0} when memory ran out; a copy of "" is not {NULL,0}. */
struct trixy_text meta_text_copy(struct trixy_memory *memory, struct trixy_text text);

/* Absent parts count as "". */
struct trixy_text meta_text_join(struct meta_maker *maker, const struct trixy_text *parts, size_t count);

/* A copy in the maker's memory, for what is borrowed from JSON; {NULL,0} stays so. */
struct trixy_text meta_text_kept(struct meta_maker *maker, struct trixy_text text);

/* A JSON string, with its quotes. `text` is UTF-8 and stays so: only what JSON demands is escaped. */
struct trixy_text meta_text_quote(struct meta_maker *maker, struct trixy_text text);

/* For one value of an address: all but letters, digits and -._~ as %XX. */
struct trixy_text meta_text_percent(struct meta_maker *maker, struct trixy_text text);

/* Bytes as lower-case hexadecimal digits. */
struct trixy_text meta_text_hex(struct meta_maker *maker, const unsigned char *bytes, size_t count);

/* A number in decimal. */
struct trixy_text meta_text_number(struct meta_maker *maker, int64_t number);

/* Zeroed bytes for an array or a struct. */
void *meta_maker_alloc(struct meta_maker *maker, size_t count, size_t size);

/* Most names differ in their first letter already. */
static inline bool meta_same(const char *a, const char *b)
{
	return a[0] == b[0] && strcmp(a, b) == 0;
}

bool meta_text_is(struct trixy_text text, const char *word);
bool meta_text_equal(struct trixy_text a, struct trixy_text b);
bool meta_text_contains(struct trixy_text text, const char *words);
bool meta_text_utf8(struct trixy_text text);
/* One digit or more, and nothing else. */
bool meta_text_is_digits(struct trixy_text text);

/* At most `max` bytes of it, ending between two characters. */
struct trixy_text meta_text_cut(struct trixy_text text, uint64_t max);

#endif
