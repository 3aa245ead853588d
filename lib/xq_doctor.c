/* SPDX-License-Identifier: MIT */
/* xq_doctor: what is wrong with a queue, or with its Redis as a keeper of queues; what to do. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "resp.h"
#include "xq.h"

enum {
	SKEW_MS = 2000,   /* of our clock; only --at minds */
	NODES_MANY = 200, /* radix tree nodes, of a hundred entries each when full */
	DEAD_MANY = 100000,
};

struct doctor {
	struct xq x;
	bool fix;
	int found;
};

static void find(struct doctor *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void find(struct doctor *d, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap); /* a cut sentence still tells */
	va_end(ap);
	(void)buf_addf(&d->x.out, "%s\n", text); /* no cap */
	d->found++;
}

/* The value of `name:` in INFO. */
static void info(const struct reply *r, const char *name, char value[64])
{
	size_t n = strlen(name);
	const char *at = r->type == REPLY_STRING ? r->str : "", *end = at + r->len;

	value[0] = '\0';
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((stop != NULL ? stop : end) - at);

		if (len > n && memcmp(at, name, n) == 0 && at[n] == ':') {
			size_t size = len - n - 1;

			(void)why_quote(value, 64, at + n + 1, size);
			value[strcspn(value, "?")] = '\0'; /* the CR */
			return;
		}
		at += len + 1;
	}
}

static void look_at_server(struct doctor *d, const struct reply *r)
{
	char policy[64], aof[64], status[64], memory[64], role[64];

	info(&r[1], "maxmemory_policy", policy);
	info(&r[1], "maxmemory", memory);
	info(&r[2], "aof_enabled", aof);
	info(&r[2], "aof_last_write_status", status);
	info(&r[3], "role", role);
	if (policy[0] != '\0' && strcmp(policy, "noeviction") != 0)
		find(d,
		    "eviction: maxmemory-policy is %s%s: jobs can be thrown away; CONFIG SET "
		    "maxmemory-policy noeviction",
		    policy, strcmp(memory, "0") == 0 ? " (without a limit now)" : "");
	if (strcmp(aof, "0") == 0)
		find(d,
		    "durability: AOF is off: what came since the last snapshot dies with the "
		    "server; CONFIG SET appendonly yes (everysec loses up to 1 s on power loss)");
	if (strcmp(status, "err") == 0)
		find(d, "durability: the last write to the AOF failed: look at the server's disk");
	if (strcmp(role, "slave") == 0)
		find(d, "server: this is a replica: name the master, or use redis+sentinel://");
}

static void look_at_clock(struct doctor *d, const struct reply *now)
{
	uint64_t now_ms;

	if (!resp_number(now, &now_ms))
		return;
	int64_t skew = clock_wall_us() / 1000 - (int64_t)now_ms;
	if (skew > SKEW_MS || skew < -SKEW_MS)
		find(d,
		    "clock: ours is %.1f s %s the server's: only the server's counts for jobs, but "
		    "--at was meant by ours; run NTP on both",
		    (double)(skew < 0 ? -skew : skew) / 1000, skew < 0 ? "behind" : "ahead of");
}

static void look_at_streams(struct doctor *d, const struct reply *streams)
{
	static const char *const names[] = {"high", "medium", "low"};
	const char *fixed = d->fix ? "repaired" : "sp-xq doctor --fix";

	for (size_t i = 0; i < streams->n && i < 3; i++) {
		const struct reply *s = &streams->elem[i];

		if (s->n < 4)
			continue;
		if (s->elem[0].integer > 0)
			find(d, "consumers: %lld of %s are nobody's any more; %s",
			    s->elem[0].integer, names[i], fixed);
		if (s->elem[1].integer > 0)
			find(d,
			    "orphans: %lld jobs of %s are delivered without a lease (taken by "
			    "another program?); %s",
			    s->elem[1].integer, names[i], fixed);
		if (s->elem[2].integer > NODES_MANY && s->elem[3].integer < s->elem[2].integer * 10)
			find(d,
			    "tombstones: %s holds %lld jobs in %lld nodes: old ones that are never "
			    "finished keep the memory of their neighbours; see sp-xq pending",
			    names[i], s->elem[3].integer, s->elem[2].integer);
	}
}

static void on_examined(void *arg, const struct reply *reply)
{
	struct doctor *d = arg;
	const struct reply *r = reply->elem;

	if (reply->type != REPLY_ARRAY || reply->n < 9) {
		(void)why_set(&d->x.why, WHY_BUG, "queue %s: doctor was answered strangely",
		    d->x.queue); /* fills it */
		xq_stop(&d->x);
		return;
	}
	look_at_server(d, r);
	look_at_clock(d, &r[0]);
	look_at_streams(d, &r[4]);
	if (r[5].integer > 0)
		find(d, "leases: %lld are of no job; %s", r[5].integer,
		    d->fix ? "removed" : "sp-xq doctor --fix");
	if (r[6].integer > 0)
		find(d,
		    "leases: %lld expired more than a minute ago and nobody took their jobs: no "
		    "worker is alive%s",
		    r[6].integer, r[8].integer ? ", or all wait for sp-xq resume" : "");
	if (r[7].integer > DEAD_MANY)
		find(d, "dead: %lld jobs use memory; sp-xq dead drop", r[7].integer);
	if (r[8].integer)
		find(d, "paused: nobody takes jobs; sp-xq resume");
	if (d->found == 0)
		(void)buf_addf(&d->x.out, "queue %s: nothing is wrong\n", d->x.queue); /* no cap */
	else
		d->x.status = WHY_ENDED;
	(void)xq_print(&d->x); /* it ends the loop, as we do */
	xq_stop(&d->x);
}

int xq_doctor(int argc, char **argv)
{
	struct doctor d = {.x = XQ_DEFAULTS("doctor")};
	struct opt_rest rest;
	const struct opt opts[] = {
	    XQ_OPT_QUEUE(&d.x),
	    {0, "fix", NULL, OPT_FLAG, &d.fix, "repair what can be repaired in the queue", NULL, 0,
		0},
	    XQ_OPTS(&d.x),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-xq doctor",
	    .summary =
		"Say what is wrong with a queue and its Redis, and what to do; 1 if anything.",
	    .usage = "sp-xq doctor [options]",
	    .examples = "sp-xq doctor -q render",
	    .opts = opts};

	if (!xq_parse(&d.x, &tool, argc, argv, &rest))
		return d.x.status;
	if (rest.noperands > 0)
		(void)why_set(&d.x.why, WHY_USAGE, "doctor has no operands"); /* fills it */
	if (d.x.why.status != 0 || xq_open(&d.x, true, NULL, &d) < 0)
		return xq_close(&d.x);
	queue_call(
	    d.x.q, "doctor", 1, (const char *const[]){d.fix ? "1" : "0"}, NULL, on_examined, &d);
	return xq_run(&d.x);
}
