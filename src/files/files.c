#include "files/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "files/look.h"
#include "store/file.h"

/* ---- names ---- */

bool sha256_is_name(struct str sha256)
{
	unsigned char bytes[SHA256_BYTES];

	return crypto_unhex(sha256, bytes, sizeof(bytes));
}

/* "12/ab/abcd...": the name of kept bytes. */
static void name_of(struct workspace_id w, struct str sha256, bool preview, char ret[NAME_ROOM])
{
	(void)snprintf(ret, NAME_ROOM, "%lld/%.2s/%.64s%s", (long long)w.v, sha256.p, sha256.p, preview ? PREVIEW_END : "");
}

static int broken(struct error *err, const char *what, const char *name)
{
	int e = errno;

	return fail(err, e == ENOSPC || e == EDQUOT ? ERR_LIMIT : ERR_BROKEN, "cannot %s files/%s: %s", what, name, strerror(e));
}

static int sync_folder(struct files *f, const char *name, struct error *err)
{
	int fd = openat(f->root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

	if (fd < 0 || fsync(fd) != 0)
		r = broken(err, "flush", name);
	if (fd >= 0)
		(void)close(fd);
	return r;
}

/* Makes the folder and flushes its parent. 0 also when it is there. */
static int make_folder(struct files *f, const char *name, const char *parent, struct error *err)
{
	if (mkdirat(f->root, name, 0700) == 0)
		return sync_folder(f, parent, err);
	return errno == EEXIST ? 0 : broken(err, "make", name);
}

static int make_folders(struct files *f, struct workspace_id w, struct str sha256, struct error *err)
{
	char parent[NAME_ROOM], name[NAME_ROOM];

	(void)snprintf(parent, sizeof(parent), "%lld", (long long)w.v);
	(void)snprintf(name, sizeof(name), "%lld/%.2s", (long long)w.v, sha256.p);
	(void)pthread_mutex_lock(&f->folder_lock);
	int r = make_folder(f, parent, ".", err);

	if (r == 0)
		r = make_folder(f, name, parent, err);
	(void)pthread_mutex_unlock(&f->folder_lock);
	return r;
}

/* ---- open and close ---- */

static int open_root(struct files *f, struct str data, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str path = arena_printf(&arena, "%.*s/files", STR_ARG(data));

	if (path.p == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	if (mkdir(path.p, 0700) != 0 && errno != EEXIST)
		return fail(err, ERR_BROKEN, "cannot make %s: %s", path.p, strerror(errno));
	f->root = open(path.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->root < 0)
		return fail(err, ERR_BROKEN, "cannot open %s: %s", path.p, strerror(errno));
	return make_folder(f, NEW_FOLDER, ".", err);
}

/* Its own key, made from the sealing key, so that what is signed for one end is nothing for the other. */
static int open_link_key(struct files *f, const struct seal_key *key, struct error *err)
{
	unsigned char derived[SHA256_BYTES];
	struct hmac *h = NULL;
	int r = hmac_new((struct str){ (const char *)key->bytes, sizeof(key->bytes) }, &h, err);

	if (r == 0 && (r = hmac_sha256(h, STR("mailtrixy public links of files, 1"), derived, err)) == 0)
		r = hmac_new((struct str){ (const char *)derived, sizeof(derived) }, &f->link_key, err);
	hmac_free(h);
	crypto_wipe(derived, sizeof(derived));
	return r;
}

int files_open(struct str data, struct str program, const struct seal_key *key, struct files **ret, struct error *err)
{
	struct files *f = calloc(1, sizeof(*f));
	int r;

	if (f == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	f->root = -1;
	f->kept_free = KEPT_FREE;
	(void)pthread_mutex_init(&f->lock, NULL);
	(void)pthread_mutex_init(&f->folder_lock, NULL);
	(void)pthread_cond_init(&f->fetched, NULL);
	f->program = arena_copy(&f->memory, program);
	r = arena_failed(&f->memory) ? fail(err, ERR_NOMEM, "out of memory") : open_root(f, data, err);
	if (r < 0 || (r = open_link_key(f, key, err)) < 0) {
		files_close(f);
		return r;
	}
	*ret = f;
	return 0;
}

void files_close(struct files *f)
{
	if (f == NULL)
		return;
	for (struct pin *p = f->pins, *next; p != NULL; p = next) {
		next = p->next;
		free(p);
	}
	hmac_free(f->link_key);
	if (f->root >= 0)
		(void)close(f->root);
	arena_done(&f->memory);
	(void)pthread_mutex_destroy(&f->lock);
	(void)pthread_mutex_destroy(&f->folder_lock);
	(void)pthread_cond_destroy(&f->fetched);
	free(f);
}

/* ---- a file that is being filled ---- */

int file_draft_begin(struct files *f, struct file_draft *ret, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str word = crypto_random_word(&arena, 18);
	struct file_draft d = { .hash = sha256_new(), .root = f->root, .kept_free = f->kept_free, .checked_at = -1 };

	if (word.p == NULL || d.hash == NULL) {
		sha256_free(d.hash);
		return fail(err, ERR_NOMEM, "out of memory");
	}
	(void)snprintf(d.path, sizeof(d.path), NEW_FOLDER "/%.*s", STR_ARG(word));
	d.fd = openat(f->root, d.path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (d.fd < 0) {
		sha256_free(d.hash);
		return broken(err, "make", d.path);
	}
	*ret = d;
	return 0;
}

/* Before the first bytes, and then once a megabyte. */
static int check_room(struct file_draft *d, struct error *err)
{
	struct statvfs disk;

	if (d->checked_at >= 0 && d->bytes - d->checked_at < 1 << 20)
		return 0;
	d->checked_at = d->bytes;
	if (fstatvfs(d->fd, &disk) != 0 || disk.f_frsize == 0 || disk.f_bavail >= (uint64_t)d->kept_free / disk.f_frsize)
		return 0;
	return fail(err, ERR_BROKEN, "the disk is almost full: the last %lld MB are left to messages", (long long)(d->kept_free >> 20));
}

int file_draft_write(struct file_draft *d, struct str bytes, struct error *err)
{
	int r = check_room(d, err);

	if (r < 0)
		return r;
	sha256_add(d->hash, bytes);
	while (bytes.len > 0) {
		ssize_t n = write(d->fd, bytes.p, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(err, ERR_BROKEN, "a file cannot be written: %s", n < 0 ? strerror(errno) : "nothing was taken");
		d->bytes += n;
		bytes = str_cut(bytes, (size_t)n, bytes.len);
	}
	return 0;
}

void file_draft_drop(struct file_draft *d)
{
	if (d->fd > 0) {
		(void)close(d->fd);
		(void)unlinkat(d->root, d->path, 0);
	}
	sha256_free(d->hash);
	*d = (struct file_draft){ 0 };
}

/* ---- pins ---- */

static struct pin **find_pin(struct files *f, struct workspace_id w, struct str sha256)
{
	struct pin **p = &f->pins;

	while (*p != NULL && ((*p)->workspace != w.v || !str_eq_c(sha256, (*p)->sha256)))
		p = &(*p)->next;
	return p;
}

static int pin(struct files *f, struct workspace_id w, struct str sha256, struct error *err)
{
	(void)pthread_mutex_lock(&f->lock);
	struct pin **p = find_pin(f, w, sha256);

	if (*p == NULL && (*p = calloc(1, sizeof(**p))) != NULL) {
		(*p)->workspace = w.v;
		(void)snprintf((*p)->sha256, sizeof((*p)->sha256), "%.*s", STR_ARG(sha256));
	}
	bool ok = *p != NULL;

	if (ok)
		(*p)->count++;
	(void)pthread_mutex_unlock(&f->lock);
	return ok ? 0 : fail(err, ERR_NOMEM, "out of memory");
}

void files_settled(struct files *f, struct workspace_id w, struct str sha256)
{
	(void)pthread_mutex_lock(&f->lock);
	struct pin **p = find_pin(f, w, sha256), *end = *p;

	if (end != NULL && --end->count == 0) {
		*p = end->next;
		free(end);
	}
	(void)pthread_mutex_unlock(&f->lock);
}

/* ---- keep ---- */

/* Looks at the draft's bytes; what is not seen stays unknown. The preview is in `preview` when has_preview. */
static void look(struct files *f, struct file_draft *d, struct file_draft *preview, struct file_facts *facts)
{
	struct error err = { 0 };
	struct look seen = { 0 };
	int r;

	(void)snprintf(facts->mime_type, sizeof(facts->mime_type), "application/octet-stream");
	if (f->program.p == NULL)
		return;
	if ((r = file_draft_begin(f, preview, &err)) == 0 && (r = look_at(f->program, d->fd, preview->fd, &seen, &err)) < 0)
		log_event(LOG_WARNING, "a file was not looked at to the end and is kept as it is", log_i("bytes", d->bytes),
			  log_c("type", seen.mime_type), log_c("error", err.text), log_end);
	if (seen.mime_type[0] != '\0')
		(void)snprintf(facts->mime_type, sizeof(facts->mime_type), "%s", seen.mime_type);
	facts->width = seen.width;
	facts->height = seen.height;
	facts->mono = seen.mono;
	facts->has_preview = r == 0 && seen.has_preview && shared_takes_preview(f, preview->fd) && fsync(preview->fd) == 0;
}

static int move(struct files *f, struct file_draft *d, const char *name, struct error *err)
{
	if (renameat(f->root, d->path, f->root, name) != 0)
		return broken(err, "move a file to", name);
	(void)close(d->fd);
	sha256_free(d->hash);
	*d = (struct file_draft){ 0 };
	return 0;
}

static int sync_folder_of(struct files *f, struct workspace_id w, struct str sha256, struct error *err)
{
	char folder[NAME_ROOM];

	(void)snprintf(folder, sizeof(folder), "%lld/%.2s", (long long)w.v, sha256.p);
	return sync_folder(f, folder, err);
}

/* Over what may lie there: the same bytes, or what a broken disk made of them. */
static int place(struct files *f, struct workspace_id w, struct file_draft *d, struct file_draft *preview,
		 const struct file_facts *facts, struct error *err)
{
	struct str sha256 = str_of(facts->sha256);
	char name[NAME_ROOM];
	int r = make_folders(f, w, sha256, err);

	name_of(w, sha256, true, name);
	if (r < 0 || (facts->has_preview && (r = move(f, preview, name, err)) < 0))
		return r;
	name_of(w, sha256, false, name);
	return (r = move(f, d, name, err)) < 0 ? r : sync_folder_of(f, w, sha256, err);
}

int files_place_one(struct files *f, struct workspace_id w, struct str sha256, bool preview, struct file_draft *d, struct error *err)
{
	char name[NAME_ROOM];
	int r = make_folders(f, w, sha256, err);

	name_of(w, sha256, preview, name);
	return r < 0 || (r = move(f, d, name, err)) < 0 ? r : sync_folder_of(f, w, sha256, err);
}

int files_finish(struct file_draft *d, struct file_facts *facts, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	unsigned char hash[SHA256_BYTES];
	int r = sha256_end(d->hash, hash, err);

	d->hash = NULL;
	if (r < 0)
		return r;
	facts->bytes = d->bytes;
	(void)snprintf(facts->sha256, sizeof(facts->sha256), "%.*s", STR_ARG(crypto_hex(&arena, hash, sizeof(hash))));
	return fsync(d->fd) == 0 ? 0 : broken(err, "flush", d->path);
}

int files_keep(struct files *f, struct workspace_id w, struct file_draft *d, struct file_facts *ret, struct error *err)
{
	SCOPED(file_draft_drop) struct file_draft preview = { 0 };
	struct file_facts facts = { 0 };
	int r = files_finish(d, &facts, err);

	if (r == 0) {
		look(f, d, &preview, &facts);
		r = pin(f, w, str_of(facts.sha256), err);
	}
	if (r == 0 && ((r = shared_keep(f, w, &facts, d->fd, preview.fd, err)) < 0 ||
		       (r = place(f, w, d, &preview, &facts, err)) < 0))
		files_settled(f, w, str_of(facts.sha256));
	file_draft_drop(d);
	if (r < 0)
		return r;
	(void)pthread_mutex_lock(&f->lock);
	f->figures.kept++;
	f->figures.bytes += facts.bytes;
	(void)pthread_mutex_unlock(&f->lock);
	*ret = facts;
	return 0;
}

void files_fetch_failed(struct files *f)
{
	(void)pthread_mutex_lock(&f->lock);
	f->figures.fetches_failed++;
	(void)pthread_mutex_unlock(&f->lock);
}

void files_figures(struct files *f, struct files_figures *ret)
{
	(void)pthread_mutex_lock(&f->lock);
	*ret = f->figures;
	(void)pthread_mutex_unlock(&f->lock);
}

/* ---- read and delete ---- */

int files_read(struct files *f, struct workspace_id w, struct str sha256, bool preview, int *ret_fd, int64_t *ret_bytes, struct error *err)
{
	int r = files_read_here(f, w, sha256, preview, ret_fd, ret_bytes, err);

	if (r != ERR_NOTFOUND || !sha256_is_name(sha256) || (r = shared_fetch(f, w, sha256, preview, err)) < 0)
		return r;
	return files_read_here(f, w, sha256, preview, ret_fd, ret_bytes, err);
}

bool files_have(struct files *f, struct workspace_id w, struct str sha256, bool preview)
{
	char name[NAME_ROOM];

	name_of(w, sha256, preview, name);
	return faccessat(f->root, name, F_OK, 0) == 0;
}

int files_read_here(struct files *f, struct workspace_id w, struct str sha256, bool preview, int *ret_fd, int64_t *ret_bytes,
		    struct error *err)
{
	char name[NAME_ROOM];
	struct stat s;

	if (!sha256_is_name(sha256))
		return fail(err, ERR_NOTFOUND, "no file has such a name");
	name_of(w, sha256, preview, name);
	int fd = openat(f->root, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? fail(err, ERR_NOTFOUND, "files/%s is not there", name) : broken(err, "open", name);
	if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode)) {
		(void)close(fd);
		return fail(err, ERR_BROKEN, "files/%s is no file", name);
	}
	*ret_fd = fd;
	*ret_bytes = s.st_size;
	return 0;
}

/* The time of its last change is when the bytes were kept, or let go, last. */
void files_let_go(struct files *f, struct workspace_id w, struct str sha256)
{
	char name[NAME_ROOM];

	if (!sha256_is_name(sha256))
		return;
	for (int preview = 0; preview < 2; preview++) {
		name_of(w, sha256, preview, name);
		(void)utimensat(f->root, name, NULL, AT_SYMLINK_NOFOLLOW);
	}
}

static int delete_locked(struct files *f, struct db *db, struct workspace_id w, struct str sha256, struct error *err)
{
	char name[NAME_ROOM];
	int64_t id;
	int r = *find_pin(f, w, sha256) != NULL ? 1 : store_file_find(db, w, sha256, &id, err);

	if (r != 0)
		return r < 0 ? r : 0;
	for (int preview = 1; preview >= 0; preview--) {
		name_of(w, sha256, preview, name);
		if (unlinkat(f->root, name, 0) != 0 && errno != ENOENT)
			return broken(err, "delete", name);
	}
	return 1;
}

/* Whoever keeps the same bytes pins them first and lets go after the commit: so without a pin and without a row, looked at in
 * this order under the lock, nobody has them, and whoever comes later brings them anew. */
int files_delete(struct files *f, struct db *db, struct workspace_id w, struct str sha256, struct error *err)
{
	(void)pthread_mutex_lock(&f->lock);
	int r = delete_locked(f, db, w, sha256, err);

	(void)pthread_mutex_unlock(&f->lock);
	return r;
}
