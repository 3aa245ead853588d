/* SPDX-License-Identifier: MIT */
/* bench_pub: publishers under load, from the intended time of a message to its acknowledgement. */
#include "bench.h"
#include "clock.h"

enum { LOOK_MS = 5, GRACE_MS = 1000, AHEAD_NS = 10 * 1000 * 1000 };

struct pub {
	struct bench *b;
	struct load *load;
	struct timer look; /* until all are connected */
	size_t wanted;
	int64_t give_up_ms;
};

static void on_over(void *arg)
{
	struct pub *p = arg;

	loop_stop(p->b->loop);
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct pub *p = arg;

	cli_down(&p->b->cli, w, wait_ms);
}

static void on_dead(void *arg, const struct why *w)
{
	struct pub *p = arg;

	bench_die(p->b, w);
}

static void on_started(void *arg, const char *path)
{
	struct pub *p = arg;

	cli_started(&p->b->cli, path);
}

static const struct load_ops ops = {on_over, on_down, on_dead, on_started};

static void begin(struct pub *p)
{
	struct bench *b = p->b;
	struct load_facts *f = load_facts(p->load);
	int64_t start = clock_ns() + AHEAD_NS, end = start + b->duration_ms * 1000000;

	cli_up(&b->cli);
	b->gauge = (struct bench_gauge){
	    &f->corrected, &f->second, &f->acked, &f->errors, load_connected(p->load)};
	bench_run(b, start, end);
	load_start(p->load, start, end, b->duration_ms < GRACE_MS ? b->duration_ms : GRACE_MS);
}

static void on_look(void *arg)
{
	struct pub *p = arg;
	struct why w;

	if (load_connected(p->load) >= p->wanted) {
		begin(p);
	} else if (clock_ms() > p->give_up_ms) {
		(void)why_set(&w, WHY_UNAVAILABLE, "only %zu of %zu connections came up",
		    load_connected(p->load), p->wanted); /* fills w */
		bench_die(p->b, &w);
	} else {
		loop_timer(p->b->loop, &p->look, clock_ms() + LOOK_MS);
	}
}

static void on_stop(void *arg)
{
	struct pub *p = arg;

	if (bench_cut_short(p->b))
		load_stop(p->load, GRACE_MS);
}

static int report(struct pub *p)
{
	struct bench *b = p->b;
	struct load_facts *f = load_facts(p->load);

	bench_last_second(b);
	bench_totals(b, f->acked, f->bytes, f->last_ns);
	report_count(&b->report, "sent", NULL, f->sent);
	report_count(&b->report, "errors", "errors", f->errors);
	report_latency(&b->report, "corrected", "corrected", &f->corrected);
	report_latency(&b->report, "uncorrected", "uncorrected", &f->uncorrected);
	report_slots(&b->report, &f->slots);
	/* What was not acknowledged counts as lost; more than that only a reader can tell. */
	report_audit(
	    &b->report, &(struct audit_counts){.received = f->acked, .lost = f->sent - f->acked});
	return bench_end(b, f->errors > 0);
}

static int run(struct pub *p)
{
	struct bench *b = p->b;
	struct load_conf conf;
	int r = -1;

	b->on_stop = on_stop;
	b->stop_arg = p;
	p->look = (struct timer){.on_due = on_look, .arg = p};
	if (bench_open(b, "pub") == 0 && bench_load_conf(b, b->rate, &conf) == 0 &&
	    load_open(&p->load, b->loop, &conf, &ops, p, &b->why) == 0) {
		p->wanted = conf.connections;
		loop_timer(b->loop, &p->look, 0);
		r = loop_run(b->loop, &b->why);
		if (r == 0 && b->why.status != 0)
			r = -1;
		if (b->signo != 0 && r == 0)
			load_stop(p->load, 0); /* unless it is over */
		if (r == 0)
			r = report(p);
		load_close(p->load);
	}
	return r;
}

int bench_pub(struct bench *b)
{
	struct pub p = {.b = b, .give_up_ms = clock_ms() + b->cli.connect_ms};

	bench_default(&b->rate, 1000);
	bench_default(&b->duration_ms, 10000);
	return run(&p);
}
