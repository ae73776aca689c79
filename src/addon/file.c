#include "addon/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void fd_done(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void dir_done(DIR **d)
{
	if (*d != NULL)
		(void)closedir(*d);
}

int file_read(const char *path, size_t max, struct buf *ret, struct error *err)
{
	SCOPED(fd_done) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char chunk[16384];
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return fail(err, errno == ENOENT ? ERR_NOTFOUND : ERR_BROKEN, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return fail(err, ERR_BROKEN, "%s is not a plain file", path);
	ret->max = max + 1;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		if ((size_t)n > max - ret->len)
			return fail(err, ERR_LIMIT, "%s has more than %zu bytes", path, max);
		buf_add(ret, (struct str){ chunk, (size_t)n });
		if (ret->failed)
			return fail(err, ERR_NOMEM, "no memory to read %s", path);
	}
	return n < 0 ? fail(err, ERR_BROKEN, "%s: %s", path, strerror(errno)) : 0;
}

static bool write_all(int fd, struct str bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.p, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes = str_cut(bytes, (size_t)n, bytes.len);
	}
	return true;
}

int file_make(const char *path, struct str bytes, unsigned mode, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return fail(err, errno == EEXIST ? ERR_EXISTS : ERR_BROKEN, "%s: %s", path, strerror(errno));
	bool good = write_all(fd, bytes) && fsync(fd) == 0;
	int code = errno;

	if (close(fd) != 0 && good) {
		good = false;
		code = errno;
	}
	if (good)
		return 0;
	(void)unlink(path);
	return fail(err, ERR_BROKEN, "%s: %s", path, strerror(code));
}

int file_replace(const char *path, struct str bytes, unsigned mode, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct str temporary = arena_printf(&a, "%s.%d.tmp", path, (int)getpid());
	int r;

	if (temporary.p == NULL)
		return fail(err, ERR_NOMEM, "no memory to write %s", path);
	(void)unlink(temporary.p);
	if ((r = file_make(temporary.p, bytes, mode, err)) < 0)
		return r;
	if (rename(temporary.p, path) == 0)
		return 0;
	r = fail(err, ERR_BROKEN, "%s: %s", path, strerror(errno));
	(void)unlink(temporary.p);
	return r;
}

int folder_make(const char *path, struct error *err)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	return fail(err, ERR_BROKEN, "%s: %s", path, strerror(errno));
}

int folder_sync(const char *path, struct error *err)
{
	SCOPED(fd_done) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && fsync(fd) == 0 ? 0 : fail(err, ERR_BROKEN, "%s: %s", path, strerror(errno));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	(void)remove(path);
	return 0;
}

void folder_remove(const char *path)
{
	(void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int folder_each(const char *path, int (*each)(void *arg, const char *name, struct error *err), void *arg, struct error *err)
{
	SCOPED(dir_done) DIR *d = opendir(path);
	const struct dirent *entry;
	int r = 0;

	if (d == NULL)
		return fail(err, errno == ENOENT ? ERR_NOTFOUND : ERR_BROKEN, "%s: %s", path, strerror(errno));
	while (r == 0 && (entry = readdir(d)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = each(arg, entry->d_name, err);
	return r;
}
