/* mailtrixy backup and restore: a consistent copy of an installation while it runs, and the way back.
 *
 * The database is copied first, of one moment; then the files that it speaks of. They are never changed and stay for a day after the
 * last row about them is gone, so none is missed. A backup is a folder that has its name only when it is whole.
 *
 * A database that servers share is copied as mailtrixy copy does it, into the same kind of folder: an SQLite file, of one moment too, and
 * the bytes that the database holds. So every backup becomes an instance on SQLite, or one on a shared database again. */
#include "cmd/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addon/file.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "cmd/copy.h"
#include "cmd/tree.h"
#include "store/copy.h"

#define BACKUP_MARK "mailtrixy backup 1\n"
enum { NOTE_MAX = 4096 };

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static int in_folder(struct arena *a, struct str folder, const char *name, const char **ret, struct error *err)
{
	*ret = arena_printf(a, "%.*s/%s", STR_ARG(folder), name).p;
	return *ret == NULL ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

/* The folders beside the database. `new` holds what is being received at the moment. */
static int copy_folders(struct str from, struct str to, struct tree_copied *done, struct error *err)
{
	static const struct { const char *name, *without;
	} folders[] = { { "files", "new" }, { "addons", NULL }, { "trusted-keys", NULL } };
	SCOPED(arena_done) struct arena a = { 0 };
	const char *source, *target;
	int r = 0;

	for (size_t k = 0; k < sizeof(folders) / sizeof(folders[0]) && r >= 0; k++)
		if ((r = in_folder(&a, from, folders[k].name, &source, err)) == 0 &&
		    (r = in_folder(&a, to, folders[k].name, &target, err)) == 0 && exists(source))
			r = tree_copy(source, target, folders[k].without, done, err);
	return r;
}

static int copy_one(struct str from, struct str to, const char *name, struct tree_copied *done, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	const char *source, *target;
	int r;

	if ((r = in_folder(&a, from, name, &source, err)) < 0 || (r = in_folder(&a, to, name, &target, err)) < 0)
		return r;
	return tree_copy_file(source, target, done, err);
}

/* The key never lies in the backup, not even for a moment, unless it was asked for: fill() does that. */
static int copy_shared(const struct config *config, struct store *store, struct str to, struct tree_copied *done, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct copy_side source = { .url = config->database, .data = config->data, .store = store, .lock = -1, .may_be_served = true };
	struct copy_side target = { .data = to, .key = config->data, .lock = -1, .may_be_served = true };
	struct copy_how how = { .of_a_moment = true };
	struct store_options options = { .data_dir = to };
	struct copy_result got;
	int r;

	log_set_level(LOG_WARNING);
	if ((r = crypto_init(err)) < 0 || (r = store_open(&options, &target.store, err)) < 0)
		return r;
	r = copy_whole(&source, &target, &how, &a, &got, err);
	copy_side_close(&target);
	done->files += got.carried.files;
	done->bytes += got.carried.bytes;
	if (r == 0 && got.carried.missing > 0)
		(void)fprintf(stderr, "mailtrixy: %lld files or packages are not in the database either; the backup holds all else\n",
			      (long long)got.carried.missing);
	return r;
}

/* *ret_shared: the folders beside it went over too. */
static int copy_database(const struct config *config, struct str to, struct tree_copied *done, bool *ret_shared, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct store_options options = { .database = config->database, .data_dir = config->data };
	struct store *store = NULL;
	struct db *db = NULL;
	int r;

	if ((r = store_open(&options, &store, err)) < 0)
		return r;
	*ret_shared = store_shared(store);
	if ((r = store_reader_new(store, &db, err)) == 0 && (r = copy_unfinished(db, err)) > 0)
		r = fail(err, ERR_STATE, "the database is a copy that is not finished: run the same mailtrixy copy or restore again first");
	if (r == 0 && *ret_shared)
		r = copy_shared(config, store, to, done, err);
	else if (r == 0)
		r = db_copy(db, arena_printf(&a, "%.*s/mailtrixy.db", STR_ARG(to)), err);
	store_reader_free(db);
	store_close(store);
	return r;
}

static int mark(struct str to, bool with_key, const struct tree_copied *done, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	const char *path;
	int r = in_folder(&a, to, "backup.txt", &path, err);

	if (r < 0)
		return r;
	return file_make(path, arena_printf(&a, BACKUP_MARK "made %.*s\nfiles %lld\nbytes %lld\nsecret.key %s\n",
					    STR_ARG(clock_rfc3339(&a, clock_now_ms())), (long long)done->files, (long long)done->bytes,
					    with_key ? "with it" : "not with it: keep it elsewhere"), 0600, err);
}

static int fill(const struct config *config, struct str part, bool with_key, struct tree_copied *done, struct error *err)
{
	bool shared;
	int r;

	if ((r = folder_make(part.p, err)) < 0 || (r = copy_database(config, part, done, &shared, err)) < 0 ||
	    (!shared && (r = copy_folders(config->data, part, done, err)) < 0) ||
	    (with_key && (r = copy_one(config->data, part, "secret.key", done, err)) < 0) ||
	    (r = mark(part, with_key, done, err)) < 0)
		return r;
	return folder_sync(part.p, err);
}

static int backup(int argc, char **argv, struct config *config, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct tree_copied done = { 0 };
	struct str to, part;
	bool with_key;
	int r;

	if ((r = config_read(config, &argc, argv, err)) < 0 || (r = cmd_option(&argc, argv, "--to", &to, err)) < 0)
		return r;
	with_key = cmd_switch(&argc, argv, "--with-key");
	if ((r = cmd_rest(argc, argv, err)) < 0)
		return r;
	if (to.len == 0)
		return fail(err, ERR_INVALID, "--to FOLDER is missing: where shall the backup go?");
	while (to.len > 1 && to.p[to.len - 1] == '/')
		to.len--;
	to = arena_copy(&a, to);
	part = arena_printf(&a, "%.*s.part", STR_ARG(to));
	if (arena_failed(&a))
		return fail(err, ERR_NOMEM, "out of memory");
	if (!exists(config->data.p))
		return fail(err, ERR_INVALID, "there is no data directory %s", config->data.p);
	if (exists(to.p))
		return fail(err, ERR_EXISTS, "%s is there already: a backup goes into a new folder", to.p);
	folder_remove(part.p);		/* of one that was interrupted */
	if ((r = fill(config, part, with_key, &done, err)) == 0 && rename(part.p, to.p) != 0)
		r = fail(err, ERR_BROKEN, "cannot name the backup %s: %s", to.p, strerror(errno));
	if (r < 0) {
		folder_remove(part.p);
		return r;
	}
	(void)printf("%s is whole: the database and %lld files, %lld MB.\n", to.p, (long long)done.files, (long long)(done.bytes / 1000000));
	if (!with_key)
		(void)printf("secret.key is not in it. Keep a copy elsewhere: without it the accounts must be connected again.\n");
	return 0;
}

/* ---- the way back ---- */

static int check_mark(struct str from, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	SCOPED(buf_done) struct buf note = { 0 };
	const char *path;
	int r = in_folder(&a, from, "backup.txt", &path, err);

	if (r < 0)
		return r;
	if (file_read(path, NOTE_MAX, &note, err) < 0 || !str_starts((struct str){ note.p, note.len }, STR(BACKUP_MARK)))
		return fail(err, ERR_INVALID, "%.*s is no backup that mailtrixy backup has finished", STR_ARG(from));
	return 0;
}

static void remove_database(const char *file)
{
	static const char *const ends[] = { "", "-wal", "-shm" };

	for (size_t k = 0; k < sizeof(ends) / sizeof(ends[0]); k++) {
		SCOPED(arena_done) struct arena a = { 0 };
		struct str path = arena_printf(&a, "%s%s", file, ends[k]);

		if (path.p != NULL)
			(void)unlink(path.p);
	}
}

/* The database comes last and under its name only when it is whole: a restore that was interrupted can be begun again. */
static int put_back(struct str from, struct config *config, struct str key, struct tree_copied *done, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct str data = config->data;
	const char *database, *part, *source, *own_key;
	int r;

	if ((r = in_folder(&a, data, "mailtrixy.db", &database, err)) < 0 || (r = in_folder(&a, data, "mailtrixy.db.part", &part, err)) < 0 ||
	    (r = in_folder(&a, from, "mailtrixy.db", &source, err)) < 0 || (r = in_folder(&a, data, "secret.key", &own_key, err)) < 0)
		return r;
	if (exists(database))
		return fail(err, ERR_EXISTS, "%s is there: a backup is put back into an empty data directory. Move the old one away first",
			    database);
	(void)unlink(part);
	for (size_t k = 0; k < 3; k++) {	/* of a restore that was interrupted */
		static const char *const folders[] = { "files", "addons", "trusted-keys" };
		const char *folder;

		if ((r = in_folder(&a, data, folders[k], &folder, err)) < 0)
			return r;
		folder_remove(folder);
	}
	if ((r = copy_folders(from, data, done, err)) < 0)
		return r;
	if (key.len > 0 && !exists(own_key))
		r = tree_copy_file(arena_copy(&a, key).p, own_key, done, err);
	else if (!exists(own_key) && (r = copy_one(from, data, "secret.key", done, err)) == ERR_NOTFOUND)
		r = 0;
	if (r < 0 || (r = tree_copy_file(source, part, done, err)) < 0)
		return r;
	if (rename(part, database) != 0)
		return fail(err, ERR_BROKEN, "cannot name %s: %s", database, strerror(errno));
	if ((r = folder_sync(data.p, err)) == 0 && !exists(own_key))
		(void)printf("secret.key is not there: put your copy into %.*s before the server starts. Without it the accounts must be"
			     " connected again.\n", STR_ARG(data));
	return r;
}

/* The backup itself stays as it is: what is opened, and brought up to date, is a copy of its database. */
static int begin_copy(struct str from, const struct config *config, struct str key, const char *file, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct tree_copied done = { 0 };
	const char *source, *own_key, *their_key;
	int r;

	if ((r = in_folder(&a, from, "mailtrixy.db", &source, err)) < 0 || (r = in_folder(&a, from, "secret.key", &their_key, err)) < 0 ||
	    (r = in_folder(&a, config->data, "secret.key", &own_key, err)) < 0)
		return r;
	if (key.len > 0 && !exists(own_key) && (r = tree_copy_file(arena_copy(&a, key).p, own_key, &done, err)) < 0)
		return r;
	if (!exists(own_key) && !exists(their_key))
		return fail(err, ERR_INVALID, "secret.key is neither in the backup nor in %.*s: name your copy with --key FILE",
			    STR_ARG(config->data));
	remove_database(file);		/* of a restore that was interrupted */
	return tree_copy_file(source, file, &done, err);
}

/* Into a database that servers share, which must be empty; interrupted, it goes on. */
static int put_into(struct str from, struct config *config, struct str key, int *lock, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct copy_side source = { .lock = -1 }, target = { .lock = -1 };
	struct copy_how how = { 0 };
	struct copy_result got;
	const char *file;
	int r;

	if ((r = in_folder(&a, config->data, "restore.db", &file, err)) < 0 || (r = crypto_init(err)) < 0 ||
	    (r = copy_side_of(&target, "--database", config->database, STR_NONE, config->data, &a, err)) < 0)
		return r;
	if (target.file != NULL)
		return fail(err, ERR_INVALID, "a backup is put back into the data directory, or into a database of another kind: leave"
			    " --database out for SQLite");
	if ((r = begin_copy(from, config, key, file, err)) < 0 ||
	    (r = copy_side_of(&source, "--from", str_of(file), from, STR_NONE, &a, err)) < 0)
		return r;
	source.may_be_served = true;	/* nobody knows of it */
	target.lock = *lock;
	*lock = -1;
	log_set_level(LOG_WARNING);
	if ((r = copy_sides_open(&source, &target, err)) == 0)
		r = copy_whole(&source, &target, &how, &a, &got, err);
	copy_side_close(&source);
	copy_side_close(&target);
	remove_database(file);
	if (r < 0)
		return r;
	if (got.finished_at.p != NULL)
		(void)printf("A copy into this database was finished at %.*s; nothing was changed.\n", STR_ARG(got.finished_at));
	else
		(void)printf("The database holds all %lld rows and %lld files again, compared with the backup. Start it with the same"
			     " --database and --data %.*s\n", (long long)got.rows, (long long)got.carried.files, STR_ARG(config->data));
	return 0;
}

static int restore(int argc, char **argv, struct config *config, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct tree_copied done = { 0 };
	struct str from, key;
	int r, lock;

	if ((r = config_read(config, &argc, argv, err)) < 0 || (r = cmd_option(&argc, argv, "--from", &from, err)) < 0 ||
	    (r = cmd_option(&argc, argv, "--key", &key, err)) < 0 || (r = cmd_rest(argc, argv, err)) < 0)
		return r;
	if (from.len == 0)
		return fail(err, ERR_INVALID, "--from FOLDER is missing: which backup?");
	if ((r = check_mark(from, err)) < 0 || (r = folder_make(config->data.p, err)) < 0 ||
	    (r = cmd_lock(config->data, false, &lock, err)) < 0)
		return r;
	if (config->database.len > 0)
		r = put_into(arena_copy(&a, from), config, key, &lock, err);
	else if ((r = put_back(from, config, key, &done, err)) == 0)
		(void)printf("%.*s holds the database and %lld files again. Start it with: mailtrixy serve --data %.*s\n",
			     STR_ARG(config->data), (long long)(done.files - 1), STR_ARG(config->data));
	fd_done(&lock);
	return r;
}

int cmd_backup(int argc, char **argv)
{
	SCOPED(config_done) struct config config = { 0 };
	struct error err = { 0 };

	return backup(argc, argv, &config, &err) < 0 ? cmd_failed(&err) : 0;
}

int cmd_restore(int argc, char **argv)
{
	SCOPED(config_done) struct config config = { 0 };
	struct error err = { 0 };

	return restore(argc, argv, &config, &err) < 0 ? cmd_failed(&err) : 0;
}
