/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SSELOAD_WORKER_H
#define SPOUT_SSELOAD_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "loop.h"
#include "sseload_tally.h"
#include "why.h"

/* The parent's end of one process of the load. */
struct worker;

struct worker_owner {
	void (*on_state)(void *arg, struct worker *w, enum tell_state state);
	void (*on_second)(
	    void *arg, struct worker *w, int64_t second, const char *hist, size_t len);
	void (*on_channel)(void *arg, const struct tell_channel *channel);
	/* Its last word: w->tally is final, then its packed hists. */
	void (*on_final)(void *arg, struct worker *w, const char *hists, size_t len);
	/* It cannot go on, or ended by itself. */
	void (*on_failure)(void *arg, struct worker *w, const struct why *why);
};

struct worker {
	pid_t pid;
	struct watch watch; /* fd -1: closed */
	struct buf in;
	struct tally tally; /* the latest it told */
	bool publishes, final;
	unsigned states; /* bits of enum tell_state that it told since the owner cleared them */
	struct loop *loop;
	const struct worker_owner *owner;
	void *arg;
};

/* Forks; in the child runs body(arg, fd), then ends. `others` are workers that exist already: their
 * descriptors are not for this child. WHY_BUG. */
int worker_fork(struct worker *w, void (*body)(void *arg, int fd), void *arg, struct worker *others,
    int nothers, struct why *why);

/* Begins to listen to it. */
void worker_watch(struct worker *w, struct loop *loop, const struct worker_owner *owner, void *arg);

/* Says no more to it, so that it ends, and waits for that. */
void worker_close(struct worker *w);

#endif
