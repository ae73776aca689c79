/* addon.json as a stranger may write it: read without a crash; what is accepted obeys the rules that later code counts on. */
#include <assert.h>

#include "addon/manifest.h"
#include "addon/archive.h"
#include "base/crypto.h"
#include "channel/channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(arena_done) struct arena a = { 0 };
	SCOPED(buf_done) struct buf again = { 0 };
	struct str text = { (const char *)data, size };
	struct error err = { 0 };
	struct manifest m;

	if (manifest_read(text, true, &a, &m, &err) < 0) {
		assert(err.text[0] != '\0');
		return 0;
	}
	assert(channel_slug_valid(m.slug) && channel_slug_valid(m.channel) && !channel_is_core(m.channel));
	assert(version_valid(m.version) && version_compare(m.version, m.version) == 0 && m.name.len > 0);
	assert(archive_name_wrong(m.library) == NULL);
	for (size_t k = 0; k < m.migration_count; k++)
		assert(archive_name_wrong(m.migrations[k]) == NULL);
	for (size_t k = 0; k < m.file_count; k++)
		assert(archive_name_wrong(m.files[k].name) == NULL && m.files[k].sha256.len == 2 * SHA256_BYTES);
	/* What packing writes is read again. */
	assert(manifest_with_files(text, m.files, m.file_count, &again, &err) == 0);
	assert(manifest_read(buf_str(&again), true, &a, &m, &err) == 0 || again.len > 256 * 1024);
	return 0;
}
