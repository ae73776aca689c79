/* What a crash left in the folders, and the end of a workspace's folder. */
#include "files/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/workspace.h"

struct sweep {
	struct files *f;
	struct db *db;
	bool (*stop)(void *arg);
	void *arg;
	time_t before;			/* what was touched after this stays */
	int64_t removed;
};

static bool stopped(const struct sweep *s)
{
	return s->stop != NULL && s->stop(s->arg);
}

static void close_folder(DIR **d)
{
	if (*d != NULL)
		(void)closedir(*d);
}

static DIR *open_folder(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (d == NULL && fd >= 0)
		(void)close(fd);
	return d;
}

/* The next entry that is not the folder or its parent. */
static const char *next_name(DIR *d)
{
	struct dirent *e;

	while ((e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			return e->d_name;
	return NULL;
}

static int failed(struct error *err, const char *name)
{
	return fail(err, ERR_BROKEN, "files/%s: %s", name, strerror(errno));
}

static bool is_old(const struct sweep *s, int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtime < s->before;
}

static int sweep_drafts(struct sweep *s, struct error *err)
{
	SCOPED(close_folder) DIR *d = open_folder(s->f->root, NEW_FOLDER);
	const char *name;

	if (d == NULL)
		return failed(err, NEW_FOLDER);
	while ((name = next_name(d)) != NULL)
		if (is_old(s, dirfd(d), name) && unlinkat(dirfd(d), name, 0) == 0)
			s->removed++;
	return 0;
}

/* The folder "12/ab". A preview goes with its bytes, or alone when they are not there. */
static int sweep_bytes(struct sweep *s, struct workspace_id w, int at, const char *folder, struct error *err)
{
	SCOPED(close_folder) DIR *d = open_folder(at, folder);
	const char *name;

	if (d == NULL)
		return 0;
	while ((name = next_name(d)) != NULL && !stopped(s)) {
		struct str sha256 = str_of(name);

		if (str_ends(sha256, STR(PREVIEW_END)))
			sha256 = str_cut(sha256, 0, sha256.len - strlen(PREVIEW_END));
		if (!sha256_is_name(sha256) || !is_old(s, dirfd(d), name))
			continue;		/* nothing of ours, or too early */
		int r = files_delete(s->f, s->db, w, sha256, err);

		if (r < 0)
			return r;
		s->removed += r;
	}
	return 0;
}

static int sweep_workspace(struct sweep *s, const char *folder, struct error *err)
{
	struct workspace_id w;
	int there, r = 0;

	if (!str_to_i64(str_of(folder), &w.v) || w.v <= 0)
		return 0;
	if ((there = store_workspace_there(s->db, w, err)) <= 0)
		return there < 0 ? there : files_delete_folder(s->f, w, err);
	SCOPED(close_folder) DIR *d = open_folder(s->f->root, folder);
	const char *name;

	while (d != NULL && r == 0 && (name = next_name(d)) != NULL && !stopped(s))
		r = sweep_bytes(s, w, dirfd(d), name, err);
	return r;
}

int files_sweep(struct files *f, struct db *db, bool (*stop)(void *arg), void *arg, struct error *err)
{
	struct sweep s = { .f = f, .db = db, .stop = stop, .arg = arg, .before = time(NULL) - FILES_KEPT_SECONDS };
	SCOPED(close_folder) DIR *d = open_folder(f->root, ".");
	const char *name;
	int r;

	if (d == NULL)
		return failed(err, ".");
	r = sweep_drafts(&s, err);
	while (r == 0 && (name = next_name(d)) != NULL && !stopped(&s))
		r = strcmp(name, NEW_FOLDER) == 0 ? 0 : sweep_workspace(&s, name, err);
	if (s.removed > 0)
		log_event(LOG_INFO, "files that nothing refers to were deleted", log_i("files", s.removed), log_end);
	return r;
}

/* ---- a whole folder ---- */

static int empty_folder(int at, const char *folder, int depth, struct error *err)
{
	SCOPED(close_folder) DIR *d = open_folder(at, folder);
	const char *name;

	if (d == NULL)
		return errno == ENOENT ? 0 : failed(err, folder);
	while ((name = next_name(d)) != NULL) {
		if (unlinkat(dirfd(d), name, 0) == 0 || errno == ENOENT)
			continue;
		if (errno != EISDIR || depth == 0)
			return failed(err, name);
		int r = empty_folder(dirfd(d), name, depth - 1, err);

		if (r < 0)
			return r;
	}
	return unlinkat(at, folder, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : failed(err, folder);
}

int files_delete_workspace(struct files *f, struct workspace_id w, struct error *err)
{
	int r = shared_delete_workspace(f, w, err);

	return r < 0 ? r : files_delete_folder(f, w, err);
}

int files_delete_folder(struct files *f, struct workspace_id w, struct error *err)
{
	char name[NAME_ROOM];

	(void)snprintf(name, sizeof(name), "%lld", (long long)w.v);
	/* Nobody makes a folder in it meanwhile; bytes that are put there while it goes stop this, and the next sweep takes them. */
	(void)pthread_mutex_lock(&f->folder_lock);
	int r = empty_folder(f->root, name, 1, err);

	(void)pthread_mutex_unlock(&f->folder_lock);
	return r;
}
