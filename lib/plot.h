/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_PLOT_H
#define SPOUT_PLOT_H

#include <stdbool.h>

#include "buf.h"
#include "plot_run.h"

/*
 * A chart of runs side by side, as a script for gnuplot 5: latency by percentile, latency over
 * time, rate over time. The script carries its data.
 */
enum plot_form { PLOT_SVG, PLOT_PNG, PLOT_TEXT };

enum { PLOT_RUNS_MAX = 8 }; /* as many colours are told apart */

struct plot {
	enum plot_form form;
	int columns, rows; /* of PLOT_TEXT */
	bool colour;       /* the same: by the terminal's codes */
	size_t n;
	const struct plot_run *runs;
	const char *const *labels;
};

/* Adds the script; -1 when out is full. */
int plot_script(struct buf *out, const struct plot *p);

/* Adds what gnuplot made of it, for PLOT_SVG with colours that follow the reader's (dark or light).
 */
int plot_finish(struct buf *out, const struct plot *p, const char *made, size_t len);

#endif
