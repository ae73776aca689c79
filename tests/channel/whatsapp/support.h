/* The channel under test, and an account for it. */
#ifndef WHATSAPP_TEST_SUPPORT_H
#define WHATSAPP_TEST_SUPPORT_H

#include "meta/test/support.h"

/* All fields filled in; and one that does not know its WhatsApp Business Account yet. */
extern const struct trixy_account test_whatsapp, test_whatsapp_fresh;

#endif
