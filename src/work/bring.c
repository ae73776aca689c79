#include "work/bring.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

enum { ROOM = 32 };
enum wish_state { WISH_NONE, WISH_WAITS, WISH_RUNS, WISH_FAILED };

struct wish {
	enum wish_state state;
	int64_t message_id, number;	/* they come in the order in which they were asked for */
	struct workspace_id w;
	char sha256[65];
	struct error why;		/* _FAILED */
};

struct bring {
	struct files *files;
	struct bell *done, bell;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock;		/* guards what follows */
	struct wish wish[ROOM];
	int64_t numbers;
};

static struct wish *find(struct bring *b, int64_t message_id)
{
	for (size_t k = 0; k < ROOM; k++)
		if (b->wish[k].state != WISH_NONE && b->wish[k].message_id == message_id)
			return &b->wish[k];
	return NULL;
}

static struct wish *oldest(struct bring *b, enum wish_state state)
{
	struct wish *found = NULL;

	for (size_t k = 0; k < ROOM; k++)
		if (b->wish[k].state == state && (found == NULL || b->wish[k].number < found->number))
			found = &b->wish[k];
	return found;
}

bool bring_ask(struct bring *b, int64_t message_id, struct workspace_id w, struct str sha256)
{
	(void)pthread_mutex_lock(&b->lock);
	struct wish *wish = find(b, message_id);

	if (wish == NULL)
		wish = oldest(b, WISH_NONE);
	if (wish == NULL)		/* a failure that nobody has asked about: another server may have sent that message */
		wish = oldest(b, WISH_FAILED);
	if (wish != NULL && (wish->state == WISH_NONE || wish->state == WISH_FAILED)) {
		*wish = (struct wish){ .state = WISH_WAITS, .message_id = message_id, .w = w, .number = ++b->numbers };
		(void)snprintf(wish->sha256, sizeof(wish->sha256), "%.*s", STR_ARG(sha256));
	}
	(void)pthread_mutex_unlock(&b->lock);
	bell_ring(&b->bell);
	return wish != NULL;
}

bool bring_waits(struct bring *b, int64_t message_id)
{
	(void)pthread_mutex_lock(&b->lock);
	const struct wish *wish = find(b, message_id);
	bool waits = wish != NULL && wish->state != WISH_FAILED;

	(void)pthread_mutex_unlock(&b->lock);
	return waits;
}

int bring_failure(struct bring *b, int64_t message_id, struct error *err)
{
	int r = 0;

	(void)pthread_mutex_lock(&b->lock);
	struct wish *wish = find(b, message_id);

	if (wish != NULL && wish->state == WISH_FAILED) {
		r = fail(err, wish->why.code, "%s", wish->why.text);
		*wish = (struct wish){ 0 };
	}
	(void)pthread_mutex_unlock(&b->lock);
	return r;
}

/* True: there was one. What has come is found on the disk, and needs no row here. */
static bool bring_one(struct bring *b)
{
	struct error err = { 0 };

	(void)pthread_mutex_lock(&b->lock);
	struct wish *wish = oldest(b, WISH_WAITS);

	if (wish != NULL)
		wish->state = WISH_RUNS;
	(void)pthread_mutex_unlock(&b->lock);
	if (wish == NULL)
		return false;
	int r = files_fetch(b->files, wish->w, str_of(wish->sha256), &err);	/* nobody else touches one that runs */

	(void)pthread_mutex_lock(&b->lock);
	wish->state = r < 0 ? WISH_FAILED : WISH_NONE;
	wish->why = err;
	wish->why.code = r;
	(void)pthread_mutex_unlock(&b->lock);
	bell_ring(b->done);
	return true;
}

static void *run(void *arg)
{
	struct bring *b = arg;

	(void)pthread_setname_np(pthread_self(), "bring");
	while (!bell_closed(&b->bell))
		if (!bring_one(b))
			bell_wait(&b->bell, HOUR_MS);
	return NULL;
}

int bring_new(struct files *files, struct bell *done, struct bring **ret, struct error *err)
{
	struct bring *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	b->files = files;
	b->done = done;
	(void)pthread_mutex_init(&b->lock, NULL);
	bell_init(&b->bell);
	if (pthread_create(&b->thread, NULL, run, b) != 0) {
		bring_free(b);
		return fail(err, ERR_BROKEN, "no thread to bring files");
	}
	b->has_thread = true;
	*ret = b;
	return 0;
}

void bring_free(struct bring *b)
{
	if (b == NULL)
		return;
	bell_close(&b->bell);
	if (b->has_thread)
		(void)pthread_join(b->thread, NULL);
	bell_done(&b->bell);
	(void)pthread_mutex_destroy(&b->lock);
	free(b);
}
