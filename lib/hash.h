/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_HASH_H
#define SPOUT_HASH_H

#include <stddef.h>
#include <stdint.h>

/* For tables of names that come from outside: who does not know the key cannot choose names that
 * fall into one bucket. Not for anything that is stored. */
struct hash_key {
	uint64_t k[2];
};

/* Random. */
struct hash_key hash_key(void);

/* kind: tells things of the same name apart. */
uint32_t hash_of(const struct hash_key *key, const char *s, size_t len, unsigned kind);

#endif
