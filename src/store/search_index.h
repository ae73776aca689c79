/* What search.c asks of an engine's index of words; for store/search*.c only. Texts are UTF-8; ids as in search.h. */
#ifndef STORE_SEARCH_INDEX_H
#define STORE_SEARCH_INDEX_H

#include "store/ids.h"
#include "store/store.h"

enum { SEARCH_HITS = 4000, SEARCH_WORDS = 12 };	/* messages that one search looks at, the newest; words of a question */

struct search_index {
	int (*add)(struct db *db, struct workspace_id w, int64_t id, struct str text, struct error *err);
	int (*drop)(struct db *db, struct workspace_id w, const struct ids *ids, struct error *err);
	/* What all words of q are in, newest first, at most SEARCH_HITS, as conversations: a conversation may come several times.
	 * Each is handed to `hit`, which returns false when it has enough. */
	int (*find)(struct db *db, struct workspace_id w, struct str q, bool (*hit)(void *arg, int64_t conversation_id), void *arg,
		    struct error *err);
};

extern const struct search_index search_sqlite, search_mariadb;

#endif
