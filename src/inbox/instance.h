/* One installation, as the domain sees it: what every call of the domain needs and nothing else. */
#ifndef INBOX_INSTANCE_H
#define INBOX_INSTANCE_H

#include "base/crypto.h"
#include "channel/channel.h"
#include "store/store.h"

struct account_directory;	/* inbox/directory.h */

struct instance {
	struct config *config;
	struct store *store;
	struct channels *channels;
	struct seal_key seal_key;
	struct account_directory *directory;	/* which account a webhook means, and the key that verifies it */
	/* Told (from any thread, may be NULL) that the outbox or a profile has new work. Never blocks. */
	void (*wake_work)(void *arg);
	void *wake_arg;
};

#endif
