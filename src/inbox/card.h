/* The details of an attachment that is shown as a card: a place, a person, a product. Stored as JSON, [["name","value"], ...]. */
#ifndef INBOX_CARD_H
#define INBOX_CARD_H

#include "inbox/account.h"

/* *ret is the arena's; STR_NONE for no details. ERR_NOMEM. */
int card_write(const struct trixy_pair *details, uint32_t count, struct arena *arena, struct str *ret, struct error *err);
/* What is not of this form is left out. Text is the arena's. */
void card_read(struct str stored, struct arena *arena, struct account_pair **ret, size_t *ret_count);

#endif
