#include "addon/home.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

void home_done(struct home *h)
{
	fd_done(&h->lock);	/* gives the lock back */
	arena_done(&h->memory);
}

int home_open(struct instance *i, bool wait, struct home *ret, struct error *err)
{
	struct home *h = ret;
	int r, code;

	*h = (struct home){ .lock = -1 };
	h->addons_dir = arena_printf(&h->memory, "%.*s/addons", STR_ARG(i->config->data));
	h->trust_dir = arena_printf(&h->memory, "%.*s/trusted-keys", STR_ARG(i->config->data));
	struct str lock = arena_printf(&h->memory, "%.*s/.addons.lock", STR_ARG(i->config->data));

	if (arena_failed(&h->memory)) {
		home_done(h);
		return fail(err, ERR_NOMEM, "no memory for the addons");
	}
	if ((r = folder_make(h->addons_dir.p, err)) < 0) {
		home_done(h);
		return r;
	}
	h->lock = open(lock.p, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	do	/* a signal may end the waiting */
		code = h->lock < 0 ? -1 : flock(h->lock, LOCK_EX | (wait ? 0 : LOCK_NB));
	while (h->lock >= 0 && code != 0 && errno == EINTR);
	if (code == 0)
		return 0;
	r = errno == EWOULDBLOCK ? fail(err, ERR_TEMPORARY, "another process works on the addons") :
	    fail(err, ERR_BROKEN, "%s: %s", lock.p, strerror(errno));
	home_done(h);
	return r;
}

struct addon addon_of_row(const struct store_addon *row)
{
	return (struct addon){
		.slug = row->slug, .name = row->name, .description = row->description, .version = row->version,
		.channel = row->channel, .package_hash = row->package_hash, .signed_by = row->signed_by,
		.status_reason = row->status_reason, .status = (enum addon_status)row->status, .installed_at = row->installed_at,
	};
}

struct addon addon_copy(const struct store_addon *row, struct arena *a)
{
	return (struct addon){
		.slug = arena_copy(a, row->slug), .name = arena_copy(a, row->name), .description = arena_copy(a, row->description),
		.version = arena_copy(a, row->version), .channel = arena_copy(a, row->channel),
		.package_hash = arena_copy(a, row->package_hash), .signed_by = arena_copy(a, row->signed_by),
		.status_reason = arena_copy(a, row->status_reason), .status = (enum addon_status)row->status,
		.installed_at = row->installed_at,
	};
}

static void reader_done(struct db **reader)
{
	if (*reader != NULL)
		store_reader_free(*reader);
}

int home_addons(struct instance *i, struct arena *arena, struct store_addon **ret, size_t *ret_count, struct error *err)
{
	SCOPED(reader_done) struct db *reader = NULL;
	int r = store_reader_new(i->store, &reader, err);

	return r < 0 ? r : store_addon_list(reader, arena, ret, ret_count, err);
}

int home_addon(struct instance *i, struct str slug, struct arena *arena, struct store_addon *ret, struct error *err)
{
	SCOPED(reader_done) struct db *reader = NULL;
	int r = store_reader_new(i->store, &reader, err);

	return r < 0 ? r : store_addon_get(reader, slug, arena, ret, err);
}

static const struct workspace_id everybody = { 0 };

static int put_unit(struct db *db, void *arg, struct error *err)
{
	int r = store_addon_put(db, arg, err);

	return r < 0 ? r : store_change_add(db, everybody, CHANGE_ADDON, 0, 0, err);
}

int home_put(struct instance *i, const struct store_addon *row, struct error *err)
{
	struct store_addon copy = *row;

	return store_write(i->store, put_unit, &copy, err);
}

struct status_change {
	struct str slug, reason;
	enum addon_status status;
};

static int status_unit(struct db *db, void *arg, struct error *err)
{
	const struct status_change *c = arg;
	int r = store_addon_set_status(db, c->slug, (int)c->status, c->reason, err);

	return r < 0 ? r : store_change_add(db, everybody, CHANGE_ADDON, 0, 0, err);
}

int home_set_status(struct instance *i, struct str slug, enum addon_status status, struct str reason, struct error *err)
{
	struct status_change c = { slug, reason, status };

	return store_write(i->store, status_unit, &c, err);
}
