/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_ENDED_H
#define SPOUT_ENDED_H

#include <stddef.h>
#include <stdint.h>

#include "held.h"
#include "queue.h"
#include "slot.h"

/* The jobs of one queue that are over, until the queue is told: all that ended since the last time
 * go in one call each for good ends and for bad ones. */
struct ended {
	struct held *h;
	enum slot_fate fate;
	int64_t delay_ms;
	char *reason; /* heap */
	size_t reason_len;
};

/* Bytes of results or reasons in one call: one more may still come on top. */
enum { ENDED_CALL_MAX = 4 << 20 };

struct ended_list {
	struct ended *jobs;
	size_t n, room;
};

/* Takes h; what end points to is copied. */
void ended_add(struct ended_list *l, struct held *h, const struct slot_end *end);

/* Tells the queue in as many calls as it returns; ended_drop comes next. The functions get the
 * outcomes of each call. */
int ended_send(struct ended_list *l, struct queue *q, int64_t keep_ms,
    const struct queue_backoff *backoff, queue_outcome_fn *good_fn, queue_outcome_fn *bad_fn,
    void *arg);

/* Lets go of the jobs, which are in `held`. */
void ended_drop(struct ended_list *l, struct held_list *held);

void ended_fini(struct ended_list *l);

#endif
