/* A growing byte buffer that knows its limit and remembers failure: many appends, one check at the end. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"

struct buf {
	char *p;	/* always NUL-terminated once something was added */
	size_t len, room;
	size_t max;	/* bytes it may hold; 0: 16 MiB */
	bool failed;	/* out of memory, or past max: what was added last is not in it */
};

void buf_done(struct buf *b);		/* frees the bytes; b may be used again */
void buf_clear(struct buf *b);		/* keeps the memory */
void buf_add(struct buf *b, struct str s);
void buf_add_c(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_add_i64(struct buf *b, int64_t v);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_add_hex(struct buf *b, const void *bytes, size_t len);
/* A JSON string with its quotes (RFC 8259 section 7). s must be UTF-8; '<', '>' and '&' are escaped too. */
void buf_add_json(struct buf *b, struct str s);
struct str buf_str(const struct buf *b);	/* borrowed until the next change */

#endif
