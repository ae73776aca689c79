/* The state of a copy: for copy.c, copy_rows.c, copy_words.c and copy_check.c only. */
#ifndef STORE_COPY_STATE_H
#define STORE_COPY_STATE_H

#include <pthread.h>

#include "store/copy.h"
#include "store/copy_table.h"

#define COPY_SETTING "copy.progress"
enum copy_step { COPY_STEP_ROWS = 1, COPY_STEP_WORDS, COPY_STEP_DONE };

/* A page on its way into the target: it is read while the one before is committed. */
struct copy_batch {
	struct copy *copy;
	struct copy_table *table;
	struct copy_page page;
	size_t from, to;		/* rows of the page */
	struct buf progress;		/* the row of settings that goes with it */
	struct store_unit unit;
	bool flying;			/* guarded by the copy's lock; the rest is the writer's while it is true */
	int result;
	struct error err;
};

struct copy {
	struct copy_options options;
	struct arena memory;
	struct db *from, *to;		/* readers; the source's in one read transaction from the first look to the last */
	struct copy_tables tables;	/* the source's, in order */
	struct copy_tables target;
	char source[65];		/* what the source looked like when the copy was begun, as a hash */
	enum copy_state state;
	enum copy_step step;
	struct str at_table;		/* COPY_STEP_ROWS: in hand; STR_NONE: none yet */
	struct str at_key;		/* words of the last key that went over */
	int64_t at_row;			/* rows of at_table that went over; COPY_STEP_WORDS: the conversation */
	struct str finished_at;

	pthread_mutex_t lock;
	pthread_cond_t landed;
	struct copy_batch batch[2];
};

void copy_tell(struct copy *c, const char *step, struct str what, int64_t done, int64_t all);
void copy_note(struct copy *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "STEP SOURCE", to which the step adds what it needs to go on. */
void copy_progress_begin(struct buf *b, const struct copy *c, enum copy_step step);
/* Inside a unit. */
int copy_progress_set(struct db *db, const struct buf *progress, struct error *err);

/* Opens the target's column of channels if the source's is open: repeatable, and it completes what a kill has left half-way. */
int copy_widen(struct copy *c, struct error *err);

#endif
