/* Any bytes as a delivery: read_webhook() must refuse or read them, and every event must keep the rules that
 * addons/meta/test/support.c lists. The first byte makes memory run out early at times. Built once a channel. */
#include "meta/test/support.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct test_memory memory;
	struct test_sink sink;
	int32_t r;

	if (size == 0)
		return 0;
	/* A delivery begins with { or [: those leave memory without a limit, so that payloads serve as seeds. */
	test_memory_init(&memory, data[0] < 32 ? data[0] : UINT64_MAX);
	if (data[0] < 32) {
		data++;
		size--;
	}
	test_sink_init(&sink, NULL);
	r = test_channel()->read_webhook((struct trixy_text){(const char *)data, size}, &memory.memory, &sink.sink);
	if (r != 0 && r != TRIXY_EINVAL && r != TRIXY_ENOMEM)
		abort();
	if (r == TRIXY_ENOMEM && memory.allowed > 0)
		abort();
	if (r == TRIXY_EINVAL && sink.count > 0)
		abort();
	test_memory_done(&memory);
	return 0;
}
