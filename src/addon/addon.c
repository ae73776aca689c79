/* Installing, listing and removing. Activation is activate.c. */
#include "addon/addon.h"

#include "addon/home.h"
#include "addon/package.h"
#include "addon/shelf.h"
#include "addon/trouble.h"
#include "base/clock.h"
#include "base/log.h"
#include "inbox/directory.h"

const char *addon_status_word(enum addon_status status)
{
	switch (status) {
	case ADDON_INSTALLED: return "installed";
	case ADDON_ACTIVE: return "active";
	case ADDON_INACTIVE: return "inactive";
	case ADDON_FAILED: return "failed";
	}
	return "failed";	/* a number of a newer version */
}

/* Of an active one: what servers have against it that cannot load it. */
static int add_trouble(struct db *db, struct addon *a, struct arena *arena, struct error *err)
{
	return a->status == ADDON_ACTIVE ? trouble_of(db, a->slug, arena, &a->status_reason, err) : 0;
}

int addon_list(struct db *db, struct arena *arena, struct addon **ret, size_t *ret_count, struct error *err)
{
	struct store_addon *rows;
	size_t count;
	int r = store_addon_list(db, arena, &rows, &count, err);

	if (r < 0)
		return r;
	struct addon *list = arena_alloc(arena, count * sizeof(*list));

	if (list == NULL)
		return fail(err, ERR_NOMEM, "no memory to list the addons");
	for (size_t k = 0; r == 0 && k < count; k++) {
		list[k] = addon_of_row(&rows[k]);
		r = add_trouble(db, &list[k], arena, err);
	}
	*ret = list;
	*ret_count = count;
	return r;
}

int addon_get(struct db *db, struct str slug, struct arena *arena, struct addon *ret, struct error *err)
{
	struct store_addon row;
	int r = store_addon_get(db, slug, arena, &row, err);

	if (r < 0)
		return r;
	*ret = addon_of_row(&row);
	return add_trouble(db, ret, arena, err);
}

/* The rows that matter to a package: its own, if there is one. ERR_EXISTS: its channel is another addon's. */
static int find_own(struct instance *i, const struct package *p, struct arena *arena, struct store_addon *ret,
		    bool *ret_found, struct error *err)
{
	struct store_addon *rows;
	size_t count;
	int r = home_addons(i, arena, &rows, &count, err);

	*ret_found = false;
	if (r < 0)
		return r;
	for (size_t k = 0; k < count; k++) {
		if (str_eq(rows[k].slug, p->manifest.slug)) {
			*ret = rows[k];
			*ret_found = true;
		} else if (str_eq(rows[k].channel, p->manifest.channel))
			return fail(err, ERR_EXISTS, "The channel '%.*s' belongs to the installed addon '%.*s'",
				    STR_ARG(rows[k].channel), STR_ARG(str_cut(rows[k].name, 0, 80)));
	}
	return 0;
}

/* Whether the package may take the place of what is installed. */
static int check_place(const struct package *p, const struct store_addon *old, struct error *err)
{
	const struct manifest *m = &p->manifest;
	int c = version_valid(old->version) ? version_compare(m->version, old->version) : 1;

	if (!str_eq(m->channel, old->channel))
		return fail(
			err, ERR_STATE,
			"The installed version is the channel '%.*s', this one '%.*s': a new version cannot change that",
			STR_ARG(old->channel), STR_ARG(m->channel));
	if (c < 0)
		return fail(
			err, ERR_STATE,
			"Version %.*s is older than the installed %.*s. Going back is not possible: the newer one may"
			" have changed the database",
			STR_ARG(m->version), STR_ARG(old->version));
	/* A version's content never changes once people use it; while it is off, its maker may be trying things. */
	if (c == 0 && old->status == ADDON_ACTIVE)
		return fail(
			err, ERR_STATE,
			"Version %.*s is installed and active with other content. Deactivate it first, or give the"
			" package a higher version",
			STR_ARG(m->version));
	return 0;
}

/* Here, and in a shared database unless somebody installed it again meanwhile. */
static void remove_package(struct instance *i, struct home *h, struct str hash)
{
	struct error err = { 0 };
	struct str path = hash.len > 0
				  ? arena_printf(&h->memory, "%.*s/%.*s", STR_ARG(h->addons_dir), STR_ARG(hash))
				  : STR_NONE;

	if (path.p != NULL)
		folder_remove(path.p);
	if (shelf_let_go(i, hash, &err) < 0)
		log_event(LOG_WARNING, "a package stays in the database though no addon needs it", log_s("package", str_cut(hash, 0, 12)),
			  log_c("error", err.text), log_end);
}

/* An active addon goes on with the old version until the new one is ready, and also when that fails. */
static int upgrade(struct instance *i, struct home *h, const struct store_addon *row, const struct store_addon *old,
		   struct error *err)
{
	int r = home_activate(i, h, row, err);

	if (r < 0) {
		remove_package(i, h, row->package_hash);
		return fail_in(err, "Version %.*s stays active", STR_ARG(old->version));
	}
	log_event(LOG_INFO, "addon upgraded", log_s("addon", row->slug), log_s("from", old->version),
		  log_s("to", row->version), log_end);
	return directory_load(i, err);
}

/* *ret: the row as it is afterwards. */
static int put_in_place(struct instance *i, struct home *h, const struct package *p, struct str zip, const struct store_addon *old,
			bool found, struct store_addon *ret, struct error *err)
{
	struct store_addon row = {
		.slug = p->manifest.slug,
		.name = p->manifest.name,
		.description = p->manifest.description,
		.version = p->manifest.version,
		.channel = p->manifest.channel,
		.package_hash = p->hash,
		.signed_by = p->signed_by,
		.status_reason = STR_NONE,
		.status = ADDON_INSTALLED,
		.installed_at = clock_now_ms(),
	};
	bool same = found && str_eq(old->package_hash, p->hash);
	int r;

	if (found && !same && (r = check_place(p, old, err)) < 0)
		return r;
	if ((r = package_unpack(p, h->addons_dir, err)) < 0 || (r = shelf_keep(i, h, p->hash, zip, err)) < 0)
		return r;
	*ret = *old;
	if (same)	/* the files are whole again if they were not; all else stays */
		return 0;
	*ret = row;
	if (found && old->status == ADDON_ACTIVE) {
		r = upgrade(i, h, &row, old, err);
		ret->status = ADDON_ACTIVE;
	} else if ((r = home_put(i, &row, err)) < 0)
		remove_package(i, h, p->hash);
	if (r == 0 && found)
		remove_package(i, h, old->package_hash);
	if (r == 0)
		log_event(LOG_INFO, "addon installed", log_s("addon", row.slug), log_s("version", row.version),
			  log_s("signed_by", row.signed_by.p != NULL ? row.signed_by
								     : STR("nobody trusted; an admin confirmed")),
			  log_end);
	return r;
}

int addon_install(struct instance *i, struct str zip, bool allow_unsigned, struct arena *arena, struct addon *ret,
		  struct error *err)
{
	SCOPED(home_done) struct home h = { .lock = -1 };
	SCOPED(package_done) struct package p = { 0 };
	struct store_addon old = { 0 }, row;
	bool found;
	int r;

	if ((r = home_open_to_change(i, &h, err)) < 0 || (r = package_open(zip, h.trust_dir, &p, err)) < 0)
		return r;
	if (p.signed_by.p == NULL && !allow_unsigned)
		return fail(err, ERR_DENIED, "%.*s", STR_ARG(p.doubt));
	if ((r = find_own(i, &p, &h.memory, &old, &found, err)) < 0 ||
	    (r = put_in_place(i, &h, &p, zip, &old, found, &row, err)) < 0)
		return r;
	*ret = addon_copy(&row, arena);
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "no memory for the answer") : 0;
}

struct deletion {
	struct str slug;
};

static int delete_unit(struct db *db, void *arg, struct error *err)
{
	const struct deletion *d = arg;
	int r = store_addon_delete(db, d->slug, err);

	return r < 0 ? r : store_change_add(db, (struct workspace_id){ 0 }, CHANGE_ADDON, 0, 0, err);
}

int addon_remove(struct instance *i, struct str slug, struct error *err)
{
	SCOPED(home_done) struct home h = { .lock = -1 };
	struct deletion d = { slug };
	struct store_addon row;
	int r;

	if ((r = home_open_to_change(i, &h, err)) < 0 || (r = home_addon(i, slug, &h.memory, &row, err)) < 0)
		return r;
	if (row.status == ADDON_ACTIVE)
		return fail(err, ERR_STATE, "The addon is active. Deactivate it before removing it");
	if ((r = store_write(i->store, delete_unit, &d, err)) < 0)
		return r;
	remove_package(i, &h, row.package_hash);
	log_event(LOG_INFO, "addon removed; its tables stay", log_s("addon", slug), log_end);
	return 0;
}
