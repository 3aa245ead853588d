/* SPDX-License-Identifier: MIT */
#ifndef SP_BENCH_H
#define SP_BENCH_H

#include "bench.h"

/* The modes, as bits: what an option means something to. */
enum {
	PUB = 1,
	SUB = 2,
	PIPE = 4,
	PLOT = 8,
	SSE = 16,
	XQ = 32,
	LOADS = PUB | SUB | PIPE | SSE | XQ
};

struct mode {
	const char *name;
	int bit;
	int (*run)(struct bench *b);
};

extern const struct mode bench_modes[]; /* behind the last a name that is NULL */

/* Reads the command line. */
enum opt_result bench_parse(struct bench *b, int argc, char **argv, struct opt_rest *rest);

/* Refuses what means nothing to the mode, rather than passing it over; sets b->files. WHY_USAGE. */
int bench_check(struct bench *b, const struct mode *m, const struct opt_rest *rest);

#endif
