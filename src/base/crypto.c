/* Cryptography over libsodium (sealing, passwords, Ed25519, random) and OpenSSL (SHA-256 and HMAC, which use the
 * processor's SHA instructions there). What is sealed or signed, and why, is not decided here. */
#include "base/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ERR_STATE openssl_err_state	/* a type of OpenSSL's that nothing here needs has the name of our code */
#include <openssl/evp.h>
#include <openssl/sha.h>
#undef ERR_STATE

enum { NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES };
_Static_assert(SEAL_EXTRA_BYTES == 1 + NONCE_BYTES + TAG_BYTES, "what sealing adds");
_Static_assert(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "the sealing key");
_Static_assert(SIGN_PUBLIC_BYTES == crypto_sign_PUBLICKEYBYTES && SIGN_SECRET_BYTES == crypto_sign_SECRETKEYBYTES &&
	       SIGN_BYTES == crypto_sign_BYTES, "Ed25519");

int crypto_init(struct error *err)
{
	if (sodium_init() < 0)
		return fail(err, ERR_BROKEN, "libsodium found no source of random numbers");
	return 0;
}

void crypto_random(void *ret, size_t len)
{
	randombytes_buf(ret, len);
}

struct str crypto_random_word(struct arena *a, size_t len)
{
	size_t room = sodium_base64_encoded_len(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	unsigned char *bytes = arena_alloc(a, len);
	char *word = arena_alloc(a, room);

	if (bytes == NULL || word == NULL)
		return STR_NONE;
	randombytes_buf(bytes, len);
	(void)sodium_bin2base64(word, room, bytes, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(bytes, len);
	return str_of(word);
}

static const unsigned char *bytes_of(struct str s)
{
	return s.p != NULL ? (const unsigned char *)s.p : (const unsigned char *)"";
}

void crypto_sha256(struct str s, unsigned char ret[SHA256_BYTES])
{
	/* OpenSSL may lack memory for a context; libsodium, slower, needs none. */
	if (SHA256(bytes_of(s), s.len, ret) == NULL)
		(void)crypto_hash_sha256(ret, bytes_of(s), s.len);
}

struct sha256 {
	EVP_MD_CTX *context;
	bool failed;
};

struct sha256 *sha256_new(void)
{
	struct sha256 *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->context = EVP_MD_CTX_new();
	s->failed = s->context == NULL || EVP_DigestInit_ex(s->context, EVP_sha256(), NULL) != 1;
	return s;
}

void sha256_add(struct sha256 *s, struct str bytes)
{
	if (s != NULL && !s->failed && bytes.len > 0)
		s->failed = EVP_DigestUpdate(s->context, bytes.p, bytes.len) != 1;
}

int sha256_end(struct sha256 *s, unsigned char ret[SHA256_BYTES], struct error *err)
{
	bool ok = s != NULL && !s->failed && EVP_DigestFinal_ex(s->context, ret, NULL) == 1;

	sha256_free(s);
	return ok ? 0 : fail(err, ERR_NOMEM, "SHA-256 failed");
}

void sha256_free(struct sha256 *s)
{
	if (s == NULL)
		return;
	EVP_MD_CTX_free(s->context);
	free(s);
}

bool crypto_equal(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || sodium_memcmp(a.p, b.p, a.len) == 0);
}

void crypto_wipe(void *p, size_t len)
{
	if (len > 0)
		sodium_memzero(p, len);
}

/* ---- HMAC ---- */

struct hmac {
	EVP_MAC *mac;
	EVP_MAC_CTX *context;
};

int hmac_new(struct str key, struct hmac **ret, struct error *err)
{
	struct hmac *h = calloc(1, sizeof(*h));
	char digest[] = "SHA256";
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string("digest", digest, 0), OSSL_PARAM_construct_end() };

	if (h == NULL)
		return fail(err, ERR_NOMEM, "no memory for an HMAC key");
	h->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	h->context = h->mac != NULL ? EVP_MAC_CTX_new(h->mac) : NULL;
	if (h->context == NULL || EVP_MAC_init(h->context, bytes_of(key), key.len, params) != 1) {
		hmac_free(h);
		return fail(err, ERR_BROKEN, "OpenSSL gives no HMAC-SHA256");
	}
	*ret = h;
	return 0;
}

void hmac_free(struct hmac *h)
{
	if (h == NULL)
		return;
	EVP_MAC_CTX_free(h->context);
	EVP_MAC_free(h->mac);
	free(h);
}

int hmac_sha256(struct hmac *h, struct str message, unsigned char ret[SHA256_BYTES], struct error *err)
{
	size_t len = 0;

	/* Without a key, init begins again with the kept one. */
	if (EVP_MAC_init(h->context, NULL, 0, NULL) != 1 ||
	    EVP_MAC_update(h->context, bytes_of(message), message.len) != 1 ||
	    EVP_MAC_final(h->context, ret, &len, SHA256_BYTES) != 1 || len != SHA256_BYTES)
		return fail(err, ERR_BROKEN, "OpenSSL failed to make an HMAC");
	return 0;
}

/* ---- sealing ---- */

static const char key_name[] = "secret.key";

/* "GENERATION HEX\n": one line that survives being copied by hand. */
static int key_parse(struct str text, struct seal_key *ret)
{
	struct str hex, number = str_split(str_trim(text), ' ', &hex);
	int64_t generation;

	if (!str_to_i64(number, &generation) || generation < 1 || generation > UINT8_MAX ||
	    !crypto_unhex(str_trim(hex), ret->bytes, sizeof(ret->bytes)))
		return ERR_INVALID;
	ret->generation = (uint8_t)generation;
	return 0;
}

/* 0 read, ERR_NOTFOUND: there is none, others: words. */
static int key_read(const char *path, struct seal_key *ret, struct error *err)
{
	char text[128];
	struct stat st;
	int r, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return fail(err, errno == ENOENT ? ERR_NOTFOUND : ERR_BROKEN, "%s: %s", path, strerror(errno));
	ssize_t n = fstat(fd, &st) == 0 ? read(fd, text, sizeof(text)) : -1;

	if (n < 0)
		r = fail(err, ERR_BROKEN, "%s: %s", path, strerror(errno));
	else if ((st.st_mode & 077) != 0)
		r = fail(err, ERR_INVALID, "%s can be read by other users of this machine: chmod 600 it", path);
	else if (key_parse((struct str){ text, (size_t)n }, ret) < 0)
		r = fail(err, ERR_INVALID, "%s is not a MailTrixy key: restore it from your backup, for without it"
			 " the stored tokens and passwords cannot be opened", path);
	else
		r = 0;
	(void)close(fd);
	sodium_memzero(text, sizeof(text));
	return r;
}

/* Writes the key beside the path and links it there, so that two processes that start at once agree on one, and a
 * power cut leaves a whole key or none. */
int seal_key_save(struct str dir, const struct seal_key *key, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	const char *path = arena_printf(&a, "%.*s/%s", STR_ARG(dir), key_name).p;
	struct str temporary = arena_printf(&a, "%.*s/.%s.%d", STR_ARG(dir), key_name, (int)getpid());
	struct str line = arena_printf(&a, "%d %.*s\n", key->generation, STR_ARG(crypto_hex(&a, key->bytes, sizeof(key->bytes))));

	if (arena_failed(&a))
		return fail(err, ERR_NOMEM, "no memory to make %s", key_name);
	(void)unlink(temporary.p);
	int fd = open(temporary.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail(err, ERR_BROKEN, "%s: %s", temporary.p, strerror(errno));
	bool good = write(fd, line.p, line.len) == (ssize_t)line.len && fsync(fd) == 0;

	good = close(fd) == 0 && good && (link(temporary.p, path) == 0 || errno == EEXIST);
	int code = errno;

	(void)unlink(temporary.p);
	crypto_wipe((char *)(uintptr_t)line.p, line.len);
	if (!good)
		return fail(err, ERR_BROKEN, "%s: %s", path, strerror(code));
	fd = open(arena_copy(&a, dir).p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		(void)close(fd);
	}
	return 0;
}

int seal_key_load(struct str data_dir, bool may_make, struct seal_key *ret, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct str path = arena_printf(&a, "%.*s/%s", STR_ARG(data_dir), key_name);

	if (path.p == NULL)
		return fail(err, ERR_NOMEM, "no memory to read %s", key_name);
	int r = key_read(path.p, ret, err);

	if (r != ERR_NOTFOUND || !may_make)
		return r;
	struct seal_key made = { .generation = 1 };

	randombytes_buf(made.bytes, sizeof(made.bytes));
	r = seal_key_save(data_dir, &made, err);
	sodium_memzero(&made, sizeof(made));
	if (r < 0)
		return r;
	return key_read(path.p, ret, err);
}

int seal(const struct seal_key *key, struct str where, struct str plain, struct arena *a, struct str *ret,
	 struct error *err)
{
	unsigned long long len = 0;

	if (plain.len > SIZE_MAX - SEAL_EXTRA_BYTES)
		return fail(err, ERR_LIMIT, "a secret is too long to seal");
	unsigned char *p = arena_alloc(a, plain.len + SEAL_EXTRA_BYTES);

	if (p == NULL)
		return fail(err, ERR_NOMEM, "no memory to seal a secret");
	p[0] = key->generation;
	randombytes_buf(p + 1, NONCE_BYTES);	/* 192 random bits do not repeat */
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(p + 1 + NONCE_BYTES, &len, bytes_of(plain), plain.len,
							 bytes_of(where), where.len, NULL, p + 1, key->bytes);
	*ret = (struct str){ (const char *)p, 1 + NONCE_BYTES + (size_t)len };
	return 0;
}

int seal_open(const struct seal_key *key, struct str where, struct str sealed, struct arena *a, struct str *ret,
	      struct error *err)
{
	const unsigned char *p = bytes_of(sealed);
	unsigned long long len = 0;

	if (sealed.len < SEAL_EXTRA_BYTES)
		return fail(err, ERR_DENIED, "%.*s: what is stored is too short for a sealed secret", STR_ARG(where));
	if (p[0] != key->generation)
		return fail(err, ERR_DENIED, "%.*s was sealed with key %d, this installation has key %d",
			    STR_ARG(where), p[0], key->generation);
	char *plain = arena_alloc(a, sealed.len - SEAL_EXTRA_BYTES + 1);

	if (plain == NULL)
		return fail(err, ERR_NOMEM, "no memory to open a secret");
	if (crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)plain, &len, NULL, p + 1 + NONCE_BYTES,
						       sealed.len - 1 - NONCE_BYTES, bytes_of(where), where.len, p + 1,
						       key->bytes) != 0)
		return fail(err, ERR_DENIED, "%.*s does not open: another secret.key sealed it, or it was changed",
			    STR_ARG(where));
	*ret = (struct str){ plain, (size_t)len };
	return 0;
}

/* ---- passwords ---- */

int password_hash(struct str password, struct arena *a, struct str *ret, struct error *err)
{
	char *p = arena_alloc(a, crypto_pwhash_STRBYTES);

	if (p == NULL || crypto_pwhash_str(p, password.p != NULL ? password.p : "", password.len,
					   crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
		return fail(err, ERR_NOMEM, "no memory to hash a password");
	*ret = str_of(p);
	return 0;
}

int password_verify(struct str hash, struct str password, struct error *err)
{
	char text[crypto_pwhash_STRBYTES] = "";

	if (hash.len >= sizeof(text))
		return fail(err, ERR_DENIED, "the stored password hash is not one");
	if (hash.len > 0)
		memcpy(text, hash.p, hash.len);
	if (crypto_pwhash_str_verify(text, password.p != NULL ? password.p : "", password.len) != 0)
		return fail(err, ERR_DENIED, "wrong password");
	return 0;
}

/* ---- signatures ---- */

void sign_key_new(unsigned char ret_public[SIGN_PUBLIC_BYTES], unsigned char ret_secret[SIGN_SECRET_BYTES])
{
	(void)crypto_sign_keypair(ret_public, ret_secret);
}

void sign_make(struct str message, const unsigned char secret[SIGN_SECRET_BYTES], unsigned char ret[SIGN_BYTES])
{
	(void)crypto_sign_detached(ret, NULL, bytes_of(message), message.len, secret);
}

bool sign_verify(struct str message, const unsigned char public_key[SIGN_PUBLIC_BYTES],
		 const unsigned char signature[SIGN_BYTES])
{
	return crypto_sign_verify_detached(signature, bytes_of(message), message.len, public_key) == 0;
}

/* ---- texts of bytes ---- */

struct str crypto_hex(struct arena *a, const void *bytes, size_t len)
{
	if (len > SIZE_MAX / 2 - 1)
		return STR_NONE;
	char *p = arena_alloc(a, 2 * len + 1);

	if (p == NULL)
		return STR_NONE;
	(void)sodium_bin2hex(p, 2 * len + 1, bytes, len);
	return (struct str){ p, 2 * len };
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool crypto_unhex(struct str s, unsigned char *ret, size_t len)
{
	if (s.len / 2 != len || s.len % 2 != 0)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (digit(s.p[i]) < 0)
			return false;
	for (size_t i = 0; i < len; i++)
		ret[i] = (unsigned char)(digit(s.p[2 * i]) * 16 + digit(s.p[2 * i + 1]));
	return true;
}
