/* SPDX-License-Identifier: MIT */
/* report: what a load tells: JSON, a table, a line that lives. Each part is collected as text. */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "utf8.h"

enum { CHANNELS_LISTED = 100 };

/* Calls f for each buffer. They have no cap that could be met: a line a second, and a few more. */
static void each_part(struct report *r, void (*f)(struct buf *b))
{
	struct buf *const all[] = {&r->settings, &r->redis, &r->result, &r->latency,
	    &r->percentiles, &r->series, &r->audit, &r->table, &r->rows};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		f(all[i]);
}

static void open_part(struct buf *b)
{
	buf_init(b, SIZE_MAX / 2);
}

void report_init(struct report *r, const char *mode, struct say *s)
{
	*r = (struct report){
	    .mode = mode, .say = s, .json = r->json, .hgrm = r->hgrm, .live = {.say = s}};
	each_part(r, open_part);
	hist_init(&r->first);
	r->started_us = clock_wall_us();
	r->started_ns = clock_ns();
}

void report_fini(struct report *r)
{
	if (r->mode == NULL)
		return;
	live_clear(&r->live);
	each_part(r, buf_fini);
	hist_fini(&r->first);
	r->mode = NULL;
}

/* --- Members */

static void add_name(struct buf *b, const char *name)
{
	(void)buf_addf(b, "%s\"%s\":", b->len > 0 ? "," : "", name); /* no cap */
}

void report_text(struct buf *b, const char *text)
{
	struct utf8_mend mend = {.ncut = 0};
	struct buf good;

	buf_init(&good, SIZE_MAX / 2);
	(void)utf8_mend(&mend, &good, text, strlen(text)); /* no cap */
	(void)utf8_mend_end(&mend, &good);                 /* no cap */
	(void)buf_addc(b, '"');                            /* no cap */
	(void)json_escape(b, buf_head(&good), good.len);   /* no cap */
	(void)buf_addc(b, '"');                            /* no cap */
	buf_fini(&good);
}

void report_setting(struct report *r, const char *name, int64_t value)
{
	add_name(&r->settings, name);
	(void)buf_addf(&r->settings, "%lld", (long long)value); /* no cap */
}

void report_setting_text(struct report *r, const char *name, const char *text)
{
	add_name(&r->settings, name);
	report_text(&r->settings, text);
}

void report_row(struct report *r, const char *label, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap); /* a cut row is still a row */
	va_end(ap);
	(void)buf_addf(&r->table, "  %-*s%s\n", REPORT_LABEL_WIDTH, label, text); /* no cap */
}

void report_raw(struct report *r, const char *name, const char *json)
{
	add_name(&r->result, name);
	(void)buf_adds(&r->result, json); /* no cap */
}

void report_count(struct report *r, const char *name, const char *label, uint64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof text, "%llu", (unsigned long long)value); /* fits */
	report_raw(r, name, text);
	if (label != NULL)
		report_row(r, label, "%14s", text);
}

void report_number(struct report *r, const char *name, const char *label, double value)
{
	char text[64];

	(void)snprintf(text, sizeof text, "%.3f", value); /* of any load's size */
	report_raw(r, name, text);
	if (label != NULL)
		report_row(r, label, value >= 1000 ? "%14.0f" : "%14.2f", value);
}

/* --- Latencies */

const char *report_time(char text[16], double ns)
{
	const char *unit = ns < 1e3 ? "ns" : ns < 1e6 ? "us" : ns < 1e9 ? "ms" : "s";
	double n = ns < 1e3 ? ns : ns < 1e6 ? ns / 1e3 : ns < 1e9 ? ns / 1e6 : ns / 1e9;

	/* Three digits: more would be noise. */
	(void)snprintf(text, 16, "%.*f %s", n < 9.995 && ns >= 1e3 ? 2 : n < 99.95 && ns >= 1e3, n,
	    unit); /* fits */
	return text;
}

static double us(int64_t ns)
{
	return (double)ns / 1e3;
}

static void add_percentiles(struct report *r, const struct hist *h)
{
	struct hist_walk w = {.ticks = 5};
	struct buf *b = &r->percentiles;

	for (int more = hist_walk_next(&w, h); more == 1; more = hist_walk_next(&w, h))
		(void)buf_addf(
		    b, "%s[%.9g,%.3f]", b->len > 0 ? "," : "", w.percent, us(w.ns)); /* no cap */
}

void report_latency(struct report *r, const char *name, const char *label, const struct hist *h)
{
	static const double percents[] = {50, 90, 99, 99.9, 100};
	char text[16], line[100] = "";

	add_name(&r->latency, name);
	(void)buf_addf(&r->latency,
	    "{\"count\":%llu,\"min\":%.3f,\"mean\":%.3f,\"stddev\":%.3f,\"p50\":%.3f,\"p90\":%.3f,"
	    "\"p99\":%.3f,\"p99.9\":%.3f,\"max\":%.3f}",
	    (unsigned long long)h->count, us(h->count > 0 ? h->min : 0), hist_mean(h) / 1e3,
	    hist_stddev(h) / 1e3, us(hist_percentile(h, 50)), us(hist_percentile(h, 90)),
	    us(hist_percentile(h, 99)), us(hist_percentile(h, 99.9)), us(h->max)); /* no cap */
	for (size_t i = 0; i < sizeof percents / sizeof *percents; i++)
		(void)snprintf(line + strlen(line), sizeof line - strlen(line), "%10s ",
		    report_time(text, (double)hist_percentile(h, percents[i]))); /* fits */
	(void)buf_addf(&r->rows, "  %-*s%s\n", REPORT_LABEL_WIDTH, label, line); /* no cap */
	if (r->has_first)
		return;
	r->has_first = true;
	hist_add(&r->first, h);
	add_percentiles(r, h);
}

void report_second(
    struct report *r, int64_t second, uint64_t done, uint64_t errors, const struct hist *h)
{
	struct buf *b = &r->series;

	(void)buf_addf(b,
	    "%s{\"t\":%lld,\"done\":%llu,\"errors\":%llu,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}",
	    b->len > 0 ? "," : "", (long long)second, (unsigned long long)done,
	    (unsigned long long)errors, us(hist_percentile(h, 50)), us(hist_percentile(h, 99)),
	    us(h->max)); /* no cap */
}

/* --- Verdicts */

void report_counts(struct buf *b, const struct audit_counts *c)
{
	(void)buf_addf(b,
	    "\"received\":%llu,\"lost\":%llu,\"duplicated\":%llu,\"reordered\":%llu,"
	    "\"corrupted\":%llu,\"stale\":%llu",
	    (unsigned long long)c->received, (unsigned long long)c->lost,
	    (unsigned long long)c->duplicated, (unsigned long long)c->reordered,
	    (unsigned long long)c->corrupted, (unsigned long long)c->stale); /* no cap */
}

void report_audit(struct report *r, const struct audit_counts *total)
{
	r->counts = *total;
	r->has_audit = true;
}

void report_audit_channel(struct report *r, const char *name, const struct audit_counts *c)
{
	if (audit_is_clean(c) || r->dirty_channels++ >= CHANNELS_LISTED)
		return;
	(void)buf_adds(
	    &r->audit, r->audit.len > 0 ? ",{\"channel\":" : "{\"channel\":"); /* no cap */
	report_text(&r->audit, name);
	(void)buf_addc(&r->audit, ','); /* no cap */
	report_counts(&r->audit, c);
	(void)buf_addc(&r->audit, '}'); /* no cap */
}

void report_slots(struct report *r, const struct pace_slots *s)
{
	r->slots = *s;
	r->has_slots = true;
}

/* --- The live line */

__attribute__((format(printf, 3, 4))) static void add_part(
    struct live_part **p, int rank, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf((*p)->text, sizeof(*p)->text, fmt, ap); /* fits */
	va_end(ap);
	(*p)++->rank = rank;
}

/* The parts in the order of reading; ranked by what a person can do without. */
void report_live(struct report *r, const struct report_live *l)
{
	struct live_part parts[7], *p = parts;
	char time[16];

	if (!live_is_due(&r->live))
		return;
	add_part(&p, 9, "%s", r->mode);
	add_part(&p, 1, "%llu connection%s", (unsigned long long)l->connections,
	    l->connections == 1 ? "" : "s");
	add_part(&p, 8, "%.0f/s", l->rate);
	add_part(&p, 3, "p50 %s", report_time(time, (double)hist_percentile(l->h, 50)));
	add_part(&p, 5, "p99 %s", report_time(time, (double)hist_percentile(l->h, 99)));
	add_part(&p, l->errors > 0 ? 7 : 2, "%llu error%s", (unsigned long long)l->errors,
	    l->errors == 1 ? "" : "s");
	if (l->left_ms >= 0)
		add_part(&p, 4, "%.0f s left", (double)l->left_ms / 1000);
	live_draw(&r->live, parts, (size_t)(p - parts));
}
