/* JSON from anywhere: what is accepted is UTF-8 without NUL, and can be written and read again. */
#include <assert.h>
#include <string.h>

#include "base/json.h"

#define json_bool json_c_bool	/* json-c's type for truth has the name of our writer's function */
#include <json-c/json.h>
#undef json_bool

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct json_object *o)
{
	struct str s = json_text(o);

	assert(utf8_valid(s));
	for (size_t k = 0; k < json_len(o); k++)
		check(json_at(o, k));
	if (!json_object_is_type(o, json_type_object))
		return;
	struct json_object_iterator i = json_object_iter_begin(o), end = json_object_iter_end(o);

	for (; !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
		assert(utf8_valid(str_of(json_object_iter_peek_name(&i))));
		check(json_object_iter_peek_value(&i));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(json_free) struct json_object *o = NULL;
	SCOPED(json_free) struct json_object *again = NULL;
	struct error err = { 0 };
	struct str text = { (const char *)data, size };

	if (json_parse(text, &o, &err) < 0) {
		assert(err.code == ERR_INVALID && err.text[0] != '\0');
		return 0;
	}
	assert(utf8_valid(text));
	check(o);
	/* A number beyond a double's range is written as Infinity, which is no JSON. */
	const char *written = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);

	assert(strstr(written, "Infinity") != NULL || json_parse(str_of(written), &again, &err) == 0);
	return 0;
}
