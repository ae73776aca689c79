/* A package: a zip whose files are those that its manifest names, with their hashes and a signature. In memory, then in a
 * folder of its own. What becomes of it is lifecycle.c. */
#ifndef ADDON_PACKAGE_H
#define ADDON_PACKAGE_H

#include "addon/manifest.h"
#include "addon/archive.h"

struct package {
	struct archive_entry *entries;
	size_t count;
	struct manifest manifest;
	struct str hash;		/* SHA-256 of the zip, hex: the name of its folder */
	struct str signed_by;		/* STR_NONE: by no trusted key; then `doubt` is what to tell the admin */
	struct str doubt;
	struct arena memory;
};

/* Takes the zip apart and checks all of it. ERR_INVALID, ERR_LIMIT: a sentence for the admin. The caller calls package_done,
 * also after a failure. */
int package_open(struct str zip, struct str trust_dir, struct package *ret, struct error *err);
void package_done(struct package *p);

/* Puts the files into ADDONS_DIR/HASH, whole or not at all; what is there already is kept when it is the same. */
int package_unpack(const struct package *p, struct str addons_dir, struct error *err);
/* Reads the manifest of an unpacked package. ERR_NOTFOUND: it is not there. */
int package_manifest(struct str addons_dir, struct str hash, struct arena *arena, struct manifest *ret, struct error *err);
/* The zip of an unpacked package, made anew of its files: with the same addon.json and signature. */
int package_zip(struct str addons_dir, struct str hash, struct buf *ret, struct error *err);
/* Reads one of its files and checks it against the manifest. ERR_INVALID: it was changed. */
int package_file(struct str addons_dir, struct str hash, const struct manifest *m, struct str name, struct buf *ret,
		 struct error *err);

#endif
