/* JSON over json-c. json-c alone takes more than RFC 8259 allows (NaN, comments, raw control characters in strings)
 * even when it is strict, so a scan of the text comes first. What a document means is its reader's matter. */
#include "base/json.h"

#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/limit.h"

#define json_bool json_c_bool	/* json-c's type for truth has the name of our writer's function */
#include <json-c/json.h>
#undef json_bool

/* ---- in ---- */

static int fault(struct str text, size_t at, const char *what, struct error *err)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < at && i < text.len; i++) {
		column++;
		if (text.p[i] == '\n') {
			line++;
			column = 1;
		}
	}
	return fail(err, ERR_INVALID, "not JSON: line %zu, column %zu: %s", line, column, what);
}

/* Steps over one string from its first byte after the quote; *at is left behind the closing quote. NULL: fine. */
static const char *scan_string(struct str text, size_t *at)
{
	size_t i = *at;

	for (; i < text.len && text.p[i] != '"'; i++) {
		if ((unsigned char)text.p[i] < 0x20) {
			*at = i;
			return "a control character inside a string";
		}
		if (text.p[i] != '\\')
			continue;
		if (str_starts(str_cut(text, i, 6), STR("\\u0000"))) {
			*at = i;
			return "a NUL inside a string";
		}
		i++;
	}
	*at = i < text.len ? i + 1 : i;
	return NULL;
}

/* A '0' that begins a number and is followed by another digit. */
static bool leading_zero(struct str text, size_t at)
{
	char before = at > 0 ? text.p[at - 1] : ' ', after = at + 1 < text.len ? text.p[at + 1] : ' ';

	if (text.p[at] != '0' || after < '0' || after > '9')
		return false;
	return !(before >= '0' && before <= '9') && before != '.' && before != '+' && before != 'e' && before != 'E' &&
	       !(before == '-' && at > 1 && (text.p[at - 2] == 'e' || text.p[at - 2] == 'E'));
}

/* What json-c would let pass. */
static int scan(struct str text, struct error *err)
{
	size_t i = 0;

	while (i < text.len) {
		unsigned char c = (unsigned char)text.p[i];
		const char *what = NULL;

		if (c == '"') {
			i++;
			if ((what = scan_string(text, &i)) != NULL)
				return fault(text, i, what, err);
			continue;
		}
		if (c == 'N' || c == 'I' || c == '/' || c == '\'' || c > 0x7e ||
		    (c < 0x20 && c != '\t' && c != '\n' && c != '\r'))
			return fault(text, i, "this character cannot stand outside a string", err);
		if (leading_zero(text, i))
			return fault(text, i, "a number begins with 0", err);
		/* RFC 8259 section 6: a digit follows the point. */
		if (c == '.' && (i + 1 == text.len || text.p[i + 1] < '0' || text.p[i + 1] > '9'))
			return fault(text, i, "a number ends with its point", err);
		i++;
	}
	return 0;
}

int json_parse(struct str text, struct json_object **ret, struct error *err)
{
	struct json_object *o = NULL;
	int r;

	if (text.len > INT_MAX)
		return fail(err, ERR_LIMIT, "a JSON text of more than 2 GB");
	if (!utf8_valid(text))
		return fail(err, ERR_INVALID, "not JSON: it holds bytes that are not UTF-8, or a NUL");
	if ((r = scan(text, err)) < 0)
		return r;
	struct json_tokener *t = json_tokener_new_ex(LIMIT_JSON_DEPTH);

	if (t == NULL)
		return fail(err, ERR_NOMEM, "no memory to read JSON");
	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(t, text.len > 0 ? text.p : " ", text.len > 0 ? (int)text.len : 1);
	size_t at = json_tokener_get_parse_end(t);
	enum json_tokener_error code = json_tokener_get_error(t);

	if (code == json_tokener_continue) {	/* a number ends only with what comes after it */
		o = json_tokener_parse_ex(t, "", 1);
		at = text.len;
		code = json_tokener_get_error(t);
	}
	json_tokener_free(t);
	if (code == json_tokener_success) {
		*ret = o;
		return 0;
	}
	(void)json_object_put(o);
	if (code == json_tokener_error_depth)
		return fail(err, ERR_INVALID, "JSON nested deeper than %d", LIMIT_JSON_DEPTH);
	return fault(text, at, code == json_tokener_continue || code == json_tokener_error_parse_eof ? "it ends too early" :
		     json_tokener_error_desc(code), err);
}

void json_free(struct json_object **o)
{
	(void)json_object_put(*o);
	*o = NULL;
}

/* NULL: absent, null, or o is no object. */
static struct json_object *member(const struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	if (o == NULL || !json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, key, &v))
		return NULL;
	return v;
}

struct str json_text(const struct json_object *v)
{
	if (v == NULL || !json_object_is_type(v, json_type_string))
		return STR_NONE;
	/* json-c's getters take no const, though for a string they only read. */
	struct json_object *s = (struct json_object *)(uintptr_t)v;

	return (struct str){ json_object_get_string(s), (size_t)json_object_get_string_len(s) };
}

struct str json_get_str(const struct json_object *o, const char *key)
{
	return json_text(member(o, key));
}

bool json_get_i64(const struct json_object *o, const char *key, int64_t *ret)
{
	struct json_object *v = member(o, key);

	if (v == NULL || !json_object_is_type(v, json_type_int))
		return false;
	int64_t n = json_object_get_int64(v);

	/* json-c clamps what does not fit: both ends of the range count as outside it. */
	if (n == INT64_MAX || n == INT64_MIN)
		return false;
	*ret = n;
	return true;
}

bool json_get_bool(const struct json_object *o, const char *key, bool *ret)
{
	struct json_object *v = member(o, key);

	if (v == NULL || !json_object_is_type(v, json_type_boolean))
		return false;
	*ret = json_object_get_boolean(v);
	return true;
}

struct json_object *json_get_object(const struct json_object *o, const char *key)
{
	struct json_object *v = member(o, key);

	return v != NULL && json_object_is_type(v, json_type_object) ? v : NULL;
}

struct json_object *json_get_array(const struct json_object *o, const char *key)
{
	struct json_object *v = member(o, key);

	return v != NULL && json_object_is_type(v, json_type_array) ? v : NULL;
}

size_t json_len(const struct json_object *array)
{
	return array != NULL && json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

struct json_object *json_at(const struct json_object *array, size_t n)
{
	return n < json_len(array) ? json_object_array_get_idx(array, n) : NULL;
}

bool json_is_none(const struct json_object *o, const char *key)
{
	return member(o, key) == NULL;
}

/* ---- out ---- */

struct json_out json_out(struct buf *buf)
{
	return (struct json_out){ .buf = buf };
}

static void begin(struct json_out *j, const char *key)
{
	if (j->comma)
		buf_add_char(j->buf, ',');
	j->comma = true;
	if (key == NULL)
		return;
	buf_add_json(j->buf, str_of(key));
	buf_add_char(j->buf, ':');
}

void json_open(struct json_out *j, const char *key)
{
	begin(j, key);
	buf_add_char(j->buf, '{');
	j->comma = false;
}

void json_close(struct json_out *j)
{
	buf_add_char(j->buf, '}');
	j->comma = true;
}

void json_list(struct json_out *j, const char *key)
{
	begin(j, key);
	buf_add_char(j->buf, '[');
	j->comma = false;
}

void json_list_end(struct json_out *j)
{
	buf_add_char(j->buf, ']');
	j->comma = true;
}

void json_str(struct json_out *j, const char *key, struct str v)
{
	if (v.p == NULL) {
		json_null(j, key);
		return;
	}
	begin(j, key);
	buf_add_json(j->buf, v);
}

void json_c(struct json_out *j, const char *key, const char *v)
{
	json_str(j, key, str_of(v));
}

void json_i64(struct json_out *j, const char *key, int64_t v)
{
	begin(j, key);
	buf_add_i64(j->buf, v);
}

void json_id(struct json_out *j, const char *key, int64_t v)
{
	if (v == 0) {
		json_null(j, key);
		return;
	}
	begin(j, key);
	buf_add_char(j->buf, '"');
	buf_add_i64(j->buf, v);
	buf_add_char(j->buf, '"');
}

void json_bool(struct json_out *j, const char *key, bool v)
{
	begin(j, key);
	buf_add_c(j->buf, v ? "true" : "false");
}

void json_null(struct json_out *j, const char *key)
{
	begin(j, key);
	buf_add(j->buf, STR("null"));
}

void json_time(struct json_out *j, const char *key, int64_t at_ms)
{
	if (at_ms <= 0 || at_ms > INT64_C(253402300799999)) {	/* after the year 9999 RFC 3339 has no form */
		json_null(j, key);
		return;
	}
	begin(j, key);
	buf_add_char(j->buf, '"');
	buf_add_rfc3339(j->buf, at_ms);
	buf_add_char(j->buf, '"');
}
