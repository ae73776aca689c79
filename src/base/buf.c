#include "base/buf.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_MAX = 16 * 1024 * 1024 };

void buf_done(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ .max = b->max };
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->p != NULL)
		b->p[0] = '\0';
}

static bool reserve(struct buf *b, size_t more)
{
	size_t max = b->max != 0 ? b->max : DEFAULT_MAX, room = b->room != 0 ? b->room : 64;

	if (b->failed || more > max - b->len) {
		b->failed = true;
		return false;
	}
	if (b->p != NULL && b->len + more < b->room)
		return true;
	while (room <= b->len + more)
		room *= 2;
	char *p = realloc(b->p, room);

	if (p == NULL) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->room = room;
	return true;
}

void buf_add(struct buf *b, struct str s)
{
	if (!reserve(b, s.len))
		return;
	if (s.len > 0)
		memcpy(b->p + b->len, s.p, s.len);
	b->len += s.len;
	b->p[b->len] = '\0';
}

void buf_add_c(struct buf *b, const char *s)
{
	buf_add(b, str_of(s));
}

void buf_add_char(struct buf *b, char c)
{
	buf_add(b, (struct str){ &c, 1 });
}

void buf_add_i64(struct buf *b, int64_t v)
{
	buf_addf(b, "%" PRId64, v);
}

void buf_addf(struct buf *b, const char *format, ...)
{
	va_list ap, again;

	va_start(ap, format);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, format, ap);

	if (n < 0)
		b->failed = true;
	else if (reserve(b, (size_t)n)) {
		(void)vsnprintf(b->p + b->len, (size_t)n + 1, format, again);
		b->len += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

void buf_add_hex(struct buf *b, const void *bytes, size_t len)
{
	static const char digit[] = "0123456789abcdef";
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i++)
		buf_add(b, (struct str){ (char[]){ digit[p[i] >> 4], digit[p[i] & 15] }, 2 });
}

/* True for bytes that a JSON string may hold as they are. '<', '>' and '&' may not: JSON ends up in HTML. */
static bool plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' && c != 0x7f;
}

void buf_add_json(struct buf *b, struct str s)
{
	buf_add_char(b, '"');
	for (size_t i = 0; i < s.len;) {
		size_t run = i;

		while (run < s.len && plain((unsigned char)s.p[run]))
			run++;
		if (run > i)
			buf_add(b, (struct str){ s.p + i, run - i });
		i = run;
		if (i == s.len)
			break;
		unsigned char c = (unsigned char)s.p[i++];

		if (c == '"' || c == '\\')
			buf_add(b, (struct str){ (char[]){ '\\', (char)c }, 2 });
		else if (c == '\n')
			buf_add(b, STR("\\n"));
		else
			buf_addf(b, "\\u%04x", c);
	}
	buf_add_char(b, '"');
}

struct str buf_str(const struct buf *b)
{
	return b->p == NULL ? STR("") : (struct str){ b->p, b->len };
}
