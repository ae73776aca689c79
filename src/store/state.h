/* The store's own state: for store.c, writer.c and checkpoint.c only. */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include <pthread.h>

#include "store/ahead.h"
#include "store/engine.h"

enum { GROUP_UNITS = 512, SERVER_BYTES = 16 };

struct outcome {		/* of one unit of the group in hand */
	struct store_unit *unit;
	int result;
	struct error err;
};

struct store {
	const struct db_engine *engine;
	uint64_t serial;
	char server[2 * SERVER_BYTES + 1];
	struct arena memory;
	struct str where;		/* the engine's name of the database */
	struct db *writer;		/* the writer thread's, once that runs */
	pthread_t writer_thread;
	bool writer_runs;

	pthread_mutex_t lock;		/* guards what follows, up to the blank line */
	pthread_cond_t queue_changed;	/* also: listening ended */
	struct store_unit *first, *last;
	bool stopping, listening;	/* listening: on_foreign or on_changes runs at the moment, on teller */
	pthread_t teller;
	void *listener;
	void (*on_changes)(void *listener, const struct change *changes, size_t count);
	void *foreign;
	void (*on_foreign)(void *foreign, const struct change *changes, size_t count);
	struct store_figures figures;

	/* the writer thread's alone */
	struct outcome group[GROUP_UNITS];
	struct ahead *ahead;		/* NULL: nothing is read ahead */
	int careful;			/* groups that still run with a savepoint a unit, since one failed */
	size_t singles;			/* units that still run in a transaction of their own */
	size_t limit;			/* units in a group, fewer after conflicts with other servers */
	int64_t failing_since;		/* clock_mono_ms; 0: the last transaction was committed */
	unsigned failures;		/* tries since, up to some */
	int64_t lost;			/* transactions that were, since the start */
	struct error why;		/* what lost the last one */

	/* the checkpointer's (checkpoint.c) */
	struct db *checkpointer;
	pthread_t checkpoint_thread;
	bool checkpoint_runs;
	pthread_mutex_t checkpoint_lock;	/* guards what follows */
	pthread_cond_t checkpoint_changed;	/* any of it */
	bool checkpoint_stopping, checkpoint_asked;
	bool committing;			/* the writer has a transaction open */
	bool log_held;				/* the checkpointer wants none to be open, or begins the log anew */
	int64_t log_pages;

	/* the follower's (follow.c), where shared */
	struct db *follower;
	pthread_t follow_thread;
	bool follow_runs;
	int64_t seen;				/* the newest change that was handed over; the follower thread's alone */
	pthread_mutex_t follow_lock;		/* guards what follows */
	pthread_cond_t follow_changed;		/* any of it */
	bool follow_stopping, follow_poked;
	int64_t follow_asked, follow_caught;	/* numbers of store_catch_up's callers */
	bool commit_runs;			/* what it commits has the ids of `commit` */
	struct id_range {
		int64_t first, end;		/* end: one past the last */
	} commit, *own;				/* own: of this process's commits that were not handed over, rising */
	size_t own_count, own_room;
};

/* Starts the thread that commits what is queued; writer_stop drains the queue first. */
int writer_start(struct store *store, struct error *err);
void writer_stop(struct store *store);

int checkpoint_start(struct store *store, struct error *err);
void checkpoint_stop(struct store *store);
/* By the writer, around each transaction. The first waits while the log is begun anew. */
void checkpoint_enter(struct store *store);
void checkpoint_leave(struct store *store);

/* Hands over what was committed: others' first to who asked for those, then all to the listener. */
void store_tell(struct store *store, const struct change *changes, size_t count, const struct change *foreign, size_t foreign_count);

int follow_start(struct store *store, struct error *err);
void follow_stop(struct store *store);
/* By the writer, around each commit. */
void follow_committing(struct store *store);
void follow_committed(struct store *store, bool stored);

#endif
