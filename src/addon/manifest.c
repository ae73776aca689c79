/* Reads addon.json. Whether the package's files are those that it names is package.c. */
#include "addon/manifest.h"

#include <string.h>

#include "addon/archive.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/limit.h"
#include "channel/channel.h"

#define json_bool json_c_bool	/* json-c's type for truth has the name of our writer's function */
#include <json-c/json.h>
#undef json_bool

enum { DESCRIPTION_MAX_BYTES = 1000, MIGRATIONS_MAX = 100 };

static const char *const known_members[] = { "abi", "slug", "name", "version", "description", "channel", "library",
					     "migrations", "files" };

/* Comes first: all other rules belong to this ABI. */
static int check_abi(const struct json_object *o, struct error *err)
{
	const struct json_object *abi = json_get_object(o, "abi");
	int64_t major, minor;

	if (abi == NULL || !json_get_i64(abi, "major", &major) || !json_get_i64(abi, "minor", &minor) ||
	    major < 0 || minor < 0)
		return fail(err, ERR_INVALID, "addon.json: \"abi\" must be {\"major\": number, \"minor\": number}");
	if (major > TRIXY_ABI_MAJOR || (major == TRIXY_ABI_MAJOR && minor > TRIXY_ABI_MINOR))
		return fail(err, ERR_INVALID,
			    "The addon needs ABI %lld.%lld, this server has %u.%u: update MailTrixy",
			    (long long)major, (long long)minor, TRIXY_ABI_MAJOR, TRIXY_ABI_MINOR);
	if (major < TRIXY_ABI_MAJOR)
		return fail(
			err, ERR_INVALID,
			"The addon was made for the older ABI %lld.%lld, this server has %u.%u: ask its maker for"
			" a newer version",
			(long long)major, (long long)minor, TRIXY_ABI_MAJOR, TRIXY_ABI_MINOR);
	return 0;
}

static int check_members(const struct json_object *o, struct error *err)
{
	struct json_object_iterator i = json_object_iter_begin((struct json_object *)(uintptr_t)o);
	struct json_object_iterator end = json_object_iter_end(o);

	for (; !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
		const char *name = json_object_iter_peek_name(&i);
		bool known = false;

		for (size_t k = 0; k < sizeof(known_members) / sizeof(known_members[0]); k++)
			known = known || str_eq_c(str_of(name), known_members[k]);
		if (!known)
			return fail(err, ERR_INVALID,
				    "addon.json has a member '%.40s' that ABI %u.%u does not know", name,
				    TRIXY_ABI_MAJOR, TRIXY_ABI_MINOR);
	}
	return 0;
}

static int get_text(const struct json_object *o, const char *key, size_t max, struct arena *arena, struct str *ret,
		    struct error *err)
{
	struct str s = json_get_str(o, key);

	if (s.p == NULL || s.len == 0)
		return fail(err, ERR_INVALID, "addon.json: \"%s\" is missing or no text", key);
	if (s.len > max)
		return fail(err, ERR_INVALID, "addon.json: \"%s\" has more than %zu bytes", key, max);
	*ret = arena_copy(arena, s);
	return 0;
}

static int read_texts(const struct json_object *o, struct arena *arena, struct manifest *m, struct error *err)
{
	int r;

	if ((r = get_text(o, "slug", LIMIT_NAME, arena, &m->slug, err)) < 0 ||
	    (r = get_text(o, "name", LIMIT_NAME, arena, &m->name, err)) < 0 ||
	    (r = get_text(o, "version", LIMIT_NAME, arena, &m->version, err)) < 0 ||
	    (r = get_text(o, "description", DESCRIPTION_MAX_BYTES, arena, &m->description, err)) < 0 ||
	    (r = get_text(o, "channel", LIMIT_NAME, arena, &m->channel, err)) < 0)
		return r;
	if (!channel_slug_valid(m->slug))
		return fail(
			err, ERR_INVALID,
			"addon.json: \"slug\" must be lower-case letters, digits and '-', beginning with a letter,"
			" 2 to 32 characters");
	if (!channel_slug_valid(m->channel))
		return fail(err, ERR_INVALID,
			    "addon.json: \"channel\" must be lower-case letters, digits and '-', beginning with a"
			    " letter, 2 to 32 characters");
	if (channel_is_core(m->channel))
		return fail(err, ERR_INVALID,
			    "The addon wants to be the channel '%.*s', which is part of MailTrixy",
			    STR_ARG(m->channel));
	if (!version_valid(m->version))
		return fail(err, ERR_INVALID, "addon.json: \"version\" must be like 1.0.0 (Semantic Versioning)");
	return 0;
}

static int read_library(const struct json_object *o, struct arena *arena, struct manifest *m, struct error *err)
{
	const struct json_object *library = json_get_object(o, "library");

	if (library == NULL)
		return fail(err, ERR_INVALID, "addon.json: \"library\" must be an object: the file of each platform");
	struct str name = json_get_str(library, machine_name());

	if (name.p == NULL)
		return fail(err, ERR_INVALID, "The addon has no library for this machine (%s)", machine_name());
	if (archive_name_wrong(name) != NULL)
		return fail(err, ERR_INVALID, "addon.json: the library for %s %s", machine_name(),
			    archive_name_wrong(name));
	m->library = arena_copy(arena, name);
	return 0;
}

static int read_migrations(const struct json_object *o, struct arena *arena, struct manifest *m, struct error *err)
{
	const struct json_object *list = json_get_array(o, "migrations");

	if (list == NULL || json_len(list) > MIGRATIONS_MAX)
		return fail(err, ERR_INVALID, "addon.json: \"migrations\" must be a list of up to %d files",
			    MIGRATIONS_MAX);
	m->migration_count = json_len(list);
	m->migrations = arena_alloc(arena, m->migration_count * sizeof(m->migrations[0]));
	for (size_t k = 0; m->migrations != NULL && k < m->migration_count; k++) {
		struct str name = json_text(json_at(list, k));
		const char *wrong = archive_name_wrong(name);

		if (wrong != NULL)
			return fail(err, ERR_INVALID, "addon.json: entry %zu of \"migrations\" %s", k + 1, wrong);
		for (size_t n = 0; n < k; n++)
			if (str_eq(m->migrations[n], name))
				return fail(err, ERR_INVALID, "addon.json: \"migrations\" names %.*s twice", STR_ARG(name));
		m->migrations[k] = arena_copy(arena, name);
	}
	return 0;
}

static int read_files(const struct json_object *o, bool packed, struct arena *arena, struct manifest *m, struct error *err)
{
	struct json_object *files = json_get_object(o, "files");

	if (!packed)
		return 0;	/* left over from an earlier packing, if it is there */
	if (files == NULL)
		return fail(err, ERR_INVALID,
			    "addon.json: \"files\", the hashes of the other files, is missing. Make the zip with"
			    " 'mailtrixy addon pack'");
	m->files = arena_alloc(arena, (size_t)json_object_object_length(files) * sizeof(m->files[0]));
	struct json_object_iterator i = json_object_iter_begin(files), end = json_object_iter_end(files);

	for (; m->files != NULL && !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
		struct str name = str_of(json_object_iter_peek_name(&i)), hash = json_text(json_object_iter_peek_value(&i));
		unsigned char bytes[SHA256_BYTES];

		if (archive_name_wrong(name) != NULL || m->file_count >= LIMIT_ADDON_FILES)
			return fail(err, ERR_INVALID, "addon.json: a file in \"files\" %s",
				    archive_name_wrong(name) != NULL ? archive_name_wrong(name)
								     : "is one too many");
		if (!crypto_unhex(hash, bytes, sizeof(bytes)))
			return fail(err, ERR_INVALID,
				    "addon.json: the hash of %.*s is not 64 lower-case hex digits", STR_ARG(name));
		m->files[m->file_count++] = (struct manifest_file){ arena_copy(arena, name), arena_copy(arena, hash) };
	}
	return 0;
}

int manifest_read(struct str json, bool packed, struct arena *arena, struct manifest *ret, struct error *err)
{
	SCOPED(json_free) struct json_object *o = NULL;
	struct manifest m = { 0 };
	int r;

	if (json.len > LIMIT_ADDON_MANIFEST)
		return fail(err, ERR_LIMIT, "addon.json has more than %d KiB", LIMIT_ADDON_MANIFEST / 1024);
	if (json_parse(json, &o, err) < 0)
		return fail_in(err, "addon.json");
	if (!json_object_is_type(o, json_type_object))
		return fail(err, ERR_INVALID, "addon.json is not a JSON object");
	if ((r = check_abi(o, err)) < 0 || (r = check_members(o, err)) < 0 || (r = read_texts(o, arena, &m, err)) < 0 ||
	    (r = read_library(o, arena, &m, err)) < 0 || (r = read_migrations(o, arena, &m, err)) < 0 ||
	    (r = read_files(o, packed, arena, &m, err)) < 0)
		return r;
	if (arena_failed(arena))
		return fail(err, ERR_NOMEM, "no memory to read addon.json");
	*ret = m;
	return 0;
}

int manifest_with_files(struct str json, const struct manifest_file *files, size_t count, struct buf *ret,
			struct error *err)
{
	SCOPED(json_free) struct json_object *o = NULL;
	struct json_object *list = json_object_new_object();
	int r;

	if (list == NULL)
		return fail(err, ERR_NOMEM, "no memory to pack");
	if ((r = json_parse(json, &o, err)) < 0) {
		(void)json_object_put(list);
		return r;
	}
	for (size_t k = 0; k < count; k++)
		(void)json_object_object_add(list, files[k].name.p, json_object_new_string_len(files[k].sha256.p,
											     (int)files[k].sha256.len));
	(void)json_object_object_add(o, "files", list);
	buf_add_c(ret, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_PRETTY_TAB |
						      JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE));
	buf_add_char(ret, '\n');
	return ret->failed ? fail(err, ERR_NOMEM, "no memory to pack") : 0;
}
