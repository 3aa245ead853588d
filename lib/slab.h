/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SLAB_H
#define SPOUT_SLAB_H

#include <stddef.h>

#include "ring.h"

/*
 * Many things of one size, which come and go: packed, so that each costs its own bytes and no more,
 * and apart from what malloc(3) hands out, so that neither is in the other's way. Pages that
 *nothing is in any more go back to the system, but for one.
 *
 *	chunk, aligned to its size [ head | thing | free | thing | … ]
 *
 * Under AddressSanitizer each is a malloc of its own.
 */
enum { SLAB_CHUNK = 64 * 1024 };

struct slab {
	size_t size;        /* of a thing, rounded up to what pointers need */
	struct ring chunks; /* those that have room, and no others */
	struct ring full;
	size_t used;  /* things */
	size_t empty; /* chunks that are kept for later: at most 1 */
};

/* size: at most a tenth of a chunk. */
void slab_init(struct slab *s, size_t size);
/* Frees the chunks, and so whatever is in them. */
void slab_fini(struct slab *s);

/* Zeroed. Out of memory ends the process. */
void *slab_get(struct slab *s);
void slab_put(struct slab *s, void *thing);

#endif
