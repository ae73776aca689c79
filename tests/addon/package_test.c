/* Packages: what is bad is refused in words and leaves nothing; who signed; packing. */
#include "house.h"

#include <string.h>
#include <sys/stat.h>

#include "addon/manifest.h"
#include "base/limit.h"
#include "base/log.h"

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
	refused(h, "long",
		with(h,
		     "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		     "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789x",
		     STR("x")),
		"200");
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
	refused(h, "many equal lines", with(h, "lines", (struct str){ arena_alloc(&h->arena, 60000), 60000 }), "does not name");
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

static void manifests_are_checked(void **state)
{
	static const struct { const char *from, *to, *words;
	} v[] = {
		{ "\"major\":1", "\"major\":2", "needs ABI 2.0, this server has 1.1: update MailTrixy" },
		{ "\"minor\":0", "\"minor\":7", "needs ABI 1.7, this server has 1.1" },
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
		{ "1.0.0", "1.0", "\"version\" must be" },
		{ "1.0.0", "01.0.0", "\"version\" must be" },
		{ "1.0.0", "v1.0.0", "\"version\" must be" },
		{ "1.0.0", "1.0.0-", "\"version\" must be" },
		{ "\"description\":\"A sample.\",", "", "\"description\" is missing" },
		{ "\"channel\":\"sample\"", "\"channel\":\"email\"", "'email', which is part of MailTrixy" },
		{ "\"channel\":\"sample\"", "\"channel\":\"whatsapp\"", "part of MailTrixy" },
		{ "\"channel\":\"sample\"", "\"channel\":\"a_b\"", "\"channel\" must be" },
		{ "\"linux-x86_64\":\"sample.so\",\"linux-aarch64\":\"sample.so\"", "\"plan9-mips\":\"sample.so\"",
		  "no library for this machine (linux-" },
		{ "\"library\":{", "\"library\":[{", "addon.json: not JSON" },
		{ "\"migrations\":[", "\"migration\":[", "member 'migration'" },
		{ "\"migrations/002.json\"", "\"../002.json\"", "entry 2 of \"migrations\"" },
		{ "\"migrations/002.json\"", "7", "entry 2 of \"migrations\"" },
		{ "\"migrations/002.json\"", "\"migrations/001.json\"", "twice" },
		{ "\"slug\"", "\"author\":\"x\",\"slug\"", "member 'author' that ABI 1.1 does not know" },
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
	members_put(&l, "addon.json",
		    (struct str){
			    memset(arena_alloc(&h->arena, LIMIT_ADDON_MANIFEST + 1), ' ', LIMIT_ADDON_MANIFEST + 1),
			    LIMIT_ADDON_MANIFEST + 1 });
	l.m[0].stored = true;
	refused(h, "huge manifest", members_zip(&l, &h->arena), "256 KiB");
}

/* semver.org, section 11, in rising order. */
static void versions_compare(void **state)
{
	static const char *const rising[] = { "0.9.9",	    "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
					      "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
					      "1.0.0",	    "1.0.1",	    "1.2.0",	     "1.10.0",
					      "2.0.0",	    "10.0.0" };
	static const char *const bad[] = { "",
					   "1",
					   "1.2",
					   "1.2.3.4",
					   "a.b.c",
					   "1.2.3-",
					   "1.2.3+",
					   "1.2.3-01",
					   "1.2.3-a..b",
					   "1.2.03",
					   " 1.2.3",
					   "1.2.3 ",
					   "1.2.3-\xc3\xa9",
					   "-1.2.3",
					   "1.2.1234567890" };

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

/* ---- packing ---- */

static void packing_is_repeatable(void **state)
{
	HOUSE;
	struct str folder = data_path(h, "src"), one = data_path(h, "one.zip"), two = data_path(h, "two.zip"),
		   key = data_path(h, "acme");
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
	/* Nor does the hour matter: the first file's time and date (APPNOTE.TXT 4.3.7) are those of 1980-01-01. */
	assert_memory_equal(slurp(h, one.p).p + 10, "\0\0\x21\0", 4);
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

static int start(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);	/* failures are wanted here */
	return crypto_init(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_refused),	      cmocka_unit_test(kinds_are_refused),
		cmocka_unit_test(not_zips_are_refused),	      cmocka_unit_test(bombs_are_refused),
		cmocka_unit_test(too_many_files_are_refused), cmocka_unit_test(contents_are_checked),
		cmocka_unit_test(manifests_are_checked),      cmocka_unit_test(versions_compare),
		cmocka_unit_test(signatures_count),	      cmocka_unit_test(packing_is_repeatable),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
