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

/* ---- what only channels of ABI 1.1 may have (can.c). Ask here, never the members: an addon that was built for 1.0 has a shorter
 * struct and can none of it. ---- */

/* True when it can all of these (TRIXY_CAN_*). */
bool channel_can(const struct trixy_channel *channel, uint32_t can);
uint32_t channel_text_style(const struct trixy_channel *channel);	/* TRIXY_STYLE_* */
/* The rule for sending files of a type (TRIXY_MESSAGE_IMAGE ...). NULL: no such file can be sent. */
const struct trixy_media_rule *channel_media_rule(const struct trixy_channel *channel, uint32_t type);
/* All rules, one after the other; NULL past the last. */
const struct trixy_media_rule *channel_media_rule_at(const struct trixy_channel *channel, uint32_t k);
/* True when `types` (of a media rule, parted by blanks) names this type. Letters' case does not matter; what follows a ';' in
 * mime_type, neither. */
bool channel_mime_listed(struct trixy_text types, struct str mime_type);
/* The only emoji that may be sent as reactions; *ret_count 0: any one emoji, if it can react at all. */
const struct trixy_text *channel_reactions(const struct trixy_channel *channel, uint32_t *ret_count);
/* Whether customers' files are fetched at all, and whether a file may be fetched from this host. */
bool channel_has_media(const struct trixy_channel *channel);
bool channel_has_media_host(const struct trixy_channel *channel, struct str host);
/* Which of the pairs of functions it has. */
bool channel_asks_media(const struct trixy_channel *channel);		/* media_request; else a file lies at attachment.url */
bool channel_uploads(const struct trixy_channel *channel);		/* upload_request; else drafts carry media_url */
bool channel_renews(const struct trixy_channel *channel);		/* renew_request; else its tokens do not end */
bool channel_asks_profile(const struct trixy_channel *channel);		/* profile_request; else the events carry the names */
/* True for a type of file that a media rule may be for: what can be sent. */
bool channel_type_is_media(uint32_t type);
/* True for an attachment's type that is a file, to be fetched and kept: the same, and a story that mentions the account. */
bool channel_type_is_file(uint32_t type);

/* ---- checks at the border (check.c, event.c) ---- */

/* Checks a channel's constants and that its functions are there. ERR_INVALID says which rule of the ABI is broken. */
int channel_check(const struct trixy_channel *channel, struct error *err);
/* Checks one event that came across the border: known numbers, UTF-8, lengths, needed members. ERR_INVALID says what. */
int channel_event_check(const struct trixy_event *event, struct error *err);
/* A copy of a checked event with everything that it points to, in structs of this server's own size: what an older addon does
 * not know is absent in it. ERR_NOMEM. */
int channel_event_copy(const struct trixy_event *event, struct arena *arena, struct trixy_event *ret, struct error *err);

#endif
