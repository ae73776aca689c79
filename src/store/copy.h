/* A copy of a whole instance's database into another, empty one, of any engine: every row of every table, then the index of words,
 * then both read side by side and compared. Bytes of files and packages, and the key, are the caller's.
 *
 * Where the copy stands is a row of settings in the target, written with the rows it speaks of: killed at any moment, the same copy
 * goes on. Until it is finished the target is not to be served (copy_unfinished). */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "store/store.h"

struct copy;

enum copy_state { COPY_NEW = 1, COPY_BEGUN, COPY_FINISHED };

struct copy_told {
	const char *step;		/* "copy", "index", "check" */
	struct str what;		/* a table, or what is indexed */
	int64_t done, all;		/* rows */
};
struct copy_options {
	struct store *from, *to;
	/* The source may be served meanwhile: what is copied is of one moment, and nobody minds that it goes on. */
	bool of_a_moment;
	void *arg;
	void (*progress)(void *arg, const struct copy_told *told);	/* often */
	void (*note)(void *arg, struct str text);			/* a sentence for people: seldom, but for differences */
};

/* Looks at both sides. ERR_STATE says why not: another schema number, the same database on both sides, a target with rows in it that
 * are not this copy's, a source that changed since the copy was begun. The stores must outlive it. */
int copy_new(const struct copy_options *options, struct copy **ret, struct error *err);
void copy_free(struct copy *c);
enum copy_state copy_state(const struct copy *c);
struct str copy_finished_at(const struct copy *c);	/* RFC 3339; STR_NONE: it is not */

/* The steps, in this order; what is done already takes a moment. */
int copy_rows(struct copy *c, struct error *err);
int copy_words(struct copy *c, struct error *err);
/* Tells each difference (table, key, column; never a value), the first hundred of them. *ret_count: how many there are. */
int copy_check(struct copy *c, int64_t *ret_rows, int64_t *ret_count, struct error *err);
/* ERR_STATE: the source was written to since the copy was begun. */
int copy_finish(struct copy *c, struct error *err);

/* 1: the database is a copy that was begun and is not finished. */
int copy_unfinished(struct db *db, struct error *err);

#endif
