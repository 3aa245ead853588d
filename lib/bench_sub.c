/* SPDX-License-Identifier: MIT */
/* bench_sub: readers under load, from the intended time in a message to its arrival here. Each
 * reader follows all channels: durable ones as sp-sub does, through feed, others with SUBSCRIBE. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "chan.h"
#include "clock.h"
#include "feed.h"
#include "loader.h"
#include "number.h"

enum {
	AHEAD_NS = 50 * 1000 * 1000,
	LOOK_MS = 50,
	SILENCE_MS = 1000,      /* behind the end: nothing more will come */
	WINDOWS_SEQS = 1 << 26, /* of all lanes together: 8 MB of bits */
	WINDOW_LEAST = 1024,
	PIPELINE = 256,
	FRESH = 16, /* messages to a look at the clock: some 4 us of work */
};

struct reader {
	struct sub *sub;
	struct link link;
	struct feed *feed;
	struct audit *audit;
	size_t confirmed; /* channels */
	bool ready;
	int64_t now_ns; /* the clock, for `fresh` more messages */
	unsigned fresh;
};

struct sub {
	struct bench *b;
	struct load_conf conf;
	struct loader loader;
	struct reader *readers;
	size_t n, nready;
	struct feed_source *sources;
	char *names;   /* conf.channels * LOAD_CHANNEL_NAME; only when durable */
	size_t prefix; /* length of CHANNEL */
	struct hist all, second;
	uint64_t done, bytes, foreign, errors, expected; /* expected: 0 while not known */
	int64_t last_ns;
	struct timer look;
	struct loader_facts published;
	bool told, enough; /* enough: --count of them */
};

static const struct link_ops link_ops;
static const struct feed_ops feed_ops;
static void on_look(void *arg);

/* --- Messages in */

static void finish(struct sub *s)
{
	loop_stop(s->b->loop);
}

static void take(struct reader *r, size_t channel, const char *text, size_t len)
{
	struct sub *s = r->sub;
	struct audit_stamp stamp;

	if (s->enough)
		return; /* the rest of what had been read */
	/* Messages that came together: a look at the clock for each would be a tenth of all work.
	 */
	if (r->fresh-- == 0) {
		r->now_ns = clock_ns();
		r->fresh = FRESH - 1;
	}
	int64_t now = r->now_ns;
	switch (audit_take(r->audit, channel, text, len, &stamp)) {
	case AUDIT_NONE:
		/* On channels that have our own publisher only, nothing else can be. */
		if (s->loader.pid > 0)
			audit_damaged(r->audit, channel);
		s->foreign++;
		return;
	case AUDIT_DAMAGED:
		return;
	case AUDIT_GOOD:
		break;
	}
	hist_record(&s->second, now - stamp.time_ns);
	s->done++;
	s->bytes += len;
	s->last_ns = now;
	s->enough = s->b->count > 0 && s->done >= (uint64_t)s->b->count;
	if (s->enough)
		finish(s);
}

/* The number behind "CHANNEL:"; -1 when it is none of ours. */
static int64_t channel_of(const struct sub *s, const char *name, size_t len)
{
	size_t at = s->prefix + 1;
	uint64_t n;

	if (len <= at || !number_parse(name + at, len - at, INT64_MAX, &n))
		return -1;
	return n < s->conf.channels ? (int64_t)n : -1;
}

static void now_ready(struct reader *r)
{
	struct sub *s = r->sub;

	if (r->ready)
		return;
	r->ready = true;
	s->nready++;
	if (s->nready == s->n)
		loop_timer(s->b->loop, &s->look, 0);
}

/* --- Plain readers */

static void on_up(void *arg)
{
	struct reader *r = arg;
	char name[LOAD_CHANNEL_NAME];

	r->confirmed = 0;
	for (size_t i = 0; i < r->sub->conf.channels; i++) {
		load_channel(name, r->sub->conf.channel, i);
		redis_command(r->link.redis, 2, (const char *const[]){"SUBSCRIBE", name}, NULL);
	}
	redis_subscribing(r->link.redis);
}

static void on_reply(void *arg, struct reply *reply)
{
	struct reader *r = arg;

	if (reply->type == REPLY_ERROR) {
		link_refused(&r->link, r->sub->conf.channel, reply);
	} else if (redis_is_push(reply)) {
		const struct reply *name = &reply->elem[1], *text = &reply->elem[2];
		int64_t channel = channel_of(r->sub, name->str, name->len);

		if (channel >= 0 && text->type == REPLY_STRING)
			take(r, (size_t)channel, text->str, text->len);
	} else if (++r->confirmed == r->sub->conf.channels) {
		cli_up(&r->sub->b->cli);
		now_ready(r);
	}
}

static void on_idle(void *arg)
{
	struct reader *r = arg;

	r->fresh = 0;
}

/* What is published until the connection is back is lost, and the audit will say so. */
static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct reader *r = arg;

	r->sub->errors += r->ready;
	cli_down(&r->sub->b->cli, w, wait_ms);
}

static void on_dead(void *arg, const struct why *w)
{
	struct reader *r = arg;

	bench_die(r->sub->b, w);
}

static void on_started(void *arg, const char *path)
{
	struct reader *r = arg;

	cli_started(&r->sub->b->cli, path);
}

static const struct link_ops link_ops = {.on_up = on_up,
    .on_reply = on_reply,
    .on_idle = on_idle,
    .on_down = on_down,
    .on_dead = on_dead,
    .on_started = on_started};

/* --- Durable readers */

static void on_start(void *arg, int source, struct id cursor, const struct log_run *run)
{
	struct reader *r = arg;

	(void)source;
	(void)cursor;
	(void)run;
	if (++r->confirmed == r->sub->conf.channels)
		now_ready(r);
}

static void on_message(void *arg, const struct feed_message *m)
{
	struct reader *r = arg;

	take(r, (size_t)m->source, m->text, m->len);
}

static void on_gap(void *arg, int source, struct id after, struct id before)
{
	struct reader *r = arg;

	(void)source; /* the audit counts what is missing */
	(void)after;
	(void)before;
	r->sub->errors++;
}

static const struct feed_ops feed_ops = {.on_start = on_start,
    .on_message = on_message,
    .on_gap = on_gap,
    .on_idle = on_idle,
    .on_down = on_down,
    .on_dead = on_dead,
    .on_started = on_started};

/* --- The run */

static void on_told(void *arg, const struct loader_facts *f)
{
	struct sub *s = arg;
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

static void begin(struct sub *s)
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
	struct sub *s = arg;

	if (!bench_cut_short(s->b))
		return;
	if (s->loader.pid > 0)
		loader_stop(&s->loader);
	else
		finish(s);
}

/* Once all are subscribed it begins; then: is it over? */
static void on_look(void *arg)
{
	struct sub *s = arg;
	int64_t now = clock_ns(), last = s->last_ns > s->b->end_ns ? s->last_ns : s->b->end_ns;
	bool silent = now > last + SILENCE_MS * (int64_t)1000000;

	if (s->b->start_ns == 0)
		begin(s);
	else if (s->loader.pid > 0 ? s->told && (s->done >= s->expected || silent)
				   : now >= s->b->end_ns)
		finish(s);
	loop_timer(s->b->loop, &s->look, clock_ms() + LOOK_MS);
}

static int open_reader(struct sub *s, struct reader *r)
{
	uint32_t window = AUDIT_WINDOW;

	while (window > WINDOW_LEAST && window > WINDOWS_SEQS / (s->conf.channels * s->n))
		window /= 2;
	r->sub = s;
	r->audit = audit_open(s->conf.channels, window, s->loader.pid > 0);
	if (!s->conf.durable) {
		link_open(&r->link, s->b->loop, &s->b->link, &link_ops, r);
		return 0;
	}
	const struct feed_conf conf = {.link = s->b->link,
	    .sources = s->sources,
	    .nsources = (int)s->conf.channels,
	    .start = {.since = FEED_NOW}};
	return feed_open(&r->feed, s->b->loop, &conf, &feed_ops, r, &s->b->why);
}

static void name_sources(struct sub *s)
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

static void report_channels(struct sub *s, struct audit_counts *total)
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

static int report(struct sub *s)
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

static void close_readers(struct sub *s)
{
	for (size_t i = 0; i < s->n; i++) {
		link_close(&s->readers[i].link);
		feed_close(s->readers[i].feed);
		audit_close(s->readers[i].audit);
	}
	loop_cancel(s->b->loop, &s->look);
	free(s->readers);
	free(s->sources);
	free(s->names);
	hist_fini(&s->all);
	hist_fini(&s->second);
}

static int run(struct sub *s)
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
		r = open_reader(s, &s->readers[i]);
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
	struct sub s = {.b = b};

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
