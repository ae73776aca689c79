/* See copy.h: which database and which data directory, and that nobody else is at work on them. */
#include "cmd/copy.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addon/file.h"
#include "base/clock.h"
#include "cmd/cmd.h"
#include "store/lease.h"

/* A server's beat moves every second; one that is slow gets a second more. */
enum { WATCH_MS = 2500, WATCH_STEP_MS = 100 };

static bool is_folder(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

/* What is not there yet is a data directory, but for a name that ends as a database's does. */
static bool names_folder(struct str path, const char *c)
{
	struct stat s;

	return stat(c, &s) == 0 ? S_ISDIR(s.st_mode) : !str_ends(path, STR(".db"));
}

static int sqlite_side(struct copy_side *s, struct str path, struct str data, struct str preset, struct arena *a, struct error *err)
{
	if (path.len == 0)
		path = preset;
	path = arena_copy(a, path);
	if (path.p == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	while (path.len > 1 && path.p[path.len - 1] == '/')
		path.len--;
	size_t slash = path.len;

	while (slash > 0 && path.p[slash - 1] != '/')
		slash--;
	if (names_folder(path, arena_copy(a, path).p)) {
		s->data = arena_copy(a, path);
		path = arena_printf(a, "%.*s/mailtrixy.db", STR_ARG(path));
	} else {
		s->data = slash == 0 ? STR(".") : arena_copy(a, str_cut(path, 0, slash > 1 ? slash - 1 : 1));
	}
	if (data.p != NULL)
		s->data = arena_copy(a, data);
	s->file = arena_copy(a, path).p;
	s->url = arena_printf(a, "sqlite:%.*s", STR_ARG(path));
	return arena_failed(a) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

int copy_side_of(struct copy_side *s, const char *option, struct str url, struct str data, struct str preset, struct arena *a, struct error *err)
{
	struct str rest, scheme = str_split(url, ':', &rest);

	*s = (struct copy_side){ .lock = -1 };
	if (url.len == 0)
		return fail(err, ERR_INVALID, "%s is missing: a database's URL, as sqlite:PATH or mysql://USER@HOST/NAME", option);
	if (str_eq_c(scheme, "sqlite"))
		return sqlite_side(s, rest, data, preset, a, err);
	if (!str_starts(rest, STR("//")))
		return sqlite_side(s, url, data, preset, a, err);
	s->url = arena_copy(a, url);
	s->data = arena_copy(a, data.p != NULL ? data : preset);
	return arena_failed(a) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

/* ---- nobody else ---- */

static bool same_place(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int lock(struct copy_side *s, struct error *err)
{
	int r = s->lock >= 0 || s->may_be_served ? 0 : cmd_lock(s->data, false, &s->lock, err);

	return r == ERR_STATE ? fail(err, r, "a server (or another command that needs it alone) uses the data directory %s: stop it first",
				     s->data.p) : r;
}

static void reader_done(struct db **reader)
{
	store_reader_free(*reader);
}

static bool beats(const struct store_server *before, size_t count, const struct store_server *now)
{
	for (size_t k = 0; k < count; k++)
		if (str_eq(before[k].id, now->id))
			return before[k].beat != now->beat && now->beat >= 0;
	return now->beat >= 0;		/* it came just now */
}

static int watch(struct db *db, struct arena *arena, const char *side, struct error *err)
{
	struct store_server *before, *now;
	size_t count, now_count;
	int64_t end = clock_mono_ms() + WATCH_MS;
	int r = store_server_list(db, arena, &before, &count, err);

	if (r < 0 || count == 0)
		return r;
	while (clock_mono_ms() < end) {
		(void)usleep(WATCH_STEP_MS * 1000);
		if ((r = store_server_list(db, arena, &now, &now_count, err)) < 0)
			return r;
		for (size_t k = 0; k < now_count; k++)
			if (beats(before, count, &now[k]))
				return fail(err, ERR_STATE, "a server runs on the %s database (%.*s, %.*s): stop it first", side,
					    STR_ARG(now[k].address), STR_ARG(str_cut(now[k].id, 0, 8)));
	}
	return 0;
}

/* What a server that was killed left in the table does not move. */
static int nobody_serves(const struct copy_side *s, const char *side, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	SCOPED(reader_done) struct db *db = NULL;
	int r;

	if (!store_shared(s->store) || s->may_be_served)
		return 0;
	return (r = store_reader_new(s->store, &db, err)) < 0 ? r : watch(db, &arena, side, err);
}

static int open_one(struct copy_side *s, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct store_options options = { .database = s->url, .data_dir = s->data };
	struct cmd_server *list = NULL;
	size_t count = 0;
	int r = store_open(&options, &s->store, err);

	if (r < 0 || s->may_be_served || (r = cmd_servers(s->store, &arena, &list, &count, err)) < 0)
		return r;
	for (size_t k = 0; k < count; k++)
		if (list[k].lives)
			return fail(err, ERR_STATE, "a server uses the database (%.*s): stop it first", STR_ARG(list[k].address));
	return 0;
}

int copy_sides_open(struct copy_side *from, struct copy_side *to, struct error *err)
{
	int r;

	if (from->file != NULL && access(from->file, F_OK) != 0)
		return fail(err, ERR_INVALID, "there is no database %s", from->file);
	if (!is_folder(from->data.p))
		return fail(err, ERR_INVALID, "there is no data directory %s", from->data.p);
	if (from->file != NULL && to->file != NULL && same_place(from->file, to->file))
		return fail(err, ERR_INVALID, "the source and the target are the same database");
	if ((r = folder_make(to->data.p, err)) < 0 || (r = lock(from, err)) < 0 ||
	    (!same_place(from->data.p, to->data.p) && (r = lock(to, err)) < 0))
		return r;
	if ((r = open_one(from, err)) < 0)
		return fail_in(err, "--from");
	if ((r = open_one(to, err)) < 0)
		return fail_in(err, "--to");
	return (r = nobody_serves(from, "source", err)) < 0 ? r : nobody_serves(to, "target", err);
}

void copy_side_close(struct copy_side *s)
{
	store_close(s->store);
	s->store = NULL;
	if (s->lock >= 0)
		(void)close(s->lock);
	s->lock = -1;
}
