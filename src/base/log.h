/* The log: one logfmt line an event on standard error. Secrets, message texts and passwords never go in. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

void log_set_level(enum log_level level);
bool log_level_of(struct str word, enum log_level *ret);	/* "debug" "info" "warning" "error" */

/* event: what happened, in a few constant words. Then pairs, ended by log_end:
 *	log_event(LOG_WARNING, "webhook refused", log_s("channel", slug), log_i("account", id), log_end);
 * Values are quoted and escaped. A warning says what happens next. */
struct log_pair {
	const char *key;	/* NULL: the end */
	struct str text;
	int64_t number;
	bool is_text;
};
void log_event(enum log_level level, const char *event, ...);

struct log_pair log_s(const char *key, struct str value);
struct log_pair log_c(const char *key, const char *value);
struct log_pair log_i(const char *key, int64_t value);
#define log_end ((struct log_pair){ .key = NULL })

#endif
