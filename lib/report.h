/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_REPORT_H
#define SPOUT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "audit.h"
#include "buf.h"
#include "hist.h"
#include "link.h"
#include "live.h"
#include "pace.h"
#include "say.h"
#include "why.h"

/*
 * What a load tells at its end: one JSON object for programs, a table for people, and meanwhile a
 * line that lives. Its members in order: tool, version, mode, started, settings, machine, redis,
 * result, slots, latency_us, percentiles, audit, series, status. The schema is in sp-bench(1).
 *
 * To change it: 1. report_end.c; 2. sp-bench(1); 3. tests/sp-bench.bats; 4. plot_run.c, which reads
 * it.
 */
struct report {
	const char *mode; /* pub, sub, pipe, sse */
	bool json;        /* --json: also when standard output is a terminal */
	const char *hgrm; /* --hgrm FILE; NULL: none */
	struct say *say;
	/* report's own */
	struct buf settings, redis, result, latency, percentiles, series, audit, table, rows;
	struct audit_counts counts;
	struct pace_slots slots;
	struct hist first; /* of the first report_latency */
	unsigned dirty_channels;
	bool has_first, has_audit, has_slots;
	int64_t started_us, started_ns;
	struct live live;
};

/* Keeps json and hgrm, which the options set. */
void report_init(struct report *r, const char *mode, struct say *say);
void report_fini(struct report *r);

/* A setting of the run: a number, or text. */
void report_setting(struct report *r, const char *name, int64_t value);
void report_setting_text(struct report *r, const char *name, const char *text);

/* Asks the server for its version and fsync policy ("off", "no", "everysec", "always", "unknown"
 * when it refuses to tell), and for the median of 100 round trips. Blocks up to the timeouts of
 * conf. With conf NULL the report has "redis":null. WHY_UNAVAILABLE, WHY_REFUSED. */
int report_probe(struct report *r, const struct link_conf *conf, struct why *w);

/* A result: its name in JSON, and what the table calls it (NULL: it is not in the table). */
void report_count(struct report *r, const char *name, const char *label, uint64_t value);
void report_number(struct report *r, const char *name, const char *label, double value);
/* The same of JSON that the caller wrote, without a row in the table. */
void report_raw(struct report *r, const char *name, const char *json);

/* A row of the table, with nothing in JSON. */
void report_row(struct report *r, const char *label, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds text as a JSON string, whatever bytes it has. */
void report_text(struct buf *b, const char *text);

/* ns for people: "12.3 us". Returns text. */
const char *report_time(char text[16], double ns);

/* A distribution of durations: {count,min,mean,stddev,p50,p90,p99,p99.9,max} under `name` in
 * latency_us, and a row of the table. The first one is what --hgrm writes and what `percentiles`
 * has for the plot: call it first with the corrected latency. */
void report_latency(struct report *r, const char *name, const char *label, const struct hist *h);

/* One second of the run is over: what was done in it; h is of that second only. */
void report_second(
    struct report *r, int64_t second, uint64_t done, uint64_t errors, const struct hist *h);

/* The audit's verdict; name is a channel's, for those that are not clean (at most 100 are listed).
 */
void report_audit(struct report *r, const struct audit_counts *total);
void report_audit_channel(struct report *r, const char *name, const struct audit_counts *c);
void report_slots(struct report *r, const struct pace_slots *s);

/* The live line (live.h). */
struct report_live {
	uint64_t connections, errors;
	double rate;          /* a second */
	const struct hist *h; /* of the run so far, or of the last second */
	int64_t left_ms;      /* below 0: nobody knows */
};
void report_live(struct report *r, const struct report_live *l);

/* Ends the live line, and prints table (stderr, unless --quiet), JSON (standard output, unless that
 * is a terminal and not `json`) and the .hgrm file. `failed`: something else than audit and slots
 * went wrong. Returns the exit status: 0, or WHY_ENDED when the audit is not clean, too many slots
 * were missed, or `failed`; -1: cannot write, w tells. */
int report_end(struct report *r, bool failed, struct why *w);

/* --- For report.c and report_end.c. */
enum { REPORT_LABEL_WIDTH = 14 }; /* of the table's first column */

/* Adds the counts as members of a JSON object. */
void report_counts(struct buf *b, const struct audit_counts *c);

#endif
