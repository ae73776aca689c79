/* A small addon for the tests here. Built several times: each FIXTURE_… breaks another rule. */
#include <mailtrixy/addon.h>

#ifndef FIXTURE_VERSION
#define FIXTURE_VERSION "1.0.0"
#endif
#ifndef FIXTURE_SLUG
#define FIXTURE_SLUG "sample"
#endif
#ifndef FIXTURE_CHANNEL
#define FIXTURE_CHANNEL FIXTURE_SLUG
#endif
#ifndef FIXTURE_ABI_MAJOR
#define FIXTURE_ABI_MAJOR TRIXY_ABI_MAJOR
#endif
#ifndef FIXTURE_TEXT_MAX
#define FIXTURE_TEXT_MAX 1000
#endif
#ifndef FIXTURE_SIZE
#define FIXTURE_SIZE sizeof(struct trixy_addon)
#endif

static int32_t read_webhook(struct trixy_text body, struct trixy_memory *memory, const struct trixy_sink *sink)
{
	(void)body, (void)memory, (void)sink;
	return TRIXY_EINVAL;
}

static int32_t no_request(void)
{
	return TRIXY_EINVAL;
}

/* One function stands for all that no test calls. */
#define NEVER_CALLED(member) (__typeof__(((struct trixy_channel *)0)->member))(void *)no_request

static const struct trixy_backend backends[] = { {
	.size = sizeof(struct trixy_backend), .slug = TRIXY_TEXT("main"), .name = TRIXY_TEXT("Main"),
	.base_url = TRIXY_TEXT("https://api.example"), .url_setting = TRIXY_TEXT("graph_url"),
} };

static const struct trixy_field fields[] = {
	{ .size = sizeof(struct trixy_field), .flags = TRIXY_FIELD_KEY | TRIXY_FIELD_REQUIRED, .max_bytes = 64, .backends = 1,
	  .name = TRIXY_TEXT("user_id"), .label = TRIXY_TEXT("User ID") },
	{ .size = sizeof(struct trixy_field), .flags = TRIXY_FIELD_SECRET | TRIXY_FIELD_SIGNS | TRIXY_FIELD_REQUIRED, .max_bytes = 255,
	  .backends = 1, .name = TRIXY_TEXT("app_secret"), .label = TRIXY_TEXT("App Secret") },
};

static const struct trixy_channel channel = {
	.size = sizeof(struct trixy_channel), .text_unit = TRIXY_UNIT_BYTES, .text_max = FIXTURE_TEXT_MAX,
	.slug = TRIXY_TEXT(FIXTURE_CHANNEL), .name = TRIXY_TEXT("Sample"),
	.webhook_path = TRIXY_TEXT("/addons/" FIXTURE_CHANNEL "/webhook"), .account_table = TRIXY_TEXT(FIXTURE_CHANNEL "_accounts"),
	.backend_count = 1, .field_count = 2, .backends = backends, .fields = fields, .read_webhook = read_webhook,
	.compose = NEVER_CALLED(compose), .read_answer = NEVER_CALLED(read_answer),
	.profile_request = NEVER_CALLED(profile_request), .profile_answer = NEVER_CALLED(profile_answer),
	.check_request = NEVER_CALLED(check_request), .check_answer = NEVER_CALLED(check_answer),
};

static const struct trixy_addon addon = {
	.size = FIXTURE_SIZE, .abi_major = FIXTURE_ABI_MAJOR, .abi_minor = TRIXY_ABI_MINOR, .slug = TRIXY_TEXT(FIXTURE_SLUG),
	.name = TRIXY_TEXT("Sample"), .version = TRIXY_TEXT(FIXTURE_VERSION), .channel = &channel,
};

#if defined(FIXTURE_UNRESOLVED)
const struct trixy_addon *somewhere_else(void);
#define FIXTURE_RESULT somewhere_else()
#elif defined(FIXTURE_NULL)
#define FIXTURE_RESULT ((void)addon, (const struct trixy_addon *)0)
#else
#define FIXTURE_RESULT &addon
#endif

#if defined(FIXTURE_NO_ENTRY)
#define trixy_addon_entry trixy_other_entry
TRIXY_EXPORT const struct trixy_addon *trixy_other_entry(void);
#endif

const struct trixy_addon *trixy_addon_entry(void)
{
	(void)addon;
	return FIXTURE_RESULT;
}
