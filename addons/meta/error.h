/* Meta's error objects, and the rows of a channel's table that say what they mean. */
#ifndef META_ERROR_H
#define META_ERROR_H

#include "json.h"
#include "text.h"

#include <mailtrixy/addon.h>
#include <stdbool.h>

/* An error object, borrowed from the JSON it was read from. */
struct meta_error {
	int64_t code, subcode;	/* 0: none */
	int64_t http_status;
	bool transient;
	struct trixy_text type, message, trace;
	struct trixy_text details;	/* error_data.details, where there is one: what is wrong, more exactly */
};

/* A row: what an error means for a message and for its account. */
struct meta_fault {
	int64_t code, code_to;		/* from .. to */
	int64_t subcode;		/* META_ANY: whatever it is */
	const char *words;		/* only when Meta's message or details hold these; NULL: whatever they say */
	uint32_t outcome;		/* TRIXY_RETRY .. TRIXY_PARK_CONTACT */
	bool quote;			/* Meta's own words tell more than ours: add them */
	int64_t wait_ms;
	struct trixy_text name, reason, fix;
};

#define META_ANY INT64_C(-1)

/* Rows of a table; the first that fits is taken, so rows with a subcode or words stand before those without. */
#define META_ROW(code, subcode, outcome, name, reason, fix) \
	{ code, code, subcode, NULL, outcome, false, 0, TRIXY_TEXT(name), TRIXY_TEXT(reason), TRIXY_TEXT(fix) }
#define META_ROW_WORDS(code, words, outcome, name, reason, fix) \
	{ code, code, META_ANY, words, outcome, false, 0, TRIXY_TEXT(name), TRIXY_TEXT(reason), TRIXY_TEXT(fix) }
#define META_ROW_WAIT(code, subcode, wait_ms, name, reason, fix) \
	{ code, code, subcode, NULL, TRIXY_PARK, false, wait_ms, TRIXY_TEXT(name), TRIXY_TEXT(reason), TRIXY_TEXT(fix) }
#define META_ROW_QUOTE(from, to, outcome, name, reason, fix) \
	{ from, to, META_ANY, NULL, outcome, true, 0, TRIXY_TEXT(name), TRIXY_TEXT(reason), TRIXY_TEXT(fix) }

/* A channel's table. Its last row fits every error: it stands for what Meta does not document. */
struct meta_faults {
	const struct meta_fault *rows;
	size_t count;
	const struct meta_fault *passing;	/* what an error that Meta calls transient means */
	struct trixy_text channel;		/* in words for a person, e.g. "Instagram" */
};

/* Reads an error object itself: `error` of an answer, a member of a webhook's errors[]. http_status stays 0. False: it is none. */
bool meta_error_object(struct json_object *error, struct meta_error *ret_error);

/* False when the JSON holds no error object. */
bool meta_error_read(struct json_object *root, int64_t http_status, struct meta_error *ret_error);

/* Always a row. */
const struct meta_fault *meta_error_fault(const struct meta_faults *faults, const struct meta_error *error);

/* The row's reason, with Meta's words where they help. */
struct trixy_text meta_error_reason(struct meta_maker *maker, const struct meta_fault *fault, const struct meta_error *error);

/* For the log: codes and Meta's trace id. */
struct trixy_text meta_error_detail(struct meta_maker *maker, const struct meta_error *error);

/* Meta found the App Secret's proof wrong or missing, which means that it accepted the token. */
bool meta_error_is_proof(const struct meta_error *error);

#endif
