/* SPDX-License-Identifier: MIT */
/* slab: things of one size; what is given back is given back. */
#include "slab.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "t.h"

enum { THINGS = 20000, SIZE = 300 };

static unsigned char *things[THINGS];

static size_t count(const struct ring *list)
{
	size_t n = 0;

	for (const struct ring *r = list->next; r != list; r = r->next)
		n++;
	return n;
}

/* Each thing is as it was filled: nobody else's bytes are in it. */
static bool is_own(size_t i)
{
	for (size_t k = 0; k < SIZE; k++)
		if (things[i][k] != (unsigned char)(i * 7))
			return false;
	return true;
}

static bool is_zero(const unsigned char *p)
{
	for (size_t k = 0; k < SIZE; k++)
		if (p[k] != 0)
			return false;
	return true;
}

static bool get(struct slab *s, size_t i)
{
	things[i] = slab_get(s);
	bool good = is_zero(things[i]) && (uintptr_t)things[i] % sizeof(void *) == 0;

	memset(things[i], (int)(unsigned char)(i * 7), SIZE);
	return good;
}

int main(void)
{
	struct slab s;
	bool zero = true, own = true;

	slab_init(&s, SIZE);
	for (size_t i = 0; i < THINGS; i++)
		zero &= get(&s, i);
	ok(zero, "what is got is zero");
	size_t most = count(&s.chunks) + count(&s.full);
	ok(most <= THINGS * 304 / (SLAB_CHUNK - 400) + 1, "they are packed");
	srand(1);
	for (int round = 0; round < 200000; round++) {
		size_t i = (size_t)rand() % THINGS;

		own &= is_own(i);
		slab_put(&s, things[i]);
		zero &= get(&s, i);
	}
	ok(own, "nobody writes into another's");
	ok(zero, "and what is got again is zero again");
	ok(count(&s.chunks) + count(&s.full) == most, "coming and going needs no more");
	for (size_t i = 0; i < THINGS; i++)
		slab_put(&s, things[i]);
	ok(s.used == 0 && count(&s.full) == 0 && count(&s.chunks) <= 1,
	    "all but one chunk is given back");
	slab_fini(&s);
	ok(count(&s.chunks) == 0, "and that one in the end");
	return t_done();
}
