/* SPDX-License-Identifier: MIT */
/*
 * work_ahead: jobs that were taken ahead and never started are given back when their worker dies.
 *
 * A lease that expires is an attempt: Redis cannot know whether the job had begun. The worker does,
 * and leaves a note of each job that waits here in memory that its guard shares. Is the worker
 * killed, the guard, which outlives it, releases those jobs: they come back at once, and no attempt
 * is spent. Those that had started expire, as crash suspects must.
 *
 * A note is a store, not a call: it costs a worker that lives nothing that could be measured. When
 * the guard dies too (the machine, a container that is killed as a whole), or the worker is cut off
 * or stopped, jobs taken ahead expire like the others, with an attempt spent.
 */
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "work_own.h"

enum { NOTES = 4096 }; /* more are at hand only with hundreds of slots; the oldest are lost */

struct note {
	_Atomic uint64_t serial; /* of the job in held; 0: none */
	uint64_t token;
	int queue;
	char ref[QUEUE_REF_MAX + 1];
};

struct work_ahead {
	struct note notes[NOTES];
};

/* --- The worker */

void work_ahead_add(struct work *w, const struct held *h)
{
	struct note *n = &w->ahead->notes[h->serial % NOTES];
	size_t len = strlen(h->ref);

	atomic_store_explicit(&n->serial, 0, memory_order_release);
	if (len >= sizeof n->ref)
		return; /* queue_read_job lets none pass */
	n->token = h->token;
	n->queue = h->queue;
	memcpy(n->ref, h->ref, len + 1);
	atomic_store_explicit(&n->serial, h->serial, memory_order_release);
}

void work_ahead_drop(struct work *w, const struct held *h)
{
	struct note *n = &w->ahead->notes[h->serial % NOTES];

	if (atomic_load_explicit(&n->serial, memory_order_relaxed) == h->serial)
		atomic_store_explicit(&n->serial, 0, memory_order_release);
}

int work_ahead_init(struct work *w, struct why *why)
{
	void *memory = mmap(NULL, sizeof *w->ahead, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return why_errno(why, WHY_BUG, "memory that the guard shares");
	w->ahead = memory;
	return 0;
}

void work_ahead_fini(struct work *w)
{
	if (w->ahead == NULL)
		return;
	/* The guard that is to be closed sees that nothing is left to it. */
	for (size_t i = 0; i < NOTES && w->held.serials > 0; i++)
		atomic_store(&w->ahead->notes[i].serial, 0);
	(void)munmap(w->ahead, sizeof *w->ahead); /* cannot fail */
	w->ahead = NULL;
}

/* --- The guard, when the worker is dead: a process of its own, with a copy of all that it had. */

struct heir {
	struct loop *loop;
	struct queue *queue;
};

static void on_released(void *arg, const enum queue_outcome *outcomes, size_t n)
{
	struct heir *h = arg;

	(void)outcomes; /* what is not ours any more is somebody else's */
	(void)n;
	if (queue_pending(h->queue) == 0)
		loop_stop(h->loop);
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	(void)arg; /* nobody is left to be told */
	(void)w;
	(void)wait_ms;
}

static void on_dead(void *arg, const struct why *w)
{
	struct heir *h = arg;

	(void)w; /* as above */
	loop_stop(h->loop);
}

static void on_started(void *arg, const char *path)
{
	(void)arg; /* as above */
	(void)path;
}

static size_t collect(const struct work *w, int queue, struct queue_fail f[QUEUE_BATCH_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < NOTES && n < QUEUE_BATCH_MAX; i++) {
		struct note *note = &w->ahead->notes[i];

		if (atomic_load(&note->serial) == 0 || note->queue != queue)
			continue;
		f[n++] =
		    (struct queue_fail){.receipt = {note->ref, note->token}, .fate = QUEUE_RELEASE};
		atomic_store(&note->serial, 0);
	}
	return n;
}

static void release(const struct work *w, int index)
{
	static const struct queue_ops ops = {
	    .on_down = on_down, .on_dead = on_dead, .on_started = on_started};
	struct queue_fail f[QUEUE_BATCH_MAX];
	struct queue_conf conf = {.link = w->conf.link,
	    .namespace = w->conf.namespace,
	    .name = w->conf.queues[index],
	    .consumer = w->conf.consumer};
	size_t n = collect(w, index, f);
	struct heir heir;
	struct why why;

	if (n == 0 || loop_open(&heir.loop, &why) < 0)
		return;
	conf.link.give_up_ms = w->conf.lease_ms; /* then they have expired */
	if (queue_open(&heir.queue, heir.loop, &conf, &ops, &heir, &why) == 0) {
		for (; n > 0; n = collect(w, index, f))
			queue_fail(
			    heir.queue, f, n, &(struct queue_backoff){0}, on_released, &heir);
		queue_flush(heir.queue);
		(void)loop_run(heir.loop, &why); /* nobody is left to be told */
	}
}

void work_ahead_inherit(void *arg)
{
	const struct work *w = arg;

	for (int i = 0; i < w->conf.nqueues; i++)
		release(w, i);
}
