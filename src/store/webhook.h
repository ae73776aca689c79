/* The journal: bodies of webhooks and what became of them for each account. */
#ifndef STORE_WEBHOOK_H
#define STORE_WEBHOOK_H

#include "store/store.h"

struct store_webhook_event {
	int64_t id, body_id, account_id, received_at, digest;	/* account_id, digest 0: none */
	struct workspace_id workspace;				/* 0: no account of this instance */
	int state;						/* 1 applied, 2 ignored, 3 failed, 4 refused */
	struct str reason;
};

/* Inside a unit. An empty body is kept for what was refused. */
int store_webhook_body_add(struct db *db, struct str channel, int64_t received_at, struct str body, int64_t *ret_id, struct error *err);
int store_webhook_event_add(struct db *db, const struct store_webhook_event *e, struct error *err);
int store_webhook_event_set(struct db *db, struct workspace_id w, int64_t id, int state, struct str reason, struct error *err);
/* Whether something with this digest is in the journal: 1 yes, 0 no. */
int store_webhook_known(struct db *db, int64_t digest, struct error *err);
/* Drops up to `max` bodies received before before_ms, with their events. *ret_count: how many. */
int store_webhook_trim(struct db *db, int64_t before_ms, size_t max, int64_t *ret_count, struct error *err);

/* Newest first; state 0: any; before_id 0: from the top. Text is the arena's. */
int store_webhook_event_list(struct db *db, struct workspace_id w, int state, int64_t before_id, size_t limit, struct arena *arena,
			     struct store_webhook_event *ret, size_t *ret_count, struct error *err);
int store_webhook_event_get(struct db *db, struct workspace_id w, int64_t id, struct arena *arena, struct store_webhook_event *ret,
			    struct str *ret_channel, struct str *ret_body, struct error *err);	/* ERR_NOTFOUND */

#endif
