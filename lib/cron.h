/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_CRON_H
#define SPOUT_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "why.h"

/*
 * Times of day by crontab(5)'s five fields, in the process's time zone (TZ):
 *
 *	minute hour day-of-month month day-of-week       30 2 * * mon-fri
 *
 * Each field is `*`, a number, a range, a name (jan, mon), a step (*\/5, 10-50/10), or a list of
 * these. As cron has it: when both days are restricted, either one suffices; 7 is Sunday too.
 * @hourly, @daily (@midnight), @weekly, @monthly and @yearly (@annually) stand for what they say.
 *
 * When clocks change, a schedule without a star in minute and hour runs once for each of its times:
 * one that is skipped runs at the first minute after the gap, one that comes twice runs the first
 * time. Schedules with a star there follow the clock on the wall, minute by minute.
 */
struct cron {
	uint64_t minutes; /* bit n: minute n; and so on */
	uint32_t hours, mdays, months, wdays;
	bool any_mday, any_wday; /* the field begins with a star */
	bool wall;               /* minute or hour does */
};

/* WHY_USAGE, naming the field. */
int cron_parse(struct cron *c, const char *text, struct why *w);

/* The first tick after `after`, both in seconds since 1970; -1 when there is none within the next
 * nine years (the 30th of February). */
int64_t cron_next(const struct cron *c, int64_t after);

#endif
