/* SPDX-License-Identifier: MIT */
/* xq_work: runs a command for each job. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "work.h"
#include "xq.h"

enum { GRACE_MS = 5000, SELF_TEST_MS = 30000, LINE_MS = 500 };

struct worker {
	struct xq x; /* of it only what has no queue: a worker may have several */
	struct work_conf conf;
	struct work *work;
	struct opt_list queues;
	const char *backoff, *args;
	int64_t slots, retries;
	char consumer[QUEUE_NAME_MAX + 1];
	int signo; /* that asked to stop; 0: none */
	bool line; /* a line of progress stands on the terminal */
	struct timer line_timer;
	uint64_t line_done;
	double rate; /* jobs a second, smoothed */
};

/* --- What a person sees */

static void clear_line(struct worker *k)
{
	if (k->line)
		(void)fputs("\r\033[K", stderr); /* a terminal */
	k->line = false;
}

static void on_line(void *arg)
{
	struct worker *k = arg;
	struct work_stats s;

	work_stats(k->work, &s);
	uint64_t done = s.done + s.failed + s.died;
	double now = (double)(done - k->line_done) * 1000 / LINE_MS;
	k->rate += (now - k->rate) / 4;
	k->line_done = done;
	(void)fprintf(stderr, "\r\033[K%llu done  %llu failed  %u running  %.*f/s",
	    (unsigned long long)s.done, (unsigned long long)(s.failed + s.died), s.running,
	    k->rate < 10 ? 1 : 0, k->rate); /* a terminal */
	(void)fflush(stderr);               /* the same */
	k->line = true;
	loop_timer(k->x.loop, &k->line_timer, clock_ms() + LINE_MS);
}

static void on_trouble(void *arg, const char *id, const char *what)
{
	struct worker *k = arg;

	clear_line(k);
	say(&k->x.cli.say, SAY_NOTE, "job %s: %s", id, what);
}

/* --- Events */

static void on_over(void *arg, const struct why *why)
{
	struct worker *k = arg;
	struct work_stats s;

	work_stats(k->work, &s);
	if (why != NULL)
		k->x.why = *why;
	k->x.status = s.died > 0 ? WHY_ENDED : 0;
	loop_stop(k->x.loop);
}

static void on_spool(void *arg, uint64_t jobs, const struct why *why)
{
	struct worker *k = arg;

	clear_line(k);
	if (jobs > 0)
		say(&k->x.cli.say, SAY_NOTE, "spool %s: added %llu jobs", k->conf.spool,
		    (unsigned long long)jobs);
	if (why != NULL)
		say(&k->x.cli.say, SAY_ERROR, "%s", why->text);
}

static void on_up(void *arg)
{
	struct worker *k = arg;

	clear_line(k);
	cli_up(&k->x.cli);
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct worker *k = arg;

	clear_line(k);
	cli_down(&k->x.cli, w, wait_ms);
}

static void on_dead(void *arg, const struct why *w)
{
	struct worker *k = arg;

	k->x.why = *w;
	loop_stop(k->x.loop);
}

static void on_started(void *arg, const char *path)
{
	struct worker *k = arg;

	cli_started(&k->x.cli, path);
}

static void on_signal(void *arg, int signo)
{
	struct worker *k = arg;

	if (signo == SIGCHLD) {
		work_on_child(k->work);
		return;
	}
	clear_line(k);
	k->signo = signo;
	say(&k->x.cli.say, SAY_NOTE, "%s: takes no more jobs; what runs has %.3g s to end",
	    signo == SIGINT ? "interrupted" : "asked to stop", (double)k->conf.grace_ms / 1000);
	work_stop(k->work);
}

/* --- Settings */

/* D..D, or one D for both. */
static int read_backoff(struct worker *k)
{
	char least[32];
	const char *dots = strstr(k->backoff, ".."), *most = dots != NULL ? dots + 2 : k->backoff;
	size_t n = dots != NULL ? (size_t)(dots - k->backoff) : strlen(k->backoff);

	if (n < sizeof least) {
		memcpy(least, k->backoff, n);
		least[n] = '\0';
		if (opt_duration(least, &k->conf.backoff_least_ms) == 0 &&
		    opt_duration(most, &k->conf.backoff_most_ms) == 0 &&
		    k->conf.backoff_least_ms <= k->conf.backoff_most_ms)
			return 0;
	}
	return why_set(&k->x.why, WHY_USAGE,
	    "--backoff %s: want two durations, the first and the longest wait: 1s..10m",
	    k->backoff);
}

/* Host, process and a few random letters: unique also after a restart in a container. */
static void name_consumer(struct worker *k)
{
	char host[64] = "", run[MSG_RUN_LEN + 1];

	(void)gethostname(host, sizeof host - 1); /* without a name the rest is enough */
	for (char *c = host; *c != '\0'; c++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_",
			*c) == NULL)
			*c = '-';
	msg_new_run(run);
	(void)snprintf(
	    k->consumer, sizeof k->consumer, "%s-%ld-%.6s", host, (long)getpid(), run); /* fits */
}

static int settle(struct worker *k, const struct opt_rest *rest)
{
	static const char *const plain[] = {"default"};
	struct work_conf *c = &k->conf;

	if (rest->noperands > 0 || rest->ncommand == 0)
		return why_set(&k->x.why, WHY_USAGE,
		    rest->noperands > 0 ? "the command stands behind --"
					: "no command: sp-xq work [options] -- COMMAND");
	if (k->backoff != NULL && read_backoff(k) < 0)
		return -1;
	if (c->pipe && k->args != NULL)
		return why_set(&k->x.why, WHY_USAGE,
		    "-a needs a command for each job, --pipe keeps one for many");
	c->queues = k->queues.count > 0 ? k->queues.items : plain;
	c->nqueues = k->queues.count > 0 ? k->queues.count : 1;
	for (int i = 0; i < c->nqueues; i++)
		if (queue_name_check("queue", c->queues[i], &k->x.why) < 0)
			return -1;
	if (k->args != NULL && filter_open(&c->args, k->args, &k->x.why) < 0)
		return -1;
	c->slots = (int)k->slots;
	c->retries = (int)k->retries;
	c->argv = rest->command;
	c->consumer = k->consumer;
	name_consumer(k);
	return 0;
}

/* --- Life */

/* Four pipes for each slot; those who run under the usual limit keep it. */
static void raise_limit(const struct worker *k)
{
	struct rlimit files;
	rlim_t want = (rlim_t)k->slots * 4 + 64;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur >= want)
		return;
	files.rlim_cur = files.rlim_max < want ? files.rlim_max : want;
	(void)setrlimit(RLIMIT_NOFILE, &files); /* else the pipe that fails tells */
}

static int open_all(struct worker *k)
{
	static const int signos[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, 0};
	static const struct work_ops ops = {.on_trouble = on_trouble,
	    .on_over = on_over,
	    .on_spool = on_spool,
	    .on_up = on_up,
	    .on_down = on_down,
	    .on_dead = on_dead,
	    .on_started = on_started};
	struct xq *x = &k->x;

	raise_limit(k);
	(void)signal(SIGPIPE, SIG_IGN); /* a command that does not read its job */
	if (cli_redis(&x->cli, false, &k->conf.link, &x->why) < 0 ||
	    loop_open(&x->loop, &x->why) < 0 ||
	    signals_open(&x->signals, x->loop, signos, on_signal, k, &x->why) < 0)
		return -1;
	k->conf.namespace = x->cli.namespace;
	if (work_open(&k->work, x->loop, &k->conf, &ops, k, &x->why) < 0)
		return -1;
	if (isatty(STDERR_FILENO) && x->cli.say.quiet == 0 && !x->cli.say.json)
		loop_timer(x->loop, &k->line_timer, clock_ms() + LINE_MS);
	return 0;
}

static int close_all(struct worker *k)
{
	clear_line(k);
	work_close(k->work);
	filter_close(k->conf.args);
	opt_list_fini(&k->queues);
	return xq_close(&k->x);
}

static bool parse(struct worker *k, int argc, char **argv, struct opt_rest *rest)
{
	struct work_conf *c = &k->conf;
	const struct opt opts[] = {
	    {'q', "queue", "QUEUE", OPT_LIST, &k->queues,
		"a queue's name (default); may be repeated: each gets its turn", NULL, 0, 0},
	    {0, "namespace", "NS", OPT_STRING, &k->x.cli.namespace,
		"first part of the queues' keys ($SP_NAMESPACE, else sp)", NULL, 0, 0},
	    {'j', "jobs", "N", OPT_NUMBER, &k->slots, "run up to N at a time (1)", NULL, 1,
		WORK_SLOTS_MAX},
	    {'a', "args", "FILTER", OPT_STRING, &k->args,
		"append what this jq filter makes of a job to COMMAND's arguments", NULL, 0, 0},
	    {0, "pipe", NULL, OPT_FLAG, &c->pipe,
		"keep one COMMAND for each slot; it answers each line with a line", NULL, 0, 0},
	    {0, "batch", "N", OPT_NUMBER, &c->batch, "give COMMAND up to N jobs at a time (1)",
		NULL, 1, WORK_BATCH_MAX},
	    {0, "strict", NULL, OPT_FLAG, &c->strict,
		"low only when there is no medium, medium only when there is no high (else 6:3:1)",
		NULL, 0, 0},
	    {0, "drain", NULL, OPT_FLAG, &c->drain, "leave when nothing is left to do", NULL, 0, 0},
	    {0, "max-jobs", "N", OPT_NUMBER, &c->max_jobs, "leave after N jobs", NULL, 1, 0},
	    {0, "spool", "FILE", OPT_STRING, &c->spool,
		"deliver the jobs that add --spool FILE kept while Redis was away", NULL, 0, 0},
	    {.kind = OPT_GROUP, .name = "Limits and failures"},
	    {0, "lease", "D", OPT_DURATION, &c->lease_ms,
		"others get a job D after its worker was last heard of (30s)", NULL, 300, 0},
	    {0, "soft", "D", OPT_DURATION, &c->soft_ms, "send TERM to a job after D", NULL, 1, 0},
	    {0, "hard", "D", OPT_DURATION, &c->hard_ms, "kill a job after D", NULL, 1, 0},
	    {0, "grace", "D", OPT_DURATION, &c->grace_ms,
		"between TERM and KILL, and for what runs when the worker is stopped (5s)", NULL, 1,
		0},
	    {0, "retries", "N", OPT_NUMBER, &k->retries,
		"attempts behind the first, for jobs that do not say (3)", NULL, 0, 1000000},
	    {0, "backoff", "D..D", OPT_STRING, &k->backoff,
		"wait before the first retry and the longest wait (1s..10m)", NULL, 0, 0},
	    {0, "self-test", "D", OPT_DURATION, &c->self_test_ms,
		"leave with 69 when Redis answers but wakes us no more for D (30s)", NULL, 1000, 0},
	    {0, "keep", "D", OPT_DURATION, &c->keep_ms, "keep results for D (1h)", NULL, 0, 0},
	    XQ_OPTS(&k->x),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-xq work",
	    .summary = "Run COMMAND for each job, the job on its standard input.",
	    .usage = "sp-xq work [options] -- COMMAND [ARG ...]",
	    .examples = "sp-xq work -j 4 -- ./render\n"
			"sp-xq work -a '.url, .file' -- curl -sSf -o\n"
			"sp-xq work --batch 100 --pipe -- ./embed.py",
	    .opts = opts};

	return xq_parse(&k->x, &tool, argc, argv, rest);
}

int xq_work(int argc, char **argv)
{
	struct worker k = {.x = XQ_DEFAULTS("work"),
	    .conf = {.batch = 1,
		.lease_ms = QUEUE_LEASE_MS,
		.grace_ms = GRACE_MS,
		.keep_ms = QUEUE_KEEP_MS,
		.self_test_ms = SELF_TEST_MS,
		.backoff_least_ms = QUEUE_BACKOFF_LEAST_MS,
		.backoff_most_ms = QUEUE_BACKOFF_MOST_MS},
	    .slots = 1,
	    .retries = QUEUE_RETRIES};
	struct opt_rest rest;

	k.line_timer = (struct timer){.on_due = on_line, .arg = &k};
	if (!parse(&k, argc, argv, &rest)) {
		opt_list_fini(&k.queues);
		return k.x.status;
	}
	if (settle(&k, &rest) == 0 && open_all(&k) == 0)
		(void)loop_run(k.x.loop, &k.x.why); /* x.why tells */
	return close_all(&k);
}
