/* The part of "Check connection" that this server knows by itself: whether webhooks arrive and verify, whether the outbox
 * rests. Asking the provider is check.h. */
#ifndef WORK_DIAGNOSIS_H
#define WORK_DIAGNOSIS_H

#include "work/check.h"

enum { DIAGNOSIS_MAX = 4 };

/* Adds up to DIAGNOSIS_MAX findings to ret, which has room for them. ERR_NOTFOUND: no such account in this workspace. */
int diagnosis_add(struct instance *i, struct db *db, struct workspace_id w, int64_t account_id, struct arena *arena,
		  struct check_result *ret, struct error *err);

#endif
