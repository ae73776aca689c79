/* A folder of its own for a test, gone afterwards. */
#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

#include <assert.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"

struct folder {
	char path[256];
};

static inline struct str folder_new(struct folder *f)
{
	const char *base = getenv("TMPDIR");

	(void)snprintf(f->path, sizeof(f->path), "%s/mailtrixy-test-XXXXXX", base != NULL ? base : "/tmp");
	char *made = mkdtemp(f->path);

	assert(made != NULL);
	(void)made;
	return str_of(f->path);
}

static inline int folder_remove(const char *path, const struct stat *s, int kind, struct FTW *ftw)
{
	(void)s;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static inline void folder_done(struct folder *f)
{
	if (f->path[0] != '\0')
		(void)nftw(f->path, folder_remove, 16, FTW_DEPTH | FTW_PHYS);
	f->path[0] = '\0';
}

#endif
