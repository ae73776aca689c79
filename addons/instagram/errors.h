/* What Meta's errors mean. The table is errors.c; send.c and check.c turn a row into their answers. */
#ifndef INSTAGRAM_ERRORS_H
#define INSTAGRAM_ERRORS_H

#include "json.h"
#include "text.h"

#include <mailtrixy/addon.h>
#include <stdbool.h>

#define IG_MINUTE_MS INT64_C(60000)
#define IG_HOUR_MS (60 * IG_MINUTE_MS)

/* An error object, borrowed from the JSON it was read from. */
struct ig_error {
	int64_t code, subcode;	/* 0: none */
	int64_t http_status;
	bool transient;
	struct trixy_text type, message, trace;
};

/* A row: what an error means for a message and for its account. */
struct ig_fault {
	int64_t code, code_to;		/* from .. to */
	int64_t subcode;		/* IG_ANY: whatever it is */
	const char *words;		/* only when Meta's message holds these; NULL: whatever it says */
	uint32_t outcome;		/* TRIXY_SENT .. TRIXY_UNKNOWN */
	bool quote;			/* Meta's own words tell more than ours: add them */
	int64_t wait_ms;
	struct trixy_text name, reason, fix;
};

#define IG_ANY INT64_C(-1)

/* False when the JSON holds no error object. */
bool ig_error_read(struct json_object *root, int64_t http_status, struct ig_error *ret_error);

/* Always a row; the last one stands for what Meta does not document. */
const struct ig_fault *ig_error_fault(const struct ig_error *error);

/* The row's reason, with Meta's words where they help. */
struct trixy_text ig_error_reason(struct ig_maker *maker, const struct ig_fault *fault, const struct ig_error *error);

/* For the log: codes and Meta's trace id. */
struct trixy_text ig_error_detail(struct ig_maker *maker, const struct ig_error *error);

/* Meta found the App Secret's proof wrong or missing, which means that it accepted the token. */
bool ig_error_is_proof(const struct ig_error *error);

#endif
