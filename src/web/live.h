/* Live updates (Server-Sent Events): what the store says has changed, rendered once a workspace, written to everybody who
 * listens there. */
#ifndef WEB_LIVE_H
#define WEB_LIVE_H

#include "web/call.h"

struct live;
struct listener;

int live_start(struct web *web, struct live **ret, struct error *err);
/* Ends its thread and stops listening to the store; streams stay until the loop closes them. */
void live_stop(struct live *live);
void live_free(struct live *live);

struct live_figures { size_t listeners, pending; };
void live_figures(struct live *live, struct live_figures *ret);	/* any thread */

/* ---- on the loop's thread only ---- */

/* The call's stream begins on this connection. NULL without memory. */
struct listener *live_joined(struct live *live, struct conn *conn, const struct call *call);
/* The connection is gone. */
void live_left(struct live *live, struct listener *listener);
/* Somebody may see less than before: who still may is asked at once, before any later change is told. */
void live_access_ended(struct live *live);
/* Every second: heartbeats, and whether everybody may still listen. */
void live_tick(struct live *live, int64_t now_ms);

#endif
