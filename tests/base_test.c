/* The base room: text, buffers, arenas, JSON, time, settings, cryptography (against vectors of the RFCs). */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/key_wrap.h"
#include "base/limit.h"
#include "base/log.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void assert_str(struct str got, const char *want)
{
	assert_non_null(got.p);
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.p, want, got.len);
}

/* ---- str ---- */

static void str_takes_apart(void **state)
{
	struct str rest;
	int64_t n;

	(void)state;
	assert_str(str_split(STR("a=b=c"), '=', &rest), "a");
	assert_str(rest, "b=c");
	assert_str(str_split(STR("abc"), '=', &rest), "abc");
	assert_null(rest.p);
	assert_str(str_split(STR("=x"), '=', &rest), "");
	assert_str(str_trim(STR(" \t a b\r\n")), "a b");
	assert_str(str_trim(STR("  ")), "");
	assert_str(str_cut(STR("abcdef"), 2, 3), "cde");
	assert_int_equal(str_cut(STR("abc"), 9, 1).len, 0);
	assert_str(str_cut(STR("abc"), 1, SIZE_MAX), "bc");
	assert_true(str_eq_nocase(STR("Content-TYPE"), STR("content-type")));
	assert_false(str_eq_nocase(STR("a["), STR("A{")));
	assert_true(str_starts(STR("abc"), STR("")) && str_ends(STR("abc"), STR("bc")) && !str_ends(STR("c"), STR("bc")));
	assert_true(str_to_i64(STR("9223372036854775807"), &n) && n == INT64_MAX);
	assert_true(str_to_i64(STR("-9223372036854775808"), &n) && n == INT64_MIN);
	static const char *const bad[] = { "", "-", "+1", " 1", "1 ", "0x1", "9223372036854775808", "-9223372036854775809", "1e3" };

	for (size_t k = 0; k < COUNT(bad); k++)
		assert_false(str_to_i64(str_of(bad[k]), &n));
}

/* RFC 3629 section 4: the borders of every row of the table. */
static void utf8_borders(void **state)
{
	static const char *const good[] = { "", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
		"\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = { "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xed\xa0\x80",
		"\xed\xbf\xbf", "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xf0\x9f\x98" };

	(void)state;
	for (size_t k = 0; k < COUNT(good); k++)
		assert_true(utf8_valid(str_of(good[k])));
	for (size_t k = 0; k < COUNT(bad); k++)
		assert_false(utf8_valid(str_of(bad[k])));
	assert_false(utf8_valid((struct str){ "a\0b", 3 }));
}

static void utf8_prefix_ends_at_a_code_point(void **state)
{
	struct str s = STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");	/* a é € 😀: 1 + 2 + 3 + 4 */
	static const size_t want[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10 };

	(void)state;
	for (size_t max = 0; max < COUNT(want); max++)
		assert_int_equal(utf8_prefix(s, max), want[max]);
	assert_int_equal(utf8_count(s), 4);
}

/* ---- buf and arena ---- */

static void buf_escapes(void **state)
{
	SCOPED(buf_done) struct buf b = { 0 };

	(void)state;
	buf_add_json(&b, STR("a\"\\\n\x01</script>&\x7f\xc3\xa9"));
	assert_str(buf_str(&b), "\"a\\\"\\\\\\n\\u0001\\u003c/script\\u003e\\u0026\\u007f\xc3\xa9\"");
	buf_clear(&b);
	buf_add_hex(&b, "\x00\xff\x1a", 3);
	assert_str(buf_str(&b), "00ff1a");
}

static void buf_remembers_its_limit(void **state)
{
	SCOPED(buf_done) struct buf b = { .max = 5 };

	(void)state;
	buf_add(&b, STR("abc"));
	buf_add(&b, STR("def"));
	assert_true(b.failed);
	assert_str(buf_str(&b), "abc");
	buf_add(&b, STR("d"));
	assert_str(buf_str(&b), "abc");
	buf_clear(&b);
	buf_add(&b, STR("abcde"));
	assert_false(b.failed);
	buf_addf(&b, "%d", 1);
	assert_true(b.failed);
}

static void arena_limits(void **state)
{
	SCOPED(arena_done) struct arena a = { .max = 4096 };

	(void)state;
	for (int k = 1; k < 20; k++)
		assert_int_equal((uintptr_t)arena_alloc(&a, (size_t)k) % _Alignof(max_align_t), 0);
	assert_str(arena_printf(&a, "%s-%d", "x", 7), "x-7");
	assert_null(arena_copy(&a, STR_NONE).p);
	assert_false(arena_failed(&a));
	assert_null(arena_alloc(&a, 5000));
	assert_true(arena_failed(&a));
	assert_null(arena_alloc(&a, 1));	/* a failure stays until the reset */
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 1));
	assert_null(arena_alloc(&a, SIZE_MAX));
}

/* ---- JSON ---- */

static void json_takes_what_the_rfc_allows(void **state)
{
	static const char *const good[] = { "1", "-0", "0.5", "1e10", "1E-2", "10.01", "\"a\"", "true", " null ", "[]", "{}",
		"[1,[2,{\"a\":[]}]]", "{\"a\":\"\\u00e9\\ud83d\\ude00\\\\u0000\"}", "\"\\\"\\/\\b\\f\\n\\r\\t\"", "[100, 1.05, -0.0]",
		"\"N I ' / \xc3\xa9\"", "9007199254740993", "\r\n\t[ 1 ]\n" };
	static const char *const bad[] = { "", " ", "{", "[1", "[1,]", "{\"a\":1,}", "{a:1}", "{'a':1}", "[1] x", "[1][2]", "1 2", "01",
		"[-01]", "1.", ".5", "[1.e3]", "+1", "0x10", "NaN", "[NaN]", "Infinity", "-Infinity", "tru", "TRUE", "True", "\"a", "\"a\nb\"",
		"\"\t\"", "\"\\u0000\"", "\"\\x\"", "\"\\u12\"", "/* c */ 1", "// c\n1", "[1 2]", "{\"a\" 1}", "{\"a\":}", "\xef\xbb\xbf{}",
		"\"\xff\"", "[\"\xc0\x80\"]", "nul", "\"a\" \"b\"", "]", "[}" };

	(void)state;
	for (size_t k = 0; k < COUNT(good); k++) {
		SCOPED(json_free) struct json_object *o = NULL;
		struct error err = { 0 };

		if (json_parse(str_of(good[k]), &o, &err) != 0)
			check_failed("%s: %s", good[k], err.text);
	}
	for (size_t k = 0; k < COUNT(bad); k++) {
		SCOPED(json_free) struct json_object *o = NULL;
		struct error err = { 0 };

		if (json_parse(str_of(bad[k]), &o, &err) != ERR_INVALID)
			check_failed("taken: %s", bad[k]);
		assert_true(strlen(err.text) > 8);
	}
	struct json_object *o = NULL;

	assert_int_equal(json_parse((struct str){ "1\0", 2 }, &o, NULL), ERR_INVALID);
}

static void json_names_the_place(void **state)
{
	struct json_object *o;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(json_parse(STR("{\n  \"a\": tru\n}"), &o, &err), ERR_INVALID);
	assert_non_null(strstr(err.text, "line 2"));
	assert_int_equal(json_parse(STR("{\"a\": 'x'}"), &o, &err), ERR_INVALID);
	assert_non_null(strstr(err.text, "line 1, column 7"));
}

static void json_depth_is_limited(void **state)
{
	SCOPED(json_free) struct json_object *o = NULL;
	char text[2 * (LIMIT_JSON_DEPTH + 1) + 1];
	size_t n = LIMIT_JSON_DEPTH - 1;

	(void)state;
	memset(text, '[', n);
	memset(text + n, ']', n);
	assert_int_equal(json_parse((struct str){ text, 2 * n }, &o, NULL), 0);
	n = LIMIT_JSON_DEPTH + 1;
	memset(text, '[', n);
	memset(text + n, ']', n);
	struct json_object *none;

	assert_int_equal(json_parse((struct str){ text, 2 * n }, &none, NULL), ERR_INVALID);
}

static void json_getters(void **state)
{
	SCOPED(json_free) struct json_object *o = NULL;
	int64_t n = 7;
	bool b = false;

	(void)state;
	assert_int_equal(json_parse(STR("{\"s\":\"\",\"i\":9007199254740993,\"big\":9223372036854775808,\"huge\":1e30,\"f\":1.0,\"t\":true,"
					"\"n\":null,\"o\":{\"k\":\"v\"},\"a\":[1,\"two\",null]}"), &o, NULL), 0);
	assert_str(json_get_str(o, "s"), "");
	assert_null(json_get_str(o, "i").p);
	assert_null(json_get_str(o, "none").p);
	assert_true(json_get_i64(o, "i", &n) && n == INT64_C(9007199254740993));
	assert_false(json_get_i64(o, "big", &n) || json_get_i64(o, "huge", &n) || json_get_i64(o, "f", &n) || json_get_i64(o, "s", &n));
	assert_int_equal(n, INT64_C(9007199254740993));
	assert_true(json_get_bool(o, "t", &b) && b);
	assert_false(json_get_bool(o, "i", &b));
	assert_true(json_is_none(o, "n") && json_is_none(o, "none") && !json_is_none(o, "s"));
	assert_str(json_get_str(json_get_object(o, "o"), "k"), "v");
	assert_null(json_get_object(o, "a"));
	assert_null(json_get_array(o, "o"));
	assert_null(json_get_str(NULL, "k").p);
	assert_int_equal(json_len(json_get_array(o, "a")), 3);
	assert_str(json_text(json_at(json_get_array(o, "a"), 1)), "two");
	assert_null(json_at(json_get_array(o, "a"), 3));
	assert_int_equal(json_len(NULL), 0);
}

static void json_writer(void **state)
{
	SCOPED(buf_done) struct buf b = { 0 };
	struct json_out j = json_out(&b);

	(void)state;
	json_open(&j, NULL);
	json_str(&j, "a", STR("x\"y"));
	json_str(&j, "none", STR_NONE);
	json_list(&j, "l");
	json_i64(&j, NULL, -1);
	json_open(&j, NULL);
	json_close(&j);
	json_list(&j, NULL);
	json_list_end(&j);
	json_bool(&j, NULL, true);
	json_list_end(&j);
	json_id(&j, "id", 42);
	json_id(&j, "no_id", 0);
	json_time(&j, "at", INT64_C(1700000000123));
	json_time(&j, "never", 0);
	json_time(&j, "too_late", INT64_MAX);
	json_c(&j, "c", NULL);
	json_close(&j);
	assert_str(buf_str(&b), "{\"a\":\"x\\\"y\",\"none\":null,\"l\":[-1,{},[],true],\"id\":\"42\",\"no_id\":null,"
		   "\"at\":\"2023-11-14T22:13:20.123Z\",\"never\":null,\"too_late\":null,\"c\":null}");
	SCOPED(json_free) struct json_object *o = NULL;

	assert_int_equal(json_parse(buf_str(&b), &o, NULL), 0);
}

/* ---- time ---- */

static void clock_writes_rfc3339(void **state)
{
	SCOPED(arena_done) struct arena a = { 0 };

	(void)state;
	assert_str(clock_rfc3339(&a, 0), "1970-01-01T00:00:00.000Z");
	assert_str(clock_rfc3339(&a, INT64_C(951782400000)), "2000-02-29T00:00:00.000Z");
	assert_str(clock_rfc3339(&a, INT64_C(253402300799999)), "9999-12-31T23:59:59.999Z");
	assert_null(clock_rfc3339(&a, INT64_C(253402300800000)).p);
	assert_null(clock_rfc3339(&a, -1).p);
	assert_true(clock_now_ms() > INT64_C(1700000000000));
	assert_true(clock_mono_us() / 1000 >= clock_mono_ms() - 1);
}

/* ---- cryptography ---- */

static struct str unhex(struct arena *a, const char *hex)
{
	size_t n = strlen(hex) / 2;
	unsigned char *p = arena_alloc(a, n + 1);

	assert_true(crypto_unhex(str_of(hex), p, n));
	return (struct str){ (const char *)p, n };
}

/* FIPS 180-4, the examples. */
static void sha256_vectors(void **state)
{
	SCOPED(arena_done) struct arena a = { 0 };
	static const struct { const char *text, *hash; } v[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	unsigned char hash[SHA256_BYTES];

	(void)state;
	for (size_t k = 0; k < COUNT(v); k++) {
		crypto_sha256(str_of(v[k].text), hash);
		assert_str(crypto_hex(&a, hash, sizeof(hash)), v[k].hash);
	}
	crypto_sha256(STR_NONE, hash);
	assert_str(crypto_hex(&a, hash, sizeof(hash)), v[0].hash);
}

/* RFC 4231 section 4: a short key, a key of a word, a block of fill, a key longer than a block. */
static void hmac_vectors(void **state)
{
	SCOPED(arena_done) struct arena a = { 0 };
	char long_key[131];

	(void)state;
	memset(long_key, 0xaa, sizeof(long_key));
	const struct { struct str key, text; const char *mac; } v[] = {
		{ unhex(&a, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"), STR("Hi There"),
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ STR("Jefe"), STR("what do ya want for nothing?"),
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ { long_key, sizeof(long_key) }, STR("Test Using Larger Than Block-Size Key - Hash Key First"),
		  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	};

	for (size_t k = 0; k < COUNT(v); k++) {
		struct hmac *h = NULL;
		unsigned char mac[SHA256_BYTES];

		assert_int_equal(hmac_new(v[k].key, &h, NULL), 0);
		for (int again = 0; again < 3; again++) {	/* one context, many messages */
			memset(mac, 0, sizeof(mac));
			assert_int_equal(hmac_sha256(h, v[k].text, mac, NULL), 0);
			assert_str(crypto_hex(&a, mac, sizeof(mac)), v[k].mac);
			assert_int_equal(hmac_sha256(h, STR("something else"), mac, NULL), 0);
		}
		hmac_free(h);
	}
	struct hmac *h = NULL;
	unsigned char mac[SHA256_BYTES];

	assert_int_equal(hmac_new(STR_NONE, &h, NULL), 0);	/* the HMAC of nothing under an empty key, as in RFC 2104's code */
	assert_int_equal(hmac_sha256(h, STR_NONE, mac, NULL), 0);
	assert_str(crypto_hex(&a, mac, sizeof(mac)), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
	hmac_free(h);
	hmac_free(NULL);
}

/* RFC 8032 section 7.1, tests 1 to 3. */
static void ed25519_vectors(void **state)
{
	SCOPED(arena_done) struct arena a = { 0 };
	static const struct { const char *secret, *key, *text, *signature; } v[] = {
		{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438"
		  "e7a100b" },
		{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d29161"
		  "2bb0c00" },
		{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea"
		  "1ec40a" },
	};

	(void)state;
	for (size_t k = 0; k < COUNT(v); k++) {
		struct str key = unhex(&a, v[k].key), text = unhex(&a, v[k].text), wanted = unhex(&a, v[k].signature);
		unsigned char secret[SIGN_SECRET_BYTES], signature[SIGN_BYTES];

		memcpy(secret, unhex(&a, v[k].secret).p, 32);	/* libsodium's secret key: the seed, then the public key */
		memcpy(secret + 32, key.p, 32);
		sign_make(text, secret, signature);
		assert_memory_equal(signature, wanted.p, SIGN_BYTES);
		assert_true(sign_verify(text, (const unsigned char *)key.p, signature));
		signature[k] ^= 1;
		assert_false(sign_verify(text, (const unsigned char *)key.p, signature));
	}
}

/* draft-irtf-cfrg-xchacha-03, A.3.1, laid out as seal() lays it out. */
static void seal_vector(void **state)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct seal_key key = { .generation = 3 };
	struct str plain, where = unhex(&a, "50515253c0c1c2c3c4c5c6c7");
	struct str sealed = unhex(&a, "03" "404142434445464748494a4b4c4d4e4f5051525354555657"
		"bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213"
		"b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52e"
		"c0875924c1c7987947deafd8780acf49");

	(void)state;
	for (int k = 0; k < SEAL_KEY_BYTES; k++)
		key.bytes[k] = (unsigned char)(0x80 + k);
	assert_int_equal(seal_open(&key, where, sealed, &a, &plain, NULL), 0);
	assert_str(plain, "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.");
}

static void seal_holds(void **state)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct seal_key key = { .generation = 1 }, other = { .generation = 1 };
	struct str one, two, plain, where = STR("instagram_accounts/12/app_secret");

	(void)state;
	crypto_random(key.bytes, sizeof(key.bytes));
	crypto_random(other.bytes, sizeof(other.bytes));
	assert_int_equal(seal(&key, where, STR("hush"), &a, &one, NULL), 0);
	assert_int_equal(seal(&key, where, STR("hush"), &a, &two, NULL), 0);
	assert_int_equal(one.len, 4 + SEAL_EXTRA_BYTES);
	assert_false(str_eq(one, two));
	assert_int_equal(seal_open(&key, where, one, &a, &plain, NULL), 0);
	assert_str(plain, "hush");
	assert_int_equal(seal_open(&key, STR("instagram_accounts/13/app_secret"), one, &a, &plain, NULL), ERR_DENIED);
	assert_int_equal(seal_open(&other, where, one, &a, &plain, NULL), ERR_DENIED);
	for (size_t k = 0; k < one.len; k++) {
		struct str changed = arena_copy(&a, one);

		((char *)(uintptr_t)changed.p)[k] ^= 0x20;
		assert_int_equal(seal_open(&key, where, changed, &a, &plain, NULL), ERR_DENIED);
		assert_int_equal(seal_open(&key, where, str_cut(one, 0, k), &a, &plain, NULL), ERR_DENIED);
	}
	assert_int_equal(seal(&key, where, STR(""), &a, &one, NULL), 0);
	assert_int_equal(seal_open(&key, where, one, &a, &plain, NULL), 0);
	assert_int_equal(plain.len, 0);
}

static void seal_key_is_made_once(void **state)
{
	SCOPED(arena_done) struct arena a = { 0 };
	char dir[] = "/tmp/mailtrixy-base-XXXXXX";
	struct seal_key one, two;
	struct error err = { 0 };
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	struct str path = arena_printf(&a, "%s/secret.key", dir);

	assert_int_equal(seal_key_load(str_of(dir), false, &one, &err), ERR_NOTFOUND);
	assert_int_equal(seal_key_load(str_of(dir), true, &one, &err), 0);
	assert_int_equal(seal_key_load(str_of(dir), true, &two, &err), 0);
	assert_memory_equal(one.bytes, two.bytes, sizeof(one.bytes));
	assert_int_equal(one.generation, 1);
	assert_int_equal(stat(path.p, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(chmod(path.p, 0644), 0);
	assert_int_equal(seal_key_load(str_of(dir), true, &two, &err), ERR_INVALID);
	assert_non_null(strstr(err.text, "chmod 600"));
	FILE *f = fopen(path.p, "w");

	assert_true(fputs("1 00\n", f) >= 0 && fclose(f) == 0 && chmod(path.p, 0600) == 0);
	assert_int_equal(seal_key_load(str_of(dir), true, &two, &err), ERR_INVALID);	/* and never made anew over it */
	assert_int_equal(unlink(path.p), 0);
	assert_int_equal(rmdir(dir), 0);	/* nothing else was left */
}

static void a_key_is_wrapped_with_a_password(void **state)
{
	SCOPED(arena_done) struct arena a = { 0 };
	char dir[] = "/tmp/mailtrixy-base-XXXXXX";
	struct seal_key key = { .generation = 3 }, other = { 0 };
	struct str one, two, mark, again, short_one;
	struct error err = { 0 };

	(void)state;
	crypto_random(key.bytes, sizeof(key.bytes));
	assert_int_equal(key_wrap(&key, STR("p@ss"), &a, &one, &err), 0);
	assert_int_equal(key_wrap(&key, STR("p@ss"), &a, &two, &err), 0);
	assert_false(str_eq(one, two));
	assert_int_equal(key_unwrap(one, STR("p@ss"), &other, &err), 0);
	assert_memory_equal(other.bytes, key.bytes, sizeof(key.bytes));
	assert_int_equal(other.generation, 3);
	assert_int_equal(key_unwrap(one, STR("p@sS"), &other, &err), ERR_DENIED);
	assert_null(strstr(err.text, "p@s"));
	for (size_t k = 0; k < one.len; k += 17) {
		struct str changed = arena_copy(&a, one);

		((char *)(uintptr_t)changed.p)[k] = one.p[k] == '0' ? '1' : '0';
		assert_int_equal(key_unwrap(changed, STR("p@ss"), &other, &err), ERR_DENIED);
	}
	short_one = str_cut(one, 0, one.len - 2);
	assert_int_equal(key_unwrap(short_one, STR("p@ss"), &other, &err), ERR_DENIED);
	assert_int_equal(key_fingerprint(&key, &a, &mark, &err), 0);
	assert_int_equal(mark.len, 32);
	assert_int_equal(key_fingerprint(&key, &a, &again, &err), 0);
	assert_true(str_eq(mark, again));
	key.bytes[0] ^= 1;
	assert_int_equal(key_fingerprint(&key, &a, &again, &err), 0);
	assert_false(str_eq(mark, again));

	assert_non_null(mkdtemp(dir));
	assert_int_equal(seal_key_save(str_of(dir), &key, &err), 0);
	assert_int_equal(seal_key_load(str_of(dir), false, &other, &err), 0);
	assert_memory_equal(other.bytes, key.bytes, sizeof(key.bytes));
	assert_int_equal(other.generation, 3);
	key.bytes[0] ^= 1;
	assert_int_equal(seal_key_save(str_of(dir), &key, &err), 0);	/* and the one that is there stays */
	assert_int_equal(seal_key_load(str_of(dir), false, &key, &err), 0);
	assert_memory_equal(other.bytes, key.bytes, sizeof(key.bytes));
	assert_int_equal(unlink(arena_printf(&a, "%s/secret.key", dir).p), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void passwords(void **state)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct str hash, again;

	(void)state;
	assert_int_equal(password_hash(STR("correct horse"), &a, &hash, NULL), 0);
	assert_true(str_starts(hash, STR("$argon2id$v=19$m=65536,t=2,p=1$")));
	assert_int_equal(password_verify(hash, STR("correct horse"), NULL), 0);
	assert_int_equal(password_verify(hash, STR("correct horsE"), NULL), ERR_DENIED);
	assert_int_equal(password_verify(STR(""), STR(""), NULL), ERR_DENIED);
	assert_int_equal(password_verify(str_cut(hash, 0, 40), STR("correct horse"), NULL), ERR_DENIED);
	assert_int_equal(password_hash(STR(""), &a, &again, NULL), 0);
	assert_int_equal(password_verify(again, STR_NONE, NULL), 0);
}

static void words_and_hex(void **state)
{
	SCOPED(arena_done) struct arena a = { 0 };
	unsigned char b[2];
	struct str one = crypto_random_word(&a, 32), two = crypto_random_word(&a, 32);

	(void)state;
	assert_int_equal(one.len, 43);
	assert_false(str_eq(one, two));
	for (size_t k = 0; k < one.len; k++)
		assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", one.p[k]));
	assert_true(crypto_unhex(STR("0aff"), b, 2) && b[0] == 10 && b[1] == 255);
	assert_false(crypto_unhex(STR("0aF0"), b, 2) || crypto_unhex(STR("0a"), b, 2) || crypto_unhex(STR("0aff0"), b, 2) ||
		     crypto_unhex(STR("0ag0"), b, 2));
	assert_true(crypto_equal(STR("abc"), STR("abc")));
	assert_false(crypto_equal(STR("abc"), STR("abd")) || crypto_equal(STR("abc"), STR("ab")));
}

/* ---- settings ---- */

static char *const no_args[] = { NULL };

static int read_config(struct config *c, char *const *args, struct error *err)
{
	char *argv[16];
	int argc = 0;

	for (; args[argc] != NULL; argc++)
		argv[argc] = args[argc];
	return config_read(c, &argc, argv, err);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void config_defaults(void **state)
{
	SCOPED(config_done) struct config c = { 0 };

	(void)state;
	assert_int_equal(read_config(&c, no_args, NULL), 0);
	assert_str(c.data, "./data");
	assert_str(c.listen, "127.0.0.1:8080");
	assert_str(c.public_url, "http://127.0.0.1:8080");
	assert_str(c.database, "");
	assert_str(c.graph_url, "");
	assert_str(c.log_level, "info");
	assert_int_equal(c.workers, 0);
	assert_int_equal(c.max_connections, LIMIT_CONNECTIONS);
}

static void config_order(void **state)
{
	char path[] = "/tmp/mailtrixy-conf-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	write_file(path, "# mine\n\nlisten = 127.0.0.1:1\n data=/file \r\nworkers = 3");
	setenv("MAILTRIXY_LISTEN", "127.0.0.1:2", 1);
	setenv("MAILTRIXY_PUBLIC_URL", "https://inbox.example.org/", 1);
	setenv("MAILTRIXY_CONFIG", path, 1);
	{
		SCOPED(config_done) struct config c = { 0 };
		char a0[] = "--listen", a1[] = "[::1]:3", a2[] = "--other", a3[] = "x", a4[] = "--graph-url=http://127.0.0.1:9/v/", a5[] = "y";
		char *argv[] = { a0, a1, a2, a3, a4, a5 };
		int argc = 6;

		assert_int_equal(config_read(&c, &argc, argv, NULL), 0);
		assert_str(c.listen, "[::1]:3");
		assert_str(c.data, "/file");
		assert_str(c.public_url, "https://inbox.example.org");
		assert_str(c.graph_url, "http://127.0.0.1:9/v");
		assert_int_equal(c.workers, 3);
		assert_int_equal(argc, 3);
		assert_string_equal(argv[0], "--other");
		assert_string_equal(argv[1], "x");
		assert_string_equal(argv[2], "y");
	}
	unsetenv("MAILTRIXY_LISTEN");
	unsetenv("MAILTRIXY_PUBLIC_URL");
	unsetenv("MAILTRIXY_CONFIG");
	assert_int_equal(unlink(path), 0);
}

static void config_says_what_is_wrong(void **state)
{
	static const struct { const char *name, *value; } bad[] = {
		{ "--listen", "8080" }, { "--listen", "127.0.0.1:" }, { "--listen", "127.0.0.1:65536" }, { "--listen", ":80" },
		{ "--listen", "::1:80" }, { "--listen", "[::g]:80" }, { "--listen", "[::1]" }, { "--listen", "a b:80" }, { "--listen", "h:-1" },
		{ "--public-url", "inbox.example.org" }, { "--public-url", "ftp://x" }, { "--public-url", "https://x/inbox" },
		{ "--public-url", "https://" }, { "--public-url", "https://u@x" }, { "--public-url", "https://x?y" },
		{ "--public-url", "https://x:0x" }, { "--public-url", "https://x:" }, { "--public-url", "http://x\n" },
		{ "--database", "postgres://x" }, { "--database", "sqlite:" }, { "--database", "mysql://" }, { "--log-level", "loud" },
		{ "--trusted-proxies", "10.0.0.1,proxy" }, { "--trusted-proxies", "10.0.0.1,,10.0.0.2" }, { "--graph-version", "25" },
		{ "--graph-version", "v25" }, { "--graph-version", "v.0" }, { "--workers", "many" }, { "--workers", "-1" },
		{ "--max-connections", "0" }, { "--graph-url", "//x" }, { "--data", "" }, { "--data", "\xff" },
	};

	(void)state;
	for (size_t k = 0; k < COUNT(bad); k++) {
		struct config c;
		struct error err = { 0 };
		char name[32], value[64];
		char *args[] = { name, value, NULL };

		(void)snprintf(name, sizeof(name), "%s", bad[k].name);
		(void)snprintf(value, sizeof(value), "%s", bad[k].value);
		if (read_config(&c, args, &err) != ERR_INVALID)
			check_failed("taken: %s %s", bad[k].name, bad[k].value);
		assert_non_null(strstr(err.text, bad[k].name));
	}
}

static void config_names_where(void **state)
{
	struct config c;
	struct error err = { 0 };
	char path[] = "/tmp/mailtrixy-conf-XXXXXX";
	int fd = mkstemp(path);
	char option[64], lonely[] = "--listen";
	char *file_args[] = { option, NULL }, *lonely_args[] = { lonely, NULL };

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	(void)snprintf(option, sizeof(option), "--config=%s", path);
	setenv("MAILTRIXY_LOG_LEVEL", "loud", 1);
	assert_int_equal(read_config(&c, no_args, &err), ERR_INVALID);
	assert_non_null(strstr(err.text, "MAILTRIXY_LOG_LEVEL"));
	unsetenv("MAILTRIXY_LOG_LEVEL");
	static const struct { const char *text, *want; } files[] = {
		{ "\n\nlisten = here", "line 3" }, { "listen", "line 1" }, { "lisen = 127.0.0.1:1", "lisen" },
		{ "workers = 1\nworkers = 2", "second time" },
	};

	for (size_t k = 0; k < COUNT(files); k++) {
		write_file(path, files[k].text);
		assert_int_equal(read_config(&c, file_args, &err), ERR_INVALID);
		if (strstr(err.text, files[k].want) == NULL)
			check_failed("%s: %s", files[k].text, err.text);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(read_config(&c, file_args, &err), ERR_INVALID);	/* a file that was named must be there */
	assert_int_equal(read_config(&c, lonely_args, &err), ERR_INVALID);
	assert_non_null(strstr(err.text, "needs a value"));
	char secret[] = "--database=postgres://me:hunter2@host/db";
	char *secret_args[] = { secret, NULL };

	assert_int_equal(read_config(&c, secret_args, &err), ERR_INVALID);
	assert_null(strstr(err.text, "hunter2"));
}

static void config_good_values(void **state)
{
	static const struct { const char *name, *value; } good[] = {
		{ "--listen", "0.0.0.0:0" }, { "--listen", "localhost:8080" }, { "--listen", "[::]:80" },
		{ "--public-url", "http://[::1]:8080" }, { "--public-url", "" }, { "--database", "sqlite:/x/y.db" },
		{ "--database", "mysql://u:p@h/db" }, { "--database", "mariadb://h/db" }, { "--trusted-proxies", "127.0.0.1, ::1" },
		{ "--graph-version", "v25.0" }, { "--graph-version", "" }, { "--workers", "256" }, { "--graph-url", "https://graph.facebook.com" },
	};

	(void)state;
	for (size_t k = 0; k < COUNT(good); k++) {
		SCOPED(config_done) struct config c = { 0 };
		struct error err = { 0 };
		char name[32], value[64];
		char *args[] = { name, value, NULL };

		(void)snprintf(name, sizeof(name), "%s", good[k].name);
		(void)snprintf(value, sizeof(value), "%s", good[k].value);
		if (read_config(&c, args, &err) != 0)
			check_failed("%s %s: %s", good[k].name, good[k].value, err.text);
		if (str_eq_c(str_of(good[k].value), "0.0.0.0:0"))
			assert_str(c.public_url, "http://127.0.0.1:0");
	}
}

/* ---- errors ---- */

static void errors_are_cut_and_joined(void **state)
{
	struct error err = { 0 };
	char lots[1000];

	(void)state;
	memset(lots, 'x', sizeof(lots) - 1);
	lots[sizeof(lots) - 1] = '\0';
	assert_int_equal(fail(&err, ERR_LIMIT, "too long: %d", 7), ERR_LIMIT);
	assert_int_equal(fail_in(&err, "step %d", 2), ERR_LIMIT);
	assert_string_equal(err.text, "step 2: too long: 7");
	assert_int_equal(fail_in(&err, "%s", lots), ERR_LIMIT);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_int_equal(fail(NULL, ERR_STATE, "%s", lots), ERR_STATE);
	enum log_level level;

	assert_true(log_level_of(STR("warning"), &level) && level == LOG_WARNING);
	assert_false(log_level_of(STR("WARNING"), &level));
}

static int start(void **state)
{
	static const char *const names[] = { "DATA", "LISTEN", "PUBLIC_URL", "DATABASE", "GRAPH_URL", "INSTAGRAM_GRAPH_URL", "GRAPH_VERSION",
		"LOG_LEVEL", "TRUSTED_PROXIES", "WORKERS", "MAX_CONNECTIONS" };
	char name[64];

	(void)state;
	for (size_t k = 0; k < COUNT(names); k++) {	/* whoever runs the tests may have set some */
		(void)snprintf(name, sizeof(name), "MAILTRIXY_%s", names[k]);
		unsetenv(name);
	}
	unsetenv("MAILTRIXY_CONFIG");
	return crypto_init(NULL);
}

/* ---- addresses ---- */

static void address_is_one_of_the_public_internet(void **state)
{
	static const char *const public_ones[] = {
		"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
		"169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.167.255.255",
		"192.169.0.0", "198.17.255.255", "198.20.0.0", "203.0.112.255", "203.0.114.0", "223.255.255.255",
		"2606:4700::1111", "2a03:2880:f003::1", "2001:200::1", "2001:db9::", "3ffe:ffff::", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1",
	};
	static const char *const others[] = {
		"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
		"127.255.255.255", "169.254.0.0", "169.254.169.254", "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.2.255",
		"192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.7", "203.0.113.7",
		"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1",
		"64:ff9b::10.0.0.1", "64:ff9b:1::1.1.1.1", "100::1", "2001::1", "2001:1::1", "2001:20::1", "2001:1ff:ffff::", "2001:db8::1",
		"2002:7f00:1::", "2002:101:101::", "3fff::1", "3fff:fff::1", "4000::1", "5f00::1", "fc00::1", "fdff::1", "fe80::1",
		"fe80::1%eth0", "fec0::1", "ff02::1", "", "localhost", "1.1.1", "1.1.1.1.1", "0x7f000001", " 1.1.1.1",
	};
	struct sockaddr unix_one = { .sa_family = AF_UNIX };

	(void)state;
	for (size_t k = 0; k < COUNT(public_ones); k++)
		if (!address_text_is_public(public_ones[k]))
			check_failed("%s is refused", public_ones[k]);
	for (size_t k = 0; k < COUNT(others); k++)
		if (address_text_is_public(others[k]))
			check_failed("%s is taken for a public one", others[k]);
	assert_false(address_is_public(&unix_one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(str_takes_apart), cmocka_unit_test(utf8_borders), cmocka_unit_test(utf8_prefix_ends_at_a_code_point),
		cmocka_unit_test(buf_escapes), cmocka_unit_test(buf_remembers_its_limit), cmocka_unit_test(arena_limits),
		cmocka_unit_test(json_takes_what_the_rfc_allows), cmocka_unit_test(json_names_the_place),
		cmocka_unit_test(json_depth_is_limited), cmocka_unit_test(json_getters), cmocka_unit_test(json_writer),
		cmocka_unit_test(clock_writes_rfc3339), cmocka_unit_test(sha256_vectors), cmocka_unit_test(hmac_vectors),
		cmocka_unit_test(ed25519_vectors), cmocka_unit_test(seal_vector), cmocka_unit_test(seal_holds),
		cmocka_unit_test(seal_key_is_made_once), cmocka_unit_test(passwords), cmocka_unit_test(a_key_is_wrapped_with_a_password),
		cmocka_unit_test(words_and_hex), cmocka_unit_test(config_defaults), cmocka_unit_test(config_order),
		cmocka_unit_test(config_says_what_is_wrong), cmocka_unit_test(config_names_where), cmocka_unit_test(config_good_values),
		cmocka_unit_test(errors_are_cut_and_joined),
		cmocka_unit_test(address_is_one_of_the_public_internet),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
