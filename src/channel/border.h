/* For the checks at the ABI's border alone (check.c, event.c). */
#ifndef CHANNEL_BORDER_H
#define CHANNEL_BORDER_H

#include "base/limit.h"
#include "channel/channel.h"

enum { NAME_MAX_BYTES = 64, WORDS_MAX_BYTES = 2000, COUNT_MAX = 64 };

/* A text of min to max bytes that is UTF-8 and really there. */
static inline bool border_text_valid(struct trixy_text t, size_t min, size_t max)
{
	if (t.len > max || t.len < min || (t.p == NULL && t.len > 0))
		return false;
	return utf8_valid(str_from_trixy(t));
}

#endif
