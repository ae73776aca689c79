/* Sessions, API tokens and one-time links: a secret that is shown once and of which only the SHA-256 is kept. It has 256
 * random bits, so a plain hash is enough; passwords (people.c) are another thing. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/limit.h"
#include "base/log.h"
#include "inbox/people.h"
#include "store/credential.h"

enum { SECRET_BYTES = 32 };

/* So that a token is recognized by programs that look for leaked ones. */
static const char token_head[] = "trixy_";

static struct str digest_of(struct str secret, unsigned char room[SHA256_BYTES])
{
	crypto_sha256(secret, room);
	return (struct str){ (const char *)room, SHA256_BYTES };
}

int people_credentials(struct db *db, int64_t user_id, enum credential_kind kind, struct arena *arena,
		       struct credential **ret,
		       size_t *ret_count, struct error *err)
{
	struct store_credential *rows;
	size_t count;
	int r = store_credential_list(db, user_id, kind, clock_now_ms(), arena, &rows, &count, err);

	if (r < 0)
		return r;
	struct credential *list = arena_alloc(arena, (count + 1) * sizeof(*list));

	if (list == NULL)
		return fail(err, ERR_NOMEM, "no memory for %zu credentials", count);
	for (size_t i = 0; i < count; i++)
		list[i] = (struct credential){ rows[i].id, rows[i].name, rows[i].created_at, rows[i].used_at, rows[i].expires_at };
	*ret = list;
	*ret_count = count;
	return 0;
}

static int find(struct db *db, enum credential_kind kind, struct str secret, int64_t now, struct store_credential *ret,
		struct error *err)
{
	unsigned char room[SHA256_BYTES];
	int r = store_credential_find(db, kind, digest_of(secret, room), ret, err);

	if (r == ERR_NOTFOUND || (r == 0 && ret->expires_at != 0 && ret->expires_at <= now))
		return fail(err, ERR_DENIED, "this sign-in is not known, or has ended");
	return r;
}

int people_by_secret(struct db *db, enum credential_kind kind, struct str secret, int64_t *ret_user_id,
		     int64_t *ret_credential_id, bool *ret_touch, struct error *err)
{
	struct store_credential c;
	int64_t now = clock_now_ms();
	int r = find(db, kind, secret, now, &c, err);

	if (r < 0)
		return r;
	*ret_user_id = c.user_id;
	*ret_credential_id = c.id;
	*ret_touch = now - c.used_at >= MINUTE_MS;
	return 0;
}

struct credential_work {
	struct store_credential row;
	struct str secret;
	int64_t id, user_id;
};

static int run_new(struct db *db, void *arg, struct error *err)
{
	struct credential_work *work = arg;
	int r = store_credential_trim(db, work->row.user_id, work->row.created_at, err);

	return r < 0 ? r : store_credential_add(db, &work->row, &work->id, err);
}

int people_credential_new(struct instance *i, int64_t user_id, enum credential_kind kind, struct str name,
			  int64_t lifetime_ms,
			  struct arena *arena, struct str *ret_secret, int64_t *ret_id, struct error *err)
{
	int64_t now = clock_now_ms();
	unsigned char room[SHA256_BYTES];
	struct str word = crypto_random_word(arena, SECRET_BYTES);
	struct str secret = arena_printf(arena, "%s%.*s", kind == CREDENTIAL_TOKEN ? token_head : "", STR_ARG(word));
	struct credential_work work = { .row = { .user_id = user_id, .kind = kind, .name = str_trim(name), .created_at = now,
						 .used_at = kind == CREDENTIAL_SESSION ? now : 0 } };
	int r;

	if (word.p == NULL || secret.p == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	if (work.row.name.len == 0 || work.row.name.len > LIMIT_NAME || !utf8_valid(work.row.name))
		return fail(err, ERR_INVALID, "name: must have 1 to %d bytes", LIMIT_NAME);
	work.row.digest = digest_of(secret, room);
	work.row.expires_at = lifetime_ms > 0 ? now + lifetime_ms : 0;
	if ((r = store_write(i->store, run_new, &work, err)) < 0)
		return r;
	*ret_secret = secret;
	*ret_id = work.id;
	return 0;
}

static int run_delete(struct db *db, void *arg, struct error *err)
{
	struct credential_work *work = arg;

	return store_credential_delete(db, work->user_id, work->id, err);
}

int people_credential_delete(struct instance *i, int64_t user_id, int64_t credential_id, struct error *err)
{
	struct credential_work work = { .user_id = user_id, .id = credential_id };

	return store_write(i->store, run_delete, &work, err);
}

struct touch {
	struct store_unit unit;
	int64_t id, at;
};

static int run_touch(struct db *db, void *arg, struct error *err)
{
	struct touch *t = arg;

	return store_credential_touch(db, t->id, t->at, err);
}

static void end_touch(void *arg, int result, const struct error *err)
{
	if (result < 0)
		log_event(LOG_WARNING, "the last use of a credential was not noted", log_c("error", err->text), log_end);
	free(arg);
}

int people_credential_touch(struct instance *i, int64_t credential_id, struct error *err)
{
	struct touch *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	*t = (struct touch){ .unit = { .run = run_touch, .done = end_touch, .arg = t }, .id = credential_id, .at = clock_now_ms() };
	store_submit(i->store, &t->unit);
	return 0;
}

/* Found and deleted in one transaction: of two who follow a link at once, one gets in. */
static int run_link_use(struct db *db, void *arg, struct error *err)
{
	struct credential_work *work = arg;
	struct store_credential c;
	int r = find(db, CREDENTIAL_LINK, work->secret, clock_now_ms(), &c, err);

	if (r < 0)
		return r;
	work->user_id = c.user_id;
	return store_credential_delete(db, c.user_id, c.id, err);
}

int people_link_use(struct instance *i, struct str secret, int64_t *ret_user_id, struct error *err)
{
	struct credential_work work = { .secret = secret };
	int r = store_write(i->store, run_link_use, &work, err);

	if (r < 0)
		return r;
	*ret_user_id = work.user_id;
	return 0;
}
