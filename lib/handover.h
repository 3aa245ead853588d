/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_HANDOVER_H
#define SPOUT_HANDOVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "listen.h"
#include "loop.h"
#include "why.h"

/*
 * A new process takes over the sockets of this one, so that a new binary comes into use without a
 * connection refused:
 *
 *	old: handover_start ─fork, exec, LISTEN_FDS→ new: … handover_ready
 *	old: on_end(true) ←──────one byte───────────
 *
 * Both accept in between. The new one gets the sockets as systemd would hand them over.
 */
struct handover {
	struct loop *loop;
	void (*on_end)(void *arg, bool good); /* not good: the new one is gone, and waited for */
	void *arg;
	pid_t pid; /* 0: none is going on */
	struct watch watch;
	struct timer timer;
};

/* The path of the binary that runs now, to be asked at start: a new one may have its place later.
 * Heap. */
char *handover_binary(void);

/* Starts binary with argv. */
int handover_start(struct handover *h, struct loop *loop, const struct listen *sockets,
    const char *binary, char *const *argv, void (*on_end)(void *arg, bool good), void *arg,
    struct why *w);
void handover_cancel(struct handover *h);

/* In the new process: tells the old one, if there is one, that this one serves. */
void handover_ready(void);

#endif
