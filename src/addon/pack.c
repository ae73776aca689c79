/* Makes packages, and checks one without an instance: what an addon's maker does. The same folder gives the same bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "addon/addon.h"
#include "addon/file.h"
#include "addon/package.h"
#include "addon/signature.h"
#include "base/limit.h"

struct pack {
	struct str root;
	struct str below;		/* the folder in hand, relative: "" or "migrations/" */
	struct archive_entry entries[LIMIT_ADDON_FILES];
	size_t count;
	struct arena memory;
};

static void pack_free(struct pack **p)
{
	if (*p == NULL)
		return;
	archive_entries_free((*p)->entries, (*p)->count);
	arena_done(&(*p)->memory);
	free(*p);
	*p = NULL;
}

static int take(void *arg, const char *name, struct error *err);

static int take_folder(struct pack *p, struct str relative, const char *path, struct error *err)
{
	struct str before = p->below;

	p->below = arena_printf(&p->memory, "%.*s/", STR_ARG(relative));
	int r = folder_each(path, take, p, err);

	p->below = before;
	return r;
}

/* One entry of the folder in hand. Hidden files stay out (an editor's, git's), and so does an old signature. */
static int take(void *arg, const char *name, struct error *err)
{
	struct pack *p = arg;
	struct str relative = arena_printf(&p->memory, "%.*s%s", STR_ARG(p->below), name);
	struct str path = arena_printf(&p->memory, "%.*s/%.*s", STR_ARG(p->root), STR_ARG(relative));
	struct stat st;

	if (arena_failed(&p->memory))
		return fail(err, ERR_NOMEM, "no memory to pack");
	if (name[0] == '.' || str_eq_c(relative, "addon.sig"))
		return 0;
	if (lstat(path.p, &st) != 0)
		return fail(err, ERR_BROKEN, "%s: %s", path.p, strerror(errno));
	const char *wrong = archive_name_wrong(relative);

	if (wrong != NULL)
		return fail(err, ERR_INVALID, "%s %s", path.p, wrong);
	if (S_ISDIR(st.st_mode))
		return take_folder(p, relative, path.p, err);
	if (!S_ISREG(st.st_mode))
		return fail(err, ERR_INVALID, "%s is a link or a device; an addon holds only plain files", path.p);
	if (p->count + 1 >= LIMIT_ADDON_FILES)	/* one place is left for the signature */
		return fail(err, ERR_LIMIT, "%.*s holds more than %d files", STR_ARG(p->root), LIMIT_ADDON_FILES - 1);
	struct archive_entry *e = &p->entries[p->count++];

	e->name = relative;
	return file_read(path.p, LIMIT_ADDON_UNPACKED, &e->bytes, err);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct archive_entry *)a)->name.p, ((const struct archive_entry *)b)->name.p);
}

/* The manifest's "files", of all entries but itself. */
static int complete_manifest(struct pack *p, struct error *err)
{
	struct archive_entry *manifest = archive_find(p->entries, p->count, STR("addon.json"));
	struct manifest_file *files = arena_alloc(&p->memory, p->count * sizeof(*files));
	struct buf whole = { 0 };
	struct manifest m;
	size_t count = 0;
	int r;

	if (files == NULL)
		return fail(err, ERR_NOMEM, "no memory to pack");
	if (manifest == NULL)
		return fail(err, ERR_INVALID, "%.*s holds no addon.json", STR_ARG(p->root));
	if ((r = manifest_read(buf_str(&manifest->bytes), false, &p->memory, &m, err)) < 0)
		return r;
	for (size_t k = 0; k < p->count; k++) {
		unsigned char hash[SHA256_BYTES];

		if (&p->entries[k] == manifest)
			continue;
		crypto_sha256(buf_str(&p->entries[k].bytes), hash);
		files[count++] = (struct manifest_file){ p->entries[k].name, crypto_hex(&p->memory, hash, sizeof(hash)) };
	}
	if (arena_failed(&p->memory))
		return fail(err, ERR_NOMEM, "no memory to pack");
	if ((r = manifest_with_files(buf_str(&manifest->bytes), files, count, &whole, err)) == 0) {
		buf_done(&manifest->bytes);
		manifest->bytes = whole;
	} else
		buf_done(&whole);
	return r;
}

static int add_signature(struct pack *p, struct str key_path, struct error *err)
{
	struct archive_entry *manifest = archive_find(p->entries, p->count, STR("addon.json"));
	struct archive_entry *sig = &p->entries[p->count++];

	sig->name = STR("addon.sig");
	return signature_make(buf_str(&manifest->bytes), key_path, &sig->bytes, err);
}

int addon_pack(struct str folder, struct str key_path, struct str zip_path, struct error *err)
{
	SCOPED(pack_free) struct pack *p = calloc(1, sizeof(*p));
	SCOPED(buf_done) struct buf zip = { .max = LIMIT_ADDON_ZIP };
	SCOPED(package_done) struct package check = { 0 };
	int r;

	if (p == NULL)
		return fail(err, ERR_NOMEM, "no memory to pack");
	p->root = arena_copy(&p->memory, folder);
	p->below = STR("");
	struct str out = arena_copy(&p->memory, zip_path);

	if (arena_failed(&p->memory))
		return fail(err, ERR_NOMEM, "no memory to pack");
	if ((r = folder_each(p->root.p, take, p, err)) < 0)
		return r == ERR_NOTFOUND ? fail(err, ERR_INVALID, "there is no folder %s", p->root.p) : r;
	qsort(p->entries, p->count, sizeof(p->entries[0]), by_name);
	if ((r = complete_manifest(p, err)) < 0 || (key_path.len > 0 && (r = add_signature(p, key_path, err)) < 0))
		return r;
	qsort(p->entries, p->count, sizeof(p->entries[0]), by_name);
	if ((r = archive_write(p->entries, p->count, &zip, err)) < 0)
		return r;
	/* What a server would refuse is better refused here. */
	if ((r = package_open(buf_str(&zip), STR_NONE, &check, err)) < 0)
		return r;
	return file_replace(out.p, buf_str(&zip), 0644, err);
}

int addon_verify(struct str zip, struct str trust_dir, struct arena *arena, struct addon *ret, struct error *err)
{
	SCOPED(package_done) struct package p = { 0 };
	int r = package_open(zip, trust_dir, &p, err);

	if (r < 0)
		return r;
	*ret = (struct addon){
		.slug = arena_copy(arena, p.manifest.slug), .name = arena_copy(arena, p.manifest.name),
		.description = arena_copy(arena, p.manifest.description), .version = arena_copy(arena, p.manifest.version),
		.channel = arena_copy(arena, p.manifest.channel), .package_hash = arena_copy(arena, p.hash),
		.signed_by = arena_copy(arena, p.signed_by), .status_reason = arena_copy(arena, p.doubt),
		.status = ADDON_INSTALLED,
	};
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "no memory to look at the package") : 0;
}
