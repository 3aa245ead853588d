/* SPDX-License-Identifier: MIT */
/* xq: the queue's engine without a process per call; prints seconds, jobs, and the server's own CPU
 * seconds.
 *
 *	xq SOCKET raw  JOBS PER-CALL < LINES       pipelined XADD of the lines, PER-CALL in flight
 *	xq SOCKET loop JOBS PER-CALL               take PER-CALL and finish them, until JOBS are
 *done xq SOCKET idle JOBS                        add one, take it: microseconds p50, p99, max */
#include <unistd.h>

#include "bench.h"
#include "queue.h"
#include "url.h"

struct state {
	struct loop *loop;
	struct queue *q;
	struct queue_take take;
	size_t jobs, done;
	redisContext *adder; /* idle */
	int64_t *us, since_ns;
};

static double server_cpu(redisContext *c)
{
	redisReply *r = bench_command(c, "INFO cpu");
	double user = 0, sys = 0;
	const char *at = strstr(r->str, "used_cpu_sys:"), *at2 = strstr(r->str, "used_cpu_user:");

	if (at != NULL && at2 != NULL) {
		sys = atof(at + strlen("used_cpu_sys:"));
		user = atof(at2 + strlen("used_cpu_user:"));
	}
	freeReplyObject(r);
	return user + sys;
}

/* --- Raw */

static void get_replies(redisContext *c, size_t n)
{
	redisReply *r;

	while (n-- > 0) {
		if (redisGetReply(c, (void **)&r) != REDIS_OK || r->type == REDIS_REPLY_ERROR)
			errx(69, "XADD failed");
		freeReplyObject(r);
	}
}

static size_t raw(redisContext *c, size_t jobs, size_t per_call)
{
	char *line = NULL;
	size_t size = 0, n = 0, flying = 0;
	ssize_t len;

	while (n < jobs && (len = getline(&line, &size, stdin)) > 0) {
		const char *argv[] = {"XADD", "bench:raw", "*", "j", line};
		const size_t lens[] = {4, 9, 1, 1, (size_t)len - 1};

		if (redisAppendCommandArgv(c, 5, (const char **)argv, lens) != REDIS_OK)
			errx(70, "out of memory");
		n++;
		/* Two batches on their way, so that neither side waits. */
		if (++flying == 2 * per_call) {
			get_replies(c, per_call);
			flying -= per_call;
		}
	}
	get_replies(c, flying);
	free(line);
	return n;
}

/* --- Loop */

static void on_taken(void *arg, const struct queue_taken *taken);

static void on_finished(void *arg, const enum queue_outcome *outcomes, size_t n)
{
	struct state *s = arg;

	for (size_t i = 0; i < n; i++)
		s->done += outcomes[i] == QUEUE_OK;
	if (s->done >= s->jobs)
		loop_stop(s->loop);
}

static void ask(struct state *s)
{
	queue_take(s->q, &s->take, on_taken, s);
	queue_flush(s->q);
}

static void on_taken(void *arg, const struct queue_taken *taken)
{
	static struct queue_finish f[QUEUE_BATCH_MAX];
	static char refs[QUEUE_BATCH_MAX][QUEUE_REF_MAX + 1];
	struct state *s = arg;

	for (size_t i = 0; i < taken->n; i++) {
		memcpy(refs[i], taken->jobs[i].ref.s, taken->jobs[i].ref.len);
		refs[i][taken->jobs[i].ref.len] = '\0';
		f[i] = (struct queue_finish){.receipt = {refs[i], taken->jobs[i].token}};
	}
	if (taken->n > 0 && s->us != NULL)
		s->us[s->done] = (clock_ns() - s->since_ns) / 1000;
	if (taken->n > 0)
		queue_finish(s->q, f, taken->n, QUEUE_KEEP_MS, on_finished, s);
	else if (s->us == NULL)
		errx(65, "the queue is empty after %zu jobs", s->done);
	if (s->us == NULL)
		ask(s);
}

static void on_wake(void *arg)
{
	ask(arg);
}

/* Adds one when the last is done and the worker is idle again. */
static void on_tick(void *arg)
{
	struct state *s = arg;

	s->since_ns = clock_ns();
	freeReplyObject(
	    bench_command(s->adder, "EVALSHA %s 1 {sp:q:bench} benchbenchbench0 %d 600000 m 1",
		getenv("XQ_ADD_SHA"), (int)s->done + 1));
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	(void)arg;
	(void)wait_ms;
	errx(69, "%s", w->text);
}

static void on_dead(void *arg, const struct why *w)
{
	on_down(arg, w, 0);
}

static void on_started(void *arg, const char *path)
{
	(void)arg;
	(void)path;
}

static void on_cancel(void *arg, struct json_slice ref, uint64_t token)
{
	(void)arg;
	(void)ref;
	(void)token;
}

static void run(struct state *s, const char *where)
{
	static const struct queue_ops ops = {.on_down = on_down,
	    .on_dead = on_dead,
	    .on_started = on_started,
	    .on_wake = on_wake,
	    .on_cancel = on_cancel};
	struct url url;
	struct why w;
	char text[200];

	(void)snprintf(text, sizeof text, "unix://%s", where); /* a socket's path is short */
	if (url_parse(&url, text, &w) < 0 || loop_open(&s->loop, &w) < 0)
		errx(w.status, "%s", w.text);
	const struct queue_conf conf = {
	    .link = {.url = &url, .times = REDIS_TIMES_DEFAULT, .give_up_ms = 1000},
	    .namespace = "sp",
	    .name = "bench",
	    .consumer = "bench"};
	if (queue_open(&s->q, s->loop, &conf, &ops, s, &w) < 0)
		errx(w.status, "%s", w.text);
	struct timer tick = {.on_due = on_tick, .arg = s};
	if (s->us != NULL) {
		queue_listen(s->q, true);
		while (s->done < s->jobs) {
			loop_timer(s->loop, &tick, clock_ms() + 3 + (int64_t)clock_random(4));
			size_t before = s->done;
			s->jobs = before + 1;
			(void)loop_run(s->loop, &w); /* until that one is done */
			s->jobs = before + 1 < (size_t)atoi(getenv("XQ_JOBS"))
			    ? (size_t)atoi(getenv("XQ_JOBS"))
			    : before + 1;
		}
	} else {
		ask(s);
		ask(s); /* one call on its way while the other is answered */
		(void)loop_run(s->loop, &w);
	}
	queue_close(s->q);
	loop_close(s->loop);
	url_fini(&url);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		errx(64, "usage: xq SOCKET raw|loop|idle JOBS [PER-CALL]");
	redisContext *c = bench_connect(argv[1]);
	size_t per_call = argc > 4 ? (size_t)atoi(argv[4]) : 1;
	struct state s = {.jobs = (size_t)atoi(argv[3]),
	    .take = {.n = per_call, .lease_ms = QUEUE_LEASE_MS, .retries = QUEUE_RETRIES},
	    .adder = c};
	double cpu = server_cpu(c);
	int64_t start = clock_ns();

	if (strcmp(argv[2], "raw") == 0) {
		s.done = raw(c, s.jobs, per_call);
	} else if (strcmp(argv[2], "loop") == 0) {
		run(&s, argv[1]);
	} else {
		size_t n = s.jobs;

		s.us = xcalloc(n + 1, sizeof *s.us);
		(void)setenv("XQ_JOBS", argv[3], 1); /* memory suffices */
		run(&s, argv[1]);
		printf("%lld %lld %lld\n", (long long)bench_percentile(s.us, n, 50),
		    (long long)bench_percentile(s.us, n, 99),
		    (long long)bench_percentile(s.us, n, 100));
		return 0;
	}
	printf("%.3f %zu %.3f\n", (double)(clock_ns() - start) / 1e9, s.done, server_cpu(c) - cpu);
	return 0;
}
