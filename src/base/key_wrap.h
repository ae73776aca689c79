/* A sealing key that is kept where a password can be had: closed with a key made from that password. And its fingerprint. */
#ifndef BASE_KEY_WRAP_H
#define BASE_KEY_WRAP_H

#include "base/crypto.h"

/* 32 hex digits that tell keys apart and say nothing about them. */
int key_fingerprint(const struct seal_key *key, struct arena *a, struct str *ret, struct error *err);
/* Hex. argon2id: slow on purpose (~0.1 s, 64 MiB), with a salt of its own each time. */
int key_wrap(const struct seal_key *key, struct str password, struct arena *a, struct str *ret, struct error *err);
/* ERR_DENIED: another password, or it was changed. As slow. */
int key_unwrap(struct str wrapped, struct str password, struct seal_key *ret, struct error *err);

#endif
