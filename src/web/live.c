/* See web/live.h.
 *
 * Three threads meet here. The store's writer leaves changes (on_changes). The hub's own thread renders them, in order,
 * and also works out what a new listener has missed. The loop owns the listeners and writes.
 *
 * Nothing is missed between joining and hearing: the loop counts the listener in before the hub's thread reads how far
 * the store is, so every later change is rendered for its workspace; a batch that the listener has heard already is
 * skipped by its id. */
#include "web/live.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "web/live_render.h"
#include "web/server.h"

enum {
	PENDING_MAX = 16384,		/* changes that wait to be rendered; past that, everybody loads anew */
	BATCH_MAX = 512,		/* rendered at once, so that the first does not wait for the last */
	MISSED_MAX = 2000,		/* changes that a returning client is told one by one */
	BEAT_MS = 15 * 1000,
	RECHECK_MS = 20 * 1000,
	TEXT_MAX = 8 * 1024 * 1024,
};

struct listener {
	struct live *live;
	struct conn *conn;		/* NULL: it left */
	struct workspace_id workspace;
	int64_t user_id, credential_id;
	enum credential_kind credential_kind;
	int64_t from;			/* resumes behind this change; < 0: hears what comes */
	int64_t heard;			/* the last change that it has been told */
	bool ready;			/* has been told what it missed */
	int jobs;			/* that name it and have not come back; it is freed with the last */
	struct listener *previous, *next;
};

struct job {
	struct job *next;
	struct note note;		/* for the way back */
	struct live *live;
	enum { JOB_JOIN, JOB_RECHECK, JOB_BATCH } kind;
	struct listener *listener;	/* JOB_JOIN */
	struct listener **some;		/* JOB_RECHECK */
	bool *may;
	size_t some_count;
	struct workspace_id workspace;	/* JOB_BATCH; 0: everybody */
	struct shared *text;
	int64_t up_to;
	size_t events;
};

struct watched {
	int64_t workspace;
	size_t listeners;
};

struct live {
	struct web *web;
	pthread_t thread;
	bool started;

	pthread_mutex_t lock;		/* guards what follows, up to the blank line */
	pthread_cond_t more;
	struct job *first, *last;
	struct change pending[PENDING_MAX];
	size_t pending_count;
	bool overflowed, stopping;
	int64_t overflowed_at;		/* the last change that was dropped */
	struct watched *watched;
	size_t watched_count, watched_room, listener_count;

	/* the loop's */
	struct listener *listeners;
	int64_t beat_at, recheck_at;

	/* the hub thread's */
	struct change taken[PENDING_MAX];
};

/* ---- what the store says ---- */

/* Under the lock. */
static struct watched *find_watched(struct live *l, int64_t workspace)
{
	for (size_t k = 0; k < l->watched_count; k++)
		if (l->watched[k].workspace == workspace)
			return &l->watched[k];
	return NULL;
}

/* Under the lock. */
static void leave_pending(struct live *l, const struct change *c)
{
	if (l->pending_count == PENDING_MAX) {
		l->pending_count = 0;
		l->overflowed = true;
	}
	if (l->overflowed)
		l->overflowed_at = c->id;
	else
		l->pending[l->pending_count++] = *c;
}

static void on_changes(void *arg, const struct change *changes, size_t count)
{
	struct live *l = arg;

	pthread_mutex_lock(&l->lock);
	for (size_t k = 0; l->watched_count > 0 && k < count; k++)
		if (changes[k].workspace.v == 0 || find_watched(l, changes[k].workspace.v) != NULL)
			leave_pending(l, &changes[k]);
	if (l->pending_count > 0 || l->overflowed)
		pthread_cond_signal(&l->more);
	pthread_mutex_unlock(&l->lock);
}

/* ---- the hub's thread ---- */

static void on_batch(void *arg);

static void send_back(struct live *l, struct job *job)
{
	loop_post(l->web->loop, &job->note);
}

static struct job *new_job(struct live *l, int kind, void (*back)(void *arg))
{
	struct job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return NULL;
	job->live = l;
	job->kind = kind;
	job->note = (struct note){ .run = back, .arg = job };
	return job;
}

static void post_text(struct live *l, struct workspace_id w, struct str text, int64_t up_to, size_t events)
{
	struct job *job = text.len == 0 ? NULL : new_job(l, JOB_BATCH, on_batch);

	if (job == NULL)
		return;
	job->workspace = w;
	job->up_to = up_to;
	job->events = events;
	job->text = shared_new(text);
	if (job->text == NULL)
		free(job);
	else
		send_back(l, job);
}

static void post_reset(struct live *l, struct workspace_id w, int64_t id)
{
	SCOPED(buf_done) struct buf out = { 0 };

	live_render_plain(&out, "reset", id);
	post_text(l, w, buf_str(&out), id, 1);
}

/* Changes of one workspace, or of all of them when its id is 0: then for each that is watched. */
static void render_one(struct live *l, struct db *db, struct workspace_id w, const struct change *changes, size_t count)
{
	SCOPED(buf_done) struct buf out = { .max = TEXT_MAX };
	struct error err = { 0 };
	size_t events;
	int64_t up_to = changes[count - 1].id;

	if (live_render(l->web->instance, db, w, changes, count, &out, &events, &err) == 0) {
		post_text(l, w, buf_str(&out), up_to, events);
		return;
	}
	log_event(LOG_WARNING, "live events not rendered; listeners load anew", log_i("workspace", w.v),
		  log_c("reason", err.text), log_end);
	post_reset(l, w, up_to);
}

/* How many changes at the start are of workspaces, or are everybody's. */
static size_t stretch_len(const struct change *changes, size_t count)
{
	size_t n = 1;

	while (n < count && (changes[n].workspace.v == 0) == (changes[0].workspace.v == 0))
		n++;
	return n;
}

static void render_stretch(struct live *l, struct db *db, struct change *changes, size_t count)
{
	size_t from = 0;

	count = live_coalesce(changes, count);
	while (from < count) {
		size_t to = from;

		while (to < count && changes[to].workspace.v == changes[from].workspace.v)
			to++;
		render_one(l, db, changes[from].workspace, changes + from, to - from);
		from = to;
	}
}

/* In the order of ids. What is everybody's must not go before an older change of a workspace: its listeners would have heard
 * the later id, and the older change would be skipped, now and when they come back with that id. */
static void render_batch(struct live *l, struct db *db, struct change *changes, size_t count)
{
	struct error err = { 0 };

	if (db_read_begin(db, &err) < 0) {
		log_event(LOG_WARNING, "live events not read; listeners load anew", log_c("reason", err.text), log_end);
		post_reset(l, (struct workspace_id){ 0 }, changes[count - 1].id);
		return;
	}
	while (count > 0) {
		size_t n = stretch_len(changes, count);

		render_stretch(l, db, changes, n);
		changes += n;
		count -= n;
	}
	db_read_end(db);
}

/* What a listener is told first. "hello" carries where its stream stands, so that a connection that breaks right after it
 * resumes there. */
static int render_join(struct live *l, struct db *db, struct job *job, struct buf *out, struct error *err)
{
	struct listener *who = job->listener;
	struct instance *i = l->web->instance;
	int64_t last;
	size_t count = 0;
	bool gap = false;
	int r = store_change_last(db, &last, err);

	if (r < 0)
		return r;
	job->up_to = last;
	if (who->from >= 0 && who->from <= last)
		r = store_changes_after(db, who->workspace, who->from, l->taken, MISSED_MAX, &count, &gap, err);
	if (r < 0)
		return r;
	if (who->from < 0) {
		live_render_plain(out, "hello", last);
		return 0;
	}
	if (who->from > last || gap || count == MISSED_MAX) {
		live_render_plain(out, "hello", last);
		live_render_plain(out, "reset", last);
		job->events = 1;
		return 0;
	}
	live_render_plain(out, "hello", who->from);
	/* Those of workspace 0 are told as this one's: the order of ids must hold. */
	for (size_t k = 0; k < count; k++)
		l->taken[k].workspace = who->workspace;
	count = live_coalesce(l->taken, count);
	return live_render(i, db, who->workspace, l->taken, count, out, &job->events, err);
}

static void join(struct live *l, struct db *db, struct job *job)
{
	SCOPED(buf_done) struct buf out = { .max = TEXT_MAX };
	struct error err = { 0 };
	int r = db_read_begin(db, &err);

	if (r >= 0) {
		r = render_join(l, db, job, &out, &err);
		db_read_end(db);
	}
	if (r < 0)
		log_event(LOG_WARNING, "live stream not begun; the client will try again", log_c("reason", err.text),
			  log_end);
	else
		job->text = shared_new(buf_str(&out));
	send_back(l, job);
}

static bool has_credential(struct db *db, const struct listener *who)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct credential *list = NULL;
	size_t count = 0;

	if (people_credentials(db, who->user_id, who->credential_kind, &arena, &list, &count, NULL) < 0)
		return true;	/* not known is not gone */
	for (size_t k = 0; k < count; k++)
		if (list[k].id == who->credential_id)
			return true;
	return false;
}

static void recheck(struct live *l, struct db *db, struct job *job)
{
	for (size_t k = 0; k < job->some_count; k++) {
		const struct listener *who = job->some[k];
		enum role role = ROLE_NONE;

		job->may[k] = people_role(db, who->workspace, who->user_id, &role, NULL) < 0 ||
			      (role != ROLE_NONE && has_credential(db, who));
	}
	send_back(l, job);
}

/* Waits for work and takes it. False: the end. */
static bool take_work(struct live *l, struct job **ret_job, size_t *ret_count, int64_t *ret_reset)
{
	*ret_job = NULL;
	*ret_count = 0;
	*ret_reset = 0;
	pthread_mutex_lock(&l->lock);
	while (!l->stopping && l->first == NULL && l->pending_count == 0 && !l->overflowed)
		pthread_cond_wait(&l->more, &l->lock);
	bool goes_on = !l->stopping || l->first != NULL;	/* jobs go back even then: they hold listeners */

	if (l->first != NULL) {
		*ret_job = l->first;
		l->first = l->first->next;
		if (l->first == NULL)
			l->last = NULL;
	} else if (l->overflowed) {
		*ret_reset = l->overflowed_at;
		l->overflowed = false;
		l->pending_count = 0;
	} else if (l->pending_count > 0) {
		*ret_count = l->pending_count < BATCH_MAX ? l->pending_count : BATCH_MAX;
		memcpy(l->taken, l->pending, *ret_count * sizeof(l->taken[0]));
		l->pending_count -= *ret_count;
		memmove(l->pending, l->pending + *ret_count, l->pending_count * sizeof(l->pending[0]));
	}
	pthread_mutex_unlock(&l->lock);
	return goes_on;
}

static void *hub(void *arg)
{
	struct live *l = arg;
	struct db *db = NULL;
	struct error err = { 0 };
	struct job *job;
	size_t count;
	int64_t reset;

	(void)pthread_setname_np(pthread_self(), "web-live");
	while (take_work(l, &job, &count, &reset)) {
		if (db == NULL && store_reader_new(l->web->instance->store, &db, &err) < 0) {
			log_event(LOG_ERROR, "live updates cannot read the store", log_c("reason", err.text), log_end);
			if (job != NULL)
				send_back(l, job);
			else if (count > 0 || reset != 0)	/* what was taken is told nowhere else */
				post_reset(l, (struct workspace_id){ 0 }, count > 0 ? l->taken[count - 1].id : reset);
			continue;
		}
		if (job != NULL && job->kind == JOB_JOIN)
			join(l, db, job);
		else if (job != NULL)
			recheck(l, db, job);
		else if (reset != 0)
			post_reset(l, (struct workspace_id){ 0 }, reset);
		else if (count > 0)
			render_batch(l, db, l->taken, count);
	}
	store_reader_free(db);
	return NULL;
}

static void submit(struct live *l, struct job *job)
{
	pthread_mutex_lock(&l->lock);
	job->next = NULL;
	if (l->last != NULL)
		l->last->next = job;
	else
		l->first = job;
	l->last = job;
	pthread_cond_signal(&l->more);
	pthread_mutex_unlock(&l->lock);
}

/* ---- the loop's thread ---- */

static void release(struct listener *who)
{
	if (who->conn == NULL && who->jobs == 0)
		free(who);
}

static void on_batch(void *arg)
{
	struct job *job = arg;
	struct live *l = job->live;
	int64_t told = 0;

	for (struct listener *who = l->listeners, *next; who != NULL; who = next) {
		next = who->next;
		if (!who->ready || job->up_to <= who->heard ||
		    (job->workspace.v != 0 && who->workspace.v != job->workspace.v))
			continue;
		who->heard = job->up_to;
		told += conn_stream_write(who->conn, job->text);
	}
	atomic_fetch_add_explicit(&l->web->metrics.events_sent, told * (int64_t)job->events, memory_order_relaxed);
	shared_unref(job->text);
	free(job);
}

static void on_joined(void *arg)
{
	struct job *job = arg;
	struct listener *who = job->listener;

	who->jobs--;
	if (who->conn != NULL && job->text == NULL) {
		conn_stream_close(who->conn);
	} else if (who->conn != NULL) {
		who->ready = true;
		who->heard = job->up_to;
		(void)conn_stream_write(who->conn, job->text);
	} else {
		release(who);
	}
	shared_unref(job->text);
	free(job);
}

static void on_rechecked(void *arg)
{
	struct job *job = arg;

	for (size_t k = 0; k < job->some_count; k++) {
		struct listener *who = job->some[k];

		who->jobs--;
		if (who->conn == NULL)
			release(who);
		else if (!job->may[k])
			conn_stream_close(who->conn);
	}
	free(job->some);
	free(job->may);
	free(job);
}

/* Counts a listener in or out. False without memory. */
static bool watch(struct live *l, int64_t workspace, bool joins)
{
	bool fine = true;

	pthread_mutex_lock(&l->lock);
	struct watched *w = find_watched(l, workspace);

	if (w == NULL && joins && l->watched_count == l->watched_room) {
		size_t room = l->watched_room == 0 ? 16 : l->watched_room * 2;
		struct watched *more = realloc(l->watched, room * sizeof(*more));

		fine = more != NULL;
		if (fine) {
			l->watched = more;
			l->watched_room = room;
		}
	/* cppcheck-suppress memleak ; it is l->watched now */
	}
	if (w == NULL && joins && fine) {
		w = &l->watched[l->watched_count++];
		*w = (struct watched){ .workspace = workspace };
	}
	if (w != NULL && joins) {
		w->listeners++;
		l->listener_count++;
	} else if (w != NULL && !joins) {
		l->listener_count--;
		if (--w->listeners == 0)
			*w = l->watched[--l->watched_count];
	}
	pthread_mutex_unlock(&l->lock);
	return fine;
}

struct listener *live_joined(struct live *l, struct conn *conn, const struct call *call)
{
	struct listener *who = calloc(1, sizeof(*who));
	struct job *job = new_job(l, JOB_JOIN, on_joined);

	if (who == NULL || job == NULL || !watch(l, call->workspace.v, true)) {
		free(who);
		free(job);
		return NULL;
	}
	who->live = l;
	who->conn = conn;
	who->workspace = call->workspace;
	who->user_id = call->user.id;
	who->credential_kind = call->credential_kind;
	who->credential_id = call->credential_id;
	who->from = call->stream_from;
	who->jobs = 1;
	who->next = l->listeners;
	if (l->listeners != NULL)
		l->listeners->previous = who;
	l->listeners = who;
	job->listener = who;
	submit(l, job);
	return who;
}

void live_left(struct live *l, struct listener *who)
{
	if (who->previous != NULL)
		who->previous->next = who->next;
	else
		l->listeners = who->next;
	if (who->next != NULL)
		who->next->previous = who->previous;
	(void)watch(l, who->workspace.v, false);
	who->conn = NULL;
	release(who);
}

static void beat(struct live *l)
{
	struct shared *text = shared_new(STR(": still here\n\n"));

	for (struct listener *who = l->listeners, *next; text != NULL && who != NULL; who = next) {
		next = who->next;
		if (who->ready)
			(void)conn_stream_write(who->conn, text);
	}
	shared_unref(text);
}

static void ask_who_may(struct live *l)
{
	struct job *job = new_job(l, JOB_RECHECK, on_rechecked);
	size_t count = 0;

	for (struct listener *who = l->listeners; who != NULL; who = who->next)
		count++;
	if (job != NULL) {
		job->some = calloc(count + 1, sizeof(struct listener *));
		job->may = calloc(count + 1, sizeof(bool));
	}
	if (job == NULL || job->some == NULL || job->may == NULL || count == 0) {
		if (job != NULL) {
			free(job->some);
			free(job->may);
		}
		free(job);
		return;
	}
	for (struct listener *who = l->listeners; who != NULL; who = who->next) {
		who->jobs++;
		job->some[job->some_count] = who;
		job->may[job->some_count++] = true;
	}
	submit(l, job);
}

void live_access_ended(struct live *l)
{
	if (l != NULL)
		ask_who_may(l);
}

void live_tick(struct live *l, int64_t now_ms)
{
	if (l == NULL)
		return;
	if (now_ms >= l->beat_at) {
		beat(l);
		l->beat_at = now_ms + BEAT_MS;
	}
	if (now_ms >= l->recheck_at) {
		ask_who_may(l);
		l->recheck_at = now_ms + RECHECK_MS;
	}
}

/* ---- start, stop ---- */

int live_start(struct web *web, struct live **ret, struct error *err)
{
	struct live *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return fail(err, ERR_NOMEM, "no memory for live updates");
	l->web = web;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->more, NULL);
	*ret = l;
	if (pthread_create(&l->thread, NULL, hub, l) != 0)
		return fail(err, ERR_BROKEN, "cannot start the thread of live updates");
	l->started = true;
	store_set_listener(web->instance->store, l, on_changes);
	return 0;
}

void live_stop(struct live *l)
{
	if (l == NULL || !l->started)
		return;
	store_set_listener(l->web->instance->store, NULL, NULL);
	pthread_mutex_lock(&l->lock);
	l->stopping = true;
	pthread_cond_signal(&l->more);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	l->started = false;
}

void live_free(struct live *l)
{
	if (l == NULL)
		return;
	free(l->watched);
	pthread_cond_destroy(&l->more);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

void live_figures(struct live *l, struct live_figures *ret)
{
	pthread_mutex_lock(&l->lock);
	*ret = (struct live_figures){ l->listener_count, l->pending_count };
	pthread_mutex_unlock(&l->lock);
}

/* ---- the call that becomes a stream ---- */

void api_events(struct call *c)
{
	struct str last = http_field(&c->head, "last-event-id"), asked;

	if (!call_query(c, "last_event_id", &asked))
		return;
	if (last.len == 0)
		last = asked;
	c->stream_from = -1;
	if (last.len > 0 && (!str_to_i64(last, &c->stream_from) || c->stream_from < 0))
		c->stream_from = INT64_MAX;	/* not one of ours: load anew */
	c->status = 200;
	c->type = "text/event-stream";
	c->caching = "no-cache, no-transform";
	call_header(c, "X-Accel-Buffering", STR("no"));
	c->stream = true;
}
