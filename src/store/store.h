/* The store: one database, one writer that commits in groups, readers for everybody else.
 *
 * Reading: a thread owns a reader (store_reader_new) and calls operations with it.
 * Writing: a unit of work is handed to the writer. It runs in the writer's transaction together with others and is told
 * after the commit that holds it. When a unit of a group fails, the group is rolled back and its units run again, fenced
 * from each other: so a unit must be repeatable (same input, same effect, outputs overwritten).
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "store/db.h"

/* A workspace's id has a type of its own, so that an operation which forgets it does not compile. */
struct workspace_id {
	int64_t v;
};

struct store;

/* What browsers are told (table changes). Handed over after the commit, in commit order. */
enum change_kind { CHANGE_MESSAGE = 1, CHANGE_CONVERSATION = 2, CHANGE_ACCOUNT = 3, CHANGE_ADDON = 4,
	/* For servers only, where several share the database: whoever looks after accounts shall look at this one (subject), in so many
	 * ms (in place of the conversation). Browsers are told nothing. */
	CHANGE_VISIT = 5 };
struct change {
	int64_t id;			/* rises with every change of the instance: the SSE event id */
	struct workspace_id workspace;	/* 0: every workspace */
	enum change_kind kind;
	int64_t subject_id;
	int64_t conversation_id;
};

struct store_options {
	struct str database;		/* "" : DIR/mailtrixy.db; "sqlite:PATH"; other schemes belong to other engines */
	struct str data_dir;
	void *listener;			/* for on_changes; may be NULL */
	/* Called after each commit that made changes, on the writer thread, or the follower's where several processes serve one
	 * database. In the order of the ids. Must be quick and must not write. */
	void (*on_changes)(void *listener, const struct change *changes, size_t count);
};

/* Opens or creates the database, applies the core's migrations, starts the writer. ERR_INVALID for a URL that no engine
 * knows, ERR_STATE for a database of a newer version. */
int store_open(const struct store_options *options, struct store **ret, struct error *err);
/* Returns when the listener before is not being called any more: its owner may then go. NULL: nobody listens. */
void store_set_listener(struct store *store, void *listener,
			void (*on_changes)(void *listener, const struct change *changes, size_t count));
void store_close(struct store *store);	/* commits what is queued; every reader must be freed before */

/* Another number for every store that this process opens: what is remembered beside a store is not the next one's. */
uint64_t store_serial(const struct store *store);

/* Whether other processes may serve the same database at the same time (any engine but SQLite). */
bool store_shared(const struct store *store);
/* This process's name among those: 32 hex digits, new for every store that is opened. */
struct str store_server(const struct store *store);
/* The password that the database was opened with, the arena's; STR_NONE: none was needed. For wrapping the instance's key
 * (inbox/instance_key.h) and for nothing else: it is never shown or logged. */
int store_password(const struct store *store, struct arena *arena, struct str *ret, struct error *err);
/* Told of changes that other processes committed, on the follower's thread, before the listener is. Must be quick and must not
 * write. NULL: nobody is told; returns when the function before is not running any more. Never called where not shared. */
void store_set_foreign(struct store *store, void *arg,
		       void (*on_foreign)(void *arg, const struct change *changes, size_t count));
/* Waits until all that was committed by anybody before this call has been handed over (listener, store_set_foreign).
 * ERR_TEMPORARY: not within max_ms. At once where not shared. Not on the writer's or the follower's thread. */
int store_catch_up(struct store *store, int64_t max_ms, struct error *err);

int store_reader_new(struct store *store, struct db **ret, struct error *err);
void store_reader_free(struct db *reader);

/* A consistent copy of the whole database into a new file (mode 0600), while this and other processes write. A store opens
 * the copy like any database. ERR_EXISTS: there is a file of that name. ERR_STATE: the engine has tools of its own. */
int db_copy(struct db *reader, struct str path, struct error *err);
/* Looks through all of the database for damage: seconds for gigabytes. *ret_fault, the arena's: the first in words; STR_NONE: none. */
int db_check(struct db *reader, struct arena *arena, struct str *ret_fault, struct error *err);

/* What a unit is about to ask for. Where every question to the database is a round trip (engines that are shared), the writer
 * reads the answers for all units of a group together; elsewhere nobody asks. */
struct ahead;
/* Who wrote to which account and, when it is new, with what message (its external id; may be empty). Borrowed until it returns. */
void store_ahead(struct ahead *a, int64_t account_id, struct str contact_key, struct str message_id);

struct store_unit {
	int (*run)(struct db *db, void *arg, struct error *err);	/* on the writer thread */
	void (*done)(void *arg, int result, const struct error *err);	/* on the writer thread, after the commit or the failure */
	void (*tell_ahead)(void *arg, struct ahead *a);			/* on the writer thread, before run; may be NULL: see store_ahead */
	void *arg;
	struct store_unit *next;					/* next, alone: the store's while it is queued */
	bool alone;
};
/* Queues; the unit's memory belongs to the caller and must live until done() is called. Never blocks. */
void store_submit(struct store *store, struct store_unit *unit);
/* Queues and waits. Returns what run returned, or the failure of the commit. */
int store_write(struct store *store, int (*run)(struct db *db, void *arg, struct error *err), void *arg,
		struct error *err);
/* Runs in a transaction of its own, possibly long (a migration). Waits. */
int store_write_alone(struct store *store, int (*run)(struct db *db, void *arg, struct error *err), void *arg,
		      struct error *err);
/* A read transaction: what is read between sees one state. */
int db_read_begin(struct db *reader, struct error *err);
void db_read_end(struct db *reader);

/* Inside a unit: notes a change; it becomes visible with the commit. */
int store_change_add(struct db *db, struct workspace_id w, enum change_kind kind, int64_t subject_id,
		     int64_t conversation_id, struct error *err);
/* Changes after `after` that workspace w may see, oldest first, at most max. *ret_gap: older ones were already dropped. */
int store_changes_after(struct db *db, struct workspace_id w, int64_t after, struct change *ret, size_t max,
			size_t *ret_count, bool *ret_gap, struct error *err);
int store_change_last(struct db *db, int64_t *ret_id, struct error *err);
/* Inside a unit: drops changes older than before_ms, at most 5,000 at a time. Returns how many. The newest one stays, so that
 * ids go on rising. */
int64_t store_changes_trim(struct db *db, int64_t before_ms, struct error *err);

struct store_figures {
	int64_t commits, units, retried_groups, queued;	/* since the start; queued: now */
	int64_t lost;	/* transactions that ran again because another server was first, or the database server went away */
	int64_t foreign;	/* changes of other servers that were handed over */
};
void store_figures(struct store *store, struct store_figures *ret);

#endif
