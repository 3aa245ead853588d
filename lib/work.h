/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_WORK_H
#define SPOUT_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter.h"
#include "link.h"
#include "loop.h"
#include "why.h"

/*
 * A worker: takes jobs from queues, runs a command for each in one of its slots, and tells the
 * queue what came of it.
 *
 *	take ──→ WAITING (for a slot) ──→ RUNNING ──its end──→ acked, retried, buried, released
 *	            └───────────┴─lease lost: the command's group is killed, nothing is told
 *
 * All leases are renewed at a third of their time. One that could not be confirmed in time is lost
 * by our own clock, which began when the question was sent, so never later than on the server.
 *
 * No job waits here for long: more are taken than slots are free only while jobs last less than
 * WORK_SHORT_MS, when fetching them one by one would be what takes the time, and then no more than
 * are done within that time.
 */
enum {
	WORK_SLOTS_MAX = 1024,
	WORK_BATCH_MAX = 1000,
	WORK_SHORT_MS = 10,
	WORK_AHEAD_MAX = 64,       /* for each slot */
	WORK_STATUS_BURY = 65,     /* exit statuses that are more than "failed" */
	WORK_STATUS_RELEASE = 100, /* as qmail has it: not now */
	WORK_NOTE_MS = 100,        /* progress of a job is told no more often */
	WORK_WORDS = 3,            /* words to ourselves that may be lost: deaf behind that */
	WORK_LEAVE_MS = 5000,      /* for Redis to hear how it all ended */
	WORK_LINGER_MS = 20,       /* how long an answer waits for others of its batch */
	WORK_RELEASE_MS = 1000,    /* before a job that said "not now" is offered again */
	WORK_CRASHES_MAX = 2,      /* deliveries that ended with their worker: from here on alone */
};

struct work_conf {
	struct link_conf link;
	const char *namespace;
	const char *const *queues; /* names; borrowed until work_close */
	int nqueues;
	const char *consumer; /* our name in them, unique among the workers; borrowed */
	char *const *argv;    /* the command; borrowed */
	const char *spool;    /* a file of `add --spool` to deliver; NULL: none; borrowed */
	struct filter *args;  /* makes more arguments of a job; NULL: none; borrowed */
	int slots;
	bool pipe;     /* a command for each slot, which answers lines with lines */
	int64_t batch; /* jobs that a command gets at a time at most */
	int64_t lease_ms, soft_ms, hard_ms, grace_ms;
	int64_t self_test_ms; /* deaf for so long: it leaves with WHY_UNAVAILABLE */
	int64_t backoff_least_ms, backoff_most_ms, keep_ms;
	int retries;
	bool strict;
	bool drain;       /* leave when nothing is left to take */
	int64_t max_jobs; /* leave after that many; 0: never */
};

struct work_stats {
	uint64_t taken, done, failed, died, released, lost, cancelled;
	unsigned running, waiting;
};

struct work_ops {
	/* Something other than a plain success, for people. */
	void (*on_trouble)(void *arg, const char *id, const char *what);
	/* Drained, all jobs done, or stopped; why is NULL unless the command cannot be run. */
	void (*on_over)(void *arg, const struct why *why);
	/* So many jobs of the spool were added; why is NULL unless it cannot be delivered. */
	void (*on_spool)(void *arg, uint64_t jobs, const struct why *why);
	void (*on_up)(void *arg);
	void (*on_down)(void *arg, const struct why *w, int64_t wait_ms);
	void (*on_dead)(void *arg, const struct why *w);
	void (*on_started)(void *arg, const char *path);
};

struct work;

int work_open(struct work **work, struct loop *loop, const struct work_conf *conf,
    const struct work_ops *ops, void *arg, struct why *w);
void work_close(struct work *work);

/* Takes no more; what runs may end within the grace, then it is killed and released. on_over
 * follows. */
void work_stop(struct work *work);

/* To be called at SIGCHLD. */
void work_on_child(struct work *work);

void work_stats(const struct work *work, struct work_stats *stats);

#endif
