/* Reads the account's templates: GET /WABA/message_templates, a page of 100. What cannot be sent from here is listed too, with
 * the reason. */
#include "channel/whatsapp/template.h"

#include "channel/whatsapp/errors.h"
#include "channel/whatsapp/http.h"

enum { PAGE_MAX = 100, TEXT_MAX = 4096, WORD_MAX = 512, GAPS_MAX = 64, BUTTONS_MAX = 16, LINK_MAX = 2000 };

#define NO_TEXT ((struct trixy_text){NULL, 0})
#define CONFIGURE "Settings → Channels → WhatsApp → Configure"

int32_t wa_templates_request(const struct trixy_account *account, struct trixy_text page, struct trixy_memory *memory,
			     struct trixy_request *ret_request)
{
	struct meta_maker maker = {memory, false};
	struct trixy_text waba = meta_account_field(account, "waba_id");
	struct meta_call call = {.method = TEXT("GET"), .query = TEXT("fields=name,status,category,language,components&limit=100")};

	if (waba.len == 0)
		return TRIXY_EINVAL;
	call.path = META_JOIN(&maker, meta_text_percent(&maker, waba), TEXT("/message_templates"));
	if (page.len > 0)
		call.query = META_JOIN(&maker, call.query, TEXT("&after="), meta_text_percent(&maker, page));
	return maker.failed ? TRIXY_ENOMEM : wa_http_request(account, &call, memory, ret_request);
}

/* A template being read. */
struct reading {
	struct meta_maker *maker;
	struct trixy_template t;
	struct trixy_template_variable *variables;
	struct trixy_text *buttons;
};

/* Why it cannot be used; the first reason stays. */
static void refuse(struct reading *r, struct trixy_text reason)
{
	if (r->t.reason.len == 0)
		r->t.reason = reason;
}

static void add_variable(struct reading *r, struct trixy_text key, struct trixy_text label, struct trixy_text example, uint64_t max_bytes)
{
	for (uint32_t i = 0; i < r->t.variable_count; i++)
		if (meta_text_equal(r->variables[i].key, key))
			return;
	if (r->variables == NULL || r->t.variable_count == GAPS_MAX) {
		refuse(r, TEXT("It has more gaps than can be filled here."));
		return;
	}
	r->variables[r->t.variable_count++] = (struct trixy_template_variable){
		.size = sizeof(struct trixy_template_variable),
		.key = key,
		.label = label,
		.example = example,
		.max_bytes = max_bytes,
	};
}

/* ---- text with gaps ---- */

/* Meta's examples: header_text ["Ana"], body_text [["Ana","12"]], or by name [{"param_name","example"}]. */
static struct trixy_text example_of(struct reading *r, struct json_object *component, const char *part, struct trixy_text name,
				    bool is_named)
{
	struct json_object *example = meta_json_get(component, "example"), *list, *inner;
	struct trixy_text key = META_JOIN(r->maker, ((struct trixy_text){part, strlen(part)}),
					  is_named ? TEXT("_text_named_params") : TEXT("_text"), ((struct trixy_text){"", 1}));
	uint64_t n = 0;

	if (key.p == NULL)
		return NO_TEXT;
	list = meta_json_get(example, key.p);
	if (!json_object_is_type(list, json_type_array))
		return NO_TEXT;
	if (is_named) {
		for (size_t i = 0; i < json_object_array_length(list); i++) {
			inner = json_object_array_get_idx(list, i);
			if (meta_text_equal(meta_json_text(meta_json_get(inner, "param_name")), name))
				return meta_text_kept(r->maker, meta_json_whole(meta_json_get(inner, "example"), TEXT_MAX));
		}
		return NO_TEXT;
	}
	inner = json_object_array_get_idx(list, 0);
	if (json_object_is_type(inner, json_type_array))
		list = inner;
	for (uint64_t i = 0; i < name.len && n < GAPS_MAX; i++)
		n = n * 10 + (uint64_t)(name.p[i] - '0');
	if (n == 0 || n > json_object_array_length(list))
		return NO_TEXT;
	return meta_text_kept(r->maker, meta_json_whole(json_object_array_get_idx(list, (size_t)n - 1), TEXT_MAX));
}

/* What stands between the braces of "{{1}}" or "{{ first_name }}", if a gap begins at p. Returns its whole length, or 0. */
static uint64_t gap_at(const char *p, uint64_t left, struct trixy_text *ret_name)
{
	uint64_t end = 2, from, to;

	if (left < 5 || p[0] != '{' || p[1] != '{')
		return 0;
	while (end + 1 < left && !(p[end] == '}' && p[end + 1] == '}'))
		end++;
	if (end + 1 >= left)
		return 0;
	for (from = 2; from < end && p[from] == ' ';)
		from++;
	for (to = end; to > from && p[to - 1] == ' ';)
		to--;
	for (uint64_t i = from; i < to; i++)
		if (!(p[i] >= '0' && p[i] <= '9') && !(p[i] >= 'a' && p[i] <= 'z') && !(p[i] >= 'A' && p[i] <= 'Z') && p[i] != '_')
			return 0;
	if (to == from || to - from > 64)
		return 0;
	*ret_name = (struct trixy_text){p + from, to - from};
	return end + 2;
}

/* The text with {{part.name}} for each gap, whose variables are added. */
static struct trixy_text read_gaps(struct reading *r, struct json_object *component, const char *part, struct trixy_text text)
{
	struct trixy_text part_text = {part, strlen(part)}, name, all = TEXT("");
	uint64_t done = 0, len;

	for (uint64_t i = 0; i < text.len; i += len > 0 ? len : 1) {
		bool is_named;

		len = gap_at(text.p + i, text.len - i, &name);
		if (len == 0)
			continue;
		is_named = !meta_text_is_digits(name);
		add_variable(r, META_JOIN(r->maker, part_text, TEXT("."), name),
			     is_named ? meta_text_kept(r->maker, name) : META_JOIN(r->maker, TEXT("{{"), name, TEXT("}}")),
			     example_of(r, component, part, name, is_named), 0);
		all = META_JOIN(r->maker, all, ((struct trixy_text){text.p + done, i - done}), TEXT("{{"), part_text, TEXT("."), name,
				TEXT("}}"));
		done = i + len;
	}
	return META_JOIN(r->maker, all, ((struct trixy_text){text.p + done, text.len - done}));
}

/* ---- components ---- */

static struct trixy_text component_text(struct reading *r, struct json_object *component)
{
	return meta_text_cut(meta_json_prose(meta_json_get(component, "text"), r->maker), TEXT_MAX);
}

static void read_header(struct reading *r, struct json_object *component)
{
	struct trixy_text format = meta_json_text(meta_json_get(component, "format"));

	if (format.len == 0 || meta_text_is(format, "TEXT"))
		r->t.header = read_gaps(r, component, "header", component_text(r, component));
	else if (meta_text_is(format, "IMAGE"))
		r->t.header_type = TRIXY_MESSAGE_IMAGE;
	else if (meta_text_is(format, "VIDEO"))
		r->t.header_type = TRIXY_MESSAGE_VIDEO;
	else if (meta_text_is(format, "DOCUMENT"))
		r->t.header_type = TRIXY_MESSAGE_FILE;
	else
		refuse(r, meta_text_is(format, "LOCATION") ? TEXT("Its header is a location, which cannot be sent from here.")
							  : TEXT("Its header is of a kind that cannot be sent from here."));
}

static void read_body(struct reading *r, struct json_object *component)
{
	r->t.body = read_gaps(r, component, "body", component_text(r, component));
}

static void read_footer(struct reading *r, struct json_object *component)
{
	r->t.footer = meta_text_kept(r->maker, component_text(r, component));
}

/* A string, or the first of a list of them. */
static struct trixy_text first_example(struct reading *r, struct json_object *button)
{
	struct json_object *example = meta_json_get(button, "example");

	if (json_object_is_type(example, json_type_array))
		example = json_object_array_get_idx(example, 0);
	return meta_text_kept(r->maker, meta_json_whole(example, LINK_MAX));
}

/* Only the end of the address is asked for; Meta's example may be the whole of it. */
static struct trixy_text end_of_example(struct trixy_text example, struct trixy_text before)
{
	if (example.len <= before.len || memcmp(example.p, before.p, before.len) != 0)
		return example;
	return (struct trixy_text){example.p + before.len, example.len - before.len};
}

static const char *const plain_buttons[] = {"QUICK_REPLY", "PHONE_NUMBER", "VOICE_CALL", "CALL_REQUEST"};

static void read_button(struct reading *r, struct json_object *button, uint32_t index)
{
	struct trixy_text type = meta_json_text(meta_json_get(button, "type")), url, name;
	struct trixy_text label = meta_text_cut(meta_json_prose(meta_json_get(button, "text"), r->maker), WORD_MAX);
	struct trixy_text key = META_JOIN(r->maker, TEXT("button."), meta_text_number(r->maker, index));

	label = label.len > 0 ? meta_text_kept(r->maker, label) : TEXT("Button");
	if (r->buttons != NULL && r->t.button_count < BUTTONS_MAX)
		r->buttons[r->t.button_count++] = label;
	for (size_t i = 0; i < sizeof(plain_buttons) / sizeof(plain_buttons[0]); i++)
		if (meta_text_is(type, plain_buttons[i]))
			return;
	if (meta_text_is(type, "URL")) {
		url = meta_json_text(meta_json_get(button, "url"));
		for (uint64_t i = 0; i < url.len; i++)
			if (gap_at(url.p + i, url.len - i, &name) > 0) {
				add_variable(r, key, META_JOIN(r->maker, TEXT("Link of \""), label, TEXT("\", its end")),
					     end_of_example(first_example(r, button), (struct trixy_text){url.p, i}), LINK_MAX);
				return;
			}
	} else if (meta_text_is(type, "COPY_CODE")) {
		add_variable(r, META_JOIN(r->maker, key, TEXT(".copy_code")), META_JOIN(r->maker, TEXT("Code of \""), label, TEXT("\"")),
			     first_example(r, button), 0);
	} else if (meta_text_is(type, "OTP")) {
		refuse(r, TEXT("It sends a code for signing in, which only the program that made the code can send."));
	} else if (meta_text_is(type, "FLOW")) {
		refuse(r, TEXT("It opens a WhatsApp Flow, which cannot be sent from here."));
	} else {
		refuse(r, TEXT("One of its buttons is of a kind that cannot be sent from here."));
	}
}

static void read_buttons(struct reading *r, struct json_object *component)
{
	struct json_object *list = meta_json_get(component, "buttons");
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	if (n > BUTTONS_MAX)
		refuse(r, TEXT("It has more buttons than are known here."));
	for (size_t i = 0; i < n && i < BUTTONS_MAX; i++)
		read_button(r, json_object_array_get_idx(list, i), (uint32_t)i);
}

static void read_carousel(struct reading *r, struct json_object *component)
{
	(void)component;
	refuse(r, TEXT("It is a carousel, which cannot be sent from here."));
}

static void read_offer(struct reading *r, struct json_object *component)
{
	(void)component;
	refuse(r, TEXT("It is a limited-time offer, which cannot be sent from here."));
}

static const struct {
	const char *type;
	void (*read)(struct reading *r, struct json_object *component);
} components[] = {
	{"HEADER", read_header},   {"BODY", read_body},		{"FOOTER", read_footer},
	{"BUTTONS", read_buttons}, {"CAROUSEL", read_carousel}, {"LIMITED_TIME_OFFER", read_offer},
};
#define COMPONENTS (sizeof(components) / sizeof(components[0]))

static void read_component(struct reading *r, struct json_object *component)
{
	struct trixy_text type = meta_json_text(meta_json_get(component, "type"));
	size_t c = 0;

	while (c < COMPONENTS && !meta_text_is(type, components[c].type))
		c++;
	if (c < COMPONENTS)
		components[c].read(r, component);
	else
		refuse(r, TEXT("A part of it is of a kind that cannot be sent from here."));
}

/* ---- the template ---- */

/* Meta's states [the reference file: general knowledge]. */
static const struct {
	const char *status;
	struct trixy_text reason;
} states[] = {
	{"PENDING", TRIXY_TEXT("WhatsApp is still reviewing it.")},
	{"REJECTED", TRIXY_TEXT("WhatsApp rejected it.")},
	{"PAUSED", TRIXY_TEXT("WhatsApp has paused it for its low quality.")},
	{"DISABLED", TRIXY_TEXT("WhatsApp has disabled it for its low quality or a broken rule.")},
	{"IN_APPEAL", TRIXY_TEXT("WhatsApp is looking again at its rejection.")},
	{"PENDING_DELETION", TRIXY_TEXT("It is being deleted.")},
	{"DELETED", TRIXY_TEXT("It was deleted.")},
	{"LIMIT_EXCEEDED", TRIXY_TEXT("The account has more templates than it may have.")},
	{"ARCHIVED", TRIXY_TEXT("It was archived.")},
};

static struct trixy_text state_reason(struct reading *r, struct trixy_text status)
{
	if (meta_text_is(status, "APPROVED"))
		return NO_TEXT;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (meta_text_is(status, states[i].status))
			return states[i].reason;
	return META_JOIN(r->maker, TEXT("WhatsApp has not approved it (\""), status, TEXT("\")."));
}

static bool read_template(struct meta_maker *maker, struct json_object *object, struct trixy_template *ret)
{
	struct json_object *list = meta_json_get(object, "components");
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	struct reading r = {.maker = maker, .t = {.size = sizeof(r.t)}};

	r.t.name = meta_text_kept(maker, meta_json_whole(meta_json_get(object, "name"), WORD_MAX));
	r.t.language = meta_text_kept(maker, meta_json_whole(meta_json_get(object, "language"), 64));
	r.t.category = meta_text_kept(maker, meta_json_whole(meta_json_get(object, "category"), 64));
	r.t.status = meta_text_kept(maker, meta_json_whole(meta_json_get(object, "status"), 64));
	if (r.t.name.len == 0 || r.t.language.len == 0)
		return false;
	r.variables = meta_maker_alloc(maker, GAPS_MAX, sizeof(*r.variables));
	r.buttons = meta_maker_alloc(maker, BUTTONS_MAX, sizeof(*r.buttons));
	r.t.reason = state_reason(&r, r.t.status);
	for (size_t i = 0; i < n; i++)
		read_component(&r, json_object_array_get_idx(list, i));
	if (r.t.body.len == 0)
		refuse(&r, TEXT("It has no text."));
	r.t.variables = r.t.variable_count > 0 ? r.variables : NULL;
	r.t.buttons = r.t.button_count > 0 ? r.buttons : NULL;
	r.t.is_usable = r.t.reason.len == 0;
	*ret = r.t;
	return true;
}

static void read_page(struct meta_maker *maker, struct json_object *root, struct trixy_templates *t)
{
	struct json_object *data = meta_json_get(root, "data"), *paging = meta_json_get(root, "paging");
	size_t n = json_object_is_type(data, json_type_array) ? json_object_array_length(data) : 0;
	struct trixy_template *items;

	if (n > 10 * PAGE_MAX) /* ten times what was asked for */
		n = 10 * PAGE_MAX;
	items = meta_maker_alloc(maker, n > 0 ? n : 1, sizeof(*items));
	for (size_t i = 0; items != NULL && i < n && !maker->failed; i++)
		if (read_template(maker, json_object_array_get_idx(data, i), &items[t->count]))
			t->count++;
	t->items = t->count > 0 ? items : NULL;
	/* `next` says that there is more, and so does a full page; the cursor alone stands on the last page too. */
	if (n >= PAGE_MAX || (n > 0 && meta_json_get(paging, "next") != NULL))
		t->next = meta_text_kept(maker, meta_json_whole(meta_json_get(meta_json_get(paging, "cursors"), "after"), 2000));
}

int32_t wa_templates_answer(const struct trixy_account *account, const struct trixy_answer *answer, struct trixy_memory *memory,
			    struct trixy_templates *ret_templates)
{
	struct meta_maker maker = {memory, false};
	struct trixy_templates t = {.size = sizeof(t)};
	SCOPED_JSON root = NULL;
	struct meta_error error;
	const struct meta_fault *fault;

	(void)account;
	if (meta_json_parse(answer->body, &root) == TRIXY_ENOMEM)
		return TRIXY_ENOMEM;
	if (meta_error_read(root, answer->http_status, &error)) {
		fault = meta_error_fault(&wa_faults, &error);
		t.fault = error.code == 100 && error.subcode == 33
				  ? TEXT("Meta does not know the WhatsApp Business Account ID, or the token may not use it.")
				  : meta_error_reason(&maker, fault, &error);
		t.fix = error.code == 100 && error.subcode == 33
				? TEXT("Compare the WhatsApp Business Account ID under " CONFIGURE " with Meta App → WhatsApp → API setup.")
				: fault->outcome == TRIXY_PARK || fault->outcome == TRIXY_RETRY ? TEXT("Try again in some minutes.") : fault->fix;
	} else if (answer->http_status >= 200 && answer->http_status < 300 &&
		   json_object_is_type(meta_json_get(root, "data"), json_type_array)) {
		read_page(&maker, root, &t);
	} else {
		t.fault = answer->http_status == 0 ? TEXT("Meta could not be reached.")
						   : TEXT("What answered is not WhatsApp's API.");
		t.fix = TEXT("Try again in some minutes; if it stays so, check the connection.");
	}
	if (maker.failed)
		return TRIXY_ENOMEM;
	*ret_templates = t;
	return 0;
}
