/* Rows of files and uploads. The bytes are src/files'. */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include "store/store.h"

struct store_file {
	int64_t id;
	struct workspace_id workspace;
	struct str sha256, mime_type;
	int64_t bytes, width, height, created_at;
	bool has_preview, is_mono;	/* is_mono: Ogg with one channel of Opus. Only store_file_get and store_upload_get tell it */
};

/* Text is the arena's. ERR_NOTFOUND: not in this workspace. */
int store_file_get(struct db *db, struct workspace_id w, int64_t id, struct arena *arena, struct store_file *ret, struct error *err);
/* The row of these bytes. 1 found, 0 there is none. */
int store_file_find(struct db *db, struct workspace_id w, struct str sha256, int64_t *ret_id, struct error *err);
/* Inside a unit: the row of these bytes, made when there is none. Sets f->id. ERR_NOTFOUND: the workspace is gone. */
int store_file_put(struct db *db, struct store_file *f, struct error *err);
/* Files without an attachment or upload, made before before_ms, with an id above after_id, by id; at most max. For housekeeping. */
int store_file_unused(struct db *db, int64_t after_id, int64_t before_ms, struct arena *arena, struct store_file *ret, size_t max,
		      size_t *ret_count, struct error *err);
/* Every workspace's, by id, behind after_id; at most max. For looking after the installation. */
int store_file_after(struct db *db, int64_t after_id, struct arena *arena, struct store_file *ret, size_t max, size_t *ret_count,
		     struct error *err);
int store_file_count(struct db *db, int64_t *ret, struct error *err);		/* every workspace's */
/* Inside a unit: deletes the row if it is still unused. 1: deleted, 0: somebody uses it again. */
int store_file_delete(struct db *db, struct workspace_id w, int64_t id, struct error *err);

struct store_upload {
	int64_t id, file_id, user_id, created_at;
	struct workspace_id workspace;
	struct str name;
	struct store_file file;		/* filled when read */
};
int store_upload_get(struct db *db, struct workspace_id w, int64_t id, struct arena *arena, struct store_upload *ret, struct error *err);
/* Inside a unit. */
int store_upload_add(struct db *db, struct store_upload *u, struct error *err);
int store_upload_delete(struct db *db, struct workspace_id w, int64_t id, struct error *err);
int store_upload_expire(struct db *db, int64_t before_ms, size_t max, struct error *err);	/* returns how many */

#endif
