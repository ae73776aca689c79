/* What the parts of web/ share: one struct, made by server.c. */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include <stdatomic.h>

#include "web/call.h"
#include "web/web.h"

struct workers;		/* web/workers.h */
struct live;		/* web/live.h */
struct pages;		/* web/pages.h */
struct throttle;	/* web/throttle.h */

/* Counted for /metrics (web/ops.c). */
enum { METRIC_ROUTES = 96, METRIC_CLASSES = 6 };
enum webhook_outcome { WEBHOOK_STORED, WEBHOOK_REFUSED, WEBHOOK_BAD, WEBHOOK_LOST, WEBHOOK_OUTCOMES };
struct metrics {
	atomic_int_fast64_t answers[METRIC_ROUTES][METRIC_CLASSES];	/* by route and status / 100 */
	atomic_int_fast64_t webhooks[WEBHOOK_OUTCOMES];
	atomic_int_fast64_t events_sent, streams_cut;
};

struct web {
	struct instance *instance;
	char url[128];
	bool https;				/* the public address is: cookies are Secure */
	struct loop *loop;
	struct workers *workers;
	struct live *live;
	struct pages *pages;
	struct throttle *throttle;
	struct metrics metrics;
	int64_t started_ms;
};

/* What answers paths that the table does not know (webhook_door.c, pages.c). */
extern const struct route webhook_route_get, webhook_route_post;
/* Gives a webhook's call, which nobody has answered, to a worker that reads it a second time. Any thread. */
void webhook_door_again(struct call *c);
/* The channel whose webhook this path is, or NULL. */
const struct trixy_channel *webhook_door_channel(struct web *web, struct str path);

#endif
