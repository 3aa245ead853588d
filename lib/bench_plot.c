/* SPDX-License-Identifier: MIT */
/* bench_plot: reports as a chart, drawn by gnuplot. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "hose.h"
#include "plot.h"

enum {
	FILE_MAX = 64 << 20,
	CHART_MAX = 256 << 20,
	LABEL_SIZE = 80,
	READ_BYTES = 64 * 1024,
	END_MS = 10000,
};

struct charts {
	struct bench *b;
	struct plot_run runs[PLOT_RUNS_MAX];
	char labels[PLOT_RUNS_MAX][LABEL_SIZE];
	const char *names[PLOT_RUNS_MAX];
	size_t n;
};

/* --- Reports in */

static int read_file(const char *path, struct buf *b, struct why *w)
{
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0) {
		char *to = buf_room(b, READ_BYTES);

		if (to == NULL) {
			(void)close(fd); /* only read */
			return why_set(w, WHY_DATA, "%s: larger than any report", path);
		}
		n = read(fd, to, READ_BYTES);
		b->len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		(void)why_errno(w, WHY_NOINPUT, "%s", path); /* fills w */
	if (fd >= 0)
		(void)close(fd); /* only read */
	return n < 0 ? -1 : 0;
}

/* The file's name without its directory and .json; its number behind it when it has several. */
static void make_label(char label[LABEL_SIZE], const char *path, unsigned line, bool several)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	size_t len = strlen(name);
	char number[16] = "";

	if (len > 5 && strcmp(name + len - 5, ".json") == 0)
		len -= 5;
	if (several)
		(void)snprintf(number, sizeof number, " #%u", line);   /* fits */
	(void)why_quote(label, LABEL_SIZE - sizeof number, name, len); /* returns label */
	(void)strcat(label, number);                                   /* there is room */
}

static int add_run(
    struct charts *c, const char *path, const char *text, size_t len, unsigned line, bool several)
{
	struct why cause, *w = &c->b->why;

	if (c->n == PLOT_RUNS_MAX)
		return why_set(w, WHY_USAGE, "more than %d runs in one chart", PLOT_RUNS_MAX);
	if (plot_run_read(&c->runs[c->n], text, len, &cause) < 0)
		return why_set(w, cause.status, "%s, line %u: %s", path, line, cause.text);
	make_label(c->labels[c->n], path, line, several);
	c->names[c->n] = c->labels[c->n];
	c->n++;
	if (c->runs[c->n - 1].npercentiles == 0 || c->runs[c->n - 1].nseconds == 0)
		return why_set(w, WHY_DATA, "%s, line %u: nothing was measured", path, line);
	return 0;
}

/* A report a line. */
static int add_file(struct charts *c, const char *path)
{
	struct buf b;
	unsigned line = 0;

	buf_init(&b, FILE_MAX);
	int r = read_file(path, &b, &c->b->why);
	const char *at = buf_head(&b), *end = at + b.len;
	const char *first = r == 0 && b.len > 0 ? memchr(at, '\n', b.len) : NULL;
	bool several = first != NULL && first + 1 < end;
	if (r == 0 && b.len == 0)
		r = why_set(&c->b->why, WHY_DATA, "%s: empty", path);
	while (r == 0 && at < end) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((eol != NULL ? eol : end) - at);

		line++;
		if (len > 0)
			r = add_run(c, path, at, len, line, several);
		at += len + 1;
	}
	buf_fini(&b);
	return r;
}

/* --- gnuplot */

static int draw(
    const struct buf *script, struct buf *made, pid_t *pid, int in, int out, struct why *w)
{
	size_t at = 0;
	ssize_t n = 1;

	while (n != 0) {
		struct pollfd p[] = {{.fd = out, .events = POLLIN}, {.fd = in, .events = POLLOUT}};

		if (poll(p, 2, END_MS) == 0)
			return why_set(w, WHY_TIMEOUT, "gnuplot does not answer");
		if (in >= 0 && p[1].revents != 0) {
			n = write(in, buf_head(script) + at, script->len - at);
			at += n > 0 ? (size_t)n : 0;
			if (at == script->len || (n < 0 && errno == EPIPE)) {
				(void)close(in); /* all is written, or nobody reads */
				in = -1;
			}
			n = 1;
		}
		if (p[0].revents == 0)
			continue;
		char *to = buf_room(made, READ_BYTES);
		n = to == NULL ? 0 : read(out, to, READ_BYTES);
		made->len += n > 0 ? (size_t)n : 0;
	}
	(void)close(out); /* only read */
	int status = 0;
	while (waitpid(*pid, &status, 0) < 0 && errno == EINTR)
		;
	*pid = 0;
	return status == 0 ? 0 : why_set(w, WHY_BUG, "gnuplot failed (status %d)", status);
}

static int run_gnuplot(const struct buf *script, struct buf *made, struct why *w)
{
	char *const argv[] = {(char[]){"gnuplot"}, (char[]){"-"}, NULL};
	pid_t pid;
	int in, out;

	if (hose_spawn(&pid, argv, &in, &out, w) < 0) {
		if (errno == ENOENT)
			return why_set(w, WHY_UNAVAILABLE,
			    "gnuplot is not installed: it draws the charts (on Debian: apt-get "
			    "install gnuplot-nox)");
		return -1;
	}
	void (*old)(int) = signal(SIGPIPE, SIG_IGN);
	int r = draw(script, made, &pid, in, out, w);
	hose_end(&pid, 0);
	(void)signal(SIGPIPE, old);
	if (r == 0 && made->len == 0)
		r = why_set(w, WHY_BUG, "gnuplot drew nothing");
	return r;
}

static void choose_form(const struct bench *b, struct plot *p)
{
	struct winsize size = {.ws_col = 0};
	bool tty = isatty(STDOUT_FILENO);

	p->form = b->to >= 0 ? (enum plot_form)b->to : tty ? PLOT_TEXT : PLOT_SVG;
	if (!tty || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		size = (struct winsize){.ws_col = 100, .ws_row = 60};
	p->colour = tty;
	p->columns = size.ws_col < 60 ? 60 : size.ws_col > 160 ? 160 : size.ws_col;
	p->rows = size.ws_row < 60 ? 60 : size.ws_row; /* three charts: it scrolls */
}

static int make_chart(struct charts *c)
{
	struct bench *b = c->b;
	struct plot p = {.n = c->n, .runs = c->runs, .labels = c->names};
	struct buf script, made, out;

	choose_form(b, &p);
	if (p.form == PLOT_PNG && isatty(STDOUT_FILENO))
		return why_set(&b->why, WHY_USAGE, "--to png: standard output is a terminal");
	buf_init(&script, CHART_MAX);
	buf_init(&made, CHART_MAX);
	buf_init(&out, CHART_MAX);
	int r = plot_script(&script, &p);
	if (r < 0)
		(void)why_set(&b->why, WHY_DATA, "too much for a chart"); /* fills it */
	if (r == 0)
		r = run_gnuplot(&script, &made, &b->why);
	if (r == 0 && plot_finish(&out, &p, buf_head(&made), made.len) < 0)
		r = why_set(&b->why, WHY_DATA, "too large a chart");
	if (r == 0)
		r = proc_write(STDOUT_FILENO, "standard output", buf_head(&out), out.len, &b->why);
	buf_fini(&script);
	buf_fini(&made);
	buf_fini(&out);
	return r;
}

int bench_plot(struct bench *b)
{
	struct charts c = {.b = b};
	int r = 0;

	if (b->files[0] == NULL)
		return why_set(&b->why, WHY_USAGE, "plot what? give the reports of runs");
	for (const char *const *f = b->files; *f != NULL && r == 0; f++)
		r = add_file(&c, *f);
	if (r == 0)
		r = make_chart(&c);
	for (size_t i = 0; i < c.n; i++)
		plot_run_fini(&c.runs[i]);
	return r;
}
