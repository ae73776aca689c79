/* Connecting, changing and disconnecting an account: each is one commit, and the directory of webhooks is read again after it. */
#include "base/clock.h"
#include "base/log.h"
#include "inbox/account_form.h"
#include "inbox/account_secret.h"
#include "inbox/directory.h"
#include "store/account.h"

enum { TOKEN_BYTES = 32 };		/* 43 characters */

struct change_work {
	struct instance *i;
	struct workspace_id w;
	int64_t id;
	struct arena *arena;
	struct account_form form;
	struct str stored[FORM_FIELDS_MAX];	/* of an update: what its fields held, but secrets */
	const struct account_pair *pairs;	/* of an update: its channel is known inside only */
	size_t pair_count;
	struct account_faults *faults;
	bool lacks_columns;
	int64_t ret_id;
};

/* ---- the channel's table ---- */

/* An addon's migration has made the table; that of a channel of the core is made here, when the first account comes. */
static int ensure_table(struct instance *i, const struct trixy_channel *channel, struct error *err)
{
	struct account_column columns[FORM_FIELDS_MAX];
	size_t count = 0;

	for (uint32_t k = 0; k < channel->field_count && count < FORM_FIELDS_MAX; k++) {
		const struct trixy_field *f = &channel->fields[k];

		if ((f->flags & TRIXY_FIELD_VERIFY) == 0)
			columns[count++] = (struct account_column){
				.name = str_from_trixy(f->name), .secret = (f->flags & TRIXY_FIELD_SECRET) != 0,
				.max_bytes = (int64_t)f->max_bytes, .comment = str_from_trixy(f->label),
			};
	}
	return store_account_table_ensure(i->store, str_from_trixy(channel->slug), str_from_trixy(channel->account_table), columns,
					  count, err);
}

/* An upgrade of this program may have brought a field that the table does not have yet. Changing a table has no place inside
 * a group of units, so the unit gives up and comes again. */
static int check_columns(struct db *db, struct change_work *work, struct error *err)
{
	struct account_column columns[FORM_FIELDS_MAX];
	const struct trixy_channel *channel = work->form.channel;
	size_t count = 0;

	for (uint32_t k = 0; k < channel->field_count && count < FORM_FIELDS_MAX; k++)
		if (account_field_is_column(&channel->fields[k], work->form.backend))
			columns[count++] = (struct account_column){ .name = str_from_trixy(channel->fields[k].name) };
	int r = store_account_table_has(db, str_from_trixy(channel->account_table), columns, count, err);

	work->lacks_columns = r == 0;
	return r > 0 ? 0 : r < 0 ? r : fail(err, ERR_STATE, "the table %.*s lacks a column", STR_ARG(str_from_trixy(channel->account_table)));
}

/* ---- writing ---- */

static struct str text_of(const struct account_form *form, uint32_t flag)
{
	int k = account_field_index(form->channel, form->backend, flag);

	return k < 0 || form->value[k].p == NULL ? STR("") : form->value[k];
}

/* What the account is called is worked out from its fields, so that it follows them. */
static void name_account(const struct account_form *form, struct store_account *a)
{
	a->external_key = text_of(form, TRIXY_FIELD_KEY);
	a->handle = text_of(form, TRIXY_FIELD_HANDLE);
	a->name = text_of(form, TRIXY_FIELD_NAME);
	if (a->name.len == 0)
		a->name = a->handle.len > 0 ? a->handle : a->external_key;
}

/* Writes the fields that the form gives; an empty secret keeps the old one. */
static int write_fields(struct db *db, struct change_work *work, int64_t id, struct error *err)
{
	const struct account_form *form = &work->form;
	struct account_value values[FORM_FIELDS_MAX];
	size_t count = 0;
	int r;

	for (uint32_t k = 0; k < form->channel->field_count && count < FORM_FIELDS_MAX; k++) {
		const struct trixy_field *f = &form->channel->fields[k];
		struct account_value v = { .name = str_from_trixy(f->name), .value = form->value[k],
					   .secret = (f->flags & TRIXY_FIELD_SECRET) != 0 };

		if (!account_field_is_column(f, form->backend) || !form->given[k] || (v.secret && v.value.p == NULL))
			continue;
		if (v.secret && (r = account_secret_seal(work->i, form->channel, id, v.name, v.value, work->arena, &v.value, err)) < 0)
			return r;
		values[count++] = v;
	}
	if (count == 0)
		return 0;
	return store_account_fields_set(db, str_from_trixy(form->channel->account_table), work->w, id, values, count, err);
}

static int seal_token(struct change_work *work, int64_t id, struct str *ret, struct error *err)
{
	struct str token = text_of(&work->form, TRIXY_FIELD_VERIFY);

	if (token.len == 0)
		token = crypto_random_word(work->arena, TOKEN_BYTES);
	if (token.p == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	return account_token_seal(work->i, id, token, work->arena, ret, err);
}

static int exists(int r, struct error *err)
{
	/* Where is nobody's business here: it may be another workspace. */
	return r == ERR_EXISTS ? fail(err, r, "this account is connected already; it can be connected only once") : r;
}

static int faulty(const struct account_faults *faults, struct error *err)
{
	return faults->count == 0 ? 0 : fail(err, ERR_INVALID, "%zu fields of the account need another value", faults->count);
}

/* ---- connect ---- */

static int run_connect(struct db *db, void *arg, struct error *err)
{
	struct change_work *work = arg;
	struct store_account a = {
		.workspace = work->w, .channel = str_from_trixy(work->form.channel->slug),
		.backend = str_from_trixy(work->form.channel->backends[work->form.backend].slug), .status = ACCOUNT_CONNECTED,
		.connected_at = clock_now_ms(), .verify_token = STR(""),
	};
	int r;

	name_account(&work->form, &a);
	/* Its old conversations, if it was here before, go on. The token's seal needs the id, so it is written second. */
	if ((r = store_account_revivable(db, work->w, a.channel, a.external_key, &a.id, err)) < 0 ||
	    (r == 0 && (r = store_account_add(db, &a, &a.id, err)) < 0) ||
	    (r = seal_token(work, a.id, &a.verify_token, err)) < 0 || (r = store_account_save(db, &a, err)) < 0)
		return exists(r, err);
	if ((r = write_fields(db, work, a.id, err)) < 0)
		return r;
	work->ret_id = a.id;
	return store_change_add(db, work->w, CHANGE_ACCOUNT, a.id, 0, err);
}

/* The change is stored: what fails now must not look as if it had not been. */
static void after_change(struct instance *i, struct workspace_id w, int64_t id)
{
	struct error err = { 0 };

	if (directory_load(i, &err) < 0)
		log_event(LOG_ERROR, "accounts could not be read again; webhooks go by the old ones until the next change",
			  log_c("error", err.text), log_end);
	if (i->wake_work != NULL)
		i->wake_work(i->wake_arg);
	if (i->account_changed != NULL)
		i->account_changed(i->account_changed_arg, w, id, 0);
}

int account_connect(struct instance *i, struct workspace_id w, struct str channel_slug, struct str backend_slug,
		    const struct account_pair *pairs, size_t pair_count, struct arena *arena,
		    int64_t *ret_id, struct account_faults *ret_faults, struct error *err)
{
	const struct trixy_channel *channel = channels_find(i->channels, channel_slug);
	struct change_work work = { .i = i, .w = w, .arena = arena };
	int r, backend = 0;

	ret_faults->count = 0;
	if (channel == NULL)
		account_fault_add(ret_faults, STR("channel"), STR("This channel cannot be connected here: its addon is not active."));
	else if (backend_slug.len > 0 && (backend = channel_backend(channel, backend_slug)) < 0)
		account_fault_add(ret_faults, STR("backend"), STR("This channel cannot be connected in that way."));
	if (channel == NULL || backend < 0)
		return faulty(ret_faults, err);
	account_form_read(channel, backend, pairs, pair_count, &work.form);
	account_form_check(&work.form, NULL, arena, ret_faults);
	if ((r = faulty(ret_faults, err)) < 0 || (r = ensure_table(i, channel, err)) < 0 ||
	    (r = store_write(i->store, run_connect, &work, err)) < 0)
		return r;
	*ret_id = work.ret_id;
	after_change(i, w, work.ret_id);
	return 0;
}

/* ---- update ---- */

static int find_form(struct change_work *work, const struct store_account *a, struct error *err)
{
	const struct trixy_channel *channel = channels_find(work->i->channels, a->channel);
	int backend = channel == NULL ? -1 : channel_backend(channel, a->backend);

	if (backend < 0)
		return fail(err, ERR_STATE, "the channel %.*s is not active", STR_ARG(a->channel));
	account_form_read(channel, backend, work->pairs, work->pair_count, &work->form);
	return 0;
}

/* Fills what the form left out with what is stored, for the names that are made of it, and says what is stored. */
static int merge_stored(struct db *db, struct change_work *work, bool *is_stored, struct error *err)
{
	struct account_form *form = &work->form;
	struct account_value values[FORM_FIELDS_MAX];
	size_t count = 0, column = 0;
	int r = account_values_read(db, form->channel, form->backend, work->w, work->id, work->arena, values, &count, err);

	for (uint32_t k = 0; r == 0 && k < form->channel->field_count && k < FORM_FIELDS_MAX; k++) {
		const struct trixy_field *f = &form->channel->fields[k];

		/* A verify token is always there. */
		is_stored[k] = (f->flags & TRIXY_FIELD_VERIFY) != 0 ||
			       (account_field_is_column(f, form->backend) && values[column].value.len > 0);
		if (!account_field_is_column(f, form->backend))
			continue;
		work->stored[k] = values[column].secret ? STR_NONE : values[column].value;
		if (!form->given[k] && !values[column].secret)
			form->value[k] = values[column].value;
		column++;
	}
	return r;
}

/* Another key is another account at the provider: what was found out about the one before is not its. */
static void forget_learned(struct change_work *work, const struct store_account *a)
{
	struct account_form *form = &work->form;

	if (str_eq(text_of(form, TRIXY_FIELD_KEY), a->external_key))
		return;
	for (uint32_t k = 0; k < form->channel->field_count && k < FORM_FIELDS_MAX; k++)
		if ((form->channel->fields[k].flags & TRIXY_FIELD_LEARNED) != 0 &&
		    (!form->given[k] || str_eq(form->value[k], work->stored[k]))) {
			form->given[k] = true;
			form->value[k] = STR_NONE;
		}
}

static int run_update(struct db *db, void *arg, struct error *err)
{
	struct change_work *work = arg;
	struct store_account a;
	bool is_stored[FORM_FIELDS_MAX] = { false };
	int r;

	work->faults->count = 0;
	if ((r = store_account_get(db, work->w, work->id, work->arena, &a, err)) < 0 || (r = find_form(work, &a, err)) < 0 ||
	    (r = check_columns(db, work, err)) < 0 || (r = merge_stored(db, work, is_stored, err)) < 0)
		return r;
	account_form_check(&work->form, is_stored, work->arena, work->faults);
	if ((r = faulty(work->faults, err)) < 0)
		return r;
	forget_learned(work, &a);
	name_account(&work->form, &a);
	/* Whoever saves says "try it again now". */
	a.status = ACCOUNT_CONNECTED;
	a.status_reason = a.last_error = STR_NONE;
	a.parked_until = 0;
	if ((text_of(&work->form, TRIXY_FIELD_VERIFY).len > 0 && (r = seal_token(work, a.id, &a.verify_token, err)) < 0) ||
	    (r = store_account_save(db, &a, err)) < 0)
		return exists(r, err);
	if ((r = write_fields(db, work, a.id, err)) < 0)
		return r;
	return store_change_add(db, work->w, CHANGE_ACCOUNT, a.id, 0, err);
}

int account_update(struct instance *i, struct workspace_id w, int64_t id, const struct account_pair *pairs,
		   size_t pair_count, struct arena *arena, struct account_faults *ret_faults, struct error *err)
{
	struct change_work work = { .i = i, .w = w, .id = id, .arena = arena, .pairs = pairs, .pair_count = pair_count,
				    .faults = ret_faults };
	int r = store_write(i->store, run_update, &work, err);

	if (r < 0 && work.lacks_columns) {
		if ((r = ensure_table(i, work.form.channel, err)) >= 0)
			r = store_write(i->store, run_update, &work, err);
	}
	if (r < 0)
		return r;
	after_change(i, w, id);
	return 0;
}

/* ---- what was found out ---- */

struct learning {
	struct change_work work;	/* first: form, pairs */
	int64_t revision;
	bool renews;			/* secrets take the place of old ones */
	int learned;
};

static bool may_learn(const struct learning *l, const struct trixy_field *f, bool is_stored)
{
	if (l->renews)
		return (f->flags & TRIXY_FIELD_SECRET) != 0 && is_stored;
	return (f->flags & TRIXY_FIELD_LEARNED) != 0 && (f->flags & (TRIXY_FIELD_SECRET | TRIXY_FIELD_KEY)) == 0 && !is_stored;
}

/* Takes into the form what the channel's fields may learn. Whatever breaks a field's rule is left out: a
 * provider's word is no reason to fail. */
static void take_learned(struct learning *l, const struct account_form *told, const bool *is_stored)
{
	struct account_form *form = &l->work.form;

	for (uint32_t k = 0; k < form->channel->field_count && k < FORM_FIELDS_MAX; k++) {
		const struct trixy_field *f = &form->channel->fields[k];

		if (!may_learn(l, f, is_stored[k]) || told->value[k].p == NULL ||
		    account_fault_of(f, told->value[k], l->work.arena).p != NULL)
			continue;
		form->given[k] = true;
		form->value[k] = told->value[k];
		l->learned++;
	}
}

static int run_learn(struct db *db, void *arg, struct error *err)
{
	struct learning *l = arg;
	struct change_work *work = &l->work;
	struct account_form told;
	struct store_account a;
	bool is_stored[FORM_FIELDS_MAX] = { false };
	int r;

	l->learned = 0;
	if ((r = store_account_get(db, work->w, work->id, work->arena, &a, err)) < 0)
		return r;
	if (a.revision != l->revision)
		return 0;
	if ((r = find_form(work, &a, err)) < 0 || (r = check_columns(db, work, err)) < 0)
		return r;
	told = work->form;
	account_form_read(work->form.channel, work->form.backend, NULL, 0, &work->form);
	if ((r = merge_stored(db, work, is_stored, err)) < 0)
		return r;
	take_learned(l, &told, is_stored);
	if (l->learned == 0)
		return 0;
	name_account(&work->form, &a);
	if ((r = write_fields(db, work, a.id, err)) < 0 || (r = store_account_set_names(db, work->w, a.id, a.name, a.handle, err)) < 0)
		return r;
	return store_change_add(db, work->w, CHANGE_ACCOUNT, a.id, 0, err);
}

static int learn(struct instance *i, struct workspace_id w, int64_t id, int64_t revision, bool renews, const struct account_pair *pairs,
		 size_t count, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct learning l = { .work = { .i = i, .w = w, .id = id, .arena = &arena, .pairs = pairs, .pair_count = count },
			      .revision = revision, .renews = renews };
	int r = store_write(i->store, run_learn, &l, err);

	if (r < 0 && l.work.lacks_columns && (r = ensure_table(i, l.work.form.channel, err)) >= 0)
		r = store_write(i->store, run_learn, &l, err);
	return r < 0 ? r : l.learned;
}

int account_learn(struct instance *i, struct workspace_id w, int64_t id, int64_t revision, const struct account_pair *pairs, size_t count,
		  struct error *err)
{
	return learn(i, w, id, revision, false, pairs, count, err);
}

int account_renew(struct instance *i, struct workspace_id w, int64_t id, int64_t revision, const struct account_pair *pairs, size_t count,
		  struct error *err)
{
	return learn(i, w, id, revision, true, pairs, count, err);
}

/* ---- what it tells customers ---- */

struct presence_work {
	struct workspace_id w;
	int64_t id;
	int presence;
};

static int run_presence(struct db *db, void *arg, struct error *err)
{
	const struct presence_work *p = arg;
	int r = store_account_set_presence(db, p->w, p->id, p->presence, err);

	return r < 0 ? r : store_change_add(db, p->w, CHANGE_ACCOUNT, p->id, 0, err);
}

int account_set_presence(struct instance *i, struct workspace_id w, int64_t id, unsigned presence, struct error *err)
{
	struct presence_work p = { .w = w, .id = id, .presence = (int)presence };

	if ((presence & ~(unsigned)(PRESENCE_SEEN | PRESENCE_TYPING)) != 0)
		return fail(err, ERR_INVALID, "an account tells that messages were read and that somebody writes, nothing else");
	return store_write(i->store, run_presence, &p, err);
}

/* ---- disconnect ---- */

static int run_disconnect(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct change_work *work = arg;
	struct store_account a;
	int r = store_account_get(db, work->w, work->id, &arena, &a, err);

	if (r < 0)
		return r;
	const struct trixy_channel *channel = channels_find(work->i->channels, a.channel);

	if (channel == NULL)
		return fail(err, ERR_STATE, "the channel %.*s is not active: its accounts can be disconnected when it is", STR_ARG(a.channel));
	if ((r = store_account_disconnect(db, work->w, work->id, STR("The account was disconnected before this was sent."), err)) < 0 ||
	    (r = store_account_fields_delete(db, str_from_trixy(channel->account_table), work->w, work->id, err)) < 0)
		return r;
	return store_change_add(db, work->w, CHANGE_ACCOUNT, work->id, 0, err);
}

int account_disconnect(struct instance *i, struct workspace_id w, int64_t id, struct error *err)
{
	struct change_work work = { .i = i, .w = w, .id = id };
	int r = store_write(i->store, run_disconnect, &work, err);

	if (r < 0)
		return r;
	after_change(i, w, id);
	return 0;
}
