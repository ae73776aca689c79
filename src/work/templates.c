#include "work/templates.h"

#include "base/clock.h"
#include "base/limit.h"
#include "inbox/account.h"
#include "inbox/template.h"
#include "work/ask.h"

enum { PAGES_MAX = 20, TEMPLATES_MAX = 2000, CALL_MS = 15 * 1000, ALL_MS = 60 * 1000, NEXT_MAX = 2000, NAME_MAX = 512, LANGUAGE_MAX = 32,
       WORD_MAX = 64, TEXT_MAX = 8192, VARIABLES_MAX = 64, BUTTONS_MAX = 32, REASON_MAX = 1000, FAULT_MAX = 160 };

struct fetching {
	struct instance *i;
	struct http_client *http;
	struct db *db;
	struct workspace_id workspace;
	int64_t account_id;
	int64_t end_ms;			/* monotonic */
	struct arena *arena;
	struct template *list;		/* room for TEMPLATES_MAX */
	size_t count;
	struct str next;		/* the page to ask for; STR_NONE: the first */
};

/* ---- what a channel tells, checked as a stranger's words ---- */

static struct str word(struct fetching *f, struct trixy_text t, size_t max)
{
	return arena_copy(f->arena, ask_told(t, max));
}

/* False: the list breaks a rule, so the template cannot be filled in. */
static bool take_variables(struct fetching *f, const struct trixy_template *t, struct template *to)
{
	bool fine = t->variable_count <= VARIABLES_MAX && (t->variable_count == 0 || t->variables != NULL);

	to->variables = arena_alloc(f->arena, (VARIABLES_MAX + 1) * sizeof(*to->variables));
	for (uint32_t k = 0; fine && to->variables != NULL && k < t->variable_count; k++) {
		const struct trixy_template_variable *v = TRIXY_AT(t->variables, k);
		struct template_variable *variable = &to->variables[to->variable_count++];

		if (!TRIXY_HAS(v, max_bytes) || v->key.len > WORD_MAX)
			return false;
		*variable = (struct template_variable){ .key = word(f, v->key, WORD_MAX), .label = word(f, v->label, LIMIT_NAME),
			.example = word(f, v->example, TEXT_MAX), .max_bytes = v->max_bytes > LIMIT_TEXT ? 0 : (int64_t)v->max_bytes };
		fine = variable->key.len > 0;
	}
	return fine;
}

static void take_buttons(struct fetching *f, const struct trixy_template *t, struct template *to)
{
	size_t count = t->buttons == NULL ? 0 : t->button_count < BUTTONS_MAX ? t->button_count : BUTTONS_MAX;

	to->buttons = arena_alloc(f->arena, (count + 1) * sizeof(*to->buttons));
	for (size_t k = 0; to->buttons != NULL && k < count; k++)
		to->buttons[to->button_count++] = word(f, t->buttons[k], LIMIT_NAME);
}

static void take_template(struct fetching *f, const struct trixy_template *t)
{
	struct template *to = &f->list[f->count];
	uint32_t type = t->header_type;
	bool type_known = type == 0 || type == TRIXY_MESSAGE_IMAGE || type == TRIXY_MESSAGE_VIDEO || type == TRIXY_MESSAGE_FILE;

	if (t->size < sizeof(*t) || t->name.len > NAME_MAX || t->language.len > LANGUAGE_MAX)
		return;
	*to = (struct template){ .name = word(f, t->name, NAME_MAX), .language = word(f, t->language, LANGUAGE_MAX),
		.category = word(f, t->category, WORD_MAX), .status = word(f, t->status, WORD_MAX), .reason = word(f, t->reason, REASON_MAX),
		.header = word(f, t->header, TEXT_MAX), .body = word(f, t->body, TEXT_MAX), .footer = word(f, t->footer, TEXT_MAX),
		.header_type = type_known ? (int)type : 0 };
	if (to->name.len == 0 || to->language.len == 0)
		return;			/* nothing that could be asked for again */
	to->is_usable = take_variables(f, t, to) && type_known && t->is_usable == 1;
	if (!to->is_usable && to->reason.p == NULL)
		to->reason = t->is_usable == 1 ? STR("It has parts that cannot be filled in from here.") : STR("The provider has not approved it.");
	if (to->is_usable)
		to->reason = STR_NONE;
	take_buttons(f, t, to);
	f->count++;
}

/* ---- pages ---- */

static int take_page(struct fetching *f, const struct trixy_templates *page, struct error *err)
{
	struct str fault = ask_told(page->fault, FAULT_MAX), fix = ask_told(page->fix, sizeof(err->text) - 2 - fault.len);

	if (fault.p != NULL)	/* both whole in err->text, with the blank and the NUL */
		return fail(err, ERR_DENIED, "%.*s%s%.*s", STR_ARG(fault), fix.len > 0 ? " " : "", STR_ARG(fix));
	if (page->count > 0 && page->items == NULL)
		return fail(err, ERR_DENIED, "The channel could not read the provider's list of templates. Try again later.");
	for (uint32_t k = 0; k < page->count && f->count < TEMPLATES_MAX; k++)
		take_template(f, TRIXY_AT(page->items, k));
	f->next = page->next.len > 0 && page->next.len <= NEXT_MAX ? word(f, page->next, NEXT_MAX) : STR_NONE;
	return arena_failed(f->arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

static int fetch_page(struct fetching *f, struct error *err)
{
	SCOPED(ask_done) struct ask ask = { 0 };
	struct trixy_templates page = { .size = sizeof(page) };
	struct trixy_request request = { .size = sizeof(request) };
	struct trixy_answer answer;
	const struct trixy_channel *channel;
	struct trixy_account account;
	struct channel_memory memory;
	int64_t left = f->end_ms - clock_mono_ms();
	int r = ask_open(&ask, f->i, f->db, f->workspace, f->account_id, &account, &channel, err);

	if (r < 0)
		return r;
	if (!channel_can(channel, TRIXY_CAN_TEMPLATES))
		return fail(err, ERR_STATE, "%.*s has no templates.", STR_ARG(str_from_trixy(channel->name)));
	if (left <= 0)
		return fail(err, ERR_DENIED, "The provider takes too long to list the templates. Try again later.");
	channel_memory_init(&memory, &ask.memory);
	if (channel->templates_request(&account, trixy_from_str(f->next), &memory.memory, &request) != 0)
		return fail(err, ERR_DENIED, "The account lacks something that its templates are asked for with. Press Check connection in"
					     " Settings → Channels.");
	if ((r = ask_fill(&ask, &request, left < CALL_MS ? left : CALL_MS, err)) < 0)
		return r == ERR_NOMEM ? r : fail(err, ERR_DENIED, "The channel made a request that cannot be sent. Update its addon.");
	http_client_run(f->http, &ask.call);
	if (ask.call.status == 0)
		return fail(err, ERR_DENIED, "The provider could not be reached: %.120s. Try again later.", ask.call.error.text);
	if ((r = ask_answer(&ask, &ask.memory, &answer, err)) < 0)
		return r;
	if (channel->templates_answer(&account, &answer, &memory.memory, &page) != 0)
		return fail(err, ERR_DENIED, "The provider's list of templates could not be read. Try again later.");
	return take_page(f, &page, err);
}

int templates_fetch(struct instance *i, struct http_client *http, struct db *db, struct workspace_id w, int64_t account_id, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct fetching f = { .i = i, .http = http, .db = db, .workspace = w, .account_id = account_id, .arena = &arena,
			      .end_ms = clock_mono_ms() + ALL_MS, .list = arena_alloc(&arena, TEMPLATES_MAX * sizeof(*f.list)) };
	int r = 0;

	if (f.list == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	for (int page = 0; page < PAGES_MAX && r >= 0; page++)
		if ((r = fetch_page(&f, err)) < 0 || f.next.p == NULL || f.count == TEMPLATES_MAX)
			break;
	return r < 0 ? r : template_save_all(i, w, account_id, f.list, f.count, err);
}
