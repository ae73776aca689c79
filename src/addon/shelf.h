/* Packages in the database, where several servers share it: what is installed on one is unpacked and loaded by all. On other
 * engines nothing here does anything. */
#ifndef ADDON_SHELF_H
#define ADDON_SHELF_H

#include "addon/home.h"

/* Sees to it that the database holds the package of this row, whole; before the row is written. zip: as it came; STR_NONE: made
 * again of the unpacked folder, when the database has not got it. Locked. */
int shelf_keep(struct instance *i, struct home *h, struct str hash, struct str zip, struct error *err);
/* Inside the unit that writes a row: ERR_TEMPORARY when the package is not there whole. */
int shelf_check(struct db *db, struct str hash, struct error *err);
/* Unpacks the row's package here. ERR_NOTFOUND: the database has not got it; ERR_DENIED: nobody that is trusted has put it there;
 * ERR_INVALID: what is wrong with it. Locked. */
int shelf_fetch(struct instance *i, struct home *h, const struct store_addon *row, struct error *err);
/* After the row is gone, or names another. */
int shelf_let_go(struct instance *i, struct str hash, struct error *err);
/* 1: the database holds it whole. */
int shelf_whole(struct db *db, struct str hash, struct error *err);

#endif
