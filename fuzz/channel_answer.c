/* Any bytes as Meta's answer, to every question that a channel asks. Input: a byte for the HTTP status, a byte for the length of a
 * usage header, that header, and the body. Built once a channel. */
#include "meta/test/support.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t statuses[] = {200, 400, 401, 403, 404, 429, 500, 502, 503, 0};

static void require(bool condition)
{
	if (!condition)
		abort();
}

static bool contains(struct trixy_text body, const char *word)
{
	return body.len > 0 && memmem(body.p, body.len, word, strlen(word)) != NULL;
}

static void read_send(const struct trixy_account *account, struct trixy_answer *answer, struct trixy_memory *memory)
{
	const struct trixy_channel *channel = test_channel();
	struct trixy_draft draft = {.size = sizeof(draft)};
	struct trixy_outcome outcome;

	answer->draft = &draft;
	for (draft.kind = TRIXY_DRAFT_MESSAGE; draft.kind <= TRIXY_DRAFT_TYPING; draft.kind++) {
		require(channel->read_answer(account, answer, memory, &outcome) == 0);
		test_outcome_check(&outcome);
		/* Only an error object proves that nothing was sent. */
		if (outcome.kind == TRIXY_RETRY)
			require(contains(answer->body, "error") || contains(answer->body, "\\u"));
		if (outcome.kind == TRIXY_SENT && draft.kind == TRIXY_DRAFT_MESSAGE)
			require(outcome.message_id.len > 0);
	}
	if (channel->upload_answer == NULL)
		return;
	require(channel->upload_answer(account, answer, memory, &outcome) == 0);
	test_outcome_check(&outcome);
	require(outcome.kind != TRIXY_UNKNOWN);
}

static void read_profile(const struct trixy_account *account, const struct trixy_answer *answer, struct trixy_memory *memory)
{
	struct trixy_profile profile;
	int32_t r;

	if (test_channel()->profile_answer == NULL)
		return;
	r = test_channel()->profile_answer(account, answer, memory, &profile);
	require(r == 0 || r == TRIXY_EINVAL);
	if (r == 0)
		require(test_text_utf8(profile.name) && test_text_utf8(profile.handle) && test_text_utf8(profile.picture_url) &&
			profile.follower_count >= -1);
}

static void read_lists(const struct trixy_account *account, const struct trixy_answer *answer, struct trixy_memory *memory)
{
	const struct trixy_channel *channel = test_channel();
	struct trixy_media media;
	struct trixy_templates templates;

	if (channel->media_answer != NULL) {
		require(channel->media_answer(account, answer, memory, &media) == 0);
		test_media_check(&media);
	}
	if (channel->templates_answer != NULL) {
		require(channel->templates_answer(account, answer, memory, &templates) == 0);
		test_templates_check(&templates);
	}
}

static void read_findings(const struct trixy_account *account, const struct trixy_answer *answer, struct trixy_memory *memory)
{
	const struct trixy_channel *channel = test_channel();
	struct trixy_finding finding;
	struct trixy_request request;

	require(channel->subscribe_answer(account, answer, memory, &finding) == 0);
	test_finding_check(&finding);
	for (uint32_t step = 0; channel->check_request(account, step, test_text("4242"), memory, &request) == 0; step++) {
		require(channel->check_answer(account, step, test_text("4242"), answer, memory, &finding) == 0);
		test_finding_check(&finding);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trixy_pair header = {TRIXY_TEXT("x-business-use-case-usage"), {NULL, 0}};
	struct trixy_answer answer = {.size = sizeof(answer), .header_count = 1, .headers = &header};
	const struct trixy_account *account;
	struct test_memory memory;
	size_t header_len;

	if (size < 2)
		return 0;
	answer.http_status = statuses[data[0] % (sizeof(statuses) / sizeof(statuses[0]))];
	account = test_account(data[0] >> 7);
	if (data[1] & 0x80)
		header.name = test_text("x-app-usage");
	header_len = data[1] & 0x7f;
	if (header_len > size - 2)
		header_len = size - 2;
	header.value = (struct trixy_text){(const char *)data + 2, header_len};
	answer.body = (struct trixy_text){(const char *)data + 2 + header_len, size - 2 - header_len};
	test_memory_init(&memory, UINT64_MAX);
	read_send(account, &answer, &memory.memory);
	read_profile(account, &answer, &memory.memory);
	read_lists(account, &answer, &memory.memory);
	read_findings(account, &answer, &memory.memory);
	test_memory_done(&memory);
	return 0;
}
