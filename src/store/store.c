/* Opens and closes the store; readers; the listener. Committing is writer.c. */
#include "store/state.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/crypto.h"

/* The engine and its own name of the database. The URL may hold a password: it is never put into a message. */
static int find_engine(const struct store_options *options, struct store *store, struct error *err)
{
	struct str rest, scheme = str_split(options->database, ':', &rest);
	bool is_mariadb = rest.p != NULL && (str_eq_c(scheme, "mysql") || str_eq_c(scheme, "mariadb"));

	if (options->database.len == 0)
		store->where = arena_printf(&store->memory, "%.*s/mailtrixy.db", STR_ARG(options->data_dir));
	else if (rest.p != NULL && rest.len > 0 && str_eq_c(scheme, "sqlite"))
		store->where = arena_copy(&store->memory, rest);
	else if (is_mariadb)
		store->where = arena_copy(&store->memory, options->database);
	else
		return fail(err, ERR_INVALID, "the setting database is a URL that this program does not know: it may be "
			    "mysql://user:password@host/name, sqlite:PATH, or empty for mailtrixy.db in the data directory");
	store->engine = is_mariadb ? &mariadb_engine : &sqlite_engine;
	return store->where.p == NULL ? fail(err, ERR_NOMEM, "out of memory") : 0;
}

/* A condition whose waits end by the clock that nobody sets. */
static void init_monotonic(pthread_cond_t *cond)
{
	pthread_condattr_t monotonic;

	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(cond, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
}

uint64_t store_serial(const struct store *store)
{
	return store->serial;
}

bool store_shared(const struct store *store)
{
	return store->engine->shared;
}

int store_password(const struct store *store, struct arena *arena, struct str *ret, struct error *err)
{
	*ret = STR_NONE;
	return store->engine->password == NULL ? 0 : store->engine->password(store->where, arena, ret, err);
}

struct str store_server(const struct store *store)
{
	return (struct str){ store->server, 2 * SERVER_BYTES };
}

static int make_name(struct store *store, struct error *err)
{
	unsigned char bytes[SERVER_BYTES];

	crypto_random(bytes, sizeof(bytes));
	struct str hex = crypto_hex(&store->memory, bytes, sizeof(bytes));

	if (hex.p == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	memcpy(store->server, hex.p, hex.len);
	return 0;
}

static int open_connection(struct store *store, enum db_use use, struct db **ret, struct error *err)
{
	int r = store->engine->open(store->where, use, ret, err);

	if (r == 0)
		(*ret)->server = store_server(store);
	return r;
}

/* With the tables as this program knows them. */
static int open_writer(struct store *store, struct error *err)
{
	int r;

	if (store->engine->shared) {	/* what changes tables may take longer than a writer's statements may */
		struct db *schema;

		if ((r = open_connection(store, DB_SCHEMA, &schema, err)) < 0)
			return r;
		r = store_migrate(schema, err);
		store->engine->close(schema);
		return r < 0 ? r : open_connection(store, DB_WRITER, &store->writer, err);
	}
	r = open_connection(store, DB_WRITER, &store->writer, err);
	return r < 0 ? r : store_migrate(store->writer, err);
}

int store_open(const struct store_options *options, struct store **ret, struct error *err)
{
	static atomic_uint_fast64_t opened;
	struct store *store = calloc(1, sizeof(*store));
	int r;

	if (store == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	store->serial = atomic_fetch_add(&opened, 1) + 1;
	store->listener = options->listener;
	store->on_changes = options->on_changes;
	(void)pthread_mutex_init(&store->lock, NULL);
	(void)pthread_cond_init(&store->queue_changed, NULL);
	(void)pthread_mutex_init(&store->checkpoint_lock, NULL);
	(void)pthread_mutex_init(&store->follow_lock, NULL);
	init_monotonic(&store->follow_changed);
	store->limit = GROUP_UNITS;
	init_monotonic(&store->checkpoint_changed);
	if ((r = make_name(store, err)) < 0 || (r = find_engine(options, store, err)) < 0 ||
	    (r = open_writer(store, err)) < 0 || (r = follow_start(store, err)) < 0 || (r = writer_start(store, err)) < 0 ||
	    (r = checkpoint_start(store, err)) < 0) {
		store_close(store);
		return r;
	}
	*ret = store;
	return 0;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	writer_stop(store);
	follow_stop(store);
	checkpoint_stop(store);
	if (store->writer != NULL)
		store->engine->close(store->writer);
	ahead_free(store->ahead);
	(void)pthread_cond_destroy(&store->follow_changed);
	(void)pthread_mutex_destroy(&store->follow_lock);
	(void)pthread_cond_destroy(&store->checkpoint_changed);
	(void)pthread_mutex_destroy(&store->checkpoint_lock);
	(void)pthread_cond_destroy(&store->queue_changed);
	(void)pthread_mutex_destroy(&store->lock);
	arena_done(&store->memory);
	free(store);
}

/* ---- telling ---- */

/* With the lock: nobody is being told any more, but for the caller itself. */
static void wait_until_told(struct store *store)
{
	while (store->listening && !pthread_equal(pthread_self(), store->teller))
		(void)pthread_cond_wait(&store->queue_changed, &store->lock);
}

void store_set_listener(struct store *store, void *listener,
			void (*on_changes)(void *listener, const struct change *changes, size_t count))
{
	(void)pthread_mutex_lock(&store->lock);
	wait_until_told(store);
	store->listener = listener;
	store->on_changes = on_changes;
	(void)pthread_mutex_unlock(&store->lock);
}

void store_set_foreign(struct store *store, void *arg,
		       void (*on_foreign)(void *arg, const struct change *changes, size_t count))
{
	(void)pthread_mutex_lock(&store->lock);
	wait_until_told(store);
	store->foreign = arg;
	store->on_foreign = on_foreign;
	(void)pthread_mutex_unlock(&store->lock);
}

/* What is called may set another one: each is looked up when its turn comes. */
static void tell_one(struct store *store, bool foreign, const struct change *changes, size_t count)
{
	(void)pthread_mutex_lock(&store->lock);
	void *arg = foreign ? store->foreign : store->listener;
	void (*told)(void *, const struct change *, size_t) = foreign ? store->on_foreign : store->on_changes;

	store->listening = told != NULL;
	store->teller = pthread_self();
	(void)pthread_mutex_unlock(&store->lock);
	if (told == NULL)
		return;
	told(arg, changes, count);
	(void)pthread_mutex_lock(&store->lock);
	store->listening = false;
	(void)pthread_cond_broadcast(&store->queue_changed);
	(void)pthread_mutex_unlock(&store->lock);
}

void store_tell(struct store *store, const struct change *changes, size_t count, const struct change *foreign, size_t foreign_count)
{
	(void)pthread_mutex_lock(&store->lock);
	store->figures.foreign += (int64_t)foreign_count;
	(void)pthread_mutex_unlock(&store->lock);
	if (foreign_count > 0)
		tell_one(store, true, foreign, foreign_count);
	if (count > 0)
		tell_one(store, false, changes, count);
}

/* ---- readers ---- */

int store_reader_new(struct store *store, struct db **ret, struct error *err)
{
	return open_connection(store, DB_READER, ret, err);
}

/* It has no server's name: the transactions of that one are counted by the writer alone. */
int store_run_apart(struct store *store, int (*run)(struct db *db, void *arg, struct error *err), void *arg, struct error *err)
{
	struct db *db;
	int r = store->engine->open(store->where, DB_SCHEMA, &db, err);

	if (r < 0)
		return r;
	r = run(db, arg, err);
	store->engine->close(db);
	return r;
}

void store_reader_free(struct db *reader)
{
	if (reader != NULL)
		reader->engine->close(reader);
}

void store_figures(struct store *store, struct store_figures *ret)
{
	(void)pthread_mutex_lock(&store->lock);
	*ret = store->figures;
	(void)pthread_mutex_unlock(&store->lock);
}
