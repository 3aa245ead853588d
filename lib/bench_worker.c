/* SPDX-License-Identifier: MIT */
/* bench_worker: one worker of sp-bench xq. */
#include "bench_worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

enum {
	LEASE_MS = 60000,
	KEEP_MS = 1000, /* results; none is written */
};

static void ask(struct bench_worker *w);

/* --- Out */

static void on_finished(void *arg, const enum queue_outcome *outcomes, size_t n)
{
	struct bench_worker *w = arg;
	struct bench_xq *r = w->run;
	int64_t now = clock_ns();

	for (size_t i = 0; i < n; i++) {
		hist_record(&r->acknowledge, now - w->told_ns);
		r->errors += outcomes[i] != QUEUE_OK;
	}
	r->done += n;
	r->bytes += n * r->size;
	r->last_ns = now;
	r->on_done(r);
	ask(w);
}

static void on_answer(void *arg, size_t i, const char *line, size_t len, bool truncated)
{
	struct bench_worker *w = arg;

	(void)i;
	(void)line;
	hist_record(&w->run->finish, clock_ns() - w->given_ns);
	w->run->errors += truncated || len != w->run->size;
}

static void on_note(void *arg, const char *line, size_t len)
{
	(void)arg;
	(void)line;
	(void)len;
}

static void on_end(void *arg, const struct runner_end *end)
{
	struct bench_worker *w = arg;
	struct queue_finish *f = xcalloc(w->n, sizeof *f);

	(void)end;
	for (size_t i = 0; i < w->n; i++)
		f[i].receipt = w->receipts[i];
	w->told_ns = clock_ns();
	queue_finish(w->queue, f, w->n, KEEP_MS, on_finished, w);
	queue_flush(w->queue);
	free(f);
}

static void give(struct bench_worker *w)
{
	struct bench_xq *r = w->run;
	struct why why;

	w->given_ns = clock_ns();
	if (runner_start(&w->runner,
		&(struct runner_job){.text = buf_head(&w->lines),
		    .len = w->lines.len - 1,
		    .answers = w->n,
		    .label = "cat"},
		&why) < 0)
		bench_die(r->b, &why);
}

static void on_taken(void *arg, const struct queue_taken *taken)
{
	struct bench_worker *w = arg;
	struct bench_xq *r = w->run;
	int64_t now = clock_ns();
	struct audit_stamp s;

	buf_clear(&w->lines);
	w->n = taken->n;
	w->idle = taken->n == 0;
	for (size_t i = 0; i < taken->n; i++) {
		const struct queue_job *j = &taken->jobs[i];

		hist_record(&r->claim, now - w->asked_ns);
		if (audit_take(r->audit, 0, j->payload.s, j->payload.len, &s) == AUDIT_GOOD)
			hist_record(&r->second, clock_ns() - s.time_ns);
		(void)snprintf(w->refs[i], sizeof w->refs[i], "%.*s", (int)j->ref.len, j->ref.s);
		w->receipts[i] = (struct queue_receipt){w->refs[i], j->token};
		(void)buf_add(&w->lines, j->payload.s, j->payload.len); /* no cap */
		(void)buf_addc(&w->lines, '\n');                        /* the same */
	}
	if (w->n > 0)
		give(w);
}

static void ask(struct bench_worker *w)
{
	w->idle = false;
	w->asked_ns = clock_ns();
	queue_take(w->queue,
	    &(struct queue_take){.n = w->run->batch, .lease_ms = LEASE_MS, .strict = true},
	    on_taken, w);
	queue_flush(w->queue);
}

static void on_wake(void *arg)
{
	struct bench_worker *w = arg;

	if (w->idle)
		ask(w);
}

/* --- Life */

static void on_up(void *arg)
{
	(void)arg;
}

static void on_down(void *arg, const struct why *why, int64_t wait_ms)
{
	struct bench_xq *r = ((struct bench_worker *)arg)->run;

	cli_down(&r->b->cli, why, wait_ms);
	r->errors++;
}

static void on_dead(void *arg, const struct why *why)
{
	bench_die(((struct bench_worker *)arg)->run->b, why);
}

static void on_started(void *arg, const char *path)
{
	cli_started(&((struct bench_worker *)arg)->run->b->cli, path);
}

static void on_cancel(void *arg, struct json_slice ref, uint64_t token)
{
	(void)arg;
	(void)ref;
	(void)token;
}

int bench_worker_queue(struct bench_xq *r, struct bench_worker *w, struct queue **q)
{
	static const struct queue_ops ops = {
	    on_up, on_down, on_dead, on_started, on_wake, on_cancel};

	return queue_open(q, r->b->loop,
	    &(struct queue_conf){.link = r->b->link,
		.namespace = "sp",
		.name = r->name,
		.consumer = w->name,
		.known_ms = LEASE_MS},
	    &ops, w, &r->b->why);
}

int bench_worker_open(struct bench_xq *r, size_t i)
{
	static const struct runner_ops ops = {on_answer, on_note, on_end};
	static char cat[] = "cat";
	static char *const argv[] = {cat, NULL};
	struct bench_worker *w = &r->workers[i];

	w->conf = (struct runner_conf){
	    .argv = argv, .keep = true, .output_max = LOAD_SIZE_MAX, .grace_ms = 1000};
	w->receipts = xcalloc(r->batch, sizeof *w->receipts);
	w->refs = xcalloc(r->batch, sizeof *w->refs);
	buf_init(&w->lines, SIZE_MAX / 2);
	runner_init(&w->runner, r->b->loop, &w->conf, &ops, w);
	if (bench_worker_queue(r, w, &w->queue) < 0)
		return -1;
	queue_listen(w->queue, true);
	ask(w);
	return 0;
}

void bench_worker_close(struct bench_worker *w)
{
	runner_fini(&w->runner);
	queue_close(w->queue);
	free(w->receipts);
	free(w->refs);
	buf_fini(&w->lines);
}
