/* Rows of accounts. status is enum account_status of inbox/account.h: 1 connected, 2 reconnect needed, 3 disconnected.
 * A disconnected one is kept for its conversations only: no operation here finds it but _revivable. */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include "store/store.h"

struct store_account {
	int64_t id;
	struct workspace_id workspace;
	struct str channel, backend, external_key, name, handle;
	int status;
	struct str status_reason, last_error;	/* STR_NONE: none */
	struct str verify_token;		/* sealed */
	int64_t parked_until, connected_at, last_event_at;	/* 0: not parked, -, never */
	int64_t revision;		/* rises with every store_account_save */
	int presence;			/* enum presence of inbox/instance.h, as bits; _add and _save leave it */
	struct str workspace_name;		/* only from store_account_list_of_channel */
};

/* Text is the arena's. */
int store_account_get(struct db *db, struct workspace_id w, int64_t id, struct arena *arena, struct store_account *ret,
		      struct error *err);	/* ERR_NOTFOUND */
int store_account_list(struct db *db, struct workspace_id w, struct arena *arena, struct store_account **ret,
		       size_t *ret_count, struct error *err);
/* Of every workspace, with its name: for the instance admin and the directory of webhooks. STR_NONE: of every channel. */
int store_account_list_of_channel(struct db *db, struct str channel, struct arena *arena, struct store_account **ret,
				  size_t *ret_count, struct error *err);
/* Whether any workspace has this account. 1, 0. */
int store_account_is_live(struct db *db, struct str channel, struct str external_key, struct error *err);
/* The disconnected account of this workspace that had this key before: its conversations can go on. 1: there is one. */
int store_account_revivable(struct db *db, struct workspace_id w, struct str channel,
			    struct str external_key, int64_t *ret_id,
			    struct error *err);

/* Inside a unit. ERR_EXISTS from the first two: another live account, of whatever workspace, has this external key. */
int store_account_add(struct db *db, const struct store_account *a, int64_t *ret_id, struct error *err);
/* Writes all of the row but last_event_at and the revision, which rises. */
int store_account_save(struct db *db, const struct store_account *a, struct error *err);
int store_account_set_status(struct db *db, struct workspace_id w, int64_t id, int status, struct str reason,
			     struct error *err);
int store_account_set_parked(struct db *db, struct workspace_id w, int64_t id, int64_t until_ms, struct str reason,
			     struct error *err);
int store_account_set_presence(struct db *db, struct workspace_id w, int64_t id, int presence, struct error *err);
/* When the account's token is to be renewed; 0: nobody has said. */
int store_account_renewal(struct db *db, struct workspace_id w, int64_t id, int64_t *ret_due_ms, struct error *err);
int store_account_set_renewal(struct db *db, struct workspace_id w, int64_t id, int64_t due_ms, struct error *err);
int store_account_set_error(struct db *db, struct workspace_id w, int64_t id, struct str text, struct error *err);
/* What it is called; its revision stays. */
int store_account_set_names(struct db *db, struct workspace_id w, int64_t id, struct str name, struct str handle, struct error *err);
/* To the minute: writes nothing when the last one is younger. */
int store_account_event_seen(struct db *db, struct workspace_id w, int64_t id, int64_t at_ms, struct error *err);
/* Status 3, no verify token, no templates, nothing left in the outbox: what waited there is failed with these words, a reaction
 * of ours is refused with them. Its form fields are store_account_fields_delete's. */
int store_account_disconnect(struct db *db, struct workspace_id w, int64_t id, struct str error_text, struct error *err);

#endif
