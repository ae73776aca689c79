/* The document that describes the API and the table that answers it say the same. Reads with json-c itself, to walk members. */
#include "../check.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <string.h>

#include "base/embed.h"
#include "web/route.h"

extern const struct embedded_file openapi_files[];

static const char *method_word(enum http_method method)
{
	switch (method) {
	case HTTP_GET: return "get";
	case HTTP_POST: return "post";
	case HTTP_PUT: return "put";
	case HTTP_PATCH: return "patch";
	case HTTP_DELETE: return "delete";
	default: return "?";
	}
}

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	(void)json_object_object_get_ex(o, key, &v);
	return v;
}

static struct json_object *document;

static int start(void **state)
{
	(void)state;
	document = json_tokener_parse((const char *)openapi_files[0].bytes);
	return document == NULL ? -1 : 0;
}

static int stop(void **state)
{
	(void)state;
	json_object_put(document);
	return 0;
}

static struct json_object *operation(const struct route *r)
{
	return member(member(member(document, "paths"), r->path), method_word(r->method));
}

static void test_every_route_is_described(void **state)
{
	size_t count;
	const struct route *t = route_table(&count);

	(void)state;
	for (size_t k = 0; k < count; k++) {
		struct json_object *o = operation(&t[k]);

		if (o == NULL)
			check_failed("not in the document: %s %s", method_word(t[k].method), t[k].path);
		/* Open to all is said by an empty security list; the role by x-role. */
		assert_int_equal(member(o, "security") != NULL, t[k].access == ACCESS_PUBLIC);
		const char *role = json_object_get_string(member(o, "x-role"));
		const char *wanted = t[k].access == ACCESS_INSTANCE_ADMIN ? "instance admin" : t[k].access == ACCESS_MEMBER ? role_word(t[k].role) : NULL;

		if ((role == NULL) != (wanted == NULL) || (role != NULL && strcmp(role, wanted) != 0))
			check_failed("%s %s: role %s, not %s", method_word(t[k].method), t[k].path, role, wanted);
		assert_int_equal(member(o, "requestBody") != NULL, t[k].body != BODY_NONE);
	}
}

static void test_every_operation_is_a_route(void **state)
{
	size_t count;
	const struct route *t = route_table(&count);

	(void)state;
	json_object_object_foreach(member(document, "paths"), path, methods) {
		json_object_object_foreach(methods, method, o) {
			bool found = false;

			for (size_t k = 0; k < count; k++)
				found = found || (strcmp(t[k].path, path) == 0 && strcmp(method_word(t[k].method), method) == 0);
			if (!found || o == NULL)
				check_failed("no such route: %s %s", method, path);
		}
	}
}

/* Each "{name}" of a path is a parameter of its operations. */
static void test_path_parameters(void **state)
{
	size_t count;
	const struct route *t = route_table(&count);

	(void)state;
	for (size_t k = 0; k < count; k++)
		for (const char *at = strchr(t[k].path, '{'); at != NULL; at = strchr(at + 1, '{')) {
			struct json_object *list = member(operation(&t[k]), "parameters");
			size_t len = (size_t)(strchr(at, '}') - at) - 1;
			bool found = false;

			for (size_t n = 0; list != NULL && n < json_object_array_length(list); n++) {
				struct json_object *p = json_object_array_get_idx(list, n);
				const char *ref = json_object_get_string(member(p, "$ref"));

				if (ref != NULL)
					p = member(member(member(document, "components"), "parameters"), strrchr(ref, '/') + 1);
				const char *name = json_object_get_string(member(p, "name"));

				found = found || (name != NULL && strlen(name) == len && strncmp(name, at + 1, len) == 0);
			}
			if (!found)
				check_failed("%s %s: parameter at %s is not described", method_word(t[k].method), t[k].path, at);
		}
}

static void check_refs(struct json_object *v)
{
	if (json_object_is_type(v, json_type_array))
		for (size_t k = 0; k < json_object_array_length(v); k++)
			check_refs(json_object_array_get_idx(v, k));
	if (!json_object_is_type(v, json_type_object))
		return;
	json_object_object_foreach(v, key, inner) {
		if (strcmp(key, "$ref") == 0) {
			const char *ref = json_object_get_string(inner), *name = strrchr(ref, '/');
			char kind[32];

			assert_int_equal(sscanf(ref, "#/components/%31[a-z]", kind), 1);
			if (member(member(member(document, "components"), kind), name + 1) == NULL)
				check_failed("points nowhere: %s", ref);
		}
		check_refs(inner);
	}
}

static void test_references(void **state)
{
	(void)state;
	check_refs(document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_route_is_described), cmocka_unit_test(test_every_operation_is_a_route),
		cmocka_unit_test(test_path_parameters), cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests_name("openapi", tests, start, stop);
}
