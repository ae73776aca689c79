/* Reads Meta's JSON: whose types vary from page to page, so every reader here accepts what Meta is
 * known to send for a thing and answers "not there" for the rest. Writing JSON is text.h. */
#ifndef META_JSON_H
#define META_JSON_H

#include "text.h"

#include <json-c/json.h>
#include <mailtrixy/addon.h>
#include <stdbool.h>

/* Frees itself at the end of its scope. NULL is allowed. */
#define SCOPED_JSON __attribute__((cleanup(meta_json_drop))) struct json_object *

void meta_json_drop(struct json_object **object);

/* Parses one document into *ret_root. TRIXY_EINVAL: not JSON, not UTF-8, nested or filled beyond what
 * any real delivery comes near. */
int32_t meta_json_parse(struct trixy_text body, struct json_object **ret_root);

/* The member of an object; NULL when there is none, it is null, or `object` is no object. */
struct json_object *meta_json_get(struct json_object *object, const char *name);

/* The members of those names, in one pass over the object; NULL where meta_json_get() would answer NULL. For objects of
 * few members that may have many names, which is what Meta sends, this is the fastest way to tell which are there. */
void meta_json_pick(struct json_object *object, const char *const *names, struct json_object **ret_members, size_t count);

/* A string, borrowed from the object; {NULL,0} for anything else. */
struct trixy_text meta_json_text(struct json_object *object);

/* The same, but "" is not there either. */
struct trixy_text meta_json_word(struct json_object *object);

/* A word that is of use only whole, as an address is: one of more than `max` bytes, or with a U+0000, is not there. */
struct trixy_text meta_json_whole(struct json_object *object, uint64_t max);

/* What a person wrote, "" included: U+FFFD stands for U+0000, which no store and no page can show. {NULL,0} also when
 * memory runs out, which `maker` remembers. */
struct trixy_text meta_json_prose(struct json_object *object, struct meta_maker *maker);

/* An id: a string, or a number (then written out with `memory`); {NULL,0} for anything else, and when
 * memory runs out. Ids exceed 2^53 and are never computed with. */
struct trixy_text meta_json_id(struct json_object *object, struct trixy_memory *memory);

/* A whole number, written as a number or as a string of digits. */
bool meta_json_int(struct json_object *object, int64_t *ret_value);

/* True for true and for what stands for it: a number other than 0, or "true". */
bool meta_json_true(struct json_object *object);

#endif
