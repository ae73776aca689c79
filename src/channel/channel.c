/* The registry of channels and what can be asked of one channel's constants. Whether constants and events obey the ABI's
 * rules is check.c. */
#include "channel/channel.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct channels {
	pthread_rwlock_t lock;		/* guards what follows; never held across a call of a channel */
	const struct trixy_channel *list[CHANNELS_MAX];
	size_t count;
};

static void *memory_alloc(struct trixy_memory *memory, uint64_t bytes)
{
	struct channel_memory *m = (struct channel_memory *)memory;	/* its first member */

	return bytes > SIZE_MAX ? NULL : arena_alloc(m->arena, (size_t)bytes);
}

void channel_memory_init(struct channel_memory *m, struct arena *arena)
{
	*m = (struct channel_memory){ .memory = { .size = sizeof(m->memory), .alloc = memory_alloc }, .arena = arena };
}

int channels_new(struct channels **ret, struct error *err)
{
	struct channels *c = calloc(1, sizeof(*c));
	pthread_rwlockattr_t attr;

	if (c == NULL)
		return fail(err, ERR_NOMEM, "no memory for the list of channels");
	/* Every webhook reads: without this a steady stream of them could keep an activation waiting. */
	(void)pthread_rwlockattr_init(&attr);
	(void)pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	int code = pthread_rwlock_init(&c->lock, &attr);

	(void)pthread_rwlockattr_destroy(&attr);
	if (code != 0) {
		free(c);
		return fail(err, ERR_BROKEN, "no lock for the list of channels: %s", strerror(code));
	}
	*ret = c;
	return 0;
}

void channels_free(struct channels *c)
{
	if (c == NULL)
		return;
	(void)pthread_rwlock_destroy(&c->lock);
	free(c);
}

static void lock_read(struct channels *c)
{
	int code = pthread_rwlock_rdlock(&c->lock);

	assert(code == 0);
	(void)code;
}

static void lock_write(struct channels *c)
{
	int code = pthread_rwlock_wrlock(&c->lock);

	assert(code == 0);
	(void)code;
}

static void unlock(struct channels *c)
{
	(void)pthread_rwlock_unlock(&c->lock);
}

/* With the lock held. The index, or -1. */
static int index_of(const struct channels *c, struct str slug)
{
	for (size_t k = 0; k < c->count; k++)
		if (str_eq(str_from_trixy(c->list[k]->slug), slug))
			return (int)k;
	return -1;
}

static int index_of_path(const struct channels *c, struct str path)
{
	for (size_t k = 0; path.len > 0 && k < c->count; k++)
		if (str_eq(str_from_trixy(c->list[k]->webhook_path), path))
			return (int)k;
	return -1;
}

/* With the lock held: adds, or puts it where `at` is. */
static int put(struct channels *c, const struct trixy_channel *channel, int at, struct error *err)
{
	int path = index_of_path(c, str_from_trixy(channel->webhook_path));

	if (path >= 0 && path != at)
		return fail(err, ERR_EXISTS, "the webhook path %.*s belongs to the channel '%.*s' already",
			    STR_ARG(str_from_trixy(channel->webhook_path)), STR_ARG(str_from_trixy(c->list[path]->slug)));
	if (at < 0 && c->count == CHANNELS_MAX)
		return fail(err, ERR_LIMIT, "there are %d channels already", CHANNELS_MAX);
	c->list[at < 0 ? c->count++ : (size_t)at] = channel;
	return 0;
}

int channels_add(struct channels *c, const struct trixy_channel *channel, struct error *err)
{
	int r = channel_check(channel, err);

	if (r < 0)
		return r;
	lock_write(c);
	if (index_of(c, str_from_trixy(channel->slug)) >= 0)
		r = fail(err, ERR_EXISTS, "there is a channel '%.*s' already", STR_ARG(str_from_trixy(channel->slug)));
	else
		r = put(c, channel, -1, err);
	unlock(c);
	return r;
}

int channels_swap(struct channels *c, const struct trixy_channel *channel, struct error *err)
{
	int r = channel_check(channel, err);

	if (r < 0)
		return r;
	lock_write(c);
	r = put(c, channel, index_of(c, str_from_trixy(channel->slug)), err);
	unlock(c);
	return r;
}

void channels_remove(struct channels *c, struct str slug)
{
	lock_write(c);
	int at = index_of(c, slug);

	if (at >= 0) {
		c->count--;
		for (size_t k = (size_t)at; k < c->count; k++)
			c->list[k] = c->list[k + 1];
	}
	unlock(c);
}

const struct trixy_channel *channels_find(struct channels *c, struct str slug)
{
	lock_read(c);
	int at = index_of(c, slug);
	const struct trixy_channel *found = at < 0 ? NULL : c->list[at];

	unlock(c);
	return found;
}

const struct trixy_channel *channels_by_path(struct channels *c, struct str webhook_path)
{
	lock_read(c);
	int at = index_of_path(c, webhook_path);
	const struct trixy_channel *found = at < 0 ? NULL : c->list[at];

	unlock(c);
	return found;
}

size_t channels_list(struct channels *c, const struct trixy_channel **ret)
{
	lock_read(c);
	size_t count = c->count;

	for (size_t k = 0; k < count; k++)
		ret[k] = c->list[k];
	unlock(c);
	return count;
}

/* ---- one channel ---- */

bool channel_is_core(struct str slug)
{
	return str_eq_c(slug, "email") || str_eq_c(slug, "whatsapp");
}

int channel_backend(const struct trixy_channel *channel, struct str slug)
{
	for (uint32_t k = 0; k < channel->backend_count; k++)
		if (str_eq(str_from_trixy(channel->backends[k].slug), slug))
			return (int)k;
	return -1;
}

struct str channel_base_url(const struct trixy_channel *channel, int backend, const struct config *config)
{
	assert(backend >= 0 && (uint32_t)backend < channel->backend_count);
	const struct trixy_backend *b = &channel->backends[backend];
	struct str setting = str_from_trixy(b->url_setting), url = STR("");

	if (str_eq_c(setting, "graph_url"))
		url = config->graph_url;
	else if (str_eq_c(setting, "instagram_graph_url"))
		url = config->instagram_graph_url;
	return url.len > 0 ? url : str_from_trixy(b->base_url);
}

const struct trixy_field *channel_field(const struct trixy_channel *channel, int backend, uint32_t flags)
{
	for (uint32_t k = 0; backend >= 0 && backend < CHANNEL_BACKENDS_MAX && k < channel->field_count; k++)
		if ((channel->fields[k].flags & flags) == flags && (channel->fields[k].backends >> backend & 1) != 0)
			return &channel->fields[k];
	return NULL;
}

size_t channel_text_fits(const struct trixy_channel *channel, struct str text)
{
	uint64_t left = channel->text_max;

	if (channel->text_unit == TRIXY_UNIT_BYTES)
		return utf8_prefix(text, left > SIZE_MAX ? SIZE_MAX : (size_t)left);
	for (size_t i = 0; i < text.len; i++) {
		bool begins = ((unsigned char)text.p[i] & 0xC0) != 0x80;

		if (begins && left == 0)
			return i;
		left -= begins;
	}
	return text.len;
}
