/* SPDX-License-Identifier: MIT */
/* pace: slots at their time, whatever the rate; none too many, none too few. */
#include "pace.h"
#include "t.h"

static const int64_t second = 1000000000;

static void test_schedule(void)
{
	struct pace p = {.start_ns = 5, .rate = 1000, .member = 3, .members = 4};

	ok(pace_at(&p, 0) == 5 + 3000000 && pace_at(&p, 1) == 5 + 7000000,
	    "a member's slots lie between those of the others");
	p = (struct pace){.rate = 3, .members = 1};
	ok(pace_at(&p, 3) == second &&
		pace_at(&p, UINT64_C(3) * 86400 * 365) == second * 86400 * 365,
	    "a rate that divides no second does not drift in a year");
	p.rate = 100000000;
	ok(pace_at(&p, 1) == 10, "slots may be 10 ns apart");
}

static void test_take(void)
{
	struct pace p = {.start_ns = 100, .rate = 1000, .members = 1};

	ok(pace_take(&p, 99, second) == -1, "not before its time");
	ok(pace_take(&p, 100, second) == 100 && pace_take(&p, 100, second) == -1,
	    "once at its time");
	ok(pace_take(&p, 50000000, second) == 1000100 && pace_take(&p, 50000000, second) == 2000100,
	    "late ones keep the time they were meant for");
	ok(pace_take(&p, 2 * second, 2000200) == -1, "none behind the end");
	p = (struct pace){.members = 1};
	ok(pace_take(&p, 77, second) == 77 && pace_take(&p, 77, second) == 77,
	    "without a rate it is always time");
}

static void test_count(void)
{
	bool right = true;

	for (uint64_t rate = 1; rate < 5000; rate += 37)
		for (uint32_t n = 1; n < 9; n++) {
			uint64_t sum = 0;

			for (uint32_t i = 0; i < n; i++) {
				struct pace p = {
				    .start_ns = 12345, .rate = rate, .member = i, .members = n};
				uint64_t slots = pace_slots(&p, 12345 + 2 * second);

				right = right && pace_at(&p, slots) >= 12345 + 2 * second &&
				    (slots == 0 || pace_at(&p, slots - 1) < 12345 + 2 * second);
				sum += slots;
			}
			right = right && sum == 2 * rate;
		}
	ok(right, "all members together have rate times seconds slots");
	struct pace p = {.start_ns = 10, .rate = 5, .members = 1};
	ok(pace_slots(&p, 10) == 0 && pace_slots(&p, 11) == 1, "the end is not part of the time");
}

static void test_missed(void)
{
	struct pace_slots a = {.intended = 500, .taken = 499, .late = 4, .unsent = 1},
			  b = {.intended = 500, .taken = 500, .late = 5};

	pace_add(&a, &b);
	ok(pace_missed(&a) > 0.999 && pace_missed(&a) < 1.001, "late and unsent ones are missed");
	ok(pace_missed(&(struct pace_slots){0}) < 1e-9, "of none, none");
}

int main(void)
{
	test_schedule();
	test_take();
	test_count();
	test_missed();
	return t_done();
}
