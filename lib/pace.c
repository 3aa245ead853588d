/* SPDX-License-Identifier: MIT */
/* pace: the schedule of an open-loop load, in whole numbers, so that it never drifts. */
#include "pace.h"

static const uint64_t second_ns = 1000000000;

int64_t pace_at(const struct pace *p, uint64_t k)
{
	unsigned __int128 slot = (unsigned __int128)k * p->members + p->member;

	return p->start_ns + (int64_t)(slot * second_ns / p->rate);
}

int64_t pace_next(const struct pace *p, int64_t now_ns)
{
	return p->rate == 0 ? now_ns : pace_at(p, p->taken);
}

int64_t pace_take(struct pace *p, int64_t now_ns, int64_t end_ns)
{
	int64_t at = pace_next(p, now_ns);

	if (at > now_ns || at >= end_ns)
		return -1;
	p->taken++;
	return at;
}

uint64_t pace_slots(const struct pace *p, int64_t end_ns)
{
	uint64_t low = 0;

	if (p->rate == 0 || end_ns <= p->start_ns)
		return p->rate == 0 ? p->taken : 0;
	/* The division that is the inverse of pace_at's, then its rounding. */
	unsigned __int128 span = (unsigned __int128)(uint64_t)(end_ns - p->start_ns) * p->rate;
	uint64_t slot = (uint64_t)(span / second_ns);
	if (slot > p->member)
		low = (slot - p->member) / p->members;
	while (low > 0 && pace_at(p, low - 1) >= end_ns)
		low--;
	while (pace_at(p, low) < end_ns)
		low++;
	return low;
}

void pace_add(struct pace_slots *a, const struct pace_slots *b)
{
	a->intended += b->intended;
	a->taken += b->taken;
	a->late += b->late;
	a->unsent += b->unsent;
}

double pace_missed(const struct pace_slots *s)
{
	return s->intended == 0 ? 0 : 100.0 * (double)(s->late + s->unsent) / (double)s->intended;
}
