/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_PLOT_RUN_H
#define SPOUT_PLOT_RUN_H

#include <stddef.h>

#include "why.h"

/* What a chart needs of a run that sp-bench has reported as JSON (report.h). */
struct plot_percentile {
	double percent, us;
};

struct plot_second {
	double t, done, p50, p99;
};

enum { PLOT_POINTS_MAX = 1 << 20 };

struct plot_run {
	char mode[16];
	struct plot_percentile *percentiles; /* heap */
	size_t npercentiles;
	struct plot_second *seconds; /* heap; only whole ones */
	size_t nseconds;
};

/* Reads the object text. WHY_DATA when it is no such report; then there is nothing to free. */
int plot_run_read(struct plot_run *r, const char *text, size_t len, struct why *w);
void plot_run_fini(struct plot_run *r);

#endif
