#include "inbox/card.h"

#include "base/json.h"

int card_write(const struct trixy_pair *details, uint32_t count, struct arena *arena, struct str *ret, struct error *err)
{
	SCOPED(buf_done) struct buf b = { 0 };
	struct json_out j = json_out(&b);

	*ret = STR_NONE;
	if (count == 0)
		return 0;
	json_list(&j, NULL);
	for (uint32_t k = 0; k < count; k++) {
		json_list(&j, NULL);
		json_str(&j, NULL, str_from_trixy(details[k].name));
		json_str(&j, NULL, str_from_trixy(details[k].value));
		json_list_end(&j);
	}
	json_list_end(&j);
	*ret = arena_copy(arena, buf_str(&b));
	return b.failed || arena_failed(arena) ? fail(err, ERR_NOMEM, "no memory for the details of an attachment") : 0;
}

void card_read(struct str stored, struct arena *arena, struct account_pair **ret, size_t *ret_count)
{
	SCOPED(json_free) struct json_object *list = NULL;

	*ret = NULL;
	*ret_count = 0;
	if (stored.len == 0 || json_parse(stored, &list, NULL) < 0 || json_len(list) == 0 ||
	    (*ret = arena_alloc(arena, json_len(list) * sizeof(**ret))) == NULL)
		return;
	for (size_t k = 0; k < json_len(list); k++) {
		struct str name = json_text(json_at(json_at(list, k), 0)), value = json_text(json_at(json_at(list, k), 1));

		if (name.len > 0)
			(*ret)[(*ret_count)++] = (struct account_pair){ arena_copy(arena, name), arena_copy(arena, value) };
	}
}
