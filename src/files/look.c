/* The side of the server: starts the process, believes nothing that it tells. */
#include "files/look.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

enum { LOOK_MS = 8 * 1000, TOLD_MAX = 1024, READS_MAX = 64, SIDE_MAX = 1 << 20 };

static bool is_type(struct str s)
{
	struct str rest, head = str_split(s, '/', &rest);

	for (size_t k = 0; k < s.len; k++)
		if (!((s.p[k] >= 'a' && s.p[k] <= 'z') || (s.p[k] >= '0' && s.p[k] <= '9') || strchr("/.+-_", s.p[k]) != NULL))
			return false;
	return s.len <= LOOK_TYPE_MAX && head.len > 0 && rest.len > 0 && memchr(rest.p, '/', rest.len) == NULL;
}

/* True: it was the last line. */
static bool read_line(struct str line, struct look *ret)
{
	struct str rest, word = str_split(line, ' ', &rest);
	int64_t width, height;

	if (str_eq_c(word, "type") && is_type(rest)) {
		memcpy(ret->mime_type, rest.p, rest.len);
		ret->mime_type[rest.len] = '\0';
	} else if (str_eq_c(word, "size")) {
		struct str second, first = str_split(rest, ' ', &second);

		if (str_to_i64(first, &width) && str_to_i64(second, &height) && width > 0 && height > 0 && width <= SIDE_MAX &&
		    height <= SIDE_MAX) {
			ret->width = width;
			ret->height = height;
		}
	} else if (str_eq_c(line, "mono"))
		ret->mono = true;
	else if (str_eq_c(line, "preview"))
		ret->has_preview = true;
	return str_eq_c(line, "end");
}

/* Takes the lines that came whole off told, whose length is *len. True: one of them was the last. */
static bool read_lines(char *told, size_t *len, struct look *ret)
{
	struct str rest = { told, *len }, after;
	bool ended = false;

	for (struct str line = str_split(rest, '\n', &after); after.p != NULL && !ended; line = str_split(rest, '\n', &after)) {
		ended = read_line(line, ret);
		rest = after;
	}
	memmove(told, rest.p, rest.len);
	*len = rest.len;
	return ended;
}

/* Reads until all is told or until `end` ms. False: what was told has no end. */
static bool read_told(int fd, int64_t end, struct look *ret)
{
	char told[TOLD_MAX];
	size_t len = 0, reads = 0;

	while (len < sizeof(told) && reads++ < READS_MAX) {
		int64_t left = end - clock_mono_ms();
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (left <= 0 || (poll(&p, 1, (int)left) < 0 && errno != EINTR))
			return false;
		if (p.revents == 0)
			continue;
		ssize_t n = read(fd, told + len, sizeof(told) - len);

		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		len += n > 0 ? (size_t)n : 0;
		if (read_lines(told, &len, ret))
			return true;
	}
	return false;
}

static int spawn(const char *program, int file, int preview, int told, pid_t *ret)
{
	char *const argv[] = { (char *)"mailtrixy", (char *)LOOK_COMMAND, NULL }, *const env[] = { NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int r;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setsigdefault(&attributes, &all);
	r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (r == 0 && (r = posix_spawn_file_actions_adddup2(&actions, file, 0)) == 0 &&
	    (r = posix_spawn_file_actions_adddup2(&actions, told, 1)) == 0 &&
	    (r = posix_spawn_file_actions_adddup2(&actions, preview, 3)) == 0 &&
	    (r = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)) == 0 &&
	    (r = posix_spawn_file_actions_addclosefrom_np(&actions, 4)) == 0)
		r = posix_spawn(ret, program, &actions, &attributes, argv, env);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	return r;
}

/* The descriptors that the process gets lie above those that they become. */
static int above(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 10);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

int look_at(struct str program, int file, int preview, struct look *ret, struct error *err)
{
	int64_t end = clock_mono_ms() + LOOK_MS;
	int ends[2], status = 0, code;
	pid_t pid = 0;

	*ret = (struct look){ 0 };
	if (pipe2(ends, O_CLOEXEC) != 0)
		return fail(err, ERR_BROKEN, "no pipe: %s", strerror(errno));
	SCOPED(close_fd) int from = ends[0], in = above(file), out = above(preview);
	int to = above(ends[1]);

	(void)close(ends[1]);
	if (in < 0 || out < 0 || to < 0 || lseek(in, 0, SEEK_SET) < 0) {
		close_fd(&to);
		return fail(err, ERR_BROKEN, "no descriptors: %s", strerror(errno));
	}
	code = spawn(program.p, in, out, to, &pid);
	(void)close(to);
	if (code != 0)
		return fail(err, ERR_BROKEN, "%s does not start: %s", program.p, strerror(code));
	bool ended = read_told(from, end, ret);

	(void)kill(pid, SIGKILL);		/* it has nothing more to say, whether it knows that or not */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ended)
		return 0;
	ret->has_preview = false;
	if (WIFEXITED(status))
		return fail(err, ERR_BROKEN, "the process that looked at it gave up (%d)", WEXITSTATUS(status));
	return fail(err, ERR_BROKEN, "the process that looked at it was ended by signal %d", WTERMSIG(status));
}
