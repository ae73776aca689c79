/* Rows of the servers that share a database, and of the leases by which each duty is done by one of them at a time. Only where
 * store_shared: SQLite has neither table. What they mean is work/duty.h. */
#ifndef STORE_LEASE_H
#define STORE_LEASE_H

#include "store/store.h"

struct store_server {
	struct str id;			/* its store_server() */
	int64_t beat;			/* its own clock, and in any case another number each second that it lives; below 0: it is leaving */
	int64_t started_at;
	struct str version, address;
};
struct store_lease {
	struct str name, server;	/* server STR_NONE: free */
	int64_t term;			/* rises with each holder */
};

/* In the order of their ids or names. Text is the arena's. */
int store_server_list(struct db *db, struct arena *arena, struct store_server **ret, size_t *ret_count, struct error *err);
int store_lease_list(struct db *db, struct arena *arena, struct store_lease **ret, size_t *ret_count, struct error *err);

/* Inside a unit, from here on. The row of a server, new or as it is now. */
int store_server_put(struct db *db, const struct store_server *s, struct error *err);
/* 1: gone; 0: there is none whose beat is this. */
int store_server_delete(struct db *db, struct str id, int64_t beat, struct error *err);
/* Makes the row of a lease that nobody has had yet. */
int store_lease_add(struct db *db, struct str name, struct error *err);
/* 1: the lease is `server`'s from now on; 0: its term is another one by now, so somebody else was faster. */
int store_lease_take(struct db *db, struct str name, int64_t term, struct str server, struct error *err);
/* Frees it, if it is this server's. */
int store_lease_give(struct db *db, struct str name, struct str server, struct error *err);
/* 1: this server holds it, and no other can before this transaction has ended: writers come one after the other. 0: it does not. */
int store_lease_held(struct db *db, struct str name, struct str server, struct error *err);

#endif
