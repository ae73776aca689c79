/* The journal of webhooks as it is read: what came, and what became of it. */
#ifndef INBOX_JOURNAL_H
#define INBOX_JOURNAL_H

#include "inbox/instance.h"

/* Stored: never renumbered. */
enum journal_state { JOURNAL_APPLIED = 1, JOURNAL_IGNORED = 2, JOURNAL_FAILED = 3, JOURNAL_REFUSED = 4 };
const char *journal_state_word(int state);
int journal_state_of_word(struct str word);	/* 0: not a state */

struct journal_event {
	int64_t id, account_id, received_at;
	int state;
	struct str reason;
};
/* Newest first; state 0: any. With a reader of the calling thread; text is the arena's. ERR_INVALID: the cursor is not ours. */
int journal_list(struct db *db, struct workspace_id w, int state, struct str cursor, size_t limit, struct arena *arena,
		 struct journal_event **ret, size_t *ret_count, struct str *ret_cursor, struct error *err);
int journal_get(struct db *db, struct workspace_id w, int64_t id, struct arena *arena, struct journal_event *ret, struct error *err);

#endif
