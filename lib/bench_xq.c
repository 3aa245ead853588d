/* SPDX-License-Identifier: MIT */
/*
 * bench_xq: jobs through a queue, each of its steps measured apart:
 *
 *	intended ──enqueue──→ in Redis ──→ taken ──→ in its command's hands ──finish──→ answered
 *	    └────────────────start────────────────────────┘    acknowledge: told ──→ confirmed
 *	claim: asked for a job ──→ it is there
 *
 * Each connection is a worker with a command of its own, cat(1), kept for the run. The queue is
 * made for the run; what is left of it goes within two minutes.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_worker.h"
#include "buf.h"
#include "clock.h"

enum {
	AHEAD_NS = 20 * 1000 * 1000,
	LOOK_MS = 20,
	SILENCE_MS = 3000, /* behind the end: nothing more will come */
	ADD_MAX = 400,     /* jobs of one call */
	OPEN_MAX = 4000,   /* rate 0: jobs that are added and not done */
};

struct adding {
	struct bench_xq *run;
	size_t n;
	int64_t since_ns[];
};

/* --- In */

static void on_added(void *arg, const struct queue_added *added, size_t n)
{
	struct adding *a = arg;
	struct bench_xq *r = a->run;
	int64_t now = clock_ns();

	(void)added;
	for (size_t i = 0; i < n && i < a->n; i++)
		hist_record(&r->enqueue, now - a->since_ns[i]);
	r->added += n;
	free(a);
}

/* Adds what is due: all of it in one call, as sp-xq add does with lines that come together. */
static void add_due(struct bench_xq *r)
{
	struct bench *b = r->b;
	int64_t now = clock_ns(), at;
	struct queue_new jobs[ADD_MAX];
	struct adding *a = xmalloc(sizeof *a + sizeof *a->since_ns * ADD_MAX);
	size_t most = ADD_MAX;

	*a = (struct adding){.run = r};
	if (b->rate == 0)
		most = r->sent - r->done < OPEN_MAX ? ADD_MAX : 0;
	while (a->n < most && queue_pending(r->adder) < QUEUE_ADD_WINDOW &&
	    (b->rate > 0 || now < b->end_ns) && (at = pace_take(&r->pace, now, b->end_ns)) >= 0) {
		char *text = r->text + a->n * (r->size + 1);

		audit_stamp(text + 1, r->size - 2,
		    &(struct audit_stamp){.run = r->run, .seq = r->seq++, .time_ns = at});
		text[0] = text[r->size - 1] = '"';
		jobs[a->n] = (struct queue_new){
		    .payload = text, .len = r->size, .priority = QUEUE_MEDIUM, .retries = -1};
		r->slots.late += now - at > PACE_LATE_NS;
		a->since_ns[a->n++] = at;
	}
	r->sent += a->n;
	if (a->n == 0) {
		free(a);
		return;
	}
	queue_add(r->adder, r->id, r->batches++, jobs, a->n, on_added, a);
	queue_flush(r->adder);
}

/* Flat out, a job that is done makes room for another. */
static void on_done(struct bench_xq *r)
{
	if (r->b->rate == 0)
		add_due(r);
}

static void on_tick(void *arg)
{
	struct bench_xq *r = arg;
	struct bench *b = r->b;
	int64_t now = clock_ns(), next;

	add_due(r);
	next = b->rate > 0 ? pace_next(&r->pace, now) : now + 1000000;
	if (next < b->end_ns)
		ticker_set(&r->ticker, next > now ? next : now + 100000);
}

/* --- The run */

/* Over when all is done, or nothing moves any more. */
static void on_look(void *arg)
{
	struct bench_xq *r = arg;
	struct bench *b = r->b;
	int64_t now = clock_ns(), last = r->last_ns > b->end_ns ? r->last_ns : b->end_ns;
	bool over = now >= b->end_ns && queue_pending(r->adder) == 0 &&
	    (r->done >= r->added || now - last > (int64_t)SILENCE_MS * 1000000);

	if (over)
		loop_stop(b->loop);
	loop_timer(b->loop, &r->look, clock_ms() + LOOK_MS);
}

static void on_stop(void *arg)
{
	struct bench_xq *r = arg;

	(void)bench_cut_short(r->b); /* it has begun, or stops */
}

static int open_run(struct bench_xq *r)
{
	struct bench *b = r->b;
	int64_t start = clock_ns() + AHEAD_NS;

	r->text = xmalloc((r->size + 1) * ADD_MAX);
	r->run = (uint32_t)clock_random(UINT32_MAX);
	msg_new_run(r->id);
	(void)snprintf(r->name, sizeof r->name, "bench-%08x", r->run); /* fits */
	r->workers = xcalloc(r->nworkers, sizeof *r->workers);
	r->audit = audit_open(1, AUDIT_WINDOW, true);
	for (size_t i = 0; i < r->nworkers; i++) {
		struct bench_worker *w = &r->workers[i];

		w->run = r;
		(void)snprintf(w->name, sizeof w->name, "bench-%zu", i); /* fits */
	}
	if (bench_worker_queue(r, &r->workers[0], &r->adder) < 0 ||
	    ticker_open(&r->ticker, b->loop, on_tick, r, &b->why) < 0)
		return -1;
	for (size_t i = 0; i < r->nworkers; i++)
		if (bench_worker_open(r, i) < 0)
			return -1;
	r->pace = (struct pace){.start_ns = start, .rate = (uint64_t)b->rate, .members = 1};
	b->on_stop = on_stop;
	b->stop_arg = r;
	b->gauge = (struct bench_gauge){&r->all, &r->second, &r->done, &r->errors, r->nworkers};
	bench_run(b, start, start + b->duration_ms * 1000000);
	r->look = (struct timer){.on_due = on_look, .arg = r};
	loop_timer(b->loop, &r->look, clock_ms() + LOOK_MS);
	ticker_set(&r->ticker, start);
	return 0;
}

/* What the run left in Redis; results go by themselves, within two minutes. */
static void forget(struct bench_xq *r)
{
	static const char *const suffixes[] = {"high", "medium", "low", "leases", "running",
	    "takes", "meta", "delayed", "jobs", "bodies", "dead", "wake", "progress", "workers"};
	enum { N = sizeof suffixes / sizeof *suffixes };
	char keys[N][96];
	const char *argv[N + 1] = {"UNLINK"};
	struct bench *b = r->b;
	struct redis *redis;
	struct reply *reply;
	struct why w;

	for (int i = 0; i < N; i++) {
		(void)snprintf(keys[i], sizeof keys[i], "{sp:q:%s}:%s", r->name, suffixes[i]);
		argv[i + 1] = keys[i]; /* fits */
	}
	if (b->link.url == NULL || redis_open(&redis, b->link.url, &b->link.times, &w) < 0)
		return; /* the private Redis, or it is away: what is left does no harm */
	redis_command(redis, N + 1, argv, NULL);
	(void)redis_wait(redis, &reply, &w); /* the same */
	redis_close(redis);
}

static void close_run(struct bench_xq *r)
{
	for (size_t i = 0; r->workers != NULL && i < r->nworkers; i++)
		bench_worker_close(&r->workers[i]);
	queue_close(r->adder);
	if (r->ticker.loop != NULL)
		ticker_close(&r->ticker);
	loop_cancel(r->b->loop, &r->look);
	audit_close(r->audit);
	free(r->workers);
	free(r->text);
}

static int tell(struct bench_xq *r)
{
	struct report *to = &r->b->report;
	struct audit_counts total;

	r->slots.intended = r->b->rate > 0 ? pace_slots(&r->pace, r->b->end_ns) : r->sent;
	r->slots.taken = r->sent;
	r->slots.unsent = r->slots.intended > r->sent ? r->slots.intended - r->sent : 0;
	audit_sent(r->audit, 0, r->run, 0, r->sent);
	audit_end(r->audit);
	total = audit_total(r->audit);
	/* Of several workers one may be ahead of another: no order is promised. */
	total.reordered = 0;
	bench_last_second(r->b);
	bench_totals(r->b, r->done, r->bytes, r->last_ns);
	report_count(to, "sent", NULL, r->sent);
	report_count(to, "added", NULL, r->added);
	report_count(to, "errors", "errors", r->errors);
	report_latency(to, "corrected", "start", &r->all);
	report_latency(to, "enqueue", "enqueue", &r->enqueue);
	report_latency(to, "claim", "claim", &r->claim);
	report_latency(to, "finish", "finish", &r->finish);
	report_latency(to, "acknowledge", "acknowledge", &r->acknowledge);
	report_slots(to, &r->slots);
	report_audit(to, &total);
	return bench_end(r->b, r->done == 0 || r->done != r->added);
}

static int settle(struct bench_xq *r)
{
	struct bench *b = r->b;

	bench_default(&b->rate, 1000);
	bench_default(&b->duration_ms, 10000);
	bench_default(&b->connections, 1);
	bench_default(&b->size, 200);
	bench_default(&b->pipeline, b->rate > 0 ? 1 : 100);
	if (b->size < LOAD_SIZE_MIN || b->pipeline > QUEUE_BATCH_MAX)
		return why_set(&b->why, WHY_USAGE,
		    b->size < LOAD_SIZE_MIN ? "--size: at least %d, which the stamp needs"
					    : "--pipeline: at most %d jobs in one call",
		    b->size < LOAD_SIZE_MIN ? (int)LOAD_SIZE_MIN : (int)QUEUE_BATCH_MAX);
	r->nworkers = (size_t)b->connections;
	r->size = (size_t)b->size;
	r->batch = (size_t)b->pipeline;
	report_setting(&b->report, "rate", b->rate);
	report_setting(&b->report, "connections", b->connections);
	report_setting(&b->report, "size", b->size);
	report_setting(&b->report, "pipeline", b->pipeline);
	report_setting(&b->report, "durable", true); /* a queue is nothing else */
	report_setting(&b->report, "duration_ms", b->duration_ms);
	return 0;
}

int bench_xq(struct bench *b)
{
	struct bench_xq r = {.b = b, .on_done = on_done};
	struct hist *hists[] = {&r.enqueue, &r.claim, &r.all, &r.second, &r.finish, &r.acknowledge};
	int status = -1;

	if (bench_open(b, "xq") < 0)
		return -1;
	(void)signal(SIGPIPE, SIG_IGN); /* a command that is gone answers nothing */
	for (size_t i = 0; i < sizeof hists / sizeof *hists; i++)
		hist_init(hists[i]);
	if (settle(&r) == 0 && open_run(&r) == 0 && loop_run(b->loop, &b->why) == 0 &&
	    b->why.status == 0)
		status = tell(&r);
	close_run(&r);
	forget(&r);
	for (size_t i = 0; i < sizeof hists / sizeof *hists; i++)
		hist_fini(hists[i]);
	return status;
}
