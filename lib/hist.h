/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_HIST_H
#define SPOUT_HIST_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/*
 * How often each duration came, in HdrHistogram's layout (https://hdrhistogram.org) for three
 * significant digits from 1 ns to HIST_MAX: bucket b has HIST_HALF cells of 2^b ns, the first one
 * twice as many of 1 ns. So no value is off by more than a thousandth, wherever it lies, and two
 * histograms add up cell by cell.
 */
#define HIST_MAX ((INT64_C(1) << 42) - 1) /* ns: 73 minutes; what is longer counts as that */

enum {
	HIST_HALF_BITS = 10,
	HIST_HALF = 1 << HIST_HALF_BITS,
	HIST_BUCKETS = 32, /* 2^11 cells of 1 ns, doubled 31 times, reach 2^42 */
	HIST_CELLS = (HIST_BUCKETS + 1) * HIST_HALF,
};

struct hist {
	uint64_t *cells; /* heap, HIST_CELLS of them */
	uint64_t count;
	int64_t min, max; /* of what was recorded, exact; min is HIST_MAX while there is nothing */
};

void hist_init(struct hist *h);
void hist_fini(struct hist *h);

/* Back to nothing recorded. */
void hist_clear(struct hist *h);

/* The cell that ns lies in; ns within [0, HIST_MAX]. */
static inline unsigned hist_cell(int64_t ns)
{
	unsigned bucket =
	    63u - (unsigned)__builtin_clzll((uint64_t)ns | (2 * HIST_HALF - 1)) - HIST_HALF_BITS;

	return (bucket << HIST_HALF_BITS) + (unsigned)((uint64_t)ns >> bucket);
}

/* Below 0 counts as 0: two clocks that disagree. */
static inline void hist_record(struct hist *h, int64_t ns)
{
	ns = ns < 0 ? 0 : ns > HIST_MAX ? HIST_MAX : ns;
	h->cells[hist_cell(ns)]++;
	h->count++;
	h->min = ns < h->min ? ns : h->min;
	h->max = ns > h->max ? ns : h->max;
}

/* Adds what `from` has. */
void hist_add(struct hist *h, const struct hist *from);

/* The lowest and the highest value of a cell. */
int64_t hist_cell_low(unsigned cell);
int64_t hist_cell_high(unsigned cell);

/* The value that percent (0 to 100) of what was recorded do not exceed: the highest of its cell,
 * but never above the largest recorded. 0 when nothing was. */
int64_t hist_percentile(const struct hist *h, double percent);

/* Of the middles of the cells; 0 when nothing was recorded. */
double hist_mean(const struct hist *h);
double hist_stddev(const struct hist *h);

/* Goes through the percentiles as HdrHistogram does, `ticks` steps for each halving of what is left
 * to 100. Zero it to begin, but for ticks. */
struct hist_walk {
	int ticks;
	double percent; /* 0 to 100 */
	int64_t ns;     /* value up to which that is */
	uint64_t below; /* how many were recorded up to it */
	unsigned cell;  /* the walk's own, from here on */
	uint64_t seen;  /* in the cells in front */
	double next_percent;
	int state;
};

/* 1: the next step; 0: there is none. The last step is 100 percent. */
int hist_walk_next(struct hist_walk *w, const struct hist *h);

/* Adds HdrHistogram's percentile text (.hgrm), values in milliseconds, as its plotter reads it.
 * -1 when out is full. */
int hist_text(struct buf *out, const struct hist *h);

/* Adds h in a form that another process takes: cells that are empty cost nearly nothing. -1 when
 * out is full. */
int hist_pack(struct buf *out, const struct hist *h);

/* Adds to h what hist_pack wrote at p: how many bytes that were. 0: they are not all there yet; -1:
 * they are no histogram (h is unchanged in both cases). */
ptrdiff_t hist_unpack(struct hist *h, const char *p, size_t len);

#endif
