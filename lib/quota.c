/* SPDX-License-Identifier: MIT */
/* quota: connections by client. */
#include "quota.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"

enum { SLOTS_LEAST = 64 };

void quota_init(struct quota *q)
{
	*q = (struct quota){.nslots = SLOTS_LEAST, .seed = clock_random(UINT64_MAX) | 1};
	q->slots = xcalloc(q->nslots, sizeof(struct quota_entry *));
}

void quota_fini(struct quota *q)
{
	for (size_t i = 0; i < q->nslots; i++) {
		for (struct quota_entry *e = q->slots[i], *next; e != NULL; e = next) {
			next = e->next;
			free(e);
		}
	}
	free(q->slots);
	*q = (struct quota){0};
}

/* Multiply and fold, both halves keyed by the seed. */
static size_t slot_of(const struct quota *q, const struct address *owner)
{
	uint64_t half[2];

	memcpy(half, owner, sizeof half);
	unsigned __int128 product =
	    (unsigned __int128)(half[0] ^ q->seed) * (half[1] ^ (q->seed << 32 | q->seed >> 32));
	uint64_t h = (uint64_t)product ^ (uint64_t)(product >> 64);
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(h >> 20) & (q->nslots - 1);
}

static void grow(struct quota *q)
{
	struct quota_entry **old = q->slots;
	size_t n = q->nslots;

	q->nslots = n * 2;
	q->slots = xcalloc(q->nslots, sizeof(struct quota_entry *));
	for (size_t i = 0; i < n; i++) {
		for (struct quota_entry *e = old[i], *next; e != NULL; e = next) {
			size_t slot = slot_of(q, &e->owner);

			next = e->next;
			e->next = q->slots[slot];
			q->slots[slot] = e;
		}
	}
	free(old);
}

struct quota_entry *quota_enter(struct quota *q, const struct address *a)
{
	struct address owner = address_owner(a);

	if (q->used >= q->nslots)
		grow(q);
	struct quota_entry **slot = &q->slots[slot_of(q, &owner)];
	for (struct quota_entry *e = *slot; e != NULL; e = e->next) {
		if (memcmp(&e->owner, &owner, sizeof owner) == 0) {
			e->count++;
			return e;
		}
	}
	struct quota_entry *e = xcalloc(1, sizeof *e);
	*e = (struct quota_entry){.next = *slot, .owner = owner, .count = 1};
	*slot = e;
	q->used++;
	return e;
}

void quota_leave(struct quota *q, struct quota_entry *e)
{
	if (e == NULL || --e->count > 0)
		return;
	struct quota_entry **p = &q->slots[slot_of(q, &e->owner)];
	while (*p != e)
		p = &(*p)->next;
	*p = e->next;
	q->used--;
	free(e);
}
