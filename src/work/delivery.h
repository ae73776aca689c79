/* From the outbox to the provider: claim, compose, send, read the answer, settle. */
#ifndef WORK_DELIVERY_H
#define WORK_DELIVERY_H

#include "base/http_client.h"
#include "inbox/instance.h"
#include "work/bell.h"
#include "work/duty.h"

struct delivery;

/* bell: rung when a request has come back. */
int delivery_new(struct instance *i, struct http_client *http, struct bell *bell, struct duties *duties, struct delivery **ret,
		 struct error *err);
void delivery_free(struct delivery *d);		/* after the client has stopped */

/* Settles what has come back and, unless the server is stopping, sends what is due while DUTY_DELIVERY is this server's. Returns ms until there is something to do
 * by the clock. Of one thread only. */
int64_t delivery_round(struct delivery *d, bool stopping);
/* Requests under way, and those whose outcome could not be written yet. */
size_t delivery_running(const struct delivery *d);

#endif
