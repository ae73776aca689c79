/* How an attempt ended, in words: what the channel says, checked as a stranger's, and what only the server can say. For delivery. */
#ifndef WORK_OUTCOME_H
#define WORK_OUTCOME_H

#include "base/arena.h"
#include "base/err.h"
#include "channel/channel.h"

struct trixy_outcome outcome_of(uint32_t kind, struct str code, struct str reason, struct str fix);
/* Nobody can say whether it was sent. */
struct trixy_outcome outcome_lost(void);
/* Only known kinds and clean text go on. Texts stay the channel's. has_id: what was sent must be known by an id. */
struct trixy_outcome outcome_checked(const struct trixy_outcome *told, bool has_id);
/* Of an upload: it may always be made again. */
struct trixy_outcome outcome_of_upload(const struct trixy_outcome *told);
/* The request surely did not leave. tries: made before this one. Text is the arena's. */
struct trixy_outcome outcome_unsent(const struct error *why, int64_t tries, struct arena *arena);
const char *outcome_word(uint32_t kind);	/* for the log */

#endif
