/* Time: milliseconds since 1970 UTC for what is stored and shown, monotonic milliseconds for waiting. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/arena.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

int64_t clock_now_ms(void);
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
/* RFC 3339 in UTC with milliseconds: "2026-11-23T10:00:00.123Z". Outside the years 1970-9999: STR_NONE. */
struct str clock_rfc3339(struct arena *a, int64_t at_ms);
void buf_add_rfc3339(struct buf *b, int64_t at_ms);

#endif
