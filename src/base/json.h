/* JSON in, by json-c behind a few typed, limited getters; JSON out, by a writer that minds its commas. RFC 8259. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include "base/err.h"

struct json_object;	/* json-c's */

/* Parses exactly one value, strictly: UTF-8, no NUL, depth LIMIT_JSON_DEPTH. ERR_INVALID with the place of the fault.
 * The caller frees it with json_free. */
int json_parse(struct str text, struct json_object **ret, struct error *err);
void json_free(struct json_object **o);	/* for SCOPED */
/* Members of an object. A member of another type counts as absent, and so does one of NULL or of what is no object. A
 * number counts as i64 only when it is written without point and exponent and lies inside the range. */
struct str json_get_str(const struct json_object *o, const char *key);	/* borrowed; STR_NONE: absent or not a string */
bool json_get_i64(const struct json_object *o, const char *key, int64_t *ret);
bool json_get_bool(const struct json_object *o, const char *key, bool *ret);
struct json_object *json_get_object(const struct json_object *o, const char *key);	/* borrowed, or NULL */
struct json_object *json_get_array(const struct json_object *o, const char *key);	/* borrowed, or NULL */
struct str json_text(const struct json_object *v);	/* of a value itself; borrowed; STR_NONE: NULL or not a string */
size_t json_len(const struct json_object *array);	/* 0 for NULL and for what is no array */
struct json_object *json_at(const struct json_object *array, size_t n);	/* borrowed; NULL: past the end, or null */
/* Absent or null. */
bool json_is_none(const struct json_object *o, const char *key);

struct json_out {
	struct buf *buf;
	bool comma;		/* the next item needs one before it */
};
struct json_out json_out(struct buf *buf);
void json_open(struct json_out *j, const char *key);	/* '{'; key NULL inside an array or at the top */
void json_close(struct json_out *j);
void json_list(struct json_out *j, const char *key);	/* '[' */
void json_list_end(struct json_out *j);
void json_str(struct json_out *j, const char *key, struct str v);	/* STR_NONE: null */
void json_c(struct json_out *j, const char *key, const char *v);	/* NULL: null */
void json_i64(struct json_out *j, const char *key, int64_t v);
void json_id(struct json_out *j, const char *key, int64_t v);		/* an opaque id: a string; 0: null */
void json_bool(struct json_out *j, const char *key, bool v);
void json_null(struct json_out *j, const char *key);
void json_time(struct json_out *j, const char *key, int64_t at_ms);	/* RFC 3339; 0: null */

#endif
