/* SPDX-License-Identifier: MIT */
/* xq_admin: pause, resume and purge. */
#include "resp.h"
#include "xq.h"

struct admin {
	struct xq x;
	int64_t dropped;
};

static void on_paused(void *arg, const struct reply *reply)
{
	struct admin *a = arg;

	(void)reply; /* what it was before does not matter */
	xq_stop(&a->x);
}

static int pause_or_resume(
    struct admin *a, const struct opt_tool *tool, int argc, char **argv, const char *paused)
{
	struct xq *x = &a->x;
	struct opt_rest rest;

	if (!xq_parse(x, tool, argc, argv, &rest))
		return x->status;
	if (rest.noperands > 0)
		(void)why_set(&x->why, WHY_USAGE, "%s has no operands", tool->name); /* fills it */
	if (x->why.status != 0 || xq_open(x, true, NULL, a) < 0)
		return xq_close(x);
	queue_call(x->q, "pause", 1, &paused, NULL, on_paused, a);
	return xq_run(x);
}

int xq_pause(int argc, char **argv)
{
	struct admin a = {.x = XQ_DEFAULTS("pause")};
	const struct opt opts[] = {XQ_OPT_QUEUE(&a.x), XQ_OPTS(&a.x), {.kind = OPT_GROUP}};
	const struct opt_tool tool = {.name = "sp-xq pause",
	    .summary = "Nobody takes jobs of the queue any more; what runs goes on.",
	    .usage = "sp-xq pause [options]",
	    .examples = "sp-xq pause -q render",
	    .opts = opts};

	return pause_or_resume(&a, &tool, argc, argv, "1");
}

int xq_resume(int argc, char **argv)
{
	struct admin a = {.x = XQ_DEFAULTS("resume")};
	const struct opt opts[] = {XQ_OPT_QUEUE(&a.x), XQ_OPTS(&a.x), {.kind = OPT_GROUP}};
	const struct opt_tool tool = {.name = "sp-xq resume",
	    .summary = "Jobs of a paused queue are taken again.",
	    .usage = "sp-xq resume [options]",
	    .examples = "sp-xq resume -q render",
	    .opts = opts};

	return pause_or_resume(&a, &tool, argc, argv, "0");
}

static void purge(struct admin *a);

static void on_purged(void *arg, const struct reply *reply)
{
	struct admin *a = arg;

	a->dropped += reply->integer;
	if (reply->integer > 0) {
		purge(a);
		return;
	}
	say(&a->x.cli.say, SAY_NOTE, "queue %s: dropped %lld jobs", a->x.queue,
	    (long long)a->dropped);
	xq_stop(&a->x);
}

/* A thousand a call: the server is never held up for long. */
static void purge(struct admin *a)
{
	queue_call(a->x.q, "purge", 1, (const char *const[]){"1000"}, NULL, on_purged, a);
	queue_flush(a->x.q);
}

int xq_purge(int argc, char **argv)
{
	struct admin a = {.x = XQ_DEFAULTS("purge")};
	struct opt_rest rest;
	const struct opt opts[] = {XQ_OPT_QUEUE(&a.x), XQ_OPTS(&a.x), {.kind = OPT_GROUP}};
	const struct opt_tool tool = {.name = "sp-xq purge",
	    .summary = "Drop all jobs that wait or are delayed; what runs or is dead stays.",
	    .usage = "sp-xq purge [options]",
	    .examples = "sp-xq purge -q render",
	    .opts = opts};

	if (!xq_parse(&a.x, &tool, argc, argv, &rest))
		return a.x.status;
	if (rest.noperands > 0)
		(void)why_set(&a.x.why, WHY_USAGE, "purge has no operands"); /* fills it */
	if (a.x.why.status != 0 || xq_open(&a.x, true, NULL, &a) < 0)
		return xq_close(&a.x);
	purge(&a);
	return xq_run(&a.x);
}
