/* Changes as the text of an event stream. For live.c. */
#ifndef WEB_LIVE_RENDER_H
#define WEB_LIVE_RENDER_H

#include "inbox/instance.h"

/* Keeps the newest of several changes of one thing, and no conversation whose message is told anyway (with it comes the
 * conversation). Afterwards they are ordered by workspace and id. Returns how many are left. */
size_t live_coalesce(struct change *changes, size_t count);

/* Writes events for changes of one workspace, in their order. What is gone meanwhile is left out. *ret_events: how many. */
int live_render(struct instance *i, struct db *db, struct workspace_id w, const struct change *changes, size_t count, struct buf *out,
		size_t *ret_events, struct error *err);
/* An event without a subject: "hello", "reset". */
void live_render_plain(struct buf *out, const char *event, int64_t id);

#endif
