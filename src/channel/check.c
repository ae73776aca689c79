/* Whether a channel's constants obey the rules of the ABI; its events are event.c. A channel may be a stranger's native code:
 * nothing of it is believed before it was looked at here. */
#include "channel/border.h"

#include "base/clock.h"

enum { TEXT_LIMIT_MAX = 16 * LIMIT_TEXT, HOST_MAX_BYTES = 253 };

static bool lower(char c)
{
	return c >= 'a' && c <= 'z';
}

/* Lower-case letters, digits and `also`, beginning with a letter. */
static bool word_valid(struct trixy_text t, char also, size_t min, size_t max)
{
	if (t.p == NULL || t.len < min || t.len > max || !lower(t.p[0]))
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (!lower(t.p[i]) && !(t.p[i] >= '0' && t.p[i] <= '9') && t.p[i] != also)
			return false;
	return true;
}

bool channel_slug_valid(struct str slug)
{
	return word_valid(trixy_from_str(slug), '-', 2, 32);
}

static bool url_valid(struct trixy_text t)
{
	struct str s = str_from_trixy(t);

	return border_text_valid(t, 8, LIMIT_URL) && (str_starts(s, STR("https://")) || str_starts(s, STR("http://"))) &&
	       !str_ends(s, STR("/"));
}

/* "instagram_accounts" of "instagram": so that no channel claims a table of the core or of another. */
static bool table_valid(struct str table, struct str slug)
{
	struct str tail = str_cut(table, slug.len, table.len);

	if (!str_eq_c(tail, "_accounts"))
		return false;
	for (size_t i = 0; i < slug.len; i++)
		if (table.p[i] != (slug.p[i] == '-' ? '_' : slug.p[i]))
			return false;
	return true;
}

/* An addon's webhook lies under its own name; only the core's channels have others. */
static bool path_valid(struct str path, struct str slug)
{
	struct str head = STR("/addons/");

	if (channel_is_core(slug))
		return path.p == NULL ||
		       (str_starts(path, STR("/api/webhooks/")) && str_eq(str_cut(path, 14, path.len), slug));
	return str_starts(path, head) && str_starts(str_cut(path, head.len, path.len), slug) &&
	       str_eq_c(str_cut(path, head.len + slug.len, path.len), "/webhook");
}

static int check_backends(const struct trixy_channel *c, struct error *err)
{
	if (c->backend_count < 1 || c->backend_count > CHANNEL_BACKENDS_MAX || c->backends == NULL)
		return fail(err, ERR_INVALID, "it has %u backends; 1 to %d are allowed", c->backend_count,
			    CHANNEL_BACKENDS_MAX);
	for (uint32_t k = 0; k < c->backend_count; k++) {
		const struct trixy_backend *b = &c->backends[k];

		if (b->size != sizeof(*b))
			return fail(err, ERR_INVALID, "the size of its backend %u does not belong to ABI 1.0", k);
		if (!word_valid(b->slug, '-', 1, 32) || !border_text_valid(b->name, 1, LIMIT_NAME) ||
		    !border_text_valid(b->help, 0, WORDS_MAX_BYTES))
			return fail(err, ERR_INVALID, "its backend %u has no proper slug, name or help", k);
		if (channel_backend(c, str_from_trixy(b->slug)) != (int)k)
			return fail(err, ERR_INVALID, "two of its backends have the slug '%.*s'",
				    STR_ARG(str_from_trixy(b->slug)));
		/* E-mail has no one host: the mailbox's own fields name it. */
		if (b->base_url.len > 0 && !url_valid(b->base_url))
			return fail(err, ERR_INVALID, "the base URL of its backend '%.*s' is not one",
				    STR_ARG(str_from_trixy(b->slug)));
		if (!border_text_valid(b->url_setting, 0, NAME_MAX_BYTES))
			return fail(err, ERR_INVALID, "the URL setting of its backend '%.*s' is not a text",
				    STR_ARG(str_from_trixy(b->slug)));
	}
	return 0;
}

/* Columns that every account table has. */
static bool field_reserved(struct str name)
{
	return str_eq_c(name, "id") || str_eq_c(name, "account_id") || str_eq_c(name, "workspace_id") ||
	       str_eq_c(name, "rowid");
}

static int check_field(const struct trixy_channel *c, const struct trixy_field *f, struct error *err)
{
	struct str name = str_from_trixy(f->name);
	bool secret = (f->flags & TRIXY_FIELD_SECRET) != 0;

	if (f->size != sizeof(*f))
		return fail(err, ERR_INVALID, "the size of one of its fields does not belong to ABI 1.0");
	if (!word_valid(f->name, '_', 1, NAME_MAX_BYTES) || field_reserved(name))
		return fail(err, ERR_INVALID, "one of its fields has a name that is none or is reserved");
	if (!border_text_valid(f->label, 1, LIMIT_NAME) || !border_text_valid(f->help, 0, WORDS_MAX_BYTES) ||
	    !border_text_valid(f->placeholder, 0, LIMIT_NAME))
		return fail(err, ERR_INVALID, "its field '%.*s' has no proper label, help or placeholder", STR_ARG(name));
	if (f->max_bytes < 1 || f->max_bytes > LIMIT_TEXT)
		return fail(err, ERR_INVALID, "its field '%.*s' may have 1 to %d bytes", STR_ARG(name), LIMIT_TEXT);
	if ((f->flags & ~(2u * TRIXY_FIELD_LEARNED - 1)) != 0)
		return fail(err, ERR_INVALID, "its field '%.*s' has a flag that ABI %u.%u does not know", STR_ARG(name), TRIXY_ABI_MAJOR,
			    TRIXY_ABI_MINOR);
	if (f->backends == 0 || f->backends >> c->backend_count != 0)
		return fail(err, ERR_INVALID, "its field '%.*s' names a backend that is not there", STR_ARG(name));
	/* What is looked up or shown cannot be sealed, what signs must be. */
	if (secret && (f->flags & (TRIXY_FIELD_KEY | TRIXY_FIELD_NAME | TRIXY_FIELD_HANDLE)) != 0)
		return fail(err, ERR_INVALID, "its field '%.*s' is secret and also shown", STR_ARG(name));
	/* What a check finds out is shown, and may be missing for ever. */
	if ((f->flags & TRIXY_FIELD_LEARNED) != 0 &&
	    (f->flags & (TRIXY_FIELD_REQUIRED | TRIXY_FIELD_SECRET | TRIXY_FIELD_KEY | TRIXY_FIELD_VERIFY)) != 0)
		return fail(err, ERR_INVALID, "its field '%.*s' is learned and also required, secret, the key or the verify token",
			    STR_ARG(name));
	if (!secret && (f->flags & TRIXY_FIELD_SIGNS) != 0)
		return fail(err, ERR_INVALID, "its field '%.*s' signs webhooks and is not secret", STR_ARG(name));
	if ((f->flags & TRIXY_FIELD_KEY) != 0 &&
	    ((f->flags & TRIXY_FIELD_REQUIRED) == 0 || f->max_bytes > LIMIT_EXTERNAL_ID))
		return fail(err, ERR_INVALID, "its key field '%.*s' must be required and of at most %d bytes",
			    STR_ARG(name), LIMIT_EXTERNAL_ID);
	return 0;
}

static uint32_t fields_with(const struct trixy_channel *c, uint32_t backend, uint32_t flag)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < c->field_count; k++)
		n += (c->fields[k].flags & flag) != 0 && (c->fields[k].backends >> backend & 1) != 0;
	return n;
}

static int check_fields(const struct trixy_channel *c, struct error *err)
{
	int r;

	if (c->field_count < 1 || c->field_count > COUNT_MAX || c->fields == NULL)
		return fail(err, ERR_INVALID, "it has %u fields; 1 to %d are allowed", c->field_count, COUNT_MAX);
	for (uint32_t k = 0; k < c->field_count; k++) {
		if ((r = check_field(c, &c->fields[k], err)) < 0)
			return r;
		for (uint32_t m = 0; m < k; m++)
			if (str_eq(str_from_trixy(c->fields[m].name), str_from_trixy(c->fields[k].name)))
				return fail(err, ERR_INVALID, "two of its fields have the name '%.*s'",
					    STR_ARG(str_from_trixy(c->fields[k].name)));
	}
	for (uint32_t b = 0; b < c->backend_count; b++) {
		struct str slug = str_from_trixy(c->backends[b].slug);

		if (fields_with(c, b, TRIXY_FIELD_KEY) != 1)
			return fail(err, ERR_INVALID, "its backend '%.*s' needs exactly one key field", STR_ARG(slug));
		if (fields_with(c, b, TRIXY_FIELD_SIGNS) > 1 || fields_with(c, b, TRIXY_FIELD_VERIFY) > 1 ||
		    fields_with(c, b, TRIXY_FIELD_NAME) > 1 || fields_with(c, b, TRIXY_FIELD_HANDLE) > 1)
			return fail(err, ERR_INVALID, "two fields of its backend '%.*s' do what one may do", STR_ARG(slug));
		if (c->read_webhook != NULL && fields_with(c, b, TRIXY_FIELD_SIGNS) == 0)
			return fail(err, ERR_INVALID, "no field of its backend '%.*s' signs its webhooks", STR_ARG(slug));
	}
	return 0;
}

static int check_lists(const struct trixy_channel *c, struct error *err)
{
	if (c->tag_count > COUNT_MAX || (c->tag_count > 0 && c->tags == NULL) || c->checklist_count > COUNT_MAX ||
	    (c->checklist_count > 0 && c->checklist == NULL) || c->webhook_field_count > COUNT_MAX ||
	    (c->webhook_field_count > 0 && c->webhook_fields == NULL))
		return fail(err, ERR_INVALID, "one of its lists is missing or has more than %d entries", COUNT_MAX);
	for (uint32_t k = 0; k < c->tag_count; k++) {
		const struct trixy_tag *t = &c->tags[k];

		if (t->size != sizeof(*t) || !border_text_valid(t->tag, 1, NAME_MAX_BYTES) ||
		    !border_text_valid(t->label, 1, LIMIT_NAME) || !border_text_valid(t->help, 0, WORDS_MAX_BYTES))
			return fail(err, ERR_INVALID, "its message tag %u is not proper", k);
	}
	for (uint32_t k = 0; k < c->checklist_count; k++) {
		const struct trixy_checklist *l = &c->checklist[k];

		if (l->size != sizeof(*l) || !border_text_valid(l->title, 1, LIMIT_NAME) ||
		    !border_text_valid(l->detail, 0, WORDS_MAX_BYTES) || l->item_count > COUNT_MAX ||
		    (l->item_count > 0 && l->items == NULL))
			return fail(err, ERR_INVALID, "step %u of its checklist is not proper", k);
		for (uint32_t n = 0; n < l->item_count; n++)
			if (!border_text_valid(l->items[n].name, 1, WORDS_MAX_BYTES) ||
			    !border_text_valid(l->items[n].reason, 0, WORDS_MAX_BYTES))
				return fail(err, ERR_INVALID, "item %u in step %u of its checklist is not proper", n, k);
	}
	for (uint32_t k = 0; k < c->webhook_field_count; k++)
		if (!border_text_valid(c->webhook_fields[k], 1, NAME_MAX_BYTES))
			return fail(err, ERR_INVALID, "its webhook field %u is not proper", k);
	return 0;
}

static int check_constants(const struct trixy_channel *c, struct error *err)
{
	struct str slug = str_from_trixy(c->slug);

	if (!channel_slug_valid(slug))
		return fail(err, ERR_INVALID,
			    "its slug is not lower-case letters, digits and '-', beginning with a letter, 2 to 32");
	if (!border_text_valid(c->name, 1, LIMIT_NAME) || !border_text_valid(c->window_error, 0, WORDS_MAX_BYTES) ||
	    !border_text_valid(c->api_version, 0, NAME_MAX_BYTES))
		return fail(err, ERR_INVALID, "its name, window error or API version is not a proper text");
	if (c->text_unit != TRIXY_UNIT_BYTES && c->text_unit != TRIXY_UNIT_CHARACTERS)
		return fail(err, ERR_INVALID, "its text unit %u is not known", c->text_unit);
	/* A code point has up to 4 bytes: less would cut a text to nothing, again and again. */
	if (c->text_max < 4 || c->text_max > TEXT_LIMIT_MAX)
		return fail(err, ERR_INVALID, "its text limit must be between 4 and %d", TEXT_LIMIT_MAX);
	if (c->window_ms < 0 || c->tag_window_ms < 0 || c->window_ms > 400 * DAY_MS || c->tag_window_ms > 400 * DAY_MS)
		return fail(err, ERR_INVALID, "its reply window is not between 0 and 400 days");
	if (c->window_ms > 0 && c->window_error.len == 0)
		return fail(err, ERR_INVALID, "it has a reply window and no words for when that is closed");
	if (!table_valid(str_from_trixy(c->account_table), slug))
		return fail(err, ERR_INVALID, "its account table must be named after its slug, with _accounts at the end");
	if (!path_valid(str_from_trixy(c->webhook_path), slug))
		return fail(err, ERR_INVALID, channel_is_core(slug) ? "its webhook path must be /api/webhooks/%.*s" :
			    "its webhook path must be /addons/%.*s/webhook", STR_ARG(slug));
	return 0;
}

/* ---- what 1.1 has added ---- */

/* "image/jpeg image/png": lower-case, parted by one blank. */
static bool mime_types_valid(struct trixy_text t)
{
	static const char marks[] = { '/', '+', '-', '.', '_' };
	struct str rest = str_from_trixy(t);

	if (!border_text_valid(t, 3, WORDS_MAX_BYTES) || str_ends(rest, STR(" ")))
		return false;
	while (rest.len > 0) {
		struct str one = str_split(rest, ' ', &rest), tail = STR_NONE, head = str_split(one, '/', &tail);

		if (head.len == 0 || tail.len == 0)
			return false;
		for (size_t i = 0; i < one.len; i++)
			if (!lower(one.p[i]) && !(one.p[i] >= '0' && one.p[i] <= '9') && memchr(marks, one.p[i], sizeof(marks)) == NULL)
				return false;
	}
	return true;
}

static int check_media_rules(const struct trixy_channel *c, struct error *err)
{
	uint64_t seen = 0;

	if (c->media_rule_count > COUNT_MAX || (c->media_rule_count > 0 && c->media_rules == NULL))
		return fail(err, ERR_INVALID, "its list of media rules is missing or has more than %d entries", COUNT_MAX);
	for (uint32_t k = 0; k < c->media_rule_count; k++) {
		const struct trixy_media_rule *m = TRIXY_AT(c->media_rules, k);

		if (!TRIXY_HAS(m, help) || m->size != c->media_rules->size)
			return fail(err, ERR_INVALID, "the size of its media rule %u does not belong to ABI 1.1", k);
		if (!channel_type_is_media(m->type))
			return fail(err, ERR_INVALID, "its media rule %u is for %u, which is no type of file", k, m->type);
		if ((seen >> m->type & 1) != 0)
			return fail(err, ERR_INVALID, "two of its media rules are for the type %u", m->type);
		seen |= UINT64_C(1) << m->type;
		if (m->max_bytes < 1 || m->max_bytes > LIMIT_FILE || m->caption_max > TEXT_LIMIT_MAX)
			return fail(err, ERR_INVALID, "its media rule %u allows no byte, over %d bytes, or too long a caption", k, LIMIT_FILE);
		if (!mime_types_valid(m->mime_types) || !border_text_valid(m->help, 0, WORDS_MAX_BYTES))
			return fail(err, ERR_INVALID, "its media rule %u has no proper MIME types or help", k);
	}
	return 0;
}

/* A name in lower case with a dot in it: a top level alone would be half the world. */
static bool host_valid(struct trixy_text t)
{
	bool has_dot = false, after_dot = true;

	if (t.p == NULL || t.len < 3 || t.len > HOST_MAX_BYTES)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		bool is_dot = t.p[i] == '.';

		if ((is_dot && after_dot) || (!is_dot && !lower(t.p[i]) && !(t.p[i] >= '0' && t.p[i] <= '9') && t.p[i] != '-'))
			return false;
		has_dot = has_dot || is_dot;
		after_dot = is_dot;
	}
	return has_dot && !after_dot;
}

static int check_new_lists(const struct trixy_channel *c, struct error *err)
{
	if (c->reaction_count > COUNT_MAX || (c->reaction_count > 0 && c->reactions == NULL) || c->media_host_count > COUNT_MAX ||
	    (c->media_host_count > 0 && c->media_hosts == NULL))
		return fail(err, ERR_INVALID, "its list of reactions or of media hosts is missing or has more than %d entries", COUNT_MAX);
	for (uint32_t k = 0; k < c->reaction_count; k++)
		if (!border_text_valid(c->reactions[k], 1, NAME_MAX_BYTES))
			return fail(err, ERR_INVALID, "its reaction %u is not proper", k);
	for (uint32_t k = 0; k < c->media_host_count; k++)
		if (!host_valid(c->media_hosts[k]))
			return fail(err, ERR_INVALID, "its media host %u is not the name of one, in lower case", k);
	return 0;
}

/* Whether its words about itself and its functions fit together. */
static int check_abilities(const struct trixy_channel *c, struct error *err)
{
	if ((c->can & ~(2u * TRIXY_TYPING_IS_SEEN - 1)) != 0 || c->text_style > TRIXY_STYLE_WHATSAPP)
		return fail(err, ERR_INVALID, "it has an ability (%u) or a text style (%u) that ABI 1.1 does not know", c->can, c->text_style);
	if ((c->media_request == NULL) != (c->media_answer == NULL) || (c->upload_request == NULL) != (c->upload_answer == NULL) ||
	    (c->renew_request == NULL) != (c->renew_answer == NULL) ||
	    (c->templates_request == NULL) != (c->templates_answer == NULL))
		return fail(err, ERR_INVALID, "it has one function of a pair and lacks the other");
	if (c->media_request != NULL && c->media_host_count == 0)
		return fail(err, ERR_INVALID, "it asks where files lie and names no host that may be fetched from");
	if (c->upload_request != NULL && c->media_rule_count == 0)
		return fail(err, ERR_INVALID, "it uploads files and has no rule for any");
	if ((c->templates_request != NULL) != ((c->can & TRIXY_CAN_TEMPLATES) != 0))
		return fail(err, ERR_INVALID, "it says one thing of templates and has the functions for another");
	if (c->reaction_count > 0 && (c->can & TRIXY_CAN_REACT) == 0)
		return fail(err, ERR_INVALID, "it lists reactions and cannot react");
	if ((c->can & TRIXY_CAN_VOICE) != 0 && channel_media_rule(c, TRIXY_MESSAGE_AUDIO) == NULL)
		return fail(err, ERR_INVALID, "it sends voice messages and has no rule for audio files");
	return 0;
}

/* A channel's struct ends where ABI 1.0 ended, or has all of 1.1. */
static bool is_of_1_0(const struct trixy_channel *c)
{
	return c->size <= offsetof(struct trixy_channel, can);
}

static int check_new(const struct trixy_channel *c, struct error *err)
{
	if (is_of_1_0(c))
		return 0;
	if (!TRIXY_HAS(c, templates_answer))
		return fail(err, ERR_INVALID, "its size belongs neither to ABI 1.0 nor to 1.1");
	if (check_media_rules(c, err) < 0 || check_new_lists(c, err) < 0 || check_abilities(c, err) < 0)
		return ERR_INVALID;
	return 0;
}

int channel_check(const struct trixy_channel *c, struct error *err)
{
	if (c == NULL || !TRIXY_HAS(c, subscribe_answer))
		return fail(err, ERR_INVALID, "the channel is missing or smaller than ABI 1.0 asks");
	if (check_constants(c, err) < 0 || check_backends(c, err) < 0 || check_fields(c, err) < 0 ||
	    check_lists(c, err) < 0 || check_new(c, err) < 0) {
		(void)fail_in(err, "the channel breaks a rule of the addon interface");
		return ERR_INVALID;	/* also when err is NULL */
	}
	if (c->compose == NULL || c->read_answer == NULL || c->check_request == NULL || c->check_answer == NULL ||
	    (c->profile_request == NULL) != (c->profile_answer == NULL) || (c->profile_request == NULL && is_of_1_0(c)) ||
	    (c->read_webhook == NULL) != (c->webhook_path.len == 0) ||
	    (c->subscribe_request == NULL) != (c->subscribe_answer == NULL))
		return fail(err, ERR_INVALID, "the channel lacks a function that the addon interface asks for");
	return 0;
}
