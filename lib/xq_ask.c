/* SPDX-License-Identifier: MIT */
/* xq_ask: result, progress, cancel and wait: questions about jobs by their ids. */
#include <stdlib.h>
#include <string.h>

#include "resp.h"
#include "xq.h"
#include "xq_look.h"

struct asker {
	struct xq x;
	struct opt_rest rest;
	int64_t timeout_ms;
	bool *over;        /* wait: of each id, told */
	int left;          /* wait: how many are not over */
	struct link ended; /* wait: the connection that is subscribed */
	char *channel;
	struct timer deadline;
};

/* The ids as script arguments. */
static void ask(struct asker *a, const char *script, queue_reply_fn *fn)
{
	queue_call(a->x.q, script, a->rest.noperands,
	    (const char *const *)(const void *)a->rest.operands, NULL, fn, a);
	queue_flush(a->x.q);
}

/* What the look of id i came to; false when the answer is no such. */
static bool look_at(const struct asker *a, const struct reply *reply, int i, struct xq_look *look)
{
	const struct reply *e;

	if (reply->type != REPLY_ARRAY || reply->n != (size_t)a->rest.noperands + 1)
		return false;
	e = &reply->elem[i + 1];
	xq_look_read(look, e->str, e->type == REPLY_STRING ? e->len : 0);
	return true;
}

static bool parse(struct asker *a, const struct opt_tool *tool, int argc, char **argv)
{
	if (!xq_parse(&a->x, tool, argc, argv, &a->rest))
		return false;
	if (a->rest.noperands > 0)
		return true;
	(void)why_set(&a->x.why, WHY_USAGE, "which job? give its ID"); /* fills it */
	a->x.status = xq_close(&a->x);
	return false;
}

/* --- result */

static void on_results(void *arg, const struct reply *reply)
{
	struct asker *a = arg;
	struct xq_look look;

	for (int i = 0; i < a->rest.noperands && look_at(a, reply, i, &look); i++) {
		if (look.state != XQ_DONE) {
			if (a->x.why.status == 0)
				(void)why_set(&a->x.why, WHY_ENDED, "job %s is %s",
				    a->rest.operands[i], xq_state_name(look.state)); /* fills it */
			continue;
		}
		if (look.json.s != NULL)
			(void)buf_add(&a->x.out, look.json.s, look.json.len); /* no cap */
		else
			(void)buf_adds(&a->x.out, "null"); /* no cap */
		(void)buf_addc(&a->x.out, '\n');           /* no cap */
	}
	(void)xq_print(&a->x); /* it ends the loop, as we do */
	xq_stop(&a->x);
}

int xq_result(int argc, char **argv)
{
	struct asker a = {.x = XQ_DEFAULTS("result")};
	const struct opt opts[] = {XQ_OPT_QUEUE(&a.x), XQ_OPTS(&a.x), {.kind = OPT_GROUP}};
	const struct opt_tool tool = {.name = "sp-xq result",
	    .summary = "Print the results of jobs that are done, a line of JSON each.",
	    .usage = "sp-xq result [options] ID ...",
	    .examples = "sp-xq result m1732100000123-0",
	    .opts = opts};

	if (!parse(&a, &tool, argc, argv))
		return a.x.status;
	if (xq_open(&a.x, true, NULL, &a) < 0)
		return xq_close(&a.x);
	ask(&a, "look", on_results);
	return xq_run(&a.x);
}

/* --- progress */

static void on_progress(void *arg, const struct reply *reply)
{
	struct asker *a = arg;
	struct xq_look look;

	for (int i = 0; i < a->rest.noperands && look_at(a, reply, i, &look); i++) {
		xq_look_write(&a->x.out, a->rest.operands[i], &look);
		if (look.state == XQ_UNKNOWN)
			a->x.status = WHY_ENDED;
	}
	(void)xq_print(&a->x); /* as above */
	xq_stop(&a->x);
}

int xq_progress(int argc, char **argv)
{
	struct asker a = {.x = XQ_DEFAULTS("progress")};
	const struct opt opts[] = {XQ_OPT_QUEUE(&a.x), XQ_OPTS(&a.x), {.kind = OPT_GROUP}};
	const struct opt_tool tool = {.name = "sp-xq progress",
	    .summary = "Tell where jobs are, and what those that run say of their progress.",
	    .usage = "sp-xq progress [options] ID ...",
	    .examples = "sp-xq progress m1732100000123-0 | jq .progress",
	    .opts = opts};

	if (!parse(&a, &tool, argc, argv))
		return a.x.status;
	if (xq_open(&a.x, true, NULL, &a) < 0)
		return xq_close(&a.x);
	ask(&a, "look", on_progress);
	return xq_run(&a.x);
}

/* --- cancel */

static bool reply_is(const struct reply *e, const char *s)
{
	return e->type == REPLY_STRING && e->len == strlen(s) && memcmp(e->str, s, e->len) == 0;
}

static void on_cancelled(void *arg, const struct reply *reply)
{
	struct asker *a = arg;
	char state[32];

	for (int i = 0; i < a->rest.noperands && (size_t)i < reply->n; i++) {
		const struct reply *e = &reply->elem[i];
		bool running = reply_is(e, "running");

		why_quote(state, sizeof state, e->str, e->type == REPLY_STRING ? e->len : 0);
		(void)buf_adds(&a->x.out, "{\"id\":\""); /* no cap, here and below */
		(void)json_escape(&a->x.out, a->rest.operands[i], strlen(a->rest.operands[i]));
		(void)buf_addf(&a->x.out, "\",\"state\":\"%s\"}\n", running ? "cancelling" : state);
		if (!running && !reply_is(e, "cancelled"))
			a->x.status = WHY_ENDED;
	}
	(void)xq_print(&a->x); /* as above */
	xq_stop(&a->x);
}

int xq_cancel(int argc, char **argv)
{
	struct asker a = {.x = XQ_DEFAULTS("cancel")};
	const struct opt opts[] = {XQ_OPT_QUEUE(&a.x), XQ_OPTS(&a.x), {.kind = OPT_GROUP}};
	const struct opt_tool tool = {.name = "sp-xq cancel",
	    .summary = "Remove jobs that wait, and have those that run killed by their workers.",
	    .usage = "sp-xq cancel [options] ID ...",
	    .examples = "sp-xq cancel m1732100000123-0",
	    .opts = opts};

	if (!parse(&a, &tool, argc, argv))
		return a.x.status;
	if (xq_open(&a.x, true, NULL, &a) < 0)
		return xq_close(&a.x);
	ask(&a, "cancel", on_cancelled);
	return xq_run(&a.x);
}

/* --- wait: subscribe, then look, then look again whenever one of ours is named. What ends before
 * the subscription is confirmed is seen by the look, what ends after it is told. */

static void on_waited(void *arg, const struct reply *reply)
{
	struct asker *a = arg;
	struct xq_look look;

	for (int i = 0; i < a->rest.noperands && look_at(a, reply, i, &look); i++) {
		if (a->over[i] || !xq_look_is_over(&look))
			continue;
		a->over[i] = true;
		a->left--;
		xq_look_write(&a->x.out, a->rest.operands[i], &look);
		if (look.state != XQ_DONE)
			a->x.status = WHY_ENDED;
	}
	if (!xq_print(&a->x) || a->left == 0)
		xq_stop(&a->x);
}

/* Whether the ids in s, separated by spaces, have one of ours that is not over. */
static bool names_ours(const struct asker *a, const char *s, size_t len)
{
	const char *end = s + len;

	while (s < end) {
		const char *stop = memchr(s, ' ', (size_t)(end - s));
		size_t n = (size_t)((stop != NULL ? stop : end) - s);

		for (int i = 0; i < a->rest.noperands; i++)
			if (!a->over[i] && strlen(a->rest.operands[i]) == n &&
			    memcmp(a->rest.operands[i], s, n) == 0)
				return true;
		s += n + 1;
	}
	return false;
}

static void on_ended_up(void *arg)
{
	struct asker *a = arg;

	redis_subscribing(a->ended.redis);
	redis_command(a->ended.redis, 2, (const char *const[]){"SUBSCRIBE", a->channel}, NULL);
}

static void on_ended(void *arg, struct reply *reply)
{
	struct asker *a = arg;

	if (reply->type == REPLY_ERROR)
		link_refused(&a->ended, a->channel, reply);
	else if (!redis_is_push(reply) ||
	    (reply->elem[2].type == REPLY_STRING &&
		names_ours(a, reply->elem[2].str, reply->elem[2].len)))
		ask(a, "look", on_waited);
}

static void on_ended_dead(void *arg, const struct why *w)
{
	struct asker *a = arg;

	if (a->x.why.status == 0)
		a->x.why = *w;
	xq_stop(&a->x);
}

static const struct link_ops ended_ops = {
    .on_up = on_ended_up, .on_reply = on_ended, .on_dead = on_ended_dead};

static void on_deadline(void *arg)
{
	struct asker *a = arg;

	(void)why_set(&a->x.why, WHY_TIMEOUT, "%d of %d jobs are not over after %.3g s", a->left,
	    a->rest.noperands, (double)a->timeout_ms / 1000); /* fills it */
	xq_stop(&a->x);
}

static int wait_for(struct asker *a)
{
	static const char suffix[] = ":ended";
	const char *tag = queue_tag(a->x.q);
	size_t len = strlen(tag);

	a->left = a->rest.noperands;
	a->over = xcalloc((size_t)a->left, sizeof *a->over);
	a->channel = xmalloc(len + sizeof suffix);
	memcpy(a->channel, tag, len);
	memcpy(a->channel + len, suffix, sizeof suffix);
	a->deadline = (struct timer){.on_due = on_deadline, .arg = a};
	if (a->timeout_ms > 0)
		loop_timer(a->x.loop, &a->deadline, clock_ms() + a->timeout_ms);
	link_open(&a->ended, a->x.loop, &a->x.link, &ended_ops, a);
	(void)loop_run(a->x.loop, &a->x.why); /* x.why tells */
	link_close(&a->ended);
	free(a->channel);
	free(a->over);
	return xq_close(&a->x);
}

int xq_wait(int argc, char **argv)
{
	struct asker a = {.x = XQ_DEFAULTS("wait")};
	const struct opt opts[] = {
	    XQ_OPT_QUEUE(&a.x),
	    {'w', "timeout", "D", OPT_DURATION, &a.timeout_ms, "end with 75 after D", NULL, 1, 0},
	    XQ_OPTS(&a.x),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-xq wait",
	    .summary = "Wait until jobs have come to their ends; print each with its result.",
	    .usage = "sp-xq wait [options] ID ...",
	    .examples = "sp-xq wait \"$(sp-xq add '{\"page\": 7}' | jq -r .id)\" | jq .result",
	    .opts = opts};

	if (!parse(&a, &tool, argc, argv))
		return a.x.status;
	if (xq_open(&a.x, false, NULL, &a) < 0)
		return xq_close(&a.x);
	return wait_for(&a);
}
