/* Who made a package: addon.sig, an Ed25519 signature over the bytes of addon.json, which holds the hashes of all else. */
#ifndef ADDON_SIGNATURE_H
#define ADDON_SIGNATURE_H

#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"

/* sig: addon.sig, or STR_NONE. trust_dir: a folder of NAME.pub, each a public key in hex; beside them the key that the
 * server was built with is trusted. *ret_by: the key's name, or STR_NONE; then *ret_doubt says why, for the admin.
 * ERR_INVALID: there is a signature and it does not fit: the package was changed or is broken. */
int signature_check(struct str manifest, struct str sig, struct str trust_dir, struct arena *arena, struct str *ret_by,
		    struct str *ret_doubt, struct error *err);
/* The text of addon.sig. key_path: a file with the secret key in hex; the name is the file's. */
int signature_make(struct str manifest, struct str key_path, struct buf *ret, struct error *err);

#endif
