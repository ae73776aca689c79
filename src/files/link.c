/* Public links: "/files/WORKSPACE.FILE.UNTIL.MAC". Nothing is stored: who can make the MAC has the sealing key. */
#include "files/state.h"

#define HEAD "/files/"
enum { MAC_BYTES = 20 };

static int sign(struct files *f, struct str words, unsigned char ret[SHA256_BYTES])
{
	(void)pthread_mutex_lock(&f->lock);
	int r = hmac_sha256(f->link_key, words, ret, NULL);

	(void)pthread_mutex_unlock(&f->lock);
	return r;
}

struct str files_link(struct files *f, struct workspace_id w, int64_t file_id, int64_t until_ms, struct arena *arena)
{
	unsigned char mac[SHA256_BYTES];
	struct str words = arena_printf(arena, "%lld.%lld.%lld", (long long)w.v, (long long)file_id, (long long)until_ms);

	if (words.p == NULL || sign(f, words, mac) < 0)
		return STR_NONE;
	return arena_printf(arena, HEAD "%.*s.%.*s", STR_ARG(words), STR_ARG(crypto_hex(arena, mac, MAC_BYTES)));
}

int files_link_read(struct files *f, struct str token, int64_t now_ms, struct workspace_id *ret_w, int64_t *ret_file_id, struct error *err)
{
	unsigned char mac[SHA256_BYTES], told[MAC_BYTES];
	struct str rest, workspace = str_split(token, '.', &rest), id = str_split(rest, '.', &rest), until = str_split(rest, '.', &rest);
	struct str words = { token.p, rest.p == NULL ? 0 : (size_t)(rest.p - token.p) - 1 };
	int64_t w, file_id, until_ms;

	if (token.len > 128 || !str_to_i64(workspace, &w) || !str_to_i64(id, &file_id) || !str_to_i64(until, &until_ms) ||
	    !crypto_unhex(rest, told, sizeof(told)) || sign(f, words, mac) < 0 ||
	    !crypto_equal((struct str){ (const char *)mac, MAC_BYTES }, (struct str){ (const char *)told, MAC_BYTES }))
		return fail(err, ERR_DENIED, "no link of ours");
	if (now_ms >= until_ms)
		return fail(err, ERR_DENIED, "the link has ended");
	ret_w->v = w;
	*ret_file_id = file_id;
	return 0;
}
