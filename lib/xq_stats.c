/* SPDX-License-Identifier: MIT */
/* xq_stats: the numbers of a queue, read and shown. */
#include "xq_stats.h"

#include <string.h>

#include "json.h"
#include "number.h"

static const char *const names[] = {"high", "medium", "low"};

/* --- Reading */

static int64_t number(const struct reply *r)
{
	uint64_t n = 0;

	(void)resp_number(r, &n); /* 0 when it is none */
	return (int64_t)n;
}

static bool field_is(const struct reply *r, const char *name)
{
	return r->type == REPLY_STRING && r->len == strlen(name) &&
	    memcmp(r->str, name, r->len) == 0;
}

static bool is_array(const struct reply *r, size_t n)
{
	return r->type == REPLY_ARRAY && r->n >= n;
}

static void read_totals(struct xq_stats *s, const struct reply *hash)
{
	const struct {
		const char *name;
		int64_t *to;
	} totals[] = {{"added", &s->added_total}, {"done", &s->done_total},
	    {"retried", &s->retried_total}, {"expired", &s->expired_total},
	    {"died", &s->died_total}, {"cancelled", &s->cancelled_total}};

	for (size_t i = 0; i + 1 < hash->n; i += 2)
		for (size_t t = 0; t < sizeof totals / sizeof *totals; t++)
			if (field_is(&hash->elem[i], totals[t].name))
				*totals[t].to = number(&hash->elem[i + 1]);
}

/* w.12 or r.12 */
static void read_bucket(struct xq_stats *s, const struct reply *field, int64_t n)
{
	uint64_t b;

	if (field->type != REPLY_STRING || field->len < 3 || field->str[1] != '.' ||
	    !number_parse(field->str + 2, field->len - 2, XQ_BUCKETS - 1, &b))
		return;
	if (field->str[0] == 'w')
		s->waiting[b] += n;
	if (field->str[0] == 'r') {
		s->running[b] += n;
		s->done += n;
	}
}

static void read_minute(struct xq_stats *s, const struct reply *minute)
{
	if (!is_array(minute, 2) || minute->elem[1].type != REPLY_ARRAY)
		return;
	const struct reply *hash = &minute->elem[1];
	for (size_t i = 0; i + 1 < hash->n; i += 2) {
		int64_t n = number(&hash->elem[i + 1]);

		if (field_is(&hash->elem[i], "a"))
			s->added += n;
		else
			read_bucket(s, &hash->elem[i], n);
	}
}

bool xq_stats_read(struct xq_stats *s, const struct reply *r)
{
	*s = (struct xq_stats){0};
	if (!is_array(r, 6) || !is_array(&r->elem[2], 3) || !is_array(&r->elem[3], 7) ||
	    r->elem[4].type != REPLY_ARRAY || r->elem[5].type != REPLY_ARRAY)
		return false;
	s->now = number(&r->elem[0]);
	s->paused = number(&r->elem[1]) != 0;
	for (int i = 0; i < 3; i++) {
		const struct reply *p = &r->elem[2].elem[i];

		if (!is_array(p, 3))
			return false;
		s->priority[i].length = number(&p->elem[0]);
		s->priority[i].pending = number(&p->elem[1]);
		s->priority[i].oldest = number(&p->elem[2]);
	}
	int64_t *const counts[] = {
	    &s->delayed, &s->due, &s->leases, &s->released, &s->expired, &s->dead, &s->workers};
	for (int i = 0; i < 7; i++)
		*counts[i] = number(&r->elem[3].elem[i]);
	read_totals(s, &r->elem[4]);
	for (size_t i = 0; i < r->elem[5].n; i++)
		read_minute(s, &r->elem[5].elem[i]);
	/* Four whole minutes, and the beginning of the current one. */
	s->span = 240000 + s->now % 60000;
	return true;
}

/* Where bucket b of lib/lua/xq.lua ends: at 2^((b + 1) / 4) - 1 ms. */
static int64_t end_of(int b)
{
	static const double quarters[] = {1, 1.189207115, 1.414213562, 1.681792831};
	double end = quarters[(b + 1) % 4] * (double)(1ull << (b + 1) / 4) - 1;
	int64_t whole = (int64_t)end;

	return whole + (end > (double)whole);
}

int64_t xq_stats_percentile(const int64_t buckets[XQ_BUCKETS], int percent)
{
	int64_t all = 0, below = 0;

	for (int b = 0; b < XQ_BUCKETS; b++)
		all += buckets[b];
	if (all == 0)
		return -1;
	for (int b = 0; b < XQ_BUCKETS; b++) {
		below += buckets[b];
		if (below * 100 >= all * percent)
			return end_of(b);
	}
	return -1;
}

/* --- Showing. The owner's buffer has no cap. */

struct sums {
	int64_t waiting, running, depth, oldest;
};

/* What is delivered and not given back runs; an expired lease waits for the next take. */
static struct sums sum(const struct xq_stats *s)
{
	struct sums t = {.running = s->leases - s->released - s->expired};

	for (int i = 0; i < 3; i++) {
		t.depth += s->priority[i].length;
		int64_t oldest = s->priority[i].oldest;
		if (oldest > 0 && (t.oldest == 0 || oldest < t.oldest))
			t.oldest = oldest;
	}
	t.waiting = t.depth - t.running;
	return t;
}

static void add_span(struct buf *out, int64_t ms)
{
	if (ms < 0)
		(void)buf_adds(out, "-");
	else if (ms < 10000)
		(void)buf_addf(out, "%lld ms", (long long)ms);
	else if (ms < 600000)
		(void)buf_addf(out, "%lld s", (long long)(ms / 1000));
	else if (ms < 36000000)
		(void)buf_addf(out, "%lld min", (long long)(ms / 60000));
	else
		(void)buf_addf(out, "%lld h", (long long)(ms / 3600000));
}

static void add_percentiles(struct buf *out, const char *name, const int64_t *buckets)
{
	(void)buf_addf(out, "%s p50 ", name);
	add_span(out, xq_stats_percentile(buckets, 50));
	(void)buf_adds(out, ", p99 ");
	add_span(out, xq_stats_percentile(buckets, 99));
	(void)buf_addc(out, '\n');
}

static double rate(int64_t n, int64_t span_ms)
{
	return (double)n * 1000 / (double)span_ms;
}

void xq_stats_table(struct buf *out, const char *queue, const struct xq_stats *s)
{
	struct sums t = sum(s);

	(void)buf_addf(out,
	    "queue %s%s: %lld waiting, %lld running, %lld delayed, %lld dead, "
	    "%lld workers\n",
	    queue, s->paused ? " (paused)" : "", (long long)t.waiting, (long long)t.running,
	    (long long)s->delayed, (long long)s->dead, (long long)s->workers);
	(void)buf_adds(out, "            waiting    taken  oldest\n");
	for (int i = 0; i < 3; i++) {
		(void)buf_addf(out, "  %-6s %10lld %8lld  ", names[i],
		    (long long)(s->priority[i].length - s->priority[i].pending),
		    (long long)s->priority[i].pending);
		add_span(out, s->priority[i].oldest > 0 ? s->now - s->priority[i].oldest : -1);
		(void)buf_addc(out, '\n');
	}
	if (s->delayed > 0) {
		(void)buf_adds(out, "  next delayed job in ");
		add_span(out, s->due > s->now ? s->due - s->now : 0);
		(void)buf_addc(out, '\n');
	}
	(void)buf_addf(out, "  last 5 min: added %.1f/s, done %.1f/s\n", rate(s->added, s->span),
	    rate(s->done, s->span));
	add_percentiles(out, "  time waiting:", s->waiting);
	add_percentiles(out, "  time running:", s->running);
	(void)buf_addf(out,
	    "  in all: %lld added, %lld done, %lld retried, %lld expired, %lld died, %lld "
	    "cancelled\n",
	    (long long)s->added_total, (long long)s->done_total, (long long)s->retried_total,
	    (long long)s->expired_total, (long long)s->died_total, (long long)s->cancelled_total);
}

static void add_number(struct buf *out, const char *name, int64_t n)
{
	(void)buf_addf(out, ",\"%s\":%lld", name, (long long)n);
}

static void add_ms(struct buf *out, const char *name, const int64_t *buckets)
{
	(void)buf_addf(out, ",\"%s\":{", name);
	for (int i = 0; i < 2; i++) {
		int64_t ms = xq_stats_percentile(buckets, i == 0 ? 50 : 99);

		(void)buf_adds(out, i == 0 ? "\"p50\":" : ",\"p99\":");
		if (ms < 0)
			(void)buf_adds(out, "null");
		else
			(void)buf_addf(out, "%lld", (long long)ms);
	}
	(void)buf_addc(out, '}');
}

static void add_oldest(struct buf *out, const struct xq_stats *s, int64_t oldest)
{
	if (oldest > 0)
		(void)buf_addf(out, ",\"oldest_s\":%.3f", (double)(s->now - oldest) / 1000);
	else
		(void)buf_adds(out, ",\"oldest_s\":null");
}

void xq_stats_json(struct buf *out, const char *queue, const struct xq_stats *s)
{
	struct sums t = sum(s);

	(void)buf_adds(out, "{\"queue\":\"");
	(void)json_escape(out, queue, strlen(queue));
	(void)buf_addf(out, "\",\"time\":%.3f,\"paused\":%s", (double)s->now / 1000,
	    s->paused ? "true" : "false");
	add_number(out, "depth", t.depth);
	add_number(out, "waiting", t.waiting);
	add_number(out, "running", t.running);
	add_number(out, "delayed", s->delayed);
	add_number(out, "dead", s->dead);
	add_number(out, "workers", s->workers);
	add_oldest(out, s, t.oldest);
	(void)buf_adds(out, ",\"priorities\":{");
	for (int i = 0; i < 3; i++) {
		(void)buf_addf(out, "%s\"%s\":{\"lag\":%lld", i > 0 ? "," : "", names[i],
		    (long long)(s->priority[i].length - s->priority[i].pending));
		add_number(out, "pending", s->priority[i].pending);
		add_oldest(out, s, s->priority[i].oldest);
		(void)buf_addc(out, '}');
	}
	(void)buf_addf(out, "},\"per_second\":{\"added\":%.3f,\"done\":%.3f}",
	    rate(s->added, s->span), rate(s->done, s->span));
	add_ms(out, "waiting_ms", s->waiting);
	add_ms(out, "running_ms", s->running);
	add_number(out, "added", s->added_total);
	add_number(out, "done", s->done_total);
	add_number(out, "retried", s->retried_total);
	add_number(out, "expired", s->expired_total);
	add_number(out, "died", s->died_total);
	add_number(out, "cancelled", s->cancelled_total);
	(void)buf_adds(out, "}\n");
}
