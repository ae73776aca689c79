/* Approved templates: kept as JSON a row, read back when somebody chooses one. */
#include "inbox/template.h"

#include "base/clock.h"
#include "base/json.h"
#include "store/account.h"
#include "store/template.h"

/* ---- JSON of a row ---- */

static struct str make_content(const struct template *t, struct arena *arena)
{
	SCOPED(buf_done) struct buf b = { 0 };
	struct json_out j = json_out(&b);

	json_open(&j, NULL);
	json_str(&j, "category", t->category);
	json_str(&j, "status", t->status);
	json_str(&j, "reason", t->reason);
	json_str(&j, "header", t->header);
	json_i64(&j, "header_type", t->header_type);
	json_str(&j, "body", t->body);
	json_str(&j, "footer", t->footer);
	json_list(&j, "variables");
	for (size_t k = 0; k < t->variable_count; k++) {
		json_open(&j, NULL);
		json_str(&j, "key", t->variables[k].key);
		json_str(&j, "label", t->variables[k].label);
		json_str(&j, "example", t->variables[k].example);
		json_i64(&j, "max_bytes", t->variables[k].max_bytes);
		json_close(&j);
	}
	json_list_end(&j);
	json_list(&j, "buttons");
	for (size_t k = 0; k < t->button_count; k++)
		json_str(&j, NULL, t->buttons[k]);
	json_list_end(&j);
	json_close(&j);
	return b.failed ? STR_NONE : arena_copy(arena, buf_str(&b));
}

static int read_lists(const struct json_object *o, struct arena *arena, struct template *ret, struct error *err)
{
	const struct json_object *variables = json_get_array(o, "variables"), *buttons = json_get_array(o, "buttons");

	ret->variable_count = json_len(variables);
	ret->button_count = json_len(buttons);
	ret->variables = arena_alloc(arena, (ret->variable_count + 1) * sizeof(*ret->variables));
	ret->buttons = arena_alloc(arena, (ret->button_count + 1) * sizeof(*ret->buttons));
	if (ret->variables == NULL || ret->buttons == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	for (size_t k = 0; k < ret->variable_count; k++) {
		const struct json_object *v = json_at(variables, k);
		struct template_variable *to = &ret->variables[k];

		to->key = arena_copy(arena, json_get_str(v, "key"));
		to->label = arena_copy(arena, json_get_str(v, "label"));
		to->example = arena_copy(arena, json_get_str(v, "example"));
		(void)json_get_i64(v, "max_bytes", &to->max_bytes);
	}
	for (size_t k = 0; k < ret->button_count; k++)
		ret->buttons[k] = arena_copy(arena, json_text(json_at(buttons, k)));
	return 0;
}

static int read_content(const struct store_template *row, struct arena *arena, struct template *ret, struct error *err)
{
	SCOPED(json_free) struct json_object *o = NULL;
	int64_t header_type = 0;
	int r = json_parse(row->content, &o, err);

	if (r < 0)
		return r;
	(void)json_get_i64(o, "header_type", &header_type);
	*ret = (struct template){ .name = row->name, .language = row->language, .is_usable = row->is_usable, .header_type = (int)header_type,
		.category = arena_copy(arena, json_get_str(o, "category")), .status = arena_copy(arena, json_get_str(o, "status")),
		.reason = arena_copy(arena, json_get_str(o, "reason")), .header = arena_copy(arena, json_get_str(o, "header")),
		.body = arena_copy(arena, json_get_str(o, "body")), .footer = arena_copy(arena, json_get_str(o, "footer")) };
	r = read_lists(o, arena, ret, err);
	return r < 0 || !arena_failed(arena) ? r : fail(err, ERR_NOMEM, "out of memory");
}

/* ---- reading ---- */

int template_list(struct db *db, struct workspace_id w, int64_t account_id, struct arena *arena, struct template **ret, size_t *ret_count,
		  int64_t *ret_fetched_at, struct error *err)
{
	struct store_account account;
	struct store_template *rows;
	size_t count;
	int r;

	if ((r = store_account_get(db, w, account_id, arena, &account, err)) < 0 ||
	    (r = store_template_list(db, w, account_id, arena, &rows, &count, ret_fetched_at, err)) < 0)
		return r;
	struct template *list = arena_alloc(arena, (count + 1) * sizeof(*list));

	if (list == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	for (size_t k = 0; k < count; k++)
		if ((r = read_content(&rows[k], arena, &list[k], err)) < 0)
			return r;
	*ret = list;
	*ret_count = count;
	return 0;
}

int template_find(struct db *db, struct workspace_id w, int64_t account_id, struct str name, struct str language, struct arena *arena,
		  struct template *ret, struct error *err)
{
	struct store_template row;
	int r = store_template_find(db, w, account_id, name, language, arena, &row, err);

	if (r <= 0)
		return r;
	return (r = read_content(&row, arena, ret, err)) < 0 ? r : 1;
}

/* ---- what the customer reads ---- */

static void add_filled(struct buf *b, struct str text, const struct template_value *values, size_t count)
{
	while (text.len > 0) {
		const char *gap = memmem(text.p, text.len, "{{", 2);
		size_t before = gap == NULL ? text.len : (size_t)(gap - text.p);
		struct str behind = str_cut(text, before + 2, text.len);
		const char *end = gap == NULL ? NULL : memmem(behind.p, behind.len, "}}", 2);
		const struct template_value *value = NULL;

		buf_add(b, str_cut(text, 0, before));
		if (gap == NULL)
			return;
		for (size_t k = 0; end != NULL && value == NULL && k < count; k++)
			if (str_eq(values[k].key, str_trim(str_cut(behind, 0, (size_t)(end - behind.p)))))
				value = &values[k];
		if (value == NULL) {		/* no gap of ours: it stays as it is written */
			buf_add(b, STR("{{"));
			text = behind;
			continue;
		}
		buf_add(b, value->value);
		text = str_cut(behind, (size_t)(end - behind.p) + 2, behind.len);
	}
}

struct str template_fill(const struct template *t, const struct template_value *values, size_t count, struct arena *arena)
{
	SCOPED(buf_done) struct buf b = { 0 };
	const struct str parts[] = { t->header, t->body, t->footer };

	for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
		if (parts[k].len > 0 && b.len > 0)
			buf_add(&b, STR("\n\n"));
		add_filled(&b, parts[k], values, count);
	}
	return b.failed ? STR_NONE : b.len == 0 ? STR("") : arena_copy(arena, buf_str(&b));
}

/* ---- writing ---- */

struct saving {
	struct workspace_id workspace;
	int64_t account_id;
	struct store_template *rows;
	size_t count;
};

static int run_save(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	const struct saving *s = arg;
	const struct store_template mark = { .name = STR(""), .language = STR(""), .content = STR("") };
	struct store_account account;
	int64_t now = clock_now_ms();
	int r;

	if ((r = store_account_get(db, s->workspace, s->account_id, &arena, &account, err)) < 0 ||
	    (r = store_template_delete(db, s->workspace, s->account_id, err)) < 0 ||
	    (r = store_template_add(db, s->workspace, s->account_id, &mark, now, err)) < 0)
		return r;
	for (size_t k = 0; k < s->count && r >= 0; k++)
		r = store_template_add(db, s->workspace, s->account_id, &s->rows[k], now, err);
	return r < 0 ? r : store_change_add(db, s->workspace, CHANGE_ACCOUNT, s->account_id, 0, err);
}

static bool is_there(const struct store_template *rows, size_t count, const struct template *t)
{
	for (size_t k = 0; k < count; k++)
		if (str_eq(rows[k].name, t->name) && str_eq(rows[k].language, t->language))
			return true;
	return false;
}

int template_save_all(struct instance *i, struct workspace_id w, int64_t account_id, const struct template *templates, size_t count,
		      struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct saving s = { .workspace = w, .account_id = account_id, .rows = arena_alloc(&arena, (count + 1) * sizeof(*s.rows)) };

	for (size_t k = 0; s.rows != NULL && k < count; k++) {
		const struct template *t = &templates[k];

		/* A list that changes while it is read by pages may tell one twice. */
		if (t->name.len > 0 && t->language.p != NULL && !is_there(s.rows, s.count, t))
			s.rows[s.count++] = (struct store_template){ .name = t->name, .language = t->language, .is_usable = t->is_usable,
								     .content = make_content(t, &arena) };
	}
	for (size_t k = 0; k < s.count; k++)
		if (s.rows[k].content.p == NULL)
			return fail(err, ERR_NOMEM, "out of memory");
	return s.rows == NULL ? fail(err, ERR_NOMEM, "out of memory") : store_write(i->store, run_save, &s, err);
}
