/* Tells customers that their messages were seen and that somebody writes: a courtesy. What cannot be told now is forgotten, and
 * nothing waits for it. */
#ifndef WORK_PRESENCE_H
#define WORK_PRESENCE_H

#include "base/http_client.h"
#include "inbox/instance.h"
#include "work/bell.h"

struct courtesy;

int presence_new(struct instance *i, struct http_client *http, struct bell *bell, struct courtesy **ret, struct error *err);
void presence_free(struct courtesy *c);		/* after the client has stopped */
/* An agent has looked at the conversation, or writes in it. From any thread; never blocks. */
void presence_note(struct courtesy *c, struct workspace_id w, int64_t conversation_id, enum presence what);
/* As delivery_round. */
int64_t presence_round(struct courtesy *c, bool stopping);

#endif
