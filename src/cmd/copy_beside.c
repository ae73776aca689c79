/* See copy.h: what an instance is besides its database: the key that opens its secrets, the bytes of files, addons' packages, the keys
 * of those whose addons are trusted. Where a database is shared it holds all but the last; the data directory does where it is not. */
#include "cmd/copy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addon/file.h"
#include "addon/home.h"
#include "addon/shelf.h"
#include "cmd/cmd.h"
#include "cmd/tree.h"
#include "files/files.h"
#include "inbox/instance_key.h"
#include "store/file.h"

enum { KEY_FILE_MAX = 4096, PAGE = 200 };

static bool exists(struct str path)
{
	struct stat s;

	return path.p != NULL && lstat(path.p, &s) == 0;
}

static struct str key_folder(const struct copy_side *s)
{
	return s->key.p != NULL ? s->key : s->data;
}

static bool same_folder(const struct copy_side *a, const struct copy_side *b)
{
	struct stat x, y;

	return stat(a->data.p, &x) == 0 && stat(b->data.p, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* ---- the key ---- */

static int same_key(const char *a, const char *b, const struct copy_side *to, struct error *err)
{
	SCOPED(buf_done) struct buf x = { 0 };
	SCOPED(buf_done) struct buf y = { 0 };
	int r;

	if ((r = file_read(a, KEY_FILE_MAX, &x, err)) < 0 || (r = file_read(b, KEY_FILE_MAX, &y, err)) < 0)
		return r;
	bool same = str_eq(buf_str(&x), buf_str(&y));

	crypto_wipe(x.p, x.len);
	crypto_wipe(y.p, y.len);
	return same ? 0 : fail(err, ERR_STATE, "%.*s/secret.key is another key than the source's, which the copied secrets are sealed with: move"
			       " it away first, or take another data directory", STR_ARG(key_folder(to)));
}

/* The instance of one side's database and the target's data directory. */
static int load_key(const struct copy_side *database, const struct copy_side *to, struct config *config, struct instance *i, struct error *err)
{
	*config = (struct config){ .data = key_folder(to) };
	*i = (struct instance){ .config = config, .store = database->store };
	return instance_key_load(i, err);
}

/* It has its name only when it is whole: half of it would be taken for another key. */
static int bring_key(struct str theirs, struct str ours, struct str folder, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct str part = arena_printf(&a, "%.*s.part", STR_ARG(ours));
	struct tree_copied done = { 0 };
	int r;

	if (arena_failed(&a))
		return fail(err, ERR_NOMEM, "out of memory");
	(void)unlink(part.p);		/* of a copy that was interrupted */
	if ((r = tree_copy_file(theirs.p, part.p, &done, err)) < 0)
		return r;
	if (rename(part.p, ours.p) != 0)
		return fail(err, ERR_BROKEN, "cannot name %s: %s", ours.p, strerror(errno));
	return folder_sync(folder.p, err);
}

int copy_key(const struct copy_side *from, const struct copy_side *to, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct str theirs = arena_printf(&a, "%.*s/secret.key", STR_ARG(key_folder(from)));
	struct str ours = arena_printf(&a, "%.*s/secret.key", STR_ARG(key_folder(to)));
	struct config config;
	struct instance i = { 0 };
	int r = 0;

	if (arena_failed(&a))
		return fail(err, ERR_NOMEM, "out of memory");
	if (exists(theirs) && !str_eq(theirs, ours) && (to->key.p != NULL || !same_folder(from, to)))
		r = exists(ours) ? same_key(theirs.p, ours.p, to, err) : bring_key(theirs, ours, key_folder(to), err);
	else if (!exists(theirs) && store_shared(from->store))
		r = load_key(from, to, &config, &i, err);	/* it writes the file */
	if (r == 0 && exists(ours) && store_shared(to->store))
		r = load_key(to, to, &config, &i, err);		/* it writes the database */
	crypto_wipe(&i.seal_key, sizeof(i.seal_key));
	if (r < 0)
		return r;
	return exists(ours);
}

/* ---- files ---- */

struct walk {
	struct files *from, *to;
	struct db *list, *db;		/* readers of the database that the list comes from, and of the target */
	int64_t done, all, missing, bytes;
	copy_progress_fn *progress;
	void *arg;
	const char *step;
};

static int one_file(struct walk *w, const struct store_file *file, struct error *err)
{
	struct error why = { 0 };
	int r = w->from != NULL ? files_bring(w->to, w->db, w->from, file, &why) : files_check(w->to, file, &why);

	if (r == ERR_NOTFOUND) {
		w->missing++;
		(void)fprintf(stderr, "mailtrixy: %s\n", why.text);
	} else if (r < 0) {
		*err = why;
		return r;
	} else {
		w->bytes += file->bytes;
	}
	w->progress(w->arg, w->step, ++w->done, w->all);
	return 0;
}

static int every_file(struct walk *w, struct error *err)
{
	int64_t after = 0;
	size_t count;
	int r;

	if ((r = store_file_count(w->list, &w->all, err)) < 0)
		return r;
	do {
		SCOPED(arena_done) struct arena a = { 0 };
		struct store_file *list = arena_alloc(&a, PAGE * sizeof(*list));

		if (list == NULL)
			return fail(err, ERR_NOMEM, "out of memory");
		r = store_file_after(w->list, after, &a, list, PAGE, &count, err);
		for (size_t k = 0; r >= 0 && k < count; k++) {
			r = one_file(w, &list[k], err);
			after = list[k].id;
		}
	} while (r >= 0 && count > 0);
	return r;
}

static void files_done(struct files **f)
{
	files_close(*f);
}

static void reader_done(struct db **reader)
{
	store_reader_free(*reader);
}

static int open_files(const struct copy_side *s, struct files **ret, struct error *err)
{
	struct seal_key none = { 0 };	/* it makes links only */
	int r = files_open(s->data, STR_NONE, &none, ret, err);

	if (r == 0)
		files_share(*ret, s->store);
	return r;
}

static int copy_files(const struct copy_side *from, const struct copy_side *to, struct walk *w, struct error *err)
{
	SCOPED(files_done) struct files *source = NULL;
	SCOPED(files_done) struct files *target = NULL;
	SCOPED(reader_done) struct db *list = NULL;
	SCOPED(reader_done) struct db *db = NULL;
	int r;

	if ((r = open_files(to, &target, err)) < 0 || (from != NULL && (r = open_files(from, &source, err)) < 0) ||
	    (r = store_reader_new(to->store, &list, err)) < 0 || (r = store_reader_new(to->store, &db, err)) < 0)
		return r;
	w->from = source;
	w->to = target;
	w->list = list;
	w->db = db;
	return every_file(w, err);
}

/* ---- addons ---- */

static void home_over(struct home *h)
{
	home_done(h);
}

/* One folder of the source's data directory: what is not there in the target's. A package is complete under its name, a key is one
 * file. */
struct folder_copy {
	struct str from, to;
	struct tree_copied done;
};

static int copy_entry(void *arg, const char *name, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct folder_copy *f = arg;
	struct str from = arena_printf(&a, "%.*s/%s", STR_ARG(f->from), name), to = arena_printf(&a, "%.*s/%s", STR_ARG(f->to), name);
	struct str part = arena_printf(&a, "%.*s/.tmp-%s", STR_ARG(f->to), name);
	struct stat s;
	int r;

	if (arena_failed(&a))
		return fail(err, ERR_NOMEM, "out of memory");
	if (name[0] == '.' || exists(to) || lstat(from.p, &s) != 0)
		return 0;
	folder_remove(part.p);		/* of a copy that was interrupted */
	(void)unlink(part.p);
	r = S_ISDIR(s.st_mode) ? tree_copy(from.p, part.p, NULL, &f->done, err) :
	    S_ISREG(s.st_mode) ? tree_copy_file(from.p, part.p, &f->done, err) : 1;
	if (r == 0 && rename(part.p, to.p) != 0)
		return fail(err, ERR_BROKEN, "cannot name %s: %s", to.p, strerror(errno));
	return r < 0 ? r : 0;
}

static int copy_folder(const struct copy_side *from, const struct copy_side *to, const char *name, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct folder_copy f = { .from = arena_printf(&a, "%.*s/%s", STR_ARG(from->data), name),
				 .to = arena_printf(&a, "%.*s/%s", STR_ARG(to->data), name) };
	int r;

	if (arena_failed(&a))
		return fail(err, ERR_NOMEM, "out of memory");
	if (same_folder(from, to) || !exists(f.from))
		return 0;
	if ((r = folder_make(f.to.p, err)) < 0)
		return r;
	r = folder_each(f.from.p, copy_entry, &f, err);
	return r < 0 ? r : folder_sync(f.to.p, err);
}

/* From the source's database, or from the disk, where copy_folder has put it; into the target's database. */
static int one_package(struct instance *source, struct instance *target, struct home *h, const struct store_addon *row, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct str folder = arena_printf(&a, "%.*s/%.*s", STR_ARG(h->addons_dir), STR_ARG(row->package_hash));
	int r = 0;

	if (!exists(folder))
		r = store_shared(source->store) ? shelf_fetch(source, h, row, err) :
		    fail(err, ERR_NOTFOUND, "its package is not in the source's data directory");
	if (r < 0 || (r = shelf_keep(target, h, row->package_hash, STR_NONE, err)) < 0)
		return fail_in(err, "addon %.*s", STR_ARG(row->slug));
	return 0;
}

static int copy_packages(const struct copy_side *from, const struct copy_side *to, struct copy_carried *ret, struct error *err)
{
	SCOPED(home_over) struct home h = { .lock = -1 };
	SCOPED(arena_done) struct arena a = { 0 };
	struct config config = { .data = to->data };
	struct instance source = { .config = &config, .store = from->store }, target = { .config = &config, .store = to->store };
	struct store_addon *list;
	struct error why = { 0 };
	size_t count;
	int r;

	if ((r = home_addons(&target, &a, &list, &count, err)) < 0 || count == 0)
		return r;
	if ((r = seal_key_load(key_folder(to), false, &source.seal_key, err)) < 0 && r != ERR_NOTFOUND)
		return r;
	target.seal_key = source.seal_key;
	r = home_open(&target, true, &h, err);
	for (size_t k = 0; r >= 0 && k < count; k++) {
		int got = one_package(&source, &target, &h, &list[k], &why);

		ret->packages += got == 0;
		if (got == ERR_NOMEM || got == ERR_TEMPORARY) {
			*err = why;
			r = got;
		} else if (got < 0) {
			ret->missing++;
			(void)fprintf(stderr, "mailtrixy: %s\n", why.text);
		}
	}
	crypto_wipe(&source.seal_key, sizeof(source.seal_key));
	crypto_wipe(&target.seal_key, sizeof(target.seal_key));
	return r < 0 ? r : 0;
}

int copy_beside(const struct copy_side *from, const struct copy_side *to, copy_progress_fn *progress, void *arg,
		struct copy_carried *ret, struct error *err)
{
	struct walk w = { .progress = progress, .arg = arg, .step = "copy" };
	int r;

	*ret = (struct copy_carried){ 0 };
	if ((r = copy_files(from, to, &w, err)) < 0 || (r = copy_folder(from, to, "trusted-keys", err)) < 0 ||
	    (!store_shared(from->store) && (r = copy_folder(from, to, "addons", err)) < 0) ||
	    (r = copy_packages(from, to, ret, err)) < 0)
		return r;
	ret->files = w.done - w.missing;
	ret->files_missing = w.missing;
	ret->bytes = w.bytes;
	ret->missing += w.missing;
	return 0;
}

int copy_beside_check(const struct copy_side *to, copy_progress_fn *progress, void *arg, int64_t *ret_missing, struct error *err)
{
	struct walk w = { .progress = progress, .arg = arg, .step = "check" };
	int r = copy_files(NULL, to, &w, err);

	*ret_missing = w.missing;
	return r;
}
