/* What a channel of ABI 1.1 can do beside the rest. Every question has a "no" for one of 1.0, whose struct ends before these
 * members. */
#include "channel/channel.h"

/* The members of 1.1 come all at once: channel_check refuses what lies between. */
static bool is_new(const struct trixy_channel *c)
{
	return TRIXY_HAS(c, templates_answer);
}

bool channel_can(const struct trixy_channel *c, uint32_t can)
{
	return is_new(c) && (c->can & can) == can;
}

uint32_t channel_text_style(const struct trixy_channel *c)
{
	return is_new(c) ? c->text_style : TRIXY_STYLE_PLAIN;
}

const struct trixy_media_rule *channel_media_rule_at(const struct trixy_channel *c, uint32_t k)
{
	return is_new(c) && k < c->media_rule_count ? TRIXY_AT(c->media_rules, k) : NULL;
}

const struct trixy_media_rule *channel_media_rule(const struct trixy_channel *c, uint32_t type)
{
	const struct trixy_media_rule *rule;

	for (uint32_t k = 0; (rule = channel_media_rule_at(c, k)) != NULL; k++)
		if (rule->type == type)
			return rule;
	return NULL;
}

bool channel_mime_listed(struct trixy_text types, struct str mime_type)
{
	struct str rest = str_from_trixy(types), params, type = str_trim(str_split(mime_type, ';', &params));

	while (rest.len > 0 && type.len > 0)
		if (str_eq_nocase(str_split(rest, ' ', &rest), type))
			return true;
	return false;
}

const struct trixy_text *channel_reactions(const struct trixy_channel *c, uint32_t *ret_count)
{
	*ret_count = is_new(c) ? c->reaction_count : 0;
	return *ret_count > 0 ? c->reactions : NULL;
}

bool channel_has_media(const struct trixy_channel *c)
{
	return is_new(c) && c->media_host_count > 0;
}

/* "fbcdn.net" is that host and all below it. */
static bool is_within(struct str host, struct str domain)
{
	if (host.len < domain.len || !str_eq_nocase(str_cut(host, host.len - domain.len, domain.len), domain))
		return false;
	return host.len == domain.len || host.p[host.len - domain.len - 1] == '.';
}

bool channel_has_media_host(const struct trixy_channel *c, struct str host)
{
	for (uint32_t k = 0; is_new(c) && k < c->media_host_count; k++)
		if (is_within(host, str_from_trixy(c->media_hosts[k])))
			return true;
	return false;
}

bool channel_asks_media(const struct trixy_channel *c)
{
	return is_new(c) && c->media_request != NULL;
}

bool channel_uploads(const struct trixy_channel *c)
{
	return is_new(c) && c->upload_request != NULL;
}

bool channel_renews(const struct trixy_channel *c)
{
	return is_new(c) && c->renew_request != NULL;
}

bool channel_asks_profile(const struct trixy_channel *c)
{
	return c->profile_request != NULL;
}

bool channel_type_is_media(uint32_t type)
{
	return (type >= TRIXY_MESSAGE_IMAGE && type <= TRIXY_MESSAGE_FILE) || type == TRIXY_MESSAGE_STICKER;
}

bool channel_type_is_file(uint32_t type)
{
	return channel_type_is_media(type) || type == TRIXY_MESSAGE_STORY_MENTION;
}
