/* SPDX-License-Identifier: MIT */
/* plot: gnuplot's script. Labels stand in single quotes, where gnuplot substitutes nothing. */
#include "plot.h"

#include <string.h>

/* Okabe and Ito's palette, which colour-blind people tell apart; without its yellow, which is too
 * pale for a line on white. */
static const char *const colours[PLOT_RUNS_MAX] = {
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f4fc9", "#6b6b6b"};

static const char background[] = "#fdfdfc", ink[] = "#333333", faint[] = "#c4c4c0";

static int add_data(struct buf *b, const struct plot *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct plot_run *r = &p->runs[i];

		if (buf_addf(b, "$p%zu << EOD\n", i) < 0)
			return -1;
		for (size_t k = 0; k < r->npercentiles; k++)
			/* 100 percent lies at infinity; the step in front has its value. */
			if (r->percentiles[k].percent < 100 &&
			    buf_addf(b, "%.6g %.6g\n", 100 / (100 - r->percentiles[k].percent),
				r->percentiles[k].us / 1000) < 0)
				return -1;
		if (buf_addf(b, "EOD\n$s%zu << EOD\n", i) < 0)
			return -1;
		for (size_t k = 0; k < r->nseconds; k++)
			if (buf_addf(b, "%.6g %.9g %.6g %.6g\n", r->seconds[k].t,
				r->seconds[k].done, r->seconds[k].p50 / 1000,
				r->seconds[k].p99 / 1000) < 0)
				return -1;
		if (buf_adds(b, "EOD\n") < 0)
			return -1;
	}
	return 0;
}

static int add_label(struct buf *b, const char *label)
{
	if (buf_addc(b, '\'') < 0)
		return -1;
	for (; *label != '\0'; label++)
		if ((*label == '\'' && buf_addc(b, '\'') < 0) || buf_addc(b, *label) < 0)
			return -1;
	return buf_addc(b, '\'');
}

/* One curve of each run: columns of its data, a suffix of its label, and how the line is drawn. */
struct curve {
	char data;
	const char *columns, *suffix, *style;
};

/* Without colours a run is told by its character, which gnuplot chooses by its number. */
static int add_style(struct buf *b, const struct plot *p, const char *style, size_t run)
{
	if (p->form == PLOT_TEXT && !p->colour)
		return buf_addf(b, " with %s lt %zu", style, run + 1);
	return buf_addf(b, " with %s lc rgb '%s'", style, colours[run]);
}

static int add_curves(struct buf *b, const struct plot *p, const struct curve *c, size_t n)
{
	const char *between = "plot ";

	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < n; k++) {
			char label[160];

			(void)stpncpy(
			    stpncpy(label, p->labels[i], sizeof label - 16), c[k].suffix, 15);
			label[sizeof label - 1] = '\0';
			if (buf_addf(b, "%s$%c%zu using %s title ", between, c[k].data, i,
				c[k].columns) < 0 ||
			    add_label(b, label) < 0 || add_style(b, p, c[k].style, i) < 0)
				return -1;
			between = ", \\\n     ";
		}
	return buf_addc(b, '\n');
}

static int add_terminal(struct buf *b, const struct plot *p)
{
	switch (p->form) {
	case PLOT_SVG:
		return buf_addf(b,
		    "set terminal svg size 960,1080 dynamic noenhanced background '%s' "
		    "font 'Helvetica,Arial,sans-serif,13'\n",
		    background);
	case PLOT_PNG:
		return buf_addf(b,
		    "set terminal pngcairo size 960,1080 noenhanced background '%s' "
		    "font 'sans,10'\n",
		    background);
	case PLOT_TEXT:
		return buf_addf(b, "set terminal dumb size %d,%d noenhanced %s\n", p->columns,
		    p->rows, p->colour ? "ansirgb" : "mono");
	}
	return -1;
}

static int add_frame(struct buf *b, const struct plot *p)
{
	if (p->form == PLOT_TEXT)
		return buf_adds(b, "set tics nomirror\n");
	return buf_addf(b,
	    "set border 3 lc rgb '%s' lw 1\nset tics nomirror textcolor rgb '%s'\n"
	    "set grid lc rgb '%s' lw 1 dt solid\nset key textcolor rgb '%s'\n"
	    "set title textcolor rgb '%s'\nset xlabel textcolor rgb '%s'\n"
	    "set ylabel textcolor rgb '%s'\nset lmargin 13\nset rmargin 6\n",
	    ink, ink, faint, ink, ink, ink, ink);
}

/* A label beside the axis, or in the title where a terminal has no room for it. */
static int add_title(struct buf *b, const struct plot *p, const char *title, const char *axis)
{
	if (p->form == PLOT_TEXT)
		return buf_addf(b, "set title '%s; %s'\n", title, axis);
	return buf_addf(b, "set title '%s'\nset ylabel '%s'\n", title, axis);
}

static int add_percentiles(struct buf *b, const struct plot *p)
{
	const struct curve c = {'p', "1:2", "", p->form == PLOT_TEXT ? "lines" : "lines lw 2"};

	if (add_title(b, p, "Latency by percentile", "latency (ms)") < 0 ||
	    buf_adds(b,
		"set logscale x\nset logscale y\nset xrange [1:*]\nset yrange [*:*]\n"
		"set xtics ('0%%' 1, '50%%' 2, '90%%' 10, '99%%' 100, '99.9%%' 1e3, '99.99%%' 1e4, "
		"'99.999%%' 1e5, '99.9999%%' 1e6)\nset format y '%g'\nset xlabel 'percentile'\n"
		"set key outside top left horizontal reverse Left\n") < 0)
		return -1;
	return add_curves(b, p, &c, 1);
}

static int add_latency(struct buf *b, const struct plot *p)
{
	const struct curve text[] = {{'s', "1:4", " p99", "lines"}, {'s', "1:3", " p50", "lines"}};
	const struct curve drawn[] = {{'s', "1:4", " p99", "linespoints lw 2 pt 7 ps 0.4"},
	    {'s', "1:3", " p50", "lines lw 1.5 dt (8,5)"}};
	bool is_text = p->form == PLOT_TEXT;

	if (add_title(b, p,
		is_text ? "Latency over time: p99, and below it p50"
			: "Latency over time: p99, and p50 dashed",
		"latency (ms)") < 0 ||
	    buf_adds(b,
		"unset logscale x\nset xrange [0:*]\nset xtics auto\nset xlabel 'time (s)'\n"
		"unset key\n") < 0)
		return -1;
	return add_curves(b, p, is_text ? text : drawn, 2);
}

static int add_rate(struct buf *b, const struct plot *p)
{
	const struct curve c = {
	    's', "1:2", "", p->form == PLOT_TEXT ? "lines" : "linespoints lw 2 pt 7 ps 0.4"};

	if (add_title(b, p, "Rate over time", "messages per second") < 0 ||
	    buf_adds(b, "unset logscale y\nset yrange [0:*]\nset format y '%.0f'\nunset key\n") < 0)
		return -1;
	return add_curves(b, p, &c, 1);
}

int plot_script(struct buf *b, const struct plot *p)
{
	/* A script without data would stop at its first plot. */
	if (add_data(b, p) < 0 || add_terminal(b, p) < 0 || add_frame(b, p) < 0 ||
	    buf_adds(b, "set multiplot layout 3,1\n") < 0 || add_percentiles(b, p) < 0 ||
	    add_latency(b, p) < 0 || add_rate(b, p) < 0)
		return -1;
	return buf_adds(b, "unset multiplot\n");
}

/* In the dark the picture is turned inside out, and the hues back; what was pale is then dim, hence
 * the brightness. */
static const char style[] = "<style>@media (prefers-color-scheme:dark)"
			    "{svg{filter:invert(.95) hue-rotate(180deg) brightness(1.4)}}</style>";

int plot_finish(struct buf *out, const struct plot *p, const char *made, size_t len)
{
	/* A printer's form feed helps nobody here. */
	if (len > 0 && made[0] == '\f') {
		made++;
		len--;
	}
	const char *tag = p->form == PLOT_SVG && len > 0 ? memmem(made, len, "<svg", 4) : NULL;
	const char *end = tag != NULL ? memchr(tag, '>', len - (size_t)(tag - made)) : NULL;
	size_t front = end != NULL ? (size_t)(end + 1 - made) : 0;

	if (buf_add(out, made, front) < 0 || (front > 0 && buf_adds(out, style) < 0))
		return -1;
	return buf_add(out, made + front, len - front);
}
