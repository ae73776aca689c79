/* Reads every payloads/NAME.json and compares what it says with payloads/NAME.events. With "write" as second argument the
 * .events files are written instead: look at the difference before committing it. */
#include "support.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* The events of a body, one a line; or "refused". The caller frees. */
static char *events_of(struct trixy_text body, uint64_t allowed, int32_t *ret_result)
{
	struct test_memory memory;
	struct test_sink sink;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		abort();
	test_memory_init(&memory, allowed);
	test_sink_init(&sink, out);
	*ret_result = test_channel()->read_webhook(body, &memory.memory, &sink.sink);
	if (*ret_result == TRIXY_EINVAL)
		(void)fprintf(out, "refused\n");
	(void)fclose(out);
	test_memory_done(&memory);
	return text;
}

/* Memory that runs out at the Nth allocation, for every N, gives TRIXY_ENOMEM and no leak. */
static bool survives_shortage(struct trixy_text body)
{
	int32_t r = TRIXY_ENOMEM;

	for (uint64_t n = 0; r == TRIXY_ENOMEM && n < 200; n++)
		free(events_of(body, n, &r));
	return r == 0 || r == TRIXY_EINVAL;
}

static bool test_payload(const char *directory, const char *name, bool write)
{
	char path[4096];
	size_t stem = strlen(name) - strlen(".json");
	struct trixy_text body, expected;
	int32_t r;
	char *got;
	bool good;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	body = test_file(path);
	got = events_of(body, UINT64_MAX, &r);
	(void)snprintf(path, sizeof(path), "%s/%.*s.events", directory, (int)stem, name);
	if (write) {
		FILE *file = fopen(path, "wb");

		good = file != NULL && fputs(got, file) >= 0;
		good = file != NULL && fclose(file) == 0 && good;
	} else {
		expected = test_file(path);
		good = test_text_is(expected, got) && survives_shortage(body);
		if (!good)
			(void)fprintf(stderr, "%s: expected\n%.*sgot\n%s", name, (int)expected.len, expected.p, got);
		free((void *)(uintptr_t)expected.p);
	}
	free(got);
	free((void *)(uintptr_t)body.p);
	return good;
}

int main(int argc, char **argv)
{
	bool write = argc == 3 && strcmp(argv[2], "write") == 0;
	DIR *directory = argc >= 2 ? opendir(argv[1]) : NULL;
	const struct dirent *entry;
	int passed = 0, failed = 0;

	if (directory == NULL)
		return 2;
	while ((entry = readdir(directory)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (len <= strlen(".json") || strcmp(entry->d_name + len - strlen(".json"), ".json") != 0)
			continue;
		if (test_payload(argv[1], entry->d_name, write))
			passed++;
		else
			failed++;
	}
	(void)closedir(directory);
	(void)printf("%d passed, %d failed\n", passed, failed);
	return failed != 0 || passed == 0;
}
