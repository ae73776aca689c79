/* Looks after accounts behind the user's back: subscribes each to its webhooks, looks at its token and fetches its templates, right
 * after it was connected or changed, at the start, and every few hours (a provider takes a subscription away when webhooks fail for
 * long). */
#ifndef WORK_CONNECT_H
#define WORK_CONNECT_H

#include "base/http_client.h"
#include "inbox/instance.h"
#include "work/check.h"
#include "work/duty.h"

struct connect;

/* Starts its thread. It works while DUTY_ACCOUNTS is this server's, and begins with all accounts when it becomes that. */
int connect_start(struct instance *i, struct http_client *http, struct duties *duties, struct connect **ret, struct error *err);
/* Tells it to begin nothing new; the request under way ends with the HTTP client. */
void connect_close(struct connect *c);
void connect_free(struct connect *c);		/* waits for the thread */
/* This account was connected or changed, or will have been in after_ms. When another server looks after the accounts, that one is
 * told. From any thread; never blocks. */
void connect_note(struct connect *c, struct workspace_id w, int64_t account_id, int64_t after_ms);
/* Another server says so. As above, but not passed on. */
void connect_told(struct connect *c, struct workspace_id w, int64_t account_id, int64_t after_ms);
void connect_wake(struct connect *c);		/* the duties have changed */
/* A person has looked at the account: what was found stands on it from now on, or that nothing is wrong. Waits for the commit. */
void connect_checked(struct instance *i, struct workspace_id w, int64_t account_id, const struct check_result *result);

#endif
