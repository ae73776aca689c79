/* Which account a webhook means and whether its secret signs the body, without a database: every webhook asks.
 *
 * A snapshot never changes once it is built. A thread takes the current one for the length of one question by counting
 * itself in; a change of accounts builds a new one, and the old one goes with its last user. HMAC contexts with their keys
 * cannot be shared between threads, so each thread keeps some of its own. */
#include "inbox/directory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "inbox/account.h"
#include "inbox/account_form.h"
#include "inbox/account_secret.h"
#include "store/account.h"

enum {
	KEPT_KEYS = 128,		/* HMAC contexts a thread keeps, about 1 KiB each; a power of two */
	MEMORY_BYTES = 256 * 1024 * 1024,	/* of a snapshot at most */
	CHAINS_MIN = 16,
	CATCH_UP_MS = 1500, CATCHING_UP_MAX = 3,
	ANY_BYTES = 64 * 1024 * 1024,	/* what directory_verify_any hashes at most for one body, which nobody vouches for yet */
};

struct entry {
	struct str channel, external_key, secret;	/* secret STR_NONE: none, or it does not open */
	struct workspace_id workspace;
	int64_t account_id;
	unsigned char token[SHA256_BYTES];	/* digest of the verify token: equal lengths compare in constant time */
	bool has_token;
	bool is_distinct;			/* the first of the channel with this secret */
	size_t next;				/* in its chain; SIZE_MAX: the last */
};

struct snapshot {
	struct arena memory;
	struct entry *entries;
	size_t count;
	size_t *chain;				/* heads by hash of channel and key; SIZE_MAX: empty */
	size_t chains;				/* a power of two */
	int64_t generation;
	int64_t users;				/* guarded by the directory's lock */
};

/* One thread's HMAC contexts, of one generation. */
struct keys {
	struct account_directory *directory;
	struct keys *next, **at;		/* guarded by the directory's lock */
	int64_t generation;
	struct kept_key {
		int64_t account_id;
		struct hmac *hmac;
	} kept[KEPT_KEYS];
};

struct handshakes {				/* of one channel; no channel: a free place */
	char channel[64];
	int64_t accepted_ms, refused_ms;
};

struct account_directory {
	pthread_mutex_t lock;			/* guards current, every users, keys, handshakes */
	struct handshakes handshakes[CHANNELS_MAX];
	struct snapshot *current;
	struct keys *keys;
	pthread_mutex_t load_lock;		/* one loads at a time: an older state must not replace a newer one */
	int64_t generation;			/* of the last snapshot; guarded by load_lock */
	atomic_bool is_old;			/* another server has changed an account since */
	atomic_int catching_up;			/* how many wait for that */
	pthread_key_t thread_keys;
};

/* ---- snapshots ---- */

static void snapshot_free(struct snapshot *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->count; i++)
		if (s->entries[i].secret.p != NULL)
			crypto_wipe((void *)(uintptr_t)s->entries[i].secret.p, s->entries[i].secret.len);
	arena_done(&s->memory);
	free(s);
}

static struct snapshot *enter(struct account_directory *d)
{
	(void)pthread_mutex_lock(&d->lock);
	struct snapshot *s = d->current;

	s->users++;
	(void)pthread_mutex_unlock(&d->lock);
	return s;
}

static void leave(struct account_directory *d, struct snapshot *s)
{
	(void)pthread_mutex_lock(&d->lock);
	bool last = --s->users == 0;

	(void)pthread_mutex_unlock(&d->lock);
	if (last)
		snapshot_free(s);
}

static uint64_t hash(uint64_t h, struct str s)
{
	return str_hash(str_hash(h, s), STR("\xff"));	/* an end that no text has: "ab" "c" is not "a" "bc" */
}

static size_t *chain_of(const struct snapshot *s, struct str channel, struct str external_key)
{
	uint64_t h = hash(hash(STR_HASH, channel), external_key);

	return &s->chain[(size_t)(h ^ (h >> 32)) & (s->chains - 1)];
}

static struct entry *find(const struct snapshot *s, struct str channel, struct str external_key)
{
	for (size_t i = *chain_of(s, channel, external_key); i != SIZE_MAX; i = s->entries[i].next)
		if (str_eq(s->entries[i].external_key, external_key) && str_eq(s->entries[i].channel, channel))
			return &s->entries[i];
	return NULL;
}

/* ---- building one ---- */

/* The sealed values of one column of one channel's table, read at once: thousands of accounts are as many questions as channels. */
struct column {
	const struct trixy_channel *channel;
	int field;
	struct account_row_value *values;	/* by account id */
	size_t count;
};

struct columns {
	struct column *column;			/* one for each channel and field that signs */
	size_t count, room;
	struct arena *arena;
};

/* NULL: err. Asked of the database at most once for each. */
static const struct column *column_of(struct columns *all, struct db *db, const struct trixy_channel *channel, int field, struct error *err)
{
	for (size_t k = 0; k < all->count; k++)
		if (all->column[k].channel == channel && all->column[k].field == field)
			return &all->column[k];
	if (all->count == all->room) {
		struct column *more = arena_alloc(all->arena, (all->room + CHANNELS_MAX) * sizeof(*more));

		if (more == NULL) {
			(void)fail(err, ERR_NOMEM, "out of memory");
			return NULL;
		}
		if (all->count > 0)
			memcpy(more, all->column, all->count * sizeof(*more));
		all->column = more;
		all->room += CHANNELS_MAX;
	}
	struct column *c = &all->column[all->count];

	*c = (struct column){ .channel = channel, .field = field };
	if (store_account_fields_all(db, str_from_trixy(channel->account_table), str_from_trixy(channel->fields[field].name), true,
				     all->arena, &c->values, &c->count, err) < 0)
		return NULL;
	all->count++;
	return c;
}

static struct str value_of(const struct column *c, const struct store_account *a)
{
	size_t low = 0, high = c->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->values[middle].account_id < a->id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->count && c->values[low].account_id == a->id && c->values[low].workspace.v == a->workspace.v ? c->values[low].value :
	       STR_NONE;
}

/* Where the secrets pass through on their way: wiped, not only freed, is the copy in the snapshot; this arena lives for a moment. */
static int read_secrets(struct instance *i, struct db *db, struct columns *all, const struct store_account *a, struct snapshot *s,
			struct entry *e, struct error *err)
{
	const struct trixy_channel *channel = channels_find(i->channels, a->channel);
	const struct column *column = NULL;
	int backend = channel == NULL ? -1 : channel_backend(channel, a->backend);
	int signs = backend < 0 ? -1 : account_field_index(channel, backend, TRIXY_FIELD_SIGNS);
	SCOPED(arena_done) struct arena arena = { 0 };
	struct error why = { 0 };
	struct str plain, sealed;
	int r;

	if (backend < 0)
		return 0;
	/* A database that does not answer is no secret that does not open: nothing is loaded then. */
	if (signs >= 0 && (column = column_of(all, db, channel, signs, err)) == NULL)
		return err->code;
	if ((r = account_token_open(i, a->id, a->verify_token, &arena, &plain, &why)) == 0) {
		crypto_sha256(plain, e->token);
		e->has_token = true;
	}
	if (r == 0 && column != NULL && (sealed = value_of(column, a)).p != NULL &&
	    (r = account_secret_open(i, channel, a->id, str_from_trixy(channel->fields[signs].name), sealed, &arena, &plain, &why)) == 0) {
		e->secret = arena_copy(&s->memory, plain);
		crypto_wipe((void *)(uintptr_t)plain.p, plain.len);
	}
	if (r == ERR_NOMEM)
		return fail(err, r, "no memory for the secrets of the accounts");
	if (r < 0)
		log_event(LOG_WARNING, "an account's webhooks will be refused: its secrets do not open", log_i("account", a->id),
			  log_c("error", why.text), log_end);
	return 0;
}

/* Marks the first entry of each secret of a channel, by a table that lives for this moment. */
static int mark_distinct(struct snapshot *s)
{
	/* index + 1; at least twice as many places as entries */
	size_t *seen = s->chains < CHAINS_MIN ? NULL : calloc(s->chains, sizeof(*seen));

	if (seen == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->count; i++) {
		struct entry *e = &s->entries[i], *other = NULL;
		uint64_t h = hash(hash(STR_HASH, e->channel), e->secret);
		size_t at = (size_t)(h ^ (h >> 32)) & (s->chains - 1);

		if (e->secret.p == NULL)
			continue;
		for (; seen[at] != 0; at = (at + 1) & (s->chains - 1)) {
			other = &s->entries[seen[at] - 1];
			if (str_eq(other->channel, e->channel) && str_eq(other->secret, e->secret))
				break;
		}
		if (seen[at] == 0) {
			seen[at] = i + 1;
			e->is_distinct = true;
		}
	}
	free(seen);
	return 0;
}

static int build(struct instance *i, struct db *db, struct snapshot *s, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { .max = MEMORY_BYTES };
	struct columns all = { .arena = &arena };
	struct store_account *rows;
	size_t count;
	int r = store_account_list_of_channel(db, STR_NONE, &arena, &rows, &count, err);

	if (r < 0)
		return r;
	for (s->chains = CHAINS_MIN; s->chains < count * 2;)
		s->chains *= 2;
	s->chain = arena_alloc(&s->memory, s->chains * sizeof(*s->chain));
	s->entries = arena_alloc(&s->memory, (count + 1) * sizeof(*s->entries));
	if (s->chain == NULL || s->entries == NULL)
		return fail(err, ERR_NOMEM, "no memory for %zu accounts", count);
	for (size_t k = 0; k < s->chains; k++)
		s->chain[k] = SIZE_MAX;
	for (; s->count < count; s->count++) {
		const struct store_account *a = &rows[s->count];
		struct entry *e = &s->entries[s->count];

		*e = (struct entry){ .channel = arena_copy(&s->memory, a->channel), .external_key = arena_copy(&s->memory, a->external_key),
				     .workspace = a->workspace, .account_id = a->id };
		if ((r = read_secrets(i, db, &all, a, s, e, err)) < 0)
			return r;
		if (arena_failed(&s->memory))
			return fail(err, ERR_NOMEM, "no memory for the secrets of %zu accounts", count);
		size_t *chain = chain_of(s, e->channel, e->external_key);

		e->next = *chain;
		*chain = s->count;
	}
	return mark_distinct(s) == 0 ? 0 : fail(err, ERR_NOMEM, "no memory for the secrets of %zu accounts", count);
}

/* With load_lock held. */
static int load(struct instance *i, struct error *err)
{
	struct account_directory *d = i->directory;
	struct snapshot *s = calloc(1, sizeof(*s));
	struct db *db = NULL;
	int r;

	if (s == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	s->memory.max = MEMORY_BYTES;
	atomic_store(&d->is_old, false);	/* before it is read: what changes from now on makes it old again */
	if ((r = store_reader_new(i->store, &db, err)) == 0)
		r = build(i, db, s, err);
	store_reader_free(db);
	if (r < 0) {
		atomic_store(&d->is_old, true);
		snapshot_free(s);
		return r;
	}
	s->generation = ++d->generation;
	s->users = 1;				/* the directory itself */
	(void)pthread_mutex_lock(&d->lock);
	struct snapshot *old = d->current;

	d->current = s;
	(void)pthread_mutex_unlock(&d->lock);
	leave(d, old);
	return 0;
}

int directory_load(struct instance *i, struct error *err)
{
	(void)pthread_mutex_lock(&i->directory->load_lock);
	int r = load(i, err);

	(void)pthread_mutex_unlock(&i->directory->load_lock);
	return r;
}

/* ---- other servers ---- */

void directory_is_old(struct account_directory *d)
{
	atomic_store(&d->is_old, true);
}

/* Under the lock also to look: whoever loads has marked it as new already. */
int directory_refresh(struct instance *i, struct error *err)
{
	struct account_directory *d = i->directory;
	int r = 0;

	(void)pthread_mutex_lock(&d->load_lock);
	if (atomic_load(&d->is_old) && (r = load(i, err)) == 0)
		r = 1;
	(void)pthread_mutex_unlock(&d->load_lock);
	return r;
}

int directory_catch_up(struct instance *i, struct error *err)
{
	struct account_directory *d = i->directory;
	int r;

	if (!store_shared(i->store))
		return 0;
	if (atomic_fetch_add(&d->catching_up, 1) >= CATCHING_UP_MAX)
		r = fail(err, ERR_LIMIT, "others wait already until this server knows what the others did");
	else if ((r = store_catch_up(i->store, CATCH_UP_MS, err)) == 0 && (r = directory_refresh(i, err)) >= 0)
		r = 1;		/* also when another thread has loaded it meanwhile */
	(void)atomic_fetch_sub(&d->catching_up, 1);
	return r;
}

/* ---- a thread's keys ---- */

static void forget(struct keys *keys)
{
	for (size_t i = 0; i < KEPT_KEYS; i++) {
		hmac_free(keys->kept[i].hmac);
		keys->kept[i] = (struct kept_key){ 0 };
	}
}

/* At the end of a thread. */
static void end_of_thread(void *arg)
{
	struct keys *keys = arg;

	(void)pthread_mutex_lock(&keys->directory->lock);
	*keys->at = keys->next;
	if (keys->next != NULL)
		keys->next->at = keys->at;
	(void)pthread_mutex_unlock(&keys->directory->lock);
	forget(keys);
	free(keys);
}

/* The calling thread's keys, of the snapshot's generation; NULL without memory. */
static struct keys *keys_of(struct account_directory *d, const struct snapshot *s)
{
	struct keys *keys = pthread_getspecific(d->thread_keys);

	if (keys == NULL) {
		keys = calloc(1, sizeof(*keys));
		if (keys == NULL || pthread_setspecific(d->thread_keys, keys) != 0) {
			free(keys);
			return NULL;
		}
		keys->directory = d;
		(void)pthread_mutex_lock(&d->lock);
		keys->next = d->keys;
		keys->at = &d->keys;
		if (d->keys != NULL)
			d->keys->at = &keys->next;
		d->keys = keys;
		(void)pthread_mutex_unlock(&d->lock);
	}
	if (keys->generation != s->generation) {
		forget(keys);
		keys->generation = s->generation;
	}
	return keys;
}

static struct hmac *hmac_of(struct keys *keys, const struct entry *e)
{
	struct kept_key *k = &keys->kept[(uint64_t)e->account_id & (KEPT_KEYS - 1)];

	if (k->hmac != NULL && k->account_id == e->account_id)
		return k->hmac;
	hmac_free(k->hmac);
	*k = (struct kept_key){ .account_id = e->account_id };
	if (hmac_new(e->secret, &k->hmac, NULL) < 0)
		k->hmac = NULL;
	return k->hmac;
}

/* ---- questions ---- */

/* "sha256=" and 64 hex digits, as Meta writes it. */
static bool read_signature(struct str signature, unsigned char ret[SHA256_BYTES])
{
	struct str head = STR("sha256=");

	return str_starts(signature, head) && crypto_unhex(str_cut(signature, head.len, signature.len), ret, SHA256_BYTES);
}

static bool signs(struct keys *keys, const struct entry *e, struct str body, const unsigned char want[SHA256_BYTES])
{
	unsigned char sum[SHA256_BYTES];
	struct hmac *h = e->secret.p == NULL ? NULL : hmac_of(keys, e);

	if (h == NULL || hmac_sha256(h, body, sum, NULL) < 0)
		return false;
	return crypto_equal((struct str){ (const char *)sum, sizeof(sum) }, (struct str){ (const char *)want, SHA256_BYTES });
}

int directory_find(struct account_directory *d, struct str channel, struct str external_key, struct directory_account *ret)
{
	struct snapshot *s = enter(d);
	const struct entry *e = find(s, channel, external_key);

	if (e != NULL)
		*ret = (struct directory_account){ .workspace = e->workspace, .account_id = e->account_id };
	leave(d, s);
	return e != NULL;
}

int directory_verify(struct account_directory *d, struct str channel, struct str external_key,
		     struct str body, struct str signature)
{
	unsigned char want[SHA256_BYTES];
	int yes = 0;

	if (!read_signature(signature, want))
		return 0;
	struct snapshot *s = enter(d);
	const struct entry *e = find(s, channel, external_key);
	struct keys *keys = e == NULL ? NULL : keys_of(d, s);

	if (keys != NULL)
		yes = signs(keys, e, body, want);
	leave(d, s);
	return yes;
}

int directory_verify_any(struct account_directory *d, struct str channel, struct str body, struct str signature)
{
	unsigned char want[SHA256_BYTES];
	size_t hashed = 0;
	int yes = 0;

	if (!read_signature(signature, want))
		return 0;
	struct snapshot *s = enter(d);
	struct keys *keys = keys_of(d, s);

	for (size_t i = 0; keys != NULL && i < s->count && !yes && hashed <= ANY_BYTES; i++) {
		const struct entry *e = &s->entries[i];

		if (!e->is_distinct || !str_eq(e->channel, channel))
			continue;
		yes = signs(keys, e, body, want);
		hashed += body.len;
	}
	leave(d, s);
	return yes;
}

size_t directory_verify_token(struct account_directory *d, struct str channel, struct str token, struct directory_account *ret, size_t max)
{
	unsigned char sum[SHA256_BYTES];
	struct snapshot *s = enter(d);
	size_t found = 0;

	crypto_sha256(token, sum);
	for (size_t i = 0; i < s->count; i++) {
		const struct entry *e = &s->entries[i];

		if (!str_eq(e->channel, channel) || !e->has_token ||
		    !crypto_equal((struct str){ (const char *)sum, sizeof(sum) }, (struct str){ (const char *)e->token, sizeof(e->token) }))
			continue;
		if (found < max)
			ret[found] = (struct directory_account){ e->workspace, e->account_id };
		found++;
	}
	leave(d, s);
	return found;
}

/* ---- life ---- */

int directory_new(struct account_directory **ret, struct error *err)
{
	struct account_directory *d = calloc(1, sizeof(*d));
	struct snapshot *empty = calloc(1, sizeof(*empty));

	if (d == NULL || empty == NULL || (empty->chain = arena_alloc(&empty->memory, sizeof(*empty->chain))) == NULL ||
	    pthread_key_create(&d->thread_keys, end_of_thread) != 0) {
		snapshot_free(empty);
		free(d);
		return fail(err, ERR_NOMEM, "no memory for the directory of accounts");
	}
	empty->chain[0] = SIZE_MAX;
	empty->chains = 1;
	empty->users = 1;
	d->current = empty;
	(void)pthread_mutex_init(&d->lock, NULL);
	(void)pthread_mutex_init(&d->load_lock, NULL);
	*ret = d;
	return 0;
}

/* The threads that asked must have ended, but for the calling one. */
void directory_free(struct account_directory *d)
{
	if (d == NULL)
		return;
	(void)pthread_key_delete(d->thread_keys);
	for (struct keys *keys = d->keys, *next; keys != NULL; keys = next) {
		next = keys->next;
		forget(keys);
		free(keys);
	}
	leave(d, d->current);
	(void)pthread_mutex_destroy(&d->load_lock);
	(void)pthread_mutex_destroy(&d->lock);
	free(d);
}

/* ---- handshakes ---- */

/* Under the lock. NULL: no place is left. */
static struct handshakes *handshakes_of(struct account_directory *d, struct str channel)
{
	for (size_t k = 0; k < CHANNELS_MAX; k++) {
		struct handshakes *h = &d->handshakes[k];

		if (h->channel[0] == '\0' && channel.len < sizeof(h->channel))
			(void)snprintf(h->channel, sizeof(h->channel), "%.*s", STR_ARG(channel));
		if (str_eq_c(channel, h->channel))
			return h;
	}
	return NULL;
}

void directory_note_handshake(struct account_directory *d, struct str channel, bool accepted)
{
	int64_t now = clock_now_ms();

	(void)pthread_mutex_lock(&d->lock);
	struct handshakes *h = handshakes_of(d, channel);

	if (h != NULL)
		*(accepted ? &h->accepted_ms : &h->refused_ms) = now;
	(void)pthread_mutex_unlock(&d->lock);
}

void directory_handshakes(struct account_directory *d, struct str channel, int64_t *ret_accepted_ms, int64_t *ret_refused_ms)
{
	(void)pthread_mutex_lock(&d->lock);
	const struct handshakes *h = handshakes_of(d, channel);

	*ret_accepted_ms = h != NULL ? h->accepted_ms : 0;
	*ret_refused_ms = h != NULL ? h->refused_ms : 0;
	(void)pthread_mutex_unlock(&d->lock);
}
