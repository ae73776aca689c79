/* Reads and writes the zip of an addon, with libzip. What the files mean is package.h. */
#ifndef ADDON_ZIP_H
#define ADDON_ZIP_H

#include "base/arena.h"
#include "base/err.h"

struct zip_entry {
	struct str name;	/* a relative path of safe characters; the arena's */
	struct buf bytes;	/* owned */
};

/* Takes the whole zip apart in memory. Believes nothing that it says: names are paths without tricks, only plain files,
 * each name once, sizes counted while inflating. ERR_INVALID or ERR_LIMIT with a sentence for the admin. Folder entries
 * are left out. The caller frees *ret with zip_entries_free, also after a failure. */
int zip_read(struct str zip, struct arena *names, struct zip_entry **ret, size_t *ret_count, struct error *err);
void zip_entries_free(struct zip_entry *entries, size_t count);
struct zip_entry *zip_find(struct zip_entry *entries, size_t count, struct str name);	/* NULL: not there */

/* Makes a zip of the entries as they stand: the same entries give the same bytes. */
int zip_write(const struct zip_entry *entries, size_t count, struct buf *ret, struct error *err);

/* NULL when name may be a file of an addon, else what is wrong with it, as "has …". */
const char *zip_name_wrong(struct str name);

#endif
