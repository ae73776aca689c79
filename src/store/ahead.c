#include "store/ahead.h"

#include <stdlib.h>
#include <string.h>

#include "store/engine.h"
#include "store/message.h"

enum { MOST = 1024, BUCKETS = 1024 };	/* questions of a group: what is more is asked when its turn comes */

struct known {				/* a contact's key on an account */
	struct known *next_in_bucket, *next;
	int64_t account_id;
	struct str key;
	enum { NOT_READ, NOT_THERE, THERE } state;
	struct store_conversation c;	/* THERE: as it is now, in the transaction */
};

struct question {			/* whether its conversation has a message */
	struct question *next_in_bucket, *next;
	struct known *known;
	int64_t external_hash;
	bool none;			/* it was read: there is none */
};

struct ahead {
	struct arena memory;
	struct known *bucket[BUCKETS], *first;
	struct question *questions_of[BUCKETS], *first_question;
	size_t known, questions;
};

struct ahead *ahead_new(void)
{
	return calloc(1, sizeof(struct ahead));
}

void ahead_free(struct ahead *a)
{
	if (a == NULL)
		return;
	arena_done(&a->memory);
	free(a);
}

void ahead_begin(struct ahead *a)
{
	arena_reset(&a->memory);
	memset(a->bucket, 0, sizeof(a->bucket));
	memset(a->questions_of, 0, sizeof(a->questions_of));
	a->first = NULL;
	a->first_question = NULL;
	a->known = a->questions = 0;
}

/* ---- asking ---- */

static struct known **bucket_of(struct ahead *a, int64_t account_id, struct str key)
{
	return &a->bucket[str_hash(STR_HASH ^ (uint64_t)account_id, key) % BUCKETS];
}

static struct known *find(struct ahead *a, int64_t account_id, struct str key)
{
	struct known *k = *bucket_of(a, account_id, key);

	while (k != NULL && (k->account_id != account_id || !str_eq(k->key, key)))
		k = k->next_in_bucket;
	return k;
}

static struct question *find_question(struct ahead *a, int64_t external_hash)
{
	struct question *q = a->questions_of[(uint64_t)external_hash % BUCKETS];

	while (q != NULL && q->external_hash != external_hash)
		q = q->next_in_bucket;
	return q;
}

static struct known *add(struct ahead *a, int64_t account_id, struct str key)
{
	struct known **at = bucket_of(a, account_id, key), *k = find(a, account_id, key);

	if (k != NULL || a->known == MOST || (k = arena_alloc(&a->memory, sizeof(*k))) == NULL)
		return k;
	*k = (struct known){ .next_in_bucket = *at, .next = a->first, .account_id = account_id, .key = arena_copy(&a->memory, key) };
	*at = a->first = k;
	a->known++;
	return k;
}

void store_ahead(struct ahead *a, int64_t account_id, struct str contact_key, struct str message_id)
{
	int64_t hash = store_message_hash(message_id);
	struct known *k = contact_key.len == 0 ? NULL : add(a, account_id, contact_key);
	struct question *q = NULL;

	/* One hash, one question: the second of two that share it is asked when its turn comes. */
	if (k == NULL || message_id.len == 0 || a->questions == MOST || find_question(a, hash) != NULL ||
	    (q = arena_alloc(&a->memory, sizeof(*q))) == NULL)
		return;
	struct question **at = &a->questions_of[(uint64_t)hash % BUCKETS];

	*q = (struct question){ .next_in_bucket = *at, .next = a->first_question, .known = k, .external_hash = hash };
	*at = a->first_question = q;
	a->questions++;
}

/* ---- reading ---- */

static int read_conversations(struct ahead *a, struct db *db, struct error *err)
{
	struct known *k = a->first;
	int r = 0;

	while (k != NULL && r >= 0) {
		struct store_contact_key keys[STORE_AT_ONCE];
		struct store_conversation found[STORE_AT_ONCE];
		size_t count = 0, found_count;

		for (; k != NULL && count < STORE_AT_ONCE; k = k->next) {
			k->state = NOT_THERE;
			keys[count++] = (struct store_contact_key){ k->account_id, k->key };
		}
		r = store_conversation_find_some(db, keys, count, &a->memory, found, &found_count, err);
		for (size_t n = 0; r >= 0 && n < found_count; n++) {
			struct known *its = find(a, found[n].account_id, found[n].external_key);

			if (its != NULL) {
				its->state = THERE;
				its->c = found[n];
			}
		}
	}
	return r;
}

static int read_messages(struct ahead *a, struct db *db, struct error *err)
{
	struct question *q = a->first_question;
	int r = 0;

	while (q != NULL && r >= 0) {
		struct store_message_key keys[STORE_AT_ONCE], found[STORE_AT_ONCE];
		size_t count = 0, found_count;

		for (; q != NULL && count < STORE_AT_ONCE; q = q->next)
			if (q->known->state == THERE) {
				q->none = true;
				keys[count++] = (struct store_message_key){ q->known->c.id, q->external_hash };
			}
		r = count == 0 ? 0 : store_message_some_there(db, keys, count, found, &found_count, err);
		for (size_t n = 0; count > 0 && r >= 0 && n < found_count; n++)
			find_question(a, found[n].external_hash)->none = false;
	}
	return r;
}

int ahead_load(struct ahead *a, struct db *db, struct error *err)
{
	int r;

	if (arena_failed(&a->memory) || a->first == NULL)
		return 0;
	if ((r = read_conversations(a, db, err)) < 0 || (r = read_messages(a, db, err)) < 0)
		return r;
	if (!arena_failed(&a->memory))
		db->ahead = a;
	return 0;
}

/* ---- answering ---- */

bool ahead_conversation(struct db *db, struct workspace_id w, int64_t account_id, struct str external_key, struct arena *arena,
			struct store_conversation *ret, bool *ret_found)
{
	const struct known *k = db->ahead == NULL ? NULL : find(db->ahead, account_id, external_key);

	if (k == NULL || k->state == NOT_READ)
		return false;
	*ret_found = k->state == THERE && k->c.workspace.v == w.v;
	if (*ret_found) {
		*ret = k->c;
		ret->channel = arena_copy(arena, k->c.channel);
		ret->external_key = arena_copy(arena, k->c.external_key);
	}
	return true;
}

bool ahead_conversation_saved(struct db *db, const struct store_conversation *c)
{
	struct known *k = db->ahead == NULL ? NULL : find(db->ahead, c->account_id, c->external_key);

	if (k == NULL || k->state != THERE || k->c.id != c->id || k->c.workspace.v != c->workspace.v)
		return false;
	k->c.status = c->status;
	k->c.unread = c->unread;
	k->c.activity_at = c->activity_at;
	k->c.window_from = c->window_from;
	k->c.read_at = c->read_at;
	return true;
}

void ahead_conversation_came(struct db *db, int64_t account_id, struct str external_key)
{
	struct known *k = db->ahead == NULL ? NULL : find(db->ahead, account_id, external_key);

	if (k != NULL)
		k->state = NOT_READ;
}

void ahead_conversations_moved(struct db *db)
{
	for (struct known *k = db->ahead == NULL ? NULL : db->ahead->first; k != NULL; k = k->next)
		k->state = NOT_READ;
}

bool ahead_no_message(struct db *db, int64_t conversation_id, int64_t external_hash)
{
	const struct question *q = db->ahead == NULL ? NULL : find_question(db->ahead, external_hash);

	return q != NULL && q->none && q->known->c.id == conversation_id;
}

void ahead_message_added(struct db *db, int64_t conversation_id, int64_t external_hash)
{
	struct question *q = db->ahead == NULL ? NULL : find_question(db->ahead, external_hash);

	if (q != NULL && q->known->c.id == conversation_id)
		q->none = false;
}
