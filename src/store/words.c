/* Where words end. The index's tokenizer cuts at blanks alone: were it to find two words where this finds one, the question
 * would be a phrase, which an index without positions refuses. */
#include "store/words.h"

struct range { uint32_t from, to; };

/* Punctuation, blanks and what is not seen, beyond ASCII. */
static const struct range between[] = {
	{ 0x80, 0xa9 }, { 0xab, 0xb1 }, { 0xb4, 0xb4 }, { 0xb6, 0xb8 }, { 0xbb, 0xbb }, { 0xbf, 0xbf }, { 0xd7, 0xd7 }, { 0xf7, 0xf7 },
	{ 0x55a, 0x55f }, { 0x589, 0x58a }, { 0x5be, 0x5be }, { 0x5c0, 0x5c0 }, { 0x5c3, 0x5c3 }, { 0x5f3, 0x5f4 }, { 0x600, 0x60f },
	{ 0x61b, 0x61f }, { 0x66a, 0x66d }, { 0x6d4, 0x6d4 }, { 0x964, 0x965 }, { 0xe4f, 0xe4f }, { 0xe5a, 0xe5b }, { 0x1361, 0x1368 },
	{ 0x1680, 0x1680 }, { 0x2000, 0x206f }, { 0x20a0, 0x20cf }, { 0x2e00, 0x2e7f }, { 0x3000, 0x3004 }, { 0x3008, 0x3020 },
	{ 0x3030, 0x3030 }, { 0x303d, 0x303f }, { 0x30a0, 0x30a0 }, { 0x30fb, 0x30fb }, { 0xe000, 0xe000 }, { 0xfe00, 0xfe19 },
	{ 0xfe30, 0xfe6f }, { 0xfeff, 0xfeff }, { 0xff01, 0xff0f }, { 0xff1a, 0xff20 }, { 0xff3b, 0xff40 }, { 0xff5b, 0xff65 },
	{ 0xfff0, 0xffff }, { 0xe0000, 0xe01ef },
};

/* A word each. */
static const struct range alone[] = {
	{ 0x2190, 0x2bff }, { 0x2e80, 0x2fff }, { 0x3005, 0x3007 }, { 0x3021, 0x302f }, { 0x3031, 0x303c }, { 0x3041, 0x309f },
	{ 0x30a1, 0x30fa }, { 0x30fc, 0x30ff }, { 0x3100, 0x312f }, { 0x31a0, 0x31ff }, { 0x3400, 0x4dbf }, { 0x4e00, 0x9fff },
	{ 0xf900, 0xfaff }, { 0xff66, 0xff9f }, { 0x1f000, 0x1faff }, { 0x20000, 0x3ffff },
};

static bool stands_in(const struct range *ranges, size_t count, uint32_t c)
{
	for (size_t k = 0; k < count && ranges[k].from <= c; k++)
		if (c <= ranges[k].to)
			return true;
	return false;
}
#define STANDS_IN(ranges, c) stands_in(ranges, sizeof(ranges) / sizeof((ranges)[0]), c)

/* The code point at s, and its bytes. */
static uint32_t next(struct str s, size_t *ret_bytes)
{
	unsigned char head = (unsigned char)s.p[0];
	size_t bytes = head < 0x80 ? 1 : head < 0xe0 ? 2 : head < 0xf0 ? 3 : 4;
	uint32_t c = bytes == 1 ? head : head & (0x7fu >> bytes);

	if (bytes > s.len)
		bytes = s.len;
	for (size_t k = 1; k < bytes; k++)
		c = c << 6 | ((unsigned char)s.p[k] & 0x3f);
	*ret_bytes = bytes;
	return c;
}

/* Bytes of ASCII letters and digits at the start of s: most text is made of such runs. */
static size_t plain_run(struct str s)
{
	size_t n = 0;

	while (n < s.len && ((s.p[n] >= '0' && s.p[n] <= '9') || (s.p[n] >= 'A' && s.p[n] <= 'Z') || (s.p[n] >= 'a' && s.p[n] <= 'z')))
		n++;
	return n;
}

void words_add(struct buf *b, struct str text)
{
	bool in_word = false, is_alone;

	for (size_t i = 0, bytes; i < text.len; i += bytes) {
		struct str rest = str_cut(text, i, text.len);

		is_alone = false;
		if ((bytes = plain_run(rest)) == 0) {
			uint32_t c = next(rest, &bytes);

			is_alone = c >= 0x80 && STANDS_IN(alone, c);
			if (c < 0x80 || (!is_alone && STANDS_IN(between, c))) {
				in_word = false;
				continue;
			}
		}
		if (!in_word || is_alone)
			buf_add_char(b, ' ');
		buf_add(b, str_cut(rest, 0, bytes));
		in_word = !is_alone;
	}
}
