/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_RING_H
#define SPOUT_RING_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Doubly linked lists through the things themselves. A head is a link of its own: a thing is taken
 * out without knowing which list it is in. A link in no list points to itself.
 */
struct ring {
	struct ring *next, *prev;
};

/* The thing of which a link is the given field. */
#define ring_thing(link, type, field) ((type *)(void *)((char *)(link)-offsetof(type, field)))

static inline void ring_init(struct ring *r)
{
	r->next = r->prev = r;
}

static inline bool ring_is_empty(const struct ring *r)
{
	return r->next == r;
}

/* Adds a link that is in no list at the end of the list. */
static inline void ring_add(struct ring *head, struct ring *r)
{
	r->prev = head->prev;
	r->next = head;
	head->prev->next = r;
	head->prev = r;
}

static inline void ring_remove(struct ring *r)
{
	r->prev->next = r->next;
	r->next->prev = r->prev;
	ring_init(r);
}

/* Moves all of `from` to the end of `head`. */
static inline void ring_splice(struct ring *head, struct ring *from)
{
	if (ring_is_empty(from))
		return;
	from->next->prev = head->prev;
	head->prev->next = from->next;
	from->prev->next = head;
	head->prev = from->prev;
	ring_init(from);
}

#endif
