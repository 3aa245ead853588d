/* SPDX-License-Identifier: MIT */
/* cron: five fields, and the next minute that they name. */
#include "cron.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "number.h"

enum {
	FIELD_MAX = 128,      /* bytes; longer ones are mistakes */
	DAYS_AHEAD = 9 * 366, /* 2096-02-29 to 2104-02-29, the longest pause there can be */
	GAP_S = 4 * 3600,     /* clocks change by three hours at most (Casey, Antarctica) */
};

struct field {
	const char *name;
	int least, most;
	const char *const *words; /* three letters each, the first one means `least` */
};

static const char *const months[] = {
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const wdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

static const struct field fields[] = {
    {"minute", 0, 59, NULL},
    {"hour", 0, 23, NULL},
    {"day of month", 1, 31, NULL},
    {"month", 1, 12, months},
    {"day of week", 0, 7, wdays},
};

static const struct {
	const char *name, *fields;
} nicknames[] = {
    {"@hourly", "0 * * * *"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"},
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
};

/* --- Parsing */

/* A number or a name at *s, which moves behind it; -1 when there is none in the field's range. */
static int value(const struct field *f, const char **s)
{
	uint64_t n;
	const char *behind = number_scan(*s, *s + strlen(*s), (uint64_t)f->most, &n);

	if (behind != NULL) {
		*s = behind;
		return (int)n >= f->least ? (int)n : -1;
	}
	for (int i = 0; f->words != NULL && f->words[i] != NULL; i++)
		if (strncasecmp(*s, f->words[i], 3) == 0) {
			*s += 3;
			return f->least + i;
		}
	return -1;
}

/* One element of a list, `*`, `n` or `n-m`, with `/step`; *s moves behind it. */
static int element(const struct field *f, const char **s, uint64_t *bits)
{
	int from = f->least, to = f->most, step = 1;
	bool ranges = **s == '*';

	if (ranges) {
		(*s)++;
	} else {
		to = from = value(f, s);
		if (**s == '-') {
			(*s)++;
			to = value(f, s);
			ranges = true;
		}
	}
	if (from < 0 || to < from)
		return -1;
	if (ranges && **s == '/') {
		const struct field any = {NULL, 1, 99, NULL};

		(*s)++;
		step = value(&any, s);
		if (step < 0)
			return -1;
	}
	for (int n = from; n <= to; n += step)
		*bits |= 1ULL << n;
	return 0;
}

static int field(const struct field *f, const char *s, uint64_t *bits, struct why *w)
{
	const char *at = s;
	char quoted[FIELD_MAX];
	bool good = true;

	*bits = 0;
	do {
		good = element(f, &at, bits) == 0;
	} while (good && *at == ',' && *++at != '\0');
	if (good && *at == '\0' && at[-1] != ',')
		return 0;
	return why_set(w, WHY_USAGE,
	    "%s \"%s\": want *, numbers from %d to %d%s, ranges, steps, or a list of them", f->name,
	    why_quote(quoted, sizeof quoted, s, strlen(s)), f->least, f->most,
	    f->words != NULL ? " or names" : "");
}

/* Copies the next field of *s into word; false when there is none, or it is far too long. */
static bool next_word(const char **s, char word[FIELD_MAX])
{
	*s += strspn(*s, " \t");
	size_t n = strcspn(*s, " \t");

	if (n == 0 || n >= FIELD_MAX)
		return false;
	memcpy(word, *s, n);
	word[n] = '\0';
	*s += n;
	return true;
}

int cron_parse(struct cron *c, const char *text, struct why *w)
{
	char word[5][FIELD_MAX];
	uint64_t bits[5];
	const char *s = text;

	for (size_t i = 0; i < sizeof nicknames / sizeof *nicknames; i++)
		if (strcasecmp(text, nicknames[i].name) == 0)
			s = nicknames[i].fields;
	for (int i = 0; i < 5; i++)
		if (!next_word(&s, word[i]))
			return why_set(w, WHY_USAGE,
			    "\"%.60s\": want five fields (minute, hour, day of month, month, day "
			    "of "
			    "week), as crontab(5) has them, or @hourly, @daily and their like",
			    text);
	if (s[strspn(s, " \t")] != '\0')
		return why_set(w, WHY_USAGE, "\"%.60s\": more than five fields", text);
	for (int i = 0; i < 5; i++)
		if (field(&fields[i], word[i], &bits[i], w) < 0)
			return -1;
	*c = (struct cron){
	    .minutes = bits[0],
	    .hours = (uint32_t)bits[1],
	    .mdays = (uint32_t)bits[2],
	    .months = (uint32_t)bits[3],
	    .wdays = (uint32_t)((bits[4] | bits[4] >> 7) & 0x7f),
	    .any_mday = word[2][0] == '*',
	    .any_wday = word[4][0] == '*',
	    .wall = word[0][0] == '*' || word[1][0] == '*',
	};
	return 0;
}

/* --- The next tick */

static bool day_matches(const struct cron *c, const struct tm *day)
{
	bool mday = c->mdays >> day->tm_mday & 1, wday = c->wdays >> day->tm_wday & 1;

	if (!(c->months >> (day->tm_mon + 1) & 1))
		return false;
	return c->any_mday || c->any_wday ? mday && wday : mday || wday;
}

static struct tm local(int64_t t)
{
	time_t s = (time_t)t;
	struct tm tm;

	(void)localtime_r(&s, &tm); /* fails only for years beyond an int */
	return tm;
}

/* Order of times of day as they stand on the wall. */
static int64_t wall(const struct tm *t)
{
	return ((((t->tm_year * 12LL + t->tm_mon) * 31 + t->tm_mday) * 24) + t->tm_hour) * 60 +
	    t->tm_min;
}

/* The first instant whose wall time is `want` or, when that is skipped, the first one behind it. */
static int64_t instant(const struct tm *want)
{
	struct tm guess = *want;

	guess.tm_isdst = -1;
	int64_t near = (int64_t)mktime(&guess), target = wall(want);
	near -= ((near % 60) + 60) % 60;
	for (int64_t t = near - GAP_S; t <= near + GAP_S; t += 60) {
		struct tm here = local(t);

		if (wall(&here) >= target)
			return t;
	}
	return near;
}

/* The usual case, without a search: the wall shows this time once. */
static int64_t instant_of(const struct tm *want)
{
	struct tm guess = *want, before, behind;

	guess.tm_isdst = -1;
	int64_t t = (int64_t)mktime(&guess);
	before = local(t - GAP_S);
	behind = local(t + GAP_S);
	if (wall(&guess) == wall(want) && before.tm_gmtoff == behind.tm_gmtoff &&
	    before.tm_gmtoff == guess.tm_gmtoff)
		return t;
	return instant(want);
}

static int64_t next_on_day(const struct cron *c, const struct tm *day, int64_t after)
{
	struct tm t = {.tm_year = day->tm_year, .tm_mon = day->tm_mon, .tm_mday = day->tm_mday};

	for (t.tm_hour = 0; t.tm_hour < 24; t.tm_hour++)
		for (t.tm_min = 0; c->hours >> t.tm_hour & 1 && t.tm_min < 60; t.tm_min++) {
			if (!(c->minutes >> t.tm_min & 1))
				continue;
			int64_t at = instant_of(&t);

			if (at > after)
				return at;
		}
	return -1;
}

static int64_t next_on_wall(const struct cron *c, const struct tm *day, int64_t after)
{
	struct tm begin = {.tm_year = day->tm_year, .tm_mon = day->tm_mon, .tm_mday = day->tm_mday};
	int64_t t = instant_of(&begin);

	if (t <= after)
		t = after - ((after % 60) + 60) % 60 + 60;
	for (struct tm here = local(t); here.tm_mday == day->tm_mday; t += 60, here = local(t))
		if (c->hours >> here.tm_hour & 1 && c->minutes >> here.tm_min & 1)
			return t;
	return -1;
}

int64_t cron_next(const struct cron *c, int64_t after)
{
	struct tm today = local(after);

	for (int ahead = 0; ahead <= DAYS_AHEAD; ahead++) {
		/* Noon exists on every day, but for those that a country left out: they have no
		 * tick. */
		struct tm day = {.tm_year = today.tm_year,
		    .tm_mon = today.tm_mon,
		    .tm_mday = today.tm_mday + ahead,
		    .tm_hour = 12,
		    .tm_isdst = -1};
		int64_t at;

		(void)mktime(&day); /* normalizes, and fills in the day of the week */
		if (!day_matches(c, &day))
			continue;
		at = c->wall ? next_on_wall(c, &day, after) : next_on_day(c, &day, after);
		if (at >= 0)
			return at;
	}
	return -1;
}
