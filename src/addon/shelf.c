/* See shelf.h. A package is rows of addon_packages: the head, then the zip in pieces. The head says how many pieces make which bytes,
 * and holds a seal of that, made with the instance's key: only a server of this instance can have made it, after it had checked the
 * package and, when no trusted key signed it, an admin had confirmed. So a package is loaded here because a key that is trusted
 * here signed it or because the seal is right; who can write into the database and has not got the key cannot put code there.
 *
 * The zip may be another than the one that was uploaded, of the same files: the folder of an installation that had a database of
 * its own before holds the files only. So the package's name, the hash of the first zip, is not what is checked. */
#include "addon/shelf.h"

#include "addon/package.h"
#include "base/limit.h"
#include "store/blob.h"

#define HEAD STR("mailtrixy-package-1")

struct shelved {
	struct str hash;		/* of the zip that was uploaded: its name */
	struct str zip, zip_hash;	/* what the pieces make */
	struct str head;		/* the text of row 0 */
	int64_t pieces, position;
};

static struct str where(struct arena *a, struct str hash)
{
	return arena_printf(a, "addon_packages/%.*s", STR_ARG(hash));
}

/* ---- the head ---- */

static int write_head(struct instance *i, struct arena *a, struct shelved *p, struct error *err)
{
	unsigned char digest[SHA256_BYTES];
	struct str sealed;
	int r;

	crypto_sha256(p->zip, digest);
	p->zip_hash = crypto_hex(a, digest, sizeof(digest));
	p->pieces = store_blob_pieces((int64_t)p->zip.len);
	if (arena_failed(a))
		return fail(err, ERR_NOMEM, "no memory to keep the package");
	if ((r = seal(&i->seal_key, where(a, p->hash), p->zip_hash, a, &sealed, err)) < 0)
		return r;
	p->head = arena_printf(a, "%.*s %lld %.*s %.*s", STR_ARG(HEAD), (long long)p->pieces, STR_ARG(p->zip_hash),
			       STR_ARG(crypto_hex(a, sealed.p, sealed.len)));
	return arena_failed(a) ? fail(err, ERR_NOMEM, "no memory to keep the package") : 0;
}

struct head {
	int64_t pieces;
	struct str zip_hash, sealed;	/* borrowed */
};

static bool read_head(struct str text, struct head *ret)
{
	struct str rest, mark = str_split(text, ' ', &rest), count = str_split(rest, ' ', &rest);

	ret->zip_hash = str_split(rest, ' ', &ret->sealed);
	return str_eq(mark, HEAD) && str_to_i64(count, &ret->pieces) && ret->pieces > 0 && ret->zip_hash.len == 2 * SHA256_BYTES;
}

/* 1: there is one. */
static int get_head(struct db *db, struct str hash, struct buf *text, struct head *ret, struct error *err)
{
	int r = store_package_get(db, hash, 0, text, err);

	return r <= 0 ? r : read_head(buf_str(text), ret);
}

int shelf_whole(struct db *db, struct str hash, struct error *err)
{
	SCOPED(buf_done) struct buf text = { 0 };
	struct head head;
	int r = get_head(db, hash, &text, &head, err);

	if (r <= 0)
		return r;
	int64_t count = store_package_count(db, hash, err);

	return count < 0 ? (int)count : count == head.pieces + 1;
}

int shelf_check(struct db *db, struct str hash, struct error *err)
{
	int r = shelf_whole(db, hash, err);

	return r != 0 ? (r < 0 ? r : 0) : fail(err, ERR_TEMPORARY, "Another server changes this package just now. Try again in a moment");
}

/* ---- putting it there ---- */

/* What another zip of the package has left goes: the pieces are of one. */
static int run_begin(struct db *db, void *arg, struct error *err)
{
	SCOPED(buf_done) struct buf text = { 0 };
	const struct shelved *p = arg;
	struct head head;
	int r = get_head(db, p->hash, &text, &head, err);

	if (r < 0 || (r > 0 && str_eq(head.zip_hash, p->zip_hash)))
		return r < 0 ? r : 0;
	if ((r = store_package_delete(db, p->hash, err)) < 0)
		return r;
	return store_package_put(db, p->hash, 0, p->head, err);
}

static int run_piece(struct db *db, void *arg, struct error *err)
{
	SCOPED(buf_done) struct buf text = { 0 };
	const struct shelved *p = arg;
	size_t at = (size_t)(p->position - 1) * BLOB_PIECE;
	struct head head;
	int r = get_head(db, p->hash, &text, &head, err);

	if (r < 0)
		return r;
	if (r == 0 || !str_eq(head.zip_hash, p->zip_hash))
		return fail(err, ERR_TEMPORARY, "Another server changes this package just now. Try again in a moment");
	r = store_package_get(db, p->hash, p->position, &text, err);
	return r != 0 ? (r < 0 ? r : 0) : store_package_put(db, p->hash, p->position, str_cut(p->zip, at, BLOB_PIECE), err);
}

static int put(struct instance *i, struct arena *a, struct str hash, struct str zip, struct error *err)
{
	struct shelved p = { .hash = hash, .zip = zip };
	int r = write_head(i, a, &p, err);

	if (r == 0)
		r = store_write(i->store, run_begin, &p, err);
	for (p.position = 1; r == 0 && p.position <= p.pieces; p.position++)
		r = store_write(i->store, run_piece, &p, err);
	return r;
}

static void reader_done(struct db **reader)
{
	store_reader_free(*reader);
}

/* Reads an own connection: 1: it is there. */
static int is_there(struct instance *i, struct str hash, struct error *err)
{
	SCOPED(reader_done) struct db *db = NULL;
	int r = store_reader_new(i->store, &db, err);

	return r < 0 ? r : shelf_whole(db, hash, err);
}

int shelf_keep(struct instance *i, struct home *h, struct str hash, struct str zip, struct error *err)
{
	SCOPED(buf_done) struct buf made = { .max = LIMIT_ADDON_ZIP };
	int r;

	if (!store_shared(i->store) || (r = is_there(i, hash, err)) > 0)
		return 0;
	if (r == 0 && zip.p == NULL) {
		r = package_zip(h->addons_dir, hash, &made, err);
		zip = buf_str(&made);
	}
	return r < 0 ? r : put(i, &h->memory, hash, zip, err);
}

static int run_let_go(struct db *db, void *arg, struct error *err)
{
	return store_package_let_go(db, ((const struct shelved *)arg)->hash, err);
}

int shelf_let_go(struct instance *i, struct str hash, struct error *err)
{
	struct shelved p = { .hash = hash };

	return store_shared(i->store) && hash.len > 0 ? store_write(i->store, run_let_go, &p, err) : 0;
}

/* ---- fetching ---- */

static int read_zip(struct db *db, struct str hash, int64_t pieces, struct buf *zip, struct error *err)
{
	SCOPED(buf_done) struct buf piece = { .max = BLOB_PIECE };
	int r = 1;

	for (int64_t k = 1; r > 0 && k <= pieces; k++) {
		if ((r = store_package_get(db, hash, k, &piece, err)) > 0)
			buf_add(zip, buf_str(&piece));
		if (zip->failed)
			return fail(err, ERR_INVALID, "The package in the database is too large");
	}
	return r < 0 ? r : r == 0 ? fail(err, ERR_NOTFOUND, "The package is not whole in the database. Upload it once more") : 0;
}

/* Whether a server of this instance has put it there. */
static bool seal_is_right(struct instance *i, struct arena *a, struct str hash, const struct head *head)
{
	unsigned char sealed[SEAL_EXTRA_BYTES + 2 * SHA256_BYTES];
	struct str plain;

	return crypto_unhex(head->sealed, sealed, sizeof(sealed)) &&
	       seal_open(&i->seal_key, where(a, hash), (struct str){ (const char *)sealed, sizeof(sealed) }, a, &plain, NULL) == 0 &&
	       crypto_equal(plain, head->zip_hash);
}

static int check_and_unpack(struct instance *i, struct home *h, const struct store_addon *row, const struct head *head, struct str zip,
			    struct error *err)
{
	SCOPED(package_done) struct package p = { 0 };
	int r = package_open(zip, h->trust_dir, &p, err);

	if (r < 0)
		return r;
	if (!str_eq(p.hash, head->zip_hash))
		return fail(err, ERR_INVALID, "The package was changed in the database. Upload it once more");
	if (p.signed_by.p == NULL && !seal_is_right(i, &h->memory, row->package_hash, head))
		return fail(err, ERR_DENIED, "The package in the database was put there by no server of this instance, and no key that is"
			    " trusted here signed it. Upload it once more");
	p.hash = row->package_hash;
	return package_unpack(&p, h->addons_dir, err);
}

int shelf_fetch(struct instance *i, struct home *h, const struct store_addon *row, struct error *err)
{
	SCOPED(buf_done) struct buf text = { 0 };
	SCOPED(buf_done) struct buf zip = { .max = LIMIT_ADDON_ZIP };
	SCOPED(reader_done) struct db *db = NULL;
	struct head head;
	int r;

	if (!store_shared(i->store))
		return fail(err, ERR_NOTFOUND, "no database is shared here");
	if ((r = store_reader_new(i->store, &db, err)) < 0)
		return r;
	if ((r = get_head(db, row->package_hash, &text, &head, err)) <= 0)
		return r < 0 ? r : fail(err, ERR_NOTFOUND, "The package is not in the database. Upload it once more");
	r = read_zip(db, row->package_hash, head.pieces, &zip, err);
	return r < 0 ? r : check_and_unpack(i, h, row, &head, buf_str(&zip), err);
}
