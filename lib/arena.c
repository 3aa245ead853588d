/* SPDX-License-Identifier: MIT */
/* arena: chunks of memory, the newest on top. */
#include "arena.h"

#include <stdlib.h>

#include "buf.h"

enum { ARENA_CHUNK = 16 * 1024 }; /* holds a page of a log, or many small replies */

struct arena_chunk {
	struct arena_chunk *older;
	size_t size;
	_Alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *a, size_t max_bytes)
{
	*a = (struct arena){.max = max_bytes};
}

void arena_reset(struct arena *a)
{
	while (a->chunk != NULL && a->chunk->older != NULL) {
		struct arena_chunk *older = a->chunk->older;

		free(a->chunk);
		a->chunk = older;
	}
	a->used = a->total = 0;
}

void arena_fini(struct arena *a)
{
	arena_reset(a);
	free(a->chunk);
	a->chunk = NULL;
}

void *arena_take(struct arena *a, size_t n)
{
	const size_t align = _Alignof(max_align_t);

	if (n > a->max - a->total)
		return NULL;
	n = (n + align - 1) / align * align;
	if (a->chunk == NULL || a->chunk->size - a->used < n) {
		/* The first chunk is kept for ever, so it must not be the size of a giant. */
		size_t size = a->chunk != NULL && n > ARENA_CHUNK ? n : ARENA_CHUNK;
		struct arena_chunk *c = xmalloc(sizeof *c + size);

		*c = (struct arena_chunk){.older = a->chunk, .size = size};
		a->chunk = c;
		a->used = 0;
		if (n > size)
			return arena_take(a, n);
	}
	void *p = a->chunk->bytes + a->used;
	a->used += n;
	a->total += n;
	return p;
}
