/* The key that seals the instance's secrets: DATA/secret.key, and how further servers of the same database come by it. */
#ifndef INBOX_INSTANCE_KEY_H
#define INBOX_INSTANCE_KEY_H

#include "inbox/instance.h"

/* Fills i->seal_key: reads the file, or makes it where nothing is sealed yet; needs config and store. Where servers share the
 * database it holds the key too, closed with the database's password: a server that has none fetches it. ERR_STATE: the key is
 * missing, or another instance's; the text says what to do. */
int instance_key_load(struct instance *i, struct error *err);
/* Whether a further server can come by it alone. 1, 0. Always 0 where nothing is shared. */
int instance_key_is_kept(struct instance *i, struct db *db, struct error *err);

#endif
