/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SUPERVISOR_H
#define SPOUT_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "clock.h"
#include "loop.h"
#include "metrics.h"
#include "say.h"
#include "why.h"

/*
 * Worker processes: forked, started again when they die, killed when they hang.
 *
 *	              ┌──────────── backoff ────────────┐
 *	supervisor_start ──fork──→ body … ──died──→ supervisor_reap
 *	                             └─ hangs ──KILL──↗     └─ supervisor_stop: on_gone with the
 *last
 */
struct supervisor_conf {
	size_t n;
	int64_t hang_ms; /* a worker that has not shown that it lives for so long is killed */
	/* In the child, with all signals blocked: its exit status. */
	int (*body)(void *arg, size_t index);
	void (*on_gone)(void *arg); /* stopped, and the last is gone */
	void *arg;
};

struct supervised {
	struct supervisor *supervisor;
	size_t index;
	pid_t pid; /* 0: not running */
	int64_t started_ms;
	struct backoff backoff;
	struct timer again;
};

struct supervisor {
	struct supervisor_conf conf;
	struct loop *loop;
	const struct say *say;
	struct metrics_board *board; /* slots[index].alive_ms is how a worker shows that it lives */
	struct supervised *children;
	struct timer check;
	int64_t checked_ms;
	bool stopping;
};

/* The board has a slot for each and one more, where restarts are counted. */
int supervisor_start(struct supervisor *s, const struct supervisor_conf *conf, struct loop *loop,
    struct metrics_board *board, const struct say *say, struct why *w);

/* On SIGCHLD. */
void supervisor_reap(struct supervisor *s);

/* Sends all a signal. */
void supervisor_tell(const struct supervisor *s, int signo);

/* Tells all to end (SIGTERM), and starts none again. */
void supervisor_stop(struct supervisor *s);

void supervisor_close(struct supervisor *s);

#endif
