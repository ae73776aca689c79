#include "work/media.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/fetch.h"
#include "work/bell.h"
#include "work/fetch.h"

/* Its own HTTP client: a download writes to the disk on that thread, and no message may wait for it. */
enum { AT_ONCE = 8, AN_ACCOUNT = 3, LOOK_MS = 60 * 1000, REST_MS = 5 * 1000, PACE_MS = 20 };

_Static_assert(AT_ONCE / AN_ACCOUNT <= STORE_FETCH_BUSY_MAX, "all accounts that have enough under way are named");

struct job {
	struct media *m;
	pthread_t thread;
	struct fetcher fetcher;
	bool has_thread;
	bool busy;			/* guarded by the lock, as the rest */
	struct workspace_id workspace;
	int64_t message_id, account_id;
	int position;
};

struct media {
	struct instance *i;
	struct duties *duties;
	struct http_client *http;
	struct bell bell;
	struct db *reader;		/* of the thread that looks */
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock;		/* guards the jobs and what follows */
	pthread_cond_t changed;
	bool closing, resting;		/* resting: something could not be written down */
	struct job jobs[AT_ONCE];
};

static bool is_closing(void *arg)
{
	struct media *m = arg;

	(void)pthread_mutex_lock(&m->lock);
	bool closing = m->closing;

	(void)pthread_mutex_unlock(&m->lock);
	return closing;
}

/* ---- the threads that fetch ---- */

static void *fetch(void *arg)
{
	struct job *j = arg;
	struct media *m = j->m;

	(void)pthread_setname_np(pthread_self(), "media-fetch");
	(void)pthread_mutex_lock(&m->lock);
	for (;;) {
		while (!j->busy && !m->closing)
			(void)pthread_cond_wait(&m->changed, &m->lock);
		if (m->closing)
			break;
		(void)pthread_mutex_unlock(&m->lock);
		struct error err = { 0 };
		int r = fetch_run(&j->fetcher, j->workspace, j->message_id, j->position, &err);

		if (r < 0)
			log_event(LOG_WARNING, "what became of a customer's file could not be written down; it is fetched again",
				  log_i("message", j->message_id), log_c("error", err.text), log_end);
		(void)pthread_mutex_lock(&m->lock);
		j->busy = false;
		m->resting = m->resting || r < 0;
		bell_ring(&m->bell);
	}
	(void)pthread_mutex_unlock(&m->lock);
	return NULL;
}

/* ---- the thread that looks ---- */

/* Accounts that have enough under way, at most AT_ONCE / AN_ACCOUNT. */
static size_t find_full(const struct media *m, int64_t *ret)
{
	size_t count = 0;

	for (size_t k = 0; k < AT_ONCE; k++) {
		int same = 0, before = 0;

		for (size_t n = 0; n < AT_ONCE && m->jobs[k].busy; n++)
			if (m->jobs[n].busy && m->jobs[n].account_id == m->jobs[k].account_id) {
				same++;
				before += n < k;
			}
		if (same >= AN_ACCOUNT && before == 0)
			ret[count++] = m->jobs[k].account_id;
	}
	return count;
}

static bool is_under_way(const struct media *m, const struct store_fetch *f)
{
	for (size_t k = 0; k < AT_ONCE; k++)
		if (m->jobs[k].busy && m->jobs[k].message_id == f->message_id && m->jobs[k].position == f->attachment.position)
			return true;
	return false;
}

static int count_of(const struct media *m, int64_t account_id)
{
	int count = 0;

	for (size_t k = 0; k < AT_ONCE; k++)
		count += account_id == 0 ? m->jobs[k].busy : m->jobs[k].busy && m->jobs[k].account_id == account_id;
	return count;
}

static void give(struct media *m, const struct store_fetch *f)
{
	struct job *j = m->jobs;

	while (j->busy)
		j++;
	j->workspace = f->workspace;
	j->message_id = f->message_id;
	j->position = f->attachment.position;
	j->account_id = f->account_id;
	j->busy = true;
	(void)pthread_cond_broadcast(&m->changed);
}

/* Gives out what is due. Returns how many; < 0: it failed. Under the lock; the reading is short, by an index. */
static int look_locked(struct media *m, struct error *err)
{
	struct store_fetch due[AT_ONCE * 2];
	int64_t full[AT_ONCE];
	size_t count = 0;
	int given = 0, r;

	if (count_of(m, 0) == AT_ONCE)
		return 0;
	if ((r = store_fetch_due(m->reader, clock_now_ms(), full, find_full(m, full), due, AT_ONCE * 2, &count, err)) < 0)
		return r;
	for (size_t k = 0; k < count && count_of(m, 0) < AT_ONCE; k++)
		if (!is_under_way(m, &due[k]) && count_of(m, due[k].account_id) < AN_ACCOUNT) {
			give(m, &due[k]);
			given++;
		}
	return given;
}

/* Returns ms until the next look. */
static int64_t look(struct media *m)
{
	struct error err = { 0 };
	int64_t next = 0, now = clock_now_ms();
	int given;

	/* Two servers that fetch the same file do no harm, but for the work: what the first has written down stands. */
	if (!duty_mine(m->duties, DUTY_MEDIA))
		return LOOK_MS;
	(void)pthread_mutex_lock(&m->lock);
	bool rest = m->resting;

	m->resting = false;
	do
		given = rest ? 0 : look_locked(m, &err);
	while (given > 0);		/* what was full before may hide others */
	(void)pthread_mutex_unlock(&m->lock);
	if (rest)
		return REST_MS;
	if (given < 0 || store_fetch_next(m->reader, now, &next, &err) < 0) {
		log_event(LOG_WARNING, "customers' files are looked for again later", log_c("error", err.text), log_end);
		return REST_MS;
	}
	return next == 0 || next - now > LOOK_MS ? LOOK_MS : next - now;
}

static void *run(void *arg)
{
	struct media *m = arg;

	(void)pthread_setname_np(pthread_self(), "media");
	while (!bell_closed(&m->bell)) {
		int64_t wait = look(m);

		bell_wait(&m->bell, wait > PACE_MS ? wait : PACE_MS);
	}
	return NULL;
}

/* ---- start and stop ---- */

static int start_job(struct media *m, struct job *j, struct error *err)
{
	int r;

	j->m = m;
	j->fetcher = (struct fetcher){ .i = m->i, .http = m->http, .stopping = is_closing, .arg = m };
	if ((r = store_reader_new(m->i->store, &j->fetcher.reader, err)) < 0)
		return r;
	if (pthread_create(&j->thread, NULL, fetch, j) != 0)
		return fail(err, ERR_BROKEN, "no thread for customers' files");
	j->has_thread = true;
	return 0;
}

int media_start(struct instance *i, struct duties *duties, struct media **ret, struct error *err)
{
	struct media *m = calloc(1, sizeof(*m));
	int r;

	if (m == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	m->i = i;
	m->duties = duties;
	bell_init(&m->bell);
	(void)pthread_mutex_init(&m->lock, NULL);
	(void)pthread_cond_init(&m->changed, NULL);
	r = http_client_start(STR("MailTrixy/1.0"), &m->http, err);
	if (r == 0)
		r = store_reader_new(i->store, &m->reader, err);
	for (size_t k = 0; k < AT_ONCE && r == 0; k++)
		r = start_job(m, &m->jobs[k], err);
	if (r == 0 && pthread_create(&m->thread, NULL, run, m) != 0)
		r = fail(err, ERR_BROKEN, "no thread for customers' files");
	if (r < 0) {
		media_free(m);
		return r;
	}
	m->has_thread = true;
	*ret = m;
	return 0;
}

void media_wake(struct media *m)
{
	if (m != NULL)
		bell_ring(&m->bell);
}

void media_close(struct media *m)
{
	if (m == NULL)
		return;
	(void)pthread_mutex_lock(&m->lock);
	m->closing = true;
	(void)pthread_cond_broadcast(&m->changed);
	(void)pthread_mutex_unlock(&m->lock);
	bell_close(&m->bell);
	http_client_stop(m->http);
}

void media_free(struct media *m)
{
	if (m == NULL)
		return;
	media_close(m);
	if (m->has_thread)
		(void)pthread_join(m->thread, NULL);
	for (size_t k = 0; k < AT_ONCE; k++) {
		if (m->jobs[k].has_thread)
			(void)pthread_join(m->jobs[k].thread, NULL);
		store_reader_free(m->jobs[k].fetcher.reader);
	}
	store_reader_free(m->reader);
	http_client_free(m->http);
	(void)pthread_cond_destroy(&m->changed);
	(void)pthread_mutex_destroy(&m->lock);
	bell_done(&m->bell);
	free(m);
}
