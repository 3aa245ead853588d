/* SPDX-License-Identifier: MIT */
/*
 * bench_pipe: lines through the real programs, and how long each takes:
 *
 *	we ──line──→ sp-pub ──→ Redis ──→ sp-sub ──message──→ we
 *
 * A pipeline is such a pair on a channel of its own. It is warm, and the run begins, when a first
 * line has come through each.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_line.h"
#include "clock.h"
#include "hose.h"
#include "local.h"

enum {
	AHEAD_NS = 20 * 1000 * 1000,
	LOOK_MS = 20,
	SILENCE_MS = 2000, /* behind the end: nothing more will come */
	END_MS = 2000,
};

/* --- The schedule */

static void on_tick(void *arg)
{
	struct bench_pipe *p = arg;
	struct bench *b = p->b;
	int64_t now = clock_ns();
	struct pace all = {.start_ns = b->start_ns, .rate = (uint64_t)b->rate, .members = 1};
	size_t pumped = 0;

	for (; now >= pace_at(&all, p->slot) && pace_at(&all, p->slot) < b->end_ns; p->slot++)
		if (pumped++ < p->n)
			bench_line_pump(&p->lines[(size_t)(p->slot % p->n)]);
	if (pace_at(&all, p->slot) < b->end_ns)
		ticker_set(&p->ticker, pace_at(&all, p->slot));
}

static void begin(struct bench_pipe *p)
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

/* Whether each channel has its sp-sub: asked of the server. -1: w tells. */
static int all_subscribed(struct bench_pipe *p, struct redis *r)
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

static int wait_for_subscribers(struct bench_pipe *p)
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
	struct bench_pipe *p = arg;

	(void)bench_cut_short(p->b); /* on_look does the rest, or the loop stops */
}

static bool programs_ended(struct bench_pipe *p)
{
	bool ended = true;
	int status;

	for (size_t i = 0; i < p->n; i++) {
		struct bench_line *l = &p->lines[i];

		if (hose_ended(&l->pub, &status) && status != 0) {
			bench_line_die(l, "sp-pub", "failed");
			return true;
		}
		ended = ended && l->pub == 0;
	}
	return ended;
}

static void on_look(void *arg)
{
	struct bench_pipe *p = arg;
	struct bench *b = p->b;
	int64_t now = clock_ns(), last = p->last_ns > b->end_ns ? p->last_ns : b->end_ns;
	bool full = false;

	loop_timer(b->loop, &p->look, clock_ms() + LOOK_MS);
	if (b->start_ns == 0) {
		if (clock_ms() > p->give_up_ms)
			bench_line_die(p->lines, "sp-pub", "no line came through");
		return;
	}
	if (now < b->end_ns)
		return;
	for (size_t i = 0; i < p->n; i++) {
		struct bench_line *l = &p->lines[i];
		bool backlog = b->rate > 0 && pace_next(&l->pace, now) < b->end_ns;

		if (now < b->end_ns + SILENCE_MS * (int64_t)500000 && (backlog || l->text.len > 0))
			full = true;
		else
			bench_line_end_input(l);
		if (!l->closed)
			bench_line_pump(l);
	}
	if (!full && programs_ended(p) &&
	    (p->done >= p->sent || now > last + SILENCE_MS * (int64_t)1000000))
		loop_stop(b->loop);
}

static int report(struct bench_pipe *p)
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

static void close_lines(struct bench_pipe *p)
{
	for (size_t i = 0; i < p->n; i++)
		bench_line_close(&p->lines[i]);
	ticker_close(&p->ticker);
	loop_cancel(p->b->loop, &p->look);
	audit_close(p->audit);
	hist_fini(&p->all);
	hist_fini(&p->second);
	free(p->lines);
	free(p->stamp);
	free(p->chunk);
}

static int run(struct bench_pipe *p)
{
	struct bench *b = p->b;
	int r = 0;

	p->give_up_ms = clock_ms() + b->cli.connect_ms + END_MS;
	p->look = (struct timer){.on_due = on_look, .arg = p};
	b->on_stop = on_stop;
	b->stop_arg = p;
	for (size_t i = 0; i < p->n && r == 0; i++)
		r = bench_line_open(p, i);
	if (r == 0)
		r = wait_for_subscribers(p);
	for (size_t i = 0; i < p->n && r == 0; i++)
		bench_line_warm(&p->lines[i]);
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

static int set_up(struct bench_pipe *p)
{
	struct bench *b = p->b;

	p->n = (size_t)b->connections;
	p->size = (size_t)b->size;
	p->run = (uint32_t)clock_random(UINT32_MAX);
	p->lines = xcalloc(p->n, sizeof *p->lines);
	p->audit = audit_open(p->n, AUDIT_WINDOW, true);
	p->chunk = xmalloc(BENCH_LINE_CHUNK);
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
	struct bench_pipe p = {.b = b, .on_warm = begin};
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
