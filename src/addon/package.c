#include "addon/package.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addon/file.h"
#include "addon/signature.h"
#include "base/limit.h"

static const char manifest_name[] = "addon.json", signature_name[] = "addon.sig";

void package_done(struct package *p)
{
	archive_entries_free(p->entries, p->count);
	arena_done(&p->memory);
	*p = (struct package){ 0 };
}

static struct str hash_hex(struct arena *a, struct str bytes)
{
	unsigned char hash[SHA256_BYTES];

	crypto_sha256(bytes, hash);
	return crypto_hex(a, hash, sizeof(hash));
}

static const struct manifest_file *listed(const struct manifest *m, struct str name)
{
	for (size_t k = 0; k < m->file_count; k++)
		if (str_eq(m->files[k].name, name))
			return &m->files[k];
	return NULL;
}

/* Every file of the zip is in "files" with its hash, and the other way round. */
static int check_files(struct package *p, struct error *err)
{
	for (size_t k = 0; k < p->count; k++) {
		const struct archive_entry *e = &p->entries[k];
		const struct manifest_file *f = listed(&p->manifest, e->name);

		if (str_eq_c(e->name, manifest_name) || str_eq_c(e->name, signature_name))
			continue;
		if (f == NULL)
			return fail(err, ERR_INVALID, "The zip holds '%.*s', which addon.json does not name in \"files\"",
				    STR_ARG(str_cut(e->name, 0, 80)));
		if (!str_eq(hash_hex(&p->memory, buf_str(&e->bytes)), f->sha256))
			return fail(
				err, ERR_INVALID,
				"The file '%.*s' was changed after packing: its hash is not the one in addon.json",
				STR_ARG(str_cut(e->name, 0, 80)));
	}
	for (size_t k = 0; k < p->manifest.file_count; k++)
		if (archive_find(p->entries, p->count, p->manifest.files[k].name) == NULL)
			return fail(err, ERR_INVALID, "The file '%.*s' is missing from the zip",
				    STR_ARG(str_cut(p->manifest.files[k].name, 0, 80)));
	return 0;
}

/* What the manifest points at is there. */
static int check_uses(struct package *p, struct error *err)
{
	const struct manifest *m = &p->manifest;
	const struct archive_entry *library = archive_find(p->entries, p->count, m->library);

	if (library == NULL || listed(m, m->library) == NULL)
		return fail(err, ERR_INVALID, "The library '%.*s' for this machine is missing from the zip",
			    STR_ARG(str_cut(m->library, 0, 80)));
	const char *wrong = machine_library_wrong(buf_str(&library->bytes));

	if (wrong != NULL)
		return fail(err, ERR_INVALID, "The library '%.*s' %s", STR_ARG(str_cut(m->library, 0, 80)), wrong);
	for (size_t k = 0; k < m->migration_count; k++)
		if (listed(m, m->migrations[k]) == NULL)
			return fail(err, ERR_INVALID, "The migration '%.*s' is missing from the zip",
				    STR_ARG(str_cut(m->migrations[k], 0, 80)));
	return 0;
}

int package_open(struct str zip, struct str trust_dir, struct package *ret, struct error *err)
{
	struct package *p = ret;
	int r;

	*p = (struct package){ 0 };
	if ((r = archive_read(zip, &p->memory, &p->entries, &p->count, err)) < 0)
		return r;
	const struct archive_entry *manifest = archive_find(p->entries, p->count, str_of(manifest_name));
	const struct archive_entry *sig = archive_find(p->entries, p->count, str_of(signature_name));

	if (manifest == NULL)
		return fail(err, ERR_INVALID, "The zip holds no addon.json: it is no MailTrixy addon");
	if ((r = manifest_read(buf_str(&manifest->bytes), true, &p->memory, &p->manifest, err)) < 0 ||
	    (r = check_files(p, err)) < 0 || (r = check_uses(p, err)) < 0)
		return r;
	p->hash = hash_hex(&p->memory, zip);
	return signature_check(buf_str(&manifest->bytes), sig != NULL ? buf_str(&sig->bytes) : STR_NONE, trust_dir,
			       &p->memory, &p->signed_by, &p->doubt, err);
}

/* ---- in a folder ---- */

/* Makes the folders of "migrations/001.json" in `folder`. */
static int make_parents(struct arena *a, struct str folder, struct str name, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < name.len && r == 0; i++)
		if (name.p[i] == '/') {
			struct str path = arena_printf(a, "%.*s/%.*s", STR_ARG(folder), STR_ARG(str_cut(name, 0, i)));

			r = path.p != NULL ? folder_make(path.p, err) : fail(err, ERR_NOMEM, "no memory to unpack");
		}
	return r;
}

static int sync_parents(struct arena *a, struct str folder, struct str name, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < name.len && r == 0; i++)
		if (name.p[i] == '/') {
			struct str path = arena_printf(a, "%.*s/%.*s", STR_ARG(folder), STR_ARG(str_cut(name, 0, i)));

			r = path.p != NULL ? folder_sync(path.p, err) : fail(err, ERR_NOMEM, "no memory to unpack");
		}
	return r;
}

static int write_files(const struct package *p, struct arena *a, struct str folder, struct error *err)
{
	int r;

	for (size_t k = 0; k < p->count; k++) {
		const struct archive_entry *e = &p->entries[k];
		struct str path = arena_printf(a, "%.*s/%.*s", STR_ARG(folder), STR_ARG(e->name));

		if (path.p == NULL)
			return fail(err, ERR_NOMEM, "no memory to unpack");
		if ((r = make_parents(a, folder, e->name, err)) < 0 ||
		    (r = file_make(path.p, buf_str(&e->bytes), 0600, err)) < 0 ||
		    (r = sync_parents(a, folder, e->name, err)) < 0)
			return r;
	}
	return folder_sync(folder.p, err);
}

/* 1: the folder holds this package's files unchanged. */
static int folder_same(const struct package *p, struct arena *a, struct str folder)
{
	for (size_t k = 0; k < p->count; k++) {
		SCOPED(buf_done) struct buf have = { 0 };
		struct str path = arena_printf(a, "%.*s/%.*s", STR_ARG(folder), STR_ARG(p->entries[k].name));

		if (path.p == NULL || file_read(path.p, LIMIT_ADDON_UNPACKED, &have, NULL) < 0 ||
		    !str_eq(buf_str(&have), buf_str(&p->entries[k].bytes)))
			return 0;
	}
	return 1;
}

int package_unpack(const struct package *p, struct str addons_dir, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct str folder = arena_printf(&a, "%.*s/%.*s", STR_ARG(addons_dir), STR_ARG(p->hash));
	struct str temporary = arena_printf(&a, "%.*s/.tmp-XXXXXX", STR_ARG(addons_dir));
	struct str parent = arena_copy(&a, addons_dir);
	int r;

	if (arena_failed(&a))
		return fail(err, ERR_NOMEM, "no memory to unpack");
	if (folder_same(p, &a, folder))
		return 0;
	if (mkdtemp((char *)(uintptr_t)temporary.p) == NULL)	/* mode 0700 */
		return fail(err, ERR_BROKEN, "%s: %s", temporary.p, strerror(errno));
	folder_remove(folder.p);	/* somebody changed it, or it is not there */
	if ((r = write_files(p, &a, temporary, err)) == 0 && rename(temporary.p, folder.p) != 0)
		r = fail(err, ERR_BROKEN, "%s: %s", folder.p, strerror(errno));
	if (r == 0)
		r = folder_sync(parent.p, err);
	if (r < 0)
		folder_remove(temporary.p);
	return r;
}

/* One of the package's files as the next entry. */
static int add_entry(struct package *p, struct str folder, struct str name, struct error *err)
{
	struct archive_entry *e = &p->entries[p->count];
	struct str path = arena_printf(&p->memory, "%.*s/%.*s", STR_ARG(folder), STR_ARG(name));
	int r;

	e->name = arena_copy(&p->memory, name);
	if (arena_failed(&p->memory))
		return fail(err, ERR_NOMEM, "no memory to pack the addon");
	p->count++;
	if ((r = file_read(path.p, LIMIT_ADDON_UNPACKED, &e->bytes, err)) == ERR_NOTFOUND && str_eq_c(name, signature_name)) {
		p->count--;		/* it has none */
		return 0;
	}
	return r;
}

int package_zip(struct str addons_dir, struct str hash, struct buf *ret, struct error *err)
{
	SCOPED(package_done) struct package p = { 0 };
	struct str folder = arena_printf(&p.memory, "%.*s/%.*s", STR_ARG(addons_dir), STR_ARG(hash));
	int r = package_manifest(addons_dir, hash, &p.memory, &p.manifest, err);

	if (r < 0)
		return r;
	if ((p.entries = arena_alloc(&p.memory, (p.manifest.file_count + 2) * sizeof(*p.entries))) == NULL)
		return fail(err, ERR_NOMEM, "no memory to pack the addon");
	if ((r = add_entry(&p, folder, str_of(manifest_name), err)) < 0 || (r = add_entry(&p, folder, str_of(signature_name), err)) < 0)
		return r;
	for (size_t k = 0; k < p.manifest.file_count; k++)
		if ((r = add_entry(&p, folder, p.manifest.files[k].name, err)) < 0)
			return r;
	return (r = check_files(&p, err)) < 0 ? r : archive_write(p.entries, p.count, ret, err);
}

int package_manifest(struct str addons_dir, struct str hash, struct arena *arena, struct manifest *ret, struct error *err)
{
	SCOPED(buf_done) struct buf text = { 0 };
	struct str path = arena_printf(arena, "%.*s/%.*s/%s", STR_ARG(addons_dir), STR_ARG(hash), manifest_name);
	int r;

	if (path.p == NULL)
		return fail(err, ERR_NOMEM, "no memory to read the addon");
	if ((r = file_read(path.p, LIMIT_ADDON_MANIFEST, &text, err)) < 0)
		return r;
	return manifest_read(buf_str(&text), true, arena, ret, err);
}

int package_file(struct str addons_dir, struct str hash, const struct manifest *m, struct str name, struct buf *ret,
		 struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	const struct manifest_file *f = listed(m, name);
	struct str path = arena_printf(&a, "%.*s/%.*s/%.*s", STR_ARG(addons_dir), STR_ARG(hash), STR_ARG(name));
	int r;

	if (path.p == NULL)
		return fail(err, ERR_NOMEM, "no memory to read the addon");
	if (f == NULL)
		return fail(err, ERR_INVALID, "addon.json does not name '%.*s'", STR_ARG(str_cut(name, 0, 80)));
	if ((r = file_read(path.p, LIMIT_ADDON_UNPACKED, ret, err)) < 0)
		return r;
	if (!str_eq(hash_hex(&a, buf_str(ret)), f->sha256))
		return fail(
			err, ERR_INVALID,
			"The installed file '%.*s' was changed on the server's disk. Upload the package once more",
			STR_ARG(str_cut(name, 0, 80)));
	return 0;
}
