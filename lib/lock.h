/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_LOCK_H
#define SPOUT_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"
#include "loop.h"

/*
 * A lock that many processes on many hosts share, one holder at a time:
 *
 *	ASKING ──free──→ HELD ──lock_release──→ over
 *	  ↑ │ taken        └──expired, taken away, Redis away for too long──→ lost
 *	  └─┘ wait for the word of who gives it back, at most until it expires
 *
 * It is renewed at a third of its time to live, and counts as lost when that time has passed since
 * the last renewal that Redis confirmed was sent: by the holder's own clock never later than on the
 * server. No lock of this kind can stop a holder that was itself stopped (SIGSTOP, a virtual
 * machine that pauses); for that there is the token, which grows with each holder: what is written
 * to should refuse a smaller token than it has seen.
 *
 * All locks of a namespace share a hash tag, {NS:lock}, and one counter of tokens.
 */
struct lock_conf {
	struct link_conf link;
	const char *namespace, *name; /* borrowed until lock_close */
	const char *ancestors; /* tokens that count as ours, separated by spaces; may be NULL */
	int64_t ttl_ms;
	int64_t
	    wait_ms; /* for the lock; below 0: for ever. A server that is away is waited for as
		      * long, with 0 for a connect timeout, unless link.give_up_ms says how long */
};

struct lock_ops {
	/* Ours, or (reentrant) our ancestor's, who renews it. */
	void (*on_held)(void *arg, uint64_t token, bool reentrant);
	void (*on_busy)(void *arg); /* wait_ms is over and another one has it; the lock is closed */
	void (*on_lost)(void *arg, const struct why *w); /* it may be another's by now; closed */
	void (*on_released)(void *arg);                  /* or expired meanwhile; closed */
	void (*on_up)(void *arg);
	void (*on_down)(void *arg, const struct why *w, int64_t wait_ms);
	void (*on_dead)(void *arg, const struct why *w);
	void (*on_started)(void *arg, const char *path);
};

struct lock;

void lock_open(struct lock **l, struct loop *loop, const struct lock_conf *conf,
    const struct lock_ops *ops, void *arg);
void lock_close(struct lock *l);

/* Gives it back: on_released follows, or on_lost. */
void lock_release(struct lock *l);

#endif
