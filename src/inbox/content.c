#include "inbox/content.h"

#include "base/json.h"

static struct str end(struct buf *b, struct arena *arena)
{
	return b->failed ? STR_NONE : arena_copy(arena, buf_str(b));
}

struct str content_make_template(const struct content_template *t, struct arena *arena)
{
	SCOPED(buf_done) struct buf b = { 0 };
	struct json_out j = json_out(&b);

	json_open(&j, NULL);
	json_str(&j, "template", t->name);
	json_str(&j, "language", t->language);
	json_list(&j, "values");
	for (size_t k = 0; k < t->value_count; k++) {
		json_list(&j, NULL);
		json_str(&j, NULL, t->values[k].key);
		json_str(&j, NULL, t->values[k].value);
		json_list_end(&j);
	}
	json_list_end(&j);
	json_close(&j);
	return end(&b, arena);
}

int content_read_template(struct str content, struct arena *arena, struct content_template *ret, struct error *err)
{
	SCOPED(json_free) struct json_object *o = NULL;
	int r = json_parse(content, &o, err);

	if (r < 0)
		return r;
	const struct json_object *values = json_get_array(o, "values");

	*ret = (struct content_template){ .name = arena_copy(arena, json_get_str(o, "template")),
		.language = arena_copy(arena, json_get_str(o, "language")), .value_count = json_len(values) };
	if ((ret->values = arena_alloc(arena, (ret->value_count + 1) * sizeof(*ret->values))) == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	for (size_t k = 0; k < ret->value_count; k++)
		ret->values[k] = (struct template_value){ arena_copy(arena, json_text(json_at(json_at(values, k), 0))),
							  arena_copy(arena, json_text(json_at(json_at(values, k), 1))) };
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

struct str content_make_reaction(const struct content_reaction *c, struct arena *arena)
{
	SCOPED(buf_done) struct buf b = { 0 };
	struct json_out j = json_out(&b);

	json_open(&j, NULL);
	json_str(&j, "emoji", c->emoji);
	json_str(&j, "was", c->was);
	json_i64(&j, "target", c->target_id);
	json_i64(&j, "at", c->at);
	json_close(&j);
	return end(&b, arena);
}

int content_read_reaction(struct str content, struct arena *arena, struct content_reaction *ret, struct error *err)
{
	SCOPED(json_free) struct json_object *o = NULL;
	int r = json_parse(content, &o, err);

	if (r < 0)
		return r;
	*ret = (struct content_reaction){ .emoji = arena_copy(arena, json_get_str(o, "emoji")), .was = arena_copy(arena, json_get_str(o, "was")) };
	if (!json_get_i64(o, "target", &ret->target_id) || !json_get_i64(o, "at", &ret->at))
		return fail(err, ERR_BROKEN, "a reaction of ours does not say what it is about");
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}
