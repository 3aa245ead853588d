/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_BENCH_LINE_H
#define SPOUT_BENCH_LINE_H

#include "bench.h"
#include "ndjson.h"
#include "ticker.h"

/*
 * One pipeline of sp-bench pipe: an sp-pub and an sp-sub on a channel of their own, with our ends
 * of both. For bench_pipe.c and bench_line.c alone.
 */
struct bench_line {
	struct bench_pipe *pipe;
	pid_t pub, sub;
	struct watch in, out; /* in: what sp-pub reads; out: what sp-sub writes */
	struct buf text;      /* lines that sp-pub did not take yet */
	struct ndjson lines;
	struct pace pace;
	uint64_t seq;
	int64_t free_ns;
	bool warm, closed;
};

struct bench_pipe {
	struct bench *b;
	struct bench_line *lines;
	size_t n, nwarm, size;
	struct audit *audit;
	struct ticker ticker;
	struct timer look;
	struct hist all, second;
	uint64_t slot, sent, done, bytes, errors;
	uint32_t run;
	int64_t last_ns, give_up_ms;
	struct pace_slots slots;
	char *stamp, *chunk;
	void (*on_warm)(struct bench_pipe *p); /* a first line came through each */
};

enum { BENCH_LINE_CHUNK = 64 * 1024 }; /* of bench_pipe's chunk: what is read at once */

/* Starts the programs of the i-th. WHY_UNAVAILABLE. */
int bench_line_open(struct bench_pipe *p, size_t i);

/* Ends them. */
void bench_line_close(struct bench_line *l);

/* Sends the line that tells when the pipeline is warm. */
void bench_line_warm(struct bench_line *l);

/* Serves the slots whose time has come, as far as there is room. */
void bench_line_pump(struct bench_line *l);

/* sp-pub sees the end of its input. */
void bench_line_end_input(struct bench_line *l);

/* Ends the run: what one of its programs did. */
void bench_line_die(struct bench_line *l, const char *what, const char *text);

#endif
