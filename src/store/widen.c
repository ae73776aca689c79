/* Which column an addon may have widened. How is the engine's business (sqlite_widen.c). */
#include "store/widen.h"

#include "store/engine.h"

int store_conversation_channel_widen(struct db *db, struct error *err)
{
	return db->engine->widen(db, STR("conversations"), STR("channel"), err);
}
