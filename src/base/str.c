#include "base/str.h"

#include <string.h>

struct str str_of(const char *c)
{
	return c == NULL ? STR_NONE : (struct str){ c, strlen(c) };
}

bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool str_eq_c(struct str a, const char *b)
{
	return str_eq(a, str_of(b));
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool str_starts(struct str s, struct str head)
{
	return s.len >= head.len && str_eq((struct str){ s.p, head.len }, head);
}

bool str_ends(struct str s, struct str tail)
{
	return s.len >= tail.len && str_eq((struct str){ s.p + (s.len - tail.len), tail.len }, tail);
}

struct str str_cut(struct str s, size_t from, size_t len)
{
	if (s.p == NULL || from > s.len)
		return (struct str){ s.p, 0 };
	return (struct str){ s.p + from, len < s.len - from ? len : s.len - from };
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

struct str str_trim(struct str s)
{
	while (s.len > 0 && blank(s.p[0]))
		s = (struct str){ s.p + 1, s.len - 1 };
	while (s.len > 0 && blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

struct str str_split(struct str s, char at, struct str *rest)
{
	const char *hit = s.len > 0 ? memchr(s.p, at, s.len) : NULL;

	if (hit == NULL) {
		*rest = STR_NONE;
		return s;
	}
	size_t before = (size_t)(hit - s.p);

	*rest = (struct str){ hit + 1, s.len - before - 1 };
	return (struct str){ s.p, before };
}

bool str_to_i64(struct str s, int64_t *ret)
{
	bool minus = s.len > 0 && s.p[0] == '-';
	int64_t v = 0;

	if (s.len == (minus ? 1u : 0u))
		return false;
	for (size_t i = minus ? 1 : 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_sub_overflow(v, s.p[i] - '0', &v))	/* downwards: INT64_MIN has no positive twin */
			return false;
	}
	if (!minus && __builtin_sub_overflow((int64_t)0, v, &v))
		return false;
	*ret = v;
	return true;
}

bool str_has_control(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return true;
	return false;
}

uint64_t str_hash(uint64_t h, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* Length of the code point at p, or 0 when it is not one. RFC 3629 section 4. */
static size_t code_point(const unsigned char *p, size_t left)
{
	if (p[0] < 0x80)
		return p[0] != 0;
	size_t n = p[0] >= 0xC2 && p[0] <= 0xDF ? 2 : (p[0] & 0xF0) == 0xE0 ? 3 : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4 : 0;

	if (n == 0 || left < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
	    (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
		return 0;
	return n;
}

bool utf8_valid(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;

	for (size_t i = 0; i < s.len;) {
		size_t n = code_point(p + i, s.len - i);

		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

size_t utf8_first(struct str s)
{
	return s.len == 0 ? 0 : code_point((const unsigned char *)s.p, s.len);
}

size_t utf8_prefix(struct str s, size_t max_bytes)
{
	size_t n = max_bytes;

	if (s.len <= max_bytes)
		return s.len;
	while (n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80)
		n--;
	return n;
}

size_t utf8_count(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
	return n;
}
