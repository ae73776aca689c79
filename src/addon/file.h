/* Files and folders of addons on the disk: read, written so that a power cut leaves all or nothing, removed. */
#ifndef ADDON_FILE_H
#define ADDON_FILE_H

#include "base/arena.h"
#include "base/err.h"

/* The whole file into ret. ERR_NOTFOUND: there is none; ERR_LIMIT: it has more than max bytes; never follows a link. Paths are
 * NUL-terminated. */
int file_read(const char *path, size_t max, struct buf *ret, struct error *err);
/* Makes a file that was not there, with this mode, and waits until it is on the disk. */
int file_make(const char *path, struct str bytes, unsigned mode, struct error *err);
/* The same beside the path first and then renamed to it: replaces what was there. */
int file_replace(const char *path, struct str bytes, unsigned mode, struct error *err);

int folder_make(const char *path, struct error *err);	/* mode 0700; being there already is no failure */
int folder_sync(const char *path, struct error *err);	/* its entries are on the disk */
void folder_remove(const char *path);			/* with all that is in it, as far as that goes */

/* Calls each() with every entry's name but . and .., in no order. Stops at the first value that is not 0 and returns it.
 * ERR_NOTFOUND: there is no such folder. */
int folder_each(const char *path, int (*each)(void *arg, const char *name, struct error *err), void *arg, struct error *err);

void fd_done(int *fd);	/* for SCOPED; -1: none */

#endif
