/* How things look in JSON: one function each, used by the API and by live events. */
#ifndef WEB_RENDER_H
#define WEB_RENDER_H

#include "base/json.h"
#include "inbox/account.h"
#include "inbox/conversation.h"
#include "inbox/message.h"
#include "inbox/people.h"

/* Each writes one object; key NULL inside a list or at the top. */
void render_conversation(struct json_out *j, const char *key, const struct conversation *c);
void render_message(struct json_out *j, const char *key, const struct message *m);
/* Reads the shown fields, and for an admin the verify token. */
int render_account(struct json_out *j, const char *key, struct instance *i, struct db *db, const struct account *a, enum role role,
		   struct arena *arena, struct error *err);
const char *account_status_word(enum account_status status);
/* The address that the provider is to call: "" when the channel is not active. */
struct str webhook_url(struct instance *i, struct str channel, struct arena *arena);

#endif
