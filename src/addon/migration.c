#include "addon/migration.h"

#include "addon/package.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/limit.h"
#include "base/log.h"
#include "store/account_fields.h"
#include "store/addon.h"
#include "store/widen.h"

enum { STEPS_MAX = 32 };
enum step_kind { STEP_TABLE, STEP_WIDEN };

struct step {
	enum step_kind kind;
	struct str table;
	struct account_column *columns;
	size_t count;
};

/* One migration, read. */
struct migration {
	const struct manifest *manifest;
	int64_t number;
	struct str digest;
	struct step steps[STEPS_MAX];
	size_t count;
	size_t at;			/* the step in hand, for the message */
	bool skipped;			/* it was recorded already */
};

/* ---- reading ---- */

/* "instagram_accounts" of "instagram". */
static struct str account_table(struct arena *a, struct str channel)
{
	struct str s = arena_printf(a, "%.*s_accounts", STR_ARG(channel));
	char *p = (char *)(uintptr_t)s.p;

	for (size_t i = 0; i < s.len; i++)
		p[i] = p[i] == '-' ? '_' : p[i];
	return s;
}

static int read_column(const struct json_object *o, struct arena *a, struct account_column *ret, struct error *err)
{
	struct str name = json_get_str(o, "name"), type = json_get_str(o, "type"), comment = json_get_str(o, "comment");
	int64_t max;

	if (name.p == NULL)
		return fail(err, ERR_INVALID, "a column has no \"name\"");
	if (!str_eq_c(type, "text") && !str_eq_c(type, "secret"))
		return fail(err, ERR_INVALID, "column '%.*s': \"type\" must be text or secret",
			    STR_ARG(str_cut(name, 0, 40)));
	if (!json_get_i64(o, "max_bytes", &max))
		return fail(err, ERR_INVALID, "column '%.*s': \"max_bytes\" is missing", STR_ARG(str_cut(name, 0, 40)));
	*ret = (struct account_column){ .name = arena_copy(a, name), .secret = str_eq_c(type, "secret"), .max_bytes = max,
					.comment = arena_copy(a, comment.p != NULL ? comment : STR("")) };
	return 0;
}

static int read_table(const struct json_object *o, struct str channel, struct arena *a, struct step *ret, struct error *err)
{
	const struct json_object *columns = json_get_array(o, "columns");
	struct str table = json_get_str(o, "table"), own = account_table(a, channel);
	int r;

	/* The one table that is an addon's: the core finds it by this name, and no other addon can have the same. */
	if (!str_eq(table, own))
		return fail(err, ERR_INVALID, "\"table\" must be %.*s", STR_ARG(own));
	if (columns == NULL || json_len(columns) < 1 || json_len(columns) > ACCOUNT_COLUMNS_MAX)
		return fail(err, ERR_INVALID, "\"columns\" must be a list of 1 to %d columns", ACCOUNT_COLUMNS_MAX);
	*ret = (struct step){ .kind = STEP_TABLE, .table = own, .count = json_len(columns),
			      .columns = arena_alloc(a, json_len(columns) * sizeof(*ret->columns)) };
	for (size_t k = 0; ret->columns != NULL && k < ret->count; k++)
		if ((r = read_column(json_at(columns, k), a, &ret->columns[k], err)) < 0)
			return r;
	return 0;
}

static int read_step(const struct json_object *o, struct str channel, struct arena *a, struct step *ret, struct error *err)
{
	const struct json_object *make = json_get_object(o, "create_account_table"),
				 *add = json_get_object(o, "add_columns");
	struct str widen = json_get_str(o, "widen");

	if ((make != NULL) + (add != NULL) + (widen.p != NULL) != 1)
		return fail(err, ERR_INVALID, "it must be one of create_account_table, add_columns and widen");
	if (widen.p == NULL)
		return read_table(make != NULL ? make : add, channel, a, ret, err);
	if (!str_eq_c(widen, "conversations.channel"))
		return fail(err, ERR_INVALID, "widen can open conversations.channel only, not '%.*s'",
			    STR_ARG(str_cut(widen, 0, 60)));
	*ret = (struct step){ .kind = STEP_WIDEN };
	return 0;
}

static int read_steps(struct str text, struct arena *a, struct migration *m, struct error *err)
{
	SCOPED(json_free) struct json_object *o = NULL;
	int64_t id;
	int r = json_parse(text, &o, err);

	if (r < 0)
		return r;
	const struct json_object *steps = json_get_array(o, "steps");

	if (!json_get_i64(o, "id", &id) || id != m->number)
		return fail(err, ERR_INVALID, "its \"id\" must be %lld, its place in addon.json", (long long)m->number);
	if (steps == NULL || json_len(steps) < 1 || json_len(steps) > STEPS_MAX)
		return fail(err, ERR_INVALID, "\"steps\" must be a list of 1 to %d steps", STEPS_MAX);
	m->count = json_len(steps);
	for (m->at = 0; m->at < m->count; m->at++)
		if (read_step(json_at(steps, m->at), m->manifest->channel, a, &m->steps[m->at], err) < 0)
			return fail_in(err, "step %zu", m->at + 1);
	return arena_failed(a) ? fail(err, ERR_NOMEM, "no memory to read it") : 0;
}

/* ---- doing ---- */

/* 1: recorded with this digest. 0: not recorded. */
static int recorded(struct db *db, const struct migration *m, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct str digest;
	int r = store_addon_migration_get(db, m->manifest->slug, m->number, &a, &digest, err);

	if (r > 0 && !str_eq(digest, m->digest))
		return fail(
			err, ERR_STATE,
			"it was applied in another form: a migration that has run is never edited, add a new one");
	return r;
}

/* "instagram" of "instagram_accounts": what the table's name begins with. */
static struct str prefix_of(struct str table)
{
	return str_cut(table, 0, table.len - (sizeof("_accounts") - 1));
}

/* Before the first step is done: a list that breaks a rule leaves no trace. */
static int check_steps(struct migration *m, struct error *err)
{
	int r;

	for (m->at = 0; m->at < m->count; m->at++) {
		const struct step *s = &m->steps[m->at];

		if (s->kind == STEP_TABLE &&
		    (r = store_account_table_check(prefix_of(s->table), s->table, s->columns, s->count, err)) < 0)
			return fail_in(err, "step %zu", m->at + 1);
	}
	return 0;
}

/* Each by itself, outside the writer: some engines commit such a step whatever surrounds it. So it is each that can be
 * repeated, after a kill, and by two servers at once. */
static int run_steps(struct store *store, struct migration *m, struct error *err)
{
	int r;

	for (m->at = 0; m->at < m->count; m->at++) {
		const struct step *s = &m->steps[m->at];

		r = s->kind == STEP_WIDEN ? store_conversation_channel_widen(store, err) :
		    store_account_table_ensure(store, prefix_of(s->table), s->table, s->columns, s->count, err);
		if (r < 0)
			return fail_in(err, "step %zu", m->at + 1);
	}
	return 0;
}

static int find_record(struct db *db, void *arg, struct error *err)
{
	struct migration *m = arg;
	int r = recorded(db, m, err);

	m->skipped = r > 0;
	return r;
}

/* Another server may have come first. */
static int record(struct db *db, void *arg, struct error *err)
{
	const struct migration *m = arg;
	int r = recorded(db, m, err);

	return r != 0 ? r : store_addon_migration_add(db, m->manifest->slug, m->number, m->digest, clock_now_ms(), err);
}

/* A database in which a newer version of the addon has run does not fit this one. */
static int check_not_newer(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	const struct manifest *m = arg;
	struct str digest;
	int r = store_addon_migration_get(db, m->slug, (int64_t)m->migration_count + 1, &a, &digest, err);

	return r > 0 ? fail(err, ERR_STATE,
			    "A newer version of this addon was active here: its migration %zu has run, and version %.*s"
			    " does not know it",
			    m->migration_count + 1, STR_ARG(m->version))
		     : r;
}

static int run_one(struct store *store, struct str addons_dir, struct str hash, struct migration *m, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	SCOPED(buf_done) struct buf text = { 0 };
	unsigned char digest[SHA256_BYTES];
	struct str name = m->manifest->migrations[m->number - 1];
	int64_t from = clock_mono_ms();
	int r = package_file(addons_dir, hash, m->manifest, name, &text, err);

	if (r < 0)
		return r;
	crypto_sha256(buf_str(&text), digest);
	m->digest = crypto_hex(&a, digest, sizeof(digest));
	if ((r = read_steps(buf_str(&text), &a, m, err)) < 0 || (r = store_write(store, find_record, m, err)) < 0 || m->skipped)
		return r;
	if ((r = check_steps(m, err)) < 0 || (r = run_steps(store, m, err)) < 0 || (r = store_write(store, record, m, err)) < 0)
		return r;
	log_event(LOG_INFO, "addon migration done", log_s("addon", m->manifest->slug), log_i("number", m->number),
		  log_s("file", name), log_i("ms", clock_mono_ms() - from), log_end);
	return 0;
}

int migrations_run(struct store *store, struct str addons_dir, struct str hash, const struct manifest *m, struct error *err)
{
	int r = store_write(store, check_not_newer, (void *)(uintptr_t)m, err);

	for (size_t k = 0; r >= 0 && k < m->migration_count; k++) {
		struct migration one = { .manifest = m, .number = (int64_t)k + 1 };

		if ((r = run_one(store, addons_dir, hash, &one, err)) < 0)
			return fail_in(err, "Migration %zu (%.*s) failed", k + 1,
				       STR_ARG(str_cut(m->migrations[k], 0, 60)));
	}
	return r < 0 ? r : 0;
}
