/* One request that a channel made, on its way to the provider and back: the border between the addon's ABI and the HTTP
 * client. What a channel hands over is checked here as a stranger's input. */
#ifndef WORK_ASK_H
#define WORK_ASK_H

#include <pthread.h>

#include "base/http_client.h"
#include "inbox/account.h"

struct ask {
	struct http_call call;		/* first: a finished call is its ask */
	struct arena memory;		/* what the request is made of: holds secrets */
	int fd;				/* the file that goes with it, closed when the request is forgotten; 0: none */
};

/* An account with its secrets in the clear, in the ask's memory, and its channel. ERR_NOTFOUND: it is gone; ERR_STATE: its
 * channel is not active. */
int ask_open(struct ask *a, struct instance *i, struct db *db, struct workspace_id w, int64_t account_id,
	     struct trixy_account *ret, const struct trixy_channel **ret_channel, struct error *err);
/* Fills the call from a request that lies in the ask's memory. ERR_INVALID: it is not one that can be sent. */
int ask_fill(struct ask *a, const struct trixy_request *request, int64_t timeout_ms, struct error *err);
/* The same, where its parts with is_file stand for the `bytes` bytes of fd, which is the ask's from here on in any case. fd 0: no file,
 * and no such part. */
int ask_fill_file(struct ask *a, const struct trixy_request *request, int fd, int64_t bytes, int64_t timeout_ms, struct error *err);
/* Overwrites and frees the request; the answer stays. */
void ask_forget_request(struct ask *a);
/* The answer as the ABI has it; memory is the arena's and the ask's. */
int ask_answer(const struct ask *a, struct arena *arena, struct trixy_answer *ret, struct error *err);
void ask_done(struct ask *a);		/* frees all; it may be used again */

/* A text of a channel's that is really there and of at most max bytes. */
bool ask_fits(struct trixy_text t, uint64_t max);
/* The channel's headers as the client takes them, in ret; the array is the arena's, the texts stay where they are. ERR_INVALID: too many,
 * or too long. */
int ask_headers(const struct trixy_pair *pairs, uint32_t count, struct arena *arena, struct http_call *ret, struct error *err);
/* What a channel tells in words: STR_NONE when it is not UTF-8, cut when it is longer than max bytes. */
struct str ask_told(struct trixy_text t, size_t max);

/* Asks that have come back, from the client's thread to the one that sent them. */
struct ask_box {
	pthread_mutex_t lock;		/* guards first */
	struct http_call *first;
};
void ask_box_init(struct ask_box *box);
void ask_box_done(struct ask_box *box);
void ask_box_put(struct ask_box *box, struct http_call *call);
/* All of them, linked by call.next; empties the box. */
struct ask *ask_box_take(struct ask_box *box);
struct ask *ask_next(const struct ask *a);

#endif
