/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_TICKER_H
#define SPOUT_TICKER_H

#include <stdint.h>

#include "loop.h"
#include "why.h"

/* A timer that is exact to some ten microseconds, where the loop's own has milliseconds: a load's
 * slots would be late by half of one otherwise, and the latencies with them. */
struct ticker {
	struct loop *loop;
	struct watch watch;
	struct timer timer; /* where there is no timerfd(2) */
	void (*on_tick)(void *arg);
	void *arg;
};

int ticker_open(
    struct ticker *t, struct loop *loop, void (*on_tick)(void *arg), void *arg, struct why *w);
void ticker_close(struct ticker *t);

/* Calls on_tick once, at at_ns on clock_ns(). */
void ticker_set(struct ticker *t, int64_t at_ns);

#endif
