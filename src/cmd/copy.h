/* A whole instance copied into another database, as mailtrixy copy does it, and backup and restore where a database is shared. For copy.c,
 * copy_side.c, copy_beside.c and backup.c only. */
#ifndef CMD_COPY_H
#define CMD_COPY_H

#include "store/store.h"

struct copy_side {
	struct str url, data;		/* the arena's */
	const char *file;		/* of an SQLite database; NULL: another engine's */
	struct store *store;
	struct str key;			/* the folder of its secret.key; STR_NONE: data */
	int lock;			/* DATA/serve.lock; -1: not held */
	bool may_be_served;		/* it is not asked whether a server is at work on it, and not locked */
};

/* "sqlite:", "sqlite:PATH" or a path, of a file or of a data directory, or another engine's URL. data: STR_NONE for the file's own
 * folder, or for preset where there is no file. */
int copy_side_of(struct copy_side *s, const char *option, struct str url, struct str data, struct str preset, struct arena *a, struct error *err);
/* Takes the locks that are not held, opens both databases, and makes sure that no server runs on either. ERR_STATE says what is in the way. */
int copy_sides_open(struct copy_side *from, struct copy_side *to, struct error *err);
void copy_side_close(struct copy_side *s);

/* The key comes first: a target whose own key is another one is refused before a row is in it. 1: it is there; 0: the source has none. */
int copy_key(const struct copy_side *from, const struct copy_side *to, struct error *err);

struct copy_carried {
	int64_t files, bytes, packages;	/* bytes: of the files */
	int64_t files_missing, missing;	/* files; those and packages */
};
typedef void copy_progress_fn(void *arg, const char *step, int64_t done, int64_t all);	/* of files */
/* Files' bytes, addons' packages and the trusted keys, as the rows in the target want them. What the source has not got is told and
 * counted. */
int copy_beside(const struct copy_side *from, const struct copy_side *to, copy_progress_fn *progress, void *arg,
		struct copy_carried *ret, struct error *err);
/* Reads all files again in the target. */
int copy_beside_check(const struct copy_side *to, copy_progress_fn *progress, void *arg, int64_t *ret_missing, struct error *err);

struct copy_how {
	bool of_a_moment;		/* copy_options has it */
	bool again;			/* a copy that was finished is compared again */
};
struct copy_result {
	int64_t rows;
	struct copy_carried carried;
	struct str finished_at;		/* it was finished before; copy_whole's arena */
};
/* All steps between two sides that are open, told on standard error. */
int copy_whole(const struct copy_side *from, const struct copy_side *to, const struct copy_how *how, struct arena *arena,
	       struct copy_result *ret, struct error *err);

#endif
