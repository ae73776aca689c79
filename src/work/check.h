/* Looks at an account with its provider, step by step: the channel asks and judges, this sends. */
#ifndef WORK_CHECK_H
#define WORK_CHECK_H

#include "base/http_client.h"
#include "inbox/check.h"

struct check_result {
	struct check_finding *findings;		/* the arena's, as their texts */
	size_t count;
	bool reconnect;				/* one of them proves that the token is no longer valid */
	struct str reconnect_reason;
	int64_t revision;			/* of the account that was looked at */
};

/* Waits: seconds, at most about 30. Failures of the provider or of the network are findings, not errors. ERR_NOTFOUND: no such
 * account in this workspace; ERR_STATE: its channel is not active. */
int check_run(struct instance *i, struct http_client *http, struct db *db, struct workspace_id w, int64_t account_id,
	      struct arena *arena, struct check_result *ret, struct error *err);
/* Subscribes the account to its webhooks: no finding (count 0) where the channel cannot. */
int check_subscribe(struct instance *i, struct http_client *http, struct db *db, struct workspace_id w, int64_t account_id,
		    struct arena *arena, struct check_result *ret, struct error *err);
/* Renews the account's token where it has an end, and keeps the new one: no finding (count 0) where there is nothing to renew. */
int check_renew(struct instance *i, struct http_client *http, struct db *db, struct workspace_id w, int64_t account_id,
		struct arena *arena, struct check_result *ret, struct error *err);

#endif
