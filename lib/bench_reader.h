/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_BENCH_READER_H
#define SPOUT_BENCH_READER_H

#include "bench.h"
#include "feed.h"
#include "loader.h"

/*
 * One reader of sp-bench sub: it follows all channels, durable ones as sp-sub does, through feed,
 * others with SUBSCRIBE, and audits what comes. For bench_sub.c and bench_reader.c alone.
 */
struct bench_reader {
	struct bench_sub *sub;
	struct link link;
	struct feed *feed;
	struct audit *audit;
	size_t confirmed; /* channels */
	bool ready;
	int64_t now_ns; /* the clock, for `fresh` more messages */
	unsigned fresh;
};

struct bench_sub {
	struct bench *b;
	struct load_conf conf;
	struct loader loader;
	struct bench_reader *readers;
	size_t n, nready;
	struct feed_source *sources;
	char *names;   /* conf.channels * LOAD_CHANNEL_NAME; only when durable */
	size_t prefix; /* length of CHANNEL */
	struct hist all, second;
	uint64_t done, bytes, foreign, errors, expected; /* expected: 0 while not known */
	int64_t last_ns;
	struct timer look;
	struct loader_facts published;
	bool told, enough; /* enough: --count of them */
};

/* Connects. WHY_USAGE and the like, of feed. */
int bench_reader_open(struct bench_sub *s, struct bench_reader *r);
void bench_reader_close(struct bench_reader *r);

#endif
