/* SPDX-License-Identifier: MIT */
/* loop: descriptors through a backend, timers through a binary heap. */
#include "loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"

struct loop {
	const struct loop_backend *backend;
	void *state;
	struct watch *always; /* those that the kernel cannot wait for */
	size_t nwatches;      /* set, `always` included */
	struct timer **heap;  /* heap[1] is due first */
	size_t ntimers, heap_size;
	struct loop_event events[LOOP_EVENTS];
	int64_t now_ms;
	bool stopped;
};

int loop_open(struct loop **out, struct why *w)
{
	struct loop *loop = xcalloc(1, sizeof *loop);
	const char *name = getenv("SPOUT_LOOP");

#ifdef __linux__
	loop->backend = name != NULL && strcmp(name, "poll") == 0 ? &loop_poll : &loop_epoll;
#else
	loop->backend = &loop_poll;
#endif
	loop->state = loop->backend->open();
	loop->now_ms = clock_ms();
	if (loop->state == NULL) {
		free(loop);
		return why_errno(w, WHY_BUG, "event loop");
	}
	*out = loop;
	return 0;
}

void loop_close(struct loop *loop)
{
	if (loop == NULL)
		return;
	loop->backend->close(loop->state);
	free(loop->heap);
	free(loop);
}

static void unlink_always(struct loop *loop, struct watch *w)
{
	struct watch **p = &loop->always;

	while (*p != w)
		p = &(*p)->next_always;
	*p = w->next_always;
	w->always = false;
}

/* What was reported but not delivered yet must not reach a watch that is cleared. */
static void forget_event(struct loop *loop, struct watch *w)
{
	if (w->pending == 0)
		return;
	loop->events[w->pending - 1].watch = NULL;
	w->pending = 0;
}

void loop_watch(struct loop *loop, struct watch *w, unsigned want)
{
	if (want == w->want)
		return;
	if (w->want == 0)
		loop->nwatches++;
	if (want == 0) {
		loop->nwatches--;
		forget_event(loop, w);
	}
	if (w->always) {
		if (want == 0)
			unlink_always(loop, w);
	} else if (loop->backend->set(loop->state, w, want) < 0 && errno == EPERM) {
		w->always = true;
		w->next_always = loop->always;
		loop->always = w;
	}
	w->want = want;
}

/* --- Timers: a binary heap, each timer knowing its place (as beanstalkd's heap.c does). */

static void place(struct loop *loop, size_t slot, struct timer *t)
{
	loop->heap[slot] = t;
	t->slot = slot;
}

static void sift(struct loop *loop, size_t slot)
{
	struct timer *t = loop->heap[slot];

	for (; slot > 1 && loop->heap[slot / 2]->at_ms > t->at_ms; slot /= 2)
		place(loop, slot, loop->heap[slot / 2]);
	for (;;) {
		size_t child = slot * 2;

		if (child < loop->ntimers &&
		    loop->heap[child + 1]->at_ms < loop->heap[child]->at_ms)
			child++;
		if (child > loop->ntimers || loop->heap[child]->at_ms >= t->at_ms)
			break;
		place(loop, slot, loop->heap[child]);
		slot = child;
	}
	place(loop, slot, t);
}

void loop_timer(struct loop *loop, struct timer *t, int64_t at_ms)
{
	t->at_ms = at_ms;
	if (t->slot == 0) {
		if (++loop->ntimers >= loop->heap_size) {
			loop->heap_size = loop->heap_size > 0 ? loop->heap_size * 2 : 16;
			loop->heap = xrealloc(loop->heap, loop->heap_size * sizeof(struct timer *));
		}
		place(loop, loop->ntimers, t);
	}
	sift(loop, t->slot);
}

void loop_cancel(struct loop *loop, struct timer *t)
{
	size_t slot = t->slot;

	if (slot == 0)
		return;
	t->slot = 0;
	struct timer *last = loop->heap[loop->ntimers--];
	if (last != t) {
		place(loop, slot, last);
		sift(loop, slot);
	}
}

int64_t loop_now(const struct loop *loop)
{
	return loop->now_ms;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}

static int timeout_ms(const struct loop *loop)
{
	if (loop->always != NULL)
		return 0;
	if (loop->ntimers == 0)
		return -1;
	int64_t left = loop->heap[1]->at_ms - clock_ms();
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static void fire_timers(struct loop *loop)
{
	while (loop->ntimers > 0 && loop->heap[1]->at_ms <= loop->now_ms && !loop->stopped) {
		struct timer *t = loop->heap[1];

		loop_cancel(loop, t);
		t->on_due(t->arg);
	}
}

/* From here on a watch that is cleared gets nothing. */
static void note_events(struct loop *loop, int from, int to)
{
	for (int i = from; i < to; i++)
		loop->events[i].watch->pending = i + 1;
}

static void deliver(struct loop *loop, int n)
{
	int reported = n;

	for (struct watch *w = loop->always; w != NULL && n < LOOP_EVENTS; w = w->next_always)
		loop->events[n++] = (struct loop_event){w, w->want};
	note_events(loop, reported, n);
	for (int i = 0; i < n; i++) {
		struct watch *w = loop->events[i].watch;

		if (w == NULL)
			continue;
		w->pending = 0;
		if (!loop->stopped)
			w->on_ready(w->arg, loop->events[i].ready);
	}
}

int loop_run(struct loop *loop, struct why *w)
{
	loop->stopped = false;
	while (!loop->stopped && (loop->nwatches > 0 || loop->ntimers > 0)) {
		int n = loop->backend->wait(loop->state, timeout_ms(loop), loop->events);

		if (n < 0 && errno != EINTR)
			return why_errno(w, WHY_BUG, "%s", loop->backend->name);
		loop->now_ms = clock_ms();
		/* What is due comes first: connections are opened before input is read. */
		note_events(loop, 0, n);
		fire_timers(loop);
		deliver(loop, n > 0 ? n : 0);
	}
	return 0;
}
