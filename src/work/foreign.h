/* What the other servers on the database do, and this one must know: accounts and addons that were changed, work that was added. */
#ifndef WORK_FOREIGN_H
#define WORK_FOREIGN_H

#include "inbox/instance.h"

struct foreign;

struct foreign_ears {
	/* Both must be quick; on a thread of the store. */
	void (*work)(void *arg);		/* there may be something to send or to fetch */
	void (*visit)(void *arg, struct workspace_id w, int64_t account_id, int64_t after_ms);	/* an account is to be looked at */
	void *arg;
};
/* Starts its thread. Not shared: does nothing, and *ret is NULL. */
int foreign_start(struct instance *i, const struct foreign_ears *ears, struct foreign **ret, struct error *err);
void foreign_free(struct foreign *f);

#endif
