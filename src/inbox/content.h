/* What a message of ours is beside its text (messages.content): which template it uses, or which reaction it carries. JSON, kept so
 * that another attempt can be made of it. */
#ifndef INBOX_CONTENT_H
#define INBOX_CONTENT_H

#include "inbox/template.h"

struct content_template {
	struct str name, language;
	struct template_value *values;
	size_t value_count;
};
/* STR_NONE without memory. Text is the arena's, here and below. */
struct str content_make_template(const struct content_template *t, struct arena *arena);
int content_read_template(struct str content, struct arena *arena, struct content_template *ret, struct error *err);

struct content_reaction {
	int64_t target_id;	/* the message here that it is about */
	int64_t at;		/* of the row in reactions: another time there means that a newer word has taken its place */
	struct str emoji, was;	/* what is sent; what was settled before: "" is none */
};
struct str content_make_reaction(const struct content_reaction *c, struct arena *arena);
int content_read_reaction(struct str content, struct arena *arena, struct content_reaction *ret, struct error *err);

#endif
