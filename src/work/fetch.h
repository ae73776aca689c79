/* Fetches one file that a customer sent: asks the channel where it lies, downloads it from nowhere else than the channel's hosts,
 * keeps it, and writes down how that ended. */
#ifndef WORK_FETCH_H
#define WORK_FETCH_H

#include "base/http_client.h"
#include "inbox/instance.h"

struct fetcher {			/* of one thread */
	struct instance *i;
	struct http_client *http;
	struct db *reader;
	bool (*stopping)(void *arg);	/* the server stops: what its client ended then is no failure */
	void *arg;
};

/* Waits: up to minutes for a large file. 0: it is written down, or there is nothing to fetch (any more); also when it failed, then
 * with the time of the next try. ERR_*: it could not be written down, and is still due. */
int fetch_run(struct fetcher *f, struct workspace_id w, int64_t message_id, int position, struct error *err);

/* Where a file may be fetched. */
struct fetch_rules {
	const struct trixy_channel *channel;
	struct str base_url;			/* the account's */
	int backend;
	const struct config *config;
};
/* ERR_DENIED: not from there; ret_host is the host, for words. *ret_public_only: whether the address must be a public one: not for
 * the origin (scheme, host and port) that the operator has set for the channel, and for nothing else. */
int fetch_address_check(const struct fetch_rules *rules, struct str url, struct arena *arena, bool *ret_public_only, struct str *ret_host,
			struct error *err);
/* SHA-256 as providers tell it: hex, base64 or base64url, with or without padding. False: none of them. */
bool fetch_hash_read(struct str told, unsigned char ret[SHA256_BYTES]);

#endif
