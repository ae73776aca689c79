#include "addon/archive.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

#include "base/limit.h"

enum {
	NAME_MAX_BYTES = 200,
	CHUNK = 16384,
	RATIO_FREE = 65536, /* small files may shrink as they like: text of one line repeated is no bomb */
	DOS_TIME = 0, /* 00:00:00 */
	DOS_DATE = (0 << 9) | (1 << 5) |
		   1, /* 1980-01-01, the first day a zip knows: packages do not differ by their age */
	/* Records of the format: APPNOTE.TXT 6.3.9, 4.3.12 and 4.3.16. */
	END_BYTES = 22,
	ENTRY_BYTES = 46,
};

void archive_entries_free(struct archive_entry *entries, size_t count)
{
	for (size_t k = 0; entries != NULL && k < count; k++)
		buf_done(&entries[k].bytes);
}

struct archive_entry *archive_find(struct archive_entry *entries, size_t count, struct str name)
{
	for (size_t k = 0; k < count; k++)
		if (str_eq(entries[k].name, name))
			return &entries[k];
	return NULL;
}

/* ---- names ---- */

const char *archive_name_wrong(struct str name)
{
	struct str rest = name;

	if (name.len == 0)
		return "has no name";
	if (name.len > NAME_MAX_BYTES)
		return "has a name of more than 200 bytes";
	if (memchr(name.p, '\0', name.len) != NULL)
		return "has a NUL in its name";
	if (memchr(name.p, '\\', name.len) != NULL)
		return "has a backslash in its name: folders are written with /";
	if (name.p[0] == '/')
		return "has an absolute path as its name";
	while (rest.p != NULL) {
		struct str part = str_split(rest, '/', &rest);

		if (part.len == 0)
			return "has an empty part in its path";
		if (str_eq_c(part, ".") || str_eq_c(part, ".."))
			return "has a path that leaves its folder ('.' or '..')";
	}
	for (size_t i = 0; i < name.len; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      strchr("._-/+", c) != NULL))
			return "has a character in its name that is no letter, digit, '.', '_', '-' or '+'";
	}
	return NULL;
}

/* A foreign name fit for a message. */
struct shown {
	char text[64];
};

static struct shown show(struct str name)
{
	struct shown s = { "" };

	for (size_t i = 0; i < name.len && i < sizeof(s.text) - 1; i++)
		s.text[i] = name.p[i] > 0x20 && name.p[i] < 0x7f ? name.p[i] : '?';
	return s;
}

static uint32_t little(const unsigned char *p, int bytes)
{
	uint32_t v = 0;

	for (int i = bytes - 1; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

/* libzip hands names out as C strings, so it hides what stands behind a NUL: another unpacker may see another file. The
 * names are therefore looked at once more where they lie, in the directory at the end of the zip. */
static int check_raw_names(struct str zip, size_t count, struct error *err)
{
	static const char broken[] = "The file's zip directory is damaged or of an unusual kind (zip64, several parts)";
	const unsigned char *p = (const unsigned char *)zip.p;
	size_t end = zip.len >= END_BYTES ? zip.len - END_BYTES + 1 : 0;

	while (end > 0 && !(memcmp(p + end - 1, "PK\5\6", 4) == 0 &&
			    little(p + end - 1 + 20, 2) == zip.len - (end - 1) - END_BYTES))
		end--;
	if (end == 0)
		return fail(err, ERR_INVALID, "%s", broken);
	size_t at = little(p + end - 1 + 16, 4);

	for (size_t k = 0; k < count; k++) {
		if (at > zip.len || zip.len - at < ENTRY_BYTES || memcmp(p + at, "PK\1\2", 4) != 0)
			return fail(err, ERR_INVALID, "%s", broken);
		size_t name = little(p + at + 28, 2), rest = little(p + at + 30, 2) + (size_t)little(p + at + 32, 2);

		if (zip.len - at - ENTRY_BYTES < name + rest)
			return fail(err, ERR_INVALID, "%s", broken);
		struct str s = { zip.p + at + ENTRY_BYTES, name };

		if (name > 0 && memchr(s.p, '\0', name) != NULL)
			return fail(err, ERR_INVALID, "The file '%s' in the zip has a NUL in its name", show(s).text);
		at += ENTRY_BYTES + name + rest;
	}
	return 0;
}

/* ---- reading ---- */

static void archive_drop(zip_t **z)
{
	if (*z != NULL)
		zip_discard(*z);
}

static void member_close(zip_file_t **f)
{
	if (*f != NULL)
		(void)zip_fclose(*f);
}

static int archive_open(struct str zip, zip_t **ret, struct error *err)
{
	zip_error_t e;

	zip_error_init(&e);
	zip_source_t *source = zip_source_buffer_create(zip.p, zip.len, 0, &e);

	*ret = source == NULL ? NULL : zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &e);
	if (*ret == NULL) {
		int code = zip_error_code_zip(&e), r;

		if (code == ZIP_ER_NOZIP)
			r = fail(err, ERR_INVALID, "This file is not a zip. Choose the addon's .zip as you got it");
		else if (code == ZIP_ER_EXISTS)
			r = fail(err, ERR_INVALID, "A name stands in the zip twice");
		else
			r = fail(err, ERR_INVALID, "This zip is damaged (%s). Download it once more",
				 zip_error_strerror(&e));

		zip_source_free(source);
		zip_error_fini(&e);
		return r;
	}
	zip_error_fini(&e);
	return 0;
}

/* What the entry says of itself. *ret_folder: it is one, and there is nothing to read. */
static int check_entry(zip_t *z, uint64_t index, struct str name, const zip_stat_t *st, bool *ret_folder, struct error *err)
{
	bool folder = str_ends(name, STR("/"));
	uint8_t system = 0;
	uint32_t attributes = 0;
	const char *wrong = archive_name_wrong(folder ? str_cut(name, 0, name.len - 1) : name);

	if (wrong != NULL)
		return fail(err, ERR_INVALID, "The file '%s' in the zip %s", show(name).text, wrong);
	if (zip_file_get_external_attributes(z, index, 0, &system, &attributes) != 0)
		return fail(err, ERR_INVALID, "The file '%s' in the zip has no attributes", show(name).text);
	/* Unix zips keep st_mode in the upper half; others leave it 0. */
	mode_t kind = (mode_t)(attributes >> 16) & S_IFMT;

	if (kind != 0 && kind != (folder ? S_IFDIR : S_IFREG))
		return fail(err, ERR_INVALID, "The file '%s' in the zip is %s; an addon holds only plain files",
			    show(name).text,
			    S_ISLNK(kind)   ? "a link"
			    : S_ISDIR(kind) ? "a folder without / at its end"
					    : "a device or something else");
	if ((st->valid & ZIP_STAT_ENCRYPTION_METHOD) == 0 || st->encryption_method != ZIP_EM_NONE)
		return fail(err, ERR_INVALID, "The file '%s' in the zip is encrypted", show(name).text);
	if ((st->valid & ZIP_STAT_COMP_METHOD) == 0 ||
	    (st->comp_method != ZIP_CM_STORE && st->comp_method != ZIP_CM_DEFLATE))
		return fail(err, ERR_INVALID,
			    "The file '%s' in the zip is compressed by method %u; only deflate is understood",
			    show(name).text, (unsigned)st->comp_method);
	*ret_folder = folder;
	return 0;
}

/* Inflates into e->bytes. *left: bytes that all files together may still have. */
static int read_entry(zip_t *z, uint64_t index, const zip_stat_t *st, struct archive_entry *e, size_t *left,
		      struct error *err)
{
	SCOPED(member_close) zip_file_t *f = zip_fopen_index(z, index, ZIP_FL_UNCHANGED);
	char chunk[CHUNK];
	/* A false packed size does no harm: the sum of all files has its own limit. */
	uint64_t packed = (st->valid & ZIP_STAT_COMP_SIZE) != 0 ? st->comp_size : 0;

	if (f == NULL)
		return fail(err, ERR_INVALID, "The file '%s' in the zip cannot be read (%s)", show(e->name).text,
			    zip_strerror(z));
	e->bytes.max = LIMIT_ADDON_UNPACKED + 1;
	for (;;) {
		int64_t n = zip_fread(f, chunk, sizeof(chunk));

		if (n < 0)
			return fail(err, ERR_INVALID, "The file '%s' in the zip is damaged (%s)", show(e->name).text,
				    zip_file_strerror(f));
		if (n == 0)
			return 0;
		if ((uint64_t)n > *left)
			return fail(err, ERR_LIMIT, "The zip unpacks to more than %d MiB",
				    LIMIT_ADDON_UNPACKED / 1024 / 1024);
		*left -= (size_t)n;
		buf_add(&e->bytes, (struct str){ chunk, (size_t)n });
		if (e->bytes.failed)
			return fail(err, ERR_NOMEM, "no memory to unpack the addon");
		if (e->bytes.len > RATIO_FREE && e->bytes.len / LIMIT_ADDON_RATIO > packed)
			return fail(err, ERR_LIMIT,
				    "The file '%s' in the zip is packed more than %d times smaller than it is:"
				    " this looks like a zip bomb",
				    show(e->name).text, LIMIT_ADDON_RATIO);
	}
}

static int read_all(zip_t *z, size_t count, struct arena *names, struct archive_entry *entries, size_t *ret_count,
		    struct error *err)
{
	size_t left = LIMIT_ADDON_UNPACKED;
	int r;

	for (size_t k = 0; k < count; k++) {
		const char *raw = zip_get_name(z, k, ZIP_FL_ENC_RAW);
		struct archive_entry *e = &entries[*ret_count];
		struct str name = str_of(raw != NULL ? raw : "");
		zip_stat_t st;
		bool folder = false;

		if (zip_stat_index(z, k, 0, &st) != 0)
			return fail(err, ERR_INVALID, "The file '%s' in the zip cannot be looked at", show(name).text);
		if ((r = check_entry(z, k, name, &st, &folder, err)) < 0)
			return r;
		if (folder)
			continue;
		for (size_t m = 0; m < *ret_count; m++)
			if (str_eq_nocase(entries[m].name, name))
				return fail(err, ERR_INVALID, "The name '%s' stands in the zip twice%s", show(name).text,
					    str_eq(entries[m].name, name) ? "" : ", once in other letters");
		e->name = arena_copy(names, name);
		++*ret_count;
		if ((r = read_entry(z, k, &st, e, &left, err)) < 0)
			return r;
	}
	return arena_failed(names) ? fail(err, ERR_NOMEM, "no memory to unpack the addon") : 0;
}

int archive_read(struct str zip, struct arena *names, struct archive_entry **ret, size_t *ret_count, struct error *err)
{
	SCOPED(archive_drop) zip_t *z = NULL;
	int r;

	*ret = NULL;
	*ret_count = 0;
	if (zip.len == 0)
		return fail(err, ERR_INVALID, "The file is empty. Choose the addon's .zip");
	if (zip.len > LIMIT_ADDON_ZIP)
		return fail(err, ERR_LIMIT, "The zip has more than %d MiB", LIMIT_ADDON_ZIP / 1024 / 1024);
	if ((r = archive_open(zip, &z, err)) < 0)
		return r;
	int64_t count = zip_get_num_entries(z, ZIP_FL_UNCHANGED);

	if (count <= 0)
		return fail(err, ERR_INVALID, "The zip is empty");
	if (count > LIMIT_ADDON_FILES)
		return fail(err, ERR_LIMIT, "The zip holds %lld files; an addon has at most %d", (long long)count,
			    LIMIT_ADDON_FILES);
	if ((r = check_raw_names(zip, (size_t)count, err)) < 0)
		return r;
	*ret = arena_alloc(names, (size_t)count * sizeof(**ret));
	if (*ret == NULL)
		return fail(err, ERR_NOMEM, "no memory to unpack the addon");
	return read_all(z, (size_t)count, names, *ret, ret_count, err);
}

/* ---- writing ---- */

static int add_entry(zip_t *z, const struct archive_entry *e, struct error *err)
{
	struct str bytes = buf_str(&e->bytes);
	zip_source_t *source = zip_source_buffer(z, bytes.p, bytes.len, 0);
	int64_t index = source == NULL ? -1 : zip_file_add(z, e->name.p, source, 0);

	if (index < 0) {
		zip_source_free(source);
		return fail(err, ERR_BROKEN, "%.*s cannot be added to the zip: %s", STR_ARG(e->name), zip_strerror(z));
	}
	if (zip_set_file_compression(z, (uint64_t)index, ZIP_CM_DEFLATE, 9) != 0 ||
	    zip_file_set_dostime(z, (uint64_t)index, DOS_TIME, DOS_DATE, 0) != 0 ||
	    zip_file_set_external_attributes(z, (uint64_t)index, 0, ZIP_OPSYS_UNIX, (uint32_t)(S_IFREG | 0644) << 16) != 0)
		return fail(err, ERR_BROKEN, "%.*s cannot be added to the zip: %s", STR_ARG(e->name), zip_strerror(z));
	return 0;
}

static int copy_out(zip_source_t *source, struct buf *ret, struct error *err)
{
	char chunk[CHUNK];
	int64_t n = zip_source_open(source);

	while (n >= 0 && (n = zip_source_read(source, chunk, sizeof(chunk))) > 0)
		buf_add(ret, (struct str){ chunk, (size_t)n });
	(void)zip_source_close(source);
	if (n < 0 || ret->failed)
		return fail(err, ret->failed ? ERR_LIMIT : ERR_BROKEN, "the finished zip %s",
			    ret->failed ? "is too large" : "cannot be read back");
	return 0;
}

int archive_write(const struct archive_entry *entries, size_t count, struct buf *ret, struct error *err)
{
	zip_error_t e;
	int r = 0;

	zip_error_init(&e);
	zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &e);
	zip_t *z = source == NULL ? NULL : zip_open_from_source(source, ZIP_TRUNCATE, &e);

	if (z == NULL) {
		zip_source_free(source);
		zip_error_fini(&e);
		return fail(err, ERR_BROKEN, "no zip can be made");
	}
	zip_error_fini(&e);
	zip_source_keep(source);	/* zip_close gives its reference back; the bytes are read afterwards */
	for (size_t k = 0; k < count && r == 0; k++)
		r = add_entry(z, &entries[k], err);
	if (r < 0)
		zip_discard(z);
	else if (zip_close(z) != 0) {
		r = fail(err, ERR_BROKEN, "the zip cannot be finished: %s", zip_strerror(z));
		zip_discard(z);
	} else
		r = copy_out(source, ret, err);
	zip_source_free(source);
	return r;
}
