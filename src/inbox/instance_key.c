/* See instance_key.h. In the database stand, as settings, the key's fingerprint in the clear, which says whose key is the right one,
 * and the key itself, wrapped with one made from the password that the servers sign in to the database with. Who signs in
 * without a password (over a socket) keeps nothing there: the file is then carried by hand. */
#include "inbox/instance_key.h"

#include <unistd.h>

#include "base/config.h"
#include "base/key_wrap.h"
#include "base/log.h"
#include "inbox/account.h"
#include "store/setting.h"

#define CHECK STR("seal.check")
#define WRAPPED STR("seal.key")

struct keeping {
	struct instance *i;
	struct str data, password, own;		/* own: the fingerprint of i->seal_key */
	struct str check, wrapped;		/* as they stand in the database; STR_NONE: not yet */
	struct arena arena;
};

static void keeping_done(struct keeping *k)
{
	arena_done(&k->arena);
}

static void reader_done(struct db **reader)
{
	store_reader_free(*reader);
}

/* Something that only one key opens stands in the database: 1, and *ret is an account with a secret. */
static int find_sealed(struct db *db, struct arena *arena, struct account *ret, struct error *err)
{
	struct account_connected *list;
	size_t count = 0;
	int r = account_list_of_channel(db, STR_NONE, arena, &list, &count, err);

	for (size_t k = 0; r == 0 && k < count; k++)
		if (list[k].account.status != ACCOUNT_DISABLED) {
			*ret = list[k].account;
			return 1;
		}
	if (r == 0 && count > 0)
		*ret = list[0].account;
	return r < 0 ? r : count > 0;
}

static int missing(struct str data, struct error *err)
{
	return fail(err, ERR_STATE, "%.*s/secret.key is not there, and nothing else opens the stored tokens and secrets of the"
		    " connected accounts: restore it from your backup", STR_ARG(data));
}

/* A new key opens nothing that an old one sealed: it is made only where nothing is sealed yet. */
static int make(struct instance *i, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	SCOPED(reader_done) struct db *db = NULL;
	struct account account;
	int r = store_reader_new(i->store, &db, err);

	if (r < 0 || (r = find_sealed(db, &arena, &account, err)) != 0)
		return r < 0 ? r : missing(i->config->data, err);
	return seal_key_load(i->config->data, true, &i->seal_key, err);
}

/* ---- shared ---- */

static int read_settings(struct keeping *k, struct error *err)
{
	SCOPED(reader_done) struct db *db = NULL;
	int r = store_reader_new(k->i->store, &db, err);

	k->check = k->wrapped = STR_NONE;
	if (r < 0 || (r = store_setting_get(db, CHECK, &k->arena, &k->check, err)) < 0 ||
	    (r = store_setting_get(db, WRAPPED, &k->arena, &k->wrapped, err)) < 0)
		return r;
	return 0;
}

static int foreign(const struct keeping *k, struct error *err)
{
	return fail(err, ERR_STATE, "%.*s/secret.key is not the key of the instance in this database: one of the two belongs to another"
		    " installation. If the database is the right one, move that file away%s", STR_ARG(k->data),
		    k->password.p != NULL ? "; the server then fetches the right key by itself" :
		    " and copy secret.key from another server of this instance");
}

/* The key that lies here opens what is sealed there: else it is another installation's. */
static int check_opens(struct keeping *k, struct error *err)
{
	SCOPED(reader_done) struct db *db = NULL;
	struct account account;
	struct str token;
	int r = store_reader_new(k->i->store, &db, err);

	if (r < 0 || (r = find_sealed(db, &k->arena, &account, err)) <= 0)
		return r;
	if (account.status == ACCOUNT_DISABLED)
		return 0;		/* its secrets are gone */
	r = account_verify_token(k->i, db, &account, &k->arena, &token, err);
	return r == ERR_DENIED ? foreign(k, err) : r < 0 ? r : 0;
}

/* The first that comes says which key it is. k->check: whose it is afterwards. */
static int run_claim(struct db *db, void *arg, struct error *err)
{
	struct keeping *k = arg;
	int r = store_setting_get(db, CHECK, &k->arena, &k->check, err);

	if (r != 0)
		return r < 0 ? r : store_setting_get(db, WRAPPED, &k->arena, &k->wrapped, err);
	k->check = k->own;
	if ((r = store_setting_set(db, CHECK, k->own, err)) < 0 || k->wrapped.p == NULL)
		return r;
	return store_setting_set(db, WRAPPED, k->wrapped, err);
}

static int run_wrap(struct db *db, void *arg, struct error *err)
{
	const struct keeping *k = arg;

	return store_setting_set(db, WRAPPED, k->wrapped, err);
}

static int fingerprint(struct keeping *k, struct error *err)
{
	return key_fingerprint(&k->i->seal_key, &k->arena, &k->own, err);
}

/* There is a key here and it is the right one. The one in the database shall open with today's password. */
static int keep(struct keeping *k, struct error *err)
{
	struct seal_key kept = { 0 };
	int r = k->password.p == NULL ? 0 : k->wrapped.p == NULL ? ERR_DENIED : key_unwrap(k->wrapped, k->password, &kept, NULL);
	bool same = r == 0 && crypto_equal((struct str){ (const char *)kept.bytes, sizeof(kept.bytes) },
					   (struct str){ (const char *)k->i->seal_key.bytes, sizeof(kept.bytes) });

	crypto_wipe(&kept, sizeof(kept));
	if (k->password.p == NULL || same)
		return 0;
	if (r < 0 && r != ERR_DENIED)
		return fail(err, r, "no memory to look at the key in the database");
	if ((r = key_wrap(&k->i->seal_key, k->password, &k->arena, &k->wrapped, err)) < 0 ||
	    (r = store_write(k->i->store, run_wrap, k, err)) < 0)
		return r;
	log_event(LOG_INFO, "the instance's key is kept in the database, closed with its password: further servers fetch it there",
		  log_end);
	return 0;
}

/* There is none here: the one in the database. */
static int fetch(struct keeping *k, struct error *err)
{
	static const char copy[] = "copy secret.key from the data directory of another server of this instance (mode 0600)";
	int r;

	if (k->password.p == NULL || k->wrapped.p == NULL)
		return fail(err, ERR_STATE, "%.*s/secret.key is not there, and %s: %s", STR_ARG(k->data), k->password.p == NULL ?
			    "a login to the database without a password cannot fetch the instance's key" :
			    "the database does not keep the instance's key, because its servers sign in without a password", copy);
	if ((r = key_unwrap(k->wrapped, k->password, &k->i->seal_key, err)) < 0)
		return r != ERR_DENIED ? r :
		       fail(err, ERR_STATE, "%.*s/secret.key is not there, and the one in the database was closed with another password than"
			    " today's: start a server that has the key with the new password once, or %s", STR_ARG(k->data), copy);
	if ((r = fingerprint(k, err)) < 0)
		return r;
	if (!str_eq(k->own, k->check))
		return fail(err, ERR_STATE, "the key that the database keeps is not the instance's: somebody changed it. %.*s/secret.key is"
			    " not there: %s", STR_ARG(k->data), copy);
	if ((r = seal_key_save(k->data, &k->i->seal_key, err)) < 0)
		return r;
	log_event(LOG_INFO, "the instance's key was fetched from the database and stands in secret.key", log_end);
	return 0;
}

/* Nobody has said which key it is. made: it was made a moment ago, so nothing is lost with it when another server was faster. */
static int claim(struct keeping *k, bool made, struct error *err)
{
	struct str path = arena_printf(&k->arena, "%.*s/secret.key", STR_ARG(k->data));
	int r;

	if (path.p == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	if ((!made && (r = check_opens(k, err)) < 0) || (r = fingerprint(k, err)) < 0)
		return r;
	k->wrapped = STR_NONE;
	if (k->password.p != NULL && (r = key_wrap(&k->i->seal_key, k->password, &k->arena, &k->wrapped, err)) < 0)
		return r;
	if ((r = store_write(k->i->store, run_claim, k, err)) < 0 || str_eq(k->check, k->own))
		return r;
	if (!made)
		return foreign(k, err);
	(void)unlink(path.p);
	return fetch(k, err);
}

static int load_shared(struct instance *i, struct error *err)
{
	SCOPED(keeping_done) struct keeping k = { .i = i, .data = i->config->data };
	bool here;
	int r = seal_key_load(k.data, false, &i->seal_key, err);

	if (r < 0 && r != ERR_NOTFOUND)
		return r;
	here = r == 0;
	if ((r = store_password(i->store, &k.arena, &k.password, err)) < 0 || (r = read_settings(&k, err)) < 0)
		return r;
	if (k.password.len == 0)
		k.password = STR_NONE;
	if (k.check.p == NULL)
		return !here && (r = make(i, err)) < 0 ? r : claim(&k, !here, err);
	if (!here)
		return fetch(&k, err);
	if ((r = fingerprint(&k, err)) < 0)
		return r;
	return str_eq(k.own, k.check) ? keep(&k, err) : foreign(&k, err);
}

int instance_key_load(struct instance *i, struct error *err)
{
	int r;

	if (store_shared(i->store))
		return load_shared(i, err);
	r = seal_key_load(i->config->data, false, &i->seal_key, err);
	return r == ERR_NOTFOUND ? make(i, err) : r;
}

int instance_key_is_kept(struct instance *i, struct db *db, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str value;

	return store_shared(i->store) ? store_setting_get(db, WRAPPED, &arena, &value, err) : 0;
}
