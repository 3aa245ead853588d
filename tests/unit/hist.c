/* SPDX-License-Identifier: MIT */
/* hist: the layout's error bound, known values, HdrHistogram's text, and the way between processes.
 */
#include <stdlib.h>

#include "hist.h"
#include "t.h"

static void test_cells(void)
{
	bool exact = true, near = true, in = true, joined = true;

	for (int64_t v = 0; v < 2 * HIST_HALF; v++)
		exact =
		    exact && hist_cell_low(hist_cell(v)) == v && hist_cell_high(hist_cell(v)) == v;
	ok(exact, "values below 2048 ns have a cell each");
	for (unsigned shift = 0; shift < 42; shift++)
		for (int64_t d = -2; d <= 2; d++) {
			int64_t v = (INT64_C(1) << shift) + d;
			v = v < 0 ? 0 : v > HIST_MAX ? HIST_MAX : v;
			int64_t low = hist_cell_low(hist_cell(v)),
				high = hist_cell_high(hist_cell(v));

			in = in && low <= v && v <= high;
			near = near && (high - low) * 1000 <= v;
		}
	ok(in, "a value lies within its cell");
	ok(near, "a cell is no wider than a thousandth of its values");
	for (unsigned c = 1; c < HIST_CELLS; c++)
		joined = joined && hist_cell_low(c) == hist_cell_high(c - 1) + 1 &&
		    hist_cell(hist_cell_low(c)) == c && hist_cell(hist_cell_high(c)) == c;
	ok(joined, "the cells follow one another without a gap");
	ok(hist_cell(HIST_MAX) == HIST_CELLS - 1, "the largest value is in the last cell");
}

static void test_values(void)
{
	struct hist h;

	hist_init(&h);
	ok(hist_percentile(&h, 50) == 0 && hist_mean(&h) < 1e-9 && hist_stddev(&h) < 1e-9,
	    "nothing recorded is 0 throughout");
	for (int64_t v = 1; v <= 1000; v++)
		hist_record(&h, v);
	ok(hist_percentile(&h, 50) == 500 && hist_percentile(&h, 99) == 990 &&
		hist_percentile(&h, 99.9) == 999 && hist_percentile(&h, 100) == 1000 &&
		hist_percentile(&h, 0) == 1,
	    "percentiles of 1 to 1000 are exact");
	ok(hist_mean(&h) > 500.49 && hist_mean(&h) < 500.51, "so is the mean");
	ok(hist_stddev(&h) > 288.67 && hist_stddev(&h) < 288.68, "and the standard deviation");
	hist_clear(&h);
	hist_record(&h, -5);
	hist_record(&h, HIST_MAX + 7);
	ok(h.min == 0 && h.max == HIST_MAX && h.count == 2,
	    "what is out of range counts at its end");
	ok(hist_percentile(&h, 100) == HIST_MAX, "the maximum is not above what was recorded");
	hist_fini(&h);
}

/* As HdrHistogram's own test has it: 10,000 of 1 ms, then one of 100 s; and the same with the
 * omitted ones put in. */
static void test_known(void)
{
	struct hist raw, filled;

	hist_init(&raw);
	hist_init(&filled);
	for (int i = 0; i < 10000; i++) {
		hist_record(&raw, 1000);
		hist_record(&filled, 1000);
	}
	hist_record(&raw, 100000000);
	for (int64_t v = 100000000; v > 0; v -= 10000)
		hist_record(&filled, v);
	ok(hist_percentile(&raw, 30) == 1000 && hist_percentile(&raw, 99.99) == 1000 &&
		hist_percentile(&raw, 99.999) == 100000000,
	    "HdrHistogram's test values, uncorrected");
	int64_t p75 = hist_percentile(&filled, 75), p99 = hist_percentile(&filled, 99);
	ok(llabs(p75 - 50000000) <= 50000 && llabs(p99 - 98000000) <= 98000,
	    "and corrected: within a thousandth");
	hist_fini(&raw);
	hist_fini(&filled);
}

static void test_text(void)
{
	struct hist h;
	struct buf b;
	/* What HdrHistogram's outputPercentileDistribution prints for the same. */
	static const char want[] = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"
				   "       0.001 0.000000000000          1           1.00\n"
				   "       0.001 0.100000000000          1           1.11\n"
				   "       0.001 0.200000000000          1           1.25\n"
				   "       0.001 0.300000000000          2           1.43\n"
				   "       0.001 0.400000000000          2           1.67\n"
				   "       0.001 0.500000000000          2           2.00\n"
				   "       0.002 0.550000000000          3           2.22\n"
				   "       0.002 0.600000000000          3           2.50\n"
				   "       0.002 0.650000000000          3           2.86\n"
				   "       0.002 0.700000000000          3           3.33\n"
				   "       0.002 0.750000000000          3           4.00\n"
				   "       0.002 0.775000000000          4           4.44\n"
				   "       0.002 1.000000000000          4\n"
				   "#[Mean    =        0.001, StdDeviation   =        0.001]\n"
				   "#[Max     =        0.002, Total count    =            4]\n"
				   "#[Buckets =           32, SubBuckets     =         2048]\n";

	hist_init(&h);
	buf_init(&b, 1 << 20);
	for (int64_t v = 1; v <= 4; v++)
		hist_record(&h, v * 500);
	ok(hist_text(&b, &h) == 0 && t_eq(buf_head(&b), b.len, want), "the text is HdrHistogram's");
	for (int i = 0; i < 1000000; i++)
		hist_record(&h, 1000000 + i);
	buf_clear(&b);
	ok(hist_text(&b, &h) == 0 && b.len < 20000, "a million values are some hundred lines");
	struct buf small;
	buf_init(&small, 100);
	ok(hist_text(&small, &h) < 0, "a full buffer is told");
	buf_fini(&small);
	buf_fini(&b);
	hist_fini(&h);
}

static bool same(const struct hist *a, const struct hist *b)
{
	return a->count == b->count && a->min == b->min && a->max == b->max &&
	    memcmp(a->cells, b->cells, HIST_CELLS * sizeof *a->cells) == 0;
}

static void test_pack(void)
{
	struct hist a, b, sum;
	struct buf p;
	bool waits = true;

	hist_init(&a);
	hist_init(&b);
	hist_init(&sum);
	buf_init(&p, 1 << 20);
	uint64_t x = 88172645463325252;
	for (int i = 0; i < 100000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		hist_record(i % 3 ? &a : &sum, (int64_t)(x >> (x % 40 + 22)));
	}
	ok(hist_pack(&p, &a) == 0, "a histogram is packed");
	for (size_t n = 0; n < p.len; n++)
		waits = waits && hist_unpack(&b, buf_head(&p), n) == 0;
	ok(waits && b.count == 0, "a part of it is waited with");
	ok(hist_unpack(&b, buf_head(&p), p.len) == (ptrdiff_t)p.len && same(&a, &b),
	    "the whole is the same again");
	hist_add(&sum, &a);
	ok(hist_unpack(&b, "spH0", 4) == -1 && hist_unpack(&b, "x", 1) == -1, "others are refused");
	ok(hist_unpack(&b, "spH1\0\0\0\x7f", 8) == -1, "so is one that is longer than can be");
	buf_clear(&p);
	hist_clear(&b);
	(void)hist_pack(&p, &b);
	ok(hist_unpack(&sum, buf_head(&p), p.len) == (ptrdiff_t)p.len && sum.count == 100000,
	    "an empty one adds nothing");
	ok(p.len < 32, "and is small");
	buf_fini(&p);
	hist_fini(&a);
	hist_fini(&b);
	hist_fini(&sum);
}

int main(void)
{
	test_cells();
	test_values();
	test_known();
	test_text();
	test_pack();
	return t_done();
}
