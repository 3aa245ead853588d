/* SPDX-License-Identifier: MIT */
/* ended: what came of jobs, on its way back to their queue. */
#include "ended.h"

#include <stdlib.h>

#include "buf.h"

void ended_add(struct ended_list *l, struct held *h, const struct slot_end *end)
{
	if (l->n == l->room) {
		l->room = l->room > 0 ? 2 * l->room : 16;
		l->jobs = xrealloc(l->jobs, l->room * sizeof *l->jobs);
	}
	l->jobs[l->n++] = (struct ended){h, end->fate, end->delay_ms,
	    end->reason_len > 0 ? xstrndup(end->reason, end->reason_len) : NULL, end->reason_len};
}

static size_t collect_good(const struct ended_list *l, struct queue_finish *f)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct ended *e = &l->jobs[i];

		if (e->fate == SLOT_DONE || e->fate == SLOT_CANCELLED)
			f[n++] = (struct queue_finish){{e->h->ref, e->h->token},
			    e->fate == SLOT_DONE ? QUEUE_DONE : QUEUE_CANCEL, e->h->result,
			    e->h->result_len};
	}
	return n;
}

static size_t collect_bad(const struct ended_list *l, struct queue_fail *f)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct ended *e = &l->jobs[i];
		enum queue_fate fate = QUEUE_RETRY;

		switch (e->fate) {
		case SLOT_DONE:
		case SLOT_CANCELLED:
		case SLOT_LOST: /* nothing of it is ours to tell */
			continue;
		case SLOT_FAILED:
			break;
		case SLOT_BURIED:
			fate = QUEUE_BURY;
			break;
		case SLOT_RELEASED:
			fate = QUEUE_RELEASE;
			break;
		}
		f[n++] = (struct queue_fail){
		    {e->h->ref, e->h->token}, fate, e->delay_ms, e->reason, e->reason_len};
	}
	return n;
}

/* How many of n go into one call. */
static size_t good_batch(const struct queue_finish *f, size_t n)
{
	size_t i = 0, bytes = 0;

	for (; i < n && i < QUEUE_BATCH_MAX && bytes < ENDED_CALL_MAX; i++)
		bytes += f[i].result != NULL ? f[i].len : 0;
	return i;
}

static size_t bad_batch(const struct queue_fail *f, size_t n)
{
	size_t i = 0, bytes = 0;

	for (; i < n && i < QUEUE_BATCH_MAX && bytes < ENDED_CALL_MAX; i++)
		bytes += f[i].len;
	return i;
}

int ended_send(struct ended_list *l, struct queue *q, int64_t keep_ms,
    const struct queue_backoff *backoff, queue_outcome_fn *good_fn, queue_outcome_fn *bad_fn,
    void *arg)
{
	struct queue_finish *good = xcalloc(l->n + 1, sizeof *good);
	struct queue_fail *bad = xcalloc(l->n + 1, sizeof *bad);
	size_t n = collect_good(l, good), some;
	int calls = 0;

	for (size_t i = 0; i < n; i += some, calls++) {
		some = good_batch(good + i, n - i);
		queue_finish(q, good + i, some, keep_ms, good_fn, arg);
	}
	n = collect_bad(l, bad);
	for (size_t i = 0; i < n; i += some, calls++) {
		some = bad_batch(bad + i, n - i);
		queue_fail(q, bad + i, some, backoff, bad_fn, arg);
	}
	free(good);
	free(bad);
	return calls;
}

void ended_drop(struct ended_list *l, struct held_list *held)
{
	for (size_t i = 0; i < l->n; i++) {
		held_drop(held, l->jobs[i].h);
		free(l->jobs[i].reason);
	}
	l->n = 0;
}

void ended_fini(struct ended_list *l)
{
	free(l->jobs);
}
