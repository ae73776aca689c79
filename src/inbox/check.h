/* "Check connection": what was looked at on an account, one finding a step. Asking the provider takes HTTP, so work/ does it and
 * offers it through struct instance. */
#ifndef INBOX_CHECK_H
#define INBOX_CHECK_H

#include "inbox/instance.h"

struct check_finding {
	int status;			/* TRIXY_CHECK_* */
	struct str check, explanation, fix;	/* the arena's; fix STR_NONE: nothing to do */
};

#endif
