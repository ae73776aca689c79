/* The bytes of files and of addon packages, in pieces. Only on engines that several processes share (store_shared): there a data
 * directory is a cache. On others these tables do not exist and nothing here is called. */
#ifndef STORE_BLOB_H
#define STORE_BLOB_H

#include "store/store.h"

/* A row has at most so many bytes: far below what a server takes in one packet, and nobody waits long behind its commit. */
enum { BLOB_PIECE = 512 * 1024 };
enum blob_part { BLOB_FILE = 0, BLOB_PREVIEW = 1 };	/* a preview is one piece, its SHA-256 and then itself */

/* The pieces of a file are numbered from 0, all but the last are full, and there is always one. By themselves they show nowhere:
 * a row of `files` says that the file is there. */
static inline int64_t store_blob_pieces(int64_t bytes)
{
	return bytes <= 0 ? 1 : (bytes + BLOB_PIECE - 1) / BLOB_PIECE;
}

/* 1: *ret holds this piece and nothing else; 0: it is not there. */
int store_blob_get(struct db *db, struct workspace_id w, struct str sha256, enum blob_part part, int64_t position, struct buf *ret,
		   struct error *err);
/* How many pieces there are. */
int64_t store_blob_count(struct db *db, struct workspace_id w, struct str sha256, enum blob_part part, struct error *err);

/* Inside a unit: keeps what is there already, which is the same. */
int store_blob_put(struct db *db, struct workspace_id w, struct str sha256, enum blob_part part, int64_t position, struct str bytes,
		   int64_t now_ms, struct error *err);
/* Inside a unit: somebody keeps this file again; no sweep takes its pieces for a day. 0 also when there are none. */
int store_blob_touch(struct db *db, struct workspace_id w, struct str sha256, int64_t now_ms, struct error *err);

struct store_blob {
	struct workspace_id workspace;
	struct str sha256;
};
/* Files that were kept last before before_ms and that no row of `files` speaks of, behind *after (zeroed: from the start), at most
 * max, in their order. Text is the arena's. For sweeps. */
int store_blob_unused(struct db *db, const struct store_blob *after, int64_t before_ms, struct arena *arena, struct store_blob *ret,
		      size_t max, size_t *ret_count, struct error *err);
/* Inside a unit: deletes at most max of its pieces if it is unused still. 1: there are more. */
int store_blob_delete(struct db *db, const struct store_blob *b, int64_t before_ms, size_t max, struct error *err);
/* Inside a unit: at most max pieces of a workspace that is gone. 1: there are more. */
int store_blob_delete_workspace(struct db *db, struct workspace_id w, size_t max, struct error *err);

/* Rows of a package; what they hold is addon/shelf.c's. As above. */
int store_package_get(struct db *db, struct str hash, int64_t position, struct buf *ret, struct error *err);
int64_t store_package_count(struct db *db, struct str hash, struct error *err);
int store_package_put(struct db *db, struct str hash, int64_t position, struct str bytes, struct error *err);	/* ERR_EXISTS */
int store_package_delete(struct db *db, struct str hash, struct error *err);
/* Inside a unit: deletes the package unless a row of `addons` names it. */
int store_package_let_go(struct db *db, struct str hash, struct error *err);

#endif
