/* cmocka with what it needs before it, and a check that shows the error's words. */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail		/* base/err.h has a function of this name */
#undef fail_msg		/* uses it */

#include "base/err.h"

#define check_failed(...) (print_error("\n" __VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))
/* expr returned what was expected; err holds the words when it did not. */
#define check_is(expr, expected, err) do { \
	long long is_ = (long long)(expr), want_ = (long long)(expected); \
	if (is_ != want_) \
		check_failed("%s is %lld, not %lld: %s", #expr, is_, want_, is_ < 0 ? (err)->text : ""); \
} while (0)
#define check_ok(expr, err) check_is(expr, 0, err)
#define check_str(s, c) do { \
	struct str s_ = (s); \
	if (!str_eq_c(s_, (c))) \
		check_failed("%s is '%.*s', not '%s'", #s, STR_ARG(s_), (c)); \
} while (0)

#endif
