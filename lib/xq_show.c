/* SPDX-License-Identifier: MIT */
/* xq_show: stats, pending and workers: what a person, or a monitor, wants to see. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "number.h"
#include "xq.h"
#include "xq_stats.h"

struct shower {
	struct xq x;
	int64_t watch_ms, at;
	bool json;
	struct timer again;
};

static bool parse(struct shower *s, const struct opt_tool *tool, int argc, char **argv)
{
	struct opt_rest rest;

	if (!xq_parse(&s->x, tool, argc, argv, &rest))
		return false;
	if (rest.noperands == 0)
		return true;
	(void)why_set(&s->x.why, WHY_USAGE, "%s has no operands", tool->name); /* fills it */
	s->x.status = xq_close(&s->x);
	return false;
}

/* --- stats */

static void ask_stats(void *arg);

static void on_stats(void *arg, const struct reply *reply)
{
	struct shower *s = arg;
	struct xq_stats stats;

	if (!xq_stats_read(&stats, reply)) {
		(void)why_set(&s->x.why, WHY_BUG, "queue %s: stats were answered strangely",
		    s->x.queue); /* fills it */
		xq_stop(&s->x);
		return;
	}
	if (s->watch_ms > 0 && !s->json && isatty(STDOUT_FILENO))
		(void)buf_adds(&s->x.out, "\033[H\033[2J"); /* no cap */
	if (s->json)
		xq_stats_json(&s->x.out, s->x.queue, &stats);
	else
		xq_stats_table(&s->x.out, s->x.queue, &stats);
	if (!xq_print(&s->x) || s->watch_ms == 0)
		xq_stop(&s->x);
	else
		loop_timer(s->x.loop, &s->again, clock_ms() + s->watch_ms);
}

static void ask_stats(void *arg)
{
	struct shower *s = arg;

	queue_call(s->x.q, "stats", 0, NULL, NULL, on_stats, s);
	queue_flush(s->x.q);
}

int xq_stats(int argc, char **argv)
{
	struct shower s = {.x = XQ_DEFAULTS("stats")};
	const struct opt opts[] = {
	    XQ_OPT_QUEUE(&s.x),
	    {0, "watch", "D", OPT_DURATION, &s.watch_ms, "again every D", NULL, 50, 0},
	    {0, "json", NULL, OPT_FLAG, &s.json, "as a line of JSON", NULL, 0, 0},
	    XQ_OPTS(&s.x),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-xq stats",
	    .summary = "Tell how much waits and runs, how fast, and for how long.",
	    .usage = "sp-xq stats [options]",
	    .examples = "sp-xq stats --watch 2s\nsp-xq stats --json | jq .depth",
	    .opts = opts};

	if (!parse(&s, &tool, argc, argv))
		return s.x.status;
	s.again = (struct timer){.on_due = ask_stats, .arg = &s};
	if (xq_open(&s.x, s.watch_ms == 0, NULL, &s) < 0)
		return xq_close(&s.x);
	ask_stats(&s);
	return xq_run(&s.x);
}

/* --- pending */

/* A word of the record "TOKEN ATTEMPT CRASHES TAKEN CONSUMER ID". */
static struct json_slice word_at(const struct reply *record, int n)
{
	const char *at = record->str, *end = at + record->len;

	for (; n > 0 && at < end; n--) {
		const char *space = memchr(at, ' ', (size_t)(end - at));

		at = space != NULL ? space + 1 : end;
	}
	const char *stop = memchr(at, ' ', (size_t)(end - at));
	return (struct json_slice){at, (size_t)((stop != NULL ? stop : end) - at)};
}

static void add_slice(struct buf *out, struct json_slice s)
{
	(void)json_escape(out, s.s, s.len); /* no cap, here and below */
}

/* The server's time, which leads an answer. */
static int64_t time_of(const struct reply *reply)
{
	uint64_t ms = 0;

	if (reply->type == REPLY_ARRAY && reply->n > 0)
		(void)resp_number(&reply->elem[0], &ms); /* 0 when it is none */
	return (int64_t)ms;
}

static void add_pending(struct buf *out, const struct reply *e, int64_t now_ms)
{
	const struct reply *ref = &e[0], *lease = &e[1], *record = &e[2];
	struct json_slice id = word_at(record, 5), token = word_at(record, 0);
	bool released = token.len > 0 && token.s[0] == '-';
	uint64_t until_ms = 0;

	(void)resp_number(lease, &until_ms); /* what has none has ended */
	if (id.len == 1 && id.s[0] == '=')
		id = (struct json_slice){ref->str, ref->len};
	(void)buf_adds(out, "{\"id\":\"");
	add_slice(out, id);
	(void)buf_adds(out, "\",\"worker\":\"");
	add_slice(out, word_at(record, 4));
	(void)buf_adds(out, "\",\"attempt\":");
	add_slice(out, word_at(record, 1));
	(void)buf_adds(out, ",\"crashes\":");
	add_slice(out, word_at(record, 2));
	(void)buf_addf(out, ",\"released\":%s,\"lease_s\":%.3f,\"receipt\":\"",
	    released ? "true" : "false",
	    released ? 0.0 : (double)((int64_t)until_ms - now_ms) / 1000);
	add_slice(out, (struct json_slice){ref->str, ref->len});
	(void)buf_addc(out, '/');
	add_slice(out, released ? (struct json_slice){token.s + 1, token.len - 1} : token);
	(void)buf_adds(out, "\"}\n");
}

static void ask_pending(struct shower *s);

static void on_pending(void *arg, const struct reply *reply)
{
	struct shower *s = arg;
	uint64_t now = 0, next = 0;
	const char *at = NULL;

	if (reply->type == REPLY_ARRAY && reply->n > 0) {
		const char *head = reply->elem[0].str, *end = head + reply->elem[0].len;

		at = number_scan(head, end, INT64_MAX, &now);
		at = at != NULL && at < end ? number_scan(at + 1, end, INT64_MAX, &next) : NULL;
	}
	for (size_t i = 1; at != NULL && i + 2 < reply->n; i += 3)
		if (reply->elem[i + 2].len > 0)
			add_pending(&s->x.out, &reply->elem[i], (int64_t)now);
	if (!xq_print(&s->x) || at == NULL || reply->n < 1 + 3) {
		xq_stop(&s->x);
		return;
	}
	s->at = (int64_t)next;
	ask_pending(s);
}

static void ask_pending(struct shower *s)
{
	char start[24];

	(void)snprintf(start, sizeof start, "%lld", (long long)s->at); /* fits */
	/* Some 500 in one call. */
	queue_call(
	    s->x.q, "list", 3, (const char *const[]){"pending", start, "500"}, NULL, on_pending, s);
	queue_flush(s->x.q);
}

int xq_pending(int argc, char **argv)
{
	struct shower s = {.x = XQ_DEFAULTS("pending")};
	const struct opt opts[] = {XQ_OPT_QUEUE(&s.x), XQ_OPTS(&s.x), {.kind = OPT_GROUP}};
	const struct opt_tool tool = {.name = "sp-xq pending",
	    .summary = "List the jobs that are taken, by the ends of their leases, as NDJSON.",
	    .usage = "sp-xq pending [options]",
	    .examples = "sp-xq pending | jq 'select(.lease_s < 0)'",
	    .opts = opts};

	if (!parse(&s, &tool, argc, argv))
		return s.x.status;
	if (xq_open(&s.x, true, NULL, &s) < 0)
		return xq_close(&s.x);
	ask_pending(&s);
	return xq_run(&s.x);
}

/* --- workers */

/* {"worker":NAME,"seen_s":N,"about":{…}} */
static void add_worker(
    struct buf *out, const struct reply *name, const struct reply *text, int64_t now_ms)
{
	struct json_slice at = word_at(text, 0);
	uint64_t seen_ms;

	if (!number_parse(at.s, at.len, INT64_MAX, &seen_ms) || at.len + 1 >= text->len)
		return;
	const char *json = text->str + at.len + 1;
	size_t len = text->len - at.len - 1;
	(void)buf_adds(out, "{\"worker\":\"");
	(void)json_escape(out, name->str, name->len);
	(void)buf_addf(
	    out, "\",\"seen_s\":%.3f,\"about\":", (double)(now_ms - (int64_t)seen_ms) / 1000);
	if (json_is_valid(json, len))
		(void)buf_add(out, json, len);
	else
		(void)buf_adds(out, "null");
	(void)buf_adds(out, "}\n");
}

static void on_workers(void *arg, const struct reply *reply)
{
	struct shower *s = arg;
	int64_t now_ms = time_of(reply);

	for (size_t i = 1; i + 1 < reply->n; i += 2)
		add_worker(&s->x.out, &reply->elem[i], &reply->elem[i + 1], now_ms);
	(void)xq_print(&s->x); /* it ends the loop, as we do */
	xq_stop(&s->x);
}

int xq_workers(int argc, char **argv)
{
	struct shower s = {.x = XQ_DEFAULTS("workers")};
	const struct opt opts[] = {XQ_OPT_QUEUE(&s.x), XQ_OPTS(&s.x), {.kind = OPT_GROUP}};
	const struct opt_tool tool = {.name = "sp-xq workers",
	    .summary = "List the workers, and what they say of themselves, as NDJSON.",
	    .usage = "sp-xq workers [options]",
	    .examples = "sp-xq workers | jq -r .worker",
	    .opts = opts};

	if (!parse(&s, &tool, argc, argv))
		return s.x.status;
	if (xq_open(&s.x, true, NULL, &s) < 0)
		return xq_close(&s.x);
	queue_call(s.x.q, "list", 1, (const char *const[]){"workers"}, NULL, on_workers, &s);
	return xq_run(&s.x);
}
