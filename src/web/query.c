/* See web/query.h. */
#include "web/query.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* False: a '%' without two digits. */
static bool decode(struct str s, char *ret, size_t *ret_len)
{
	size_t n = 0;

	for (size_t k = 0; k < s.len; k++) {
		if (s.p[k] != '%') {
			ret[n++] = s.p[k] == '+' ? ' ' : s.p[k];
			continue;
		}
		if (s.len - k < 3 || hex(s.p[k + 1]) < 0 || hex(s.p[k + 2]) < 0)
			return false;
		ret[n++] = (char)(hex(s.p[k + 1]) << 4 | hex(s.p[k + 2]));
		k += 2;
	}
	*ret_len = n;
	return true;
}

static int take(struct arena *arena, struct str raw, struct str *ret, struct error *err)
{
	char *p = arena_alloc(arena, raw.len + 1);
	size_t len;

	if (p == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	if (!decode(raw, p, &len) || !utf8_valid((struct str){ p, len }))
		return fail(err, ERR_INVALID, "a parameter is not percent-encoded UTF-8");
	*ret = (struct str){ p, len };
	return 1;
}

int query_get(struct arena *arena, struct str query, const char *name, struct str *ret, struct error *err)
{
	*ret = STR_NONE;
	while (query.p != NULL) {
		struct str value, pair = str_split(query, '&', &query);
		struct str raw_name = str_split(pair, '=', &value), decoded = STR_NONE;
		int r;

		if (memchr(raw_name.p, '%', raw_name.len) == NULL && !str_eq_c(raw_name, name))
			continue;
		if ((r = take(arena, raw_name, &decoded, err)) < 0)
			return r;
		if (str_eq_c(decoded, name))
			return take(arena, value.p != NULL ? value : STR(""), ret, err);
	}
	return 0;
}

struct str cookie_get(struct str field, const char *name)
{
	while (field.p != NULL) {
		struct str value, pair = str_trim(str_split(field, ';', &field));

		if (str_eq_c(str_split(pair, '=', &value), name) && value.p != NULL)
			return value;
	}
	return STR_NONE;
}
