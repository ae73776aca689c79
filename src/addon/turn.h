/* One server at a time installs, activates or removes addons, where several share a database: the lock of the data directory
 * (addon/home.c) is between the processes of one machine only. A row of settings says whose turn it is; it moves while that one is at
 * it, and is taken over when it has stood still. Elsewhere all of this does nothing. */
#ifndef ADDON_TURN_H
#define ADDON_TURN_H

#include "store/store.h"

struct turn;

/* Waits until nobody else has it. *ret NULL where not shared. ERR_TEMPORARY: somebody was at it for too long. */
int turn_take(struct store *store, struct turn **ret, struct error *err);
void turn_give(struct turn *turn);

#endif
