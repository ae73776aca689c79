/* What the tests and the fuzzers share: the server's side of the interface, made for looking at. */
#ifndef META_TEST_SUPPORT_H
#define META_TEST_SUPPORT_H

#include <mailtrixy/addon.h>
#include <stdbool.h>
#include <stdio.h>

/* Memory that can be made to run out. */
struct test_memory {
	struct trixy_memory memory;	/* first: alloc() finds the rest by it */
	struct block *blocks;
	uint64_t allowed;		/* allocations; UINT64_MAX: no limit */
};

void test_memory_init(struct test_memory *memory, uint64_t allowed);
void test_memory_done(struct test_memory *memory);

struct trixy_text test_text(const char *s);
bool test_text_is(struct trixy_text text, const char *s);
bool test_text_utf8(struct trixy_text text);

/* A file, in memory that the caller frees; aborts when it cannot be read. */
struct trixy_text test_file(const char *path);

/* A sink that writes each event as one line, and aborts on an event that breaks a rule of the interface. */
struct test_sink {
	struct trixy_sink sink;
	FILE *out;			/* NULL: only check */
	uint64_t count;
	uint64_t allowed;		/* events until emit() answers TRIXY_ENOMEM */
};

void test_sink_init(struct test_sink *sink, FILE *out);

/* Abort on what breaks a rule of the interface. */
void test_event_check(const struct trixy_event *event);
void test_outcome_check(const struct trixy_outcome *outcome);
void test_finding_check(const struct trixy_finding *finding);
void test_media_check(const struct trixy_media *media);
void test_templates_check(const struct trixy_templates *templates);

/* Of the channel under test, which gives it. */
const struct trixy_channel *test_channel(void);

/* One of its accounts: 0, or 1 for one that is connected in another way. */
const struct trixy_account *test_account(unsigned int which);

#endif
