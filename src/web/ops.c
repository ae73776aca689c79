/* For who runs the server: is it alive, can it work, what does it do. */
#include "base/clock.h"
#include "files/files.h"
#include "inbox/search.h"
#include "store/lease.h"
#include "web/live.h"
#include "web/server.h"
#include "web/workers.h"

#include <unistd.h>

void ops_health(struct call *c)
{
	call_text_answer(c, 200, STR("ok\n"));
}

/* Ready: the store answers a reader. */
void ops_ready(struct call *c)
{
	struct error err = { 0 };
	int64_t last;

	if (store_change_last(c->db, &last, &err) < 0) {
		call_failed(c, &err, false);
		if (c->status != 503)
			call_problem(c, 503, NULL, "Not ready", STR("The store does not answer."));
		return;
	}
	call_text_answer(c, 200, STR("ready\n"));
}

static void gauge(struct buf *b, const char *name, const char *kind, const char *help, int64_t v)
{
	buf_addf(b, "# HELP mailtrixy_%s %s\n# TYPE mailtrixy_%s %s\nmailtrixy_%s %lld\n", name, help, name, kind, name,
		 (long long)v);
}

static const char *method_word(enum http_method method)
{
	switch (method) {
	case HTTP_POST: return "POST";
	case HTTP_PUT: return "PUT";
	case HTTP_PATCH: return "PATCH";
	case HTTP_DELETE: return "DELETE";
	default: return "GET";
	}
}

static void write_answers(struct buf *b, struct metrics *m)
{
	size_t count;
	const struct route *table = route_table(&count);

	buf_addf(b, "# HELP mailtrixy_http_answers_total Answers by route and class of status.\n# TYPE "
		    "mailtrixy_http_answers_total counter\n");
	for (size_t k = 0; k < METRIC_ROUTES; k++)
		for (int class = 1; class < METRIC_CLASSES; class++) {
			int64_t n = atomic_load_explicit(&m->answers[k][class], memory_order_relaxed);
			bool known = k < count;

			if (n == 0)
				continue;
			buf_addf(b, "mailtrixy_http_answers_total{method=\"%s\",route=\"%s\",status=\"%dxx\"} %lld\n",
				 known ? method_word(table[k].method) : "any",
				 known ? table[k].path : k == METRIC_ROUTES - 2 ? "webhook" : "other", class, (long long)n);
		}
}

static void write_webhooks(struct buf *b, struct metrics *m)
{
	static const char *const words[WEBHOOK_OUTCOMES] = { "stored", "unsigned", "malformed", "not_stored" };

	buf_addf(b, "# HELP mailtrixy_webhooks_total Webhooks by what became of them.\n# TYPE mailtrixy_webhooks_total "
		    "counter\n");
	for (int k = 0; k < WEBHOOK_OUTCOMES; k++)
		buf_addf(b, "mailtrixy_webhooks_total{outcome=\"%s\"} %lld\n", words[k],
			 (long long)atomic_load(&m->webhooks[k]));
}

static int64_t resident_bytes(void)
{
	long long total = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f == NULL)
		return 0;
	if (fscanf(f, "%lld %lld", &total, &resident) != 2)
		resident = 0;
	(void)fclose(f);
	return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

/* Of servers that share a database: which there are, and what this one does. */
static void write_servers(struct buf *b, struct call *c)
{
	struct store *store = c->instance->store;
	struct store_server *servers;
	struct store_lease *leases;
	size_t server_count, lease_count;

	if (!store_shared(store) || store_server_list(c->db, c->arena, &servers, &server_count, NULL) < 0 ||
	    store_lease_list(c->db, c->arena, &leases, &lease_count, NULL) < 0)
		return;
	gauge(b, "servers", "gauge", "Servers on the database; one that died is counted for ten minutes more.", (int64_t)server_count);
	buf_addf(b, "# HELP mailtrixy_duty Whether this server does what runs by itself.\n# TYPE mailtrixy_duty gauge\n");
	for (size_t k = 0; k < lease_count; k++)
		buf_addf(b, "mailtrixy_duty{name=\"%.*s\"} %d\n", STR_ARG(leases[k].name), str_eq(leases[k].server, store_server(store)));
	buf_addf(b, "# HELP mailtrixy_duty_term How often a duty has gone from hand to hand.\n# TYPE mailtrixy_duty_term counter\n");
	for (size_t k = 0; k < lease_count; k++)
		buf_addf(b, "mailtrixy_duty_term{name=\"%.*s\"} %lld\n", STR_ARG(leases[k].name), (long long)leases[k].term);
}

void ops_metrics(struct call *c)
{
	struct web *web = c->web;
	struct loop_figures *loop = loop_figures(web->loop);
	struct store_figures store;
	struct workers_figures workers;
	struct live_figures live;
	struct files_figures files;
	int64_t lag = 0;
	struct buf *b = &c->out;

	store_figures(c->instance->store, &store);
	workers_figures(web->workers, &workers);
	live_figures(web->live, &live);
	(void)search_lag(c->db, &lag, NULL);
	c->status = 200;
	c->type = "text/plain; version=0.0.4; charset=utf-8";
	write_answers(b, &web->metrics);
	write_webhooks(b, &web->metrics);
	gauge(b, "store_commits_total", "counter", "Commits of the store.", store.commits);
	gauge(b, "store_units_total", "counter", "Units of work in those commits.", store.units);
	gauge(b, "store_retried_groups_total", "counter", "Groups that ran again because one of their units failed.",
	      store.retried_groups);
	gauge(b, "store_queued_units", "gauge", "Units that wait for the writer.", store.queued);
	gauge(b, "http_connections", "gauge", "Open connections.", atomic_load(&loop->connections));
	gauge(b, "http_requests_running", "gauge", "Requests that somebody answers now.",
	      atomic_load(&loop->requests_running));
	gauge(b, "http_body_bytes", "gauge", "Bytes of request bodies in memory.", atomic_load(&loop->body_bytes));
	gauge(b, "http_upload_bytes", "gauge", "Bytes of files that are being uploaded.", atomic_load(&loop->upload_bytes));
	gauge(b, "http_files_leaving", "gauge", "Answers whose file has not been read to its end.", atomic_load(&loop->files_leaving));
	gauge(b, "worker_waiting_requests", "gauge", "Requests that wait for a worker.", (int64_t)workers.waiting);
	gauge(b, "worker_running_requests", "gauge", "Requests that a worker has.", (int64_t)workers.running);
	gauge(b, "live_streams", "gauge", "Open live streams.", (int64_t)live.listeners);
	gauge(b, "live_pending_changes", "gauge", "Changes that live streams have not been told yet.", (int64_t)live.pending);
	gauge(b, "live_events_total", "counter", "Events written to live streams.", atomic_load(&web->metrics.events_sent));
	gauge(b, "live_streams_cut_total", "counter", "Live streams closed because their client did not read.",
	      atomic_load(&web->metrics.streams_cut));
	files_figures(c->instance->files, &files);
	gauge(b, "files_kept_total", "counter", "Files that were kept.", files.kept);
	gauge(b, "files_kept_bytes_total", "counter", "Bytes of those files.", files.bytes);
	gauge(b, "file_fetches_failed_total", "counter", "Attempts to fetch a customer's file that failed.", files.fetches_failed);
	write_servers(b, c);
	gauge(b, "search_lag", "gauge", "Messages that are not in the search index yet, about.", lag);
	gauge(b, "resident_memory_bytes", "gauge", "Memory of the process.", resident_bytes());
	gauge(b, "start_time_seconds", "gauge", "When the server started, since 1970.", web->started_ms / SECOND_MS);
}
