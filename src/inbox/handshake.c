#include "inbox/handshake.h"

#include "base/clock.h"
#include "base/log.h"
#include "inbox/directory.h"
#include "store/setting.h"

enum { NOTED_MS = 10 * 1000 };	/* a row is not written more often: strangers can make it happen */

static struct str name_of(struct str channel, bool accepted, struct arena *arena)
{
	return arena_printf(arena, "handshake.%s.%.*s", accepted ? "accepted" : "refused", STR_ARG(channel));
}

struct noting {
	struct store_unit unit;
	struct arena arena;
	struct str name, value;
};

static int run_noting(struct db *db, void *arg, struct error *err)
{
	const struct noting *n = arg;

	return store_setting_set(db, n->name, n->value, err);
}

static void end_noting(void *arg, int result, const struct error *err)
{
	struct noting *n = arg;

	if (result < 0)
		log_event(LOG_INFO, "other servers are not told of a handshake", log_c("error", err->text), log_end);
	arena_done(&n->arena);
	free(n);
}

static void tell_others(struct instance *i, struct str channel, bool accepted)
{
	struct noting *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return;
	n->unit = (struct store_unit){ .run = run_noting, .done = end_noting, .arg = n };
	n->name = name_of(channel, accepted, &n->arena);
	n->value = arena_printf(&n->arena, "%lld", (long long)clock_now_ms());
	if (!arena_failed(&n->arena)) {
		store_submit(i->store, &n->unit);
		return;
	}
	arena_done(&n->arena);
	free(n);
}

void handshake_note(struct instance *i, struct str channel, bool accepted)
{
	int64_t good, bad;

	directory_handshakes(i->directory, channel, &good, &bad);
	directory_note_handshake(i->directory, channel, accepted);
	if (store_shared(i->store) && clock_now_ms() - (accepted ? good : bad) >= NOTED_MS)
		tell_others(i, channel, accepted);
}

static int read_time(struct db *db, struct str channel, bool accepted, int64_t *ret, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str value;
	int64_t at = 0;
	int r = store_setting_get(db, name_of(channel, accepted, &arena), &arena, &value, err);

	if (r > 0 && str_to_i64(value, &at) && at > *ret)
		*ret = at;
	return r < 0 ? r : 0;
}

int handshake_times(struct instance *i, struct db *db, struct str channel, int64_t *ret_accepted_ms, int64_t *ret_refused_ms, struct error *err)
{
	int r;

	directory_handshakes(i->directory, channel, ret_accepted_ms, ret_refused_ms);
	if (!store_shared(i->store))
		return 0;
	if ((r = read_time(db, channel, true, ret_accepted_ms, err)) < 0)
		return r;
	return read_time(db, channel, false, ret_refused_ms, err);
}
