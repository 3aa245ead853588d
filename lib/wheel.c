/* SPDX-License-Identifier: MIT */
/* wheel: deadlines at O(1). */
#include "wheel.h"

#include <string.h>

void wheel_init(struct wheel *w, int64_t now_ms)
{
	memset(w, 0, sizeof *w);
	w->tick = now_ms / WHEEL_TICK_MS;
}

/* Rounded up: never early. */
static int64_t tick_of(int64_t due_ms)
{
	return (due_ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS;
}

static void push(struct wheel_entry **list, struct wheel_entry *e)
{
	e->next = *list;
	e->link = list;
	if (e->next != NULL)
		e->next->link = &e->next;
	*list = e;
}

void wheel_cancel(struct wheel *w, struct wheel_entry *e)
{
	if (e->link == NULL)
		return;
	*e->link = e->next;
	if (e->next != NULL)
		e->next->link = e->link;
	e->link = NULL;
	w->count--;
}

void wheel_set(struct wheel *w, struct wheel_entry *e, int64_t due_ms)
{
	int64_t tick = tick_of(due_ms);

	wheel_cancel(w, e);
	e->due_ms = due_ms;
	push(&w->slots[(tick > w->tick ? tick : w->tick + 1) % WHEEL_SLOTS], e);
	w->count++;
}

/* Goes on to the next slot that has something, but not beyond now. */
static bool turn(struct wheel *w, int64_t now)
{
	int64_t from = w->tick;

	while (w->now == NULL && w->tick < now) {
		/* After a whole turn every slot was seen: what is left is due later. */
		if (w->count == 0 || w->tick - from > WHEEL_SLOTS) {
			w->tick = now;
			break;
		}
		w->tick++;
		w->now = w->slots[w->tick % WHEEL_SLOTS];
		w->slots[w->tick % WHEEL_SLOTS] = NULL;
		if (w->now != NULL)
			w->now->link = &w->now;
	}
	return w->now != NULL;
}

struct wheel_entry *wheel_next(struct wheel *w, int64_t now_ms)
{
	int64_t now = now_ms / WHEEL_TICK_MS;

	while (turn(w, now)) {
		struct wheel_entry *e = w->now;

		wheel_cancel(w, e);
		if (e->due_ms <= now_ms)
			return e;
		wheel_set(w, e, e->due_ms); /* of a later turn */
	}
	return NULL;
}

int64_t wheel_due_ms(const struct wheel *w)
{
	if (w->count == 0)
		return -1;
	if (w->now != NULL)
		return w->tick * WHEEL_TICK_MS;
	for (int64_t tick = w->tick + 1; tick < w->tick + WHEEL_SLOTS; tick++)
		if (w->slots[tick % WHEEL_SLOTS] != NULL)
			return tick * WHEEL_TICK_MS;
	return (w->tick + WHEEL_SLOTS) * WHEEL_TICK_MS;
}

static void each(
    struct wheel_entry *e, void (*on_entry)(void *arg, struct wheel_entry *e), void *arg)
{
	while (e != NULL) {
		struct wheel_entry *next = e->next;

		on_entry(arg, e);
		e = next;
	}
}

void wheel_each(struct wheel *w, void (*on_entry)(void *arg, struct wheel_entry *e), void *arg)
{
	each(w->now, on_entry, arg);
	for (size_t i = 0; i < WHEEL_SLOTS; i++)
		each(w->slots[i], on_entry, arg);
}
