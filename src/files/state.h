/* The state of kept files: for files.c, shared.c, bring.c, sweep.c and link.c only. */
#ifndef FILES_STATE_H
#define FILES_STATE_H

#include "files/files.h"

#include <pthread.h>

#define NEW_FOLDER "new"
#define PREVIEW_END ".preview"
enum { SHA256_HEX = 64, NAME_ROOM = 128, FILES_KEPT_SECONDS = 24 * 60 * 60 };

/* Files leave so many bytes of the disk free: they are for what customers write, which must not wait for room. */
#define KEPT_FREE (INT64_C(64) << 20)

/* Bytes whose row is being written. */
struct pin {
	struct pin *next;
	int64_t workspace;
	char sha256[SHA256_HEX + 1];
	int count;
};

/* A file that is being fetched from the database: on the stack of the thread that does. */
struct fetching {
	struct fetching *next;
	int64_t workspace;
	bool preview;
	char sha256[SHA256_HEX + 1];
};

struct files {
	int root;			/* the folder DATA/files: every name below is relative to it */
	int64_t kept_free;		/* KEPT_FREE, or what a test sets */
	struct arena memory;
	struct str program;
	struct hmac *link_key;
	struct store *store;		/* NULL: the bytes are on this disk only */
	pthread_mutex_t lock;		/* guards what follows, and the key */
	struct pin *pins;
	struct fetching *fetching;
	pthread_cond_t fetched;		/* one of them is gone */
	struct files_figures figures;
	pthread_mutex_t folder_lock;	/* a folder that is there is on the disk, too: made and flushed under this */
};

bool sha256_is_name(struct str sha256);		/* 64 lower-case hex digits */

/* Deletes the bytes, unless there is a row about them or they are just being kept. 1: gone, 0: somebody uses them. */
int files_delete(struct files *f, struct db *db, struct workspace_id w, struct str sha256, struct error *err);
int files_delete_folder(struct files *f, struct workspace_id w, struct error *err);	/* a workspace's, on the disk */

/* The draft's bytes are on the disk and facts->sha256 and bytes told. */
int files_finish(struct file_draft *d, struct file_facts *facts, struct error *err);
/* Moves a finished draft to the name of the file, or of its preview. */
int files_place_one(struct files *f, struct workspace_id w, struct str sha256, bool preview, struct file_draft *d, struct error *err);
bool files_have(struct files *f, struct workspace_id w, struct str sha256, bool preview);	/* on the disk */
int files_read_here(struct files *f, struct workspace_id w, struct str sha256, bool preview, int *ret_fd, int64_t *ret_bytes,
		    struct error *err);

/* shared.c: nothing, where the database is not shared. */
int shared_keep(struct files *f, struct workspace_id w, const struct file_facts *facts, int fd, int preview_fd, struct error *err);
bool shared_takes_preview(const struct files *f, int preview_fd);
/* Brings the bytes onto the disk. ERR_NOTFOUND: nobody has them. */
int shared_fetch(struct files *f, struct workspace_id w, struct str sha256, bool preview, struct error *err);
/* Fills the draft with what the database has, unchecked. ERR_NOTFOUND: nothing. */
int shared_read(struct files *f, struct workspace_id w, struct str sha256, bool preview, struct file_draft *d, struct error *err);
int shared_delete_workspace(struct files *f, struct workspace_id w, struct error *err);

#endif
