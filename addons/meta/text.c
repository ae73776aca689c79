#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void *meta_maker_alloc(struct meta_maker *maker, size_t count, size_t size)
{
	void *p = NULL;
	uint64_t bytes;

	if (!maker->failed && !__builtin_mul_overflow((uint64_t)count, (uint64_t)size, &bytes))
		p = maker->memory->alloc(maker->memory, bytes > 0 ? bytes : 1);
	if (p == NULL)
		maker->failed = true;
	return p;
}

struct trixy_text meta_text_copy(struct trixy_memory *memory, struct trixy_text text)
{
	struct meta_maker maker = {memory, false};

	return meta_text_join(&maker, &text, 1);
}

struct trixy_text meta_text_join(struct meta_maker *maker, const struct trixy_text *parts, size_t count)
{
	uint64_t len = 0, at = 0;
	char *p;

	for (size_t i = 0; i < count; i++)
		if (__builtin_add_overflow(len, parts[i].len, &len))
			maker->failed = true;
	p = meta_maker_alloc(maker, len, 1);
	if (p == NULL)
		return (struct trixy_text){NULL, 0};
	for (size_t i = 0; i < count; i++) {
		if (parts[i].len > 0)
			memcpy(p + at, parts[i].p, parts[i].len);
		at += parts[i].len;
	}
	return (struct trixy_text){p, len};
}

struct trixy_text meta_text_kept(struct meta_maker *maker, struct trixy_text text)
{
	return text.p != NULL ? META_JOIN(maker, text) : text;
}

struct trixy_text meta_text_quote(struct meta_maker *maker, struct trixy_text text)
{
	static const char hex[] = "0123456789abcdef";
	uint64_t room, at = 0;
	char *p = NULL;

	if (__builtin_mul_overflow(text.len, 6, &room) || __builtin_add_overflow(room, 2, &room))
		maker->failed = true;
	else
		p = meta_maker_alloc(maker, room, 1);
	if (p == NULL)
		return (struct trixy_text){NULL, 0};
	p[at++] = '"';
	for (uint64_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == '"' || c == '\\') {
			p[at++] = '\\';
			p[at++] = (char)c;
		} else if (c < 0x20) {
			p[at++] = '\\';
			p[at++] = 'u';
			p[at++] = '0';
			p[at++] = '0';
			p[at++] = hex[c >> 4];
			p[at++] = hex[c & 15];
		} else {
			p[at++] = (char)c;
		}
	}
	p[at++] = '"';
	return (struct trixy_text){p, at};
}

static bool is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

struct trixy_text meta_text_percent(struct meta_maker *maker, struct trixy_text text)
{
	static const char hex[] = "0123456789ABCDEF";
	uint64_t room, at = 0;
	char *p = NULL;

	if (__builtin_mul_overflow(text.len, 3, &room))
		maker->failed = true;
	else
		p = meta_maker_alloc(maker, room, 1);
	if (p == NULL)
		return (struct trixy_text){NULL, 0};
	for (uint64_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (is_unreserved(c)) {
			p[at++] = (char)c;
		} else {
			p[at++] = '%';
			p[at++] = hex[c >> 4];
			p[at++] = hex[c & 15];
		}
	}
	return (struct trixy_text){p, at};
}

struct trixy_text meta_text_hex(struct meta_maker *maker, const unsigned char *bytes, size_t count)
{
	static const char hex[] = "0123456789abcdef";
	char *p = meta_maker_alloc(maker, count, 2);

	if (p == NULL)
		return (struct trixy_text){NULL, 0};
	for (size_t i = 0; i < count; i++) {
		p[2 * i] = hex[bytes[i] >> 4];
		p[2 * i + 1] = hex[bytes[i] & 15];
	}
	return (struct trixy_text){p, 2 * (uint64_t)count};
}

struct trixy_text meta_text_number(struct meta_maker *maker, int64_t number)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%" PRId64, number);

	return META_JOIN(maker, ((struct trixy_text){digits, (uint64_t)n}));
}

bool meta_text_is(struct trixy_text text, const char *word)
{
	return text.p != NULL && text.len == strlen(word) && memcmp(text.p, word, text.len) == 0;
}

bool meta_text_equal(struct trixy_text a, struct trixy_text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool meta_text_contains(struct trixy_text text, const char *words)
{
	size_t len = strlen(words);

	for (uint64_t i = 0; i + len <= text.len; i++)
		if (strncasecmp(text.p + i, words, len) == 0)
			return true;
	return false;
}

bool meta_text_is_digits(struct trixy_text text)
{
	for (uint64_t i = 0; i < text.len; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
	return text.len > 0;
}

/* The length of the character that begins at p, 0 where none does (Unicode, table 3-7). */
static uint64_t char_len(const unsigned char *p, uint64_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	uint64_t len;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (len > left || p[1] < low || p[1] > high)
		return 0;
	for (uint64_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

bool meta_text_utf8(struct trixy_text text)
{
	uint64_t len, eight;

	for (uint64_t i = 0; i < text.len; i += len) {
		len = sizeof(eight);
		if (text.len - i >= len) { /* Meta's JSON is nearly always plain ASCII */
			memcpy(&eight, text.p + i, sizeof(eight));
			if ((eight & UINT64_C(0x8080808080808080)) == 0)
				continue;
		}
		len = char_len((const unsigned char *)text.p + i, text.len - i);
		if (len == 0)
			return false;
	}
	return true;
}

struct trixy_text meta_text_cut(struct trixy_text text, uint64_t max)
{
	if (text.len <= max)
		return text;
	text.len = max;
	while (text.len > 0 && ((unsigned char)text.p[text.len] & 0xc0) == 0x80)
		text.len--;
	return text;
}
