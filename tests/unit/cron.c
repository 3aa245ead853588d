/* SPDX-License-Identifier: MIT */
#include "cron.h"
#include "t.h"

#include <stdlib.h>
#include <time.h>

static int64_t at(const char *utc)
{
	struct tm tm = {0};

	return strptime(utc, "%Y-%m-%dT%H:%M:%S", &tm) == NULL ? -1 : (int64_t)timegm(&tm);
}

static void zone(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
}

/* The ticks of text after `from`, both in UTC, are exactly these. */
static void ticks(const char *text, const char *from, const char *const *want)
{
	struct cron c;
	struct why w = {0};
	int64_t t = at(from);
	int good = cron_parse(&c, text, &w) == 0;

	for (int i = 0; good && want[i] != NULL; i++) {
		char got[32];
		time_t s;

		t = cron_next(&c, t);
		s = (time_t)t;
		strftime(got, sizeof got, "%Y-%m-%dT%H:%M:%S", gmtime(&s));
		good = t_eq(got, strlen(got), want[i]);
	}
	ok(good, "%s: %s after %s", getenv("TZ"), text, from);
}

#define TICKS(text, from, ...) ticks(text, from, (const char *const[]){__VA_ARGS__, NULL})

static void plain_times(void)
{
	zone("UTC");
	TICKS("* * * * *", "2026-11-20T10:00:00", "2026-11-20T10:01:00", "2026-11-20T10:02:00");
	TICKS("* * * * *", "2026-11-20T10:00:59", "2026-11-20T10:01:00");
	TICKS("*/15 * * * *", "2026-12-31T23:50:00", "2027-01-01T00:00:00", "2027-01-01T00:15:00");
	TICKS("30 2 * * *", "2026-11-20T02:30:00", "2026-11-21T02:30:00");
	TICKS("5,10-20/5,59 8 1 jan *", "2026-11-20T00:00:00", "2027-01-01T08:05:00",
	    "2027-01-01T08:10:00", "2027-01-01T08:15:00", "2027-01-01T08:20:00",
	    "2027-01-01T08:59:00", "2028-01-01T08:05:00");
	TICKS(
	    "0 9 * * mon-fri", "2026-11-20T09:00:00", "2026-11-23T09:00:00", "2026-11-24T09:00:00");
	TICKS("0 0 * * 7", "2026-11-20T00:00:00", "2026-11-22T00:00:00", "2026-11-29T00:00:00");
	TICKS("0 0 13 * fri", "2026-11-10T00:00:00", "2026-11-13T00:00:00", "2026-11-20T00:00:00",
	    "2026-11-27T00:00:00", "2026-12-04T00:00:00", "2026-12-11T00:00:00",
	    "2026-12-13T00:00:00");
	TICKS(
	    "0 0 */10 * fri", "2026-11-10T00:00:00", "2026-12-11T00:00:00", "2027-01-01T00:00:00");
	TICKS("0 0 29 2 *", "2096-03-01T00:00:00", "2104-02-29T00:00:00");
	TICKS("@hourly", "2026-11-20T10:20:00", "2026-11-20T11:00:00");
	TICKS("@weekly", "2026-11-20T10:20:00", "2026-11-22T00:00:00");
	struct cron c;
	struct why w;
	ok(cron_parse(&c, "0 0 30 feb *", &w) == 0 &&
		cron_next(&c, at("2026-01-01T00:00:00")) == -1,
	    "the 30th of February never comes");
}

/* In Berlin 2027 clocks go from 02:00 to 03:00 on March 28, from 03:00 back to 02:00 on October 31.
 */
static void clocks_change(void)
{
	zone("Europe/Berlin");
	TICKS("30 2 * * *", "2027-03-26T12:00:00", "2027-03-27T01:30:00", "2027-03-28T01:00:00",
	    "2027-03-29T00:30:00");
	TICKS("0,30 2,3 * * *", "2027-03-28T00:00:00", "2027-03-28T01:00:00", "2027-03-28T01:30:00",
	    "2027-03-29T00:00:00");
	TICKS("30 2 * * *", "2027-10-30T12:00:00", "2027-10-31T00:30:00", "2027-11-01T01:30:00");
	TICKS("*/30 * * * *", "2027-03-28T00:20:00", "2027-03-28T00:30:00", "2027-03-28T01:00:00");
	TICKS("*/30 * * * *", "2027-10-31T00:00:00", "2027-10-31T00:30:00", "2027-10-31T01:00:00",
	    "2027-10-31T01:30:00", "2027-10-31T02:00:00");
	TICKS("0 0 * * *", "2027-10-30T12:00:00", "2027-10-30T22:00:00", "2027-10-31T23:00:00");
	/* Half an hour, and where the gap swallows midnight. */
	zone("Australia/Lord_Howe");
	TICKS("15 2 * * *", "2026-10-03T00:00:00", "2026-10-03T15:30:00");
	zone("America/Havana");
	TICKS("0 0 * * *", "2027-03-13T12:00:00", "2027-03-14T05:00:00", "2027-03-15T04:00:00");
	/* A day that never was: 2011-12-30. */
	zone("Pacific/Apia");
	TICKS("0 12 * * *", "2011-12-29T00:00:00", "2011-12-29T22:00:00", "2011-12-30T22:00:00");
}

static void mistakes_are_named(void)
{
	static const char *const bad[] = {"", "*", "* * * *", "* * * * * *", "60 * * * *",
	    "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * * 8", "5-1 * * * *",
	    "*/0 * * * *", "*/100 * * * *", "1/2 * * * *", ", * * * *", "1, * * * *",
	    "1,,2 * * * *", "-1 * * * *", "1- * * * *", "a * * * *", "* * * foo *", "* * * * mo",
	    "1.5 * * * *", "99999999999999999999 * * * *", "@reboot", "@", "+1 * * * *",
	    "0x1 * * * *"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct cron c;
		struct why w = {0};

		ok(cron_parse(&c, bad[i], &w) == -1 && w.status == WHY_USAGE && w.text[0] != '\0',
		    "\"%s\" is refused", bad[i]);
	}
	struct cron c;
	struct why w = {0};
	(void)cron_parse(&c, "0 25 * * *", &w);
	ok(strstr(w.text, "hour \"25\"") != NULL, "the reason names the field: %s", w.text);
}

int main(void)
{
	plain_times();
	clocks_change();
	mistakes_are_named();
	return t_done();
}
