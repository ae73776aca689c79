/* Who a customer is: asked of the provider after the message is shown, never before. No failure of it matters to the
 * conversation, which is only named later. */
#ifndef INBOX_PROFILE_H
#define INBOX_PROFILE_H

#include "inbox/instance.h"

struct profile_item {
	struct workspace_id workspace;
	int64_t account_id, contact_id, tries;
	struct str channel, external_key;
};

/* Identities whose profile is due, of connected accounts whose channel is active; at most max, few of one account, the account
 * that waits longest first. *ret_next_ms as outbox_due's. */
int profile_due(struct instance *i, struct db *db, int64_t now_ms, struct arena *arena, struct profile_item *ret, size_t max,
		size_t *ret_count, int64_t *ret_next_ms, struct error *err);
/* Stores what was told; profile NULL: the question failed in passing and is asked again later, with growing gaps, a few times.
 * A found one is asked again after a week. Waits for the commit. */
int profile_store(struct instance *i, const struct profile_item *item, const struct trixy_profile *profile, struct error *err);

#endif
