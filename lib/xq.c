/* SPDX-License-Identifier: MIT */
/* xq: what the subcommands of sp-xq have in common. */
#include "xq.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool xq_parse(
    struct xq *x, const struct opt_tool *tool, int argc, char **argv, struct opt_rest *rest)
{
	if (opt_parse(tool, argc, argv, rest, &x->why) == OPT_RUN)
		return true;
	x->status = xq_close(x);
	return false;
}

int xq_time(const char *s, int64_t *ms)
{
	static const char *const forms[] = {
	    "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", NULL};
	char *end;

	if (strspn(s, "0123456789.") == strlen(s) && s[0] >= '0' && s[0] <= '9') {
		double seconds = strtod(s, &end);

		*ms = seconds < 1e11 ? (int64_t)(seconds * 1000) : 0;
		return *end != '\0' || *ms <= 0 ? -1 : 0;
	}
	for (int i = 0; forms[i] != NULL; i++) {
		struct tm tm = {.tm_isdst = -1};
		const char *rest = strptime(s, forms[i], &tm);

		if (rest == NULL || *rest != '\0')
			continue;
		long offset = tm.tm_gmtoff;
		time_t t = i < 2 ? timegm(&tm) - offset : mktime(&tm);
		*ms = (int64_t)t * 1000;
		return t > 0 ? 0 : -1;
	}
	return -1;
}

/* --- What Redis says */

static void on_up(void *arg)
{
	struct xq *x = arg;

	cli_up(&x->cli);
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct xq *x = arg;

	cli_down(&x->cli, w, wait_ms);
	if (x->status > 128)
		loop_stop(x->loop); /* a signal came: what is unanswered stays so */
}

static void on_dead(void *arg, const struct why *w)
{
	struct xq *x = arg;

	x->dead = true;
	if (x->why.status == 0)
		x->why = *w;
	if (x->on_dead != NULL)
		x->on_dead(x->arg);
	else
		loop_stop(x->loop);
}

static void on_started(void *arg, const char *path)
{
	struct xq *x = arg;

	cli_started(&x->cli, path);
}

static void on_wake(void *arg)
{
	(void)arg; /* a command that listens has its own */
}

static void on_cancel(void *arg, struct json_slice ref, uint64_t token)
{
	(void)arg; /* as above */
	(void)ref;
	(void)token;
}

static void on_signal(void *arg, int signo)
{
	struct xq *x = arg;

	x->status = 128 + signo;
	loop_stop(x->loop);
}

/* --- Life */

int xq_open(struct xq *x, bool one_shot, const char *consumer, void *arg)
{
	static const int signos[] = {SIGINT, SIGTERM, SIGHUP, 0};

	x->arg = arg;
	x->ops.on_up = on_up;
	x->ops.on_down = on_down;
	x->ops.on_dead = on_dead;
	x->ops.on_started = on_started;
	if (x->ops.on_wake == NULL)
		x->ops.on_wake = on_wake;
	if (x->ops.on_cancel == NULL)
		x->ops.on_cancel = on_cancel;
	buf_init(&x->out, SIZE_MAX / 2);
	if (cli_redis(&x->cli, one_shot, &x->link, &x->why) < 0 ||
	    loop_open(&x->loop, &x->why) < 0 ||
	    signals_open(&x->signals, x->loop, signos, on_signal, x, &x->why) < 0)
		return -1;
	const struct queue_conf conf = {.link = x->link,
	    .namespace = x->cli.namespace,
	    .name = x->queue,
	    .consumer = consumer != NULL ? consumer : "hand",
	    .lazy = x->lazy,
	    .known_ms = x->known_ms};
	return queue_open(&x->q, x->loop, &conf, &x->ops, x, &x->why);
}

/* Redis was away for too long: what to do about it. */
static void add_hint(struct xq *x)
{
	size_t len = strlen(x->why.text);

	if (x->dead && x->why.status == WHY_UNAVAILABLE)
		(void)snprintf(x->why.text + len, sizeof x->why.text - len,
		    " (-u URL names another server, --give-up D waits longer)"); /* cut */
}

int xq_close(struct xq *x)
{
	add_hint(x);
	if (x->why.status != 0 && !x->pipe_closed)
		x->status = say_why(&x->cli.say, &x->why);
	queue_close(x->q);
	signals_close(&x->signals);
	loop_close(x->loop);
	cli_fini(&x->cli);
	buf_fini(&x->out);
	if (x->pipe_closed)
		proc_die_of_pipe();
	return x->status;
}

int xq_run(struct xq *x)
{
	queue_flush(x->q);
	(void)loop_run(x->loop, &x->why); /* x->why tells */
	return xq_close(x);
}

void xq_stop(struct xq *x)
{
	loop_stop(x->loop);
}

bool xq_print(struct xq *x)
{
	struct why w;

	if (x->out.len == 0)
		return true;
	int r = proc_write(STDOUT_FILENO, "standard output", buf_head(&x->out), x->out.len, &w);
	buf_clear(&x->out);
	if (r == 0 || errno == EINTR)
		return true;
	x->why = w;
	x->pipe_closed = proc_output_is_gone();
	loop_stop(x->loop);
	return false;
}

/* --- Lines in */

static void fail(struct xq_lines *l)
{
	struct why w = l->x->why;

	if (strncmp(w.text, "line ", 5) != 0)
		(void)why_set(&l->x->why, w.status, "line %llu: %s",
		    (unsigned long long)l->lines.line, w.text); /* fills it */
	l->ended = true;
	input_stop(&l->input);
}

static void end(struct xq_lines *l, int r)
{
	if (r < 0)
		fail(l);
	l->on_batch(l->arg);
	if (l->ended)
		l->on_end(l->arg);
}

static void on_bytes(void *arg, const char *bytes, size_t len)
{
	struct xq_lines *l = arg;

	end(l, ndjson_feed(&l->lines, bytes, len, l->on_line, l->arg, &l->x->why));
}

static void on_eof(void *arg, const struct why *w)
{
	struct xq_lines *l = arg;

	l->ended = true;
	if (w != NULL)
		l->x->why = *w;
	end(l, w != NULL ? 0 : ndjson_end(&l->lines, l->on_line, l->arg, &l->x->why));
}

static const struct input_ops input_ops = {.on_bytes = on_bytes, .on_eof = on_eof};

void xq_lines_begin(struct xq_lines *l, size_t max_line)
{
	ndjson_init(&l->lines, max_line, false);
	/* Standard input, not a command: that cannot fail. */
	(void)input_begin(&l->input, l->x->loop, NULL, &input_ops, l, &l->x->why);
}

void xq_lines_fini(struct xq_lines *l)
{
	if (l->input.begun) {
		input_fini(&l->input);
		ndjson_fini(&l->lines);
	}
}

void xq_lines_throttle(struct xq_lines *l, bool full)
{
	if (l->input.begun && !l->ended)
		input_pause(&l->input, full);
}
