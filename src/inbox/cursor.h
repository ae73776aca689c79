/* Where a page of a list ends: the last row's time and id. Opaque to whoever asks for the next page. */
#ifndef INBOX_CURSOR_H
#define INBOX_CURSOR_H

#include "base/arena.h"
#include "base/err.h"

/* STR_NONE, the first page, gives zeros. ERR_INVALID: not one of ours. */
int cursor_read(struct str cursor, int64_t *ret_at_ms, int64_t *ret_id, struct error *err);
struct str cursor_make(struct arena *arena, int64_t at_ms, int64_t id);

#endif
