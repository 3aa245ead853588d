/* SPDX-License-Identifier: MIT */
/* work: jobs from queues into slots, and what came of them back. */

#include <stdlib.h>

#include "buf.h"
#include "clock.h"
#include "work_own.h"

/* --- One round */

/* What was due when a draining worker last asked may have been the lease of a job that is over now:
 * it asks again before it waits for that. */
static void look_again(struct work *w)
{
	if (!w->conf.drain || w->stats.running > 0 || w->held.nwaiting > 0)
		return;
	for (int i = 0; i < w->conf.nqueues; i++)
		if (w->queues[i].due_ms != 0)
			w->queues[i].empty = false;
}

static void on_good(void *arg, const enum queue_outcome *outcomes, size_t n)
{
	struct work_queue *q = arg;
	struct work *w = q->work;

	q->ending--;
	for (size_t i = 0; i < n; i++)
		w->stats.lost += outcomes[i] == QUEUE_LOST;
	look_again(w);
	work_pump(w);
}

static void on_bad(void *arg, const enum queue_outcome *outcomes, size_t n)
{
	struct work_queue *q = arg;
	struct work *w = q->work;

	q->ending--;
	for (size_t i = 0; i < n; i++) {
		w->stats.lost += outcomes[i] == QUEUE_LOST;
		w->stats.died += outcomes[i] == QUEUE_DIED;
		if (outcomes[i] == QUEUE_OK)
			w->back_ms = clock_ms() + w->longest_ms;
	}
	look_again(w);
	work_pump(w);
}

/* One call at a time: what ends until it is answered goes together in the next one. */
static void send_ended(struct work *w, struct work_queue *q)
{
	const struct work_conf *c = &w->conf;

	if (q->ended.n == 0 || q->ending > 0)
		return;
	q->ending = ended_send(&q->ended, q->queue, c->keep_ms,
	    &(struct queue_backoff){c->backoff_least_ms, c->backoff_most_ms, c->retries}, on_good,
	    on_bad, q);
	ended_drop(&q->ended, &w->held);
}

/* Nothing was there when each queue was last asked, and nothing that we gave back is still to come:
 * what others gave back, or added for later, is theirs. */
static bool is_drained(const struct work *w)
{
	for (int i = 0; i < w->conf.nqueues; i++) {
		const struct work_queue *q = &w->queues[i];

		if (!q->empty ||
		    (q->due_ms != 0 && q->due_ms <= w->back_ms && q->sent_ms < w->back_ms))
			return false;
	}
	return w->conf.drain;
}

static bool is_finished(const struct work *w)
{
	size_t pending = 0;

	for (int i = 0; i < w->conf.nqueues; i++)
		pending += queue_pending(w->queues[i].queue) + w->queues[i].ended.n;
	if (w->stats.running > 0 || w->held.nwaiting > 0 || pending > 0 || work_spool_is_busy(w))
		return false;
	return w->stopping || is_drained(w) ||
	    (w->conf.max_jobs > 0 && w->started >= w->conf.max_jobs);
}

static void on_gone(void *arg, const enum queue_outcome *outcomes, size_t n)
{
	(void)outcomes;
	(void)n;
	work_pump(arg);
}

/* The last words; then it is over. */
static void leave(struct work *w)
{
	bool gone = work_slots_close(w);

	if (w->bye) {
		if (gone)
			loop_timer(w->loop, &w->over, 0);
		return;
	}
	w->bye = w->stopping = true;
	loop_cancel(w->loop, &w->hello);
	loop_timer(w->loop, &w->grace, clock_ms() + w->conf.grace_ms + WORK_LEAVE_MS);
	for (int i = 0; i < w->conf.nqueues; i++) {
		queue_hello(w->queues[i].queue, NULL, on_gone, w);
		queue_flush(w->queues[i].queue);
	}
}

static void on_over(void *arg)
{
	struct work *w = arg;

	w->ops->on_over(w->arg, w->broken.status != 0 ? &w->broken : NULL);
}

void work_pump(struct work *w)
{
	w->again = true;
	if (w->pumping)
		return; /* a slot's command could not even be started */
	w->pumping = true;
	while (w->again) {
		w->again = false;
		if (w->stopping)
			work_slots_release(w);
		work_slots_fill(w);
	}
	w->pumping = false;
	loop_cancel(w->loop, &w->flush);
	for (int i = 0; i < w->conf.nqueues; i++)
		send_ended(w, &w->queues[i]);
	work_take(w);
	for (int i = 0; i < w->conf.nqueues; i++)
		queue_flush(w->queues[i].queue);
	if (is_finished(w))
		leave(w);
}

/* --- Life */

/* Redis answers, and what should wake us does not arrive: nobody would notice for a long time. */
static bool check_ears(struct work *w)
{
	for (int i = 0; i < w->conf.nqueues; i++) {
		if (queue_unheard(w->queues[i].queue) <= WORK_WORDS)
			continue;
		(void)why_set(&w->broken, WHY_UNAVAILABLE,
		    "queue %s: Redis answers, but its wake-ups do not arrive: the worker is deaf "
		    "and leaves, to be started again",
		    w->conf.queues[i]); /* fills */
		work_stop(w);
		return true;
	}
	return false;
}

static void on_greeted(void *arg, const enum queue_outcome *outcomes, size_t n)
{
	struct work_queue *q = arg;

	(void)outcomes;
	(void)n;
	q->greeting = false;
}

static void on_hello(void *arg)
{
	struct work *w = arg;
	int64_t period = w->conf.self_test_ms / WORK_WORDS;
	struct buf b;

	if (check_ears(w))
		return;

	buf_init(&b, SIZE_MAX / 2);
	(void)buf_addf(&b, "{\"slots\":%d,\"running\":%u,\"done\":%llu,\"failed\":%llu}",
	    w->conf.slots, w->stats.running, (unsigned long long)w->stats.done,
	    (unsigned long long)w->stats.failed); /* no cap */
	(void)buf_addc(&b, '\0');                 /* the same */
	for (int i = 0; i < w->conf.nqueues; i++) {
		struct work_queue *q = &w->queues[i];

		if (q->greeting)
			continue; /* Redis is away: one is enough */
		q->greeting = true;
		queue_hello(q->queue, buf_head(&b), on_greeted, q);
		queue_flush(q->queue);
	}
	buf_fini(&b);
	work_spool_look(w);
	loop_timer(
	    w->loop, &w->hello, clock_ms() + (period < QUEUE_IDLE_MS ? period : QUEUE_IDLE_MS));
}

static void on_grace(void *arg)
{
	struct work *w = arg;

	if (w->killing && !w->bye && w->broken.status == 0)
		(void)why_set(&w->broken, WHY_UNAVAILABLE,
		    "Redis is away, and could not be told of all that ended"); /* fills */
	if (w->killing || w->bye) {
		on_over(w);
		return;
	}
	w->killing = true;
	work_slots_stop(w);
	loop_timer(w->loop, &w->grace, clock_ms() + w->conf.grace_ms + WORK_LEAVE_MS);
}

static void on_flush(void *arg)
{
	work_pump(arg);
}

static void on_cancel(void *arg, struct json_slice ref, uint64_t token)
{
	work_lease_cancel(arg, ref, token);
}

static void on_up(void *arg)
{
	struct work_queue *q = arg;

	q->up = true;
	q->work->ops->on_up(q->work->arg);
	work_spool_look(q->work);
}

static void on_down(void *arg, const struct why *why, int64_t wait_ms)
{
	struct work_queue *q = arg;

	q->up = false;
	work_spool_down(q->work, q);
	q->work->ops->on_down(q->work->arg, why, wait_ms);
}

static void on_dead(void *arg, const struct why *why)
{
	struct work_queue *q = arg;

	q->work->ops->on_dead(q->work->arg, why);
}

static void on_started(void *arg, const char *path)
{
	struct work_queue *q = arg;

	q->work->ops->on_started(q->work->arg, path);
}

static int open_queues(struct work *w, struct why *why)
{
	static const struct queue_ops ops = {.on_up = on_up,
	    .on_down = on_down,
	    .on_dead = on_dead,
	    .on_started = on_started,
	    .on_wake = work_wake,
	    .on_cancel = on_cancel};

	w->queues = xcalloc((size_t)w->conf.nqueues, sizeof *w->queues);
	for (int i = 0; i < w->conf.nqueues; i++) {
		struct work_queue *q = &w->queues[i];

		q->work = w;
		q->index = i;
		if (queue_open(&q->queue, w->loop,
			&(struct queue_conf){.link = w->conf.link,
			    .namespace = w->conf.namespace,
			    .name = w->conf.queues[i],
			    .consumer = w->conf.consumer,
			    .known_ms = w->conf.spool != NULL ? XQ_SPOOL_KNOWN_MS : 0},
			&ops, q, why) < 0)
			return -1;
		queue_listen(q->queue, false); /* for cancel */
	}
	return 0;
}

int work_open(struct work **out, struct loop *loop, const struct work_conf *conf,
    const struct work_ops *ops, void *arg, struct why *why)
{
	struct work *w = xcalloc(1, sizeof *w);

	w->conf = *conf;
	w->ops = ops;
	w->arg = arg;
	w->loop = loop;
	w->job_ms = WORK_SHORT_MS; /* nothing is known yet, so nothing is taken ahead */
	w->hello = (struct timer){.on_due = on_hello, .arg = w};
	w->grace = (struct timer){.on_due = on_grace, .arg = w};
	w->over = (struct timer){.on_due = on_over, .arg = w};
	w->flush = (struct timer){.on_due = on_flush, .arg = w};
	held_list_init(&w->held);
	if (work_ahead_init(w, why) < 0 ||
	    guard_open(&w->guard, (size_t)conf->slots, work_ahead_inherit, w, why) < 0 ||
	    open_queues(w, why) < 0 || work_spool_check(w, why) < 0) {
		work_close(w);
		return -1;
	}
	work_slots_open(w);
	work_lease_init(w);
	on_hello(w);
	work_pump(w);
	*out = w;
	return 0;
}

void work_close(struct work *w)
{
	if (w == NULL)
		return;
	work_slots_fini(w);
	for (int i = 0; w->queues != NULL && i < w->conf.nqueues; i++) {
		ended_drop(&w->queues[i].ended, &w->held);
		ended_fini(&w->queues[i].ended);
		queue_close(w->queues[i].queue);
	}
	while (held_next(&w->held) != NULL)
		;
	while (w->held.first != NULL)
		held_drop(&w->held, w->held.first);
	work_lease_fini(w);
	xq_spool_close(&w->spool.file);
	loop_cancel(w->loop, &w->hello);
	loop_cancel(w->loop, &w->grace);
	loop_cancel(w->loop, &w->over);
	loop_cancel(w->loop, &w->flush);
	work_ahead_fini(w);
	guard_close(w->guard);
	free(w->queues);
	free(w);
}

void work_stop(struct work *w)
{
	if (w->stopping)
		return;
	w->stopping = true;
	loop_timer(w->loop, &w->grace, clock_ms() + w->conf.grace_ms);
	work_pump(w);
}

void work_stats(const struct work *w, struct work_stats *stats)
{
	*stats = w->stats;
	stats->waiting = (unsigned)w->held.nwaiting;
}
