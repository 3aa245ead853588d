/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_CLOCK_H
#define SPOUT_CLOCK_H

#include <stdint.h>

/* Milliseconds of a clock that never steps; good for differences only. */
int64_t clock_ms(void);

/* The same in nanoseconds. */
int64_t clock_ns(void);

/* Microseconds since 1970 UTC, for timestamps; may step. */
int64_t clock_wall_us(void);

/* Exponential backoff with full jitter upward of half: each wait is random in [d/2, d], d doubles
 * from least_ms to most_ms. Many clients that lost one server do not come back at once. */
struct backoff {
	int64_t least_ms, most_ms;
	int64_t next_ms; /* the next d; 0 before the first */
};

/* The next wait in milliseconds, at least 1. */
int64_t backoff_next(struct backoff *b);

/* After a success: begin at least_ms again. */
void backoff_reset(struct backoff *b);

/* Uniform in [0, n); n > 0. Not for secrets. */
uint64_t clock_random(uint64_t n);

#endif
