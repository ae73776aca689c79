#include "support.h"

#include "channel/whatsapp/whatsapp.h"

const struct trixy_channel *test_channel(void)
{
	return &whatsapp_channel;
}

static const struct trixy_pair fields[] = {
	{TRIXY_TEXT("phone_number_id"), TRIXY_TEXT("106540352242922")},
	{TRIXY_TEXT("access_token"), TRIXY_TEXT("EAAtoken")},
	{TRIXY_TEXT("verify_token"), TRIXY_TEXT("my-secret-word")},
	{TRIXY_TEXT("app_secret"), TRIXY_TEXT("0123456789abcdef0123456789abcdef")},
	{TRIXY_TEXT("waba_id"), TRIXY_TEXT("102290129340398")},
};

#define ACCOUNT(pairs_, count_) \
	{ \
		.size = sizeof(struct trixy_account), .pair_count = (count_), .backend = TRIXY_TEXT("cloud"), \
		.key = TRIXY_TEXT("106540352242922"), .base_url = TRIXY_TEXT("https://graph.facebook.com"), \
		.api_version = TRIXY_TEXT("v25.0"), .pairs = (pairs_) \
	}

const struct trixy_account test_whatsapp = ACCOUNT(fields, 5);
const struct trixy_account test_whatsapp_fresh = ACCOUNT(fields, 4);

const struct trixy_account *test_account(unsigned int which)
{
	return which == 0 ? &test_whatsapp : &test_whatsapp_fresh;
}
