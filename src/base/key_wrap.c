#include "base/key_wrap.h"

#include <sodium.h>
#include <string.h>

/* VERSION SALT SEALED: sealed is the key and its generation. The version fixes the cost of argon2id, so that what was wrapped
 * once opens with every program to come. */
enum { WRAP_VERSION = 1, SALT_AT = 1, SEALED_AT = SALT_AT + crypto_pwhash_SALTBYTES, KEY_AND_GENERATION = SEAL_KEY_BYTES + 1,
       WRAP_BYTES = SEALED_AT + SEAL_EXTRA_BYTES + KEY_AND_GENERATION };
static const unsigned long long operations = 3;
static const size_t memory = 64 * 1024 * 1024;
#define WHERE STR("wrapped secret.key")

int key_fingerprint(const struct seal_key *key, struct arena *a, struct str *ret, struct error *err)
{
	unsigned char digest[SHA256_BYTES];
	struct hmac *h = NULL;
	int r = hmac_new((struct str){ (const char *)key->bytes, sizeof(key->bytes) }, &h, err);

	if (r == 0)
		r = hmac_sha256(h, STR("mailtrixy fingerprint of secret.key, 1"), digest, err);
	hmac_free(h);
	if (r < 0)
		return r;
	*ret = crypto_hex(a, digest, SHA256_BYTES / 2);
	return ret->p == NULL ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

static int key_of_password(struct str password, const unsigned char *salt, struct seal_key *ret, struct error *err)
{
	ret->generation = WRAP_VERSION;
	if (crypto_pwhash(ret->bytes, sizeof(ret->bytes), password.p != NULL ? password.p : "", password.len, salt, operations, memory,
			  crypto_pwhash_ALG_ARGON2ID13) != 0)
		return fail(err, ERR_NOMEM, "no memory to make a key from a password");
	return 0;
}

int key_wrap(const struct seal_key *key, struct str password, struct arena *a, struct str *ret, struct error *err)
{
	SCOPED(arena_done) struct arena own = { 0 };
	unsigned char bytes[WRAP_BYTES] = { WRAP_VERSION }, plain[KEY_AND_GENERATION];
	struct seal_key outer;
	struct str sealed;
	int r;

	randombytes_buf(bytes + SALT_AT, crypto_pwhash_SALTBYTES);
	if ((r = key_of_password(password, bytes + SALT_AT, &outer, err)) < 0)
		return r;
	memcpy(plain, key->bytes, SEAL_KEY_BYTES);
	plain[SEAL_KEY_BYTES] = key->generation;
	r = seal(&outer, WHERE, (struct str){ (const char *)plain, sizeof(plain) }, &own, &sealed, err);
	sodium_memzero(plain, sizeof(plain));
	sodium_memzero(&outer, sizeof(outer));
	if (r < 0)
		return r;
	memcpy(bytes + SEALED_AT, sealed.p, sealed.len);
	*ret = crypto_hex(a, bytes, sizeof(bytes));
	return ret->p == NULL ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

int key_unwrap(struct str wrapped, struct str password, struct seal_key *ret, struct error *err)
{
	SCOPED(arena_done) struct arena own = { 0 };	/* wiped */
	unsigned char bytes[WRAP_BYTES];
	struct seal_key outer;
	struct str plain;
	int r;

	if (!crypto_unhex(wrapped, bytes, sizeof(bytes)) || bytes[0] != WRAP_VERSION)
		return fail(err, ERR_DENIED, "the wrapped key is not one that this program knows");
	if ((r = key_of_password(password, bytes + SALT_AT, &outer, err)) < 0)
		return r;
	r = seal_open(&outer, WHERE, (struct str){ (const char *)bytes + SEALED_AT, sizeof(bytes) - SEALED_AT }, &own, &plain, err);
	sodium_memzero(&outer, sizeof(outer));
	if (r < 0)
		return fail(err, r, "the wrapped key does not open with this password");
	memcpy(ret->bytes, plain.p, SEAL_KEY_BYTES);
	ret->generation = (uint8_t)plain.p[SEAL_KEY_BYTES];
	return 0;
}
