/* See inbox/cursor.h. */
#include "inbox/cursor.h"

#include <inttypes.h>

int cursor_read(struct str cursor, int64_t *ret_at_ms, int64_t *ret_id, struct error *err)
{
	struct str rest, at = str_split(cursor, '.', &rest);

	*ret_at_ms = *ret_id = 0;
	if (cursor.p == NULL)
		return 0;
	if (!str_to_i64(at, ret_at_ms) || !str_to_i64(rest, ret_id) || *ret_at_ms < 0 || *ret_id < 1)
		return fail(err, ERR_INVALID, "the cursor is not one of ours");
	return 0;
}

struct str cursor_make(struct arena *arena, int64_t at_ms, int64_t id)
{
	return arena_printf(arena, "%" PRId64 ".%" PRId64, at_ms, id);
}
