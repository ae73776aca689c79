/* See web/web.h: puts the parts together and takes them apart. */
#include "web/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "web/live.h"
#include "web/pages.h"
#include "web/throttle.h"
#include "web/workers.h"

int web_start(struct instance *i, struct web **ret, struct error *err)
{
	struct web *web = calloc(1, sizeof(*web));
	int r;

	if (web == NULL)
		return fail(err, ERR_NOMEM, "no memory for the server");
	web->instance = i;
	web->https = str_starts(i->config->public_url, STR("https://"));
	web->started_ms = clock_now_ms();
	if ((r = loop_new(web, &web->loop, err)) < 0 || (r = pages_new(web, &web->pages, err)) < 0 ||
	    (r = throttle_new(&web->throttle, err)) < 0 ||
	    (r = loop_listen(web->loop, i->config->listen, i->config->max_connections, web->url, sizeof(web->url), err)) <
		    0 ||
	    (r = live_start(web, &web->live, err)) < 0 ||
	    (r = workers_start(web, i->config->workers, &web->workers, err)) < 0 ||
	    (r = loop_start(web->loop, err)) < 0) {
		(void)web_stop(web);
		return r;
	}
	*ret = web;
	return 0;
}

bool web_stop(struct web *web)
{
	if (web == NULL)
		return true;
	if (web->loop != NULL && !loop_stop(web->loop)) {
		log_event(LOG_WARNING, "requests were still running at the end; their clients got no answer", log_end);
		return false;
	}
	workers_stop(web->workers);
	live_stop(web->live);
	loop_free(web->loop);
	live_free(web->live);
	throttle_free(web->throttle);
	pages_free(web->pages);
	free(web);
	return true;
}

struct str web_url(const struct web *web)
{
	return str_of(web->url);
}
