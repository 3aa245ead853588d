/* SPDX-License-Identifier: MIT */
/* work: jobs from queues into slots, and what came of them back. */
#include "work.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "ended.h"
#include "guard.h"
#include "held.h"
#include "queue.h"
#include "slot.h"

struct work_queue {
	struct work *work;
	struct queue *queue;
	int index;
	bool asked; /* a take is unanswered */
	bool empty; /* nothing was there when last asked: on_wake tells */
	bool listening;
	int64_t sent_ms; /* when the take in hand was sent */
	struct ended_list ended;
};

struct work_slot {
	struct slot slot;
	struct work *work;
	int64_t since_ns;
	size_t njobs;
};

struct work {
	struct work_conf conf;
	const struct work_ops *ops;
	void *arg;
	struct loop *loop;
	struct guard *guard;
	struct slot_conf slot_conf;
	struct work_slot *slots;
	struct work_queue *queues;
	struct held_list held;
	struct work_stats stats;
	struct timer renew, lapse, hello, grace, over;
	int turn;        /* the queue to ask next */
	double job_ms;   /* how long jobs last, smoothed */
	int64_t started; /* jobs taken so far, for max_jobs */
	bool alone;      /* a suspect runs, and nothing beside it */
	int64_t retries; /* of jobs that failed here: --drain waits for them */
	int64_t due_ms;  /* as the last answer had it */
	bool stopping, pumping, again, bye;
	struct why broken; /* status 0, or the command cannot be run */
};

static void pump(struct work *w);

/* --- Slots */

static void count(struct work *w, enum slot_fate fate)
{
	switch (fate) {
	case SLOT_DONE:
		w->stats.done++;
		break;
	case SLOT_CANCELLED:
		w->stats.cancelled++;
		break;
	case SLOT_FAILED:
		w->stats.failed++;
		break;
	case SLOT_BURIED:
		w->stats.died++;
		break;
	case SLOT_RELEASED:
		w->stats.released++;
		break;
	case SLOT_LOST:
		w->stats.lost++;
		break;
	}
}

static void on_progress(void *arg, struct held *h, const char *json, size_t len)
{
	struct work *w = ((struct work_slot *)arg)->work;
	struct queue *q = w->queues[h->queue].queue;

	queue_note(q, &(struct queue_receipt){h->ref, h->token}, json, len, NULL, NULL);
	queue_flush(q);
}

static void on_job(void *arg, struct held *h, const struct slot_end *end)
{
	struct work *w = ((struct work_slot *)arg)->work;

	if (end->what != NULL)
		w->ops->on_trouble(w->arg, h->id, end->what);
	count(w, end->fate);
	ended_add(&w->queues[h->queue].ended, h, end);
}

static void on_slot_trouble(void *arg, const char *id, const char *what)
{
	struct work *w = ((struct work_slot *)arg)->work;

	w->ops->on_trouble(w->arg, id, what);
}

static void on_broken(void *arg, const struct why *why)
{
	struct work *w = ((struct work_slot *)arg)->work;

	w->broken = *why;
	work_stop(w);
}

static void on_idle(void *arg)
{
	struct work_slot *s = arg;
	struct work *w = s->work;
	double ms = (double)(clock_ns() - s->since_ns) / 1e6 / (double)s->njobs;

	w->job_ms += (ms - w->job_ms) / 8;
	w->stats.running--;
	w->alone = false;
	pump(w);
}

/* Whether the next job in line may start now: one that was there when its worker died, twice, runs
 * with nothing beside it, so that it takes nobody with it again. */
static bool may_start(const struct work *w)
{
	const struct held *h = w->held.waiting;

	if (h == NULL || w->alone)
		return false;
	return h->crashes < WORK_CRASHES_MAX || w->stats.running == 0;
}

static void fill(struct work *w, struct work_slot *s)
{
	struct held *h;
	size_t n = 0;

	while (n < (size_t)w->conf.batch && may_start(w) && (h = held_next(&w->held)) != NULL) {
		w->alone = h->crashes >= WORK_CRASHES_MAX;
		slot_put(&s->slot, h);
		n++;
		/* A batch is of one queue, and a suspect is not of a batch. */
		if (w->alone || w->held.waiting == NULL || w->held.waiting->queue != h->queue ||
		    w->held.waiting->crashes >= WORK_CRASHES_MAX)
			break;
	}
	if (n == 0)
		return;
	s->since_ns = clock_ns();
	s->njobs = n;
	w->stats.running++;
	slot_start(&s->slot);
}

/* --- Taking */

/* How many more to ask for. */
static int64_t wanted(const struct work *w)
{
	int64_t slots = w->conf.slots, batch = w->conf.batch;
	int64_t ahead = w->job_ms < WORK_SHORT_MS ? slots : 0;
	int64_t n = (slots - w->stats.running + ahead) * batch - (int64_t)w->held.nwaiting;
	int64_t left = w->conf.max_jobs > 0 ? w->conf.max_jobs - w->started : n;

	if (w->stopping || w->alone)
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
	w->due_ms = taken->due_ms;
	for (size_t i = 0; i < taken->n; i++) {
		w->retries -= taken->jobs[i].attempt > 1;
		(void)held_add(&w->held, &taken->jobs[i], q->index, q->sent_ms + w->conf.lease_ms);
	}
	w->stats.taken += taken->n;
	w->started += (int64_t)taken->n;
	pump(w);
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

/* Asks one queue at a time, each in its turn; those that are empty are listened to instead. */
static void take(struct work *w)
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

static void on_wake(void *arg)
{
	struct work_queue *q = arg;

	q->empty = false;
	pump(q->work);
}

/* --- Leases */

struct renewal {
	struct work_queue *q;
	int64_t sent_ms;
	size_t n;
	uint64_t tokens[];
};

static void lose(struct work *w, struct held *h)
{
	h->lost = true;
	h->until_ms = INT64_MAX;
	w->ops->on_trouble(
	    w->arg, h->id, "its lease is lost: somebody else may run it now, so it is killed here");
}

static void check_slots(struct work *w)
{
	for (int i = 0; i < w->conf.slots; i++)
		slot_check(&w->slots[i].slot);
}

/* Finds a job by its token, which is unique in the queue. */
static struct held *find(const struct work *w, int queue, uint64_t token)
{
	struct held *h = w->held.first;

	while (h != NULL && (h->queue != queue || h->token != token))
		h = h->next;
	return h;
}

static void on_renewed(void *arg, const enum queue_outcome *outcomes, size_t n)
{
	struct renewal *r = arg;
	struct work *w = r->q->work;

	for (size_t i = 0; i < n; i++) {
		struct held *h = find(w, r->q->index, r->tokens[i]);

		if (h == NULL || h->lost)
			continue;
		if (outcomes[i] == QUEUE_LOST)
			lose(w, h);
		else
			h->until_ms = r->sent_ms + w->conf.lease_ms;
		h->cancelled |= outcomes[i] == QUEUE_CANCELLED;
	}
	free(r);
	check_slots(w);
}

static void renew(struct work *w, struct work_queue *q)
{
	struct queue_receipt receipts[QUEUE_BATCH_MAX];
	struct held *h = w->held.first;

	while (h != NULL) {
		struct renewal *r = xmalloc(sizeof *r + sizeof *r->tokens * QUEUE_BATCH_MAX);

		*r = (struct renewal){.q = q, .sent_ms = clock_ms()};
		for (; h != NULL && r->n < QUEUE_BATCH_MAX; h = h->next) {
			if (h->queue != q->index || h->lost)
				continue;
			receipts[r->n] = (struct queue_receipt){h->ref, h->token};
			r->tokens[r->n++] = h->token;
		}
		if (r->n > 0)
			queue_renew(q->queue, receipts, r->n, w->conf.lease_ms, on_renewed, r);
		else
			free(r);
	}
	queue_flush(q->queue);
}

/* What could not be confirmed in time: Redis is away, or we were stopped. */
static void on_lapse(void *arg)
{
	struct work *w = arg;
	int64_t now = clock_ms(), next = INT64_MAX;
	bool lost = false;

	for (struct held *h = w->held.first; h != NULL; h = h->next) {
		if (h->until_ms <= now) {
			lose(w, h);
			lost = true;
		}
		next = h->until_ms < next ? h->until_ms : next;
	}
	if (next < INT64_MAX)
		loop_timer(w->loop, &w->lapse, next);
	if (lost)
		check_slots(w);
}

static void on_renew(void *arg)
{
	struct work *w = arg;

	on_lapse(w);
	for (int i = 0; i < w->conf.nqueues; i++)
		if (queue_pending(w->queues[i].queue) == 0 || w->queues[i].asked)
			renew(w, &w->queues[i]);
	loop_timer(w->loop, &w->renew, clock_ms() + w->conf.lease_ms / 3);
}

static void on_cancel(void *arg, struct json_slice ref, uint64_t token)
{
	struct work_queue *q = arg;
	struct held *h = held_find(&q->work->held, q->index, ref, token);

	if (h == NULL)
		return;
	h->cancelled = true;
	check_slots(q->work);
}

/* --- One round */

static void on_good(void *arg, const enum queue_outcome *outcomes, size_t n)
{
	struct work *w = arg;

	for (size_t i = 0; i < n; i++)
		w->stats.lost += outcomes[i] == QUEUE_LOST;
	pump(w);
}

static void on_bad(void *arg, const enum queue_outcome *outcomes, size_t n)
{
	struct work *w = arg;

	for (size_t i = 0; i < n; i++) {
		w->stats.lost += outcomes[i] == QUEUE_LOST;
		w->stats.died += outcomes[i] == QUEUE_DIED;
		w->retries += outcomes[i] == QUEUE_OK;
	}
	pump(w);
}

static void send_ended(struct work *w, struct work_queue *q)
{
	const struct work_conf *c = &w->conf;

	if (q->ended.n == 0)
		return;
	ended_send(&q->ended, q->queue, c->keep_ms,
	    &(struct queue_backoff){c->backoff_least_ms, c->backoff_most_ms, c->retries}, on_good,
	    on_bad, w);
	ended_drop(&q->ended, &w->held);
}

/* Jobs that wait when the worker stops go back as if they had never been taken. */
static void release_waiting(struct work *w)
{
	struct held *h;

	while ((h = held_next(&w->held)) != NULL) {
		ended_add(&w->queues[h->queue].ended, h, &(struct slot_end){.fate = SLOT_RELEASED});
		count(w, SLOT_RELEASED);
	}
}

static bool is_finished(const struct work *w)
{
	bool empty = true;
	size_t pending = 0;

	for (int i = 0; i < w->conf.nqueues; i++) {
		empty &= w->queues[i].empty;
		pending += queue_pending(w->queues[i].queue);
	}
	if (w->stats.running > 0 || w->held.nwaiting > 0 || pending > 0)
		return false;
	return w->stopping || (w->conf.drain && empty && (w->retries <= 0 || w->due_ms == 0)) ||
	    (w->conf.max_jobs > 0 && w->started >= w->conf.max_jobs);
}

static void on_gone(void *arg, const enum queue_outcome *outcomes, size_t n)
{
	(void)outcomes;
	(void)n;
	pump(arg);
}

/* The last words; then it is over. */
static void leave(struct work *w)
{
	if (w->bye) {
		loop_timer(w->loop, &w->over, 0);
		return;
	}
	w->bye = w->stopping = true;
	loop_cancel(w->loop, &w->hello);
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

/* Jobs that wait into slots that are free, what ended to its queue, and the question for more: in
 * one write a queue. */
static void pump(struct work *w)
{
	w->again = true;
	if (w->pumping)
		return; /* a slot's command could not even be started */
	w->pumping = true;
	while (w->again) {
		w->again = false;
		if (w->stopping)
			release_waiting(w);
		for (int i = 0; i < w->conf.slots && may_start(w); i++)
			if (!slot_is_busy(&w->slots[i].slot))
				fill(w, &w->slots[i]);
	}
	w->pumping = false;
	for (int i = 0; i < w->conf.nqueues; i++)
		send_ended(w, &w->queues[i]);
	take(w);
	for (int i = 0; i < w->conf.nqueues; i++)
		queue_flush(w->queues[i].queue);
	if (w->held.first != NULL && w->lapse.slot == 0)
		loop_timer(w->loop, &w->lapse, clock_ms() + w->conf.lease_ms);
	if (is_finished(w))
		leave(w);
}

/* --- Life */

static void on_hello(void *arg)
{
	struct work *w = arg;
	struct buf b;

	buf_init(&b, SIZE_MAX / 2);
	(void)buf_addf(&b, "{\"slots\":%d,\"running\":%u,\"done\":%llu,\"failed\":%llu}",
	    w->conf.slots, w->stats.running, (unsigned long long)w->stats.done,
	    (unsigned long long)w->stats.failed); /* no cap */
	(void)buf_addc(&b, '\0');                 /* the same */
	for (int i = 0; i < w->conf.nqueues; i++) {
		queue_hello(w->queues[i].queue, buf_head(&b), NULL, NULL);
		queue_flush(w->queues[i].queue);
	}
	buf_fini(&b);
	loop_timer(w->loop, &w->hello, clock_ms() + QUEUE_IDLE_MS);
}

static void on_grace(void *arg)
{
	struct work *w = arg;

	for (int i = 0; i < w->conf.slots; i++)
		slot_stop(&w->slots[i].slot);
}

static void on_up(void *arg)
{
	struct work_queue *q = arg;

	q->work->ops->on_up(q->work->arg);
}

static void on_down(void *arg, const struct why *why, int64_t wait_ms)
{
	struct work_queue *q = arg;

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
	    .on_wake = on_wake,
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
			    .consumer = w->conf.consumer},
			&ops, q, why) < 0)
			return -1;
		queue_listen(q->queue, false); /* for cancel */
	}
	return 0;
}

static void open_slots(struct work *w)
{
	static const struct slot_ops ops = {.on_progress = on_progress,
	    .on_job = on_job,
	    .on_trouble = on_slot_trouble,
	    .on_broken = on_broken,
	    .on_idle = on_idle};
	const struct work_conf *c = &w->conf;

	w->slot_conf = (struct slot_conf){.runner = {.argv = c->argv,
					      .keep = c->pipe,
					      .output_max = QUEUE_RESULT_MAX / 2,
					      .grace_ms = c->grace_ms,
					      .guard = w->guard},
	    .args = c->args,
	    .batch = (size_t)c->batch,
	    .soft_ms = c->soft_ms,
	    .hard_ms = c->hard_ms,
	    .queues = c->queues};
	w->slots = xcalloc((size_t)c->slots, sizeof *w->slots);
	for (int i = 0; i < c->slots; i++) {
		w->slots[i].work = w;
		slot_init(&w->slots[i].slot, w->loop, &w->slot_conf, (size_t)i, &ops, &w->slots[i]);
	}
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
	w->renew = (struct timer){.on_due = on_renew, .arg = w};
	w->lapse = (struct timer){.on_due = on_lapse, .arg = w};
	w->hello = (struct timer){.on_due = on_hello, .arg = w};
	w->grace = (struct timer){.on_due = on_grace, .arg = w};
	w->over = (struct timer){.on_due = on_over, .arg = w};
	held_list_init(&w->held);
	if (guard_open(&w->guard, (size_t)conf->slots, why) < 0 || open_queues(w, why) < 0) {
		work_close(w);
		return -1;
	}
	open_slots(w);
	loop_timer(loop, &w->renew, clock_ms() + conf->lease_ms / 3);
	on_hello(w);
	pump(w);
	*out = w;
	return 0;
}

void work_close(struct work *w)
{
	if (w == NULL)
		return;
	for (int i = 0; w->slots != NULL && i < w->conf.slots; i++)
		slot_fini(&w->slots[i].slot);
	for (int i = 0; w->queues != NULL && i < w->conf.nqueues; i++) {
		ended_drop(&w->queues[i].ended, &w->held);
		ended_fini(&w->queues[i].ended);
		queue_close(w->queues[i].queue);
	}
	while (held_next(&w->held) != NULL)
		;
	while (w->held.first != NULL)
		held_drop(&w->held, w->held.first);
	loop_cancel(w->loop, &w->renew);
	loop_cancel(w->loop, &w->lapse);
	loop_cancel(w->loop, &w->hello);
	loop_cancel(w->loop, &w->grace);
	loop_cancel(w->loop, &w->over);
	guard_close(w->guard);
	free(w->slots);
	free(w->queues);
	free(w);
}

void work_stop(struct work *w)
{
	if (w->stopping)
		return;
	w->stopping = true;
	loop_timer(w->loop, &w->grace, clock_ms() + w->conf.grace_ms);
	pump(w);
}

void work_on_child(struct work *w)
{
	for (int i = 0; i < w->conf.slots; i++)
		runner_on_child(&w->slots[i].slot.runner);
}

void work_stats(const struct work *w, struct work_stats *stats)
{
	*stats = w->stats;
	stats->waiting = (unsigned)w->held.nwaiting;
}
