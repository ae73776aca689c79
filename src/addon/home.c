#include "addon/home.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/file.h>

#include "addon/shelf.h"

/* Between threads; the file's lock is between processes (and would do for threads too, but no checker of threads
 * sees it). */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

void home_done(struct home *h)
{
	turn_give(h->turn);
	h->turn = NULL;
	if (h->lock >= 0) {
		fd_done(&h->lock);	/* gives the file's lock back */
		(void)pthread_mutex_unlock(&turn);
	}
	arena_done(&h->memory);
}

/* 0, or an errno: EWOULDBLOCK when somebody else has it. */
static int take_turn(const char *path, bool wait, int *ret_fd)
{
	int code = wait ? pthread_mutex_lock(&turn) : pthread_mutex_trylock(&turn);

	if (code != 0)
		return code == EBUSY ? EWOULDBLOCK : code;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	while (fd >= 0 && flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB)) != 0)
		if (errno != EINTR) {	/* a signal may end the waiting */
			code = errno;
			fd_done(&fd);
			errno = code;
		}
	if (fd < 0) {
		code = errno;
		(void)pthread_mutex_unlock(&turn);
		return code;
	}
	*ret_fd = fd;
	return 0;
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
	if ((code = take_turn(lock.p, wait, &h->lock)) == 0)
		return 0;
	r = code == EWOULDBLOCK ? fail(err, ERR_TEMPORARY, "another process works on the addons") :
	    fail(err, ERR_BROKEN, "%s: %s", lock.p, strerror(code));
	home_done(h);
	return r;
}

int home_open_to_change(struct instance *i, struct home *ret, struct error *err)
{
	int r = home_open(i, true, ret, err);

	if (r == 0 && (r = turn_take(i->store, &ret->turn, err)) < 0) {
		home_done(ret);
		*ret = (struct home){ .lock = -1 };
	}
	return r;
}

struct addon addon_of_row(const struct store_addon *row)
{
	return (struct addon){
		.slug = row->slug,
		.name = row->name,
		.description = row->description,
		.version = row->version,
		.channel = row->channel,
		.package_hash = row->package_hash,
		.signed_by = row->signed_by,
		.status_reason = row->status_reason,
		.status = (enum addon_status)row->status,
		.installed_at = row->installed_at,
	};
}

struct addon addon_copy(const struct store_addon *row, struct arena *a)
{
	return (struct addon){
		.slug = arena_copy(a, row->slug),
		.name = arena_copy(a, row->name),
		.description = arena_copy(a, row->description),
		.version = arena_copy(a, row->version),
		.channel = arena_copy(a, row->channel),
		.package_hash = arena_copy(a, row->package_hash),
		.signed_by = arena_copy(a, row->signed_by),
		.status_reason = arena_copy(a, row->status_reason),
		.status = (enum addon_status)row->status,
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

struct put {
	struct store_addon row;
	bool shared;
};

static int put_unit(struct db *db, void *arg, struct error *err)
{
	const struct put *p = arg;
	int r = p->shared ? shelf_check(db, p->row.package_hash, err) : 0;

	return r < 0 || (r = store_addon_put(db, &p->row, err)) < 0 ? r : store_change_add(db, everybody, CHANGE_ADDON, 0, 0, err);
}

int home_put(struct instance *i, const struct store_addon *row, struct error *err)
{
	struct put p = { .row = *row, .shared = store_shared(i->store) };

	return store_write(i->store, put_unit, &p, err);
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
