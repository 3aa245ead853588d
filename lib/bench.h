/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_BENCH_H
#define SPOUT_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "cli.h"
#include "hist.h"
#include "load.h"
#include "loop.h"
#include "proc.h"
#include "report.h"
#include "sseload.h"

/*
 * What the modes of sp-bench share: settings, the loop, signals, the time of the run, and a gauge
 * that is read ten times a second for the live line and once a second for the series.
 */
struct bench_gauge {
	struct hist *all;    /* of the run so far: the seconds are added to it */
	struct hist *second; /* of this second */
	const uint64_t *done, *errors;
	uint64_t connections;
};

struct bench {
	struct cli cli;
	struct link_conf link;
	struct report report;
	struct loop *loop;
	struct signals signals;
	/* Settings; -1 where the mode's default counts. */
	int64_t rate, duration_ms, connections, size, channels, pipeline, publish_rate, count;
	bool durable;
	const char *channel;
	char *url;                /* what -u said, before it was hidden; heap */
	const char *const *files; /* plot's operands, NULL behind the last */
	struct sseload_conf sse;  /* sse: what only that mode knows */
	const char *redis;        /* sse: where Redis is, since --url is the server */
	bool no_retry;            /* sse */
	int publish;              /* sse: in the order of its choices; -1: not given */
	int to;                   /* plot: the terminal, in the order of its choices */
	/* The run */
	struct bench_gauge gauge;
	struct timer tick;
	int64_t start_ns, end_ns, second_ns; /* second_ns: end of the second that runs */
	uint64_t done_before, errors_before;
	/* A signal came: end soon, with what is on its way. NULL, and a second signal: at once. */
	void (*on_stop)(void *arg);
	void *stop_arg;
	int signo;
	struct why why;
};

#define BENCH_DEFAULTS                                                                             \
	{                                                                                          \
		.cli = CLI_DEFAULTS("sp-bench"), .rate = -1, .duration_ms = -1, .connections = -1, \
		.size = -1, .channels = -1, .pipeline = -1, .publish_rate = -1, .count = -1,       \
		.publish = -1, .sse = SSELOAD_DEFAULTS, .to = -1                                   \
	}

/* The modes. Each runs, prints its report, and returns the exit status; or -1, b->why tells. */
int bench_pub(struct bench *b);
int bench_sub(struct bench *b);
int bench_pipe(struct bench *b);
int bench_sse(struct bench *b);
int bench_xq(struct bench *b);
int bench_plot(struct bench *b);

/* Sets what is not given to the mode's default. */
static inline void bench_default(int64_t *setting, int64_t value)
{
	*setting = *setting < 0 ? value : *setting;
}

/* Opens loop and signals, and looks at the server. */
int bench_open(struct bench *b, const char *mode);
void bench_close(struct bench *b);

/* The settings that pub and sub's own publisher share, checked; and in the report. */
int bench_load_conf(struct bench *b, int64_t rate, struct load_conf *conf);

/* From now on the gauge is read; the run ends at end_ns. */
void bench_run(struct bench *b, int64_t start_ns, int64_t end_ns);

/* The last part of a second, at the end. */
void bench_last_second(struct bench *b);

/* For on_stop: the run's time is over now; false when it has not begun, and the loop stops. */
bool bench_cut_short(struct bench *b);

/* Loses the loop's time: the reason that ends the run. */
void bench_die(struct bench *b, const struct why *w);

/* seconds, messages, rate and bytes a second of what was done until last_ns. */
void bench_totals(struct bench *b, uint64_t done, uint64_t bytes, int64_t last_ns);

/* Ends the report: see report_end. A signal's status goes before. */
int bench_end(struct bench *b, bool failed);

#endif
