/* SPDX-License-Identifier: MIT */
/* bench_line: one pipeline of sp-bench pipe: lines in, messages out, and the two programs. */
#include "bench_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "hose.h"

enum {
	OUT_BYTES = 64 * 1024, /* a pipe's worth: beyond it the pipeline is full */
	END_MS = 2000,
};

static const char warm_up[] = "warm\n";

/* --- Lines in */

void bench_line_end_input(struct bench_line *l)
{
	if (l->closed)
		return;
	l->closed = true;
	loop_watch(l->pipe->b->loop, &l->in, 0);
	(void)close(l->in.fd); /* sp-pub sees the end */
}

void bench_line_die(struct bench_line *l, const char *what, const char *text)
{
	struct why w;

	(void)why_set(&w, WHY_UNAVAILABLE, "%s: %s", what, text); /* fills w */
	bench_die(l->pipe->b, &w);
}

static void flush(struct bench_line *l)
{
	while (l->text.len > 0) {
		ssize_t n = write(l->in.fd, buf_head(&l->text), l->text.len);

		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			bench_line_die(l, "sp-pub", "does not read any more");
			return;
		}
		if (n < 0)
			break;
		buf_consume(&l->text, (size_t)n);
	}
	struct bench *b = l->pipe->b;
	bool more = b->rate == 0 && b->start_ns != 0 && clock_ns() < b->end_ns;
	loop_watch(b->loop, &l->in, l->text.len > 0 || more ? LOOP_WRITE : 0);
}

static void put(struct bench_line *l, int64_t intended_ns, int64_t now_ns)
{
	struct bench_pipe *p = l->pipe;
	const struct audit_stamp s = {p->run, (uint32_t)(l - p->lines), l->seq++, intended_ns};
	int64_t since = l->free_ns > intended_ns ? l->free_ns : intended_ns;

	audit_restamp(p->stamp, p->size - 1, &s);
	(void)buf_add(&l->text, p->stamp, p->size); /* no cap */
	p->sent++;
	if (now_ns - since > PACE_LATE_NS)
		p->slots.late++;
}

void bench_line_pump(struct bench_line *l)
{
	struct bench *b = l->pipe->b;
	int64_t now = clock_ns(), at;

	if (l->closed)
		return;
	if (l->text.len >= OUT_BYTES)
		l->free_ns = now;
	flush(l);
	bool over = b->start_ns == 0 || (b->rate == 0 && now >= b->end_ns);
	while (!over && l->text.len < OUT_BYTES && (at = pace_take(&l->pace, now, b->end_ns)) >= 0)
		put(l, at, now);
	if (!l->closed)
		flush(l);
}

static void on_writable(void *arg, unsigned ready)
{
	struct bench_line *l = arg;

	(void)ready;
	bench_line_pump(l);
}

/* --- Messages out */

static int on_line(void *arg, const char *text, size_t len)
{
	struct bench_line *l = arg;
	struct bench_pipe *p = l->pipe;
	size_t channel = (size_t)(l - p->lines);
	struct audit_stamp s;
	int64_t now = clock_ns();

	switch (audit_take(p->audit, channel, text, len, &s)) {
	case AUDIT_DAMAGED:
		return 0;
	case AUDIT_NONE:
		/* The first line; the done message at the end has all of them, or none. */
		if (!l->warm && memmem(text, len, "\"warm\\n\"", 8) != NULL) {
			l->warm = true;
			if (++p->nwarm == p->n)
				p->on_warm(p);
		}
		return 0;
	case AUDIT_GOOD:
		break;
	}
	hist_record(&p->second, now - s.time_ns);
	p->done++;
	p->bytes += p->size;
	p->last_ns = now;
	return 0;
}

static void on_readable(void *arg, unsigned ready)
{
	struct bench_line *l = arg;
	struct bench_pipe *p = l->pipe;
	struct why w;
	ssize_t n = read(l->out.fd, p->chunk, BENCH_LINE_CHUNK);

	(void)ready;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		bench_line_die(l, "sp-sub", "ended before its time");
	else if (ndjson_feed(&l->lines, p->chunk, (size_t)n, on_line, l, &w) < 0)
		bench_die(p->b, &w);
}

/* --- The programs */

static int start(struct bench_pipe *p, struct bench_line *l, size_t i)
{
	struct bench *b = p->b;
	char name[LOAD_CHANNEL_NAME];
	char *pub = hose_find("sp-pub"), *sub = hose_find("sp-sub");
	/* A URL in a file is named on the command line; any other one is in the environment, where
	 * ps(1) does not show it. */
	bool file = b->url != NULL && b->url[0] == '@';
	char *at = file ? b->url : NULL;
	char u[] = "-u", c[] = "-c", q[] = "-q", from[] = "--from=lines", no_end[] = "--no-end",
	     none[] = "--full-text=none", now[] = "--since=now", follow[] = "--follow",
	     e[] = "--ephemeral";

	load_channel(name, b->channel, i);
	/* The optional arguments come last: a NULL ends the list. */
	char *sub_argv[] = {sub, q, c, name, now, follow, file ? u : NULL, at, NULL};
	char *pub_argv[] = {
	    pub, q, c, name, from, no_end, none, b->durable ? NULL : e, NULL, NULL, NULL};
	if (file)
		memcpy(&pub_argv[b->durable ? 7 : 8], (char *[]){u, at}, 2 * sizeof at);
	int r = hose_spawn(&l->sub, sub_argv, NULL, &l->out.fd, &b->why);
	if (r == 0)
		r = hose_spawn(&l->pub, pub_argv, &l->in.fd, NULL, &b->why);
	free(pub);
	free(sub);
	return r;
}

int bench_line_open(struct bench_pipe *p, size_t i)
{
	struct bench_line *l = &p->lines[i];

	*l = (struct bench_line){.pipe = p};
	l->in = (struct watch){.fd = -1, .on_ready = on_writable, .arg = l};
	l->out = (struct watch){.fd = -1, .on_ready = on_readable, .arg = l};
	l->pace = (struct pace){
	    .rate = (uint64_t)p->b->rate, .member = (uint32_t)i, .members = (uint32_t)p->n};
	buf_init(&l->text, SIZE_MAX / 2);
	ndjson_init(&l->lines, LOAD_SIZE_MAX * 2, false);
	if (start(p, l, i) < 0)
		return -1;
	loop_watch(p->b->loop, &l->out, LOOP_READ);
	return 0;
}

void bench_line_warm(struct bench_line *l)
{
	(void)buf_adds(&l->text, warm_up); /* no cap */
	flush(l);
}

void bench_line_close(struct bench_line *l)
{
	if (l->pipe == NULL)
		return;
	if (l->in.fd >= 0)
		bench_line_end_input(l);
	loop_watch(l->pipe->b->loop, &l->out, 0);
	hose_end(&l->sub, END_MS);
	hose_end(&l->pub, END_MS);
	if (l->out.fd >= 0)
		(void)close(l->out.fd); /* only read */
	buf_fini(&l->text);
	ndjson_fini(&l->lines);
}
