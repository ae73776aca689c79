/* Sends a message: makes the request and reads what Meta answers to it. */
#ifndef INSTAGRAM_SEND_H
#define INSTAGRAM_SEND_H

#include <mailtrixy/addon.h>

/* Meta: Instagram, "Send a Message": "must be UTF-8 and be a 1000 bytes or less". */
#define IG_TEXT_MAX 1000u

#define IG_TAG_HUMAN_AGENT "HUMAN_AGENT"

/* The one reaction that Meta's page gives a name for sending: "love". */
#define IG_EMOJI_LOVE "\xe2\x9d\xa4\xef\xb8\x8f"

int32_t ig_compose(const struct trixy_account *account, const struct trixy_draft *draft, struct trixy_memory *memory,
		   struct trixy_request *ret_request);
int32_t ig_read_answer(const struct trixy_account *account, const struct trixy_answer *answer,
		       struct trixy_memory *memory, struct trixy_outcome *ret_outcome);

#endif
