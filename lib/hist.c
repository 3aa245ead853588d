/* SPDX-License-Identifier: MIT */
/*
 * hist: a log-linear histogram. A cell's number is the value's bucket and its leading 11 bits, so
 * that recording is a shift and an addition.
 *
 * Packed: "spH1", the length of the rest (4 bytes, little-endian), then numbers in LEB128: min,
 * max, and for each cell its count times two, or for a run of n empty cells n times two plus one.
 */
#include "hist.h"

#include <stdlib.h>
#include <string.h>

enum { PACK_HEAD = 8, TEXT_TICKS = 5 }; /* 5: what HdrHistogram's own tools use */

void hist_init(struct hist *h)
{
	h->cells = xcalloc(HIST_CELLS, sizeof *h->cells);
	h->count = 0;
	h->min = HIST_MAX;
	h->max = 0;
}

void hist_fini(struct hist *h)
{
	free(h->cells);
	h->cells = NULL;
}

void hist_clear(struct hist *h)
{
	if (h->count > 0)
		memset(h->cells, 0, HIST_CELLS * sizeof *h->cells);
	h->count = 0;
	h->min = HIST_MAX;
	h->max = 0;
}

void hist_add(struct hist *h, const struct hist *from)
{
	if (from->count == 0)
		return;
	for (unsigned i = hist_cell(from->min); i <= hist_cell(from->max); i++)
		h->cells[i] += from->cells[i];
	h->count += from->count;
	h->min = from->min < h->min ? from->min : h->min;
	h->max = from->max > h->max ? from->max : h->max;
}

static unsigned bucket_of(unsigned cell)
{
	return cell < 2 * HIST_HALF ? 0 : (cell >> HIST_HALF_BITS) - 1;
}

int64_t hist_cell_low(unsigned cell)
{
	unsigned bucket = bucket_of(cell);

	return (int64_t)(cell - (bucket << HIST_HALF_BITS)) << bucket;
}

int64_t hist_cell_high(unsigned cell)
{
	return hist_cell_low(cell) + (INT64_C(1) << bucket_of(cell)) - 1;
}

static int64_t cell_middle(unsigned cell)
{
	return hist_cell_low(cell) + (INT64_C(1) << bucket_of(cell)) / 2;
}

static int64_t capped(const struct hist *h, unsigned cell)
{
	int64_t high = hist_cell_high(cell);

	return high < h->max ? high : h->max;
}

int64_t hist_percentile(const struct hist *h, double percent)
{
	double share = percent < 0 ? 0 : percent > 100 ? 1 : percent / 100;
	/* 99.9 percent of 1000 are 999, whatever the last bit of the product says. */
	double wanted = share * (double)h->count * (1 - 1e-15);
	uint64_t seen = 0;

	for (unsigned i = 0; h->count > 0 && i < HIST_CELLS; i++) {
		seen += h->cells[i];
		if (seen > 0 && (double)seen >= wanted)
			return capped(h, i);
	}
	return 0;
}

double hist_mean(const struct hist *h)
{
	double sum = 0;

	for (unsigned i = 0; h->count > 0 && i < HIST_CELLS; i++)
		if (h->cells[i] > 0)
			sum += (double)h->cells[i] * (double)cell_middle(i);
	return h->count > 0 ? sum / (double)h->count : 0;
}

/* By Newton: libm would be a library more for every command. */
static double root(double x)
{
	double r = x > 1 ? x : 1;

	for (double next = 0; x > 0; r = next) {
		next = (r + x / r) / 2;
		if (next >= r)
			return r;
	}
	return 0;
}

double hist_stddev(const struct hist *h)
{
	double mean = hist_mean(h), sum = 0;

	for (unsigned i = 0; h->count > 0 && i < HIST_CELLS; i++) {
		double off = (double)cell_middle(i) - mean;

		sum += (double)h->cells[i] * off * off;
	}
	return h->count > 0 ? root(sum / (double)h->count) : 0;
}

/* --- Percentiles, one after the other */

enum { WALK_ON, WALK_LAST, WALK_OVER };

/* The step halves whenever the rest to 100 has: ticks * 2^(floor(log2(100 / rest)) + 1) of them
 * would fill the whole. */
static double step_behind(const struct hist_walk *w)
{
	double parts = w->ticks;

	for (double left = 100 - w->next_percent; left <= 100; left *= 2)
		parts *= 2;
	return 100 / parts;
}

int hist_walk_next(struct hist_walk *w, const struct hist *h)
{
	if (w->state == WALK_OVER || h->count == 0)
		return 0;
	if (w->state == WALK_LAST) {
		w->percent = 100;
		w->state = WALK_OVER;
		return 1;
	}
	for (;; w->cell++) {
		uint64_t upto = w->seen + h->cells[w->cell];

		if (h->cells[w->cell] > 0 &&
		    100.0 * (double)upto / (double)h->count >= w->next_percent) {
			w->percent = w->next_percent;
			w->ns = capped(h, w->cell);
			w->below = upto;
			w->next_percent += step_behind(w);
			w->state = upto == h->count ? WALK_LAST : WALK_ON;
			return 1;
		}
		w->seen = upto;
	}
}

int hist_text(struct buf *out, const struct hist *h)
{
	struct hist_walk w = {.ticks = TEXT_TICKS};
	const double ms = 1e6;
	int r = buf_addf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount",
	    "1/(1-Percentile)");

	while (r == 0 && hist_walk_next(&w, h) == 1) {
		r = buf_addf(out, "%12.3f %2.12f %10llu", (double)w.ns / ms, w.percent / 100,
		    (unsigned long long)w.below);
		if (r == 0 && w.percent < 100)
			r = buf_addf(out, " %14.2f", 100 / (100 - w.percent));
		if (r == 0)
			r = buf_addc(out, '\n');
	}
	if (r == 0)
		r = buf_addf(out,
		    "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n"
		    "#[Max     = %12.3f, Total count    = %12llu]\n"
		    "#[Buckets = %12d, SubBuckets     = %12d]\n",
		    hist_mean(h) / ms, hist_stddev(h) / ms, (double)h->max / ms,
		    (unsigned long long)h->count, HIST_BUCKETS, 2 * HIST_HALF);
	return r;
}

/* --- Between processes */

static int add_number(struct buf *out, uint64_t n)
{
	char bytes[10];
	size_t len = 0;

	do {
		bytes[len++] = (char)((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
		n >>= 7;
	} while (n > 0);
	return buf_add(out, bytes, len);
}

static int add_cells(struct buf *out, const struct hist *h)
{
	uint64_t empty = 0;

	for (unsigned i = 0; h->count > 0 && i <= hist_cell(h->max); i++) {
		if (h->cells[i] == 0) {
			empty++;
			continue;
		}
		if (empty > 0 && add_number(out, empty * 2 + 1) < 0)
			return -1;
		empty = 0;
		if (add_number(out, h->cells[i] * 2) < 0)
			return -1;
	}
	return 0;
}

int hist_pack(struct buf *out, const struct hist *h)
{
	size_t begin = out->len;

	if (buf_add(out, "spH1\0\0\0\0", PACK_HEAD) < 0 || add_number(out, (uint64_t)h->min) < 0 ||
	    add_number(out, (uint64_t)h->max) < 0 || add_cells(out, h) < 0) {
		out->len = begin;
		return -1;
	}
	size_t body = out->len - begin - PACK_HEAD;
	for (unsigned i = 0; i < 4; i++)
		buf_head(out)[begin + 4 + i] = (char)(body >> (8 * i) & 0xff);
	return 0;
}

struct numbers {
	const unsigned char *at, *end;
};

/* The next number; -1 when there is none or it is larger than 63 bits. */
static int64_t next_number(struct numbers *n)
{
	uint64_t value = 0;

	for (unsigned shift = 0; n->at < n->end && shift < 63; shift += 7) {
		value |= (uint64_t)(*n->at & 0x7f) << shift;
		if ((*n->at++ & 0x80) == 0)
			return (int64_t)value;
	}
	return -1;
}

/* Reads the cells: into `to`, or with NULL only to see whether they are good. */
static int take_cells(struct numbers n, struct hist *to, int64_t max)
{
	unsigned cell = 0, last = 0;
	uint64_t count = 0;

	while (n.at < n.end) {
		int64_t number = next_number(&n);

		if (number < 0 || number / 2 > (number % 2 ? HIST_CELLS : INT64_MAX / 4))
			return -1;
		if (number % 2 != 0) {
			cell += (unsigned)(number / 2);
			continue;
		}
		if (cell > hist_cell(max) || __builtin_add_overflow(count, number / 2, &count))
			return -1;
		if (to != NULL)
			to->cells[cell] += (uint64_t)number / 2;
		last = cell++;
	}
	if (to != NULL)
		to->count += count;
	return count > 0 ? last == hist_cell(max) ? 1 : -1 : 0;
}

ptrdiff_t hist_unpack(struct hist *h, const char *p, size_t len)
{
	const unsigned char *s = (const unsigned char *)p;

	if (memcmp(p, "spH1", len < 4 ? len : 4) != 0)
		return -1;
	if (len < PACK_HEAD)
		return 0;
	size_t body = (size_t)s[4] | (size_t)s[5] << 8 | (size_t)s[6] << 16 | (size_t)s[7] << 24;
	if (body > HIST_CELLS * 10 + 20)
		return -1;
	if (len - PACK_HEAD < body)
		return 0;
	struct numbers n = {s + PACK_HEAD, s + PACK_HEAD + body};
	int64_t min = next_number(&n), max = next_number(&n);
	if (min < 0 || max < 0 || min > HIST_MAX || max > HIST_MAX)
		return -1;
	int any = take_cells(n, NULL, max);
	if (any < 0 || (any == 1 && min > max))
		return -1;
	if (any == 1) {
		(void)take_cells(n, h, max); /* it was looked at */
		h->min = min < h->min ? min : h->min;
		h->max = max > h->max ? max : h->max;
	}
	return (ptrdiff_t)(PACK_HEAD + body);
}
