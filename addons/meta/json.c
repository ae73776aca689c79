#include "json.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Meta's deepest known update (an advertisement's referral inside a message) has 9 levels. */
#define DEPTH_MAX 32
/* Meta names no limit for Instagram; 1000 updates, the most in one delivery, are about 1 MB. */
#define BODY_MAX (16u << 20)
/* Those 1000 updates have some 20 000 values. The signature is not verified yet when a webhook is
 * read, and json-c spends about 100 bytes on a value that takes 2 in the body. */
#define VALUE_MAX UINT64_C(200000)
/* A value and its separator take two bytes: a shorter body cannot hold as many, and is not counted. */
#define COUNTED_FROM (2 * VALUE_MAX)

void meta_json_drop(struct json_object **object)
{
	(void)json_object_put(*object);
}

/* Counts the separators outside strings; stops at the limit. */
static bool too_many_values(struct trixy_text body)
{
	bool in_string = false;
	uint64_t count = 0;

	for (uint64_t i = 0; i < body.len && count <= VALUE_MAX; i++) {
		char c = body.p[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == ',' || c == '[' || c == '{'))
			count++;
	}
	return count > VALUE_MAX;
}

static bool only_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p == end;
}

/* json-c's strict mode is left off on purpose: it refuses the whole document over one integer beyond
 * 64 bits, in whatever key. What the lax mode accepts beyond JSON (comments, single quotes) harms
 * nobody. Its check of UTF-8 is left off too: it lets overlong forms and raw surrogates through. An
 * unpaired surrogate that is escaped becomes U+FFFD; json-c does that itself. */
int32_t meta_json_parse(struct trixy_text body, struct json_object **ret_root)
{
	struct json_tokener *tokener;
	struct json_object *root;
	int32_t r = 0;

	if (body.len == 0 || body.len > BODY_MAX)
		return TRIXY_EINVAL;
	if (!meta_text_utf8(body) || (body.len >= COUNTED_FROM && too_many_values(body)))
		return TRIXY_EINVAL;
	tokener = json_tokener_new_ex(DEPTH_MAX);
	if (tokener == NULL)
		return TRIXY_ENOMEM;
	root = json_tokener_parse_ex(tokener, body.p, (int)body.len);
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    !only_space(body.p + json_tokener_get_parse_end(tokener), body.p + body.len)) {
		(void)json_object_put(root);
		r = TRIXY_EINVAL;
	} else {
		*ret_root = root;
	}
	json_tokener_free(tokener);
	return r;
}

struct json_object *meta_json_get(struct json_object *object, const char *name)
{
	struct json_object *member = NULL;

	if (json_object_is_type(object, json_type_object))
		(void)json_object_object_get_ex(object, name, &member);
	return member;
}

void meta_json_pick(struct json_object *object, const char *const *names, struct json_object **ret_members, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ret_members[i] = NULL;
	if (!json_object_is_type(object, json_type_object))
		return;
	json_object_object_foreach(object, name, member)
	{
		for (size_t i = 0; i < count; i++) {
			if (meta_same(names[i], name)) {
				ret_members[i] = member;
				break;
			}
		}
	}
}

struct trixy_text meta_json_text(struct json_object *object)
{
	struct trixy_text text = {NULL, 0};

	if (json_object_is_type(object, json_type_string)) {
		text.p = json_object_get_string(object);
		text.len = (uint64_t)json_object_get_string_len(object);
	}
	return text;
}

struct trixy_text meta_json_word(struct json_object *object)
{
	struct trixy_text text = meta_json_text(object);

	return text.len > 0 ? text : (struct trixy_text){NULL, 0};
}

struct trixy_text meta_json_whole(struct json_object *object, uint64_t max)
{
	struct trixy_text word = meta_json_word(object);

	if (word.len > max || (word.len > 0 && memchr(word.p, '\0', word.len) != NULL))
		return (struct trixy_text){NULL, 0};
	return word;
}

struct trixy_text meta_json_prose(struct json_object *object, struct meta_maker *maker)
{
	static const char replacement[] = "\xef\xbf\xbd";
	struct trixy_text text = meta_json_text(object);
	uint64_t len = 0;
	char *p;

	if (text.len == 0 || memchr(text.p, '\0', text.len) == NULL)
		return text;
	p = meta_maker_alloc(maker, text.len, sizeof(replacement) - 1);
	if (p == NULL)
		return (struct trixy_text){NULL, 0};
	for (uint64_t i = 0; i < text.len; i++) {
		if (text.p[i] != '\0') {
			p[len++] = text.p[i];
			continue;
		}
		memcpy(p + len, replacement, sizeof(replacement) - 1);
		len += sizeof(replacement) - 1;
	}
	return (struct trixy_text){p, len};
}

struct trixy_text meta_json_id(struct json_object *object, struct trixy_memory *memory)
{
	char digits[24];
	uint64_t number;
	int n;

	if (!json_object_is_type(object, json_type_int))
		return meta_json_word(object);
	/* json-c turns a negative number into 0 here, and one beyond 64 bits into the greatest: both are
	 * no id, and the second would make one customer of many. */
	number = json_object_get_uint64(object);
	if (number == UINT64_MAX || (number == 0 && json_object_get_int64(object) != 0))
		return (struct trixy_text){NULL, 0};
	n = snprintf(digits, sizeof(digits), "%" PRIu64, number);
	return meta_text_copy(memory, (struct trixy_text){digits, (uint64_t)n});
}

static bool int_of_digits(struct trixy_text text, int64_t *ret_value)
{
	int64_t value = 0;

	if (text.len == 0)
		return false;
	for (uint64_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, text.p[i] - '0', &value))
			return false;
	}
	*ret_value = value;
	return true;
}

bool meta_json_int(struct json_object *object, int64_t *ret_value)
{
	double d;

	switch (json_object_get_type(object)) {
	case json_type_int:
		*ret_value = json_object_get_int64(object);
		return true;
	case json_type_double: /* 1.764e12 */
		d = json_object_get_double(object);
		if (!(fabs(d) < 9007199254740992.0))
			return false;
		*ret_value = (int64_t)d;
		return true;
	case json_type_string:
		return int_of_digits(meta_json_text(object), ret_value);
	default:
		return false;
	}
}

bool meta_json_true(struct json_object *object)
{
	struct trixy_text text = meta_json_text(object);

	if (text.p != NULL)
		return meta_text_is(text, "true") || meta_text_is(text, "1");
	return json_object_is_type(object, json_type_boolean) || json_object_is_type(object, json_type_int)
		? json_object_get_boolean(object) != 0
		: false;
}
