/* One server's picture of the others, and what it makes of it: which of the duties it takes, keeps or gives back. Plain functions:
 * what was read and the time are passed in, nothing is written here.
 *
 * Clocks of servers are never compared. A server lives while its beat moves; each looks at the others by its own monotonic clock, and
 * counts only the time in which it could look: a database that was away for a minute makes nobody dead. */
#ifndef WORK_DUTY_VIEW_H
#define WORK_DUTY_VIEW_H

#include "store/lease.h"

enum {
	DUTY_LOOK_MS = 1000,		/* each server looks, and beats, so often */
	DUTY_DEAD_MS = 10 * 1000,	/* a beat that has stood still for so long is nobody's */
	DUTY_SURE_MS = 5 * 1000,	/* whoever could not beat for so long does nothing more that a lease is for */
	DUTY_SETTLED_MS = 10 * 1000,	/* a server that has been here for so long is given a share */
	DUTY_SPARE_MS = 3 * 1000,	/* a lease that nobody who should has taken for so long is anybody's */
	DUTY_ID_MAX = 33, DUTY_NAME_MAX = 191,
};

struct duty_other {
	char id[DUTY_ID_MAX];
	int64_t beat, still_ms, known_ms;	/* seen with this beat, and seen at all, for so long */
	size_t held;				/* leases */
};
struct duty_lease {
	char name[DUTY_NAME_MAX];
	int64_t free_ms;			/* seen free for so long */
	bool is_mine;
	bool given, kept;			/* by this server: given back lately; taken because nobody else did */
};

struct duty_view {
	char self[DUTY_ID_MAX];
	struct duty_other *others;
	size_t other_count;
	struct duty_lease *leases;		/* of this server's duties */
	size_t lease_count, lease_room;
	int64_t seen_ms;			/* monotonic; 0: not yet */
	size_t live;				/* servers that live and stay, with this one */
};

struct duty_move {
	struct str name;			/* the view's, until the next duty_view_add */
	bool take;				/* else it is given back */
	int64_t term;				/* to be taken from */
};

void duty_view_init(struct duty_view *v, struct str self);
void duty_view_done(struct duty_view *v);
/* A duty that this server does. False without memory. */
bool duty_view_add(struct duty_view *v, struct str name);
/* What the tables held at mono_ms. False without memory: nothing was taken in. */
bool duty_view_see(struct duty_view *v, int64_t mono_ms, const struct store_server *servers, size_t server_count,
		   const struct store_lease *leases, size_t lease_count);
/* Whether the server lives as far as this one knows. One that was seen for the first time a moment ago does. */
bool duty_view_lives(const struct duty_view *v, struct str server);
/* What is to be done about `leases`, as they were just seen; at most max moves. leaving: all are given back. */
size_t duty_view_plan(struct duty_view *v, bool leaving, const struct store_lease *leases, size_t lease_count, struct duty_move *ret,
		      size_t max);

#endif
