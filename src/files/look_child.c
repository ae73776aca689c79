/* The process that looks at one stranger's file. Its rights go before the first byte is read: no new descriptors, no other
 * system calls than those that computing needs, little memory and time. What it tells is believed by nobody. */
#include "files/look.h"

#include <grp.h>
#include <magic.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <webp/types.h>

#include "files/picture.h"
#include "files/sound.h"

enum { TELL = 1, PREVIEW = 3, CPU_SECONDS = 5, TYPE_BYTES = 1 << 20, PREVIEW_BYTES = 1 << 20, NOBODY = 65534 };
#define MEMORY_BYTES (INT64_C(768) << 20)

static void tell(const char *line)
{
	if (write(TELL, line, strlen(line)) < 0)
		_exit(1);
}

/* ---- rights ---- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer))
#else
#define SANITIZED 0
#endif

static bool limit(int what, rlim_t value)
{
	struct rlimit l = { .rlim_cur = value, .rlim_max = value };

	return setrlimit((__rlimit_resource_t)what, &l) == 0;
}

static bool set_limits(int64_t file_bytes)
{
#if SANITIZED
	(void)file_bytes;			/* sanitizers reserve terabytes */
#else
	if (!limit(RLIMIT_AS, (rlim_t)(MEMORY_BYTES + file_bytes)))
		return false;
#endif
	return limit(RLIMIT_CPU, CPU_SECONDS) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, PREVIEW_BYTES) &&
	       limit(RLIMIT_NOFILE, 0);
}

/* Another call fails; nothing that computes needs one. Memory is never made executable. */
static bool allow_computing_only(void)
{
	static const char *const allowed[] = { "read", "write", "brk", "munmap", "mremap", "madvise", "futex", "exit", "exit_group",
					       "clock_gettime", "rt_sigreturn", "sched_yield",
					       "sigaltstack" /* sanitizers, before a longjmp */ };
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ERRNO(1));
	bool ok = c != NULL;

	for (size_t k = 0; k < sizeof(allowed) / sizeof(allowed[0]) && ok; k++) {
		int number = seccomp_syscall_resolve_name(allowed[k]);

		ok = number == __NR_SCMP_ERROR || seccomp_rule_add(c, SCMP_ACT_ALLOW, number, 0) == 0;
	}
	ok = ok && seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
	     seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
	     seccomp_load(c) == 0;
	seccomp_release(c);
	return ok;
}

bool look_give_up_rights(int64_t file_bytes)
{
	if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0))
		return false;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && set_limits(file_bytes) &&
	       allow_computing_only();
}

/* ---- what it is ---- */

/* libmagic's names where others are the registered ones, or what providers call them. */
static const char *better_name(const char *type)
{
	static const char *const names[][2] = {
		{ "audio/x-hx-aac-adts", "audio/aac" }, { "audio/x-m4a", "audio/mp4" }, { "audio/x-wav", "audio/wav" },
		{ "audio/x-flac", "audio/flac" }, { "audio/AMR", "audio/amr" }, { "audio/x-aiff", "audio/aiff" },
		{ "application/x-rar", "application/vnd.rar" }, { "application/x-empty", "application/octet-stream" },
		{ "application/csv", "text/csv" }, { "video/x-m4v", "video/mp4" },
	};

	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		if (strcmp(type, names[k][0]) == 0)
			return names[k][1];
	/* Which programming language it seems to be does not matter. */
	return strncmp(type, "text/x-", 7) == 0 ? "text/plain" : type;
}

/* Containers of video that hold sound alone. */
static const char *of_content(const char *type, struct str bytes)
{
	if (strcmp(type, "video/ogg") == 0 || strcmp(type, "application/ogg") == 0)
		return sound_is_ogg_audio(bytes) ? "audio/ogg" : type;
	if (strcmp(type, "video/mp4") == 0 || strcmp(type, "video/quicktime") == 0 || strcmp(type, "video/3gpp") == 0)
		return sound_is_mp4_audio(bytes) ? (strcmp(type, "video/3gpp") == 0 ? "audio/3gpp" : "audio/mp4") : type;
	if (strcmp(type, "video/webm") == 0 || strcmp(type, "video/x-matroska") == 0 || strcmp(type, "application/x-matroska") == 0)
		return sound_is_webm_audio(bytes) ? "audio/webm" : type;
	return type;
}

static void on_sized(int width, int height)
{
	char line[64];

	(void)snprintf(line, sizeof(line), "size %d %d\n", width, height);
	tell(line);
}

static bool write_preview(const struct picture *p)
{
	unsigned char *out = NULL;
	size_t len = picture_write(p, &out), at = 0;

	while (at < len) {
		ssize_t n = write(PREVIEW, out + at, len - at);

		if (n <= 0)
			break;
		at += (size_t)n;
	}
	WebPFree(out);
	return len > 0 && at == len;
}

static void look(magic_t magic, struct str bytes)
{
	struct picture p = { .bytes = bytes, .sized = on_sized };
	const char *type = magic_buffer(magic, bytes.p, bytes.len < TYPE_BYTES ? bytes.len : TYPE_BYTES);
	char line[LOOK_TYPE_MAX + 8];

	type = of_content(better_name(type != NULL ? type : "application/octet-stream"), bytes);
	(void)snprintf(line, sizeof(line), "type %.*s\n", STR_ARG(str_cut(str_of(type), 0, LOOK_TYPE_MAX)));
	tell(line);			/* before the pixels, which may be the end of this process */
	if (strcmp(type, "audio/ogg") == 0 && sound_is_mono_opus(bytes))
		tell("mono\n");
	if (picture_read(&p, str_of(type)) && write_preview(&p))
		tell("preview\n");
	tell("end\n");
}

int look_child(void)
{
	magic_t magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF);
	struct stat s;
	void *p = NULL;

	if (magic == NULL || magic_load(magic, NULL) != 0 || fstat(STDIN_FILENO, &s) != 0 || !S_ISREG(s.st_mode))
		return 2;
	if (s.st_size > 0 && (p = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0)) == MAP_FAILED)
		return 2;
	if (!look_give_up_rights(s.st_size))
		return 3;
	look(magic, (struct str){ p != NULL ? p : "", (size_t)s.st_size });
	(void)syscall(SYS_exit_group, 0);	/* at once: the way out is full of calls that it may not make */
	return 1;
}
