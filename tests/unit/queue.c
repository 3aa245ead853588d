/* SPDX-License-Identifier: MIT */
/* queue's pure parts: names, receipts, what the scripts answer, a spool's records, percentiles. */
#include <stdlib.h>

#include "queue.h"
#include "receipt.h"
#include "t.h"
#include "xq.h"
#include "xq_batch.h"
#include "xq_look.h"
#include "xq_stats.h"

static void ids(void)
{
	static const char *const good[] = {
	    "a", "order:7", "h", "m1", "m1-", "m-1", "x1-2", "m1-2x"};
	static const char *const bad[] = {"", "=", "a b", "m1-2", "d1-0", "a\"b", "a\\b", "\x7f"};
	char longest[QUEUE_ID_MAX + 2];
	struct why w;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ok(queue_id_check(good[i], strlen(good[i]), &w) == 0, "id %s is legal", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(queue_id_check(bad[i], strlen(bad[i]), &w) < 0 && w.status == WHY_USAGE,
		    "id %zu is not", i);
	memset(longest, 'x', sizeof longest);
	ok(queue_id_check(longest, QUEUE_ID_MAX, &w) == 0, "the longest id");
	ok(queue_id_check(longest, QUEUE_ID_MAX + 1, &w) < 0, "one too long");
}

static bool parses(const char *s, struct receipt *r)
{
	return receipt_parse(r, s, strlen(s));
}

static void receipts(void)
{
	static const char *const bad[] = {"", "m", "m1-0", "m1-0/", "m1-0/0", "x1-0/1", "m-0/1",
	    "m1-/1", "m01-0/1", "m1-0/01", "m1-0/1 ", "m1-0//1", "m1-0/18446744073709551616",
	    "m18446744073709551616-0/1", "d1-0/1"};
	struct receipt r;

	ok(parses("m1732100000123-0/1732100000123456", &r) &&
		strcmp(r.ref, "m1732100000123-0") == 0 && r.token == 1732100000123456u,
	    "a receipt");
	ok(parses("h18446744073709551615-18446744073709551615/18446744073709551615", &r),
	    "the longest");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(!parses(bad[i], &r), "\"%s\" is none", bad[i]);
}

static bool reads(struct queue_job *j, const char *s)
{
	*j = (struct queue_job){.retries = 3};
	return queue_read_job(j, s, strlen(s));
}

static void jobs(void)
{
	struct queue_job j;

	ok(reads(&j, "h17-2") && j.priority == QUEUE_HIGH && j.attempt == 1 && j.crashes == 0 &&
		j.retries == 3 && j.born_ms == 17 && t_eq(j.id.s, j.id.len, "h17-2"),
	    "a plain job in its first attempt");
	ok(reads(&j, "l17-2 4 1 9 11 order:7") && j.priority == QUEUE_LOW && j.attempt == 4 &&
		j.crashes == 1 && j.retries == 9 && j.born_ms == 11 &&
		t_eq(j.id.s, j.id.len, "order:7"),
	    "one that says all");
	ok(!reads(&j, "") && !reads(&j, "x1-1") && !reads(&j, "h17") && !reads(&j, "h17-2 4") &&
		!reads(&j, "h17-2 4 1 9 11 a b") && !reads(&j, "h17-2 4294967296 1 9 11 a"),
	    "what is none");
}

static void looks(void)
{
	static const char running[] = "running m 2 1000 hand 31000 c 1500 {\"n\":40}";
	struct xq_look l;
	struct buf b;

	buf_init(&b, 4096);
	xq_look_read(&l, running, sizeof running - 1);
	xq_look_write(&b, "a", &l);
	ok(t_eq(buf_head(&b), b.len,
	       "{\"id\":\"a\",\"state\":\"running\",\"attempt\":2,\"since\":1.000,\"worker\":"
	       "\"hand\",\"cancelling\":true,\"progress\":{\"n\":40}}\n"),
	    "a job that runs");
	buf_clear(&b);
	xq_look_read(&l, "ended done 1500 [1]", 19);
	ok(l.state == XQ_DONE && xq_look_is_over(&l) && t_eq(l.json.s, l.json.len, "[1]"),
	    "one that is done");
	xq_look_read(&l, "ended done 1500 {bad", 20);
	ok(l.state == XQ_DONE && l.json.s == NULL, "a result that is no JSON is none");
	xq_look_read(&l, "ended done ", 11);
	ok(l.state == XQ_UNKNOWN, "a cut answer is unknown");
	xq_look_read(&l, "running m", 9);
	ok(l.state == XQ_UNKNOWN, "and another");
	buf_fini(&b);
}

static void batches(void)
{
	static const struct queue_new in[] = {
	    {.payload = "1", .len = 1, .priority = QUEUE_MEDIUM, .retries = -1},
	    {.payload = "\"\n\"",
		.len = 3,
		.priority = QUEUE_LOW,
		.delay_ms = 5,
		.at_ms = 7,
		.id = "i d",
		.unique = "k\ney",
		.unique_ms = 9,
		.retries = 2}};
	struct xq_batch *b = calloc(1, sizeof *b);
	struct buf out;

	buf_init(&b->text, 4096);
	buf_init(&out, 4096);
	xq_batch_write(&out, "1csyvfgeyyhrfzdy", 42, in, 2);
	ok(xq_batch_read(b, buf_head(&out), out.len) && b->number == 42 && b->n == 2 &&
		strcmp(b->run, "1csyvfgeyyhrfzdy") == 0,
	    "a record of two jobs");
	ok(b->jobs[0].id == NULL && b->jobs[0].unique == NULL && b->jobs[0].retries == -1 &&
		t_eq(b->jobs[0].payload, b->jobs[0].len, "1"),
	    "the first");
	ok(strcmp(b->jobs[1].id, "i d") == 0 && strcmp(b->jobs[1].unique, "k\ney") == 0 &&
		b->jobs[1].delay_ms == 5 && b->jobs[1].at_ms == 7 && b->jobs[1].unique_ms == 9 &&
		b->jobs[1].retries == 2 && b->jobs[1].priority == QUEUE_LOW &&
		t_eq(b->jobs[1].payload, b->jobs[1].len, "\"\n\""),
	    "the second");
	size_t good = 0;
	for (size_t cut = 0; cut < out.len; cut++)
		good += xq_batch_read(b, buf_head(&out), cut);
	ok(good == 1, "of all that is cut only the first job alone is a record");
	buf_fini(&b->text);
	buf_fini(&out);
	free(b);
}

static void times(void)
{
	int64_t ms;

	ok(xq_time("1732100000", &ms) == 0 && ms == 1732100000000, "seconds");
	ok(xq_time("1732100000.25", &ms) == 0 && ms == 1732100000250, "and a fraction");
	ok(xq_time("2026-11-20T18:00:00Z", &ms) == 0 && ms == 1795197600000, "UTC");
	ok(xq_time("2026-11-20T18:00Z", &ms) == 0 && ms == 1795197600000, "without seconds");
	ok(xq_time("2026-11-20T19:00:00+0100", &ms) == 0 && ms == 1795197600000, "an offset");
	ok(xq_time("tomorrow", &ms) < 0 && xq_time("", &ms) < 0 && xq_time("1.2.3", &ms) < 0 &&
		xq_time("0", &ms) < 0 && xq_time("2026-11-20T18:00:00Zx", &ms) < 0,
	    "what is none");
}

static void percentiles(void)
{
	int64_t buckets[XQ_BUCKETS] = {0};

	ok(xq_stats_percentile(buckets, 50) == -1, "nothing has no percentile");
	buckets[0] = 99;
	buckets[40] = 1;
	ok(xq_stats_percentile(buckets, 50) == 1, "below a millisecond");
	ok(xq_stats_percentile(buckets, 99) == 1, "the 99th of 100");
	ok(xq_stats_percentile(buckets, 100) == 1217, "the last one: 2^10.25 - 1");
}

int main(void)
{
	ids();
	receipts();
	jobs();
	looks();
	batches();
	times();
	percentiles();
	return t_done();
}
