/* Windows and parts. What they lead to is reply.c and outbox.c. */
#include "inbox/rules.h"

struct reply_window rules_window(const struct trixy_channel *channel, int64_t window_from)
{
	struct reply_window w = { .has_window = channel->window_ms > 0 };

	if (w.has_window && window_from > 0) {
		w.closes_at = window_from + channel->window_ms;
		w.tag_until = window_from + channel->tag_window_ms;
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
