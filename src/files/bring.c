/* Files on their way from one installation into another, when an instance is copied: through a draft, as if they came anew, so that
 * what is kept has been checked and is whole or not there. */
#include "files/state.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Of the disk, or of the database where that is shared. */
static int read_into(struct files *from, const struct store_file *file, bool preview, struct file_draft *d, struct error *err)
{
	char room[65536];
	int64_t bytes;
	ssize_t n;
	int fd, r;

	if (from->store != NULL)
		return shared_read(from, file->workspace, file->sha256, preview, d, err);
	if ((r = files_read_here(from, file->workspace, file->sha256, preview, &fd, &bytes, err)) < 0)
		return r;
	while ((n = read(fd, room, sizeof(room))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0 && (r = file_draft_write(d, (struct str){ room, (size_t)n }, err)) < 0)
			break;
	if (n < 0)
		r = fail(err, ERR_BROKEN, "the file %.*s cannot be read: %s", STR_ARG(file->sha256), strerror(errno));
	(void)close(fd);
	return r;
}

/* A preview is named by its file's hash, not by its own. */
static int fetch(struct files *f, struct files *from, const struct store_file *file, bool preview, struct file_draft *d,
		 struct file_facts *facts, struct error *err)
{
	int r = file_draft_begin(f, d, err);

	if (r < 0 || (r = read_into(from, file, preview, d, err)) < 0 || (r = files_finish(d, facts, err)) < 0)
		return r;
	if (!preview && !str_eq_c(file->sha256, facts->sha256))
		return fail(err, ERR_NOTFOUND, "the file %.*s of workspace %lld is not whole", STR_ARG(file->sha256),
			    (long long)file->workspace.v);
	return 0;
}

static bool is_here(struct files *f, struct db *db, const struct store_file *file)
{
	return files_whole(f, db, file, NULL) > 0 &&
	       (f->store != NULL || !file->has_preview || files_have(f, file->workspace, file->sha256, true));
}

int files_bring(struct files *f, struct db *db, struct files *from, const struct store_file *file, struct error *err)
{
	SCOPED(file_draft_drop) struct file_draft d = { 0 };
	SCOPED(file_draft_drop) struct file_draft preview = { 0 };
	struct file_facts facts = { 0 }, small = { 0 };
	int r;

	if (is_here(f, db, file))
		return 0;
	if ((r = fetch(f, from, file, false, &d, &facts, err)) < 0)
		return r;
	if (file->has_preview && (r = fetch(f, from, file, true, &preview, &small, err)) < 0 && r != ERR_NOTFOUND)
		return r;
	facts.has_preview = file->has_preview && r == 0;
	if (f->store != NULL) {
		r = shared_keep(f, file->workspace, &facts, d.fd, preview.fd, err);
	} else {
		if (facts.has_preview)
			r = files_place_one(f, file->workspace, file->sha256, true, &preview, err);
		if (r >= 0 || !facts.has_preview)
			r = files_place_one(f, file->workspace, file->sha256, false, &d, err);
	}
	if (r < 0)
		return r;
	return file->has_preview && !facts.has_preview ? fail(err, ERR_NOTFOUND, "the preview of the file %.*s is not there",
							      STR_ARG(file->sha256)) : 1;
}

/* Into a draft that is dropped: the hash is made on the way. */
int files_check(struct files *f, const struct store_file *file, struct error *err)
{
	SCOPED(file_draft_drop) struct file_draft d = { 0 };
	SCOPED(file_draft_drop) struct file_draft preview = { 0 };
	struct file_facts facts = { 0 };
	int r = fetch(f, f, file, false, &d, &facts, err);

	return r < 0 || !file->has_preview ? r : fetch(f, f, file, true, &preview, &facts, err);
}
