#include "support.h"

const struct trixy_channel *test_channel(void)
{
	return trixy_addon_entry()->channel;
}

static const struct trixy_pair facebook_fields[] = {
	{TRIXY_TEXT("page_id"), TRIXY_TEXT("102290129340398")},
	{TRIXY_TEXT("page_name"), TRIXY_TEXT("Shop")},
	{TRIXY_TEXT("ig_user_id"), TRIXY_TEXT("17841400000000001")},
	{TRIXY_TEXT("page_access_token"), TRIXY_TEXT("EAAtoken")},
	{TRIXY_TEXT("app_secret"), TRIXY_TEXT("0123456789abcdef0123456789abcdef")},
};

static const struct trixy_pair instagram_fields[] = {
	{TRIXY_TEXT("ig_user_id"), TRIXY_TEXT("17841400000000001")},
	{TRIXY_TEXT("ig_access_token"), TRIXY_TEXT("IGAAtoken")},
	{TRIXY_TEXT("app_secret"), TRIXY_TEXT("0123456789abcdef0123456789abcdef")},
};

const struct trixy_account test_facebook = {
	.size = sizeof(test_facebook),
	.pair_count = sizeof(facebook_fields) / sizeof(facebook_fields[0]),
	.backend = TRIXY_TEXT("facebook"),
	.key = TRIXY_TEXT("17841400000000001"),
	.base_url = TRIXY_TEXT("https://graph.facebook.com"),
	.api_version = TRIXY_TEXT("v25.0"),
	.pairs = facebook_fields,
};

const struct trixy_account test_instagram = {
	.size = sizeof(test_instagram),
	.pair_count = sizeof(instagram_fields) / sizeof(instagram_fields[0]),
	.backend = TRIXY_TEXT("instagram"),
	.key = TRIXY_TEXT("17841400000000001"),
	.base_url = TRIXY_TEXT("https://graph.instagram.com"),
	.api_version = TRIXY_TEXT("v25.0"),
	.pairs = instagram_fields,
};

const struct trixy_account *test_account(unsigned int which)
{
	return which == 0 ? &test_facebook : &test_instagram;
}
