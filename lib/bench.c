/* SPDX-License-Identifier: MIT */
/* bench: what the modes of sp-bench share. */
#include "bench.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "clock.h"

enum { TICK_MS = 100, SECOND_NS = 1000000000, CHANNEL_TAIL = 10 /* ":1000000", and NUL */ };

static void on_signal(void *arg, int signo)
{
	struct bench *b = arg;
	bool again = b->signo != 0;

	b->signo = signo;
	if (b->on_stop != NULL && !again)
		b->on_stop(b->stop_arg);
	else
		loop_stop(b->loop);
}

bool bench_cut_short(struct bench *b)
{
	int64_t now = clock_ns();

	if (b->start_ns == 0) {
		loop_stop(b->loop);
		return false;
	}
	b->end_ns = now < b->end_ns ? now : b->end_ns;
	return true;
}

int bench_open(struct bench *b, const char *mode)
{
	static const int signos[] = {SIGINT, SIGTERM, SIGHUP, 0};

	report_init(&b->report, mode, &b->cli.say);
	if (b->channel == NULL)
		b->channel = "bench";
	if (chan_name_check(b->channel, strlen(b->channel), &b->why) < 0)
		return -1;
	if (strlen(b->channel) > CHAN_NAME_MAX - CHANNEL_TAIL)
		return why_set(
		    &b->why, WHY_USAGE, "-c: longer than %d bytes", CHAN_NAME_MAX - CHANNEL_TAIL);
	if (b->cli.url_text != NULL)
		b->url = xstrdup(b->cli.url_text);
	if (cli_redis(&b->cli, true, &b->link, &b->why) < 0)
		return -1;
	/* A run shorter than a lost connection has nothing to wait for. */
	if (report_probe(&b->report, &b->link, &b->why) < 0 || loop_open(&b->loop, &b->why) < 0)
		return -1;
	return signals_open(&b->signals, b->loop, signos, on_signal, b, &b->why);
}

void bench_close(struct bench *b)
{
	signals_close(&b->signals);
	if (b->loop != NULL)
		loop_cancel(b->loop, &b->tick);
	loop_close(b->loop);
	b->loop = NULL;
	report_fini(&b->report);
	cli_fini(&b->cli);
	if (b->url != NULL)
		explicit_bzero(b->url, strlen(b->url));
	free(b->url);
}

int bench_load_conf(struct bench *b, int64_t rate, struct load_conf *conf)
{
	struct report *r = &b->report;
	struct audit_stamp stamp;

	bench_default(&b->connections, 1);
	bench_default(&b->channels, b->connections);
	bench_default(&b->size, 200);
	bench_default(&b->pipeline, rate > 0 ? 1 : 1000);
	/* A run's number is unlikely to come twice on one channel; that is all it must be. */
	stamp.run = (uint32_t)clock_random(UINT32_MAX);
	*conf = (struct load_conf){.link = b->link,
	    .channel = b->channel,
	    .channels = (size_t)b->channels,
	    .connections = (size_t)b->connections,
	    .size = (size_t)b->size,
	    .pipeline = (size_t)b->pipeline,
	    .rate = (uint64_t)rate,
	    .durable = b->durable,
	    .run = stamp.run};
	if (b->size < LOAD_SIZE_MIN)
		return why_set(&b->why, WHY_USAGE, "--size: at least %d, which the stamp needs",
		    LOAD_SIZE_MIN);
	report_setting(r, "rate", rate);
	report_setting(r, "connections", b->connections);
	report_setting(r, "channels", b->channels);
	report_setting(r, "size", b->size);
	report_setting(r, "pipeline", b->pipeline);
	report_setting(r, "durable", b->durable);
	report_setting(r, "duration_ms", b->duration_ms);
	return 0;
}

static void end_second(struct bench *b, int64_t end_ns)
{
	struct bench_gauge *g = &b->gauge;

	report_second(&b->report, (end_ns - b->start_ns + SECOND_NS / 2) / SECOND_NS,
	    *g->done - b->done_before, *g->errors - b->errors_before, g->second);
	b->done_before = *g->done;
	b->errors_before = *g->errors;
	hist_add(g->all, g->second);
	hist_clear(g->second);
}

static void on_tick(void *arg)
{
	struct bench *b = arg;
	const struct bench_gauge *g = &b->gauge;
	int64_t now = clock_ns();

	for (; now >= b->second_ns; b->second_ns += SECOND_NS)
		end_second(b, b->second_ns);
	double seconds = (double)(now - b->start_ns) / SECOND_NS;
	report_live(&b->report,
	    &(struct report_live){.connections = g->connections,
		.errors = *g->errors,
		.rate = seconds > 0 ? (double)*g->done / seconds : 0,
		.h = g->all->count > 0 ? g->all : g->second,
		.left_ms = b->end_ns == INT64_MAX ? -1
		    : now < b->end_ns             ? (b->end_ns - now) / 1000000
						  : 0});
	loop_timer(b->loop, &b->tick, clock_ms() + TICK_MS);
}

void bench_run(struct bench *b, int64_t start_ns, int64_t end_ns)
{
	b->start_ns = start_ns;
	b->end_ns = end_ns;
	b->second_ns = start_ns + SECOND_NS;
	b->tick = (struct timer){.on_due = on_tick, .arg = b};
	loop_timer(b->loop, &b->tick, start_ns / 1000000 + TICK_MS);
}

void bench_last_second(struct bench *b)
{
	if (b->gauge.second != NULL && b->gauge.second->count > 0)
		end_second(b, b->second_ns);
}

void bench_die(struct bench *b, const struct why *w)
{
	b->why = *w;
	loop_stop(b->loop);
}

void bench_totals(struct bench *b, uint64_t done, uint64_t bytes, int64_t last_ns)
{
	double seconds = (double)(last_ns - b->start_ns) / SECOND_NS;

	if (seconds <= 0)
		seconds = 0;
	report_count(&b->report, "messages", "messages", done);
	report_number(&b->report, "seconds", "seconds", seconds);
	report_number(&b->report, "rate", "messages/s", seconds > 0 ? (double)done / seconds : 0);
	report_number(
	    &b->report, "bytes_rate", "bytes/s", seconds > 0 ? (double)bytes / seconds : 0);
}

int bench_end(struct bench *b, bool failed)
{
	int status = report_end(&b->report, failed, &b->why);

	return b->signo != 0 && status >= 0 ? 128 + b->signo : status;
}
