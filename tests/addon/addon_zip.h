/* Packages for the tests here, made with libzip itself and then by changing bytes: the product's own packer makes no bad ones. */
#ifndef TESTS_ADDON_ZIP_H
#define TESTS_ADDON_ZIP_H

#include "base/arena.h"

enum { MEMBERS_MAX = 16 };

struct member {
	const char *name;
	struct str bytes;
	unsigned mode;		/* st_mode of the entry; 0: a plain file */
	bool encrypted, stored, bzip2;
};
struct member_list {
	struct member m[MEMBERS_MAX];
	size_t count;
};

void members_put(struct member_list *l, const char *name, struct str bytes);	/* adds, or replaces the bytes */
void members_drop(struct member_list *l, const char *name);
struct str members_get(const struct member_list *l, const char *name);

/* addon.json again from `manifest` (a JSON object without "files") with the hashes of the other members. */
void members_rehash(struct member_list *l, const char *manifest, struct arena *a);
/* addon.sig by the secret key. */
void members_sign(struct member_list *l, const unsigned char secret[64], struct arena *a);
struct str members_zip(const struct member_list *l, struct arena *a);

/* Changes every occurrence of `from` in the zip's raw bytes; both have the same length. Returns how many there were. */
size_t zip_patch(struct str zip, struct str from, struct str to);

#endif
