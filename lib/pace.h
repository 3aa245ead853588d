/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_PACE_H
#define SPOUT_PACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * When each thing of an open-loop load is meant to happen: slot k of member i of n is at
 *
 *	start + (k * n + i) / rate
 *
 * so that all members together keep the rate and no two meet (phase offsets). What the server does
 * moves no slot. A slot that the load itself begins too late is missed: then the load was the
 * bottleneck, and its latencies speak of the load.
 */
enum { PACE_LATE_NS = 10 * 1000 * 1000 }; /* beyond what a busy kernel takes to wake a process */

struct pace {
	int64_t start_ns; /* on clock_ns() */
	uint64_t rate;    /* of all members, a second; 0: no schedule, as fast as it goes */
	uint32_t member, members;
	uint64_t taken; /* slots of this member so far */
};

struct pace_slots {
	uint64_t intended; /* slots within the time */
	uint64_t taken;    /* begun */
	uint64_t late;     /* of those: begun more than PACE_LATE_NS after their time, through our
			      own fault */
	uint64_t unsent;   /* never begun */
};

/* The time of this member's slot k. */
int64_t pace_at(const struct pace *p, uint64_t k);

/* The time of the next slot; with rate 0, now. */
int64_t pace_next(const struct pace *p, int64_t now_ns);

/* Takes the next slot if its time has come and lies in front of end_ns: its intended time. -1: not
 * yet, or no more. */
int64_t pace_take(struct pace *p, int64_t now_ns, int64_t end_ns);

/* How many slots lie in front of end_ns. */
uint64_t pace_slots(const struct pace *p, int64_t end_ns);

void pace_add(struct pace_slots *a, const struct pace_slots *b);

/* Late and unsent ones, in percent of those intended; more than PACE_MISSED_MAX is a failure. */
double pace_missed(const struct pace_slots *s);
#define PACE_MISSED_MAX 1.0

#endif
