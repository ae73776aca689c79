/* The doors: HTTP, for browsers, programs and providers. This is all that cmd/ needs of it. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "inbox/instance.h"

struct web;

/* Listens on config->listen and serves. The store's listener becomes web/'s (live updates). ERR_INVALID: the address is none;
 * ERR_STATE: it is taken; ERR_BROKEN: the system refuses. `i` must stay until web_stop. */
int web_start(struct instance *i, struct web **ret, struct error *err);
/* Stops taking requests, finishes what runs, ends live streams; at most about 8 seconds. Takes NULL. False: a request still runs
 * (a provider that does not answer, a long migration) and uses the instance: nothing may be closed; _exit is the way out, which
 * the store survives like any crash. */
bool web_stop(struct web *web);
/* Where it listens, e.g. "http://127.0.0.1:8080": the bound port when the configured one is 0. Valid until web_stop. */
struct str web_url(const struct web *web);

#endif
