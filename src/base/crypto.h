/* What the product needs of cryptography, over libsodium and OpenSSL. Nothing here logs. */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include "base/arena.h"
#include "base/err.h"

enum { SHA256_BYTES = 32, SEAL_KEY_BYTES = 32, SEAL_EXTRA_BYTES = 1 + 24 + 16, SIGN_PUBLIC_BYTES = 32, SIGN_SECRET_BYTES = 64,
       SIGN_BYTES = 64 };

/* Once, before anything else here. Aborts the start when the random source is missing. */
int crypto_init(struct error *err);

void crypto_random(void *ret, size_t len);
/* len random bytes as URL-safe base64 without padding. */
struct str crypto_random_word(struct arena *a, size_t len);
void crypto_sha256(struct str s, unsigned char ret[SHA256_BYTES]);
/* The same of bytes that come in pieces. sha256_end gives the hash and frees; sha256_free frees one that is not ended; NULL is
 * taken by all: sha256_new gave it without memory, and _end then fails. */
struct sha256;
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *s, struct str bytes);
int sha256_end(struct sha256 *s, unsigned char ret[SHA256_BYTES], struct error *err);
void sha256_free(struct sha256 *s);
bool crypto_equal(struct str a, struct str b);		/* constant time for equal lengths */
void crypto_wipe(void *p, size_t len);

/* HMAC-SHA256 with a kept key (RFC 2104). One context belongs to one thread at a time. */
struct hmac;
int hmac_new(struct str key, struct hmac **ret, struct error *err);
void hmac_free(struct hmac *h);
int hmac_sha256(struct hmac *h, struct str message, unsigned char ret[SHA256_BYTES], struct error *err);

/* Seals a secret with XChaCha20-Poly1305 under `key`, bound to `where` (e.g. "instagram_accounts/12/app_secret"): sealed
 * bytes moved to another row do not open. The first byte is the key's generation, so that secrets can be re-keyed. */
struct seal_key {
	unsigned char bytes[SEAL_KEY_BYTES];
	uint8_t generation;
};
/* Reads DIR/secret.key, or makes it (mode 0600) when `may_make`; ERR_NOTFOUND: there is none. */
int seal_key_load(struct str data_dir, bool may_make, struct seal_key *ret, struct error *err);
/* Makes DIR/secret.key with this key. One that is there stays as it is. */
int seal_key_save(struct str data_dir, const struct seal_key *key, struct error *err);
int seal(const struct seal_key *key, struct str where, struct str plain, struct arena *a, struct str *ret, struct error *err);
/* ERR_DENIED: another key, another place, or changed bytes. */
int seal_open(const struct seal_key *key, struct str where, struct str sealed, struct arena *a, struct str *ret,
	      struct error *err);

/* argon2id in libsodium's string form. Slow on purpose (~0.1 s, 64 MiB): workers only. */
int password_hash(struct str password, struct arena *a, struct str *ret, struct error *err);
/* 0, or ERR_DENIED. */
int password_verify(struct str hash, struct str password, struct error *err);

/* Ed25519 (RFC 8032). */
void sign_key_new(unsigned char ret_public[SIGN_PUBLIC_BYTES], unsigned char ret_secret[SIGN_SECRET_BYTES]);
void sign_make(struct str message, const unsigned char secret[SIGN_SECRET_BYTES], unsigned char ret[SIGN_BYTES]);
bool sign_verify(struct str message, const unsigned char public_key[SIGN_PUBLIC_BYTES], const unsigned char signature[SIGN_BYTES]);

struct str crypto_hex(struct arena *a, const void *bytes, size_t len);
/* False when s is not 2 * len lower-case hex digits. */
bool crypto_unhex(struct str s, unsigned char *ret, size_t len);

#endif
