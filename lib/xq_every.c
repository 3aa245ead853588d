/* SPDX-License-Identifier: MIT */
/*
 * xq_every: adds a job at each tick of a schedule, whoever of its replicas is first.
 *
 * The time is the server's; we sleep a minute at most before we ask again. All replicas add each
 * tick with the same unique key, so the queue takes it once; nobody leads.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cron.h"
#include "json.h"
#include "number.h"
#include "resp.h"
#include "xq.h"

enum {
	ASK_MS = 60000,           /* clocks drift: how long ours is trusted */
	LEAST_MS = 100,           /* the shortest interval */
	UNIQUE_MS = 24 * 3600000, /* a replica may be late by that, at least */
	CATCH_UP_MAX = 10000,     /* ticks that are made up for */
	NAME_MAX_BYTES = 128,
};

enum catch_up { CATCH_SKIP, CATCH_ONE, CATCH_ALL };

struct ticker {
	struct xq x;
	const char *name;
	char own_name[40], run[MSG_RUN_LEN + 1];
	uint64_t batch;
	int64_t every_ms; /* 0: by cron */
	struct cron cron;
	int catch_up, priority;
	int64_t retries, ticks; /* ticks: leave after that many that were ours */
	struct buf job;
	int64_t next_ms;  /* the tick to come, on the server's clock */
	int64_t added_ms; /* the tick that is being added */
	bool began;
	int64_t ours;
	struct timer timer;
};

static void look(struct ticker *t, int64_t tick_ms);

/* --- Ticks */

/* The first one after ms; 0 when there is none any more. */
static int64_t tick_after(const struct ticker *t, int64_t ms)
{
	if (t->every_ms > 0)
		return (ms / t->every_ms + 1) * t->every_ms;
	int64_t s = cron_next(&t->cron, ms / 1000);

	return s < 0 ? 0 : s * 1000;
}

/* The last tick from this one on that is due; this one when none behind it is. */
static int64_t last_due(const struct ticker *t, int64_t tick, int64_t now)
{
	int64_t then = t->every_ms > 0 ? tick_after(t, now) - t->every_ms : tick;

	if (t->every_ms > 0)
		return then > tick ? then : tick;
	for (int missed = 0; then != 0 && then <= now && missed < CATCH_UP_MAX; missed++) {
		tick = then;
		then = tick_after(t, tick);
	}
	return tick;
}

/* The one to add next: last was the last tick of any replica. */
static int64_t next_tick(const struct ticker *t, int64_t now, int64_t last)
{
	switch ((enum catch_up)t->catch_up) {
	case CATCH_SKIP:
		return tick_after(t, now > last || !t->began ? now : last);
	case CATCH_ONE:
		return last_due(t, tick_after(t, last), now);
	case CATCH_ALL:
		break;
	}
	return tick_after(t, last);
}

static void on_added(void *arg, const struct queue_added *added, size_t n)
{
	struct ticker *t = arg;

	if (n == 1 && !added[0].duplicate) {
		(void)buf_addf(&t->x.out, "{\"id\":\"%.*s\",\"tick\":%" PRId64 "}\n",
		    (int)added[0].id.len, added[0].id.s, t->added_ms); /* no cap */
		t->ours++;
	}
	if (!xq_print(&t->x))
		return;
	if (t->ticks > 0 && t->ours >= t->ticks) {
		xq_stop(&t->x);
		return;
	}
	look(t, t->added_ms);
}

static void add(struct ticker *t)
{
	char key[NAME_MAX_BYTES + 40];
	int64_t interval = tick_after(t, t->next_ms) - t->next_ms;

	(void)snprintf(
	    key, sizeof key, "every:%s:%" PRId64, t->name, t->next_ms); /* names are short */
	t->added_ms = t->next_ms;
	queue_add(t->x.q, t->run, t->batch++,
	    &(struct queue_new){.payload = buf_head(&t->job),
		.len = t->job.len,
		.priority = (enum queue_priority)t->priority,
		.unique = key,
		.unique_ms = 2 * interval > UNIQUE_MS ? 2 * interval : UNIQUE_MS,
		.retries = (int)t->retries},
	    1, on_added, t);
	queue_flush(t->x.q);
}

/* NOW LAST */
static bool read_times(const struct reply *reply, int64_t *now, int64_t *last)
{
	const char *end = reply->str + reply->len, *at;
	uint64_t n;

	if (reply->type != REPLY_STRING ||
	    (at = number_scan(reply->str, end, INT64_MAX, &n)) == NULL || at == end || *at != ' ')
		return false;
	*now = (int64_t)n;
	if (!number_parse(at + 1, (size_t)(end - at) - 1, INT64_MAX, &n))
		return false;
	*last = (int64_t)n;
	return true;
}

static void on_look(void *arg, const struct reply *reply)
{
	struct ticker *t = arg;
	int64_t now, last;

	if (!read_times(reply, &now, &last)) {
		(void)why_set(&t->x.why, WHY_BUG, "queue %s: a strange answer", t->x.queue);
		xq_stop(&t->x);
		return;
	}
	/* Behind a tick of somebody else's there is only the next one. */
	if (!t->began || last >= t->next_ms)
		t->next_ms = next_tick(t, now, last);
	else if (t->catch_up == CATCH_ONE)
		t->next_ms = last_due(t, t->next_ms, now); /* we slept, or Redis was away */
	t->began = true;
	if (t->next_ms == 0) {
		(void)why_set(&t->x.why, WHY_ENDED, "%s: no tick is left to come", t->name);
		xq_stop(&t->x);
	} else if (now >= t->next_ms) {
		add(t);
	} else {
		int64_t wait = t->next_ms - now;

		loop_timer(t->x.loop, &t->timer, clock_ms() + (wait < ASK_MS ? wait : ASK_MS));
	}
}

static void look(struct ticker *t, int64_t tick_ms)
{
	char tick[24];

	(void)snprintf(tick, sizeof tick, "%" PRId64, tick_ms); /* fits */
	queue_call(t->x.q, "every", 2, (const char *const[]){t->name, tick}, NULL, on_look, t);
	queue_flush(t->x.q);
}

static void on_due(void *arg)
{
	look(arg, 0);
}

/* --- Settings */

/* A schedule without a name is known by what it says: FNV-1a of schedule and job. */
static void name_it(struct ticker *t, const char *schedule)
{
	uint64_t h = 14695981039346656037u;
	const char *parts[] = {schedule, buf_head(&t->job)};
	size_t lens[] = {strlen(schedule) + 1, t->job.len};

	for (int i = 0; i < 2; i++)
		for (size_t k = 0; k < lens[i]; k++)
			h = (h ^ (unsigned char)parts[i][k]) * 1099511628211u;
	(void)snprintf(t->own_name, sizeof t->own_name, "%016" PRIx64, h); /* fits */
	t->name = t->own_name;
}

static int settle(struct ticker *t, const struct opt_rest *rest)
{
	struct why *w = &t->x.why;

	if (rest->noperands != 2)
		return why_set(
		    w, WHY_USAGE, "want a schedule and a job: sp-xq every 5m '{\"do\":\"sweep\"}'");
	const char *schedule = rest->operands[0], *job = rest->operands[1];
	if (opt_duration(schedule, &t->every_ms) == 0) {
		if (t->every_ms < LEAST_MS)
			return why_set(
			    w, WHY_USAGE, "every %s: not more often than every 100ms", schedule);
	} else {
		t->every_ms = 0;
		if (cron_parse(&t->cron, schedule, w) < 0)
			return -1;
	}
	if (strlen(job) > QUEUE_PAYLOAD_MAX || !json_is_valid(job, strlen(job)) ||
	    strpbrk(job, "\r\n") != NULL)
		return why_set(w, WHY_DATA, "the job is not JSON on one line");
	(void)buf_adds(&t->job, job); /* no cap */
	if (t->name == NULL)
		name_it(t, schedule);
	else if (strlen(t->name) > NAME_MAX_BYTES || queue_name_check("name", t->name, w) < 0)
		return w->status != 0 ? -1 : why_set(w, WHY_USAGE, "--name is too long");
	return 0;
}

static bool parse(struct ticker *t, int argc, char **argv, struct opt_rest *rest)
{
	const struct opt opts[] = {
	    XQ_OPT_QUEUE(&t->x),
	    {'P', "priority", "P", OPT_CHOICE, &t->priority, "of the jobs", "high|medium|low", 0,
		0},
	    {0, "name", "NAME", OPT_STRING, &t->name,
		"the schedule's name: replicas have the same (made of schedule and job)", NULL, 0,
		0},
	    {0, "catch-up", "HOW", OPT_CHOICE, &t->catch_up,
		"ticks that were missed while nobody ran: none, the last, or all of them",
		"skip|one|all", 0, 0},
	    {0, "retries", "N", OPT_NUMBER, &t->retries,
		"attempts behind the first (the worker's choice)", NULL, 0, 1000000},
	    {'n', "count", "N", OPT_NUMBER, &t->ticks, "leave after having added N jobs", NULL, 1,
		0},
	    XQ_OPTS(&t->x),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-xq every",
	    .summary = "Add a job at each tick; any number of replicas add each tick once.",
	    .usage = "sp-xq every [options] D|CRON JSON",
	    .examples = "sp-xq every 5m '{\"do\":\"sweep\"}'\n"
			"TZ=Europe/Berlin sp-xq every '30 2 * * mon-fri' '{\"do\":\"report\"}'\n"
			"sp-xq every @hourly --catch-up one --name rollup '{\"do\":\"rollup\"}'",
	    .opts = opts};

	return xq_parse(&t->x, &tool, argc, argv, rest);
}

int xq_every(int argc, char **argv)
{
	struct ticker t = {.x = XQ_DEFAULTS("every"), .priority = QUEUE_MEDIUM, .retries = -1};
	struct opt_rest rest;
	int status;

	t.timer = (struct timer){.on_due = on_due, .arg = &t};
	buf_init(&t.job, SIZE_MAX / 2);
	if (!parse(&t, argc, argv, &rest))
		return t.x.status;
	tzset();
	msg_new_run(t.run);
	if (settle(&t, &rest) < 0 || xq_open(&t.x, false, NULL, &t) < 0) {
		status = xq_close(&t.x);
	} else {
		look(&t, 0);
		status = xq_run(&t.x);
	}
	buf_fini(&t.job);
	return status;
}
