/* Files' bytes in the database too, where several servers share it: what one of them keeps, all can show. The folder is a cache
 * there. A file's pieces are committed before anybody writes a row about it, each in a unit of its own, so that no message waits
 * behind a hundred megabytes; what a killed writer leaves shows nowhere, and a sweep finds it. A server that has not got a file
 * fetches it once, checks it against its name, which is its hash, and serves it from the disk from then on. */
#include "files/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/blob.h"

enum { DELETE_PIECES = 8, SWEEP_FILES = 100, PREVIEW_MAX = BLOB_PIECE - SHA256_BYTES };

void files_share(struct files *f, struct store *store)
{
	f->store = store_shared(store) ? store : NULL;
}

static void reader_done(struct db **reader)
{
	store_reader_free(*reader);
}

/* ---- keep ---- */

struct piece {
	struct workspace_id w;
	struct str sha256, bytes;
	enum blob_part part;
	int64_t position, now_ms;
	int64_t there;			/* out, of run_touch: so many pieces the database has */
};

/* Young again first, then counted: what is there now is there for a day. */
static int run_touch(struct db *db, void *arg, struct error *err)
{
	struct piece *p = arg;
	int r = store_blob_touch(db, p->w, p->sha256, p->now_ms, err);

	if (r < 0)
		return r;
	p->there = store_blob_count(db, p->w, p->sha256, BLOB_FILE, err);
	return p->there < 0 ? (int)p->there : 0;
}

static int run_put(struct db *db, void *arg, struct error *err)
{
	const struct piece *p = arg;

	return store_blob_put(db, p->w, p->sha256, p->part, p->position, p->bytes, p->now_ms, err);
}

/* *ret_len: what there is from `at`, at most max. */
static int read_piece(int fd, int64_t at, char *bytes, size_t max, size_t *ret_len, struct error *err)
{
	size_t len = 0;

	while (len < max) {
		ssize_t n = pread(fd, bytes + len, max - len, (off_t)(at + (int64_t)len));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(err, ERR_BROKEN, "a file that is to be kept cannot be read: %s", strerror(errno));
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret_len = len;
	return 0;
}

static int put_pieces(struct files *f, struct piece *p, int fd, int64_t pieces, char *bytes, struct error *err)
{
	int r = 0;

	for (p->position = 0; r == 0 && p->position < pieces; p->position++) {
		p->bytes.p = bytes;
		if ((r = read_piece(fd, p->position * BLOB_PIECE, bytes, BLOB_PIECE, &p->bytes.len, err)) == 0)
			r = store_write(f->store, run_put, p, err);
	}
	return r;
}

/* One row, and the bytes' own hash before them: a preview's name is its file's. */
static int put_preview(struct files *f, struct piece *p, int fd, char *bytes, struct error *err)
{
	unsigned char hash[SHA256_BYTES];
	size_t len = 0;
	int r = read_piece(fd, 0, bytes + SHA256_BYTES, PREVIEW_MAX, &len, err);

	if (r < 0)
		return r;
	crypto_sha256((struct str){ bytes + SHA256_BYTES, len }, hash);
	memcpy(bytes, hash, SHA256_BYTES);
	p->part = BLOB_PREVIEW;
	p->position = 0;
	p->bytes = (struct str){ bytes, SHA256_BYTES + len };
	return store_write(f->store, run_put, p, err);
}

int shared_keep(struct files *f, struct workspace_id w, const struct file_facts *facts, int fd, int preview_fd, struct error *err)
{
	struct piece p = { .w = w, .sha256 = str_of(facts->sha256), .part = BLOB_FILE, .now_ms = clock_now_ms() };
	int64_t pieces = store_blob_pieces(facts->bytes);
	char *bytes;
	int r;

	if (f->store == NULL)
		return 0;
	if ((r = store_write(f->store, run_touch, &p, err)) < 0)
		return r;
	if ((bytes = malloc(BLOB_PIECE)) == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	if (p.there < pieces)
		r = put_pieces(f, &p, fd, pieces, bytes, err);
	if (r == 0 && facts->has_preview)
		r = put_preview(f, &p, preview_fd, bytes, err);
	free(bytes);
	return r;
}

bool shared_takes_preview(const struct files *f, int preview_fd)
{
	struct stat s;

	return f->store == NULL || (fstat(preview_fd, &s) == 0 && s.st_size <= PREVIEW_MAX);
}

/* ---- fetch ---- */

static int read_preview(struct db *db, struct workspace_id w, struct str sha256, struct buf *bytes, struct file_draft *d, struct error *err)
{
	unsigned char hash[SHA256_BYTES];
	int r = store_blob_get(db, w, sha256, BLOB_PREVIEW, 0, bytes, err);
	struct str row = buf_str(bytes), image = str_cut(row, SHA256_BYTES, row.len);

	if (r <= 0)
		return r < 0 ? r : fail(err, ERR_NOTFOUND, "the database has no preview of the file %.*s", STR_ARG(sha256));
	crypto_sha256(image, hash);
	if (crypto_equal(str_cut(row, 0, SHA256_BYTES), (struct str){ (const char *)hash, SHA256_BYTES }))
		return file_draft_write(d, image, err);
	log_event(LOG_ERROR, "a preview's bytes in the database are damaged; it cannot be shown", log_i("workspace", w.v),
		  log_s("file", sha256), log_i("bytes", (int64_t)row.len), log_end);
	return fail(err, ERR_NOTFOUND, "what the database has of the preview of the file %.*s is damaged", STR_ARG(sha256));
}

int shared_read(struct files *f, struct workspace_id w, struct str sha256, bool preview, struct file_draft *d, struct error *err)
{
	SCOPED(buf_done) struct buf bytes = { .max = BLOB_PIECE };
	SCOPED(reader_done) struct db *db = NULL;
	int64_t position = 0;
	int r = store_reader_new(f->store, &db, err);

	if (r == 0 && preview)
		return read_preview(db, w, sha256, &bytes, d, err);
	while (r == 0 && (r = store_blob_get(db, w, sha256, BLOB_FILE, position, &bytes, err)) > 0) {
		r = file_draft_write(d, buf_str(&bytes), err);
		position++;
	}
	if (r < 0)
		return r;
	return position == 0 ? fail(err, ERR_NOTFOUND, "the database has no bytes of the file %.*s", STR_ARG(sha256)) : 0;
}

/* What a file's name says is looked at here, a preview's hash in read_preview. */
static int bring(struct files *f, struct workspace_id w, struct str sha256, bool preview, struct error *err)
{
	SCOPED(file_draft_drop) struct file_draft d = { 0 };
	struct file_facts facts = { 0 };
	int r = file_draft_begin(f, &d, err);

	if (r < 0 || (r = shared_read(f, w, sha256, preview, &d, err)) < 0 ||
	    (r = files_finish(&d, &facts, err)) < 0)
		return r;
	if (!preview && !str_eq_c(sha256, facts.sha256)) {
		log_event(LOG_ERROR, "a file's bytes in the database are not whole; it cannot be shown", log_i("workspace", w.v),
			  log_s("file", sha256), log_i("bytes", facts.bytes), log_end);
		return fail(err, ERR_NOTFOUND, "what the database has of the file %.*s is not whole", STR_ARG(sha256));
	}
	return files_place_one(f, w, sha256, preview, &d, err);
}

static struct fetching **find_fetching(struct files *f, const struct fetching *wanted)
{
	struct fetching **p = &f->fetching;

	while (*p != NULL && ((*p)->workspace != wanted->workspace || (*p)->preview != wanted->preview ||
			      strcmp((*p)->sha256, wanted->sha256) != 0))
		p = &(*p)->next;
	return p;
}

/* One thread fetches, others that want the same wait for it and look again. */
int shared_fetch(struct files *f, struct workspace_id w, struct str sha256, bool preview, struct error *err)
{
	struct fetching own = { .workspace = w.v, .preview = preview };
	int r = 0;

	if (f->store == NULL)
		return ERR_NOTFOUND;
	(void)snprintf(own.sha256, sizeof(own.sha256), "%.*s", STR_ARG(sha256));
	(void)pthread_mutex_lock(&f->lock);
	while (*find_fetching(f, &own) != NULL)
		(void)pthread_cond_wait(&f->fetched, &f->lock);
	own.next = f->fetching;
	f->fetching = &own;
	(void)pthread_mutex_unlock(&f->lock);
	if (!files_have(f, w, sha256, preview))
		r = bring(f, w, sha256, preview, err);
	(void)pthread_mutex_lock(&f->lock);
	*find_fetching(f, &own) = own.next;
	(void)pthread_cond_broadcast(&f->fetched);
	(void)pthread_mutex_unlock(&f->lock);
	return r;
}

bool files_here(struct files *f, struct workspace_id w, struct str sha256)
{
	return f->store == NULL || files_have(f, w, sha256, false);
}

int files_fetch(struct files *f, struct workspace_id w, struct str sha256, struct error *err)
{
	return files_here(f, w, sha256) ? 0 : shared_fetch(f, w, sha256, false, err);
}

/* ---- delete and sweep ---- */

struct deletion {
	struct store_blob blob;
	int64_t before_ms;
};

static int run_delete(struct db *db, void *arg, struct error *err)
{
	const struct deletion *d = arg;

	return store_blob_delete(db, &d->blob, d->before_ms, DELETE_PIECES, err);
}

static int run_delete_workspace(struct db *db, void *arg, struct error *err)
{
	return store_blob_delete_workspace(db, *(const struct workspace_id *)arg, DELETE_PIECES, err);
}

int shared_delete_workspace(struct files *f, struct workspace_id w, struct error *err)
{
	int r = 0;

	while (f->store != NULL && (r = store_write(f->store, run_delete_workspace, &w, err)) > 0)
		;
	return r;
}

int files_sweep_shared(struct files *f, struct db *db, bool (*stop)(void *arg), void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct deletion d = { .before_ms = clock_now_ms() - FILES_KEPT_SECONDS * INT64_C(1000) };
	struct store_blob list[SWEEP_FILES], after = { 0 };
	size_t count = f->store == NULL ? 0 : SWEEP_FILES;
	int64_t removed = 0;
	int r = 0;

	while (r == 0 && count == SWEEP_FILES && !(stop != NULL && stop(arg))) {
		r = store_blob_unused(db, &after, d.before_ms, &arena, list, SWEEP_FILES, &count, err);
		for (size_t k = 0; r == 0 && k < count && !(stop != NULL && stop(arg)); k++) {
			d.blob = list[k];
			while ((r = store_write(f->store, run_delete, &d, err)) > 0)
				;
			removed += r == 0;
		}
		if (count > 0)
			after = list[count - 1];
	}
	if (removed > 0)
		log_event(LOG_INFO, "files that nothing refers to were deleted from the database", log_i("files", removed), log_end);
	return r;
}

int files_whole(struct files *f, struct db *db, const struct store_file *file, struct error *err)
{
	int64_t bytes = -1, pieces;
	int fd = -1, r = files_read_here(f, file->workspace, file->sha256, false, &fd, &bytes, err);

	if (r == 0)
		(void)close(fd);
	else if (r != ERR_NOTFOUND)
		return r;
	if (f->store == NULL || (r == 0 && bytes != file->bytes))
		return r == 0 && bytes == file->bytes;
	pieces = store_blob_count(db, file->workspace, file->sha256, BLOB_FILE, err);
	if (pieces == store_blob_pieces(file->bytes) && file->has_preview) {
		pieces = store_blob_count(db, file->workspace, file->sha256, BLOB_PREVIEW, err);
		return pieces < 0 ? (int)pieces : pieces == 1;
	}
	return pieces < 0 ? (int)pieces : pieces == store_blob_pieces(file->bytes);
}
