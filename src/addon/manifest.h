/* addon.json: what a package says of itself, checked; and versions, and which ABI and machine this server is. */
#ifndef ADDON_MANIFEST_H
#define ADDON_MANIFEST_H

#include "base/arena.h"
#include "base/err.h"

struct manifest_file {
	struct str name, sha256;	/* sha256: 64 lower-case hex digits */
};

struct manifest {
	struct str slug, name, version, description, channel;
	struct str library;			/* the file for this machine */
	struct str *migrations;			/* files, in the order in which they run: number 1 is the first */
	size_t migration_count;
	struct manifest_file *files;		/* every other file of the package; none before it is packed */
	size_t file_count;
};

/* Reads and checks. packed: "files" must be there; otherwise it is not looked at. Everything is the arena's. ERR_INVALID: a
 * sentence for the admin. */
int manifest_read(struct str json, bool packed, struct arena *arena, struct manifest *ret, struct error *err);

/* The manifest as text again, with "files" of these. For packing: members keep their order. */
int manifest_with_files(struct str json, const struct manifest_file *files, size_t count, struct buf *ret, struct error *err);

/* Semantic Versioning 2.0.0. compare: below, equal or above 0 by its precedence rules; both must be valid. */
bool version_valid(struct str v);
int version_compare(struct str a, struct str b);

/* "linux-x86_64": the key of a manifest's "library". */
const char *machine_name(void);
/* NULL when the bytes are an ELF shared object for this machine, else what they are. */
const char *machine_library_wrong(struct str bytes);

#endif
