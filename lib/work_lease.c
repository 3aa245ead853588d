/* SPDX-License-Identifier: MIT */
/* work_lease: keeps the leases of the jobs in a worker's hands, and notices when one is lost. */
#include <stdlib.h>

#include "buf.h"
#include "clock.h"
#include "work_own.h"

/* A renewal knows its jobs by their serial numbers: they may be gone when it is answered. The list
 * has them in falling order, so that one walk through it finds all. */
struct renewal {
	struct work_queue *q;
	int64_t sent_ms;
	size_t n;
	uint64_t serials[];
};

static void renew(struct work *w, struct work_queue *q);

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

/* Whether an answer took so long that what it grants may nearly be over. */
static bool is_late(const struct work *w, int64_t sent_ms)
{
	return clock_ms() - sent_ms > w->conf.lease_ms / 3;
}

/* --- Renewal */

static void confirm(struct held *h, int64_t until_ms)
{
	h->until_ms = until_ms > h->until_ms ? until_ms : h->until_ms;
}

static void on_renewed(void *arg, const enum queue_outcome *outcomes, size_t n)
{
	struct renewal *r = arg;
	struct work *w = r->q->work;
	struct held *h = w->held.first;

	for (size_t i = 0; i < n; i++) {
		while (h != NULL && h->serial > r->serials[i])
			h = h->next;
		if (h == NULL || h->serial != r->serials[i] || h->lost)
			continue;
		if (outcomes[i] == QUEUE_LOST)
			lose(w, h);
		else
			confirm(h, r->sent_ms + w->conf.lease_ms);
		h->cancelled |= outcomes[i] == QUEUE_CANCELLED;
	}
	r->q->renewing--;
	/* Redis was away for long: whoever still has a lease should not wait for the next turn. */
	if (is_late(w, r->sent_ms) && r->q->renewing == 0)
		renew(w, r->q);
	free(r);
	check_slots(w);
}

static void renew(struct work *w, struct work_queue *q)
{
	struct queue_receipt receipts[QUEUE_BATCH_MAX];
	struct held *h = w->held.first;

	while (h != NULL) {
		struct renewal *r = xmalloc(sizeof *r + sizeof *r->serials * QUEUE_BATCH_MAX);

		*r = (struct renewal){.q = q, .sent_ms = clock_ms()};
		for (; h != NULL && r->n < QUEUE_BATCH_MAX; h = h->next) {
			if (h->queue != q->index || h->lost)
				continue;
			receipts[r->n] = (struct queue_receipt){h->ref, h->token};
			r->serials[r->n++] = h->serial;
		}
		if (r->n == 0) {
			free(r);
			break;
		}
		q->renewing++;
		queue_renew(q->queue, receipts, r->n, w->conf.lease_ms, on_renewed, r);
	}
	queue_flush(q->queue);
}

/* --- The end of a lease: Redis is away, or we were stopped. */

static void watch_until(struct work *w, int64_t until_ms)
{
	if (w->lapse.slot == 0 || w->lapse.at_ms > until_ms)
		loop_timer(w->loop, &w->lapse, until_ms);
}

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
		watch_until(w, next);
	if (lost)
		check_slots(w);
}

static void on_renew(void *arg)
{
	struct work *w = arg;

	/* We may have slept through the end: asking for more would come too late. */
	on_lapse(w);
	for (int i = 0; i < w->conf.nqueues; i++)
		if (w->queues[i].renewing == 0)
			renew(w, &w->queues[i]);
	loop_timer(w->loop, &w->renew, clock_ms() + w->conf.lease_ms / 3);
}

int64_t work_lease_taken(struct work *w, struct work_queue *q)
{
	int64_t until = q->sent_ms + w->conf.lease_ms;

	if (is_late(w, q->sent_ms)) {
		until = clock_ms() + w->conf.lease_ms / 3;
		/* Behind what the caller adds. */
		loop_timer(w->loop, &w->renew, 0);
	}
	watch_until(w, until);
	return until;
}

/* --- */

void work_lease_cancel(struct work_queue *q, struct json_slice ref, uint64_t token)
{
	struct held *h = held_find(&q->work->held, q->index, ref, token);

	if (h == NULL)
		return;
	h->cancelled = true;
	check_slots(q->work);
}

void work_lease_init(struct work *w)
{
	w->renew = (struct timer){.on_due = on_renew, .arg = w};
	w->lapse = (struct timer){.on_due = on_lapse, .arg = w};
	loop_timer(w->loop, &w->renew, clock_ms() + w->conf.lease_ms / 3);
}

void work_lease_fini(struct work *w)
{
	loop_cancel(w->loop, &w->renew);
	loop_cancel(w->loop, &w->lapse);
}
