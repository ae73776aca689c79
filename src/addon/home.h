/* What the files of the addon room share: where an instance keeps its addons, who may work on them at a time, their rows. */
#ifndef ADDON_HOME_H
#define ADDON_HOME_H

#include "addon/addon.h"
#include "addon/file.h"
#include "addon/turn.h"
#include "store/addon.h"

struct home {
	struct str addons_dir, trust_dir;	/* DATA/addons, DATA/trusted-keys */
	int lock;				/* DATA/.addons.lock, held against threads and other processes; -1: not */
	struct turn *turn;			/* held against other servers (addon/turn.h); NULL: not */
	struct arena memory;
};
/* Makes DATA/addons and waits for the lock; without `wait`, ERR_TEMPORARY when somebody else has it. */
int home_open(struct instance *i, bool wait, struct home *ret, struct error *err);
/* The same for who changes addons: waits for other servers on the database, too. */
int home_open_to_change(struct instance *i, struct home *ret, struct error *err);
void home_done(struct home *h);

/* Rows, read with a connection of their own. Text is the arena's. */
int home_addons(struct instance *i, struct arena *arena, struct store_addon **ret, size_t *ret_count, struct error *err);
int home_addon(struct instance *i, struct str slug, struct arena *arena, struct store_addon *ret, struct error *err);
/* Writes the row, or its status only, and tells the browsers. */
int home_put(struct instance *i, const struct store_addon *row, struct error *err);
int home_set_status(struct instance *i, struct str slug, enum addon_status status, struct str reason, struct error *err);

/* Loads the library of this row's package and puts its channel into the instance's list. 1: the list changed; 0: it was
 * there. Locked. */
int home_load(struct instance *i, struct home *h, const struct store_addon *row, struct error *err);
/* Runs the migrations, loads, and writes the row as active. Nothing changes when it fails but the migrations before the failed
 * one. Locked. */
int home_activate(struct instance *i, struct home *h, const struct store_addon *row, struct error *err);

struct addon addon_of_row(const struct store_addon *row);			/* borrows the row's texts */
struct addon addon_copy(const struct store_addon *row, struct arena *arena);	/* copies them */

#endif
