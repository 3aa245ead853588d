/* SPDX-License-Identifier: MIT */
/* work_take: how many jobs a worker asks for, when, and of which queue. */
#include "clock.h"
#include "work_own.h"

/* How many to have at hand beside those that the free slots take: as many as are done within
 * WORK_SHORT_MS, so that none waits here longer than that, whatever comes with a higher priority.
 */
static int64_t ahead(const struct work *w)
{
	double each = w->job_ms < WORK_SHORT_MS ? WORK_SHORT_MS / (w->job_ms + 0.01) : 0;
	int64_t most = w->conf.batch * 4 > WORK_AHEAD_MAX ? w->conf.batch * 4 : WORK_AHEAD_MAX;
	int64_t n = each > (double)most ? most : (int64_t)each;

	int64_t least = n < w->conf.batch ? w->conf.batch : n; /* whole batches */

	return n > 0 ? w->conf.slots * least : 0;
}

/* How many more to ask for; a few are not worth a call while others wait. */
static int64_t wanted(const struct work *w)
{
	int64_t free_slots = w->conf.slots - (int64_t)w->stats.running;
	int64_t most = ahead(w), waiting = (int64_t)w->held.nwaiting;
	int64_t n = free_slots * w->conf.batch + most - waiting;
	int64_t left = w->conf.max_jobs > 0 ? w->conf.max_jobs - w->started : n;

	if (w->stopping || w->alone || (free_slots == 0 && waiting > most / 2))
		return 0;
	n = n < left ? n : left;
	return n < QUEUE_BATCH_MAX ? n : QUEUE_BATCH_MAX;
}

static void on_taken(void *arg, const struct queue_taken *taken)
{
	struct work_queue *q = arg;
	struct work *w = q->work;

	q->asked = false;
	q->empty = taken->n == 0;
	q->due_ms = taken->due_ms != 0 ? clock_ms() + taken->due_ms - taken->now_ms : 0;
	int64_t until = taken->n > 0 ? work_lease_taken(w, q) : 0;
	for (size_t i = 0; i < taken->n; i++)
		work_ahead_add(w, held_add(&w->held, &taken->jobs[i], q->index, until));
	w->stats.taken += taken->n;
	w->started += (int64_t)taken->n;
	work_pump(w);
}

static void ask(struct work *w, struct work_queue *q, int64_t n)
{
	q->asked = true;
	q->sent_ms = clock_ms();
	queue_take(q->queue,
	    &(struct queue_take){(size_t)n, w->conf.lease_ms, w->conf.retries, w->conf.strict},
	    on_taken, q);
}

/* A change costs two commands: it is made only when all slots are busy, or when nothing was there.
 */
static void listen(struct work_queue *q, bool listens)
{
	if (listens != q->listening)
		queue_listen(q->queue, listens);
	q->listening = listens;
}

void work_take(struct work *w)
{
	int64_t n = wanted(w);
	bool asked = false;

	for (int i = 0; i < w->conf.nqueues; i++)
		asked |= w->queues[i].asked;
	for (int i = 0; i < w->conf.nqueues && n > 0 && !asked; i++) {
		struct work_queue *q = &w->queues[(w->turn + i) % w->conf.nqueues];

		if (q->empty)
			continue;
		ask(w, q, n);
		w->turn = (q->index + 1) % w->conf.nqueues;
		asked = true;
	}
	for (int i = 0; i < w->conf.nqueues; i++)
		listen(&w->queues[i], n > 0 && (w->queues[i].empty || w->queues[i].listening));
}

void work_wake(void *arg)
{
	struct work_queue *q = arg;

	q->empty = false;
	work_pump(q->work);
}
