#include "addon_zip.h"

#include "check.h"

#include <string.h>
#include <sys/stat.h>
#include <zip.h>

#include "base/crypto.h"
#include "base/json.h"

static struct member *find(struct member_list *l, const char *name)
{
	for (size_t k = 0; k < l->count; k++)
		if (strcmp(l->m[k].name, name) == 0)
			return &l->m[k];
	return NULL;
}

void members_put(struct member_list *l, const char *name, struct str bytes)
{
	struct member *m = find(l, name);

	if (m == NULL) {
		assert_true(l->count < MEMBERS_MAX);
		m = &l->m[l->count++];
		*m = (struct member){ .name = name };
	}
	m->bytes = bytes;
}

void members_drop(struct member_list *l, const char *name)
{
	struct member *m = find(l, name);

	assert_non_null(m);
	*m = l->m[--l->count];
}

struct str members_get(const struct member_list *l, const char *name)
{
	const struct member *m = find((struct member_list *)(uintptr_t)l, name);

	return m != NULL ? m->bytes : STR_NONE;
}

void members_rehash(struct member_list *l, const char *manifest, struct arena *a)
{
	SCOPED(buf_done) struct buf b = { 0 };
	struct str head = str_trim(str_of(manifest));
	bool comma = false;

	assert_true(str_ends(head, STR("}")));
	buf_add(&b, str_cut(head, 0, head.len - 1));
	buf_add_c(&b, ",\"files\":{");
	for (size_t k = 0; k < l->count; k++) {
		unsigned char hash[SHA256_BYTES];

		if (strcmp(l->m[k].name, "addon.json") == 0 || strcmp(l->m[k].name, "addon.sig") == 0)
			continue;
		crypto_sha256(l->m[k].bytes, hash);
		buf_addf(&b, "%s\"%s\":\"%.*s\"", comma ? "," : "", l->m[k].name, STR_ARG(crypto_hex(a, hash, sizeof(hash))));
		comma = true;
	}
	buf_add_c(&b, "}}");
	assert_false(b.failed);
	members_put(l, "addon.json", arena_copy(a, buf_str(&b)));
}

void members_sign(struct member_list *l, const unsigned char secret[SIGN_SECRET_BYTES], struct arena *a)
{
	unsigned char signature[SIGN_BYTES];

	sign_make(members_get(l, "addon.json"), secret, signature);
	members_put(l, "addon.sig", arena_printf(a, "{\"key\":\"%.*s\",\"name\":\"me\",\"signature\":\"%.*s\"}",
						 STR_ARG(crypto_hex(a, secret + 32, SIGN_PUBLIC_BYTES)),
						 STR_ARG(crypto_hex(a, signature, sizeof(signature)))));
}

struct str members_zip(const struct member_list *l, struct arena *a)
{
	zip_error_t e;
	zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &e);
	zip_t *z = zip_open_from_source(source, ZIP_TRUNCATE, &e);

	assert_non_null(z);
	zip_source_keep(source);
	for (size_t k = 0; k < l->count; k++) {
		const struct member *m = &l->m[k];
		int64_t index = zip_file_add(z, m->name, zip_source_buffer(z, m->bytes.p, m->bytes.len, 0), 0);
		uint32_t mode = m->mode != 0 ? m->mode : (S_IFREG | 0644);

		assert_true(index >= 0);
		assert_int_equal(zip_set_file_compression(z, (uint64_t)index,
							  m->stored  ? ZIP_CM_STORE
							  : m->bzip2 ? ZIP_CM_BZIP2
								     : ZIP_CM_DEFLATE,
							  1),
				 0);
		assert_int_equal(zip_file_set_external_attributes(z, (uint64_t)index, 0, ZIP_OPSYS_UNIX, mode << 16), 0);
		/* The same bytes whenever it is made: 2026-01-01. */
		assert_int_equal(zip_file_set_dostime(z, (uint64_t)index, 0, (46 << 9) | (1 << 5) | 1, 0), 0);
		if (m->encrypted)
			assert_int_equal(zip_file_set_encryption(z, (uint64_t)index, ZIP_EM_AES_256, "pass"), 0);
	}
	assert_int_equal(zip_close(z), 0);
	SCOPED(buf_done) struct buf out = { .max = (size_t)100 * 1024 * 1024 };
	char chunk[65536];
	int64_t n;

	assert_int_equal(zip_source_open(source), 0);
	while ((n = zip_source_read(source, chunk, sizeof(chunk))) > 0)
		buf_add(&out, (struct str){ chunk, (size_t)n });
	assert_true(n == 0 && !out.failed);
	(void)zip_source_close(source);
	zip_source_free(source);
	struct str copy = arena_copy(a, buf_str(&out));

	assert_non_null(copy.p);
	return copy;
}

size_t zip_patch(struct str zip, struct str from, struct str to)
{
	char *p = (char *)(uintptr_t)zip.p;
	size_t hits = 0;

	assert_int_equal(from.len, to.len);
	for (size_t i = 0; i + from.len <= zip.len; i++)
		if (memcmp(p + i, from.p, from.len) == 0) {
			memcpy(p + i, to.p, to.len);
			hits++;
		}
	return hits;
}
