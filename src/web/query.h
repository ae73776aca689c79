/* The small encodings of a request: percent-encoded parameters, and cookies. */
#ifndef WEB_QUERY_H
#define WEB_QUERY_H

#include "base/arena.h"
#include "base/err.h"

/* The first parameter of this name in a query, decoded ('+' is a blank). 1: *ret is it, the arena's. 0: not there. ERR_INVALID: a
 * broken percent-encoding, or not UTF-8 inside. */
int query_get(struct arena *arena, struct str query, const char *name, struct str *ret, struct error *err);
/* The first cookie of this name in a Cookie field, borrowed; STR_NONE: not there. */
struct str cookie_get(struct str field, const char *name);

#endif
