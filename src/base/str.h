/* Text with a length. Borrowed: a struct str owns nothing. {NULL, 0} means "not there". */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	const char *p;
	size_t len;
};

#define STR(lit) ((struct str){ "" lit "", sizeof(lit) - 1 })
#define STR_NONE ((struct str){ NULL, 0 })
/* For printf("%.*s"). */
#define STR_ARG(s) (int)((s).len > 4096 ? 4096 : (s).len), ((s).p != NULL ? (s).p : "")

struct str str_of(const char *c);			/* NULL gives STR_NONE */
bool str_eq(struct str a, struct str b);
bool str_eq_c(struct str a, const char *b);
bool str_eq_nocase(struct str a, struct str b);		/* ASCII */
bool str_starts(struct str s, struct str head);
bool str_ends(struct str s, struct str tail);
struct str str_cut(struct str s, size_t from, size_t len);	/* clamped to s */
struct str str_trim(struct str s);			/* ASCII white space at both ends */
/* Splits at the first `at`: returns what is before it, *rest what is after (STR_NONE when there is none). */
struct str str_split(struct str s, char at, struct str *rest);
/* Decimal, the whole of s, no sign but '-', no blank. False when it is not a number or does not fit. */
bool str_to_i64(struct str s, int64_t *ret);

/* A line break, a tab or another control character of ASCII. */
bool str_has_control(struct str s);
/* 64-bit FNV-1a, going on from h; the first time from STR_HASH. Stored in messages.external_hash and webhooks: never changed. */
#define STR_HASH UINT64_C(0xcbf29ce484222325)
uint64_t str_hash(uint64_t h, struct str s);

/* True when s is UTF-8 without surrogates, overlong forms or NUL. */
bool utf8_valid(struct str s);
/* Bytes of the code point at the start of s; 0: there is none, or a NUL. */
size_t utf8_first(struct str s);
/* Bytes of the longest prefix of s, which is UTF-8, of at most max_bytes that ends at a code point. */
size_t utf8_prefix(struct str s, size_t max_bytes);
/* Code points in s. */
size_t utf8_count(struct str s);

#endif
