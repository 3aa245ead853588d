/* SPDX-License-Identifier: MIT */
/* slab: things of one size in chunks that are given back. */
#include "slab.h"

#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "buf.h"

#if defined __SANITIZE_ADDRESS__
#define EACH_ALONE 1
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define EACH_ALONE 1
#endif
#endif
#ifndef EACH_ALONE
#define EACH_ALONE 0
#endif

struct free_thing {
	struct free_thing *next;
};

struct chunk {
	struct ring at; /* in slab.chunks or slab.full */
	struct free_thing *free;
	uint32_t used;
	uint32_t fresh; /* bytes from the chunk's begin on that were in use once */
};

void slab_init(struct slab *s, size_t size)
{
	const size_t unit = sizeof(void *);

	*s = (struct slab){.size = (size + unit - 1) / unit * unit};
	ring_init(&s->chunks);
	ring_init(&s->full);
}

static void free_chunks(struct ring *chunks)
{
	while (!ring_is_empty(chunks)) {
		struct chunk *c = ring_thing(chunks->next, struct chunk, at);

		ring_remove(&c->at);
		(void)munmap(c, SLAB_CHUNK); /* it is ours */
	}
}

void slab_fini(struct slab *s)
{
	free_chunks(&s->chunks);
	free_chunks(&s->full);
}

/* The kernel places by pages: twice as much is taken, and what is beside the aligned part given
 * back. */
static void *map_aligned(void)
{
	char *p = mmap(NULL, 2 * (size_t)SLAB_CHUNK, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		err(70, "out of memory (%d bytes)", SLAB_CHUNK);
	size_t before = SLAB_CHUNK - (size_t)((uintptr_t)p % SLAB_CHUNK);
	(void)munmap(p, before); /* whole pages of our own, here and below */
	p += before;
	if (before < SLAB_CHUNK)
		(void)munmap(p + SLAB_CHUNK, SLAB_CHUNK - before);
	return p;
}

static struct chunk *add_chunk(struct slab *s)
{
	struct chunk *c = map_aligned();

	c->fresh = (uint32_t)((sizeof *c + 15) / 16 * 16);
	ring_init(&c->at);
	ring_add(&s->chunks, &c->at);
	s->empty++;
	return c;
}

static void *take(const struct slab *s, struct chunk *c)
{
	struct free_thing *thing = c->free;

	if (thing == NULL) { /* memory that was never used is zero, and is not there yet */
		void *fresh = (char *)c + c->fresh;

		c->fresh += (uint32_t)s->size;
		return fresh;
	}
	c->free = thing->next;
	return memset(thing, 0, s->size);
}

void *slab_get(struct slab *s)
{
	s->used++;
	if (EACH_ALONE)
		return xcalloc(1, s->size);
	struct chunk *c =
	    ring_is_empty(&s->chunks) ? add_chunk(s) : ring_thing(s->chunks.next, struct chunk, at);
	s->empty -= c->used++ == 0;
	void *thing = take(s, c);
	if (c->free == NULL && c->fresh + s->size > SLAB_CHUNK) {
		ring_remove(&c->at);
		ring_add(&s->full, &c->at);
	}
	return thing;
}

void slab_put(struct slab *s, void *thing)
{
	s->used--;
	if (EACH_ALONE) {
		free(thing);
		return;
	}
	struct chunk *c = (struct chunk *)((uintptr_t)thing / SLAB_CHUNK * SLAB_CHUNK);
	struct free_thing *f = thing;

	if (c->free == NULL && c->fresh + s->size > SLAB_CHUNK) {
		ring_remove(&c->at);
		ring_add(s->chunks.next, &c->at); /* the fullest are filled first */
	}
	f->next = c->free;
	c->free = f;
	if (--c->used > 0)
		return;
	ring_remove(&c->at);
	if (s->empty > 0) {
		(void)munmap(c, SLAB_CHUNK); /* it is ours */
	} else {
		ring_add(&s->chunks, &c->at);
		s->empty++;
	}
}
