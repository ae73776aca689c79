/* A webhook's body on its way into the journal and the inbox: which accounts it addresses, whether their secrets
 * verify it, and one unit of work that stores the body and applies its events in the same commit. No HTTP here. */
#ifndef INBOX_WEBHOOK_H
#define INBOX_WEBHOOK_H

#include "inbox/apply.h"

struct webhook;		/* one body; owns its arena */

enum webhook_verdict {
	WEBHOOK_STORE,		/* hand webhook_unit() to the writer, answer 200 after the commit */
	WEBHOOK_UNSIGNED,	/* nothing verified: 401; hand the unit to the writer all the same when webhook_has_unit(): it notes the refusal */
	WEBHOOK_MALFORMED,	/* signed by one of ours, yet not JSON of this kind: 400 */
};

/* Reads and verifies, on the calling thread: no database. body and signature (the header's value, or STR_NONE) are
 * copied. *ret is set also for verdicts other than WEBHOOK_STORE. Returns the verdict or < 0 (ERR_NOMEM, ERR_LIMIT). */
int webhook_read(struct instance *instance, const struct trixy_channel *channel, struct str body, struct str signature,
		 struct webhook **ret, struct error *err);
void webhook_free(struct webhook *w);
bool webhook_has_unit(const struct webhook *w);
/* store_unit.run with arg = the webhook. */
int webhook_store(struct db *db, void *webhook, struct error *err);
/* What that is about to ask for: struct store_unit.tell_ahead. */
void webhook_tell_ahead(void *webhook, struct ahead *a);
/* After the commit: nothing was stored, because it is for an account that another server has connected and this one does not know
 * yet; the directory knows that it is old (directory_refresh). */
bool webhook_is_early(const struct webhook *w);
/* After the commit, on any thread: wakes who fetches the files that it brought. Never blocks. */
void webhook_stored(struct webhook *w);

/* GET handshake: 0 when some live account of the channel has this verify token (compared in constant time over all of
 * them), ERR_DENIED otherwise. The failure is noted for diagnosis. */
int webhook_handshake(struct instance *instance, const struct trixy_channel *channel, struct str mode, struct str token,
		      struct error *err);

/* Applies a journalled event again. ERR_NOTFOUND outside the workspace. Waits for the commit. */
int webhook_replay(struct instance *instance, struct workspace_id w, int64_t event_id, struct error *err);

#endif
