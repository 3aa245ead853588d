/* SPDX-License-Identifier: MIT */
/* work: jobs from queues into slots, and what came of them back. */

#include <stdlib.h>
#include <sys/wait.h>

#include "buf.h"
#include "clock.h"
#include "work_own.h"

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

static void send_note(struct work *w, struct held *h)
{
	struct queue *q = w->queues[h->queue].queue;

	queue_note(q, &(struct queue_receipt){h->ref, h->token}, h->note, h->note_len, NULL, NULL);
	queue_flush(q);
	h->noted_ms = clock_ms();
	free(h->note);
	h->note = NULL;
}

/* What a job says more often than that, only its last word of is worth a call. */
static void on_notes(void *arg)
{
	struct work *w = arg;

	for (struct held *h = w->held.first; h != NULL; h = h->next)
		if (h->note != NULL)
			send_note(w, h);
}

static void on_progress(void *arg, struct held *h, const char *json, size_t len)
{
	struct work *w = ((struct work_slot *)arg)->work;

	free(h->note);
	h->note = xstrndup(json, len);
	h->note_len = len;
	if (clock_ms() - h->noted_ms >= WORK_NOTE_MS)
		send_note(w, h);
	else if (w->notes.slot == 0)
		loop_timer(w->loop, &w->notes, clock_ms() + WORK_NOTE_MS);
}

/* By when a job that is given back is offered again, at the latest: the queue's backoff. */
static void expect_back(struct work *w, const struct held *h, const struct slot_end *end)
{
	int64_t ms = end->delay_ms, most = w->conf.backoff_most_ms;

	if (end->fate == SLOT_FAILED && (int64_t)h->attempt > h->retries)
		return; /* it dies */
	if (end->fate == SLOT_FAILED && ms < 0) {
		ms = w->conf.backoff_least_ms;
		for (unsigned i = 1; i < h->attempt && ms < most; i++)
			ms *= 2;
		ms = ms < most ? ms : most;
	} else if (end->fate != SLOT_FAILED && end->fate != SLOT_RELEASED) {
		return;
	}
	w->longest_ms = ms > w->longest_ms ? ms : w->longest_ms;
}

static void on_job(void *arg, struct held *h, const struct slot_end *end)
{
	struct work *w = ((struct work_slot *)arg)->work;

	if (end->what != NULL)
		w->ops->on_trouble(w->arg, h->id, end->what);
	count(w, end->fate);
	expect_back(w, h, end);
	ended_add(&w->queues[h->queue].ended, h, end);
	/* on_idle tells the queue; a batch that takes its time over the rest does not keep it. */
	if (w->flush.slot == 0)
		loop_timer(w->loop, &w->flush, loop_now(w->loop) + WORK_LINGER_MS);
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
	work_pump(w);
}

/* Whether the next job in line may start now: one that was there when its worker died, twice, runs
 * with nothing beside it, so that it takes nobody with it again. */
static bool may_start(struct work *w)
{
	const struct held *h = held_peek(&w->held);

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
		work_ahead_drop(w, h);
		slot_put(&s->slot, h);
		n++;
		/* A batch is of one queue, and a suspect is not of a batch. */
		const struct held *next = held_peek(&w->held);
		if (w->alone || next == NULL || next->queue != h->queue ||
		    next->crashes >= WORK_CRASHES_MAX)
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
	work_pump(q->work);
}

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

/* Jobs that wait when the worker stops go back as if they had never been taken. */
static void release_waiting(struct work *w)
{
	struct held *h;

	while ((h = held_next(&w->held)) != NULL) {
		work_ahead_drop(w, h);
		ended_add(&w->queues[h->queue].ended, h, &(struct slot_end){.fate = SLOT_RELEASED});
		count(w, SLOT_RELEASED);
	}
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

/* Commands that are kept get end of file; then they have the grace. */
static bool commands_are_gone(struct work *w)
{
	bool gone = true;

	for (int i = 0; i < w->conf.slots; i++)
		gone &= slot_close(&w->slots[i].slot);
	return gone;
}

/* The last words; then it is over. */
static void leave(struct work *w)
{
	bool gone = commands_are_gone(w);

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
			release_waiting(w);
		for (int i = 0; i < w->conf.slots && may_start(w); i++)
			if (!slot_is_busy(&w->slots[i].slot))
				fill(w, &w->slots[i]);
	}
	w->pumping = false;
	loop_cancel(w->loop, &w->flush);
	for (int i = 0; i < w->conf.nqueues; i++)
		send_ended(w, &w->queues[i]);
	take(w);
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
	for (int i = 0; i < w->conf.slots; i++)
		slot_stop(&w->slots[i].slot);
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
			    .consumer = w->conf.consumer,
			    .known_ms = w->conf.spool != NULL ? XQ_SPOOL_KNOWN_MS : 0},
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
	    .queues = c->queues,
	    .nqueues = c->nqueues};
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
	w->hello = (struct timer){.on_due = on_hello, .arg = w};
	w->grace = (struct timer){.on_due = on_grace, .arg = w};
	w->over = (struct timer){.on_due = on_over, .arg = w};
	w->flush = (struct timer){.on_due = on_flush, .arg = w};
	w->notes = (struct timer){.on_due = on_notes, .arg = w};
	held_list_init(&w->held);
	if (work_ahead_init(w, why) < 0 ||
	    guard_open(&w->guard, (size_t)conf->slots, work_ahead_inherit, w, why) < 0 ||
	    open_queues(w, why) < 0 || work_spool_check(w, why) < 0) {
		work_close(w);
		return -1;
	}
	open_slots(w);
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
	work_lease_fini(w);
	xq_spool_close(&w->spool.file);
	loop_cancel(w->loop, &w->hello);
	loop_cancel(w->loop, &w->grace);
	loop_cancel(w->loop, &w->over);
	loop_cancel(w->loop, &w->flush);
	loop_cancel(w->loop, &w->notes);
	work_ahead_fini(w);
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
	work_pump(w);
}

/* Asks who ended, not each of a thousand slots whether its own did. */
void work_on_child(struct work *w)
{
	siginfo_t info;
	int i;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
			break;
		for (i = 0; i < w->conf.slots; i++)
			if (w->slots[i].slot.runner.pid == info.si_pid)
				break;
		if (i < w->conf.slots)
			runner_on_child(&w->slots[i].slot.runner);
		else
			(void)waitpid(info.si_pid, NULL, WNOHANG); /* a stranger's, or the guard */
	}
	if (w->bye)
		work_pump(w);
}

void work_stats(const struct work *w, struct work_stats *stats)
{
	*stats = w->stats;
	stats->waiting = (unsigned)w->held.nwaiting;
}
