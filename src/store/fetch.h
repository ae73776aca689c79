/* Attachments of customers that are still to be fetched, as work/media.c sees them. */
#ifndef STORE_FETCH_H
#define STORE_FETCH_H

#include "store/message.h"

struct store_fetch {
	struct workspace_id workspace;
	int64_t message_id, conversation_id, account_id;
	int account_status;			/* enum account_status */
	struct store_attachment attachment;	/* with its position */
};

/* Those that are due, the most overdue first, of accounts that are not in `busy`, of which only the first STORE_FETCH_BUSY_MAX count; at
 * most max. Of the attachment the position alone. */
enum { STORE_FETCH_BUSY_MAX = 4 };
int store_fetch_due(struct db *db, int64_t now_ms, const int64_t *busy, size_t busy_count, struct store_fetch *ret, size_t max,
		    size_t *ret_count, struct error *err);
/* When the first of them is due after now_ms; 0: none. */
int store_fetch_next(struct db *db, int64_t now_ms, int64_t *ret, struct error *err);
/* One of them as it is now. ERR_NOTFOUND: there is no such attachment, e.g. any more. */
int store_fetch_get(struct db *db, struct workspace_id w, int64_t message_id, int position, struct arena *arena, struct store_fetch *ret,
		    struct error *err);

#endif
