#include "addon/loader.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "addon/package.h"
#include "base/crypto.h"
#include "base/log.h"
#include "channel/channel.h"

/* A library is the process's, not an instance's: dlopen counts that way too. */
struct loaded {
	char hash[2 * SHA256_BYTES + 1];
	const struct trixy_addon *addon;
	struct loaded *next;
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* guards the list; held while a library is loaded */
static struct loaded *first;

static const struct trixy_addon *find(struct str hash)
{
	for (const struct loaded *l = first; l != NULL; l = l->next)
		if (str_eq_c(hash, l->hash))
			return l->addon;
	return NULL;
}

void loader_each(void (*each)(void *arg, struct str hash, const struct trixy_addon *addon), void *arg)
{
	(void)pthread_mutex_lock(&lock);
	for (const struct loaded *l = first; l != NULL; l = l->next)
		each(arg, str_of(l->hash), l->addon);
	(void)pthread_mutex_unlock(&lock);
}

/* dlerror() begins with the path, which is not for the browser: what comes after it is. */
static int load_failed(struct str path, const struct manifest *m, struct error *err)
{
	const char *text = dlerror();
	struct str why = str_of(text != NULL ? text : "unknown");

	if (str_starts(why, path))
		why = str_cut(why, path.len + (why.len > path.len && why.p[path.len] == ':'), why.len);
	log_event(LOG_WARNING, "addon library does not load; its addon stays off", log_s("file", path),
		  log_s("error", why), log_end);
	return fail(err, ERR_INVALID, "The library '%.*s' does not load: %.*s", STR_ARG(str_cut(m->library, 0, 60)),
		    STR_ARG(str_cut(str_trim(why), 0, 140)));
}

/* Foreign memory, foreign lengths: nothing is read before its size is known to cover it. */
static int check(const struct trixy_addon *a, const struct manifest *m, struct error *err)
{
	int r;

	if (a == NULL || !TRIXY_HAS(a, abi_minor))
		return fail(err, ERR_INVALID, "The library gives no description of itself");
	if (a->abi_major != TRIXY_ABI_MAJOR || a->abi_minor > TRIXY_ABI_MINOR)
		return fail(err, ERR_INVALID,
			    "The library needs ABI %u.%u, this server has %u.%u: update MailTrixy", a->abi_major,
			    a->abi_minor, TRIXY_ABI_MAJOR, TRIXY_ABI_MINOR);
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): the size of a pointer is meant */
	if (!TRIXY_HAS(a, channel) || a->channel == NULL)
		return fail(err, ERR_INVALID, "The library's description of itself is smaller than its ABI asks");
	if (!str_eq(str_from_trixy(a->slug), m->slug) || !str_eq(str_from_trixy(a->version), m->version))
		return fail(err, ERR_INVALID, "The library is '%.*s' %.*s, but addon.json says '%.*s' %.*s",
			    STR_ARG(str_cut(str_from_trixy(a->slug), 0, 32)),
			    STR_ARG(str_cut(str_from_trixy(a->version), 0, 32)), STR_ARG(m->slug),
			    STR_ARG(str_cut(m->version, 0, 32)));
	if ((r = channel_check(a->channel, err)) < 0)
		return r;
	if (!str_eq(str_from_trixy(a->channel->slug), m->channel))
		return fail(err, ERR_INVALID, "The library's channel is '%.*s', but addon.json says '%.*s'",
			    STR_ARG(str_from_trixy(a->channel->slug)), STR_ARG(m->channel));
	return 0;
}

/* With the lock held. */
static int load(struct str addons_dir, struct str hash, const struct manifest *m, const struct trixy_addon **ret,
		struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	SCOPED(buf_done) struct buf bytes = { 0 };
	const struct trixy_addon *(*entry)(void);
	int r = package_file(addons_dir, hash, m, m->library, &bytes, err);

	if (r < 0)
		return r;
	struct str path = arena_printf(&a, "%.*s/%.*s/%.*s", STR_ARG(addons_dir), STR_ARG(hash), STR_ARG(m->library));
	/* A name without '/' would be searched for in the system's folders. */
	struct str full = memchr(path.p != NULL ? path.p : "/", '/', path.len) != NULL
				  ? path
				  : arena_printf(&a, "./%.*s", STR_ARG(path));
	struct loaded *l = calloc(1, sizeof(*l));

	if (arena_failed(&a) || l == NULL || hash.len >= sizeof(l->hash)) {
		free(l);
		return fail(err, ERR_NOMEM, "no memory to load the addon");
	}
	(void)dlerror();
	void *handle = dlopen(full.p, RTLD_NOW | RTLD_LOCAL);
	void *symbol = handle != NULL ? dlsym(handle, "trixy_addon_entry") : NULL;

	if (symbol == NULL) {
		r = load_failed(full, m, err);
		free(l);
		return r;	/* a library without the symbol stays loaded: it may have started threads */
	}
	memcpy(&entry, &symbol, sizeof(entry));	/* POSIX: a data pointer that is one to a function */
	const struct trixy_addon *addon = entry();

	if ((r = check(addon, m, err)) < 0) {
		free(l);
		return r;
	}
	memcpy(l->hash, hash.p, hash.len);
	l->addon = addon;
	l->next = first;
	first = l;
	*ret = addon;
	log_event(LOG_INFO, "addon loaded", log_s("addon", m->slug), log_s("version", m->version),
		  log_s("package", str_cut(hash, 0, 12)), log_end);
	return 0;
}

int loader_open(struct str addons_dir, struct str hash, const struct manifest *m, const struct trixy_addon **ret,
		struct error *err)
{
	int r = 0;

	(void)pthread_mutex_lock(&lock);
	const struct trixy_addon *found = find(hash);

	if (found != NULL)
		*ret = found;
	else
		r = load(addons_dir, hash, m, ret, err);
	(void)pthread_mutex_unlock(&lock);
	return r;
}
