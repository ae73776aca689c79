/* Rows of settings. What they mean is their users' business. */
#include "store/setting.h"

int store_setting_get(struct db *db, struct str name, struct arena *arena, struct str *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT value FROM settings WHERE name = ?", err);

	if (r < 0)
		return r;
	bind_str(&st, name);
	if ((r = stmt_step(&st, err)) <= 0)
		return r;
	*ret = arena_copy(arena, next_str(&st));
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 1;
}

int store_setting_set(struct db *db, struct str name, struct str value, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = value.p == NULL ? db_prepare(db, &st, "DELETE FROM settings WHERE name = ?", err) :
				  db_prepare(db, &st, "REPLACE INTO settings (name, value) VALUES (?, ?)", err);

	if (r < 0)
		return r;
	bind_str(&st, name);
	if (value.p != NULL)
		bind_str(&st, value);
	return stmt_step(&st, err);
}
