/* Counts failures by key, so that guessing is slow. Memory is fixed: of too many keys the oldest is forgotten. Any thread. */
#ifndef WEB_THROTTLE_H
#define WEB_THROTTLE_H

#include "base/err.h"
#include "base/str.h"

struct throttle;

int throttle_new(struct throttle **ret, struct error *err);
void throttle_free(struct throttle *t);
/* 0: may try. Otherwise how many ms to wait: `max` failures of this key are younger than window_ms. */
int64_t throttle_wait(struct throttle *t, struct str key, int max, int64_t window_ms, int64_t now_ms);
void throttle_failed(struct throttle *t, struct str key, int64_t window_ms, int64_t now_ms);
/* Takes back one failure, or all of them. */
void throttle_forgive(struct throttle *t, struct str key);
void throttle_forget(struct throttle *t, struct str key);

#endif
