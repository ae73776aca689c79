#include "work/duty.h"

#include "base/clock.h"
#include "base/log.h"
#include "work/bell.h"
#include "work/duty_view.h"

enum { MOVES_MAX = 64, CLOCK_APART_MS = 5 * 1000, FORGET_MS = 10 * 60 * 1000 };

struct duties {
	struct duty_options options;
	struct arena memory;
	struct str self;
	struct db *reader;
	struct bell bell;
	pthread_t thread;
	bool has_thread;
	int64_t started_at, beat;	/* the thread's alone; beat 0: the row is not there yet */
	bool in_trouble;		/* told so already */
	pthread_mutex_t lock;		/* guards what follows */
	struct duty_view view;
	int64_t beat_ms;		/* monotonic, when the last beat that is committed was begun; 0: none */
	bool leaving;
	char clock_told[DUTY_ID_MAX];	/* of whom it was told that its clock differs */
};

int duty_new(const struct duty_options *options, struct duties **ret, struct error *err)
{
	struct duties *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	d->options = *options;
	d->options.address = arena_copy(&d->memory, options->address);
	d->options.version = arena_copy(&d->memory, options->version);
	d->self = store_server(options->store);
	d->started_at = clock_now_ms();
	bell_init(&d->bell);
	(void)pthread_mutex_init(&d->lock, NULL);
	duty_view_init(&d->view, d->self);
	if (arena_failed(&d->memory)) {
		duty_free(d);
		return fail(err, ERR_NOMEM, "out of memory");
	}
	*ret = d;
	return 0;
}

int duty_add(struct duties *d, struct str name, struct error *err)
{
	(void)pthread_mutex_lock(&d->lock);
	bool fine = duty_view_add(&d->view, name);

	(void)pthread_mutex_unlock(&d->lock);
	return fine ? 0 : fail(err, ERR_NOMEM, "no memory for a duty");
}

/* ---- one look ---- */

struct rows {
	struct arena arena;
	struct store_server *servers;
	struct store_lease *leases;
	size_t server_count, lease_count;
};

static void rows_free(struct rows *r)
{
	arena_done(&r->arena);
}

static int read_rows(struct duties *d, struct rows *ret, struct error *err)
{
	int r;

	if (d->reader == NULL && (r = store_reader_new(d->options.store, &d->reader, err)) < 0)
		return r;
	if ((r = store_server_list(d->reader, &ret->arena, &ret->servers, &ret->server_count, err)) < 0)
		return r;
	return store_lease_list(d->reader, &ret->arena, &ret->leases, &ret->lease_count, err);
}

/* What one look writes, in one commit. */
struct writing {
	struct store_server self;
	struct str missing[MOVES_MAX];		/* duties whose leases have no row yet: they are taken with the next look */
	struct duty_move moves[MOVES_MAX];
	bool done[MOVES_MAX];
	size_t missing_count, count;
	const struct store_server *dead;	/* to be forgotten; NULL: nobody */
};

static int run_writing(struct db *db, void *arg, struct error *err)
{
	struct writing *w = arg;
	int r = store_server_put(db, &w->self, err);

	for (size_t k = 0; k < w->missing_count && r >= 0; k++)
		r = store_lease_add(db, w->missing[k], err);
	for (size_t k = 0; k < w->count && r >= 0; k++) {
		const struct duty_move *m = &w->moves[k];

		r = m->take ? store_lease_take(db, m->name, m->term, w->self.id, err) : store_lease_give(db, m->name, w->self.id, err);
		w->done[k] = r > 0;
	}
	if (r >= 0 && w->dead != NULL)
		r = store_server_delete(db, w->dead->id, w->dead->beat, err);
	return r < 0 ? r : 0;
}

/* Another number than before, and one that rises: the clock of this server where that goes on by itself. */
static int64_t next_beat(struct duties *d, bool leaving)
{
	int64_t last = d->beat < 0 ? -d->beat : d->beat, now = clock_now_ms();

	last = now > last ? now : last + 1;
	return leaving ? -last : last;
}

/* One whose beat has not moved for so long is not coming back; and if it does, it makes its row again. Under the lock. */
static const struct store_server *find_forgotten(const struct duties *d, const struct rows *rows)
{
	for (size_t k = 0; k < d->view.other_count; k++)
		for (size_t n = 0; d->view.others[k].still_ms >= FORGET_MS && n < rows->server_count; n++)
			if (str_eq_c(rows->servers[n].id, d->view.others[k].id))
				return &rows->servers[n];
	return NULL;
}

/* Whatever is due by one server's clock may be looked at by another: a person should know. Under the lock. */
static const struct store_server *find_other_clock(struct duties *d, const struct rows *rows, int64_t *ret_ms)
{
	for (size_t k = 0; k < rows->server_count; k++) {
		const struct store_server *s = &rows->servers[k];
		int64_t beat = s->beat < 0 ? -s->beat : s->beat, apart = beat - clock_now_ms();

		if (str_eq(s->id, d->self) || !duty_view_lives(&d->view, s->id) || (apart < CLOCK_APART_MS && apart > -3 * CLOCK_APART_MS) ||
		    str_eq_c(s->id, d->clock_told))
			continue;
		/* A beat of a dead one stands still too: only one that moved since the last look tells the time. */
		for (size_t n = 0; n < d->view.other_count; n++)
			if (str_eq_c(s->id, d->view.others[n].id) && d->view.others[n].still_ms == 0 && d->view.others[n].known_ms > 0) {
				*ret_ms = apart;
				(void)snprintf(d->clock_told, sizeof(d->clock_told), "%.*s", STR_ARG(s->id));
				return s;
			}
	}
	return NULL;
}

static bool has_row(const struct rows *rows, struct str name)
{
	for (size_t k = 0; k < rows->lease_count; k++)
		if (str_eq(rows->leases[k].name, name))
			return true;
	return false;
}

/* Under the lock. Names are copied: the view's may move when a duty is added. */
static bool plan(struct duties *d, int64_t mono_ms, struct rows *rows, struct writing *w)
{
	if (!duty_view_see(&d->view, mono_ms, rows->servers, rows->server_count, rows->leases, rows->lease_count))
		return false;
	w->count = duty_view_plan(&d->view, d->leaving, rows->leases, rows->lease_count, w->moves, MOVES_MAX);
	for (size_t k = 0; k < w->count; k++)
		w->moves[k].name = arena_copy(&rows->arena, w->moves[k].name);
	for (size_t k = 0; k < d->view.lease_count && w->missing_count < MOVES_MAX; k++)
		if (!has_row(rows, str_of(d->view.leases[k].name)))
			w->missing[w->missing_count++] = arena_copy(&rows->arena, str_of(d->view.leases[k].name));
	w->dead = find_forgotten(d, rows);
	w->self = (struct store_server){ .id = d->self, .beat = next_beat(d, d->leaving), .started_at = d->started_at,
					 .version = d->options.version, .address = d->options.address };
	return !arena_failed(&rows->arena);
}

static void log_move(const struct duty_move *m)
{
	log_event(LOG_INFO, m->take ? "this server does a duty from now on" : "a duty was given back", log_s("duty", m->name), log_end);
}

/* Under the lock. True: a duty came or went. */
static bool note_moves(struct duties *d, const struct writing *w, int64_t mono_ms)
{
	bool changed = false;

	d->beat_ms = mono_ms;
	d->beat = w->self.beat;
	for (size_t k = 0; k < w->count; k++)
		for (size_t n = 0; n < d->view.lease_count; n++) {
			struct duty_lease *l = &d->view.leases[n];

			if (!str_eq_c(w->moves[k].name, l->name) || l->is_mine == w->moves[k].take)
				continue;
			if (w->moves[k].take && !w->done[k])
				continue;	/* somebody else was faster */
			l->is_mine = w->moves[k].take;
			changed = true;
			log_move(&w->moves[k]);
		}
	return changed;
}

static size_t count_mine(const struct duty_view *v)
{
	size_t count = 0;

	for (size_t k = 0; k < v->lease_count; k++)
		count += v->leases[k].is_mine;
	return count;
}

int duty_look(struct duties *d, int64_t mono_ms, struct error *err)
{
	SCOPED(rows_free) struct rows rows = { 0 };
	struct writing w = { .count = 0 };
	const struct store_server *other = NULL;
	int64_t apart = 0;
	int r = read_rows(d, &rows, err);

	if (r < 0)
		return r;
	(void)pthread_mutex_lock(&d->lock);
	size_t before = count_mine(&d->view);
	bool fine = plan(d, mono_ms, &rows, &w);
	bool lost = count_mine(&d->view) < before;

	if (fine)
		other = find_other_clock(d, &rows, &apart);
	(void)pthread_mutex_unlock(&d->lock);
	if (!fine)
		return fail(err, ERR_NOMEM, "out of memory");
	if (other != NULL)
		log_event(LOG_WARNING, "the clocks of two servers differ: what one notes as due, the other begins by so much too late or early",
			  log_s("server", other->address), log_i("ms", apart), log_end);
	if (lost)
		log_event(LOG_WARNING, "another server has taken a duty of this one, whose sign of life was missing", log_end);
	if ((r = store_write(d->options.store, run_writing, &w, err)) < 0)
		return r;
	(void)pthread_mutex_lock(&d->lock);
	bool changed = note_moves(d, &w, mono_ms);

	(void)pthread_mutex_unlock(&d->lock);
	if ((changed || lost) && d->options.changed != NULL)
		d->options.changed(d->options.arg);
	return 0;
}

/* ---- the thread ---- */

/* Ends with the row of this server: what it had claimed and not settled is nobody's from then on. */
static int run_leave(struct db *db, void *arg, struct error *err)
{
	const struct duties *d = arg;

	return store_server_delete(db, d->self, d->beat, err);
}

static void look(struct duties *d)
{
	struct error err = { 0 };

	if (duty_look(d, clock_mono_ms(), &err) == 0) {
		if (d->in_trouble)
			log_event(LOG_INFO, "this server gives signs of life again", log_end);
		d->in_trouble = false;
		return;
	}
	if (!d->in_trouble)
		log_event(LOG_WARNING, "no sign of life could be given; others may take this server's duties", log_c("error", err.text), log_end);
	d->in_trouble = true;
}

static void *run(void *arg)
{
	struct duties *d = arg;
	struct error err = { 0 };

	(void)pthread_setname_np(pthread_self(), "duties");
	while (!bell_closed(&d->bell)) {
		int64_t next = clock_mono_ms() + DUTY_LOOK_MS, wait;

		look(d);
		wait = next - clock_mono_ms();
		bell_wait(&d->bell, wait > 0 ? wait : 0);
	}
	if (d->beat != 0 && store_write(d->options.store, run_leave, d, &err) < 0)
		log_event(LOG_INFO, "this server's row stays until others have seen that it is gone", log_c("error", err.text), log_end);
	return NULL;
}

int duty_start(struct duties *d, struct error *err)
{
	if (!d->options.shared)
		return 0;
	look(d);	/* so that what is free is had when the others start */
	look(d);
	if (pthread_create(&d->thread, NULL, run, d) != 0)
		return fail(err, ERR_BROKEN, "no thread for the duties");
	d->has_thread = true;
	return 0;
}

void duty_close(struct duties *d)
{
	if (d == NULL)
		return;
	(void)pthread_mutex_lock(&d->lock);
	d->leaving = true;
	(void)pthread_mutex_unlock(&d->lock);
	bell_ring(&d->bell);
}

void duty_stop(struct duties *d)
{
	if (d == NULL)
		return;
	bell_close(&d->bell);
	if (d->has_thread)
		(void)pthread_join(d->thread, NULL);
	d->has_thread = false;
}

void duty_free(struct duties *d)
{
	if (d == NULL)
		return;
	duty_stop(d);
	store_reader_free(d->reader);
	duty_view_done(&d->view);
	(void)pthread_mutex_destroy(&d->lock);
	bell_done(&d->bell);
	arena_done(&d->memory);
	free(d);
}

/* ---- questions ---- */

bool duty_mine_at(struct duties *d, struct str name, int64_t mono_ms)
{
	bool mine = false;

	if (!d->options.shared)
		return true;
	(void)pthread_mutex_lock(&d->lock);
	for (size_t k = 0; k < d->view.lease_count && !d->leaving && d->beat_ms != 0 && mono_ms - d->beat_ms < DUTY_SURE_MS; k++)
		mine = mine || (d->view.leases[k].is_mine && str_eq_c(name, d->view.leases[k].name));
	(void)pthread_mutex_unlock(&d->lock);
	return mine;
}

bool duty_mine(struct duties *d, struct str name)
{
	return duty_mine_at(d, name, clock_mono_ms());
}

bool duty_lives(struct duties *d, struct str server)
{
	if (!d->options.shared)
		return str_eq(server, d->self);
	(void)pthread_mutex_lock(&d->lock);
	bool lives = duty_view_lives(&d->view, server);

	(void)pthread_mutex_unlock(&d->lock);
	return lives;
}
