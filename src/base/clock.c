#include "base/clock.h"

#include "base/err.h"

#include <stdlib.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
	struct timespec t;

	if (clock_gettime(id, &t) != 0)
		abort();	/* Linux has both clocks */
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_now_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_mono_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

void buf_add_rfc3339(struct buf *b, int64_t at_ms)
{
	time_t s = (time_t)(at_ms / 1000);
	struct tm t;

	if (at_ms < 0 || at_ms > INT64_C(253402300799999) || gmtime_r(&s, &t) == NULL)
		return;
	buf_addf(b, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
		 t.tm_hour, t.tm_min, t.tm_sec, (int)(at_ms % 1000));
}

struct str clock_rfc3339(struct arena *a, int64_t at_ms)
{
	SCOPED(buf_done) struct buf b = { .max = 64 };

	buf_add_rfc3339(&b, at_ms);
	return b.len == 0 ? STR_NONE : arena_copy(a, buf_str(&b));
}
