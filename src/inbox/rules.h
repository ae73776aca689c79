/* The channels' rules about when, how and with what may be answered, worked out once for the composer, the API and delivery. */
#ifndef INBOX_RULES_H
#define INBOX_RULES_H

#include "inbox/instance.h"

struct reply_window {
	bool has_window;		/* false: this channel always may be answered */
	int64_t closes_at, tag_until;	/* 0: the customer has not written; tag_until also: the channel has no tags */
};
/* window_from: when the customer's newest word came, by the provider's clock; 0: never. */
struct reply_window rules_window(const struct trixy_channel *channel, int64_t window_from);

/* Whether a reply may leave at now_ms. tag: STR_NONE without one. The same words for the same question everywhere. */
enum window_answer { WINDOW_OPEN, WINDOW_CLOSED, WINDOW_TAG_UNKNOWN, WINDOW_TAG_CLOSED };
enum window_answer rules_may_reply(const struct trixy_channel *channel, int64_t window_from, struct str tag, int64_t now_ms);

/* Bytes of the longest prefix that is within `max` of the channel's text unit and ends at a code point. */
size_t rules_fits(const struct trixy_channel *channel, struct str text, uint64_t max);
/* Bytes of the first part when a text is sent as several messages: at a word's end where there is one in the second half of
 * what fits, else at a code point. The whole text when it fits. */
size_t rules_part(const struct trixy_channel *channel, struct str text);

/* ---- what a channel can ---- */

/* The sentence for who asks for one TRIXY_CAN_* that the channel lacks, with what to do instead; STR_NONE: it can. The arena's. */
struct str rules_cannot(const struct trixy_channel *channel, uint32_t what, struct arena *arena);
/* Why this may not be our reaction there, as rules_cannot. "" (taking it back) always may, where reactions can be sent. */
struct str rules_reaction_fault(const struct trixy_channel *channel, struct str emoji, struct arena *arena);

#endif
