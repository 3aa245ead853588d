/* SPDX-License-Identifier: MIT */
/*
 * xq_add: jobs from standard input or the command line into a queue.
 *
 *	lines → batch ──flush──→ [spool] → queue_add ──answered──→ {"id":…} on standard output
 *
 * What is not answered is kept: by queue, which sends it again after a lost connection; in the
 * spool, from which the next start, or a worker, sends it; and with --or-exec here, to be run
 * without Redis. Before there is a job nothing connects.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exec.h"
#include "json.h"
#include "utf8.h"
#include "xq.h"
#include "xq_spool.h"

enum {
	BATCH = 400, /* jobs of one call: the script blocks the server for some 0.5 ms */
	BATCH_BYTES = 256 * 1024,
	WINDOW = 24,            /* calls on their way; far below QUEUE_ADD_WINDOW */
	WINDOW_BYTES = 4 << 20, /* of them */
	SPOOL_BYTES = 64 << 20, /* then input waits until all is acknowledged */
};

struct adder {
	struct xq x;
	struct xq_lines lines;
	struct queue_new job; /* what all jobs have in common */
	size_t ends[BATCH];   /* of each payload in text */
	struct buf text;      /* payloads of the batch in hand */
	size_t n;
	char run[MSG_RUN_LEN + 1];
	uint64_t batch, jobs; /* numbers of the next batch; of jobs read */
	int priority;
	int64_t retries;
	const char *at, *or_exec, *spool_path;
	struct xq_spool spool;
	uint64_t spooled; /* jobs of ours that are in it, or were */
	struct buf kept;  /* --or-exec: payloads without an answer, a size_t in front */
	char **operands;
	bool away; /* Redis is away for good: run, or leave to the spool, what is left */
	bool full; /* the spool is: no job is taken any more */
	int exec_status;
};

static void read_more(struct adder *a);

/* --- The end */

static bool is_done(const struct adder *a)
{
	return a->lines.ended && a->n == 0 && queue_pending(a->x.q) == 0 && a->spool.left == NULL;
}

static void finish(struct adder *a)
{
	if (!a->away && !is_done(a))
		return;
	if (a->away && !a->lines.ended)
		return;
	xq_stop(&a->x);
}

/* Runs a job that cannot be queued. */
static void run_directly(struct adder *a, const char *payload, size_t len)
{
	static const char *const env[] = {NULL};
	int status = exec_with_input(a->or_exec, payload, len, env, &a->x.why);

	if (status < 0)
		xq_stop(&a->x);
	else if (status != 0)
		a->exec_status = status;
}

static void run_kept(struct adder *a)
{
	size_t len;

	while (a->kept.len > 0 && a->x.status == 0) {
		memcpy(&len, buf_head(&a->kept), sizeof len);
		run_directly(a, buf_head(&a->kept) + sizeof len, len);
		buf_consume(&a->kept, sizeof len + len);
	}
}

/* Redis refused, or does not come. */
static void on_dead(void *arg)
{
	struct adder *a = arg;

	if (a->x.why.status != WHY_UNAVAILABLE || (a->or_exec == NULL && a->spool_path == NULL)) {
		xq_stop(&a->x);
		return;
	}
	a->away = true;
	say(&a->x.cli.say, SAY_NOTE, "%s; %s", a->x.why.text,
	    a->or_exec != NULL ? "the jobs are run here" : "the jobs are kept in the spool");
	a->x.why.status = 0;
	if (a->or_exec != NULL)
		run_kept(a);
	/* What is left there stays; what comes is written behind it. */
	if (xq_spool_skip(&a->spool, &a->x.why) < 0)
		xq_stop(&a->x);
	xq_lines_throttle(&a->lines, false);
	read_more(a);
	finish(a);
}

/* --- Answers */

static void on_added(void *arg, const struct queue_added *added, size_t n)
{
	struct adder *a = arg;

	for (size_t i = 0; i < n; i++) {
		(void)buf_adds(&a->x.out, "{\"id\":\"");                  /* no cap */
		(void)buf_add(&a->x.out, added[i].id.s, added[i].id.len); /* no cap */
		(void)buf_adds(&a->x.out,
		    added[i].duplicate ? "\",\"duplicate\":true}\n" : "\"}\n"); /* no cap */
		if (a->kept.len > 0) {
			size_t len;

			memcpy(&len, buf_head(&a->kept), sizeof len);
			buf_consume(&a->kept, sizeof len + len);
		}
	}
	if (!xq_print(&a->x))
		return;
	if (xq_spool_is_open(&a->spool) && queue_pending(a->x.q) == 0 && a->spool.left == NULL)
		xq_spool_done(&a->spool, spool_size(a->spool.file) > SPOOL_BYTES);
	read_more(a);
	finish(a);
}

/* --- Batches out */

static void keep(struct adder *a, const struct queue_new *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		(void)buf_add(&a->kept, &jobs[i].len, sizeof jobs[i].len); /* no cap */
		(void)buf_add(&a->kept, jobs[i].payload, jobs[i].len);     /* no cap */
	}
}

/* The disk is full, or so: what the spool has is safe, and Redis may still answer for it. */
static void end_input(struct adder *a)
{
	struct why cause = a->x.why;

	a->full = true;
	a->lines.ended = true;
	if (a->lines.input.begun)
		input_stop(&a->lines.input);
	(void)why_set(&a->x.why, WHY_IO,
	    "%.300s: the first %llu jobs are safe, the others are not added", cause.text,
	    (unsigned long long)a->spooled); /* fills it */
}

/* To the file before it is sent. */
static int keep_in_spool(struct adder *a, const struct queue_new *jobs, size_t n)
{
	if (xq_spool_write(&a->spool, a->run, a->batch, jobs, n, a->away, &a->x.why) < 0) {
		end_input(a);
		return -1;
	}
	a->spooled += n;
	return 0;
}

static void flush(struct adder *a)
{
	struct queue_new jobs[BATCH];
	size_t begin = 0;

	if (a->n == 0)
		return;
	for (size_t i = 0; i < a->n; i++) {
		jobs[i] = a->job;
		jobs[i].payload = buf_head(&a->text) + begin;
		jobs[i].len = a->ends[i] - begin;
		begin = a->ends[i];
	}
	if (xq_spool_is_open(&a->spool) && keep_in_spool(a, jobs, a->n) < 0) {
		/* Whose ids are still to come, get them. */
	} else if (a->away) {
		for (size_t i = 0; i < a->n && a->or_exec != NULL; i++)
			run_directly(a, jobs[i].payload, jobs[i].len);
	} else if (!a->x.dead) {
		if (a->or_exec != NULL)
			keep(a, jobs, a->n);
		queue_add(a->x.q, a->run, a->batch, jobs, a->n, on_added, a);
		queue_flush(a->x.q);
	}
	a->batch++;
	a->n = 0;
	buf_clear(&a->text);
}

static bool is_full(const struct adder *a)
{
	return !a->away &&
	    (queue_pending(a->x.q) >= WINDOW || queue_pending_bytes(a->x.q) >= WINDOW_BYTES ||
		(xq_spool_is_open(&a->spool) && spool_size(a->spool.file) > SPOOL_BYTES &&
		    queue_pending(a->x.q) > 0));
}

/* --- Jobs in */

static int take_job(struct adder *a, const char *s, size_t len)
{
	struct why *w = &a->x.why;

	if (a->full)
		return 0; /* the rest of what was read with the one that did not fit */
	while (len > 0 && strchr(" \t\r", s[len - 1]) != NULL)
		len--;
	if (len > QUEUE_PAYLOAD_MAX)
		return why_set(w, WHY_DATA, "a job is longer than %d bytes", QUEUE_PAYLOAD_MAX);
	if (!json_is_valid(s, len))
		return why_set(w, WHY_DATA, "not JSON");
	if (a->job.id != NULL && a->jobs > 0)
		return why_set(w, WHY_DATA, "--id names one job, and this is another");
	a->jobs++;
	(void)buf_add(&a->text, s, len); /* no cap: a line has one */
	a->ends[a->n++] = a->text.len;
	if (a->n == BATCH || a->text.len >= BATCH_BYTES)
		flush(a);
	return 0;
}

static int on_line(void *arg, const char *line, size_t len)
{
	return take_job(arg, line, len);
}

static void on_batch(void *arg)
{
	struct adder *a = arg;

	flush(a);
	xq_lines_throttle(&a->lines, is_full(a));
}

static void on_end(void *arg)
{
	finish(arg);
}

static void take_operands(struct adder *a)
{
	char text[sizeof a->x.why.text];

	for (int i = 0; a->operands[i] != NULL; i++) {
		if (strchr(a->operands[i], '\n') != NULL)
			(void)why_set(&a->x.why, WHY_DATA, "a job is one line"); /* fills it */
		else if (take_job(a, a->operands[i], strlen(a->operands[i])) == 0)
			continue;
		(void)snprintf(text, sizeof text, "%s", a->x.why.text);        /* the same size */
		(void)why_set(&a->x.why, WHY_DATA, "job %d: %s", i + 1, text); /* fills it */
		break;
	}
	a->lines.ended = true;
	flush(a);
}

/* --- What is next: the spool's own, as many calls as may be on their way, then what comes */

static void read_more(struct adder *a)
{
	if (a->spool.left != NULL && !a->away) {
		size_t calls = 0; /* queue_pending tells */

		if (xq_spool_send(&a->spool, a->x.q, WINDOW, on_added, a, &calls, &a->x.why) < 0)
			xq_stop(&a->x);
		if (a->spool.left != NULL)
			return;
	}
	if (a->operands != NULL && !a->lines.ended)
		take_operands(a);
	else if (a->operands == NULL && !a->lines.input.begun)
		xq_lines_begin(&a->lines, QUEUE_PAYLOAD_MAX);
	xq_lines_throttle(&a->lines, is_full(a));
}

/* --- Set-up */

/* Somebody else may have the file for a moment: a worker that delivers it. */
static int open_spool(struct adder *a)
{
	struct why *w = &a->x.why;

	if (a->spool_path == NULL)
		return 0;
	(void)signal(SIGXFSZ, SIG_IGN); /* a limit is an error like a full disk */
	if (xq_spool_open(&a->spool, a->spool_path, queue_tag(a->x.q), a->x.cli.connect_ms, w) < 0)
		return -1;
	return xq_spool_begin(&a->spool, a->run, w);
}

static int check(struct adder *a, const struct opt_rest *rest)
{
	struct why *w = &a->x.why;
	struct queue_new *j = &a->job;

	j->priority = (enum queue_priority)a->priority;
	j->retries = (int)a->retries;
	a->operands = rest->noperands > 0 ? rest->operands : NULL;
	if (a->at != NULL && j->delay_ms > 0)
		return why_set(w, WHY_USAGE, "--delay and --at exclude each other");
	if (a->at != NULL && xq_time(a->at, &j->at_ms) < 0)
		return why_set(w, WHY_USAGE,
		    "--at %s: neither seconds since 1970 nor a time like 2026-11-20T18:00:00Z",
		    a->at);
	if (j->id != NULL && queue_id_check(j->id, strlen(j->id), w) < 0)
		return -1;
	if (j->unique != NULL && (j->unique[0] == '\0' || strlen(j->unique) > 512))
		return why_set(w, WHY_USAGE, "--unique needs a key of 1 to 512 bytes");
	if ((j->unique != NULL) != (j->unique_ms > 0))
		return why_set(w, WHY_USAGE, "--unique and --unique-for go together");
	if (a->or_exec != NULL && a->spool_path != NULL)
		return why_set(w, WHY_USAGE, "--or-exec and --spool exclude each other");
	return 0;
}

static int run(struct adder *a)
{
	a->lines = (struct xq_lines){
	    .x = &a->x, .on_line = on_line, .on_batch = on_batch, .on_end = on_end, .arg = a};
	buf_init(&a->text, SIZE_MAX / 2);
	buf_init(&a->kept, SIZE_MAX / 2);
	msg_new_run(a->run);
	a->x.on_dead = on_dead;
	a->x.lazy = true;
	a->x.known_ms = a->spool_path != NULL ? XQ_SPOOL_KNOWN_MS : 0;
	bool one_shot = a->operands != NULL || a->or_exec != NULL || a->spool_path != NULL;
	if (xq_open(&a->x, one_shot, NULL, a) == 0 && open_spool(a) == 0) {
		read_more(a);
		finish(a);
		(void)loop_run(a->x.loop, &a->x.why); /* x.why tells */
	}
	if (a->x.why.status == 0 && a->x.status == 0)
		a->x.status = a->exec_status;
	if (xq_spool_is_open(&a->spool) && !a->away && queue_pending(a->x.q) == 0 &&
	    a->spool.left == NULL)
		xq_spool_done(&a->spool, true);
	xq_spool_close(&a->spool);
	xq_lines_fini(&a->lines);
	buf_fini(&a->text);
	buf_fini(&a->kept);
	return xq_close(&a->x);
}

int xq_add(int argc, char **argv)
{
	struct adder a = {.x = XQ_DEFAULTS("add"), .priority = QUEUE_MEDIUM, .retries = -1};
	struct opt_rest rest;
	const struct opt opts[] = {
	    XQ_OPT_QUEUE(&a.x),
	    {'P', "priority", NULL, OPT_CHOICE, &a.priority, "which of the three (medium)",
		"high|medium|low", 0, 0},
	    {'d', "delay", "D", OPT_DURATION, &a.job.delay_ms, "not before D from now", NULL, 0, 0},
	    {0, "at", "TIME", OPT_STRING, &a.at,
		"not before TIME: seconds since 1970, or as 2026-11-20T18:00:00Z", NULL, 0, 0},
	    {0, "id", "ID", OPT_STRING, &a.job.id,
		"the job's id; added only when no job has it, or had it lately", NULL, 0, 0},
	    {0, "unique", "KEY", OPT_STRING, &a.job.unique,
		"added only when no job was added with KEY within --unique-for", NULL, 0, 0},
	    {0, "unique-for", "D", OPT_DURATION, &a.job.unique_ms, "how long KEY is taken", NULL, 1,
		0},
	    {0, "retries", "N", OPT_NUMBER, &a.retries,
		"attempts behind the first (else the worker's choice)", NULL, 0, 1000000},
	    {.kind = OPT_GROUP, .name = "While Redis is away"},
	    {0, "or-exec", "CMD", OPT_STRING, &a.or_exec,
		"run the job here: CMD in a shell, the job on its standard input", NULL, 0, 0},
	    {0, "spool", "FILE", OPT_STRING, &a.spool_path,
		"keep the jobs in FILE: the next add or work with it delivers them", NULL, 0, 0},
	    XQ_OPTS(&a.x),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-xq add",
	    .summary = "Add jobs, from standard input (a line of JSON each) or the command line.",
	    .usage = "sp-xq add [options] [JSON ...]",
	    .examples = "sp-xq add '{\"page\": 7}'\n"
			"jq -c '.pages[]' book.json | sp-xq add -q render -P low\n"
			"sp-xq add --delay 10m --unique report:7 --unique-for 1h '{\"report\": 7}'",
	    .opts = opts};

	if (!xq_parse(&a.x, &tool, argc, argv, &rest))
		return a.x.status;
	if (check(&a, &rest) < 0)
		return xq_close(&a.x);
	return run(&a);
}
