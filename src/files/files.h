/* The bytes of customers' and agents' files, on disk: DATA/files/WORKSPACE/ab/SHA256, a preview beside it, and files that are
 * still being filled in DATA/files/new. Rows about them are store/file.h. What is kept is never changed: its name is its hash. */
#ifndef FILES_FILES_H
#define FILES_FILES_H

#include "base/crypto.h"
#include "store/file.h"

struct files;

/* Makes the folders. program: the path of this program, which looks at files in a process of its own (files/look.h); STR_NONE:
 * nobody looks, and all is "application/octet-stream". */
int files_open(struct str data, struct str program, const struct seal_key *key, struct files **ret, struct error *err);
void files_close(struct files *f);
/* Where several processes share the database, from now on all bytes are in it too and the folder is a cache. Else nothing changes.
 * Before the first file is kept or read. */
void files_share(struct files *f, struct store *store);

/* A file that is being filled, by one thread. Starts zeroed. */
struct file_draft {
	int fd;				/* 0: none */
	int64_t bytes, checked_at;	/* so many were there when the room on the disk was looked at last */
	int64_t kept_free;
	struct sha256 *hash;
	int root;			/* the folder that `path` begins at, borrowed */
	char path[64];
};
int file_draft_begin(struct files *f, struct file_draft *ret, struct error *err);
int file_draft_write(struct file_draft *d, struct str bytes, struct error *err);	/* ERR_BROKEN: the disk is almost full, ... */
void file_draft_drop(struct file_draft *d);	/* forgets it; takes one that was kept or never begun */

/* What the bytes look like. */
struct file_facts {
	char sha256[65];		/* hex */
	int64_t bytes;
	char mime_type[128];		/* by its bytes: "application/octet-stream" when nothing fits */
	int64_t width, height;		/* 0: not a picture that can be read */
	bool has_preview;
	bool mono;			/* of "audio/ogg": one channel of Opus, what a voice message must be */
};
/* Makes the draft a kept file: flushed to the disk, looked at in a process of its own (a few seconds at most; a file that kills
 * that process is kept all the same, without a preview), then moved to its name. Call before the row is written, and
 * files_settled after it. The draft is ended in any case. */
int files_keep(struct files *f, struct workspace_id w, struct file_draft *d, struct file_facts *ret, struct error *err);
/* The row about a kept file is committed, or never will be. Until then nothing deletes the bytes. */
void files_settled(struct files *f, struct workspace_id w, struct str sha256);

/* Previews are WebP, up to 640 pixels on the long side, without metadata. */
#define FILES_PREVIEW_TYPE "image/webp"
/* For reading. ERR_NOTFOUND: the bytes are not there (a restored database without its files). *ret_fd: the caller closes it. What
 * another server has kept is fetched first, which takes a moment. */
int files_read(struct files *f, struct workspace_id w, struct str sha256, bool preview, int *ret_fd, int64_t *ret_bytes,
	       struct error *err);
/* Whether files_read of this file waits for nothing: it lies here, or could lie nowhere else. files_fetch sees to it, and takes as long
 * as the bytes take from the database. ERR_NOTFOUND: nobody has them whole. */
bool files_here(struct files *f, struct workspace_id w, struct str sha256);
int files_fetch(struct files *f, struct workspace_id w, struct str sha256, struct error *err);
/* After the commit that deletes the row about them: the bytes stay for another day, for a backup that began before has the row,
 * and go with a sweep after that, unless somebody has brought them anew. */
void files_let_go(struct files *f, struct workspace_id w, struct str sha256);
/* After the commit that deletes the workspace: all of it, in the database too. One without files is no error. */
int files_delete_workspace(struct files *f, struct workspace_id w, struct error *err);
/* Removes drafts older than a day, which a crash left, bytes that have had no row for a day, folders of workspaces that are gone.
 * Looks at every file; stop (may be NULL) is asked now and then and ends it early when true. db: a reader of the calling thread. */
int files_sweep(struct files *f, struct db *db, bool (*stop)(void *arg), void *arg, struct error *err);

/* The same for what is in a shared database. One server of those that share it is enough. */
int files_sweep_shared(struct files *f, struct db *db, bool (*stop)(void *arg), void *arg, struct error *err);
/* Whether all bytes of this row's file are kept, without reading them. 1, 0. db: a reader. */
int files_whole(struct files *f, struct db *db, const struct store_file *file, struct error *err);

/* For a copy of the instance: keeps the file of this row, and its preview, as `from` has it (on its disk, or in its database), checked
 * against its name. db: a reader of f's database. 1: brought, 0: it was here. ERR_NOTFOUND: `from` has not got it whole. */
int files_bring(struct files *f, struct db *db, struct files *from, const struct store_file *file, struct error *err);
/* Reads all of a kept file, where it is to be kept (the database, if that is shared). ERR_NOTFOUND: it is not there or not what its
 * name says. */
int files_check(struct files *f, const struct store_file *file, struct error *err);

struct files_figures {
	int64_t kept, bytes, fetches_failed;	/* since the start */
};
void files_fetch_failed(struct files *f);	/* counts one */
void files_figures(struct files *f, struct files_figures *ret);

/* A public path, "/files/TOKEN", at which anybody can fetch one file until until_ms: for providers that fetch what we send. */
struct str files_link(struct files *f, struct workspace_id w, int64_t file_id, int64_t until_ms, struct arena *arena);
/* Whether a token is one of ours and still good. ERR_DENIED otherwise. */
int files_link_read(struct files *f, struct str token, int64_t now_ms, struct workspace_id *ret_w, int64_t *ret_file_id, struct error *err);

#endif
