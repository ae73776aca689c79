#include "work/housekeeping.h"

#include "addon/addon.h"
#include "base/clock.h"
#include "base/log.h"
#include "files/files.h"
#include "inbox/people.h"
#include "inbox/search.h"
#include "store/file.h"
#include "store/webhook.h"
#include "work/bell.h"

enum {
	INDEX_MS = 500,			/* how far search may be behind a message, about */
	INDEX_ROWS = 64,		/* a unit: a millisecond or two of the writer, which others wait for */
	INDEX_LATE = 20000,		/* so far behind, indexing no longer waits for a quiet moment */
	INDEX_LATE_SHARED = 200000,	/* where a word is a row, indexing a message costs more than storing it */
	QUEUE_SHORT = 16,		/* units of others that wait for the writer */
	LOOK_MS = 50,			/* least time over which the writer's rate says something */
	UNITS_BUSY = 500,		/* a second: where several servers share the database, no moment of such a time is quiet */
	TRIM_ROWS = 1000,
	FILES_PIECE = 100,		/* of unused files and old uploads, a unit */
};
#define ADDON_MS (3 * SECOND_MS)
#define TRIM_MS HOUR_MS
#define SWEEP_MS (6 * HOUR_MS)		/* over every file on the disk */
#define UPLOADS_KEPT_MS DAY_MS		/* that nobody sent */
#define FILES_KEPT_MS HOUR_MS		/* a row that nothing uses: a message that is being written may be about to */
#define CHANGES_KEPT_MS DAY_MS
#define JOURNAL_KEPT_MS (30 * DAY_MS)	/* bodies of webhooks and what became of them */

struct housekeeping {
	struct instance *i;
	struct duties *duties;
	struct db *reader;
	struct bell bell;
	pthread_t thread;
	bool has_thread;
	int64_t looked_ms, units;	/* when the writer's rate was looked at last, and what it had done by then */
	bool is_crowded;
	int64_t addons_ms, trim_ms, disk_ms, sweep_ms;	/* when next, monotonic */
};

static void log_failure(const char *what, const struct error *err)
{
	log_event(LOG_WARNING, "housekeeping goes on later", log_c("step", what), log_c("error", err->text), log_end);
}

/* Whether the writer has much to do for others, here or at another server. Its rate is that of the last while: over a moment,
 * one unit of our own would be a crowd. */
static bool is_busy(struct housekeeping *h)
{
	struct store_figures figures;
	int64_t now = clock_mono_ms(), ms = now - h->looked_ms, units;

	store_figures(h->i->store, &figures);
	units = figures.units + figures.foreign;
	if (ms >= LOOK_MS) {
		h->is_crowded = store_shared(h->i->store) && (units - h->units) * SECOND_MS / ms > UNITS_BUSY;
		h->looked_ms = now;
		h->units = units;
	}
	return h->is_crowded || figures.queued > QUEUE_SHORT;
}

/* Behind the commits: while others write, search may be a little behind. */
static int index_words(struct housekeeping *h, struct error *err)
{
	int64_t lag = 0, late = store_shared(h->i->store) ? INDEX_LATE_SHARED : INDEX_LATE;
	size_t done = 0;
	int r = search_lag(h->reader, &lag, err);

	while (r >= 0 && lag > 0 && !bell_closed(&h->bell)) {
		if (lag < late && is_busy(h))
			return 0;
		if ((r = search_step(h->i, INDEX_ROWS, &done, err)) < 0 || done < INDEX_ROWS)
			break;
		lag -= (int64_t)done;
	}
	return r;
}

/* ---- old rows ---- */

struct trim {
	int64_t before_ms, count;
	size_t piece;			/* rows a unit, at most */
};

static int run_trim_changes(struct db *db, void *arg, struct error *err)
{
	struct trim *t = arg;

	t->count = store_changes_trim(db, t->before_ms, err);
	return t->count < 0 ? (int)t->count : 0;
}

static int run_trim_journal(struct db *db, void *arg, struct error *err)
{
	struct trim *t = arg;

	return store_webhook_trim(db, t->before_ms, t->piece, &t->count, err);
}

/* In pieces, each its own unit, so that nobody waits long. */
static int trim(struct housekeeping *h, int (*run)(struct db *db, void *arg, struct error *err), int64_t kept_ms, size_t piece,
		struct error *err)
{
	struct trim t = { .before_ms = clock_now_ms() - kept_ms, .piece = piece };
	int r;

	do {
		r = store_write(h->i->store, run, &t, err);
	} while (r >= 0 && t.count >= (int64_t)piece && !bell_closed(&h->bell));
	return r;
}

/* ---- files ---- */

static int run_expire(struct db *db, void *arg, struct error *err)
{
	struct trim *t = arg;
	int n = store_upload_expire(db, t->before_ms, t->piece, err);

	t->count = n;
	return n < 0 ? n : 0;
}

struct let_go {
	const struct store_file *files;
	size_t count;
	bool gone[FILES_PIECE];
};

/* Whoever began to use one since it was read has it. */
static int run_let_go(struct db *db, void *arg, struct error *err)
{
	struct let_go *g = arg;

	for (size_t k = 0; k < g->count; k++) {
		int r = store_file_delete(db, g->files[k].workspace, g->files[k].id, err);

		if (r < 0)
			return r;
		g->gone[k] = r > 0;
	}
	return 0;
}

/* The rows first, in a commit; the bytes go with a sweep, a day later. A crash between the two leaves bytes without a row, which
 * the sweep finds as well. */
static int let_go_unused(struct housekeeping *h, struct error *err)
{
	int64_t before_ms = clock_now_ms() - FILES_KEPT_MS, after_id = 0;
	struct store_file unused[FILES_PIECE];
	size_t count = 0;
	int r;

	do {
		SCOPED(arena_done) struct arena arena = { 0 };
		struct let_go g = { .files = unused };

		if ((r = store_file_unused(h->reader, after_id, before_ms, &arena, unused, FILES_PIECE, &count, err)) < 0 || count == 0)
			return r;
		g.count = count;
		if ((r = store_write(h->i->store, run_let_go, &g, err)) < 0)
			return r;
		for (size_t k = 0; k < count; k++)
			if (g.gone[k])
				files_let_go(h->i->files, unused[k].workspace, unused[k].sha256);
		after_id = unused[count - 1].id;
	} while (count == FILES_PIECE && !bell_closed(&h->bell));
	return 0;
}

static bool is_closed(void *arg)
{
	return bell_closed(&((struct housekeeping *)arg)->bell);
}

static void tidy_files(struct housekeeping *h)
{
	struct error err = { 0 };

	if (trim(h, run_expire, UPLOADS_KEPT_MS, FILES_PIECE, &err) < 0)
		log_failure("old uploads", &err);
	if (let_go_unused(h, &err) < 0)
		log_failure("unused files", &err);
}

static void tidy(struct housekeeping *h)
{
	struct error err = { 0 };

	if (trim(h, run_trim_changes, CHANGES_KEPT_MS, TRIM_ROWS, &err) < 0)
		log_failure("old changes", &err);
	if (trim(h, run_trim_journal, JOURNAL_KEPT_MS, TRIM_ROWS, &err) < 0)
		log_failure("old webhooks", &err);
	if (people_sweep(h->i, h->reader, &err) < 0)
		log_failure("deleted workspaces", &err);
	if (h->i->files != NULL)
		tidy_files(h);
}

/* Every few hours, over all files: this server's disk, and, by whom the duty is, the bytes in a database that servers share. */
static void sweep(struct housekeeping *h, int64_t now, bool mine)
{
	struct error err = { 0 };

	if (now >= h->disk_ms) {
		h->disk_ms = now + SWEEP_MS;
		if (files_sweep(h->i->files, h->reader, is_closed, h, &err) < 0)
			log_failure("files on the disk", &err);
	}
	if (mine && now >= h->sweep_ms) {
		h->sweep_ms = now + SWEEP_MS;
		if (files_sweep_shared(h->i->files, h->reader, is_closed, h, &err) < 0)
			log_failure("files in the database", &err);
	}
}

/* ---- the thread ---- */

static int64_t turn(struct housekeeping *h)
{
	struct error err = { 0 };
	int64_t now = clock_mono_ms();
	bool mine = duty_mine(h->duties, DUTY_HOUSEKEEPING);

	if (mine && index_words(h, &err) < 0)
		log_failure("search index", &err);
	if (now >= h->addons_ms) {
		int r = addon_sync(h->i, &err);

		h->addons_ms = now + ADDON_MS;
		if (r < 0)
			log_failure("addons", &err);
		else if (r > 0 && h->i->wake_work != NULL)	/* what waited for a channel may go */
			h->i->wake_work(h->i->wake_arg);
	}
	if (mine && now >= h->trim_ms) {
		h->trim_ms = now + TRIM_MS;
		tidy(h);
	}
	if (h->i->files != NULL)
		sweep(h, now, mine);
	return INDEX_MS;
}

static void *run(void *arg)
{
	struct housekeeping *h = arg;

	(void)pthread_setname_np(pthread_self(), "housekeeping");
	while (!bell_closed(&h->bell))
		bell_wait(&h->bell, turn(h));
	return NULL;
}

int housekeeping_start(struct instance *i, struct duties *duties, struct housekeeping **ret, struct error *err)
{
	struct housekeeping *h = calloc(1, sizeof(*h));
	int r;

	if (h == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	h->i = i;
	h->duties = duties;
	bell_init(&h->bell);
	if ((r = store_reader_new(i->store, &h->reader, err)) == 0 && pthread_create(&h->thread, NULL, run, h) != 0)
		r = fail(err, ERR_BROKEN, "no thread for housekeeping");
	if (r < 0) {
		housekeeping_free(h);
		return r;
	}
	h->has_thread = true;
	*ret = h;
	return 0;
}

void housekeeping_close(struct housekeeping *h)
{
	if (h != NULL)
		bell_close(&h->bell);
}

void housekeeping_free(struct housekeeping *h)
{
	if (h == NULL)
		return;
	bell_close(&h->bell);
	if (h->has_thread)
		(void)pthread_join(h->thread, NULL);
	store_reader_free(h->reader);
	bell_done(&h->bell);
	free(h);
}
