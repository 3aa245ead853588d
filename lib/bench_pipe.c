/* SPDX-License-Identifier: MIT */
/*
 * bench_pipe: lines through the real programs, and how long each takes:
 *
 *	we ──line──→ sp-pub ──→ Redis ──→ sp-sub ──message──→ we
 *
 * A pipeline is such a pair on a channel of its own. It is warm, and the run begins, when a first
 * line has come through each.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "clock.h"
#include "hose.h"
#include "local.h"
#include "ndjson.h"
#include "ticker.h"

enum {
	AHEAD_NS = 20 * 1000 * 1000,
	LOOK_MS = 20,
	OUT_BYTES = 64 * 1024, /* a pipe's worth: beyond it the pipeline is full */
	SILENCE_MS = 2000,     /* behind the end: nothing more will come */
	END_MS = 2000,
	READ_BYTES = 64 * 1024,
};

struct line {
	struct pipe *pipe;
	pid_t pub, sub;
	struct watch in, out; /* in: what sp-pub reads; out: what sp-sub writes */
	struct buf text;      /* lines that sp-pub did not take yet */
	struct ndjson lines;
	struct pace pace;
	uint64_t seq;
	int64_t free_ns;
	bool warm, closed;
};

struct pipe {
	struct bench *b;
	struct line *lines;
	size_t n, nwarm, size;
	struct audit *audit;
	struct ticker ticker;
	struct timer look;
	struct hist all, second;
	uint64_t slot, sent, done, bytes, errors;
	uint32_t run;
	int64_t last_ns, give_up_ms;
	struct pace_slots slots;
	char *stamp, *chunk;
};

static const char warm_up[] = "warm\n";

/* --- Lines in */

static void end_input(struct line *l)
{
	if (l->closed)
		return;
	l->closed = true;
	loop_watch(l->pipe->b->loop, &l->in, 0);
	(void)close(l->in.fd); /* sp-pub sees the end */
}

static void die_of(struct line *l, const char *what, const char *text)
{
	struct why w;

	(void)why_set(&w, WHY_UNAVAILABLE, "%s: %s", what, text); /* fills w */
	bench_die(l->pipe->b, &w);
}

static void flush(struct line *l)
{
	while (l->text.len > 0) {
		ssize_t n = write(l->in.fd, buf_head(&l->text), l->text.len);

		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			die_of(l, "sp-pub", "does not read any more");
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

static void put(struct line *l, int64_t intended_ns, int64_t now_ns)
{
	struct pipe *p = l->pipe;
	const struct audit_stamp s = {p->run, (uint32_t)(l - p->lines), l->seq++, intended_ns};
	int64_t since = l->free_ns > intended_ns ? l->free_ns : intended_ns;

	audit_restamp(p->stamp, p->size - 1, &s);
	(void)buf_add(&l->text, p->stamp, p->size); /* no cap */
	p->sent++;
	if (now_ns - since > PACE_LATE_NS)
		p->slots.late++;
}

static void pump(struct line *l)
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
	struct line *l = arg;

	(void)ready;
	pump(l);
}

static void on_tick(void *arg)
{
	struct pipe *p = arg;
	struct bench *b = p->b;
	int64_t now = clock_ns();
	struct pace all = {.start_ns = b->start_ns, .rate = (uint64_t)b->rate, .members = 1};
	size_t pumped = 0;

	for (; now >= pace_at(&all, p->slot) && pace_at(&all, p->slot) < b->end_ns; p->slot++)
		if (pumped++ < p->n)
			pump(&p->lines[(size_t)(p->slot % p->n)]);
	if (pace_at(&all, p->slot) < b->end_ns)
		ticker_set(&p->ticker, pace_at(&all, p->slot));
}

/* --- Messages out */

static void begin(struct pipe *p)
{
	struct bench *b = p->b;
	int64_t start = clock_ns() + AHEAD_NS;

	b->gauge = (struct bench_gauge){&p->all, &p->second, &p->done, &p->errors, p->n};
	bench_run(b, start, start + b->duration_ms * 1000000);
	for (size_t i = 0; i < p->n; i++) {
		p->lines[i].pace.start_ns = p->lines[i].free_ns = start;
		if (b->rate == 0)
			loop_watch(b->loop, &p->lines[i].in, LOOP_WRITE);
	}
	if (b->rate > 0)
		ticker_set(&p->ticker, start);
}

static int on_line(void *arg, const char *text, size_t len)
{
	struct line *l = arg;
	struct pipe *p = l->pipe;
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
				begin(p);
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
	struct line *l = arg;
	struct pipe *p = l->pipe;
	struct why w;
	ssize_t n = read(l->out.fd, p->chunk, READ_BYTES);

	(void)ready;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		die_of(l, "sp-sub", "ended before its time");
	else if (ndjson_feed(&l->lines, p->chunk, (size_t)n, on_line, l, &w) < 0)
		bench_die(p->b, &w);
}

/* --- The programs */

static int start(struct pipe *p, struct line *l, size_t i)
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

static int open_line(struct pipe *p, size_t i)
{
	struct line *l = &p->lines[i];

	*l = (struct line){.pipe = p};
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

/* Whether each channel has its sp-sub: asked of the server. -1: w tells. */
static int all_subscribed(struct pipe *p, struct redis *r)
{
	char name[LOAD_CHANNEL_NAME];
	struct reply *reply;

	for (size_t i = 0; i < p->n; i++) {
		load_channel(name, p->b->channel, i);
		redis_command(r, 3, (const char *const[]){"PUBSUB", "NUMSUB", name}, NULL);
		if (redis_wait(r, &reply, &p->b->why) < 0)
			return -1;
		if (reply->type != REPLY_ARRAY || reply->n != 2 || reply->elem[1].integer < 1)
			return 0;
	}
	return 1;
}

static int wait_for_subscribers(struct pipe *p)
{
	struct bench *b = p->b;
	struct url local;
	struct redis *r;
	int all = 0, status;

	if (b->link.url == NULL && local_url(&local, &b->why) < 0)
		return -1;
	if (redis_open(&r, b->link.url != NULL ? b->link.url : &local, &b->link.times, &b->why) < 0)
		all = -1;
	while (all == 0) {
		all = all_subscribed(p, r);
		if (all == 0 && hose_ended(&p->lines[0].sub, &status))
			all = why_set(&b->why, WHY_UNAVAILABLE, "sp-sub ended before its time");
		if (all == 0 && clock_ms() > p->give_up_ms)
			all = why_set(&b->why, WHY_TIMEOUT, "sp-sub does not subscribe");
		if (all == 0)
			(void)poll(NULL, 0, LOOK_MS); /* then look again */
	}
	redis_close(r);
	if (b->link.url == NULL)
		url_fini(&local);
	return all < 0 ? -1 : 0;
}

/* --- The end */

static void on_stop(void *arg)
{
	struct pipe *p = arg;

	(void)bench_cut_short(p->b); /* on_look does the rest, or the loop stops */
}

static bool programs_ended(struct pipe *p)
{
	bool ended = true;
	int status;

	for (size_t i = 0; i < p->n; i++) {
		struct line *l = &p->lines[i];

		if (hose_ended(&l->pub, &status) && status != 0) {
			die_of(l, "sp-pub", "failed");
			return true;
		}
		ended = ended && l->pub == 0;
	}
	return ended;
}

static void on_look(void *arg)
{
	struct pipe *p = arg;
	struct bench *b = p->b;
	int64_t now = clock_ns(), last = p->last_ns > b->end_ns ? p->last_ns : b->end_ns;
	bool full = false;

	loop_timer(b->loop, &p->look, clock_ms() + LOOK_MS);
	if (b->start_ns == 0) {
		if (clock_ms() > p->give_up_ms)
			die_of(p->lines, "sp-pub", "no line came through");
		return;
	}
	if (now < b->end_ns)
		return;
	for (size_t i = 0; i < p->n; i++) {
		struct line *l = &p->lines[i];
		bool backlog = b->rate > 0 && pace_next(&l->pace, now) < b->end_ns;

		if (now < b->end_ns + SILENCE_MS * (int64_t)500000 && (backlog || l->text.len > 0))
			full = true;
		else
			end_input(l);
		if (!l->closed)
			pump(l);
	}
	if (!full && programs_ended(p) &&
	    (p->done >= p->sent || now > last + SILENCE_MS * (int64_t)1000000))
		loop_stop(b->loop);
}

static int report(struct pipe *p)
{
	struct bench *b = p->b;
	char name[LOAD_CHANNEL_NAME];

	for (size_t i = 0; i < p->n; i++) {
		audit_sent(p->audit, i, p->run, (uint32_t)i, p->lines[i].seq);
		p->slots.intended += pace_slots(&p->lines[i].pace, b->end_ns);
		p->slots.taken += p->lines[i].pace.taken;
	}
	p->slots.unsent = p->slots.intended - p->slots.taken;
	audit_end(p->audit);
	for (size_t i = 0; i < p->n; i++) {
		load_channel(name, b->channel, i);
		report_audit_channel(&b->report, name, audit_channel(p->audit, i));
	}
	const struct audit_counts total = audit_total(p->audit);
	bench_last_second(b);
	bench_totals(b, p->done, p->bytes, p->last_ns);
	report_count(&b->report, "sent", NULL, p->sent);
	report_count(&b->report, "errors", NULL, p->errors);
	report_latency(&b->report, "corrected", "line to line", &p->all);
	report_slots(&b->report, &p->slots);
	report_audit(&b->report, &total);
	return bench_end(b, p->done == 0);
}

static void close_lines(struct pipe *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct line *l = &p->lines[i];

		if (l->pipe == NULL)
			continue;
		if (l->in.fd >= 0)
			end_input(l);
		loop_watch(p->b->loop, &l->out, 0);
		hose_end(&l->sub, END_MS);
		hose_end(&l->pub, END_MS);
		if (l->out.fd >= 0)
			(void)close(l->out.fd); /* only read */
		buf_fini(&l->text);
		ndjson_fini(&l->lines);
	}
	ticker_close(&p->ticker);
	loop_cancel(p->b->loop, &p->look);
	audit_close(p->audit);
	hist_fini(&p->all);
	hist_fini(&p->second);
	free(p->lines);
	free(p->stamp);
	free(p->chunk);
}

static int run(struct pipe *p)
{
	struct bench *b = p->b;
	int r = 0;

	p->give_up_ms = clock_ms() + b->cli.connect_ms + END_MS;
	p->look = (struct timer){.on_due = on_look, .arg = p};
	b->on_stop = on_stop;
	b->stop_arg = p;
	for (size_t i = 0; i < p->n && r == 0; i++)
		r = open_line(p, i);
	if (r == 0)
		r = wait_for_subscribers(p);
	for (size_t i = 0; i < p->n && r == 0; i++) {
		(void)buf_adds(&p->lines[i].text, warm_up); /* no cap */
		flush(&p->lines[i]);
	}
	if (r == 0) {
		loop_timer(b->loop, &p->look, 0);
		r = loop_run(b->loop, &b->why);
	}
	return r < 0 || b->why.status != 0 ? -1 : 0;
}

/* What the programs get of ours: the URL, unless it is in a file. */
static void export_url(const struct bench *b)
{
	if (b->url != NULL && b->url[0] != '@')
		(void)setenv("REDIS_URL", b->url, 1); /* out of memory shows soon enough */
}

static int set_up(struct pipe *p)
{
	struct bench *b = p->b;

	p->n = (size_t)b->connections;
	p->size = (size_t)b->size;
	p->run = (uint32_t)clock_random(UINT32_MAX);
	p->lines = xcalloc(p->n, sizeof *p->lines);
	p->audit = audit_open(p->n, AUDIT_WINDOW, true);
	p->chunk = xmalloc(READ_BYTES);
	p->stamp = xmalloc(p->size);
	audit_stamp(p->stamp, p->size - 1, &(struct audit_stamp){0});
	p->stamp[p->size - 1] = '\n';
	hist_init(&p->all);
	hist_init(&p->second);
	report_setting(&b->report, "rate", b->rate);
	report_setting(&b->report, "connections", b->connections);
	report_setting(&b->report, "size", b->size);
	report_setting(&b->report, "durable", b->durable);
	report_setting(&b->report, "duration_ms", b->duration_ms);
	export_url(b);
	return ticker_open(&p->ticker, b->loop, on_tick, p, &b->why);
}

int bench_pipe(struct bench *b)
{
	struct pipe p = {.b = b};
	char channel[64];

	bench_default(&b->rate, 1000);
	bench_default(&b->duration_ms, 10000);
	bench_default(&b->connections, 1);
	bench_default(&b->size, 200);
	if (b->size < LOAD_SIZE_MIN)
		return why_set(&b->why, WHY_USAGE, "--size: at least %d, which the stamp needs",
		    LOAD_SIZE_MIN);
	/* A channel that nobody else reads: the programs know when they are alone. */
	(void)snprintf(channel, sizeof channel, "bench:pipe:%ld", (long)getpid()); /* fits */
	if (b->channel == NULL)
		b->channel = channel;
	if (bench_open(b, "pipe") < 0)
		return -1;
	void (*old)(int) = signal(SIGPIPE, SIG_IGN); /* a program that is gone shows as EPIPE */
	int r = set_up(&p);
	if (r == 0)
		r = run(&p);
	(void)signal(SIGPIPE, old);
	if (r == 0)
		r = report(&p);
	close_lines(&p);
	return r;
}
