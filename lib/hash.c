/* SPDX-License-Identifier: MIT */
/* hash: of names that come from outside. */
#include "hash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct hash_key hash_key(void)
{
	struct hash_key key;

	if (getrandom(&key, sizeof key, 0) != (ssize_t)sizeof key)
		abort(); /* getrandom(2) cannot fail for 16 bytes without a flag */
	return key;
}

/* Multiplies into 128 bits and folds, eight bytes at a time, as wyhash does
 * (https://github.com/wangyi-fudan/wyhash). */
static uint64_t fold(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint32_t hash_of(const struct hash_key *key, const char *s, size_t len, unsigned kind)
{
	uint64_t h = key->k[0] ^ (len << 1 | kind), word;

	for (; len >= sizeof word; s += sizeof word, len -= sizeof word) {
		memcpy(&word, s, sizeof word);
		h = fold(h ^ word, key->k[1] | 1);
	}
	word = 0;
	memcpy(&word, s, len);
	h = fold(h ^ word, key->k[1] | 1);
	return (uint32_t)(h ^ h >> 32);
}
