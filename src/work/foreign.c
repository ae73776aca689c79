#include "work/foreign.h"

#include <stdatomic.h>

#include "addon/addon.h"
#include "base/log.h"
#include "inbox/directory.h"
#include "work/bell.h"

enum { AGAIN_MS = 1000, LOOK_MS = 60 * 1000 };

struct foreign {
	struct instance *i;
	struct foreign_ears ears;
	struct bell bell;
	pthread_t thread;
	bool has_thread;
	atomic_bool addons;		/* somebody changed them */
};

/* On the store's follower: what it says must be known here before any browser of this server hears of it. */
static void on_foreign(void *arg, const struct change *changes, size_t count)
{
	struct foreign *f = arg;
	bool rings = false, works = false;

	for (size_t k = 0; k < count; k++) {
		const struct change *c = &changes[k];

		works = works || c->kind != CHANGE_VISIT;
		if (c->kind == CHANGE_VISIT)
			f->ears.visit(f->ears.arg, c->workspace, c->subject_id, c->conversation_id);
		if (c->kind == CHANGE_ACCOUNT)
			directory_is_old(f->i->directory);
		if (c->kind == CHANGE_ADDON)
			atomic_store(&f->addons, true);
		rings = rings || c->kind == CHANGE_ACCOUNT || c->kind == CHANGE_ADDON;
	}
	if (rings)
		bell_ring(&f->bell);
	if (works)
		f->ears.work(f->ears.arg);
}

/* Returns ms until it is to be tried again. */
static int64_t follow(struct foreign *f)
{
	struct error err = { 0 };
	int r = 0;

	if (atomic_exchange(&f->addons, false) && (r = addon_sync(f->i, &err)) < 0)
		atomic_store(&f->addons, true);
	if (r >= 0)
		r = directory_refresh(f->i, &err) < 0 ? err.code : r;
	if (r > 0)			/* what waited for a channel may go */
		f->ears.work(f->ears.arg);
	if (r >= 0)
		return LOOK_MS;
	log_event(LOG_WARNING, "what another server changed is not known here yet; it is looked at again in a moment", log_c("error", err.text), log_end);
	return AGAIN_MS;
}

static void *run(void *arg)
{
	struct foreign *f = arg;

	(void)pthread_setname_np(pthread_self(), "foreign");
	while (!bell_closed(&f->bell)) {
		int64_t wait = follow(f);

		bell_wait(&f->bell, wait);
	}
	return NULL;
}

int foreign_start(struct instance *i, const struct foreign_ears *ears, struct foreign **ret, struct error *err)
{
	struct foreign *f;

	*ret = NULL;
	if (!store_shared(i->store))
		return 0;
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	f->i = i;
	f->ears = *ears;
	bell_init(&f->bell);
	/* What happened between the instance's opening and now. */
	atomic_store(&f->addons, true);
	directory_is_old(i->directory);
	store_set_foreign(i->store, f, on_foreign);
	if (pthread_create(&f->thread, NULL, run, f) != 0) {
		foreign_free(f);
		return fail(err, ERR_BROKEN, "no thread to follow the other servers");
	}
	f->has_thread = true;
	*ret = f;
	return 0;
}

void foreign_free(struct foreign *f)
{
	if (f == NULL)
		return;
	store_set_foreign(f->i->store, NULL, NULL);
	bell_close(&f->bell);
	if (f->has_thread)
		(void)pthread_join(f->thread, NULL);
	bell_done(&f->bell);
	free(f);
}
