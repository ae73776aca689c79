/* Addons from the zip to the working channel: what is bad is refused in words and leaves nothing, what is good survives kills,
 * failing statements and other processes. */
#include "check.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "addon/addon.h"
#include "addon/manifest.h"
#include "addon_zip.h"
#include "base/clock.h"
#include "base/limit.h"
#include "base/log.h"
#include "folder.h"
#include "inbox/directory.h"
#include "store/account_fields.h"
#include "store/addon.h"
#include "store/engine.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- a house for one test ---- */

struct house {
	struct folder folder;
	struct config config;
	struct instance i;
	struct arena arena;
	struct error err;
};

static void open_instance(struct house *h)
{
	struct store_options options = { .database = STR(""), .data_dir = h->config.data };

	h->i = (struct instance){ .config = &h->config };
	check_ok(channels_new(&h->i.channels, &h->err), &h->err);
	check_ok(directory_new(&h->i.directory, &h->err), &h->err);
	check_ok(store_open(&options, &h->i.store, &h->err), &h->err);
	check_ok(addon_load_active(&h->i, &h->err), &h->err);
}

static void close_instance(struct house *h)
{
	store_close(h->i.store);
	directory_free(h->i.directory);
	channels_free(h->i.channels);
}

static struct house *house_new(void)
{
	struct house *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	h->arena.max = (size_t)512 * 1024 * 1024;
	h->config.data = folder_new(&h->folder);
	open_instance(h);
	return h;
}

static void house_done(struct house **h)
{
	engine_fault = NULL;
	close_instance(*h);
	folder_done(&(*h)->folder);
	arena_done(&(*h)->arena);
	free(*h);
}
#define HOUSE SCOPED(house_done) struct house *h = house_new()

static void restart(struct house *h)
{
	close_instance(h);
	open_instance(h);
}

static struct str data_path(struct house *h, const char *rest)
{
	return arena_printf(&h->arena, "%.*s/%s", STR_ARG(h->config.data), rest);
}

static struct str slurp(struct house *h, const char *path)
{
	SCOPED(buf_done) struct buf b = { 0 };
	FILE *f = fopen(path, "rb");
	char chunk[65536];
	size_t n;

	if (f == NULL)
		check_failed("%s cannot be read", path);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&b, (struct str){ chunk, n });
	(void)fclose(f);
	return arena_copy(&h->arena, buf_str(&b));
}

static void spit(const char *path, struct str bytes)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.len, f), bytes.len);
	assert_int_equal(fclose(f), 0);
}

/* Entries of DATA/addons. */
static size_t folders(struct house *h)
{
	DIR *d = opendir(data_path(h, "addons").p);
	const struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	(void)closedir(d);
	return n;
}

static struct addon get(struct house *h, const char *slug)
{
	struct addon a = { 0 };
	struct db *reader;

	check_ok(store_reader_new(h->i.store, &reader, &h->err), &h->err);
	check_ok(addon_get(reader, str_of(slug), &h->arena, &a, &h->err), &h->err);
	store_reader_free(reader);
	return a;
}

static size_t installed(struct house *h)
{
	struct addon *list;
	struct db *reader;
	size_t count;

	check_ok(store_reader_new(h->i.store, &reader, &h->err), &h->err);
	check_ok(addon_list(reader, &h->arena, &list, &count, &h->err), &h->err);
	store_reader_free(reader);
	return count;
}

static bool active_here(struct house *h, const char *channel)
{
	return channels_find(h->i.channels, str_of(channel)) != NULL;
}

static bool has_table(struct house *h, const char *table, const char *column)
{
	struct account_column c = { .name = str_of(column), .max_bytes = 10, .comment = STR("") };
	struct db *reader;

	check_ok(store_reader_new(h->i.store, &reader, &h->err), &h->err);
	int r = store_account_table_has(reader, str_of(table), &c, 1, &h->err);

	store_reader_free(reader);
	return r > 0;
}

static bool recorded(struct house *h, const char *slug, int64_t number)
{
	struct db *reader;
	struct str digest;

	check_ok(store_reader_new(h->i.store, &reader, &h->err), &h->err);
	int r = store_addon_migration_get(reader, str_of(slug), number, &h->arena, &digest, &h->err);

	store_reader_free(reader);
	assert_true(r >= 0);
	return r > 0;
}

static bool widened(struct house *h)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	struct db *reader;

	check_ok(store_reader_new(h->i.store, &reader, &h->err), &h->err);
	check_ok(db_prepare(reader, &st, "SELECT instr(sql, 'whatsapp') FROM sqlite_master WHERE name = 'conversations'", &h->err), &h->err);
	check_is(stmt_step(&st, &h->err), 1, &h->err);
	bool wide = next_i64(&st) == 0;

	stmt_done(&st);
	store_reader_free(reader);
	return wide;
}

/* ---- packages ---- */

#define MANIFEST(version, migrations) "{\"abi\":{\"major\":1,\"minor\":0},\"slug\":\"sample\",\"name\":\"Sample\",\"version\":\"" version \
	"\",\"description\":\"A sample.\",\"channel\":\"sample\",\"library\":{\"linux-x86_64\":\"sample.so\",\"linux-aarch64\":\"sample.so\"}," \
	"\"migrations\":[" migrations "]}"
#define BOTH "\"migrations/001.json\",\"migrations/002.json\""
#define TABLE_STEP "{\"create_account_table\":{\"table\":\"sample_accounts\",\"columns\":[{\"name\":\"user_id\",\"type\":\"text\"," \
	"\"max_bytes\":64,\"comment\":\"who\"},{\"name\":\"app_secret\",\"type\":\"secret\",\"max_bytes\":255,\"comment\":\"key\"}]}}"
#define FIRST "{\"id\":1,\"description\":\"table\",\"steps\":[" TABLE_STEP "]}"
#define SECOND "{\"id\":2,\"description\":\"wide\",\"steps\":[{\"widen\":\"conversations.channel\"}]}"

static struct str fixture(struct house *h, const char *name)
{
	return slurp(h, arena_printf(&h->arena, "%s/fixture-%s.so", FIXTURES, name).p);
}

static struct member_list good_members(struct house *h)
{
	struct member_list l = { .count = 0 };

	members_put(&l, "addon.json", STR("{}"));
	members_put(&l, "GUIDE.md", STR("# A guide\n"));
	members_put(&l, "sample.so", fixture(h, "v1"));
	members_put(&l, "migrations/001.json", STR(FIRST));
	members_put(&l, "migrations/002.json", STR(SECOND));
	members_rehash(&l, MANIFEST("1.0.0", BOTH), &h->arena);
	return l;
}

static struct str good_zip(struct house *h)
{
	struct member_list l = good_members(h);

	return members_zip(&l, &h->arena);
}

static struct str lib_zip(struct house *h, const char *lib, const char *manifest)
{
	struct member_list l = good_members(h);

	members_put(&l, "sample.so", fixture(h, lib));
	members_rehash(&l, manifest, &h->arena);
	return members_zip(&l, &h->arena);
}

static int install(struct house *h, struct str zip)
{
	struct addon a;

	h->err.text[0] = '\0';
	return addon_install(&h->i, zip, true, &h->arena, &a, &h->err);
}

static int activate(struct house *h, const char *slug)
{
	struct addon a;

	h->err.text[0] = '\0';
	return addon_activate(&h->i, str_of(slug), &h->arena, &a, &h->err);
}

static int deactivate(struct house *h, const char *slug)
{
	struct addon a;

	return addon_deactivate(&h->i, str_of(slug), &h->arena, &a, &h->err);
}

/* Refused with these words, and nothing is left of it. */
static void refused(struct house *h, const char *what, struct str zip, const char *words)
{
	int r = install(h, zip);

	if (r != ERR_INVALID && r != ERR_LIMIT)
		check_failed("%s: %d, %s", what, r, h->err.text);
	if (strstr(h->err.text, words) == NULL)
		check_failed("%s: '%s' does not say '%s'", what, h->err.text, words);
	if (strstr(h->err.text, h->folder.path) != NULL || strlen(h->err.text) >= sizeof(h->err.text) - 1)
		check_failed("%s: the words tell a path, or are cut: %s", what, h->err.text);
	assert_int_equal(installed(h), 0);
	assert_int_equal(folders(h), 0);
}

/* ---- what is bad about zips ---- */

static struct str with(struct house *h, const char *name, struct str bytes)
{
	struct member_list l = good_members(h);

	members_put(&l, name, bytes);
	return members_zip(&l, &h->arena);
}

/* An entry whose name is changed after the zip was made. */
static struct str renamed(struct house *h, const char *from, struct str to)
{
	struct str zip = with(h, from, STR("x"));

	assert_int_equal(zip_patch(zip, str_of(from), to), 2);	/* at the file and in the directory */
	return zip;
}

static void names_are_refused(void **state)
{
	HOUSE;

	(void)state;
	refused(h, "up", with(h, "../evil.txt", STR("x")), "leaves its folder");
	refused(h, "up inside", with(h, "migrations/../../evil.txt", STR("x")), "leaves its folder");
	refused(h, "here", with(h, "./GUIDE.txt", STR("x")), "leaves its folder");
	refused(h, "absolute", with(h, "/etc/evil", STR("x")), "absolute");
	refused(h, "backslash", with(h, "..\\evil", STR("x")), "backslash");
	refused(h, "empty part", with(h, "a//b", STR("x")), "empty part");
	refused(h, "drive", with(h, "C:evil", STR("x")), "character");
	refused(h, "control", with(h, "a\033[2Jb", STR("x")), "character");
	refused(h, "blank", with(h, "a b", STR("x")), "character");
	refused(h, "long", with(h, "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789x", STR("x")), "200");
	refused(h, "NUL", renamed(h, "GUIDEmmd", STR("GUIDE\0md")), "NUL");
	refused(h, "NUL at the end", renamed(h, "GUIDE.mdx", STR("GUIDE.md\0")), "NUL");
	refused(h, "twice", renamed(h, "GUIDE.mx", STR("GUIDE.md")), "twice");
	refused(h, "manifest twice", renamed(h, "addonxjson", STR("addon.json")), "twice");
	refused(h, "twice, other letters", with(h, "guide.MD", STR("x")), "twice, once in other letters");
}

static void kinds_are_refused(void **state)
{
	HOUSE;
	struct member_list l = good_members(h);

	(void)state;
	members_put(&l, "link", STR("/etc/passwd"));
	l.m[l.count - 1].mode = S_IFLNK | 0777;
	refused(h, "link", members_zip(&l, &h->arena), "is a link");
	l.m[l.count - 1].mode = S_IFCHR | 0600;
	refused(h, "device", members_zip(&l, &h->arena), "a device");
	l.m[l.count - 1].mode = S_IFIFO | 0600;
	refused(h, "pipe", members_zip(&l, &h->arena), "a device");
	l.m[l.count - 1].mode = S_IFDIR | 0700;
	refused(h, "folder that is none", members_zip(&l, &h->arena), "folder without /");
	l.m[l.count - 1].mode = 0;
	l.m[l.count - 1].encrypted = true;
	refused(h, "encrypted", members_zip(&l, &h->arena), "encrypted");
	l.m[l.count - 1].encrypted = false;
	l.m[l.count - 1].bzip2 = true;
	l.m[l.count - 1].bytes = (struct str){ l.m[2].bytes.p, 8192 };
	refused(h, "bzip2", members_zip(&l, &h->arena), "method 12");
}

static void not_zips_are_refused(void **state)
{
	HOUSE;
	struct str good = good_zip(h);
	static char much[LIMIT_ADDON_ZIP + 1] = "PK\3\4";
	struct member_list none = { .count = 0 };

	(void)state;
	refused(h, "empty", STR(""), "empty");
	refused(h, "text", STR("hello"), "not a zip");
	refused(h, "half", str_cut(good, 0, good.len / 2), "zip");
	refused(h, "cut short", str_cut(good, 0, good.len - 5), "zip");
	refused(h, "large", (struct str){ much, sizeof(much) }, "32 MiB");
	refused(h, "zip of nothing", (struct str){ "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22 }, "empty");
	refused(h, "not an addon", (members_put(&none, "a.txt", STR("a")), members_zip(&none, &h->arena)), "no addon.json");
	/* Every byte of the directory and the last file may be wrong: it is refused or means the same, and nothing is left. */
	for (size_t at = good.len - 400; at < good.len; at += 3) {
		struct str bad = arena_copy(&h->arena, good);
		int r;

		((char *)(uintptr_t)bad.p)[at] ^= 0x41;
		if ((r = install(h, bad)) == 0)
			check_ok(addon_remove(&h->i, STR("sample"), &h->err), &h->err);
		else
			assert_true(r == ERR_INVALID || r == ERR_LIMIT);
		assert_int_equal(folders(h), 0);
	}
}

static void bombs_are_refused(void **state)
{
	HOUSE;
	size_t mega = (size_t)1024 * 1024, block = 52 * 1024;
	char *zeros = calloc(60, mega);
	struct member_list l = good_members(h);

	(void)state;
	assert_non_null(zeros);
	refused(h, "zeros", with(h, "zeros", (struct str){ zeros, 60 * mega }), "zip bomb");
	/* A size that lies does not help. The directory's is the second; 60 MiB is 0x03c00000. */
	struct str liar = with(h, "zeros", (struct str){ zeros, 60 * mega });

	assert_true(zip_patch(liar, (struct str){ "\0\0\xc0\x03", 4 }, (struct str){ "\x10\0\0\0", 4 }) > 0);
	refused(h, "lying zeros", liar, "");
	/* Under the ratio, over the sum. */
	for (size_t at = 0; at < 17 * mega; at += block)
		crypto_random(zeros + at, 1024);
	for (int k = 0; k < 4; k++)
		members_put(&l, (const char *const[]){ "a", "b", "c", "d" }[k], (struct str){ zeros, 17 * mega });
	refused(h, "too much in all", members_zip(&l, &h->arena), "64 MiB");
	free(zeros);
	/* Small text of one line repeated is fine, as far as the ratio goes. */
	refused(h, "many equal lines", with(h, "lines", (struct str){ calloc(1, 60000), 60000 }), "does not name");
}

static void too_many_files_are_refused(void **state)
{
	HOUSE;
	/* Only the directory counts; 300 entries as raw bytes would be longer than this patch of the count. */
	struct str zip = good_zip(h);
	unsigned char *end = (unsigned char *)(uintptr_t)zip.p + zip.len - 22;

	(void)state;
	assert_memory_equal(end, "PK\5\6", 4);
	end[8] = end[10] = 0x2c;
	end[9] = end[11] = 1;
	refused(h, "count lies", zip, "zip");
}

/* ---- what is bad about what is in them ---- */

static void contents_are_checked(void **state)
{
	HOUSE;
	struct member_list l = good_members(h);

	(void)state;
	refused(h, "stranger", with(h, "more.txt", STR("x")), "'more.txt', which addon.json does not name");
	refused(h, "changed", with(h, "GUIDE.md", STR("# Another\n")), "changed after packing");
	members_drop(&l, "GUIDE.md");
	refused(h, "missing", members_zip(&l, &h->arena), "'GUIDE.md' is missing");
	l = good_members(h);
	members_drop(&l, "migrations/002.json");
	members_rehash(&l, MANIFEST("1.0.0", BOTH), &h->arena);
	refused(h, "migration missing", members_zip(&l, &h->arena), "migrations/002.json' is missing");
	l = good_members(h);
	members_drop(&l, "sample.so");
	members_rehash(&l, MANIFEST("1.0.0", BOTH), &h->arena);
	refused(h, "library missing", members_zip(&l, &h->arena), "'sample.so' for this machine is missing");
	l = good_members(h);
	members_put(&l, "sample.so", STR("#!/bin/sh\n"));
	members_rehash(&l, MANIFEST("1.0.0", BOTH), &h->arena);
	refused(h, "no library", members_zip(&l, &h->arena), "no shared library");
	struct str foreign = arena_copy(&h->arena, fixture(h, "v1"));

	((char *)(uintptr_t)foreign.p)[18] = 8;	/* e_machine: MIPS */
	members_put(&l, "sample.so", foreign);
	members_rehash(&l, MANIFEST("1.0.0", BOTH), &h->arena);
	refused(h, "other machine", members_zip(&l, &h->arena), "another kind of machine");
}

/* The good manifest with one text replaced. */
static const char *changed(struct house *h, const char *from, const char *to)
{
	const char *good = MANIFEST("1.0.0", BOTH), *at = strstr(good, from);

	if (at == NULL)
		check_failed("the manifest has no %s", from);
	return arena_printf(&h->arena, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from)).p;
}

static void manifests_are_checked(void **state)
{
	static const struct { const char *from, *to, *words; } v[] = {
		{ "\"major\":1", "\"major\":2", "needs ABI 2.0, this server has 1.0: update MailTrixy" },
		{ "\"minor\":0", "\"minor\":7", "needs ABI 1.7, this server has 1.0" },
		{ "\"major\":1", "\"major\":0", "older ABI 0.0" },
		{ "\"major\":1", "\"major\":\"1\"", "\"abi\" must be" },
		{ "\"major\":1,\"minor\":0", "", "\"abi\" must be" },
		{ "\"slug\":\"sample\",", "", "\"slug\" is missing" },
		{ "\"slug\":\"sample\"", "\"slug\":\"Sample\"", "\"slug\" must be" },
		{ "\"slug\":\"sample\"", "\"slug\":\"s\"", "\"slug\" must be" },
		{ "\"slug\":\"sample\"", "\"slug\":\"a23456789012345678901234567890123\"", "\"slug\" must be" },
		{ "\"slug\":\"sample\"", "\"slug\":\"../x\"", "\"slug\" must be" },
		{ "\"slug\":\"sample\"", "\"slug\":7", "\"slug\" is missing or no text" },
		{ "\"name\":\"Sample\"", "\"name\":\"\"", "\"name\" is missing" },
		{ "1.0.0", "1.0", "\"version\" must be" }, { "1.0.0", "01.0.0", "\"version\" must be" },
		{ "1.0.0", "v1.0.0", "\"version\" must be" }, { "1.0.0", "1.0.0-", "\"version\" must be" },
		{ "\"description\":\"A sample.\",", "", "\"description\" is missing" },
		{ "\"channel\":\"sample\"", "\"channel\":\"email\"", "'email', which is part of MailTrixy" },
		{ "\"channel\":\"sample\"", "\"channel\":\"whatsapp\"", "part of MailTrixy" },
		{ "\"channel\":\"sample\"", "\"channel\":\"a_b\"", "\"channel\" must be" },
		{ "\"linux-x86_64\":\"sample.so\",\"linux-aarch64\":\"sample.so\"", "\"plan9-mips\":\"sample.so\"", "no library for this machine (linux-" },
		{ "\"library\":{", "\"library\":[{", "addon.json: not JSON" },
		{ "\"migrations\":[", "\"migration\":[", "member 'migration'" },
		{ "\"migrations/002.json\"", "\"../002.json\"", "entry 2 of \"migrations\"" },
		{ "\"migrations/002.json\"", "7", "entry 2 of \"migrations\"" },
		{ "\"migrations/002.json\"", "\"migrations/001.json\"", "twice" },
		{ "\"slug\"", "\"author\":\"x\",\"slug\"", "member 'author' that ABI 1.0 does not know" },
		{ "\"name\":\"Sample\"", "\"name\":\"\\u0000\"", "addon.json: not JSON" },
	};
	HOUSE;
	struct member_list l = good_members(h);

	(void)state;
	for (size_t k = 0; k < COUNT(v); k++) {
		l = good_members(h);
		members_rehash(&l, changed(h, v[k].from, v[k].to), &h->arena);
		refused(h, v[k].to, members_zip(&l, &h->arena), v[k].words);
	}
	members_put(&l, "addon.json", STR("{"));
	refused(h, "not JSON", members_zip(&l, &h->arena), "not JSON");
	members_put(&l, "addon.json", STR("[]"));
	refused(h, "no object", members_zip(&l, &h->arena), "no");
	members_put(&l, "addon.json", STR(MANIFEST("1.0.0", BOTH)));
	refused(h, "not packed", members_zip(&l, &h->arena), "mailtrixy addon pack");
	members_put(&l, "addon.json", (struct str){ memset(arena_alloc(&h->arena, LIMIT_ADDON_MANIFEST + 1), ' ', LIMIT_ADDON_MANIFEST + 1),
						    LIMIT_ADDON_MANIFEST + 1 });
	l.m[0].stored = true;
	refused(h, "huge manifest", members_zip(&l, &h->arena), "256 KiB");
}

/* semver.org, section 11, in rising order. */
static void versions_compare(void **state)
{
	static const char *const rising[] = { "0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
		"1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0", "10.0.0" };
	static const char *const bad[] = { "", "1", "1.2", "1.2.3.4", "a.b.c", "1.2.3-", "1.2.3+", "1.2.3-01", "1.2.3-a..b", "1.2.03", " 1.2.3",
		"1.2.3 ", "1.2.3-\xc3\xa9", "-1.2.3", "1.2.1234567890" };

	(void)state;
	for (size_t a = 0; a < COUNT(rising); a++) {
		assert_true(version_valid(str_of(rising[a])));
		for (size_t b = 0; b < COUNT(rising); b++)
			assert_int_equal(version_compare(str_of(rising[a]), str_of(rising[b])), (a > b) - (a < b));
	}
	assert_int_equal(version_compare(STR("1.0.0+one"), STR("1.0.0+two")), 0);
	assert_true(version_valid(STR("1.0.0-a.b-1+x.01")));
	for (size_t k = 0; k < COUNT(bad); k++)
		assert_false(version_valid(str_of(bad[k])));
}

/* ---- who signed ---- */

static void signatures_count(void **state)
{
	HOUSE;
	struct member_list l = good_members(h);
	unsigned char public_key[SIGN_PUBLIC_BYTES], secret[SIGN_SECRET_BYTES];
	struct str keys = data_path(h, "trusted-keys"), file = data_path(h, "trusted-keys/acme.pub");
	struct addon a;

	(void)state;
	check_is(addon_install(&h->i, members_zip(&l, &h->arena), false, &h->arena, &a, &h->err), ERR_DENIED, &h->err);
	assert_non_null(strstr(h->err.text, "not signed"));
	assert_non_null(strstr(h->err.text, "trust who made it."));	/* the warning is not cut */
	sign_key_new(public_key, secret);
	members_sign(&l, secret, &h->arena);
	struct str zip = members_zip(&l, &h->arena);

	check_is(addon_install(&h->i, zip, false, &h->arena, &a, &h->err), ERR_DENIED, &h->err);
	assert_non_null(strstr(h->err.text, "not trusted here"));
	assert_non_null(strstr(h->err.text, "trust who made it."));
	assert_int_equal(folders(h), 0);
	assert_int_equal(mkdir(keys.p, 0700), 0);
	spit(data_path(h, "trusted-keys/broken.pub").p, STR("not hex"));
	spit(data_path(h, "trusted-keys/readme.txt").p, crypto_hex(&h->arena, public_key, sizeof(public_key)));
	check_is(addon_install(&h->i, zip, false, &h->arena, &a, &h->err), ERR_DENIED, &h->err);
	spit(file.p, arena_printf(&h->arena, "%.*s\n", STR_ARG(crypto_hex(&h->arena, public_key, sizeof(public_key)))));
	check_ok(addon_install(&h->i, zip, false, &h->arena, &a, &h->err), &h->err);
	check_str(a.signed_by, "acme");
	check_str(get(h, "sample").signed_by, "acme");
	check_ok(addon_remove(&h->i, STR("sample"), &h->err), &h->err);
	/* A signature that does not fit is refused even when an admin confirms. */
	struct str sig = members_get(&l, "addon.sig");

	members_rehash(&l, changed(h, "A sample.", "A trap."), &h->arena);
	refused(h, "changed manifest", members_zip(&l, &h->arena), "changed after it was signed");
	l = good_members(h);
	members_put(&l, "addon.sig", STR("{\"key\":\"00\",\"signature\":\"\"}"));
	refused(h, "broken signature", members_zip(&l, &h->arena), "addon.sig is broken");
	members_put(&l, "addon.sig", str_cut(sig, 0, sig.len - 3));
	refused(h, "half a signature", members_zip(&l, &h->arena), "addon.sig is broken");
}

/* ---- a life ---- */

static void installs_once(void **state)
{
	HOUSE;
	struct str zip = good_zip(h);
	struct addon a, b;
	struct stat st;

	(void)state;
	check_ok(addon_install(&h->i, zip, true, &h->arena, &a, &h->err), &h->err);
	assert_int_equal(a.status, ADDON_INSTALLED);
	check_str(a.slug, "sample");
	assert_null(a.signed_by.p);
	assert_int_equal(folders(h), 1);
	struct str folder = arena_printf(&h->arena, "%s/addons/%.*s", h->folder.path, STR_ARG(a.package_hash));
	struct str library = arena_printf(&h->arena, "%.*s/sample.so", STR_ARG(folder));

	assert_int_equal(stat(folder.p, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_true(str_eq(slurp(h, library.p), fixture(h, "v1")));
	assert_false(active_here(h, "sample"));
	check_ok(addon_install(&h->i, zip, true, &h->arena, &b, &h->err), &h->err);
	assert_int_equal(a.installed_at, b.installed_at);
	/* Uploading it again mends what somebody broke on the disk. */
	spit(library.p, STR("broken"));
	check_ok(addon_install(&h->i, zip, true, &h->arena, &b, &h->err), &h->err);
	assert_true(str_eq(slurp(h, library.p), fixture(h, "v1")));
	assert_int_equal(folders(h), 1);
	check_ok(addon_remove(&h->i, STR("sample"), &h->err), &h->err);
	assert_int_equal(folders(h), 0);
	check_is(addon_remove(&h->i, STR("sample"), &h->err), ERR_NOTFOUND, &h->err);
	check_is(activate(h, "sample"), ERR_NOTFOUND, &h->err);
}

static void activates_and_goes(void **state)
{
	HOUSE;

	(void)state;
	assert_false(widened(h));
	check_ok(install(h, good_zip(h)), &h->err);
	check_ok(activate(h, "sample"), &h->err);
	assert_true(active_here(h, "sample"));
	assert_int_equal(get(h, "sample").status, ADDON_ACTIVE);
	assert_true(has_table(h, "sample_accounts", "app_secret") && recorded(h, "sample", 1) && recorded(h, "sample", 2) && widened(h));
	check_ok(activate(h, "sample"), &h->err);
	check_is(addon_remove(&h->i, STR("sample"), &h->err), ERR_STATE, &h->err);
	assert_non_null(strstr(h->err.text, "Deactivate"));
	restart(h);
	assert_true(active_here(h, "sample"));
	check_ok(deactivate(h, "sample"), &h->err);
	check_ok(deactivate(h, "sample"), &h->err);
	assert_false(active_here(h, "sample"));
	assert_int_equal(get(h, "sample").status, ADDON_INACTIVE);
	assert_true(has_table(h, "sample_accounts", "app_secret"));
	restart(h);
	assert_false(active_here(h, "sample"));
	check_ok(activate(h, "sample"), &h->err);
	check_ok(deactivate(h, "sample"), &h->err);
	check_ok(addon_remove(&h->i, STR("sample"), &h->err), &h->err);
	assert_true(has_table(h, "sample_accounts", "app_secret") && recorded(h, "sample", 2));	/* the data stays */
	check_ok(install(h, good_zip(h)), &h->err);
	check_ok(activate(h, "sample"), &h->err);
}

static void only_newer_versions_take_the_place(void **state)
{
	HOUSE;
	struct member_list l = good_members(h);

	(void)state;
	check_ok(install(h, lib_zip(h, "v1-0-1", MANIFEST("1.0.1", BOTH))), &h->err);
	check_is(install(h, good_zip(h)), ERR_STATE, &h->err);
	assert_non_null(strstr(h->err.text, "1.0.0 is older than the installed 1.0.1"));
	members_put(&l, "GUIDE.md", STR("another guide"));
	members_put(&l, "sample.so", fixture(h, "v1-0-1"));
	members_rehash(&l, MANIFEST("1.0.1", BOTH), &h->arena);
	struct str other = members_zip(&l, &h->arena);

	check_ok(install(h, other), &h->err);	/* while it is off, the same version may be replaced */
	assert_int_equal(folders(h), 1);
	check_ok(activate(h, "sample"), &h->err);
	check_ok(install(h, other), &h->err);	/* the very same package */
	assert_int_equal(get(h, "sample").status, ADDON_ACTIVE);
	check_is(install(h, lib_zip(h, "v1-0-1", MANIFEST("1.0.1", BOTH))), ERR_STATE, &h->err);
	assert_non_null(strstr(h->err.text, "active with other content"));
	assert_int_equal(folders(h), 1);
	assert_true(active_here(h, "sample"));
	/* Removed, the older one installs; but its database has seen a newer migration. */
	check_ok(deactivate(h, "sample"), &h->err);
	check_ok(addon_remove(&h->i, STR("sample"), &h->err), &h->err);
	check_ok(install(h, lib_zip(h, "v1", MANIFEST("1.0.0", "\"migrations/001.json\""))), &h->err);
	check_is(activate(h, "sample"), ERR_STATE, &h->err);
	assert_non_null(strstr(h->err.text, "A newer version of this addon was active here"));
}

#define THIRD "{\"id\":3,\"description\":\"more\",\"steps\":[{\"add_columns\":{\"table\":\"sample_accounts\",\"columns\":" \
	"[{\"name\":\"note\",\"type\":\"text\",\"max_bytes\":9,\"comment\":\"\"}]}}]}"

static struct str upgrade_zip(struct house *h, const char *third, const char *lib)
{
	struct member_list l = good_members(h);

	members_put(&l, "migrations/003.json", str_of(third));
	members_put(&l, "sample.so", fixture(h, lib));
	members_rehash(&l, MANIFEST("1.0.1", BOTH ",\"migrations/003.json\""), &h->arena);
	return members_zip(&l, &h->arena);
}

static void an_active_addon_is_upgraded(void **state)
{
	HOUSE;

	(void)state;
	check_ok(install(h, good_zip(h)), &h->err);
	check_ok(activate(h, "sample"), &h->err);
	const struct trixy_channel *old = channels_find(h->i.channels, STR("sample"));

	/* What fails leaves the old one at work. */
	check_is(install(h, upgrade_zip(h, "{\"id\":3,\"steps\":[{\"widen\":\"users.email\"}]}", "v1-0-1")), ERR_INVALID, &h->err);
	assert_non_null(strstr(h->err.text, "Version 1.0.0 stays active"));
	assert_non_null(strstr(h->err.text, "users.email"));
	check_is(install(h, upgrade_zip(h, THIRD, "rule")), ERR_INVALID, &h->err);
	assert_ptr_equal(channels_find(h->i.channels, STR("sample")), old);
	check_str(get(h, "sample").version, "1.0.0");
	assert_int_equal(get(h, "sample").status, ADDON_ACTIVE);
	assert_int_equal(folders(h), 1);
	check_ok(install(h, upgrade_zip(h, THIRD, "v1-0-1")), &h->err);
	assert_true(has_table(h, "sample_accounts", "note") && recorded(h, "sample", 3));
	check_str(get(h, "sample").version, "1.0.1");
	assert_int_equal(get(h, "sample").status, ADDON_ACTIVE);
	const struct trixy_channel *newer = channels_find(h->i.channels, STR("sample"));

	assert_ptr_not_equal(newer, old);
	assert_int_equal(newer->text_max, 2000);
	assert_int_equal(old->text_max, 1000);	/* who still holds it may go on */
	assert_int_equal(folders(h), 1);
	restart(h);
	assert_int_equal(channels_find(h->i.channels, STR("sample"))->text_max, 2000);
}

static void a_failing_migration_can_be_mended(void **state)
{
	static const struct { const char *second, *words; } bad[] = {
		{ "{\"id\":2,\"steps\":[{\"widen\":\"users.email\"}]}", "step 1: widen can open conversations.channel only, not 'users.email'" },
		{ "{\"id\":3,\"steps\":[{\"widen\":\"conversations.channel\"}]}", "\"id\" must be 2" },
		{ "{\"id\":2,\"steps\":[]}", "1 to 32 steps" },
		{ "{\"id\":2,\"steps\":[{\"drop\":\"users\"}]}", "must be one of" },
		{ "{\"id\":2,\"steps\":[{\"widen\":\"conversations.channel\",\"add_columns\":{}}]}", "must be one of" },
		{ "{\"id\":2,\"steps\":[{\"create_account_table\":{\"table\":\"users\",\"columns\":[]}}]}", "\"table\" must be sample_accounts" },
		{ "{\"id\":2,\"steps\":[{\"add_columns\":{\"table\":\"sample_accounts\",\"columns\":[]}}]}", "list of 1 to" },
		{ "{\"id\":2,\"steps\":[{\"add_columns\":{\"table\":\"sample_accounts\",\"columns\":[{\"name\":\"a\"}]}}]}", "text or secret" },
		{ "{\"id\":2,\"steps\":[{\"widen\":\"conversations.channel\"},{\"add_columns\":{\"table\":\"sample_accounts\",\"columns\":"
		  "[{\"name\":\"a b; DROP TABLE users\",\"type\":\"text\",\"max_bytes\":1}]}}]}", "step 2" },
		{ "not json", "not JSON" },
	};
	HOUSE;

	(void)state;
	for (size_t k = 0; k < COUNT(bad); k++) {
		struct member_list l = good_members(h);

		members_put(&l, "migrations/002.json", str_of(bad[k].second));
		members_rehash(&l, MANIFEST("1.0.0", BOTH), &h->arena);
		check_ok(install(h, members_zip(&l, &h->arena)), &h->err);
		int r = activate(h, "sample");
		struct addon a = get(h, "sample");

		if (r != ERR_INVALID || strstr(h->err.text, bad[k].words) == NULL || strstr(h->err.text, "Migration 2") == NULL)
			check_failed("%s: %d, '%s'", bad[k].second, r, h->err.text);
		assert_int_equal(a.status, ADDON_FAILED);
		check_str(a.status_reason, h->err.text);
		assert_false(active_here(h, "sample"));
		assert_true(recorded(h, "sample", 1) && !recorded(h, "sample", 2) && !widened(h));
	}
	/* The mended package goes on where the other stopped; one that edits what has run does not. */
	struct member_list l = good_members(h);

	members_put(&l, "migrations/001.json", STR("{\"id\":1,\"steps\":[" TABLE_STEP "]}"));
	members_rehash(&l, MANIFEST("1.0.0", BOTH), &h->arena);
	check_ok(install(h, members_zip(&l, &h->arena)), &h->err);
	check_is(activate(h, "sample"), ERR_STATE, &h->err);
	assert_non_null(strstr(h->err.text, "applied in another form"));
	check_ok(install(h, good_zip(h)), &h->err);
	assert_null(get(h, "sample").status_reason.p);
	check_ok(activate(h, "sample"), &h->err);
	assert_true(widened(h) && active_here(h, "sample"));
}

static void bad_libraries_stay_out(void **state)
{
	static const struct { const char *lib, *words; } bad[] = {
		{ "abi", "needs ABI 9.0" }, { "size", "no description" }, { "null", "no description" }, { "no-entry", "trixy_addon_entry" },
		{ "unresolved", "somewhere_else" }, { "rule", "text limit" }, { "channel", "channel is 'elsewhere'" },
		{ "other", "The library is 'other' 1.0.0, but addon.json says 'sample'" },
		{ "v1-0-1", "'sample' 1.0.1, but addon.json says 'sample' 1.0.0" },
	};
	HOUSE;

	(void)state;
	for (size_t k = 0; k < COUNT(bad); k++) {
		check_ok(install(h, lib_zip(h, bad[k].lib, MANIFEST("1.0.0", BOTH))), &h->err);
		int r = activate(h, "sample");

		if (r != ERR_INVALID || strstr(h->err.text, bad[k].words) == NULL || strstr(h->err.text, h->folder.path) != NULL)
			check_failed("%s: %d, '%s'", bad[k].lib, r, h->err.text);
		assert_int_equal(get(h, "sample").status, ADDON_FAILED);
		assert_false(active_here(h, "sample"));
	}
	check_ok(install(h, good_zip(h)), &h->err);
	check_ok(activate(h, "sample"), &h->err);
}

static void channels_belong_to_one_addon(void **state)
{
	HOUSE;
	struct member_list l = good_members(h);

	(void)state;
	check_ok(install(h, good_zip(h)), &h->err);
	members_rehash(&l, changed(h, "\"slug\":\"sample\"", "\"slug\":\"thief\""), &h->arena);
	check_is(install(h, members_zip(&l, &h->arena)), ERR_EXISTS, &h->err);
	assert_non_null(strstr(h->err.text, "belongs to the installed addon 'Sample'"));
	members_rehash(&l, changed(h, "\"channel\":\"sample\"", "\"channel\":\"other\""), &h->arena);
	check_is(install(h, members_zip(&l, &h->arena)), ERR_STATE, &h->err);
	assert_int_equal(installed(h), 1);
	assert_int_equal(folders(h), 1);
}

static void the_start_survives_what_is_broken(void **state)
{
	HOUSE;

	(void)state;
	check_ok(install(h, good_zip(h)), &h->err);
	check_ok(activate(h, "sample"), &h->err);
	close_instance(h);
	/* What a killed install left. */
	assert_int_equal(mkdir(data_path(h, "addons/.tmp-abcdef").p, 0700), 0);
	spit(data_path(h, "addons/.tmp-abcdef/half").p, STR("x"));
	assert_int_equal(mkdir(data_path(h, "addons/0000").p, 0700), 0);
	open_instance(h);
	assert_int_equal(folders(h), 1);
	assert_true(active_here(h, "sample"));
	close_instance(h);
	assert_int_equal(system(arena_printf(&h->arena, "rm -r '%s/addons'", h->folder.path).p), 0);
	open_instance(h);
	assert_false(active_here(h, "sample"));
	struct addon a = get(h, "sample");

	assert_int_equal(a.status, ADDON_FAILED);
	assert_non_null(strstr(a.status_reason.p, "missing on the server's disk"));
	check_is(activate(h, "sample"), ERR_INVALID, &h->err);
	check_ok(install(h, good_zip(h)), &h->err);	/* the same package mends it */
	check_ok(activate(h, "sample"), &h->err);
	assert_true(active_here(h, "sample"));
}

/* A process of its own: the library must not be loaded yet. */
static void a_changed_library_is_not_loaded(void **state)
{
	HOUSE;

	(void)state;
	struct member_list l = good_members(h);

	members_put(&l, "GUIDE.md", STR("a package that no other test loads"));
	members_rehash(&l, MANIFEST("1.0.0", BOTH), &h->arena);
	check_ok(install(h, members_zip(&l, &h->arena)), &h->err);
	struct str library = arena_printf(&h->arena, "%s/addons/%.*s/sample.so", h->folder.path, STR_ARG(get(h, "sample").package_hash));

	spit(library.p, fixture(h, "v1-0-1"));
	check_is(activate(h, "sample"), ERR_INVALID, &h->err);
	assert_non_null(strstr(h->err.text, "changed on the server's disk"));
	assert_null(strstr(h->err.text, h->folder.path));
}

/* ---- other processes ---- */

static void another_process_is_followed(void **state)
{
	HOUSE;
	struct house other = { .config = h->config };
	int64_t before, after;
	struct db *reader;

	(void)state;
	open_instance(&other);
	check_is(addon_sync(&h->i, &h->err), 0, &h->err);
	check_ok(install(&other, good_zip(h)), &other.err);
	check_ok(activate(&other, "sample"), &other.err);
	assert_false(active_here(h, "sample"));
	check_ok(store_reader_new(h->i.store, &reader, &h->err), &h->err);
	check_ok(store_change_last(reader, &before, &h->err), &h->err);
	check_is(addon_sync(&h->i, &h->err), 1, &h->err);
	check_ok(store_change_last(reader, &after, &h->err), &h->err);
	assert_true(after > before);	/* browsers are told */
	store_reader_free(reader);
	assert_true(active_here(h, "sample"));
	check_is(addon_sync(&h->i, &h->err), 0, &h->err);
	check_ok(install(&other, upgrade_zip(h, THIRD, "v1-0-1")), &other.err);
	check_is(addon_sync(&h->i, &h->err), 1, &h->err);
	assert_int_equal(channels_find(h->i.channels, STR("sample"))->text_max, 2000);
	check_ok(deactivate(&other, "sample"), &other.err);
	check_is(addon_sync(&h->i, &h->err), 1, &h->err);
	assert_false(active_here(h, "sample"));
	check_ok(addon_remove(&other.i, STR("sample"), &other.err), &other.err);
	check_is(addon_sync(&h->i, &h->err), 0, &h->err);
	close_instance(&other);
	arena_done(&other.arena);
}

struct worker {
	struct house *h;
	struct str zip;
	atomic_int bad;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	SCOPED(arena_done) struct arena a = { 0 };
	struct error err = { 0 };
	struct addon addon;

	for (int k = 0; k < 6; k++) {
		if (addon_install(&w->h->i, w->zip, true, &a, &addon, &err) < 0 ||
		    addon_activate(&w->h->i, STR("sample"), &a, &addon, &err) < 0 ||
		    addon_sync(&w->h->i, &err) < 0 ||
		    addon_deactivate(&w->h->i, STR("sample"), &a, &addon, &err) < 0) {
			print_error("%s\n", err.text);
			atomic_fetch_add(&w->bad, 1);
		}
	}
	return NULL;
}

static void two_admins_at_once(void **state)
{
	HOUSE;
	struct worker w = { .h = h, .zip = good_zip(h) };
	pthread_t threads[3];

	(void)state;
	for (size_t k = 0; k < COUNT(threads); k++)
		assert_int_equal(pthread_create(&threads[k], NULL, work, &w), 0);
	for (size_t k = 0; k < COUNT(threads); k++)
		assert_int_equal(pthread_join(threads[k], NULL), 0);
	assert_int_equal(atomic_load(&w.bad), 0);
	assert_false(active_here(h, "sample"));
	assert_int_equal(folders(h), 1);
}

/* ---- what stops in the middle ---- */

static int fault_at, fault_count;

static int fault(const char *sql)
{
	(void)sql;
	return ++fault_count == fault_at ? ERR_BROKEN : 0;
}

static void every_statement_may_fail(void **state)
{
	struct error before;
	int failed = 0;

	(void)state;
	log_set_level(LOG_ERROR + 1);	/* the failures are wanted */
	for (fault_at = 1; ; fault_at++) {
		HOUSE;

		fault_count = 0;
		engine_fault = fault;
		int r = install(h, good_zip(h));

		r = r < 0 ? r : activate(h, "sample");
		before = h->err;
		bool reached = fault_count >= fault_at;

		engine_fault = NULL;
		assert_true(r == 0 || !active_here(h, "sample") || get(h, "sample").status == ADDON_ACTIVE);
		if (r < 0)
			failed++;
		if (r < 0 && strlen(before.text) == 0)
			check_failed("statement %d failed without a word", fault_at);
		assert_true(recorded(h, "sample", 2) == widened(h));
		assert_true(recorded(h, "sample", 1) == has_table(h, "sample_accounts", "user_id"));
		check_ok(install(h, good_zip(h)), &h->err);
		check_ok(activate(h, "sample"), &h->err);
		assert_true(active_here(h, "sample") && widened(h) && recorded(h, "sample", 1) && folders(h) == 1);
		if (!reached)
			break;
	}
	log_set_level(LOG_ERROR);
	assert_true(fault_at > 10 && failed > 5);
}

static void kills_leave_nothing_half_done(void **state)
{
	(void)state;
	for (int round = 0; round < 12; round++) {
		struct house *h = house_new();
		struct str zip = good_zip(h);

		close_instance(h);
		fflush(NULL);
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			open_instance(h);
			for (;;)
				if (install(h, zip) < 0 || activate(h, "sample") < 0 || deactivate(h, "sample") < 0 ||
				    addon_remove(&h->i, STR("sample"), &h->err) < 0)
					_exit(1);
		}
		(void)usleep((useconds_t)(round * 7919 % 60000 + 500));
		int status;

		(void)kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));	/* it did not end by a failure */
		open_instance(h);
		assert_true(folders(h) == installed(h));
		assert_true(recorded(h, "sample", 2) == widened(h));
		check_ok(install(h, zip), &h->err);
		check_ok(activate(h, "sample"), &h->err);
		assert_true(active_here(h, "sample") && widened(h));
		house_done(&h);
	}
}

/* ---- packing ---- */

static void packing_is_repeatable(void **state)
{
	HOUSE;
	struct str folder = data_path(h, "src"), one = data_path(h, "one.zip"), two = data_path(h, "two.zip"), key = data_path(h, "acme");
	struct addon a;
	struct stat st;

	(void)state;
	assert_int_equal(mkdir(folder.p, 0700), 0);
	assert_int_equal(mkdir(data_path(h, "src/migrations").p, 0700), 0);
	spit(data_path(h, "src/addon.json").p, STR(MANIFEST("1.0.0", BOTH)));
	spit(data_path(h, "src/sample.so").p, fixture(h, "v1"));
	spit(data_path(h, "src/migrations/002.json").p, STR(SECOND));
	spit(data_path(h, "src/migrations/001.json").p, STR(FIRST));
	spit(data_path(h, "src/.hidden").p, STR("not for the world"));
	check_ok(addon_keygen(key, &h->err), &h->err);
	check_is(addon_keygen(key, &h->err), ERR_EXISTS, &h->err);
	assert_int_equal(stat(data_path(h, "acme.key").p, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	check_ok(addon_pack(folder, data_path(h, "acme.key"), one, &h->err), &h->err);
	assert_int_equal(system(arena_printf(&h->arena, "touch -d 2001-01-01 '%s/src/addon.json'; chmod 600 '%s/src/sample.so'",
					     h->folder.path, h->folder.path).p), 0);
	check_ok(addon_pack(folder, data_path(h, "acme.key"), two, &h->err), &h->err);
	assert_true(str_eq(slurp(h, one.p), slurp(h, two.p)));
	check_ok(addon_verify(slurp(h, one.p), STR_NONE, &h->arena, &a, &h->err), &h->err);
	assert_null(a.signed_by.p);
	assert_int_equal(mkdir(data_path(h, "trusted-keys").p, 0700), 0);
	spit(data_path(h, "trusted-keys/acme.pub").p, slurp(h, data_path(h, "acme.pub").p));
	check_ok(addon_verify(slurp(h, one.p), data_path(h, "trusted-keys"), &h->arena, &a, &h->err), &h->err);
	check_str(a.signed_by, "acme");
	check_ok(addon_install(&h->i, slurp(h, one.p), false, &h->arena, &a, &h->err), &h->err);
	check_ok(activate(h, "sample"), &h->err);
	struct str hidden = arena_printf(&h->arena, "%s/addons/%.*s/.hidden", h->folder.path, STR_ARG(a.package_hash));

	assert_int_not_equal(stat(hidden.p, &st), 0);
	assert_int_equal(symlink("/etc/passwd", data_path(h, "src/link").p), 0);
	check_is(addon_pack(folder, STR_NONE, two, &h->err), ERR_INVALID, &h->err);
	assert_int_equal(unlink(data_path(h, "src/link").p), 0);
	spit(data_path(h, "src/addon.json").p, STR("{"));
	check_is(addon_pack(folder, STR_NONE, two, &h->err), ERR_INVALID, &h->err);
	check_is(addon_pack(data_path(h, "nowhere"), STR_NONE, two, &h->err), ERR_INVALID, &h->err);
	assert_true(str_eq(slurp(h, one.p), slurp(h, two.p)));	/* what fails leaves the old file */
}

/* The real one, as it is built. */
static void instagram_installs(void **state)
{
	HOUSE;
	struct str stage = data_path(h, "stage"), zip = data_path(h, "instagram.zip");
	struct addon a;

	(void)state;
	assert_int_equal(system(arena_printf(&h->arena, "mkdir '%s' && cp -R '%s/addon.json' '%s/migrations' '%s/GUIDE.md' '%s' '%s'",
					     stage.p, INSTAGRAM_FOLDER, INSTAGRAM_FOLDER, INSTAGRAM_FOLDER, INSTAGRAM_MODULE, stage.p).p), 0);
	check_ok(addon_pack(stage, STR_NONE, zip, &h->err), &h->err);
	check_ok(addon_install(&h->i, slurp(h, zip.p), true, &h->arena, &a, &h->err), &h->err);
	check_str(a.name, "Instagram Direct Messages");
	check_ok(activate(h, "instagram"), &h->err);
	assert_true(has_table(h, "instagram_accounts", "page_access_token") && widened(h));
	const struct trixy_channel *c = channels_by_path(h->i.channels, STR("/addons/instagram/webhook"));

	assert_non_null(c);
	for (uint32_t k = 0; k < c->field_count; k++)	/* every form field has its column */
		assert_true(has_table(h, "instagram_accounts", arena_copy(&h->arena, str_from_trixy(c->fields[k].name)).p));
}

static int start(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR);
	return crypto_init(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_refused), cmocka_unit_test(kinds_are_refused), cmocka_unit_test(not_zips_are_refused),
		cmocka_unit_test(bombs_are_refused), cmocka_unit_test(too_many_files_are_refused), cmocka_unit_test(contents_are_checked),
		cmocka_unit_test(manifests_are_checked), cmocka_unit_test(versions_compare), cmocka_unit_test(signatures_count),
		cmocka_unit_test(installs_once), cmocka_unit_test(activates_and_goes),
		cmocka_unit_test(only_newer_versions_take_the_place), cmocka_unit_test(an_active_addon_is_upgraded),
		cmocka_unit_test(a_failing_migration_can_be_mended), cmocka_unit_test(bad_libraries_stay_out),
		cmocka_unit_test(channels_belong_to_one_addon), cmocka_unit_test(the_start_survives_what_is_broken),
		cmocka_unit_test(a_changed_library_is_not_loaded), cmocka_unit_test(another_process_is_followed),
		cmocka_unit_test(two_admins_at_once), cmocka_unit_test(every_statement_may_fail),
		cmocka_unit_test(kills_leave_nothing_half_done), cmocka_unit_test(packing_is_repeatable),
		cmocka_unit_test(instagram_installs),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
