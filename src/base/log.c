#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"

static atomic_int lowest = LOG_INFO;

static const char *const level_word[] = { "debug", "info", "warning", "error" };

void log_set_level(enum log_level level)
{
	lowest = (int)level;
}

bool log_level_of(struct str word, enum log_level *ret)
{
	for (int i = LOG_DEBUG; i <= LOG_ERROR; i++)
		if (str_eq_c(word, level_word[i])) {
			*ret = (enum log_level)i;
			return true;
		}
	return false;
}

struct log_pair log_s(const char *key, struct str value)
{
	return (struct log_pair){ .key = key, .text = value, .is_text = true };
}

struct log_pair log_c(const char *key, const char *value)
{
	return log_s(key, str_of(value));
}

struct log_pair log_i(const char *key, int64_t value)
{
	return (struct log_pair){ .key = key, .number = value };
}

/* Foreign bytes may be anything: what is not UTF-8 is shown as its length only. */
static void add_value(struct buf *b, struct str s)
{
	if (utf8_valid(s))
		buf_add_json(b, str_cut(s, 0, utf8_prefix(s, 1024)));
	else
		buf_addf(b, "\"(%zu bytes, not UTF-8)\"", s.len);
}

void log_event(enum log_level level, const char *event, ...)
{
	SCOPED(buf_done) struct buf b = { .max = 16384 };
	struct log_pair pair;
	va_list ap;

	if ((int)level < lowest)
		return;
	buf_add(&b, STR("time="));
	buf_add_rfc3339(&b, clock_now_ms());
	buf_addf(&b, " level=%s event=", level_word[level]);
	add_value(&b, str_of(event));
	va_start(ap, event);
	for (pair = va_arg(ap, struct log_pair); pair.key != NULL; pair = va_arg(ap, struct log_pair)) {
		buf_addf(&b, " %s=", pair.key);
		if (pair.is_text)
			add_value(&b, pair.text);
		else
			buf_add_i64(&b, pair.number);
	}
	va_end(ap);
	buf_add_char(&b, '\n');
	/* One write a line: lines of several threads do not mix. A log that cannot be written is no reason to stop. */
	(void)!write(STDERR_FILENO, b.p, b.len);
}
