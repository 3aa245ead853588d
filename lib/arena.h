/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_ARENA_H
#define SPOUT_ARENA_H

#include <stddef.h>

/* Memory for things that die together: taken piece by piece, given back at once. */
struct arena {
	struct arena_chunk *chunk; /* the newest; the first one is kept by arena_reset */
	size_t used;               /* of the newest */
	size_t total, max;         /* bytes taken since the reset, and their cap */
};

void arena_init(struct arena *a, size_t max_bytes);
void arena_fini(struct arena *a);

/* n bytes aligned for anything; NULL when the cap would be passed. */
void *arena_take(struct arena *a, size_t n);
void arena_reset(struct arena *a);

#endif
