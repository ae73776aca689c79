/* Opens and closes the store; readers; the listener. Committing is writer.c. */
#include "store/state.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>


/* The engine and its own name of the database. The URL may hold a password: it is never put into a message. */
static int find_engine(const struct store_options *options, struct store *store, struct error *err)
{
	struct str rest, scheme = str_split(options->database, ':', &rest);

	if (options->database.len == 0)
		store->where = arena_printf(&store->memory, "%.*s/mailtrixy.db", STR_ARG(options->data_dir));
	else if (rest.p != NULL && rest.len > 0 && str_eq_c(scheme, "sqlite"))
		store->where = arena_copy(&store->memory, rest);
	else
		return fail(err, ERR_INVALID, "the setting database is a URL that this program does not know: it may be sqlite:PATH, "
			    "or empty for mailtrixy.db in the data directory");
	store->engine = &sqlite_engine;
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
	init_monotonic(&store->checkpoint_changed);
	if ((r = find_engine(options, store, err)) < 0 ||
	    (r = store->engine->open(store->where, DB_WRITER, &store->writer, err)) < 0 ||
	    (r = store_migrate(store->writer, err)) < 0 || (r = writer_start(store, err)) < 0 ||
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
	checkpoint_stop(store);
	if (store->writer != NULL)
		store->engine->close(store->writer);
	(void)pthread_cond_destroy(&store->checkpoint_changed);
	(void)pthread_mutex_destroy(&store->checkpoint_lock);
	(void)pthread_cond_destroy(&store->queue_changed);
	(void)pthread_mutex_destroy(&store->lock);
	arena_done(&store->memory);
	free(store);
}

void store_set_listener(struct store *store, void *listener,
			void (*on_changes)(void *listener, const struct change *changes, size_t count))
{
	(void)pthread_mutex_lock(&store->lock);
	while (store->listening && !(store->writer_runs && pthread_equal(pthread_self(), store->writer_thread)))
		(void)pthread_cond_wait(&store->queue_changed, &store->lock);
	store->listener = listener;
	store->on_changes = on_changes;
	(void)pthread_mutex_unlock(&store->lock);
}

int store_reader_new(struct store *store, struct db **ret, struct error *err)
{
	return store->engine->open(store->where, DB_READER, ret, err);
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
