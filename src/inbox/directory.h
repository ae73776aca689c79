/* Who a webhook means: live accounts by (channel, external key), each with its HMAC key, kept in memory because every
 * webhook asks. Threads read a snapshot; a change of accounts builds a new one. */
#ifndef INBOX_DIRECTORY_H
#define INBOX_DIRECTORY_H

#include "inbox/instance.h"

int directory_new(struct account_directory **ret, struct error *err);
void directory_free(struct account_directory *d);
/* Reads all live accounts again: at the start and after account_connect/update/disconnect and addon changes. */
int directory_load(struct instance *i, struct error *err);

/* Another server has changed an account: the snapshot is old. From any thread; never blocks. */
void directory_is_old(struct account_directory *d);
/* Loads again if it is old. 1: it was. */
int directory_refresh(struct instance *i, struct error *err);
/* Where several servers share the database, before somebody unknown is refused: takes in what other servers committed before this
 * call, and waits for that. 1: ask again. 0: nobody else uses the database. ERR_LIMIT: so many wait for that already that this
 * one does not (strangers can make it happen). ERR_TEMPORARY: it took too long. */
int directory_catch_up(struct instance *i, struct error *err);

struct directory_account { struct workspace_id workspace; int64_t account_id; };
/* 1 found, 0 not known. */
int directory_find(struct account_directory *d, struct str channel, struct str external_key, struct directory_account *ret);
/* Whether the account's secret signs the body: 1 yes, 0 no. signature: "sha256=" and 64 hex digits. */
int directory_verify(struct account_directory *d, struct str channel, struct str external_key,
		     struct str body, struct str signature);
/* Whether any distinct secret of the channel's accounts in this instance signs the body: 1 yes, 0 no. */
int directory_verify_any(struct account_directory *d, struct str channel, struct str body, struct str signature);
/* How many live accounts of the channel have this verify token, in constant time over all of them; the first `max` of them into
 * ret, which may be NULL when max is 0. */
size_t directory_verify_token(struct account_directory *d, struct str channel, struct str token, struct directory_account *ret, size_t max);

/* When providers last did the handshake for this channel, since the process started; 0: never. For "Check connection". */
void directory_note_handshake(struct account_directory *d, struct str channel, bool accepted);
void directory_handshakes(struct account_directory *d, struct str channel, int64_t *ret_accepted_ms, int64_t *ret_refused_ms);

#endif
