/* SPDX-License-Identifier: MIT */
#include "wheel.h"

#include <stdlib.h>

#include "t.h"

enum { N = 20000 };

static struct wheel_entry entries[N];
static int seen[N];

static void count(void *arg, struct wheel_entry *e)
{
	(void)arg;
	seen[e - entries]++;
}

/* Sets, moves, cancels and takes at random, with steps of every size; the entries know themselves
 * what is due. */
static void try_random(struct wheel *w)
{
	int64_t now = 1000003, late = 0;
	int early = 0, lost = 0, twice = 0, strange = 0;
	struct wheel_entry *e;

	wheel_init(w, now);
	memset(entries, 0, sizeof entries);
	srandom(7);
	for (int round = 0; round < 3000; round++) {
		for (int i = 0; i < 40; i++) {
			struct wheel_entry *one = &entries[random() % N];

			if (random() % 4 == 0)
				wheel_cancel(w, one);
			else
				wheel_set(
				    w, one, now + random() % (random() % 8 ? 20000 : 200000) - 100);
		}
		now += random() % 50 == 0 ? random() % 100000 : random() % 40;
		while ((e = wheel_next(w, now)) != NULL) {
			strange += wheel_is_set(e);
			early += e->due_ms > now;
			twice += e->due_ms == INT64_MIN;
			late = now - e->due_ms > late ? now - e->due_ms : late;
			e->due_ms = INT64_MIN;
		}
		for (int i = 0; i < N; i += 97)
			lost += wheel_is_set(&entries[i]) &&
			    entries[i].due_ms + WHEEL_TICK_MS < now &&
			    w->tick * WHEEL_TICK_MS > entries[i].due_ms + 2 * WHEEL_TICK_MS;
	}
	ok(early == 0, "no entry is early");
	ok(lost == 0, "none is left behind");
	ok(twice == 0 && strange == 0, "each is given once, and is not set any more");
	size_t set = 0;
	for (int i = 0; i < N; i++)
		set += wheel_is_set(&entries[i]);
	ok(set == w->count, "the count is right");
	memset(seen, 0, sizeof seen);
	wheel_each(w, count, NULL);
	for (int i = 0; i < N; i++)
		strange += seen[i] != wheel_is_set(&entries[i]);
	ok(strange == 0, "each visits those that are set, once");
}

static void try_order(struct wheel *w)
{
	struct wheel_entry a = {0}, b = {0}, c = {0};

	wheel_init(w, 0);
	ok(wheel_due_ms(w) == -1 && wheel_next(w, 1 << 20) == NULL, "an empty wheel has nothing");
	wheel_init(w, 0);
	wheel_set(w, &a, 100);
	wheel_set(w, &b, 40000); /* more than a turn */
	wheel_set(w, &c, 30);
	ok(wheel_due_ms(w) == 32, "it is due with the first of them, rounded up");
	ok(wheel_next(w, 29) == NULL && wheel_next(w, 31) == NULL, "not before");
	ok(wheel_next(w, 32) == &c && wheel_next(w, 32) == NULL, "then it comes, alone");
	wheel_set(w, &c, 5);
	ok(wheel_next(w, 40) == NULL, "what was due before it was set waits for the next tick");
	ok(wheel_next(w, 48) == &c, "and comes with that");
	wheel_cancel(w, &a);
	wheel_cancel(w, &a);
	ok(wheel_next(w, 39999) == NULL, "what is cancelled does not come");
	ok(wheel_due_ms(w) >= 40000, "the last one is due next");
	ok(wheel_next(w, 40016) == &b && w->count == 0, "a deadline behind a whole turn is kept");
}

/* Two at the same tick, and the first one's taker cancels the second. */
static void try_within(struct wheel *w)
{
	struct wheel_entry a = {0}, b = {0};

	wheel_init(w, 0);
	wheel_set(w, &a, 10);
	wheel_set(w, &b, 10);
	struct wheel_entry *first = wheel_next(w, 20);
	wheel_cancel(w, first == &a ? &b : &a);
	ok(wheel_next(w, 20) == NULL && w->count == 0,
	    "an entry can be cancelled while its slot is in hand");
}

int main(void)
{
	static struct wheel w;

	try_order(&w);
	try_within(&w);
	try_random(&w);
	return t_done();
}
