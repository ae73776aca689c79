/* The one way in: what a channel says happened becomes contacts, conversations and messages.
 *
 * Applying is idempotent and independent of order: redelivered, swapped and late events end in the same state. */
#ifndef INBOX_APPLY_H
#define INBOX_APPLY_H

#include "inbox/instance.h"

struct apply_target {
	struct workspace_id workspace;
	int64_t account_id;
	const struct trixy_channel *channel;
};

struct apply_result {
	size_t changed;			/* events that changed something */
	size_t known;			/* events that were there already: a redelivery */
	size_t ignored;			/* TRIXY_EVENT_IGNORED */
	bool files;			/* customers' files are to be fetched: after the commit, wake who does that */
	struct str reason;		/* of the last ignored one; the arena's or the event's */
};

/* Inside a unit of the writer. events were checked (channel_event_check) and are all of this account.
 * Adds the changes for browsers. A failure leaves the whole unit to be rolled back. */
int inbox_apply(struct db *db, const struct apply_target *target, const struct trixy_event *events, size_t count,
		struct apply_result *ret, struct error *err);

#endif
