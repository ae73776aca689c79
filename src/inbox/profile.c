/* What the provider tells about customers, and when it is asked again. */
#include "inbox/profile.h"

#include "base/clock.h"
#include "base/limit.h"
#include "store/conversation.h"
#include "store/search.h"

enum { TRIES = 6, PER_ACCOUNT = 4 };

int profile_due(struct instance *i, struct db *db, int64_t now_ms, struct arena *arena, struct profile_item *ret, size_t max,
		size_t *ret_count, int64_t *ret_next_ms, struct error *err)
{
	struct store_identity *due = arena_alloc(arena, max * sizeof(*due));
	const struct trixy_channel *active[CHANNELS_MAX];
	struct str channels[CHANNELS_MAX];
	size_t active_count = channels_list(i->channels, active), channel_count = 0;
	int r;

	*ret_count = 0;
	if (due == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	for (size_t k = 0; k < active_count; k++)
		if (channel_asks_profile(active[k]))
			channels[channel_count++] = str_from_trixy(active[k]->slug);
	if ((r = store_identity_due(db, channels, channel_count, now_ms, PER_ACCOUNT, arena, due, max, ret_count, ret_next_ms, err)) < 0)
		return r;
	for (size_t k = 0; k < *ret_count; k++)
		ret[k] = (struct profile_item){ .workspace = due[k].workspace, .account_id = due[k].account_id,
			.contact_id = due[k].contact_id, .tries = due[k].tries, .channel = due[k].channel, .external_key = due[k].external_key };
	return 0;
}

struct put {
	const struct profile_item *item;
	const struct trixy_profile *profile;
};

/* A minute, then an hour, then days apart. 0: it is given up. */
static int64_t next_ask(int64_t tries)
{
	static const int64_t gap[TRIES] = { MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS, 3 * DAY_MS };

	return tries < TRIES ? clock_now_ms() + gap[tries] : 0;
}

/* Outside text: what is too long is cut, what is not UTF-8 counts as not told. */
static struct str told(struct trixy_text t, size_t max)
{
	struct str s = str_from_trixy(t);

	return s.p == NULL || s.len == 0 || !utf8_valid(s) ? STR_NONE : str_cut(s, 0, utf8_prefix(s, max));
}

static int tell(struct db *db, const struct store_identity *identity, struct error *err)
{
	int64_t conversation_id;
	int r = store_identity_conversation(db, identity, &conversation_id, err);

	if (r < 0 || conversation_id == 0)
		return r;
	if ((r = store_search_contact(db, identity->workspace, conversation_id, err)) < 0)
		return r;
	return store_change_add(db, identity->workspace, CHANGE_CONVERSATION, conversation_id, conversation_id, err);
}

static int run_put(struct db *db, void *arg, struct error *err)
{
	const struct put *p = arg;
	const struct trixy_profile *t = p->profile;
	struct store_identity identity = { .workspace = p->item->workspace, .account_id = p->item->account_id,
					   .contact_id = p->item->contact_id, .external_key = p->item->external_key };
	int64_t tries = p->item->tries + 1;
	int r;

	if (t == NULL || !t->found)
		return store_identity_save(db, &identity, STR_NONE, STR_NONE, STR_NONE, -1,
					   t != NULL ? clock_now_ms() + 7 * DAY_MS : next_ask(p->item->tries), tries, err);
	struct str name = told(t->name, LIMIT_NAME), handle = told(t->handle, LIMIT_NAME), picture = told(t->picture_url, LIMIT_URL);

	if ((r = store_identity_save(db, &identity, name, handle, str_starts(picture, STR("http")) ? picture : STR_NONE,
				     t->follower_count, clock_now_ms() + 7 * DAY_MS, 0, err)) < 0)
		return r;
	return tell(db, &identity, err);
}

int profile_store(struct instance *i, const struct profile_item *item, const struct trixy_profile *profile, struct error *err)
{
	struct put p = { .item = item, .profile = profile };

	return store_write(i->store, run_put, &p, err);
}
