/* The database fails, or the process dies, at the statement that a test counts down to: for engine_fault. */
#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

#include <signal.h>
#include <stdatomic.h>

#include "base/err.h"

static atomic_int countdown;	/* 1: at the next statement; 0 or less: at none */

static inline int fail_at(const char *sql)
{
	(void)sql;
	return countdown > 0 && --countdown == 0 ? ERR_BROKEN : 0;
}

static inline int kill_at(const char *sql)
{
	(void)sql;
	if (countdown > 0 && --countdown == 0)
		(void)raise(SIGKILL);
	return 0;
}

#endif
