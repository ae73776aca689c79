/* Windows, parts and capabilities. What they lead to is reply.c, react.c and outbox.c. */
#include "inbox/rules.h"

struct reply_window rules_window(const struct trixy_channel *channel, int64_t window_from)
{
	struct reply_window w = { .has_window = channel->window_ms > 0 };

	if (w.has_window && window_from > 0) {
		w.closes_at = window_from + channel->window_ms;
		w.tag_until = channel->tag_count > 0 ? window_from + channel->tag_window_ms : 0;
	}
	return w;
}

static bool has_tag(const struct trixy_channel *channel, struct str tag)
{
	for (uint32_t k = 0; k < channel->tag_count; k++)
		if (str_eq(str_from_trixy(channel->tags[k].tag), tag))
			return true;
	return false;
}

enum window_answer rules_may_reply(const struct trixy_channel *channel, int64_t window_from, struct str tag, int64_t now_ms)
{
	struct reply_window w = rules_window(channel, window_from);

	if (tag.p != NULL && !has_tag(channel, tag))
		return WINDOW_TAG_UNKNOWN;
	if (!w.has_window || now_ms < w.closes_at)
		return WINDOW_OPEN;
	if (tag.p == NULL)
		return WINDOW_CLOSED;
	return now_ms < w.tag_until ? WINDOW_OPEN : WINDOW_TAG_CLOSED;
}

size_t rules_fits(const struct trixy_channel *channel, struct str text, uint64_t max)
{
	const struct trixy_channel limits = { .text_unit = channel->text_unit, .text_max = max };

	return channel_text_fits(&limits, text);
}

size_t rules_part(const struct trixy_channel *channel, struct str text)
{
	size_t fits = channel_text_fits(channel, text);

	if (fits == text.len)
		return fits;
	for (size_t k = fits; k > fits / 2; k--)
		if (text.p[k] == ' ' || text.p[k] == '\n' || text.p[k] == '\t')
			return k;
	return fits;
}

/* ---- what a channel can ---- */

struct str rules_cannot(const struct trixy_channel *channel, uint32_t what, struct arena *arena)
{
	static const struct { uint32_t what; const char *words; } sentences[] = {
		{ TRIXY_CAN_QUOTE, "does not let a reply quote a message. Send it without the quote." },
		{ TRIXY_CAN_REACT, "does not take reactions from here. Write a reply instead." },
		{ TRIXY_CAN_SEEN, "is not told that messages were read." },
		{ TRIXY_CAN_TYPING, "is not told that somebody writes." },
		{ TRIXY_CAN_TEMPLATES, "has no templates. Write the text yourself." },
		{ TRIXY_CAN_VOICE, "does not take voice messages. Write a text, or send the recording as a file." },
	};

	if (channel_can(channel, what))
		return STR_NONE;
	for (size_t k = 0; k < sizeof(sentences) / sizeof(sentences[0]); k++)
		if (sentences[k].what == what)
			return arena_printf(arena, "%.*s %s", STR_ARG(str_from_trixy(channel->name)), sentences[k].words);
	return arena_printf(arena, "%.*s cannot do that.", STR_ARG(str_from_trixy(channel->name)));
}

/* ---- reactions ---- */

/* The code point at the head of s, which is UTF-8 and not empty; cut off it. */
static uint32_t take_code_point(struct str *s)
{
	unsigned char c = (unsigned char)s->p[0];
	size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	uint32_t v = len == 1 ? c : c & (0x7fu >> len);

	for (size_t k = 1; k < len; k++)
		v = v << 6 | ((unsigned char)s->p[k] & 0x3fu);
	*s = str_cut(*s, len, s->len);
	return v;
}

enum { ZWJ = 0x200d, VARIATION = 0xfe0f, KEYCAP = 0x20e3 };

static bool is_flag_letter(uint32_t c)
{
	return c >= 0x1f1e6 && c <= 0x1f1ff;
}

/* What an emoji begins with, in the blocks where Unicode keeps them. */
static bool is_picture(uint32_t c)
{
	return c == 0xa9 || c == 0xae || (c >= 0x203c && c <= 0x2bff) || c == 0x3030 || c == 0x303d || c == 0x3297 || c == 0x3299 ||
	       (c >= 0x1f000 && c <= 0x1fbff);
}

/* Follows a picture and makes no new one: the variation selector, skin colours, the tags of a region's flag. */
static bool is_modifier(uint32_t c)
{
	return c == VARIATION || c == KEYCAP || (c >= 0x1f3fb && c <= 0x1f3ff) || (c >= 0xe0020 && c <= 0xe007f);
}

/* One picture as people see it (Unicode Technical Standard #51, emoji sequences): pictures joined by ZWJ, a flag of two letters, or a
 * digit in a keycap. */
static bool is_one_emoji(struct str s)
{
	if (s.len == 0 || s.len > 64 || !utf8_valid(s))
		return false;
	uint32_t c = take_code_point(&s);

	if ((c >= '0' && c <= '9') || c == '#' || c == '*')
		return str_eq_c(s, "\xef\xb8\x8f\xe2\x83\xa3") || str_eq_c(s, "\xe2\x83\xa3");
	if (is_flag_letter(c))
		return s.len > 0 && is_flag_letter(take_code_point(&s)) && s.len == 0;
	if (!is_picture(c))
		return false;
	while (s.len > 0) {
		c = take_code_point(&s);
		if (c == ZWJ ? s.len == 0 || !is_picture(take_code_point(&s)) : !is_modifier(c))
			return false;
	}
	return true;
}

/* "❤️ or 👍". */
static struct str list_reactions(const struct trixy_text *reactions, uint32_t count, struct arena *arena)
{
	SCOPED(buf_done) struct buf b = { .max = 120 };

	for (uint32_t k = 0; k < count; k++) {
		buf_add_c(&b, k == 0 ? "" : k + 1 < count ? ", " : " or ");
		buf_add(&b, str_from_trixy(reactions[k]));
	}
	return b.failed ? STR("the ones that are offered") : arena_copy(arena, buf_str(&b));
}

struct str rules_reaction_fault(const struct trixy_channel *channel, struct str emoji, struct arena *arena)
{
	struct str fault = rules_cannot(channel, TRIXY_CAN_REACT, arena);
	uint32_t count;
	const struct trixy_text *reactions = channel_reactions(channel, &count);

	if (fault.p != NULL || emoji.len == 0)
		return fault;
	for (uint32_t k = 0; k < count; k++)
		if (str_eq(str_from_trixy(reactions[k]), emoji))
			return STR_NONE;
	if (count > 0)
		return arena_printf(arena, "%.*s takes no reaction but %.*s from here.", STR_ARG(str_from_trixy(channel->name)),
				    STR_ARG(list_reactions(reactions, count, arena)));
	return is_one_emoji(emoji) ? STR_NONE : STR("A reaction is one emoji.");
}
