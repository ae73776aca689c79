/* Reads and writes the zip of an addon, with libzip. What the files mean is package.h. */
#ifndef ADDON_ARCHIVE_H
#define ADDON_ARCHIVE_H

#include "base/arena.h"
#include "base/err.h"

struct archive_entry {
	struct str name;	/* a relative path of safe characters; the arena's */
	struct buf bytes;	/* owned */
};

/* Takes the whole zip apart in memory. Believes nothing that it says: names are paths without tricks, only plain files,
 * each name once, sizes counted while inflating. ERR_INVALID or ERR_LIMIT with a sentence for the admin. Folder entries
 * are left out. The caller frees *ret with archive_entries_free, also after a failure. */
int archive_read(struct str zip, struct arena *names, struct archive_entry **ret, size_t *ret_count, struct error *err);
void archive_entries_free(struct archive_entry *entries, size_t count);
struct archive_entry *archive_find(struct archive_entry *entries, size_t count, struct str name);	/* NULL: not there */

/* Makes a zip of the entries as they stand: the same entries give the same bytes. */
int archive_write(const struct archive_entry *entries, size_t count, struct buf *ret, struct error *err);

/* NULL when name may be a file of an addon, else what is wrong with it, as "has …". */
const char *archive_name_wrong(struct str name);

#endif
