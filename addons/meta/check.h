/* "Check connection" of a Meta account: its steps' driver, and the questions that every account is asked. */
#ifndef META_CHECK_H
#define META_CHECK_H

#include "finding.h"
#include "http.h"

#include <mailtrixy/addon.h>
#include <stdbool.h>

/* A step is a request and the reading of its answer. */
struct meta_step {
	struct trixy_text check;
	/* Fills the call; false: it cannot be asked. */
	bool (*ask)(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
		    struct meta_call *call);
	/* The answer is a success with an object. */
	void (*read)(struct meta_finder *f, const struct trixy_account *account, struct trixy_text carry);
	/* What the table of errors says is not all; may be NULL. */
	void (*refused)(struct meta_finder *f);
	/* Why it was not asked. */
	struct trixy_text skipped, skipped_fix;
};

/* For skipped, skipped_fix. */
#define META_NO_APP \
	TRIXY_TEXT("Not checked: the app is not known, because the App Secret step failed."), \
		TRIXY_TEXT("Mend the steps above, then check again.")
#define META_ALWAYS_ASKED TRIXY_TEXT("Not checked."), TRIXY_TEXT("")

/* A channel's way to make a request of a call, with the account's own token and proof. */
typedef int32_t meta_request(const struct trixy_account *account, const struct meta_call *call, struct trixy_memory *memory,
			     struct trixy_request *ret_request);

/* check_request and check_answer of addon.h; `step` NULL: there is no such step. */
int32_t meta_step_request(const struct meta_step *step, const struct trixy_account *account, struct trixy_text carry,
			  meta_request *request, struct trixy_memory *memory, struct trixy_request *ret_request);
int32_t meta_step_answer(const struct meta_step *step, const struct meta_faults *faults,
			 const struct trixy_account *account, struct trixy_text carry, const struct trixy_answer *answer,
			 struct trixy_memory *memory, struct trixy_finding *ret_finding);

/* Those of the names that the list lacks, "a, b"; "" when it has all. */
struct trixy_text meta_list_lacks(struct meta_maker *maker, struct json_object *list, const char *const *names, size_t count);

/* Which app made the token? The request bears the proof made with the App Secret, so a success proves that too. Carries the
 * app's id. */
bool meta_ask_app(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
		  struct meta_call *call);
void meta_read_app(struct meta_finder *f, const struct trixy_account *account, struct trixy_text carry);

/* A refusal of a question that the app itself asked is about the App Secret, and proves nothing about the account's token. */
void meta_refused_as_app(struct meta_finder *f);

/* A wrong proof is about the App Secret, another step: the token itself was accepted. */
void meta_refused_proof(struct meta_finder *f);

/* Asks about a token (Graph API, debug_token), as the app whose id was carried. */
bool meta_ask_token(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text app_id,
		    struct trixy_text token, struct meta_call *call);

/* The words of a channel around its token. */
struct meta_token_words {
	const char *const *scopes;	/* that it needs */
	size_t scope_count;
	const char *essential;		/* without this one nothing goes */
	struct trixy_text make;		/* how to make one that lasts: "Make a long-lived Page token, which does not expire" */
};
/* Is it valid, has it the permissions, does it last? */
void meta_read_token(struct meta_finder *f, const struct meta_token_words *words);

/* Where an app's webhooks are sent: GET /APP/subscriptions, as the app. */
bool meta_ask_callback(struct meta_maker *maker, const struct trixy_account *account, struct trixy_text carry,
		       struct meta_call *call);
/* `object`: the webhook's, e.g. "instagram"; `place`: where in the Meta App Dashboard it is set; the fields it must have. */
void meta_read_callback(struct meta_finder *f, const char *object, struct trixy_text place, const char *const *fields,
			size_t count);

#endif
