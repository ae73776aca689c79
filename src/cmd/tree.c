#include "cmd/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addon/file.h"

enum { DEPTH_MAX = 8, SAY_EVERY = 500 };

/* In the kernel where it can; 1: something was copied, 0: that was all. */
static ssize_t copy_some(int from, int to, char *room, size_t size)
{
	ssize_t n = copy_file_range(from, NULL, to, NULL, (size_t)1 << 30, 0), written = 0;

	if (n >= 0 || (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP))
		return n;
	if ((n = read(from, room, size)) <= 0)
		return n;
	while (written < n) {
		ssize_t w = write(to, room + written, (size_t)(n - written));

		if (w < 0 && errno != EINTR)
			return -1;
		written += w > 0 ? w : 0;
	}
	return n;
}

int tree_copy_file(const char *from, const char *to, struct tree_copied *done, struct error *err)
{
	SCOPED(fd_done) int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	SCOPED(fd_done) int out = -1;
	char room[65536];
	ssize_t n;

	if (in < 0)
		return fail(err, errno == ENOENT ? ERR_NOTFOUND : ERR_BROKEN, "%s: %s", from, strerror(errno));
	if ((out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0)
		return fail(err, errno == EEXIST ? ERR_EXISTS : ERR_BROKEN, "%s: %s", to, strerror(errno));
	while ((n = copy_some(in, out, room, sizeof(room))) > 0)
		done->bytes += n;
	if (n < 0 || fsync(out) != 0)
		return fail(err, ERR_BROKEN, "cannot copy %s to %s: %s", from, to, strerror(errno));
	done->files++;
	return 0;
}

struct walk {
	const char *from, *to, *without;
	struct tree_copied *done;
	int depth;
};

static int walk(const struct walk *w, struct error *err);

static void say(const struct tree_copied *done)
{
	if (done->files % SAY_EVERY == 0 && isatty(STDERR_FILENO))
		(void)fprintf(stderr, "\r%lld files, %lld MB ", (long long)done->files, (long long)(done->bytes / 1000000));
}

static int copy_entry(void *arg, const char *name, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	const struct walk *w = arg;
	struct str from = arena_printf(&a, "%s/%s", w->from, name), to = arena_printf(&a, "%s/%s", w->to, name);
	struct stat st;
	int r;

	if (arena_failed(&a))
		return fail(err, ERR_NOMEM, "out of memory");
	if ((w->without != NULL && strcmp(name, w->without) == 0) || lstat(from.p, &st) != 0)
		return 0;
	if (S_ISDIR(st.st_mode)) {
		struct walk below = { from.p, to.p, NULL, w->done, w->depth + 1 };

		return walk(&below, err);
	}
	if (!S_ISREG(st.st_mode))
		return 0;
	r = tree_copy_file(from.p, to.p, w->done, err);
	say(w->done);
	return r == ERR_NOTFOUND ? 0 : r;
}

static int walk(const struct walk *w, struct error *err)
{
	int r;

	if (w->depth > DEPTH_MAX)
		return fail(err, ERR_LIMIT, "%s is more than %d folders deep", w->from, DEPTH_MAX);
	if ((r = folder_make(w->to, err)) < 0)
		return r;
	r = folder_each(w->from, copy_entry, (void *)w, err);
	if (r < 0 && r != ERR_NOTFOUND)
		return r;
	return folder_sync(w->to, err);
}

int tree_copy(const char *from, const char *to, const char *without, struct tree_copied *done, struct error *err)
{
	struct walk w = { from, to, without, done, 0 };
	int r = walk(&w, err);

	if (done->files >= SAY_EVERY && isatty(STDERR_FILENO))
		(void)fputs("\r                              \r", stderr);
	return r;
}
