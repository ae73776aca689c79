#include "addon/signature.h"

#include <string.h>

#include "addon/addon.h"
#include "addon/file.h"
#include "base/json.h"
#include "base/limit.h"
#include "base/log.h"

/* The build sets it to the public key of -Daddon_key, or to "". */
#ifndef MAILTRIXY_ADDON_KEY
#define MAILTRIXY_ADDON_KEY ""
#endif

enum { KEY_FILE_MAX = 1024, SIGNATURE_MAX = 4096 };
static const char built_in_name[] = "MailTrixy";

struct search {
	struct str folder, key;		/* key: the public key in hex that is looked for */
	struct arena *arena;
	struct str found;
};

static int look(void *arg, const char *name, struct error *err)
{
	struct search *s = arg;
	struct str file = str_of(name);
	SCOPED(buf_done) struct buf text = { 0 };
	struct error why = { 0 };
	unsigned char bytes[SIGN_PUBLIC_BYTES];

	(void)err;
	if (!str_ends(file, STR(".pub")) || file.len == 4 || file.p[0] == '.' || !utf8_valid(file))
		return 0;
	struct str path = arena_printf(s->arena, "%.*s/%s", STR_ARG(s->folder), name);

	if (path.p == NULL || file_read(path.p, KEY_FILE_MAX, &text, &why) < 0 ||
	    !crypto_unhex(str_trim(buf_str(&text)), bytes, sizeof(bytes))) {
		log_event(LOG_WARNING, "a trusted key cannot be read and counts for nothing", log_s("file", file),
			  log_c("error", why.text), log_end);
		return 0;
	}
	if (!str_eq(str_trim(buf_str(&text)), s->key))
		return 0;
	s->found = arena_copy(s->arena, str_cut(file, 0, file.len - 4));
	return 1;
}

/* The name under which the key is trusted, or STR_NONE. */
static int find_key(struct str key, struct str trust_dir, struct arena *arena, struct str *ret, struct error *err)
{
	struct search s = { .folder = trust_dir, .key = key, .arena = arena };

	*ret = STR_NONE;
	if (sizeof(MAILTRIXY_ADDON_KEY) > 1 && str_eq_c(key, MAILTRIXY_ADDON_KEY)) {
		*ret = str_of(built_in_name);
		return 0;
	}
	struct str folder = trust_dir.p != NULL ? arena_copy(arena, trust_dir) : STR_NONE;
	int r = folder.p != NULL ? folder_each(folder.p, look, &s, err) : 0;

	if (r < 0 && r != ERR_NOTFOUND)
		return r;
	*ret = s.found;
	return 0;
}

#define DANGER                                                                                                       \
	"An addon is native code and runs with the server's rights: it can read every message and token. Install it" \
	" only if you trust who made it."

int signature_check(struct str manifest, struct str sig, struct str trust_dir, struct arena *arena, struct str *ret_by,
		    struct str *ret_doubt, struct error *err)
{
	SCOPED(json_free) struct json_object *o = NULL;
	unsigned char key[SIGN_PUBLIC_BYTES], signature[SIGN_BYTES];
	int r;

	*ret_by = *ret_doubt = STR_NONE;
	if (sig.p == NULL) {
		*ret_doubt = STR("This package is not signed. " DANGER);
		return 0;
	}
	if (sig.len > SIGNATURE_MAX || json_parse(sig, &o, NULL) < 0 ||
	    !crypto_unhex(json_get_str(o, "key"), key, sizeof(key)) ||
	    !crypto_unhex(json_get_str(o, "signature"), signature, sizeof(signature)))
		return fail(err, ERR_INVALID, "addon.sig is broken: it must hold \"key\" and \"signature\" in hex");
	if (!sign_verify(manifest, key, signature))
		return fail(
			err, ERR_INVALID,
			"The signature does not fit: addon.json was changed after it was signed. Get the package"
			" once more from its maker");
	if ((r = find_key(json_get_str(o, "key"), trust_dir, arena, ret_by, err)) < 0)
		return r;
	if (ret_by->p == NULL)
		*ret_doubt = arena_printf(
			arena, "This package is signed by a key that is not trusted here (%.*s…). " DANGER,
			STR_ARG(str_cut(json_get_str(o, "key"), 0, 16)));
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "no memory to check the signature") : 0;
}

static struct str name_of(struct str path)
{
	struct str name = path;

	for (size_t i = 0; i < path.len; i++)
		if (path.p[i] == '/')
			name = str_cut(path, i + 1, path.len);
	return str_ends(name, STR(".key")) ? str_cut(name, 0, name.len - 4) : name;
}

int signature_make(struct str manifest, struct str key_path, struct buf *ret, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	SCOPED(buf_done) struct buf text = { 0 };
	unsigned char secret[SIGN_SECRET_BYTES], signature[SIGN_BYTES];
	struct str path = arena_copy(&a, key_path);
	int r;

	if (path.p == NULL)
		return fail(err, ERR_NOMEM, "no memory to sign");
	if ((r = file_read(path.p, KEY_FILE_MAX, &text, err)) < 0)
		return r == ERR_NOTFOUND ? fail(err, ERR_INVALID, "there is no key file %s", path.p) : r;
	bool good = crypto_unhex(str_trim(buf_str(&text)), secret, sizeof(secret));

	crypto_wipe(text.p, text.len);
	if (!good)
		return fail(
			err, ERR_INVALID,
			"%s is no secret key: it must be 128 hex digits, as 'mailtrixy addon keygen' makes them",
			path.p);
	sign_make(manifest, secret, signature);
	struct str public_key = crypto_hex(&a, secret + SIGN_SECRET_BYTES - SIGN_PUBLIC_BYTES, SIGN_PUBLIC_BYTES);
	struct json_out j = json_out(ret);

	crypto_wipe(secret, sizeof(secret));
	json_open(&j, NULL);
	json_str(&j, "key", public_key);
	json_str(&j, "name", utf8_valid(name_of(key_path)) ? name_of(key_path) : STR("unnamed"));
	json_str(&j, "signature", crypto_hex(&a, signature, sizeof(signature)));
	json_close(&j);
	buf_add_char(ret, '\n');
	return ret->failed || arena_failed(&a) ? fail(err, ERR_NOMEM, "no memory to sign") : 0;
}

int addon_keygen(struct str prefix, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	unsigned char public_key[SIGN_PUBLIC_BYTES], secret[SIGN_SECRET_BYTES];
	struct str key_path = arena_printf(&a, "%.*s.key", STR_ARG(prefix)),
		   pub_path = arena_printf(&a, "%.*s.pub", STR_ARG(prefix));
	int r;

	sign_key_new(public_key, secret);
	struct str key = arena_printf(&a, "%.*s\n", STR_ARG(crypto_hex(&a, secret, sizeof(secret))));
	struct str pub = arena_printf(&a, "%.*s\n", STR_ARG(crypto_hex(&a, public_key, sizeof(public_key))));

	crypto_wipe(secret, sizeof(secret));
	if (arena_failed(&a))
		return fail(err, ERR_NOMEM, "no memory to make a key");
	/* file_make: a key that is there is never overwritten. */
	if ((r = file_make(key_path.p, key, 0600, err)) < 0 || (r = file_make(pub_path.p, pub, 0644, err)) < 0)
		return r == ERR_EXISTS ? fail(err, ERR_EXISTS,
					      "%.*s.key or .pub is there already; a key is never overwritten",
					      STR_ARG(str_cut(prefix, 0, 120)))
				       : r;
	return 0;
}
