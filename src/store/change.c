/* What browsers are told: rows of `changes`, written with what they tell of and handed over after the commit. */
#include "store/engine.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "store/setting.h"

enum { CHANGES_IN_A_GROUP = 1 << 20, TRIM_ROWS = 5000 };

/* Room for one more, kept with the connection. */
static struct change *next_change(struct db *db)
{
	if (db->change_count == db->change_room) {
		size_t room = db->change_room == 0 ? 256 : db->change_room * 2;
		struct change *more = room > CHANGES_IN_A_GROUP ? NULL : realloc(db->changes, room * sizeof(*more));

		if (more == NULL)
			return NULL;
		db->changes = more;
		db->change_room = room;
	}
	return &db->changes[db->change_count];
}

int store_change_add(struct db *db, struct workspace_id w, enum change_kind kind, int64_t subject_id,
		     int64_t conversation_id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	struct change *c = next_change(db);
	int r;

	if (c == NULL)
		return fail(err, ERR_NOMEM, "no memory for the changes of a commit");
	if ((r = db_prepare(db, &st, "INSERT INTO changes (id, workspace_id, kind, subject_id, conversation_id, at)"
				     " VALUES (?, ?, ?, ?, ?, ?)", err)) < 0)
		return r;
	bind_new_id(&st);
	bind_i64(&st, w.v);
	bind_i64(&st, kind);
	bind_i64(&st, subject_id);
	bind_i64(&st, conversation_id);
	bind_i64(&st, clock_now_ms());
	if ((r = stmt_later(&st, err)) < 0)
		return r;
	*c = (struct change){ .id = db_last_id(db), .workspace = w, .kind = kind, .subject_id = subject_id,
			      .conversation_id = conversation_id };
	db->change_count++;
	return 0;
}

/* The newest change that was dropped for its age; 0: none. Ids are not dense: what is missing cannot be told from what is there. */
static const struct str trimmed_to = { "changes.trimmed_to", sizeof("changes.trimmed_to") - 1 };

static int get_trimmed(struct db *db, int64_t *ret, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str value;
	int r = store_setting_get(db, trimmed_to, &arena, &value, err);

	*ret = 0;
	if (r > 0 && !str_to_i64(value, ret))
		return fail(err, ERR_BROKEN, "setting changes.trimmed_to is not a number");
	return r < 0 ? r : 0;
}

static int set_trimmed(struct db *db, int64_t id, struct error *err)
{
	SCOPED(buf_done) struct buf b = { 0 };

	buf_add_i64(&b, id);
	return store_setting_set(db, trimmed_to, buf_str(&b), err);
}

int store_changes_after(struct db *db, struct workspace_id w, int64_t after, struct change *ret, size_t max,
			size_t *ret_count, bool *ret_gap, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int64_t trimmed = 0, newest = 0;
	size_t count = 0;
	int r;

	if ((r = get_trimmed(db, &trimmed, err)) < 0 || (r = store_change_last(db, &newest, err)) < 0)
		return r;
	/* No further than what was there before: of what comes just now a database may show the later commit first (follow.c). */
	if ((r = db_prepare(db, &st, "SELECT id, workspace_id, kind, subject_id, conversation_id FROM changes"
				     " WHERE id > ? AND id <= ? AND workspace_id IN (?, 0) ORDER BY id LIMIT ?", err)) < 0)
		return r;
	bind_i64(&st, after);
	bind_i64(&st, newest);
	bind_i64(&st, w.v);
	bind_i64(&st, (int64_t)max);
	while (count < max && (r = stmt_step(&st, err)) > 0) {
		struct change *c = &ret[count++];

		c->id = next_i64(&st);
		c->workspace.v = next_i64(&st);
		c->kind = (enum change_kind)next_i64(&st);
		c->subject_id = next_i64(&st);
		c->conversation_id = next_i64(&st);
	}
	if (r < 0)
		return r;
	*ret_count = count;
	/* An id of the future comes from another database, e.g. before a backup was put back: nothing after it can be told. */
	*ret_gap = after < trimmed || after > newest;
	return 0;
}

int store_change_last(struct db *db, int64_t *ret_id, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT coalesce(max(id), 0) FROM changes", err);

	if (r < 0 || (r = stmt_step(&st, err)) < 0)
		return r;
	*ret_id = next_i64(&st);
	return 0;
}

/* The newest of the oldest rows whose time is over; 0: none. `at` rises with the id, but for a clock that was set back or a server
 * whose clock is behind: then a few rows go a little sooner. */
static int newest_old(struct db *db, int64_t before_ms, int64_t *ret, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int r = db_prepare(db, &st, "SELECT coalesce(max(id), 0) FROM (SELECT id, at FROM changes ORDER BY id LIMIT ?) t WHERE at < ?", err);

	if (r < 0)
		return r;
	bind_i64(&st, TRIM_ROWS);
	bind_i64(&st, before_ms);
	if ((r = stmt_step(&st, err)) < 0)
		return r;
	*ret = next_i64(&st);
	return 0;
}

int64_t store_changes_trim(struct db *db, int64_t before_ms, struct error *err)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	int64_t up_to = 0, newest = 0;
	int r;

	if ((r = newest_old(db, before_ms, &up_to, err)) < 0 || (r = store_change_last(db, &newest, err)) < 0)
		return r;
	if (up_to >= newest)
		up_to = newest - 1;
	if (up_to <= 0)
		return 0;
	if ((r = db_prepare(db, &st, "DELETE FROM changes WHERE id <= ?", err)) < 0)
		return r;
	bind_i64(&st, up_to);
	int64_t n = stmt_run(&st, err);

	return n <= 0 ? n : (r = set_trimmed(db, up_to, err)) < 0 ? r : n;
}
