/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_RUNNER_H
#define SPOUT_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "guard.h"
#include "loop.h"
#include "why.h"

/*
 * One slot of a worker: runs a command for a job, in a process group of its own.
 *
 *	IDLE ──runner_start──→ RUNNING ──its end, or (kept) the last answer──→ on_end, IDLE
 *	                          └─runner_stop: TERM, after the grace KILL
 *
 * The job goes to its standard input, as a line; its standard output is kept, bounded; its standard
 * error goes to ours, each line behind the job's label. On descriptor RUNNER_FD it may write notes,
 * a line each. When the command has ended, what it left running in its group is killed: nothing
 * outlives its job but what called setsid(2).
 *
 * A kept command (`keep`) is started once and answers each line with a line. One that was sent TERM
 * gets no further job: end of file, and the grace.
 */
enum {
	RUNNER_FD = 3,
	RUNNER_TAIL = 2000,        /* bytes of stderr that are kept for the reason */
	RUNNER_NOTE_MAX = 1 << 20, /* a longer note is dropped */
};

struct runner_conf {
	char *const *argv; /* borrowed; NULL behind the last */
	bool keep;
	size_t output_max; /* bytes of output kept; the rest is read and dropped */
	int64_t grace_ms;  /* between TERM and KILL */
	struct guard *guard;
	size_t slot; /* in the guard */
};

struct runner_job {
	const char *text; /* what it reads; a newline is added */
	size_t len;
	size_t answers;           /* lines that a kept command owes for it */
	const char *label;        /* in front of its stderr; copied */
	const char *const *args;  /* behind argv, NULL behind the last; NULL: none */
	const char *const *env;   /* NAME=value, the same; not for a kept one that runs already */
	int64_t soft_ms, hard_ms; /* until TERM, until KILL; 0: never */
};

enum runner_cause { RUNNER_ENDED, RUNNER_SOFT, RUNNER_HARD, RUNNER_STOPPED };

struct runner_end {
	int wait_status; /* as waitpid gave it; 0 when a kept one answered */
	enum runner_cause cause;
	const char *output, *tail; /* borrowed for the call; output not for a kept one */
	size_t output_len, tail_len;
	bool truncated; /* the output is not whole */
	bool
	    unread; /* a kept one ended by itself, after other jobs, and has read nothing of this */
};

struct runner_ops {
	/* A line that a kept command answered: the i-th of its job. */
	void (*on_answer)(void *arg, size_t i, const char *line, size_t len, bool truncated);
	/* A line on RUNNER_FD. */
	void (*on_note)(void *arg, const char *line, size_t len);
	void (*on_end)(void *arg, const struct runner_end *end);
};

struct runner {
	struct loop *loop;
	const struct runner_conf *conf;
	const struct runner_ops *ops;
	void *arg;
	pid_t pid; /* 0: no process */
	struct watch in, out, err, notes;
	struct timer soft, hard, kill;
	struct buf input, output, err_line, note_line;
	size_t due, answered; /* answers of the job in hand */
	size_t fed;           /* bytes of it, in the pipe or read */
	bool busy, truncated, note_too_long, exited, reused, unread;
	enum runner_cause cause;
	int wait_status;
	char label[72];
	char tail[RUNNER_TAIL];
	size_t ntail;
};

void runner_init(struct runner *r, struct loop *loop, const struct runner_conf *conf,
    const struct runner_ops *ops, void *arg);

/* Kills what still runs, without a callback. */
void runner_fini(struct runner *r);

/* Starts the job; the runner must be idle. -1: the command cannot be run; w->status is 127 when
 * there is no such program, else 126. */
int runner_start(struct runner *r, const struct runner_job *job, struct why *w);

bool runner_is_busy(const struct runner *r);

/* TERM to the whole group, KILL after the grace. A kept command that is idle gets end of file. */
void runner_stop(struct runner *r);

/* TERM is sent when soft_ms from now are over; moves the limits that runner_start set. */
void runner_extend(struct runner *r, int64_t soft_ms, int64_t hard_ms);

/* To be called at SIGCHLD. */
void runner_on_child(struct runner *r);

#endif
