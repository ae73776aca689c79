/* The channels that this instance has at the moment: the core's own, and those of active addons. */
#ifndef CHANNEL_CHANNEL_H
#define CHANNEL_CHANNEL_H

#include "base/config.h"
#include "mailtrixy/addon.h"

enum { CHANNELS_MAX = 32, CHANNEL_BACKENDS_MAX = 32 };

/* Text across the ABI's border. */
static inline struct str str_from_trixy(struct trixy_text t)
{
	return (struct str){ t.p, (size_t)t.len };
}
static inline struct trixy_text trixy_from_str(struct str s)
{
	return (struct trixy_text){ s.p, s.len };
}

/* An arena as the ABI's memory. Use: struct channel_memory m; channel_memory_init(&m, arena); pass &m.memory. */
struct channel_memory {
	struct trixy_memory memory;
	struct arena *arena;
};
void channel_memory_init(struct channel_memory *m, struct arena *arena);

/* Readers may look while another thread changes it. A channel's constants live until the process ends. */
struct channels;
int channels_new(struct channels **ret, struct error *err);
void channels_free(struct channels *c);
/* Checks the constants (slug, fields, counts, functions present) and adds. ERR_EXISTS: the slug or webhook path is taken. */
int channels_add(struct channels *c, const struct trixy_channel *channel, struct error *err);
/* The same, but takes the place of the channel of this slug when there is one: nobody sees a moment without it. */
int channels_swap(struct channels *c, const struct trixy_channel *channel, struct error *err);
void channels_remove(struct channels *c, struct str slug);
const struct trixy_channel *channels_find(struct channels *c, struct str slug);
const struct trixy_channel *channels_by_path(struct channels *c, struct str webhook_path);
/* All at the moment, at most CHANNELS_MAX. Returns their number. */
size_t channels_list(struct channels *c, const struct trixy_channel **ret);

/* True for the slugs of the core's own channels, which no addon may take. */
bool channel_is_core(struct str slug);
/* True for a slug of a channel or an addon: lower-case letters, digits and '-', beginning with a letter, 2 to 32. */
bool channel_slug_valid(struct str slug);
/* The index of a backend of the channel, or -1. */
int channel_backend(const struct trixy_channel *channel, struct str slug);
/* The host that account requests of this backend go to: the operator's setting or the channel's default. */
struct str channel_base_url(const struct trixy_channel *channel, int backend, const struct config *config);
/* The field with all of these flags for the backend, or NULL. */
const struct trixy_field *channel_field(const struct trixy_channel *channel, int backend, uint32_t flags);
/* Where a text over the channel's limit is cut: bytes of the longest prefix that fits and ends at a code point. */
size_t channel_text_fits(const struct trixy_channel *channel, struct str text);

/* Checks a channel's constants and that its functions are there. ERR_INVALID says which rule of the ABI is broken. */
int channel_check(const struct trixy_channel *channel, struct error *err);
/* Checks one event that came across the border: known numbers, UTF-8, lengths, needed members. ERR_INVALID says what. */
int channel_event_check(const struct trixy_event *event, struct error *err);

#endif
