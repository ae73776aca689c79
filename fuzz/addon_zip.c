/* An uploaded package as a stranger may make it: taken apart within its limits, or refused in words. */
#include <assert.h>

#include "addon/package.h"
#include "base/limit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(package_done) struct package p = { 0 };
	struct error err = { 0 };
	size_t sum = 0;

	if (package_open((struct str){ (const char *)data, size }, STR_NONE, &p, &err) < 0) {
		assert(err.code != ERR_BROKEN && err.text[0] != '\0');
		return 0;
	}
	assert(p.count <= LIMIT_ADDON_FILES);
	for (size_t k = 0; k < p.count; k++) {
		assert(archive_name_wrong(p.entries[k].name) == NULL);
		for (size_t m = 0; m < k; m++)
			assert(!str_eq_nocase(p.entries[k].name, p.entries[m].name));
		sum += p.entries[k].bytes.len;
	}
	assert(sum <= LIMIT_ADDON_UNPACKED);
	return 0;
}
