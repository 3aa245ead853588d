/* SPDX-License-Identifier: MIT */
/* slot: jobs into a command, and what came of them. */
#include "slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "opt.h"
#include "verdict.h"
#include "work.h"

/* --- What came of a job */

/* {"reason":"…","status":N,"stderr":"…"}; the queue adds attempt and time. */
static void tell(struct slot *s, struct held *h, struct verdict v, const char *tail, size_t ntail)
{
	struct buf b;

	if (h->lost)
		v.fate = SLOT_LOST;
	else if (h->cancelled && v.fate != SLOT_DONE)
		v.fate = SLOT_CANCELLED;
	if (v.fate == SLOT_RELEASED && v.delay_ms < 0)
		v.delay_ms = WORK_RELEASE_MS;
	if (h->retry_ms >= 0)
		v.delay_ms = h->retry_ms;
	buf_init(&b, SIZE_MAX / 2);
	if (v.fate != SLOT_DONE) {
		(void)buf_adds(&b, "{\"reason\":"); /* no cap */
		verdict_add_string(&b, v.what, strlen(v.what));
		(void)buf_addf(&b, ",\"status\":%d,\"stderr\":", v.status); /* no cap */
		verdict_add_string(&b, tail, ntail);
		(void)buf_addc(&b, '}'); /* the same */
	}
	s->ops->on_job(s->arg, h,
	    &(struct slot_end){
		v.fate, v.delay_ms, v.fate != SLOT_DONE ? v.what : NULL, buf_head(&b), b.len});
	buf_fini(&b);
}

static void on_end(void *arg, const struct runner_end *end)
{
	struct slot *s = arg;
	struct verdict v = verdict_of(end, s->stopped);
	size_t n = s->n;

	/* Some leave after so many jobs, or when one was too much for them: the next is for a new
	 * one, and what a new one does not read has failed. */
	if (end->unread && !s->stopped) {
		slot_start(s);
		return;
	}
	/* Without an answer a kept command has not done the job, however well it ended. */
	if (s->conf->runner.keep && s->answered < n && v.fate == SLOT_DONE) {
		v.fate = s->stopped ? SLOT_RELEASED : SLOT_FAILED;
		(void)snprintf(v.what, sizeof v.what, "ended without an answer"); /* fits */
	}
	s->n = 0;
	for (size_t i = s->answered; i < n; i++) {
		if (v.fate == SLOT_DONE && n == 1)
			verdict_keep_result(
			    s->jobs[i], end->output, end->output_len, end->truncated);
		tell(s, s->jobs[i], v, end->tail, end->tail_len);
	}
	s->ops->on_idle(s->arg);
}

/* --- Answers of a kept command */

static void on_answer(void *arg, size_t i, const char *line, size_t len, bool truncated)
{
	struct slot *s = arg;
	struct held *h = s->jobs[i];
	int status = verdict_answer(h, line, len);
	struct verdict v = {.fate = verdict_fate(status), .delay_ms = -1, .status = status};

	s->answered = i + 1;
	if (v.fate == SLOT_DONE)
		verdict_keep_result(h, line, len, truncated);
	else
		(void)snprintf(v.what, sizeof v.what, "answered status %d", status); /* fits */
	tell(s, h, v, "", 0);
}

/* --- Notes */

static bool word(const char **s, size_t *len, const char *name)
{
	size_t n = strlen(name);

	if (*len <= n || memcmp(*s, name, n) != 0 || (*s)[n] != ' ')
		return false;
	*s += n + 1;
	*len -= n + 1;
	return true;
}

static bool duration(const char *s, size_t len, int64_t *ms)
{
	char text[32];

	if (len >= sizeof text)
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	return opt_duration(text, ms) == 0;
}

/* Both limits move; the hard one stays as far behind the soft one as it was. */
static void extend(struct slot *s, int64_t ms)
{
	int64_t soft = s->conf->soft_ms, hard = s->conf->hard_ms;

	runner_extend(&s->runner, soft > 0 ? ms : 0,
	    hard > 0 ? ms + (soft > 0 && hard > soft ? hard - soft : 0) : 0);
}

static void scold(struct slot *s, const struct held *h)
{
	if (!s->scolded)
		s->ops->on_trouble(s->arg, h->id,
		    "wrote a line to SP_JOB_FD that is none of progress JSON, result JSON, "
		    "extend D, retry-after D");
	s->scolded = true;
}

static void on_note(void *arg, const char *s, size_t len)
{
	struct slot *slot = arg;
	int64_t ms;

	for (size_t i = slot->answered; i < slot->n; i++) {
		struct held *h = slot->jobs[i];
		const char *at = s;
		size_t n = len;

		if (word(&at, &n, "progress") && json_is_valid(at, n))
			slot->ops->on_progress(slot->arg, h, at, n);
		else if (word(&at, &n, "result") && json_is_valid(at, n))
			held_set_result(h, at, n);
		else if (word(&at, &n, "retry-after") && duration(at, n, &ms))
			h->retry_ms = ms;
		else if (word(&at, &n, "extend") && duration(at, n, &ms))
			extend(slot, ms);
		else
			scold(slot, h);
	}
}

/* --- Start */

static int add_arg(
    void *arg, const char *json, size_t len, bool same, const char *string, size_t string_len)
{
	struct buf *args = arg;

	(void)same;
	/* An argument ends at its NUL, as every C string. */
	(void)buf_add(args, string != NULL ? string : json, string != NULL ? string_len : len);
	(void)buf_addc(args, '\0'); /* no cap */
	return 0;
}

/* The filter's outputs as arguments, NULL behind the last. */
static const char **split_args(const struct buf *args)
{
	size_t n = 0, i = 0;

	for (size_t at = 0; at < args->len; at += strlen(buf_head(args) + at) + 1)
		n++;
	const char **list = xcalloc(n + 1, sizeof *list);
	for (size_t at = 0; i < n; at += strlen(buf_head(args) + at) + 1)
		list[i++] = buf_head(args) + at;
	return list;
}

enum { ENV_MAX = 7, ENV_SIZE = 64 + QUEUE_ID_MAX + QUEUE_NAME_MAX };

/* SP_JOB_…; a batch has only what is true of all its jobs. */
static void describe(
    const struct slot *s, char text[ENV_MAX][ENV_SIZE], const char *env[ENV_MAX + 1])
{
	const struct held *h = s->jobs[0];
	int64_t limit = s->conf->soft_ms > 0 ? s->conf->soft_ms : s->conf->hard_ms;
	int n = 0;

/* All fit. */
#define ADD(...) ((void)snprintf(text[n], ENV_SIZE, __VA_ARGS__), env[n] = text[n], n++)
	ADD("SP_JOB_FD=%d", RUNNER_FD);
	if (!s->conf->runner.keep || s->conf->nqueues == 1)
		ADD("SP_JOB_QUEUE=%s", s->conf->queues[h->queue]);
	if (s->n == 1 && !s->conf->runner.keep) {
		ADD("SP_JOB_ID=%s", h->id);
		ADD("SP_JOB_ATTEMPT=%u", h->attempt);
		ADD("SP_JOB_TOKEN=%llu", (unsigned long long)h->token);
	}
	if (limit > 0 && !s->conf->runner.keep)
		ADD("SP_JOB_DEADLINE=%.3f", (double)(clock_wall_us() / 1000 + limit) / 1000);
#undef ADD
	env[n] = NULL;
}

static void add_line(struct buf *text, const struct held *h)
{
	if (text->len > 0)
		(void)buf_addc(text, '\n');      /* no cap */
	(void)buf_add(text, h->payload, h->len); /* the same */
}

static void tell_why(struct slot *s, struct held *h, enum slot_fate fate, const struct why *w)
{
	struct verdict v = {.fate = fate, .delay_ms = -1, .status = w->status};

	(void)snprintf(v.what, sizeof v.what, "%.150s", w->text); /* cut: still a reason */
	tell(s, h, v, "", 0);
}

/* The command's arguments for the jobs in hand; those that the filter fails on are buried, and the
 * others go on without them. */
static void make_args(struct slot *s, struct buf *args)
{
	size_t n = s->n;
	struct why w;

	s->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct held *h = s->jobs[i];
		size_t before = args->len;

		if (s->conf->args == NULL ||
		    filter_run(s->conf->args, h->payload, h->len, add_arg, args, &w) == 0) {
			s->jobs[s->n++] = h;
			continue;
		}
		args->len = before;
		tell_why(s, h, SLOT_BURIED, &w);
	}
}

/* The command did not even start: no job's fault, but trying again at once would not help either.
 */
static void give_up(struct slot *s, const struct why *w)
{
	size_t n = s->n;

	s->n = 0;
	for (size_t i = 0; i < n; i++)
		tell_why(s, s->jobs[i], SLOT_RELEASED, w);
}

static int start(struct slot *s, const struct buf *args, struct why *w)
{
	char text[ENV_MAX][ENV_SIZE];
	const char *env[ENV_MAX + 1], **list = split_args(args);
	struct buf lines;

	buf_init(&lines, SIZE_MAX / 2);
	for (size_t i = 0; i < s->n; i++)
		add_line(&lines, s->jobs[i]);
	describe(s, text, env);
	int r = runner_start(&s->runner,
	    &(struct runner_job){.text = buf_head(&lines),
		.len = lines.len,
		.answers = s->n,
		.label = s->n == 1 ? s->jobs[0]->id : s->conf->queues[s->jobs[0]->queue],
		.args = list,
		.env = env,
		.soft_ms = s->conf->soft_ms,
		.hard_ms = s->conf->hard_ms},
	    w);
	free(list);
	buf_fini(&lines);
	return r;
}

void slot_start(struct slot *s)
{
	struct buf args;
	struct why w;

	s->answered = 0;
	s->scolded = false;
	buf_init(&args, SIZE_MAX / 2);
	make_args(s, &args);
	if (s->n > 0 && start(s, &args, &w) < 0) {
		s->ops->on_broken(s->arg, &w);
		give_up(s, &w);
	}
	buf_fini(&args);
	if (s->n == 0)
		s->ops->on_idle(s->arg);
}

/* --- Life */

void slot_init(struct slot *s, struct loop *loop, const struct slot_conf *conf, size_t index,
    const struct slot_ops *ops, void *arg)
{
	static const struct runner_ops runner_ops = {on_answer, on_note, on_end};

	*s = (struct slot){.conf = conf, .ops = ops, .arg = arg};
	s->runner_conf = conf->runner;
	s->runner_conf.slot = index;
	s->jobs = xcalloc(conf->batch, sizeof *s->jobs);
	runner_init(&s->runner, loop, &s->runner_conf, &runner_ops, s);
}

void slot_fini(struct slot *s)
{
	runner_fini(&s->runner);
	free(s->jobs);
}

void slot_put(struct slot *s, struct held *h)
{
	s->jobs[s->n++] = h;
}

bool slot_is_busy(const struct slot *s)
{
	return s->n > 0;
}

void slot_check(struct slot *s)
{
	for (size_t i = s->answered; i < s->n; i++)
		if (!s->jobs[i]->lost && !s->jobs[i]->cancelled)
			return;
	if (s->answered < s->n)
		runner_stop(&s->runner);
}

bool slot_close(struct slot *s)
{
	if (s->runner.pid > 0)
		runner_stop(&s->runner);
	return s->runner.pid == 0;
}

void slot_stop(struct slot *s)
{
	s->stopped = true;
	runner_stop(&s->runner);
}
