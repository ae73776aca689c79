/* Which of the servers on one database does what runs by itself. Each duty is a lease in the database; its holder keeps it while its
 * beat moves, gives it back when it stops, and loses it when others have seen the beat stand still (work/duty_view.h).
 *
 * duty_mine says who should do something; it may be wrong for a moment, e.g. in a process that was stopped and goes on. What must
 * not happen twice is therefore decided in a unit of work that looks at the lease (store_lease_held): writers come one after the
 * other, so there the answer is exact. On an engine that one process serves every duty is this one's, and nothing is written. */
#ifndef WORK_DUTY_H
#define WORK_DUTY_H

#include "store/store.h"

struct duties;

/* The core's. */
#define DUTY_DELIVERY STR("delivery")		/* the outbox, customers' names */
#define DUTY_MEDIA STR("media")			/* customers' files */
#define DUTY_ACCOUNTS STR("accounts")		/* subscriptions, checks, tokens, templates */
#define DUTY_HOUSEKEEPING STR("housekeeping")	/* the search index, old rows, what was left half done */

struct duty_options {
	struct store *store;
	struct str address, version;		/* told to people who ask which servers there are */
	/* Told, on the thread of the duties, that one was taken or lost. Must be quick. May be NULL. */
	void (*changed)(void *arg);
	void *arg;
	bool shared;				/* store_shared(), but for tests */
};
int duty_new(const struct duty_options *options, struct duties **ret, struct error *err);
int duty_add(struct duties *d, struct str name, struct error *err);	/* a duty that this server can do */
int duty_start(struct duties *d, struct error *err);	/* the thread that beats and looks; none where not shared */
/* Gives all leases back and takes none any more; the beat goes on, for what is under way is still this server's. Does not wait. */
void duty_close(struct duties *d);
/* Ends the thread, and the row of this server: after all that claims something, before anything goes that a change of duties wakes. */
void duty_stop(struct duties *d);
void duty_free(struct duties *d);

/* Held, and this server could say so in the last seconds. From any thread. */
bool duty_mine(struct duties *d, struct str name);
/* Whether this server lives as far as is known; STR_NONE does not. */
bool duty_lives(struct duties *d, struct str server);

/* One look, at this time: what the thread does each second. For tests. */
int duty_look(struct duties *d, int64_t mono_ms, struct error *err);
bool duty_mine_at(struct duties *d, struct str name, int64_t mono_ms);

#endif
