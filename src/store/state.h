/* The store's own state: for store.c, writer.c and checkpoint.c only. */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include <pthread.h>

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
	bool stopping, listening;	/* listening: on_changes runs at the moment */
	void *listener;
	void (*on_changes)(void *listener, const struct change *changes, size_t count);
	void *foreign;
	void (*on_foreign)(void *foreign, const struct change *changes, size_t count);
	struct store_figures figures;

	/* the writer thread's alone */
	struct outcome group[GROUP_UNITS];
	int careful;			/* groups that still run with a savepoint a unit, since one failed */
	size_t singles;			/* units that still run in a transaction of their own */

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
};

/* Starts the thread that commits what is queued; writer_stop drains the queue first. */
int writer_start(struct store *store, struct error *err);
void writer_stop(struct store *store);

int checkpoint_start(struct store *store, struct error *err);
void checkpoint_stop(struct store *store);
/* By the writer, around each transaction. The first waits while the log is begun anew. */
void checkpoint_enter(struct store *store);
void checkpoint_leave(struct store *store);

#endif
