/* See web/throttle.h. A window begins with its first failure: at its end all of it is forgiven. */
#include "web/throttle.h"

#include <pthread.h>

#include "base/crypto.h"

enum { SLOTS = 8192, WAYS = 8 };	/* a key may stand in WAYS neighbouring slots */

struct slot {
	unsigned char digest[16];
	int64_t began, count;		/* count 0: free */
};

struct throttle {
	pthread_mutex_t lock;		/* guards what follows */
	unsigned char salt[16];		/* so that nobody outside can choose keys that share slots */
	struct slot slot[SLOTS];
};

int throttle_new(struct throttle **ret, struct error *err)
{
	struct throttle *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return fail(err, ERR_NOMEM, "no memory to count failures");
	crypto_random(t->salt, sizeof(t->salt));
	pthread_mutex_init(&t->lock, NULL);
	*ret = t;
	return 0;
}

void throttle_free(struct throttle *t)
{
	if (t == NULL)
		return;
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static void digest_of(struct throttle *t, struct str key, unsigned char ret[SHA256_BYTES])
{
	SCOPED(buf_done) struct buf b = { 0 };

	buf_add(&b, (struct str){ (const char *)t->salt, sizeof(t->salt) });
	buf_add(&b, key);
	crypto_sha256(buf_str(&b), ret);
}

/* The slot of the key; with `make`, one for it: a free one, else the oldest of its neighbours. */
static struct slot *find(struct throttle *t, struct str key, bool make)
{
	unsigned char digest[SHA256_BYTES];
	struct slot *best = NULL;
	size_t at;

	digest_of(t, key, digest);
	at = ((size_t)digest[16] << 8 | digest[17]) % (SLOTS / WAYS) * WAYS;
	for (size_t k = 0; k < WAYS; k++) {
		struct slot *s = &t->slot[at + k];

		if (s->count > 0 && memcmp(s->digest, digest, sizeof(s->digest)) == 0)
			return s;
		if (best == NULL || (best->count > 0 && (s->count == 0 || s->began < best->began)))
			best = s;
	}
	if (!make)
		return NULL;
	*best = (struct slot){ 0 };
	memcpy(best->digest, digest, sizeof(best->digest));
	return best;
}

int64_t throttle_wait(struct throttle *t, struct str key, int max, int64_t window_ms, int64_t now_ms)
{
	int64_t wait = 0;

	pthread_mutex_lock(&t->lock);
	struct slot *s = find(t, key, false);

	if (s != NULL && s->count >= max && now_ms - s->began < window_ms)
		wait = s->began + window_ms - now_ms;
	pthread_mutex_unlock(&t->lock);
	return wait;
}

void throttle_failed(struct throttle *t, struct str key, int64_t window_ms, int64_t now_ms)
{
	pthread_mutex_lock(&t->lock);
	struct slot *s = find(t, key, true);

	if (s->count == 0 || now_ms - s->began >= window_ms) {
		s->began = now_ms;
		s->count = 0;
	}
	s->count++;
	pthread_mutex_unlock(&t->lock);
}

void throttle_forgive(struct throttle *t, struct str key)
{
	pthread_mutex_lock(&t->lock);
	struct slot *s = find(t, key, false);

	if (s != NULL)
		s->count--;
	pthread_mutex_unlock(&t->lock);
}

void throttle_forget(struct throttle *t, struct str key)
{
	pthread_mutex_lock(&t->lock);
	struct slot *s = find(t, key, false);

	if (s != NULL)
		*s = (struct slot){ 0 };
	pthread_mutex_unlock(&t->lock);
}
