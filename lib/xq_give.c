/* SPDX-License-Identifier: MIT */
/* xq_give: ack, nack and extend: what becomes of the jobs whose receipts stand on standard input.
 */
#include <string.h>

#include "receipt.h"
#include "xq.h"

enum {
	BATCH = 100,              /* receipts of one call */
	BATCH_BYTES = 256 * 1024, /* of results */
	WINDOW = 8,               /* calls on their way */
	MAX_LINE = QUEUE_PAYLOAD_MAX + QUEUE_RESULT_MAX + 4096,
};

struct giver {
	struct xq x;
	struct xq_lines lines;
	void (*send)(struct giver *g); /* what is in batch */
	struct receipt batch[BATCH];
	size_t offset[BATCH + 1]; /* of each result in results */
	size_t n;
	struct buf results, reason;
	uint64_t told;   /* receipts sent */
	uint64_t lost;   /* deliveries that were over */
	uint64_t cancel; /* extend: cancel was asked */
	int64_t keep_ms, delay_ms, lease_ms, retries;
	bool dead, release;
	const char *why_text;
};

static bool has_left(const struct giver *g)
{
	return g->n > 0 || queue_pending(g->x.q) > 0;
}

static void finish(struct giver *g)
{
	if (!g->lines.ended || has_left(g))
		return;
	if (g->lost > 0 && g->x.why.status == 0)
		(void)why_set(&g->x.why, WHY_ENDED,
		    "queue %s: %llu of %llu jobs are not ours any more: nothing was changed there",
		    g->x.queue, (unsigned long long)g->lost,
		    (unsigned long long)g->told); /* fills it */
	else if (g->cancel > 0 && g->x.why.status == 0)
		(void)why_set(&g->x.why, WHY_ENDED,
		    "queue %s: somebody asked to cancel %llu of %llu jobs", g->x.queue,
		    (unsigned long long)g->cancel, (unsigned long long)g->told); /* fills it */
	xq_stop(&g->x);
}

static void on_outcomes(void *arg, const enum queue_outcome *outcomes, size_t n)
{
	struct giver *g = arg;

	for (size_t i = 0; i < n; i++) {
		g->lost += outcomes[i] == QUEUE_LOST;
		g->cancel += outcomes[i] == QUEUE_CANCELLED;
	}
	xq_lines_throttle(&g->lines, queue_pending(g->x.q) >= WINDOW);
	finish(g);
}

static void send_ack(struct giver *g)
{
	struct queue_finish f[BATCH];

	for (size_t i = 0; i < g->n; i++)
		f[i] = (struct queue_finish){.receipt = {g->batch[i].ref, g->batch[i].token},
		    .result = g->offset[i + 1] > g->offset[i] ? buf_head(&g->results) + g->offset[i]
							      : NULL,
		    .len = g->offset[i + 1] - g->offset[i]};
	queue_finish(g->x.q, f, g->n, g->keep_ms, on_outcomes, g);
}

static void send_nack(struct giver *g)
{
	static const struct queue_backoff defaults = {
	    QUEUE_BACKOFF_LEAST_MS, QUEUE_BACKOFF_MOST_MS, QUEUE_RETRIES};
	struct queue_backoff backoff = defaults;
	struct queue_fail f[BATCH];

	backoff.retries = (int)g->retries;
	for (size_t i = 0; i < g->n; i++)
		f[i] = (struct queue_fail){.receipt = {g->batch[i].ref, g->batch[i].token},
		    .fate = g->dead  ? QUEUE_BURY
			: g->release ? QUEUE_RELEASE
				     : QUEUE_RETRY,
		    .delay_ms = g->delay_ms,
		    .reason = buf_head(&g->reason),
		    .len = g->reason.len};
	queue_fail(g->x.q, f, g->n, &backoff, on_outcomes, g);
}

static void send_extend(struct giver *g)
{
	struct queue_receipt r[BATCH];

	for (size_t i = 0; i < g->n; i++)
		r[i] = (struct queue_receipt){g->batch[i].ref, g->batch[i].token};
	queue_renew(g->x.q, r, g->n, g->lease_ms, on_outcomes, g);
}

static void flush(struct giver *g)
{
	if (g->n > 0 && !g->x.dead) {
		g->told += g->n;
		g->send(g);
		queue_flush(g->x.q);
	}
	g->n = 0;
	buf_clear(&g->results);
}

static int on_line(void *arg, const char *line, size_t len)
{
	struct giver *g = arg;
	struct receipt *r = &g->batch[g->n];
	struct why *w = &g->x.why;

	if (receipt_read(r, line, len, w) < 0)
		return -1;
	if (r->queue.s != NULL && !json_means(r->queue, g->x.queue)) {
		char shown[64];

		why_quote(shown, sizeof shown, r->queue.s, r->queue.len);
		return why_set(
		    w, WHY_DATA, "a job of queue %s, not of %s (give -q)", shown, g->x.queue);
	}
	if (r->result.len > QUEUE_RESULT_MAX)
		return why_set(w, WHY_DATA, "the result is longer than %d bytes", QUEUE_RESULT_MAX);
	g->offset[g->n] = g->results.len;
	(void)buf_add(&g->results, r->result.s, r->result.len); /* no cap */
	g->offset[++g->n] = g->results.len;
	if (g->n == BATCH || g->results.len >= BATCH_BYTES)
		flush(g);
	return 0;
}

static void on_batch(void *arg)
{
	struct giver *g = arg;

	flush(g);
	xq_lines_throttle(&g->lines, queue_pending(g->x.q) >= WINDOW);
}

static void on_end(void *arg)
{
	finish(arg);
}

static int run(struct giver *g)
{
	buf_init(&g->results, SIZE_MAX / 2);
	g->x.lazy = true; /* no receipt, no question */
	if (xq_open(&g->x, true, NULL, g) < 0)
		return xq_close(&g->x);
	g->lines = (struct xq_lines){
	    .x = &g->x, .on_line = on_line, .on_batch = on_batch, .on_end = on_end, .arg = g};
	xq_lines_begin(&g->lines, MAX_LINE);
	(void)loop_run(g->x.loop, &g->x.why); /* x.why tells */
	xq_lines_fini(&g->lines);
	buf_fini(&g->results);
	buf_fini(&g->reason);
	return xq_close(&g->x);
}

int xq_ack(int argc, char **argv)
{
	struct giver g = {.x = XQ_DEFAULTS("ack"), .send = send_ack, .keep_ms = QUEUE_KEEP_MS};
	struct opt_rest rest;
	const struct opt opts[] = {
	    XQ_OPT_QUEUE(&g.x),
	    {0, "keep", "D", OPT_DURATION, &g.keep_ms, "keep the results for D (1h)", NULL, 1, 0},
	    XQ_OPTS(&g.x),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-xq ack",
	    .summary = "Jobs are done: their receipts, and results if any, on standard input.",
	    .usage = "sp-xq ack [options] < RECEIPTS",
	    .examples = "sp-xq ack < jobs\njq -c '.result = {ok: true}' jobs | sp-xq ack",
	    .opts = opts};

	if (!xq_parse(&g.x, &tool, argc, argv, &rest))
		return g.x.status;
	if (rest.noperands > 0) {
		(void)why_set(&g.x.why, WHY_USAGE, "ack has no operands"); /* fills it */
		return xq_close(&g.x);
	}
	return run(&g);
}

/* {"reason":"…"} */
static int make_reason(struct giver *g)
{
	buf_init(&g->reason, SIZE_MAX / 2);
	if (g->why_text == NULL)
		g->why_text = g->release ? "released" : "nack";
	(void)buf_adds(&g->reason, "{\"reason\":\"");                      /* no cap */
	if (json_escape(&g->reason, g->why_text, strlen(g->why_text)) < 0) /* as above */
		return -1;
	return buf_adds(&g->reason, "\"}");
}

int xq_nack(int argc, char **argv)
{
	struct giver g = {
	    .x = XQ_DEFAULTS("nack"), .send = send_nack, .delay_ms = -1, .retries = QUEUE_RETRIES};
	struct opt_rest rest;
	const struct opt opts[] = {
	    XQ_OPT_QUEUE(&g.x),
	    {'d', "delay", "D", OPT_DURATION, &g.delay_ms,
		"try again after D (else 1s, doubled after each attempt, with jitter)", NULL, 0, 0},
	    {0, "retries", "N", OPT_NUMBER, &g.retries,
		"attempts behind the first, for jobs that do not say (3); then they are dead", NULL,
		0, 1000000},
	    {0, "release", NULL, OPT_FLAG, &g.release, "no attempt is spent", NULL, 0, 0},
	    {0, "dead", NULL, OPT_FLAG, &g.dead, "no further attempt: dead at once", NULL, 0, 0},
	    {0, "reason", "TEXT", OPT_STRING, &g.why_text, "what the history tells", NULL, 0, 0},
	    XQ_OPTS(&g.x),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-xq nack",
	    .summary = "Jobs failed, or are given back: their receipts on standard input.",
	    .usage = "sp-xq nack [options] < RECEIPTS",
	    .examples = "sp-xq nack --delay 5m < jobs\nsp-xq nack --release < jobs",
	    .opts = opts};

	if (!xq_parse(&g.x, &tool, argc, argv, &rest))
		return g.x.status;
	if (rest.noperands > 0)
		(void)why_set(&g.x.why, WHY_USAGE, "nack has no operands"); /* fills it */
	else if (g.dead && (g.release || g.delay_ms >= 0))
		(void)why_set(
		    &g.x.why, WHY_USAGE, "--dead excludes --release and --delay"); /* fills it */
	if (g.x.why.status != 0)
		return xq_close(&g.x);
	(void)make_reason(&g); /* no cap */
	return run(&g);
}

int xq_extend(int argc, char **argv)
{
	struct giver g = {.x = XQ_DEFAULTS("extend"), .send = send_extend};
	struct opt_rest rest;
	const struct opt opts[] = {
	    XQ_OPT_QUEUE(&g.x),
	    XQ_OPTS(&g.x),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-xq extend",
	    .summary = "The leases of jobs end D from now: their receipts on standard input.",
	    .usage = "sp-xq extend [options] D < RECEIPTS",
	    .examples = "sp-xq extend 10m < jobs",
	    .opts = opts};

	if (!xq_parse(&g.x, &tool, argc, argv, &rest))
		return g.x.status;
	if (rest.noperands != 1 || opt_duration(rest.operands[0], &g.lease_ms) < 0 ||
	    g.lease_ms < 100) {
		(void)why_set(&g.x.why, WHY_USAGE,
		    "extend needs one operand: for how long (5m)"); /* fills it */
		return xq_close(&g.x);
	}
	return run(&g);
}
