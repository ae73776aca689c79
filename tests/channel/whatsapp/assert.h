/* cmocka, memory for a test, and asserts on texts. */
#ifndef WHATSAPP_TEST_ASSERT_H
#define WHATSAPP_TEST_ASSERT_H

#include "support.h"

/* cmocka.h needs these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* HMAC-SHA256 under the App Secret of support.c: of the account's token, and of the app's own (app id 4242). */
#define PROOF "3ed5c45291669ee788e82dfd074125ffd6cef0f510cae95b5d0bcfb96cd18cd2"
#define APP_PROOF "cd308cf69fdbb11cc5be7d9626ff65995f65ba3f4dfc3bfffa9f8bdf2403bbe8"
#define HOST "https://graph.facebook.com/v25.0/"

static struct test_memory memory;

static int set_up(void **state)
{
	(void)state;
	test_memory_init(&memory, UINT64_MAX);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	test_memory_done(&memory);
	return 0;
}

static inline void assert_text(struct trixy_text text, const char *expected)
{
	if (!test_text_is(text, expected))
		fail_msg("expected \"%s\", got \"%.*s\"", expected != NULL ? expected : "(nothing)", (int)text.len,
			 text.p != NULL ? text.p : "(nothing)");
}

static inline void assert_contains(struct trixy_text text, const char *part)
{
	if (text.p == NULL || memmem(text.p, text.len, part, strlen(part)) == NULL)
		fail_msg("\"%s\" is not in \"%.*s\"", part, (int)text.len, text.p != NULL ? text.p : "");
}

#endif
