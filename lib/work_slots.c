/* SPDX-License-Identifier: MIT */
/* work_slots: jobs into a worker's slots, and what the slots say of them. */
#include <stdlib.h>
#include <sys/wait.h>

#include "buf.h"
#include "clock.h"
#include "work_own.h"

/* --- What they say */

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

/* --- Jobs in */

/* Over before it began: nothing of it has run. */
static void end_unstarted(struct work *w, struct held *h, enum slot_fate fate)
{
	work_ahead_drop(w, h);
	ended_add(&w->queues[h->queue].ended, h, &(struct slot_end){.fate = fate});
	count(w, fate);
}

/* The next job in line; those that were cancelled while they waited are none. */
static const struct held *next_in_line(struct work *w)
{
	const struct held *h;

	while ((h = held_peek(&w->held)) != NULL && h->cancelled)
		end_unstarted(w, held_next(&w->held), SLOT_CANCELLED);
	return h;
}

/* Whether the next job in line may start now: one that was there when its worker died, twice, runs
 * with nothing beside it, so that it takes nobody with it again. */
static bool may_start(struct work *w)
{
	const struct held *h = next_in_line(w);

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
		const struct held *next = next_in_line(w);
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

void work_slots_fill(struct work *w)
{
	for (int i = 0; i < w->conf.slots && may_start(w); i++)
		if (!slot_is_busy(&w->slots[i].slot))
			fill(w, &w->slots[i]);
}

void work_slots_release(struct work *w)
{
	struct held *h;

	while ((h = held_next(&w->held)) != NULL)
		end_unstarted(w, h, SLOT_RELEASED);
}

/* --- All of them */

void work_slots_open(struct work *w)
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
	w->notes = (struct timer){.on_due = on_notes, .arg = w};
	w->slots = xcalloc((size_t)c->slots, sizeof *w->slots);
	for (int i = 0; i < c->slots; i++) {
		w->slots[i].work = w;
		slot_init(&w->slots[i].slot, w->loop, &w->slot_conf, (size_t)i, &ops, &w->slots[i]);
	}
}

void work_slots_fini(struct work *w)
{
	for (int i = 0; w->slots != NULL && i < w->conf.slots; i++)
		slot_fini(&w->slots[i].slot);
	loop_cancel(w->loop, &w->notes);
	free(w->slots);
}

void work_slots_stop(struct work *w)
{
	for (int i = 0; i < w->conf.slots; i++)
		slot_stop(&w->slots[i].slot);
}

bool work_slots_close(struct work *w)
{
	bool gone = true;

	for (int i = 0; i < w->conf.slots; i++)
		gone &= slot_close(&w->slots[i].slot);
	return gone;
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
