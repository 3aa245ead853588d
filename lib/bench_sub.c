/* SPDX-License-Identifier: MIT */
/* bench_sub: readers under load, from the intended time in a message to its arrival here. Each
 * reader follows all channels: durable ones as sp-sub does, through feed, others with SUBSCRIBE. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_reader.h"
#include "clock.h"

enum {
	AHEAD_NS = 50 * 1000 * 1000,
	LOOK_MS = 50,
	SILENCE_MS = 1000, /* behind the end: nothing more will come */
	PIPELINE = 256,
};

/* --- The run */

static void on_told(void *arg, const struct loader_facts *f)
{
	struct bench_sub *s = arg;
	struct why w;

	s->published = *f;
	s->told = true;
	s->expected = f->sent * s->n;
	s->errors += f->errors;
	if (f->status != 0) {
		(void)why_set(&w, f->status, "publisher: %s", f->text); /* fills w */
		bench_die(s->b, &w);
	}
}

static void begin(struct bench_sub *s)
{
	struct bench *b = s->b;
	int64_t start = clock_ns() + (s->loader.pid > 0 ? AHEAD_NS : 0);
	int64_t end = start + b->duration_ms * 1000000;

	b->gauge = (struct bench_gauge){&s->all, &s->second, &s->done, &s->errors, s->n};
	bench_run(b, start, end);
	if (s->loader.pid > 0)
		loader_start(&s->loader, b->loop, start, end, on_told, s);
}

/* Without a publisher of our own nothing is on its way that we know of. */
static void on_stop(void *arg)
{
	struct bench_sub *s = arg;

	if (!bench_cut_short(s->b))
		return;
	if (s->loader.pid > 0)
		loader_stop(&s->loader);
	else
		loop_stop(s->b->loop);
}

/* Once all are subscribed it begins; then: is it over? */
static void on_look(void *arg)
{
	struct bench_sub *s = arg;
	int64_t now = clock_ns(), last = s->last_ns > s->b->end_ns ? s->last_ns : s->b->end_ns;
	bool silent = now > last + SILENCE_MS * (int64_t)1000000;

	if (s->b->start_ns == 0)
		begin(s);
	else if (s->loader.pid > 0 ? s->told && (s->done >= s->expected || silent)
				   : now >= s->b->end_ns)
		loop_stop(s->b->loop);
	loop_timer(s->b->loop, &s->look, clock_ms() + LOOK_MS);
}

static void name_sources(struct bench_sub *s)
{
	size_t n = s->conf.channels;

	s->sources = xcalloc(n, sizeof *s->sources);
	s->names = xcalloc(n, LOAD_CHANNEL_NAME);
	for (size_t i = 0; i < n; i++) {
		char *name = s->names + i * LOAD_CHANNEL_NAME;

		load_channel(name, s->conf.channel, i);
		s->sources[i].name = name;
	}
}

/* --- The end */

static void report_channels(struct bench_sub *s, struct audit_counts *total)
{
	char name[LOAD_CHANNEL_NAME];

	*total = (struct audit_counts){0};
	for (size_t i = 0; i < s->n; i++) {
		struct audit *a = s->readers[i].audit;

		if (s->told)
			loader_audit(&s->loader, a);
		audit_end(a);
		for (size_t c = 0; c < s->conf.channels; c++) {
			load_channel(name, s->conf.channel, c);
			report_audit_channel(&s->b->report, name, audit_channel(a, c));
		}
		const struct audit_counts sum = audit_total(a);
		audit_add(total, &sum);
	}
}

static int report(struct bench_sub *s)
{
	struct bench *b = s->b;
	struct audit_counts total;

	bench_last_second(b);
	bench_totals(b, s->done, s->bytes, s->last_ns);
	if (s->told) {
		report_count(&b->report, "sent", NULL, s->published.sent);
		report_slots(&b->report, &s->published.slots);
	}
	report_count(&b->report, "foreign", s->foreign > 0 ? "foreign" : NULL, s->foreign);
	report_count(&b->report, "errors", "errors", s->errors);
	report_latency(&b->report, "corrected", "delivery", &s->all);
	report_channels(s, &total);
	report_audit(&b->report, &total);
	if (s->done == 0)
		say(&b->cli.say, SAY_ERROR, "no message came on %s:0 to %s:%zu", b->channel,
		    b->channel, s->conf.channels - 1);
	return bench_end(b, s->errors > 0 || s->done == 0);
}

static void close_readers(struct bench_sub *s)
{
	for (size_t i = 0; i < s->n; i++)
		bench_reader_close(&s->readers[i]);
	loop_cancel(s->b->loop, &s->look);
	free(s->readers);
	free(s->sources);
	free(s->names);
	hist_fini(&s->all);
	hist_fini(&s->second);
}

static int run(struct bench_sub *s)
{
	struct bench *b = s->b;
	int r = 0;

	/* Readers and publishers are counted apart: the load has a connection a channel. */
	s->conf.connections = s->conf.channels < 8 ? s->conf.channels : 8;
	if (b->publish_rate >= 0 && loader_fork(&s->loader, &s->conf, &b->why) < 0)
		return -1;
	s->prefix = strlen(b->channel);
	s->look = (struct timer){.on_due = on_look, .arg = s};
	b->on_stop = on_stop;
	b->stop_arg = s;
	if (b->durable)
		name_sources(s);
	s->readers = xcalloc(s->n, sizeof *s->readers);
	hist_init(&s->all);
	hist_init(&s->second);
	for (size_t i = 0; i < s->n && r == 0; i++)
		r = bench_reader_open(s, &s->readers[i]);
	if (r == 0)
		r = loop_run(b->loop, &b->why);
	if (r == 0)
		r = b->why.status != 0 ? -1 : report(s);
	close_readers(s);
	loader_close(&s->loader);
	return r;
}

int bench_sub(struct bench *b)
{
	struct bench_sub s = {.b = b};

	bench_default(&b->duration_ms, 10000);
	bench_default(&b->channels, 1);
	/* What is measured is the reading: the publisher need not wait for answers. */
	const bool own = b->publish_rate >= 0;
	if (b->publish_rate < 0 && (b->size >= 0 || b->pipeline >= 0))
		return why_set(
		    &b->why, WHY_USAGE, "--size and --pipeline need --publish-rate with sub");
	if (b->publish_rate >= 0 && b->count >= 0)
		return why_set(&b->why, WHY_USAGE, "-n excludes --publish-rate");
	bench_default(&b->pipeline, PIPELINE);
	if (bench_open(b, "sub") < 0 || bench_load_conf(b, own ? b->publish_rate : 0, &s.conf) < 0)
		return -1;
	s.n = (size_t)b->connections;
	return run(&s);
}
