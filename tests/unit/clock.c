/* SPDX-License-Identifier: MIT */
#include "clock.h"
#include "t.h"

#include <time.h>

static void time_passes(void)
{
	int64_t before = clock_ns(), good = 1;

	for (int i = 0; i < 10000; i++) {
		int64_t now = clock_ns();

		good &= now >= before;
		before = now;
	}
	ok(good, "the clock never goes back");
	int64_t ms = clock_ms(), of_ns = clock_ns() / 1000000;
	ok(of_ns >= ms && of_ns - ms < 1000, "milliseconds and nanoseconds are of one clock");
	int64_t us = clock_wall_us() / 1000000, s = (int64_t)time(NULL);
	ok(s - us < 5 && us - s < 5, "the wall clock counts microseconds since 1970");
}

static void random_is_within(void)
{
	int seen[7] = {0}, good = 1;

	for (int i = 0; i < 7000; i++) {
		uint64_t r = clock_random(7);

		good &= r < 7;
		seen[r % 7]++;
	}
	for (int i = 0; i < 7; i++)
		good &= seen[i] > 700; /* 1000 expected; below 700 is ten standard deviations off */
	ok(good, "random numbers fall within their bound, everywhere");
	ok(clock_random(1) == 0, "one choice is no choice");
}

/* Whether waits lie in [d/2, d] for d = 50, 100, … 5000, 5000 and fill that range. */
static int backs_off(struct backoff *b)
{
	int64_t d = 50;
	int good = 1;

	for (int i = 0; i < 12; i++) {
		int64_t wait = backoff_next(b);

		good &= wait >= d / 2 && wait <= d;
		d = d * 2 < 5000 ? d * 2 : 5000;
	}
	return good;
}

static void waits_grow(void)
{
	struct backoff b = {.least_ms = 50, .most_ms = 5000};
	int64_t least = INT64_MAX, most = 0;
	int good = 1;

	for (int i = 0; i < 300; i++) {
		good &= backs_off(&b);
		backoff_reset(&b);
	}
	ok(good, "waits double up to the most, jittered down to half, again after a reset");
	for (int i = 0; i < 12; i++)
		(void)backoff_next(&b);
	for (int i = 0; i < 1000; i++) {
		int64_t wait = backoff_next(&b);

		least = wait < least ? wait : least;
		most = wait > most ? wait : most;
	}
	ok(least < 3000 && most > 4500, "many clients do not come back at once");
	b = (struct backoff){.least_ms = 0, .most_ms = 0};
	ok(backoff_next(&b) == 1, "no wait is shorter than a millisecond");
	b = (struct backoff){.least_ms = 100, .most_ms = 10};
	good = 1;
	for (int i = 0; i < 100; i++)
		good &= backoff_next(&b) <= 10;
	ok(good, "the most is never exceeded");
}

int main(void)
{
	time_passes();
	random_is_within();
	waits_grow();
	return t_done();
}
