/* The channel under test, and accounts for it. */
#ifndef INSTAGRAM_TEST_SUPPORT_H
#define INSTAGRAM_TEST_SUPPORT_H

#include "meta/test/support.h"

/* An account of each way to connect. */
extern const struct trixy_account test_facebook, test_instagram;

#endif
