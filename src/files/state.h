/* The state of kept files: for files.c, sweep.c and link.c only. */
#ifndef FILES_STATE_H
#define FILES_STATE_H

#include "files/files.h"

#include <pthread.h>

#define NEW_FOLDER "new"
#define PREVIEW_END ".preview"
enum { SHA256_HEX = 64, NAME_ROOM = 128 };

/* Files leave so many bytes of the disk free: they are for what customers write, which must not wait for room. */
#define KEPT_FREE (INT64_C(64) << 20)

/* Bytes whose row is being written. */
struct pin {
	struct pin *next;
	int64_t workspace;
	char sha256[SHA256_HEX + 1];
	int count;
};

struct files {
	int root;			/* the folder DATA/files: every name below is relative to it */
	int64_t kept_free;		/* KEPT_FREE, or what a test sets */
	struct arena memory;
	struct str program;
	struct hmac *link_key;
	pthread_mutex_t lock;		/* guards what follows, and the key */
	struct pin *pins;
	struct files_figures figures;
	pthread_mutex_t folder_lock;	/* a folder that is there is on the disk, too: made and flushed under this */
};

bool sha256_is_name(struct str sha256);		/* 64 lower-case hex digits */

/* Deletes the bytes, unless there is a row about them or they are just being kept. 1: gone, 0: somebody uses them. */
int files_delete(struct files *f, struct db *db, struct workspace_id w, struct str sha256, struct error *err);

#endif
