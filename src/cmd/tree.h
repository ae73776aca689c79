/* Copies of folders, for backup and restore. */
#ifndef CMD_TREE_H
#define CMD_TREE_H

#include <stdint.h>

#include "base/err.h"

struct tree_copied {
	int64_t files, bytes;
};

/* Copies one plain file into one that is not there, with mode 0600, to the disk. ERR_NOTFOUND: there is none to copy. */
int tree_copy_file(const char *from, const char *to, struct tree_copied *done, struct error *err);
/* Copies a folder with all below it into one that is made when it is not there. Links and devices are left out, as is what goes
 * away meanwhile; a folder that is not there counts as empty. without: a name right below that is left out; NULL: none. Says how
 * far it is on standard error when that is a terminal. */
int tree_copy(const char *from, const char *to, const char *without, struct tree_copied *done, struct error *err);

#endif
