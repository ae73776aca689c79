/* What a person typed into a Configure form, checked against the channel's fields. For account.c. */
#ifndef INBOX_ACCOUNT_FORM_H
#define INBOX_ACCOUNT_FORM_H

#include "inbox/account.h"

enum { FORM_FIELDS_MAX = 64 };		/* channel_check allows no more */

struct account_form {
	const struct trixy_channel *channel;
	int backend;
	/* By the index of the channel's field. value: trimmed; STR_NONE when nothing was typed, or the field is not of this
	 * backend. given: the form had the field, even if empty. */
	struct str value[FORM_FIELDS_MAX];
	bool given[FORM_FIELDS_MAX];
};

/* Values point into `pairs`. Fields of other backends and unknown ones are left out: a page may send its whole form. */
void account_form_read(const struct trixy_channel *channel, int backend, const struct account_pair *pairs, size_t count,
		       struct account_form *ret);
/* One fault a field that breaks a rule. is_stored[i]: field i has a value already, which an empty secret keeps; NULL: none has. */
void account_form_check(const struct account_form *form, const bool *is_stored, struct arena *arena,
			struct account_faults *ret);
/* What is wrong with a value of this field, the arena's; STR_NONE: nothing. It never repeats the value. */
struct str account_fault_of(const struct trixy_field *f, struct str value, struct arena *arena);
/* As it is compared and stored: without blanks at its ends, a handle without its '@'. STR_NONE when nothing is left. */
struct str account_field_value(const struct trixy_field *f, struct str typed);
void account_fault_add(struct account_faults *faults, struct str field, struct str message);
/* True when the field is shown for this backend and is a column of the account table. */
bool account_field_is_column(const struct trixy_field *field, int backend);
/* The index of the backend's field with this flag, or -1. */
int account_field_index(const struct trixy_channel *channel, int backend, uint32_t flag);

#endif
