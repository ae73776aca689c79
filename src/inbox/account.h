/* Connected accounts: form fields in, sealed fields at rest, a struct trixy_account for one call out. */
#ifndef INBOX_ACCOUNT_H
#define INBOX_ACCOUNT_H

#include "inbox/instance.h"

enum account_status { ACCOUNT_CONNECTED = 1, ACCOUNT_RECONNECT_NEEDED = 2, ACCOUNT_DISABLED = 3 };

struct account {		/* a row of accounts */
	int64_t id;
	struct workspace_id workspace;
	struct str channel, backend, external_key, name, handle, status_reason, last_error;
	enum account_status status;
	int64_t parked_until, connected_at, last_event_at;
	int64_t revision;		/* rises whenever somebody saves it: what was found out with older fields counts no more */
	unsigned presence;		/* bits of enum presence */
};

struct account_pair { struct str name, value; };	/* one form field */

struct field_fault { struct str field, message; };	/* for the form */
struct account_faults { struct field_fault fault[32]; size_t count; };

/* Checks the form against the channel's fields, seals, stores, makes the verify token. Waits for the commit.
 * ERR_INVALID with *ret_faults filled; ERR_EXISTS: that external account is connected already, somewhere. */
int account_connect(struct instance *i, struct workspace_id w, struct str channel, struct str backend,
		    const struct account_pair *pairs, size_t pair_count, struct arena *arena,
		    int64_t *ret_id, struct account_faults *ret_faults, struct error *err);
/* Changes fields; an absent or empty secret keeps the old one. A reconnect-needed account is connected again and its
 * outbox goes on. */
int account_update(struct instance *i, struct workspace_id w, int64_t id, const struct account_pair *pairs,
		   size_t pair_count, struct arena *arena, struct account_faults *ret_faults, struct error *err);
/* What it tells its customers by itself from now on: bits of enum presence. Waits for the commit. ERR_INVALID: other bits. */
int account_set_presence(struct instance *i, struct workspace_id w, int64_t id, unsigned presence, struct error *err);
/* What a check has found out (trixy_finding.learned): kept in fields with TRIXY_FIELD_LEARNED that are empty, as far as it obeys
 * their rules; the account's name and handle follow. revision: of the account that was asked; when it was saved meanwhile nothing
 * is kept. The revision stays. Waits for the commit. Returns how many values were new. */
int account_learn(struct instance *i, struct workspace_id w, int64_t id, int64_t revision, const struct account_pair *pairs, size_t count,
		  struct error *err);
/* The same for secrets that the provider has given instead of stored ones (trixy_finding.learned of renew_answer). */
int account_renew(struct instance *i, struct workspace_id w, int64_t id, int64_t revision, const struct account_pair *pairs, size_t count,
		  struct error *err);
/* Disconnects: wipes its secrets, keeps its conversations. */
int account_disconnect(struct instance *i, struct workspace_id w, int64_t id, struct error *err);

/* Reading, with a reader of the calling thread. Text is the arena's. */
int account_get(struct db *db, struct workspace_id w, int64_t id, struct arena *arena, struct account *ret,
		struct error *err);
int account_list(struct db *db, struct workspace_id w, struct arena *arena, struct account **ret, size_t *ret_count,
		 struct error *err);
struct account_connected { struct account account; struct str workspace_name; };
/* For the instance admin's overview: every workspace's accounts of one channel. */
int account_list_of_channel(struct db *db, struct str channel, struct arena *arena, struct account_connected **ret,
			    size_t *ret_count, struct error *err);
/* What is shown in place of a secret. */
#define ACCOUNT_MASK "••••"

/* The form fields as they may be shown: secrets as ACCOUNT_MASK, a space and the last 4 characters. */
int account_shown_fields(struct instance *i, struct db *db, const struct account *a, struct arena *arena,
			 struct account_pair **ret, size_t *ret_count, struct error *err);
/* 1: the channel has fields that its checks find out, and one of the account's is empty. 0: none is. ERR_STATE as account_open. */
int account_lacks_learned(struct instance *i, struct db *db, const struct account *a, struct error *err);
int account_verify_token(struct instance *i, struct db *db, const struct account *a, struct arena *arena,
			 struct str *ret, struct error *err);
/* Opens the secrets for one call of the channel. ERR_STATE: its channel is not active. The arena is wiped by the caller's
 * arena_done like all memory: keep such arenas short. */
int account_open(struct instance *i, struct db *db, const struct account *a, struct arena *arena,
		 struct trixy_account *ret, const struct trixy_channel **ret_channel, struct error *err);
/* Inside a unit. reason: STR_NONE clears it. Adds the change for browsers. */
int account_set_status(struct db *db, struct workspace_id w, int64_t id, enum account_status status, struct str reason,
		       struct error *err);
int account_set_parked(struct db *db, struct workspace_id w, int64_t id, int64_t until_ms, struct str reason,
		       struct error *err);

#endif
