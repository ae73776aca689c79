/* See copy.h: which database and which data directory, and that nobody else is at work on them. */
#include "cmd/copy.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addon/file.h"
#include "cmd/cmd.h"

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
	int r = cmd_lock(s->data, &s->lock, err);

	return r == ERR_STATE ? fail(err, r, "a server (or another command that needs it alone) uses the data directory %s: stop it first",
				     s->data.p) : r;
}

static int open_one(struct copy_side *s, struct error *err)
{
	struct store_options options = { .database = s->url, .data_dir = s->data };

	return store_open(&options, &s->store, err);
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
	return 0;
}

void copy_side_close(struct copy_side *s)
{
	store_close(s->store);
	s->store = NULL;
	if (s->lock >= 0)
		(void)close(s->lock);
	s->lock = -1;
}
