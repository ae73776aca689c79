/* One installation, as the domain sees it: what every call of the domain needs and nothing else. */
#ifndef INBOX_INSTANCE_H
#define INBOX_INSTANCE_H

#include "base/crypto.h"
#include "channel/channel.h"
#include "store/store.h"

struct account_directory;	/* inbox/directory.h */
struct check_finding;		/* inbox/check.h */
struct files;			/* files/files.h */

enum presence { PRESENCE_SEEN = 1, PRESENCE_TYPING = 2 };	/* as bits: what an account tells its customers by itself */

struct instance {
	struct config *config;
	struct store *store;
	struct channels *channels;
	struct seal_key seal_key;
	struct account_directory *directory;	/* which account a webhook means, and the key that verifies it */
	/* Told (from any thread, may be NULL) that the outbox or a profile has new work. Never blocks. */
	void (*wake_work)(void *arg);
	void *wake_arg;
	/* Told (from any thread, may be NULL) that an account was connected or changed, or will have been at the provider in after_ms.
	 * Never blocks. */
	void (*account_changed)(void *arg, struct workspace_id w, int64_t account_id, int64_t after_ms);
	void *account_changed_arg;
	/* Looks at an account with the provider, step by step, and waits: seconds. Set by work_start; NULL: nobody can. Findings are
	 * the arena's. ERR_NOTFOUND: no such account in this workspace. ERR_STATE: its channel is not active. */
	int (*check_account)(void *arg, struct workspace_id w, int64_t account_id, struct arena *arena, struct check_finding **ret,
			     size_t *ret_count, struct error *err);
	void *check_arg;
	struct files *files;
	/* Asks the provider for an account's templates, and waits: seconds. Set by work_start, as the next. ERR_NOTFOUND: no such
	 * account; ERR_STATE: its channel is not active or has none; ERR_DENIED: the provider gave none, err->text says why. */
	int (*fetch_templates)(void *arg, struct workspace_id w, int64_t account_id, struct error *err);
	void *fetch_templates_arg;
	/* Told (from any thread, may be NULL) that an agent has looked at a conversation, or writes in it. Never blocks; what cannot
	 * be passed on to the customer is forgotten. */
	void (*presence)(void *arg, struct workspace_id w, int64_t conversation_id, enum presence what);
	void *presence_arg;
};

#endif
