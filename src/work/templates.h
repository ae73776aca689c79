/* Asks a provider for an account's approved templates, page by page. */
#ifndef WORK_TEMPLATES_H
#define WORK_TEMPLATES_H

#include "base/http_client.h"
#include "inbox/instance.h"

/* Fetches them all and keeps them in place of those that are kept. Waits: seconds. Errors as struct instance.fetch_templates. */
int templates_fetch(struct instance *i, struct http_client *http, struct db *db, struct workspace_id w, int64_t account_id, struct error *err);

#endif
