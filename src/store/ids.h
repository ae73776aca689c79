/* Ids that were read first, and statements about the rows that have them.
 *
 * "… WHERE id IN (SELECT … LIMIT ?)" says it in one, but MariaDB refuses the LIMIT there, and runs a DELETE or UPDATE with such
 * a subquery over the whole table. */
#ifndef STORE_IDS_H
#define STORE_IDS_H

#include "store/db.h"

struct ids {
	int64_t *v;
	size_t count, room;
};

void ids_done(struct ids *ids);

/* Steps a statement, prepared and bound, to its end, and adds what its next column holds. */
int ids_read(struct stmt *st, struct ids *ids, struct error *err);

/* Runs `sql` followed by " IN (1,2,3)", some hundred ids at a time: "DELETE FROM messages WHERE id". Returns the rows changed. */
#define ids_run(db, sql, ids, err) ids_run_with((db), STR("" sql ""), NULL, (ids), (err))
/* text: the one parameter that stands in sql; NULL: it has none. */
int64_t ids_run_with(struct db *db, struct str sql, const struct str *text, const struct ids *ids, struct error *err);

#endif
