/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_WORK_OWN_H
#define SPOUT_WORK_OWN_H

#include <sys/stat.h>

#include "ended.h"
#include "guard.h"
#include "held.h"
#include "queue.h"
#include "slot.h"
#include "work.h"
#include "xq_spool.h"

/* For work.c and work_*.c alone. */

struct work_queue {
	struct work *work;
	struct queue *queue;
	int index;
	bool asked; /* a take is unanswered */
	bool empty; /* nothing was there when last asked: on_wake tells */
	bool listening;
	int64_t sent_ms; /* when the last take was sent */
	int64_t due_ms;  /* of the next job to come, as it told, on clock_ms(); 0: none */
	int renewing;    /* renewals that are unanswered */
	int ending;      /* calls of what ended that are */
	bool greeting;   /* a hello is */
	bool up;         /* it has a connection */
	struct ended_list ended;
};

struct work_slot {
	struct slot slot;
	struct work *work;
	int64_t since_ns;
	size_t njobs;
};

/* See work_spool.c. */
struct work_spool {
	struct xq_spool file;
	struct work_queue *queue; /* of the file that is open */
	size_t calls;             /* of it that are unanswered */
	size_t orphans;           /* the same, from before the connection was lost */
	uint64_t jobs;            /* that were added from it */
	struct stat seen;         /* the file when nothing was left in it to deliver */
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
	struct work_spool spool;
	struct work_ahead *ahead;
	struct work_stats stats;
	struct timer renew, lapse, hello, grace, over, flush, notes;
	int turn;        /* the queue to ask next */
	double job_ms;   /* how long jobs last, smoothed */
	int64_t started; /* jobs taken so far, for max_jobs */
	bool alone;      /* a suspect runs, and nothing beside it */
	/* --drain waits for what it gave back itself: the longest such wait, and by when, on
	 * clock_ms(), all that was given back is offered again. */
	int64_t longest_ms, back_ms;
	bool stopping, killing, pumping, again, bye;
	struct why broken; /* status 0, or the command cannot be run */
};

/* --- work.c */

/* Jobs that wait into slots that are free, what ended to its queue, and the question for more: in
 * one write a queue. Leaves when nothing is left to do. */
void work_pump(struct work *w);

/* --- work_take.c */

/* Asks one queue at a time, each in its turn; those that are empty are listened to instead. */
void work_take(struct work *w);

/* As queue_ops has it: of a struct work_queue. */
void work_wake(void *queue);

/* --- work_slots.c */

void work_slots_open(struct work *w);
void work_slots_fini(struct work *w);

/* Jobs that wait into slots that are free. */
void work_slots_fill(struct work *w);

/* Jobs that wait when the worker stops go back as if they had never been taken. */
void work_slots_release(struct work *w);

/* Ends what runs; its jobs are released. */
void work_slots_stop(struct work *w);

/* Commands that are kept get end of file; then they have the grace. True when none is left. */
bool work_slots_close(struct work *w);

/* --- work_ahead.c */

/* Before the guard is opened, which is given work_ahead_inherit for when we die. */
int work_ahead_init(struct work *w, struct why *why);
void work_ahead_fini(struct work *w);
void work_ahead_inherit(void *work);

/* A job was taken, and waits; it does not any more, and may start. */
void work_ahead_add(struct work *w, const struct held *h);
void work_ahead_drop(struct work *w, const struct held *h);

/* --- work_spool.c */

/* Whether the spool can be one of ours: -1 when it never will. */
int work_spool_check(struct work *w, struct why *why);

/* Delivers what is in the spool, if anything is, and a connection is there. */
void work_spool_look(struct work *w);

/* The connection of q is lost. */
void work_spool_down(struct work *w, const struct work_queue *q);

/* Whether the worker must not leave yet. */
bool work_spool_is_busy(const struct work *w);

/* --- work_lease.c */

/* Sets the timers of w; nothing is held yet. */
void work_lease_init(struct work *w);
void work_lease_fini(struct work *w);

/* Jobs of q were added to w->held: their leases are watched from now on. Returns until when a job
 * that was asked for at q->sent_ms is certainly ours. When the answer came late, that cannot be
 * told from here: all of q are renewed at once. */
int64_t work_lease_taken(struct work *w, struct work_queue *q);

/* Cancel was asked for a job; as queue_ops has it. */
void work_lease_cancel(struct work_queue *q, struct json_slice ref, uint64_t token);

#endif
