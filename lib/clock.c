/* SPDX-License-Identifier: MIT */
/* clock: time, and how long to wait before trying again. */
#include "clock.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static int64_t now_ns(clockid_t id)
{
	struct timespec t;

	if (clock_gettime(id, &t) != 0)
		abort(); /* both clocks exist everywhere we build */
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_ms(void)
{
	return now_ns(CLOCK_MONOTONIC) / 1000000;
}

int64_t clock_ns(void)
{
	return now_ns(CLOCK_MONOTONIC);
}

int64_t clock_wall_us(void)
{
	return now_ns(CLOCK_REALTIME) / 1000;
}

uint64_t clock_random(uint64_t n)
{
	uint64_t r;

	if (getrandom(&r, sizeof r, GRND_NONBLOCK) != (ssize_t)sizeof r)
		r = (uint64_t)clock_ns() * 0x9e3779b97f4a7c15u; /* early boot: any spread will do */
	return r % n;
}

int64_t backoff_next(struct backoff *b)
{
	int64_t d = b->next_ms > b->least_ms ? b->next_ms : b->least_ms;

	if (d > b->most_ms)
		d = b->most_ms;
	b->next_ms = d * 2;
	int64_t wait = d / 2 + (int64_t)clock_random((uint64_t)(d - d / 2) + 1);
	return wait > 0 ? wait : 1;
}

void backoff_reset(struct backoff *b)
{
	b->next_ms = 0;
}
