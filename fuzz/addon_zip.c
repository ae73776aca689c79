/* An uploaded package as a stranger may make it: taken apart within its limits, or refused in words.
 *
 * Raw bytes seldom get past a zip's checksums. So an input that begins with a byte below 32 is a recipe instead:
 * files for a zip that is made here with a fitting manifest, then bytes of that zip to change. */
#include <assert.h>
#include <string.h>

#include "addon/package.h"
#include "base/crypto.h"
#include "base/limit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char manifest[] =
	"{\"abi\":{\"major\":1,\"minor\":0},\"slug\":\"sample\",\"name\":\"S\",\"version\":\"1.0.0\",\"description\":\"d\","
	"\"channel\":\"sample\",\"library\":{\"linux-x86_64\":\"s.so\",\"linux-aarch64\":\"s.so\"},\"migrations\":[\"m\"]}";

static void open_package(struct str zip)
{
	SCOPED(package_done) struct package p = { 0 };
	struct error err = { 0 };
	size_t sum = 0;

	if (package_open(zip, STR_NONE, &p, &err) < 0) {
		assert(err.code != ERR_BROKEN && err.text[0] != '\0');
		return;
	}
	assert(p.count <= LIMIT_ADDON_FILES);
	for (size_t k = 0; k < p.count; k++) {
		assert(archive_name_wrong(p.entries[k].name) == NULL);
		for (size_t m = 0; m < k; m++)
			assert(!str_eq_nocase(p.entries[k].name, p.entries[m].name));
		sum += p.entries[k].bytes.len;
	}
	assert(sum <= LIMIT_ADDON_UNPACKED);
}

/* The next bytes of the recipe, at most so many, after a byte that says how many. */
static struct str next(struct str *left)
{
	size_t n = left->len > 0 ? (unsigned char)left->p[0] : 0;
	struct str s = str_cut(*left, left->len > 0, n);

	*left = str_cut(*left, s.len + (left->len > 0), left->len);
	return s;
}

static void cook(struct str left, size_t files)
{
	SCOPED(arena_done) struct arena a = { 0 };
	SCOPED(buf_done) struct buf zip = { 0 };
	struct archive_entry entries[34] = { 0 };
	struct manifest_file list[34];
	size_t count = 1;

	for (size_t k = 0; k < files && left.len > 0; k++) {
		struct archive_entry *e = &entries[count];
		unsigned char hash[SHA256_BYTES];
		struct str name = next(&left);

		/* libzip takes a name up to its NUL, and refuses one that is there. */
		e->name = str_of(arena_copy(&a, name.p != NULL ? name : STR("")).p);
		if (e->name.len == 0 || !utf8_valid(e->name) || archive_find(entries + 1, count - 1, e->name) != NULL ||
		    str_eq_c(e->name, "addon.json"))
			continue;
		buf_add(&e->bytes, next(&left));
		crypto_sha256(buf_str(&e->bytes), hash);
		list[count - 1] = (struct manifest_file){ e->name, crypto_hex(&a, hash, sizeof(hash)) };
		count++;
	}
	entries[0].name = STR("addon.json");
	(void)manifest_with_files(str_of(manifest), list, count - 1, &entries[0].bytes, NULL);
	if (archive_write(entries, count, &zip, NULL) == 0) {
		for (; left.len >= 3; left = str_cut(left, 3, left.len)) {
			size_t at = (size_t)(unsigned char)left.p[0] << 8 | (unsigned char)left.p[1];

			if (at < zip.len)	/* counted from the end, where the directory is */
				zip.p[zip.len - 1 - at] = left.p[2];
		}
		open_package(buf_str(&zip));
	}
	archive_entries_free(entries, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = { (const char *)data, size };

	if (size > 0 && data[0] < 32)
		cook(str_cut(input, 1, size), data[0]);
	else
		open_package(input);
	return 0;
}
