/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SLOT_H
#define SPOUT_SLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter.h"
#include "held.h"
#include "runner.h"

/*
 * A slot of a worker: one runner, the jobs that it has in hand, and what came of each of them.
 *
 * Exit status 0: done, with the output as the result. 65: bad for good. 100: not now. Anything
 * else, a signal, a limit: failed. A kept command answers each job with a line, which is its
 * result, unless the line is an object with a member "sp":{"status":N,"retry_after":"30s"}: then
 * the job failed as if a command had ended with status N.
 *
 * Notes on RUNNER_FD, a line each: `progress JSON`, `extend DURATION` (moves the limits), `result
 * JSON`, `retry-after DURATION`. With several jobs in hand they count for all of them.
 */
enum slot_fate { SLOT_DONE, SLOT_CANCELLED, SLOT_FAILED, SLOT_BURIED, SLOT_RELEASED, SLOT_LOST };

struct slot_end {
	enum slot_fate fate;
	int64_t delay_ms;   /* FAILED: until it is tried again, below 0 by backoff. RELEASED */
	const char *what;   /* for people, one line; NULL when done */
	const char *reason; /* the same as a JSON object, with the end of stderr */
	size_t reason_len;
};

struct slot_ops {
	void (*on_progress)(void *arg, struct held *h, const char *json, size_t len);
	/* h is out of the slot's hands. */
	void (*on_job)(void *arg, struct held *h, const struct slot_end *end);
	void (*on_trouble)(void *arg, const char *id, const char *what);
	/* The command cannot be run at all; its jobs are released. */
	void (*on_broken)(void *arg, const struct why *w);
	/* Idle again, after on_job of each job. */
	void (*on_idle)(void *arg);
};

struct slot_conf {
	struct runner_conf runner;
	struct filter *args; /* may be NULL */
	size_t batch;
	int64_t soft_ms, hard_ms;
	const char *const *queues; /* names, by held.queue */
	int nqueues;
};

struct slot {
	const struct slot_conf *conf;
	struct runner_conf runner_conf;
	const struct slot_ops *ops;
	void *arg;
	struct runner runner;
	struct held **jobs;
	size_t n, answered;
	bool scolded; /* for what it wrote to RUNNER_FD: once is enough */
	bool stopped; /* by the worker's own end: not the job's fault */
};

void slot_init(struct slot *s, struct loop *loop, const struct slot_conf *conf, size_t index,
    const struct slot_ops *ops, void *arg);
void slot_fini(struct slot *s);

/* Puts a job into its hands, at most conf->batch of them, then starts them. */
void slot_put(struct slot *s, struct held *h);
void slot_start(struct slot *s);

bool slot_is_busy(const struct slot *s);

/* Ends the command when none of its jobs is to go on: lost, cancelled. */
void slot_check(struct slot *s);

/* Nothing more will come: true when no command runs, else it gets end of file and the grace. */
bool slot_close(struct slot *s);

/* Ends the command; its jobs are released. */
void slot_stop(struct slot *s);

#endif
