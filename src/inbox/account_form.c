/* Rules of a Configure form, and the words in which a broken one is told at its field. Storing is account.c. */
#include "inbox/account_form.h"

#include <inttypes.h>

bool account_field_is_column(const struct trixy_field *field, int backend)
{
	/* The verify token stands in accounts itself, whoever chose it. */
	return (field->backends >> backend & 1) != 0 && (field->flags & TRIXY_FIELD_VERIFY) == 0;
}

int account_field_index(const struct trixy_channel *channel, int backend, uint32_t flag)
{
	for (uint32_t i = 0; i < channel->field_count; i++)
		if ((channel->fields[i].backends >> backend & 1) != 0 && (channel->fields[i].flags & flag) != 0)
			return (int)i;
	return -1;
}

/* White space that a paste brings along, the no-break space too. */
static struct str trim(struct str s)
{
	struct str nbsp = STR("\xc2\xa0"), before;

	do {
		before = s;
		s = str_trim(s);
		if (str_starts(s, nbsp))
			s = str_cut(s, nbsp.len, s.len);
		if (str_ends(s, nbsp))
			s = str_cut(s, 0, s.len - nbsp.len);
	} while (s.len != before.len);
	return s;
}

struct str account_field_value(const struct trixy_field *f, struct str typed)
{
	struct str value = trim(typed);

	/* "@our.shop" and "our.shop" are the same handle. */
	if ((f->flags & TRIXY_FIELD_HANDLE) != 0 && str_starts(value, STR("@")))
		value = trim(str_cut(value, 1, value.len));
	return value.len > 0 ? value : STR_NONE;
}

void account_form_read(const struct trixy_channel *channel, int backend, const struct account_pair *pairs, size_t count,
		       struct account_form *ret)
{
	*ret = (struct account_form){ .channel = channel, .backend = backend };
	for (uint32_t i = 0; i < channel->field_count; i++)
		for (size_t k = 0; k < count; k++) {
			const struct trixy_field *f = &channel->fields[i];

			if ((f->backends >> backend & 1) == 0 || !str_eq(pairs[k].name, str_from_trixy(f->name)))
				continue;
			struct str value = account_field_value(f, pairs[k].value);

			/* A form that is sent back as it was shown has nothing typed there. */
			if ((f->flags & TRIXY_FIELD_SECRET) != 0 && str_starts(value, STR(ACCOUNT_MASK)))
				value = STR_NONE;
			ret->given[i] = true;
			ret->value[i] = value;
		}
}

void account_fault_add(struct account_faults *faults, struct str field, struct str message)
{
	if (faults->count < sizeof(faults->fault) / sizeof(faults->fault[0]))
		faults->fault[faults->count++] = (struct field_fault){ field, message };
}

static bool only_digits(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

/* The value itself is never repeated: it may be a secret in the wrong field. */
struct str account_fault_of(const struct trixy_field *f, struct str value, struct arena *arena)
{
	struct str label = str_from_trixy(f->label);

	if (!utf8_valid(value) || str_has_control(value))
		return arena_printf(arena, "%.*s holds a line break or another character that does not belong there: copy it again",
				    STR_ARG(label));
	if (value.len > f->max_bytes)
		return arena_printf(arena, "%.*s may have at most %" PRIu64 " bytes; this has %zu", STR_ARG(label), f->max_bytes, value.len);
	if ((f->flags & TRIXY_FIELD_DIGITS) != 0 && !only_digits(value))
		return arena_printf(arena, "%.*s is a number: only the digits 0 to 9", STR_ARG(label));
	return STR_NONE;
}

void account_form_check(const struct account_form *form, const bool *is_stored, struct arena *arena,
			struct account_faults *ret)
{
	for (uint32_t i = 0; i < form->channel->field_count; i++) {
		const struct trixy_field *f = &form->channel->fields[i];
		struct str message = STR_NONE;
		/* An empty secret means "as it was"; any other empty field is emptied, an absent one stays. */
		bool stays = is_stored != NULL && is_stored[i] && (!form->given[i] || (f->flags & TRIXY_FIELD_SECRET) != 0);

		if ((f->backends >> form->backend & 1) == 0)
			continue;
		if (form->value[i].p != NULL)
			message = account_fault_of(f, form->value[i], arena);
		else if ((f->flags & TRIXY_FIELD_REQUIRED) != 0 && !stays)
			message = arena_printf(arena, "%.*s is missing", STR_ARG(str_from_trixy(f->label)));
		if (message.p != NULL)
			account_fault_add(ret, str_from_trixy(f->name), message);
	}
}
