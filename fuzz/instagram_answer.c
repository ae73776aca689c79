/* Any bytes as Meta's answer, to every question that the addon asks. Input: a byte for the HTTP status, a byte for the
 * length of a usage header, that header, and the body. */
#include "../addons/instagram/test/support.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t statuses[] = {200, 400, 401, 403, 404, 429, 500, 502, 503, 0};

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void read_send(const struct trixy_account *account, const struct trixy_answer *answer, struct trixy_memory *memory)
{
	const struct trixy_channel *channel = test_channel();
	struct trixy_outcome outcome;

	require(channel->read_answer(account, answer, memory, &outcome) == 0);
	test_outcome_check(&outcome);
	/* Only an error object proves that nothing was sent. */
	if (outcome.kind == TRIXY_RETRY)
		require(memmem(answer->body.p, answer->body.len, "error", 5) != NULL ||
			memmem(answer->body.p, answer->body.len, "\\u", 2) != NULL);
}

static void read_others(const struct trixy_account *account, const struct trixy_answer *answer, struct trixy_memory *memory)
{
	const struct trixy_channel *channel = test_channel();
	struct trixy_finding finding;
	struct trixy_profile profile;
	struct trixy_request request;
	int32_t r;

	r = channel->profile_answer(account, answer, memory, &profile);
	require(r == 0 || r == TRIXY_EINVAL);
	if (r == 0)
		require(test_text_utf8(profile.name) && test_text_utf8(profile.handle) &&
			test_text_utf8(profile.picture_url) && profile.follower_count >= -1);
	require(channel->subscribe_answer(account, answer, memory, &finding) == 0);
	test_finding_check(&finding);
	for (uint32_t step = 0; channel->check_request(account, step, test_text("4242"), memory, &request) == 0; step++) {
		require(channel->check_answer(account, step, test_text("4242"), answer, memory, &finding) == 0);
		test_finding_check(&finding);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct trixy_account *account;
	struct trixy_pair header = {TRIXY_TEXT("x-business-use-case-usage"), {NULL, 0}};
	struct trixy_answer answer = {.size = sizeof(answer), .header_count = 1, .headers = &header};
	struct test_memory memory;
	size_t header_len;

	if (size < 2)
		return 0;
	answer.http_status = statuses[data[0] % (sizeof(statuses) / sizeof(statuses[0]))];
	account = data[0] & 0x80 ? &test_instagram : &test_facebook;
	if (data[1] & 0x80)
		header.name = test_text("x-app-usage");
	header_len = data[1] & 0x7f;
	if (header_len > size - 2)
		header_len = size - 2;
	header.value = (struct trixy_text){(const char *)data + 2, header_len};
	answer.body = (struct trixy_text){(const char *)data + 2 + header_len, size - 2 - header_len};
	test_memory_init(&memory, UINT64_MAX);
	read_send(account, &answer, &memory.memory);
	read_others(account, &answer, &memory.memory);
	test_memory_done(&memory);
	return 0;
}
