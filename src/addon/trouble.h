/* Where several servers share a database, one of them may be unable to load an addon that is active: an older program, a full disk, a key
 * that it does not trust. The addon stays active for the others; what that one has against it stands in settings, for an admin to see.
 * Elsewhere nothing ever stands there. */
#ifndef ADDON_TROUBLE_H
#define ADDON_TROUBLE_H

#include "inbox/instance.h"

/* Adds one to a list. Words of a broken machine hold paths, which are for the log: then the list says only that. */
void trouble_add(struct buf *list, struct str slug, const struct error *why);
/* The list is all that this server has to say now. Writes only what is new. */
int trouble_note(struct instance *i, struct buf *list, struct error *err);
/* What the servers say that run now. STR_NONE: nothing. Text is the arena's. */
int trouble_of(struct db *db, struct str slug, struct arena *arena, struct str *ret, struct error *err);

#endif
