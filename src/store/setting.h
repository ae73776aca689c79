/* Small facts of the instance: rows of settings. */
#ifndef STORE_SETTING_H
#define STORE_SETTING_H

#include "store/store.h"

/* 1: *ret is its value, the arena's. 0: not set. */
int store_setting_get(struct db *db, struct str name, struct arena *arena, struct str *ret, struct error *err);
/* Inside a unit. STR_NONE takes it away. */
int store_setting_set(struct db *db, struct str name, struct str value, struct error *err);

#endif
