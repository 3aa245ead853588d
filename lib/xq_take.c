/* SPDX-License-Identifier: MIT */
/* xq_take: takes jobs and prints them, for loops made by hand. */
#include "receipt.h"
#include "xq.h"

struct taker {
	struct xq x;
	struct queue_take take;
	int64_t n, block_ms, retries;
	const char *consumer;
	struct timer deadline;
	bool asked; /* a take is unanswered */
	bool late;  /* the wait is over, but for that */
};

static void on_taken(void *arg, const struct queue_taken *taken);

static void ask(struct taker *t)
{
	if (t->asked || t->x.dead)
		return;
	t->asked = true;
	queue_take(t->x.q, &t->take, on_taken, t);
	queue_flush(t->x.q);
}

static void on_wake(void *arg)
{
	struct xq *x = arg;

	ask(x->arg);
}

static void on_deadline(void *arg)
{
	struct taker *t = arg;

	/* What it brings would be nobody's until its lease ends, with an attempt spent. */
	if (t->asked && !t->late && !t->x.cli.down) {
		t->late = true;
		loop_timer(t->x.loop, &t->deadline, clock_ms() + t->x.cli.command_ms);
		return;
	}
	(void)why_set(&t->x.why, WHY_TIMEOUT, "queue %s: no job came within %.3g s", t->x.queue,
	    (double)t->block_ms / 1000); /* fills it */
	xq_stop(&t->x);
}

static void on_taken(void *arg, const struct queue_taken *taken)
{
	struct taker *t = arg;

	t->asked = false;
	for (size_t i = 0; i < taken->n; i++)
		receipt_write(&t->x.out, t->x.queue, &taken->jobs[i]);
	if (taken->n > 0) {
		(void)xq_print(&t->x); /* it ends the loop, as we do */
		xq_stop(&t->x);
	} else if (t->block_ms == 0) {
		if (taken->paused)
			say(&t->x.cli.say, SAY_NOTE, "queue %s is paused", t->x.queue);
		t->x.status = WHY_ENDED;
		xq_stop(&t->x);
	} else if (t->late) {
		on_deadline(t);
	}
}

int xq_take(int argc, char **argv)
{
	struct taker t = {.x = XQ_DEFAULTS("take"),
	    .take = {.lease_ms = QUEUE_LEASE_MS},
	    .n = 1,
	    .retries = QUEUE_RETRIES};
	struct opt_rest rest;
	const struct opt opts[] = {
	    XQ_OPT_QUEUE(&t.x),
	    {'n', "count", "N", OPT_NUMBER, &t.n, "take up to N jobs (1)", NULL, 1,
		QUEUE_BATCH_MAX},
	    {'b', "block", "D", OPT_DURATION, &t.block_ms,
		"wait up to D for a job, then end with 75 (0: end with 1)", NULL, 0, 0},
	    {0, "lease", "D", OPT_DURATION, &t.take.lease_ms,
		"others get the jobs after D unless extend, ack or nack comes before (30s)", NULL,
		100, 0},
	    {0, "retries", "N", OPT_NUMBER, &t.retries,
		"attempts behind the first, for jobs that do not say (3)", NULL, 0, 1000000},
	    {0, "strict", NULL, OPT_FLAG, &t.take.strict,
		"low only when there is no medium, medium only when there is no high (else 6:3:1)",
		NULL, 0, 0},
	    {0, "consumer", "NAME", OPT_STRING, &t.consumer, "who takes (hand)", NULL, 0, 0},
	    XQ_OPTS(&t.x),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-xq take",
	    .summary = "Take jobs and print them, a line each, with a receipt for ack and nack.",
	    .usage = "sp-xq take [options]",
	    .examples =
		"sp-xq take -n 10 | tee jobs | jq .job | xargs -n 1 work && sp-xq ack < jobs",
	    .opts = opts};

	if (!xq_parse(&t.x, &tool, argc, argv, &rest))
		return t.x.status;
	t.take.n = (size_t)t.n;
	t.take.retries = (int)t.retries;
	t.x.ops.on_wake = on_wake;
	t.deadline = (struct timer){.on_due = on_deadline, .arg = &t};
	if (rest.noperands > 0) {
		(void)why_set(&t.x.why, WHY_USAGE, "take has no operands"); /* fills it */
		return xq_close(&t.x);
	}
	if (xq_open(&t.x, true, t.consumer, &t) < 0)
		return xq_close(&t.x);
	if (t.block_ms > 0) {
		loop_timer(t.x.loop, &t.deadline, clock_ms() + t.block_ms);
		queue_listen(t.x.q, true);
	}
	ask(&t);
	return xq_run(&t.x);
}
