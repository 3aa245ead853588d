/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_WHEEL_H
#define SPOUT_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Deadlines for tens of thousands of connections, each set, moved and cancelled at O(1): a hashed
 * timing wheel (Varghese and Lauck, 1987, scheme 6). Entries live in the caller's storage.
 *
 *	slots[tick % WHEEL_SLOTS]: due then, or a turn (33 s) or more later
 *
 * An entry is never early, and late by less than a tick plus whatever the caller is late.
 */
enum { WHEEL_TICK_MS = 16, WHEEL_SLOTS = 2048 };

struct wheel_entry {
	struct wheel_entry *next, **link; /* link: what points here; NULL while not set */
	int64_t due_ms;
};

struct wheel {
	struct wheel_entry *slots[WHEEL_SLOTS];
	struct wheel_entry *now; /* of the slot in hand, not looked at yet */
	int64_t tick;            /* of the slot in hand */
	size_t count;            /* entries that are set */
};

void wheel_init(struct wheel *w, int64_t now_ms);

/* Sets an entry, or moves it. What is due already comes with the next tick, so that a caller that
 * sets again what it was just given does not loop. */
void wheel_set(struct wheel *w, struct wheel_entry *e, int64_t due_ms);
void wheel_cancel(struct wheel *w, struct wheel_entry *e);

static inline bool wheel_is_set(const struct wheel_entry *e)
{
	return e->link != NULL;
}

/* Takes off the next entry that is due; NULL when there is none. */
struct wheel_entry *wheel_next(struct wheel *w, int64_t now_ms);

/* When wheel_next may have something: at most a turn ahead; -1 when nothing is set. */
int64_t wheel_due_ms(const struct wheel *w);

/* Calls on_entry for each entry that is set, in no order. It may set or cancel the entry it gets,
 * and no other; one that it sets may come again. */
void wheel_each(struct wheel *w, void (*on_entry)(void *arg, struct wheel_entry *e), void *arg);

#endif
