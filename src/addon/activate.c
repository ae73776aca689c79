/* From an unpacked package to a channel that works, and back; and following what other processes did. Order matters: the
 * migrations first, then the library, then the row, so that an active row always has what it needs. */
#include <string.h>

#include "addon/home.h"
#include "addon/loader.h"
#include "addon/migration.h"
#include "addon/package.h"
#include "addon/shelf.h"
#include "addon/trouble.h"
#include "base/clock.h"
#include "base/log.h"
#include "inbox/directory.h"
#include "store/widen.h"

static int load(struct instance *i, struct home *h, const struct store_addon *row, const struct manifest *m,
		struct error *err)
{
	const struct trixy_addon *addon;
	int r = loader_open(h->addons_dir, row->package_hash, m, &addon, err);

	if (r < 0)
		return r;
	if (channels_find(i->channels, m->channel) == addon->channel)
		return 0;
	/* Its migration has opened the column; but what is brought here by a backup, or was left half-way, may tell otherwise. No
	 * conversation of this channel may come before the table takes it. */
	if ((r = store_conversation_channel_widen(i->store, err)) < 0)
		return fail_in(err, "The conversations' table cannot be opened to the channel");
	return (r = channels_swap(i->channels, addon->channel, err)) < 0 ? r : 1;
}

/* A failure of reading is told by its kind only: its text holds paths, which are for the log. */
static int read_manifest(struct instance *i, struct home *h, const struct store_addon *row, struct manifest *ret, struct error *err)
{
	int r = package_manifest(h->addons_dir, row->package_hash, &h->memory, ret, err);

	if (r == ERR_NOTFOUND && store_shared(i->store)) {	/* it was installed by another server */
		if ((r = shelf_fetch(i, h, row, err)) == ERR_NOTFOUND)
			return fail(err, ERR_INVALID, "The addon's files are missing in the database. Upload the package once more");
		if (r == 0)
			r = package_manifest(h->addons_dir, row->package_hash, &h->memory, ret, err);
	}
	if (r == 0 && (!str_eq(ret->slug, row->slug) || !str_eq(ret->version, row->version)))
		r = fail(err, ERR_INVALID,
			 "The installed addon.json was changed on the server's disk. Upload the package once more");
	if (r != ERR_NOTFOUND && r != ERR_BROKEN)
		return r;
	log_event(LOG_ERROR, "addon's files cannot be read; it stays off", log_s("addon", row->slug),
		  log_c("error", err->text), log_end);
	return fail(err, ERR_INVALID, "The addon's files are missing on the server's disk. Upload the package once more");
}

int home_load(struct instance *i, struct home *h, const struct store_addon *row, struct error *err)
{
	struct manifest m;
	int r = read_manifest(i, h, row, &m, err);

	return r < 0 ? r : load(i, h, row, &m, err);
}

int home_activate(struct instance *i, struct home *h, const struct store_addon *row, struct error *err)
{
	struct store_addon active = *row;
	struct manifest m;
	int r = read_manifest(i, h, row, &m, err);

	if (r < 0 || (r = shelf_keep(i, h, row->package_hash, STR_NONE, err)) < 0 ||
	    (r = migrations_run(i->store, h->addons_dir, row->package_hash, &m, err)) < 0)
		return r;
	const struct trixy_channel *before = channels_find(i->channels, row->channel);

	if ((r = load(i, h, row, &m, err)) < 0)
		return r;
	active.status = ADDON_ACTIVE;
	active.status_reason = STR_NONE;
	if ((r = home_put(i, &active, err)) == 0)
		return 0;
	if (before == NULL)	/* as it was */
		channels_remove(i->channels, row->channel);
	else
		(void)channels_swap(i->channels, before, NULL);
	return r;
}

/* Takes the reason into the row, unless the failure says nothing about the addon. */
static void note_failure(struct instance *i, struct str slug, const struct error *why)
{
	struct error err = { 0 };

	if (why->code == ERR_TEMPORARY || why->code == ERR_NOMEM)
		return;
	struct str reason = why->code == ERR_BROKEN ? STR("The server could not do it; its log says why")
						    : str_of(why->text);

	if (home_set_status(i, slug, ADDON_FAILED, reason, &err) < 0)
		log_event(LOG_ERROR, "addon's failure is not recorded", log_s("addon", slug),
			  log_c("error", err.text), log_end);
}

int addon_activate(struct instance *i, struct str slug, struct arena *arena, struct addon *ret, struct error *err)
{
	SCOPED(home_done) struct home h = { .lock = -1 };
	struct error local = { 0 };
	struct error *why = err != NULL ? err : &local;
	struct store_addon row;
	int r;

	if ((r = home_open_to_change(i, &h, why)) < 0 || (r = home_addon(i, slug, &h.memory, &row, why)) < 0)
		return r;
	/* Nothing to do for one that is active, and known to this process. */
	if (row.status != ADDON_ACTIVE || home_load(i, &h, &row, NULL) != 0) {
		if ((r = home_activate(i, &h, &row, why)) < 0) {
			log_event(LOG_WARNING, "addon not activated; it can be tried again", log_s("addon", slug),
				  log_c("error", why->text), log_end);
			note_failure(i, slug, why);
			channels_remove(i->channels, row.channel);
			(void)directory_load(i, NULL);
			return r;
		}
		log_event(LOG_INFO, "addon active", log_s("addon", slug), log_s("version", row.version), log_end);
		if ((r = directory_load(i, why)) < 0)
			return r;
	}
	row.status = ADDON_ACTIVE;
	row.status_reason = STR_NONE;
	*ret = addon_copy(&row, arena);
	return arena_failed(arena) ? fail(why, ERR_NOMEM, "no memory for the answer") : 0;
}

int addon_deactivate(struct instance *i, struct str slug, struct arena *arena, struct addon *ret, struct error *err)
{
	SCOPED(home_done) struct home h = { .lock = -1 };
	struct store_addon row;
	int r;

	if ((r = home_open_to_change(i, &h, err)) < 0 || (r = home_addon(i, slug, arena, &row, err)) < 0)
		return r;
	if (row.status != ADDON_INACTIVE && (r = home_set_status(i, slug, ADDON_INACTIVE, STR_NONE, err)) < 0)
		return r;
	channels_remove(i->channels, row.channel);
	if ((r = directory_load(i, err)) < 0)
		return r;
	log_event(LOG_INFO, "addon inactive", log_s("addon", slug), log_end);
	row.status = ADDON_INACTIVE;
	row.status_reason = STR_NONE;
	*ret = addon_of_row(&row);
	return 0;
}

/* ---- following the rows ---- */

struct leaving {
	struct instance *i;
	const struct store_addon *rows;
	size_t count;
	bool changed;
};

/* Takes a loaded addon's channel out of the list when no active row stands for it. */
static void leave(void *arg, struct str hash, const struct trixy_addon *addon)
{
	struct leaving *l = arg;
	struct str channel = str_from_trixy(addon->channel->slug);

	(void)hash;
	if (channels_find(l->i->channels, channel) != addon->channel)
		return;
	for (size_t k = 0; k < l->count; k++)
		if (l->rows[k].status == ADDON_ACTIVE && str_eq(l->rows[k].channel, channel))
			return;
	channels_remove(l->i->channels, channel);
	l->changed = true;
}

/* Where servers share the database this one may be the only one that cannot load it (an older program, a full disk): the others
 * go on, and this one tries again. Said once a minute. */
static void does_not_load(struct instance *i, const struct store_addon *row, const struct error *why)
{
	static int64_t said_ms;		/* locked */
	int64_t now = clock_mono_ms();
	bool shared = store_shared(i->store);

	if (!shared || said_ms == 0 || now - said_ms >= 60 * 1000)
		log_event(LOG_ERROR, "addon does not load; the server goes on without it", log_s("addon", row->slug),
			  log_s("version", row->version), log_c("error", why->text), log_end);
	if (!shared)
		note_failure(i, row->slug, why);
	else if (said_ms == 0 || now - said_ms >= 60 * 1000)
		said_ms = now;
}

/* 1: the list of channels changed. */
static int follow(struct instance *i, struct home *h, struct error *err)
{
	SCOPED(buf_done) struct buf troubles = { 0 };
	struct store_addon *rows;
	size_t count;
	int r = home_addons(i, &h->memory, &rows, &count, err);

	if (r < 0)
		return r;
	struct leaving l = { .i = i, .rows = rows, .count = count };
	struct error why = { 0 };

	loader_each(leave, &l);
	for (size_t k = 0; k < count; k++) {
		if (rows[k].status != ADDON_ACTIVE)
			continue;
		if ((r = home_load(i, h, &rows[k], &why)) < 0) {
			does_not_load(i, &rows[k], &why);
			trouble_add(&troubles, rows[k].slug, &why);
			channels_remove(i->channels, rows[k].channel);
		}
		l.changed = l.changed || r != 0;
	}
	if (trouble_note(i, &troubles, &why) < 0)
		log_event(LOG_WARNING, "which addons this server cannot load is told later", log_c("error", why.text), log_end);
	return l.changed;
}

static int forget_folder(void *arg, const char *name, struct error *err);

struct sweeping {
	struct home *h;
	const struct store_addon *rows;
	size_t count;
};

/* What a killed install left: folders that no row names. */
static int sweep(struct instance *i, struct home *h, struct error *err)
{
	struct sweeping s = { .h = h };
	struct store_addon *rows;
	int r = home_addons(i, &h->memory, &rows, &s.count, err);

	s.rows = rows;
	return r < 0 ? r : folder_each(h->addons_dir.p, forget_folder, &s, err);
}

static int forget_folder(void *arg, const char *name, struct error *err)
{
	struct sweeping *s = arg;
	struct str path = arena_printf(&s->h->memory, "%.*s/%s", STR_ARG(s->h->addons_dir), name);

	for (size_t k = 0; k < s->count; k++)
		if (str_eq_c(s->rows[k].package_hash, name))
			return 0;
	if (path.p == NULL)
		return fail(err, ERR_NOMEM, "no memory to tidy the addons");
	folder_remove(path.p);
	return 0;
}

/* The packages that lie here and not in the shared database: of an installation that had its own before. What cannot be put there
 * works here all the same. */
static int share(struct instance *i, struct home *h, struct error *err)
{
	struct store_addon *rows;
	struct error why = { 0 };
	size_t count = 0;
	int r = store_shared(i->store) ? home_addons(i, &h->memory, &rows, &count, err) : 0;

	for (size_t k = 0; r == 0 && k < count; k++)
		if (shelf_keep(i, h, rows[k].package_hash, STR_NONE, &why) < 0)
			log_event(LOG_WARNING, "an addon's package is not in the database: other servers cannot load it",
				  log_s("addon", rows[k].slug), log_c("error", why.text), log_end);
	return r;
}

int addon_is_kept(struct instance *i, struct db *db, struct str package_hash, struct error *err)
{
	return store_shared(i->store) ? shelf_whole(db, package_hash, err) : 1;
}

int addon_load_active(struct instance *i, struct error *err)
{
	SCOPED(home_done) struct home h = { .lock = -1 };
	int r;

	if ((r = home_open(i, true, &h, err)) < 0 || (r = sweep(i, &h, err)) < 0 || (r = share(i, &h, err)) < 0 ||
	    (r = follow(i, &h, err)) < 0)
		return r;
	return 0;
}

static int tell(struct db *db, void *arg, struct error *err)
{
	(void)arg;
	return store_change_add(db, (struct workspace_id){ 0 }, CHANGE_ADDON, 0, 0, err);
}

int addon_sync(struct instance *i, struct error *err)
{
	SCOPED(home_done) struct home h = { .lock = -1 };
	int r = home_open(i, false, &h, err);

	if (r < 0)
		return r == ERR_TEMPORARY ? 0 : r;
	if ((r = follow(i, &h, err)) <= 0)
		return r;
	log_event(LOG_INFO, "channels follow what another process did to the addons", log_end);
	/* The other process's change reached no browser of this server. */
	if ((r = directory_load(i, err)) < 0 || (r = store_write(i->store, tell, NULL, err)) < 0)
		return r;
	return 1;
}
