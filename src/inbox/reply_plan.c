#include "inbox/reply_plan.h"

#include "inbox/content.h"
#include "inbox/message.h"
#include "inbox/rules.h"
#include "inbox/upload.h"
#include "store/message.h"

struct planning {
	struct db *db;
	const struct trixy_channel *channel;
	const struct store_conversation *c;
	const struct reply *reply;
	struct arena *arena;
	struct reply_plan *plan;
	enum reply_refusal refusal;
	struct error *err;
};

/* A sentence for the person, cut so that err holds whole characters. */
static int refuse(struct planning *p, enum reply_refusal refusal, int code, struct str why)
{
	p->refusal = refusal;
	(void)fail(p->err, code, "%.*s", STR_ARG(str_cut(why, 0, utf8_prefix(why, sizeof(p->err->text) - 1))));
	return code;
}

static int no_memory(struct planning *p)
{
	(void)fail(p->err, ERR_NOMEM, "out of memory");
	return ERR_NOMEM;
}

static struct planned *add(struct planning *p)
{
	return p->plan->count < LIMIT_REPLY_MESSAGES ? &p->plan->messages[p->plan->count++] : NULL;
}

static int add_text(struct planning *p, struct str text)
{
	struct planned *m = add(p);

	if (m == NULL)
		return refuse(p, REPLY_TOO_LONG, ERR_LIMIT, STR("the text needs too many messages"));
	*m = (struct planned){ .kind = TRIXY_MESSAGE_TEXT, .text = text };
	return 0;
}

static int add_texts(struct planning *p)
{
	struct str rest = p->reply->text;
	int r = 0;

	if (p->reply->note)
		return add_text(p, rest);
	if (!p->reply->split)
		return add_text(p, str_cut(rest, 0, channel_text_fits(p->channel, rest)));
	while (rest.len > 0 && r >= 0) {
		size_t part = rules_part(p->channel, rest);
		struct str text = str_trim(str_cut(rest, 0, part));

		if (p->plan->count == LIMIT_SPLIT_MESSAGES || part == 0)
			return refuse(p, REPLY_TOO_LONG, ERR_LIMIT, STR("the text needs too many messages"));
		if (text.len > 0)
			r = add_text(p, text);
		rest = str_trim(str_cut(rest, part, rest.len));
	}
	return r;
}

/* ---- what is quoted ---- */

static int find_quoted(struct planning *p)
{
	struct store_message m;
	struct str cannot = rules_cannot(p->channel, TRIXY_CAN_QUOTE, p->arena);
	int r;

	if (p->reply->reply_to == 0)
		return 0;
	if (cannot.p != NULL)
		return refuse(p, REPLY_CANNOT, ERR_STATE, cannot);
	r = store_message_get(p->db, p->c->workspace, p->c->id, p->reply->reply_to, p->arena, &m, p->err);
	if (r == ERR_NOTFOUND || (r == 0 && m.direction == 0))
		return refuse(p, REPLY_CANNOT, ERR_INVALID, STR("The quoted message is not one of this conversation."));
	if (r < 0)
		return r;
	if (m.direction == MESSAGE_NOTE)
		return refuse(p, REPLY_CANNOT, ERR_STATE, STR("A note cannot be quoted: the customer has never seen it."));
	if (m.kind == TRIXY_MESSAGE_CALL || m.kind == TRIXY_MESSAGE_SYSTEM)	/* what they are known by is no message's id */
		return refuse(p, REPLY_CANNOT, ERR_STATE, STR("A call or a notice cannot be quoted. Send without the quote."));
	if (m.external_id.len == 0)
		return refuse(p, REPLY_CANNOT, ERR_STATE, STR("The quoted message has not been sent yet. Wait until it is, or send without the quote."));
	p->plan->quoted = m.external_id;
	return 0;
}

/* ---- files ---- */

static int find_upload(struct planning *p, int64_t id, struct store_upload **ret)
{
	struct store_upload *u = arena_alloc(p->arena, sizeof(*u));
	int r;

	*ret = NULL;
	if (u == NULL)
		return no_memory(p);
	r = store_upload_get(p->db, p->c->workspace, id, p->arena, u, p->err);
	if (r == ERR_NOTFOUND || (r == 0 && u->user_id != p->reply->author_id))
		return refuse(p, REPLY_FILE, ERR_INVALID, STR("A file is not here any more: files that are not sent go after a day. Attach it again."));
	*ret = u;
	return r;
}

static int check_voice(struct planning *p, const struct store_upload *u)
{
	struct str cannot = rules_cannot(p->channel, TRIXY_CAN_VOICE, p->arena), why = STR_NONE;

	if (cannot.p != NULL)
		return refuse(p, REPLY_CANNOT, ERR_STATE, cannot);
	if (p->reply->upload_count != 1)
		return refuse(p, REPLY_CANNOT, ERR_INVALID, STR("A voice message is sent alone, without other files."));
	if (upload_fits(p->channel, TRIXY_MESSAGE_AUDIO, &u->file) && u->file.is_mono)
		return 0;
	if (upload_type(p->channel, &u->file, p->arena, &why) == 0)
		return refuse(p, REPLY_FILE, ERR_INVALID, why);
	return refuse(p, REPLY_FILE, ERR_INVALID, STR("A voice message is Ogg with one channel of Opus; this file is something else. Send it as a file."));
}

static int plan_file(struct planning *p, size_t k, struct planned *ret)
{
	struct store_upload *u;
	struct str why = STR_NONE;
	int r = find_upload(p, p->reply->uploads[k], &u);

	if (r < 0 || u == NULL || (p->reply->voice && (r = check_voice(p, u)) < 0))
		return r;
	for (size_t j = 0; j < k; j++)
		if (p->reply->uploads[j] == p->reply->uploads[k])
			return refuse(p, REPLY_FILE, ERR_INVALID, STR("The same file is attached twice. Take one away."));
	*ret = (struct planned){ .upload = u, .media_flags = p->reply->voice ? TRIXY_ATTACHMENT_VOICE : 0,
		.media_type = p->reply->voice ? TRIXY_MESSAGE_AUDIO : upload_type(p->channel, &u->file, p->arena, &why) };
	ret->kind = ret->media_type;
	return ret->media_type != 0 ? 0 : refuse(p, REPLY_FILE, ERR_INVALID, why);
}

/* Whether the text can stand under the first file. */
static bool is_caption(const struct planning *p, const struct planned *first)
{
	const struct trixy_media_rule *rule = channel_media_rule(p->channel, (uint32_t)first->media_type);

	return rule != NULL && rule->caption_max > 0 && !p->reply->voice &&
	       rules_fits(p->channel, p->reply->text, rule->caption_max) == p->reply->text.len;
}

static int plan_files(struct planning *p)
{
	size_t count = p->reply->upload_count;
	struct planned *files = arena_alloc(p->arena, (count + 1) * sizeof(*files));
	int r = 0;

	if (files == NULL)
		return no_memory(p);
	if (count > LIMIT_REPLY_FILES)
		return refuse(p, REPLY_FILE, ERR_LIMIT, arena_printf(p->arena, "Up to %d files can be sent at once.", LIMIT_REPLY_FILES));
	for (size_t k = 0; k < count && r >= 0; k++)
		r = plan_file(p, k, &files[k]);
	if (r < 0)
		return r;
	if (p->reply->text.len > 0 && is_caption(p, &files[0]))
		files[0].text = p->reply->text;
	else if (p->reply->text.len > 0 && (r = add_texts(p)) < 0)
		return r;
	for (size_t k = 0; k < count; k++)
		*add(p) = files[k];	/* LIMIT_REPLY_MESSAGES has room for both limits together */
	return 0;
}

/* ---- templates ---- */

static const struct template_value *value_of(const struct reply *reply, struct str key)
{
	for (size_t k = 0; k < reply->value_count; k++)
		if (str_eq(reply->values[k].key, key))
			return &reply->values[k];
	return NULL;
}

/* Meta, WhatsApp "Template components": a value may not hold line breaks, tabs or more than four blanks in a row. */
static const char *value_fault(struct str value)
{
	size_t blanks = 0;

	for (size_t k = 0; k < value.len; k++) {
		unsigned char c = (unsigned char)value.p[k];

		if (c < 0x20 || c == 0x7f)
			return "holds a line break or a tab, which a template does not take";
		blanks = c == ' ' ? blanks + 1 : 0;
		if (blanks > 3)
			return "holds four blanks or more in a row, which a template does not take";
	}
	return utf8_valid(value) ? NULL : "is not text";
}

static int take_values(struct planning *p, const struct template *t, struct template_value *values)
{
	for (size_t k = 0; k < t->variable_count; k++) {
		const struct template_variable *v = &t->variables[k];
		const struct template_value *given = value_of(p->reply, v->key);
		struct str value = given == NULL ? STR_NONE : str_trim(given->value), label = v->label.len > 0 ? v->label : v->key;
		const char *fault = value.len == 0 ? "is empty: the template needs a value there" : value_fault(value);

		if (fault != NULL)
			return refuse(p, REPLY_TEMPLATE, ERR_INVALID, arena_printf(p->arena, "%.*s %s.", STR_ARG(label), fault));
		if (v->max_bytes > 0 && value.len > (uint64_t)v->max_bytes)
			return refuse(p, REPLY_TEMPLATE, ERR_INVALID, arena_printf(p->arena, "%.*s is too long: %lld bytes at most.", STR_ARG(label),
										  (long long)v->max_bytes));
		values[k] = (struct template_value){ v->key, value };
	}
	return 0;
}

static const char *header_words(int type)
{
	return type == TRIXY_MESSAGE_IMAGE ? "a picture" : type == TRIXY_MESSAGE_VIDEO ? "a video" : "a document";
}

static int plan_header(struct planning *p, const struct template *t, struct planned *m)
{
	struct store_upload *u;
	struct str why = STR_NONE;
	int r;

	if (t->header_type == 0)
		return p->reply->upload_count == 0 ? 0 :
			refuse(p, REPLY_TEMPLATE, ERR_INVALID, STR("This template has no place for a file. Take the file away."));
	if (p->reply->upload_count != 1)
		return refuse(p, REPLY_TEMPLATE, ERR_INVALID, arena_printf(p->arena, "This template needs %s for its header: attach one.",
									  header_words(t->header_type)));
	if ((r = find_upload(p, p->reply->uploads[0], &u)) < 0 || u == NULL)
		return r;
	m->upload = u;
	m->media_type = t->header_type;
	if (upload_fits(p->channel, t->header_type, &u->file))
		return 0;
	if (upload_type(p->channel, &u->file, p->arena, &why) == 0)
		return refuse(p, REPLY_FILE, ERR_INVALID, why);
	return refuse(p, REPLY_TEMPLATE, ERR_INVALID, arena_printf(p->arena, "This template needs %s for its header; the file is something else.",
								  header_words(t->header_type)));
}

static int find_template(struct planning *p, struct template *ret)
{
	struct str cannot = rules_cannot(p->channel, TRIXY_CAN_TEMPLATES, p->arena);
	int r;

	if (cannot.p != NULL)
		return refuse(p, REPLY_CANNOT, ERR_STATE, cannot);
	if (p->reply->text.len > 0 || p->reply->voice)
		return refuse(p, REPLY_TEMPLATE, ERR_INVALID, STR("A template has its own words: send the text apart from it."));
	r = template_find(p->db, p->c->workspace, p->c->account_id, p->reply->template_name, p->reply->template_language, p->arena, ret, p->err);
	if (r < 0)
		return r;
	if (r == 0)
		return refuse(p, REPLY_TEMPLATE, ERR_INVALID, STR("The account has no such template (any more). Refresh the list and choose again."));
	if (ret->is_usable)
		return 0;
	struct str reason = ret->reason.len > 0 ? ret->reason : STR("the provider has not approved it.");

	return refuse(p, REPLY_TEMPLATE, ERR_STATE, arena_printf(p->arena, "This template cannot be used: %.*s", STR_ARG(reason)));
}

static int plan_template(struct planning *p)
{
	struct planned *m = add(p);
	struct template t;
	int r = find_template(p, &t);

	if (r < 0)
		return r;
	struct content_template content = { .name = t.name, .language = t.language, .value_count = t.variable_count,
					    .values = arena_alloc(p->arena, (t.variable_count + 1) * sizeof(*content.values)) };

	*m = (struct planned){ .kind = TRIXY_MESSAGE_TEMPLATE };
	if (content.values == NULL)
		return no_memory(p);
	if ((r = take_values(p, &t, content.values)) < 0 || (r = plan_header(p, &t, m)) < 0)
		return r;
	m->text = template_fill(&t, content.values, content.value_count, p->arena);
	m->content = content_make_template(&content, p->arena);
	return m->content.p == NULL || m->text.p == NULL ? no_memory(p) : 0;
}

/* ---- all of it ---- */

static int plan(struct planning *p)
{
	const struct reply *reply = p->reply;
	int r;

	if (reply->note && (reply->upload_count > 0 || reply->template_name.p != NULL || reply->reply_to != 0 || reply->voice))
		return refuse(p, REPLY_CANNOT, ERR_INVALID, STR("A note is text only. Send files and quotes to the customer."));
	if ((r = find_quoted(p)) < 0)
		return r;
	if (reply->template_name.p != NULL)
		return plan_template(p);
	if (reply->upload_count > 0)
		return plan_files(p);
	if (reply->voice)
		return refuse(p, REPLY_FILE, ERR_INVALID, STR("The recording is missing. Record it again."));
	return add_texts(p);
}

int reply_plan_make(struct db *db, const struct trixy_channel *channel, const struct store_conversation *c, const struct reply *reply,
		    struct arena *arena, struct reply_plan *ret, enum reply_refusal *ret_refusal, struct error *err)
{
	struct error local = { 0 };
	struct planning p = { .db = db, .channel = channel, .c = c, .reply = reply, .arena = arena, .plan = ret,
			      .err = err != NULL ? err : &local };
	int r;

	ret->count = 0;
	ret->quoted = STR_NONE;
	r = plan(&p);
	*ret_refusal = p.refusal;
	return r < 0 ? r : arena_failed(arena) ? no_memory(&p) : 0;
}
